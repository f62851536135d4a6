package postgres

import (
	"context"
	"database/sql/driver"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
)

// Backup implements store.Store. The copy is a store in a file, which any node
// can open: every version with its source and the date it was added, drafts
// and all, as of one moment. Imports go on while it is written. To bring back a
// database on the same server, its own tools serve better (pg_dump, or an
// archive of its log).
func (db *DB) Backup(ctx context.Context, path string) error {
	return db.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			return sqlite.Create(ctx, path, func(t store.Table, add func(...driver.Value) error) error {
				return export(ctx, tx, t, add)
			})
		})
	})
}

// export reads the rows of a table, in order of its first column.
func export(ctx context.Context, tx pgx.Tx, t store.Table, add func(...driver.Value) error) error {
	rows, err := tx.Query(ctx, "SELECT "+strings.Join(t.Columns, ", ")+" FROM "+t.Name+" ORDER BY 1, 2")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		row := make([]driver.Value, len(values))
		for i, v := range values {
			row[i] = v
		}
		if err := add(row...); err != nil {
			return err
		}
	}
	return rows.Err()
}
