package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// colours are the marking definitions of TLP 2.0 and TLP 1, from the widest
// audience to the narrowest, and none.
var colours = []struct {
	marking string
	nearest int // the audience that may see it, as a place in standings; -1 none
}{
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", 0},  // CLEAR
	{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", 0},  // WHITE
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", 1},  // GREEN
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", 2},  // AMBER
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", 3},  // AMBER+STRICT
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", -1}, // RED
	{"", -1},
	{"marking-definition--00000000-0000-4000-8000-000000000001", -1}, // that nobody knows
}

var standings = []auth.Standing{auth.Guest, auth.Partner, auth.Client, auth.Own}

// A world is objects at random that refer to one another, and what the oracle
// knows of them: it has no store and no TAXII.
type world struct {
	objects []*stix.Object
	colour  []int
	refs    [][]int
	added   []string // date in the store
}

func newWorld(t *testing.T, r *rand.Rand, n int) *world {
	w := &world{}
	for i := range n {
		kind := []string{"malware", "indicator", "relationship", "sighting", "report"}[r.IntN(5)]
		if i < 4 {
			kind = "malware"
		}
		refs := []int{}
		pick := func() stix.ID { // also of what comes later
			k := r.IntN(n)
			refs = append(refs, k)
			return id(k)
		}
		p := ""
		switch kind {
		case "malware":
			p = `"name":"secret-%d","is_family":true`
		case "indicator":
			p = `"name":"secret-%d","pattern":"[domain-name:value = 'secret-%[1]d.example']","pattern_type":"stix","valid_from":"2021-01-01T00:00:00Z"`
		case "relationship":
			p = `"description":"secret-%d","relationship_type":"related-to","source_ref":"` + string(pick()) + `","target_ref":"` + string(pick()) + `"`
		case "sighting":
			p = `"description":"secret-%d","sighting_of_ref":"` + string(pick()) + `"`
		case "report":
			p = `"name":"secret-%d","published":"2021-01-01T00:00:00Z","object_refs":["` + string(pick()) + `","` + string(pick()) + `"]`
		}
		c := r.IntN(len(colours))
		if r.IntN(2) == 0 {
			c = 0 // else little can be seen
		}
		if m := colours[c].marking; m != "" {
			p += `,"object_marking_refs":["` + m + `"]`
		}
		text := fmt.Sprintf(`{"type":"%s","spec_version":"2.1","id":"%s","created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z",`, kind, ofType(kind, i)) + fmt.Sprintf(p, i) + "}"
		o, err := stix.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w.objects, w.colour, w.refs = append(w.objects, o), append(w.colour, c), append(w.refs, refs)
	}
	w.settle(t)
	return w
}

// Objects are made before the types of all are known: settle puts the right ones
// into references.
func id(n int) stix.ID {
	return stix.ID(fmt.Sprintf("x-unsettled--00000000-0000-4000-8000-%012d", n+100))
}

func ofType(kind string, n int) stix.ID {
	return stix.ID(kind + strings.TrimPrefix(string(id(n)), "x-unsettled"))
}

func (w *world) settle(t *testing.T) {
	for i, o := range w.objects {
		text := string(o.Raw())
		for _, k := range w.refs[i] {
			text = strings.ReplaceAll(text, string(id(k)), string(w.objects[k].ID))
		}
		settled, err := stix.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		w.objects[i] = settled
	}
}

// visible is the oracle: what one reader may see. Nothing is until all that it
// leads to is, however far.
func (w *world) visible(reader int) []bool {
	see := make([]bool, len(w.objects))
	for i := range see {
		seen := map[int]bool{}
		var leads func(k int) bool
		leads = func(k int) bool {
			if seen[k] {
				return true
			}
			seen[k] = true
			if near := colours[w.colour[k]].nearest; near < 0 || reader < near {
				return false
			}
			for _, next := range w.refs[k] {
				if !leads(next) {
					return false
				}
			}
			return true
		}
		see[i] = leads(i)
	}
	return see
}

// TLP 2.0: nothing of what a reader may not see leaves the node, and all that it
// may see does.
func TestNothingLeaks(t *testing.T) {
	checks := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 2021))
		w := newWorld(t, r, 40)
		s := openStore(t)
		order := r.Perm(len(w.objects))
		for part := range slices.Chunk(order, 7) {
			var batch []store.Incoming
			for _, i := range part {
				batch = append(batch, store.Incoming{Object: w.objects[i], Source: "a"})
			}
			if _, err := s.Import(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range w.objects {
			rec, err := s.Get(t.Context(), tlp.Local(), o.ID)
			if err != nil {
				t.Fatal(err)
			}
			w.added = append(w.added, taxii.Timestamp{Time: rec.Added}.String())
		}
		backend := &exchange.Backend{Store: s, Own: auth.Org{ID: stix.NewID("identity"), Name: "Own", Standing: auth.Own}, URL: "http://node.example", MaxBody: 1 << 20}
		for reader := range standings {
			checks += w.crawl(t, backend, reader, r)
		}
	}
	t.Logf("%d answers looked through", checks)
}

