package store

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A Scope is what decides who may see a version: the distinct markings of the
// object and of all that it leads to, however far, and who created them. A
// reader who may not see one of these may not see the object, which would tell
// of it.
//
// It is written as a text, sorted, a line for each, so that equal ones can share
// a row of the database: markings as EncodeMarkings writes them, and "@" with
// the identifier of a creator. Creators and marking definitions are not
// followed here, as nearly all objects have the same few of them, but when a
// reader's rights are worked out.
type Scope string

// Sealed is the scope of what nobody may see: what was withdrawn, and what cannot
// be followed to its end.
const Sealed Scope = "!"

// maxScope is how many different markings and creators a scope may have, before
// it is sealed.
const maxScope = 1000

// ownScope returns the scope of an object without what it refers to.
func ownScope(m tlp.Markings, creator stix.ID) Scope {
	for _, id := range slices.Concat(m.Object, m.Granular) {
		if id.Valid() != nil {
			return Sealed
		}
	}
	s := Scope(EncodeMarkings(m))
	if creator == "" {
		return s
	}
	if creator.Valid() != nil {
		return Sealed
	}
	return s.and(Scope("@" + creator))
}

// and returns the scope of what leads to both.
func (s Scope) and(t Scope) Scope {
	switch {
	case s == t || t == "":
		return s
	case s == "":
		return t
	case s == Sealed || t == Sealed:
		return Sealed
	}
	lines := slices.Concat(strings.Split(string(s), "\n"), strings.Split(string(t), "\n"))
	strictest := stix.TLPNone
	for _, line := range lines {
		strictest = max(strictest, plainColour(line))
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { c := plainColour(line); return c != stix.TLPNone && c < strictest })
	slices.Sort(lines)
	if lines = slices.Compact(lines); len(lines) > maxScope {
		return Sealed
	}
	return Scope(strings.Join(lines, "\n"))
}

// covers reports whether t adds nothing to s.
func (s Scope) covers(t Scope) bool { return s.and(t) == s }

// plainColour returns the colour of markings that are no more than that one.
func plainColour(line string) stix.TLP {
	if !strings.HasPrefix(line, "marking-definition--") {
		return stix.TLPNone
	}
	return stix.TLPOf(stix.ID(strings.TrimSuffix(line, "/")))
}

// others yields the creators and the definitions of s that are not fixed.
func (s Scope) others(yield func(stix.ID) bool) {
	for line := range strings.SplitSeq(string(s), "\n") {
		if line[0] == '@' {
			if !yield(stix.ID(line[1:])) {
				return
			}
			continue
		}
		m := decodeMarkings(line)
		for _, id := range slices.Concat(m.Object, m.Granular) {
			if stix.TLPOf(id) == stix.TLPNone && !yield(id) {
				return
			}
		}
	}
}

// EncodeMarkings writes markings in one way, so that objects with the same ones
// can share them: those of the object, a slash, those of its parts. Fixed
// colours are written as the strictest one of TLP 2.0.
func EncodeMarkings(m tlp.Markings) string {
	object, granular := fold(m.Object), fold(m.Granular)
	if len(object) == 1 && len(granular) == 1 { // a part that is no stricter adds nothing
		if part := stix.TLPOf(granular[0]); part != stix.TLPNone && part <= stix.TLPOf(object[0]) {
			granular = nil
		}
	}
	return join(object) + "/" + join(granular)
}

// fold returns markings with one colour in place of all fixed ones.
func fold(ids []stix.ID) []stix.ID {
	if len(ids) == 0 {
		return nil
	}
	if len(ids) == 1 {
		if c := stix.TLPOf(ids[0]); c != stix.TLPNone {
			return []stix.ID{c.MarkingID()}
		}
		return ids
	}
	strictest := stix.TLPNone
	var rest []stix.ID
	for _, id := range ids {
		if c := stix.TLPOf(id); c != stix.TLPNone {
			strictest = max(strictest, c)
		} else {
			rest = append(rest, id)
		}
	}
	if strictest != stix.TLPNone {
		rest = append(rest, strictest.MarkingID())
	}
	slices.Sort(rest)
	return slices.Compact(rest)
}

func join(ids []stix.ID) string {
	if len(ids) == 1 {
		return string(ids[0])
	}
	s := make([]string, len(ids))
	for i, id := range ids {
		s[i] = string(id)
	}
	return strings.Join(s, " ")
}

func decodeMarkings(s string) tlp.Markings {
	object, granular, _ := strings.Cut(s, "/")
	return tlp.Markings{Object: split(object), Granular: split(granular)}
}

func split(s string) []stix.ID {
	var ids []stix.ID
	for f := range strings.FieldsSeq(s) {
		ids = append(ids, stix.ID(f))
	}
	return ids
}
