package exchange

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A town is a node without a network: others ask its Handler.
type town struct {
	*Peers
	org   auth.Org // as others know it
	store *counting
}

// counting counts what became of imports.
type counting struct {
	store.Store
	mu     sync.Mutex
	became map[store.Status]int
	fail   func() error // before an import; nil: none
}

func (c *counting) Import(ctx context.Context, batch []store.Incoming) ([]store.Outcome, error) {
	if c.fail != nil {
		if err := c.fail(); err != nil {
			return nil, err
		}
	}
	outcomes, err := c.Store.Import(ctx, batch)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range outcomes {
		c.became[o.Status]++
	}
	return outcomes, err
}

func newTown(t *testing.T, name string) *town {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := &counting{Store: s, became: map[store.Status]int{}}
	own, err := auth.Register{Store: c}.Own(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return &town{org: own, store: c, Peers: &Peers{
		Backend: &Backend{Store: c, Own: own, URL: "http://" + name + ".example", MaxBody: 1 << 20},
		Log:     slog.New(slog.DiscardHandler),
	}}
}

// served answers requests in place of a network.
type served struct{ http.Handler }

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	a := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.ServeHTTP(a, r)
	}()
	select {
	case <-done:
		res := a.Result()
		res.Request = r
		return res, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// to is how n reaches another town, which takes it for one that stands so near.
func (n *town) to(other *town, standing auth.Standing) http.Handler {
	who := auth.Subject{Org: auth.Org{ID: n.org.ID, Name: n.org.Name, Standing: standing}, Role: auth.Contributor}
	h := &taxii.Handler{Backend: other.Backend}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(auth.With(r.Context(), who)))
	})
}

