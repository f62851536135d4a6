package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSentence is how many bytes a sentence may have; a longer one is cut
// between words.
const maxSentence = 4096

// A line is a line of the text without the blanks around it.
type line struct {
	Span
	marker bool // nothing but the sign of a list item
}

// lines cuts text into lines. Empty ones have Start == End.
func lines(text string) []line {
	list := make([]line, 0, 1+strings.Count(text, "\n"))
	for i := 0; i <= len(text); {
		end := strings.IndexByte(text[i:], '\n')
		if end < 0 {
			end = len(text)
		} else {
			end += i
		}
		s := strings.TrimLeftFunc(text[i:end], unicode.IsSpace)
		start := end - len(s)
		s = strings.TrimRightFunc(s, unicode.IsSpace)
		list = append(list, line{Span{start, start + len(s)}, isMarker(s)})
		i = end + 1
	}
	return list
}

// isMarker reports whether s is the sign of a list item alone.
func isMarker(s string) bool {
	if s == "" || len(s) > 4 {
		return false
	}
	r, n := utf8.DecodeRuneInString(s)
	return n == len(s) && strings.ContainsRune("-*•–—·▪◦‣", r)
}

// itemText returns where the text of a list item begins that has its sign on
// the same line, else the start of the line.
func itemText(text string, l line) int {
	s := text[l.Start:l.End]
	r, n := utf8.DecodeRuneInString(s)
	if strings.ContainsRune("-*•–—·▪◦‣", r) && n < len(s) && (s[n] == ' ' || s[n] == '\t' || r > utf8.RuneSelf) {
		return l.End - len(strings.TrimLeft(s[n:], " \t"))
	}
	return l.Start
}

// A paragraph is a part of the text whose lines belong together.
type paragraph struct {
	Span
	heading bool
}

// paragraphs puts lines that were wrapped together again: those of a block of
// short lines that are about as long as the longest of it and end no sentence.
func paragraphs(text string, ls []line) []paragraph {
	var list []paragraph
	for i := 0; i < len(ls); {
		if ls[i].Start == ls[i].End || ls[i].marker {
			i++
			continue
		}
		end, width := i, 0
		for end < len(ls) && ls[end].End > ls[end].Start && !ls[end].marker {
			width = max(width, ls[end].End-ls[end].Start)
			end++
		}
		for i < end {
			p := paragraph{Span: Span{itemText(text, ls[i]), ls[i].End}}
			single := true
			for i++; i < end && joins(text, ls[i-1], ls[i], width); i++ {
				p.End = ls[i].End
				single = false
			}
			p.heading = single && isHeading(text[p.Start:p.End])
			list = append(list, p)
		}
	}
	return list
}

// joins reports whether line b goes on with the sentence of line a, in a block
// whose longest line has width bytes.
func joins(text string, a, b line, width int) bool {
	if itemText(text, b) != b.Start {
		return false
	}
	r, _ := utf8.DecodeRuneInString(text[b.Start:])
	if unicode.IsLower(r) {
		return true
	}
	if width > 200 || endsSentence(text[a.Start:a.End]) && width > 120 {
		return false
	}
	first := strings.IndexAny(text[b.Start:b.End], " \t")
	if first < 0 {
		first = b.End - b.Start
	}
	return a.End-a.Start+first >= width*3/4
}

// endsSentence reports whether s ends as sentences do, quotes aside.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, "\"'”’»)] \t")
	return s != "" && strings.IndexByte(".!?", s[len(s)-1]) >= 0
}

// isHeading reports whether a line of its own is a heading: a few words that
// begin with a capital and end no sentence.
func isHeading(s string) bool {
	if len(s) > 120 || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ",") || strings.HasSuffix(s, ";") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	return (unicode.IsUpper(r) || unicode.IsDigit(r)) && strings.Count(s, " ") < 12
}

// sentences calls yield for each sentence of p.
func sentences(text string, p Span, yield func(Span)) {
	start := p.Start
	flush := func(end int) {
		s := Span{start, end}
		for s.Start < s.End && isBlank(text[s.Start]) {
			s.Start++
		}
		for s.End > s.Start && isBlank(text[s.End-1]) {
			s.End--
		}
		if s.Start < s.End {
			yield(s)
		}
		start = end
	}
	for i := p.Start; i < p.End; i++ {
		c := text[i]
		if isBlank(c) && i-start >= maxSentence {
			flush(i)
			continue
		}
		if i-start >= 2*maxSentence && utf8.RuneStart(c) {
			flush(i)
		}
		if c != '.' && c != '!' && c != '?' {
			continue
		}
		end := closing(text, i+1, p.End)
		if end == p.End || isBlank(text[end]) && beginsSentence(text[end:p.End]) && (c != '.' || !isAbbreviation(text[start:i])) {
			flush(end)
			i = end - 1
		}
	}
	flush(p.End)
}

func isBlank(c byte) bool {
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\v'
}

// closing returns where the quotes and brackets end that stand from i on.
func closing(text string, i, end int) int {
	for i < end {
		r, n := utf8.DecodeRuneInString(text[i:end])
		if !strings.ContainsRune(".!?\"'”’»)]", r) {
			break
		}
		i += n
	}
	return i
}

// beginsSentence reports whether what stands after the blanks in s can be the
// beginning of a sentence.
func beginsSentence(s string) bool {
	for i, r := range s {
		if i > 16 {
			return true
		}
		if unicode.IsSpace(r) || strings.ContainsRune("\"'“‘«([", r) {
			continue
		}
		return !unicode.IsLower(r)
	}
	return true
}

// isAbbreviation reports whether the point after s ends an abbreviation.
func isAbbreviation(s string) bool {
	i := len(s)
	for i > 0 && len(s)-i < 8 && (s[i-1]|0x20 >= 'a' && s[i-1]|0x20 <= 'z') {
		i--
	}
	w := s[i:]
	return len(w) == 1 && w != "I" || abbreviations[strings.ToLower(w)] && (i == 0 || s[i-1] != '.')
}

var abbreviations = setOf(`mr mrs ms dr prof st no vs inc ltd corp co gen sen rep gov lt col sgt jr sr fig figs vol
	approx dept est jan feb mar apr jun jul aug sep sept oct nov dec e.g i.e cf eg ie al`)

func setOf(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
