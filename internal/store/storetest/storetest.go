// Package storetest holds every store to the same promises.
package storetest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// Run runs the suite. The function open returns an empty store, which it closes
// when the test ends, and restore opens a backup.
func Run(t *testing.T, open func(t *testing.T) store.Store, restore func(path string) (store.Store, error)) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"Bytes":         testBytes,
		"Versions":      testVersions,
		"Conflicts":     testConflicts,
		"Sources":       testSources,
		"DateAdded":     testDateAdded,
		"Parallel":      testParallel,
		"Clearance":     testClearance,
		"Named":         testNamed,
		"Embargo":       testEmbargo,
		"Withdraw":      testWithdraw,
		"Definitions":   testDefinitions,
		"Scopes":        testScopes,
		"Retraction":    testRetraction,
		"Relations":     testRelations,
		"Neighbourhood": testNeighbourhood,
		"RefersTo":      testRefersTo,
		"Search":        testSearch,
		"Drafts":        testDrafts,
		"Made":          testMade,
		"Refused":       testRefused,
		"Cancelled":     testCancelled,
		"State":         testState,
		"Entries":       testEntries,
		"Selection":     testSelection,
		"Attack":        testAttack,
		"Backup":        func(t *testing.T, s store.Store) { testBackup(t, s, restore) },
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var all = tlp.Local()

// Identifiers and markings of the tests.
const (
	green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amber = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	red   = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
	white = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
)

// id returns the nth identifier of a type.
func id(kind string, n int) stix.ID {
	return stix.ID(fmt.Sprintf("%s--00000000-0000-4000-8000-%012d", kind, n))
}

