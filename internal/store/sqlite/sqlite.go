// Package sqlite keeps a store in one file.
//
// One connection writes, several read at the same time and do not wait for it
// (write-ahead log). A batch that Import has acknowledged is on disk: the log is
// synced at each commit (synchronous=FULL), so that neither a killed process
// nor lost power takes it back.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/tocsin-project/tocsin/internal/store"
	_ "modernc.org/sqlite" // the driver
)

//go:embed migrations/*.sql
var migrations embed.FS

// newestSchema is the number of the last file in migrations.
const newestSchema = 1

// applicationID marks files of this program ("Tocs").
const applicationID = 0x546f6373

var errForeign = errors.New("an SQLite file, but no store of Tocsin; choose another file")

// A DB is a store in a file.
type DB struct {
	*store.Reader
	path   string
	reads  *sql.DB
	writes *sql.DB

	mu      sync.Mutex // one import at a time
	imports *statements
}

var _ store.Store = (*DB)(nil)

// Open opens the store in the file at path, and makes it when there is none,
// readable by its owner alone. A file of an older Tocsin is brought up to date;
// one of a newer Tocsin is refused with store.ErrNewerSchema.
func Open(path string) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	f.Close()
	db, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	return db, nil
}

func open(path string) (*DB, error) {
	writes, err := sql.Open("sqlite", dsn(path, "journal_mode=wal", "synchronous=full", "wal_autocheckpoint=8000", "cache_size=-65536"))
	if err != nil {
		return nil, err
	}
	writes.SetMaxOpenConns(1)
	db := &DB{path: path, writes: writes}
	if err := db.migrate(context.Background()); err != nil {
		writes.Close()
		return nil, err
	}
	if db.imports, err = prepare(writes); err != nil {
		writes.Close()
		return nil, err
	}
	if db.reads, err = sql.Open("sqlite", dsn(path, "query_only=true", "cache_size=-16384", "mmap_size=268435456")); err != nil {
		writes.Close()
		return nil, err
	}
	db.reads.SetMaxOpenConns(8)
	db.reads.SetMaxIdleConns(8)
	db.Reader = store.NewReader(db.reads, dialect)
	return db, nil
}

// dsn names the file and the settings of each connection to it.
func dsn(path string, pragmas ...string) string {
	v := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout=30000"}}
	for _, p := range pragmas {
		v.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: v.Encode()}).String()
}

var dialect = store.Dialect{
	Ints:  `SELECT value FROM json_each(?)`,
	Texts: `SELECT value FROM json_each(?)`,
	Words: `words w JOIN version v ON v.added = w.rowid`,
	Match: `w.words MATCH $1`,
	Rank:  `w.rank`,
	Phrases: func(phrases []string) string {
		return `"` + strings.Join(phrases, `" "`) + `"` // words have no quotes
	},
}

// migrate brings the schema up to date, one numbered file after the other, each
// in a transaction.
func (db *DB) migrate(ctx context.Context) error {
	for {
		done, err := db.migrateOnce(ctx)
		if done || err != nil {
			return err
		}
	}
}

func (db *DB) migrateOnce(ctx context.Context) (done bool, err error) {
	tx, err := db.writes.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	var schema, app, tables int
	if err := tx.QueryRow(`SELECT * FROM pragma_user_version, pragma_application_id, (SELECT count(*) FROM sqlite_schema)`).Scan(&schema, &app, &tables); err != nil {
		return false, err
	}
	switch {
	case app != applicationID && tables > 0:
		return false, errForeign
	case schema > newestSchema:
		return false, fmt.Errorf("schema %d, this program knows %d: %w", schema, newestSchema, store.ErrNewerSchema)
	case schema == newestSchema:
		return true, nil
	}
	text, err := migrations.ReadFile(fmt.Sprintf("migrations/%d.sql", schema+1))
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(string(text) + fmt.Sprintf(";PRAGMA application_id=%d;PRAGMA user_version=%d", applicationID, schema+1)); err != nil {
		return false, fmt.Errorf("migration %d: %w", schema+1, err)
	}
	return false, tx.Commit()
}

// Backup implements store.Store. The copy is a store like this one, without
// the space that deleted rows left.
func (db *DB) Backup(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up to %s: %w", path, os.ErrExist)
	}
	part := path + ".part"
	os.Remove(part)
	if err := db.vacuum(ctx, part); err != nil {
		os.Remove(part)
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	if err := settle(part, path); err != nil {
		os.Remove(part)
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}

// vacuum copies the store over a connection of its own: one that only reads is
// not let, and the writer shall not wait.
func (db *DB) vacuum(ctx context.Context, path string) error {
	c, err := sql.Open("sqlite", dsn(db.path))
	if err != nil {
		return err
	}
	_, err = c.ExecContext(ctx, `VACUUM INTO $1`, path)
	return errors.Join(err, c.Close())
}

// settle puts a finished file where it belongs, once it is on disk.
func settle(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(part, path)
}

// Close implements store.Store.
func (db *DB) Close() error {
	return errors.Join(db.reads.Close(), db.imports.close(), db.writes.Close())
}
