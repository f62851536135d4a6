package pattern

import (
	"bytes"
	"testing"
)

// The patterns that fuzzing starts from: one of everything.
var seeds = []string{
	"[file:name = 'foo.dll' AND file:parent_directory_ref.path = 'C:\\\\Windows\\\\System32']",
	"[file:extensions.'windows-pebinary-ext'.sections[*].entropy > 7.0 OR NOT EXISTS file:hashes]",
	"([a:b = 1] AND [a:b NOT IN (1, -2.5)]) WITHIN 0.5 SECONDS REPEATS 3 TIMES",
	"[a:b[0] LIKE 'x%_'] FOLLOWEDBY ([a:b MATCHES '^x+$'] OR [a:b ISSUBSET '10.0.0.0/8']) // end",
	"[a:b == t'2021-03-02T10:11:12Z' AND (c:d <> h'4d5a' OR c:d >= b'TVo=')] START t'2021-01-01T00:00:00Z' STOP t'2022-01-01T00:00:00.5Z'",
	"[x-usb:'quoted key'.serial = 'it\\'s'] /* comment */ REPEATS 2 TIMES",
	"[a:b IN ()]",
}

// A pattern printed and parsed again is printed the same, and checking it ends.
func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		printed := p.String()
		again, err := Parse(printed)
		if err != nil {
			t.Fatalf("%q was printed as %q: %v", s, printed, err)
		}
		if twice := again.String(); twice != printed {
			t.Fatalf("%q, then %q", printed, twice)
		}
		p.Check()
	})
}

// Whatever the pattern and the data, matching ends without a panic, and what it
// finds is data that was there.
func FuzzMatch(f *testing.F) {
	data := `{"type":"a","id":"a--1","b":[1,"x",{"c_ref":"a--1","c_refs":["a--1"]}],"d_hex":"4d5a"}
{"type":"observed-data","first_observed":"2021-03-02T10:11:12Z","last_observed":"2021-03-02T10:11:13Z","number_observed":2,"object_refs":["a--1"]}
{"type":"observed-data","first_observed":"2021-03-02T10:11:12Z","last_observed":"2021-03-02T10:11:12Z","objects":{"0":{"type":"a","b":true}}}`
	for _, s := range seeds {
		f.Add(s, []byte(data))
	}
	f.Fuzz(func(t *testing.T, s string, raw []byte) {
		p, err := Parse(s)
		if err != nil {
			return
		}
		m, err := p.Compile()
		if err != nil {
			return
		}
		m.limit = 1_000_000
		var d Data
		for line := range bytes.Lines(raw) {
			_ = d.Add(line)
		}
		found, _ := m.Match(&d)
		if len(found) > d.Len() {
			t.Fatalf("%d found of %d", len(found), d.Len())
		}
	})
}
