package misp

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// Events come alone, in a list, as the answer of a search, or one behind the
// other; of each the bytes are kept.
func TestReader(t *testing.T) {
	one, two := `{"Event":{"uuid":"`+uuid(1)+`","info":"one"}}`, `{"uuid":"`+uuid(2)+`","info":"two"}`
	for text, want := range map[string]int{
		one: 1, " \n" + two + "\n": 1, one + "\n" + two: 2, "[" + one + "," + two + "]": 2, `{"response":[` + one + "," + two + "]}": 2,
		"\xef\xbb\xbf" + `{ "response" : [` + one + "]}": 1, `{"response":[]}`: 0, "": 0, "[]": 0,
		`[{"Event":{"uuid":"none","info":"x"}},` + two + `]`: 1,
	} {
		r := NewReader(strings.NewReader(text))
		n := 0
		for {
			e, err := r.Next()
			if err == io.EOF {
				break
			}
			var lost *EventError
			if errors.As(err, &lost) {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", text, err)
				break
			}
			if !strings.Contains(text, string(e.Raw())) {
				t.Errorf("%s: kept as %s", text, e.Raw())
			}
			n++
		}
		if n != want {
			t.Errorf("%s: %d events, want %d", text, n, want)
		}
	}
}

// Input that is no event gives an error that says what to do, and no event.
func TestRefused(t *testing.T) {
	id := `"uuid":"` + uuid(1) + `"`
	for text, want := range map[string]string{
		`{}`:                                      "no MISP event",
		`[1]`:                                     "no MISP event",
		`{"Event":{` + id + `,"info":"x"`:         "JSON",
		`{"info":"x"}`:                            "uuid",
		`{"uuid":"x","info":"x"}`:                 "uuid",
		`{` + id + `,"info":{}}`:                  "/info",
		`{` + id + `,"info":"x","info":"y"}`:      "duplicate",
		`{` + id + `,"info":"x","Attribute":{}}`:  "/Attribute",
		`{` + id + `,"info":"x","timestamp":"t"}`: "whole number",
		`{` + id + `,"info":"x","published":"?"}`: "neither true nor false",
		`{` + id + `,"info":"` + "\xff" + `"}`:    "UTF-8",
		`{` + id + `,"x":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`: "brackets within brackets",
		`{"Event":{` + id + `,"info":"x"}} {}`:                                           "JSON",
		`{"response":{"Attribute":[]}}`:                                                  "restSearch",
		`{"Event":{` + id + `,"info":"x","Attribute":[{"value":{}}]}}`:                   "/Attribute/0/value",
	} {
		e, err := NewReader(strings.NewReader(text)).Next()
		if err == nil && strings.HasSuffix(text, "} {}") {
			e, err = Parse([]byte(text))
		}
		if err == nil || e != nil {
			t.Errorf("%.60s was read", text)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v: does not say %q", text, err, want)
		}
	}
	r := NewReader(strings.NewReader(`{` + id + `,"info":"` + strings.Repeat("x", 100_000) + `"}`))
	r.MaxEvent = 70_000
	if _, err := r.Next(); !errors.Is(err, errTooLarge) {
		t.Errorf("an event that is too large: %v", err)
	}
}
