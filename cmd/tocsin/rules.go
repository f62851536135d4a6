package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/rules"
	"github.com/tocsin-project/tocsin/sigma"
)

// ruleFlags choose the rules that a command works with.
type ruleFlags struct {
	Rules        []string `placeholder:"PATH" sep:"none" help:"Sigma rules: a file or a folder, repeatable; \"embedded\" names the built-in set, which is the default; \"none\" asks no rules."`
	Placeholders string   `placeholder:"FILE" help:"YAML that maps placeholder names to lists of values, for rules with the modifier expand."`
}

// noRules stands for no rules at all: indicators alone are looked for.
const noRules = "none"

// load reads the rules and tells, unless quiet, how many were refused.
func (f *ruleFlags) load(stderr io.Writer, quiet bool) (*sigma.Ruleset, error) {
	if slices.Equal(f.Rules, []string{noRules}) {
		return &sigma.Ruleset{}, nil
	}
	set, err := f.read()
	if err != nil {
		return nil, err
	}
	if len(set.Rules)+len(set.Correlations) == 0 {
		return nil, fmt.Errorf("no rule in %s could be used: see tocsin rules check %[1]s", strings.Join(f.paths(), " "))
	}
	if n := len(set.Refused); n > 0 && !quiet {
		fmt.Fprintf(stderr, "tocsin: %s refused, the others are used; tocsin rules check tells why\n", count(n, "rule was", "rules were"))
	}
	return set, nil
}

// paths are the folders and files named, or the embedded rules.
func (f *ruleFlags) paths() []string {
	if len(f.Rules) == 0 {
		return []string{sigma.EmbeddedPath}
	}
	return f.Rules
}

// read reads the rules, refused ones among them.
func (f *ruleFlags) read() (*sigma.Ruleset, error) {
	options := sigma.Options{Embedded: rules.FS}
	if f.Placeholders != "" {
		data, err := os.ReadFile(f.Placeholders)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(data, &options.Placeholders); err != nil {
			return nil, fmt.Errorf("%s: it must map each name to a list of values: %w", f.Placeholders, err)
		}
	}
	return sigma.Load(f.paths(), options)
}

type rulesCommand struct {
	Check rulesCheck `cmd:"" help:"Say which rules load, which are refused and why, and which can never fire."`
	List  rulesList  `cmd:"" help:"List rules: level, id, title, ATT&CK techniques."`
}

type rulesCheck struct {
	Paths        []string `arg:"" optional:"" name:"path" help:"Files or folders; none: the embedded rules."`
	Placeholders string   `placeholder:"FILE" help:"As for hunt."`
	JSON         bool     `help:"Print one JSON object a line instead."`
	Quiet        bool     `short:"q" help:"Print nothing: only the exit code tells."`
}

func (rulesCheck) Examples() string {
	return `  tocsin rules check                 the rules that come with the program
  tocsin rules check ~/sigma/rules   a folder, before a hunt with it
The exit code is 1 when a rule is refused.
`
}

// notice is one line of rules check --json.
type notice struct {
	Kind   string `json:"kind"` // refused, dead, warning
	Path   string `json:"path"`
	ID     string `json:"id,omitempty"`
	Title  string `json:"title,omitempty"`
	Reason string `json:"reason"`
	Fix    string `json:"fix,omitempty"`
}

func (c *rulesCheck) Run(p *program) error {
	flags := ruleFlags{Rules: c.Paths, Placeholders: c.Placeholders}
	set, err := flags.read()
	if err != nil {
		return err
	}
	names := event.NewNames()
	sigma.Intern(names, set.Rules)
	router := event.NewRouter(names, logs.Routes())
	var notices []notice
	for _, r := range set.Refused {
		notices = append(notices, notice{Kind: "refused", Path: r.Path, Title: r.Title, Reason: r.Reason, Fix: r.Fix})
	}
	for _, n := range sigma.Lint(set, router.Classes()) {
		kind := "warning"
		if n.Dead {
			kind = "dead"
		}
		notices = append(notices, notice{Kind: kind, Path: n.Path, ID: n.ID, Title: n.Title, Reason: n.Reason})
	}
	switch {
	case c.JSON:
		enc := json.NewEncoder(p.stdout)
		enc.SetEscapeHTML(false)
		for _, n := range notices {
			if err := enc.Encode(n); err != nil {
				return err
			}
		}
	case !c.Quiet:
		printCheck(p.stdout, set, notices)
	}
	if n := len(set.Refused); n > 0 {
		return fmt.Errorf("%s refused", count(n, "rule was", "rules were"))
	}
	if len(set.Rules)+len(set.Correlations)+len(set.Filters) == 0 {
		return fmt.Errorf("there is no rule in %s", strings.Join(flags.paths(), ", "))
	}
	return nil
}

// printCheck prints what check found, for people: totals, then each kind of
// notice with the rules that share a reason together.
func printCheck(w io.Writer, set *sigma.Ruleset, notices []notice) {
	fmt.Fprintf(w, "%s, %s, %s; %d refused\n",
		count(len(set.Rules), "rule", "rules"), count(len(set.Correlations), "correlation", "correlations"),
		count(len(set.Filters), "filter", "filters"), len(set.Refused))
	for _, part := range []struct{ kind, heading string }{
		{"refused", "Refused"}, {"dead", "Can never fire"}, {"warning", "Warnings"},
	} {
		var order []string
		byReason := map[string][]notice{}
		total := 0
		for _, n := range notices {
			if n.Kind != part.kind {
				continue
			}
			reason := n.Reason
			if n.Fix != "" {
				reason += "; " + n.Fix
			}
			if byReason[reason] == nil {
				order = append(order, reason)
			}
			byReason[reason] = append(byReason[reason], n)
			total++
		}
		if total == 0 {
			continue
		}
		slices.SortStableFunc(order, func(a, b string) int { return len(byReason[b]) - len(byReason[a]) })
		fmt.Fprintf(w, "\n%s: %s\n", part.heading, count(total, "rule", "rules"))
		for _, reason := range order {
			fmt.Fprintf(w, "  %s\n", report.Printable(reason))
			for _, n := range byReason[reason] {
				fmt.Fprintf(w, "    %s  %s\n", report.Printable(n.Path), report.Printable(n.Title))
			}
		}
	}
}

type rulesList struct {
	ruleFlags
}

func (rulesList) Examples() string {
	return `  tocsin rules list | grep T1505.003
  tocsin rules list --rules ~/sigma/rules
`
}

func (c *rulesList) Run(p *program) error {
	set, err := c.load(p.stderr, false)
	if err != nil {
		return err
	}
	line := func(level sigma.Level, id, title string, techniques []string) {
		fmt.Fprintf(p.stdout, "%-13s  %-36s  %s  %s\n", level, report.Printable(id), report.Printable(title), report.Printable(strings.Join(techniques, " ")))
	}
	for _, r := range set.Rules {
		line(r.Level, r.ID, r.Title, r.Techniques())
	}
	for _, r := range set.Correlations {
		line(r.Level, r.ID, r.Title, r.Techniques())
	}
	return nil
}

// count prints n with the noun that fits, thousands apart.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return thousands(n) + " " + many
}

// thousands prints n with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
