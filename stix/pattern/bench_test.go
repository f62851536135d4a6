package pattern

import (
	"fmt"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	size := 0
	for _, s := range seeds {
		size += len(s)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range seeds {
			if _, err := Parse(s); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// A pattern of two observations over a thousand processes that started.
func BenchmarkMatch(b *testing.B) {
	d := new(Data)
	size := 0
	for i := range 1000 {
		raw := fmt.Appendf(nil, `{"type": "observed-data", "id": "observed-data--%d", "first_observed": "2021-03-02T00:%02d:%02dZ", "last_observed": "2021-03-02T00:%02d:%02dZ",
			"number_observed": 1, "objects": {"0": {"type": "process", "pid": %d, "command_line": "cmd.exe /c start job%d.bat", "image_ref": "1"}, "1": {"type": "file", "name": "cmd.exe"}}}`,
			i, i/60%60, i%60, i/60%60, i%60, i, i)
		if err := d.Add(raw); err != nil {
			b.Fatal(err)
		}
		size += len(raw)
	}
	p, err := Parse("([process:command_line LIKE '%job990%' AND process:image_ref.name = 'cmd.exe'] FOLLOWEDBY [process:pid > 995]) WITHIN 60 SECONDS")
	if err != nil {
		b.Fatal(err)
	}
	m, err := p.Compile()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if found, err := m.Match(d); len(found) != 2 || err != nil {
			b.Fatal(found, err)
		}
	}
}

// The shared cases, as exercise/bench runs them.
func BenchmarkCases(b *testing.B) {
	cases, data := loadCases(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, c := range cases.Cases {
			judge(c.Pattern, data[c.Observed])
		}
	}
}
