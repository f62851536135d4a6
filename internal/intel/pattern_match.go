package intel

import (
	"slices"

	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// A patternMatcher puts events to a patternSet. Each goroutine has its own. It
// shows an event as a pattern.Source.
type patternMatcher struct {
	set    *patternSet
	e      *event.Event
	hits   []patternHit
	marked []uint32 // by bracket: the event that it was last marked for
	stamp  uint32
	due    []int32 // brackets to look at
	mark   func(bracket int32)

	built   bool
	objects [][]int32 // by type: which of its objects the event shows
	buf     []byte    // of shape
	plain   []byte    // a value in normal form C, in lower case
}

// A patternHit says that an event satisfies a bracket of a pattern; Bracket is -1
// when that is the whole pattern.
type patternHit struct {
	Pattern int32
	Bracket int32
}

func (s *patternSet) matcher() *patternMatcher {
	m := &patternMatcher{set: s, marked: make([]uint32, len(s.brackets)), objects: make([][]int32, len(s.schema.types))}
	m.mark = func(bracket int32) {
		if m.marked[bracket] != m.stamp {
			m.marked[bracket] = m.stamp
			m.due = append(m.due, bracket)
		}
	}
	return m
}

// match returns which patterns e matches alone, and which brackets of the others,
// in their order. The hits are valid until the next call.
func (m *patternMatcher) match(e *event.Event) []patternHit {
	m.e, m.hits, m.built = e, m.hits[:0], false
	if m.stamp++; m.stamp == 0 { // once in four thousand million events
		clear(m.marked)
		m.stamp = 1
	}
	m.due = append(m.due[:0], m.set.always...)
	for i := range m.set.watched {
		m.watch(&m.set.watched[i])
	}
	slices.Sort(m.due)
	for _, n := range m.due {
		m.look(m.set.brackets[n])
	}
	return m.hits
}

// watch marks the brackets that the values of one property may satisfy.
func (m *patternMatcher) watch(w *watch) {
	p := &m.set.schema.properties[w.property]
	for object := range p.objects {
		for i := 0; ; i++ {
			v, ok := m.value(p, object, i)
			if !ok {
				break
			}
			if i == 0 {
				for _, n := range w.present {
					m.mark(n)
				}
			}
			if len(w.exact) > 0 {
				for _, n := range w.exact[string(v)] {
					m.mark(n)
				}
			}
			if w.parts.bits != nil {
				m.plain = appendPlain(m.plain[:0], v)
				w.parts.find(m.plain, m.mark)
			}
		}
	}
}

// appendPlain appends v in normal form C, letters of ASCII in lower case.
func appendPlain(dst, v []byte) []byte {
	if norm.NFC.IsNormal(v) {
		return appendLower(dst, v)
	}
	return appendLower(dst, norm.NFC.Bytes(v))
}

// look asks whether a bracket holds.
func (m *patternMatcher) look(b bracketOf) {
	p, bracket := m.set.patterns[b.pattern], b.bracket
	from, until, alone := p.Alone()
	timed := m.e.Time != event.NoTime
	switch {
	case alone && (from != pattern.Anytime || until != pattern.Forever) && (!timed || m.e.Time < from || m.e.Time > until):
		return
	case alone:
		bracket = -1
	case !timed:
		return // nobody can say what came first
	}
	if p.Holds(int(b.bracket), m) {
		m.hits = append(m.hits, patternHit{b.pattern, bracket})
	}
}

// value returns value i of a property of an object: of the first row that gives
// any, but that any of them will do where it holds further properties.
func (m *patternMatcher) value(p *property, object, i int) ([]byte, bool) {
	if p.container && i > 0 {
		return nil, false
	}
	if p.element != pattern.AllElements {
		if i > 0 {
			return nil, false
		}
		i = p.element
	}
	for k := range p.objects[object] {
		s := &p.objects[object][k]
		if v, _ := m.take(s, i); v != nil {
			return v, true
		}
		if i > 0 && !p.container {
			if v, _ := m.take(s, 0); v != nil {
				return nil, false
			}
		}
	}
	return nil, false
}

// Objects is of pattern.Source.
func (m *patternMatcher) Objects(typ int) int {
	if !m.built {
		m.build()
	}
	return len(m.objects[typ])
}

// build finds which objects the event shows: those of which it shows a property.
func (m *patternMatcher) build() {
	m.built = true
	for t := range m.objects {
		m.objects[t] = m.objects[t][:0]
		if !m.set.schema.used[t] {
			continue
		}
	next:
		for object, sources := range m.set.shows[t] {
			for k := range sources {
				if v, _ := m.take(&sources[k], 0); v != nil {
					m.objects[t] = append(m.objects[t], int32(object))
					continue next
				}
			}
		}
	}
}

// Value is of pattern.Source.
func (m *patternMatcher) Value(typ, object, property, i int) (pattern.Value, bool) {
	p := &m.set.schema.properties[property]
	v, ok := m.value(p, int(m.objects[typ][object]), i)
	if p.container {
		v = nil
	}
	return pattern.Value{Kind: p.kind, Text: v}, ok
}
