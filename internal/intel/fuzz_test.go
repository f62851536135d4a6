package intel_test

import (
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/stix"
)

// Whatever is matched in a text, Sweep says that something is there.
func FuzzSweep(f *testing.F) {
	f.Add(`a evil.example 198.51.100.7:1 http://evil.example/a?b=1,c 2001:db8::1 x@evil.example`)
	f.Add(`\nevil.example %2Fevil.example C:\tmp\evil.exe HKLM\\Software\Evil 访问evil.example ` + strings.Repeat("0A", 16))
	x, _ := build(f, indicator(1, `[domain-name:value = 'evil.example']`, ""), indicator(2, `[ipv4-addr:value ISSUBSET '198.51.100.0/24']`, ""),
		indicator(3, `[url:value = 'http://evil.example/a?b=1']`, ""), indicator(4, `[ipv6-addr:value = '2001:db8::1']`, ""),
		indicator(5, `[email-addr:value = 'x@evil.example']`, ""), indicator(6, `[file:name = 'evil.exe']`, ""),
		indicator(7, `[windows-registry-key:key = 'HKLM\\Software\\Evil']`, ""), indicator(8, `[file:hashes.MD5 = '`+strings.Repeat("0a", 16)+`']`, ""),
		indicator(9, `[domain-name:value LIKE '%.evil.example']`, ""), indicator(10, `[mutex:name = 'evil']`, ""), indicator(11, `[url:value = 'http://intranet/']`, ""))
	m := x.NewMatcher()
	e := event.New(event.NewNames())
	f.Fuzz(func(t *testing.T, text string) {
		e.Text, e.Time = []byte(text), event.NoTime
		hits := m.Match(e)
		for _, h := range hits {
			if h.Start < 0 || h.Start >= h.End || h.End > len(text) {
				t.Fatalf("%+v of %d bytes", h, len(text))
			}
		}
		if n := len(hits); n > 0 && len(m.Sweep([]byte(text), false)) == 0 {
			t.Errorf("%d hits, and Sweep passes over them", n)
		}
		m.Sweep([]byte(text), true)
	})
}

// Whatever a pattern says, it is used, kept or refused.
func FuzzAdd(f *testing.F) {
	for _, p := range []string{
		`[domain-name:value = 'evil.example']`, `[file:name IN ('a.exe', 'b c.exe') OR url:value = 'http://x/'] OR [mutex:name = 'abc']`,
		`[domain-name:value MATCHES '^(.+\\.)?evil\\.example$']`, `[file:hashes.'SHA-256' = 'x'] FOLLOWEDBY [file:size > 5]`,
	} {
		f.Add(p, "name x")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		o, err := stix.Make(&stix.Indicator{
			Common: stix.Common{Created: stix.Timestamp{Time: now}}, Name: name, Pattern: pattern, PatternType: "stix", ValidFrom: stix.Timestamp{Time: now},
		})
		if err != nil {
			return
		}
		var b intel.Builder
		refused := b.Add(o, "fuzz")
		x, stats := b.Build(now)
		if stats.Indicators+stats.Unusable != 1 || (refused != nil) != (stats.Unusable == 1) {
			t.Errorf("%q: %v, %+v", pattern, refused, stats)
		}
		seen(x, pattern, 0)
	})
}
