package intel

import (
	"slices"

	"github.com/tocsin-project/tocsin/stix/pattern"
)

// What the search for patterns of several observations may hold and tell.
const (
	maxSighted  = 1000    // sightings of one pattern
	maxTogether = 400_000 // of all patterns together, as long as there are few
	minSighted  = 64
	maxSequence = 100 // matches of one pattern that are told
)

// Sequences finds what matches patterns of several observations, from the hits of
// their brackets by time. Of each pattern it holds a thousand sightings at most:
// beyond that it forgets those that are too old for WITHIN, or, without one, those
// in the middle, and may then miss a match.
type Sequences struct {
	p    *Patterns
	list []sequence // by pattern
	max  int
}

// A sequence is what was seen of one pattern and is in no match yet.
type sequence struct {
	seen []pattern.Sighting
	refs []Ref // by seen
	told int
	cost bool // a search was given up
}

// A Ref says where an event is, in its caller's terms.
type Ref struct {
	Source int
	Record uint64
	Offset int64
	Host   string
}

// A Sequence is a match of a pattern of several observations.
type Sequence struct {
	Hit     PatternHit // of the last event
	Time    int64      // of the last event
	Members []Ref      // in order of time
}

// NewSequences returns an empty Sequences.
func (p *Patterns) NewSequences() *Sequences {
	n := max(len(p.set.patterns), 1)
	return &Sequences{p: p, list: make([]sequence, n), max: min(maxSighted, max(minSighted, maxTogether/n))}
}

// Add takes the hit of an event at some time. Hits come in order of time, those of
// one event one after the other. yield is called with matches.
func (s *Sequences) Add(h PatternHit, time int64, ref Ref, yield func(*Sequence) error) error {
	q := &s.list[h.pattern()]
	if q.told >= maxSequence {
		return nil
	}
	if n := len(q.refs); n > 0 && q.refs[n-1] == ref {
		q.seen[n-1].Brackets = append(q.seen[n-1].Brackets, int(h.hit.Bracket))
		return nil
	}
	if len(q.seen) >= s.max {
		if err := s.settle(q, h.pattern(), yield); err != nil {
			return err
		}
		q.forget(s.max, time, s.p.set.patterns[h.pattern()])
	}
	q.seen = append(q.seen, pattern.Sighting{Time: time, Brackets: []int{int(h.hit.Bracket)}})
	q.refs = append(q.refs, ref)
	return nil
}

// Close calls yield with the matches that are left.
func (s *Sequences) Close(yield func(*Sequence) error) error {
	for i := range s.list {
		if err := s.settle(&s.list[i], int32(i), yield); err != nil {
			return err
		}
	}
	return nil
}

// GivenUp counts the patterns that may have a match which was not found, because
// to search on would have cost too much (pattern.ErrCost).
func (s *Sequences) GivenUp() int {
	n := 0
	for i := range s.list {
		if s.list[i].cost {
			n++
		}
	}
	return n
}

// settle tells the matches in what was seen, each event being in one at most.
func (s *Sequences) settle(q *sequence, n int32, yield func(*Sequence) error) error {
	for len(q.seen) > 0 && q.told < maxSequence {
		found, err := s.p.set.patterns[n].Search(q.seen)
		if err != nil {
			q.cost = true // what would cost too much is no match
			return nil
		}
		if len(found) == 0 {
			return nil
		}
		q.told++
		last := &q.seen[found[len(found)-1]]
		match := &Sequence{Time: last.Time, Hit: PatternHit{patternHit{n, int32(last.Brackets[0])}, s.p.set.first[n] + int32(last.Brackets[0])}}
		for _, i := range found {
			match.Members = append(match.Members, q.refs[i])
		}
		if err := yield(match); err != nil {
			return err
		}
		slices.Sort(found)
		for _, i := range slices.Backward(found) {
			q.seen = slices.Delete(q.seen, i, i+1)
			q.refs = slices.Delete(q.refs, i, i+1)
		}
	}
	return nil
}

// forget makes room when half of limit is taken: from what can have no part in a
// match any more at a time, else from the middle.
func (q *sequence) forget(limit int, time int64, p *pattern.Bound) {
	if span, ok := p.Span(); ok {
		old := 0
		for old < len(q.seen) && time-q.seen[old].Time > span {
			old++
		}
		q.drop(0, old)
	}
	if len(q.seen) > limit/2 {
		q.drop(limit/4, len(q.seen)-limit/4)
	}
}

func (q *sequence) drop(from, to int) {
	q.seen, q.refs = slices.Delete(q.seen, from, to), slices.Delete(q.refs, from, to)
}
