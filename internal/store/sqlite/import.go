package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// statements are what an import runs, prepared once.
type statements struct {
	known, version, words, reference, demote, receipt *sql.Stmt
}

func prepare(db *sql.DB) (*statements, error) {
	s := &statements{}
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.known, `SELECT v.added, v.object, v.version, v.state, s.name, v.raw FROM version v JOIN source s ON s.id = v.source
			WHERE v.object IN (SELECT value FROM json_each($1)) ORDER BY v.added`},
		{&s.version, `INSERT INTO version (added, object, type, version, state, marking, source, raw) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`},
		{&s.words, `INSERT INTO words (rowid, text) VALUES ($1, $2)`},
		{&s.reference, `INSERT INTO reference (target, version) VALUES ($1, $2)`},
		{&s.demote, `UPDATE version SET state = 1 WHERE added = $1`},
		{&s.receipt, `INSERT OR IGNORE INTO receipt (version, source, received) VALUES ($1, $2, $3)`},
	} {
		var err error
		if *p.to, err = db.Prepare(p.text); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *statements) close() error {
	return errors.Join(s.known.Close(), s.version.Close(), s.words.Close(), s.reference.Close(), s.demote.Close(), s.receipt.Close())
}

// Import implements store.Store.
func (db *DB) Import(ctx context.Context, batch []store.Incoming) ([]store.Outcome, error) {
	var outcomes []store.Outcome
	err := db.write(ctx, func(w *writer) (err error) {
		outcomes, err = w.add(ctx, batch)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("import a batch of %d objects: %w", len(batch), err)
	}
	return outcomes, nil
}

// A writer is one transaction that writes.
type writer struct {
	*statements
	tx   *sql.Tx
	keys map[name]int64
}

// name is a row of the tables source and marking.
type name struct{ table, column, text string }

// write runs f in a transaction, which no other writer interrupts.
func (db *DB) write(ctx context.Context, f func(*writer) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	tx, err := db.writes.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	s := db.imports
	bound := &statements{tx.Stmt(s.known), tx.Stmt(s.version), tx.Stmt(s.words), tx.Stmt(s.reference), tx.Stmt(s.demote), tx.Stmt(s.receipt)}
	if err := f(&writer{bound, tx, map[name]int64{}}); err != nil {
		return err
	}
	return tx.Commit()
}

// add plans what becomes of a batch and writes it.
func (w *writer) add(ctx context.Context, batch []store.Incoming) ([]store.Outcome, error) {
	var last int64
	if err := w.tx.QueryRowContext(ctx, `SELECT coalesce(max(added), 0) FROM version`).Scan(&last); err != nil {
		return nil, err
	}
	plan := store.NewPlan(time.Now(), last)
	if err := w.know(ctx, plan, batch); err != nil {
		return nil, err
	}
	outcomes := make([]store.Outcome, len(batch))
	for i, in := range batch {
		outcomes[i] = plan.Add(in)
	}
	return outcomes, w.put(ctx, plan)
}

// know tells the plan of the rows that objects of the batch have.
func (w *writer) know(ctx context.Context, plan *store.Plan, batch []store.Incoming) error {
	ids := make([]stix.ID, 0, len(batch))
	for _, in := range batch {
		if in.Object != nil {
			ids = append(ids, in.Object.ID)
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := w.known.QueryContext(ctx, string(list))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r store.Row
		if err := rows.Scan(&r.Added, &r.ID, &r.Version, &r.State, &r.Source, &r.Raw); err != nil {
			return err
		}
		plan.Known(r)
	}
	return rows.Err()
}

// put writes a plan.
func (w *writer) put(ctx context.Context, plan *store.Plan) error {
	for _, added := range plan.Demoted {
		if _, err := w.demote.ExecContext(ctx, added); err != nil {
			return err
		}
	}
	for i := range plan.Rows {
		if err := w.row(ctx, &plan.Rows[i]); err != nil {
			return err
		}
	}
	for _, r := range plan.Receipts {
		source, err := w.key(ctx, name{"source", "name", r.Source})
		if err != nil {
			return err
		}
		if _, err := w.receipt.ExecContext(ctx, r.Added, source, r.Received); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) row(ctx context.Context, r *store.Row) error {
	source, err := w.key(ctx, name{"source", "name", r.Source})
	if err != nil {
		return err
	}
	marking, err := w.key(ctx, name{"marking", "refs", r.Markings})
	if err != nil {
		return err
	}
	if _, err := w.version.ExecContext(ctx, r.Added, string(r.ID), r.Type, r.Version, int64(r.State), marking, source, r.Raw); err != nil {
		return err
	}
	if r.Text != "" {
		if _, err := w.words.ExecContext(ctx, r.Added, r.Text); err != nil {
			return err
		}
	}
	for _, id := range r.References {
		if _, err := w.reference.ExecContext(ctx, string(id), r.Added); err != nil {
			return err
		}
	}
	return nil
}

// key returns the key of a name, which it adds when it is new.
func (w *writer) key(ctx context.Context, n name) (int64, error) {
	if key, ok := w.keys[n]; ok {
		return key, nil
	}
	var key int64
	err := w.tx.QueryRowContext(ctx, `INSERT INTO `+n.table+` (`+n.column+`) VALUES ($1) ON CONFLICT DO UPDATE SET `+n.column+` = excluded.`+n.column+` RETURNING id`, n.text).Scan(&key)
	if err == nil {
		w.keys[n] = key
	}
	return key, err
}

// Accept implements store.Store.
func (db *DB) Accept(ctx context.Context, ids []stix.ID) ([]store.Outcome, error) {
	outcomes := make([]store.Outcome, len(ids))
	err := db.write(ctx, func(w *writer) error {
		for i, id := range ids {
			var err error
			if outcomes[i], err = w.accept(ctx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("accept drafts: %w", err)
	}
	return outcomes, nil
}

// accept imports the drafts of one object, in the order they came.
func (w *writer) accept(ctx context.Context, id stix.ID) (store.Outcome, error) {
	rows, err := w.tx.QueryContext(ctx, `DELETE FROM version WHERE object = $1 AND state = $2 RETURNING added, raw, (SELECT name FROM source WHERE id = source)`, string(id), store.Draft)
	if err != nil {
		return store.Outcome{}, err
	}
	batch, err := store.ScanDrafts(rows)
	if err != nil || len(batch) == 0 {
		return store.Outcome{Status: store.Refused, Reason: "no draft of it waits"}, err
	}
	outcomes, err := w.add(ctx, batch)
	if err != nil {
		return store.Outcome{}, err
	}
	return outcomes[len(outcomes)-1], nil
}

// Reject implements store.Store.
func (db *DB) Reject(ctx context.Context, ids []stix.ID) (int, error) {
	n := 0
	err := db.write(ctx, func(w *writer) error {
		for _, id := range ids {
			res, err := w.tx.ExecContext(ctx, `UPDATE version SET state = $1 WHERE object = $2 AND state = $3`, store.Rejected, string(id), store.Draft)
			if err != nil {
				return err
			}
			rows, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += int(rows)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reject drafts: %w", err)
	}
	return n, nil
}
