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
	made, members, err := b.made(ctx)
	for _, d := range made {
		if c := d.collection(&s, members); c.CanRead || c.CanWrite {
			list = append(list, c)
		}
	}
	return list, err
}

// Collection implements taxii.Backend.
func (b *Backend) Collection(ctx context.Context, root, id string) (taxii.Collection, error) {
	if root != Root {
		return taxii.Collection{}, errNoRoot
	}
	s := auth.From(ctx)
	for i := range kinds {
		if k := &kinds[i]; k.alias == id || b.id(k) == id {
			if c := b.collection(&s, k); c.CanRead || c.CanWrite {
				return c, nil
			}
			return taxii.Collection{}, errNoCollection
		}
	}
	made, members, err := b.made(ctx)
	if err != nil {
		return taxii.Collection{}, err
	}
	for _, d := range made {
		if c := d.collection(&s, members); (d.ID == id || d.Alias == id) && (c.CanRead || c.CanWrite) {
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

// collection says what s may do with a collection that the operator has made. Who
// may not read it does not know of it.
func (d *Definition) collection(s *auth.Subject, members map[string][]stix.ID) taxii.Collection {
	return taxii.Collection{
		ID: d.ID, Title: d.Title, Description: d.Description, Alias: d.Alias,
		CanRead:    (s.Role == "" || s.May(auth.Reader, d.Alias)) && (d.Readers.empty() || d.Readers.includes(s.Org, members)),
		CanWrite:   s.May(auth.Contributor, d.Alias) && !d.Senders.empty() && d.Senders.includes(s.Org, members),
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

// selection returns what f selects of a collection of some types (none: of all);
// any is whether there can be something.
func selection(types []string, f taxii.Filter) (q store.Query, any bool) {
	q = store.Query{
		IDs: f.IDs, Types: f.Types, Since: f.AddedAfter,
		Versions: store.Versions{All: f.Versions.All, First: f.Versions.First, Newest: f.Versions.Last, At: f.Versions.At},
	}
	if len(f.SpecVersions) > 0 && !slices.Contains(f.SpecVersions, "2.1") { // all is kept as 2.1
		return q, false
	}
	if len(types) == 0 {
		return q, true
	}
	if q.Types = types; f.Types != nil {
		q.Types = nil
		for _, t := range f.Types {
			if slices.Contains(types, t) {
				q.Types = append(q.Types, t)
			}
		}
		return q, q.Types != nil
	}
	return q, true
}

// typesOf returns the types of a collection that every node has.
func typesOf(alias string) []string {
	for _, k := range kinds {
		if k.alias == alias {
			return k.types
		}
	}
	return nil
}
