package stix

import (
	"fmt"
	"strconv"
	"strings"
)

// Select returns the value that a selector of a granular marking points at, as
// it stands in the object (section 7.2.3.1): names of properties and [indexes]
// of lists, with dots between them. It is an error when there is none.
func (o *Object) Select(selector string) ([]byte, error) {
	value := o.raw
	for rest, step, more := selector, "", true; more; {
		step, rest, more = strings.Cut(rest, ".")
		if value = child(value, step); value == nil {
			return nil, fmt.Errorf("selector %.100q: nothing stands there (section 7.2.3.1)", selector)
		}
	}
	return value, nil
}

// child returns the part of a value that one step of a selector leads to, nil
// when there is none.
func child(value []byte, step string) []byte {
	if value[0] == '{' {
		return member(value, step)
	}
	digits := strings.TrimSuffix(strings.TrimPrefix(step, "["), "]")
	want, err := strconv.Atoi(digits)
	if err != nil || len(digits) != len(step)-2 {
		return nil
	}
	for n, v := range elements(value) {
		if n == want {
			return v
		}
	}
	return nil
}

// Covers reports whether the marking holds for the value at path, which is
// written as a selector: a selector marks what it points at and all within
// (section 7.2.3.1).
func (g *GranularMarking) Covers(path string) bool {
	for _, s := range g.Selectors {
		if rest, ok := strings.CutPrefix(path, s); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

// MarkingsAt returns the identifiers of the marking definitions that hold for
// the value at path: the granular ones that cover it, then those of the whole
// object. Where a granular marking states a colour of TLP, it takes precedence
// over the object's (section 7.2.3), which is then left out.
func (o *Object) MarkingsAt(path string) []ID {
	var ids []ID
	coloured := false
	for i := range o.GranularMarkings {
		g := &o.GranularMarkings[i]
		if g.MarkingRef != "" && g.Covers(path) {
			ids = append(ids, g.MarkingRef)
			coloured = coloured || TLPOf(g.MarkingRef) != TLPNone
		}
	}
	for _, id := range o.ObjectMarkingRefs {
		if !coloured || TLPOf(id) == TLPNone {
			ids = append(ids, id)
		}
	}
	return ids
}
