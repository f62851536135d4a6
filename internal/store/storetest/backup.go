package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// everything writes down what a store says of some objects.
func everything(t *testing.T, s store.Store, ids []stix.ID) string {
	t.Helper()
	var b strings.Builder
	note := func(what string, list []store.Record) {
		for _, rec := range list {
			fmt.Fprintln(&b, what, rec.Added.UnixMicro(), rec.Source, string(rec.Object.Raw()))
		}
	}
	note("list", must(s.List(t.Context(), all, store.Query{Versions: store.Versions{All: true}, Limit: 1 << 20}))(t))
	note("amber", must(s.List(t.Context(), client, store.Query{}))(t))
	note("draft", must(s.Drafts(t.Context(), all, 0))(t))
	note("search", must(s.Search(t.Context(), all, "shell", 0))(t))
	for _, i := range ids {
		note("version", must(s.Versions(t.Context(), all, i))(t))
		note("conflict", must(s.Conflicts(t.Context(), all, i))(t))
		note("sighting", must(s.Sightings(t.Context(), all, i, 0))(t))
		fmt.Fprintln(&b, must(s.Sources(t.Context(), all, i))(t))
		for _, rel := range must(s.Related(t.Context(), all, i, 0))(t) {
			fmt.Fprintln(&b, rel.Type, rel.Outgoing, rel.Other)
		}
	}
	fmt.Fprintln(&b, must(s.Stats(t.Context(), all))(t))
	return b.String()
}

// A backup is a store that says what the store said, and goes on from there.
func testBackup(t *testing.T, s store.Store, restore func(path string) (store.Store, error)) {
	const times = `"created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z",`
	tool, malware, report := id("tool", 1), id("malware", 1), id("report", 1)
	put(t, s, "a", object(t, tool, times+`"name":"web shell",`+marked(amber)), object(t, malware, `"name":"shell \u0000 é"`), relationship(t, 1, tool, "uses", malware, ""),
		object(t, id("sighting", 1), `"sighting_of_ref":"`+string(tool)+`"`))
	put(t, s, "b", object(t, tool, times+`"name":"shell two"`), object(t, malware, `"name":"shell \u0000 é"`),
		object(t, tool, strings.ReplaceAll(times, `"modified":"2020`, `"modified":"2021`)+`"name":"shell three"`))
	draft := store.Incoming{Object: object(t, report, `"name":"draft"`), Source: "c", Draft: true}
	imported(t, s, []store.Incoming{draft})
	for n := range 3 {
		if _, err := s.Import(t.Context(), Indicators(t, n*1000, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	ids := []stix.ID{tool, malware}

	folder := t.TempDir()
	path := filepath.Join(folder, "backup ?.db")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others can read it", info, err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup over another: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Backup(cancelled, filepath.Join(folder, "none.db")); err == nil {
		t.Error("a backup that was cancelled")
	}
	if left := must(os.ReadDir(folder))(t); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}

	before := everything(t, s, ids)
	put(t, s, "later", object(t, id("tool", 2), `"name":"shell"`))
	copied, err := restore(path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	want(t, "the backup", everything(t, copied, ids), before)
	want(t, "its state", must(copied.State(t.Context(), "malware", "indicator"))(t), must(s.State(t.Context(), "malware", "indicator"))(t))
	want(t, "its state of what came later", must(copied.State(t.Context(), "tool"))(t) == must(s.State(t.Context(), "tool"))(t), false)
	last := must(copied.List(t.Context(), all, store.Query{Limit: 1 << 20}))(t)
	want(t, "import into it", put(t, copied, "d", object(t, id("x-new", 2), `"name":"shell"`)), []store.Status{store.New})
	want(t, "and again", put(t, copied, "a", object(t, malware, `"name":"shell \u0000 é"`)), []store.Status{store.Same})
	state := must(copied.State(t.Context(), "indicator"))(t)
	put(t, s, "d", object(t, id("indicator", 9999), ""))
	put(t, copied, "d", object(t, id("indicator", 9999), ""))
	want(t, "its state after the same as in the store", must(copied.State(t.Context(), "indicator"))(t) == must(s.State(t.Context(), "indicator"))(t) || must(copied.State(t.Context(), "indicator"))(t) == state, false)
	want(t, "accept", must(copied.Accept(t.Context(), []stix.ID{report}))(t)[0].Status, store.New)
	if rec := must(copied.Get(t.Context(), tlp.Local(), report))(t); !rec.Added.After(last[len(last)-1].Added) || rec.Source != "c" {
		t.Errorf("added %s from %s", rec.Added, rec.Source)
	}
	want(t, "search", len(must(copied.Search(t.Context(), all, "shell", 0))(t)), len(must(s.Search(t.Context(), all, "shell", 0))(t)))
}
