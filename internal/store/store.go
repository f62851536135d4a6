// Package store keeps what a node knows: STIX objects, each to the byte as it
// came, all their versions, where they came from, and what refers to what.
//
// Every read is given a [tlp.Clearance]. What it withholds does not show: not
// in lists, not in counts, not in searches. Neither does what refers to something
// withheld, however far. An object shows only when its newest version may be
// seen; an older one only when it may be seen as well.
//
// Every version has a date of its own at which it was added, in microseconds,
// later than that of all that were added before: whoever pages by it misses
// nothing. A version that opens to readers later, because something else changed,
// gets a new date then.
//
// Package sqlite keeps a store in a file, package postgres in a PostgreSQL
// database; storetest holds both to the same promises.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A Store is a knowledge base. Its methods may be called from several
// goroutines, and several processes may have it open.
type Store interface {
	// Import adds a batch in one transaction and returns what became of each
	// object, in order. When it returns without error the batch is on disk.
	// With an error nothing of it was kept.
	Import(ctx context.Context, batch []Incoming) ([]Outcome, error)

	// Get returns the newest version of an object, ErrNotFound when there is
	// none that c may see.
	Get(ctx context.Context, c tlp.Clearance, id stix.ID) (Record, error)
	// Versions returns all versions of an object, newest first.
	Versions(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Record, error)
	// Conflicts returns what came under an identifier and version that another
	// object already had.
	Conflicts(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Record, error)
	// Sources returns from whom an object was received and when first, in
	// order of time.
	Sources(ctx context.Context, c tlp.Clearance, id stix.ID) ([]Receipt, error)

	// List returns objects in order of the dates they were added at.
	List(ctx context.Context, c tlp.Clearance, q Query) ([]Record, error)
	// Each calls yield for all that List would return, without holding them in
	// memory. It ends with the first error that yield returns.
	Each(ctx context.Context, c tlp.Clearance, q Query, yield func(Record) error) error
	// Search returns objects in whose text all the words stand, best first.
	// Words that hold other signs than letters and digits, such as a domain,
	// must stand together. A limit of 0 is DefaultLimit. Each with Query.Words
	// finds all.
	Search(ctx context.Context, c tlp.Clearance, words string, limit int) ([]Record, error)
	// Sees returns a text that is the same for all readers who see the same.
	Sees(ctx context.Context, c tlp.Clearance) (string, error)
	// Stats counts the newest versions.
	Stats(ctx context.Context, c tlp.Clearance) (Stats, error)
	// State returns a text that stands for all objects of some types (none: of
	// all), drafts
	// and what was put aside too: it is another after each change of them, and
	// the same only in copies of a store. What was made of objects can be kept
	// with it, to be used again as long as it stays the same.
	State(ctx context.Context, types ...string) (string, error)

	// Related returns what an object refers to and what refers to it, through
	// relationship objects or by itself, at most limit each way; 0 is
	// DefaultLimit.
	Related(ctx context.Context, c tlp.Clearance, id stix.ID, limit int) ([]Relation, error)
	// Sightings returns the sightings of an object.
	Sightings(ctx context.Context, c tlp.Clearance, id stix.ID, limit int) ([]Record, error)
	// Neighbourhood returns the objects up to depth steps around one, at most
	// limit of them, and the relations between them.
	Neighbourhood(ctx context.Context, c tlp.Clearance, id stix.ID, depth, limit int) (Graph, error)

	// Drafts returns what waits for review, in the order it came.
	Drafts(ctx context.Context, c tlp.Clearance, limit int) ([]Record, error)
	// Accept imports the drafts of the given objects and returns what became of
	// each; those that are no drafts are refused.
	Accept(ctx context.Context, ids []stix.ID) ([]Outcome, error)
	// Reject puts drafts away for good: the same bytes do not become a draft
	// again. It returns how many there were.
	Reject(ctx context.Context, ids []stix.ID) (int, error)

	// Withdraw takes objects away for good, in all versions, and returns how many of
	// them were here. What leads to them shows to the node's administrator alone, and
	// no version of them is taken in again.
	Withdraw(ctx context.Context, ids []stix.ID) (int, error)
	// Reopen gives a new date to what has one of some markings, so that those for
	// whom it opens now find it behind what they have read.
	Reopen(ctx context.Context, markings []stix.ID) error

	// Entries returns those of a kind, in order of their identifiers.
	Entries(ctx context.Context, kind string) ([]Entry, error)
	// Entry returns one, ErrNotFound when there is none.
	Entry(ctx context.Context, kind, id string) (Entry, error)
	// PutEntry keeps an entry, in place of one of the same kind and identifier.
	PutEntry(ctx context.Context, e Entry) error
	// DeleteEntry removes one, ErrNotFound when there is none.
	DeleteEntry(ctx context.Context, kind, id string) error

	// Backup writes a copy of the whole store, as of one moment, to a new file.
	Backup(ctx context.Context, path string) error
	Close() error
}

