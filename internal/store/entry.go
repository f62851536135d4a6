package store

import (
	"context"
	"fmt"
)

// Entries implements Store.
func (r *Reader) Entries(ctx context.Context, kind string) ([]Entry, error) {
	return r.entries(ctx, `SELECT kind, id, value FROM entry WHERE kind = $1 ORDER BY id`, kind)
}

// Entry implements Store.
func (r *Reader) Entry(ctx context.Context, kind, id string) (Entry, error) {
	list, err := r.entries(ctx, `SELECT kind, id, value FROM entry WHERE kind = $1 AND id = $2`, kind, id)
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	if err != nil {
		return Entry{}, err
	}
	return list[0], nil
}

func (r *Reader) entries(ctx context.Context, query string, args ...any) ([]Entry, error) {
	rows, err := r.query(ctx, query, args)
	if err != nil {
		return nil, fmt.Errorf("read the store: %w", err)
	}
	defer rows.Close()
	var list []Entry
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Kind, &e.ID, &e.Value); err != nil {
			return nil, fmt.Errorf("read the store: %w", err)
		}
		list = append(list, e)
	}
	return list, rows.Err()
}
