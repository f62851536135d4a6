package taxii

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// memory is a whole TAXII server's content in memory: the Backend that the tests
// of this package ask.
type memory struct {
	mu        sync.Mutex
	discovery Discovery
	roots     map[string]*memoryRoot
	now       time.Time // when the next object is added
	// async is how many objects a post may have to be done at once.
	async int
}

type memoryRoot struct {
	APIRoot
	status      map[string]*Status
	collections []*memoryCollection
}

type memoryCollection struct {
	Collection
	entries []entry // in order of their dates
}

// An entry is one version of an object.
type entry struct {
	*stix.Object
	raw     []byte
	date    time.Time
	version time.Time
}

func (e entry) spec() string {
	if e.SpecVersion == "" && (!e.Created.IsZero() || !e.Modified.IsZero()) {
		return "2.0" // which had no such property, nor objects without dates
	}
	return cmp.Or(e.SpecVersion, "2.1")
}

func (m *memory) Discovery(context.Context) (Discovery, error) { return m.discovery, nil }

func (m *memory) root(name string) (*memoryRoot, error) {
	r, ok := m.roots[name]
	if !ok {
		return nil, Fail(404, "API root not found", "the discovery lists those that are here")
	}
	return r, nil
}

func (m *memory) APIRoot(_ context.Context, root string) (APIRoot, error) {
	r, err := m.root(root)
	if err != nil {
		return APIRoot{}, err
	}
	return r.APIRoot, nil
}

func (m *memory) Collections(_ context.Context, root string) (list []Collection, err error) {
	r, err := m.root(root)
	if err != nil {
		return nil, err
	}
	for _, c := range r.collections {
		list = append(list, c.Collection)
	}
	return list, nil
}

func (m *memory) Collection(_ context.Context, root, id string) (Collection, error) {
	c, err := m.find(root, id)
	if err != nil {
		return Collection{}, err
	}
	return c.Collection, nil
}

func (m *memory) find(root, id string) (*memoryCollection, error) {
	r, err := m.root(root)
	if err != nil {
		return nil, err
	}
	for _, c := range r.collections {
		if c.ID == id || c.Alias != "" && c.Alias == id {
			return c, nil
		}
	}
	return nil, errNoCollection
}

// selected returns all that f selects, whatever its limit.
func (c *memoryCollection) selected(f Filter, anySpec bool) (list []entry) {
	latest := map[stix.ID]string{}
	for _, e := range c.entries {
		latest[e.ID] = max(latest[e.ID], e.spec())
	}
	first, last := map[stix.ID]time.Time{}, map[stix.ID]time.Time{}
	for _, e := range c.entries {
		isSpec := anySpec || e.spec() == latest[e.ID]
		if len(f.SpecVersions) > 0 {
			isSpec = slices.Contains(f.SpecVersions, e.spec())
		}
		if !isSpec || len(f.IDs) > 0 && !slices.Contains(f.IDs, e.ID) || len(f.Types) > 0 && !slices.Contains(f.Types, e.Type) {
			continue
		}
		list = append(list, e)
		if at, ok := first[e.ID]; !ok || e.version.Before(at) {
			first[e.ID] = e.version
		}
		if at, ok := last[e.ID]; !ok || e.version.After(at) {
			last[e.ID] = e.version
		}
	}
	return slices.DeleteFunc(list, func(e entry) bool {
		v := f.Versions
		isVersion := v.All || v.First && e.version.Equal(first[e.ID]) ||
			(v.Last || v.unset()) && e.version.Equal(last[e.ID]) || slices.ContainsFunc(v.At, e.version.Equal)
		return !isVersion || !e.date.After(f.AddedAfter)
	})
}

func (m *memory) page(root string, c Collection, f Filter) ([]entry, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, err := m.find(root, c.ID)
	if err != nil {
		return nil, false, err
	}
	list := in.selected(f, false)
	if len(list) > f.Limit {
		return list[:f.Limit], true, nil
	}
	return list, false, nil
}

func (m *memory) Objects(_ context.Context, root string, c Collection, f Filter) (p Page, err error) {
	list, more, err := m.page(root, c, f)
	for _, e := range list {
		p.Objects = append(p.Objects, Added{Date: e.date, Raw: e.raw})
	}
	p.More = more
	return p, err
}

func (m *memory) Manifest(_ context.Context, root string, c Collection, f Filter) (p ManifestPage, err error) {
	list, more, err := m.page(root, c, f)
	for _, e := range list {
		p.Records = append(p.Records, ManifestRecord{
			ID: e.ID, DateAdded: Timestamp{e.date}, Version: VersionOf(e.Object),
			MediaType: "application/stix+json;version=" + e.spec(),
		})
	}
	p.More = more
	return p, err
}

func (m *memory) Add(_ context.Context, root string, c Collection, s Submission) (Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, err := m.find(root, c.ID)
	if err != nil {
		return Status{}, err
	}
	st := &Status{
		ID: stix.NewID("status").UUID(), Status: Complete, RequestTimestamp: Timestamp{m.now},
		TotalCount: len(s.Objects) + len(s.Failures), FailureCount: len(s.Failures), Failures: s.Failures,
	}
	for _, o := range s.Objects {
		in.add(entry{Object: o, raw: o.Raw(), date: m.now})
		m.now = m.now.Add(time.Microsecond)
		detail := StatusDetail{ID: string(o.ID), Version: VersionOf(o)}
		if m.async > 0 && len(s.Objects) > m.async {
			st.Status, st.Pendings, st.PendingCount = Pending, append(st.Pendings, detail), st.PendingCount+1
		} else {
			st.Successes, st.SuccessCount = append(st.Successes, detail), st.SuccessCount+1
		}
	}
	m.roots[root].status[st.ID] = st
	return *st, nil
}

