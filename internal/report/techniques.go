package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// A technique is an ATT&CK technique that findings name.
type technique struct {
	attack.Technique
	full     string // with its parent's name; empty when ATT&CK does not know it
	count    uint64 // findings
	severity finding.Severity
	groups   []*group // that name it, the most severe first
}

// A tactic is one column of the matrix.
type tactic struct {
	attack.Tactic
	techniques []*technique // that findings name, by id
	total      int          // techniques and sub-techniques that the tactic has
}

// techniques returns the techniques that the findings name, by id. Revoked
// ids count for what took their place; ids that this version of ATT&CK does
// not have come back on their own.
func (s *Summary) techniques() (known, unknown []*technique) {
	byID := map[string]*technique{}
	for severity := finding.Critical; ; severity-- {
		for _, g := range s.bySeverity(severity) {
			seen := map[*technique]bool{} // two ids may lead to one technique
			for _, id := range g.techniques {
				t := lookup(byID, id)
				if seen[t] {
					continue
				}
				seen[t] = true
				t.count += g.count
				t.severity = max(t.severity, g.severity)
				t.groups = append(t.groups, g)
			}
		}
		if severity == 0 {
			break
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		if t := byID[id]; t.full != "" {
			known = append(known, t)
		} else {
			unknown = append(unknown, t)
		}
	}
	return known, unknown
}

func lookup(byID map[string]*technique, id string) *technique {
	facts, ok := attack.Enterprise().Technique(id)
	if !ok {
		facts = attack.Technique{ID: strings.ToUpper(id)}
	}
	t := byID[facts.ID]
	if t == nil {
		t = &technique{Technique: facts}
		if ok {
			t.full = attack.Enterprise().FullName(facts)
		}
		byID[facts.ID] = t
	}
	return t
}

// matrix puts techniques under their tactics, along the kill chain.
func matrix(known []*technique) []tactic {
	var columns []tactic
	for _, facts := range attack.Enterprise().Tactics() {
		column := tactic{Tactic: facts, total: attack.Enterprise().Size(facts.Key)}
		for _, t := range known {
			if slices.Contains(t.Tactics, facts.Key) {
				column.techniques = append(column.techniques, t)
			}
		}
		columns = append(columns, column)
	}
	return columns
}

// An actor is an ATT&CK group that rules or indicators name.
type actor struct {
	id, name string
	count    uint64
	groups   int
}

// actors returns the ATT&CK groups that findings name, the most named first.
func (s *Summary) actors() []actor {
	byID := map[string]*actor{}
	for _, g := range s.order {
		for _, id := range g.actors {
			a := byID[id]
			if a == nil {
				facts, _ := attack.Enterprise().Group(id)
				a = &actor{id: strings.ToUpper(id), name: facts.Name}
				byID[id] = a
			}
			a.count += g.count
			a.groups++
		}
	}
	var list []actor
	for _, a := range byID {
		list = append(list, *a)
	}
	slices.SortFunc(list, func(a, b actor) int {
		return cmp.Or(cmp.Compare(b.groups, a.groups), cmp.Compare(b.count, a.count), cmp.Compare(a.id, b.id))
	})
	return list
}
