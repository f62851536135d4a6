package sigma

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// maxRequired bounds how many literals stand in for one expression.
const maxRequired = 32

// necessity is what every match of an expression has, on the folded value:
// cheap to look for, so that the expression runs only where it may match.
type necessity struct {
	any    []string // one of these; nil when there are none that help
	all    [][]byte // all of these, in this order and apart
	length int      // at least this many bytes
}

// required returns what every match of the expression must have.
func required(source string) necessity {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return necessity{}
	}
	re = re.Simplify()
	n := necessity{any: requiredOf(re), length: minLength(re)}
	if shortest(n.any) < 2 && !rareByte(n.any) {
		n.any = nil
	}
	if re.Op == syntax.OpConcat {
		n.all = sequence(re.Sub)
	}
	return n
}

// rareByte reports whether set is one byte that logs seldom hold.
func rareByte(set []string) bool {
	return len(set) == 1 && len(set[0]) == 1 && commonness[set[0][0]] <= 3
}

// possible reports whether an expression with this necessity may match v,
// which is folded.
func (n *necessity) possible(v []byte) bool {
	if len(v) < n.length {
		return false
	}
	for _, text := range n.all {
		i := bytes.Index(v, text)
		if i < 0 {
			return false
		}
		v = v[i+len(text):]
	}
	return true
}

// sequence returns the literals among the members of a concatenation.
func sequence(subs []*syntax.Regexp) [][]byte {
	var all [][]byte
	run := ""
	flush := func() {
		if run != "" && shortest([]string{run}) > 0 {
			all = append(all, []byte(run))
		}
		run = ""
	}
	for _, sub := range subs {
		if sub.Op == syntax.OpLiteral {
			run += fold(string(sub.Rune))
			continue
		}
		flush()
		if set := requiredOf(sub); len(set) == 1 {
			run = set[0]
			flush()
		}
	}
	flush()
	return all
}

// minLength returns how many bytes a match has at least. Folding may shorten
// a character outside ASCII, so each counts for one byte.
func minLength(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return minLength(re.Sub[0])
	case syntax.OpRepeat:
		return re.Min * minLength(re.Sub[0])
	case syntax.OpConcat:
		n := 0
		for _, sub := range re.Sub {
			n += minLength(sub)
		}
		return n
	case syntax.OpAlternate:
		n := minLength(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			n = min(n, minLength(sub))
		}
		return n
	}
	return 0
}

// requiredOf returns literals, folded, of which every match contains at least
// one; nil when there are none.
func requiredOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{fold(string(re.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return requiredOf(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return requiredOf(re.Sub[0])
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			set := requiredOf(sub)
			if set == nil || len(all)+len(set) > maxRequired {
				return nil
			}
			all = append(all, set...)
		}
		return all
	case syntax.OpConcat:
		return requiredOfConcat(re.Sub)
	}
	return nil
}

// requiredOfConcat picks the run whose shortest literal is longest. Adjacent
// literals are one run, also when folding flags split them.
func requiredOfConcat(subs []*syntax.Regexp) []string {
	var best []string
	run := ""
	take := func(set []string) {
		if shortest(set) > shortest(best) {
			best = set
		}
	}
	for _, sub := range subs {
		if sub.Op == syntax.OpLiteral {
			run += fold(string(sub.Rune))
			continue
		}
		if run != "" {
			take([]string{run})
			run = ""
		}
		take(requiredOf(sub))
	}
	if run != "" {
		take([]string{run})
	}
	return best
}

// shortest returns the length of the shortest literal of set, 0 for none. A
// literal with U+FFFD stands for bytes that are not UTF-8 and is worth 0.
func shortest(set []string) int {
	n := 0
	for i, s := range set {
		for _, r := range s {
			if r == utf8.RuneError {
				return 0
			}
		}
		if i == 0 || len(s) < n {
			n = len(s)
		}
	}
	return n
}
