package postgres

import (
	"context"
	"fmt"

	"github.com/tocsin-project/tocsin/internal/store"
)

// PutEntry implements store.Store.
func (db *DB) PutEntry(ctx context.Context, e store.Entry) error {
	return db.write(ctx, func(w *writer) error {
		_, err := w.tx.Exec(ctx, `INSERT INTO entry (kind, id, value) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value`, e.Kind, e.ID, e.Value)
		return err
	})
}

// DeleteEntry implements store.Store.
func (db *DB) DeleteEntry(ctx context.Context, kind, id string) error {
	return db.write(ctx, func(w *writer) error {
		done, err := w.tx.Exec(ctx, `DELETE FROM entry WHERE kind = $1 AND id = $2`, kind, id)
		if err == nil && done.RowsAffected() == 0 {
			err = fmt.Errorf("%s %s: %w", kind, id, store.ErrNotFound)
		}
		return err
	})
}
