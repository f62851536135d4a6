package exchange_test

import (
	"bytes"
	"context"
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
	order   []int // in which they come to a store
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
	w.order = r.Perm(n)
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
// may see does. What a reader is answered is, to the byte but for dates, what a
// node would answer that has nothing else.
func TestNothingLeaks(t *testing.T) {
	checks := 0
	for seed := range uint64(9) {
		r := rand.New(rand.NewPCG(seed, 2021))
		w := newWorld(t, r, 40)
		whole := w.node(t, func(int) bool { return true })
		for reader := range standings {
			c := &crawl{world: w, r: r, reader: reader, whole: whole, alone: w.alone(t, reader), visible: w.visible(reader), fail: t.Errorf}
			c.run(t)
			checks += c.checks
		}
	}
	t.Logf("%d checks", checks)
}

// A leak of each kind, planted on purpose, is found.
func TestPlantedLeaksAreFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2021))
	w := newWorld(t, r, 40)
	whole := w.node(t, func(int) bool { return true })
	reader := 1
	visible := w.visible(reader)
	hidden := func(kind string) int {
		for i, o := range w.objects {
			if !visible[i] && (kind == "" || o.Type == kind) {
				return i
			}
		}
		t.Fatalf("no hidden %s", kind)
		return 0
	}
	alone := w.alone(t, reader)
	into := func(body []byte, name, value string) []byte { // a list in an answer
		return bytes.Replace(body, []byte(`"`+name+`":[`), []byte(`"`+name+`":[`+value+`,`), 1)
	}
	for name, plant := range map[string]func(path string, a *httptest.ResponseRecorder, body []byte) []byte{
		"id in an error": func(_ string, a *httptest.ResponseRecorder, body []byte) []byte {
			if a.Code == http.StatusNotFound {
				body = bytes.Replace(body, []byte(`"description":"`), []byte(`"description":"`+string(w.objects[hidden("")].ID)), 1)
			}
			return body
		},
		"count in a header": func(_ string, a *httptest.ResponseRecorder, body []byte) []byte {
			a.Header().Set("X-Total", fmt.Sprint(len(w.objects)))
			return body
		},
		"relationship": func(_ string, _ *httptest.ResponseRecorder, body []byte) []byte {
			return into(body, "objects", string(w.objects[hidden("relationship")].Raw()))
		},
		"sighting": func(_ string, _ *httptest.ResponseRecorder, body []byte) []byte {
			return into(body, "objects", string(w.objects[hidden("sighting")].Raw()))
		},
		"manifest": func(path string, _ *httptest.ResponseRecorder, body []byte) []byte {
			if strings.Contains(path, "/manifest/") {
				body = into(body, "objects", `{"id":"`+string(w.objects[hidden("")].ID)+`"}`)
			}
			return body
		},
		"versions": func(path string, _ *httptest.ResponseRecorder, body []byte) []byte {
			if strings.HasSuffix(path, "/versions/") {
				body = into(body, "versions", `"2021-01-01T00:00:00.000Z"`)
			}
			return body
		},
		"status of what is hidden": func(path string, a *httptest.ResponseRecorder, body []byte) []byte {
			if strings.Contains(path, "/objects/"+string(w.objects[hidden("")].ID)) {
				a.Code = http.StatusForbidden
			}
			return body
		},
		"size of a page": func(_ string, _ *httptest.ResponseRecorder, body []byte) []byte {
			if i := bytes.LastIndex(body, []byte(`,{"type":"`)); i > 0 {
				body = append(body[:i:i], "]}"...)
			}
			return body
		},
		"date": func(_ string, a *httptest.ResponseRecorder, body []byte) []byte {
			if a.Header().Get("X-Taxii-Date-Added-Last") != "" {
				a.Header().Set("X-Taxii-Date-Added-Last", whole.added[hidden("")])
			}
			return body
		},
		"time": func(path string, _ *httptest.ResponseRecorder, body []byte) []byte {
			if strings.Contains(path, string(w.objects[hidden("")].ID)) {
				time.Sleep(15 * time.Millisecond)
			}
			return body
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := 0
			c := &crawl{
				world: w, r: rand.New(rand.NewPCG(2, 2021)), reader: reader, whole: whole, alone: alone, visible: visible, plant: plant,
				fail: func(string, ...any) { found++ },
			}
			c.run(t)
			if found == 0 {
				t.Error("it was not found")
			}
		})
	}
}

// A served is a node with some of the objects of a world.
type served struct {
	handler http.Handler
	added   map[int]string // dates of the objects
}

