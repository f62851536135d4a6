package exchange

import (
	"context"
	"net/http"
	"slices"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A kind is a collection that every node has.
type kind struct {
	alias, title string
	types        []string // none: all
	takes        bool     // objects from contributors
}

var kinds = []kind{
	{"all", "All that you may see", nil, true},
	{"indicators", "Indicators, and what they indicate", []string{"attack-pattern", "campaign", "indicator", "infrastructure", "intrusion-set", "malware", "relationship", "threat-actor", "tool", "vulnerability"}, false},
	{"reports", "Reports, incidents and what people say of them", []string{"grouping", "identity", "incident", "location", "note", "opinion", "report"}, false},
	{"sightings", "Sightings, with what was observed", []string{"observed-data", "sighting"}, false},
}

// Aliases are the names of the collections that every node has.
func Aliases() (list []string) {
	for _, k := range kinds {
		list = append(list, k.alias)
	}
	return list
}

var errNoCollection = taxii.Fail(http.StatusNotFound, "Collection not found", "see /"+Root+"/collections/ for those that you may use")

// Collections implements taxii.Backend.
func (b *Backend) Collections(ctx context.Context, root string) ([]taxii.Collection, error) {
	if root != Root {
		return nil, errNoRoot
	}
	s := auth.From(ctx)
	var list []taxii.Collection
	for i := range kinds {
		if c := b.collection(&s, &kinds[i]); c.CanRead || c.CanWrite {
			list = append(list, c)
		}
	}
	return list, nil
}

// Collection implements taxii.Backend.
func (b *Backend) Collection(ctx context.Context, root, id string) (taxii.Collection, error) {
	list, err := b.Collections(ctx, root)
	if err != nil {
		return taxii.Collection{}, err
	}
	for _, c := range list {
		if c.ID == id || c.Alias == id {
			return c, nil
		}
	}
	return taxii.Collection{}, errNoCollection
}

// collection says what s may do with one. Anyone may read what is public.
func (b *Backend) collection(s *auth.Subject, k *kind) taxii.Collection {
	return taxii.Collection{
		ID: b.id(k), Title: k.title, Alias: k.alias,
		CanRead:    s.Role == "" || s.May(auth.Reader, k.alias),
		CanWrite:   k.takes && s.May(auth.Contributor, k.alias),
		MediaTypes: []string{taxii.STIXMediaType},
	}
}

// id is that of a collection of this node. It looks like a random one, of version
// 4: some clients take no other.
func (b *Backend) id(k *kind) string {
	id := []byte(stix.NamedID("collection", string(b.Own.ID)+"\n"+k.alias).UUID())
	id[14] = '4'
	return string(id)
}

// selection returns what f selects of a collection; any is whether there can be
// something.
func selection(c taxii.Collection, f taxii.Filter) (q store.Query, any bool) {
	q = store.Query{
		IDs: f.IDs, Types: f.Types, Since: f.AddedAfter,
		Versions: store.Versions{All: f.Versions.All, First: f.Versions.First, Newest: f.Versions.Last, At: f.Versions.At},
	}
	if len(f.SpecVersions) > 0 && !slices.Contains(f.SpecVersions, "2.1") { // all is kept as 2.1
		return q, false
	}
	for _, k := range kinds {
		if k.alias != c.Alias || k.types == nil {
			continue
		}
		if q.Types = k.types; f.Types != nil {
			q.Types = nil
			for _, t := range f.Types {
				if slices.Contains(k.types, t) {
					q.Types = append(q.Types, t)
				}
			}
			return q, q.Types != nil
		}
	}
	return q, true
}
