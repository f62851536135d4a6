//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/postgres/postgrestest"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/internal/store/storetest"
	"github.com/tocsin-project/tocsin/internal/tlp"
)

func openNew(t testing.TB, server *postgrestest.Server) *DB {
	t.Helper()
	db, err := Open(server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestStore(t *testing.T) {
	server := postgrestest.Start(t)
	storetest.Run(t, func(t *testing.T) store.Store { return openNew(t, server) }, func(path string) (store.Store, error) { return sqlite.Open(path) })
}

// A store of an older schema is brought forward with all that is in it, one
// migration that fails changes nothing, and what is newer is refused.
func TestMigrations(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	db, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Import(t.Context(), storetest.Indicators(t, 0, 100)); err != nil {
		t.Fatal(err)
	}
	newer := fstest.MapFS{
		fmt.Sprintf("migrations/%d.sql", newestSchema+1): {Data: []byte("ALTER TABLE version ADD COLUMN note text; CREATE INDEX version_note ON version (note)")},
		fmt.Sprintf("migrations/%d.sql", newestSchema+2): {Data: []byte("CREATE TABLE half (id bigint); SELECT no such thing")},
	}
	if err := db.migrate(t.Context(), newer, newestSchema+1); err != nil {
		t.Fatal(err)
	}
	if err := db.migrate(t.Context(), newer, newestSchema+2); err == nil {
		t.Error("a wrong migration passed")
	}
	var schema int
	var half *string
	if err := db.db.QueryRow(`SELECT version, to_regclass('half')::text FROM schema`).Scan(&schema, &half); err != nil || schema != newestSchema+1 || half != nil {
		t.Error(schema, half, err)
	}
	if stats, err := db.Stats(t.Context(), tlp.Local()); err != nil || stats.Objects != 100 {
		t.Error(stats, err)
	}
	if _, err := Open(url); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}

func TestOlderStore(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	storetest.Older(t, func() store.Store {
		db, err := Open(url)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}, func(s store.Store) {
		if _, err := s.(*DB).db.Exec(`DROP TABLE entry; ALTER TABLE type DROP COLUMN stamp;
			DROP INDEX version_date; DROP INDEX version_type; DROP INDEX scope_text; ALTER TABLE version DROP COLUMN date;
			ALTER TABLE version RENAME COLUMN scope TO marking; ALTER TABLE scope RENAME TO marking; ALTER TABLE marking RENAME COLUMN text TO refs;
			CREATE INDEX version_type ON version (type, added); UPDATE schema SET version = 1`); err != nil {
			t.Fatal(err)
		}
	})
}

// Several processes may import at once: dates stay unique, and rise in the
// order in which objects come to be seen.
func TestWritersTakeTurns(t *testing.T) {
	url := postgrestest.Start(t).Database(t)
	const writers, batches, size = 4, 10, 50
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			db, err := Open(url) // a pool of its own, as another process has
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			for b := range batches {
				if _, err := db.Import(t.Context(), storetest.Indicators(t, (w*batches+b)*size, size)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	reader, err := Open(url)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var since time.Time
	for seen := 0; seen < writers*batches*size && !t.Failed(); {
		page, err := reader.List(t.Context(), tlp.Local(), store.Query{Since: since, Limit: 70})
		if err != nil {
			t.Fatal(err)
		}
		for _, rec := range page {
			since = rec.Added
			seen++
		}
	}
	wg.Wait() // who pages while they write has seen all, and none twice
	if more, err := reader.List(t.Context(), tlp.Local(), store.Query{Since: since}); err != nil || len(more) > 0 {
		t.Error(len(more), err)
	}
}

func TestOpenSaysWhereItFailed(t *testing.T) {
	_, err := Open("postgres://nobody@/none?host=" + t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "open the store in database none at /") {
		t.Error(err)
	}
}

func BenchmarkImport(b *testing.B) {
	server := postgrestest.Start(b)
	for _, batch := range []int{2000, 10000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) { storetest.BenchmarkImport(b, openNew(b, server), batch) })
	}
}

func BenchmarkGet(b *testing.B) {
	db := openNew(b, postgrestest.Start(b))
	storetest.BenchmarkGet(b, db)
}
