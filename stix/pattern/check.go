package pattern

import (
	"fmt"
	"slices"
	"strings"
)

// A Problem is what Check finds. A pattern with one that is no warning is not
// valid; a warning is about a pattern that is valid and may not do what it
// seems to.
type Problem struct {
	Pos     int // in bytes from 0
	Warning bool
	Msg     string
}

func (p Problem) String() string { return fmt.Sprintf("at character %d: %s", p.Pos+1, p.Msg) }

// Check returns what is wrong with a pattern beyond its grammar, in the order of
// the pattern: hashes of a wrong length, qualifiers that contradict each other,
// operands that never match, what Compile refuses.
func (p *Pattern) Check() []Problem {
	var c checker
	c.observation(p.Root)
	if _, err := p.Compile(); err != nil && !c.uncompilable {
		c.warn(0, "valid, but it cannot be matched here: %v", err)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return a.Pos - b.Pos })
	return c.problems
}

type checker struct {
	problems     []Problem
	uncompilable bool // told with its place
}

func (c *checker) fail(pos int, format string, args ...any) {
	c.problems = append(c.problems, Problem{pos, false, fmt.Sprintf(format, args...)})
}

func (c *checker) warn(pos int, format string, args ...any) {
	c.problems = append(c.problems, Problem{pos, true, fmt.Sprintf(format, args...)})
}

func (c *checker) observation(o *Observation) {
	for _, operand := range o.Operands {
		c.observation(operand)
	}
	if o.Test != nil {
		c.comparison(o.Test)
	}
	for i := range o.Qualifiers {
		q := &o.Qualifiers[i]
		for j := range o.Qualifiers[:i] {
			if o.Qualifiers[j].Op != q.Op {
				continue
			}
			if o.Op == Bracket {
				c.fail(q.Pos, "%s twice on one pair of brackets (section 9.4.1)", qualifierWords[q.Op])
			} else {
				c.warn(q.Pos, "%s twice on one expression", qualifierWords[q.Op])
			}
			break
		}
		switch {
		case q.Op == StartStop:
			c.startStop(q)
		case q.Op == Within && o.Op == Bracket && len(o.Qualifiers) == 1:
			c.warn(q.Pos, "WITHIN is about the one pair of brackets before it, and one observation is always within any time; put what it is to span in parentheses")
		}
	}
}

var qualifierWords = [...]string{Repeats: "REPEATS", Within: "WITHIN", StartStop: "START and STOP"}

func (c *checker) startStop(q *Qualifier) {
	if q.Start.Kind == String || q.Stop.Kind == String {
		c.warn(q.Pos, "a string behind START or STOP is STIX 2.0; STIX 2.1 has t'%s'", q.Start.Text)
	}
	if !q.Start.Time.Before(q.Stop.Time) {
		c.fail(q.Pos, "STOP must be later than START (section 9.4.1)")
	}
}

func (c *checker) comparison(x *Comparison) {
	for _, operand := range x.Operands {
		c.comparison(operand)
	}
	if x.Op <= Or {
		return
	}
	c.objectType(x)
	for i := range x.Values {
		v := &x.Values[i]
		if v.Kind == Timestamp && v.never {
			c.warn(v.Pos, "%s: there is no such day or second; it equals nothing", v.Text)
		}
		if x.Op == Equal || x.Op == NotEqual || x.Op == In {
			c.hash(x, v)
		}
	}
	if _, err := newTest(x); err != nil {
		c.uncompilable = true
		pos := x.Values[0].Pos
		msg := strings.TrimPrefix(err.Error(), fmt.Sprintf("at character %d: ", x.Pos+1))
		if x.Op == Matches {
			c.warn(pos, "it cannot be matched here: %s", msg)
		} else {
			c.fail(pos, "%s: %s", x.Op, msg)
		}
	}
	if x.Op == In && len(x.Values) == 0 {
		c.warn(x.Pos, "IN with an empty set")
	}
}

// observables are the types of observables of STIX 2.1 (section 6).
var observables = []string{
	"artifact", "autonomous-system", "directory", "domain-name", "email-addr", "email-message", "file", "ipv4-addr",
	"ipv6-addr", "mac-addr", "mutex", "network-traffic", "process", "software", "url", "user-account",
	"windows-registry-key", "x509-certificate",
}

func (c *checker) objectType(x *Comparison) {
	t := x.Path.Type
	if strings.HasPrefix(t, "x-") || strings.HasPrefix(t, "x_") || slices.Contains(observables, t) {
		return
	}
	bare := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(t))
	for _, o := range observables {
		known := strings.ReplaceAll(o, "-", "")
		if bare == known || bare == strings.Replace(known, "windows", "win", 1) {
			c.warn(x.Pos, "%s is no type of STIX 2.1; %s is", clip(t), o)
			return
		}
	}
	c.warn(x.Pos, "%s is no type of STIX 2.1; a custom one begins with x-", clip(t))
}

// hashLengths are the hexadecimal digits of hashes, by the names of
// hash-algorithm-ov without hyphens (section 10.7).
var hashLengths = map[string]int{
	"MD5": 32, "SHA1": 40, "SHA224": 56, "SHA256": 64, "SHA384": 96, "SHA512": 128, "SHA3224": 56, "SHA3256": 64,
	"SHA3384": 96, "SHA3512": 128, "RIPEMD160": 40,
}

func (c *checker) hash(x *Comparison, v *Literal) {
	n := len(x.Path.Steps)
	if n < 2 || !strings.HasSuffix(x.Path.Steps[n-2].Key, "hashes") || v.Kind != String {
		return
	}
	name := x.Path.Steps[n-1].Key
	digits, known := hashLengths[strings.ToUpper(strings.ReplaceAll(name, "-", ""))]
	if known && (len(v.Text) != digits || strings.Trim(v.Text, "0123456789abcdefABCDEF") != "") {
		c.fail(v.Pos, "%s is no %s hash: that has %d hexadecimal digits", clip(v.Text), name, digits)
	}
}
