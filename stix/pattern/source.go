package pattern

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"unsafe"
)

// A Source is one observation in a form of its own, such as a record of a log:
// objects of types, and the values of their properties. Types and properties
// go by the numbers that a Schema gives them.
type Source interface {
	// Objects returns how many objects of a type were observed.
	Objects(typ int) int
	// Value returns value i of a property of an object of a type, from 0 on; ok
	// is false when there are no more.
	Value(typ, object, property, i int) (v Value, ok bool)
}

// A Value is what a Source shows of a property. Text is needed until the next
// call of the Source only.
type Value struct {
	Kind ValueKind
	Text []byte // of a number in decimal
}

// A ValueKind is the type of a Value.
type ValueKind uint8

// The types of values. A Container has no text: it is a property that holds
// further ones.
const (
	Text ValueKind = iota
	Number
	Container
)

// A Schema numbers what a Source can show. A negative number means that it never
// shows such a thing.
type Schema interface {
	Type(name string) int
	Property(p Path) int
}

// A Bound is a Matcher for the Sources of one Schema. It is safe for concurrent
// use.
type Bound struct {
	m        *Matcher
	brackets [][][]boundPart
}

type boundPart struct {
	typ  int
	test *boundTest
}

type boundTest struct {
	op              ComparisonOp
	operands        []*boundTest
	test            *test
	property, other int
}

// Bind prepares m for the Sources of a Schema.
func (m *Matcher) Bind(s Schema) *Bound {
	b := &Bound{m: m}
	for _, alternatives := range m.brackets {
		var bound [][]boundPart
	next:
		for _, a := range alternatives {
			var parts []boundPart
			for _, p := range a {
				typ := s.Type(p.objectType)
				if typ < 0 {
					continue next // can never hold
				}
				parts = append(parts, boundPart{typ, bind(p.test, s)})
			}
			bound = append(bound, parts)
		}
		b.brackets = append(b.brackets, bound)
	}
	return b
}

func bind(x *boolean, s Schema) *boundTest {
	t := &boundTest{op: x.op, test: x.test, property: -1, other: -1}
	for _, operand := range x.operands {
		t.operands = append(t.operands, bind(operand, s))
	}
	if x.test != nil {
		t.property = s.Property(x.test.source.Path)
		if x.test.other != nil {
			t.other = s.Property(Path{x.test.source.Path.Type, x.test.other})
		}
	}
	return t
}

// Brackets returns how many different pairs of brackets there are; those joined
// by OR count as one. They go by their numbers from 0.
func (b *Bound) Brackets() int { return len(b.brackets) }

// Alone reports whether one observation of a bracket is all that the pattern
// asks for, and from when until when, in nanoseconds since 1970.
func (b *Bound) Alone() (from, until int64, ok bool) {
	n := b.m.root
	if n.op != plain || len(n.demands) != 1 || n.demands[0].count != 1 {
		return 0, 0, false
	}
	return n.demands[0].from, n.demands[0].until, true
}

// Anytime is the from of a pattern without START, and Forever the until of one
// without STOP.
const (
	Anytime = math.MinInt64
	Forever = math.MaxInt64
)

// Holds reports whether s satisfies a bracket. A test of LIKE and MATCHES that
// would take very long for the length of a value does not hold.
func (b *Bound) Holds(bracket int, s Source) bool {
next:
	for _, parts := range b.brackets[bracket] {
		for i := range parts {
			if !parts[i].holds(s) {
				continue next
			}
		}
		return true
	}
	return false
}

func (p *boundPart) holds(s Source) bool {
	for object := range s.Objects(p.typ) {
		if p.test.holds(s, p.typ, object) {
			return true
		}
	}
	return false
}

func (t *boundTest) holds(s Source, typ, object int) bool {
	switch t.op {
	case And:
		for _, operand := range t.operands {
			if !operand.holds(s, typ, object) {
				return false
			}
		}
		return true
	case Or:
		for _, operand := range t.operands {
			if operand.holds(s, typ, object) {
				return true
			}
		}
		return false
	}
	property := t.property
	v, ok := first(s, typ, object, property)
	if !ok {
		property = t.other
		v, ok = first(s, typ, object, property)
	}
	if t.op == Exists {
		return ok != t.test.source.Not
	}
	for i := 1; ok; i++ {
		if t.one(v) {
			return true
		}
		v, ok = s.Value(typ, object, property, i)
	}
	return false
}

func first(s Source, typ, object, property int) (Value, bool) {
	if property < 0 {
		return Value{}, false
	}
	return s.Value(typ, object, property, 0)
}

// maxOne bounds the steps that one test of one value may take: an expression of a
// hundred instructions looks at half a megabyte.
const maxOne = 50_000_000

