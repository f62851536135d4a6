package hunt_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

const shared = "../../../shared/data/"

// needShared skips where other people's data is not there; in CI it is.
func needShared(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(shared); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data must be there in CI")
		}
		t.Skip("needs the shared data beside the repository")
	}
}

// run hunts paths with the rules at rulePath and returns what was found, as
// JSON lines, and by rule id and source path.
func run(t *testing.T, workers int, rulePath string, paths ...string) (jsonl string, counts map[[2]string]int, cov finding.Coverage) {
	t.Helper()
	rs, err := sigma.Load([]string{rulePath}, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := logs.Open(paths, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out []byte
	counts = map[[2]string]int{}
	h := &hunt.Hunt{Rules: rs, Workers: workers, From: hunt.Always, To: hunt.Forever}
	cov, err = h.Run(context.Background(), in, func(f *finding.Finding) error {
		out = append(finding.AppendJSON(out, f), '\n')
		counts[[2]string{strings.Clone(f.Rule.ID), strings.Clone(f.Source.Path)}]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(out), counts, cov
}

// regression is what info.yml says of one case of SigmaHQ's regression data.
type regression struct {
	Rules []struct {
		ID    string `yaml:"id"`
		Title string `yaml:"title"`
	} `yaml:"rule_metadata"`
	Tests []struct {
		MatchCount *int   `yaml:"match_count"` // absent: at least one
		Path       string `yaml:"path"`
	} `yaml:"regression_tests_info"`
}

// overcounted are cases whose files hold more records that the rule's text
// matches than their match_count says: two AnyDesk user.conf.new and one
// user.conf~RF…TMP, three dropped tools, two AutoShare values.
var overcounted = map[string]int{
	"Anydesk Temporary Artefact":                       3,
	"Cred Dump Tools Dropped Files":                    3,
	"Disable Administrative Share Creation at Startup": 2,
}

// In each case of SigmaHQ's regression data the case's rule fires exactly as
// often as the case says, on the EVTX file and on the same records as JSON.
func TestSigmaHQRegression(t *testing.T) {
	needShared(t)
	_, counts, _ := run(t, 2, shared+"sigma", shared+"sigma-regression")
	cases := 0
	err := filepath.WalkDir(shared+"sigma-regression", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Name() != "info.yml" {
			return err
		}
		cases++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var info regression
		if err := yaml.Unmarshal(data, &info); err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		for _, test := range info.Tests {
			base := strings.TrimSuffix(filepath.Base(test.Path), ".evtx")
			for _, ext := range []string{".evtx", ".json"} {
				file := filepath.Join(filepath.Dir(path), base+ext)
				if _, err := os.Stat(file); err != nil {
					t.Errorf("%s: %v", path, err)
					continue
				}
				title := info.Rules[0].Title
				got := counts[[2]string{info.Rules[0].ID, file}]
				switch want, special := overcounted[title]; {
				case special && got != want:
					t.Errorf("%s: rule %q fired %d times, want %d", file, title, got, want)
				case !special && test.MatchCount == nil && got == 0:
					t.Errorf("%s: rule %q did not fire", file, title)
				case !special && test.MatchCount != nil && got != *test.MatchCount:
					t.Errorf("%s: rule %q fired %d times, want %d", file, title, got, *test.MatchCount)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if cases != 100 {
		t.Errorf("%d cases, want 100", cases)
	}
}

// Two hunts over the same input give the same bytes, whatever the number of
// workers (DESIGN: findings are deterministic).
func TestWorkersDoNotChangeFindings(t *testing.T) {
	needShared(t)
	one, _, cov1 := run(t, 1, shared+"sigma", shared+"evtx-attack-samples")
	two, _, cov2 := run(t, 2, shared+"sigma", shared+"evtx-attack-samples")
	if one != two || one == "" {
		t.Errorf("findings of 1 and 2 workers differ (%d and %d bytes)", len(one), len(two))
	}
	a, _ := json.Marshal(cov1)
	b, _ := json.Marshal(cov2)
	if string(a) != string(b) {
		t.Errorf("coverage of 1 and 2 workers differs")
	}
}
