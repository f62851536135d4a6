package sigma

import (
	"regexp/syntax"
	"unicode/utf8"
)

// maxRequired bounds how many literals stand in for one expression.
const maxRequired = 32

// required returns literals, folded, of which every match of the expression
// contains at least one; nil when there are none that help. They let a scan
// for literals stand in front of the expression.
func required(source string) []string {
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil
	}
	set := requiredOf(re.Simplify())
	if shortest(set) < 2 {
		return nil
	}
	return set
}

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
