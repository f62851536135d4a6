package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/storetest"
	"github.com/tocsin-project/tocsin/internal/tlp"
)

func openNew(t testing.TB) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "know ledge?.db"))
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
	storetest.Run(t, func(t *testing.T) store.Store { return openNew(t) }, func(path string) (store.Store, error) { return Open(path) })
}

// A store of an older schema is brought forward with all that is in it, one
// migration that fails changes nothing, and what is newer is refused.
func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Import(t.Context(), storetest.Indicators(t, 0, 100)); err != nil {
		t.Fatal(err)
	}
	newer := fstest.MapFS{
		fmt.Sprintf("migrations/%d.sql", newestSchema+1): {Data: []byte("ALTER TABLE version ADD COLUMN note TEXT; CREATE INDEX version_note ON version (note)")},
		fmt.Sprintf("migrations/%d.sql", newestSchema+2): {Data: []byte("CREATE TABLE half (id INTEGER); SELECT no such thing")},
	}
	if err := db.migrate(t.Context(), newer, newestSchema+1); err != nil {
		t.Fatal(err)
	}
	if err := db.migrate(t.Context(), newer, newestSchema+2); err == nil {
		t.Error("a wrong migration passed")
	}
	var schema, half int
	if err := db.conn.QueryRowContext(t.Context(), `SELECT user_version, (SELECT count(*) FROM sqlite_schema WHERE name = 'half') FROM pragma_user_version`).Scan(&schema, &half); err != nil || schema != newestSchema+1 || half != 0 {
		t.Error(schema, half, err)
	}
	if stats, err := db.Stats(t.Context(), tlp.Local()); err != nil || stats.Objects != 100 {
		t.Error(stats, err)
	}
	db.Close()
	if _, err := Open(path); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
}

func TestOlderStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	storetest.Older(t, func() store.Store {
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return db
	}, func(s store.Store) {
		if _, err := s.(*DB).conn.ExecContext(t.Context(), `DROP TABLE entry; ALTER TABLE type DROP COLUMN stamp;
			DROP INDEX version_date; DROP INDEX version_type; ALTER TABLE version DROP COLUMN date;
			ALTER TABLE version RENAME COLUMN scope TO marking; ALTER TABLE scope RENAME TO marking; ALTER TABLE marking RENAME COLUMN text TO refs;
			CREATE INDEX version_type ON version (type, added, state, marking); PRAGMA user_version = 1`); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOtherFilesAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, []byte("this is a text of somebody, and no store at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Error("a text was opened")
	}
	if b, _ := os.ReadFile(path); len(b) != 47 {
		t.Error("and changed")
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for i := range 3 {
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Import(t.Context(), storetest.Indicators(t, i*10, 10)); err != nil {
			t.Fatal(err)
		}
		stats, err := db.Stats(t.Context(), tlp.Local())
		if err != nil || stats.Objects != i*10+10 {
			t.Error(stats, err)
		}
		db.Close()
	}
}

func BenchmarkImport(b *testing.B) {
	for _, batch := range []int{2000, 10000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) { storetest.BenchmarkImport(b, openNew(b), batch) })
	}
}

func BenchmarkGet(b *testing.B) { storetest.BenchmarkGet(b, openNew(b)) }

func BenchmarkList(b *testing.B) {
	db := openNew(b)
	for n := range 20 {
		if _, err := db.Import(b.Context(), storetest.Indicators(b, n*1000, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(20000 * int64(len(storetest.Indicators(b, 0, 1)[0].Object.Raw())))
	for b.Loop() {
		n := 0
		err := db.Each(b.Context(), tlp.Clearance{Audience: tlp.Community}, store.Query{}, func(store.Record) error { n++; return nil })
		if err != nil || n != 20000 {
			b.Fatal(n, err)
		}
	}
}
