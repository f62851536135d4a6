package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

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
	storetest.Run(t, func(t *testing.T) store.Store { return openNew(t) })
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version=%d", newestSchema+1)); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Open(path); !errors.Is(err, store.ErrNewerSchema) {
		t.Error(err)
	}
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

func TestBackup(t *testing.T) {
	db := openNew(t)
	if _, err := db.Import(t.Context(), storetest.Indicators(t, 0, 100)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup.db")
	if err := db.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a backup over another: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	copied, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer copied.Close()
	stats, err := copied.Stats(t.Context(), tlp.Local())
	if err != nil || stats.Objects != 100 {
		t.Error(stats, err)
	}
	if found, err := copied.Search(t.Context(), tlp.Local(), "malicious-activity", 0); err != nil || len(found) != 100 {
		t.Error(len(found), err)
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

func BenchmarkGet(b *testing.B) {
	db := openNew(b)
	objects := storetest.Indicators(b, 0, 10000)
	if _, err := db.Import(b.Context(), objects); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(objects[0].Object.Raw())))
	n := 0
	for b.Loop() {
		if _, err := db.Get(b.Context(), tlp.Local(), objects[n%10000].Object.ID); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

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
