package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// visible is what a reader may see, in the terms of the database: the keys of
// the sets of markings that open to it, and those under which it sees the
// objects that it is named for.
type visible struct {
	all         bool
	open, named string // JSON arrays of keys
	ids         string // JSON array of identifiers
}

// visible asks tlp about each distinct set of markings. There are few: objects
// of one source share them.
func (r *Reader) visible(ctx context.Context, c tlp.Clearance) (visible, error) {
	if c.Audience == tlp.Node {
		return visible{all: true}, nil
	}
	rows, err := r.db.QueryContext(ctx, `SELECT id, refs FROM marking`)
	if err != nil {
		return visible{}, fmt.Errorf("read the markings: %w", err)
	}
	defer rows.Close()
	sets := map[int64]tlp.Markings{}
	for rows.Next() {
		var key int64
		var refs string
		if err := rows.Scan(&key, &refs); err != nil {
			return visible{}, fmt.Errorf("read the markings: %w", err)
		}
		sets[key] = decodeMarkings(refs)
	}
	if err := rows.Err(); err != nil {
		return visible{}, fmt.Errorf("read the markings: %w", err)
	}
	return r.sort(ctx, c, sets)
}

// sort tells which sets of markings open to c: for all, or for objects that
// name it.
func (r *Reader) sort(ctx context.Context, c tlp.Clearance, sets map[int64]tlp.Markings) (visible, error) {
	definitions := definitions{r: r, ctx: ctx, seen: map[stix.ID]*stix.Object{}}
	open, named := []int64{}, []int64{}
	anyone := tlp.Clearance{Audience: c.Audience, Unmarked: c.Unmarked}
	one := anyone
	one.Named = map[stix.ID]bool{"": true}
	for key, m := range sets {
		if tlp.MayMarked(anyone, "", m, definitions.lookup).Allowed {
			open = append(open, key)
		} else if len(c.Named) > 0 && tlp.MayMarked(one, "", m, definitions.lookup).Allowed {
			named = append(named, key)
		}
	}
	ids := []stix.ID{}
	for id, ok := range c.Named {
		if ok {
			ids = append(ids, id)
		}
	}
	return visible{open: array(open), named: array(named), ids: array(ids)}, definitions.err
}

// array writes numbers or identifiers as a JSON array, which both databases
// can read as a set.
func array[T int64 | stix.ID | string](list []T) string {
	if list == nil {
		return "[]"
	}
	b, _ := json.Marshal(list) // of such lists it cannot fail
	return string(b)
}

// definitions looks up marking definitions, each once.
type definitions struct {
	r    *Reader
	ctx  context.Context
	seen map[stix.ID]*stix.Object
	err  error
}

// lookup returns the first definition that came under id. One that sources
// define differently is not to be trusted: then it returns nil.
func (d *definitions) lookup(id stix.ID) *stix.Object {
	if o, ok := d.seen[id]; ok {
		return o
	}
	d.seen[id] = nil
	rows, err := d.r.db.QueryContext(d.ctx, `SELECT raw FROM version WHERE key = $1 AND object = $2 AND state <= $3`, KeyOf(id), string(id), Conflicting)
	if err != nil {
		d.err = fmt.Errorf("read marking definition %s: %w", id, err)
		return nil
	}
	defer rows.Close()
	var found []*stix.Object
	for rows.Next() {
		var raw []byte
		if d.err = rows.Scan(&raw); d.err != nil {
			return nil
		}
		o, err := stix.Parse(raw)
		if err != nil {
			return nil
		}
		found = append(found, o)
	}
	if d.err = rows.Err(); d.err != nil || len(found) != 1 {
		return nil
	}
	d.seen[id] = found[0]
	return found[0]
}

// where writes the condition that the rows of table v may be seen, and appends
// its arguments.
func (v visible) where(d Dialect, table string, args *[]any) string {
	if v.all {
		return "1=1"
	}
	in := func(column, list, array string) string {
		*args = append(*args, list)
		return table + "." + column + " IN (" + strings.ReplaceAll(array, "?", fmt.Sprintf("$%d", len(*args))) + ")"
	}
	open := in("marking", v.open, d.Ints)
	if v.named == "[]" {
		return open
	}
	return "(" + open + " OR " + in("marking", v.named, d.Ints) + " AND " + in("object", v.ids, d.Texts) + ")"
}
