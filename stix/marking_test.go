package stix

import (
	"strings"
	"testing"
	"time"
)

const marked = `{"type":"x-a","id":"x-a--023d105b-752e-4e3c-941c-7d3f3cb15e9e","description":"d","labels":["a","b"],
	"extensions":{"archive-ext":{"list":[{"x":1},2]}},
	"object_marking_refs":["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82","marking-definition--00000000-486f-44da-b317-01333bde0b82"],
	"granular_markings":[
		{"marking_ref":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","selectors":["description","labels.[1]"]},
		{"marking_ref":"marking-definition--11111111-486f-44da-b317-01333bde0b82","selectors":["extensions"]},
		{"lang":"en","selectors":["description"]}]}`

// Section 7.2.3.1.
func TestSelect(t *testing.T) {
	o := parse(t, marked)
	for selector, want := range map[string]string{
		"description": `"d"`, "labels": `["a","b"]`, "labels.[1]": `"b"`, "id": `"x-a--023d105b-752e-4e3c-941c-7d3f3cb15e9e"`,
		"extensions.archive-ext.list.[0]": `{"x":1}`, "extensions.archive-ext.list.[0].x": "1",
		"labels.[2]": "", "labels.1": "", "labels.[-1]": "", "labels.[x]": "", "labels.[": "", "labels.[]": "", "": "", ".": "",
		"name": "", "description.[0]": "", "description.x": "", "extensions.archive-ext.": "",
	} {
		if got, err := o.Select(selector); string(got) != want || (err == nil) != (want != "") {
			t.Errorf("%q: %s, %v", selector, got, err)
		}
	}
}

// Section 7.2.3: a granular colour takes precedence, other markings add up.
func TestMarkingsAt(t *testing.T) {
	o := parse(t, marked)
	for path, want := range map[string]string{
		"description":            "613f2e26 00000000",
		"descriptions":           "f88d31f6 00000000",
		"labels.[0]":             "f88d31f6 00000000",
		"labels.[1]":             "613f2e26 00000000",
		"labels.[10]":            "f88d31f6 00000000",
		"extensions.archive-ext": "11111111 f88d31f6 00000000",
	} {
		var got []string
		for _, id := range o.MarkingsAt(path) {
			got = append(got, id.UUID()[:8])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", path, got, want)
		}
	}
}

// Section 3.6.
func TestVersions(t *testing.T) {
	at := func(s int64) Timestamp { return Timestamp{time.Unix(s, 0)} }
	o := parse(t, `{ "id":"tool--023d105b-752e-4e3c-941c-7d3f3cb15e9e","type":"tool", "created":"1970-01-01T00:00:01Z","modified":"1970-01-01T00:00:01.5Z","x_a" : [1, 2] ,"name":"a","aliases":["b"]}`)
	second, err := NewVersion(o, at(2), map[string]any{"name": "c", "aliases": nil, "labels": []string{"n"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"tool--023d105b-752e-4e3c-941c-7d3f3cb15e9e","type":"tool","created":"1970-01-01T00:00:01Z","modified":"1970-01-01T00:00:02.000Z","x_a":[1, 2],"name":"c","labels":["n"]}`
	if string(second.Raw()) != want {
		t.Errorf("got  %s\nwant %s", second.Raw(), want)
	}
	revoked, err := Revoke(second, at(3))
	if err != nil || !revoked.Revoked {
		t.Fatal(err)
	}
	if Newest(o, revoked, second) != revoked {
		t.Error("the newest is the one modified last")
	}
	for name, f := range map[string]func() (*Object, error){
		"not later":  func() (*Object, error) { return NewVersion(o, o.Modified, nil) },
		"revoked":    func() (*Object, error) { return NewVersion(revoked, at(9), nil) },
		"identifier": func() (*Object, error) { return NewVersion(o, at(9), map[string]any{"id": "x"}) },
		"creator":    func() (*Object, error) { return NewVersion(o, at(9), map[string]any{"created_by_ref": "x"}) },
		"observable": func() (*Object, error) {
			return Revoke(parse(t, `{"type":"mutex","id":"mutex--023d105b-752e-4e3c-941c-7d3f3cb15e9e","name":"a"}`), at(9))
		},
		"unmarshable": func() (*Object, error) { return NewVersion(o, at(9), map[string]any{"x": func() {}}) },
	} {
		if v, err := f(); err == nil {
			t.Errorf("%s: %s", name, v.Raw())
		}
	}
}

func FuzzSelect(f *testing.F) {
	f.Add(marked, "labels.[1]")
	f.Fuzz(func(t *testing.T, raw, selector string) {
		o, err := Parse([]byte(raw))
		if err != nil {
			return
		}
		v, err := o.Select(selector)
		if err == nil && !strings.Contains(raw, string(v)) {
			t.Errorf("%s is not from the object", v)
		}
		o.MarkingsAt(selector)
		for path, id := range o.Refs {
			// A name with a dot in it cannot be selected.
			if v, err := o.Select(path); err == nil && text(v) != string(id) && strings.Count(raw, ".") == 0 {
				t.Errorf("%s: %s, not %s", path, v, id)
			}
		}
		ObservableID(o)
		if o.Modified.IsZero() || o.Revoked {
			return
		}
		Revoke(o, Timestamp{o.Modified.Add(time.Second)})
	})
}
