package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/node"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/stix"
)

type peerCommand struct {
	Add    peerAddCommand    `cmd:"" help:"Add a peer, or change one."`
	List   peerListCommand   `cmd:"" help:"List the peers of this node, and how they stand."`
	Test   peerTestCommand   `cmd:"" help:"Try a peer step by step, and say what does not work."`
	Sync   peerSyncCommand   `cmd:"" help:"Exchange with a peer now."`
	Remove peerRemoveCommand `cmd:"" help:"Forget a peer. What came from it stays."`
}

type peerAddCommand struct {
	dbFlag

	Name    string `arg:"" help:"What to call it; of its organisation too, unless --org says otherwise."`
	Address string `arg:"" help:"Of its server, its discovery, an API root or a collection: any TAXII 2.1 server."`

	Org        string        `placeholder:"NAME" help:"Whose it is. An organisation that this node does not know is added. Default: as NAME."`
	Standing   string        `enum:"client,partner,guest," default:"" help:"How near that organisation stands, as in tocsin org add. Default: guest, for one that is not known yet."`
	ID         string        `placeholder:"ID" help:"The identifier of its STIX identity, by which it is known as the author of what it made."`
	Collection []string      `placeholder:"NAME" help:"Exchange these alone, by identifier, alias or title. Repeatable. Default: the one that has everything."`
	Direction  string        `enum:"pull,push,both" default:"pull" help:"pull what it has, push what its organisation may see, or both."`
	Sightings  string        `enum:"named,anonymous," default:"" help:"Send back sightings of what it made: named, or anonymous (without who and where)."`
	TokenFile  string        `placeholder:"FILE" help:"Read the token from FILE, - for standard input. Or set TOCSIN_PEER_TOKEN."`
	User       string        `placeholder:"NAME" help:"Ask with Basic: the user. The password is read in place of the token."`
	CA         string        `name:"ca" placeholder:"FILE" help:"Certificates in PEM that vouch for the server. Default: those of this system."`
	Pin        string        `placeholder:"SHA256" help:"Take the one certificate with this SHA-256, which tocsin peer test shows."`
	Cert       string        `name:"certificate" placeholder:"FILE" help:"Show the server this certificate. Default: that of the node."`
	Key        string        `placeholder:"FILE" help:"The key of the certificate."`
	Interval   time.Duration `default:"10s" help:"How often to exchange while the node runs."`
	Private    bool          `help:"It stands in a private network, or on this machine."`
	Objects    int           `default:"2000000" help:"How many objects it may give in a day."`
	Bytes      int64         `default:"8589934592" help:"How many bytes it may give in a day."`
}

func (peerAddCommand) Examples() string {
	return `  tocsin peer add "CERT Example" https://taxii.cert.example/ --standing partner --token-file token.txt
  tocsin peer add feed https://feed.example/api1/ --user reader --token-file password.txt --interval 15m
  tocsin peer add hq https://10.1.2.3:8430/ --private --pin 7f83b165… --direction both < token.txt
`
}

// tokenEnv is where a token can stand.
const tokenEnv = "TOCSIN_PEER_TOKEN"

func (c *peerAddCommand) Run(p *program) error {
	peer := exchange.Peer{
		Name: c.Name, Address: c.Address, Collections: c.Collection, Direction: exchange.Direction(c.Direction), Sightings: exchange.Reporting(c.Sightings),
		User: c.User, Pin: c.Pin, Certificate: c.Cert, Key: c.Key, Private: c.Private, Interval: exchange.Interval(c.Interval), Objects: c.Objects, Bytes: c.Bytes,
	}
	secret, err := c.secret(p)
	if err != nil {
		return err
	}
	if c.User != "" {
		peer.Password = secret
	} else {
		peer.Token = secret
	}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return fmt.Errorf("--ca: %w", err)
		}
		peer.CA = string(pem)
	}
	if err := peer.Check(); err != nil {
		return usageError{err}
	}
	return c.members(func(r auth.Register) error {
		o, err := c.organisation(p.ctx, r)
		if err != nil {
			return err
		}
		peer.Org = o.ID
		if err := (exchange.Book{Store: r.Store}).Put(p.ctx, peer); err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "tocsin: %s is a peer, of %s, %s. Try it: tocsin peer test %s\n", report.Printable(peer.Name), report.Printable(o.Name), o.Standing, argument(peer.Name))
		return nil
	})
}

