//go:build unix

package postgres

import (
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/postgres/postgrestest"
	"github.com/tocsin-project/tocsin/internal/store/storetest"
)

func openAt(url string) (store.Store, error) { return Open(url) }

// TestImporter is what the crash test kills.
func TestImporter(t *testing.T) { storetest.Importer(t, openAt) }

// The process that imports is killed, and now and then the server.
func TestCrash(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 15
	}
	server := postgrestest.Start(t)
	c := storetest.Crash{Address: server.Database(t), Open: openAt, Server: func() error {
		server.Kill()
		return server.Restart()
	}}
	c.Run(t, kills)
}
