package sigma

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-project/tocsin/event"
)

// A Hit is one match of a rule that a correlation builds on.
type Hit struct {
	Rule   int      // index in Ruleset.Rules
	Time   int64    // of the event, nanoseconds since 1970 UTC, or event.NoTime
	Values []string // of the fields that Needs names, in that order; "" where the event lacks one
	Ref    Ref      // given back in Alert.Members
}

// A Ref says where the event of a hit stands. Its numbers are the caller's.
type Ref struct {
	Source int32
	Record uint64
	Offset int64
}

// An Alert is one correlation that came true for one group.
type Alert struct {
	Correlation *Correlation
	Group       []NameValue // the group-by fields and what they held
	Time        int64       // of the hit at which the condition first held; of the last hit of a completed window
	First, Last int64       // time of the first and last hit
	Count       uint64      // hits from First to Last
	Value       float64     // what the condition was about, at its first holding
	Members     []Ref       // of the first hits; those of correlations are replaced by their members
}

// A NameValue is one field by which hits are grouped.
type NameValue struct{ Name, Value string }

// CorrelationLimits bound the state of a Correlator. The defaults are in
// brackets.
type CorrelationLimits struct {
	Groups   int           // groups that one correlation remembers (65,536)
	Events   int           // hits that one correlation remembers (262,144)
	Memory   int           // bytes that all correlations together remember, about (64 MiB)
	Members  int           // Refs in one alert (100)
	Lateness time.Duration // how much earlier than the latest hit one may come (0)
}

// CorrelationStats tell what a Correlator could not use.
type CorrelationStats struct {
	Late      uint64 // hits that came later than Lateness allows
	Timeless  uint64 // hits without a time
	Ungrouped uint64 // hits that lacked a field to group by, once for each correlation
	Valueless uint64 // hits that lacked the field of a condition, or its number
	Evicted   uint64 // groups or hits forgotten early to stay within the limits
}

// A Correlator turns hits into alerts.
//
// Time is the time of events. Hits are taken in its order: with Lateness zero
// they must come in order, else they are held back until the latest hit is
// Lateness ahead, so that any order within Lateness gives the same alerts.
// Hits that come later still are left out and counted.
//
// Hits of one correlation belong together when the values of all group-by
// fields are the same, byte by byte. A hit without one of them is left out
// and counted. An empty value is no value.
//
// A timespan includes both ends: hits exactly a timespan apart lie in one
// window. There are two ways to look at windows.
//
// Conditions that more hits can only bring closer (event_count, value_count,
// value_sum and temporal counts with gt or gte, temporal conditions without
// not, temporal_ordered) are looked at with each hit, over the timespan that
// ends with it. The first hit at which the condition holds opens an alert.
// It takes in every further hit of the group until a timespan has passed in
// which the condition did not hold again. So a flood is one alert, with the
// count of all of it.
//
// All other conditions (lt, lte, eq, neq, not, and the value_avg,
// value_percentile and value_median types) can only be judged when a window is
// complete. Windows then follow one another: a window begins with the first
// hit of the group that lies in no earlier one, lasts one timespan, and is
// judged at its end. A group without any hit is never judged.
//
// In a temporal_ordered correlation hits at the same time count as in order.
// Percentiles between two values are interpolated.
//
// A correlation that builds on another sees it hit whenever its condition
// holds (types temporal and temporal_ordered) or once for each alert (the
// types that count), with the fields of the event at which that was; for a
// completed window at its end, with the fields of its last hit.
//
// An alert is emitted when it is complete, at the latest by Close.
//
// What is remembered is bounded by Limits. Beyond those of one correlation its
// groups with the oldest last hit are forgotten, and then the oldest hits of
// the group at hand; beyond Memory those of the correlation that remembers
// most, so that a flood in one costs no other its state. An alert that is open
// is emitted then. The hits that an event_count must have together to come
// true are kept in any case.
type Correlator struct {
	// Limits may be changed before the first Add.
	Limits CorrelationLimits

	stats  CorrelationStats
	rules  [][]feed   // by rule
	needs  [][]string // by rule
	all    []*correlation
	timers timers
	held   hits  // back because of Lateness
	latest int64 // time of the latest hit
	clock  int64 // time of the last hit taken
	seq    uint64
	dead   int // timers of groups that were evicted
	weight int // bytes that all groups remember, about
	emit   func(*Alert)
}

// A feed leads from a rule, or from a correlation, to a correlation that
// builds on it.
type feed struct {
	to   *correlation
	pos  int   // in to.Rules
	pick []int // for each of to.wants, where it stands among the source's values
}

