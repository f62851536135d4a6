package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A lexicon finds terms, of one word or several, in a text that is cut into
// tokens. Words compare folded: in lower case and without the s of a plural.
type lexicon struct {
	words   map[string]int32 // folded word to its number, from 1
	classes []class          // by number of the word: what grammar knows of it
	steps   map[uint64]int32 // node<<32 | word to the next node; node 0 is the root
	terms   [][]term         // by node: the terms that end there
}

// A term is something with a name.
type term struct {
	kind  Kind
	rule  rule
	text  string // the name as it is written
	value string
	cand  Candidate
}

// A rule says how a term must be written to be meant.
type rule uint8

const (
	anyCase rule = iota // in any case, in singular or plural
	whole               // in any case, but word by word
	capital             // each word with a capital, or as the name is written
	exact               // as the name is written
	wary                // as written or in capitals, and with a word beside it that says what it is
)

// A token is a word of a sentence: letters and digits.
type token struct {
	Span
	word    int32 // its number, 0 when the lexicon does not have it
	class   class
	capital bool // begins with a capital
	upper   bool // has no lower-case letter and at least one capital
	digit   bool // begins with a digit
}

// maxTerm is how many words a term may have.
const maxTerm = 12

// fold puts word, in lower case, into the form that the lexicon has.
func fold(word []byte) []byte {
	n := len(word)
	if n < 4 || word[n-1] != 's' || word[n-2] == 's' {
		return word
	}
	if n > 4 && word[n-2] == 'e' {
		switch before := string(word[n-4 : n-2]); {
		case before[1] == 'i':
			word[n-3] = 'y'
			return word[:n-2]
		case before == "ss" || before == "ch" || before == "sh" || before[1] == 'x':
			return word[:n-2]
		}
	}
	return word[:n-1]
}

// number returns the number of a word, a new one when add is set.
func (l *lexicon) number(word string, add bool) int32 {
	var buf [64]byte
	folded := fold(append(buf[:0], strings.ToLower(word)...))
	if n, ok := l.words[string(folded)]; ok || !add {
		return n
	}
	n := int32(len(l.words) + 1)
	l.words[string(folded)] = n
	l.classes = append(l.classes, 0)
	return n
}

// add adds a term under its text.
func (l *lexicon) add(t term) { l.addAs(t.text, t) }

// addAs adds a term under another writing.
func (l *lexicon) addAs(text string, t term) {
	var node int32
	n := 0
	for w := range words(text) {
		if n++; n > maxTerm {
			return
		}
		key := uint64(node)<<32 | uint64(l.number(text[w.Start:w.End], true))
		next, ok := l.steps[key]
		if !ok {
			next = int32(len(l.terms))
			l.terms = append(l.terms, nil)
			l.steps[key] = next
		}
		node = next
	}
	if node == 0 {
		return
	}
	for _, old := range l.terms[node] {
		if old.kind == t.kind && old.cand.ID == t.cand.ID && old.value == t.value && old.rule == t.rule {
			return
		}
	}
	l.terms[node] = append(l.terms[node], t)
}

// classify marks words, all their forms given, as of a class.
func (l *lexicon) classify(c class, list string) {
	for _, w := range strings.Fields(list) {
		l.classes[l.number(w, true)-1] |= c
	}
}

// tokens appends the tokens of text[s.Start:s.End] to dst.
func (l *lexicon) tokens(dst []token, text string, s Span) []token {
	var buf [64]byte
	for w := range words(text[s.Start:s.End]) {
		t := token{Span: Span{s.Start + w.Start, s.Start + w.End}}
		word := buf[:0]
		lower := false
		for i := t.Start; i < t.End && len(word) < cap(buf)-4; {
			c := text[i]
			switch {
			case c >= utf8.RuneSelf:
				r, n := utf8.DecodeRuneInString(text[i:])
				t.capital = t.capital || i == t.Start && unicode.IsUpper(r)
				t.upper = t.upper || unicode.IsUpper(r)
				lower = lower || unicode.IsLower(r)
				word = utf8.AppendRune(word, unicode.ToLower(r))
				i += n
				continue
			case 'A' <= c && c <= 'Z':
				t.capital = t.capital || i == t.Start
				t.upper = true
				c |= 0x20
			case 'a' <= c && c <= 'z':
				lower = true
			case i == t.Start:
				t.digit = true
			}
			word = append(word, c)
			i++
		}
		t.upper = t.upper && !lower
		if t.word = l.words[string(fold(word))]; t.word > 0 {
			t.class = l.classes[t.word-1]
		}
		dst = append(dst, t)
	}
	return dst
}

