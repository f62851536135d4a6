package sigma

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// An automaton answers whether an expression matches somewhere in a value:
// a deterministic automaton over classes of characters that the expression
// does not tell apart, built state by state as values are met. It costs one
// look-up for each character. Its tables are bounded; an expression that
// needs more is left to package regexp, as is one with too many classes.
//
// An automaton changes as it runs: each Matcher has its own.
type automaton struct {
	re      *regexp.Regexp // decides where the automaton does not
	prog    *syntax.Prog   // nil when re decides always
	ascii   [utf8.RuneSelf]uint8
	bounds  []rune // class k holds the characters from bounds[k] to bounds[k+1]
	stride  int    // classes, and one for the end of the value
	sets    [][]uint32
	held    int              // members of all sets
	prev    []rune           // by state: what stood before, as far as \b, ^ and $ tell it apart
	index   map[string]int32 // where a state's row begins in next, by its set and prev
	next    []int32          // a row for each state: by class, where the row of the next one begins
	flushed int
	stack   []uint32
	seen    []bool
	key     []byte
}

const (
	unknownState = -1
	matchState   = -2

	maxClasses   = 250
	maxTable     = 1 << 16 // entries of next
	maxHeld      = 1 << 18 // members of all sets
	maxFlushes   = 8
	endOfValue   = rune(-1)
	beginOfValue = rune(-1)
)

// newAutomaton returns an automaton for re.
func newAutomaton(re *regexp.Regexp) *automaton {
	a := &automaton{re: re}
	parsed, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return a
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return a
	}
	a.bounds = classBounds(prog)
	if len(a.bounds) > maxClasses {
		return a
	}
	a.prog, a.stride, a.seen = prog, len(a.bounds)+1, make([]bool, len(prog.Inst))
	for c := range a.ascii {
		a.ascii[c] = uint8(a.class(rune(c)))
	}
	a.flush()
	return a
}

// classBounds returns where the classes of characters begin that prog cannot
// tell apart, neither by its own ranges nor by \b and line ends.
func classBounds(prog *syntax.Prog) []rune {
	at := map[rune]bool{0: true}
	cut := func(lo, hi rune) { at[lo], at[hi+1] = true, true }
	cut('\n', '\n')
	cut('0', '9')
	cut('A', 'Z')
	cut('_', '_')
	cut('a', 'z')
	for i := range prog.Inst {
		inst := &prog.Inst[i]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1:
			if len(inst.Rune) == 1 {
				r := inst.Rune[0]
				cut(r, r)
				for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
					cut(f, f)
				}
				continue
			}
			for j := 0; j+1 < len(inst.Rune); j += 2 {
				cut(inst.Rune[j], inst.Rune[j+1])
			}
		}
	}
	bounds := make([]rune, 0, len(at))
	for r := range at {
		bounds = append(bounds, r)
	}
	slices.Sort(bounds)
	return bounds
}

func (a *automaton) class(r rune) int {
	i, found := slices.BinarySearch(a.bounds, r)
	if !found {
		i--
	}
	return i
}

// flush forgets all states but the first: nothing read, at the beginning.
func (a *automaton) flush() {
	clear(a.sets) // lets go of them
	a.sets, a.prev, a.next, a.index, a.held = a.sets[:0], a.prev[:0], a.next[:0], map[string]int32{}, 0
	a.state([]uint32{uint32(a.prog.Start)}, beginOfValue)
}

// match reports whether the expression matches somewhere in v.
func (a *automaton) match(v []byte) bool {
	if a.prog == nil {
		return a.re.Match(v)
	}
	base := int32(0) // of the state's row in next
	for i := 0; i < len(v); {
		k := 0
		if c := v[i]; c < utf8.RuneSelf {
			k = int(a.ascii[c])
			i++
		} else {
			r, n := utf8.DecodeRune(v[i:])
			k = a.class(r)
			i += n
		}
		n := a.next[int(base)+k]
		if n < 0 {
			if n == unknownState {
				n = a.step(base, k, a.bounds[k])
			}
			switch {
			case n == matchState:
				return true
			case n == unknownState: // the tables were full
				return a.full(v)
			}
		}
		base = n
	}
	n := a.next[int(base)+a.stride-1]
	if n == unknownState {
		n = a.step(base, a.stride-1, endOfValue)
	}
	if n == unknownState {
		return a.full(v)
	}
	return n == matchState
}

// full answers when the tables are full, and empties them; an expression that
// fills them again and again is left to package regexp.
func (a *automaton) full(v []byte) bool {
	if a.flushed++; a.flushed > maxFlushes {
		a.prog, a.next, a.sets, a.index = nil, nil, nil, nil
	} else {
		a.flush()
	}
	return a.re.Match(v)
}

// step works out where the state whose row begins at base leads on class k,
// of which r is a character, and remembers it. It returns unknownState when
// the tables are full.
func (a *automaton) step(base int32, k int, r rune) int32 {
	state := int(base) / a.stride
	flags := syntax.EmptyOpContext(a.prev[state], r)
	clear(a.seen)
	a.stack = append(a.stack[:0], a.sets[state]...)
	to := []uint32{uint32(a.prog.Start)} // a match may begin anywhere
	result := int32(0)
	for len(a.stack) > 0 && result != matchState {
		pc := a.stack[len(a.stack)-1]
		a.stack = a.stack[:len(a.stack)-1]
		if a.seen[pc] {
			continue
		}
		a.seen[pc] = true
		switch inst := &a.prog.Inst[pc]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			a.stack = append(a.stack, inst.Arg, inst.Out)
		case syntax.InstCapture, syntax.InstNop:
			a.stack = append(a.stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^flags == 0 {
				a.stack = append(a.stack, inst.Out)
			}
		case syntax.InstMatch:
			result = matchState
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if r != endOfValue && matchesRune(inst, r) {
				to = append(to, inst.Out)
			}
		}
	}
	if result != matchState && r != endOfValue {
		slices.Sort(to)
		if result = a.state(slices.Compact(to), context(r)); result == unknownState {
			return result
		}
	}
	a.next[int(base)+k] = result
	return result
}

func matchesRune(inst *syntax.Inst, r rune) bool {
	switch inst.Op {
	case syntax.InstRuneAny:
		return true
	case syntax.InstRuneAnyNotNL:
		return r != '\n'
	}
	return inst.MatchRune(r)
}

// context reduces a character to what \b, ^ and $ make of it.
func context(r rune) rune {
	switch {
	case r == '\n':
		return r
	case syntax.IsWordChar(r):
		return 'a'
	}
	return ' '
}

// state returns where the row of a set after prev begins, making it when it
// is new; unknownState when there is no room.
func (a *automaton) state(set []uint32, prev rune) int32 {
	a.key = binary.AppendVarint(a.key[:0], int64(prev))
	for _, pc := range set {
		a.key = binary.AppendUvarint(a.key, uint64(pc))
	}
	if n, ok := a.index[string(a.key)]; ok {
		return n
	}
	if len(a.next)+a.stride > maxTable || a.held+len(set) > maxHeld {
		return unknownState
	}
	a.held += len(set)
	n := int32(len(a.next))
	a.index[string(a.key)] = n
	a.sets, a.prev = append(a.sets, slices.Clone(set)), append(a.prev, prev)
	for range a.stride {
		a.next = append(a.next, unknownState)
	}
	return n
}
