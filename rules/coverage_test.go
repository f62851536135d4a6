package rules_test

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A line of the table in docs/rules.md: technique, rules, remark.
type covering struct {
	technique string
	rules     []string // paths below rules/
	remark    string
}

var (
	row     = regexp.MustCompile(`(?m)^\| (T\d{4}(?:\.\d{3})?) [^|]+ \| ([^|]*) \| ([^|]*) \|$`)
	ruleRef = regexp.MustCompile(`\]\(\.\./rules/([^)]+\.yml)\)`)
)

func coverageTable(t *testing.T) []covering {
	t.Helper()
	page, err := os.ReadFile("../docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	var table []covering
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		c := covering{technique: m[1], remark: m[3]}
		for _, ref := range ruleRef.FindAllStringSubmatch(m[2], -1) {
			c.rules = append(c.rules, ref[1])
		}
		table = append(table, c)
	}
	for _, ref := range ruleRef.FindAllStringSubmatch(string(page), -1) {
		if _, err := os.Stat(ref[1]); err != nil {
			t.Errorf("docs/rules.md links to %s: %v", ref[1], err)
		}
	}
	return table
}

// TestCoverageTable: docs/rules.md lists for each technique exactly the
// rules that bear its tag, and says why where there is none.
func TestCoverageTable(t *testing.T) {
	tagged := map[string][]string{}
	for _, file := range files(t) {
		ids := map[string]bool{}
		for _, d := range read(t, file) {
			for _, id := range d.techniques() {
				if !ids[id] {
					tagged[id] = append(tagged[id], file)
				}
				ids[id] = true
			}
		}
	}
	table := coverageTable(t)
	if len(table) != 53 {
		t.Errorf("the table has %d techniques, AA21-200B has 53 leaves", len(table))
	}
	for _, c := range table {
		if !slices.Equal(c.rules, tagged[c.technique]) {
			t.Errorf("%s: the table lists\n%v\nbut these rules bear its tag:\n%v", c.technique, c.rules, tagged[c.technique])
		}
		if len(c.rules) == 0 && !strings.Contains(c.remark, "**No trace.**") {
			t.Errorf("%s: no rule and no reason", c.technique)
		}
	}
}

// TestCoverageOfAdvisory: the techniques of the table are the leaves of
// AA21-200B: its techniques that are not the parent of another.
func TestCoverageOfAdvisory(t *testing.T) {
	data, err := os.ReadFile("../../shared/data/advisory/aa21-200b.tsv")
	if errors.Is(err, fs.ErrNotExist) {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared data is absent")
		}
		t.Skip("the shared data is absent")
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	parent := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if f := strings.Split(line, "\t"); strings.HasPrefix(f[0], "T") {
			all = append(all, f[0])
			parent[f[2]] = true
		}
	}
	want := slices.DeleteFunc(all, func(id string) bool { return parent[id] })
	var got []string
	for _, c := range coverageTable(t) {
		got = append(got, c.technique)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table has\n%v\nthe advisory\n%v", got, want)
	}
}
