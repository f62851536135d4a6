package sigma

import (
	"math"
	"slices"
)

// A group is what one correlation remembers of the hits that belong together.
type group struct {
	of         *correlation
	key        string
	by         []string // values of the group-by fields
	values     []string // of its last hit, when other correlations build on this one
	prev, next *group   // in order of the last hit
	start      int64    // time of the first hit
	last       int64    // time of the last hit
	gone       bool
	weight     int // bytes, as last weighed
	text       int // bytes of the values that it remembers

	entries  []entry        // hits in the window, oldest first
	skip     int            // entries before it have left the window
	count    uint64         // hits in a whole window
	sum      float64        // value_sum and value_avg
	distinct map[string]int // value_count: hits in the window by value
	seen     []sighting     // temporal: the latest hit of each rule
	open     *Alert         // the alert that further hits go to
	holding  int64          // when its condition held last
}

// An entry is one hit that is remembered.
type entry struct {
	time   int64
	ref    Ref
	refs   []Ref
	number float64
	text   string
}

// A sighting is the latest hit of one rule of a temporal correlation. With
// temporal_ordered, chain is the latest run of hits of all rules up to this
// one in order, and from when it began.
type sighting struct {
	entry
	hit   bool
	chain []entry
	from  int64
}

func (n *correlation) newGroup(time int64) *group {
	g := &group{of: n, key: string(n.key), by: slices.Clone(n.values[:len(n.GroupBy)]), start: time}
	if n.temporal() {
		g.seen = make([]sighting, len(n.Rules))
	}
	if n.Type == ValueCount {
		g.distinct = map[string]int{}
	}
	n.groups[g.key] = g
	return g
}

// touch makes g the latest group of n.
func (n *correlation) touch(g *group, time int64) {
	g.last = time
	if n.back == g {
		return
	}
	n.unlink(g)
	g.prev = n.back
	if n.back != nil {
		n.back.next = g
	}
	n.back = g
	if n.front == nil {
		n.front = g
	}
}

func (n *correlation) unlink(g *group) {
	if g.prev != nil {
		g.prev.next = g.next
	} else if n.front == g {
		n.front = g.next
	}
	if g.next != nil {
		g.next.prev = g.prev
	} else if n.back == g {
		n.back = g.prev
	}
	g.prev, g.next = nil, nil
}

// due returns the last moment at which a hit still belongs to what g
// remembers.
func (g *group) due() int64 {
	from := g.last
	if g.of.whole {
		from = g.start
	}
	return later(from, int64(g.of.Timespan))
}

