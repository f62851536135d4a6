package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A client asks a backend over TAXII.
type client struct {
	t       testing.TB
	handler *taxii.Handler
	who     auth.Subject
}

func clientOf(t testing.TB, b *exchange.Backend, s auth.Standing) *client {
	return &client{t, &taxii.Handler{Backend: b}, auth.Subject{Org: auth.Org{ID: stix.NewID("identity"), Name: "Asking", Standing: s}, Role: auth.Contributor}}
}

func (c *client) ask(path string) *httptest.ResponseRecorder {
	a := httptest.NewRecorder()
	c.handler.ServeHTTP(a, httptest.NewRequestWithContext(auth.With(c.t.Context(), c.who), http.MethodGet, path, nil))
	return a
}

// objects pages through a collection and returns the identifiers, and the date of
// the last object.
func (c *client) objects(path string) (ids []stix.ID, last string) {
	c.t.Helper()
	for next := ""; ; {
		a := c.ask(path + next)
		var e taxii.Envelope
		if err := json.Unmarshal(a.Body.Bytes(), &e); err != nil || a.Code != http.StatusOK {
			c.t.Fatal(path, a.Code, a.Body, err)
		}
		for _, raw := range e.Objects {
			o, err := stix.Parse(raw)
			if err != nil {
				c.t.Fatal(err)
			}
			ids = append(ids, o.ID)
		}
		if date := a.Header().Get("X-TAXII-Date-Added-Last"); date != "" {
			if date <= last {
				c.t.Fatalf("%s: date %s comes behind %s", path, date, last)
			}
			last = date
		}
		if !e.More {
			return ids, last
		}
		next = "&next=" + e.Next
	}
}

