package node_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/node"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// allies are those that spoke together on 19 July 2021.
var allies = []string{"US", "EU", "UK", "Australia", "Canada", "New Zealand", "Japan", "NATO"}

// An ally is a node that counts what is delivered to its store.
type ally struct {
	*node.Node
	store *delivered
}

// delivered counts what a store was given although it had it.
type delivered struct {
	store.Store
	mu    sync.Mutex
	twice int
}

func (d *delivered) Import(ctx context.Context, batch []store.Incoming) ([]store.Outcome, error) {
	outcomes, err := d.Store.Import(ctx, batch)
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range outcomes {
		if o.Status == store.Same {
			d.twice++
		}
	}
	return outcomes, err
}

// An alliance is eight nodes over TLS on loopback.
type alliance struct {
	nodes []*ally
	ca    string
}

func newAlliance(t *testing.T) *alliance {
	t.Helper()
	cert, key, _ := certificate(t)
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	a := &alliance{ca: string(pem)}
	for _, name := range allies {
		s, err := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
		if err != nil {
			t.Fatal(err)
		}
		d := &delivered{Store: s}
		c := local()
		c.Organisation, c.Certificate, c.Key = name, cert, key
		n, err := node.New(t.Context(), c, d, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() {
			if err := n.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(func() {
			stop()
			run.Wait()
			s.Close()
		})
		a.nodes = append(a.nodes, &ally{n, d})
	}
	return a
}

// link lets the node i pull from the node k, as its operators would set it up.
func (a *alliance) link(t *testing.T, i, k int) {
	t.Helper()
	from, to := a.nodes[k], a.nodes[i]
	there, here := auth.Register{Store: from.store}, auth.Register{Store: to.store}
	if err := there.PutOrg(t.Context(), auth.Org{ID: to.Own.ID, Name: to.Own.Name, Standing: auth.Partner}); err != nil {
		t.Fatal(err)
	}
	made, text := auth.NewToken(auth.Token{Org: to.Own.ID, Role: auth.Contributor, Expires: time.Now().Add(time.Hour)})
	if err := there.PutToken(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	if err := here.PutOrg(t.Context(), auth.Org{ID: from.Own.ID, Name: from.Own.Name, Standing: auth.Partner}); err != nil {
		t.Fatal(err)
	}
	err := exchange.Book{Store: to.store}.Put(t.Context(), exchange.Peer{
		Name: from.Own.Name, Org: from.Own.ID, Address: from.URL, Direction: exchange.Pull, Token: text, CA: a.ca,
		Private: true, Interval: exchange.Interval(200 * time.Millisecond), Objects: 1e6, Bytes: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// cut takes the node k away from the peers of the node i.
func (a *alliance) cut(t *testing.T, i, k int) {
	t.Helper()
	if err := (exchange.Book{Store: a.nodes[i].store}).Remove(t.Context(), a.nodes[k].Own.Name); err != nil {
		t.Fatal(err)
	}
}

// says has an ally take in what its own people say.
func (n *ally) says(t *testing.T, o *stix.Object) {
	t.Helper()
	if _, err := n.store.Import(t.Context(), []store.Incoming{{Object: o, Source: n.Own.Name}}); err != nil {
		t.Fatal(err)
	}
}

// newest is the newest version of an object that a node has; zero: none.
func (n *ally) newest(t *testing.T, id stix.ID) (at time.Time, revoked bool) {
	r, err := n.store.Get(t.Context(), tlp.Local(), id)
	if err != nil {
		return time.Time{}, false
	}
	return r.Object.Modified.Time, r.Object.Revoked
}

// within waits until all hold, and fails after the time that the exchange has.
func within(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	begun := time.Now()
	for !holds() {
		if time.Since(begun) > limit {
			t.Fatalf("%s: not within %s", what, limit)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Logf("%s: %s", what, time.Since(begun).Round(10*time.Millisecond))
}

// here reports whether a node has an object.
func here(t *testing.T, n *ally, id stix.ID) bool {
	_, err := n.store.Get(t.Context(), tlp.Local(), id)
	return err == nil
}

// red returns an indicator for some of the nodes alone, and the marking definition
// that names them.
func (a *alliance) red(t *testing.T, to ...int) (list, red *stix.Object) {
	t.Helper()
	audience := make([]stix.ID, len(to))
	for i, k := range to {
		audience[i] = a.nodes[k].Own.ID
	}
	names, err := json.Marshal(audience)
	if err != nil {
		t.Fatal(err)
	}
	d := &stix.MarkingDefinition{}
	d.Created = stix.Timestamp{Time: time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC)}
	d.ObjectMarkingRefs = []stix.ID{stix.TLPRed.MarkingID()}
	d.Extensions = map[string]jsontext.Value{tlp.Extension: jsontext.Value(`{"extension_type":"property-extension","audience":` + string(names) + `}`)}
	if list, err = stix.Make(d); err != nil {
		t.Fatal(err)
	}
	o := indicator(t, stix.TLPRed, "red")
	red, err = stix.NewVersion(o, stix.Timestamp{Time: o.Modified.Add(time.Hour)}, map[string]any{"object_marking_refs": []stix.ID{stix.TLPRed.MarkingID(), list.ID}})
	if err != nil {
		t.Fatal(err)
	}
	return list, red
}

// edges are the pairs of nodes that exchange, in each topology.
func edges(topology string) (list [][2]int) {
	n := len(allies)
	for i := range n {
		for k := range n {
			near := map[string]bool{
				"ring": k == (i+1)%n || i == (k+1)%n,
				"star": i != k && (i == 0 || k == 0),
				"line": k == i+1 || i == k+1,
				"mesh": i != k,
			}[topology]
			if near {
				list = append(list, [2]int{i, k})
			}
		}
	}
	return list
}

// limit is how long anything may take to be everywhere.
const limit = 5 * time.Second

// Eight nodes, in four topologies: each holds exactly what it may within 5 seconds,
// also updates and revocations, also after a link was cut; nothing is delivered to
// a store that has it.
func TestEight(t *testing.T) {
	for _, topology := range []string{"ring", "star", "line", "mesh"} {
		t.Run(topology, func(t *testing.T) {
			t.Parallel()
			a := newAlliance(t)
			for _, e := range edges(topology) {
				a.link(t, e[0], e[1])
			}
			within(t, limit, "all have met", func() bool {
				return !slices.ContainsFunc(a.nodes, func(n *ally) bool {
					list, err := exchange.Book{Store: n.store}.Peers(t.Context())
					return err != nil || slices.ContainsFunc(list, func(p exchange.Peer) bool {
						s, err := exchange.Book{Store: n.store}.State(t.Context(), p.Name)
						return err != nil || s.Succeeded.IsZero()
					})
				})
			})
			everywhere := func(o *stix.Object) func() bool {
				return func() bool {
					return !slices.ContainsFunc(a.nodes, func(n *ally) bool {
						at, revoked := n.newest(t, o.ID)
						return !at.Equal(o.Modified.Time) || revoked != o.Revoked
					})
				}
			}
			green, strict := indicator(t, stix.TLPGreen, "green"), indicator(t, stix.TLPAmberStrict, "strict")
			us, japan := a.nodes[0], a.nodes[6]
			japan.says(t, strict)
			us.says(t, green)
			within(t, limit, "GREEN of the US", everywhere(green))

			update, err := stix.NewVersion(green, stix.Timestamp{Time: green.Modified.Add(time.Hour)}, map[string]any{"name": "better"})
			if err != nil {
				t.Fatal(err)
			}
			us.says(t, update)
			within(t, limit, "its update", everywhere(update))

			// What Japan keeps to itself it gives to the community, by a new marking.
			opened, err := stix.NewVersion(strict, stix.Timestamp{Time: strict.Modified.Add(time.Hour)}, map[string]any{"object_marking_refs": []stix.ID{stix.TLPGreen.MarkingID()}})
			if err != nil {
				t.Fatal(err)
			}
			for i, n := range a.nodes {
				if at, _ := n.newest(t, strict.ID); at.IsZero() == (i == 6) {
					t.Errorf("%s: AMBER+STRICT of Japan: %v", n.Own.Name, at)
				}
			}
			japan.says(t, opened)
			within(t, limit, "GREEN of Japan, AMBER+STRICT before", everywhere(opened))

			// RED of the UK for Canada and New Zealand, who are asked by name.
			named := []int{2, 4, 5}
			list, red := a.red(t, named...)
			a.nodes[2].says(t, list)
			a.nodes[2].says(t, red)
			if topology == "mesh" {
				within(t, limit, "RED of the UK for two members", func() bool {
					return !slices.ContainsFunc(named, func(i int) bool { at, _ := a.nodes[i].newest(t, red.ID); return at.IsZero() })
				})
			}

			// A link that is cut misses a revocation, which comes when it heals.
			last := len(a.nodes) - 1
			var cut [][2]int
			for _, e := range edges(topology) {
				if e[0] == last {
					a.cut(t, e[0], e[1])
					cut = append(cut, e)
				}
			}
			time.Sleep(2500 * time.Millisecond) // until the node has noticed
			revoked, err := stix.Revoke(update, stix.Timestamp{Time: update.Modified.Add(time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			us.says(t, revoked)
			within(t, limit, "its revocation, but where links are cut", func() bool {
				return !slices.ContainsFunc(a.nodes[:last], func(n *ally) bool {
					_, gone := n.newest(t, green.ID)
					return !gone
				})
			})
			if _, gone := a.nodes[last].newest(t, green.ID); gone {
				t.Error("it came over a link that was cut")
			}
			for _, e := range cut {
				a.link(t, e[0], e[1])
			}
			within(t, limit, "its revocation, once links are healed", everywhere(revoked))

			for i, n := range a.nodes {
				for _, o := range []*stix.Object{list, red} {
					if !slices.Contains(named, i) && here(t, n, o.ID) {
						t.Errorf("%s has %s, which is for others", n.Own.Name, o.ID)
					}
				}
				if n.store.twice > 0 {
					t.Errorf("%s: %d objects were delivered twice", n.Own.Name, n.store.twice)
				}
			}
		})
	}
}