// A correlation is a Correlation at work.
type correlation struct {
	*Correlation
	wants   []string // fields: group-by, then the condition's, then what parents want
	feeds   []feed
	whole   bool // judged by completed windows
	enough  int  // event_count by each hit: how many hits have to be remembered
	events  int  // hits remembered
	weight  int  // bytes that its groups remember, about
	groups  map[string]*group
	front   *group // the group whose last hit is oldest
	back    *group
	values  []string // of the current hit, as wants
	key     []byte
	ordered bool
}

// NewCorrelator returns a Correlator for the correlations of rs that are not
// broken. It fails when one refers to a rule that rs does not have, which
// cannot be when rs comes from Load.
func NewCorrelator(rs *Ruleset) (*Correlator, error) {
	for _, c := range rs.Correlations {
		for _, r := range c.Rules {
			if c.Broken == "" && (r.Rule >= len(rs.Rules) || r.Correlation >= len(rs.Correlations) || (r.Rule < 0) == (r.Correlation < 0)) {
				return nil, fmt.Errorf("correlation %q refers to no loaded rule as %q", c.Title, r.Name)
			}
		}
	}
	k := &Correlator{
		Limits: CorrelationLimits{Groups: 1 << 16, Events: 1 << 18, Memory: 64 << 20, Members: 100},
		rules:  make([][]feed, len(rs.Rules)), needs: make([][]string, len(rs.Rules)),
		latest: math.MinInt64, clock: math.MinInt64,
	}
	for _, c := range rs.Correlations {
		k.all = append(k.all, newCorrelation(c))
	}
	for _, i := range parentsFirst(rs) {
		k.connect(k.all[i])
	}
	return k, nil
}

func newCorrelation(c *Correlation) *correlation {
	n := &correlation{Correlation: c, groups: map[string]*group{}, ordered: c.Type == TemporalOrdered}
	n.wants = append(slices.Clone(c.GroupBy), c.Fields...)
	n.whole = c.Type == ValueAvg || c.Type == ValuePercentile || c.Type == ValueMedian || c.presence != nil && negates(c.presence)
	for _, b := range c.Bounds {
		n.whole = n.whole || b.Op != "gt" && b.Op != "gte"
		if need := math.Floor(b.Value) + 1; b.Op == "gt" {
			n.enough = max(n.enough, int(min(max(need, 1), maxCount+1)))
		} else {
			n.enough = max(n.enough, int(min(max(math.Ceil(b.Value), 1), maxCount+1)))
		}
	}
	n.whole = n.whole && !n.ordered
	return n
}

// parentsFirst returns the correlations that work, each before those it
// builds on.
func parentsFirst(rs *Ruleset) []int {
	var order []int
	done := make([]bool, len(rs.Correlations))
	var visit func(i int)
	visit = func(i int) {
		if done[i] || rs.Correlations[i].Broken != "" {
			return
		}
		done[i] = true
		for _, r := range rs.Correlations[i].Rules {
			if r.Correlation >= 0 {
				visit(r.Correlation)
			}
		}
		order = append(order, i)
	}
	for i := range rs.Correlations {
		visit(i)
	}
	slices.Reverse(order)
	return order
}

// connect feeds n from the rules and correlations that it names and tells
// them which fields n wants, under the names that they have there.
func (k *Correlator) connect(n *correlation) {
	n.values = make([]string, len(n.wants))
	for pos, r := range n.Rules {
		var wants *[]string
		if r.Rule >= 0 {
			wants = &k.needs[r.Rule]
		} else {
			wants = &k.all[r.Correlation].wants
		}
		f := feed{to: n, pos: pos, pick: make([]int, len(n.wants))}
		for i, name := range n.wants {
			name = n.field(name, pos)
			at := slices.Index(*wants, name)
			if at < 0 {
				at = len(*wants)
				*wants = append(*wants, name)
			}
			f.pick[i] = at
		}
		if r.Rule >= 0 {
			k.rules[r.Rule] = append(k.rules[r.Rule], f)
		} else {
			k.all[r.Correlation].feeds = append(k.all[r.Correlation].feeds, f)
		}
	}
}

// Needs returns the fields that the hits of a rule must carry, and false when
// no correlation builds on the rule.
func (k *Correlator) Needs(rule int) ([]string, bool) {
	return k.needs[rule], len(k.rules[rule]) > 0
}

// Stats returns what could not be used so far.
func (k *Correlator) Stats() CorrelationStats { return k.stats }

