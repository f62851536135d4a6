package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is kept is for its owner alone, and nothing lies beside it.
func TestKeptIndexFile(t *testing.T) {
	folder := t.TempDir()
	db, log := filepath.Join(folder, "s.db"), filepath.Join(t.TempDir(), "app.log")
	bundle := filepath.Join(t.TempDir(), "bundle.json")
	for path, text := range map[string]string{
		log: "2021-03-02 10:00:00 connection to evil.example.com:443\n",
		bundle: `{"type":"indicator","spec_version":"2.1","id":"indicator--11111111-1111-4111-8111-111111111111","created":"2021-03-05T00:00:00.000Z","modified":"2021-03-05T00:00:00.000Z",` +
			`"pattern":"[domain-name:value = 'evil.example.com']","pattern_type":"stix","valid_from":"2021-03-05T00:00:00Z"}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"import", "-q", "--db", db, bundle}, {"hunt", "-q", "--rules", "none", "--db", db, log}} {
		if code := run(args, nil, io.Discard, io.Discard); code != 0 {
			t.Fatalf("%q: exit code %d", args, code)
		}
	}
	left, err := filepath.Glob(filepath.Join(folder, "*"+indexTail+"*"))
	if err != nil || len(left) != 1 {
		t.Fatal(left, err)
	}
	if info, err := os.Stat(left[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others can read it", info, err)
	}
}

// The index of a database has one place whatever the password, and tells
// nobody of it.
func TestKeptIndexOfDatabase(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	path := func(db string) string { return (&dbFlag{DB: db}).indexPath() }
	one := path("postgres://tocsin@db.example/know?sslmode=require")
	if !strings.HasSuffix(one, indexTail) || !filepath.IsAbs(one) {
		t.Error(one)
	}
	for _, same := range []string{"postgres://tocsin:secret@db.example/know?sslmode=require", "postgres://tocsin@db.example/know?password=secret&sslmode=require"} {
		if got := path(same); got != one {
			t.Errorf("%s: %s, want %s", same, got, one)
		}
	}
	for _, other := range []string{"postgres://tocsin@db.example/other?sslmode=require", "postgres://else@db.example/know?sslmode=require"} {
		if path(other) == one {
			t.Errorf("%s has the place of another", other)
		}
	}
}
