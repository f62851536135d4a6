package storetest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

var (
	public    = tlp.Clearance{}
	community = tlp.Clearance{Audience: tlp.Community}
	client    = tlp.Clearance{Audience: tlp.Client, Unmarked: stix.TLPAmber}
)

// What a reader may not see shows in no answer.
func testClearance(t *testing.T, s store.Store) {
	a, b := id("tool", 1), id("malware", 2)
	put(t, s, "a",
		object(t, a, `"name":"secret",`+marked(amber)),
		object(t, b, `"name":"secret",`+marked(green)),
		object(t, id("tool", 3), `"name":"secret",`+marked(red)),
		object(t, id("tool", 4), `"name":"secret"`),
		object(t, id("tool", 5), `"name":"secret",`+marked("marking-definition--00000000-0000-4000-8000-000000000001")),
		object(t, id("tool", 6), `"name":"secret",`+marked(white)+`,"granular_markings":[{"marking_ref":"`+red+`","selectors":["name"]}]`),
		relationship(t, 1, a, "related-to", b, ","+marked(green)),
		object(t, id("sighting", 1), `"sighting_of_ref":"`+string(b)+`",`+marked(amber)),
	)
	for _, reader := range []struct {
		c       tlp.Clearance
		objects int
	}{{public, 0}, {community, 1}, {client, 5}, {all, 8}} {
		c, n := reader.c, reader.objects
		var seen []stix.ID
		for _, rec := range must(s.List(t.Context(), c, store.Query{}))(t) {
			seen = append(seen, rec.Object.ID)
		}
		want(t, "list", len(seen), n)
		want(t, "list of versions", len(must(s.List(t.Context(), c, store.Query{Versions: store.Versions{All: true}}))(t)), n)
		want(t, "stats", must(s.Stats(t.Context(), c))(t).Objects, n)
		for _, rec := range must(s.Search(t.Context(), c, "secret", 0))(t) {
			if !slices.Contains(seen, rec.Object.ID) {
				t.Errorf("search shows %s to %+v", rec.Object.ID, c)
			}
		}
		for _, i := range []stix.ID{a, b, id("tool", 3), id("tool", 4), id("tool", 5), id("tool", 6), id("relationship", 1), id("sighting", 1)} {
			shown := slices.Contains(seen, i)
			want(t, "get "+string(i), get(t, s, c, i) != "", shown)
			_, err := s.Versions(t.Context(), c, i)
			want(t, "versions "+string(i), err == nil, shown)
			_, err = s.Sources(t.Context(), c, i)
			want(t, "sources "+string(i), err == nil, shown)
			_, err = s.Neighbourhood(t.Context(), c, i, 1, 0)
			want(t, "neighbourhood "+string(i), err == nil, shown)
			for _, rel := range must(s.Related(t.Context(), c, i, 0))(t) {
				if rel.By != nil && !slices.Contains(seen, rel.By.Object.ID) || rel.Object != nil && !slices.Contains(seen, rel.Other) {
					t.Errorf("relations of %s show too much: %+v", i, rel)
				}
			}
		}
	}
	want(t, "relations to what is withheld", len(must(s.Related(t.Context(), community, b, 0))(t)), 0)
	want(t, "sightings", len(must(s.Sightings(t.Context(), community, b, 0))(t)), 0)
	want(t, "sightings", len(must(s.Sightings(t.Context(), client, b, 0))(t)), 1)
	g := must(s.Neighbourhood(t.Context(), community, b, 3, 0))(t)
	want(t, "neighbourhood", ids(g.Objects), []stix.ID{b})
	want(t, "edges", len(g.Edges), 0)
}

