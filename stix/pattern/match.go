package pattern

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// What one match may cost: objects and values looked at, instructions of regular
// expressions, observed-data tried for a place in the match.
const (
	maxSteps      = 50_000_000
	stepsObserved = 1000 // more for each observed-data object
)

// ErrCost ends a match that would take more than 50 million steps, and a
// thousand for each observed-data object.
var ErrCost = errors.New("the match takes too long: match against fewer observed-data, or a pattern with fewer qualifiers within qualifiers")

// Match returns the observed-data objects that make a match, in the order of
// their times, or none when the pattern does not match. An error other than
// ErrCost is about data that the pattern asks for and that is not what it must
// be (a string compared with a timestamp that is none); such data does not
// match, and what Match returns holds without it.
func (m *Matcher) Match(d *Data) ([]*Observed, error) {
	s, problem := m.look(d)
	if s == nil {
		return nil, problem
	}
	found, err := m.search(s)
	if err == nil {
		err = problem
	}
	return found, err
}

// search looks for a match among what satisfies brackets: in order of time, then
// sparing what other brackets need.
func (m *Matcher) search(s *search) ([]*Observed, error) {
	for _, scarce := range []bool{false, true} {
		s.scarce = scarce
		s.order(m.root)
		_, ok := s.find(m.root, math.MinInt64, math.MaxInt64)
		if s.steps > s.limit {
			return nil, ErrCost
		}
		if ok {
			return s.observed(), nil
		}
	}
	return nil, nil
}

// A search looks for a match.
type search struct {
	seen  []*Observed // those that satisfy a bracket, by first time
	holds [][]bool    // by bracket, by seen
	many  []int       // by seen: how many brackets it satisfies
	left  []int64     // by seen: how often it can still be taken
	taken []taken
	nodes []candidates // by node
	flow  flow
	steps int
	limit int // of steps

	scarce bool // see order
}

// taken is an observed-data object that has a place in the match.
type taken struct {
	seen  int32
	count int64
}

// candidates are the observed-data objects that a node can take, in the order
// in which it tries them.
type candidates struct {
	seen   []int32
	latest []int64 // by seen: the latest end of all up to it
}

// look finds which observed-data objects satisfy which brackets. It returns no
// search when none satisfies any.
func (m *Matcher) look(d *Data) (*search, error) {
	var problem error
	w := walker{data: d, limit: m.limit + stepsObserved*len(d.observed)}
	s := &search{holds: make([][]bool, len(m.brackets)), limit: w.limit}
	row := make([]bool, len(m.brackets))
	type hit struct {
		seen *Observed
		row  []bool
	}
	var hits []hit
	for _, o := range d.observed {
		w.seen = o
		found := false
		for i, b := range m.brackets {
			w.steps++
			row[i] = b.holds(&w, &problem)
			found = found || row[i]
		}
		if w.steps > w.limit {
			return nil, ErrCost
		}
		if found {
			hits = append(hits, hit{o, slices.Clone(row)})
		}
	}
	if hits == nil {
		return nil, problem
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(a.seen.first, b.seen.first) })
	s.many = make([]int, len(hits))
	for i, h := range hits {
		s.seen = append(s.seen, h.seen)
		s.left = append(s.left, h.seen.Number)
		for b, ok := range h.row {
			s.holds[b] = append(s.holds[b], ok)
			if ok {
				s.many[i]++
			}
		}
	}
	s.steps = w.steps
	s.nodes = make([]candidates, m.nodes)
	return s, problem
}

// holds reports whether what w sees satisfies b.
func (b bracket) holds(w *walker, problem *error) bool {
	for _, a := range b {
		if a.holds(w, problem) {
			return true
		}
	}
	return false
}

func (a alternative) holds(w *walker, problem *error) bool {
	for _, p := range a {
		if !w.roots(p.objectType, func(v *value) bool { return p.test.holds(w, v, problem) }) {
			return false
		}
	}
	return true
}

// holds reports whether the object root satisfies x.
func (x *boolean) holds(w *walker, root *value, problem *error) bool {
	switch x.op {
	case And:
		for _, operand := range x.operands {
			if !operand.holds(w, root, problem) {
				return false
			}
		}
		return true
	case Or:
		for _, operand := range x.operands {
			if operand.holds(w, root, problem) {
				return true
			}
		}
		return false
	}
	values := w.follow(root, x.test.source.Path.Steps)
	if len(values) == 0 && x.test.other != nil {
		values = w.follow(root, x.test.other)
	}
	if x.op == Exists {
		return len(values) > 0 != x.test.source.Not
	}
	return x.test.holds(w, values, problem)
}

// order says which observed-data each node tries, and in which order: by first
// time, at the same time those first that satisfy the fewest brackets; or, when
// the search is scarce, those first that satisfy the fewest, so that the others
// are left for brackets that need them. It returns which brackets the node asks for.
func (s *search) order(n *node) map[int32]bool {
	asked := map[int32]bool{}
	for _, d := range n.demands {
		asked[d.bracket] = true
	}
	for _, child := range n.children {
		for b := range s.order(child) {
			asked[b] = true
		}
	}
	c := &s.nodes[n.index]
	c.seen, c.latest = c.seen[:0], c.latest[:0]
	if s.steps += len(s.seen) * (1 + len(asked)); s.steps > s.limit {
		return asked
	}
	for i := range s.seen {
		for b := range asked {
			if s.holds[b][i] {
				c.seen = append(c.seen, int32(i))
				break
			}
		}
	}
	slices.SortStableFunc(c.seen, func(a, b int32) int {
		if s.scarce && n.op == plain {
			return cmp.Compare(s.many[a], s.many[b])
		}
		return cmp.Or(cmp.Compare(s.seen[a].first, s.seen[b].first), cmp.Compare(s.many[a], s.many[b]))
	})
	latest := int64(math.MinInt64)
	for _, i := range c.seen {
		latest = max(latest, s.seen[i].last)
		c.latest = append(c.latest, latest)
	}
	return asked
}

