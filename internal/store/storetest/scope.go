package storetest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A thing is an object of a random graph, as the oracle knows it: it has no
// scopes, and follows all references anew for each question.
type thing struct {
	colour  int // the place in colours, -1 for none
	leadsTo []stix.ID
	defined string // "": it is no marking definition
}

var colours = []string{white, green, amber, string(stix.TLPAmberStrict.MarkingID()), red}

type graph map[stix.ID]thing

// sees tells whether a reader, by the place of the strictest colour that it may
// see, may see an object.
func (g graph) sees(reader int, of stix.ID) bool {
	reached := map[stix.ID]bool{of: true}
	for queue := []stix.ID{of}; len(queue) > 0; queue = queue[1:] {
		o, here := g[queue[0]]
		if !here && queue[0].Type() == "marking-definition" {
			return false
		}
		if !here {
			continue
		}
		colour := o.colour
		for _, id := range o.leadsTo {
			if id.Type() == "marking-definition" && g[id].defined == "amber" {
				colour = max(colour, 2)
			}
			if !reached[id] {
				reached[id] = true
				queue = append(queue, id)
			}
		}
		if colour < 0 || colour > reader {
			return false
		}
	}
	return true
}

// draw makes a version of an object at random.
func (g graph) draw(t *testing.T, r *rand.Rand, of stix.ID, version int) *stix.Object {
	o := thing{colour: max(r.IntN(8)-3, -1)}
	if o.colour < 0 && r.IntN(3) > 0 {
		o.colour = 0 // else little can be seen
	}
	var marks []string
	if o.colour >= 0 {
		marks = append(marks, colours[o.colour])
	}
	at := time.Date(2021, 3, 2, 0, 0, version, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
	p := `"created":"2021-01-01T00:00:00.000Z"`
	switch of.Type() {
	case "marking-definition":
		o.colour, marks = 0, []string{white}
		if o.defined = "statement"; strings.HasSuffix(string(of), "1") {
			o.defined = "amber"
			p += `,"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber"}}`
		} else {
			p += `,"definition_type":"statement","definition":{"statement":"of somebody"}`
		}
	case "identity":
		p += `,"modified":"` + at + `","name":"x"`
	default:
		p += `,"modified":"` + at + `","name":"x","published":"2021-01-01T00:00:00Z"`
		var refs []string
		for range r.IntN(3) {
			to := id("report", r.IntN(12))
			o.leadsTo = append(o.leadsTo, to)
			refs = append(refs, `"`+string(to)+`"`)
		}
		p += `,"object_refs":[` + strings.Join(refs, ",") + `]`
		if r.IntN(4) == 0 {
			m := id("marking-definition", r.IntN(2))
			o.leadsTo = append(o.leadsTo, m)
			marks = append(marks, string(m))
		}
		by := id("identity", int(of[len(of)-1])%2) // the same of all versions
		o.leadsTo = append(o.leadsTo, by)
		p += `,"created_by_ref":"` + string(by) + `"`
	}
	if marks != nil {
		p += "," + marked(marks...)
	}
	g[of] = o
	return object(t, of, p)
}

// Of random graphs that change at random, with loops and in any order, each reader
// sees what the oracle says, and whoever pages by dates has been given it.
func testScopes(t *testing.T, s store.Store) {
	readers := []tlp.Clearance{{}, {Audience: tlp.Community}, {Audience: tlp.Client}, {Audience: tlp.Organisation}}
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 2021))
		g := graph{}
		prefix := func(o *stix.Object) *stix.Object { // each world has identifiers of its own
			text := strings.ReplaceAll(string(o.Raw()), "--00000000-", fmt.Sprintf("--%08d-", seed+1))
			changed, err := stix.Parse([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return changed
		}
		own := func(i stix.ID) stix.ID {
			return stix.ID(strings.Replace(string(i), "--00000000-", fmt.Sprintf("--%08d-", seed+1), 1))
		}
		given := make([]map[string]bool, len(readers))
		cursors := make([]time.Time, len(readers))
		for i := range readers {
			given[i] = map[string]bool{}
		}
		defined := map[stix.ID]bool{}
		for step := range 30 {
			var batch []*stix.Object
			for range 1 + r.IntN(4) {
				of := id("report", r.IntN(12))
				switch n := r.IntN(12); {
				case n == 0:
					of = id("identity", r.IntN(2))
				case n == 1 && step > 10:
					of = id("marking-definition", r.IntN(2))
				}
				if defined[of] || slices.ContainsFunc(batch, func(o *stix.Object) bool { return o.ID == own(of) }) {
					continue // a version that comes twice is a conflict
				}
				defined[of] = of.Type() == "marking-definition"
				batch = append(batch, prefix(g.draw(t, r, of, step)))
			}
			put(t, s, "a", batch...)
			for i, c := range readers {
				if err := s.Each(t.Context(), c, store.Query{Since: cursors[i], Versions: store.Versions{All: true}}, func(rec store.Record) error {
					cursors[i] = rec.Added
					given[i][string(rec.Object.Raw())] = true
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				for _, of := range slices.Sorted(maps.Keys(g)) {
					raw := get(t, s, c, own(of))
					if sees := g.sees(i, of); (raw != "") != sees {
						t.Fatalf("world %d, step %d: reader %d sees %s: %t, want %t\n%+v", seed, step, i, of, raw != "", sees, g)
					}
					if raw != "" && !given[i][raw] {
						t.Fatalf("world %d, step %d: reader %d pages, and was not given %s", seed, step, i, raw)
					}
				}
			}
		}
	}
}
