package sigma

import (
	"bytes"
	"net/netip"
	"regexp"
	"strconv"
	"time"

	"github.com/tocsin-project/tocsin/event"
)

// A leaf is one compiled test on the values of one slot. Patterns on the same
// field that a rule joins by "or" are one leaf.
type leaf struct {
	kind     leafKind
	cased    bool // texts: compare with the raw value, not the folded one
	slot     int32
	ref      int32 // references: the slot of the other field
	want     bool  // present: whether the field must be there
	any      bool  // texts: an empty value or any other will do
	list     []literal
	many     *literals // list as a set, when it is long
	globs    []Pattern
	re       *regexp.Regexp
	machine  int32     // expressions: the automaton in state.machines
	needs    necessity // expressions: what a match must have
	prefix   netip.Prefix
	op       Op
	number   float64
	relation Pattern // references: the pattern around the other field's value
}

type leafKind uint8

const (
	texts leafKind = iota
	expression
	network
	number
	calendar
	present
	null
	reference
	never
)

// fewLiterals is how many literals are compared one by one; more become a set.
const fewLiterals = 4

// eval tests one leaf on the event that m holds.
func (m *Matcher) eval(l *leaf) bool {
	s := &m.state.slots[l.slot]
	switch l.kind {
	case never:
		return false
	case present:
		return (m.event.Get(m.state.program.slots[l.slot]) != nil) == l.want
	case null:
		return m.isNull(m.state.program.slots[l.slot])
	}
	m.load(l.slot)
	for i := range s.raw {
		if m.holds(l, s.raw[i], s.low[i]) {
			return true
		}
	}
	return false
}

// isNull reports whether the field is missing or null in all its values.
func (m *Matcher) isNull(id event.ID) bool {
	for f := m.event.Get(id); f != nil; f = m.event.Next(f) {
		if f.Kind != event.Null {
			return false
		}
	}
	return true
}

// holds tests l on one value, given raw and folded.
func (m *Matcher) holds(l *leaf, raw, low []byte) bool {
	switch l.kind {
	case texts:
		v := low
		if l.cased {
			v = raw
		}
		return m.holdsText(l, v)
	case expression:
		return l.needs.possible(low) && (l.list == nil || m.holdsText(l, low)) && m.machine(l).match(raw)
	case network:
		a, err := netip.ParseAddr(string(bytes.TrimSpace(raw)))
		return err == nil && l.prefix.Contains(a.WithZone("").Unmap())
	case number:
		n, ok := parseNumber(raw)
		return ok && compare(l.op, n, l.number)
	case calendar:
		t, ok := parseTime(raw)
		return ok && float64(calendarPart(l.op, t)) == l.number
	case reference:
		return m.holdsReference(l, raw, low)
	}
	return false
}

// machine returns the automaton of an expression, made when first needed.
func (m *Matcher) machine(l *leaf) *automaton {
	a := &m.state.machines[l.machine]
	if *a == nil {
		*a = newAutomaton(l.re)
	}
	return *a
}

func (m *Matcher) holdsText(l *leaf, v []byte) bool {
	if l.any {
		return true
	}
	if l.many != nil {
		if m.found = l.many.find(v, m.found[:0]); len(m.found) > 0 {
			return true
		}
	} else {
		for i := range l.list {
			if l.list[i].matches(v) {
				return true
			}
		}
	}
	for _, g := range l.globs {
		if g.glob(v) {
			return true
		}
	}
	return false
}

// holdsReference compares with each value of the other field, which takes the
// place of the Reference in the relation (Sigma 2.1.0, "fieldref").
func (m *Matcher) holdsReference(l *leaf, raw, low []byte) bool {
	m.load(l.ref)
	lead, trail := l.relation[0].Kind == Any, l.relation[len(l.relation)-1].Kind == Any
	other := &m.state.slots[l.ref]
	for i := range other.raw {
		v, o := low, other.low[i]
		if l.cased {
			v, o = raw, other.raw[i]
		}
		switch {
		case lead && trail && bytes.Contains(v, o),
			lead && !trail && bytes.HasSuffix(v, o),
			!lead && trail && bytes.HasPrefix(v, o),
			!lead && !trail && bytes.Equal(v, o):
			return true
		}
	}
	return false
}

func compare(op Op, a, b float64) bool {
	switch op {
	case Lt:
		return a < b
	case Lte:
		return a <= b
	case Gt:
		return a > b
	}
	return a >= b
}

// parseNumber reads a decimal number or an integer with a 0x prefix.
func parseNumber(v []byte) (float64, bool) {
	v = bytes.TrimSpace(v)
	if len(v) == 0 || len(v) > 64 {
		return 0, false
	}
	if len(v) > 2 && v[0] == '0' && (v[1] == 'x' || v[1] == 'X') {
		n, err := strconv.ParseUint(string(v[2:]), 16, 64)
		return float64(n), err == nil
	}
	f, err := strconv.ParseFloat(string(v), 64)
	return f, err == nil
}

// timeLayouts are the forms of time that logs write in fields. A time without
// a zone is taken as UTC.
var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05.999999999Z07:00", "02/Jan/2006:15:04:05 -0700", "01/02/2006 15:04:05", "2006-01-02",
}

func parseTime(v []byte) (time.Time, bool) {
	s := string(bytes.TrimSpace(v))
	if len(s) > 40 {
		return time.Time{}, false
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f >= 1e8 && f < 1e14 {
		if f >= 1e11 {
			f /= 1000 // milliseconds
		}
		return time.Unix(int64(f), 0).UTC(), true
	}
	return time.Time{}, false
}

func calendarPart(op Op, t time.Time) int {
	switch op {
	case Minute:
		return t.Minute()
	case Hour:
		return t.Hour()
	case Day:
		return t.Day()
	case Week:
		_, w := t.ISOWeek()
		return w
	case Month:
		return int(t.Month())
	}
	return t.Year()
}
