package intel

import (
	"slices"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// Patterns are the patterns of an Index that are no observables, compiled for
// events. They are safe for concurrent use through matchers.
type Patterns struct {
	x   *Index
	set *patternSet
}

// CompilePatterns compiles the patterns of x for events whose fields names knows. It
// interns the names that they need, so it comes before the first event. Without
// any patterns it returns nil. Builder.Add has refused those that no event can
// match.
func (x *Index) CompilePatterns(names *event.Names) *Patterns {
	if len(x.complex) == 0 {
		return nil
	}
	list := make([]*pattern.Pattern, len(x.complex))
	for i := range x.complex {
		list[i] = x.complex[i].pattern
	}
	set, _ := compilePatterns(list, names)
	return &Patterns{x, set}
}

// Brackets returns how many brackets the patterns have: PatternHit.Number is
// below it.
func (p *Patterns) Brackets() int { return len(p.set.brackets) }

// Indicator returns what is known of the indicator of a hit.
func (p *Patterns) Indicator(h PatternHit) *Indicator {
	return p.x.indicator(p.x.complex[h.pattern()].row, "")
}

// A PatternHit says that an event satisfies a bracket of a pattern.
type PatternHit struct {
	hit    patternHit
	Number int32 // of the bracket among those of all patterns
}

func (h PatternHit) pattern() int32 { return h.hit.Pattern }

// Alone reports whether the event is all that the pattern asks for.
func (h PatternHit) Alone() bool { return h.hit.Bracket < 0 }

// Hit returns the hit with a number that is part of a pattern of several
// observations.
func (p *Patterns) Hit(number int32) PatternHit {
	b := p.set.brackets[number]
	return PatternHit{patternHit{b.pattern, b.bracket}, number}
}

// A PatternMatcher asks Patterns about events. Each goroutine has its own.
type PatternMatcher struct {
	p    *Patterns
	m    *patternMatcher
	hits []PatternHit
}

// NewMatcher returns a PatternMatcher of p.
func (p *Patterns) NewMatcher() *PatternMatcher { return &PatternMatcher{p: p, m: p.set.matcher()} }

// Match returns the brackets that e satisfies, in an order that depends on the
// patterns alone. They are valid until the next call.
func (m *PatternMatcher) Match(e *event.Event) []PatternHit {
	m.hits = m.hits[:0]
	for _, h := range m.m.match(e) {
		if x := m.p.x; x.active(x.rows.at(x.complex[h.Pattern].row), e.Time) {
			m.hits = append(m.hits, PatternHit{h, m.p.set.first[h.Pattern] + max(h.Bracket, 0)})
		}
	}
	return m.hits
}

// Evidence calls yield with the fields of the last event that the bracket of h
// looks at.
func (m *PatternMatcher) Evidence(h PatternHit, yield func(f *event.Field)) {
	var told []*event.Field
	for _, n := range m.p.set.asks[h.Number] {
		p := &m.p.set.schema.properties[n]
		for object := range p.objects {
			for k := range p.objects[object] {
				if _, f := m.m.take(&p.objects[object][k], 0); f != nil && !slices.Contains(told, f) {
					told = append(told, f)
					yield(f)
					break
				}
			}
		}
	}
}