func made(t testing.TB, s store.Store, d exchange.Definition) exchange.Definition {
	t.Helper()
	d.Title = d.Alias
	d, err := exchange.Shelf{Store: s}.Put(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func put(t testing.TB, s store.Store, texts ...string) {
	t.Helper()
	var batch []store.Incoming
	for _, text := range texts {
		o, err := stix.Parse([]byte(text))
		if err != nil {
			t.Fatal(text, err)
		}
		batch = append(batch, store.Incoming{Object: o, Source: "a"})
	}
	outcomes, err := s.Import(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o.Status > store.Same {
			t.Fatal(texts[i], o)
		}
	}
}

// text is an object of a type, by a number, as of a year.
func text(kind string, n, year int, more string) string {
	return fmt.Sprintf(`{"type":"%s","spec_version":"2.1","id":"%s","created":"2020-01-01T00:00:00.000Z","modified":"%d-01-01T00:00:00.000Z","object_marking_refs":["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]%s}`, kind, nth(kind, n), year, more)
}

func nth(kind string, n int) stix.ID {
	return stix.ID(fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", kind, n))
}

func relates(n int, from, to stix.ID) string {
	return text("relationship", n, 2020, fmt.Sprintf(`,"relationship_type":"indicates","source_ref":"%s","target_ref":"%s"`, from, to))
}

// What the objects themselves say decides by the newest version, for all versions.
func TestSelections(t *testing.T) {
	s := openStore(t)
	put(t, s,
		text("indicator", 1, 2020, `,"confidence":90,"labels":["a","b"]`),
		text("indicator", 2, 2020, `,"confidence":10,"labels":["b"],"created_by_ref":"`+string(nth("identity", 1))+`"`),
		text("indicator", 2, 2021, `,"confidence":61,"labels":["b"],"created_by_ref":"`+string(nth("identity", 1))+`"`),
		text("indicator", 3, 2020, `,"confidence":70,"valid_until":"2021-01-01T00:00:00Z","name":"web shell"`),
		text("indicator", 4, 2020, `,"confidence":70,"valid_until":"9999-01-01T00:00:00Z","revoked":true`),
		text("malware", 5, 2020, `,"confidence":70,"labels":["c"],"name":"shell"`),
		text("indicator", 6, 2020, ``),
	)
	ids := func(list ...int) (want []stix.ID) {
		for _, n := range list {
			kind := "indicator"
			if n == 5 {
				kind = "malware"
			}
			want = append(want, nth(kind, n))
		}
		return want
	}
	for i, each := range []struct {
		query exchange.Selection
		more  string
		want  []stix.ID
	}{
		{exchange.Selection{Confidence: 61}, "", ids(1, 2, 3, 4, 5)},
		{exchange.Selection{Confidence: 62}, "", ids(1, 3, 4, 5)},
		{exchange.Selection{Types: []string{"indicator"}, Confidence: 61}, "", ids(1, 2, 3, 4)},
		{exchange.Selection{Types: []string{"indicator"}, Confidence: 61}, "&match[type]=malware", nil},
		{exchange.Selection{Confidence: 61}, "&match[type]=malware", ids(5)},
		{exchange.Selection{Labels: []string{"a", "c"}}, "", ids(1, 5)},
		{exchange.Selection{CreatedBy: nth("identity", 1)}, "", ids(2)},
		{exchange.Selection{CreatedBy: nth("identity", 1), Confidence: 60}, "&match[version]=all", ids(2, 2)},
		{exchange.Selection{CreatedBy: nth("identity", 1), Confidence: 60}, "&match[version]=first", ids(2)},
		{exchange.Selection{Confidence: 65, Current: true}, "", ids(1, 5)},
		{exchange.Selection{Words: "shell"}, "", ids(3, 5)},
		{exchange.Selection{Words: "shell", Types: []string{"malware"}}, "", ids(5)},
		{exchange.Selection{Words: "shell", Current: true}, "&match[version]=all", ids(5)},
		{exchange.Selection{Confidence: 61}, "&match[id]=" + string(nth("indicator", 6)) + "," + string(nth("indicator", 1)), ids(1)},
	} {
		d := made(t, s, exchange.Definition{Alias: fmt.Sprintf("c%d", i), Query: each.query})
		c := clientOf(t, &exchange.Backend{Store: s}, auth.Partner)
		for _, limit := range []int{1, 2, 100} {
			got, _ := c.objects(fmt.Sprintf("/api/collections/%s/objects/?limit=%d%s", d.ID, limit, each.more))
			slices.Sort(got)
			slices.Sort(each.want)
			if !slices.Equal(got, each.want) {
				t.Errorf("%+v %s: got %v, want %v", each.query, each.more, got, each.want)
			}
		}
	}
}

// A collection about an object has, for each reader, what a plain search through
// what it may see finds, and nothing of what is withheld shows.
func TestAboutLeaksNothing(t *testing.T) {
	members := 0
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := newWorld(t, r, 80)
		s := openStore(t)
		var batch []store.Incoming
		for _, i := range r.Perm(len(w.objects)) {
			batch = append(batch, store.Incoming{Object: w.objects[i], Source: "a"})
		}
		if _, err := s.Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		b := &exchange.Backend{Store: s}
		for about := range 4 {
			for steps := 1; steps <= 3; steps++ {
				made(t, s, exchange.Definition{Alias: fmt.Sprintf("about-%d-%d", about, steps), Query: exchange.Selection{About: w.objects[about].ID, Steps: steps}})
			}
		}
		for reader, standing := range standings {
			visible := w.visible(reader)
			c := clientOf(t, b, standing)
			for about := range 4 {
				for steps := 1; steps <= 3; steps++ {
					path := fmt.Sprintf("/api/collections/about-%d-%d/objects/?limit=%d", about, steps, 1+r.IntN(5))
					got, _ := c.objects(path)
					want := w.about(visible, about, steps)
					slices.Sort(got)
					if !slices.Equal(got, want) {
						t.Errorf("seed %d, %s, %d steps from %s: got %v, want %v", seed, standing, steps, w.objects[about].ID, got, want)
					}
					members += len(want)
					all := c.ask(path+"&match[version]=all").Body.String() + c.ask(strings.Replace(path, "objects", "manifest", 1)).Body.String()
					for i, o := range w.objects {
						if !visible[i] && strings.Contains(all, o.ID.UUID()) {
							t.Errorf("%s tells %s of %s", path, standing, o.ID)
						}
					}
				}
			}
		}
	}
	if members < 200 {
		t.Errorf("only %d members: the worlds are too empty to tell", members)
	}
}

// about is the oracle: it goes from the object over all relationships and sightings
// that may be seen, again and again.
func (w *world) about(visible []bool, from, steps int) (ids []stix.ID) {
	if !visible[from] {
		return nil
	}
	reached, in := map[int]bool{from: true}, map[int]bool{from: true}
	for range steps {
		next := map[int]bool{}
		for i, o := range w.objects {
			if !visible[i] || o.Type != "relationship" && o.Type != "sighting" {
				continue
			}
			for _, end := range w.refs[i] {
				if reached[end] {
					in[i] = true
					for _, other := range w.refs[i] {
						next[other] = true
					}
				}
			}
		}
		for i := range next {
			reached[i], in[i] = true, true
		}
	}
	for i := range in {
		ids = append(ids, w.objects[i].ID)
	}
	slices.Sort(ids)
	return ids
}

// What comes into a collection later than into the node is not missed by who asks
// for what was added since: its date is that of what brought it in.
func TestPagerMissesNothing(t *testing.T) {
	s := openStore(t)
	campaign := nth("campaign", 0)
	made(t, s, exchange.Definition{Alias: "about", Query: exchange.Selection{About: campaign, Steps: 2, Types: []string{"indicator"}, Confidence: 60}})
	c := clientOf(t, &exchange.Backend{Store: s}, auth.Partner)
	r := rand.New(rand.NewPCG(1, 2))
	got := map[stix.ID]bool{}
	since := ""
	poll := func() {
		path := "/api/collections/about/objects/?limit=3"
		if since != "" {
			path += "&added_after=" + since
		}
		ids, last := c.objects(path)
		for _, id := range ids {
			got[id] = true
		}
		since = max(since, last)
	}
	put(t, s, text("campaign", 0, 2020, ""))
	for round := range 100 {
		poll()
		var batch []string
		for range r.IntN(4) {
			n := r.IntN(20)
			switch r.IntN(4) {
			case 0:
				batch = append(batch, text("indicator", n, 2020+round, fmt.Sprintf(`,"confidence":%d`, 50+r.IntN(50))))
			case 1:
				batch = append(batch, relates(1000+10*round+len(batch), nth("indicator", n), campaign))
			case 2:
				batch = append(batch, relates(1000+10*round+len(batch), nth("indicator", n), nth("indicator", r.IntN(20))))
			case 3:
				batch = append(batch, text("campaign", 0, 2021+round, ""))
			}
		}
		for _, text := range batch {
			put(t, s, text)
		}
	}
	poll()
	all, _ := c.objects("/api/collections/about/objects/?limit=1000")
	if len(all) < 10 {
		t.Errorf("only %d members", len(all))
	}
	for _, id := range all {
		if !got[id] {
			t.Errorf("%s is in the collection and was missed", id)
		}
	}
}

// Who may read and who may send is as the operator says, TLP notwithstanding.
func TestCircles(t *testing.T) {
	s := openStore(t)
	put(t, s, text("indicator", 1, 2020, ""), strings.Replace(text("indicator", 2, 2020, ""), "94868c89-83c2-464b-929b-a1a8aa3c8487", "bab4a63c-aed9-4cf5-a766-dfca5abac2bb", 1))
	register := auth.Register{Store: s}
	named, member, other := nth("identity", 1), nth("identity", 2), nth("identity", 3)
	if err := register.PutCommunity(t.Context(), auth.Community{Name: "Energy", Members: []stix.ID{member}}); err != nil {
		t.Fatal(err)
	}
	made(t, s, exchange.Definition{Alias: "some", Readers: exchange.Circle{Orgs: []stix.ID{named}, Communities: []string{"Energy"}}, Senders: exchange.Circle{Communities: []string{"energy"}}})
	made(t, s, exchange.Definition{Alias: "near", Readers: exchange.Circle{Standing: auth.Client}})
	made(t, s, exchange.Definition{Alias: "nobody", Readers: exchange.Circle{Communities: []string{"Removed"}}})
	made(t, s, exchange.Definition{Alias: "anyone"})
	b := &exchange.Backend{Store: s}
	h := &taxii.Handler{Backend: b}
	for _, each := range []struct {
		id       stix.ID
		standing auth.Standing
		want     string // r and w
		objects  int
	}{
		{named, auth.Guest, "some r, anyone r", 1},
		{member, auth.Partner, "some rw, anyone r", 2},
		{other, auth.Partner, "anyone r", 2},
		{other, auth.Client, "near r, anyone r", 2},
		{other, auth.Own, "some rw, near r, nobody r, anyone r", 2},
		{"", auth.Guest, "anyone r", 1},
	} {
		who := auth.Subject{Org: auth.Org{ID: each.id, Standing: each.standing}}
		if each.id != "" {
			who.Role = auth.Contributor
		}
		ctx := auth.With(t.Context(), who)
		list, err := b.Collections(ctx, exchange.Root)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range list {
			if slices.Contains(exchange.Aliases(), c.Alias) {
				continue
			}
			may := " "
			if c.CanRead {
				may += "r"
			}
			if c.CanWrite {
				may += "w"
			}
			got = append(got, c.Alias+may)
		}
		want := strings.Split(each.want, ", ")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s %s: %v, want %v", each.id, each.standing, got, want)
		}
		for _, alias := range []string{"some", "near", "nobody", "anyone"} {
			a := httptest.NewRecorder()
			h.ServeHTTP(a, httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/collections/"+alias+"/objects/", nil))
			var e taxii.Envelope
			if err := json.Unmarshal(a.Body.Bytes(), &e); err != nil {
				t.Fatal(err)
			}
			if may := strings.Contains(each.want, alias+" r"); (a.Code == http.StatusOK) != may || may && len(e.Objects) != each.objects {
				t.Errorf("%s %s: %s: %d with %d objects", each.id, each.standing, alias, a.Code, len(e.Objects))
			}
		}
	}
}

// A definition keeps its identifier; one that cannot be is refused.
func TestShelf(t *testing.T) {
	s := openStore(t)
	shelf := exchange.Shelf{Store: s}
	first := made(t, s, exchange.Definition{Alias: "a"})
	again := made(t, s, exchange.Definition{Alias: "a", Query: exchange.Selection{Confidence: 5}})
	if first.ID == "" || first.ID != again.ID {
		t.Errorf("%s became %s", first.ID, again.ID)
	}
	for _, d := range []exchange.Definition{
		{Alias: "all", Title: "x"},
		{Alias: "A", Title: "x"},
		{Alias: "", Title: "x"},
		{Alias: "x"},
		{Alias: "x", Title: "x", Query: exchange.Selection{Confidence: 101}},
		{Alias: "x", Title: "x", Query: exchange.Selection{About: "x", Steps: 1}},
		{Alias: "x", Title: "x", Query: exchange.Selection{About: nth("malware", 1), Steps: 6}},
	} {
		if _, err := shelf.Put(t.Context(), d); err == nil {
			t.Errorf("%+v was taken", d)
		}
	}
	if err := shelf.Remove(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	if err := shelf.Remove(t.Context(), "a"); err == nil {
		t.Error("removed twice")
	}
}
