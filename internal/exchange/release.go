package exchange

import (
	"context"
	"slices"
	"sync"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A release decides, for readers of one clearance, what may leave of what that
// opens: an object that refers to one that is withheld would tell of it, and so
// would one that refers to such an object.
//
// It remembers what it has decided, and holds for one state of the store.
type release struct {
	store  store.Store
	reader tlp.Clearance
	state  string

	mu     sync.Mutex
	closed map[stix.ID]bool // whether an object is withheld, of those looked at
	refs   map[stix.ID][]stix.ID
}

// maxDecided is how many objects are remembered.
const maxDecided = 1 << 20

func newRelease(s store.Store, reader tlp.Clearance, state string) *release {
	return &release{store: s, reader: reader, state: state, closed: map[stix.ID]bool{}, refs: map[stix.ID][]stix.ID{}}
}

// A desk hands out releases, one for each audience.
type desk struct {
	mu       sync.Mutex
	releases [tlp.Node]*release
}

// release returns that of a reader for what has been read from s before. What it
// remembers is then no older than that: the state of the store is asked for now.
func (d *desk) release(ctx context.Context, s store.Store, reader tlp.Clearance) (*release, error) {
	state, err := s.State(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.releases[reader.Audience]
	if r == nil || r.state != state || r.size() > maxDecided {
		r = newRelease(s, reader, state)
		d.releases[reader.Audience] = r
	}
	return r, nil
}

func (r *release) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.closed)
}

// open returns those of records that may leave.
func (r *release) open(ctx context.Context, records []store.Record) ([]store.Record, error) {
	if len(records) == 0 {
		return records, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.follow(ctx, records); err != nil {
		return nil, err
	}
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

// follow decides about all that records lead to, one step of references at a
// time. What was decided before has been followed to its end.
func (r *release) follow(ctx context.Context, records []store.Record) (err error) {
	var met []stix.ID
	defer func() {
		if err != nil { // half of it is no decision
			for _, id := range met {
				delete(r.closed, id)
				delete(r.refs, id)
			}
		}
	}()
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
			break
		}
		met = append(met, next...)
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
	r.spread(met)
	return nil
}

// spread closes those of ids that refer to something closed, until none is left.
func (r *release) spread(ids []stix.ID) {
	for changed := true; changed; {
		changed = false
		for _, id := range ids {
			if !r.closed[id] && slices.ContainsFunc(r.refs[id], func(ref stix.ID) bool { return r.closed[ref] }) {
				r.closed[id], changed = true, true
			}
		}
	}
}