// find takes observed-data that satisfy n between two times, and returns the
// earliest time by which they can all have happened. When it finds none, none is
// taken.
func (s *search) find(n *node, from, until int64) (end int64, ok bool) {
	if s.steps++; s.steps > s.limit || from > until {
		return 0, false
	}
	mark := len(s.taken)
	switch n.op {
	case plain:
		end, ok = s.meet(n, from, until)
	case all:
		end, ok = from, true
		for _, child := range n.children {
			childEnd, found := s.find(child, from, until)
			if ok = found; !ok {
				break
			}
			end = max(end, childEnd)
		}
	case one:
		end, ok = s.earliest(n, from, until)
	case sequence:
		end, ok = from, true
		for _, child := range n.children {
			if end, ok = s.find(child, end, until); !ok {
				break
			}
		}
	case repetition:
		end, ok = s.repeat(n, from, until)
	case window:
		end, ok = s.slide(n, from, until)
	}
	if !ok {
		s.undo(mark)
	}
	return end, ok
}

// take gives seen i a place in the match, count times.
func (s *search) take(i int32, count int64) {
	s.left[i] -= count
	s.taken = append(s.taken, taken{i, count})
}

// undo takes back what was taken since mark.
func (s *search) undo(mark int) {
	for _, t := range s.taken[mark:] {
		s.left[t.seen] += t.count
	}
	s.taken = s.taken[:mark]
}

// earliest takes the child that can end first, of those the one that takes
// least.
func (s *search) earliest(n *node, from, until int64) (end int64, ok bool) {
	mark := len(s.taken)
	var best []taken
	var least int64
	for _, child := range n.children {
		if childEnd, found := s.find(child, from, until); found {
			var count int64
			for _, t := range s.taken[mark:] {
				count += t.count
			}
			if !ok || childEnd < end || childEnd == end && count < least {
				end, least, ok = childEnd, count, true
				best = append(best[:0], s.taken[mark:]...)
			}
		}
		s.undo(mark)
	}
	for _, t := range best {
		s.take(t.seen, t.count)
	}
	return end, ok
}

// repeat takes children one after the other, each the one that can end first,
// and the same again as often as what it takes is left.
func (s *search) repeat(n *node, from, until int64) (end int64, ok bool) {
	end = from
	for times := n.times; times > 0; {
		mark := len(s.taken)
		childEnd, found := s.find(n.children[0], from, until)
		if !found {
			return 0, false
		}
		end = max(end, childEnd)
		used := map[int32]int64{}
		for _, t := range s.taken[mark:] {
			used[t.seen] += t.count
		}
		again := times - 1
		for i, count := range used {
			again = min(again, s.left[i]/count)
		}
		if times -= 1 + again; again > 0 {
			for i, count := range used {
				s.take(i, count*again)
			}
		}
	}
	return end, true
}

// slide looks for the child within windows of time. A window only needs to be
// tried where it ends with the first time of an observed-data object or with a
// START: the first that holds a match, the windows going forward, holds the one
// that ends first.
func (s *search) slide(n *node, from, until int64) (end int64, ok bool) {
	if end, ok := s.find(n.children[0], from, min(until, plus(from, n.window))); ok {
		return end, true
	}
	last := from
	for seen, starts := s.nodes[n.index].seen, n.starts; len(seen)+len(starts) > 0; s.steps++ {
		var first int64
		if len(starts) == 0 || len(seen) > 0 && s.seen[seen[0]].first <= starts[0] {
			first, seen = s.seen[seen[0]].first, seen[1:]
		} else {
			first, starts = starts[0], starts[1:]
		}
		start := plus(first, -n.window)
		if start <= last {
			continue
		}
		if first > until || s.steps > s.limit {
			break
		}
		last = start
		if end, ok := s.find(n.children[0], start, first); ok {
			return end, true
		}
	}
	return 0, false
}

// plus adds as far as 64 bits reach.
func plus(a, b int64) int64 {
	switch {
	case b > 0 && a > math.MaxInt64-b:
		return math.MaxInt64
	case b < 0 && a < math.MinInt64-b:
		return math.MinInt64
	}
	return a + b
}

// observed returns what was taken.
func (s *search) observed() []*Observed {
	var at []int32
	for _, t := range s.taken {
		at = append(at, t.seen)
	}
	slices.Sort(at)
	found := make([]*Observed, 0, len(at))
	for _, i := range slices.Compact(at) {
		found = append(found, s.seen[i])
	}
	return found
}

// String tells o by its identifier.
func (o *Observed) String() string {
	if o.ID != "" {
		return o.ID
	}
	return fmt.Sprintf("observed-data from %s to %s", o.First, o.Last)
}
