package hunt

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

// maxProblems is how many damaged records of one file are told in words.
const maxProblems = 8

// coverage gathers what became of each file. Blocks come in input order, but
// files without any never do: they are added from the input's list at the end.
type coverage struct {
	files   []finding.SourceCoverage // by logs.File.Index
	classes []*event.Class           // met anywhere
}

func (c *coverage) at(f *logs.File) *finding.SourceCoverage {
	for len(c.files) <= f.Index {
		c.files = append(c.files, finding.SourceCoverage{First: event.NoTime, Last: event.NoTime})
	}
	return &c.files[f.Index]
}

// add counts what became of one block of f, whose records were of classes.
func (c *coverage) add(f *logs.File, stats *logs.Stats, classes []*event.Class) {
	s := c.at(f)
	s.Records += stats.Records
	s.Damaged += stats.Damaged
	if t := stats.First; t != event.NoTime && (s.First == event.NoTime || t < s.First) {
		s.First = t
	}
	if t := stats.Latest; t != event.NoTime && t > s.Last {
		s.Last = t
	}
	for _, p := range stats.Problems[:min(len(stats.Problems), maxProblems-len(s.Problems))] {
		s.Problems = append(s.Problems, finding.Problem(p))
	}
	for _, class := range classes {
		if !slices.Contains(s.Origins, class.Origin) {
			s.Origins = append(s.Origins, class.Origin)
		}
		if !slices.Contains(c.classes, class) {
			c.classes = append(c.classes, class)
		}
	}
}

// sources returns what became of every file of the input.
func (c *coverage) sources(in *logs.Input) []finding.SourceCoverage {
	for _, f := range in.Files() {
		s := c.at(f)
		s.Path, s.Format, s.Bytes, s.Skipped = f.Path, f.Format, f.Size, f.Skipped
		if f.Problem != nil {
			s.Problem = f.Problem.Error()
		}
		slices.Sort(s.Origins)
	}
	return c.files
}

// cover completes the coverage: every file of the input, and the rules that
// nothing in it could have fired.
func (r *run) cover(in *logs.Input, interrupted bool) finding.Coverage {
	return finding.Coverage{
		Sources: r.coverage.sources(in), Blind: r.blind(), Interrupted: interrupted,
		Rules: len(r.Rules.Rules), Correlations: len(r.Rules.Correlations),
		Forgotten: r.correlator.Stats().Evicted, GivenUp: r.givenUp,
	}
}

// blind lists the rules that no record read could have fired: no record was
// of a class that is asked about them, and records of unknown origin lack
// their fields.
func (r *run) blind() []finding.Blind {
	able := make([]bool, len(r.Rules.Rules))
	for _, c := range r.coverage.classes {
		for _, i := range r.set.Asked(c) {
			able[i] = able[i] || !c.Unknown || c.Text || sigma.Possible(r.Rules.Rules[i].Detection, func(field string) bool {
				return r.unknown[r.names.LookupString(field)]
			})
		}
	}
	var blind []finding.Blind
	for i, rule := range r.Rules.Rules {
		reason := "no log of this kind was read"
		switch {
		case len(rule.Unresolved) > 0 && !able[i]:
			reason += "; " + unresolved(rule)
		case len(rule.Unresolved) > 0:
			reason = unresolved(rule)
		case able[i]:
			continue
		}
		blind = append(blind, finding.Blind{Title: rule.Title, ID: rule.ID, Path: rule.Path, Logsource: rule.Logsource.String(), Reason: reason})
	}
	return blind
}

func unresolved(rule *sigma.Rule) string {
	return fmt.Sprintf("it needs values for the placeholders %s: give them with --placeholders", strings.Join(rule.Unresolved, ", "))
}
