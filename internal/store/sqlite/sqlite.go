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
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/tocsin-project/tocsin/internal/store"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// newestSchema is the number of the last file in migrations.
const newestSchema = 4

// applicationID marks files of this program ("Tocs").
const applicationID = 0x546f6373

var errNoDatabase = errors.New("no SQLite file, and so no store of Tocsin; choose another file")

var errForeign = errors.New("an SQLite file, but no store of Tocsin; choose another file")

// A DB is a store in a file.
type DB struct {
	*store.Reader
	path   string
	reads  *sql.DB
	writes *sql.DB

	mu      sync.Mutex // one import at a time
	conn    *sql.Conn  // that writes
	inserts inserts

	checkpoints sync.WaitGroup
	busy        atomic.Bool // a checkpoint runs
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
	// A file that is there is not opened here: to close it again would take the
	// locks from others in this process that have it open.
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, fmt.Errorf("open the store %s: a folder; choose a file, in it or elsewhere", path)
	} else if errors.Is(err, os.ErrNotExist) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil && !errors.Is(err, os.ErrExist) {
			return nil, fmt.Errorf("open the store: %w", err)
		}
		if err == nil {
			f.Close()
		}
	}
	db, err := open(path)
	var of *driver.Error
	if errors.As(err, &of) && of.Code() == lib.SQLITE_NOTADB {
		err = errNoDatabase
	}
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, err)
	}
	return db, nil
}

func open(path string) (*DB, error) {
	writes, err := sql.Open("sqlite", dsn(path, "journal_mode=wal", "synchronous=full", "wal_autocheckpoint=0", "cache_size=-65536"))
	if err != nil {
		return nil, err
	}
	reads, err := sql.Open("sqlite", dsn(path, "query_only=true", "synchronous=full", "cache_size=-16384", "mmap_size=268435456"))
	if err != nil {
		return nil, errors.Join(err, writes.Close())
	}
	reads.SetMaxOpenConns(8)
	reads.SetMaxIdleConns(8)
	db := &DB{path: path, writes: writes, reads: reads, Reader: store.NewReader(reads, dialect)}
	if err := db.prepare(context.Background()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepare makes the connection that writes ready.
func (db *DB) prepare(ctx context.Context) (err error) {
	if db.conn, err = db.writes.Conn(ctx); err != nil {
		return err
	}
	if err = db.migrate(ctx, migrations, newestSchema); err != nil {
		return err
	}
	if db.inserts, err = prepareInserts(db.conn); err != nil {
		return err
	}
	var old bool
	if err := db.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM entry WHERE kind = 'upgrade' AND id = 'scopes')`).Scan(&old); err != nil || !old {
		return err
	}
	return db.write(ctx, func(w *writer) error { return w.upgrade(ctx) })
}

// Sizes of the log, in bytes, from which on it is written into the file: while
// imports go on, and while they wait. A log that imports never leave alone can
// be started anew only while they wait.
const (
	checkpointAt = 32 << 20
	truncateAt   = 256 << 20
)

// checkpoint writes the log into the file when it has become large.
func (db *DB) checkpoint() {
	info, err := os.Stat(db.path + "-wal")
	if err != nil || info.Size() < checkpointAt {
		return
	}
	if info.Size() >= truncateAt {
		// When a reader keeps it from ending, the next import tries again.
		db.conn.ExecContext(context.Background(), `PRAGMA wal_checkpoint(TRUNCATE)`)
		return
	}
	if db.busy.CompareAndSwap(false, true) {
		db.checkpoints.Go(func() {
			defer db.busy.Store(false)
			db.reads.Exec(`PRAGMA wal_checkpoint(PASSIVE)`)
		})
	}
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
}

// migrate brings the schema up to date, one numbered file after the other, each
// in a transaction.
func (db *DB) migrate(ctx context.Context, files fs.FS, newest int) error {
	for {
		done, err := db.migrateOnce(ctx, files, newest)
		if done || err != nil {
			return err
		}
	}
}

func (db *DB) migrateOnce(ctx context.Context, files fs.FS, newest int) (done bool, err error) {
	tx, err := db.conn.BeginTx(ctx, nil)
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
	case schema > newest:
		return false, fmt.Errorf("schema %d, this program knows %d: %w", schema, newest, store.ErrNewerSchema)
	case schema == newest:
		return true, nil
	}
	text, err := fs.ReadFile(files, fmt.Sprintf("migrations/%d.sql", schema+1))
	if err != nil {
		return false, err
	}
	if _, err := tx.Exec(string(text) + fmt.Sprintf(";PRAGMA application_id=%d;PRAGMA user_version=%d", applicationID, schema+1)); err != nil {
		return false, fmt.Errorf("migration %d: %w", schema+1, err)
	}
	return false, tx.Commit()
}

// Close implements store.Store.
func (db *DB) Close() error {
	db.checkpoints.Wait()
	err := db.reads.Close()
	if db.inserts.version != nil {
		err = errors.Join(err, db.inserts.close())
	}
	if db.conn != nil {
		err = errors.Join(err, db.conn.Close())
	}
	return errors.Join(err, db.writes.Close())
}
