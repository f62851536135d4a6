package attack

import (
	"iter"
	"slices"
	"strings"
)

// Creator is the STIX identifier of The MITRE Corporation, which made the
// objects that the facts are from.
const Creator = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"

// Names yields each name and alias of techniques, groups and software with
// the id that has it, deprecated ones too, in order of ids. A name that
// several have comes several times.
func (k *Knowledge) Names() iter.Seq2[string, string] {
	return func(yield func(name, id string) bool) {
		for _, id := range sortedKeys(k.techniques) {
			if !yield(k.techniques[id].Name, id) {
				return
			}
		}
		for _, id := range sortedKeys(k.groups) {
			if g := k.groups[id]; !yieldAll(g.Name, g.Aliases, id, yield) {
				return
			}
		}
		for _, id := range sortedKeys(k.software) {
			if s := k.software[id]; !yieldAll(s.Name, s.Aliases, id, yield) {
				return
			}
		}
	}
}

func yieldAll(name string, aliases []string, id string, yield func(name, id string) bool) bool {
	if !yield(name, id) {
		return false
	}
	for _, a := range aliases {
		if !yield(a, id) {
			return false
		}
	}
	return true
}

func sortedKeys[T any](m map[string]*T) []string {
	keys := make([]string, 0, len(m))
	for id := range m {
		keys = append(keys, id)
	}
	slices.Sort(keys)
	return keys
}

// Named returns the ids of all techniques, groups and software that have a
// name or alias, in any letter case, in order. Most names have one; Carbanak
// is a group and its malware.
func (k *Knowledge) Named(name string) []string {
	return k.named()[strings.ToLower(strings.TrimSpace(name))]
}

// index makes what Named looks up.
func (k *Knowledge) index() map[string][]string {
	m := map[string][]string{}
	for name, id := range k.Names() {
		name = strings.ToLower(name)
		if !slices.Contains(m[name], id) {
			m[name] = append(m[name], id)
		}
	}
	for _, ids := range m {
		slices.Sort(ids)
	}
	return m
}