// TLP:RED is for those who are named, whoever they are.
func testNamed(t *testing.T, s store.Store) {
	list := func(n int, audience ...stix.ID) stix.ID {
		m := id("marking-definition", n)
		put(t, s, "a", object(t, m, `"created":"2021-01-01T00:00:00.000Z","extensions":{"`+tlp.Extension+`":{"extension_type":"property-extension","audience":`+array(audience)+`}},`+marked(red)))
		return m
	}
	us, uk, nz := id("identity", 1), id("identity", 2), id("identity", 3)
	both, one := list(1, us, uk), list(2, uk)
	put(t, s, "a", object(t, id("tool", 1), `"name":"x",`+marked(red, string(both))), object(t, id("tool", 2), `"name":"x",`+marked(red)),
		object(t, id("tool", 3), `"name":"x",`+marked(red, string(both), string(id("marking-definition", 999)))),
		object(t, id("tool", 4), `"name":"x",`+marked(green, string(one))))
	for _, reader := range []struct {
		org  stix.ID
		sees []stix.ID
	}{{us, []stix.ID{both, id("tool", 1)}}, {uk, []stix.ID{both, one, id("tool", 1), id("tool", 4)}}, {nz, nil}, {"", nil}} {
		c := tlp.Clearance{Org: reader.org, Audience: tlp.Community}
		want(t, "list", ids(must(s.List(t.Context(), c, store.Query{}))(t)), reader.sees)
		want(t, "list of versions", ids(must(s.List(t.Context(), c, store.Query{Versions: store.Versions{All: true}}))(t)), reader.sees)
		want(t, "stats", must(s.Stats(t.Context(), c))(t).Objects, len(reader.sees))
		want(t, "get", get(t, s, c, id("tool", 2)), "")
		want(t, "get", get(t, s, c, id("tool", 1)) != "", slices.Contains(reader.sees, id("tool", 1)))
	}
	same := must(s.Sees(t.Context(), tlp.Clearance{Org: nz}))(t)
	want(t, "sees the same", must(s.Sees(t.Context(), tlp.Clearance{}))(t), same)
	want(t, "sees something else", must(s.Sees(t.Context(), tlp.Clearance{Org: us}))(t) != same, true)
}

func array(ids []stix.ID) string {
	b, _ := json.Marshal(ids) // of texts it cannot fail
	return string(b)
}

// Until an embargo ends, an object stays in the organisation of the node.
func testEmbargo(t *testing.T, s store.Store) {
	end := time.Date(2021, 7, 19, 12, 0, 0, 0, time.UTC)
	m := id("marking-definition", 1)
	put(t, s, "a", object(t, m, `"created":"2021-01-01T00:00:00.000Z","extensions":{"`+tlp.Extension+`":{"extension_type":"property-extension","not_before":"2021-07-19T12:00:00Z"}},`+marked(white)),
		object(t, id("tool", 1), `"name":"x",`+marked(white, string(m))))
	for _, reader := range []struct {
		c    tlp.Clearance
		sees bool
	}{
		{tlp.Clearance{}, false},
		{tlp.Clearance{At: end.Add(-time.Second)}, false},
		{tlp.Clearance{At: end}, true},
		{tlp.Clearance{At: end.Add(-time.Second)}, false}, // once more: what was worked out holds for its time
		{tlp.Clearance{At: end.Add(-time.Second), Audience: tlp.Organisation}, true},
	} {
		want(t, "get", get(t, s, reader.c, id("tool", 1)) != "", reader.sees)
	}
	put(t, s, "a", object(t, id("tool", 2), `"name":"x",`+marked(white)))
	later := tlp.Clearance{At: end}
	read := must(s.Get(t.Context(), later, id("tool", 2)))(t).Added
	want(t, "behind what was read", len(must(s.List(t.Context(), later, store.Query{Since: read}))(t)), 0)
	if err := s.Reopen(t.Context(), []stix.ID{m}); err != nil {
		t.Fatal(err)
	}
	want(t, "behind what was read", ids(must(s.List(t.Context(), later, store.Query{Since: read}))(t)), []stix.ID{m, id("tool", 1)})
}

