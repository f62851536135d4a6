package pattern

import (
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// witnesses returns what a value of a property may be for the test to hold.
func (t *test) witnesses(property int) []Witness {
	c := t.source
	present := []Witness{{Property: property}}
	if c.Not || t.encoding != noEncoding {
		return present
	}
	switch c.Op {
	case Equal, In:
		var list []Witness
		for i := range c.Values {
			switch l := &c.Values[i]; l.Kind {
			case String, Boolean:
				list = append(list, Witness{property, Equals, l.Text})
			case Integer:
				list = append(list, Witness{property, Equals, strconv.FormatInt(l.Int, 10)})
			default:
				return present
			}
		}
		return list
	case Like:
		if text := t.like.required(); text != "" {
			return []Witness{{property, Contains, text}}
		}
	case Matches:
		texts, ok := required(t.tree)
		if !ok {
			return present
		}
		var list []Witness
		for _, text := range texts {
			list = append(list, Witness{property, Contains, text})
		}
		return list
	}
	return present
}

// maxRequired bounds the texts of which an expression needs one.
const maxRequired = 64

// required returns texts of which every match of an expression has one, in lower
// case; false when nothing is known. They are of ASCII, less what folding makes
// of other letters: s and k.
func required(r *syntax.Regexp) (texts []string, ok bool) {
	switch r.Op {
	case syntax.OpCapture, syntax.OpPlus:
		return required(r.Sub[0])
	case syntax.OpRepeat:
		if r.Min > 0 {
			return required(r.Sub[0])
		}
	case syntax.OpLiteral:
		text := longest(r.Rune, r.Flags&syntax.FoldCase != 0)
		return []string{text}, text != ""
	case syntax.OpConcat:
		for _, sub := range r.Sub {
			if have, found := required(sub); found && (!ok || shortest(have) > shortest(texts)) {
				texts, ok = have, true
			}
		}
		return texts, ok
	case syntax.OpAlternate:
		for _, sub := range r.Sub {
			have, found := required(sub)
			if !found || len(texts)+len(have) > maxRequired {
				return nil, false
			}
			texts = append(texts, have...)
		}
		return texts, true
	}
	return nil, false
}

func shortest(texts []string) int {
	n := len(texts[0])
	for _, t := range texts[1:] {
		n = min(n, len(t))
	}
	return n
}

// longest returns the longest run of ASCII in a literal, in lower case.
func longest(literal []rune, fold bool) string {
	plain := func(r rune) rune {
		if r >= utf8.RuneSelf || r == 0 || fold && strings.ContainsRune("sSkK", r) {
			return 0
		}
		return r
	}
	best := ""
	for run := range strings.SplitSeq(strings.Map(plain, string(literal)), "\x00") {
		if len(run) > len(best) {
			best = run
		}
	}
	return strings.ToLower(best)
}
