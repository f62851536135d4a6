package evtx_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/evtx"
)

// TestRegressionJSON compares with the JSON that stands beside each event log
// of the Sigma regression cases, written by another reader. That one writes
// GUIDs without braces and times in microseconds, and leaves out what is null.
func TestRegressionJSON(t *testing.T) {
	records := 0
	for _, file := range logFiles(t, "sigma-regression") {
		want := jsonEvents(t, strings.TrimSuffix(file, ".evtx")+".json")
		var got []string
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := evtx.HeaderSize; at < len(data); at += evtx.ChunkSize {
			stats := evtx.NewDecoder(nil).Chunk(data[at:min(at+evtx.ChunkSize, len(data))], func(r *evtx.Record) {
				var fields []string
				for _, f := range r.Fields {
					if len(f.Value) > 0 {
						fields = append(fields, f.Name+"="+plain(string(f.Value)))
					}
				}
				slices.Sort(fields)
				got = append(got, strings.Join(fields, "\n"))
			})
			if stats.Lost > 0 {
				t.Errorf("%s: %+v", file, stats)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot\n%s\n\nwant\n%s", file, strings.Join(got, "\n\n"), strings.Join(want, "\n\n"))
		}
		records += len(got)
	}
	t.Logf("%d records compared", records)
}

var (
	bareGUID = regexp.MustCompile(`^\{?([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\}?$`)
	micros   = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})\d?Z$`)
)

func plain(s string) string {
	s = strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) // the JSON has lost white space at the ends

	if m := bareGUID.FindStringSubmatch(s); m != nil {
		return strings.ToUpper(m[1])
	}
	if m := micros.FindStringSubmatch(s); m != nil {
		return m[1] + "Z"
	}
	return s
}

// jsonEvents reads JSON documents that follow each other and returns the
// fields of each, sorted.
func jsonEvents(t *testing.T, file string) []string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	dec.UseNumber()
	var events []string
	for {
		var doc struct{ Event map[string]any }
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return events
		} else if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var fields []string
		delete(doc.Event, "#attributes") // xmlns
		for section, v := range doc.Event {
			m, _ := v.(map[string]any)
			if section == "UserData" {
				for _, root := range m {
					m, _ = root.(map[string]any)
				}
			}
			for name, v := range m {
				switch {
				case name != "#attributes":
					fields = appendJSON(fields, name, v)
				case section != "UserData": // there it is xmlns
					fields = appendJSON(fields, section, map[string]any{name: v})
				}
			}
		}
		slices.Sort(fields)
		events = append(events, strings.Join(fields, "\n"))
	}
}

func appendJSON(fields []string, name string, v any) []string {
	switch v := v.(type) {
	case nil:
	case map[string]any:
		for k, v := range v {
			switch k {
			case "#text":
				fields = appendJSON(fields, name, v)
			case "#attributes":
				for a, v := range v.(map[string]any) {
					fields = appendJSON(fields, name+"_"+a, v)
				}
			default:
				fields = appendJSON(fields, name+"."+k, v)
			}
		}
	case []any:
		for _, v := range v {
			fields = appendJSON(fields, name, v)
		}
	default:
		if s := fmt.Sprint(v); s != "" {
			fields = append(fields, name+"="+plain(s))
		}
	}
	return fields
}
