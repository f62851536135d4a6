package prose

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/attack"
)

// TestAmbiguousNames holds which names are ambiguous: of the 2,393 names of
// MISP's galaxy of threat actors 27 stand for two or three actors, letter case
// aside. A text with one of them gets all candidates that are not one and the
// same group of ATT&CK.
func TestAmbiguousNames(t *testing.T) {
	raw, err := os.ReadFile(sharedFile(t, "misp/galaxy-threat-actor.json"))
	if err != nil {
		t.Fatal(err)
	}
	var galaxy struct {
		Values []struct {
			UUID  string
			Value string
			Meta  struct{ Synonyms []string }
		}
	}
	if err := json.Unmarshal(raw, &galaxy); err != nil {
		t.Fatal(err)
	}
	named := map[string]map[string]string{} // name to the clusters that have it, and as it is written
	for _, v := range galaxy.Values {
		for _, n := range append([]string{v.Value}, v.Meta.Synonyms...) {
			low := strings.TrimSpace(strings.ToLower(n))
			if named[low] == nil {
				named[low] = map[string]string{}
			}
			named[low][v.UUID] = n
		}
	}
	ambiguous := 0
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if len(named[name]) < 2 {
			continue
		}
		ambiguous++
		written := slices.Sorted(maps.Values(named[name]))[0]
		d := &Document{Text: "It was the group " + written + ", they say."}
		var got []Candidate
		for _, s := range Read(d, Options{}) {
			if s.Kind == Actor {
				got = append(got, s.Candidates...)
			}
		}
		t.Logf("%s: %v", written, got)
		for _, c := range clusters() {
			if named[name][c.uuid] != "" {
				id := c.uuid
				if c.group != "" {
					id = c.group
				}
				if isActorName(written) && !slices.ContainsFunc(got, func(g Candidate) bool { return g.ID == id }) {
					t.Errorf("%s: %s (%s) is no candidate", written, id, c.names[0])
				}
			}
		}
	}
	if len(named) != 2393 || ambiguous != 27 {
		t.Errorf("%d names, %d of them ambiguous", len(named), ambiguous)
	}
}

// TestAttackAmbiguous holds how many names of groups and software of ATT&CK
// stand for several, and that a text gets all of them.
func TestAttackAmbiguous(t *testing.T) {
	k := attack.Enterprise()
	seen := map[string]bool{}
	n := 0
	for name := range k.Names() {
		ids := slices.DeleteFunc(slices.Clone(k.Named(name)), func(id string) bool { return id[0] == 'T' })
		if low := strings.ToLower(name); len(ids) > 1 && !seen[low] {
			seen[low] = true
			n++
			d := &Document{Text: "The " + name + " group struck."}
			var got []string
			for _, s := range Read(d, Options{}) {
				for _, c := range s.Candidates {
					got = append(got, c.ID)
				}
			}
			for _, id := range ids {
				if !slices.Contains(got, id) {
					t.Errorf("%s: %v, no %s", name, got, id)
				}
			}
		}
	}
	if n != 24 {
		t.Errorf("%d names are ambiguous", n)
	}
}

// TestNames holds that every name of ATT&CK is found when a text says plainly
// that it is one, and none of them in a text of common words.
func TestNames(t *testing.T) {
	k := attack.Enterprise()
	missed := 0
	for name, id := range k.Names() {
		if id[0] == 'T' {
			continue
		}
		d := &Document{Text: "They met the group " + name + " there."}
		if len(name) < 4 && name == strings.ToLower(name) {
			d.Text = "They used " + name + " (" + id + ") there." // a command
		}
		if !slices.ContainsFunc(Read(d, Options{}), func(s Statement) bool {
			return (s.Kind == Actor || s.Kind == Software) && slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return c.ID == id })
		}) {
			missed++
			t.Logf("%s (%s) is not found", name, id)
		}
	}
	if missed > 0 {
		t.Errorf("%d names are missed", missed)
	}
	common := `At a net gain, James and Kevin from Milan play on page five. The route of Carbon, an empire of chaos, was a maze.
		Mercury and nickel are metals, and a snake is a reptile. The agenda has a royal meteor shower. We ping the server, reg the
		key, and cannot tick the box: silence, flame and spark. Explosive epic soldier. Cuba and Expand the prestige of the octopus.`
	for _, s := range Read(&Document{Text: common}, Options{}) {
		if s.Kind == Actor || s.Kind == Software {
			t.Errorf("%s %q is taken for %v", s.Kind, s.In(common), s.Candidates)
		}
	}
}

// TestGivenNames holds that names of others than ATT&CK can be given.
func TestGivenNames(t *testing.T) {
	o := Options{Names: []Name{
		{Software, "FrobNicator", Candidate{"a-1", "FrobNicator"}},
		{Actor, "Frob", Candidate{"a-2", "Frob Team"}},
	}}
	d := &Document{Text: "The FrobNicator was used. A frob is a thing. The Frob gang denied it."}
	var got []string
	for _, s := range Read(d, o) {
		if s.Kind == Actor || s.Kind == Software {
			got = append(got, s.Value+" "+s.Candidates[0].ID)
		}
	}
	if want := []string{"FrobNicator a-1", "Frob a-2"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	drafts(t, d, o)
}