// object returns an object with more properties, written as JSON.
func object(t testing.TB, id stix.ID, properties string) *stix.Object {
	t.Helper()
	text := `{"type":"` + id.Type() + `", "spec_version":"2.1","id":"` + string(id) + `"`
	if properties != "" {
		text += "," + properties
	}
	o, err := stix.Parse([]byte(text + "}"))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func marked(refs ...string) string {
	return `"object_marking_refs":["` + strings.Join(refs, `","`) + `"]`
}

func relationship(t testing.TB, n int, from stix.ID, kind string, to stix.ID, more string) *stix.Object {
	return object(t, id("relationship", n), fmt.Sprintf(`"relationship_type":"%s","source_ref":"%s","target_ref":"%s"%s`, kind, from, to, more))
}

// put imports objects of one source and returns their statuses.
func put(t testing.TB, s store.Store, source string, objects ...*stix.Object) []store.Status {
	t.Helper()
	var batch []store.Incoming
	for _, o := range objects {
		batch = append(batch, store.Incoming{Object: o, Source: source})
	}
	return imported(t, s, batch)
}

func imported(t testing.TB, s store.Store, batch []store.Incoming) []store.Status {
	t.Helper()
	outcomes, err := s.Import(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	var list []store.Status
	for _, o := range outcomes {
		if (o.Status == store.Conflict || o.Status == store.Refused) != (o.Reason != "") {
			t.Errorf("%+v: a reason comes with what was not taken in, and only then", o)
		}
		list = append(list, o.Status)
	}
	return list
}

func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func get(t testing.TB, s store.Store, c tlp.Clearance, id stix.ID) string {
	t.Helper()
	rec, err := s.Get(t.Context(), c, id)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(rec.Object.Raw())
}

// raws returns the bytes of records, one a line.
func raws(list []store.Record) string {
	var b strings.Builder
	for _, rec := range list {
		b.Write(rec.Object.Raw())
		b.WriteByte('\n')
	}
	return b.String()
}

func ids(list []store.Record) []stix.ID {
	var ids []stix.ID
	for _, rec := range list {
		ids = append(ids, rec.Object.ID)
	}
	return ids
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func testBytes(t *testing.T, s store.Store) {
	odd := object(t, id("x-thing", 1), `"name" :  "t\u00e9st \u0000 \ud83d\ude00 é",  "n":1.0e0,"x_list":[ ]`)
	want(t, "import", put(t, s, "a", odd), []store.Status{store.New})
	want(t, "bytes", get(t, s, all, odd.ID), string(odd.Raw()))
	want(t, "import again", put(t, s, "a", odd), []store.Status{store.Same})
	want(t, "objects", must(s.Stats(t.Context(), all))(t).Objects, 1)
	if _, err := s.Get(t.Context(), all, id("tool", 9)); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// Section 3.6: the version with the latest modified time is the newest,
// whichever came first.
func testVersions(t *testing.T, s store.Store) {
	at := func(year int) *stix.Object {
		return object(t, id("malware", 1), fmt.Sprintf(`"created":"2020-01-01T00:00:00.000Z","modified":"%d-01-01T00:00:00.000Z","name":"y%d"`, year, year))
	}
	want(t, "import", put(t, s, "a", at(2021), at(2020)), []store.Status{store.New, store.NewVersion})
	want(t, "import", put(t, s, "a", at(2023), at(2022), at(2023)), []store.Status{store.NewVersion, store.NewVersion, store.Same})
	want(t, "newest", get(t, s, all, at(2020).ID), string(at(2023).Raw()))
	versions := must(s.Versions(t.Context(), all, at(2020).ID))(t)
	var names []string
	for _, v := range versions {
		names = append(names, v.Object.Modified.Format("2006"))
	}
	want(t, "versions", names, []string{"2023", "2022", "2021", "2020"})
	want(t, "list", len(must(s.List(t.Context(), all, store.Query{}))(t)), 1)
	want(t, "list of versions", len(must(s.List(t.Context(), all, store.Query{Versions: store.Versions{All: true}}))(t)), 4)
	want(t, "search of what the newest says", len(must(s.Search(t.Context(), all, "y2023", 0))(t)), 1)
	want(t, "search of what it no longer says", len(must(s.Search(t.Context(), all, "y2021", 0))(t)), 0)
	want(t, "stats", must(s.Stats(t.Context(), all))(t).Types, map[string]int{"malware": 1})
}

func testConflicts(t *testing.T, s store.Store) {
	const times = `"created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z"`
	first := object(t, id("tool", 1), times+`,"name":"one"`)
	other := object(t, id("tool", 1), times+`,"name":"two"`)
	want(t, "in one batch", put(t, s, "a", first, other), []store.Status{store.New, store.Conflict})
	want(t, "again", put(t, s, "b", other, first), []store.Status{store.Same, store.Same})
	want(t, "first stays", get(t, s, all, first.ID), string(first.Raw()))
	conflicts := must(s.Conflicts(t.Context(), all, first.ID))(t)
	want(t, "kept", raws(conflicts), string(other.Raw())+"\n")
	want(t, "with its source", conflicts[0].Source, "a")

	mine := object(t, id("tool", 2), times+`,"created_by_ref":"`+string(id("identity", 1))+`"`)
	taken := object(t, id("tool", 2), strings.ReplaceAll(times, "2020-", "2021-")+`,"created_by_ref":"`+string(id("identity", 2))+`"`)
	want(t, "a version by another creator (section 3.6)", put(t, s, "a", mine, taken), []store.Status{store.New, store.Conflict})
	want(t, "its creator's stays", get(t, s, all, mine.ID), string(mine.Raw()))
}

func testSources(t *testing.T, s store.Store) {
	o := object(t, id("tool", 1), `"name":"x"`)
	begin := time.Now().Add(-time.Second)
	for _, source := range []string{"first", "second", "first", "third", "second"} {
		put(t, s, source, o)
	}
	sources := must(s.Sources(t.Context(), all, o.ID))(t)
	var names []string
	for _, r := range sources {
		names = append(names, r.Source)
		if r.Received.Before(begin) || r.Received.After(time.Now().Add(time.Second)) {
			t.Errorf("received from %s at %s", r.Source, r.Received)
		}
	}
	want(t, "sources", names, []string{"first", "second", "third"})
	want(t, "of the record", must(s.Get(t.Context(), all, o.ID))(t).Source, "first")
}

// Dates are unique and rise through the whole store, so that paging by them
// loses nothing.
func testDateAdded(t *testing.T, s store.Store) {
	for batch := range 5 {
		var objects []*stix.Object
		for i := range 100 {
			objects = append(objects, object(t, id([]string{"tool", "malware"}[i%2], batch*100+i), ""))
		}
		put(t, s, "a", objects...)
	}
	var seen []stix.ID
	var since time.Time
	for {
		page := must(s.List(t.Context(), all, store.Query{Since: since, Limit: 7}))(t)
		if len(page) == 0 {
			break
		}
		for _, rec := range page {
			if !rec.Added.After(since) || rec.Added.Nanosecond()%1000 != 0 {
				t.Fatalf("%s after %s", rec.Added, since)
			}
			since = rec.Added
		}
		seen = append(seen, ids(page)...)
	}
	want(t, "pages", len(seen), 500)
	var each []stix.ID
	if err := s.Each(t.Context(), all, store.Query{}, func(rec store.Record) error {
		each = append(each, rec.Object.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want(t, "each", each, seen)
	want(t, "of one type", len(must(s.List(t.Context(), all, store.Query{Types: []string{"tool"}}))(t)), 250)
	want(t, "of two types", len(must(s.List(t.Context(), all, store.Query{Types: []string{"tool", "malware", "x"}}))(t)), 500)
	stop := errors.New("stop")
	if err := s.Each(t.Context(), all, store.Query{}, func(store.Record) error { return stop }); err != stop {
		t.Error(err)
	}
}

// Several goroutines import and read at once.
func testParallel(t *testing.T, s store.Store) {
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for batch := range 5 {
				var list []store.Incoming
				for i := range 20 {
					list = append(list, store.Incoming{Object: object(t, id("tool", (g%2)*1000+batch*20+i), ""), Source: fmt.Sprint("g", g)})
				}
				if _, err := s.Import(t.Context(), list); err != nil {
					t.Error(err)
				}
				if _, err := s.List(t.Context(), tlp.Clearance{Unmarked: stix.TLPClear}, store.Query{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	want(t, "objects", must(s.Stats(t.Context(), all))(t).Objects, 200)
	want(t, "sources", len(must(s.Sources(t.Context(), all, id("tool", 0)))(t)), 2)
}

func testRefused(t *testing.T, s store.Store) {
	o := object(t, id("tool", 1), "")
	statuses := imported(t, s, []store.Incoming{{}, {Object: o, Source: strings.Repeat("x", 5000)}, {Object: o, Source: "a\x00"}, {Object: o, Source: "\xff"}, {Object: o, Source: "é"}})
	want(t, "each costs itself", statuses, []store.Status{store.Refused, store.Refused, store.Refused, store.Refused, store.New})
	want(t, "an empty batch", len(imported(t, s, nil)), 0)
}

func testSearch(t *testing.T, s store.Store) {
	put(t, s, "a",
		object(t, id("indicator", 1), `"name":"Web shell","pattern":"[domain-name:value = 'evil.example.com']","pattern_type":"stix"`),
		object(t, id("indicator", 2), `"name":"Shell of \u00c9milie","pattern":"[domain-name:value = 'com.evil.example']"`),
		object(t, id("intrusion-set", 3), `"name":"HAFNIUM","aliases":["Silk Typhoon"],"external_references":[{"source_name":"mitre-attack","external_id":"G0125"}]`),
		object(t, id("file", 4), `"hashes":{"SHA-256":"b3d1bb9ad4aa8d0d5dd1a7dc79ca0a1b8a1ea6dc8a0da0f1ea0fdcbd9b8cb1a6"},"x_long":"`+strings.Repeat("lang", 4000)+`"`),
	)
	for words, found := range map[string]string{
		"shell":                      "1 2",
		"SHELL web":                  "1",
		"evil.example.com":           "1",
		"evil example":               "1 2",
		"émilie":                     "2",
		"hafnium":                    "3",
		"g0125":                      "3",
		"silk typhoon":               "3",
		"typhoon-silk":               "",
		"stix":                       "", // what a property of every indicator says
		"indicator":                  "",
		"":                           "",
		`"`:                          "",
		`" OR NEAR( * ' & | ! <-> \`: "",
		"shell' OR '1":               "",
		"B3D1BB9AD4AA8D0D5DD1A7DC79CA0A1B8A1EA6DC8A0DA0F1EA0FDCBD9B8CB1A6": "4",
	} {
		var got []string
		for _, i := range ids(must(s.Search(t.Context(), all, words, 0))(t)) {
			got = append(got, string(i[len(i)-1]))
		}
		slices.Sort(got)
		want(t, "search "+words, strings.Join(got, " "), found)
	}
	want(t, "limit", len(must(s.Search(t.Context(), all, "shell", 1))(t)), 1)

	everything := must(s.Search(t.Context(), all, "shell", 0))(t)
	var best []stix.ID
	each := func(q store.Query) error {
		best = nil
		return s.Each(t.Context(), all, q, func(rec store.Record) error {
			best = append(best, rec.Object.ID)
			return nil
		})
	}
	want(t, "error", each(store.Query{Words: "shell"}), nil)
	want(t, "the best first", best, ids(everything))
	want(t, "error", each(store.Query{Words: "hafnium", Types: []string{"indicator"}}), nil)
	want(t, "of a type", len(best), 0)
	want(t, "error", each(store.Query{Words: "shell", Since: everything[0].Added.Add(-time.Microsecond), Limit: 1}), nil)
	want(t, "since and limit", best, ids(everything)[:1])
	want(t, "error", each(store.Query{Words: `"`}), nil)
	want(t, "of no words", len(best), 0)
	if each(store.Query{Words: "shell", Versions: store.Versions{All: true}}) == nil {
		t.Error("searched older versions")
	}
}

func testDrafts(t *testing.T, s store.Store) {
	a, b, c := object(t, id("report", 1), `"name":"draft a"`), object(t, id("report", 2), `"name":"draft b"`), object(t, id("report", 3), `"name":"draft c"`)
	drafts := []store.Incoming{{Object: a, Source: "x", Draft: true}, {Object: b, Source: "x", Draft: true}, {Object: c, Source: "x", Draft: true}}
	want(t, "import", imported(t, s, drafts), []store.Status{store.Drafted, store.Drafted, store.Drafted})
	want(t, "import again", imported(t, s, drafts), []store.Status{store.Same, store.Same, store.Same})
	want(t, "drafts", ids(must(s.Drafts(t.Context(), all, 0))(t)), []stix.ID{a.ID, b.ID, c.ID})
	want(t, "drafts that may be seen", len(must(s.Drafts(t.Context(), tlp.Clearance{}, 0))(t)), 0)
	want(t, "get", get(t, s, all, a.ID), "")
	want(t, "list", len(must(s.List(t.Context(), all, store.Query{Versions: store.Versions{All: true}}))(t)), 0)
	want(t, "search", len(must(s.Search(t.Context(), all, "draft", 0))(t)), 0)
	want(t, "stats", must(s.Stats(t.Context(), all))(t).Objects, 0)

	put(t, s, "y", object(t, id("tool", 1), "")) // added between
	last := must(s.List(t.Context(), all, store.Query{}))(t)[0].Added
	outcomes := must(s.Accept(t.Context(), []stix.ID{a.ID, id("tool", 9)}))(t)
	want(t, "accept", []store.Status{outcomes[0].Status, outcomes[1].Status}, []store.Status{store.New, store.Refused})
	rec := must(s.Get(t.Context(), all, a.ID))(t)
	want(t, "bytes", string(rec.Object.Raw()), string(a.Raw()))
	want(t, "source", rec.Source, "x")
	if !rec.Added.After(last) {
		t.Error("a pager that had seen all would miss what was accepted since")
	}
	want(t, "search", len(must(s.Search(t.Context(), all, "draft", 0))(t)), 1)
	want(t, "reject", must(s.Reject(t.Context(), []stix.ID{b.ID, a.ID}))(t), 1)
	want(t, "drafts left", ids(must(s.Drafts(t.Context(), all, 0))(t)), []stix.ID{c.ID})
	want(t, "rejected and accepted ones do not come back", imported(t, s, drafts), []store.Status{store.Same, store.Same, store.Same})
	want(t, "drafts left", ids(must(s.Drafts(t.Context(), all, 0))(t)), []stix.ID{c.ID})
	want(t, "from elsewhere, for sure", put(t, s, "z", c), []store.Status{store.New})
	want(t, "accept what is here by now", must(s.Accept(t.Context(), []stix.ID{c.ID}))(t)[0].Status, store.Same)
}

// What was made here again from the same is no new version: its times say when.
func testMade(t *testing.T, s store.Store) {
	made := func(time, name string) *stix.Object {
		return object(t, id("indicator", 1), fmt.Sprintf(`"created":"%[1]s","modified":"%[1]s","valid_from":"%[1]s","name":"%[2]s"`, time, name))
	}
	a, b := made("2021-03-02T00:00:00Z", "a"), made("2021-03-03T00:00:00Z", "a")
	later := made("2021-03-04T00:00:00Z", "b")
	once := func(o *stix.Object) []store.Status {
		return imported(t, s, []store.Incoming{{Object: o, Source: "list.csv", Made: true}})
	}
	want(t, "first", once(a), []store.Status{store.New})
	want(t, "again, later", once(b), []store.Status{store.Same})
	want(t, "it says something else", once(later), []store.Status{store.NewVersion})
	newest := must(s.Get(t.Context(), all, a.ID))(t).Object
	want(t, "created then, for good", newest.Created, a.Created)
	if !newest.Modified.After(later.Modified.Time) {
		t.Errorf("modified %s: a version is modified when it is made", newest.Modified)
	}
	want(t, "not made here", put(t, s, "peer", b), []store.Status{store.NewVersion})
	draft := object(t, id("note", 1), `"created":"2021-03-02T00:00:00Z","modified":"2021-03-02T00:00:00Z","content":"a"`)
	again := object(t, id("note", 1), `"created":"2021-03-05T00:00:00Z","modified":"2021-03-05T00:00:00Z","content":"a"`)
	for _, o := range []*stix.Object{draft, again} {
		imported(t, s, []store.Incoming{{Object: o, Source: "report.txt", Draft: true, Made: true}})
	}
	want(t, "drafts", len(must(s.Drafts(t.Context(), all, 0))(t)), 1)
}

// Every object of ATT&CK comes back to the byte.
func testAttack(t *testing.T, s store.Store) {
	if testing.Short() {
		t.Skip("long")
	}
	// As a test of internal/store/*, two or three folders below the root.
	f, err := os.Open(filepath.Join("..", "..", "..", "..", "shared", "data", "attack", "enterprise-attack-18.1.stix21.json.gz"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared test data is not there")
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r, came := stix.NewReader(z), map[stix.ID]string{}
	var batch []*stix.Object
	for {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		came[o.ID] = string(o.Raw())
		if batch = append(batch, o); len(batch) == 1000 {
			put(t, s, "attack", batch...)
			batch = batch[:0]
		}
	}
	put(t, s, "attack", batch...)
	want(t, "objects", must(s.Stats(t.Context(), all))(t).Objects, 24771)
	if err := s.Each(t.Context(), all, store.Query{}, func(rec store.Record) error {
		if came[rec.Object.ID] != string(rec.Object.Raw()) {
			t.Errorf("%s has changed", rec.Object.ID)
		}
		delete(came, rec.Object.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want(t, "lost", len(came), 0)

	hafnium := stix.ID("intrusion-set--2688b13e-8e71-405a-9c40-0dee94bddf87")
	techniques := 0
	for _, rel := range must(s.Related(t.Context(), all, hafnium, 0))(t) {
		if rel.Type == "uses" && rel.Outgoing && rel.Other.Type() == "attack-pattern" && rel.Object != nil {
			techniques++
		}
	}
	if techniques < 30 {
		t.Errorf("HAFNIUM uses %d techniques", techniques)
	}
	if found := must(s.Search(t.Context(), all, "G0125", 0))(t); !slices.Contains(ids(found), hafnium) {
		t.Error("G0125 is not found")
	}
}
