package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// rolls are the members of collections as readers see them, kept as long as the
// store stays the same.
type rolls struct {
	mu    sync.Mutex
	state string
	kept  map[string][]member
	size  int // of all that are kept

	// One is found at a time: for that, one read of the store goes on while
	// another is made, and stores have few readers.
	turn sync.Mutex
}

// maxMembers bounds how many are kept.
const maxMembers = 1 << 20

func (r *rolls) get(state, key string) ([]member, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, ok := r.kept[key]
	return list, ok && r.state == state
}

func (r *rolls) put(state, key string, list []member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || r.state != state || r.size+len(list) > maxMembers {
		r.state, r.kept, r.size = state, map[string][]member{}, 0
	}
	r.kept[key] = list
	r.size += len(list)
}

// roll returns the members of a collection for a reader: their newest versions, or
// all.
func (b *Backend) roll(ctx context.Context, reader tlp.Clearance, d *Definition, newest bool) ([]member, error) {
	state, err := b.Store.State(ctx)
	if err != nil {
		return nil, err
	}
	sees, err := b.kept.sees(ctx, b.Store, state, reader)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s %s %s %t", sees, d.Alias, d.stamp, newest)
	if list, ok := b.rolls.get(state, key); ok {
		return list, nil
	}
	b.rolls.turn.Lock()
	defer b.rolls.turn.Unlock()
	if state, err = b.Store.State(ctx); err != nil {
		return nil, err
	}
	if list, ok := b.rolls.get(state, key); ok { // who had the turn before found it
		return list, nil
	}
	list, err := b.enrol(ctx, reader, d, newest)
	if err != nil {
		return nil, err
	}
	if now, err := b.Store.State(ctx); err == nil && now == state {
		b.rolls.put(state, key, list)
	}
	return list, nil
}

// enrol finds the members of a collection.
func (b *Backend) enrol(ctx context.Context, reader tlp.Clearance, d *Definition, newest bool) ([]member, error) {
	e := &enrolment{Backend: b, reader: reader, query: &d.Query, now: time.Now(), at: map[stix.ID]*stand{}}
	if d.Query.Words != "" {
		if err := e.search(ctx); err != nil {
			return nil, err
		}
	}
	if d.Query.About != "" {
		if err := e.reach(ctx); err != nil {
			return nil, err
		}
	}
	list := []member{}
	for id, p := range e.at {
		if p.in {
			list = append(list, member{max(p.since, p.added), p.added, id})
		}
	}
	if newest {
		return inOrder(list), nil
	}
	return e.versions(ctx, list)
}

