package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

type orgCommand struct {
	Add  orgAddCommand  `cmd:"" help:"Add an organisation, or change how near it stands."`
	List orgListCommand `cmd:"" help:"List the organisations that this node knows."`
}

type orgAddCommand struct {
	dbFlag

	Name     string `arg:"" help:"Its name."`
	Standing string `enum:"client,partner,guest" default:"guest" help:"How near it stands: client (this organisation serves it: up to TLP:AMBER), partner (of a community: up to TLP:GREEN), guest (TLP:CLEAR)."`
	Limit    string `placeholder:"COLOUR" help:"Give it nothing stricter than this, however near it stands."`
	PAP      string `name:"pap" placeholder:"COLOUR" help:"It has undertaken to keep the Permissible Actions Protocol up to this colour. Default: it is given nothing under PAP."`
	ID       string `placeholder:"ID" help:"The identifier of its STIX identity. Default: a new one."`
}

func (orgAddCommand) Examples() string {
	return `  tocsin org add "CERT Example" --standing partner
  tocsin org add "CERT Example" --standing guest       it is no partner any more
`
}

func (c *orgAddCommand) Run(p *program) error {
	if strings.TrimSpace(c.Name) == "" || len(c.Name) > store.MaxSource {
		return usageError{errors.New("a name has at least one letter, and at most 1000 bytes")}
	}
	id := stix.ID(c.ID)
	if id != "" && (id.Valid() != nil || id.Type() != "identity") {
		return usageError{fmt.Errorf("--id: %q is no identifier of an identity, such as identity--f431f809-377b-45e0-aa1c-6a4751cae5ff", c.ID)}
	}
	limit, err := parseTLP("--limit", c.Limit)
	if err != nil {
		return err
	}
	pap, err := parseTLP("--pap", c.PAP)
	if err != nil {
		return err
	}
	return c.members(func(r auth.Register) error {
		all, err := r.Orgs(p.ctx)
		if err != nil {
			return err
		}
		o := auth.Org{ID: cmp.Or(id, stix.NewID("identity")), Name: c.Name}
		if i := slices.IndexFunc(all, func(o auth.Org) bool { return strings.EqualFold(o.Name, c.Name) }); i >= 0 {
			if o = all[i]; o.Standing == auth.Own {
				return fmt.Errorf("%s is this node's own organisation", o.Name)
			}
			if id != "" && id != o.ID {
				return fmt.Errorf("%s is here as %s already", o.Name, o.ID)
			}
		}
		o.Standing, o.Limit, o.PAP = auth.Standing(c.Standing), cmp.Or(limit, o.Limit), cmp.Or(pap, o.PAP) // what is not said stays
		if err := r.PutOrg(p.ctx, o); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, o.ID)
		return nil
	})
}

// members runs f with what the store keeps of organisations and tokens.
func (f *dbFlag) members(do func(auth.Register) error) error {
	s, err := f.open(true)
	if err != nil {
		return err
	}
	return errors.Join(do(auth.Register{Store: s}), s.Close())
}

type orgListCommand struct{ dbFlag }

func (c *orgListCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		all, err := r.Orgs(p.ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tSTANDING\tLIMIT\tPAP\tID")
		slices.SortFunc(all, func(a, b auth.Org) int { return cmp.Compare(a.Name, b.Name) })
		for _, o := range all {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", report.Printable(o.Name), o.Standing, orDash(o.Limit), orDash(o.PAP), o.ID)
		}
		return w.Flush()
	})
}

// orDash names a colour, or says that there is none.
func orDash(t stix.TLP) string {
	if t == stix.TLPNone {
		return "-"
	}
	return t.String()
}

type tokenCommand struct {
	Add    tokenAddCommand    `cmd:"" help:"Make a token, which is shown once."`
	List   tokenListCommand   `cmd:"" help:"List the tokens of this node."`
	Revoke tokenRevokeCommand `cmd:"" help:"Make a token of no use."`
}

type tokenAddCommand struct {
	dbFlag

	Org        string   `required:"" placeholder:"NAME" help:"The organisation that it is for."`
	Role       string   `enum:"reader,contributor,releaser,admin" default:"reader" help:"What it may do: reader, contributor (and send objects), releaser (and withdraw them), admin (and look after the node; of its own organisation alone)."`
	Collection []string `placeholder:"NAME" help:"It is good for these collections alone. Repeatable."`
	Days       int      `default:"365" help:"How many days it is good for."`
	Note       string   `help:"What it is for."`
}

func (tokenAddCommand) Examples() string {
	return `  tocsin token add --org "CERT Example" --role reader --days 90
`
}

func (c *tokenAddCommand) Run(p *program) error {
	if c.Days < 1 {
		return usageError{errors.New("--days: at least one")}
	}
	return c.members(func(r auth.Register) error {
		known, err := exchange.Shelf{Store: r.Store}.Aliases(p.ctx)
		if err != nil {
			return err
		}
		for _, name := range c.Collection {
			if !slices.Contains(known, name) {
				return usageError{fmt.Errorf("--collection: there is no %q; there are %s", name, strings.Join(known, ", "))}
			}
		}
		o, err := r.Org(p.ctx, c.Org)
		if err != nil {
			return err
		}
		if err := auth.Role(c.Role).Suits(o); err != nil {
			return usageError{err}
		}
		now := time.Now().UTC().Truncate(time.Second)
		t, text := auth.NewToken(auth.Token{
			Org: o.ID, Role: auth.Role(c.Role), Collections: c.Collection, Note: c.Note, Created: now, Expires: now.AddDate(0, 0, c.Days),
		})
		if err := r.PutToken(p.ctx, t); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "tocsin: for %s, %s, until %s; it is not shown again\n", report.Printable(o.Name), t.Role, t.Expires.Format(time.DateOnly))
		fmt.Fprintln(p.stdout, text)
		return nil
	})
}

type tokenListCommand struct{ dbFlag }

func (c *tokenListCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		all, err := r.Tokens(p.ctx)
		if err != nil {
			return err
		}
		names, err := names(p.ctx, r)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tORGANISATION\tROLE\tSTATE\tCOLLECTIONS\tNOTE")
		for _, t := range all {
			state := "until " + t.Expires.Format(time.DateOnly)
			if t.Revoked {
				state = "revoked"
			} else if !time.Now().Before(t.Expires) {
				state = "expired " + t.Expires.Format(time.DateOnly)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", t.ID, report.Printable(names[t.Org]), t.Role, state, cmp.Or(strings.Join(t.Collections, ", "), "all"), report.Printable(t.Note))
		}
		return w.Flush()
	})
}

// names are those of the organisations by their identifiers.
func names(ctx context.Context, r auth.Register) (map[stix.ID]string, error) {
	all, err := r.Orgs(ctx)
	m := make(map[stix.ID]string, len(all))
	for _, o := range all {
		m[o.ID] = o.Name
	}
	return m, err
}

type tokenRevokeCommand struct {
	dbFlag

	ID string `arg:"" help:"The identifier, as tocsin token list has it."`
}

func (c *tokenRevokeCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		t, err := r.Token(p.ctx, c.ID)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("no token %q here: see tocsin token list", c.ID)
		}
		if err != nil {
			return err
		}
		t.Revoked = true
		return r.PutToken(p.ctx, t)
	})
}
