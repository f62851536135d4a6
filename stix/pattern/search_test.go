package pattern

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The search for a match is held to section 9.4 read literally: every choice of
// observed-data for the brackets, each at every instant at which it can have
// happened. Times are nanoseconds, so that all that can be chosen is whole.

// An exhaustive knows what there is to choose from.
type exhaustive struct {
	first, last []int
	number      []int
	holds       [][]bool // by bracket, by observed-data
}

// A choice is what some brackets took: how often each observed-data object, and
// the span of the instants.
type choice struct {
	used     [4]int8
	min, max int8
}

type choices map[choice]bool

func (x *exhaustive) join(a, b choices, inOrder bool) choices {
	joined := choices{}
	for p := range a {
	next:
		for q := range b {
			if inOrder && q.min < p.max {
				continue
			}
			c := choice{min: min(p.min, q.min), max: max(p.max, q.max)}
			for i := range c.used {
				if c.used[i] = p.used[i] + q.used[i]; c.used[i] > 0 && int(c.used[i]) > x.number[i] {
					continue next
				}
			}
			joined[c] = true
		}
	}
	return joined
}

func (x *exhaustive) all(o *Observation) choices {
	found := choices{}
	switch o.Op {
	case Bracket:
		var k int
		fmt.Sscanf(o.Test.Path.Steps[0].Key, "k%d", &k)
		for i, ok := range x.holds[k] {
			for t := x.first[i]; ok && t <= x.last[i]; t++ {
				c := choice{min: int8(t), max: int8(t)}
				c.used[i] = 1
				found[c] = true
			}
		}
	case OneOf:
		for _, operand := range o.Operands {
			maps.Copy(found, x.all(operand))
		}
	default:
		found = x.all(o.Operands[0])
		for _, operand := range o.Operands[1:] {
			found = x.join(found, x.all(operand), o.Op == FollowedBy)
		}
	}
	for _, q := range o.Qualifiers {
		switch q.Op {
		case Repeats:
			again := found
			for range q.Times - 1 {
				found = x.join(found, again, false)
			}
		case Within:
			maps.DeleteFunc(found, func(c choice, _ bool) bool { return float64(c.max-c.min) > q.Seconds*1e9+0.5 })
		case StartStop:
			maps.DeleteFunc(found, func(c choice, _ bool) bool {
				return int(c.min) < q.Start.Time.Nanosecond() || int(c.max) >= q.Stop.Time.Nanosecond()
			})
		}
	}
	return found
}

const instants = 6

func at(t int) string { return fmt.Sprintf("2021-03-02T00:00:00.%09dZ", t) }

// A writer writes random patterns over brackets k0 to k2.
type writer struct {
	*rand.Rand
	joins  []string // words that may join
	within bool     // WITHIN may stand anywhere
	bare   bool     // OR of bare brackets may stand for a bracket
}

func (w writer) bracket() string { return fmt.Sprintf("[x-a:k%d = 1]", w.IntN(3)) }

func (w writer) pattern(depth int) string {
	var s string
	switch n := w.IntN(6); {
	case depth == 0 || n < 2:
		if s = w.bracket(); w.bare && w.IntN(4) == 0 {
			s = "(" + s + " OR " + w.bracket() + ")"
		}
	default:
		parts := make([]string, 2+w.IntN(2))
		for i := range parts {
			parts[i] = w.pattern(depth - 1)
		}
		s = "(" + strings.Join(parts, w.joins[w.IntN(len(w.joins))]) + ")"
	}
	if w.IntN(5) == 0 {
		s += " REPEATS 2 TIMES"
	}
	if w.IntN(6) == 0 {
		from := w.IntN(instants)
		s += fmt.Sprintf(" START t'%s' STOP t'%s'", at(from), at(from+1+w.IntN(3)))
	}
	if w.within && w.IntN(4) == 0 {
		s += w.window()
	}
	return s
}

func (w writer) window() string { return fmt.Sprintf(" WITHIN 0.%09d SECONDS", 1+w.IntN(3)) }

// randomData makes up to four observed-data objects; those that are exclusive
// happened at one instant and satisfy one bracket at most.
func randomData(t *testing.T, r *rand.Rand, exclusive bool) (*exhaustive, *Data) {
	x := &exhaustive{holds: make([][]bool, 3)}
	d := new(Data)
	for i := range 1 + r.IntN(4) {
		first := r.IntN(instants)
		last := first
		if !exclusive {
			last = min(instants-1, first+r.IntN(3))
		}
		x.first, x.last, x.number = append(x.first, first), append(x.last, last), append(x.number, 1+r.IntN(4)/3)
		keys := ""
		only := r.IntN(3)
		for k := range x.holds {
			ok := r.IntN(2) == 0
			if exclusive {
				ok = k == only
			}
			if x.holds[k] = append(x.holds[k], ok); ok {
				keys += fmt.Sprintf(`, "k%d": 1`, k)
			}
		}
		raw := fmt.Sprintf(`{"type": "observed-data", "id": "%d", "first_observed": %q, "last_observed": %q, "number_observed": %d,
			"objects": {"0": {"type": "x-a"%s}}}`, i, at(first), at(last), x.number[i], keys)
		if err := d.Add([]byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	return x, d
}

// What Match finds is a match, and where the package promises it, a match that
// exists is found.
func TestSearchAgainstEveryChoice(t *testing.T) {
	r := rand.New(rand.NewPCG(2021, 9))
	var tried, matched, promised, missed int
	for round := range 12_000 {
		simple, exclusive := round%3 == 0, round%3 == 1
		x, d := randomData(t, r, exclusive)
		var source string
		switch {
		case simple:
			w := writer{Rand: r, joins: []string{" AND "}, bare: true}
			if source = w.pattern(2) + " OR " + w.pattern(2); r.IntN(2) == 0 {
				source = "(" + source + ")" + w.window()
			}
		case exclusive:
			w := writer{Rand: r, joins: []string{" AND ", " FOLLOWEDBY "}, within: true}
			source = w.pattern(2) + " OR " + w.pattern(2)
		default:
			source = writer{Rand: r, joins: []string{" AND ", " OR ", " FOLLOWEDBY "}, within: true, bare: true}.pattern(2)
		}
		p, err := Parse(source)
		if err != nil {
			t.Fatal(source, err)
		}
		m, err := p.Compile()
		if err != nil {
			t.Fatal(source, err)
		}
		got, err := m.Match(d)
		if err != nil {
			t.Fatal(source, err)
		}
		found := x.all(p.Root)
		describe := func() string { return fmt.Sprintf("%s\nover %+v", source, *x) }
		if got != nil {
			matched++
			var ids []int8
			for _, o := range got {
				ids = append(ids, int8(o.ID[0]-'0'))
			}
			slices.Sort(ids)
			if !slices.ContainsFunc(slices.Collect(maps.Keys(found)), func(c choice) bool { return slices.Equal(c.support(), ids) }) {
				t.Fatalf("%s\nfound %v, which is no match", describe(), ids)
			}
		} else if len(found) > 0 {
			if missed++; simple || exclusive {
				t.Errorf("%s\nnot found", describe())
			}
		}
		if simple || exclusive {
			promised++
		}
		tried++
	}
	t.Logf("%d tried, %d matched; of %d outside the promise %d missed", tried, matched, tried-promised, missed)
}

func (c choice) support() (ids []int8) {
	for i, n := range c.used {
		if n > 0 {
			ids = append(ids, int8(i))
		}
	}
	return ids
}
