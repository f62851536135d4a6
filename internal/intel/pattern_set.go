package intel

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// A patternSet is patterns compiled for events. A bracket of a pattern is only
// looked at when an event has something that the bracket cannot do without: one
// of its values, a part of one, or a property. It is safe for concurrent use
// through matchers.
type patternSet struct {
	schema   *schema
	patterns []*pattern.Bound // nil where Compile failed
	brackets []bracketOf
	first    []int32 // by pattern: its first bracket
	asks     [][]int // by bracket: the properties that it looks at
	always   []int32 // brackets that may hold whatever is seen
	watched  []watch
	shows    [][][]source // by type, by object: what it is made of
	host     event.ID     // of a request, and its port: see link
	port     event.ID
}

// bracketOf says which bracket of which pattern one is.
type bracketOf struct{ pattern, bracket int32 }

// A watch is what values of one property can begin.
type watch struct {
	property int
	present  []int32            // brackets for any value
	exact    map[string][]int32 // for a value that is this
	parts    grams
}

// compilePatterns compiles patterns for events whose fields names knows. It
// interns the names that it needs, so it comes before the first event. It returns
// an error for each pattern that cannot be matched, nil for the others.
func compilePatterns(list []*pattern.Pattern, names *event.Names) (*patternSet, []error) {
	s := &patternSet{schema: newSchema(names), patterns: make([]*pattern.Bound, len(list))}
	errs := make([]error, len(list))
	watches := map[int]*watch{}
	for i, p := range list {
		s.first = append(s.first, int32(len(s.brackets)))
		if s.patterns[i], errs[i] = s.compile(p); errs[i] == nil {
			s.watch(i, watches)
		}
	}
	for _, w := range watches {
		w.parts.build()
		s.watched = append(s.watched, *w)
	}
	slices.SortFunc(s.watched, func(a, b watch) int { return a.property - b.property })
	s.shows = s.schema.shows()
	s.host, s.port = names.Intern("cs-host"), names.Intern("s-port")
	return s, errs
}

// check says why no event can match p, or why it cannot be compiled. What cannot
// fail is not compiled for it.
func (s *patternSet) check(p *pattern.Pattern) error {
	if s.schema == nil {
		s.schema = newSchema(event.NewNames())
	}
	risky := len(s.schema.unseen(p)) > 0 || p.Root.Op != pattern.Bracket
	eachTest(p.Root, func(c *pattern.Comparison) {
		risky = risky || c.Op == pattern.Matches || c.Op == pattern.IsSubset || c.Op == pattern.IsSuperset
	})
	if !risky {
		return nil
	}
	_, err := s.compile(p)
	return err
}

var errNever = errors.New("no event can match it: an index is beyond a list, or a set is empty")

func (s *patternSet) compile(p *pattern.Pattern) (*pattern.Bound, error) {
	p, err := asShown(p)
	if err != nil {
		return nil, err
	}
	m, err := p.Compile()
	if err != nil {
		return nil, err
	}
	b := m.Bind(s.schema)
	if s.possible(p.Root, b) {
		return b, nil
	}
	if list := s.schema.unseen(p); list != nil {
		return nil, list
	}
	return nil, errNever
}

// possible reports whether events can match o, a part of a pattern that is bound
// as a whole: AND and FOLLOWEDBY need all of their operands.
func (s *patternSet) possible(o *pattern.Observation, whole *pattern.Bound) bool {
	switch o.Op {
	case pattern.AllOf, pattern.FollowedBy:
		for _, part := range o.Operands {
			if m, err := (&pattern.Pattern{Root: part}).Compile(); err == nil && !s.possible(part, m.Bind(s.schema)) {
				return false
			}
		}
		return true
	case pattern.Group:
		return s.possible(o.Operands[0], whole)
	}
	for k := range whole.Brackets() {
		if w, ok := whole.Witnesses(k); !ok || len(w) > 0 {
			return true
		}
	}
	return false
}

// watch notes what the brackets of pattern i cannot do without.
func (s *patternSet) watch(i int, watches map[int]*watch) {
	for k := range s.patterns[i].Brackets() {
		n := int32(len(s.brackets))
		s.brackets = append(s.brackets, bracketOf{int32(i), int32(k)})
		s.asks = append(s.asks, s.patterns[i].Properties(k))
		list, ok := s.patterns[i].Witnesses(k)
		if !ok {
			s.always = append(s.always, n)
			continue
		}
		for _, w := range list {
			at := watches[w.Property]
			if at == nil {
				at = &watch{property: w.Property, exact: map[string][]int32{}}
				watches[w.Property] = at
			}
			switch {
			case w.Kind == pattern.Equals:
				at.exact[w.Text] = appendNew(at.exact[w.Text], n)
			case w.Kind == pattern.Contains && len(w.Text) >= gramLength:
				at.parts.add(w.Text, n)
			default:
				at.present = appendNew(at.present, n)
			}
		}
	}
}

// appendNew appends n, which is no less than any of list, if it is not there.
func appendNew(list []int32, n int32) []int32 {
	if len(list) > 0 && list[len(list)-1] == n {
		return list
	}
	return append(list, n)
}

// grams finds which of many texts stand in a value, in one pass over it: by one
// gram of each, then the text around it. All is in lower case.
type grams struct {
	texts []partOf
	index map[uint32][]int32 // texts by gram
	bits  []uint64           // grams by hash
}

const gramLength = 4

type partOf struct {
	text    string
	offset  int // of the gram
	bracket int32
}

func (g *grams) add(text string, bracket int32) {
	g.texts = append(g.texts, partOf{text, rarest(text), bracket})
}

// rarest returns where in text the gram stands that is likely the rarest.
func rarest(text string) int {
	best, at := -1, 0
	for i := 0; i+gramLength <= len(text); i++ {
		score := 0
		for _, c := range []byte(text[i : i+gramLength]) {
			switch {
			case 'a' <= c && c <= 'z':
				score += int("45566473839745653833786888"[c-'a'] - '0') // by how seldom it is in English
			case c-'0' <= 9:
				score += 5
			default:
				score += 3
			}
		}
		if score > best {
			best, at = score, i
		}
	}
	return at
}

func (g *grams) build() {
	if g.texts == nil {
		return
	}
	g.index, g.bits = map[uint32][]int32{}, make([]uint64, 1<<16/64)
	for i, t := range g.texts {
		gram := binary.LittleEndian.Uint32([]byte(t.text[t.offset:]))
		g.index[gram] = append(g.index[gram], int32(i))
		h := gramHash(gram)
		g.bits[h/64] |= 1 << (h % 64)
	}
}

func gramHash(gram uint32) uint32 { return gram * 0x9E3779B1 >> 16 }

// find calls mark with the bracket of each text that stands in v.
func (g *grams) find(v []byte, mark func(int32)) {
	for at := 0; at+gramLength <= len(v); at++ {
		gram := binary.LittleEndian.Uint32(v[at:])
		h := gramHash(gram)
		if g.bits[h/64]&(1<<(h%64)) == 0 {
			continue
		}
		for _, i := range g.index[gram] {
			t := &g.texts[i]
			start := at - t.offset
			if start >= 0 && len(v)-start >= len(t.text) && string(v[start:start+len(t.text)]) == t.text {
				mark(t.bracket)
			}
		}
	}
}