// What was withdrawn is gone in all versions and does not come back, and what leads
// to it tells nobody of it.
func testWithdraw(t *testing.T, s store.Store) {
	a, b, by := id("malware", 1), id("malware", 2), id("identity", 1)
	first := object(t, a, `"name":"gone",`+marked(white))
	put(t, s, "a", first, object(t, b, `"name":"stays",`+marked(white)), object(t, by, `"name":"x",`+marked(white)),
		relationship(t, 1, a, "related-to", b, ","+marked(white)),
		object(t, id("note", 1), `"object_refs":["`+string(id("relationship", 1))+`"],`+marked(white)),
		object(t, id("tool", 1), `"created_by_ref":"`+string(by)+`",`+marked(white)))
	state := must(s.State(t.Context()))(t)
	want(t, "withdrawn", must(s.Withdraw(t.Context(), []stix.ID{a, by, id("malware", 99)}))(t), 2)
	want(t, "state has changed", must(s.State(t.Context()))(t) != state, true)
	later := object(t, a, `"created":"2021-01-01T00:00:00.000Z","modified":"2031-01-01T00:00:00.000Z","name":"gone",`+marked(white))
	want(t, "again", put(t, s, "b", first, later), []store.Status{store.Refused, store.Refused})
	put(t, s, "a", object(t, id("note", 2), `"object_refs":["`+string(a)+`"],`+marked(white)))
	for _, c := range []tlp.Clearance{public, {Audience: tlp.Organisation}} {
		want(t, "list", ids(must(s.List(t.Context(), c, store.Query{Versions: store.Versions{All: true}}))(t)), []stix.ID{b})
		want(t, "search", len(must(s.Search(t.Context(), c, "gone", 0))(t)), 0)
		want(t, "relations", len(must(s.Related(t.Context(), c, b, 0))(t)), 0)
		want(t, "stats", must(s.Stats(t.Context(), c))(t).Objects, 1)
	}
	want(t, "get", get(t, s, all, a), "")
	want(t, "what leads to it", get(t, s, all, id("relationship", 1)) != "", true)
	want(t, "once more", must(s.Withdraw(t.Context(), []stix.ID{a}))(t), 0)
}

// Marking definitions of others count from when they are here, for objects that
// came before too, and not when sources define them differently.
func testDefinitions(t *testing.T, s store.Store) {
	m := id("marking-definition", 7)
	define := func(definition string) *stix.Object {
		return object(t, m, `"created":"2021-01-01T00:00:00.000Z",`+definition)
	}
	put(t, s, "a", object(t, id("tool", 1), marked(string(m))))
	want(t, "unknown", get(t, s, community, id("tool", 1)), "")
	before := must(s.Get(t.Context(), all, id("tool", 1)))(t).Added
	put(t, s, "a", define(`"definition_type":"tlp","definition":{"tlp":"green"},`+marked(white)))
	want(t, "defined", get(t, s, community, id("tool", 1)) != "", true)
	want(t, "list", len(must(s.List(t.Context(), community, store.Query{}))(t)), 2)
	want(t, "behind what was read", ids(must(s.List(t.Context(), community, store.Query{Since: before}))(t)), []stix.ID{m, id("tool", 1)})
	want(t, "and no more than that", get(t, s, public, id("tool", 1)), "")
	later := strings.Replace(string(define(`"definition_type":"tlp","definition":{"tlp":"white"},`+marked(white)).Raw()), "2021", "2022", 1)
	o, err := stix.Parse([]byte(later))
	if err != nil {
		t.Fatal(err)
	}
	want(t, "defined differently", put(t, s, "b", o), []store.Status{store.Conflict})
	want(t, "is not to be trusted", get(t, s, community, id("tool", 1)), "")
	want(t, "list", ids(must(s.List(t.Context(), community, store.Query{}))(t)), []stix.ID{m})
}

// Once the newest version of an object is withheld, the older ones are.
func testRetraction(t *testing.T, s store.Store) {
	at := func(year, marking string) *stix.Object {
		return object(t, id("report", 1), `"created":"2020-01-01T00:00:00.000Z","modified":"`+year+`-01-01T00:00:00.000Z","name":"r",`+marked(marking))
	}
	put(t, s, "a", at("2020", green), at("2021", amber), at("2022", green))
	want(t, "versions", len(must(s.Versions(t.Context(), community, id("report", 1)))(t)), 2)
	put(t, s, "a", at("2023", amber))
	want(t, "get", get(t, s, community, id("report", 1)), "")
	want(t, "list of versions", len(must(s.List(t.Context(), community, store.Query{Versions: store.Versions{All: true}}))(t)), 0)
	want(t, "versions", len(must(s.Versions(t.Context(), client, id("report", 1)))(t)), 4)
}

