package finding

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

func full() *Finding {
	return &Finding{
		Kind:       "correlation",
		Time:       time.Date(2021, 3, 2, 14, 5, 6, 120_000_000, time.UTC).UnixNano(),
		Severity:   Critical,
		Title:      "Web shell written and used",
		Rule:       Rule{ID: "6b4f7b9e-36f5-4f0e-9c8f-0c7a52f1d5aa", Path: "rules/web shell.yml"},
		Indicator:  Indicator{ID: "indicator--1", Value: "203.0.113.7", Type: "ipv4-addr"},
		Techniques: []string{"T1190", "T1505.003"},
		Groups:     []string{"G0125"},
		Host:       "EX01",
		Source:     Source{Path: "logs.zip!iis/u_ex210302.log", Format: "iis", Record: 4, Offset: 812},
		Fields:     []Field{{"cs-method", "POST"}, {"arg", "a"}, {"cs-uri-stem", `/ecp/y.js`}, {"arg", "b\n"}, {"arg", "\xff"}},
		Events:     []Source{{Path: "a.evtx", Format: "evtx", Record: 9}, {Path: "b.log", Offset: 77}},
		Count:      1204,
	}
}

func TestAppendJSONGolden(t *testing.T) {
	for name, c := range map[string]struct {
		f    *Finding
		want string
	}{
		"every key, in the order that is fixed": {full(), `{"kind":"correlation","time":"2021-03-02T14:05:06.12Z","severity":"critical",` +
			`"title":"Web shell written and used","rule":{"id":"6b4f7b9e-36f5-4f0e-9c8f-0c7a52f1d5aa","path":"rules/web shell.yml"},` +
			`"indicator":{"id":"indicator--1","value":"203.0.113.7","type":"ipv4-addr"},"techniques":["T1190","T1505.003"],"groups":["G0125"],` +
			`"host":"EX01","source":{"path":"logs.zip!iis/u_ex210302.log","format":"iis","record":4,"offset":812},` +
			`"fields":{"cs-method":"POST","arg":["a","b\n","` + "\uFFFD" + `"],"cs-uri-stem":"/ecp/y.js"},` +
			`"events":[{"path":"a.evtx","format":"evtx","record":9,"offset":0},{"path":"b.log","offset":77}],"count":1204}`},
		"nothing but a kind":      {&Finding{Kind: "sigma", Time: event.NoTime}, `{"kind":"sigma","severity":"informational"}`},
		"the first instant":       {&Finding{Time: 0}, `{"time":"1970-01-01T00:00:00Z","severity":"informational"}`},
		"the last representable":  {&Finding{Time: math.MaxInt64}, `{"time":"2262-04-11T23:47:16.854775807Z","severity":"informational"}`},
		"record 0 is no record":   {&Finding{Time: event.NoTime, Source: Source{Path: "x"}}, `{"severity":"informational","source":{"path":"x","offset":0}}`},
		"an empty value is kept":  {&Finding{Time: event.NoTime, Fields: []Field{{"", ""}}}, `{"severity":"informational","fields":{"":""}}`},
		"control characters":      {&Finding{Time: event.NoTime, Title: "\x00\x1b[2J\x7f\u0085\u009b\u2028\t\r\"\\/"}, `{"severity":"informational","title":"\u0000\u001b[2J\u007f\u0085\u009b\u2028\t\r\"\\/"}`},
		"names written alike":     {&Finding{Time: event.NoTime, Fields: []Field{{"\xff", "1"}, {"a", "2"}, {"\xfe", "3"}, {"\uFFFD", "4"}}}, "{\"severity\":\"informational\",\"fields\":{\"\uFFFD\":[\"1\",\"3\",\"4\"],\"a\":\"2\"}}"},
		"bad UTF-8 and surrogate": {&Finding{Time: event.NoTime, Title: "é€\U0001f514\xc3(\xed\xa0\x80"}, `{"severity":"informational","title":"é€` + "\U0001f514\uFFFD(\uFFFD\uFFFD\uFFFD" + `"}`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(AppendJSON(nil, c.f)); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestAppendJSONKeepsWhatStandsBefore(t *testing.T) {
	one := string(AppendJSON([]byte("x,{"), full()))
	if want := "x,{" + string(AppendJSON(nil, full())); one != want {
		t.Errorf("got %s, want %s", one, want)
	}
}

func TestAppendJSONDoesNotAllocate(t *testing.T) {
	f, buf := full(), make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { buf = AppendJSON(buf[:0], f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	f := full()
	c := f.Clone()
	if !reflect.DeepEqual(f, c) {
		t.Fatalf("clone differs:\n%+v\n%+v", f, c)
	}
	f.Techniques[0], f.Groups[0], f.Fields[0].Value, f.Events[0].Path = "x", "x", "x", "x"
	if !reflect.DeepEqual(c, full()) {
		t.Errorf("the clone changed with its original: %+v", c)
	}
}

// FuzzAppendJSON holds that the output is one line of valid JSON and UTF-8
// and that an independent decoder reads back what went in.
func FuzzAppendJSON(f *testing.F) {
	f.Add("sigma", "title", "name", "value", "other", "/var/log/x", int64(0), uint64(1), int64(2))
	f.Add("\xff", "\u2028\x9b", "a", "\xed\xa0\x80\x00", "a", "\"\\", int64(-1), uint64(0), int64(-2))
	f.Fuzz(func(t *testing.T, kind, title, name, value, name2, path string, at int64, record uint64, offset int64) {
		in := &Finding{
			Kind: kind, Title: title, Time: at, Host: value, Techniques: []string{name, name2},
			Fields: []Field{{name, value}, {name2, title}, {name, path}},
			Source: Source{Path: path, Format: kind, Record: record, Offset: offset},
			Events: []Source{{Path: value, Record: record}},
		}
		line := AppendJSON(nil, in)
		if !utf8.Valid(line) || strings.ContainsAny(string(line), "\n\r\x1b\u009b\u2028") {
			t.Fatalf("not one line of plain UTF-8: %q", line)
		}
		var out struct {
			Kind, Title, Host string
			Time              *time.Time
			Techniques        []string
			Source            Source
			Fields            map[string]any
			Events            []Source
		}
		if err := json.Unmarshal(line, &out); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		u := func(s string) string { // one U+FFFD for each bad byte, as AppendJSON says
			return string([]rune(s))
		}
		if at != event.NoTime && (out.Time == nil || out.Time.UnixNano() != at) {
			t.Errorf("time %v, want %d", out.Time, at)
		}
		src := Source{u(path), u(kind), record, offset}
		if out.Kind != u(kind) || out.Title != u(title) || out.Host != u(value) || out.Source != src {
			t.Errorf("read back %+v from %q", out, line)
		}
		if !reflect.DeepEqual(out.Techniques, []string{u(name), u(name2)}) || len(out.Events) != 1 {
			t.Errorf("read back %+v from %q", out, line)
		}
		if u(name) == u(name2) {
			if want := []any{u(value), u(title), u(path)}; !reflect.DeepEqual(out.Fields[u(name)], want) {
				t.Errorf("fields %v from %q", out.Fields, line)
			}
		} else {
			if want := []any{u(value), u(path)}; !reflect.DeepEqual(out.Fields[u(name)], want) || out.Fields[u(name2)] != u(title) {
				t.Errorf("fields %v from %q", out.Fields, line)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	f, buf := full(), []byte(nil)
	buf = AppendJSON(buf, f)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendJSON(buf[:0], f)
	}
}
