package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tocsin-project/tocsin/internal/store"
)

// Backup implements store.Store. The copy is a store like this one, without
// the space that deleted rows left.
func (db *DB) Backup(ctx context.Context, path string) error {
	return write(path, func(part string) error { return db.vacuum(ctx, part) })
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

// Create makes the file path, where there must be none, a store of rows from
// elsewhere. It calls fill for each of store.Tables; fill calls add for each
// row, with a value for each column.
func Create(ctx context.Context, path string, fill func(t store.Table, add func(...driver.Value) error) error) error {
	return write(path, func(part string) error {
		db, err := Open(part)
		if err != nil {
			return err
		}
		// A log would be for nothing: what is not finished is deleted.
		if _, err = db.conn.ExecContext(ctx, `PRAGMA journal_mode=off; PRAGMA synchronous=off; BEGIN`); err == nil {
			err = db.fill(fill)
		}
		if err == nil {
			_, err = db.conn.ExecContext(ctx, `COMMIT; PRAGMA journal_mode=wal`)
		}
		return errors.Join(err, db.Close())
	})
}

func (db *DB) fill(fill func(t store.Table, add func(...driver.Value) error) error) error {
	for _, t := range store.Tables {
		in, err := prepareInsert(db.conn, t.Name+" ("+strings.Join(t.Columns, ", ")+")", len(t.Columns))
		if err != nil {
			return err
		}
		err = db.conn.Raw(func(any) error { return fill(t, in.row) })
		if err = errors.Join(err, in.stmt.Close()); err != nil {
			return err
		}
	}
	return nil
}

// write makes a new file at path, which shows there once it is whole.
func write(path string, f func(part string) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up to %s: %w; name a file that is not there yet", path, os.ErrExist)
	}
	part := path + ".part"
	remove := func() {
		for _, tail := range []string{"", "-wal", "-shm", "-journal"} {
			os.Remove(part + tail)
		}
	}
	remove()
	err := f(part)
	if err == nil {
		err = settle(part, path)
	}
	if err != nil {
		remove()
		return fmt.Errorf("back up to %s: %w", path, err)
	}
	return nil
}

// settle puts a finished file where it belongs, once it is on disk.
func settle(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err = errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}
