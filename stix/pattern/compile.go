package pattern

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// maxAlternatives bounds what a bracket expands to when AND joins comparisons
// of several types of objects that OR has joined before.
const maxAlternatives = 1024

// maxTypes bounds the types of objects that AND joins within a bracket.
const maxTypes = 64

var errTypes = fmt.Errorf("AND joins more than %d types of objects in one pair of brackets; write them as brackets of their own, joined by AND", maxTypes)

var errAlternatives = fmt.Errorf("AND over ORs of several types of objects gives more than %d alternatives; write them as brackets of their own, joined by OR", maxAlternatives)

// A Matcher is a compiled pattern. It is safe for concurrent use.
type Matcher struct {
	root     *node
	brackets []bracket
	nodes    int
	limit    int // of steps: maxSteps but in tests
}

// A bracket is what stands between [ and ], as alternatives of which one must
// hold; several brackets joined by OR are one.
type bracket []alternative

// An alternative holds for an observed-data object when, for each part, one
// object of its type satisfies it: comparisons of one type of objects that AND
// joins are about one and the same object.
type alternative []part

type part struct {
	objectType string
	test       *boolean
}

// A boolean is comparisons of one type of objects, joined by AND and OR.
type boolean struct {
	op       ComparisonOp // And, Or; else a test
	operands []*boolean
	test     *test
}

// Compile prepares p for matching. It fails for what cannot be matched: an
// expression of MATCHES that takes more than linear time (look-around,
// back-references), an operand of ISSUBSET and ISSUPERSET that is no address.
func (p *Pattern) Compile() (*Matcher, error) {
	c := compiler{brackets: map[string]int{}}
	root, err := c.observation(p.Root)
	if err != nil {
		return nil, err
	}
	m := &Matcher{root: root, brackets: c.compiled, limit: maxSteps}
	m.number(root)
	return m, nil
}

// number gives the nodes their indexes, and windows the starts within. It
// returns those within n.
func (m *Matcher) number(n *node) (starts []int64) {
	n.index = m.nodes
	m.nodes++
	for _, d := range n.demands {
		if d.from != math.MinInt64 {
			starts = append(starts, d.from)
		}
	}
	for _, child := range n.children {
		starts = append(starts, m.number(child)...)
	}
	slices.Sort(starts)
	if starts = slices.Compact(starts); n.op == window {
		n.starts = slices.Clone(starts)
	}
	return starts
}

type compiler struct {
	compiled []bracket
	brackets map[string]int // by source, so that the same brackets are one
}

// alternatives compiles a comparison expression.
func (c *compiler) alternatives(x *Comparison) (bracket, error) {
	switch x.Op {
	case Parens:
		return c.alternatives(x.Operands[0])
	case Or:
		var all bracket
		for _, operand := range x.Operands {
			b, err := c.alternatives(operand)
			if err != nil {
				return nil, err
			}
			all = append(all, b...)
		}
		return all.mergeSingles(), nil
	case And:
		all := bracket{nil}
		for _, operand := range x.Operands {
			b, err := c.alternatives(operand)
			if err != nil {
				return nil, err
			}
			if all, err = all.and(b); err != nil {
				return nil, fmt.Errorf("at character %d: %w", x.Pos+1, err)
			}
		}
		return all, nil
	}
	t, err := newTest(x)
	if err != nil {
		return nil, err
	}
	return bracket{{{x.Path.Type, &boolean{op: x.Op, test: t}}}}, nil
}

// mergeSingles makes one of the alternatives that ask for one object of the
// same type.
func (b bracket) mergeSingles() bracket {
	first := map[string]*boolean{}
	merged := b[:0]
	for _, a := range b {
		if len(a) != 1 {
			merged = append(merged, a)
			continue
		}
		p := a[0]
		or := first[p.objectType]
		if or == nil {
			or = &boolean{op: Or}
			first[p.objectType] = or
			merged = append(merged, alternative{{p.objectType, or}})
		}
		or.operands = append(or.operands, p.test)
	}
	return merged
}

// and returns the alternatives under which b and other hold.
func (b bracket) and(other bracket) (bracket, error) {
	if len(b)*len(other) > maxAlternatives {
		return nil, errAlternatives
	}
	all := make(bracket, 0, len(b)*len(other))
	for _, x := range b {
		for _, y := range other {
			joined := x.and(y)
			if len(joined) > maxTypes {
				return nil, errTypes
			}
			all = append(all, joined)
		}
	}
	return all, nil
}

func (a alternative) and(other alternative) alternative {
	joined := append(alternative(nil), a...)
next:
	for _, p := range other {
		for i := range joined {
			if joined[i].objectType == p.objectType {
				joined[i].test = &boolean{op: And, operands: []*boolean{joined[i].test, p.test}}
				continue next
			}
		}
		joined = append(joined, p)
	}
	return joined
}

// A node is a compiled observation expression. Qualifiers are nodes of their
// own, but for START and STOP, which narrow the demands within.
type node struct {
	op       nodeOp
	demands  []demand // of plain
	children []*node
	times    int64   // of repetition
	window   int64   // in nanoseconds
	starts   []int64 // of a window: the times that START gives within, sorted
	index    int     // among the nodes of the pattern
}

type nodeOp uint8

const (
	plain      nodeOp = iota // demands that must be met together
	all                      // children with observations of their own
	one                      // one of children
	sequence                 // children one after the other
	repetition               // children[0], times times
	window                   // children[0] within a length of time
)

// A demand asks for count observations that satisfy a bracket, from and until
// given times.
type demand struct {
	bracket     int32
	count       int64
	from, until int64
}

