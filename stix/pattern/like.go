package pattern

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A like is the operand of LIKE, in normal form C, cut at its %: any characters
// may stand between the parts. In a part _ is any one character (section 9.6).
type like []string

func newLike(s string) like { return strings.Split(norm.NFC.String(s), "%") }

// matches reports whether all of s is like l: the first part in front, the last at
// the end, each of the others at the first place behind the one before.
func (l like) matches(s string) bool {
	first, last := l[0], l[len(l)-1]
	n := partAt(first, s)
	if n < 0 {
		return false
	}
	if len(l) == 1 {
		return n == len(s)
	}
	s = s[n:]
	for _, part := range l[1 : len(l)-1] {
		_, end := findPart(part, s)
		if end < 0 {
			return false
		}
		s = s[end:]
	}
	// The end holds as many characters as the last part has.
	at := len(s)
	if strings.IndexByte(last, '_') < 0 {
		at -= len(last)
	} else {
		for range utf8.RuneCountInString(last) {
			if at <= 0 {
				return false
			}
			_, size := utf8.DecodeLastRuneInString(s[:at])
			at -= size
		}
	}
	return at >= 0 && partAt(last, s[at:]) == len(s)-at
}

// partAt returns how many bytes of s a part takes in front, negative when it does
// not stand there.
func partAt(part, s string) int {
	n := 0
	for {
		i := strings.IndexByte(part, '_')
		if i < 0 {
			i = len(part)
		}
		if !strings.HasPrefix(s[n:], part[:i]) {
			return -1
		}
		if n += i; i == len(part) {
			return n
		}
		_, size := utf8.DecodeRuneInString(s[n:])
		if size == 0 {
			return -1
		}
		n, part = n+size, part[i+1:]
	}
}

// findPart returns where a part first stands in s, negative when it does not.
func findPart(part, s string) (start, end int) {
	literal, _, wild := strings.Cut(part, "_")
	for start := 0; ; {
		i := strings.Index(s[start:], literal)
		if i < 0 {
			return -1, -1
		}
		start += i
		if !wild {
			return start, start + len(literal)
		}
		if n := partAt(part, s[start:]); n >= 0 {
			return start, start + n
		}
		_, size := utf8.DecodeRuneInString(s[start:])
		if size == 0 {
			return -1, -1
		}
		start += size
	}
}

// size is what a character costs to compare, in steps.
func (l like) size() int {
	n := 1
	for _, part := range l {
		if strings.IndexByte(part, '_') >= 0 {
			n = max(n, len(part))
		}
	}
	return n
}

// required returns the longest text of ASCII that all that is like l has in it, in
// lower case.
func (l like) required() string {
	best := ""
	for _, part := range l {
		for run := range strings.SplitSeq(part, "_") {
			if s := longest([]rune(run), false); len(s) > len(best) {
				best = s
			}
		}
	}
	return best
}
