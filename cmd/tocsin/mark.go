package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/node"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

type markCommand struct {
	dbFlag

	IDs []string `arg:"" name:"object" help:"Identifiers or names of objects."`
	TLP string   `name:"tlp" required:"" placeholder:"COLOUR" help:"clear, green, amber, amber+strict or red."`
	To  []string `placeholder:"ORG" help:"Only for this organisation, wherever it stands, and for this node's own. Repeatable."`

	Until string `placeholder:"TIME" help:"Embargo: until then for this node's own organisation alone."`
}

func (markCommand) Examples() string {
	return `  tocsin mark indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --tlp green
  tocsin mark "Exchange web shells" --tlp red --to "CERT Example" --to "CERT Other"
  tocsin mark "Joint advisory" --tlp clear --until 2026-12-01T12:00:00Z
`
}

func (c *markCommand) Run(p *program) error {
	colour, err := parseTLP("--tlp", c.TLP)
	if err != nil {
		return err
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	register := auth.Register{Store: s}
	own, err := register.Own(p.ctx, node.Default().Organisation)
	if err != nil {
		return err
	}
	m := marking{colour: colour, at: stix.Timestamp{Time: time.Now().UTC().Truncate(time.Millisecond)}, own: own}
	if c.Until != "" {
		until, err := parseTime("--until", c.Until, 0)
		if err != nil {
			return err
		}
		m.until = time.Unix(0, until).UTC()
	}
	for _, name := range c.To {
		o, err := register.Org(p.ctx, name)
		if err != nil {
			return err
		}
		m.audience = append(m.audience, o.ID)
	}
	batch, err := m.versions(p.ctx, s, c.IDs)
	if err != nil {
		return err
	}
	outcomes, err := s.Import(p.ctx, batch)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		if o.Status == store.Conflict || o.Status == store.Refused {
			return fmt.Errorf("%s: %v: %s", batch[i].Object.ID, o.Status, o.Reason)
		}
		if batch[i].Object.Type != "marking-definition" {
			fmt.Fprintf(p.stdout, "%s  TLP:%s%s\n", batch[i].Object.ID, strings.ToUpper(colour.String()), m.told(c.To))
		}
	}
	return nil
}

// A marking is what objects are to be marked with.
type marking struct {
	colour   stix.TLP
	audience []stix.ID // nil: all whom the colour is for
	until    time.Time // the end of an embargo; zero: none
	own      auth.Org
	at       stix.Timestamp
}

func (m *marking) told(names []string) string {
	text := ""
	if names != nil {
		text = " for " + report.Printable(strings.Join(names, ", ")) + " alone"
	}
	if !m.until.IsZero() {
		text += ", from " + m.until.Format(time.RFC3339) + " on"
	}
	return text
}

// versions returns new versions of objects, so marked, behind the definition of
// their audience and embargo if they have one.
func (m *marking) versions(ctx context.Context, s store.Store, names []string) (batch []store.Incoming, err error) {
	markings := []stix.ID{m.colour.MarkingID()}
	if m.audience != nil || !m.until.IsZero() {
		d, err := m.definition()
		if err != nil {
			return nil, err
		}
		markings = append(markings, d.ID)
		batch = append(batch, store.Incoming{Object: d, Source: m.own.Name})
	}
	for _, name := range names {
		r, err := resolve(ctx, s, name)
		if err != nil {
			return nil, err
		}
		o := r.Object
		if by := o.CreatedByRef; by != "" && by != m.own.ID {
			return nil, fmt.Errorf("%s created %s, and its marking is for %s to change", by, o.ID, by)
		}
		kept, err := m.kept(ctx, s, o)
		if err != nil {
			return nil, err
		}
		at := m.at
		if next := o.Modified.Add(time.Millisecond); at.Before(next) {
			at.Time = next
		}
		v, err := stix.NewVersion(o, at, map[string]any{"object_marking_refs": append(kept, markings...)})
		if err != nil {
			return nil, err
		}
		batch = append(batch, store.Incoming{Object: v, Source: m.own.Name})
	}
	return batch, nil
}

// kept are the markings of o that say neither a colour of TLP, nor an audience or embargo,
// such as terms of use.
func (m *marking) kept(ctx context.Context, s store.Store, o *stix.Object) (kept []stix.ID, err error) {
	for _, id := range o.ObjectMarkingRefs {
		if stix.TLPOf(id) != stix.TLPNone {
			continue
		}
		d, err := s.Get(ctx, tlp.Local(), id)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil {
			if t := tlp.TermsOf(d.Object); t.Known && (t.Colour != stix.TLPNone || t.Audience != nil || !t.NotBefore.IsZero()) {
				continue
			}
		}
		kept = append(kept, id)
	}
	return kept, nil
}

// definition is a marking definition that names the audience, with this node's own
// organisation, and says when the embargo ends. It is for them alone itself. The
// same audience and time have the same one.
func (m *marking) definition() (*stix.Object, error) {
	terms := struct {
		Type      string          `json:"extension_type"`
		Audience  []stix.ID       `json:"audience,omitempty"`
		NotBefore *stix.Timestamp `json:"not_before,omitempty"`
	}{Type: "property-extension"}
	colour, name := m.colour, "Under embargo"
	if m.audience != nil {
		terms.Audience = append(slices.Clone(m.audience), m.own.ID)
		slices.SortFunc(terms.Audience, cmp.Compare)
		terms.Audience = slices.Compact(terms.Audience)
		colour, name = stix.TLPRed, "For named organisations"
	}
	if !m.until.IsZero() {
		terms.NotBefore = &stix.Timestamp{Time: m.until}
	}
	extension, err := json.Marshal(terms)
	if err != nil {
		return nil, err
	}
	d := &stix.MarkingDefinition{Name: name}
	d.ID = stix.NamedID("marking-definition", string(m.own.ID)+"\n"+string(colour.MarkingID())+"\n"+string(extension))
	d.Created = stix.Timestamp{Time: time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC)} // the same whenever it is made: it has no versions
	d.ObjectMarkingRefs = []stix.ID{colour.MarkingID()}
	d.Extensions = map[string]jsontext.Value{tlp.Extension: extension}
	return stix.Make(d)
}
