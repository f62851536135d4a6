package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/stix"
)

// However many there are, review --accept all and export --search mean all.
func TestMeansAll(t *testing.T) {
	const n = decideAtOnce + 1 // more than one transaction, and more than a search reads at once
	db := filepath.Join(t.TempDir(), "tocsin.db")
	s, err := sqlite.Open(db)
	if err != nil {
		t.Fatal(err)
	}
	drafts := make([]store.Incoming, n)
	for i := range drafts {
		o, err := stix.Parse(fmt.Appendf(nil, `{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-%012d","created":"2021-03-05T00:00:00.000Z","modified":"2021-03-05T00:00:00.000Z","name":"shell"}`, i))
		if err != nil {
			t.Fatal(err)
		}
		drafts[i] = store.Incoming{Object: o, Source: "report", Draft: true}
	}
	if _, err := s.Import(t.Context(), drafts); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var out, told strings.Builder
	if code := run([]string{"review", "--db", db, "--accept", "all"}, nil, &out, &told); code != exitDone || !strings.HasPrefix(out.String(), thousands(n)+" drafts accepted") {
		t.Fatalf("review: %d, %q, %q", code, out.String(), told.String())
	}
	out.Reset()
	if code := run([]string{"export", "--db", db, "--search", "shell"}, nil, &out, &told); code != exitDone || strings.Count(out.String(), `"name":"shell"`) != n {
		t.Errorf("export: %d, %d objects of %d, %q", code, strings.Count(out.String(), `"name":"shell"`), n, told.String())
	}
}
