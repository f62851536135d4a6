package pattern

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// LIKE is an expression of few means: % is .*, _ is a dot.
func FuzzLike(f *testing.F) {
	for _, s := range [][2]string{
		{"%foo_", "a foo!"}, {"", ""}, {"%", "x"}, {"_%_", "é"}, {"a%b%a", "aba"}, {"a%a", "a"}, {"%a_c%", "aabcabc"}, {"__", "e\u0301e"}, {"%_", ""},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, operand, text string) {
		operand, text = strings.ToValidUTF8(operand, "?"), strings.ToValidUTF8(text, "?")
		if len(operand) > 200 {
			return
		}
		quoted := regexp.QuoteMeta(norm.NFC.String(operand))
		re := regexp.MustCompile(`(?s)\A` + strings.ReplaceAll(strings.ReplaceAll(quoted, "%", ".*"), "_", ".") + `\z`)
		text = norm.NFC.String(text)
		want := re.MatchString(text)
		l := newLike(operand)
		if got := l.matches(text); got != want {
			t.Fatalf("%q LIKE %q: %v, want %v", text, operand, got, want)
		}
		if need := l.required(); want && !strings.Contains(string(lowerASCII(text)), need) {
			t.Fatalf("%q LIKE %q holds without %q", text, operand, need)
		}
	})
}

func lowerASCII(s string) []byte {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

// What an expression needs stands in all that it matches.
func FuzzRequired(f *testing.F) {
	for _, s := range [][2]string{
		{"(?i)power.*shell|cmd", "POWERSHELL"}, {"^a(bc|de){2,}f?$", "abcde"}, {"[a-z]+xyz{3}", "aaxyzzz"}, {"\u017f(?i)mask", "\u017fMA\u017f\u212a"}, {"(?:foo)?bar", "bar"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, expression, text string) {
		if len(expression) > 100 {
			return
		}
		r, tree, _, err := compileRegex(expression)
		if err != nil {
			return
		}
		text = norm.NFC.String(strings.ToValidUTF8(text, "?"))
		texts, ok := required(tree)
		if !ok || !r.MatchString(text) {
			return
		}
		for _, need := range texts {
			if strings.Contains(string(lowerASCII(text)), need) {
				return
			}
		}
		t.Fatalf("%q matches %q without %q", expression, text, texts)
	})
}
