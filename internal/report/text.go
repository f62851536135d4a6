package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

// Printable returns s on one line and without anything that steers a
// terminal or hides text: control and format characters (among them escape
// sequences and direction overrides), separators other than the space, and
// bytes that are not UTF-8 are written out as \n, \x1b or \u202e. A backslash stays
// as it is, for the paths that are full of them.
func Printable(s string) string { return visible(s, false) }

// visible is Printable that can leave line breaks and tabs as they are.
func visible(s string, lines bool) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unicode.IsPrint(r), lines && (r == '\n' || r == '\t'):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		i += n
	}
	return b.String()
}

// wide are the ranges whose characters take two columns on a terminal
// (Unicode Standard Annex 11, East Asian Width W and F, and emoji).
var wide = [...][2]rune{
	{0x1100, 0x115f},
	{0x2e80, 0x303e},
	{0x3041, 0xa4cf},
	{0xa960, 0xa97c},
	{0xac00, 0xd7a3},
	{0xf900, 0xfaff},
	{0xfe30, 0xfe6f},
	{0xff01, 0xff60},
	{0xffe0, 0xffe6},
	{0x1f300, 0x1f64f},
	{0x1f680, 0x1f9ff},
	{0x20000, 0x3fffd},
}

// columns returns how many terminal columns r takes.
func columns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	for _, w := range wide {
		if r >= w[0] && r <= w[1] {
			return 2
		}
	}
	return 1
}

// width returns how many terminal columns s takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += columns(r)
	}
	return n
}

// pad fills s with spaces to n columns, right fills on the left.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

func right(s string, n int) string { return strings.Repeat(" ", max(0, n-width(s))) + s }

// cut shortens s to n columns, with an ellipsis for the end that is gone.
func cut(s string, n int) string {
	if width(s) <= n {
		return s
	}
	have := 0
	for i, r := range s {
		if have+columns(r) > n-1 {
			return s[:i] + "…"
		}
		have += columns(r)
	}
	return s
}

// cutLeft shortens s to n columns and keeps its end, for paths.
func cutLeft(s string, n int) string {
	have := width(s)
	if have <= n {
		return s
	}
	for i, r := range s {
		if have <= n-1 {
			return "…" + s[i:]
		}
		have -= columns(r)
	}
	return "…"
}

// wrap breaks s into lines of at most n columns, at spaces where it can.
func wrap(s string, n int) []string {
	var lines []string
	for width(s) > n {
		have, end, space := 0, 0, 0
		for i, r := range s {
			if have+columns(r) > n && i > 0 {
				break
			}
			have += columns(r)
			end = i + utf8.RuneLen(r)
			if r == ' ' {
				space = i
			}
		}
		if end < len(s) && s[end] == ' ' {
			space = end
		}
		if space > 0 {
			end = space
		}
		lines = append(lines, strings.TrimRight(s[:end], " "))
		s = strings.TrimLeft(s[end:], " ")
	}
	if s != "" || len(lines) == 0 {
		lines = append(lines, s)
	}
	return lines
}

// number writes n with a comma between thousands.
func number[T int | uint64](n T) string {
	s := strconv.FormatUint(uint64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural writes a number with its noun: "1 rule", "1,204 rules".
func plural[T int | uint64](n T, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}

// minute writes a time to the minute, UTC; "" when there is none.
func minute(t int64) string { return stamp(t, "2006-01-02 15:04") }

func stamp(t int64, layout string) string {
	if t == event.NoTime {
		return ""
	}
	return time.Unix(0, t).UTC().Format(layout)
}
