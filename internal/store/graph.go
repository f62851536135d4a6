package store

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// ends are the properties by which a relationship or a sighting joins others.
type ends struct {
	Type   string  `json:"relationship_type"`
	Source stix.ID `json:"source_ref"`
	Target stix.ID `json:"target_ref"`
	Of     stix.ID `json:"sighting_of_ref"`
}

// endsOf returns the ends of o; those of a wrong type are none.
func endsOf(o *stix.Object) ends {
	var e ends
	if json.Unmarshal(o.Raw(), &e) != nil {
		return ends{}
	}
	return e
}

// edges yields the references of o as edges: a relationship is one between its
// ends, every other object refers by itself.
func edges(o *stix.Object, yield func(Edge)) {
	if o.Type == "relationship" {
		if e := endsOf(o); e.Source != "" && e.Target != "" {
			yield(Edge{From: e.Source, To: e.Target, Type: e.Type, By: o.ID})
			return
		}
	}
	n := 0
	o.Refs(func(path string, id stix.ID) bool {
		if !common(path) {
			yield(Edge{From: o.ID, To: id, Type: property(path)})
			n++
		}
		return n < maxReferences
	})
}

// property returns the name of the property that a path ends at, without the
// place in a list.
func property(path string) string {
	end := len(path)
	if end > 0 && path[end-1] == ']' {
		for end > 0 && path[end-1] != '[' {
			end--
		}
		end = max(0, end-2) // and the dot before it
	}
	start := end
	for start > 0 && path[start-1] != '.' {
		start--
	}
	return path[start:end]
}

// referring returns the objects that refer to any of ids, and others by the
// chance that keys are equal.
func (r *Reader) referring(ctx context.Context, v visible, ids []stix.ID, of string, limit int) ([]Record, error) {
	q := &query{from: versions, order: "v.added", limit: limit}
	q.and("v.added IN (SELECT version FROM reference WHERE " + q.in("target", r.d.Ints, array(keysOf(ids))) + ")")
	q.and("v.state = 0")
	if of != "" {
		q.ofType(of)
	}
	q.and(v.where(r.d, "v", &q.args))
	return r.all(ctx, q)
}

