package stix

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Errors of versions.
var (
	errUnversioned = errors.New("objects of its type have no versions (section 3.6)")
	errRevoked     = errors.New("it is revoked, and a revoked object gets no new version (section 3.6.2)")
	errNotLater    = errors.New("a new version must be modified later than the one before (section 3.6.2)")
	errFixed       = errors.New("it is the same in all versions; make a new object instead (section 3.6.2)")
)

// NewVersion returns the version of o that was modified at the given time,
// with the properties in set put in place of those of o; nil takes one away.
// What is not set stays byte for byte. Only who created an object may make a
// new version of it: that o is the caller's is for the caller to know.
func NewVersion(o *Object, modified Timestamp, set map[string]any) (*Object, error) {
	switch {
	case ClassOf(o.Type) == SCO || o.Type == "marking-definition" || o.Modified.IsZero():
		return nil, fmt.Errorf("%s: %w", o.ID, errUnversioned)
	case o.Revoked:
		return nil, fmt.Errorf("%s: %w", o.ID, errRevoked)
	case !modified.Truncate(1e6).After(o.Modified.Time):
		return nil, fmt.Errorf("%s: modified %s: %w", o.ID, modified, errNotLater)
	}
	values := map[string][]byte{}
	for name, v := range set {
		switch name {
		case "type", "id", "created", "created_by_ref", "modified":
			return nil, fmt.Errorf("%s: %s: %w", o.ID, name, errFixed)
		}
		raw, err := write(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", o.ID, name, err)
		}
		values[name] = raw
	}
	values["modified"] = []byte(`"` + modified.UTC().Format(millisecond) + `"`)
	return Parse(replace(o.raw, values))
}

// Revoke returns the version of o that takes it back (section 3.6.2).
func Revoke(o *Object, at Timestamp) (*Object, error) {
	return NewVersion(o, at, map[string]any{"revoked": true})
}

// replace returns an object with values in place of the members of those
// names, null taking one away, and new names at the end in order.
func replace(raw []byte, values map[string][]byte) []byte {
	out := append(make([]byte, 0, len(raw)+64), '{')
	put := func(name string, value []byte) {
		if string(value) == "null" {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out, _ = jsontext.AppendQuote(out, name)
		out = append(append(out, ':'), value...)
	}
	for name, value := range members(raw) {
		if v, ok := values[string(name)]; ok {
			value = v
			delete(values, string(name))
		}
		put(string(name), value)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		put(name, values[name])
	}
	return append(out, '}')
}

// Newest returns the newest of the versions of one object: the one modified
// last. Of two that were modified at the same time and differ, which section
// 3.6.2 leaves to the reader, it is the revoked one, else the greater by its
// bytes, so that all who have both choose the same. Of none it is nil.
func Newest(versions ...*Object) *Object {
	if len(versions) == 0 {
		return nil
	}
	return slices.MaxFunc(versions, func(a, b *Object) int {
		if c := a.Modified.Compare(b.Modified.Time); c != 0 {
			return c
		}
		if a.Revoked != b.Revoked {
			if a.Revoked {
				return 1
			}
			return -1
		}
		return bytes.Compare(a.raw, b.raw)
	})
}
