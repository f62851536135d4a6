package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A Dialect is in what the reads of the two databases differ.
type Dialect struct {
	// Ints and Texts are queries that give the elements of the JSON array ?.
	Ints, Texts string
}

// A Table is a table of both databases.
type Table struct {
	Name    string
	Columns []string
}

// Tables are all tables.
var Tables = []Table{
	{"scope", []string{"id", "text"}},
	{"type", []string{"id", "name", "stamp"}},
	{"source", []string{"id", "name"}},
	{"version", []string{"added", "key", "object", "type", "version", "state", "scope", "source", "date", "raw"}},
	{"reference", []string{"target", "version"}},
	{"receipt", []string{"version", "source", "received"}},
	{"words", []string{"bucket", "added", "data"}},
	{"entry", []string{"kind", "id", "value"}},
}

// A Reader is the reads of a Store, which are the same for both databases.
type Reader struct {
	db *sql.DB
	d  Dialect

	statements sync.Map // by their text, of which there are few: *sql.Stmt
	rights
}

// NewReader returns the reads of db.
func NewReader(db *sql.DB, d Dialect) *Reader { return &Reader{db: db, d: d} }

// A query is built from conditions and their arguments.
type query struct {
	from  string
	where []string
	args  []any
	order string
	limit int
}

const versions = `version v JOIN source s ON s.id = v.source`

// arg adds an argument and returns its name.
func (q *query) arg(a any) string {
	q.args = append(q.args, a)
	return fmt.Sprintf("$%d", len(q.args))
}

// in returns the condition that column is one of list, which elements reads.
func (q *query) in(column, elements, list string) string {
	return column + " IN (" + strings.ReplaceAll(elements, "?", q.arg(list)) + ")"
}

func (q *query) and(condition string) { q.where = append(q.where, condition) }

// object adds the condition that a row is of an object.
func (q *query) object(id stix.ID) {
	q.and("v.key = " + q.arg(KeyOf(id)))
	q.and("v.object = " + q.arg(string(id)))
}

// ofType adds the condition that a row is of an object of type t.
func (q *query) ofType(t string) {
	q.and("v.type = (SELECT id FROM type WHERE name = " + q.arg(t) + ")")
}

// each runs q and calls yield for each record.
func (r *Reader) each(ctx context.Context, q *query, yield func(Record) error) error {
	text := `SELECT v.date, v.raw, s.name FROM ` + q.from + ` WHERE ` + strings.Join(q.where, " AND ") + ` ORDER BY ` + q.order
	if q.limit > 0 {
		text += ` LIMIT ` + q.arg(q.limit)
	}
	rows, err := r.query(ctx, text, q.args)
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var added int64
		var raw []byte
		var rec Record
		if err := rows.Scan(&added, &raw, &rec.Source); err != nil {
			return fmt.Errorf("read the store: %w", err)
		}
		rec.Added = time.UnixMicro(added).UTC()
		if rec.Object, err = stix.Parse(raw); err != nil {
			return fmt.Errorf("object added at %s: %w; the file is damaged, restore a backup", rec.Added.Format(time.RFC3339Nano), err)
		}
		if err := yield(rec); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	return nil
}

// query runs a statement, which is prepared once.
func (r *Reader) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	stmt, ok := r.statements.Load(text)
	if !ok {
		fresh, err := r.db.PrepareContext(ctx, text)
		if err != nil {
			return nil, err
		}
		if stmt, ok = r.statements.LoadOrStore(text, fresh); ok {
			fresh.Close()
		}
	}
	return stmt.(*sql.Stmt).QueryContext(ctx, args...)
}

func (r *Reader) all(ctx context.Context, q *query) ([]Record, error) {
	var list []Record
	err := r.each(ctx, q, func(rec Record) error {
		list = append(list, rec)
		return nil
	})
	return list, err
}