// onlyReferring leaves out what does not refer to any of ids: keys can be equal by
// chance.
func onlyReferring(ids []stix.ID, yield func(Record) error) func(Record) error {
	asked := make(map[stix.ID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	return func(rec Record) error {
		refers := false
		rec.Object.Refs(func(path string, id stix.ID) bool {
			refers = asked[id] && !common(path)
			return !refers
		})
		if !refers {
			return nil
		}
		return yield(rec)
	}
}

// newest returns the objects that ids name, as far as they may be seen.
func (r *Reader) newest(ctx context.Context, v visible, ids []stix.ID) (map[stix.ID]*Record, error) {
	found := map[stix.ID]*Record{}
	if len(ids) == 0 {
		return found, nil
	}
	q := &query{from: versions, order: "v.added"}
	q.and(q.in("v.key", r.d.Ints, array(keysOf(ids))))
	q.and("v.state = 0")
	q.and(v.where(r.d, "v", &q.args))
	err := r.each(ctx, q, func(rec Record) error {
		found[rec.Object.ID] = &rec
		return nil
	})
	return found, err
}

// Related implements Store.
func (r *Reader) Related(ctx context.Context, c tlp.Clearance, id stix.ID, limit int) ([]Relation, error) {
	v, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	self, err := r.newest(ctx, v, []stix.ID{id})
	if err != nil {
		return nil, err
	}
	var list []Relation
	if rec := self[id]; rec != nil {
		rec.Object.Refs(func(path string, other stix.ID) bool {
			if !common(path) {
				list = append(list, Relation{Type: property(path), Outgoing: true, Other: other})
			}
			return len(list) < limit
		})
	}
	referring, err := r.referring(ctx, v, []stix.ID{id}, "", limit)
	if err != nil {
		return nil, err
	}
	for i := range referring {
		list = append(list, relations(&referring[i], id)...)
	}
	return list, r.resolve(ctx, v, list)
}

// relations returns how the object of rec relates id to others.
func relations(rec *Record, id stix.ID) []Relation {
	var list []Relation
	edges(rec.Object, func(e Edge) {
		switch {
		case e.By != "" && e.From == id:
			list = append(list, Relation{Type: e.Type, Outgoing: true, By: rec, Other: e.To})
		case e.By != "" && e.To == id:
			list = append(list, Relation{Type: e.Type, By: rec, Other: e.From})
		case e.To == id && e.From != id:
			list = append(list, Relation{Type: e.Type, Other: e.From})
		}
	})
	return list
}

// resolve fills in the objects at the other ends.
func (r *Reader) resolve(ctx context.Context, v visible, list []Relation) error {
	var ids []stix.ID
	for i := range list {
		ids = append(ids, list[i].Other)
	}
	found, err := r.newest(ctx, v, ids)
	for i := range list {
		list[i].Object = found[list[i].Other]
	}
	return err
}

// Sightings implements Store.
func (r *Reader) Sightings(ctx context.Context, c tlp.Clearance, id stix.ID, limit int) ([]Record, error) {
	v, err := r.visible(ctx, c)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = DefaultLimit
	}
	referring, err := r.referring(ctx, v, []stix.ID{id}, "sighting", limit)
	var list []Record
	for _, rec := range referring {
		if endsOf(rec.Object).Of == id {
			list = append(list, rec)
		}
	}
	return list, err
}

// Neighbourhood implements Store.
func (r *Reader) Neighbourhood(ctx context.Context, c tlp.Clearance, id stix.ID, depth, limit int) (Graph, error) {
	if limit <= 0 {
		limit = DefaultLimit
	}
	v, err := r.visible(ctx, c)
	if err != nil {
		return Graph{}, err
	}
	w := walk{r: r, v: v, limit: limit, at: map[stix.ID]bool{}, edges: map[Edge]bool{}}
	if err := w.enter(ctx, []stix.ID{id}); err != nil {
		return Graph{}, err
	}
	if len(w.g.Objects) == 0 {
		return Graph{}, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	for begin := 0; depth > 0 && begin < len(w.g.Objects); depth-- {
		end := len(w.g.Objects)
		if err := w.step(ctx, w.g.Objects[begin:end]); err != nil {
			return Graph{}, err
		}
		begin = end
	}
	w.close()
	return w.g, nil
}

// A walk goes through the graph breadth first.
type walk struct {
	r     *Reader
	v     visible
	limit int
	g     Graph
	at    map[stix.ID]bool // entered, or tried
	edges map[Edge]bool
	found []Edge // in the order they were found
}

// step goes one step further from the objects entered last.
func (w *walk) step(ctx context.Context, from []Record) error {
	var ids, next []stix.ID
	of := map[stix.ID]bool{}
	note := func(e Edge) {
		if !w.edges[e] {
			w.edges[e] = true
			w.found = append(w.found, e)
		}
		next = append(next, e.From, e.To)
	}
	for _, rec := range from {
		ids = append(ids, rec.Object.ID)
		of[rec.Object.ID] = true
		edges(rec.Object, note)
	}
	most := 20 * w.limit
	referring, err := w.r.referring(ctx, w.v, ids, "", most)
	if err != nil {
		return err
	}
	w.g.Cut = w.g.Cut || len(referring) == most
	for _, rec := range referring {
		edges(rec.Object, func(e Edge) {
			if of[e.To] || e.By != "" && of[e.From] { // what else it refers to is a step away
				note(e)
			}
		})
	}
	return w.enter(ctx, next)
}

// enter adds the objects that ids name to the graph.
func (w *walk) enter(ctx context.Context, ids []stix.ID) error {
	var fresh []stix.ID
	for _, id := range ids {
		if w.at[id] {
			continue
		}
		if len(w.g.Objects)+len(fresh) >= w.limit {
			w.g.Cut = true
			break
		}
		w.at[id] = true
		fresh = append(fresh, id)
	}
	found, err := w.r.newest(ctx, w.v, fresh)
	for _, id := range fresh {
		if rec := found[id]; rec != nil {
			w.g.Objects = append(w.g.Objects, *rec)
		}
	}
	return err
}

// close leaves the edges between objects of the graph.
func (w *walk) close() {
	in := map[stix.ID]bool{}
	for _, rec := range w.g.Objects {
		in[rec.Object.ID] = true
	}
	for _, e := range w.found {
		if in[e.From] && in[e.To] {
			w.g.Edges = append(w.g.Edges, e)
		}
	}
}
