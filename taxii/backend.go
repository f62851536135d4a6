package taxii

import (
	"context"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// A Backend has what a Handler serves. The context is that of the request: who
// asks is found there, put in by what stands before the Handler. An error that
// is an *Error is told to who asks, of others only that there was one.
//
// Where a collection or object is not there for who asks, the Backend returns
// Fail(404, …), the same whether it does not exist or is withheld.
type Backend interface {
	// Discovery returns what the server offers to who asks.
	Discovery(ctx context.Context) (Discovery, error)
	// APIRoot returns the root of a name, which is the first element of paths.
	APIRoot(ctx context.Context, root string) (APIRoot, error)
	// Collections returns those of a root that who asks may know of.
	Collections(ctx context.Context, root string) ([]Collection, error)
	// Collection returns one by its identifier, in lower case, or its alias.
	Collection(ctx context.Context, root, id string) (Collection, error)

	// Objects returns a page of what f selects of a collection that may be read,
	// in order of the dates they were added at, the first one first (section
	// 3.3). No two share one. f.Limit is never 0.
	Objects(ctx context.Context, root string, c Collection, f Filter) (Page, error)
	// Manifest returns the same page without content.
	Manifest(ctx context.Context, root string, c Collection, f Filter) (ManifestPage, error)
	// Add takes in what was sent to a collection that may be written to. What
	// the Status says to have succeeded is kept for good.
	Add(ctx context.Context, root string, c Collection, s Submission) (Status, error)
	// Status returns what became of an earlier Add.
	Status(ctx context.Context, root, id string) (Status, error)
	// Delete removes the versions that f selects, in all of STIX unless it says
	// otherwise, from a collection that may be read and written to. Where there
	// are none it returns Fail(404, …).
	Delete(ctx context.Context, root string, c Collection, f Filter) error
}

// A Page is a part of a collection.
type Page struct {
	Objects []Added
	More    bool     // there are others behind it
	Written *Written // nil: the page is not kept
}

// Added is an object with the date at which it was added.
type Added struct {
	Date time.Time // to the microsecond
	Raw  []byte    // the object as it came
}

// A ManifestPage is a Page without content.
type ManifestPage struct {
	Records []ManifestRecord
	More    bool
	Written *Written
}

// A Submission is what a client sent: the objects, and why others are none.
type Submission struct {
	Objects  []*stix.Object
	Failures []StatusDetail
}
