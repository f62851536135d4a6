// Package hunt asks rules about every record of an input and says what was
// found and what could not have been seen.
//
// The life of a finding, in order:
//
//  1. A worker takes a block of whole records (logs.Input.Next) and parses it
//     into events, one at a time.
//  2. Each event is put to all rules at once (sigma.Matcher). A match becomes
//     a finding with its evidence in the batch of the block; a match that a
//     correlation counts also becomes a hit.
//     Where there are indicators, they are looked for in each event as well
//     (intel.Matcher), to patterns one that is all a pattern asks for
//     (intel.PatternMatcher); a part of a pattern becomes a hit as well.
//  3. Batches are flushed in input order, whatever the number of workers, so
//     two hunts over the same input print the same bytes.
//  4. When all is read, the hits are sorted by event time and put to the
//     correlations. Their findings come last.
//
// Memory stays flat: blocks and batches are reused, hits beyond a few
// megabytes go to a temporary file.
package hunt

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

// A Hunt says what to look for.
type Hunt struct {
	Rules       *sigma.Ruleset
	Intel       *intel.Index // nil: no indicators
	Workers     int          // at least 1
	From, To    int64        // event times, To exclusive; records without a time are always asked about
	MinSeverity finding.Severity
}

// Always is the pair of times that excludes nothing.
const (
	Always  = math.MinInt64
	Forever = math.MaxInt64
)

// run is one hunt under way.
type run struct {
	*Hunt
	names      *event.Names
	router     *event.Router
	set        *sigma.Set
	patterns   *intel.Patterns   // nil when there are none
	facts      []finding.Finding // by rule: what all its findings share
	needs      []needs           // by rule: what correlations want of it
	correlator *sigma.Correlator
	hits       hits
	coverage   coverage
	unknown    []bool      // by field id: seen in a record of unknown origin
	givenUp    int         // patterns, whose search cost too much
	late       atomic.Bool // interrupted skipAfter ago: no more records are asked about
	emit       func(*finding.Finding) error
}

// Severities and levels are the same numbers.
var (
	_ = [1]struct{}{}[int(finding.Informational)-int(sigma.Informational)]
	_ = [1]struct{}{}[int(finding.Critical)-int(sigma.Critical)]
)

// needs is what the correlations that count a rule want to know of its hits.
type needs struct {
	wanted bool
	fields []event.ID
}

// Run reads in to its end, calls emit for each finding in an order that
// depends on the input alone, and says what was covered. A finding is valid
// until emit returns. When ctx ends first, what was found until then has
// been emitted and the coverage says that the hunt was interrupted; that is
// no error. An error of emit ends the hunt.
func (h *Hunt) Run(ctx context.Context, in *logs.Input, emit func(*finding.Finding) error) (cov finding.Coverage, err error) {
	r, err := h.prepare(emit)
	if err != nil {
		return finding.Coverage{}, err
	}
	defer func() {
		if e := r.hits.close(); err == nil {
			err = e
		}
	}()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(skipAfter, func() { r.late.Store(true) }) })()
	err = each(ctx, in, h.Workers, func() func(*logs.Block, *batch) {
		w := &worker{run: r, parser: logs.NewParser(r.names, r.router), matcher: sigma.NewMatcher(r.set)}
		if r.Intel != nil {
			w.intel, w.sweeps = r.Intel.NewMatcher(), r.sweeps()
		}
		if r.patterns != nil {
			w.patterns = r.patterns.NewMatcher()
		}
		return w.work
	}, r.flush)
	interrupted := ctx.Err() != nil && err == ctx.Err()
	if err != nil && !interrupted {
		return finding.Coverage{}, err
	}
	if err := r.correlate(in); err != nil {
		return finding.Coverage{}, err
	}
	return r.cover(in, interrupted), nil
}

// prepare interns the names that rules and correlations ask for, before the
// router and the first event, and compiles the rules.
func (h *Hunt) prepare(emit func(*finding.Finding) error) (*run, error) {
	r := &run{Hunt: h, names: event.NewNames(), hits: hits{limit: hitsInMemory}, emit: emit}
	rules := h.Rules.Rules
	sigma.Intern(r.names, rules)
	correlator, err := sigma.NewCorrelator(h.Rules)
	if err != nil {
		return nil, err
	}
	r.correlator = correlator
	r.needs, r.facts = make([]needs, len(rules)), make([]finding.Finding, len(rules))
	for i, rule := range rules {
		fields, wanted := correlator.Needs(i)
		r.needs[i].wanted = wanted
		for _, name := range fields {
			r.needs[i].fields = append(r.needs[i].fields, r.names.Intern(name))
		}
		r.facts[i] = finding.Finding{
			Kind: "sigma", Severity: finding.Severity(rule.Level), Title: rule.Title,
			Rule: finding.Rule{ID: rule.ID, Path: rule.Path}, Techniques: rule.Techniques(), Groups: rule.Groups(),
		}
	}
	if h.Intel != nil {
		r.patterns = h.Intel.CompilePatterns(r.names)
	}
	r.router = event.NewRouter(r.names, logs.Routes())
	r.set = sigma.Compile(rules, r.names, r.router)
	r.unknown = make([]bool, r.names.Len())
	return r, nil
}

// flush emits what was found in one block, in input order.
func (r *run) flush(b *logs.Block, out *batch) error {
	r.coverage.add(b.File, &out.stats, out.origins)
	for id, seen := range out.unknown {
		r.unknown[id] = r.unknown[id] || seen
	}
	for i := range out.findings {
		if err := r.emit(&out.findings[i]); err != nil {
			return err
		}
	}
	for i := range out.hits {
		if err := r.hits.add(&out.hits[i]); err != nil {
			return err
		}
	}
	return nil
}
