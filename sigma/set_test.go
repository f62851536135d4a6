package sigma

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// tester puts records to a Set and to the reference evaluator.
type tester struct {
	names  *event.Names
	router *event.Router
	set    *Set
	match  *Matcher
	event  *event.Event
}

// newTester compiles rules, all of which are asked about every record.
func newTester(rules []*Rule) *tester {
	all := event.Route{Origin: "all"}
	seen := map[event.Logsource]bool{}
	for _, r := range rules {
		if !seen[r.Logsource] {
			seen[r.Logsource] = true
			all.Sources = append(all.Sources, r.Logsource)
		}
	}
	t := &tester{names: event.NewNames()}
	Intern(t.names, rules)
	t.router = event.NewRouter(t.names, []event.Route{all})
	t.set = Compile(rules, t.names, t.router)
	t.match, t.event = NewMatcher(t.set), event.New(t.names)
	return t
}

// fired puts r to the Set.
func (t *tester) fired(r *record) []int32 {
	t.event.Reset()
	for _, name := range sortedKeys(r.fields) {
		for _, v := range r.fields[name] {
			t.event.Add(t.names.LookupString(name), name, []byte(v), event.String)
		}
	}
	for _, name := range sortedKeys(r.null) {
		t.event.Add(t.names.LookupString(name), name, nil, event.Null)
	}
	if r.text != "" {
		t.event.Text = []byte(r.text)
	}
	t.router.Origin("all").Route(t.event)
	return t.match.Match(t.event)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// check reports the first rule on which Set and evaluator differ.
func (t *tester) check(tt *testing.T, r *record) (fired int) {
	tt.Helper()
	got := t.fired(r)
	for i, rule := range t.set.Rules() {
		want := evalExpr(rule.Detection, r)
		if slices.Contains(got, int32(i)) != want {
			tt.Fatalf("rule %q %s\n%s\nrecord %+v: the set says %v, the evaluator %v", rule.Title, rule.Path, describe(rule.Detection), *r, !want, want)
		}
		if want {
			fired++
			t.evidenceHolds(tt, int32(i), r)
		}
	}
	return fired
}

// evidenceHolds checks that what is shown as evidence is in the record.
func (t *tester) evidenceHolds(tt *testing.T, rule int32, r *record) {
	tt.Helper()
	t.match.Evidence(rule, func(name string, value []byte) {
		if !slices.Contains(r.fields[name], string(value)) && string(value) != r.text {
			tt.Fatalf("evidence %s = %q is not in %+v", name, value, *r)
		}
	})
}

func describe(x Expr) string {
	switch x := x.(type) {
	case And:
		return "and" + describeAll(x)
	case Or:
		return "or" + describeAll(x)
	case Not:
		return "not(" + describe(x.X) + ")"
	case *Atom:
		return fmt.Sprintf("%+v", *x)
	}
	return "?"
}

func describeAll(xs []Expr) string {
	var parts []string
	for _, x := range xs {
		parts = append(parts, describe(x))
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// maker makes random rules and records over a small alphabet, so that they
// meet often.
type maker struct{ *rand.Rand }

func (m maker) text(n int) string {
	b := make([]byte, m.IntN(n+1))
	for i := range b {
		b[i] = `abcABC.\1`[m.IntN(9)]
	}
	return string(b)
}

func (m maker) field() string { return string("fgh"[m.IntN(3)]) }

func (m maker) expr(depth int) Expr {
	kids := func() []Expr {
		xs := make([]Expr, m.IntN(4))
		for i := range xs {
			xs[i] = m.expr(depth - 1)
		}
		return xs
	}
	if depth > 0 {
		switch m.IntN(5) {
		case 0, 1:
			return And(kids())
		case 2, 3:
			return Or(kids())
		default:
			return Not{m.expr(depth - 1)}
		}
	}
	return m.atom()
}

func (m maker) atom() *Atom {
	a := &Atom{Field: m.field(), Cased: m.IntN(4) == 0}
	switch m.IntN(12) {
	case 0:
		a.Op, a.Text = Regexp, []string{`a+b`, `(?i)abc?\.`, `[a-c]{2}1`, `^\\`, `(ab|1c)`, `b.*1`}[m.IntN(6)]
	case 1:
		a.Op, a.Number = []Op{Lt, Lte, Gt, Gte}[m.IntN(4)], float64(m.IntN(20))
	case 2:
		a.Op, a.Want = Exists, m.IntN(2) == 0
	case 3:
		a.Op = IsNull
	case 4:
		a.Op, a.Ref = FieldMatch, m.field()
		a.Pattern = []Pattern{{{Kind: Reference}}, {{Kind: Any}, {Kind: Reference}}, {{Kind: Reference}, {Kind: Any}}, {{Kind: Any}, {Kind: Reference}, {Kind: Any}}}[m.IntN(4)]
	case 5:
		a.Op = Never
	case 6:
		a.Field = ""
		a.Pattern = Pattern{{Kind: Any}, {Kind: Literal, Literal: m.text(3) + "a"}, {Kind: Any}}
	default:
		for range 1 + m.IntN(4) {
			switch m.IntN(4) {
			case 0:
				a.Pattern = append(a.Pattern, Part{Kind: Any})
			case 1:
				a.Pattern = append(a.Pattern, Part{Kind: One})
			default:
				a.Pattern = append(a.Pattern, Part{Kind: Literal, Literal: m.text(6) + "c"})
			}
		}
	}
	return a
}

func (m maker) record() *record {
	r := &record{fields: map[string][]string{}, null: map[string]bool{}}
	for _, name := range []string{"f", "g", "h"} {
		for range m.IntN(3) {
			v := m.text(14)
			if m.IntN(3) == 0 {
				v = fmt.Sprint(m.IntN(20))
			}
			r.fields[name] = append(r.fields[name], v)
		}
		if m.IntN(6) == 0 {
			r.null[name] = true
		}
	}
	if m.IntN(4) == 0 {
		r.text = m.text(20)
	}
	return r
}

// A compiled set says of random rules and records what the reference
// evaluator says, atom by atom.
func TestSetIsTheEvaluator(t *testing.T) {
	m := maker{rand.New(rand.NewPCG(7, 8))}
	fired := 0
	for range 300 {
		rules := make([]*Rule, 1+m.IntN(12))
		for i := range rules {
			rules[i] = &Rule{Meta: Meta{Title: fmt.Sprint(i)}, Detection: m.expr(m.IntN(4))}
		}
		set := newTester(rules)
		for range 40 {
			fired += set.check(t, m.record())
		}
	}
	if fired < 1000 {
		t.Errorf("only %d matches: the test says little", fired)
	}
}

// The same for all rules of SigmaHQ, on records made to match some rule.
func TestSetIsTheEvaluatorOnSigmaHQ(t *testing.T) {
	rules := sigmaHQ(t)
	set := newTester(rules)
	m := maker{rand.New(rand.NewPCG(9, 10))}
	n := 20
	if testing.Short() {
		n = 4
	}
	fired := 0
	for range n {
		r := &record{fields: map[string][]string{}, null: map[string]bool{}}
		m.satisfy(rules[m.IntN(len(rules))].Detection, r)
		fired += set.check(t, r)
	}
	if fired < n/2 {
		t.Errorf("%d matches on %d records made to match", fired, n)
	}
}

func sigmaHQ(t testing.TB) []*Rule {
	const folder = "../../shared/data/sigma"
	if _, err := os.Stat(folder); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data must be there in CI")
		}
		t.Skip("needs SigmaHQ's rules in ../shared/data")
	}
	rs, err := Load([]string{folder}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rs.Rules
}

// satisfy adds to r what makes x hold, as far as that is simple.
func (m maker) satisfy(x Expr, r *record) {
	switch x := x.(type) {
	case And:
		for _, kid := range x {
			m.satisfy(kid, r)
		}
	case Or:
		if len(x) > 0 {
			m.satisfy(x[m.IntN(len(x))], r)
		}
	case *Atom:
		if x.Op != Match || x.Field == "" {
			return
		}
		var b strings.Builder
		for _, part := range x.Pattern {
			switch part.Kind {
			case Any:
				b.WriteString([]string{"", "x", " y "}[m.IntN(3)])
			case One:
				b.WriteByte('z')
			case Literal:
				if m.IntN(2) == 0 && !x.Cased {
					b.WriteString(strings.ToUpper(part.Literal))
				} else {
					b.WriteString(part.Literal)
				}
			}
		}
		if old := r.fields[x.Field]; len(old) > 0 && m.IntN(2) == 0 {
			old[0] += b.String()
		} else {
			r.fields[x.Field] = append(old, b.String())
		}
	}
}

// Matching allocates nothing once buffers have grown.
func TestMatchDoesNotAllocate(t *testing.T) {
	set := newTester([]*Rule{
		{Meta: Meta{Title: "a"}, Detection: And{&Atom{Field: "f", Pattern: Pattern{{Kind: Any}, {Kind: Literal, Literal: `\cmd.exe`}}}, Not{&Atom{Field: "g", Pattern: Pattern{{Kind: Literal, Literal: "x"}}}}}},
		{Meta: Meta{Title: "b"}, Detection: &Atom{Field: "g", Op: Regexp, Text: `(?i)whoami\s+/all`}},
	})
	r := &record{fields: map[string][]string{"f": {`C:\Windows\System32\CMD.exe`}, "g": {"WHOAMI  /all"}}}
	if got := set.fired(r); len(got) != 2 {
		t.Fatalf("fired %v, want both", got)
	}
	if n := testing.AllocsPerRun(100, func() { set.match.Match(set.event) }); n > 0 {
		t.Errorf("%v allocations per event", n)
	}
}

// A class of unknown origin is asked about what rules name, not about what
// is absent; lines of text about keywords alone.
func TestUnknownOrigins(t *testing.T) {
	field := &Atom{Field: "f", Pattern: Pattern{{Kind: Literal, Literal: "x"}}}
	keyword := &Atom{Pattern: Pattern{{Kind: Any}, {Kind: Literal, Literal: "x"}, {Kind: Any}}}
	rules := []*Rule{
		{Meta: Meta{Title: "field"}, Detection: field},
		{Meta: Meta{Title: "keyword"}, Detection: keyword},
		{Meta: Meta{Title: "absent"}, Detection: Not{field}},
		{Meta: Meta{Title: "null"}, Detection: &Atom{Field: "f", Op: IsNull}},
	}
	names := event.NewNames()
	Intern(names, rules)
	router := event.NewRouter(names, nil)
	set := Compile(rules, names, router)
	for _, c := range router.Classes() {
		want := []int32{0}
		if c.Text {
			want = []int32{1}
		}
		if got := set.Asked(c); !slices.Equal(got, want) {
			t.Errorf("class %s is asked %v, want %v", c.Origin, got, want)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	set := newTester(sigmaHQ(b))
	r := &record{fields: map[string][]string{
		"EventID":     {"1"},
		"Image":       {`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`},
		"CommandLine": {`"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=renderer --lang=en-US --js-flags=--ms-user-locale= --device-scale-factor=1 --num-raster-threads=2`},
		"ParentImage": {`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`}, "User": {`TOWNHALL\clerk7`},
		"OriginalFileName": {"msedge.exe"}, "Company": {"Microsoft Corporation"}, "IntegrityLevel": {"Low"},
		"Hashes": {"MD5=0123456789ABCDEF0123456789ABCDEF,SHA256=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"},
	}}
	set.fired(r)
	n := 0
	for _, f := range set.event.Fields() {
		n += len(f.Value)
	}
	b.SetBytes(int64(n))
	b.ReportAllocs()
	for b.Loop() {
		set.match.Match(set.event)
	}
}
