package exchange

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// A Definition is a collection that the operator of a node has made. What is in it
// is found anew whenever the store has changed, with what each reader may see.
type Definition struct {
	ID          string    `json:"id"` // never another, once made
	Alias       string    `json:"alias"`
	Title       string    `json:"title"`
	Description string    `json:"description,omitempty"`
	Query       Selection `json:"query"`
	Readers     Circle    `json:"readers"` // none named: anyone
	Senders     Circle    `json:"senders"` // none named: nobody

	stamp string // another after each change of it
}

// A Selection says which objects a collection has: those that meet all of it.
type Selection struct {
	Types      []string `json:"types,omitempty"`      // any of these
	Words      string   `json:"words,omitempty"`      // all of these, as a search takes them
	Labels     []string `json:"labels,omitempty"`     // any of these
	Confidence int      `json:"confidence,omitempty"` // at least so much, from 1 to 100
	CreatedBy  stix.ID  `json:"created_by,omitempty"`
	Current    bool     `json:"current,omitempty"` // neither revoked nor past valid_until
	About      stix.ID  `json:"about,omitempty"`   // this object, and what is joined to it by
	Steps      int      `json:"steps,omitempty"`   // so many relationships or sightings
}

// MaxSteps is how far from an object its collection may reach.
const MaxSteps = 5

// A Circle is organisations: each that is named, that belongs to a community, or
// that stands near enough.
type Circle struct {
	Orgs        []stix.ID     `json:"organisations,omitempty"`
	Communities []string      `json:"communities,omitempty"`
	Standing    auth.Standing `json:"standing,omitempty"`
}

func (c *Circle) empty() bool {
	return len(c.Orgs) == 0 && len(c.Communities) == 0 && c.Standing == ""
}

// Shelf keeps the collections that an operator makes.
type Shelf struct{ Store store.Store }

const definitions = "collection"

// All returns the collections, in order of their aliases.
func (s Shelf) All(ctx context.Context) ([]*Definition, error) {
	entries, err := s.Store.Entries(ctx, definitions)
	list := make([]*Definition, len(entries))
	for i, e := range entries {
		sum := sha256.Sum256(e.Value)
		list[i] = &Definition{stamp: hex.EncodeToString(sum[:8])}
		if err := json.Unmarshal(e.Value, list[i]); err != nil {
			return nil, fmt.Errorf("collection %s: %w; remove it and make it again", e.ID, err)
		}
	}
	return list, err
}

// Aliases are the names of all collections of a node.
func (s Shelf) Aliases(ctx context.Context) ([]string, error) {
	list, err := s.All(ctx)
	names := Aliases()
	for _, d := range list {
		names = append(names, d.Alias)
	}
	return names, err
}

var alias = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// Put keeps a collection, in place of the one with its alias, whose identifier it
// takes over.
func (s Shelf) Put(ctx context.Context, d Definition) (Definition, error) {
	if err := d.check(); err != nil {
		return d, err
	}
	list, err := s.All(ctx)
	if err != nil {
		return d, err
	}
	d.ID = stix.NewID("collection").UUID()
	if i := slices.IndexFunc(list, func(o *Definition) bool { return o.Alias == d.Alias }); i >= 0 {
		d.ID = list[i].ID
	}
	value, err := json.Marshal(d)
	if err != nil {
		return d, err
	}
	return d, s.Store.PutEntry(ctx, store.Entry{Kind: definitions, ID: d.Alias, Value: value})
}

// Remove removes a collection, store.ErrNotFound when there is none. The objects
// in it stay.
func (s Shelf) Remove(ctx context.Context, alias string) error {
	return s.Store.DeleteEntry(ctx, definitions, alias)
}

func (d *Definition) check() error {
	q := &d.Query
	switch {
	case !alias.MatchString(d.Alias):
		return fmt.Errorf("%q is no name of a collection: write a small letter, then small letters, digits and hyphens, 63 at most", d.Alias)
	case slices.Contains(Aliases(), d.Alias):
		return fmt.Errorf("every node has a collection %s, and it stays as it is: choose another name", d.Alias)
	case strings.TrimSpace(d.Title) == "":
		return errors.New("a collection has a title (section 5.2.1 of TAXII 2.1): say what it is called")
	case q.Confidence < 0 || q.Confidence > 100:
		return errors.New("a confidence is from 0 to 100 (section 3.2 of STIX 2.1)")
	case q.About != "" && q.About.Valid() != nil:
		return fmt.Errorf("%q is no identifier of an object", q.About)
	case q.About != "" && (q.Steps < 1 || q.Steps > MaxSteps):
		return fmt.Errorf("a collection reaches from 1 to %d steps from the object that it is about", MaxSteps)
	}
	return nil
}

// meets reports whether the newest version of an object is as the selection asks,
// but for its words and what it is about.
func (q *Selection) meets(o *stix.Object, now time.Time) bool {
	switch {
	case len(q.Types) > 0 && !slices.Contains(q.Types, o.Type),
		q.CreatedBy != "" && o.CreatedByRef != q.CreatedBy,
		q.Confidence > 0 && (o.Confidence == nil || *o.Confidence < q.Confidence),
		q.Current && (o.Revoked || expired(o, now)):
		return false
	}
	return len(q.Labels) == 0 || slices.ContainsFunc(o.Labels, func(l string) bool { return slices.Contains(q.Labels, l) })
}

// expired reports whether an indicator is past its valid_until (section 4.7).
func expired(o *stix.Object, now time.Time) bool {
	if o.Type != "indicator" {
		return false
	}
	var v struct {
		Until time.Time `json:"valid_until"`
	}
	return json.Unmarshal(o.Raw(), &v) == nil && !v.Until.IsZero() && !now.Before(v.Until)
}

// A catalogue is what the operator has made, as it was a moment ago.
type catalogue struct {
	mu      sync.Mutex
	read    time.Time
	list    []*Definition
	members map[string][]stix.ID // of communities, by their names in small letters
}

// freshness is how long what was read of the collections is used: to read them for
// each request would cost more than most answers.
const freshness = 200 * time.Millisecond

// made returns the collections that the operator has made.
func (b *Backend) made(ctx context.Context) (list []*Definition, members map[string][]stix.ID, err error) {
	c := &b.catalogue
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.read) > freshness || now.Before(c.read) {
		list, err := Shelf{b.Store}.All(ctx)
		if err != nil {
			return nil, nil, err
		}
		all, err := auth.Register{Store: b.Store}.Communities(ctx)
		if err != nil {
			return nil, nil, err
		}
		c.read, c.list, c.members = now, list, map[string][]stix.ID{}
		for _, m := range all {
			c.members[strings.ToLower(m.Name)] = m.Members
		}
	}
	return c.list, c.members, nil
}

// definition returns the one of an alias, nil when every node has the collection.
func (b *Backend) definition(ctx context.Context, alias string) (*Definition, error) {
	list, _, err := b.made(ctx)
	for _, d := range list {
		if d.Alias == alias {
			return d, err
		}
	}
	return nil, err
}

// includes reports whether an organisation is in the circle. Who shows nothing is
// in none.
func (c *Circle) includes(o auth.Org, members map[string][]stix.ID) bool {
	if o.ID == "" {
		return false
	}
	return o.Standing == auth.Own || c.Standing != "" && o.Standing.AtLeast(c.Standing) || slices.Contains(c.Orgs, o.ID) ||
		slices.ContainsFunc(c.Communities, func(name string) bool { return slices.Contains(members[strings.ToLower(name)], o.ID) })
}