// argument writes a name as an argument of a command.
func argument(name string) string {
	name = report.Printable(name)
	if strings.ContainsAny(name, " \t'\"$\\`*?[](){}<>|&;!#~") {
		return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return name
}

// maxSecret is how long a token may be.
const maxSecret = 16 << 10

// secret is the token, or the password. It is no argument of the program, as
// those can be seen by all users of the machine.
func (c *peerAddCommand) secret(p *program) (string, error) {
	in := p.stdin
	switch c.TokenFile {
	case "":
		return os.Getenv(tokenEnv), nil
	case "-":
	default:
		f, err := os.Open(c.TokenFile)
		if err != nil {
			return "", fmt.Errorf("--token-file: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	text := strings.TrimSpace(string(b))
	if text == "" || len(b) > maxSecret || strings.ContainsAny(text, "\r\n") {
		return "", usageError{fmt.Errorf("--token-file %s: a token is one line", c.TokenFile)}
	}
	return text, nil
}

// organisation is whose the peer is. One that is not known yet is added, and how
// near it stands is changed when that is said.
func (c *peerAddCommand) organisation(ctx context.Context, r auth.Register) (auth.Org, error) {
	id := stix.ID(c.ID)
	if id != "" && (id.Valid() != nil || id.Type() != "identity") {
		return auth.Org{}, usageError{fmt.Errorf("--id: %q is no identifier of an identity, such as identity--f431f809-377b-45e0-aa1c-6a4751cae5ff", c.ID)}
	}
	all, err := r.Orgs(ctx)
	if err != nil {
		return auth.Org{}, err
	}
	name := cmp.Or(c.Org, c.Name)
	o := auth.Org{ID: cmp.Or(id, stix.NewID("identity")), Name: name, Standing: auth.Guest}
	if i := slices.IndexFunc(all, func(o auth.Org) bool { return strings.EqualFold(o.Name, name) }); i >= 0 {
		o = all[i]
		if id != "" && id != o.ID {
			return o, fmt.Errorf("%s is here as %s already", o.Name, o.ID)
		}
		if c.Standing == "" || string(o.Standing) == c.Standing {
			return o, nil
		}
		if o.Standing == auth.Own {
			return o, fmt.Errorf("%s is this node's own organisation", o.Name)
		}
	}
	o.Standing = cmp.Or(auth.Standing(c.Standing), o.Standing)
	return o, r.PutOrg(ctx, o)
}

type peerListCommand struct{ dbFlag }

func (peerListCommand) Examples() string { return "  tocsin peer list\n" }

func (c *peerListCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error {
		book := exchange.Book{Store: r.Store}
		all, err := book.Peers(p.ctx)
		if err != nil {
			return err
		}
		orgs, err := names(p.ctx, r)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tORGANISATION\tDIRECTION\tSTATE\tRECEIVED\tSENT\tCONFLICTS\tLEFT OUT\tADDRESS")
		for _, x := range all {
			s, err := book.State(p.ctx, x.Name)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%s\n", report.Printable(x.Name), report.Printable(orgs[x.Org]), x.Direction, standing(&s, time.Now()),
				s.Total.Received, s.Total.Sent, s.Total.Conflicts, s.Total.LeftOut+s.Total.Unsent, report.Printable(x.Address))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, x := range all {
			if s, err := book.State(p.ctx, x.Name); err == nil && s.Problem != "" {
				fmt.Fprintf(p.stderr, "tocsin: %s: %s\n", report.Printable(x.Name), report.Printable(s.Problem))
			}
		}
		return nil
	})
}

// standing says how a peer stands.
func standing(s *exchange.PeerState, now time.Time) string {
	switch {
	case s.Tried.IsZero():
		return "not asked yet"
	case s.Problem == "":
		return "well " + ago(now.Sub(s.Succeeded))
	case s.Succeeded.IsZero():
		return "never well"
	}
	return "failing, well " + ago(now.Sub(s.Succeeded))
}

func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", max(int(d.Seconds()), 0))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

type peerSyncCommand struct {
	dbFlag

	Name   string `arg:"" optional:"" help:"The peer. Default: all of them."`
	Again  bool   `help:"Begin again: ask for everything, as after an error of the peer."`
	Config string `placeholder:"FILE" help:"Settings of the node, as for tocsin serve."`
}

func (peerSyncCommand) Examples() string {
	return `  tocsin peer sync                     all peers
  tocsin peer sync "CERT Example"      one
`
}

func (c *peerSyncCommand) Run(p *program) error {
	return withPeers(p, c.dbFlag, c.Config, func(x *exchange.Peers, book exchange.Book) error {
		list := []string{c.Name}
		if c.Name == "" {
			all, err := book.Peers(p.ctx)
			if err != nil {
				return err
			}
			if len(all) == 0 {
				return errors.New("there are no peers yet: see tocsin peer add --help")
			}
			list = nil
			for _, one := range all {
				list = append(list, one.Name)
			}
		}
		failed := 0
		for _, name := range list {
			if _, err := book.Peer(p.ctx, name); err != nil {
				return err
			}
			started := time.Now()
			r, err := x.Sync(p.ctx, name, c.Again)
			fmt.Fprintf(p.stdout, "%s: %s, in %s\n", report.Printable(name), exchanged(r), time.Since(started).Round(time.Millisecond))
			for _, text := range r.Problems {
				fmt.Fprintf(p.stderr, "tocsin: %s: %s\n", report.Printable(name), report.Printable(text))
			}
			if err != nil {
				failed++
				fmt.Fprintf(p.stderr, "tocsin: %s: %s\n", report.Printable(name), plain(err))
			}
		}
		if failed > 0 {
			return fmt.Errorf("%s: what was received is kept; tocsin peer test NAME says what does not work", count(failed, "peer failed", "peers failed"))
		}
		return nil
	})
}

// exchanged says what came of an exchange.
func exchanged(r exchange.Report) string {
	parts := []string{count(r.Received, "object received", "objects received")}
	for _, part := range []struct {
		n    int
		text string
	}{{r.Sent, "sent"}, {r.Conflicts, "in conflict with what is here"}, {r.LeftOut, "left out"}, {r.Unsent, "not taken by the peer"}} {
		if part.n > 0 {
			parts = append(parts, count(part.n, part.text, part.text))
		}
	}
	return strings.Join(parts, ", ")
}

// withPeers runs do with the peers of a store.
func withPeers(p *program, db dbFlag, settings string, do func(*exchange.Peers, exchange.Book) error) error {
	config, err := (&serveCommand{dbFlag: db, Config: settings}).settings()
	if err != nil {
		return err
	}
	s, err := db.open(true)
	if err != nil {
		return err
	}
	x, err := node.Peers(p.ctx, config, s, slog.New(slog.DiscardHandler))
	if err == nil {
		err = do(x, exchange.Book{Store: s})
	}
	return errors.Join(err, s.Close())
}

type peerRemoveCommand struct {
	dbFlag

	Name string `arg:"" help:"The peer."`
}

func (peerRemoveCommand) Examples() string { return "  tocsin peer remove \"CERT Example\"\n" }

func (c *peerRemoveCommand) Run(p *program) error {
	return c.members(func(r auth.Register) error { return exchange.Book{Store: r.Store}.Remove(p.ctx, c.Name) })
}

type peerTestCommand struct {
	dbFlag

	Name   string `arg:"" help:"The peer."`
	Config string `placeholder:"FILE" help:"Settings of the node, as for tocsin serve."`
}

func (peerTestCommand) Examples() string { return "  tocsin peer test \"CERT Example\"\n" }

func (c *peerTestCommand) Run(p *program) error {
	return withPeers(p, c.dbFlag, c.Config, func(x *exchange.Peers, _ exchange.Book) error {
		return x.Try(p.ctx, c.Name, func(s exchange.Step) {
			mark := "works"
			if s.Err != nil {
				mark = "FAILS"
			}
			fmt.Fprintln(p.stdout, strings.TrimRight(fmt.Sprintf("%s  %s: %s", mark, report.Printable(s.Name), report.Printable(s.Found)), ": "))
		})
	})
}
