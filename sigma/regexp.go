package sigma

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// maxRegexp bounds the source of one regular expression.
const maxRegexp = 16 << 10

// maxExpression bounds the size of a regular expression with its repetitions
// written out.
const maxExpression = 100_000

// expressionSize returns roughly how large the program of x becomes.
func expressionSize(x *syntax.Regexp) float64 {
	size := float64(1 + len(x.Rune)/2)
	for _, sub := range x.Sub {
		size += expressionSize(sub)
	}
	if x.Op == syntax.OpRepeat {
		size *= float64(max(x.Min+1, x.Max))
	}
	return size
}

func quoteMeta(s string) string { return regexp.QuoteMeta(s) }

// regexpExpr builds the test of a regular expression (modifier re). Rules are
// written for PCRE; what RE2 lacks is translated where the set of matching
// values stays the same, and refused where it does not (see translate).
func regexpExpr(field string, c *chain, source string) (Expr, error) {
	if len(source) > maxRegexp {
		return nil, bad("shorten it", "the regular expression has more than %d bytes", maxRegexp)
	}
	flags := ""
	if c.flags != "" {
		flags = "(?" + c.flags + ")"
	}
	parts := []regexpPart{{source: source}}
	if _, err := syntax.Parse(source, syntax.Perl); err != nil {
		var reason string
		if parts, reason = translate(source); reason != "" {
			return nil, bad("rewrite it in RE2 syntax, which has no lookaround and no backreferences", "the regular expression %s", reason)
		}
	}
	var all And
	for _, p := range parts {
		text := p.source
		if c.trail && !c.lead {
			text = `\A(?:` + text + `)`
		} else if c.lead && !c.trail {
			text = `(?:` + text + `)\z`
		}
		text = flags + text
		tree, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			return nil, bad("rewrite it in RE2 syntax", "the regular expression is not valid: %v", err)
		}
		if expressionSize(tree) > maxExpression {
			return nil, bad("use smaller counts", "the regular expression repeats too much")
		}
		var x Expr = &Atom{Field: field, Op: Regexp, Text: text}
		if p.not {
			x = Not{x}
		}
		all = append(all, x)
	}
	if len(all) == 1 {
		return all[0], nil
	}
	return all, nil
}

// A regexpPart is one of the expressions that translate makes of one: all
// must match, or must not.
type regexpPart struct {
	source string
	not    bool
}

// translate writes a PCRE expression in RE2. It knows
//
//   - atomic groups and possessive quantifiers, which only save time: plain ones;
//   - \Z, \h, \R, \uXXXX, \e and comments (?#…);
//   - lookaheads that stand first, after ^: expressions of their own that must
//     match there, or must not;
//   - a positive lookahead that stands last and a positive lookbehind that
//     stands first: text that must be there.
//
// It returns why the expression cannot be translated, or "".
func translate(source string) (parts []regexpPart, reason string) {
	prefix, rest := "", source
	if strings.HasPrefix(rest, "(?") { // leading flags
		if i := strings.IndexByte(rest, ')'); i > 0 && strings.Trim(rest[2:i], "ims") == "" {
			prefix, rest = rest[:i+1], rest[i+1:]
		}
	}
	if strings.HasPrefix(rest, "^") && !alternates(rest) {
		rest = rest[1:]
		for strings.HasPrefix(rest, "(?=") || strings.HasPrefix(rest, "(?!") {
			end := closing(rest, 0)
			if end < 0 {
				return nil, "has an open group"
			}
			inner, why := simplify(rest[3:end])
			if why != "" {
				return nil, why
			}
			parts = append(parts, regexpPart{source: prefix + "^(?:" + inner + ")", not: rest[2] == '!'})
			rest = rest[end+1:]
		}
		rest = "^" + rest
	}
	if strings.HasPrefix(rest, "(?<=") && !alternates(rest) {
		rest = "(?:" + rest[4:]
	}
	if i := strings.LastIndex(rest, "(?="); i >= 0 && closing(rest, i) == len(rest)-1 && !alternates(rest) && (i == 0 || rest[i-1] != '\\') {
		rest = rest[:i] + "(?:" + rest[i+3:]
	}
	rest, reason = simplify(rest)
	if reason != "" {
		return nil, reason
	}
	return append(parts, regexpPart{source: prefix + rest}), ""
}

// closing returns the index of the parenthesis that closes the one at i, or
// -1.
func closing(s string, i int) int {
	depth := 0
	for j := i; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '[':
			j = classEnd(s, j)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}

// classEnd returns the index of the bracket that closes the class at i.
func classEnd(s string, i int) int {
	j := i + 1
	if j < len(s) && s[j] == '^' {
		j++
	}
	if j < len(s) && s[j] == ']' {
		j++
	}
	for ; j < len(s); j++ {
		switch {
		case s[j] == '\\':
			j++
		case s[j] == '[' && j+1 < len(s) && s[j+1] == ':':
			if n := strings.Index(s[j:], ":]"); n > 0 {
				j += n + 1
			}
		case s[j] == ']':
			return j
		}
	}
	return len(s)
}

// alternates reports whether s has a | outside groups and classes.
func alternates(s string) bool {
	depth := 0
	for j := 0; j < len(s); j++ {
		switch s[j] {
		case '\\':
			j++
		case '[':
			j = classEnd(s, j)
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// simplify rewrites what needs no knowledge of where it stands.
func simplify(s string) (out, reason string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			text, n, why := escape(s[i:])
			if why != "" {
				return "", why
			}
			b.WriteString(text)
			i += n - 1
		case c == '[':
			end := min(classEnd(s, i), len(s)-1)
			b.WriteString(s[i : end+1])
			i = end
		case c == '(' && strings.HasPrefix(s[i:], "(?#"):
			if n := strings.IndexByte(s[i:], ')'); n > 0 {
				i += n
			}
		case c == '(' && strings.HasPrefix(s[i:], "(?>"):
			b.WriteString("(?:")
			i += 2
		case c == '(' && lookaround(s[i:]):
			return "", "looks ahead or behind where RE2 cannot"
		case c == '+' && i > 0 && quantified(s[:i]):
			// a possessive quantifier
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

func lookaround(s string) bool {
	for _, p := range []string{"(?=", "(?!", "(?<=", "(?<!"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// quantified reports whether s ends in a quantifier, which a + makes
// possessive.
func quantified(s string) bool {
	last := s[len(s)-1]
	if slashes := len(s) - 1 - len(strings.TrimRight(s[:len(s)-1], `\`)); slashes%2 == 1 {
		return false
	}
	if last == '}' {
		i := strings.LastIndexByte(s, '{')
		return i > 0 && i < len(s)-2 && strings.Trim(s[i+1:len(s)-1], "0123456789,") == ""
	}
	return (last == '*' || last == '+' || last == '?') && len(s) > 1 && !strings.HasSuffix(s, "(?")
}

// escape translates the escape at the start of s and returns how long it is.
func escape(s string) (text string, n int, reason string) {
	switch c := s[1]; {
	case c == 'Z':
		return `(?:\n?\z)`, 2, ""
	case c == 'h':
		return `[\t ]`, 2, ""
	case c == 'R':
		return `(?:\r\n|[\n\v\f\r])`, 2, ""
	case c == 'e':
		return `\x1b`, 2, ""
	case c == 'u' && len(s) >= 6:
		return `\x{` + s[2:6] + `}`, 6, ""
	case '1' <= c && c <= '9', c == 'k', c == 'g':
		return "", 0, "refers back to a group"
	case c == 'G', c == 'K', c == 'X':
		return "", 0, `uses \` + string(c)
	}
	return s[:2], 2, ""
}
