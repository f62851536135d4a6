package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake/prose"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

type reviewCommand struct {
	IDs []string `arg:"" optional:"" name:"id" help:"These drafts alone, or all that were read from a report: its identifier."`

	storeFlags

	Accept     []string `placeholder:"ID,..." help:"Take drafts in; all: every one."`
	Reject     []string `placeholder:"ID,..." help:"Put drafts away for good; all: every one."`
	Confidence int      `placeholder:"N" help:"How sure you are of what you accept, 1 to 100. Default: it is not stated."`
	JSON       bool     `name:"json" help:"Print the drafts, one a line."`
}

func (reviewCommand) Examples() string {
	return `  tocsin review                                   what was read from reports, each with its sentence
  tocsin review --accept campaign--9d8e...,identity--0a1b...
  tocsin review --accept report--77ef...          a report and all that was read from it
  tocsin review --reject all
`
}

func (c *reviewCommand) Run(p *program) error {
	if c.Confidence < 0 || c.Confidence > 100 {
		return usageError{fmt.Errorf("--confidence %d: it is 1 to 100", c.Confidence)}
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	drafts, err := s.Drafts(p.ctx, tlp.Local(), math.MaxInt32) // all
	if err != nil {
		return err
	}
	if len(c.IDs) > 0 { // all else is about these alone
		ids, err := meant(drafts, c.IDs)
		if err != nil {
			return err
		}
		drafts = slices.DeleteFunc(drafts, func(d store.Record) bool {
			_, asked := slices.BinarySearch(ids, d.Object.ID)
			return !asked
		})
	}
	if len(c.Accept)+len(c.Reject) == 0 {
		return c.list(p, drafts)
	}
	reject, err := meant(drafts, c.Reject)
	if err != nil {
		return err
	}
	accept, err := meant(drafts, c.Accept)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(accept, func(id stix.ID) bool { _, both := slices.BinarySearch(reject, id); return both }); i >= 0 {
		return usageError{fmt.Errorf("%s is both to be accepted and rejected", accept[i])}
	}
	return c.decide(p, s, accept, reject)
}

// decideAtOnce is how many drafts are accepted or rejected in one transaction.
const decideAtOnce = 1000

// decide accepts and rejects drafts, and says what became of them.
func (c *reviewCommand) decide(p *program, s store.Store, accept, reject []stix.ID) error {
	kept := 0
	for some := range slices.Chunk(accept, decideAtOnce) {
		outcomes, err := s.Accept(p.ctx, some)
		if err == nil {
			err = c.vouch(p.ctx, s, some)
		}
		if err != nil {
			return err
		}
		for i, o := range outcomes {
			if o.Reason == "" {
				kept++
			} else {
				fmt.Fprintf(p.stderr, "tocsin: %s: %s\n", some[i], report.Printable(o.Reason))
			}
		}
	}
	put := 0
	for some := range slices.Chunk(reject, decideAtOnce) {
		n, err := s.Reject(p.ctx, some)
		if err != nil {
			return err
		}
		put += n
	}
	if !c.Quiet {
		fmt.Fprintf(p.stdout, "%s accepted, %s rejected\n", count(kept, "draft", "drafts"), thousands(put))
	}
	return nil
}

// vouch makes the versions of accepted drafts in which a person's confidence,
// or none, stands in place of that of a machine's reading. What others created,
// such as ATT&CK, has no such versions.
func (c *reviewCommand) vouch(ctx context.Context, s store.Store, accepted []stix.ID) error {
	var confidence any
	if c.Confidence > 0 {
		confidence = c.Confidence
	}
	var batch []store.Incoming
	for _, id := range accepted {
		r, err := s.Get(ctx, tlp.Local(), id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		} else if err != nil {
			return err
		}
		o := r.Object
		if o.Confidence == nil || *o.Confidence != prose.Confidence || externalID(o) != "" {
			continue
		}
		at := stix.Timestamp{Time: time.Now().UTC()}
		v, err := stix.NewVersion(o, at, map[string]any{"confidence": confidence})
		if err != nil {
			return err
		}
		batch = append(batch, store.Incoming{Object: v, Source: "tocsin review"})
	}
	if len(batch) == 0 {
		return nil
	}
	_, err := s.Import(ctx, batch)
	return err
}

// meant returns the drafts that are meant by identifiers: each by its own, all
// of a report by the report's, and every one by "all".
func meant(drafts []store.Record, names []string) ([]stix.ID, error) {
	var ids []stix.ID
	for _, name := range names {
		before := len(ids)
		for _, d := range drafts {
			switch id := d.Object.ID; {
			case name == "all":
				ids = append(ids, id)
			case string(id) == name:
				ids = append(append(ids, id), within(drafts, d.Object)...)
			}
		}
		if len(ids) == before && name != "all" {
			return nil, fmt.Errorf("no draft is called %s: tocsin review lists them", name)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// within returns the drafts that a report refers to.
func within(drafts []store.Record, o *stix.Object) []stix.ID {
	if o.Type != "report" {
		return nil
	}
	refs := map[stix.ID]bool{}
	o.Refs(func(_ string, id stix.ID) bool {
		refs[id] = true
		return true
	})
	var ids []stix.ID
	for _, d := range drafts {
		if refs[d.Object.ID] {
			ids = append(ids, d.Object.ID)
		}
	}
	return ids
}

// list prints drafts with the sentences that they were read from.
func (c *reviewCommand) list(p *program, drafts []store.Record) error {
	if c.JSON {
		printList(p, drafts, true)
		return nil
	}
	if len(drafts) == 0 {
		if !c.Quiet {
			fmt.Fprintln(p.stdout, "No drafts wait for review.")
		}
		return nil
	}
	names, evidence := map[stix.ID]string{}, map[stix.ID][]prose.Evidence{}
	for _, d := range drafts {
		names[d.Object.ID] = label(d.Object)
		for _, e := range prose.EvidenceOf(d.Object) {
			id := cmp.Or(e.Ref, d.Object.ID)
			if !slices.ContainsFunc(evidence[id], func(x prose.Evidence) bool { return x.Start == e.Start && x.Mood == e.Mood }) {
				evidence[id] = append(evidence[id], e)
			}
		}
	}
	width := cmp.Or(terminal(p.stdout).Width, 100)
	for _, d := range drafts {
		o := d.Object
		text := names[o.ID]
		if r, err := relationshipOf(o); err == nil {
			text = cmp.Or(names[r.SourceRef], string(r.SourceRef)) + " " + r.RelationshipType + " " + cmp.Or(names[r.TargetRef], string(r.TargetRef))
		}
		fmt.Fprintf(p.stdout, "%s\n    %s\n", report.Printable(text), o.ID)
		told := evidence[o.ID]
		for _, e := range told[:min(len(told), maxEvidence)] {
			fmt.Fprintf(p.stdout, "    %s\n", wrap(report.Printable(quoted(e)), width-4, 4))
		}
		if n := len(told) - maxEvidence; n > 0 {
			fmt.Fprintf(p.stdout, "    and %s more\n", count(n, "place", "places"))
		}
	}
	if !c.Quiet {
		fmt.Fprintf(p.stdout, "\n%s: accept with tocsin review --accept ID,... (a report's takes all of it), or --reject\n", count(len(drafts), "draft waits", "drafts wait"))
	}
	return nil
}

// maxEvidence is how many places of one draft are shown.
const maxEvidence = 5

// quoted is a sentence of a report, with how it is said.
func quoted(e prose.Evidence) string {
	text := "“" + strings.Join(strings.Fields(e.Sentence), " ") + "”"
	if e.Mood != "" {
		text += " (" + e.Mood + ")"
	}
	if e.Stopped != "" {
		text += " (on the warninglist " + e.Stopped + ")"
	}
	if len(e.Candidates) > 1 {
		var ids []string
		for _, x := range e.Candidates {
			ids = append(ids, x.ID+" "+x.Name)
		}
		text += " (which of " + strings.Join(ids, ", ") + "?)"
	}
	return fmt.Sprintf("%s, bytes %d to %d", text, e.Start, e.End)
}

var errNoRelationship = errors.New("no relationship")

// relationshipOf returns an object as a relationship.
func relationshipOf(o *stix.Object) (*stix.Relationship, error) {
	if o.Type != "relationship" {
		return nil, errNoRelationship
	}
	return stix.As[stix.Relationship](o)
}
