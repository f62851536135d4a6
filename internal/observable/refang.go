package observable

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Refang undoes what people do to observables so that nobody clicks on them:
// hxxp, meow://, [.], (.), {.}, [dot], (dot), [at], (at), [@], [:], [://], and
// "[." without its closing bracket. Characters that look like ASCII punctuation
// or are full-width forms of ASCII become that, invisible ones vanish. Letters
// that look like others stay. Refanging twice changes nothing.
func Refang(text string) string {
	if !needsRefang(text) {
		return text
	}
	plain := rewrite{in: text}
	plain.lookAlikes()
	open := rewrite{in: plain.text()}
	open.brackets()
	return open.text()
}

// needsRefang reports whether one of the bytes is in s that a rewriting needs.
func needsRefang(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80, c == '[', c == '(', c == '{':
			return true
		case c == 'h' || c == 'H' || c == 'm' || c == 'M' || c == 'f' || c == 'F':
			if _, n := scheme(s[i:]); n > 0 {
				return true
			}
		}
	}
	return false
}

// A rewrite is a text with parts of it replaced, and where they were.
type rewrite struct {
	in    string
	out   []byte
	done  int    // bytes of in that are in out
	edits []edit // in order
}

type edit struct{ in, inLen, out, outLen int }

// replace puts with in the place of in[i:i+n].
func (w *rewrite) replace(i, n int, with string) {
	w.out = append(w.out, w.in[w.done:i]...)
	w.edits = append(w.edits, edit{i, n, len(w.out), len(with)})
	w.out = append(w.out, with...)
	w.done = i + n
}

// text returns the rewritten text.
func (w *rewrite) text() string {
	if len(w.edits) == 0 {
		return w.in
	}
	return string(w.out) + w.in[w.done:]
}

// span returns the bytes of in that out[start:end] stands for, and whether any
// of them was replaced. start is less than end.
func (w *rewrite) span(start, end int) (int, int, bool) {
	first := sort.Search(len(w.edits), func(i int) bool { return w.edits[i].out+w.edits[i].outLen > start })
	edited := first < len(w.edits) && w.edits[first].out < end
	return w.origin(start, false), w.origin(end, true), edited
}

// origin returns the position in in of the one in out; inside a replacement,
// its start, or its end when last is set.
func (w *rewrite) origin(pos int, last bool) int {
	i := sort.Search(len(w.edits), func(i int) bool {
		if last {
			return w.edits[i].out >= pos
		}
		return w.edits[i].out > pos
	}) - 1
	if i < 0 {
		return pos
	}
	e := w.edits[i]
	switch inside := pos - e.out; {
	case inside >= e.outLen && (inside > 0 || !last):
		return e.in + e.inLen + inside - e.outLen
	case last:
		return e.in + e.inLen
	default:
		return e.in
	}
}

// lookAlikes replaces what looks like ASCII punctuation, full-width forms, and
// characters that do not show. One of these stays behind a byte that is no
// UTF-8: without it, the bytes around it could join into another character.
func (w *rewrite) lookAlikes() {
	for i, broken := 0, false; i < len(w.in); {
		if w.in[i] < 0x80 {
			i, broken = i+1, false
			continue
		}
		r, n := utf8.DecodeRuneInString(w.in[i:])
		if with, ok := lookAlike(r); ok && (with != "" || !broken) {
			w.replace(i, n, with)
		}
		i, broken = i+n, r == utf8.RuneError && n == 1
	}
}

func lookAlike(r rune) (string, bool) {
	switch r {
	case '\u3002', '\uff61', '\u2024', '\ufe52':
		return ".", true
	case '\u2010', '\u2011', '\ufe63':
		return "-", true
	case '\u2044', '\u2215', '\u29f8':
		return "/", true
	case '\ua789', '\u2236', '\ufe55':
		return ":", true
	case '\ufe6b':
		return "@", true
	case '\u200b', '\u200c', '\u200d', '\u2060', '\ufeff', '\u00ad':
		return "", true
	}
	if '\uff01' <= r && r <= '\uff5e' {
		return string(r - 0xfee0), true
	}
	return "", false
}

// brackets replaces bracketed punctuation and the schemes of defanged URLs.
// All brackets in a row go, so that none is left to be undone the next time.
func (w *rewrite) brackets() {
	s := w.in
	for i := 0; i < len(s); {
		switch s[i] {
		case '[', '(', '{':
			if with, n := bracketed(s[i:]); n > 0 {
				w.replace(i, n, with)
				i += n
				continue
			}
			for i < len(s) && strings.IndexByte("[({", s[i]) >= 0 {
				i++
			}
			continue
		case 'h', 'H', 'm', 'M', 'f', 'F':
			if i > 0 && isAlnum(s[i-1]) {
				break
			}
			if with, n := scheme(s[i:]); n > 0 {
				w.replace(i, n, with)
				i += n
				continue
			}
		}
		i++
	}
}

// bracketed returns what the brackets and the words at the start of s stand
// for, and how many bytes they are, 0 if they are of no known form.
func bracketed(s string) (with string, n int) {
	open := len(s) - len(strings.TrimLeft(s, "[({"))
	rest := s[open:]
	word := 0
	for _, f := range [...]struct{ word, with string }{{".", "."}, {"dot", "."}, {"at", "@"}, {"@", "@"}, {"://", "://"}, {":", ":"}} {
		if len(rest) >= len(f.word) && strings.EqualFold(rest[:len(f.word)], f.word) {
			word, with = len(f.word), f.with
			break
		}
	}
	if word == 0 {
		return "", 0
	}
	shut := rest[word:]
	closers := len(shut) - len(strings.TrimLeft(shut, "])}"))
	if closers == 0 && (s[open-1] != '[' || with != "." || word != 1 || shut == "" || !isAlnum(shut[0])) {
		return "", 0
	}
	return with, open + word + closers
}

// scheme returns the true scheme of the defanged one at the start of s, and how
// many bytes that is, 0 if there is none. A colon or its brackets must follow.
func scheme(s string) (with string, n int) {
	for _, f := range [...]struct{ word, with string }{{"hxxp", "http"}, {"htxp", "http"}, {"hxtp", "http"}, {"h**p", "http"}, {"meow", "http"}, {"fxp", "ftp"}} {
		if len(s) <= len(f.word) || !strings.EqualFold(s[:len(f.word)], f.word) {
			continue
		}
		with, n = f.with, len(f.word)
		if s[n]|0x20 == 's' {
			with, n = with+"s", n+1
		}
		if rest := strings.TrimLeft(s[n:], "[({"); strings.HasPrefix(rest, ":") {
			return with, n
		}
	}
	return "", 0
}
