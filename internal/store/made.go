package store

import (
	"bytes"
	"encoding/json"
	"maps"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// timeless returns the properties of an object, without those that say when it
// was made.
func timeless(raw []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	for _, name := range []string{"created", "modified", "valid_from", "published"} {
		delete(m, name)
	}
	return m
}

// sameButTimes reports whether two objects differ at most in when they were
// made.
func sameButTimes(a, b []byte) bool {
	x := timeless(a)
	return x != nil && maps.EqualFunc(x, timeless(b), func(v, w json.RawMessage) bool { return bytes.Equal(v, w) })
}

// remade returns o, made here before and saying something else now, as a new
// version of what was made then: created stays (STIX 2.1, section 3.6).
func (p *Plan) remade(o *stix.Object) *stix.Object {
	if o.Modified.IsZero() {
		return o
	}
	var before *stix.Object
	for k := range p.of(o.ID) {
		if k.state == Newest {
			before, _ = stix.Parse(k.raw)
		}
	}
	if before == nil {
		return o
	}
	set := map[string]any{}
	was, is := timeless(before.Raw()), timeless(o.Raw())
	for name := range was {
		set[name] = nil
	}
	for name, v := range is {
		set[name] = v
	}
	for _, name := range []string{"type", "id", "created_by_ref"} {
		delete(set, name)
	}
	at := time.UnixMicro(p.Now()).UTC()
	if next := before.Modified.Add(time.Millisecond); at.Before(next) {
		at = next
	}
	v, err := stix.NewVersion(before, stix.Timestamp{Time: at}, set)
	if err != nil {
		return o
	}
	return v
}
