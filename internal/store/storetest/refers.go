package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// What refers to some objects is listed in the order it was added, for who may
// see it; a creator is not referred to, nor is what an older version named.
func testRefersTo(t *testing.T, s store.Store) {
	const times = `"created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",`
	const later = `"created":"2020-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z",`
	a, b, c, who := id("tool", 1), id("malware", 2), id("campaign", 3), id("identity", 4)
	put(t, s, "a",
		relationship(t, 1, a, "uses", b, ","+marked(white)),
		relationship(t, 2, c, "uses", a, ","+marked(amber)),
		object(t, id("sighting", 1), `"sighting_of_ref":"`+string(b)+`","created_by_ref":"`+string(who)+`",`+marked(white)),
		object(t, id("report", 1), times+`"object_refs":["`+string(a)+`"],`+marked(white)),
		object(t, id("report", 1), later+`"object_refs":["`+string(c)+`"],`+marked(white)),
	)
	ask := func(reader int, q store.Query, expect ...stix.ID) {
		t.Helper()
		var got []stix.ID
		for _, rec := range must(s.List(t.Context(), []tlp.Clearance{all, public}[reader], q))(t) {
			got = append(got, rec.Object.ID)
		}
		if !slices.Equal(got, expect) {
			t.Errorf("%v: got %v, want %v", q, got, expect)
		}
	}
	r1, r2, sighting := id("relationship", 1), id("relationship", 2), id("sighting", 1)
	ask(0, store.Query{RefersTo: []stix.ID{a}}, r1, r2)
	ask(1, store.Query{RefersTo: []stix.ID{a}}, r1)
	ask(0, store.Query{RefersTo: []stix.ID{a, b}}, r1, r2, sighting)
	ask(0, store.Query{RefersTo: []stix.ID{a, b}, Types: []string{"sighting"}}, sighting)
	ask(0, store.Query{RefersTo: []stix.ID{who}})
	ask(0, store.Query{RefersTo: []stix.ID{c}}, r2, id("report", 1))
	first := must(s.Get(t.Context(), all, r1))(t)
	ask(0, store.Query{RefersTo: []stix.ID{a}, Since: first.Added.Add(-time.Microsecond), Limit: 1}, r1)
	ask(0, store.Query{RefersTo: []stix.ID{a}, Since: first.Added}, r2)
}
