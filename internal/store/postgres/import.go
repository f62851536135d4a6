package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

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
	tx      pgx.Tx
	keys    map[name]int64
	changed map[string]struct{} // types of objects
}

// name is a row of the tables type, source and scope.
type name struct{ table, column, text string }

// write runs f in a transaction, which no other writer interrupts.
func (db *DB) write(ctx context.Context, f func(*writer) error) error {
	return db.with(ctx, func(ctx context.Context, c *pgx.Conn) error {
		return pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, writers); err != nil {
				return err
			}
			w := &writer{tx, map[name]int64{}, map[string]struct{}{}}
			if err := f(w); err != nil {
				return err
			}
			return w.stamp(ctx)
		})
	})
}

// stamp makes the state of each type that has changed another.
func (w *writer) stamp(ctx context.Context) error {
	for t := range w.changed {
		if _, err := w.tx.Exec(ctx, `UPDATE type SET stamp = $1 WHERE name = $2`, rand.Text(), t); err != nil {
			return err
		}
	}
	return nil
}

// add plans what becomes of a batch and writes it.
func (w *writer) add(ctx context.Context, batch []store.Incoming) ([]store.Outcome, error) {
	plan, err := w.plan(ctx, len(batch))
	if err != nil {
		return nil, err
	}
	if err := w.know(ctx, plan, batch); err != nil {
		return nil, err
	}
	outcomes := make([]store.Outcome, len(batch))
	for i, in := range batch {
		outcomes[i] = plan.Add(in)
	}
	return outcomes, w.put(ctx, plan)
}

// plan begins the plan of a batch of so many objects.
func (w *writer) plan(ctx context.Context, size int) (*store.Plan, error) {
	var last int64
	err := w.tx.QueryRow(ctx, `SELECT coalesce(max(date), 0) FROM version`).Scan(&last)
	return store.NewPlan(time.Now(), last, size), err
}

// know tells the plan of the rows that objects of the batch have.
func (w *writer) know(ctx context.Context, plan *store.Plan, batch []store.Incoming) error {
	keys := make([]int64, 0, len(batch))
	for _, in := range batch {
		if in.Object != nil {
			keys = append(keys, store.KeyOf(in.Object.ID))
		}
	}
	rows, err := w.tx.Query(ctx, `SELECT v.added, v.object, v.version, v.state, m.text, s.name, v.raw FROM version v JOIN source s ON s.id = v.source JOIN scope m ON m.id = v.scope
		WHERE v.key = ANY($1) ORDER BY v.added`, keys)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r store.Row
		if err := rows.Scan(&r.Added, &r.ID, &r.Version, &r.State, (*string)(&r.Scope), &r.Source, &r.Raw); err != nil {
			return err
		}
		plan.Known(r)
	}
	return rows.Err()
}

