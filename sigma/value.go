package sigma

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// parsePattern reads a value with its wildcards and escapes (Sigma 2.1.0,
// "String Wildcard", "Escaping"): a backslash escapes *, ? and itself, and is
// plain before anything else.
func parsePattern(s string) Pattern {
	var b builder
	return b.parsePattern(s)
}

func (r *builder) parsePattern(s string) Pattern {
	if s == "" {
		return Pattern{}
	}
	if strings.IndexByte(s, '*') < 0 && strings.IndexByte(s, '?') < 0 && !strings.Contains(s, `\\`) {
		return append(r.pattern(1), Part{Kind: Literal, Literal: s})
	}
	var p Pattern
	var b []byte
	flush := func() {
		if len(b) > 0 {
			p = append(p, Part{Kind: Literal, Literal: string(b)})
			b = b[:0]
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte(`\*?`, s[i+1]) >= 0:
			i++
			b = append(b, s[i])
		case c == '*':
			flush()
			if len(p) == 0 || p[len(p)-1].Kind != Any {
				p = append(p, Part{Kind: Any})
			}
		case c == '?':
			flush()
			p = append(p, Part{Kind: One})
		default:
			b = append(b, c)
		}
	}
	flush()
	return p
}

// wild reports whether p holds wildcards.
func (p Pattern) wild() bool {
	for i := range p {
		if p[i].Kind != Literal {
			return true
		}
	}
	return false
}

// size returns how many bytes the literals of p take.
func (p Pattern) size() int {
	n := 0
	for i := range p {
		n += len(p[i].Literal)
	}
	return n
}

// plain returns the text of a pattern without wildcards.
func (p Pattern) plain() string {
	var b strings.Builder
	for i := range p {
		b.WriteString(p[i].Literal)
	}
	return b.String()
}

// regexpText writes p as a regular expression.
func (p Pattern) regexpText() string {
	var b strings.Builder
	for i := range p {
		switch p[i].Kind {
		case Any:
			b.WriteString(".*")
		case One:
			b.WriteString(".")
		default:
			b.WriteString(quoteMeta(p[i].Literal))
		}
	}
	return b.String()
}

// mapLiterals returns p with f applied to its literals.
func (p Pattern) mapLiterals(f func(string) string) Pattern {
	q := make(Pattern, len(p))
	for i := range p {
		q[i] = p[i]
		if p[i].Kind == Literal {
			q[i].Literal = f(p[i].Literal)
		}
	}
	return q
}

// dashes are the characters that windash exchanges for each other.
var dashes = [...]string{"-", "/", "\u2013", "\u2014", "\u2015"}

// maxDashes bounds the dashes that windash exchanges in one value: three give
// 125 patterns.
const maxDashes = 3

// windash returns p with each dash that begins a word, and does not follow
// one, exchanged for every other kind of dash, in all combinations.
func (p Pattern) windash() ([]Pattern, error) {
	found := 0
	out := []Pattern{make(Pattern, 0, len(p))}
	for _, part := range p {
		if part.Kind != Literal {
			for i := range out {
				out[i] = append(out[i], part)
			}
			continue
		}
		texts := []string{""}
		start, prev := 0, rune(0)
		for i, r := range part.Literal {
			size := utf8.RuneLen(r)
			if isDash(r) && !isWord(prev) && i+size < len(part.Literal) {
				if next, _ := utf8.DecodeRuneInString(part.Literal[i+size:]); isWord(next) {
					if found++; found > maxDashes {
						return nil, bad("split the value into several, each with fewer options",
							"windash takes at most %d dashes in one value", maxDashes)
					}
					texts = exchange(texts, part.Literal[start:i])
					start = i + size
				}
			}
			prev = r
		}
		rest := part.Literal[start:]
		var next []Pattern
		for _, q := range out {
			for _, t := range texts {
				next = append(next, append(q[:len(q):len(q)], Part{Kind: Literal, Literal: t + rest}))
			}
		}
		out = next
	}
	return out, nil
}

// exchange appends plain and each kind of dash to each of texts.
func exchange(texts []string, plain string) []string {
	out := make([]string, 0, len(texts)*len(dashes))
	for _, t := range texts {
		for _, d := range dashes {
			out = append(out, t+plain+d)
		}
	}
	return out
}

func isDash(r rune) bool { return r == '-' || r == '/' || 0x2013 <= r && r <= 0x2015 }

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// utf16LE, utf16BE and utf16BOM return s in UTF-16 (modifiers utf16le or
// wide, utf16be, utf16).
func utf16LE(s string) string { return utf16Text(s, false) }

func utf16BE(s string) string { return utf16Text(s, true) }

func utf16Text(s string, big bool) string {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// byteOrderMark is what the utf16 modifier puts before its text.
const byteOrderMark = "\xff\xfe"

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// base64Offsets returns the three texts of which one stands in any base64
// text that encodes s at some offset: the characters that depend on s alone.
func base64Offsets(s string) [3]string {
	var out [3]string
	first := [3]int{0, 2, 3}
	cut := [3]int{0, 3, 2}
	for i := range out {
		text := base64Text("  "[:i] + s)
		end := len(text) - cut[(len(s)+i)%3]
		out[i] = text[min(first[i], end):end]
	}
	return out
}