// versions puts all versions of the members in the place of the newest ones.
func (e *enrolment) versions(ctx context.Context, newest []member) ([]member, error) {
	list := []member{}
	for part := range slices.Chunk(newest, scan) {
		err := e.Store.Each(ctx, e.reader, store.Query{IDs: idsOf(part), Versions: store.Versions{All: true}}, func(r store.Record) error {
			if p := e.at[r.Object.ID]; p != nil {
				added := r.Added.UnixMicro()
				list = append(list, member{max(p.since, added), added, r.Object.ID})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return inOrder(list), nil
}

func idsOf(list []member) []stix.ID {
	ids := make([]stix.ID, len(list))
	for i := range list {
		ids[i] = list[i].id
	}
	return ids
}

// An enrolment finds out what is in a collection, with what its reader sees: what
// is withheld leads nowhere.
type enrolment struct {
	*Backend
	reader tlp.Clearance
	query  *Selection
	now    time.Time
	at     map[stix.ID]*stand
	words  map[stix.ID]bool // what has them, when the collection is about an object as well
}

// A stand is where the enrolment has come to an object.
type stand struct {
	added int64 // its newest version
	since int64 // the date from which on there was a way to it: the earliest, over all ways, of the latest on the way
	in    bool  // it is in the collection
}

// search finds what has the words.
func (e *enrolment) search(ctx context.Context) error {
	e.words = map[stix.ID]bool{}
	return e.each(ctx, store.Query{Types: e.query.Types, Words: e.query.Words}, func(r store.Record) {
		e.words[r.Object.ID] = true
		if e.query.About == "" {
			e.enter(r, 0)
		}
	})
}

// each calls yield for what of q the reader may see.
func (e *enrolment) each(ctx context.Context, q store.Query, yield func(store.Record)) error {
	return e.Store.Each(ctx, e.reader, q, func(r store.Record) error {
		yield(r)
		return nil
	})
}

// enter notes a way to an object that has been there since a date, and returns
// whether it is an earlier one than those before.
func (e *enrolment) enter(r store.Record, since int64) bool {
	p := e.at[r.Object.ID]
	if p == nil {
		e.at[r.Object.ID] = &stand{r.Added.UnixMicro(), since, e.query.meets(r.Object, e.now) && (e.query.Words == "" || e.words[r.Object.ID])}
		return true
	}
	earlier := since < p.since
	p.since = min(p.since, since)
	return earlier
}

// reach goes from the object that the collection is about as many steps as its
// query says, along relationships, and between sightings and what they tell of.
func (e *enrolment) reach(ctx context.Context) error {
	since, err := e.visibleSince(ctx)
	if err != nil || since < 0 {
		return err
	}
	frontier := map[stix.ID]int64{e.query.About: since}
	for range e.query.Steps {
		if frontier, err = e.step(ctx, frontier); err != nil {
			return err
		}
	}
	return nil
}

// visibleSince enters the object that the collection is about, and returns from
// when on all of its versions may be seen; -1 when the newest may not.
func (e *enrolment) visibleSince(ctx context.Context) (int64, error) {
	since := int64(-1)
	about := store.Query{IDs: []stix.ID{e.query.About}}
	err := e.each(ctx, about, func(r store.Record) {
		since = r.Added.UnixMicro()
		e.enter(r, 0)
	})
	if err != nil || since < 0 {
		return since, err
	}
	about.Versions.All = true
	seen := map[int64]bool{}
	if err := e.each(ctx, about, func(r store.Record) { seen[r.Added.UnixMicro()] = true }); err != nil {
		return 0, err
	}
	all, err := e.Store.Versions(ctx, tlp.Local(), e.query.About)
	for _, r := range all { // the newest first
		if !seen[r.Added.UnixMicro()] {
			break
		}
		since = min(since, r.Added.UnixMicro())
	}
	return since, err
}

// step goes one step on from objects that there has been a way to since a date, and
// returns those that there is a new or an earlier way to.
func (e *enrolment) step(ctx context.Context, frontier map[stix.ID]int64) (map[stix.ID]int64, error) {
	ways := map[stix.ID]int64{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(frontier)), scan) {
		err := e.each(ctx, store.Query{Types: []string{"relationship", "sighting"}, RefersTo: part}, func(r store.Record) {
			for _, pair := range joins(r.Object) {
				for i, from := range pair {
					since, ok := frontier[from]
					if !ok {
						continue
					}
					e.enter(r, since)
					since, to := max(since, r.Added.UnixMicro()), pair[1-i]
					if known, ok := ways[to]; to != "" && (!ok || since < known) {
						ways[to] = since
					}
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	next := map[stix.ID]int64{}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(ways)), scan) {
		err := e.each(ctx, store.Query{IDs: part}, func(r store.Record) {
			if id := r.Object.ID; e.enter(r, ways[id]) {
				next[id] = max(ways[id], r.Added.UnixMicro())
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return next, nil
}

// joins returns the pairs of objects that a relationship or a sighting joins.
func joins(o *stix.Object) (pairs [][2]stix.ID) {
	var v struct {
		Source   stix.ID   `json:"source_ref"`
		Target   stix.ID   `json:"target_ref"`
		Of       stix.ID   `json:"sighting_of_ref"`
		Observed []stix.ID `json:"observed_data_refs"`
	}
	if json.Unmarshal(o.Raw(), &v) != nil {
		return nil
	}
	if o.Type == "relationship" {
		return [][2]stix.ID{{v.Source, v.Target}}
	}
	pairs = append(pairs, [2]stix.ID{v.Of, ""})
	for _, id := range v.Observed {
		pairs = append(pairs, [2]stix.ID{v.Of, id})
	}
	return pairs
}
