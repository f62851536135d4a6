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
	"github.com/tocsin-project/tocsin/stix"
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

// indicator returns an object of about 500 bytes, as feeds have them.
func indicator(t testing.TB, n int) *stix.Object {
	o, err := stix.Parse(fmt.Appendf(nil, `{"type":"indicator","spec_version":"2.1","id":"indicator--%08x-%04x-4c5d-8e2f-%012x","created_by_ref":"identity--023d105b-752e-4e3c-941c-7d3f3cb15e9e","created":"2021-03-02T10:11:12.000Z","modified":"2021-03-02T10:11:12.000Z","name":"host%d.example-%x.net","indicator_types":["malicious-activity"],"pattern":"[domain-name:value = 'host%d.example-%x.net']","pattern_type":"stix","valid_from":"2021-03-02T10:11:12Z","confidence":80,"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"]}`,
		uint32(n)*2654435761, n&0xffff, uint64(n)*0x9e3779b97f4a7c15>>16, n, n*7919, n, n*7919))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func indicators(t testing.TB, from, n int) []store.Incoming {
	batch := make([]store.Incoming, n)
	for i := range batch {
		batch[i] = store.Incoming{Object: indicator(t, from+i), Source: "feed"}
	}
	return batch
}

func TestNewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.writes.Exec(fmt.Sprintf("PRAGMA user_version=%d", newestSchema+1)); err != nil {
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
	if _, err := db.Import(t.Context(), indicators(t, 0, 100)); err != nil {
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
	if found, err := copied.Search(t.Context(), tlp.Local(), "host7", 0); err != nil || len(found) != 1 {
		t.Error(found, err)
	}
}

func TestReopen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	for i := range 3 {
		db, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Import(t.Context(), indicators(t, i*10, 10)); err != nil {
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
	const batch = 1000
	db := openNew(b)
	size, n := 0, 0
	for _, in := range indicators(b, 0, batch) {
		size += len(in.Object.Raw())
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		b.StopTimer()
		objects := indicators(b, n, batch)
		n += batch
		b.StartTimer()
		if _, err := db.Import(b.Context(), objects); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "objects/s")
}

func BenchmarkGet(b *testing.B) {
	db := openNew(b)
	objects := indicators(b, 0, 10000)
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
		if _, err := db.Import(b.Context(), indicators(b, n*1000, 1000)); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(20000 * int64(len(indicator(b, 1).Raw())))
	for b.Loop() {
		n := 0
		err := db.Each(b.Context(), tlp.Clearance{Audience: tlp.Community}, store.Query{}, func(store.Record) error { n++; return nil })
		if err != nil || n != 20000 {
			b.Fatal(n, err)
		}
	}
}