// put writes a plan.
func (w *writer) put(ctx context.Context, plan *store.Plan) error {
	if len(plan.Demoted) > 0 {
		if _, err := w.tx.Exec(ctx, `UPDATE version SET state = 1 WHERE added = ANY($1)`, plan.Demoted); err != nil {
			return err
		}
	}
	if err := plan.Rescope(w.finder(ctx)); err != nil {
		return err
	}
	if err := w.move(ctx, plan.Moves); err != nil {
		return err
	}
	if err := w.rows(ctx, plan.Rows()); err != nil {
		return err
	}
	references := plan.References()
	if len(references) > 0 {
		c := newRowCopy(2, len(references)*(2*12+2))
		for _, r := range references {
			c.row()
			c.int(r.Target)
			c.int(r.Added)
		}
		if err := c.to(ctx, w, "reference (target, version)"); err != nil {
			return err
		}
	}
	if err := w.index(ctx, plan); err != nil {
		return err
	}
	for _, r := range plan.Receipts {
		source, err := w.key(ctx, name{"source", "name", r.Source})
		if err != nil {
			return err
		}
		if _, err := w.tx.Exec(ctx, `INSERT INTO receipt (version, source, received) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, r.Added, source, r.Received); err != nil {
			return err
		}
	}
	return nil
}

// finder runs the statements by which references are followed.
func (w *writer) finder(ctx context.Context) store.Finder {
	return func(text string, list []int64, scan func(store.Rows) error) error {
		text, args := store.Statement(dialect, text, list)
		rows, err := w.tx.Query(ctx, text, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		return scan(rows)
	}
}

// move gives rows other scopes and dates.
func (w *writer) move(ctx context.Context, moves []store.Move) error {
	for _, m := range moves {
		scope, err := w.key(ctx, name{"scope", "text", string(m.Scope)})
		if err != nil {
			return err
		}
		var typ string
		if err := w.tx.QueryRow(ctx, store.MoveStatement, m.Date, scope, m.Added).Scan(&typ); err != nil {
			return err
		}
		w.changed[typ] = struct{}{}
	}
	return nil
}

// Withdraw implements store.Store.
func (db *DB) Withdraw(ctx context.Context, ids []stix.ID) (n int, err error) {
	err = db.write(ctx, func(w *writer) error {
		n, err = w.withdraw(ctx, ids)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("withdraw objects: %w", err)
	}
	return n, nil
}

func (w *writer) withdraw(ctx context.Context, ids []stix.ID) (int, error) {
	scope, err := w.key(ctx, name{"scope", "text", string(store.Sealed)})
	if err != nil {
		return 0, err
	}
	plan, err := w.plan(ctx, 0)
	if err != nil {
		return 0, err
	}
	var keys []int64
	for _, id := range ids {
		rows, err := w.tx.Query(ctx, store.WithdrawStatement, store.KeyOf(id), string(id), scope)
		if err != nil {
			return 0, err
		}
		here := false
		for rows.Next() {
			var typ string
			if err := rows.Scan(&typ); err != nil {
				rows.Close()
				return 0, err
			}
			here, w.changed[typ] = true, struct{}{}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return 0, err
		}
		if here {
			keys = append(keys, store.KeyOf(id))
		}
	}
	if err := plan.Withdraw(keys, w.finder(ctx)); err != nil {
		return 0, err
	}
	return len(keys), w.move(ctx, plan.Moves)
}

// Reopen implements store.Store.
func (db *DB) Reopen(ctx context.Context, markings []stix.ID) error {
	err := db.write(ctx, func(w *writer) error {
		plan, err := w.plan(ctx, 0)
		if err != nil {
			return err
		}
		if err := plan.Reopen(markings, w.finder(ctx)); err != nil {
			return err
		}
		return w.move(ctx, plan.Moves)
	})
	if err != nil {
		return fmt.Errorf("give new dates: %w", err)
	}
	return nil
}

// upgrade works out the scopes of what was written before there were scopes.
func (w *writer) upgrade(ctx context.Context) error {
	plan := store.NewPlan(time.Now(), 0, 0)
	if err := plan.Upgrade(w.finder(ctx)); err != nil {
		return err
	}
	if err := w.move(ctx, plan.Moves); err != nil {
		return err
	}
	_, err := w.tx.Exec(ctx, `DELETE FROM entry WHERE kind = 'upgrade' AND id = 'scopes'`)
	return err
}

// index adds the words.
func (w *writer) index(ctx context.Context, plan *store.Plan) error {
	var recent int
	if err := w.tx.QueryRow(ctx, `SELECT coalesce(sum(octet_length(data)), 0) FROM words WHERE bucket = $1`, store.Recent).Scan(&recent); err != nil {
		return err
	}
	rows, resort, err := plan.Words(recent, func() ([]store.WordsRow, error) {
		rows, err := w.tx.Query(ctx, `SELECT bucket, added, data FROM words WHERE bucket = $1 ORDER BY added`, store.Recent)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		return store.ScanWords(rows)
	})
	if err != nil {
		return err
	}
	if resort {
		if _, err := w.tx.Exec(ctx, `DELETE FROM words WHERE bucket = $1`, store.Recent); err != nil {
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	size := 0
	for i := range rows {
		size += len(rows[i].Data) + 3*12 + 2
	}
	c := newRowCopy(3, size)
	for i := range rows {
		c.row()
		c.int(int64(rows[i].Bucket))
		c.int(rows[i].Added)
		c.bytes(rows[i].Data)
	}
	return c.to(ctx, w, "words (bucket, added, data)")
}

// key returns the key of a name, which it adds when it is new.
func (w *writer) key(ctx context.Context, n name) (int64, error) {
	if key, ok := w.keys[n]; ok {
		return key, nil
	}
	where := n.column + ` = $1`
	if n.table == "scope" { // which may be too long for an index
		where += ` AND md5(text) = md5($1)`
	}
	var key int64
	err := w.tx.QueryRow(ctx, `SELECT id FROM `+n.table+` WHERE `+where, n.text).Scan(&key)
	if err == pgx.ErrNoRows {
		err = w.tx.QueryRow(ctx, `INSERT INTO `+n.table+` (`+n.column+`) VALUES ($1) RETURNING id`, n.text).Scan(&key)
	}
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
	rows, err := w.tx.Query(ctx, `DELETE FROM version WHERE key = $1 AND object = $2 AND state = $3 RETURNING added, raw, (SELECT name FROM source WHERE id = source)`, store.KeyOf(id), string(id), store.Draft)
	if err != nil {
		return store.Outcome{}, err
	}
	defer rows.Close()
	batch, err := store.ScanDrafts(rows)
	if err != nil || len(batch) == 0 {
		return store.Outcome{Status: store.Refused, Reason: "no draft of it waits"}, err
	}
	w.changed[batch[0].Object.Type] = struct{}{}
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
			done, err := w.tx.Exec(ctx, `UPDATE version SET state = $1 WHERE key = $2 AND object = $3 AND state = $4`, store.Rejected, store.KeyOf(id), string(id), store.Draft)
			if err != nil {
				return err
			}
			if done.RowsAffected() > 0 {
				w.changed[id.Type()] = struct{}{}
			}
			n += int(done.RowsAffected())
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("reject drafts: %w", err)
	}
	return n, nil
}