// befriend makes other a peer of n, reached over h.
func (n *town) befriend(t *testing.T, other auth.Org, h http.Handler, d Direction) {
	t.Helper()
	if err := (auth.Register{Store: n.store}).PutOrg(t.Context(), auth.Org{ID: other.ID, Name: other.Name, Standing: auth.Partner}); err != nil {
		t.Fatal(err)
	}
	p := peerOf(other, d)
	if err := (Book{n.store}).Put(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	before := n.over
	n.over = func(x *Peer) (http.RoundTripper, error) {
		if x.Name == p.Name {
			return served{h}, nil
		}
		if before == nil {
			return x.transport(nil)
		}
		return before(x)
	}
}

func peerOf(org auth.Org, d Direction) Peer {
	return Peer{
		Name: org.Name, Org: org.ID, Address: "http://" + org.Name + ".example/", Direction: d,
		Interval: Interval(time.Second), Objects: 1e6, Bytes: 1 << 30,
	}
}

func malware(t testing.TB, n, year int, colour stix.TLP) *stix.Object {
	t.Helper()
	return parsed(t, fmt.Sprintf(`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-%012d","created":"2020-01-01T00:00:00.000Z","modified":"%d-01-01T00:00:00.000Z","name":"m","is_family":true,"object_marking_refs":["%s"]}`, n, year, colour.MarkingID()))
}

func parsed(t testing.TB, text string) *stix.Object {
	t.Helper()
	o, err := stix.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (n *town) learn(t testing.TB, objects ...*stix.Object) {
	t.Helper()
	var batch []store.Incoming
	for _, o := range objects {
		batch = append(batch, store.Incoming{Object: o, Source: "own"})
	}
	if _, err := n.store.Import(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

// knows are the identifiers and versions of all that n has, in order.
func (n *town) knows(t testing.TB) (list []string) {
	t.Helper()
	err := n.store.Each(t.Context(), tlp.Local(), store.Query{}, func(r store.Record) error {
		list = append(list, string(r.Object.ID)+" "+r.Object.Modified.String())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func (n *town) sync(t *testing.T, peer string) Report {
	t.Helper()
	r, err := n.Sync(t.Context(), peer, false)
	if err != nil {
		t.Fatal(peer, err)
	}
	return r
}

// A node takes in what its peer lets it see, and later what is new alone.
func TestPull(t *testing.T) {
	a, b := newTown(t, "a"), newTown(t, "b")
	var all []*stix.Object
	for i := range 2500 {
		all = append(all, malware(t, i, 2020, stix.TLPGreen))
	}
	a.learn(t, all...)
	a.learn(t, malware(t, 9000, 2020, stix.TLPAmber))
	b.befriend(t, a.org, b.to(a, auth.Partner), Pull)
	if r := b.sync(t, "a"); r.Received != 2500 || r.Bytes == 0 {
		t.Errorf("%+v", r)
	}
	if r := b.sync(t, "a"); r.Counts != (Counts{}) {
		t.Errorf("nothing is new: %+v", r)
	}
	a.learn(t, malware(t, 1, 2021, stix.TLPGreen), malware(t, 9001, 2020, stix.TLPClear))
	if r := b.sync(t, "a"); r.Received != 2 {
		t.Errorf("one is new, one has another version: %+v", r)
	}
	if n := len(b.knows(t)); n != 2501 {
		t.Error(n)
	}
	sources, err := b.store.Sources(t.Context(), tlp.Local(), all[0].ID)
	if err != nil || len(sources) != 1 || sources[0].Source != "a" {
		t.Error(sources, err)
	}
	if b.store.became[store.Same] != 0 {
		t.Error(b.store.became)
	}
}

// A node sends what the organisation of the peer may see, not what came from it,
// and not what is there already.
func TestPush(t *testing.T) {
	a, b, c := newTown(t, "a"), newTown(t, "b"), newTown(t, "c")
	for i := range 1500 {
		a.learn(t, malware(t, i, 2020, stix.TLPGreen))
	}
	a.learn(t, malware(t, 9000, 2020, stix.TLPAmber))
	b.learn(t, malware(t, 0, 2020, stix.TLPGreen), malware(t, 1, 2021, stix.TLPGreen))
	a.befriend(t, b.org, a.to(b, auth.Partner), Both)
	if r := a.sync(t, "b"); r.Sent != 1498 || r.Received != 1 || r.Unsent != 0 {
		t.Errorf("%+v", r)
	}
	if r := a.sync(t, "b"); r.Counts != (Counts{}) {
		t.Errorf("%+v", r)
	}
	if n := len(b.knows(t)); n != 1500 {
		t.Error(n)
	}
	a.learn(t, malware(t, 7, 2021, stix.TLPGreen))
	if r := a.sync(t, "b"); r.Sent != 1 {
		t.Errorf("%+v", r)
	}
	sources, err := b.store.Sources(t.Context(), tlp.Local(), malware(t, 3, 2020, stix.TLPGreen).ID)
	if err != nil || len(sources) != 1 || sources[0].Source != "a" {
		t.Error(sources, err)
	}

	// A guest that becomes a partner gets what it could not see.
	a.befriend(t, c.org, a.to(c, auth.Partner), Push)
	register := auth.Register{Store: a.store}
	if err := register.PutOrg(t.Context(), auth.Org{ID: c.org.ID, Name: "c", Standing: auth.Guest}); err != nil {
		t.Fatal(err)
	}
	if r := a.sync(t, "c"); r.Sent != 0 {
		t.Errorf("%+v", r)
	}
	if err := register.PutOrg(t.Context(), auth.Org{ID: c.org.ID, Name: "c", Standing: auth.Client}); err != nil {
		t.Fatal(err)
	}
	if r := a.sync(t, "c"); r.Sent != 1501 {
		t.Errorf("%+v", r)
	}
	if b.store.became[store.Same]+a.store.became[store.Same]+c.store.became[store.Same] != 0 {
		t.Error("something was delivered twice", a.store.became, b.store.became, c.store.became)
	}
}

// Sightings go back to who made what was sighted, without who and where when that
// is not to be known.
func TestSightingsGoBack(t *testing.T) {
	for _, how := range []Reporting{Named, Anonymous} {
		a, b := newTown(t, "a"), newTown(t, "b")
		const times = `"spec_version":"2.1","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z"`
		green := `,"object_marking_refs":["` + string(stix.TLPGreen.MarkingID()) + `"]`
		identity := func(o auth.Org) *stix.Object {
			return parsed(t, `{"type":"identity","id":"`+string(o.ID)+`",`+times+`,"name":"`+o.Name+`"`+green+`}`)
		}
		indicator := func(n int, by stix.ID) *stix.Object {
			return parsed(t, fmt.Sprintf(`{"type":"indicator","id":"indicator--00000000-0000-4000-8000-%012d",%s,"created_by_ref":"%s","pattern":"[domain-name:value = 'a.example']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"%s}`, n, times, by, green))
		}
		sighting := func(n int, of, by stix.ID) *stix.Object {
			return parsed(t, fmt.Sprintf(`{"type":"sighting","id":"sighting--00000000-0000-4000-8000-%012d",%s,"created_by_ref":"%s","sighting_of_ref":"%s","where_sighted_refs":["%s"],"count":3,"description":"at our office"%s}`, n, times, by, of, by, green))
		}
		theirs, ours := indicator(1, b.org.ID), indicator(2, a.org.ID)
		b.learn(t, theirs, identity(b.org))
		a.learn(t, theirs, ours, identity(a.org), sighting(1, theirs.ID, a.org.ID), sighting(2, ours.ID, a.org.ID), sighting(3, theirs.ID, "identity--00000000-0000-4000-8000-000000000009"))
		a.befriend(t, b.org, a.to(b, auth.Partner), Pull)
		p := peerOf(b.org, Pull)
		p.Sightings = how
		if err := (Book{a.store}).Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			a.sync(t, "b")
		}
		list, err := b.store.List(t.Context(), tlp.Local(), store.Query{Types: []string{"sighting"}})
		if err != nil || len(list) != 1 {
			t.Fatal(how, len(list), err)
		}
		got, err := stix.As[stix.Sighting](list[0].Object)
		if err != nil || got.SightingOfRef != theirs.ID || *got.Count != 3 {
			t.Errorf("%s: %s %v", how, list[0].Object.Raw(), err)
		}
		named := strings.Contains(string(got.ID), "000000000001") && got.CreatedByRef == a.org.ID
		if named != (how == Named) {
			t.Errorf("%s: %s", how, list[0].Object.Raw())
		}
		for _, secret := range []string{string(a.org.ID), "our office", "sighting--00000000"} {
			if how == Anonymous && strings.Contains(string(list[0].Object.Raw()), secret) {
				t.Errorf("it tells %s: %s", secret, list[0].Object.Raw())
			}
		}
	}
}
