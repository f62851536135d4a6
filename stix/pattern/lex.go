package pattern

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/stix"
)

// A SyntaxError says where a pattern breaks the grammar.
type SyntaxError struct {
	Pos int // in bytes from 0
	Msg string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("at character %d: %s", e.Pos+1, e.Msg) }

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	keywordToken
	literalToken
	signToken // brackets, operators, separators
)

// A token is the smallest part of a pattern. text holds a name, a keyword or a
// sign, with == and <> turned into = and !=.
type token struct {
	kind    tokenKind
	text    string
	literal Literal
	pos     int
}

func (t *token) String() string {
	switch t.kind {
	case endToken:
		return "the end of the pattern"
	case literalToken:
		return "the " + t.literal.Kind.String() + " " + clip(t.literal.String())
	}
	return clip(t.text)
}

// clip shortens what an error quotes.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}

var keywords = map[string]bool{
	"AND": true, "OR": true, "NOT": true, "FOLLOWEDBY": true, "LIKE": true, "MATCHES": true, "ISSUPERSET": true,
	"ISSUBSET": true, "EXISTS": true, "LAST": true, "IN": true, "START": true, "STOP": true, "SECONDS": true,
	"true": true, "false": true, "WITHIN": true, "REPEATS": true, "TIMES": true,
}

// A lexer cuts a pattern into tokens.
type lexer struct {
	s   string
	pos int
}

func (l *lexer) fail(pos int, format string, args ...any) error {
	return &SyntaxError{pos, fmt.Sprintf(format, args...)}
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	if err := l.skip(); err != nil {
		return token{}, err
	}
	if l.pos == len(l.s) {
		return token{pos: l.pos}, nil
	}
	start := l.pos
	switch c := l.s[l.pos]; {
	case isLetter(c):
		if n := start + 1; n < len(l.s) && l.s[n] == '\'' && (c == 't' || c == 'h' || c == 'b') {
			l.pos++
			return l.quoted(c, start)
		}
		for l.pos < len(l.s) && (isLetter(l.s[l.pos]) || isDigit(l.s[l.pos]) || l.s[l.pos] == '-') {
			l.pos++
		}
		t := token{kind: nameToken, text: l.s[start:l.pos], pos: start}
		if keywords[t.text] {
			t.kind = keywordToken
		}
		return t, nil
	case c == '\'':
		return l.quoted('s', start)
	case isDigit(c) || (c == '.' || c == '+' || c == '-') && l.digitAhead():
		return l.number()
	}
	return l.sign()
}

// skip steps over white space and comments.
func (l *lexer) skip() error {
	for l.pos < len(l.s) {
		rest := l.s[l.pos:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r):
			l.pos += size
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexAny(rest, "\r\n")
			if n < 0 {
				n = len(rest)
			}
			l.pos += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return l.fail(l.pos, "a comment that does not end: */ is missing")
			}
			l.pos += n + 4
		default:
			return nil
		}
	}
	return nil
}

var signs = []string{"==", "!=", "<>", "<=", ">=", "=", "<", ">", "[", "]", "(", ")", ":", ".", ",", "*"}

func (l *lexer) sign() (token, error) {
	for _, s := range signs {
		if !strings.HasPrefix(l.s[l.pos:], s) {
			continue
		}
		t := token{kind: signToken, text: s, pos: l.pos}
		l.pos += len(s)
		switch s {
		case "==":
			t.text = "="
		case "<>":
			t.text = "!="
		}
		return t, nil
	}
	r, _ := utf8.DecodeRuneInString(l.s[l.pos:])
	return token{}, l.fail(l.pos, "%q has no meaning here; text goes between single quotes", r)
}

// digitAhead tells a number from a sign that happens to begin like one.
func (l *lexer) digitAhead() bool {
	rest := l.s[l.pos+1:]
	if l.s[l.pos] != '.' {
		rest = strings.TrimPrefix(rest, ".")
	}
	return rest != "" && isDigit(rest[0])
}

