package sigma

import (
	"fmt"
	"slices"
	"strings"
)

// hasHit is the leaf of a temporal condition: Rules[i] has hit.
type hasHit int

func (hasHit) expr() {}

// presenceNames returns the rules that a temporal condition names, in order.
func presenceNames(text string) []string {
	var names []string
	text = strings.NewReplacer("(", " ", ")", " ").Replace(text)
	for _, word := range strings.Fields(text) {
		if !slices.Contains([]string{"and", "or", "not"}, strings.ToLower(word)) && !slices.Contains(names, word) {
			names = append(names, word)
		}
	}
	return names
}

// readPresence reads the condition of a temporal type that says with and, or
// and not which rules must have hit. It must name every rule.
func (c *Correlation) readPresence(text string) error {
	named := make([]bool, len(c.Rules))
	x, err := parseCondition(text, nil, func(name string) Expr {
		for i := range c.Rules {
			if c.Rules[i].Name == name {
				named[i] = true
				return hasHit(i)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if i := slices.Index(named, false); i >= 0 {
		return bad("use it in the condition, or take it from rules", "the condition does not use rule %q", c.Rules[i].Name)
	}
	if c.Type == TemporalOrdered {
		if !conjunction(x) {
			return bad("use and alone, or temporal", "a temporal_ordered correlation asks for all of its rules in order")
		}
		c.Bounds = []Bound{{"gte", float64(len(c.Rules))}}
		return nil
	}
	c.presence = x
	return nil
}

// conjunction reports whether x is rules joined by and.
func conjunction(x Expr) bool {
	switch x := x.(type) {
	case hasHit:
		return true
	case And:
		return !slices.ContainsFunc(x, func(kid Expr) bool { return !conjunction(kid) })
	}
	return false
}

// negates reports whether x holds a Not.
func negates(x Expr) bool {
	switch x := x.(type) {
	case And:
		return slices.ContainsFunc(x, negates)
	case Or:
		return slices.ContainsFunc(x, negates)
	case Not:
		return true
	}
	return false
}

// presentIn evaluates a temporal condition; seen says which rules have hit.
func presentIn(x Expr, seen func(rule int) bool) bool {
	switch x := x.(type) {
	case And:
		return !slices.ContainsFunc(x, func(kid Expr) bool { return !presentIn(kid, seen) })
	case Or:
		return slices.ContainsFunc(x, func(kid Expr) bool { return presentIn(kid, seen) })
	case Not:
		return !presentIn(x.X, seen)
	case hasHit:
		return seen(int(x))
	}
	return false
}

// maxChain bounds how many correlations may build on each other.
const maxChain = 32

// resolve connects correlations with the rules they name, by id or name, a
// name in the same file first; says which are broken; and hides what only
// feeds others.
func (rs *Ruleset) resolve() {
	if len(rs.Correlations) == 0 {
		return
	}
	for _, c := range rs.Correlations {
		for i := range c.Rules {
			if !rs.find(&c.Rules[i], c.Path) && c.Broken == "" {
				c.Broken = fmt.Sprintf("it refers to %q, which is not loaded", c.Rules[i].Name)
			}
		}
	}
	state := make([]int, len(rs.Correlations))
	for i := range rs.Correlations {
		rs.follow(i, state)
	}
	rs.hide()
}

// find sets what r refers to and reports whether there is such a rule.
func (rs *Ruleset) find(r *RuleRef, path string) bool {
	rank := 0 // 3 by id, 2 by name in the same file, 1 by name
	see := func(id, name, where string, rule, correlation int) {
		n := 0
		switch {
		case id == r.Name:
			n = 3
		case name == r.Name && where == path:
			n = 2
		case name == r.Name:
			n = 1
		}
		if n > rank {
			rank, r.Rule, r.Correlation = n, rule, correlation
		}
	}
	for i, rule := range rs.Rules {
		see(rule.ID, rule.Name, rule.Path, i, -1)
	}
	for i, c := range rs.Correlations {
		see(c.ID, c.Name, c.Path, -1, i)
	}
	return rank > 0
}

// follow walks the correlations that rs.Correlations[i] builds on, says which
// are broken, and returns how long the longest chain is. state holds 0 for
// those not yet walked, -1 for those on the way, else the length.
func (rs *Ruleset) follow(i int, state []int) int {
	c := rs.Correlations[i]
	switch {
	case state[i] < 0:
		c.Broken = "it builds on itself"
		return 1
	case state[i] > 0:
		return state[i]
	}
	state[i] = -1
	length := 1
	for _, r := range c.Rules {
		if r.Correlation < 0 {
			continue
		}
		length = max(length, 1+rs.follow(r.Correlation, state))
		if under := rs.Correlations[r.Correlation]; c.Broken == "" && under.Broken != "" {
			c.Broken = fmt.Sprintf("it builds on %q, which cannot work: %s", r.Name, under.Broken)
		}
	}
	if length > maxChain && c.Broken == "" {
		c.Broken = fmt.Sprintf("it builds on more than %d correlations", maxChain)
	}
	state[i] = length
	return length
}

// hide marks what correlations refer to, when none of them sets generate.
func (rs *Ruleset) hide() {
	for _, generate := range []bool{false, true} {
		for _, c := range rs.Correlations {
			if c.Broken != "" || c.Generate != generate {
				continue
			}
			for _, r := range c.Rules {
				if r.Rule >= 0 {
					rs.Rules[r.Rule].Hidden = !generate
				} else {
					rs.Correlations[r.Correlation].Hidden = !generate
				}
			}
		}
	}
}
