package logs

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
)

// Damage within a line of many records costs the record that is damaged.
func TestJSONDamageWithinLine(t *testing.T) {
	for name, bad := range map[string]string{
		"string not closed":          `{"x":"y}`,
		"string not closed, more":    `{"x":"y,"l":[{"n":1},{"n":2}],"z":"{"}`,
		"key not closed":             `{"x:1,"l":[{"n":1},{"n":2}]}`,
		"string not opened":          `{"x":y","l":[{"n":1},{"n":2}]}`,
		"quotes within a string":     `{"x":"say "hi" now","y":"6" pipe","z":1}`,
		"quote and escape":           `{"x":"C:\\","y":"a\"b,"z":1}`,
		"string not closed, bracket": `{"x":"y]}`,
		"object not closed":          `{"x":{"y":1}`,
		"array not closed":           `{"x":[1,2}`,
		"no value":                   `{"x":,"l":[{"n":1},{"n":2}]}`,
		"cut":                        `{"x":"`,
		"no record":                  `oops`,
	} {
		for layout, join := range map[string][2]string{"array": {"[", "]"}, "Records": {`{"Records":[`, `],"next":null,"more":"x"}`}, "nothing between": {"", ""}} {
			if layout == "nothing between" && (name == "cut" || name == "no record") {
				continue
			}
			t.Run(name+", "+layout, func(t *testing.T) {
				comma := ","
				if join[0] == "" {
					comma = ""
				}
				content := join[0] + strings.Join([]string{`{"a":1}`, bad, `{"b":"s"}`, bad, `{"b":"t"}`, `{"b":3}`}, comma) + join[1]
				got, stats := readText(t, "a.json", content)
				wantRecords(t, got, "unknown a=1", "unknown b=s", "unknown b=t", "unknown b=3")
				if stats.Damaged < 2 || stats.Damaged > 4 || len(stats.Problems) == 0 {
					t.Errorf("%d damaged: %v", stats.Damaged, stats.Problems)
				}
			})
		}
	}
}

// A line that is longer than any record and never closes its brackets gives
// its records, whatever the damage; time grows with length alone.
func TestJSONDamageInLongLine(t *testing.T) {
	record := `{"k":"` + strings.Repeat("v", 90) + `"},`
	for name, bad := range map[string]string{
		"string not closed": `{"x":"y},`,
		"object not closed": `{"x":{"y":1},`,
		"cut":               `{"x":"`,
	} {
		t.Run(name, func(t *testing.T) {
			n := maxRecord / 50
			whole := strings.Repeat(record, n/4)
			path := write(t, t.TempDir(), "a.json", "["+whole+bad+whole+bad+whole+bad+whole+`{"k":1}]`)
			got, stats := readPath(t, path, 0)
			if len(got) < n/4*4-8 || stats.Damaged == 0 || stats.Damaged > 12 {
				t.Errorf("%d records of %d, %d damaged: %v", len(got), n/4*4+1, stats.Damaged, stats.Problems)
			}
		})
	}
}

// Passing over damage stays linear: no look at one byte is repeated without
// bound.
func TestJSONDamageIsLinear(t *testing.T) {
	for name, bad := range map[string]string{
		"no end, then a record":  `{"a":{x},{"b":1},`,
		"no end":                 `{"a":{x},`,
		"nested candidates":      `{"k":[{},{"k":[`,
		"inside out":             `{"a":"},{",":":1,`,
		"quotes":                 `","`,
		"letters":                `{x},`,
		"strings never closed":   `{"x":"y},`,
		"brackets within string": `{"x":"[[[[","y":z},`,
		"white space":            `}           {"`,
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte("[" + strings.Repeat(bad, maxRecord/len(bad)))
			names := event.NewNames()
			p := NewParser(names, event.NewRouter(names, Routes()))
			start := time.Now()
			stats := p.Parse(&Block{File: &File{format: &jsonFormat}, Data: data, Line: 1}, func(*event.Event) {})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%d bytes took %v: %d damaged, %d records", len(data), took, stats.Damaged, stats.Records)
			} else {
				t.Logf("%v: %d damaged, %d records", took, stats.Damaged, stats.Records)
			}
		})
	}
}