func testRelations(t *testing.T, s store.Store) {
	set, tool, report, gone := id("intrusion-set", 1), id("tool", 2), id("report", 3), id("malware", 4)
	put(t, s, "a",
		object(t, set, `"created_by_ref":"`+string(id("identity", 1))+`"`), object(t, tool, ""),
		object(t, report, `"object_refs":["`+string(set)+`","`+string(tool)+`"]`),
		relationship(t, 1, set, "uses", tool, ""), relationship(t, 2, set, "uses", gone, ""),
		object(t, id("sighting", 1), `"sighting_of_ref":"`+string(tool)+`","where_sighted_refs":["`+string(id("identity", 1))+`"]`),
	)
	line := func(list []store.Relation) string {
		var lines []string
		for _, r := range list {
			l := r.Type + " " + map[bool]string{true: ">", false: "<"}[r.Outgoing] + " " + string(r.Other)[:4]
			if r.By != nil {
				l += " by"
			}
			if r.Object == nil {
				l += " missing"
			} else if r.Object.Object.ID != r.Other {
				t.Errorf("%s stands for %s", r.Object.Object.ID, r.Other)
			}
			lines = append(lines, l)
		}
		slices.Sort(lines)
		return strings.Join(lines, ", ")
	}
	of := func(i stix.ID) string { return line(must(s.Related(t.Context(), all, i, 0))(t)) }
	want(t, "intrusion set", of(set), "object_refs < repo, uses > malw by missing, uses > tool by")
	want(t, "tool", of(tool), "object_refs < repo, sighting_of_ref < sigh, uses < intr by")
	want(t, "report", of(report), "object_refs > intr, object_refs > tool")
	want(t, "of what is not here", of(gone), "uses < intr by")
	want(t, "sightings", ids(must(s.Sightings(t.Context(), all, tool, 0))(t)), []stix.ID{id("sighting", 1)})
	want(t, "sighted by, not of", len(must(s.Sightings(t.Context(), all, id("identity", 1), 0))(t)), 0)

	put(t, s, "a", object(t, report, `"created":"2020-01-01T00:00:00.000Z","modified":"2024-01-01T00:00:00.000Z","object_refs":["`+string(tool)+`"]`))
	want(t, "what a newer version no longer refers to", of(set), "uses > malw by missing, uses > tool by")
}

func testNeighbourhood(t *testing.T, s store.Store) {
	// A chain of tools 0 to 5, and a report on 0 and 5.
	objects := []*stix.Object{object(t, id("report", 1), `"object_refs":["`+string(id("tool", 0))+`","`+string(id("tool", 5))+`"]`)}
	for i := range 6 {
		objects = append(objects, object(t, id("tool", i), ""))
		if i > 0 {
			objects = append(objects, relationship(t, i, id("tool", i-1), "next", id("tool", i), ""))
		}
	}
	put(t, s, "a", objects...)
	around := func(i stix.ID, depth, limit int) (store.Graph, int) {
		g := must(s.Neighbourhood(t.Context(), all, i, depth, limit))(t)
		return g, len(g.Objects)
	}
	g, n := around(id("tool", 3), 0, 0)
	want(t, "itself", n, 1)
	g, _ = around(id("tool", 3), 1, 0)
	want(t, "one step", ids(g.Objects), []stix.ID{id("tool", 3), id("tool", 2), id("tool", 4)})
	want(t, "edges", len(g.Edges), 2)
	want(t, "by", g.Edges[0].By, id("relationship", 3))
	_, n = around(id("tool", 0), 1, 0)
	want(t, "a report does not bring its others near", n, 3)
	g, n = around(id("tool", 3), 10, 0)
	want(t, "all", n, 7)
	want(t, "a circle ends", len(g.Edges), 7)
	want(t, "not cut", g.Cut, false)
	g, n = around(id("tool", 3), 10, 4)
	want(t, "limit", n, 4)
	want(t, "cut", g.Cut, true)
}

// A batch that fails leaves nothing.
func testCancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Import(ctx, []store.Incoming{{Object: object(t, id("tool", 1), ""), Source: "a"}}); err == nil {
		t.Error("imported")
	}
	want(t, "objects", must(s.Stats(t.Context(), all))(t).Objects, 0)
	want(t, "afterwards", put(t, s, "a", object(t, id("tool", 1), "")), []store.Status{store.New})
}
