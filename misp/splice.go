package misp

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file change JSON that was read before at single places,
// and leave all other bytes as they are.

// A span is where a value stands in JSON, by its first byte and the one behind.
type span struct{ from, to int }

// An edit puts other bytes in place of a span.
type edit struct {
	span
	text []byte
}

// splice makes edits that do not overlap.
func splice(raw []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range edits {
		if e.from < at {
			continue
		}
		out = append(append(out, raw[at:e.from]...), e.text...)
		at = e.to
	}
	return append(out, raw[at:]...)
}

// members returns where the values of an object stand, by their names; b stands
// at base in what the spans are about.
func members(b []byte, base int) map[string]span {
	d := jsontext.NewDecoder(bytes.NewBuffer(b))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil
	}
	all := map[string]span{}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			break
		}
		name := t.String()
		v, err := d.ReadValue()
		if err != nil {
			break
		}
		end := int(d.InputOffset())
		all[name] = span{base + end - len(v), base + end}
	}
	return all
}

// elements returns where the elements of an array stand.
func elements(b []byte, base int) []span {
	d := jsontext.NewDecoder(bytes.NewBuffer(b))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return nil
	}
	var all []span
	for k := d.PeekKind(); k != ']' && k != 0; k = d.PeekKind() {
		v, err := d.ReadValue()
		if err != nil {
			break
		}
		end := int(d.InputOffset())
		all = append(all, span{base + end - len(v), base + end})
	}
	return all
}

// An object of JSON that fields are set in.
type target struct {
	raw   []byte // all of it
	span         // of the object
	field map[string]span
	edits []edit
	added []byte
}

func targetAt(raw []byte, at span) *target {
	return &target{raw: raw, span: at, field: members(raw[at.from:at.to], at.from)}
}

// set gives a field a value, in place or behind all others.
func (t *target) set(name string, value []byte) {
	if at, ok := t.field[name]; ok {
		t.edits = append(t.edits, edit{at, value})
		return
	}
	if len(t.field) > 0 || len(t.added) > 0 {
		t.added = append(t.added, ',')
	}
	t.added, _ = jsontext.AppendQuote(t.added, name)
	t.added = append(append(t.added, ':'), value...)
}

// done returns the edits that set what was set.
func (t *target) done() []edit {
	if t.added == nil {
		return t.edits
	}
	end := t.to - 1
	return append(t.edits, edit{span{end, end}, t.added})
}
