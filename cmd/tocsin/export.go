package main

import (
	"bufio"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

type exportCommand struct {
	IDs []string `arg:"" optional:"" name:"id" help:"Objects to export, as tocsin show takes them. None: all that the other flags select."`

	storeFlags

	Format   string   `enum:"stix,csv,misp" default:"stix" placeholder:"NAME" help:"stix: a bundle; csv: a table of the observables of indicators; misp: events of MISP."`
	Feed     string   `placeholder:"DIR" help:"Write a MISP feed to this folder instead: manifest.json, hashes.csv and the events."`
	Type     []string `placeholder:"TYPE,..." help:"Only objects of these types."`
	Search   string   `placeholder:"WORDS" help:"Only objects that say this."`
	Since    string   `placeholder:"TIME" help:"Only objects that were received after this time."`
	Versions bool     `help:"Older versions, too."`
	For      string   `enum:"public,community,clients,organisation,node" default:"node" placeholder:"READER" help:"Leave out what TLP does not let a reader see: public, community, clients, organisation; node: nothing."`
	Unmarked string   `placeholder:"COLOUR" help:"Read objects without a colour as of this one, for --for. Default: nobody else sees them."`
}

func (exportCommand) Examples() string {
	return `  tocsin export > everything.json
  tocsin export --type indicator,malware,relationship --for community > share.json
  tocsin export --format csv --search exchange > iocs.csv
  tocsin export --for community --feed /var/www/misp
  tocsin export G0125 | jq '.objects[0].name'
`
}

func (c *exportCommand) Run(p *program) error {
	clearance, query, err := c.options()
	if err != nil {
		return err
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	w := bufio.NewWriterSize(p.stdout, 1<<20)
	out := &filter{sink: stix.NewWriter(w)}
	switch {
	case c.Feed != "":
		out.sink = &mispExport{w: p.stdout, stderr: p.stderr, feed: c.Feed}
	case c.Format == "csv":
		out.sink = newCSVExport(w)
	case c.Format == "misp":
		out.sink = &mispExport{w: w, stderr: p.stderr}
	}
	if c.For != "node" {
		out.withheld = func(o *stix.Object) (bool, error) { return tells(p.ctx, s, clearance, o) }
	}
	err = c.each(p, s, clearance, query, out)
	return errors.Join(err, out.Close(), w.Flush())
}

// audiences are the readers of TLP by the names of --for.
var audiences = map[string]tlp.Audience{
	"public": tlp.Public, "community": tlp.Community, "clients": tlp.Client, "organisation": tlp.Organisation, "node": tlp.Node,
}

func (c *exportCommand) options() (tlp.Clearance, store.Query, error) {
	q := store.Query{Types: c.Type, Versions: c.Versions}
	clearance := tlp.Local()
	if c.For != "node" {
		clearance = tlp.Clearance{Audience: audiences[c.For]}
	}
	var err error
	if clearance.Unmarked, err = parseTLP("--unmarked", c.Unmarked); err != nil {
		return clearance, q, err
	}
	if c.Since != "" {
		since, err := parseTime("--since", c.Since, 0)
		if err != nil {
			return clearance, q, err
		}
		q.Since = time.Unix(0, since)
	}
	if c.Search != "" && (c.Versions || !q.Since.IsZero()) {
		return clearance, q, usageError{errors.New("--search looks through the newest versions: leave out --since and --versions")}
	}
	return clearance, q, nil
}

// each hands the objects that were asked for to out.
func (c *exportCommand) each(p *program, s store.Store, clearance tlp.Clearance, q store.Query, out *filter) error {
	for _, name := range c.IDs {
		rec, err := resolve(p.ctx, s, name)
		if err != nil {
			return err
		}
		if rec, err = s.Get(p.ctx, clearance, rec.Object.ID); err != nil {
			return err
		}
		if err := out.add(rec); err != nil {
			return err
		}
	}
	switch {
	case len(c.IDs) > 0:
		return nil
	case c.Search == "":
		return s.Each(p.ctx, clearance, q, out.add)
	}
	found, err := s.Search(p.ctx, clearance, c.Search, maxDrafts)
	if err != nil {
		return err
	}
	for _, rec := range found {
		if len(c.Type) > 0 && !slices.Contains(c.Type, rec.Object.Type) {
			continue
		}
		if err := out.add(rec); err != nil {
			return err
		}
	}
	return nil
}

// A sink writes objects in one form.
type sink interface {
	Write(*stix.Object) error
	Close() error
}

// A filter writes the objects that are not withheld.
type filter struct {
	sink
	withheld func(*stix.Object) (bool, error) // nil: nothing is
}

func (f *filter) add(r store.Record) error {
	if f.withheld != nil {
		if hidden, err := f.withheld(r.Object); hidden || err != nil {
			return err
		}
	}
	return f.Write(r.Object)
}

// tells reports whether an object refers to one that the reader may not see,
// and so would tell of it.
func tells(ctx context.Context, s store.Store, c tlp.Clearance, o *stix.Object) (hidden bool, err error) {
	o.Refs(func(_ string, id stix.ID) bool {
		if stix.TLPOf(id) != stix.TLPNone {
			return true
		}
		if _, err = s.Get(ctx, c, id); err == nil {
			return true
		}
		if !errors.Is(err, store.ErrNotFound) {
			return false
		}
		_, err = s.Get(ctx, tlp.Local(), id)
		hidden = err == nil
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return !hidden && err == nil
	})
	return hidden, err
}
