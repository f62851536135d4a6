package sigma

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tocsin-project/tocsin/event"
)

// A Set is many rules compiled to be asked together. How an event meets them:
//
//  1. The event's class (event.Class) picks a program: the rules whose
//     logsource covers one of the class's sources, compiled the first time a
//     class is met.
//  2. Each field that rules wait on is folded and searched once for the
//     witnesses of all rules (literals.go). A witness is a literal without
//     which its rule cannot hold, chosen to be rare (program.go).
//  3. Only rules whose witness was found are evaluated; each test is made at
//     most once for an event, however many rules share it (leaf.go).
//
// A Set is safe for concurrent use; each goroutine asks through its own
// Matcher.
type Set struct {
	rules    []*Rule
	names    *event.Names
	programs []atomic.Pointer[program] // by class index

	mu     sync.Mutex
	shared map[string]*program // by the list of rules
	pool   expressions
}

// missing is the id of a field name that was never interned.
const missing event.ID = 0xffff

// Intern adds the field names that rules ask for to names. Call it before
// the router and the events are made.
func Intern(names *event.Names, rules []*Rule) {
	for _, r := range rules {
		internExpr(names, r.Detection)
	}
}

func internExpr(names *event.Names, x Expr) {
	switch x := x.(type) {
	case And:
		for _, kid := range x {
			internExpr(names, kid)
		}
	case Or:
		for _, kid := range x {
			internExpr(names, kid)
		}
	case Not:
		internExpr(names, x.X)
	case *Atom:
		names.Intern(x.Field)
		names.Intern(x.Ref)
	}
}

// Compile prepares rules, whose names have been interned, for events that
// router routes. The programs of classes are compiled as they are met.
func Compile(rules []*Rule, names *event.Names, router *event.Router) *Set {
	return &Set{
		rules: rules, names: names,
		programs: make([]atomic.Pointer[program], len(router.Classes())),
		shared:   map[string]*program{},
		pool:     expressions{},
	}
}

// Rules returns the rules of s; a match names its rule by index.
func (s *Set) Rules() []*Rule { return s.rules }

// Asked returns the indexes of the rules that are asked about events of
// class c, ascending.
func (s *Set) Asked(c *event.Class) []int32 { return s.program(c).rules }

func (s *Set) program(c *event.Class) *program {
	if p := s.programs[c.Index].Load(); p != nil {
		return p
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.programs[c.Index].Load(); p != nil {
		return p
	}
	var which []int32
	for i, r := range s.rules {
		if applies(r, c) {
			which = append(which, int32(i))
		}
	}
	key := fmt.Sprint(which)
	p := s.shared[key]
	if p == nil {
		p = compileProgram(s.rules, which, s.names, s.pool)
		s.shared[key] = p
	}
	s.programs[c.Index].Store(p)
	return p
}

// applies reports whether r is asked about events of class c. Where the
// origin of records is unknown, rules are asked by what they name: those on
// fields of records that have fields, keywords of lines of text. A rule that
// holds by what is absent says nothing there.
func applies(r *Rule, c *event.Class) bool {
	if c.Unknown {
		fields, keywords := reads(r.Detection)
		return (c.Text && keywords && !fields || !c.Text && fields && !keywords) && positive(r.Detection)
	}
	return slices.ContainsFunc(c.Sources, r.Logsource.Covers)
}

// positive reports whether x holds only where some field has a value that
// it names.
func positive(x Expr) bool {
	switch x := x.(type) {
	case And:
		return slices.ContainsFunc(x, positive)
	case Or:
		return !slices.ContainsFunc(x, func(kid Expr) bool { return !positive(kid) })
	case *Atom:
		return x.Op != IsNull && x.Op != Exists && (x.Op != Match || x.Pattern.longest() != "")
	}
	return false
}

// reads reports whether x tests fields and whether it tests keywords.
func reads(x Expr) (fields, keywords bool) {
	kids := func(xs []Expr) {
		for _, kid := range xs {
			f, k := reads(kid)
			fields, keywords = fields || f, keywords || k
		}
	}
	switch x := x.(type) {
	case And:
		kids(x)
	case Or:
		kids(x)
	case Not:
		return reads(x.X)
	case *Atom:
		return x.Field != "", x.Field == ""
	}
	return fields, keywords
}

// Possible reports whether x could hold for some record whose fields are all
// among those that has reports true for. Keywords are always possible.
func Possible(x Expr, has func(field string) bool) bool {
	switch x := x.(type) {
	case And:
		return !slices.ContainsFunc(x, func(kid Expr) bool { return !Possible(kid, has) })
	case Or:
		return slices.ContainsFunc(x, func(kid Expr) bool { return Possible(kid, has) })
	case *Atom:
		return x.Op != Never && (x.Field == "" || x.Op == IsNull || x.Op == Exists && !x.Want || has(x.Field))
	}
	return true
}
