package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	if err := checkTypes(p.ctx, s, c.Type); err != nil {
		return err
	}
	w := bufio.NewWriterSize(p.stdout, 1<<20)
	var out sink = stix.NewWriter(w)
	switch {
	case c.Feed != "":
		out = &mispExport{w: p.stdout, stderr: p.stderr, feed: c.Feed}
	case c.Format == "csv":
		out = newCSVExport(w)
	case c.Format == "misp":
		out = &mispExport{w: w, stderr: p.stderr}
	}
	err = c.each(p, s, clearance, query, func(r store.Record) error { return out.Write(r.Object) })
	return errors.Join(err, out.Close(), w.Flush())
}

// audiences are the readers of TLP by the names of --for.
var audiences = map[string]tlp.Audience{
	"public": tlp.Public, "community": tlp.Community, "clients": tlp.Client, "organisation": tlp.Organisation, "node": tlp.Node,
}

func (c *exportCommand) options() (tlp.Clearance, store.Query, error) {
	q := store.Query{Types: c.Type, Words: c.Search, Versions: store.Versions{All: c.Versions}}
	clearance := tlp.Local()
	if c.For != "node" {
		clearance = tlp.Clearance{Audience: audiences[c.For], At: time.Now()}
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
	if c.Search != "" && c.Versions {
		return clearance, q, usageError{errors.New("--search looks through the newest versions: leave out --versions")}
	}
	return clearance, q, nil
}

// each hands the objects that were asked for to out.
func (c *exportCommand) each(p *program, s store.Store, clearance tlp.Clearance, q store.Query, out func(store.Record) error) error {
	for _, name := range c.IDs {
		rec, err := resolve(p.ctx, s, name)
		if err != nil {
			return err
		}
		if rec, err = s.Get(p.ctx, clearance, rec.Object.ID); err != nil {
			return err
		}
		if err := out(rec); err != nil {
			return err
		}
	}
	if len(c.IDs) > 0 {
		return nil
	}
	return s.Each(p.ctx, clearance, q, out)
}

// checkTypes refuses names of types that are neither of STIX 2.1, nor custom
// (section 11.2: x-...), nor here.
func checkTypes(ctx context.Context, s store.Store, types []string) error {
	for _, t := range types {
		if stix.ClassOf(t) != stix.Custom || strings.HasPrefix(t, "x-") {
			continue
		}
		stats, err := s.Stats(ctx, tlp.Local())
		if err != nil {
			return err
		}
		if stats.Types[t] == 0 {
			here := slices.Sorted(maps.Keys(stats.Types))
			return usageError{fmt.Errorf("--type %s: no type of STIX 2.1, and none is here: there are %s", t, cmp.Or(strings.Join(here, ", "), "no objects yet"))}
		}
	}
	return nil
}

// A sink writes objects in one form.
type sink interface {
	Write(*stix.Object) error
	Close() error
}