// node returns one that has those objects that hold.
func (w *world) node(t *testing.T, holds func(int) bool) *served {
	s := openStore(t)
	for part := range slices.Chunk(w.order, 7) {
		var batch []store.Incoming
		for _, i := range part {
			if holds(i) {
				batch = append(batch, store.Incoming{Object: w.objects[i], Source: "a"})
			}
		}
		if _, err := s.Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	n := &served{added: map[int]string{}, handler: &taxii.Handler{Backend: &exchange.Backend{
		Store: s, Own: auth.Org{ID: "identity--00000000-0000-4000-8000-000000000001", Name: "Own", Standing: auth.Own}, URL: "http://node.example", MaxBody: 1 << 20,
	}}}
	for i, o := range w.objects {
		if holds(i) {
			rec, err := s.Get(t.Context(), tlp.Local(), o.ID)
			if err != nil {
				t.Fatal(err)
			}
			n.added[i] = taxii.Timestamp{Time: rec.Added}.String()
		}
	}
	return n
}

// alone returns a node that has what a reader may see, and nothing else.
func (w *world) alone(t *testing.T, reader int) *served {
	visible := w.visible(reader)
	return w.node(t, func(i int) bool { return visible[i] })
}

func openStore(t *testing.T) store.Store {
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// A crawl asks for everything that there is to be asked for: a node that has all,
// and one that has only what the reader may see.
type crawl struct {
	*world
	r            *rand.Rand
	reader       int
	visible      []bool
	whole, alone *served
	plant        func(path string, a *httptest.ResponseRecorder, body []byte) []byte // spoils answers of whole; nil: none
	fail         func(format string, args ...any)
	checks       int
}

// get asks a node.
func (c *crawl) get(ctx context.Context, n *served, path string) (*httptest.ResponseRecorder, []byte) {
	who := auth.Subject{Org: auth.Org{ID: "identity--00000000-0000-4000-8000-000000000002", Name: "Asking", Standing: standings[c.reader]}, Role: auth.Reader}
	a := httptest.NewRecorder()
	n.handler.ServeHTTP(a, httptest.NewRequestWithContext(auth.With(ctx, who), http.MethodGet, path, nil))
	body := a.Body.Bytes()
	if c.plant != nil && n == c.whole {
		body = c.plant(path, a, body)
	}
	return a, body
}

// ask asks the node that has all, and looks for secrets in its answer.
func (c *crawl) ask(ctx context.Context, path string) (int, []byte) {
	a, body := c.get(ctx, c.whole, path)
	all := fmt.Sprint(a.Header()) + string(body)
	for i, o := range c.objects {
		if c.visible[i] {
			continue
		}
		for _, secret := range []string{string(o.ID), o.ID.UUID(), fmt.Sprintf(`secret-%d"`, i), fmt.Sprintf("secret-%d.", i), c.whole.added[i]} {
			if c.checks++; strings.Contains(all, secret) && !strings.Contains(path, secret) {
				c.fail("%s tells %s of %s: %s", path, standings[c.reader], secret, all)
			}
		}
	}
	return a.Code, body
}

// same asks both nodes, and compares what they answer; next are the tokens that
// they gave before.
func (c *crawl) same(ctx context.Context, path string, next [2]string) (again [2]string) {
	var answers [2]string
	for i, n := range []*served{c.whole, c.alone} {
		p := path
		if next[i] != "" {
			p += "&next=" + url.QueryEscape(next[i])
		}
		a, body := c.get(ctx, n, p)
		if i == 0 {
			c.ask(ctx, p)
		}
		var e taxii.Envelope
		if a.Code == http.StatusOK {
			_ = json.Unmarshal(body, &e) // of what is no envelope there is no next
		}
		a.Header().Del("Etag") // of another text, for its dates
		text := fmt.Sprint(a.Code, a.Header()) + string(body)
		for k, date := range n.added {
			text = strings.ReplaceAll(text, date, fmt.Sprintf("<date of %d>", k))
		}
		if again[i] = e.Next; e.Next != "" {
			text = strings.ReplaceAll(text, e.Next, "<next>")
		}
		answers[i] = text
	}
	if c.checks++; answers[0] != answers[1] {
		c.fail("%s to %s: a node that has nothing else answers otherwise:\n%s\n%s", path, standings[c.reader], answers[0], answers[1])
	}
	return again
}

func (c *crawl) run(t *testing.T) {
	ctx := t.Context()
	for _, path := range []string{"/taxii2/", "/api/", "/api/collections/"} {
		c.same(ctx, path, [2]string{})
	}
	for _, name := range []string{"all", "indicators", "reports", "sightings"} {
		base := "/api/collections/" + name + "/"
		c.same(ctx, base, [2]string{})
		for _, part := range []string{"objects", "manifest"} {
			path := fmt.Sprintf("%s%s/?limit=%d", base, part, 1+c.r.IntN(9))
			for next := c.same(ctx, path, [2]string{}); next[0] != "" && next[1] != ""; {
				next = c.same(ctx, path, next)
			}
			for _, q := range []string{"match%5Bversion%5D=all", "match%5Bversion%5D=first", "match%5Btype%5D=relationship"} {
				c.same(ctx, base+part+"/?"+q, [2]string{})
			}
			c.ask(ctx, base+part+"/?added_after="+url.QueryEscape(c.whole.added[c.r.IntN(len(c.objects))]))
		}
	}
	_, body := c.ask(ctx, "/api/collections/all/objects/?limit=1000")
	for i, o := range c.objects {
		if c.checks++; bytes.Contains(body, []byte(`"id":"`+string(o.ID)+`"`)) != c.visible[i] {
			c.fail("%s is to be seen by %s: %t", o.ID, standings[c.reader], c.visible[i])
		}
		one := "/api/collections/all/objects/" + string(o.ID) + "/"
		for _, path := range []string{
			one, one + "versions/", one + "?match%5Bversion%5D=all",
			"/api/collections/all/manifest/?match%5Bid%5D=" + string(o.ID), "/api/collections/all/objects/?match%5Bid%5D=" + string(o.ID),
		} {
			c.same(ctx, path, [2]string{})
		}
	}
	c.time(ctx)
}

// time compares how long it takes to be told nothing of what is hidden, and of
// what is not there.
func (c *crawl) time(ctx context.Context) {
	took := func(id string) time.Duration {
		var all []time.Duration
		for range 9 {
			begun := time.Now()
			c.get(ctx, c.whole, "/api/collections/all/objects/"+id+"/")
			all = append(all, time.Since(begun))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	for i, o := range c.objects {
		if c.visible[i] {
			continue
		}
		absent := string(ofType(o.Type, 10_000+i))
		slower := true
		for range 3 { // what other programs do on the machine slows down one of them now and then
			slower = slower && took(string(o.ID)) > took(absent)+10*time.Millisecond
		}
		if c.checks++; slower {
			c.fail("%s: its answer takes longer than that of what is not there", o.ID)
		}
	}
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