// Errors of stores.
var (
	ErrNotFound    = errors.New("no such object here")
	ErrNewerSchema = errors.New("written by a newer Tocsin; use that version, or restore a backup made before the upgrade")
)

// Limits of what one call returns.
const (
	DefaultLimit = 1000
	MaxDepth     = 10 // of a neighbourhood
)

// An Incoming is an object to import.
type Incoming struct {
	Object *stix.Object
	Source string // who sent it or where it was read
	Draft  bool   // it waits for a person to accept it, and does not show until then
	Made   bool   // here, from what is no STIX: when it was made says nothing, and only that makes no new version
}

// A Status is what became of an object on import.
type Status uint8

// The statuses.
const (
	New        Status = iota // not here before
	NewVersion               // another version of an object that is here
	Same                     // here already, to the byte
	Conflict                 // kept aside: its identifier and version have other bytes, or another creator
	Drafted                  // waits for review
	Refused                  // not kept
)

// String names s as a report does.
func (s Status) String() string {
	return [...]string{"new", "new version", "same", "conflict", "draft", "refused"}[s]
}

// An Outcome says what became of one object on import.
type Outcome struct {
	Status Status
	Reason string // for Conflict and Refused
}

// A Record is an object and where the store has it from.
type Record struct {
	Object *stix.Object
	Added  time.Time // or opened to more readers: unique, in UTC, to the microsecond
	Source string    // that it was first received from
}

// A Receipt says when something was first received from a source.
type Receipt struct {
	Source   string
	Received time.Time
}

// A Query selects objects. Its zero value selects the newest versions of all.
type Query struct {
	Types    []string  // any of these; none: of all types
	IDs      []stix.ID // any of these; none: all
	RefersTo []stix.ID // refers to any of these, otherwise than as its creator or marking; none: all. Not with Words or Versions
	Words    string    // that all stand in it, as of Search: the best come first. Not with Versions
	Since    time.Time // added after it
	Versions Versions
	Limit    int // 0: DefaultLimit for List, no limit for Each
}

// Versions selects versions of objects whose newest one may be seen, among those
// that may be seen themselves. The zero value selects the newest.
type Versions struct {
	All, First, Newest bool
	At                 []time.Time // modified at one of these times
}

// IsNewest reports whether v selects the newest versions alone.
func (v *Versions) IsNewest() bool { return !v.All && !v.First && len(v.At) == 0 }

// An Entry is something that a node keeps beside what it knows, such as an
// organisation or a token.
type Entry struct {
	Kind, ID string
	Value    []byte // JSON
}

// Stats are counts of the newest versions by type.
type Stats struct {
	Objects int
	Types   map[string]int
}

// A Relation is one step from an object to another.
type Relation struct {
	Type     string  // of the relationship, or the name of the property that refers
	Outgoing bool    // from the object that was asked for
	By       *Record // the relationship; nil when an object refers by itself
	Other    stix.ID
	Object   *Record // that Other names; nil when it is not here or withheld
}

// A Graph is objects and the relations between them. Edges end at objects of
// the graph.
type Graph struct {
	Objects []Record
	Edges   []Edge
	Cut     bool // there were more objects than the limit
}

// An Edge is a relation between two objects.
type Edge struct {
	From, To stix.ID
	Type     string
	By       stix.ID // the relationship; "" when From refers by itself
}