// one tests a value. The string that the test sees is gone before the Source is
// asked again.
func (t *boundTest) one(v Value) bool {
	x := value{kind: stringValue, text: unsafe.String(unsafe.SliceData(v.Text), len(v.Text))}
	switch v.Kind {
	case Container:
		x.kind = objectValue
	case Number:
		x.kind = numberValue
		n, err := strconv.ParseInt(x.text, 10, 64)
		if x.isInt, x.integer, x.float = err == nil, n, float64(n); err != nil {
			x.float, _ = strconv.ParseFloat(x.text, 64)
		}
	}
	if len(v.Text)*t.test.size > maxOne {
		return false
	}
	var problem error // a text that is no timestamp does not match
	return t.test.one(&x, &problem)
}

// A Sighting says that one observation satisfied brackets of a pattern.
type Sighting struct {
	Time     int64 // nanoseconds since 1970
	Brackets []int
}

// Search returns which of the sightings make a match, by their indexes in order
// of time; none when none do. Each can have one place in the match.
func (b *Bound) Search(seen []Sighting) ([]int, error) {
	m := b.m
	s := &search{holds: make([][]bool, len(m.brackets)), limit: m.limit + stepsObserved*len(seen), nodes: make([]candidates, m.nodes)}
	if len(seen)*len(m.brackets) > s.limit {
		return nil, ErrCost
	}
	order := make([]int, len(seen))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case seen[a].Time < seen[b].Time:
			return -1
		case seen[a].Time > seen[b].Time:
			return 1
		}
		return 0
	})
	for i := range s.holds {
		s.holds[i] = make([]bool, len(seen))
	}
	observed := make([]Observed, len(seen))
	for at, i := range order {
		observed[at] = Observed{Number: int64(i), first: seen[i].Time, last: seen[i].Time} // Number only tells which
		s.seen = append(s.seen, &observed[at])
		s.left = append(s.left, 1)
		s.many = append(s.many, len(seen[i].Brackets))
		for _, k := range seen[i].Brackets {
			s.holds[k][at] = true
		}
	}
	found, err := m.search(s)
	if err != nil {
		return nil, err
	}
	var at []int
	for _, o := range found {
		at = append(at, int(o.Number))
	}
	return at, nil
}

// A Witness is something to be seen before a bracket can hold: a value of a
// property.
type Witness struct {
	Property int
	Kind     WitnessKind
	Text     string
}

// A WitnessKind says what a Witness asks of a value.
type WitnessKind uint8

// The kinds of witnesses, those that are seen least often last.
const (
	Present  WitnessKind = iota // there is one
	Contains                    // in normal form C, letters of ASCII in lower case, it has Text in it
	Equals                      // it is Text
)

func (w Witness) String() string {
	return fmt.Sprintf("%d %s %q", w.Property, [...]string{"present", "contains", "equals"}[w.Kind], w.Text)
}

// Witnesses returns what must be seen before a bracket can hold: at least one of
// them. It returns false when it may hold whatever is seen, and none when it
// never can.
func (b *Bound) Witnesses(bracket int) (list []Witness, ok bool) {
	for _, parts := range b.brackets[bracket] {
		var best []Witness
		found := false
		for i := range parts {
			if w, ok := parts[i].test.witnesses(); ok && (!found || better(w, best)) {
				best, found = w, true
			}
		}
		if !found {
			return nil, false
		}
		list = append(list, best...)
	}
	return list, true
}

// better reports whether all of a are seen less often than all of b.
func better(a, b []Witness) bool {
	return len(a) == 0 || len(b) > 0 && worst(a) > worst(b)
}

// worst returns the length of the text of the worst witness; 1000 more of those
// of equality.
func worst(list []Witness) int {
	n := math.MaxInt
	for _, w := range list {
		score := min(len(w.Text), 999)
		if w.Kind == Equals {
			score += 1000
		}
		n = min(n, score)
	}
	return n
}

// witnesses returns a list of which one must be seen for t to hold; false when
// none need be. An empty list: t never holds.
func (t *boundTest) witnesses() (list []Witness, ok bool) {
	switch t.op {
	case And:
		for _, operand := range t.operands {
			if w, found := operand.witnesses(); found && (!ok || better(w, list)) {
				list, ok = w, true
			}
		}
		return list, ok
	case Or:
		for _, operand := range t.operands {
			w, found := operand.witnesses()
			if !found {
				return nil, false
			}
			list = append(list, w...)
		}
		return list, true
	}
	if t.op == Exists && t.test.source.Not {
		return nil, false
	}
	for _, property := range []int{t.property, t.other} {
		if property >= 0 {
			list = append(list, t.test.witnesses(property)...)
		}
	}
	return list, true
}

// Span returns the length of time, in nanoseconds, within which all of a match
// happens; false when the pattern does not say.
func (b *Bound) Span() (int64, bool) { return b.m.root.window, b.m.root.op == window }

// Properties returns the properties that a bracket looks at, each once.
func (b *Bound) Properties(bracket int) (list []int) {
	var walk func(t *boundTest)
	walk = func(t *boundTest) {
		for _, n := range []int{t.property, t.other} {
			if n >= 0 && !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
		for _, operand := range t.operands {
			walk(operand)
		}
	}
	for _, parts := range b.brackets[bracket] {
		for i := range parts {
			walk(parts[i].test)
		}
	}
	return list
}
