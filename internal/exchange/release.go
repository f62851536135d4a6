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
	refs := make([][]stix.ID, len(records)) // of these versions: an older one may refer to others
	for i := range records {
		refs[i] = refsOf(records[i].Object)
	}
	if err := r.follow(ctx, refs); err != nil {
		return nil, err
	}
	open := make([]store.Record, 0, len(records))
	for i := range records {
		if !r.tells(refs[i]) {
			open = append(open, records[i])
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

// tells reports whether one of ids is withheld.
func (r *release) tells(ids []stix.ID) bool {
	return slices.ContainsFunc(ids, func(id stix.ID) bool { return r.closed[id] })
}

// follow decides about all that references lead to, one step of references at a
// time. What was decided before has been followed to its end.
func (r *release) follow(ctx context.Context, refs [][]stix.ID) (err error) {
	var met []stix.ID
	defer func() {
		if err != nil { // half of it is no decision
			for _, id := range met {
				delete(r.closed, id)
				delete(r.refs, id)
			}
		}
	}()
	for len(refs) > 0 {
		var next []stix.ID
		for _, ids := range refs {
			for _, id := range ids {
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
		found, err := r.store.List(ctx, r.reader, store.Query{IDs: next, Limit: len(next)})
		if err != nil {
			return err
		}
		refs = make([][]stix.ID, len(found))
		for i := range found {
			refs[i] = refsOf(found[i].Object)
			r.refs[found[i].Object.ID] = refs[i]
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
			if !r.closed[id] && r.tells(r.refs[id]) {
				r.closed[id], changed = true, true
			}
		}
	}
}
