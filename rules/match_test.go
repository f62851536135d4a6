package rules_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/rules"
	"github.com/tocsin-project/tocsin/sigma"
)

// load returns the embedded rules; none may be refused.
func load(t *testing.T) *sigma.Ruleset {
	t.Helper()
	rs, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs.Refused {
		t.Errorf("%s: %s: %s", r.Path, r.Title, r.Reason)
	}
	return rs
}

// A section is one log of the examples.
type section struct {
	rule  string // base name of the rule file
	name  string // match.log, miss.log, match-2.log …
	log   string // where it lies as a file of its own
	match bool
}

// sections writes every log of the examples to a file of its own.
func sections(t *testing.T) []section {
	t.Helper()
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var all []section
	for _, file := range archives {
		a, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rule := strings.TrimSuffix(filepath.Base(file), ".txtar")
		for _, f := range a.Files {
			s := section{rule: rule, name: f.Name, match: strings.HasPrefix(f.Name, "match")}
			s.log = filepath.Join(dir, rule+"."+f.Name)
			if err := os.WriteFile(s.log, f.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

// A hunter asks rules about logs one record at a time.
type hunter struct {
	parser  *logs.Parser
	matcher *sigma.Matcher
	rules   []*sigma.Rule
}

func newHunter(rs *sigma.Ruleset) *hunter {
	names := event.NewNames()
	sigma.Intern(names, rs.Rules)
	router := event.NewRouter(names, logs.Routes())
	return &hunter{
		parser: logs.NewParser(names, router), matcher: sigma.NewMatcher(sigma.Compile(rs.Rules, names, router)), rules: rs.Rules,
	}
}

// read calls record for each record of the log with the rules that match it.
func (h *hunter) read(t *testing.T, log string, record func(line uint64, matched []*sigma.Rule)) {
	t.Helper()
	in, err := logs.Open([]string{log}, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for b := new(logs.Block); ; {
		err := in.Next(b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		stats := h.parser.Parse(b, func(e *event.Event) {
			var matched []*sigma.Rule
			for _, i := range h.matcher.Match(e) {
				matched = append(matched, h.rules[i])
			}
			record(e.Record, matched)
		})
		if stats.Damaged > 0 {
			t.Errorf("%s: %d records damaged: %v", filepath.Base(log), stats.Damaged, stats.Problems)
		}
	}
	for _, f := range in.Files() {
		if f.Problem != nil || f.Skipped != "" {
			t.Errorf("%s: %v %s", filepath.Base(log), f.Problem, f.Skipped)
		}
	}
}

// TestRecords: a rule matches every record of its match logs and none of its
// miss logs; and no rule of level medium or above matches a miss log of
// another, for all of those are innocent.
func TestRecords(t *testing.T) {
	rs := load(t)
	h := newHunter(rs)
	correlated := map[string]bool{}
	for _, c := range rs.Correlations {
		correlated[base(c.Path)] = true
	}
	for _, s := range sections(t) {
		records := 0
		h.read(t, s.log, func(line uint64, matched []*sigma.Rule) {
			records++
			own := false
			for _, r := range matched {
				if base(r.Path) == s.rule {
					own = true
				} else if !s.match && r.Level >= sigma.Medium {
					t.Errorf("%s: %s: record %d is innocent, yet %s matches", s.rule, s.name, line, r.Path)
				}
			}
			if !correlated[s.rule] && own != s.match {
				t.Errorf("%s: %s: record %d: match = %v", s.rule, s.name, line, own)
			}
		})
		if records == 0 {
			t.Errorf("%s: %s: no record read", s.rule, s.name)
		}
	}
}

// TestCorrelations: a correlation fires in each of its match logs and in
// none of the miss logs, its own or another's: those are innocent.
func TestCorrelations(t *testing.T) {
	rs := load(t)
	levels := map[string]sigma.Level{} // of the correlation that closes a file
	for _, c := range rs.Correlations {
		levels[base(c.Path)] = c.Level
	}
	for _, s := range sections(t) {
		own, fires := levels[s.rule], false
		for _, f := range hunted(t, rs, s.log) {
			if f.Kind != "correlation" {
				continue
			}
			if by := base(f.Rule.Path); by == s.rule {
				fires = fires || f.Severity == finding.Severity(own)
			} else if !s.match && f.Severity >= finding.Medium {
				t.Errorf("%s: %s: innocent, yet %s fires", s.rule, s.name, f.Rule.Path)
			}
		}
		if _, correlates := levels[s.rule]; correlates && fires != s.match {
			t.Errorf("%s: %s: fires = %v", s.rule, s.name, fires)
		}
	}
}

// hunted returns what a hunt finds in log.
func hunted(t *testing.T, rs *sigma.Ruleset, log string) []*finding.Finding {
	t.Helper()
	in, err := logs.Open([]string{log}, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var found []*finding.Finding
	h := hunt.Hunt{Rules: rs, Workers: 1, From: hunt.Always, To: hunt.Forever}
	_, err = h.Run(t.Context(), in, func(f *finding.Finding) error {
		found = append(found, f.Clone())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
