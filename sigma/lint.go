package sigma

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// A Notice is something about a loaded rule that its author or user should
// know.
type Notice struct {
	Path  string
	ID    string
	Title string
	// Dead is set when the rule can never fire on the sources that are known.
	// Otherwise the notice is a warning.
	Dead   bool
	Reason string
}

// Lint returns what is to be said about the rules of rs: those that can never
// fire on records of classes, and why; then warnings. classes are those of
// the router that will be used.
func Lint(rs *Ruleset, classes []*event.Class) []Notice {
	var out []Notice
	sources := map[event.Logsource]bool{}
	var warnings []Notice
	for _, r := range rs.Rules {
		n := Notice{Path: r.Path, ID: r.ID, Title: r.Title}
		if n.Reason = deadRule(r, classes, sources); n.Reason != "" {
			n.Dead = true
			out = append(out, n)
		} else if n.Reason = ruleWarning(r); n.Reason != "" {
			warnings = append(warnings, n)
		}
	}
	for _, c := range rs.Correlations {
		if c.Broken != "" {
			out = append(out, Notice{Path: c.Path, ID: c.ID, Title: c.Title, Dead: true, Reason: c.Broken})
		}
	}
	out = append(out, warnings...)
	for _, f := range rs.Filters {
		if f.Applied == 0 {
			out = append(out, Notice{Path: f.Path, ID: f.ID, Title: f.Title, Reason: "the filter narrows no rule: none that it names, with its logsource, is loaded"})
		}
		for _, name := range f.Unresolved {
			out = append(out, Notice{Path: f.Path, ID: f.ID, Title: f.Title, Reason: "placeholder %" + name + "% has no values"})
		}
	}
	return append(out, rs.notices...)
}

// deadRule says why r can never fire, "" when it can. sources remembers what
// it found out about logsources.
func deadRule(r *Rule, classes []*event.Class, sources map[event.Logsource]bool) string {
	if holds, constant := constantly(r.Detection, false); constant && !holds {
		return "its condition contradicts itself"
	}
	if holds, constant := constantly(r.Detection, true); constant && !holds {
		return fmt.Sprintf("placeholder %%%s%% has no values, and nothing else can match", strings.Join(r.Unresolved, "%, %"))
	}
	given, known := sources[r.Logsource]
	if !known {
		given = covered(r.Logsource, classes)
		sources[r.Logsource] = given
	}
	if !given {
		return "no log format that is recognised is of logsource " + r.Logsource.String() + ": it can only match records of unknown origin"
	}
	return ""
}

// covered reports whether records of some class are of logsource l.
func covered(l event.Logsource, classes []*event.Class) bool {
	for _, c := range classes {
		for _, s := range c.Sources {
			if l.Covers(s) {
				return true
			}
		}
	}
	return false
}

func ruleWarning(r *Rule) string {
	if holds, constant := constantly(r.Detection, true); constant && holds {
		return "it matches every record of its logsource"
	}
	if len(r.Unresolved) > 0 {
		return fmt.Sprintf("placeholder %%%s%% has no values: the tests that use it never match", strings.Join(r.Unresolved, "%, %"))
	}
	return ""
}

// constantly reports whether x holds, or does not, whatever the record. It
// takes placeholders without values into account when unresolved is set.
func constantly(x Expr, unresolved bool) (holds, constant bool) {
	switch x := x.(type) {
	case And:
		constant = true
		for _, kid := range x {
			h, c := constantly(kid, unresolved)
			if c && !h {
				return false, true
			}
			constant = constant && c
		}
		if opposed(x) {
			return false, true
		}
		return true, constant
	case Or:
		constant = true
		for _, kid := range x {
			h, c := constantly(kid, unresolved)
			if c && h {
				return true, true
			}
			constant = constant && c
		}
		return false, constant
	case Not:
		h, c := constantly(x.X, unresolved)
		return !h, c
	case *Atom:
		return false, unresolved && x.Op == Never
	}
	return false, false
}

// opposed reports whether two members of x can never hold together: one is
// the other negated, or a field must be absent and hold something.
func opposed(x And) bool {
	absent := map[string]bool{}
	held := map[string]bool{}
	for i, kid := range x {
		if n, ok := kid.(Not); ok {
			for j, other := range x {
				if i != j && same(n.X, other) {
					return true
				}
			}
			continue
		}
		if a, ok := kid.(*Atom); ok && a.Field != "" {
			switch {
			case a.Op == IsNull || a.Op == Exists && !a.Want:
				absent[a.Field] = true
			case a.Op != Exists:
				held[a.Field] = true
			}
		}
	}
	for f := range absent {
		if held[f] {
			return true
		}
	}
	return false
}

// same reports whether x and y are one expression used twice.
func same(x, y Expr) bool {
	switch x := x.(type) {
	case *Atom:
		other, ok := y.(*Atom)
		return ok && x == other
	case And:
		other, ok := y.(And)
		return ok && len(x) > 0 && len(x) == len(other) && &x[0] == &other[0]
	case Or:
		other, ok := y.(Or)
		return ok && len(x) > 0 && len(x) == len(other) && &x[0] == &other[0]
	}
	return false
}

// statuses are those of the specification ("Status").
var statuses = []string{"stable", "test", "experimental", "deprecated", "unsupported"}

// remark notes what is unusual about a document but no reason to refuse it.
func (d *documents) remark(doc *yamlNode, made any) {
	_, isRule := made.(*Rule)
	_, isFilter := made.(*Filter)
	title, _ := doc.get("title").scalar()
	id, _ := doc.get("id").scalar()
	note := func(format string, args ...any) {
		d.notices = append(d.notices, Notice{Path: d.path, ID: id, Title: title, Reason: fmt.Sprintf(format, args...)})
	}
	if id == "" {
		note("it has no id")
	} else if !isUUID(id) {
		note("its id is not a UUID")
	}
	if status, _ := doc.get("status").scalar(); status != "" && !slices.Contains(statuses, status) {
		note("status %q does not exist", status)
	}
	if !isFilter && !doc.has("level") {
		note("it has no level and counts as informational")
	}
	if taxonomy, _ := doc.get("taxonomy").scalar(); taxonomy != "" && taxonomy != "sigma" {
		note("taxonomy %q is not known: its fields are taken as they are written", taxonomy)
	}
	tags, _ := doc.get("tags").strings()
	for _, tag := range tags {
		if !isTag(tag) {
			note("tag %q is not a namespace, a dot and a name", tag)
		}
	}
	if isRule {
		if l := doc.get("logsource"); !l.has("product") && !l.has("category") && !l.has("service") {
			note("its logsource is empty: it is asked of every record")
		}
	}
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// isTag reports whether s is a tag as the specification wants it ("Tags").
func isTag(s string) bool {
	dot := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			dot = i > 0
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return dot
}
