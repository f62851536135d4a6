package sigma

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// simple reports the literal that p is when p has no wildcards but leading
// and trailing Any, and how it must stand. The pattern Any alone is the empty
// literal, contained.
func (p Pattern) simple() (literal, bool) {
	q := p
	lead, trail := false, false
	for len(q) > 0 && q[0].Kind == Any {
		lead, q = true, q[1:]
	}
	for len(q) > 0 && q[len(q)-1].Kind == Any {
		trail, q = true, q[:len(q)-1]
	}
	text := ""
	for _, part := range q {
		if part.Kind != Literal {
			return literal{}, false
		}
		text += part.Literal
	}
	switch {
	case lead && (trail || len(q) == 0):
		return newLiteral(text, contained), true
	case lead:
		return newLiteral(text, ends), true
	case trail:
		return newLiteral(text, begins), true
	}
	return newLiteral(text, equal), true
}

// longest returns the longest literal run of p, "" when it has none.
func (p Pattern) longest() string {
	best, run := "", ""
	for _, part := range p {
		if part.Kind != Literal {
			run = ""
			continue
		}
		if run += part.Literal; len(run) > len(best) {
			best = run
		}
	}
	return best
}

// folded returns p with its literals folded.
func (p Pattern) folded() Pattern {
	q := make(Pattern, len(p))
	for i, part := range p {
		q[i] = Part{part.Kind, fold(part.Literal)}
	}
	return q
}

// glob reports whether p matches all of v. Any is tried shortest first with
// one point of return, so the cost is at most len(v) times len(p).
func (p Pattern) glob(v []byte) bool {
	i, back, backAt := 0, -1, 0
	for at := 0; ; {
		if i < len(p) {
			switch part := &p[i]; part.Kind {
			case Any:
				i++
				back, backAt = i, at
				continue
			case One:
				if at < len(v) {
					_, n := utf8.DecodeRune(v[at:])
					at += n
					i++
					continue
				}
			case Literal:
				if len(v)-at >= len(part.Literal) && string(v[at:at+len(part.Literal)]) == part.Literal {
					at += len(part.Literal)
					i++
					continue
				}
			}
		} else if at == len(v) {
			return true
		}
		if back < 0 || backAt >= len(v) {
			return false
		}
		_, n := utf8.DecodeRune(v[backAt:])
		backAt += n
		if back < len(p) && p[back].Literal != "" && utf8.RuneStart(p[back].Literal[0]) { // what may begin it is the next place to try
			n := bytes.IndexByte(v[backAt:], p[back].Literal[0])
			if n < 0 {
				return false
			}
			backAt += n
		}
		i, at = back, backAt
	}
}

// matches reports whether v stands to l as l.where says.
func (l *literal) matches(v []byte) bool {
	switch l.where {
	case equal:
		return string(v) == l.text
	case begins:
		return len(v) >= len(l.text) && string(v[:len(l.text)]) == l.text
	case ends:
		return len(v) >= len(l.text) && string(v[len(v)-len(l.text):]) == l.text
	}
	return bytes.Contains(v, l.bytes)
}

// String prints p as a rule would write it.
func (p Pattern) String() string {
	var b strings.Builder
	for _, part := range p {
		switch part.Kind {
		case Any:
			b.WriteByte('*')
		case One:
			b.WriteByte('?')
		case Reference:
			b.WriteString("<field>")
		case Literal:
			b.WriteString(part.Literal)
		}
	}
	return b.String()
}
