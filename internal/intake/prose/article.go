package prose

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// articleEnd returns where a text ends that has the headlines of other
// articles behind it, the length of the text if it has none.
//
// Such headlines are the last lines of a text: at least three, each of several
// words that begin with a capital and end no sentence with a point, with
// nothing between them but blank lines, the signs of list items and lines of a
// word or two. What a heading or a colon introduces is a list of the article
// itself, unless the heading says that it is of others ("Read more"), and so
// is a list that names anything that is looked for by its writing, such as
// addresses, hashes or techniques' ids. They come behind sentences.
func articleEnd(text string, ls []line) int {
	first, headlines := len(ls), 0
	listed := false
	for i := len(ls) - 1; i >= 0; i-- {
		l := ls[i]
		if l.marker {
			listed = true
		}
		if l.marker || l.Start == l.End {
			continue
		}
		s := text[itemText(text, l):l.End]
		if isHeadline(s) {
			headlines++
			first = i
			listed = listed || itemText(text, l) != l.Start
			continue
		}
		if isRelated(s) {
			return tail(ls, i)
		}
		if !isCrumb(s) {
			break
		}
	}
	if headlines < 3 {
		return len(text)
	}
	before := lastText(ls, first)
	if before < 0 {
		return len(text)
	}
	intro := text[ls[before].Start:ls[before].End]
	switch {
	case !endsSentence(intro):
		// A heading, a colon, or an item of a list of the article's own.
		return len(text)
	case !listed && !blankBetween(ls, first):
		return len(text)
	}
	return tail(ls, first)
}

// tail returns where the text before line i ends, without the sign of a list
// item before it.
func tail(ls []line, i int) int {
	if before := lastText(ls, i); before >= 0 {
		return ls[before].End
	}
	return ls[i].Start
}

// lastText returns the last line before i that has text, -1 for none.
func lastText(ls []line, i int) int {
	for i--; i >= 0; i-- {
		if !ls[i].marker && ls[i].End > ls[i].Start {
			return i
		}
	}
	return -1
}

// blankBetween reports whether all lines with text from i on stand alone.
func blankBetween(ls []line, i int) bool {
	for ; i+1 < len(ls); i++ {
		if ls[i].End > ls[i].Start && ls[i+1].End > ls[i+1].Start {
			return false
		}
	}
	return true
}

// isHeadline reports whether s may be the headline of an article.
func isHeadline(s string) bool {
	n := strings.Count(s, " ") + 1
	if n < 4 || len(s) > 200 || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ":") || strings.HasSuffix(s, ";") || strings.HasSuffix(s, ",") {
		return false
	}
	r, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, "'\"‘“«("))
	if !unicode.IsUpper(r) && !unicode.IsDigit(r) {
		return false
	}
	if strings.Contains(s, ". ") || strings.ContainsAny(s, `\[]{}=<>|`) || strings.Contains(s, "://") {
		return false
	}
	return !hasSign(s)
}

// hasSign reports whether s has a word that is told by its writing: an id, an
// address, a hash, a file.
func hasSign(s string) bool {
	for w := range strings.FieldsSeq(s) {
		w = strings.Trim(w, ".,;:!?()'\"’‘“”%")
		digits, letters, points := 0, 0, 0
		for _, c := range []byte(w) {
			switch {
			case '0' <= c && c <= '9':
				digits++
			case c == '.' || c == '_' || c == '/' || c == '@':
				points++
			case c < utf8.RuneSelf && c|0x20 >= 'a':
				letters++
			}
		}
		if digits >= 3 && letters > 0 || letters > 3 && points > 0 && strings.Count(w, ".") > 0 || digits > 3 && points > 1 {
			return true
		}
	}
	return false
}

// isCrumb reports whether s is one of the few words that stand between
// headlines: a date, a name, "Share".
func isCrumb(s string) bool {
	return strings.Count(s, " ") < 3 && len(s) < 32 && !endsSentence(s) && !strings.HasSuffix(s, ":") && !hasSign(s)
}

// isRelated reports whether s is the heading over what belongs to other
// articles.
func isRelated(s string) bool {
	return len(s) < 40 && relatedHeadings[strings.ToLower(strings.TrimRight(s, ": "))]
}

var relatedHeadings = func() map[string]bool {
	m := map[string]bool{}
	for s := range strings.SplitSeq(`related articles|related stories|related posts|related news|related content|related|read more|
		read next|more news|more stories|more from|more on this story|most read|most popular|latest news|latest stories|top stories|trending|
		trending now|recommended|recommended for you|you may also like|you might also like|popular posts|recent posts|also read|editor's picks`, "|") {
		m[strings.TrimSpace(s)] = true
	}
	return m
}()