// add takes e in unless the version is there.
func (c *memoryCollection) add(e entry) {
	e.version, _ = ParseTimestamp(VersionOf(e.Object))
	for _, other := range c.entries {
		if other.ID == e.ID && other.version.Equal(e.version) {
			return
		}
	}
	if n := len(c.entries); n > 0 && !e.date.After(c.entries[n-1].date) {
		e.date = c.entries[n-1].date.Add(time.Microsecond) // no two share one
	}
	c.entries = append(c.entries, e)
}

// Status says of a post that was large that it is done when asked once more.
func (m *memory) Status(_ context.Context, root, id string) (Status, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := m.root(root)
	if err != nil {
		return Status{}, err
	}
	s, ok := r.status[id]
	if !ok {
		return Status{}, Fail(404, "Status not found", "what became of a post is kept for a day")
	}
	said := *s
	if m.async > 0 {
		s.Status, s.Successes, s.SuccessCount = Complete, append(s.Successes, s.Pendings...), s.SuccessCount+s.PendingCount
		s.Pendings, s.PendingCount = nil, 0
	}
	return said, nil
}

func (m *memory) Delete(_ context.Context, root string, c Collection, f Filter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	in, err := m.find(root, c.ID)
	if err != nil {
		return err
	}
	gone := in.selected(f, len(f.SpecVersions) == 0)
	if len(gone) == 0 {
		return errNoObject
	}
	in.entries = slices.DeleteFunc(in.entries, func(e entry) bool {
		return slices.ContainsFunc(gone, func(g entry) bool { return g.date.Equal(e.date) })
	})
	return nil
}

// load reads content that is written as the server medallion publishes its own.
func load(t testing.TB, b []byte) *memory {
	t.Helper()
	var roots map[string]jsontext.Value
	must(t, json.Unmarshal(b, &roots))
	m := &memory{roots: map[string]*memoryRoot{}, now: time.Date(2021, 7, 19, 12, 0, 0, 0, time.UTC)}
	for name, raw := range roots {
		if name == "/discovery" {
			must(t, json.Unmarshal(raw, &m.discovery))
			continue
		}
		var in struct {
			Information APIRoot  `json:"information"`
			Status      []Status `json:"status"`
			Collections []struct {
				Collection `json:",inline"`
				Objects    []jsontext.Value `json:"objects"`
				Manifest   []ManifestRecord `json:"manifest"`
			} `json:"collections"`
		}
		must(t, json.Unmarshal(raw, &in))
		r := &memoryRoot{APIRoot: in.Information, status: map[string]*Status{}}
		m.roots[name] = r
		for _, s := range in.Status {
			r.status[s.ID] = &s
		}
		for _, c := range in.Collections {
			to := &memoryCollection{Collection: c.Collection}
			r.collections = append(r.collections, to)
			for _, record := range c.Manifest { // which is in order of the dates
				for _, raw := range c.Objects {
					o, err := stix.Parse(raw)
					must(t, err)
					if o.ID == record.ID && VersionOf(o) == record.Version {
						to.add(entry{Object: o, raw: raw, date: record.DateAdded.Time})
					}
				}
			}
			if len(to.entries) != len(c.Objects) {
				t.Fatalf("%s: %d of %d objects have a record", c.ID, len(to.entries), len(c.Objects))
			}
		}
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shared returns a file of the data shared beside the repository, and skips
// where it is absent.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "data", filepath.FromSlash(name))
	b, err := os.ReadFile(path)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the shared data has no %s: %v", name, err)
		}
		t.Skipf("no shared data at %s", path)
	}
	return b
}

// A reply is what a Handler answered.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// A header is set in a request by "Name: value".
func ask(t testing.TB, h http.Handler, method, target, body string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Accept", MediaType)
	if body != "" {
		r.Header.Set("Content-Type", MediaType)
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	must(t, err)
	return reply{w.Code, w.Result().Header, b}
}

func get(t testing.TB, h http.Handler, target string, headers ...string) reply {
	t.Helper()
	return ask(t, h, http.MethodGet, target, "", headers...)
}

// is fails the test unless the status is this, and whatever it is the answer is
// a message of TAXII.
func (r reply) is(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, not %d: %s", r.status, status, r.body)
	}
	if ct := r.header.Get("Content-Type"); ct != MediaType {
		t.Fatalf("Content-Type %q", ct)
	}
	if status < 400 {
		return r
	}
	var e Error // section 3.6.1: title is required, http_status a string
	if err := json.Unmarshal(r.body, &e); err != nil || e.Title == "" || e.Description == "" || e.HTTPStatus != fmt.Sprint(status) {
		t.Fatalf("no error message: %s (%v)", r.body, err)
	}
	return r
}

// into reads the body.
func (r reply) into(t testing.TB, to any) {
	t.Helper()
	if err := json.Unmarshal(r.body, to, json.RejectUnknownMembers(true)); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
}

// versions returns what an envelope or manifest lists, each as id and version.
func (r reply) versions(t testing.TB) (list []string) {
	t.Helper()
	var e Envelope
	must(t, json.Unmarshal(r.body, &e))
	for _, raw := range e.Objects {
		var record ManifestRecord
		if must(t, json.Unmarshal(raw, &record)); record.Version != "" {
			list = append(list, string(record.ID)+" "+record.Version)
			continue
		}
		o, err := stix.Parse(raw)
		must(t, err)
		list = append(list, string(o.ID)+" "+VersionOf(o))
	}
	return list
}
