// Package attack holds facts of MITRE ATT&CK for Enterprise: the ids and
// names of tactics, techniques, groups and software, and who uses what.
//
// The facts stand in one embedded table, made by the command in generate from
// the STIX bundle that MITRE publishes. It is parsed when first asked for.
//
// © 2025 The MITRE Corporation. This work is reproduced and distributed with
// the permission of The MITRE Corporation. The licence stands in full at the
// top of the table.
package attack

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:generate go run ./generate ../../../shared/data/attack/enterprise-attack-18.1.stix21.json.gz ../../../shared/data/attack/ATTACK-LICENSE.txt enterprise-18.1.tsv

//go:embed enterprise-18.1.tsv
var table string

// Version is the version of ATT&CK that the facts are from.
const Version = "18.1"

// Notice is what MITRE asks to be shown with a copy of ATT&CK.
const Notice = "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."

// Knowledge is the facts of one version of ATT&CK, read-only.
type Knowledge struct {
	tactics    []Tactic
	techniques map[string]*Technique
	groups     map[string]*Group
	software   map[string]*Software
	revoked    map[string]string // to the id that took its place
	named      func() map[string][]string
}

// A Tactic is one column of the ATT&CK matrix.
type Tactic struct {
	ID   string // TA0001
	Name string // Initial Access
	Key  string // initial-access, as kill_chain_phases and Sigma tags write it
}

// A Technique is a technique or sub-technique.
type Technique struct {
	ID         string   // T1505.003
	Name       string   // Web Shell
	Parent     string   // T1505; empty for a technique that is not a sub-technique
	Tactics    []string // keys, along the kill chain
	Deprecated bool     // no longer in the matrix
	Object
}

// A Group is an intrusion set.
type Group struct {
	ID         string // G0125
	Name       string
	Aliases    []string // without Name
	Techniques []string // ids it used
	Software   []string // ids it used
	Deprecated bool
	Object
}

// A Software is a malware family or a tool.
type Software struct {
	ID         string // S0020
	Name       string
	Aliases    []string // without Name
	Tool       bool     // else malware
	Techniques []string // ids it implements
	Deprecated bool
	Object
}

// An Object is what a fact is in MITRE's STIX bundle.
type Object struct {
	STIX    string // its identifier: attack-pattern--3f886f2a-…
	Created string // when MITRE made it, as STIX writes times
}

// Enterprise returns ATT&CK for Enterprise. What it and its methods return
// is shared and not to be changed.
func Enterprise() *Knowledge { return enterprise() }

var enterprise = sync.OnceValue(func() *Knowledge { return parse(table) })

// Tactics returns the tactics along the kill chain.
func (k *Knowledge) Tactics() []Tactic { return k.tactics }

// Technique returns the technique with id, in any letter case. An id that
// MITRE revoked leads to the technique that took its place.
func (k *Knowledge) Technique(id string) (Technique, bool) { return find(k, k.techniques, id) }

// Group returns the group with id, as Technique does.
func (k *Knowledge) Group(id string) (Group, bool) { return find(k, k.groups, id) }

// Software returns the software with id, as Technique does.
func (k *Knowledge) Software(id string) (Software, bool) { return find(k, k.software, id) }

func find[T any](k *Knowledge, m map[string]*T, id string) (found T, ok bool) {
	id = strings.ToUpper(id)
	// A revoked id may lead to one that was revoked in turn; what took its
	// place is never the id itself, and eight steps are more than there are.
	for range 8 {
		if t := m[id]; t != nil {
			return *t, true
		}
		if id, ok = k.revoked[id]; !ok {
			break
		}
	}
	return found, false
}

// FullName returns the name of t after the name of its parent:
// "Server Software Component: Web Shell".
func (k *Knowledge) FullName(t Technique) string {
	if p := k.techniques[t.Parent]; p != nil {
		return p.Name + ": " + t.Name
	}
	return t.Name
}

// Size returns how many techniques and sub-techniques the tactic key has,
// without the deprecated ones.
func (k *Knowledge) Size(key string) int {
	n := 0
	for _, t := range k.techniques {
		if !t.Deprecated && slices.Contains(t.Tactics, key) {
			n++
		}
	}
	return n
}

// parse reads the table: a row a line, cells cut by tabs, # before comments.
func parse(table string) *Knowledge {
	k := &Knowledge{
		techniques: map[string]*Technique{}, groups: map[string]*Group{},
		software: map[string]*Software{}, revoked: map[string]string{},
	}
	for line := range strings.Lines(table) {
		var cell [8]string
		copy(cell[:], strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", len(cell)))
		id := cell[1]
		switch cell[0] {
		case "tactic":
			k.tactics = append(k.tactics, Tactic{ID: id, Key: cell[2], Name: cell[3]})
		case "revoked":
			k.revoked[id] = cell[2]
		case "technique":
			parent, _, sub := strings.Cut(id, ".")
			if !sub {
				parent = ""
			}
			k.techniques[id] = &Technique{
				ID: id, Name: cell[2], Parent: parent,
				Tactics: split(cell[3], ","), Deprecated: cell[5] != "",
				Object: Object{"attack-pattern--" + cell[6], cell[7]},
			}
		case "group":
			g := &Group{ID: id, Name: cell[2], Aliases: split(cell[3], "|"), Deprecated: cell[5] != "", Object: Object{"intrusion-set--" + cell[6], cell[7]}}
			g.Techniques, g.Software = uses(cell[4])
			k.groups[id] = g
		case "malware", "tool":
			s := &Software{ID: id, Name: cell[2], Aliases: split(cell[3], "|"), Tool: cell[0] == "tool", Deprecated: cell[5] != "", Object: Object{cell[0] + "--" + cell[6], cell[7]}}
			s.Techniques, _ = uses(cell[4])
			k.software[id] = s
		}
	}
	k.named = sync.OnceValue(k.index)
	return k
}

func split(s, sep string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, sep)
}

// uses parts a sorted list of ids: software (S) stands before techniques (T).
func uses(list string) (techniques, software []string) {
	ids := split(list, ",")
	n := 0
	for n < len(ids) && ids[n][0] == 'S' {
		n++
	}
	return ids[n:], ids[:n]
}
