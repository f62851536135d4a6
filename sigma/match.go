package sigma

import (
	"slices"

	"github.com/tocsin-project/tocsin/event"
)

// A Matcher asks a Set about one event after another, on one goroutine.
type Matcher struct {
	set    *Set
	states map[*program]*state
	state  *state
	event  *event.Event
	arena  []byte // folded values of the current event
	hits   []int32
	found  []int32
	fired  []int32
}

// state is what a Matcher remembers of one program while it looks at an
// event. Entries are valid when they carry the current epoch, so nothing is
// cleared between events.
type state struct {
	program *program
	epoch   uint32
	tried   []uint32 // by rule of the program: epoch
	memo    []uint32 // by leaf: 2*epoch, +1 when it held
	slots   []slotValues
	// machines are the automata of expressions, made when first needed.
	machines []*automaton
}

// slotValues are the values of one field of the current event.
type slotValues struct {
	epoch    uint32
	raw, low [][]byte // as the record has them, and folded
}

// maxEpoch is where epochs start again: memo holds twice the epoch.
const maxEpoch = 1<<31 - 1

// NewMatcher returns a Matcher for s.
func NewMatcher(s *Set) *Matcher {
	return &Matcher{set: s, states: map[*program]*state{}}
}

// Match returns the indexes of the rules that e matches, ascending. The
// slice, and what Evidence tells of the event, are valid until the next call.
func (m *Matcher) Match(e *event.Event) []int32 {
	m.begin(e)
	p := m.state.program
	for _, r := range p.always {
		m.try(r)
	}
	for i := range p.index {
		x := &p.index[i]
		switch {
		case x.id == 0:
			m.sweep(x)
		case e.Get(x.id) != nil:
			for _, v := range m.load(x.slot).low {
				m.ask(x, v)
			}
		}
	}
	slices.Sort(m.fired)
	return m.fired
}

// sweep looks for keywords in the whole record. Most values hold none, which
// shows before they are folded.
func (m *Matcher) sweep(x *index) {
	if m.event.Text != nil {
		m.sweepValue(x, m.event.Text)
	}
	fields := m.event.Fields()
	for i := range fields { // a null value is empty, and no keyword is
		m.sweepValue(x, fields[i].Value)
	}
}

func (m *Matcher) sweepValue(x *index, v []byte) {
	if x.set.absent(v) {
		return
	}
	var low []byte
	low, m.arena = appendFold(m.arena, v)
	m.ask(x, low)
}

// ask tries the rules whose witnesses v, which is folded, holds.
func (m *Matcher) ask(x *index, v []byte) {
	m.hits = x.set.find(v, m.hits[:0])
	for _, n := range m.hits {
		for _, r := range x.rules[n] {
			m.try(r)
		}
	}
}

func (m *Matcher) begin(e *event.Event) {
	p := m.set.program(e.Class)
	if m.state == nil || m.state.program != p {
		s := m.states[p]
		if s == nil {
			s = &state{program: p, tried: make([]uint32, len(p.rules)), memo: make([]uint32, len(p.leaves)), slots: make([]slotValues, len(p.slots)), machines: make([]*automaton, p.machines)}
			m.states[p] = s
		}
		m.state = s
	}
	s := m.state
	if s.epoch++; s.epoch == maxEpoch {
		clear(s.tried)
		clear(s.memo)
		for i := range s.slots {
			s.slots[i].epoch = 0
		}
		s.epoch = 1
	}
	m.event, m.arena, m.fired = e, m.arena[:0], m.fired[:0]
}

// load returns the values of a slot, folding them the first time an event is
// asked for them. Null values are no values.
func (m *Matcher) load(slot int32) *slotValues {
	s := &m.state.slots[slot]
	if s.epoch == m.state.epoch {
		return s
	}
	s.epoch, s.raw, s.low = m.state.epoch, s.raw[:0], s.low[:0]
	id := m.state.program.slots[slot]
	switch id {
	case 0:
		if m.event.Text != nil {
			m.keep(s, m.event.Text)
		}
		fields := m.event.Fields()
		for i := range fields {
			if fields[i].Kind != event.Null {
				m.keep(s, fields[i].Value)
			}
		}
	default:
		for f := m.event.Get(id); f != nil; f = m.event.Next(f) {
			if f.Kind != event.Null {
				m.keep(s, f.Value)
			}
		}
	}
	return s
}

func (m *Matcher) keep(s *slotValues, v []byte) {
	var low []byte
	low, m.arena = appendFold(m.arena, v)
	s.raw, s.low = append(s.raw, v), append(s.low, low)
}

// try evaluates rule r of the program, once for an event.
func (m *Matcher) try(r int32) {
	if m.state.tried[r] == m.state.epoch {
		return
	}
	m.state.tried[r] = m.state.epoch
	if m.node(m.state.program.roots[r]) {
		m.fired = append(m.fired, m.state.program.rules[r])
	}
}

func (m *Matcher) node(n int32) bool {
	nd := &m.state.program.nodes[n]
	switch nd.op {
	case leafNode:
		return m.leaf(nd.leaf)
	case notNode:
		return !m.node(nd.kids[0])
	case andNode:
		for _, k := range nd.kids {
			if !m.node(k) {
				return false
			}
		}
		return true
	}
	for _, k := range nd.kids {
		if m.node(k) {
			return true
		}
	}
	return false
}

func (m *Matcher) leaf(n int32) bool {
	e := 2 * m.state.epoch
	if v := m.state.memo[n]; v >= e {
		return v == e+1
	}
	ok := m.eval(&m.state.program.leaves[n])
	if ok {
		m.state.memo[n] = e + 1
	} else {
		m.state.memo[n] = e
	}
	return ok
}

// Evidence calls yield with the name and value of each field that made rule
// (an index that the last Match returned) match: the values that passed a
// test of its condition, in the order of the condition, each once. What a
// condition excludes is no evidence.
func (m *Matcher) Evidence(rule int32, yield func(name string, value []byte)) {
	p := m.state.program
	r, ok := slices.BinarySearch(p.rules, rule)
	if !ok {
		return
	}
	var seen []seenValue
	m.evidence(p.roots[r], func(slot int32, i int) {
		if !slices.Contains(seen, seenValue{slot, i}) {
			seen = append(seen, seenValue{slot, i})
			name := m.set.names.Name(p.slots[slot])
			if name == "" {
				name = m.keywordField(i)
			}
			yield(name, m.state.slots[slot].raw[i])
		}
	})
}

type seenValue struct {
	slot  int32
	value int
}

// evidence walks what holds below node n.
func (m *Matcher) evidence(n int32, yield func(slot int32, value int)) {
	nd := &m.state.program.nodes[n]
	switch nd.op {
	case notNode:
		return
	case leafNode:
		l := &m.state.program.leaves[nd.leaf]
		if !m.leaf(nd.leaf) {
			return
		}
		s := m.load(l.slot)
		for i := range s.raw {
			if m.holds(l, s.raw[i], s.low[i]) {
				yield(l.slot, i)
				return
			}
		}
	default:
		for _, k := range nd.kids {
			m.evidence(k, yield)
		}
	}
}

// keywordField names what a keyword was found in: value i of the whole record.
func (m *Matcher) keywordField(i int) string {
	if m.event.Text != nil {
		if i == 0 {
			return "line"
		}
		i--
	}
	fields := m.event.Fields()
	for j := range fields {
		if fields[j].Kind == event.Null {
			continue
		}
		if i == 0 {
			return fields[j].Name
		}
		i--
	}
	return ""
}