// Add takes a hit and emits the alerts that are complete.
func (k *Correlator) Add(h Hit, emit func(*Alert)) {
	if h.Rule < 0 || h.Rule >= len(k.rules) || len(k.rules[h.Rule]) == 0 {
		return
	}
	if h.Time == event.NoTime {
		k.stats.Timeless++
		return
	}
	late := int64(k.Limits.Lateness)
	if h.Time < k.clock || h.Time < earlier(k.latest, late) {
		k.stats.Late++
		return
	}
	k.emit = emit
	k.latest = max(k.latest, h.Time)
	if late == 0 {
		k.take(&h)
		return
	}
	k.seq++
	heap.Push(&k.held, heldHit{h, k.seq})
	for len(k.held) > 0 && (k.held[0].Time <= earlier(k.latest, late) || len(k.held) > k.Limits.Events) {
		h := heap.Pop(&k.held).(heldHit)
		k.take(&h.Hit)
	}
}

// Close ends time: it takes the hits held back, judges the windows that are
// open and emits the alerts that are left.
func (k *Correlator) Close(emit func(*Alert)) {
	k.emit = emit
	for len(k.held) > 0 {
		h := heap.Pop(&k.held).(heldHit)
		k.take(&h.Hit)
	}
	for len(k.timers) > 0 {
		k.expire(heap.Pop(&k.timers).(timer))
		k.shed()
	}
}

// take brings time to h and hands it to the correlations.
func (k *Correlator) take(h *Hit) {
	k.clock = h.Time
	for len(k.timers) > 0 && k.timers[0].at < h.Time {
		t := heap.Pop(&k.timers).(timer)
		if due := t.group.due(); !t.group.gone && due >= h.Time {
			k.schedule(t.group, due)
			continue
		}
		k.expire(t)
	}
	for i := range k.rules[h.Rule] {
		k.rules[h.Rule][i].pass(k, arrival{time: h.Time, ref: h.Ref, values: h.Values})
	}
	k.shed()
}

// An arrival is a hit on its way into a correlation.
type arrival struct {
	time   int64
	ref    Ref
	refs   []Ref    // instead of ref, when it comes from a correlation
	values []string // of the source
	pos    int      // which of the correlation's rules hit
	number float64  // of the condition's field, for the types that calculate
	text   string   // of the condition's fields, for value_count
}

// pass puts a into its group of the correlation that f leads to.
func (f *feed) pass(k *Correlator, a arrival) {
	n := f.to
	for i, at := range f.pick {
		n.values[i] = ""
		if at < len(a.values) {
			n.values[i] = a.values[at]
		}
	}
	a.pos = f.pos
	n.key = n.key[:0]
	for _, v := range n.values[:len(n.GroupBy)] {
		if v == "" {
			k.stats.Ungrouped++
			return
		}
		n.key = appendValue(n.key, v)
	}
	if len(n.Fields) > 0 && !n.read(&a) {
		k.stats.Valueless++
		return
	}
	g := n.groups[string(n.key)]
	if g == nil {
		if len(n.groups) >= k.Limits.Groups && n.front != nil {
			k.evict(n.front)
		}
		g = n.newGroup(a.time)
		k.schedule(g, g.due())
	}
	n.touch(g, a.time)
	if len(n.feeds) > 0 {
		g.values = append(g.values[:0], n.values...)
	}
	if n.whole {
		g.collect(k, &a)
	} else {
		g.look(k, &a)
	}
	k.bound(g)
}

// appendValue appends v so that different lists of values differ.
func appendValue(b []byte, v string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(v))), v...)
}

// read takes what the condition looks at from n.values; false when it is not
// there.
func (n *correlation) read(a *arrival) bool {
	fields := n.values[len(n.GroupBy) : len(n.GroupBy)+len(n.Fields)]
	if !n.valued() {
		if len(fields) == 1 {
			a.text = fields[0]
			return a.text != ""
		}
		var b []byte
		for _, v := range fields {
			if v == "" {
				return false
			}
			b = appendValue(b, v)
		}
		a.text = string(b)
		return true
	}
	v, err := strconv.ParseFloat(fields[0], 64)
	if err != nil {
		u, e := strconv.ParseUint(fields[0], 0, 64) // 0x…
		v, err = float64(u), e
	}
	a.number = v
	return err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// heldHit is a hit held back, with its place in the order of arrival.
type heldHit struct {
	Hit
	seq uint64
}

type hits []heldHit

func (h hits) Len() int { return len(h) }
func (h hits) Less(i, j int) bool {
	return h[i].Time < h[j].Time || h[i].Time == h[j].Time && h[i].seq < h[j].seq
}
func (h hits) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *hits) Push(x any)   { *h = append(*h, x.(heldHit)) }
func (h *hits) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// A timer says when a group has to be looked at though no hit comes.
type timer struct {
	at    int64
	seq   uint64
	group *group
}

type timers []timer

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].seq < t[j].seq
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

func (k *Correlator) schedule(g *group, at int64) {
	k.seq++
	heap.Push(&k.timers, timer{at: at, seq: k.seq, group: g})
}
