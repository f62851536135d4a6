package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// An insert is a statement that adds a row, run past database/sql, which would
// take as long again as the statement does.
type insert struct {
	stmt interface {
		driver.Stmt
		driver.StmtExecContext
	}
	args []driver.NamedValue
}

// prepareInsert prepares an insert of so many columns on the connection that writes.
func prepareInsert(c *sql.Conn, into string, columns int) (*insert, error) {
	i := &insert{}
	return i, c.Raw(func(dc any) error {
		stmt, err := dc.(driver.ConnPrepareContext).PrepareContext(context.Background(), "INSERT INTO "+into+" VALUES (?"+strings.Repeat(", ?", columns-1)+")")
		if err != nil {
			return err
		}
		i.stmt = stmt.(interface {
			driver.Stmt
			driver.StmtExecContext
		})
		for n := range columns {
			i.args = append(i.args, driver.NamedValue{Ordinal: n + 1})
		}
		return nil
	})
}

// row adds a row. It is not to be interrupted: to watch a context takes the
// driver longer than to add a row.
func (i *insert) row(values ...driver.Value) error {
	for n, v := range values {
		i.args[n].Value = v
	}
	_, err := i.stmt.ExecContext(context.Background(), i.args)
	return err
}

// inserts are what an import adds most of.
type inserts struct{ version, words, reference *insert }

func prepareInserts(c *sql.Conn) (in inserts, err error) {
	for _, p := range []struct {
		to      **insert
		into    string
		columns int
	}{
		{&in.version, "version (added, key, object, type, version, state, scope, source, date, raw)", 10},
		{&in.words, "words (bucket, added, data)", 3},
		{&in.reference, "reference (target, version)", 2},
	} {
		if *p.to, err = prepareInsert(c, p.into, p.columns); err != nil {
			return in, err
		}
	}
	return in, nil
}

func (in inserts) close() error {
	return errors.Join(in.version.stmt.Close(), in.words.stmt.Close(), in.reference.stmt.Close())
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
	inserts
	conn    *sql.Conn
	tx      *sql.Tx
	keys    map[name]int64
	changed map[string]struct{} // types of objects
}

// name is a row of the tables type, source and scope.
type name struct{ table, column, text string }

