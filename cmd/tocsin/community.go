package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
)

type communityCommand struct {
	Add    communityAddCommand    `cmd:"" help:"Make a community of organisations, or say anew who belongs to it."`
	List   communityListCommand   `cmd:"" help:"List the communities and who belongs to them."`
	Remove communityRemoveCommand `cmd:"" help:"Remove a community. Its organisations stay."`
}

type communityAddCommand struct {
	dbFlag

	Name   string   `arg:"" help:"Its name."`
	Member []string `required:"" placeholder:"NAME" help:"An organisation that belongs to it. Repeatable."`
}

func (communityAddCommand) Examples() string {
	return `  tocsin community add "Energy CERTs" --member "CERT Example" --member "Grid Operator"
  tocsin collection add energy --label energy --reader "Energy CERTs"
`
}

func (c *communityAddCommand) Run(p *program) error {
	if strings.TrimSpace(c.Name) == "" || len(c.Name) > store.MaxSource {
		return usageError{errors.New("a name has at least one letter, and at most 1000 bytes")}
	}
	return c.members(func(r auth.Register) error {
		community := auth.Community{Name: c.Name}
		for _, name := range c.Member {
			o, err := r.Org(p.ctx, name)
			if err != nil {
				return err
			}
			if !slices.Contains(community.Members, o.ID) {
				community.Members = append(community.Members, o.ID)
			}
		}
		return r.PutCommunity(p.ctx, community)
	})
}

type communityListCommand struct{ dbFlag }

func (c *communityListCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		all, err := r.Communities(p.ctx)
		if err != nil {
			return err
		}
		names, err := names(p.ctx, r)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tMEMBERS")
		for _, community := range all {
			var members []string
			for _, id := range community.Members {
				members = append(members, cmp.Or(names[id], string(id)))
			}
			fmt.Fprintf(w, "%s\t%s\n", report.Printable(community.Name), report.Printable(strings.Join(members, ", ")))
		}
		return w.Flush()
	})
}

type communityRemoveCommand struct {
	dbFlag

	Name string `arg:"" help:"Its name."`
}

func (c *communityRemoveCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		err := r.RemoveCommunity(p.ctx, c.Name)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no community %q here: see tocsin community list", c.Name)
		}
		return err
	})
}
