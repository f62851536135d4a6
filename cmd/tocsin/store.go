package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/postgres"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
)

// dbFlag says which store a command uses.
type dbFlag struct {
	DB string `name:"db" placeholder:"FILE" env:"TOCSIN_DB" help:"The store: a file, or postgres://USER@HOST/DATABASE. Default: ${store}."`
}

// storeFlags are the flags of every command that is about the store.
type storeFlags struct {
	dbFlag

	Quiet bool `short:"q" help:"No progress and no summary: only results and errors."`
}

// defaultStore is the store of a user who names none.
func defaultStore() string { return filepath.Join(dataDir(), "tocsin.db") }

// dataDir is where programs of this user keep their data: as the XDG Base
// Directory Specification says, or as the system has it.
func dataDir() string {
	home, _ := os.UserHomeDir()
	switch runtime.GOOS {
	case "windows":
		if dir := os.Getenv("LocalAppData"); dir != "" {
			return filepath.Join(dir, "Tocsin")
		}
	case "darwin":
		return filepath.Join(home, "Library", "Application Support", "Tocsin")
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "tocsin")
	}
	return filepath.Join(home, ".local", "share", "tocsin")
}

func (f *dbFlag) path() string {
	if f.DB == "" {
		return defaultStore()
	}
	return f.DB
}

// isPostgres reports whether the store is a PostgreSQL database.
func isPostgres(db string) bool {
	return strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://")
}

// exists reports whether there is a store to be read.
func (f *dbFlag) exists() bool {
	if isPostgres(f.path()) {
		return true
	}
	_, err := os.Stat(f.path())
	return err == nil
}

// open opens the store; one that is not there is made only for writing to it.
func (f *dbFlag) open(write bool) (store.Store, error) {
	path := f.path()
	if isPostgres(path) {
		return postgres.Open(path)
	}
	if !write {
		if !f.exists() {
			return nil, fmt.Errorf("there is no store at %s yet: tocsin import FILE makes it", path)
		}
	} else if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("no folder for the store: %w; name another with --db", err)
	}
	s, err := sqlite.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: --db or TOCSIN_DB names the store", err)
	}
	return s, nil
}
