package event

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestFieldsOfOneNameChain(t *testing.T) {
	names := NewNames()
	a, b := names.Intern("a"), names.Intern("b")
	e := New(names)
	for range 2 { // Reset must leave nothing behind
		e.Reset()
		e.Add(a, "a", []byte("1"), String)
		e.Add(b, "b", []byte("2"), String)
		e.Add(a, "a", []byte("3"), String)
		e.Add(0, "other", []byte("4"), String)
		var got string
		for f := e.Get(a); f != nil; f = e.Next(f) {
			got += string(f.Value)
		}
		if got != "13" || string(e.Value(b)) != "2" || e.Get(0) != nil {
			t.Fatalf("a = %q, b = %q, Get(0) = %v", got, e.Value(b), e.Get(0))
		}
	}
}

func TestRouteByTwoFieldsAndAlias(t *testing.T) {
	names := NewNames()
	image, target := names.Intern("Image"), names.Intern("TargetObject")
	r := NewRouter(names, []Route{
		{Origin: "windows", Sources: []Logsource{{Product: "windows"}}},
		{Origin: "windows/Sysmon", Sources: []Logsource{{Product: "windows", Service: "sysmon"}}},
		{Origin: "windows/Sysmon", When: []Condition{{"EventID", []string{"12", "13"}}}, Sources: []Logsource{{Product: "windows", Category: "registry_event"}}},
		{Origin: "windows/Sysmon", When: []Condition{{"EventID", []string{"12"}}, {"EventType", []string{"CreateKey"}}}, Sources: []Logsource{{Product: "windows", Category: "registry_add"}}},
		{Origin: "windows/Security", When: []Condition{{"EventID", []string{"4688"}}}, Sources: []Logsource{{Product: "windows", Category: "process_creation"}}, Alias: []Alias{{"Image", "NewProcessName"}, {"NobodyAsks", "X"}}},
	})
	id, kind, name := names.Intern("EventID"), names.Intern("EventType"), names.Intern("NewProcessName")
	e := New(names)
	route := func(origin string, fields ...string) *Class {
		e.Reset()
		ids := map[string]ID{"EventID": id, "EventType": kind, "NewProcessName": name, "TargetObject": target}
		for i := 0; i < len(fields); i += 2 {
			e.Add(ids[fields[i]], fields[i], []byte(fields[i+1]), String)
		}
		r.Origin(origin).Route(e)
		return e.Class
	}
	for _, c := range []struct {
		origin string
		fields []string
		want   int // sources
	}{
		{"windows/Sysmon", []string{"EventID", "12", "EventType", "CreateKey"}, 3},
		{"windows/Sysmon", []string{"EventID", "12", "EventType", "DeleteKey"}, 2},
		{"windows/Sysmon", []string{"EventID", "13"}, 2},
		{"windows/Sysmon", []string{"EventID", "1"}, 1},
		{"windows/Some/Channel", []string{"EventID", "1"}, 1},
		{"nothing known", nil, 0},
	} {
		if got := route(c.origin, c.fields...); len(got.Sources) != c.want {
			t.Errorf("%s %v: sources %v, want %d", c.origin, c.fields, got.Sources, c.want)
		}
	}
	route("windows/Security", "EventID", "4688", "NewProcessName", `C:\x.exe`)
	if got := string(e.Value(image)); got != `C:\x.exe` {
		t.Errorf("alias Image = %q", got)
	}
	route("windows/Security", "EventID", "4624", "NewProcessName", `C:\x.exe`)
	if e.Get(image) != nil {
		t.Error("an alias of another class answers")
	}
	if c := route("nothing known"); !c.Unknown {
		t.Errorf("class %+v, want unknown", c)
	}
}

