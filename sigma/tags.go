package sigma

import (
	"slices"
	"strings"
)

// Techniques returns the ATT&CK techniques that the tags name
// (attack.t1505.003 is T1505.003), in order and once each.
func (m *Meta) Techniques() []string { return attackIDs(m.Tags, 't') }

// Groups returns the ATT&CK groups that the tags name (attack.g0125
// is G0125), in order and once each.
func (m *Meta) Groups() []string { return attackIDs(m.Tags, 'g') }

// attackIDs picks the tags attack.<kind>NNNN or attack.<kind>NNNN.NNN.
func attackIDs(tags []string, kind byte) []string {
	var ids []string
	for _, tag := range tags {
		name, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
		if !ok || len(name) < 5 || name[0] != kind || !digits(name[1:5]) {
			continue
		}
		if sub := name[5:]; sub != "" && (kind != 't' || len(sub) != 4 || sub[0] != '.' || !digits(sub[1:])) {
			continue
		}
		if id := strings.ToUpper(name); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
