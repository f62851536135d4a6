package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

type collectionCommand struct {
	Add    collectionAddCommand    `cmd:"" help:"Make a collection of what a query finds, or change one."`
	List   collectionListCommand   `cmd:"" help:"List the collections that were made here."`
	Show   collectionShowCommand   `cmd:"" help:"Show what a collection has, and who may use it."`
	Remove collectionRemoveCommand `cmd:"" help:"Remove a collection. The objects in it stay."`
}

type collectionAddCommand struct {
	dbFlag

	Alias string `arg:"" help:"Its name in addresses: small letters, digits and hyphens."`

	Title       string   `help:"What people call it. Default: the alias."`
	Description string   `help:"What is in it."`
	Type        []string `placeholder:"TYPE,..." help:"Only objects of these types."`
	Words       string   `help:"Only objects that say all of this, as tocsin search takes it."`
	Label       []string `placeholder:"LABEL,..." help:"Only objects with one of these labels."`
	Confidence  int      `placeholder:"N" help:"Only objects with a confidence of at least N, from 1 to 100."`
	By          string   `placeholder:"IDENTITY" help:"Only objects that this identity created, as tocsin show takes it."`
	Current     bool     `help:"Only what is neither revoked nor past its valid_until."`
	About       string   `placeholder:"OBJECT" help:"Only this object, as tocsin show takes it, and what relationships and sightings join to it."`
	Steps       int      `default:"1" placeholder:"N" help:"For --about: over so many of them, from 1 to 5."`
	Reader      []string `placeholder:"NAME" help:"Only this organisation or community may read it. Repeatable. Default: anyone, each what TLP lets it see."`
	Standing    string   `enum:"client,partner,guest," default:"" placeholder:"STANDING" help:"Organisations that stand at least so near may read it: guest, partner, client."`
	Sender      []string `placeholder:"NAME" help:"This organisation or community may send to it. Repeatable. Default: nobody."`
}

func (collectionAddCommand) Examples() string {
	return `  tocsin collection add hafnium --about HAFNIUM --steps 2 --type indicator --confidence 60
  tocsin collection add energy --label energy --reader "Energy CERTs" --sender "Energy CERTs"
  tocsin collection add fresh --type indicator --current --standing partner
`
}

func (c *collectionAddCommand) Run(p *program) error {
	s, err := c.open(true)
	if err != nil {
		return err
	}
	return errors.Join(c.add(p, s), s.Close())
}

func (c *collectionAddCommand) add(p *program, s store.Store) error {
	d, err := c.definition(p.ctx, s)
	if err != nil {
		return err
	}
	if d, err = (exchange.Shelf{Store: s}).Put(p.ctx, d); err != nil {
		return err
	}
	fmt.Fprintln(p.stdout, d.ID)
	return nil
}

func (c *collectionAddCommand) definition(ctx context.Context, s store.Store) (d exchange.Definition, err error) {
	if err := checkTypes(ctx, s, c.Type); err != nil {
		return d, err
	}
	d = exchange.Definition{
		Alias: c.Alias, Title: cmp.Or(c.Title, c.Alias), Description: c.Description,
		Query:   exchange.Selection{Types: c.Type, Words: c.Words, Labels: c.Label, Confidence: c.Confidence, Current: c.Current},
		Readers: exchange.Circle{Standing: auth.Standing(c.Standing)},
	}
	if c.By != "" {
		by, err := resolve(ctx, s, c.By)
		if err != nil {
			return d, fmt.Errorf("--by: %w", err)
		}
		if by.Object.Type != "identity" {
			return d, usageError{fmt.Errorf("--by: %s is no identity, and creates nothing", by.Object.ID)}
		}
		d.Query.CreatedBy = by.Object.ID
	}
	if c.About != "" {
		about, err := resolve(ctx, s, c.About)
		if err != nil {
			return d, fmt.Errorf("--about: %w", err)
		}
		d.Query.About, d.Query.Steps = about.Object.ID, c.Steps
	}
	if err := circle(ctx, s, &d.Readers, c.Reader); err != nil {
		return d, fmt.Errorf("--reader: %w", err)
	}
	if err := circle(ctx, s, &d.Senders, c.Sender); err != nil {
		return d, fmt.Errorf("--sender: %w", err)
	}
	return d, nil
}

// circle adds the organisations and communities of some names.
func circle(ctx context.Context, s store.Store, to *exchange.Circle, names []string) error {
	if len(names) == 0 {
		return nil
	}
	r := auth.Register{Store: s}
	communities, err := r.Communities(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if i := slices.IndexFunc(communities, func(c auth.Community) bool { return strings.EqualFold(c.Name, name) }); i >= 0 {
			to.Communities = append(to.Communities, communities[i].Name)
			continue
		}
		o, err := r.Org(ctx, name)
		if err != nil {
			return fmt.Errorf("%w, and no community: see tocsin community list", err)
		}
		to.Orgs = append(to.Orgs, o.ID)
	}
	return nil
}

type collectionListCommand struct{ dbFlag }

func (c *collectionListCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		list, err := exchange.Shelf{Store: r.Store}.All(p.ctx)
		if err != nil {
			return err
		}
		names, err := names(p.ctx, r)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ALIAS\tREADERS\tSENDERS\tTITLE")
		for _, d := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Alias, of(d.Readers, names, "anyone"), of(d.Senders, names, "nobody"), report.Printable(d.Title))
		}
		return w.Flush()
	})
}

// of writes who is in a circle.
func of(c exchange.Circle, names map[stix.ID]string, nobody string) string {
	var list []string
	if c.Standing != "" {
		list = append(list, "at least "+string(c.Standing))
	}
	list = append(list, c.Communities...)
	for _, id := range c.Orgs {
		list = append(list, cmp.Or(names[id], string(id)))
	}
	return cmp.Or(report.Printable(strings.Join(list, ", ")), nobody)
}

type collectionShowCommand struct {
	dbFlag

	Alias string `arg:"" help:"The collection, as tocsin collection list has it."`
}

func (c *collectionShowCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		list, err := exchange.Shelf{Store: r.Store}.All(p.ctx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(list, func(d *exchange.Definition) bool { return d.Alias == c.Alias })
		if i < 0 {
			return fmt.Errorf("no collection %q was made here: see tocsin collection list", c.Alias)
		}
		b, err := json.Marshal(list[i], jsontext.WithIndent("  "))
		fmt.Fprintf(p.stdout, "%s\n", b)
		return err
	})
}

type collectionRemoveCommand struct {
	dbFlag

	Alias string `arg:"" help:"The collection, as tocsin collection list has it."`
}

func (c *collectionRemoveCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		err := exchange.Shelf{Store: r.Store}.Remove(p.ctx, c.Alias)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no collection %q was made here: see tocsin collection list", c.Alias)
		}
		return err
	})
}
