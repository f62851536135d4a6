package exchange

import (
	"context"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A release decides, for one reader, what may leave of what its clearance opens:
// an object that refers to one that is withheld would tell of it, and so would
// one that refers to such an object.
type release struct {
	store  store.Store
	reader tlp.Clearance
	closed map[stix.ID]bool // whether an object is withheld, of those looked at
	refs   map[stix.ID][]stix.ID
}

func newRelease(s store.Store, reader tlp.Clearance) *release {
	return &release{s, reader, map[stix.ID]bool{}, map[stix.ID][]stix.ID{}}
}

// open returns those of records that may leave.
func (r *release) open(ctx context.Context, records []store.Record) ([]store.Record, error) {
	if r.reader.Audience == tlp.Node || len(records) == 0 {
		return records, nil
	}
	if err := r.follow(ctx, records); err != nil {
		return nil, err
	}
	r.spread()
	open := make([]store.Record, 0, len(records))
	for _, rec := range records {
		told := false
		for _, id := range refsOf(rec.Object) { // an older version may refer to others
			told = told || r.closed[id]
		}
		if !told {
			open = append(open, rec)
		}
	}
	return open, nil
}

func refsOf(o *stix.Object) (list []stix.ID) {
	o.Refs(func(_ string, id stix.ID) bool {
		if stix.TLPOf(id) == stix.TLPNone {
			list = append(list, id)
		}
		return true
	})
	return list
}

// follow looks at all that records lead to, one step of references at a time.
func (r *release) follow(ctx context.Context, records []store.Record) error {
	for len(records) > 0 {
		var next []stix.ID
		for _, rec := range records {
			for _, id := range refsOf(rec.Object) {
				if _, seen := r.closed[id]; !seen {
					r.closed[id] = false
					next = append(next, id)
				}
			}
		}
		if len(next) == 0 {
			return nil
		}
		withheld, err := r.store.Withheld(ctx, r.reader, next)
		if err != nil {
			return err
		}
		for _, id := range withheld {
			r.closed[id] = true
		}
		if records, err = r.store.List(ctx, r.reader, store.Query{IDs: next, Limit: len(next)}); err != nil {
			return err
		}
		for _, rec := range records {
			r.refs[rec.Object.ID] = refsOf(rec.Object)
		}
	}
	return nil
}

// spread closes what refers to something closed, until nothing more does.
func (r *release) spread() {
	for changed := true; changed; {
		changed = false
		for id, refs := range r.refs {
			if r.closed[id] {
				continue
			}
			for _, ref := range refs {
				if r.closed[ref] {
					r.closed[id], changed = true, true
					break
				}
			}
		}
	}
}
