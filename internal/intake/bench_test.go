package intake_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
)

// nothing takes everything and keeps nothing.
type nothing struct{ items int }

func (n *nothing) Item(intake.Item) error     { n.items++; return nil }
func (n *nothing) Reject(intake.Reject) error { return nil }

func BenchmarkRead(b *testing.B) {
	var bundle, list strings.Builder
	bundle.WriteString(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
	for i := range 1000 {
		if i > 0 {
			bundle.WriteByte(',')
		}
		fmt.Fprintf(&bundle, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z","name":"called home","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'c%d.example.com']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"}`, i, i)
		fmt.Fprintf(&list, "c%d.example.com\n", i)
	}
	bundle.WriteString("]}")
	for name, text := range map[string]string{"stix": bundle.String(), "list": list.String()} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				var to nothing
				if _, err := intake.Read(intake.Input{Name: "x", Time: time.Unix(1e9, 0), R: strings.NewReader(text)}, intake.Options{}, &to); err != nil || to.items != 1000 {
					b.Fatal(err, to.items)
				}
			}
		})
	}
}