func (l *lexer) number() (token, error) {
	start := l.pos
	if c := l.s[l.pos]; c == '+' || c == '-' {
		l.pos++
	}
	whole := l.pos
	digits := func() {
		for l.pos < len(l.s) && isDigit(l.s[l.pos]) {
			l.pos++
		}
	}
	digits()
	v := Literal{Kind: Integer, Pos: start}
	if l.pos-whole > 1 && l.s[whole] == '0' && (l.pos == len(l.s) || l.s[l.pos] != '.') {
		return token{}, l.fail(start, "an integer does not begin with 0")
	}
	if l.pos+1 < len(l.s) && l.s[l.pos] == '.' && isDigit(l.s[l.pos+1]) {
		v.Kind = Float
		l.pos++
		digits()
	}
	v.Text = l.s[start:l.pos]
	var err error
	if v.Kind == Integer {
		v.Int, err = strconv.ParseInt(v.Text, 10, 64)
		v.Float = float64(v.Int)
	} else {
		v.Float, err = strconv.ParseFloat(v.Text, 64)
	}
	if err != nil {
		return token{}, l.fail(start, "%s is more than 64 bits hold", clip(v.Text))
	}
	return token{kind: literalToken, literal: v, pos: start}, nil
}

// quoted reads what stands between single quotes: a string (kind s), a
// timestamp (t), hexadecimal digits (h) or base64 (b).
func (l *lexer) quoted(kind byte, start int) (token, error) {
	text, err := l.characters()
	if err != nil {
		return token{}, err
	}
	v := Literal{Kind: String, Text: text, Pos: start}
	switch kind {
	case 't':
		v.Kind = Timestamp
		err = v.time()
	case 'h':
		v.Kind = Hex
		if v.Bytes, err = hex.DecodeString(text); err != nil {
			err = errHex
		}
	case 'b':
		v.Kind = Binary
		if v.Bytes, err = base64.StdEncoding.DecodeString(text); err != nil || strings.ContainsAny(text, "\r\n") {
			err = errBase64
		}
	}
	if err != nil {
		return token{}, l.fail(start, "%s: %v", clip(text), err)
	}
	return token{kind: literalToken, literal: v, pos: start}, nil
}

// characters reads a quoted string, where \' and \\ stand for ' and \.
func (l *lexer) characters() (string, error) {
	open := l.pos
	var b strings.Builder
	for l.pos++; l.pos < len(l.s); l.pos++ {
		switch c := l.s[l.pos]; c {
		case '\'':
			l.pos++
			return b.String(), nil
		case '\\':
			l.pos++
			if l.pos == len(l.s) || l.s[l.pos] != '\'' && l.s[l.pos] != '\\' {
				return "", l.fail(l.pos-1, `a backslash in a string is written \\, a quote \'`)
			}
			b.WriteByte(l.s[l.pos])
		default:
			b.WriteByte(c)
		}
	}
	return "", l.fail(open, "a string that does not end: a single quote is missing")
}

var (
	errHex    = errors.New("hexadecimal digits must come in pairs of 0-9, a-f")
	errBase64 = errors.New("no base64 (RFC 4648, section 4)")
	errTime   = errors.New("no timestamp: write t'2021-03-02T10:11:12.000Z'")
)

// time reads a timestamp. The grammar lets every month have 31 days and every
// minute a second 60; those that do not exist are no instant.
func (v *Literal) time() error {
	s := v.Text
	if len(s) < 20 || len(s) > 40 || s[len(s)-1] != 'Z' {
		return errTime
	}
	for i, c := range []byte("dddd-dd-ddTdd:dd:dd") {
		if c == 'd' && !isDigit(s[i]) || c != 'd' && c != s[i] {
			return errTime
		}
	}
	if fraction := s[19 : len(s)-1]; fraction != "" {
		if fraction[0] != '.' || len(fraction) == 1 || strings.Trim(fraction[1:], "0123456789") != "" {
			return errTime
		}
	}
	if m := s[5:7]; m < "01" || m > "12" || s[8:10] < "01" || s[8:10] > "31" || s[11:13] > "23" || s[14:16] > "59" || s[17:19] > "60" {
		return errTime
	}
	t, err := stix.ParseTimestamp(s)
	v.Time, v.never = t.Time, err != nil
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