// later adds without overflow.
func later(t, d int64) int64 {
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

func earlier(t, d int64) int64 {
	if t < math.MinInt64+d {
		return math.MinInt64
	}
	return t - d
}

// expire ends a group whose time is over.
func (k *Correlator) expire(t timer) {
	g := t.group
	if g.gone {
		k.dead--
		return
	}
	k.forget(g)
	if g.of.whole {
		g.judge(k, t.at)
	}
	g.finish(k)
}

// finish emits the open alert of g.
func (g *group) finish(k *Correlator) {
	if g.open != nil && !g.of.Hidden {
		k.emit(g.open)
	}
	g.open = nil
}

// enter remembers a hit.
func (g *group) enter(a *arrival) {
	if g.skip > 32 && g.skip > len(g.entries)/2 {
		n := copy(g.entries, g.entries[g.skip:])
		clear(g.entries[n:])
		g.entries, g.skip = g.entries[:n], 0
	}
	g.entries = append(g.entries, entry{a.time, a.ref, a.refs, a.number, a.text})
	g.of.events++
	g.sum += a.number
	g.text += len(a.text)
	g.see(a.text)
}

// see counts a value of value_count.
func (g *group) see(text string) {
	if g.distinct == nil {
		return
	}
	if g.distinct[text]++; g.distinct[text] == 1 {
		g.of.events++
		g.text += len(text)
	}
}

// leave forgets the oldest hit.
func (g *group) leave() {
	e := &g.entries[g.skip]
	g.skip++
	g.of.events--
	g.sum -= e.number
	g.text -= len(e.text)
	if g.distinct != nil {
		if g.distinct[e.text]--; g.distinct[e.text] == 0 {
			delete(g.distinct, e.text)
			g.of.events--
			g.text -= len(e.text)
		}
	}
	*e = entry{}
	if g.skip == len(g.entries) {
		g.entries, g.skip, g.sum = g.entries[:0], 0, 0
	}
}

// look takes in a hit and looks at the window that ends with it.
func (g *group) look(k *Correlator, a *arrival) {
	n := g.of
	since := earlier(a.time, int64(n.Timespan))
	var value float64
	holds := false
	if n.temporal() {
		value, holds = g.sight(k, a, since)
	} else {
		for g.skip < len(g.entries) && g.entries[g.skip].time < since {
			g.leave()
		}
		g.enter(a)
		if n.Type == EventCount && len(g.entries)-g.skip > n.enough {
			g.leave() // as many as the condition asks for are enough to tell
		}
		value = g.value()
		holds = n.met(value)
	}
	if g.open != nil && g.holding < since {
		g.finish(k)
	}
	opened := holds && g.open == nil
	switch {
	case opened:
		g.begin(k, a.time, since, value)
	case g.open != nil:
		g.open.Last = a.time
		g.open.Count++
		g.open.Members = k.members(g.open.Members, a.ref, a.refs)
	}
	if holds {
		g.holding = a.time
		g.feed(k, a.time, opened)
	}
}

// met reports whether all criteria of n hold for value.
func (n *correlation) met(value float64) bool {
	for _, b := range n.Bounds {
		if !b.holds(value) {
			return false
		}
	}
	return true
}

// value returns what the condition of a type that counts or adds is about.
func (g *group) value() float64 {
	switch g.of.Type {
	case ValueCount:
		return float64(len(g.distinct))
	case ValueSum:
		return g.sum
	}
	return float64(len(g.entries) - g.skip)
}

// begin opens an alert with the hits of the window.
func (g *group) begin(k *Correlator, time, since int64, value float64) {
	a := g.alert(time, value)
	hits := g.entries[g.skip:]
	if g.of.temporal() {
		hits = g.sighted(since)
	}
	a.First, a.Last, a.Count = hits[0].time, time, uint64(len(hits))
	for i := range hits {
		a.Members = k.members(a.Members, hits[i].ref, hits[i].refs)
	}
	g.open = a
}

func (g *group) alert(time int64, value float64) *Alert {
	a := &Alert{Correlation: g.of.Correlation, Time: time, Value: value}
	for i, name := range g.of.GroupBy {
		a.Group = append(a.Group, NameValue{name, g.by[i]})
	}
	return a
}

// members appends a hit's Ref, or those of the correlation it comes from, as
// far as an alert may hold.
func (k *Correlator) members(list []Ref, ref Ref, refs []Ref) []Ref {
	if refs == nil {
		refs = []Ref{ref}
	}
	for _, r := range refs {
		if len(list) >= k.Limits.Members {
			break
		}
		if len(list) == 0 || !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list
}

// sight takes in a hit of a temporal correlation and reports whether its
// condition holds in the window from since on.
func (g *group) sight(k *Correlator, a *arrival, since int64) (value float64, holds bool) {
	n := g.of
	s := &g.seen[a.pos]
	s.entry, s.hit = entry{time: a.time, ref: a.ref, refs: a.refs}, true
	if n.ordered {
		return float64(len(n.Rules)), g.extend(a.pos, a.time, since)
	}
	in := func(i int) bool { return g.seen[i].hit && g.seen[i].time >= since }
	for i := range g.seen {
		if in(i) {
			value++
		}
	}
	if n.presence != nil {
		return value, presentIn(n.presence, in)
	}
	return value, n.met(value)
}

// extend lengthens the chain that ends before rule pos by its hit, and those
// after it by hits of the same time. It reports whether the last rule's chain
// was made.
func (g *group) extend(pos int, time, since int64) bool {
	for ; pos < len(g.seen); pos++ {
		s := &g.seen[pos]
		if !s.hit || s.time != time {
			return false
		}
		s.from, s.chain = time, s.chain[:0]
		if pos > 0 {
			before := &g.seen[pos-1]
			if len(before.chain) != pos || before.from < since {
				s.chain = s.chain[:0]
				return false
			}
			s.from = before.from
			s.chain = append(s.chain, before.chain...)
		}
		s.chain = append(s.chain, s.entry)
	}
	return true
}

// sighted returns the hits that made a temporal condition hold, by time.
func (g *group) sighted(since int64) []entry {
	if g.of.ordered {
		return g.seen[len(g.seen)-1].chain
	}
	var hits []entry
	for i := range g.seen {
		if g.seen[i].hit && g.seen[i].time >= since {
			hits = append(hits, g.seen[i].entry)
		}
	}
	slices.SortStableFunc(hits, func(a, b entry) int {
		switch {
		case a.time < b.time:
			return -1
		case a.time > b.time:
			return 1
		}
		return 0
	})
	return hits
}

// feed hands the holding of g's condition to the correlations that build on
// it: those that count are told once for each alert.
func (g *group) feed(k *Correlator, time int64, opened bool) {
	for i := range g.of.feeds {
		f := &g.of.feeds[i]
		if !opened && !f.to.temporal() {
			continue
		}
		refs := g.open.Members
		f.pass(k, arrival{time: time, refs: refs[:len(refs):len(refs)], values: g.values})
	}
}

// collect takes a hit into a window that is judged when it is complete.
func (g *group) collect(k *Correlator, a *arrival) {
	g.count++
	if g.of.ranked() {
		g.enter(a)
		return
	}
	if g.seen != nil {
		g.seen[a.pos].hit = true
	}
	if len(g.entries) < k.Limits.Members {
		g.entries = append(g.entries, entry{time: a.time, ref: a.ref, refs: a.refs})
		g.of.events++
	}
	g.sum += a.number
	if (len(g.distinct) >= k.Limits.Events || k.weight >= k.Limits.Memory) && g.distinct[a.text] == 0 {
		k.stats.Evicted++
		return
	}
	g.see(a.text)
}

// ranked reports whether n needs every number of a window.
func (n *correlation) ranked() bool { return n.Type == ValuePercentile || n.Type == ValueMedian }

// judge looks at a window that is complete, at time.
func (g *group) judge(k *Correlator, time int64) {
	n := g.of
	value, holds := g.whole()
	if !holds {
		return
	}
	a := g.alert(g.last, value)
	a.First, a.Last, a.Count = g.start, g.last, g.count
	for i := range g.entries[g.skip:] {
		e := &g.entries[g.skip+i]
		a.Members = k.members(a.Members, e.ref, e.refs)
	}
	g.open = a
	if len(n.feeds) > 0 {
		g.feed(k, time, true)
	}
}

// whole returns what the condition is about in a complete window, and whether
// it holds.
func (g *group) whole() (value float64, holds bool) {
	n := g.of
	switch n.Type {
	case EventCount:
		value = float64(g.count)
	case ValueCount:
		value = float64(len(g.distinct))
	case ValueSum:
		value = g.sum
	case ValueAvg:
		value = g.sum / float64(g.count)
	case ValueMedian:
		value = g.percentile(50)
	case ValuePercentile:
		value = g.percentile(n.Percentile)
	case Temporal:
		for i := range g.seen {
			if g.seen[i].hit {
				value++
			}
		}
		if n.presence != nil {
			return value, presentIn(n.presence, func(i int) bool { return g.seen[i].hit })
		}
	}
	return value, n.met(value)
}

// percentile returns the p-th percentile of the numbers in the window,
// interpolated between the two nearest.
func (g *group) percentile(p float64) float64 {
	numbers := make([]float64, 0, len(g.entries)-g.skip)
	for _, e := range g.entries[g.skip:] {
		numbers = append(numbers, e.number)
	}
	if len(numbers) == 0 {
		return math.NaN()
	}
	slices.Sort(numbers)
	at := p / 100 * float64(len(numbers)-1)
	low := int(at)
	if low+1 >= len(numbers) {
		return numbers[len(numbers)-1]
	}
	return numbers[low] + (at-float64(low))*(numbers[low+1]-numbers[low])
}
