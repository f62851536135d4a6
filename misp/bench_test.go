package misp

import (
	"fmt"
	"strings"
	"testing"
)

// benchEvent is an event of n attributes of the common types, half of them
// meant for detection.
func benchEvent(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"Event":{"uuid":"` + uuid(1) + `","info":"bench","date":"2021-03-02","timestamp":"1614700000","distribution":"3","published":true,"Orgc":{"name":"Example","uuid":"` + uuid(2) + `"},"Attribute":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		typ := []string{"ip-dst", "domain", "url", "sha256", "filename|md5"}[i%5]
		value := []string{
			fmt.Sprintf("198.51.%d.%d", i/256%256, i%256), fmt.Sprintf("h%d.example.org", i), fmt.Sprintf("https://example.org/%d", i),
			fmt.Sprintf("%064x", i), fmt.Sprintf("f%d.exe|%032x", i, i),
		}[i%5]
		fmt.Fprintf(&b, `{"id":"%d","uuid":"%s","type":"%s","category":"Network activity","to_ids":%t,"event_id":"1","distribution":"5","timestamp":"1614690000","comment":"from a report","sharing_group_id":"0","deleted":false,"disable_correlation":false,"object_id":"0","object_relation":null,"first_seen":null,"last_seen":null,"value":"%s","Galaxy":[],"ShadowAttribute":[],"Tag":[{"name":"tlp:green","colour":"#339900"}]}`,
			i, uuid(10+i), typ, i%10 < 5, value)
	}
	b.WriteString(`]}}`)
	return []byte(b.String())
}

func benchmark(b *testing.B, run func(raw []byte, e *Event)) {
	const n = 10_000
	raw := benchEvent(n)
	e, err := Parse(raw)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		run(raw, e)
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "attributes/s")
}

func BenchmarkParse(b *testing.B) {
	benchmark(b, func(raw []byte, _ *Event) {
		if _, err := Parse(raw); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkSTIX(b *testing.B) {
	benchmark(b, func(_ []byte, e *Event) {
		if objects, _ := e.STIX(); len(objects) < 15_000 {
			b.Fatal(len(objects))
		}
	})
}

func BenchmarkFromSTIX(b *testing.B) {
	raw := benchEvent(10_000)
	e, err := Parse(raw)
	if err != nil {
		b.Fatal(err)
	}
	objects, _ := e.STIX()
	benchmark(b, func([]byte, *Event) {
		if events, _ := FromSTIX(objects); len(events) != 1 {
			b.Fatal(len(events))
		}
	})
}
