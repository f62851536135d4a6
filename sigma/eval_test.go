package sigma

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A record is an event as the reference evaluator sees it.
type record struct {
	fields map[string][]string
	null   map[string]bool // fields that are there and null
	text   string          // the line, for formats that are lines
}

// evalExpr is the reference evaluator: it says what an expression means, one
// node after the other, without any of the machinery that makes Set fast.
// Tests of the loader use it, and the compiled set is held to it.
func evalExpr(x Expr, r *record) bool {
	switch x := x.(type) {
	case And:
		for _, kid := range x {
			if !evalExpr(kid, r) {
				return false
			}
		}
		return true
	case Or:
		return slices.ContainsFunc(x, func(kid Expr) bool { return evalExpr(kid, r) })
	case Not:
		return !evalExpr(x.X, r)
	case *Atom:
		return evalAtom(x, r)
	}
	panic("unknown expression")
}

func evalAtom(a *Atom, r *record) bool {
	values := r.fields[a.Field]
	switch {
	case a.Op == Never:
		return false
	case a.Op == Exists:
		return (len(values) > 0 || r.null[a.Field]) == a.Want
	case a.Op == IsNull:
		return len(values) == 0
	case a.Field == "":
		if r.text != "" {
			values = append(values, r.text)
		}
		for _, v := range r.fields {
			values = append(values, v...)
		}
	}
	return slices.ContainsFunc(values, func(v string) bool { return evalValue(a, v, r) })
}

func evalValue(a *Atom, v string, r *record) bool {
	switch a.Op {
	case Match:
		return wildMatch(a.Pattern, v, a.Cased, "")
	case FieldMatch:
		return slices.ContainsFunc(r.fields[a.Ref], func(other string) bool { return wildMatch(a.Pattern, v, a.Cased, other) })
	case Regexp:
		return regexp.MustCompile(a.Text).MatchString(v)
	case CIDR:
		addr, err := netip.ParseAddr(strings.TrimSpace(v))
		return err == nil && netip.MustParsePrefix(a.Text).Contains(addr.WithZone("").Unmap())
	case Lt, Lte, Gt, Gte:
		n, ok := refNumber(v)
		return ok && map[Op]bool{Lt: n < a.Number, Lte: n <= a.Number, Gt: n > a.Number, Gte: n >= a.Number}[a.Op]
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return false
	}
	_, week := t.ISOWeek()
	part := map[Op]int{Minute: t.Minute(), Hour: t.Hour(), Day: t.Day(), Week: week, Month: int(t.Month()), Year: t.Year()}[a.Op]
	return float64(part) == a.Number
}

func refNumber(v string) (float64, bool) {
	v = strings.TrimSpace(v)
	if hex, ok := strings.CutPrefix(strings.ToLower(v), "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 64)
		return float64(n), err == nil
	}
	n, err := strconv.ParseFloat(v, 64)
	return n, err == nil
}

// wildMatch reports whether p, with other in place of its Reference, matches
// all of v. It tries every way.
func wildMatch(p Pattern, v string, cased bool, other string) bool {
	if len(p) == 0 {
		return v == ""
	}
	switch p[0].Kind {
	case Any:
		for i := 0; ; {
			if wildMatch(p[1:], v[i:], cased, other) {
				return true
			}
			if i >= len(v) {
				return false
			}
			_, n := utf8.DecodeRuneInString(v[i:])
			i += n
		}
	case One:
		_, n := utf8.DecodeRuneInString(v)
		return n > 0 && wildMatch(p[1:], v[n:], cased, other)
	}
	text := p[0].Literal
	if p[0].Kind == Reference {
		text = other
	}
	if !cased {
		text, v = lower(text), lower(v)
	}
	rest, ok := strings.CutPrefix(v, text)
	return ok && wildMatch(p[1:], rest, cased, other)
}

// lower folds s, leaving bytes that are not UTF-8 as they are.
func lower(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			b.WriteByte(s[0])
		} else {
			b.WriteRune(unicode.ToLower(r))
		}
		s = s[n:]
	}
	return b.String()
}