// write runs f in a transaction, which no other writer interrupts.
func (db *DB) write(ctx context.Context, f func(*writer) error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	tx, err := db.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	w := &writer{db.inserts, db.conn, tx, map[name]int64{}, map[string]struct{}{}}
	if err := f(w); err != nil {
		return err
	}
	if err := w.stamp(ctx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	db.checkpoint()
	return nil
}

// stamp makes the state of each type that has changed another.
func (w *writer) stamp(ctx context.Context) error {
	for t := range w.changed {
		if _, err := w.tx.ExecContext(ctx, `UPDATE type SET stamp = $1 WHERE name = $2`, rand.Text(), t); err != nil {
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
	err := w.tx.QueryRowContext(ctx, `SELECT coalesce(max(date), 0) FROM version`).Scan(&last)
	return store.NewPlan(time.Now(), last, size), err
}

// know tells the plan of the rows that objects of the batch have.
func (w *writer) know(ctx context.Context, plan *store.Plan, batch []store.Incoming) error {
	ids := make([]int64, 0, len(batch))
	for _, in := range batch {
		if in.Object != nil {
			ids = append(ids, store.KeyOf(in.Object.ID))
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	rows, err := w.tx.QueryContext(ctx, `SELECT v.added, v.object, v.version, v.state, m.text, s.name, v.raw FROM version v JOIN source s ON s.id = v.source JOIN scope m ON m.id = v.scope
		WHERE v.key IN (SELECT value FROM json_each(?)) ORDER BY v.added`, string(list))
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
	for _, added := range plan.Demoted {
		if _, err := w.tx.ExecContext(ctx, `UPDATE version SET state = 1 WHERE added = ?`, added); err != nil {
			return err
		}
	}
	if err := plan.Rescope(w.finder(ctx)); err != nil {
		return err
	}
	if err := w.move(ctx, plan.Moves); err != nil {
		return err
	}
	rows := plan.Rows()
	for i := range rows {
		w.changed[rows[i].Type] = struct{}{}
		for _, n := range []name{typeOf(&rows[i]), sourceOf(&rows[i]), scopeOf(rows[i].Scope)} {
			if _, err := w.key(ctx, n); err != nil {
				return err
			}
		}
	}
	if err := w.conn.Raw(func(any) error { return w.rows(ctx, rows) }); err != nil {
		return err
	}
	if err := w.conn.Raw(func(any) error { return w.refer(plan.References()) }); err != nil {
		return err
	}
	if err := w.index(ctx, plan); err != nil {
		return err
	}
	for _, r := range plan.Receipts {
		source, err := w.key(ctx, name{"source", "name", r.Source})
		if err != nil {
			return err
		}
		if _, err := w.tx.ExecContext(ctx, `INSERT OR IGNORE INTO receipt (version, source, received) VALUES (?, ?, ?)`, r.Added, source, r.Received); err != nil {
			return err
		}
	}
	return nil
}

// finder runs the statements by which references are followed.
func (w *writer) finder(ctx context.Context) store.Finder {
	return func(text string, list []int64, scan func(store.Rows) error) error {
		text, args := store.Statement(dialect, text, list)
		rows, err := w.tx.QueryContext(ctx, text, args...)
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
		scope, err := w.key(ctx, scopeOf(m.Scope))
		if err != nil {
			return err
		}
		var typ string
		if err := w.tx.QueryRowContext(ctx, store.MoveStatement, m.Date, scope, m.Added).Scan(&typ); err != nil {
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
	scope, err := w.key(ctx, scopeOf(store.Sealed))
	if err != nil {
		return 0, err
	}
	plan, err := w.plan(ctx, 0)
	if err != nil {
		return 0, err
	}
	var keys []int64
	for _, id := range ids {
		rows, err := w.tx.QueryContext(ctx, store.WithdrawStatement, store.KeyOf(id), string(id), scope)
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
	_, err := w.tx.ExecContext(ctx, `DELETE FROM entry WHERE kind = 'upgrade' AND id = 'scopes'`)
	return err
}

// rows adds versions.
func (w *writer) rows(ctx context.Context, rows []store.Row) error {
	for i := range rows {
		r := &rows[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.version.row(r.Added, r.Key, string(r.ID), w.keys[typeOf(r)], r.Version, int64(r.State), w.keys[scopeOf(r.Scope)], w.keys[sourceOf(r)], r.Added, r.Raw); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) refer(references []store.Reference) error {
	for _, r := range references {
		if err := w.reference.row(r.Target, r.Added); err != nil {
			return err
		}
	}
	return nil
}

// index adds the words.
func (w *writer) index(ctx context.Context, plan *store.Plan) error {
	var recent int
	if err := w.tx.QueryRowContext(ctx, `SELECT coalesce(sum(length(data)), 0) FROM words WHERE bucket = ?`, store.Recent).Scan(&recent); err != nil {
		return err
	}
	rows, resort, err := plan.Words(recent, func() ([]store.WordsRow, error) {
		rows, err := w.tx.QueryContext(ctx, `SELECT bucket, added, data FROM words WHERE bucket = ? ORDER BY added`, store.Recent)
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
		if _, err := w.tx.ExecContext(ctx, `DELETE FROM words WHERE bucket = ?`, store.Recent); err != nil {
			return err
		}
	}
	return w.conn.Raw(func(any) error {
		for _, r := range rows {
			if err := w.words.row(int64(r.Bucket), r.Added, r.Data); err != nil {
				return err
			}
		}
		return nil
	})
}

func typeOf(r *store.Row) name   { return name{"type", "name", r.Type} }
func sourceOf(r *store.Row) name { return name{"source", "name", r.Source} }
func scopeOf(s store.Scope) name { return name{"scope", "text", string(s)} }

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
	rows, err := w.tx.QueryContext(ctx, `DELETE FROM version WHERE key = $1 AND object = $2 AND state = $3 RETURNING added, raw, (SELECT name FROM source WHERE id = source)`, store.KeyOf(id), string(id), store.Draft)
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
			res, err := w.tx.ExecContext(ctx, `UPDATE version SET state = $1 WHERE key = $2 AND object = $3 AND state = $4`, store.Rejected, store.KeyOf(id), string(id), store.Draft)
			if err != nil {
				return err
			}
			rows, err := res.RowsAffected()
			if err != nil {
				return err
			}
			if rows > 0 {
				w.changed[id.Type()] = struct{}{}
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