// Get implements Store.
func (r *Reader) Get(ctx context.Context, c tlp.Clearance, id stix.ID) (Record, error) {
	v, err := r.visible(ctx, c)
	if err != nil {
		return Record{}, err
	}
	found, err := r.newest(ctx, v, []stix.ID{id})
	if err != nil {
		return Record{}, err
	}
	if found[id] == nil {
		return Record{}, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	return *found[id], nil
}

// Versions implements Store.
func (r *Reader) Versions(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Record, error) {
	return r.rows(ctx, c, id, "v.state <= 1", "v.version DESC")
}

// Conflicts implements Store.
func (r *Reader) Conflicts(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Record, error) {
	return r.rows(ctx, c, id, "v.state = 2", "v.added")
}

// rows returns rows of an object whose newest version may be seen.
func (r *Reader) rows(ctx context.Context, c tlp.Clearance, id stix.ID, state, order string) ([]Record, error) {
	if _, err := r.Get(ctx, c, id); err != nil {
		return nil, err
	}
	v, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	q := &query{from: versions, order: order}
	q.object(id)
	q.and(state)
	q.and(v.where(r.d, "v", &q.args))
	return r.all(ctx, q)
}

// Sources implements Store.
func (r *Reader) Sources(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Receipt, error) {
	if _, err := r.Get(ctx, c, id); err != nil {
		return nil, err
	}
	v, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	args := []any{KeyOf(id), string(id)}
	mine := `v.key = $1 AND v.object = $2 AND v.state <= 1 AND ` + v.where(r.d, "v", &args)
	rows, err := r.db.QueryContext(ctx, `SELECT s.name, min(x.received) FROM (
		SELECT v.source, v.added AS received FROM version v WHERE `+mine+`
		UNION ALL SELECT t.source, t.received FROM receipt t JOIN version v ON v.added = t.version WHERE `+mine+`
		) x JOIN source s ON s.id = x.source GROUP BY s.name ORDER BY 2, 1`, args...)
	if err != nil {
		return nil, fmt.Errorf("read the sources: %w", err)
	}
	defer rows.Close()
	var list []Receipt
	for rows.Next() {
		var at int64
		var s Receipt
		if err := rows.Scan(&s.Source, &at); err != nil {
			return nil, fmt.Errorf("read the sources: %w", err)
		}
		s.Received = time.UnixMicro(at).UTC()
		list = append(list, s)
	}
	return list, rows.Err()
}

// List implements Store.
func (r *Reader) List(ctx context.Context, c tlp.Clearance, sel Query) ([]Record, error) {
	if sel.Limit <= 0 {
		sel.Limit = DefaultLimit
	}
	var list []Record
	err := r.Each(ctx, c, sel, func(rec Record) error {
		list = append(list, rec)
		return nil
	})
	return list, err
}

// Each implements Store.
func (r *Reader) Each(ctx context.Context, c tlp.Clearance, sel Query, yield func(Record) error) error {
	v, err := r.visible(ctx, c)
	if err != nil {
		return err
	}
	if sel.Words != "" {
		return r.found(ctx, v, sel, yield)
	}
	q := r.selection(v, sel)
	if q.limit = sel.Limit; len(sel.RefersTo) > 0 {
		yield = onlyReferring(sel.RefersTo, yield)
	}
	return r.each(ctx, q, yield)
}

// selection is the query for what sel selects, whatever its words and limit.
func (r *Reader) selection(v visible, sel Query) *query {
	q := &query{from: versions, order: "v.date"}
	since := int64(-1)
	if !sel.Since.IsZero() {
		since = sel.Since.UnixMicro()
	}
	q.and("v.date > " + q.arg(since))
	q.and(v.where(r.d, "v", &q.args))
	if len(sel.IDs) > 0 {
		keys := make([]int64, len(sel.IDs))
		for i, id := range sel.IDs {
			keys[i] = KeyOf(id)
		}
		q.and(q.in("v.key", r.d.Ints, array(keys)))
		q.and(q.in("v.object", r.d.Texts, array(sel.IDs)))
		q.order = "v.date + 0" // else all rows are read in the order of their keys
	}
	if len(sel.RefersTo) > 0 {
		q.and("v.added IN (SELECT version FROM reference WHERE " + q.in("target", r.d.Ints, array(keysOf(sel.RefersTo))) + ")")
		q.order = "v.added + 0"
	}
	if len(sel.Types) == 1 {
		q.ofType(sel.Types[0])
	} else if len(sel.Types) > 1 {
		q.and("v.type IN (SELECT id FROM type WHERE " + q.in("name", r.d.Texts, array(sel.Types)) + ")")
	}
	if sel.Versions.IsNewest() {
		q.and("v.state = 0")
		return q
	}
	q.and("v.state <= 1")
	q.and("EXISTS (SELECT 1 FROM version n WHERE n.key = v.key AND n.object = v.object AND n.state = 0 AND " + v.where(r.d, "n", &q.args) + ")")
	if !sel.Versions.All {
		q.and("(" + strings.Join(r.versions(q, v, sel.Versions), " OR ") + ")")
	}
	return q
}

// versions are the conditions that a row is of one of the versions of sel.
func (r *Reader) versions(q *query, v visible, sel Versions) (any []string) {
	if sel.Newest {
		any = append(any, "v.state = 0")
	}
	if sel.First {
		any = append(any, "NOT EXISTS (SELECT 1 FROM version o WHERE o.key = v.key AND o.object = v.object AND o.state <= 1 AND o.version < v.version AND "+v.where(r.d, "o", &q.args)+")")
	}
	if len(sel.At) > 0 {
		at := make([]int64, len(sel.At))
		for i, t := range sel.At {
			at[i] = t.UnixMicro()
		}
		any = append(any, q.in("v.version", r.d.Ints, array(at)))
	}
	return any
}

// Stats implements Store.
func (r *Reader) Stats(ctx context.Context, c tlp.Clearance) (Stats, error) {
	stats := Stats{Types: map[string]int{}}
	v, err := r.visible(ctx, c)
	if err != nil {
		return stats, err
	}
	var args []any
	rows, err := r.db.QueryContext(ctx, `SELECT (SELECT name FROM type WHERE id = v.type), count(*) FROM version v WHERE v.state = 0 AND `+v.where(r.d, "v", &args)+` GROUP BY v.type`, args...)
	if err != nil {
		return stats, fmt.Errorf("count objects: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var t string
		var n int
		if err := rows.Scan(&t, &n); err != nil {
			return stats, fmt.Errorf("count objects: %w", err)
		}
		stats.Types[t] = n
		stats.Objects += n
	}
	return stats, rows.Err()
}

// State implements Store.
func (r *Reader) State(ctx context.Context, types ...string) (string, error) {
	q := &query{}
	q.and("1=1")
	if len(types) > 0 {
		q.and(q.in("name", r.d.Texts, array(types)))
	}
	rows, err := r.query(ctx, `SELECT name, stamp FROM type WHERE `+strings.Join(q.where, " AND ")+` ORDER BY name`, q.args)
	if err != nil {
		return "", fmt.Errorf("read the state of the store: %w", err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var name, stamp string
		if err := rows.Scan(&name, &stamp); err != nil {
			return "", fmt.Errorf("read the state of the store: %w", err)
		}
		fmt.Fprintf(&b, "%q %s\n", name, stamp)
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("read the state of the store: %w", err)
	}
	return b.String(), nil
}

// Drafts implements Store.
func (r *Reader) Drafts(ctx context.Context, c tlp.Clearance, limit int) ([]Record, error) {
	v, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	q := &query{from: versions, order: "v.added", limit: limit}
	q.and("v.state = 3")
	q.and(v.where(r.d, "v", &q.args))
	return r.all(ctx, q)
}