// words yields the spans of runs of letters, marks and digits.
func words(s string) func(func(Span) bool) {
	return func(yield func(Span) bool) {
		start := -1
		for i := 0; i < len(s); {
			c, n := s[i], 1
			in := isWordByte[c]
			if c >= utf8.RuneSelf {
				var r rune
				r, n = utf8.DecodeRuneInString(s[i:])
				in = unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
			}
			if in && start < 0 {
				start = i
			} else if !in && start >= 0 {
				if !yield(Span{start, i}) {
					return
				}
				start = -1
			}
			i += n
		}
		if start >= 0 {
			yield(Span{start, len(s)})
		}
	}
}

var isWordByte = func() (set [256]bool) {
	for c := range set {
		b := byte(c)
		set[c] = '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
	}
	return set
}()

// match finds the longest terms that begin at toks[i] and returns them with
// how many tokens they have. The terms are those of one writing, whose rules
// the text keeps.
func (l *lexicon) match(dst []term, text string, toks []token, i int) ([]term, int) {
	var node int32
	n := 0
	for j := i; j < len(toks) && j < i+maxTerm; j++ {
		if toks[j].word == 0 || j > i && !close(text, toks[j-1], toks[j]) {
			break
		}
		next, ok := l.steps[uint64(node)<<32|uint64(toks[j].word)]
		if !ok {
			break
		}
		node = next
		if len(l.terms[node]) == 0 {
			continue
		}
		kept := dst[:0]
		for _, t := range l.terms[node] {
			if keeps(text, toks, i, j+1, &t) {
				kept = append(kept, t)
			}
		}
		if len(kept) > 0 {
			dst, n = kept, j+1-i
		}
	}
	return dst[:min(len(dst), len(dst)*n)], n
}

// close reports whether what stands between two tokens can stand within a
// name: a blank, a hyphen, a point, a slash and the like.
func close(text string, a, b token) bool {
	gap := text[a.End:b.Start]
	if len(gap) > 8 {
		return false
	}
	blanks := 0
	for _, r := range gap {
		switch {
		case unicode.IsSpace(r):
			blanks++
		case strings.ContainsRune("-_./'’&@#+$–‐‑:", r):
		default:
			return false
		}
	}
	// "over. The": a point and a blank end something, but for "P.A.S. Webshell".
	return blanks == 0 || gap == " _" || gap == ". " && a.End-a.Start == 1 || len(strings.TrimSpace(gap)) == 0 || gap == " & " || gap == "-\n" || strings.Trim(gap, " \t\r\n") == "-" || gap == ": "
}

// keeps reports whether the tokens from i to end are written as t asks.
func keeps(text string, toks []token, i, end int, t *term) bool {
	if t.rule == anyCase {
		return true
	}
	said := text[toks[i].Start:toks[end-1].End]
	if said == t.text {
		return t.rule != wary || hasCue(text, toks, i, end)
	}
	j := i
	capitals := true
	for w := range words(t.text) {
		if j == end {
			return false
		}
		if !strings.EqualFold(t.text[w.Start:w.End], text[toks[j].Start:toks[j].End]) {
			return false
		}
		capitals = capitals && (toks[j].capital || toks[j].digit || toks[j].class&connector != 0)
		j++
	}
	switch t.rule {
	case whole:
		return true
	case capital:
		return capitals
	case wary:
		return capitals && hasCue(text, toks, i, end)
	}
	return false
}

// hasCue reports whether a word beside the tokens from i to end says that they
// are the name of an actor or of software: "Play ransomware", "dubbed Maze".
func hasCue(text string, toks []token, i, end int) bool {
	if from := toks[i].Start; from > 0 && strings.IndexByte(`./\`, text[from-1]) >= 0 {
		return false // .NET framework
	}
	if end < len(toks) && !toks[i].capital && len(text[toks[i].Start:toks[end-1].End]) < 4 &&
		!strings.EqualFold(text[toks[end].Start:toks[end].End], "exe") && !isAttackID(text[toks[end].Start:toks[end].End]) {
		return false // at command and control
	}
	if end < len(toks) && toks[end].class&nameCue != 0 && close(text, toks[end-1], toks[end]) {
		return true
	}
	if end < len(toks) && toks[end].Start-toks[end-1].End <= 2 && isAttackID(text[toks[end].Start:toks[end].End]) {
		return true // Net (S0039)
	}
	if i == 0 {
		return false
	}
	gap := text[toks[i-1].End:toks[i].Start]
	return toks[i-1].class&(nameCue|nameVerb) != 0 && len(gap) <= 4 && !strings.ContainsAny(gap, ".;,")
}

// isAttackID reports whether s is written as an id of a group or software.
func isAttackID(s string) bool {
	return len(s) == 5 && (s[0] == 'S' || s[0] == 'G') && strings.Trim(s[1:], "0123456789") == ""
}
