package sqlite

import (
	"context"
	"fmt"

	"github.com/tocsin-project/tocsin/internal/store"
)

// PutEntry implements store.Store.
func (db *DB) PutEntry(ctx context.Context, e store.Entry) error {
	return db.write(ctx, func(w *writer) error {
		_, err := w.tx.ExecContext(ctx, `INSERT INTO entry (kind, id, value) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value`, e.Kind, e.ID, e.Value)
		return err
	})
}

// DeleteEntry implements store.Store.
func (db *DB) DeleteEntry(ctx context.Context, kind, id string) error {
	return db.write(ctx, func(w *writer) error {
		result, err := w.tx.ExecContext(ctx, `DELETE FROM entry WHERE kind = ? AND id = ?`, kind, id)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return fmt.Errorf("%s %s: %w", kind, id, store.ErrNotFound)
		}
		return nil
	})
}
