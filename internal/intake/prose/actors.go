package prose

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/stix"
)

//go:generate go run ./generate ../../../../shared/data/misp/galaxy-threat-actor.json actors.tsv

// actorsTable has an actor a line: the UUID of its cluster in the galaxy of
// threat actors of MISP, its name, its synonyms, the UUIDs of similar objects.
//
//go:embed actors.tsv
var actorsTable string

// A cluster is an actor of the galaxy.
type cluster struct {
	uuid  string
	names []string // the chief name first
	// group is ATT&CK's group that the cluster is, "" when there is none or
	// not one alone.
	group string
}

// clusters returns the actors of the galaxy.
func clusters() []cluster {
	k := attack.Enterprise()
	groups := map[string]string{} // UUID to id
	for _, id := range k.Names() {
		if g, ok := k.Group(id); ok {
			groups[stix.ID(g.STIX).UUID()] = id
		}
	}
	var list []cluster
	for row := range strings.Lines(actorsTable) {
		cell := strings.Split(strings.TrimSuffix(row, "\n"), "\t")
		if len(cell) != 4 || strings.HasPrefix(row, "#") {
			continue
		}
		c := cluster{uuid: cell[0], names: append([]string{cell[1]}, strings.FieldsFunc(cell[2], func(r rune) bool { return r == '|' })...)}
		c.group = groupNamed(k, c.names[0])
		if c.group == "" {
			var similar []string
			for uuid := range strings.SplitSeq(cell[3], ",") {
				if id := groups[uuid]; id != "" {
					similar = append(similar, id)
				}
			}
			if len(similar) == 1 {
				c.group = similar[0]
			}
		}
		list = append(list, c)
	}
	return list
}

// groupNamed returns the one group of ATT&CK with a name, "" for none or
// several.
func groupNamed(k *attack.Knowledge, name string) string {
	ids := slices.DeleteFunc(slices.Clone(k.Named(name)), func(id string) bool { return id[0] != 'G' })
	if len(ids) != 1 {
		return ""
	}
	return ids[0]
}

// addActors adds the names of the galaxy. A cluster that is a group of ATT&CK
// stands for that; a name that ATT&CK gives to one group and the galaxy to
// another actor has both as candidates.
func (l *lexicon) addActors(k *attack.Knowledge) {
	for _, c := range clusters() {
		cand := Candidate{c.uuid, c.names[0]}
		if c.group != "" {
			g, _ := k.Group(c.group)
			cand = Candidate{g.ID, g.Name}
		}
		for _, name := range c.names {
			if isActorName(name) {
				l.add(term{kind: Actor, rule: foreignRule(k, name), text: name, cand: cand})
			}
		}
	}
}

// foreignRule says how a name must be written that others than ATT&CK have: a
// single word that could be one of any language needs a word beside it.
func foreignRule(k *attack.Knowledge, name string) rule {
	switch {
	case isWary(name) || !isDistinct(name) && len(k.Named(name)) == 0:
		return wary
	case strings.Contains(name, " "):
		return capital
	}
	return whole
}

// isActorName reports whether what the galaxy lists can be a name in a text:
// an id of ATT&CK and a description in brackets cannot.
func isActorName(name string) bool {
	if len(name) < 3 || strings.ContainsAny(name, "[](){}/,") {
		return false
	}
	return !isAttackID(name)
}
