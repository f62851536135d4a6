package misp

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/stix"
)

// sharedFile reads a file of the shared data, or skips the test.
func sharedFile(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("../../shared/data/misp", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the shared data is not here: it stands beside the repository in shared/data")
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// None of the clusters that MISP publishes is lost, and each keeps its UUID.
func TestGalaxies(t *testing.T) {
	for name, want := range map[string]struct {
		typ      string
		clusters int
	}{
		"galaxy-threat-actor.json":             {"threat-actor", 1041},
		"galaxy-mitre-intrusion-set.json":      {"intrusion-set", 191},
		"galaxy-microsoft-activity-group.json": {"intrusion-set", 179},
		"galaxy-ransomware.json":               {"malware", 2135},
		"galaxy-tool.json":                     {"tool", 608},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := ParseGalaxy(sharedFile(t, name))
			if err != nil {
				t.Fatal(err)
			}
			objects, problems := g.STIX()
			for _, p := range problems {
				t.Error(p)
			}
			all := check(t, objects)
			n := map[string]int{}
			for _, o := range objects {
				n[o.Type]++
			}
			for _, c := range g.Clusters {
				if all[stix.ID(want.typ+"--"+c.UUID)] == nil {
					t.Errorf("%s (%s) is lost", c.Value, c.UUID)
				}
			}
			if len(g.Clusters) != want.clusters || n[want.typ] != want.clusters {
				t.Errorf("%d clusters became %v, the file has %d", len(g.Clusters), n, want.clusters)
			}
		})
	}
}

// Clusters of one event are related as their galaxies say, with the same
// identifiers as those of the cluster files, so that both make one graph. What
// an attribute has a cluster for, by itself or by its tag, its indicator
// indicates, once; and the event comes back with as many as it had.
func TestClustersOfEvent(t *testing.T) {
	const cluster = `{"uuid":"%s","type":"%s","value":"%s","tag_name":"misp-galaxy:%s=\"%s\"","meta":{"country":["XA"]},"related":%s}`
	actor := fmt.Sprintf(cluster, uuid(50), "threat-actor", "Actor", "threat-actor", "Actor", `[{"dest-uuid":"`+uuid(51)+`","type":"uses"},{"dest-uuid":"`+uuid(52)+`","type":"uses"}]`)
	tool := fmt.Sprintf(cluster, uuid(51), "tool", "Tool", "tool", "Tool", `[]`)
	raw := `{"uuid":"` + uuid(1) + `","info":"i","Galaxy":[{"type":"threat-actor","name":"a","GalaxyCluster":[` + actor + `]}],` +
		`"Attribute":[{"uuid":"` + uuid(2) + `","type":"domain","category":"Network activity","to_ids":true,"value":"example.org",` +
		`"Tag":[{"name":"misp-galaxy:tool=\"Tool\""}],"Galaxy":[{"type":"tool","name":"t","GalaxyCluster":[` + tool + `]}]}]}`
	e, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	objects, problems := e.STIX()
	if len(problems) > 0 {
		t.Error(problems)
	}
	g := Galaxy{Type: "threat-actor", Clusters: e.Galaxies[0].Clusters}
	of, _ := g.STIX(&Galaxy{Type: "tool", Clusters: e.Attributes[0].Galaxies[0].Clusters})
	ids := map[stix.ID]bool{}
	for _, o := range of {
		ids[o.ID] = true
	}
	n := map[string]int{}
	for _, o := range check(t, objects) {
		if o.Type == "location" && !ids[o.ID] {
			t.Errorf("another location than the cluster file has: %s", o.ID)
		}
		if o.Type != "relationship" {
			continue
		}
		r, err := stix.As[stix.Relationship](o)
		if err != nil {
			t.Fatal(err)
		}
		n[r.SourceRef.Type()+" "+r.RelationshipType+" "+r.TargetRef.Type()]++
		if r.RelationshipType != "indicates" && !ids[o.ID] {
			t.Errorf("the cluster file has no %s", o.Raw())
		}
	}
	want := map[string]int{"threat-actor uses tool": 1, "threat-actor located-at location": 1, "indicator indicates tool": 1}
	if !maps.Equal(n, want) {
		t.Errorf("relationships %v, want %v", n, want)
	}
	back, _ := FromSTIX(slices.DeleteFunc(objects, func(o *stix.Object) bool { return o.Type == OriginalType }))
	if len(back) != 1 || len(back[0].Attributes) != 1 || strings.Count(string(back[0].Raw()), `"value":"Actor"`) > 1 || strings.Count(string(back[0].Raw()), `"name":"misp-galaxy:tool=`) != 1 {
		t.Errorf("%d events came back", len(back))
		for _, e := range back {
			t.Errorf("%s", e.Raw())
		}
	}
}