func openStore(t *testing.T) store.Store {
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// crawl asks for everything that there is to be asked for.
func (w *world) crawl(t *testing.T, b *exchange.Backend, reader int, r *rand.Rand) (checks int) {
	visible := w.visible(reader)
	h := &taxii.Handler{Backend: b}
	who := auth.Subject{Org: auth.Org{ID: stix.NewID("identity"), Name: "Asking", Standing: standings[reader]}, Role: auth.Reader}
	ask := func(path string) *httptest.ResponseRecorder {
		q := httptest.NewRequestWithContext(auth.With(t.Context(), who), http.MethodGet, path, nil)
		a := httptest.NewRecorder()
		h.ServeHTTP(a, q)
		all := fmt.Sprint(a.Header()) + a.Body.String()
		for i, o := range w.objects {
			if visible[i] {
				continue
			}
			for _, secret := range []string{string(o.ID), o.ID.UUID(), fmt.Sprintf(`secret-%d"`, i), fmt.Sprintf("secret-%d.", i), w.added[i]} {
				if strings.Contains(all, secret) && !strings.Contains(path, secret) {
					t.Errorf("%s tells %s of %s: %s", path, standings[reader], secret, all)
				}
			}
		}
		checks++
		return a
	}
	ask("/taxii2/")
	ask("/api/")
	ask("/api/collections/")
	for _, c := range []string{"all", "indicators", "reports", "sightings"} {
		base := "/api/collections/" + c + "/"
		ask(base)
		got := map[stix.ID]bool{}
		limit := 1 + r.IntN(9)
		for next := ""; ; {
			a := ask(fmt.Sprintf("%sobjects/?limit=%d&next=%s", base, limit, next))
			if next == "" {
				a = ask(fmt.Sprintf("%sobjects/?limit=%d", base, limit))
			}
			var e taxii.Envelope
			if err := json.Unmarshal(a.Body.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			for _, raw := range e.Objects {
				o, err := stix.Parse(raw)
				if err != nil {
					t.Fatal(err)
				}
				got[o.ID] = true
			}
			if next = e.Next; !e.More {
				break
			}
		}
		for i, o := range w.objects {
			if c == "all" && got[o.ID] != visible[i] {
				t.Errorf("%s: %s is to be seen by %s: %t, is seen: %t", c, o.ID, standings[reader], visible[i], got[o.ID])
			}
		}
		for _, q := range []string{"?match%5Bversion%5D=all", "?match%5Bversion%5D=first", "?match%5Btype%5D=relationship", "?added_after=" + url.QueryEscape(w.added[r.IntN(len(w.added))])} {
			ask(base + "objects/" + q)
			ask(base + "manifest/" + q)
		}
	}
	for i, o := range w.objects {
		one := "/api/collections/all/objects/" + string(o.ID) + "/"
		status := http.StatusNotFound
		if visible[i] {
			status = http.StatusOK
		}
		for _, path := range []string{one, one + "versions/", one + "?match%5Bversion%5D=all"} {
			if a := ask(path); a.Code != status {
				t.Errorf("%s: %d to %s, want %d", path, a.Code, standings[reader], status)
			}
		}
		ask("/api/collections/all/manifest/?match%5Bid%5D=" + string(o.ID))
		ask("/api/collections/all/objects/?match%5Bid%5D=" + string(o.ID))
	}
	return checks
}

// What is there and withheld is answered as what is not there, to the byte.
func TestWithheldLooksAbsent(t *testing.T) {
	s := openStore(t)
	hidden, err := stix.Make(&stix.Malware{Common: stix.Common{Created: stix.Timestamp{Time: time.Date(2021, 3, 2, 0, 0, 0, 0, time.UTC)}, ObjectMarkingRefs: []stix.ID{stix.TLPRed.MarkingID()}}, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), []store.Incoming{{Object: hidden, Source: "a"}}); err != nil {
		t.Fatal(err)
	}
	h := &taxii.Handler{Backend: &exchange.Backend{Store: s, MaxBody: 1 << 20}}
	answer := func(id stix.ID, rest string) string {
		a := httptest.NewRecorder()
		h.ServeHTTP(a, httptest.NewRequest(http.MethodGet, "/api/collections/all/objects/"+string(id)+rest, nil))
		return fmt.Sprint(a.Code, a.Header(), a.Body)
	}
	for _, rest := range []string{"/", "/versions/", "/?match%5Bversion%5D=all"} {
		if there, absent := answer(hidden.ID, rest), answer(stix.NewID("malware"), rest); there != absent {
			t.Errorf("%s: %s\n%s", rest, there, absent)
		}
	}
}