// observation compiles an observation expression and its qualifiers.
func (c *compiler) observation(o *Observation) (*node, error) {
	n, err := c.unqualified(o)
	for i := range o.Qualifiers {
		if err != nil {
			return nil, err
		}
		q := &o.Qualifiers[i]
		switch q.Op {
		case Repeats:
			n, err = n.repeat(q.Times)
		case Within:
			n = n.within(q.Seconds)
		case StartStop:
			n = n.narrow(nanoseconds(q.Start.Time), before(nanoseconds(q.Stop.Time)))
		}
	}
	return n, err
}

// before returns the last nanosecond before t, which STOP excludes.
func before(t int64) int64 {
	if t == math.MinInt64 || t == math.MaxInt64 { // beyond what 64 bits hold
		return t
	}
	return t - 1
}

func (c *compiler) unqualified(o *Observation) (*node, error) {
	switch o.Op {
	case Bracket:
		return c.bracket(o)
	case Group:
		return c.observation(o.Operands[0])
	}
	children := make([]*node, 0, len(o.Operands))
	for _, operand := range o.Operands {
		n, err := c.observation(operand)
		if err != nil {
			return nil, err
		}
		children = append(children, n)
	}
	switch o.Op {
	case AllOf:
		return together(children)
	case OneOf:
		return c.oneOf(children), nil
	}
	return &node{op: sequence, children: children}, nil
}

func (c *compiler) bracket(o *Observation) (*node, error) {
	b, err := c.alternatives(o.Test)
	if err != nil {
		return nil, err
	}
	return c.demand(o.Test.String(), b), nil
}

// demand returns a node that asks for one observation that satisfies b.
func (c *compiler) demand(source string, b bracket) *node {
	i, known := c.brackets[source]
	if !known {
		i = len(c.compiled)
		c.brackets[source] = i
		c.compiled = append(c.compiled, b)
	}
	return &node{op: plain, demands: []demand{{int32(i), 1, math.MinInt64, math.MaxInt64}}}
}

// oneOf joins nodes by OR. Plain demands of one observation at any time become
// one bracket, so that a list of a thousand indicators is one.
func (c *compiler) oneOf(children []*node) *node {
	n := &node{op: one}
	var joined bracket
	var source []byte
	for _, child := range children {
		if d := child.single(); d != nil {
			joined = append(joined, c.compiled[d.bracket]...)
			source = fmt.Appendf(source, "%d|", d.bracket)
		} else {
			n.children = append(n.children, child)
		}
	}
	if joined != nil {
		n.children = append(n.children, c.demand(string(source), joined.mergeSingles()))
	}
	if len(n.children) == 1 {
		return n.children[0]
	}
	return n
}

// single returns the demand of a node that asks for one observation at any
// time, else nil.
func (n *node) single() *demand {
	if n.op != plain || len(n.demands) != 1 {
		return nil
	}
	if d := &n.demands[0]; d.count == 1 && d.from == math.MinInt64 && d.until == math.MaxInt64 {
		return d
	}
	return nil
}

// together joins nodes by AND. Plain demands become one node.
func together(children []*node) (*node, error) {
	joined := &node{op: plain}
	n := &node{op: all}
	for _, child := range children {
		if child.op != plain {
			n.children = append(n.children, child)
			continue
		}
		for _, d := range child.demands {
			joined.ask(d)
		}
		if len(joined.demands) > maxDemands {
			return nil, errDemands
		}
	}
	if joined.demands != nil {
		n.children = append(n.children, joined)
	}
	if len(n.children) == 1 {
		return n.children[0], nil
	}
	return n, nil
}

// maxDemands bounds the brackets that one AND joins.
const maxDemands = 256

var errDemands = fmt.Errorf("AND joins more than %d different brackets", maxDemands)

// ask adds a demand to those of a plain node.
func (n *node) ask(d demand) {
	for i := range n.demands {
		if have := &n.demands[i]; have.bracket == d.bracket && have.from == d.from && have.until == d.until {
			have.count += d.count
			return
		}
	}
	n.demands = append(n.demands, d)
}

// maxRepeats bounds what REPEATS within REPEATS multiply to.
const maxRepeats = 1_000_000_000_000

var errRepeats = errors.New("REPEATS within REPEATS ask for more observations than there can be")

func (n *node) repeat(times int64) (*node, error) {
	if times > maxRepeats {
		return nil, errRepeats
	}
	switch n.op {
	case plain:
		r := &node{op: plain, demands: append([]demand(nil), n.demands...)}
		for i := range r.demands {
			if r.demands[i].count > maxRepeats/times {
				return nil, errRepeats
			}
			r.demands[i].count *= times
		}
		return r, nil
	case repetition:
		if n.times > maxRepeats/times {
			return nil, errRepeats
		}
		return &node{op: repetition, times: n.times * times, children: n.children}, nil
	}
	return &node{op: repetition, times: times, children: []*node{n}}, nil
}

func (n *node) within(seconds float64) *node {
	length := int64(math.Round(seconds * float64(time.Second)))
	if n.op == window {
		return &node{op: window, window: min(length, n.window), children: n.children}
	}
	if n.op == plain && len(n.demands) == 1 && n.demands[0].count == 1 {
		return n // one observation happens at one time
	}
	return &node{op: window, window: length, children: []*node{n}}
}

// narrow returns n with all its demands from and until given times.
func (n *node) narrow(from, until int64) *node {
	narrowed := *n
	narrowed.demands, narrowed.children = nil, nil
	for _, d := range n.demands {
		d.from, d.until = max(d.from, from), min(d.until, until)
		narrowed.ask(d)
	}
	for _, child := range n.children {
		narrowed.children = append(narrowed.children, child.narrow(from, until))
	}
	return &narrowed
}
