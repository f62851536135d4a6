package storetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// The state is another after each change of an object of its types, and stays
// the same whatever is read, and whatever comes of other types.
func testState(t *testing.T, s store.Store) {
	state := func(types ...string) string { return must(s.State(t.Context(), types...))(t) }
	seen := map[string]string{}
	var last string
	changed := func(what string, want bool) {
		t.Helper()
		now := state("tool", "malware")
		if all, tool := state(), state("tool"); !strings.Contains(all, tool) {
			t.Errorf("%s: the state of all types %q lacks %q", what, all, tool)
		}
		if (now != last) != want {
			t.Errorf("%s: changed %v, want %v", what, now != last, want)
		}
		if before, ok := seen[now]; ok && now != last {
			t.Errorf("%s: the state is that after %s", what, before)
		}
		last, seen[now] = now, what
	}
	const times = `"created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z"`
	tool := object(t, id("tool", 1), times+`,"name":"one"`)
	a := object(t, id("tool", 2), `"name":"draft a"`)
	b := object(t, id("tool", 3), `"name":"draft b"`)
	draft := func(o *stix.Object) []store.Status {
		return imported(t, s, []store.Incoming{{Object: o, Source: "x", Draft: true}})
	}

	changed("an empty store", false)
	put(t, s, "a", tool)
	changed("a new object", true)
	put(t, s, "a", tool)
	changed("the same again", false)
	put(t, s, "b", tool)
	changed("the same from elsewhere", false)
	put(t, s, "a", object(t, id("tool", 1), `"created":"2020-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"two"`))
	changed("a new version", true)
	put(t, s, "a", object(t, id("tool", 1), `"created":"2020-01-01T00:00:00.000Z","modified":"2022-01-01T00:00:00.000Z","revoked":true`))
	changed("a version that revokes", true)
	put(t, s, "a", object(t, id("tool", 1), times+`,"name":"other"`))
	changed("a conflict", true)
	draft(a)
	draft(b)
	changed("drafts", true)
	draft(a)
	changed("a draft again", false)
	must(s.Accept(t.Context(), []stix.ID{a.ID}))(t)
	changed("a draft that was accepted", true)
	must(s.Reject(t.Context(), []stix.ID{b.ID}))(t)
	changed("a draft that was rejected", true)
	must(s.Reject(t.Context(), []stix.ID{b.ID, id("tool", 9)}))(t)
	must(s.Accept(t.Context(), []stix.ID{b.ID}))(t)
	changed("what is no draft", false)
	put(t, s, "a", object(t, id("malware", 1), ""))
	changed("an object of the other type", true)
	malware := state("malware")

	put(t, s, "a", object(t, id("sighting", 1), `"sighting_of_ref":"`+string(tool.ID)+`"`), relationship(t, 1, tool.ID, "uses", id("malware", 1), ""))
	draft(object(t, id("report", 1), ""))
	must(s.Accept(t.Context(), []stix.ID{id("report", 1)}))(t)
	everything(t, s, []stix.ID{tool.ID})
	must(s.Neighbourhood(t.Context(), all, tool.ID, 2, 0))(t)
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "backup.db")); err != nil {
		t.Fatal(err)
	}
	changed("reads, a backup, and what came of other types", false)
	put(t, s, "a", object(t, id("tool", 4), ""))
	changed("one more", true)
	want(t, "the state of the other type", state("malware"), malware)
}
