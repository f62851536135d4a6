package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/storetest"
)

func openAt(path string) (store.Store, error) { return Open(path) }

// TestImporter is what the crash test kills.
func TestImporter(t *testing.T) { storetest.Importer(t, openAt) }

func TestCrash(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 15
	}
	c := storetest.Crash{Address: filepath.Join(t.TempDir(), "s.db"), Open: openAt}
	c.Run(t, kills)
	db, err := Open(c.Address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var said string
	if err := db.conn.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&said); err != nil || said != "ok" {
		t.Error(said, err)
	}
}
