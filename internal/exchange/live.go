package exchange

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// key tells pages of a collection from those of the same one before it was changed,
// or, where time ends what is in it, a minute ago.
func (d *Definition) key() string {
	switch {
	case d == nil:
		return ""
	case d.Query.Current:
		return " " + d.stamp + " " + strconv.FormatInt(time.Now().Unix()/60, 36)
	}
	return " " + d.stamp
}

// live returns what f selects of a collection that the operator has made.
func (b *Backend) live(ctx context.Context, reader tlp.Clearance, d *Definition, f taxii.Filter) (listing, error) {
	q, any := selection(d.Query.Types, f)
	if !any {
		return listing{}, nil
	}
	if d.Query.About != "" || d.Query.Words != "" {
		return b.enrolled(ctx, reader, d, q, f.Limit)
	}
	return b.filtered(ctx, reader, d, q, f.Limit)
}

// filtered reads on until a page is full of what the objects themselves show to
// be in the collection. The date of each is that at which it was added.
func (b *Backend) filtered(ctx context.Context, reader tlp.Clearance, d *Definition, q store.Query, limit int) (p listing, err error) {
	for q.Limit = limit + 1; ; q.Limit = scan {
		found, err := b.Store.List(ctx, reader, q)
		if err != nil {
			return p, err
		}
		more := len(found) == q.Limit
		if more {
			q.Since = found[len(found)-1].Added
		}
		if found, err = b.meeting(ctx, reader, d, q.Versions, found); err != nil {
			return p, err
		}
		if p.records = append(p.records, found...); len(p.records) > limit {
			p.records, p.more = p.records[:limit], true
			return p, nil
		}
		if !more {
			return p, nil
		}
	}
}

// scan is how many objects are looked at together.
const scan = 1000

// meeting returns those of records whose newest versions are in the collection.
func (b *Backend) meeting(ctx context.Context, reader tlp.Clearance, d *Definition, v store.Versions, records []store.Record) ([]store.Record, error) {
	now := time.Now()
	if v.IsNewest() {
		return slices.DeleteFunc(records, func(r store.Record) bool { return !d.Query.meets(r.Object, now) }), nil
	}
	var ids []stix.ID
	for _, r := range records {
		ids = append(ids, r.Object.ID)
	}
	in := map[stix.ID]bool{}
	for part := range slices.Chunk(ids, scan) {
		err := b.Store.Each(ctx, reader, store.Query{IDs: part}, func(r store.Record) error {
			in[r.Object.ID] = d.Query.meets(r.Object, now)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(records, func(r store.Record) bool { return !in[r.Object.ID] }), nil
}

// enrolled returns a page of a collection whose members are found together.
func (b *Backend) enrolled(ctx context.Context, reader tlp.Clearance, d *Definition, q store.Query, limit int) (p listing, err error) {
	list, err := b.roll(ctx, reader, d, q.Versions.IsNewest())
	if err != nil {
		return p, err
	}
	if !q.Since.IsZero() {
		since := q.Since.UnixMicro()
		list = list[sort.Search(len(list), func(i int) bool { return list[i].date > since }):]
	}
	for len(list) > 0 {
		var part []member
		for len(list) > 0 && len(part) <= limit-len(p.records) {
			if m := list[0]; (len(q.IDs) == 0 || slices.Contains(q.IDs, m.id)) && (len(q.Types) == 0 || slices.Contains(q.Types, m.id.Type())) {
				part = append(part, m)
			}
			list = list[1:]
		}
		records, err := b.fetch(ctx, reader, d, q.Versions, part)
		if err != nil {
			return p, err
		}
		if p.records = append(p.records, records...); len(p.records) > limit {
			p.records, p.more = p.records[:limit], true
			return p, nil
		}
	}
	return p, nil
}

// fetch reads the objects of members, as far as they are still as they were when
// they were found, and may leave. Their dates are those of the collection.
func (b *Backend) fetch(ctx context.Context, reader tlp.Clearance, d *Definition, v store.Versions, part []member) ([]store.Record, error) {
	if len(part) == 0 {
		return nil, nil
	}
	date := make(map[int64]int64, len(part))
	for _, m := range part {
		date[m.added] = m.date
	}
	var records []store.Record
	now := time.Now()
	err := b.Store.Each(ctx, reader, store.Query{IDs: idsOf(part), Versions: v}, func(r store.Record) error {
		if date[r.Added.UnixMicro()] != 0 && (!v.IsNewest() || d.Query.meets(r.Object, now)) {
			records = append(records, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range records {
		records[i].Added = time.UnixMicro(date[records[i].Added.UnixMicro()]).UTC()
	}
	slices.SortFunc(records, func(x, y store.Record) int { return x.Added.Compare(y.Added) })
	return records, nil
}

// A member is a version of an object in a collection.
type member struct {
	date  int64 // since when it is there, in microseconds
	added int64 // to the store
	id    stix.ID
}

// inOrder gives each member a date of its own: those that came in at one moment
// follow one another by a microsecond.
func inOrder(list []member) []member {
	slices.SortFunc(list, func(x, y member) int { return cmp.Or(cmp.Compare(x.date, y.date), cmp.Compare(x.added, y.added)) })
	for i := 1; i < len(list); i++ {
		list[i].date = max(list[i].date, list[i-1].date+1)
	}
	return list
}
