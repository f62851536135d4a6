package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// parseBlock reads data as one block of a file of format f and returns its
// records as text, one a line: origin, then name=value.
func parseBlock(t testing.TB, f *format, path string, data []byte, ask ...string) ([]string, Stats) {
	t.Helper()
	names := event.NewNames()
	for _, n := range ask {
		names.Intern(n)
	}
	router := event.NewRouter(names, Routes())
	p := NewParser(names, router)
	origin, _ := f.detect(data, path)
	b := &Block{File: &File{Path: path, Format: f.name, Origin: origin, format: f}, Data: data, Line: 1, Last: true, At: bytes.NewReader(data)}
	var out []string
	stats := p.Parse(b, func(e *event.Event) { out = append(out, eventText(e)) })
	return out, stats
}

func eventText(e *event.Event) string {
	var s strings.Builder
	s.WriteString(e.Class.Origin)
	for _, f := range e.Fields() {
		v := string(f.Value)
		if f.Kind == event.Null {
			v = "(null)"
		}
		fmt.Fprintf(&s, " %s=%s", f.Name, v)
	}
	return s.String()
}

func TestJSONSmoke(t *testing.T) {
	out, stats := parseBlock(t, &jsonFormat, "a.json", []byte(`{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon","Guid":"G"}},"EventID":1,"TimeCreated":{"#attributes":{"SystemTime":"2026-04-17T05:24:53.092051Z"}},"EventRecordID":18580,"Correlation":null,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"c1","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{"Image":"C:\\a\\b.exe","x":null}}}
{"a":[1,2,{"b":"q\u00e9"}],"c":{"d":{}}}
{"a":
{"b":"x"}
`))
	for _, o := range out {
		t.Log(o)
	}
	t.Logf("%+v", stats)
}