func TestAppendJSON(t *testing.T) {
	names := NewNames()
	e := New(names)
	e.Time, e.Record = 1614592800123456700, 7
	e.Host = []byte("EX01")
	e.Class = &Class{Origin: "iis"}
	e.Add(0, "n", []byte("12"), Number)
	e.Add(0, "Data", []byte("a\"\\\n\x01\xff é"), String)
	e.Add(0, "z", nil, Null)
	e.Add(0, "Data", []byte("007"), Number)
	const want = `{"@time":"2021-03-01T10:00:00.1234567Z","@origin":"iis","@host":"EX01","@record":7,"n":12,"Data":["a\"\\\n\u0001� é","007"],"z":null}`
	if got := string(new(Printer).AppendJSON(nil, e)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A Printer writes a record as one that has written no other would.
func TestPrinterForgetsWhatDiffers(t *testing.T) {
	var p Printer
	e := New(NewNames())
	e.Class = &Class{Origin: "iis"}
	for _, record := range []string{"a b c", "a b c", "a b d", "a a b", "a b c", "c b a", "", "a \" c", "a \" c", "a b", "é b \xff"} {
		e.Reset()
		for i, name := range strings.Fields(record) {
			e.Add(0, name, []byte{'0' + byte(i)}, Number)
		}
		for range 2 {
			if got, want := string(p.AppendJSON(nil, e)), string(new(Printer).AppendJSON(nil, e)); got != want {
				t.Errorf("%q: %s, want %s", record, got, want)
			}
		}
	}
}

// TestAppendJSONStringEscapes holds the step over eight bytes to the rule for
// one character, at every place.
func TestAppendJSONStringEscapes(t *testing.T) {
	runes := []rune{0x2027, 0x2028, 0x2029, 0x202a, utf8.RuneError, 0x1f514}
	for r := range rune(0x200) {
		runes = append(runes, r)
	}
	for _, r := range runes {
		want := string(r)
		switch {
		case r == '"' || r == '\\':
			want = `\` + want
		case r == '\n':
			want = `\n`
		case r == '\r':
			want = `\r`
		case r == '\t':
			want = `\t`
		case r < ' ' || 0x7f <= r && r < 0xa0 || r == 0x2028 || r == 0x2029:
			want = fmt.Sprintf(`\u%04x`, r)
		}
		for at := range 19 {
			head, tail := strings.Repeat("a", at), strings.Repeat("z", 18-at)
			if got := string(AppendJSONString(nil, head+string(r)+tail)); got != `"`+head+want+tail+`"` {
				t.Fatalf("%U at %d: %s", r, at, got)
			}
		}
	}
}

func FuzzAppendJSONString(f *testing.F) {
	f.Add([]byte("plain text of more than eight bytes"))
	f.Add([]byte("a\x00b\xff\"\\é\u2028\x80tail tail tail"))
	f.Fuzz(func(t *testing.T, s []byte) {
		out := AppendJSONString(nil, s)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		if utf8.Valid(s) && back != string(s) {
			t.Fatalf("%q came back as %q", s, back)
		}
		if got := AppendJSONString(nil, string(s)); string(got) != string(out) {
			t.Fatalf("string and bytes differ: %q %q", got, out)
		}
	})
}

func FuzzJSONNumber(f *testing.F) {
	for _, s := range []string{"0", "-1", "01", "1.5e+3", ".5", "1.", "--1", "1e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var n json.Number
		err := json.Unmarshal([]byte(s), &n)
		valid := err == nil && len(s) > 0 && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && s[len(s)-1] > ' '
		if got := isJSONNumber([]byte(s)); got != valid {
			t.Fatalf("%q: %v, want %v", s, got, valid)
		}
	})
}

func TestTooManyFieldsAreDroppedAndTold(t *testing.T) {
	e := New(NewNames())
	for range MaxFields + 1 {
		e.Add(0, "x", nil, String)
	}
	if len(e.Fields()) != MaxFields || !e.Truncated || MaxFields > math.MaxUint16 {
		t.Errorf("%d fields, truncated %v", len(e.Fields()), e.Truncated)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	e := New(NewNames())
	e.Class = &Class{Origin: "windows/Microsoft-Windows-Sysmon/Operational"}
	n := 0
	for _, name := range []string{"Provider_Name", "EventID", "Channel", "Computer", "Image", "CommandLine", "ParentImage", "User", "Hashes"} {
		v := []byte(`C:\Windows\System32\` + name + `.exe --with some arguments`)
		n += len(v)
		e.Add(0, name, v, String)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	var buf []byte
	var p Printer
	for b.Loop() {
		buf = p.AppendJSON(buf[:0], e)
	}
}

// AppendTime writes what package time writes.
func FuzzAppendTime(f *testing.F) {
	for _, t := range []int64{0, 1614592800123456700, -1, 1, math.MaxInt64, math.MinInt64 + 1, 1614592800000000000} {
		f.Add(t)
	}
	var p Printer
	f.Fuzz(func(t *testing.T, n int64) {
		want := time.Unix(0, n).UTC().Format(time.RFC3339Nano)
		if got := string(AppendTime(nil, n)); got != want {
			t.Fatalf("%d: %s, want %s", n, got, want)
		}
		if got := string(p.appendTime(nil, n)); got != want {
			t.Fatalf("%d: %s, want %s", n, got, want)
		}
	})
}
