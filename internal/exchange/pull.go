package exchange

import (
	"context"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// maxBatch is how many objects are imported at once, about.
const maxBatch = 10_000

// A parcel is objects on their way into the store.
type parcel struct {
	objects []*stix.Object
	claim   *claim    // to be released then; nil: none
	cursor  time.Time // up to which all is here, once they are; zero: not said
}

func (p *parcel) done() {
	if p.claim != nil {
		p.claim.release()
	}
}

// pull takes in what is new in a collection. The manifest is asked first, and then
// for what is not here: the next page is fetched while one is imported.
//
// The cursor is the server's date, and is kept after what it stands for: whatever
// breaks off, nothing is missed, and what comes twice is left out.
func (s *session) pull(ctx context.Context, at place) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parcels := make(chan parcel, 4)
	fetched := make(chan error, 1)
	go func() {
		defer close(parcels)
		f := &fetch{session: s, at: at, out: parcels}
		fetched <- f.all(ctx)
	}()
	err := s.unpack(ctx, at, parcels)
	if err != nil {
		cancel()
	}
	for p := range parcels { // that nobody wants any more
		p.done()
	}
	if failed := <-fetched; err == nil {
		err = failed
	}
	return err
}

// unpack imports parcels, as many at once as are there.
func (s *session) unpack(ctx context.Context, at place, parcels <-chan parcel) error {
	for p := range parcels {
		all := []parcel{p}
		objects := p.objects
	more:
		for len(objects) < maxBatch {
			select {
			case p, ok := <-parcels:
				if !ok {
					break more
				}
				all, objects = append(all, p), append(objects, p.objects...)
			default:
				break more
			}
		}
		err := s.keep(ctx, objects)
		for _, p := range all {
			p.done()
			if !p.cursor.IsZero() && err == nil {
				s.moveOn(at, p.cursor)
			}
		}
		if err == nil {
			err = s.save(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveOn sets the cursor of a collection.
func (s *session) moveOn(at place, cursor time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.Pulled == nil {
		s.state.Pulled = map[string]time.Time{}
	}
	s.state.Pulled[at.address] = cursor
}
