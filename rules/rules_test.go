package rules_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"golang.org/x/tools/txtar"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/rules"
)

// A document is what the tests read of one YAML document of a rule file.
type document struct {
	file string

	Title          string
	ID             string
	Name           string
	Status         string
	Description    string
	References     []string
	Author         string
	Date           string
	Tags           []string
	Level          string
	FalsePositives []string
	Logsource      map[string]string
	Detection      map[string]any
	Correlation    map[string]any
}

// techniques returns the ATT&CK ids among the tags of d.
func (d *document) techniques() []string {
	var ids []string
	for _, tag := range d.Tags {
		if id, ok := strings.CutPrefix(tag, "attack.t"); ok && id[0] <= '9' {
			ids = append(ids, "T"+id)
		}
	}
	return ids
}

// files returns the paths of all rule files, sorted.
func files(t *testing.T) []string {
	t.Helper()
	paths, err := fs.Glob(rules.FS, "*/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// read returns the documents of one rule file.
func read(t *testing.T, file string) []document {
	t.Helper()
	data, err := fs.ReadFile(rules.FS, file)
	if err != nil {
		t.Fatal(err)
	}
	var docs []document
	for dec := yaml.NewDecoder(bytes.NewReader(data)); ; {
		d := document{file: file}
		err := dec.Decode(&d)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		docs = append(docs, d)
	}
}

// base is the name that a rule file and its testdata share.
func base(file string) string { return strings.TrimSuffix(path.Base(file), ".yml") }

var testdata = os.DirFS("testdata")

var (
	uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	tag   = regexp.MustCompile(`^(attack\.[a-z]+(-[a-z]+)*|attack\.[tgs]\d{4}(\.\d{3})?|cve\.\d{4}-\d{4,})$`)
	day   = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
)

// TestMetadata: what Sigma 2.1.0 leaves optional and this project does not.
func TestMetadata(t *testing.T) {
	paths := files(t)
	if len(paths) < 60 {
		t.Errorf("only %d rule files", len(paths))
	}
	seen := map[string]string{} // ids, names and bases, and who has them
	unique := func(what, file string) {
		if other, ok := seen[what]; ok {
			t.Errorf("%s and %s are both called %s", other, file, what)
		}
		seen[what] = file
	}
	for _, file := range paths {
		unique(base(file), file)
		for _, d := range read(t, file) {
			unique(d.ID, file)
			if d.Name != "" {
				unique("name "+d.Name, file)
			}
			for _, problem := range problems(&d) {
				t.Errorf("%s: %s: %s", file, d.Title, problem)
			}
		}
	}
}

// problems says what is missing or wrong in d.
func problems(d *document) []string {
	var wrong []string
	want := func(ok bool, what string) {
		if !ok {
			wrong = append(wrong, what)
		}
	}
	want(d.Title != "" && len(d.Title) <= 256, "title")
	want(uuid4.MatchString(d.ID), "id is no UUID of version 4: "+d.ID)
	want(d.Status == "test", "status")
	want(len(strings.Fields(d.Description)) >= 5, "description")
	want(len(d.References) > 0, "references")
	want(d.Author == "Tocsin project", "author")
	want(day.MatchString(d.Date), "date")
	want(len(d.FalsePositives) > 0, "falsepositives")
	want(slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, d.Level), "level")
	want((d.Detection == nil) != (d.Correlation == nil), "either detection or correlation")
	want((d.Detection == nil) == (d.Logsource == nil), "logsource goes with detection")
	for _, r := range d.References {
		want(strings.HasPrefix(r, "https://"), "reference "+r)
	}
	for _, x := range d.Tags {
		want(tag.MatchString(x), "tag "+x)
	}
	want(len(d.techniques()) > 0, "no technique among the tags")
	for _, id := range d.techniques() {
		x, ok := attack.Enterprise().Technique(id)
		want(ok && !x.Deprecated && x.ID == id, "not in ATT&CK: "+id)
		want(slices.ContainsFunc(x.Tactics, func(key string) bool { return slices.Contains(d.Tags, "attack."+key) }), "no tactic of "+id+" among the tags")
	}
	return wrong
}

// TestExamples: each rule file has records that it must match and near
// misses, and there are no examples of rules that are gone.
func TestExamples(t *testing.T) {
	known := map[string]bool{}
	for _, file := range files(t) {
		known[base(file)] = true
		a, err := txtar.ParseFile("testdata/" + base(file) + ".txtar")
		if err != nil {
			t.Error(err)
			continue
		}
		kinds := map[string]int{}
		for _, f := range a.Files {
			kind, _, _ := strings.Cut(strings.TrimSuffix(f.Name, ".log"), "-")
			kinds[kind]++
			if len(bytes.TrimSpace(f.Data)) == 0 {
				t.Errorf("%s: %s is empty", file, f.Name)
			}
		}
		if kinds["match"] == 0 || kinds["miss"] == 0 || kinds["match"]+kinds["miss"] != len(a.Files) {
			t.Errorf("%s: want sections match*.log and miss*.log, have %v", file, kinds)
		}
	}
	examples, err := fs.Glob(testdata, "*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range examples {
		if !known[strings.TrimSuffix(x, ".txtar")] {
			t.Errorf("testdata/%s belongs to no rule", x)
		}
	}
}
