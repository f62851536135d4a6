package misp

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
