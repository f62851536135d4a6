package rules_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/logs"
)

func TestZZ(t *testing.T) {
	h := newHunter(load(t))
	in, err := logs.Open(strings.Fields(os.Getenv("ZZ")), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var hits *os.File
	if p := os.Getenv("ZZHITS"); p != "" {
		hits, _ = os.Create(p)
	}
	n := map[string]int{}
	ex := map[string][]string{}
	recs := 0
	org := map[string]int{}
	for b := new(logs.Block); ; {
		err := in.Next(b)
		if errors.Is(err, io.EOF) {
			break
		}
		h.parser.Parse(b, func(e *event.Event) {
			recs++
			org[e.Class.Origin]++
			for _, i := range h.matcher.Match(e) {
				r := h.rules[i]
				k := fmt.Sprintf("%d %s", r.Level, r.Path)
				n[k]++
				if hits != nil {
					fmt.Fprintf(hits, "%s\t%d\t%d\t%s\n", b.File.Path, e.Record, r.Level, r.Path)
				}
				if len(ex[k]) < 3 {
					var sb strings.Builder
					fmt.Fprintf(&sb, "%s:%d ", b.File.Path, e.Record)
					h.matcher.Evidence(i, func(name string, v []byte) { fmt.Fprintf(&sb, "%s=%.200s | ", name, v) })
					ex[k] = append(ex[k], sb.String())
				}
			}
		})
	}
	fmt.Println(recs, org)
	for k, v := range n {
		fmt.Println(v, k)
		for _, x := range ex[k] {
			fmt.Println("      ", x)
		}
	}
}
