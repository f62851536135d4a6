package exchange

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/taxii"
)

// kept are the pages that were asked for since the store changed last. Members
// ask for the same ones over and over.
type kept struct {
	mu      sync.Mutex
	state   string
	checked time.Time // when the store was last asked for its state
	pages   map[pageOf]*page
	size    int                      // bytes, about
	readers map[tlp.Clearance]rights // but for the time
}

// A page is a part of a collection, and how it is written.
type page struct {
	objects  taxii.Page
	manifest taxii.ManifestPage
	asked    int // how many times it was given
}

// pageOf names a page: what those who see the same select.
type pageOf struct{ sees, selects string }

// rights are what a reader sees, as of a time.
type rights struct {
	sees string
	at   time.Time
}

// How long the store is not asked again whether it has changed through another
// process, and what a reader may see when an embargo may have ended.
const (
	stateHolds  = 10 * time.Millisecond
	rightsHold  = time.Second
	maxReaders  = 10_000
	maxKept     = 128 << 20 // bytes of pages
	maxPageKept = 8 << 20
)

// overhead is about what an object takes beside its bytes.
const overhead = 200

// selects names what f selects of a collection.
func selects(c taxii.Collection, f taxii.Filter) string {
	return fmt.Sprintf("%q %d %d %q %q %q %v", c.Alias, f.AddedAfter.UnixMicro(), f.Limit, f.IDs, f.Types, f.SpecVersions, f.Versions)
}

// page returns the page of a name for a reader, and has it made when it is not
// kept. It is kept when the store has not changed while it was made, and given
// again as long as the store has not changed since.
func (k *kept) page(ctx context.Context, s store.Store, reader tlp.Clearance, selects string, make func() (*page, error)) (*page, error) {
	state, err := k.current(ctx, s)
	if err != nil {
		return nil, err
	}
	sees, err := k.sees(ctx, s, state, reader)
	if err != nil {
		return nil, err
	}
	key := pageOf{sees, selects}
	if p := k.get(state, key); p != nil {
		return p, nil
	}
	p, err := make()
	if err != nil {
		return nil, err
	}
	if now, err := s.State(ctx); err != nil || now != state {
		return p, err
	}
	k.put(state, key, p)
	return p, nil
}

// current returns the state of the store, as of now or a moment ago.
func (k *kept) current(ctx context.Context, s store.Store) (string, error) {
	now := time.Now()
	k.mu.Lock()
	state, holds := k.state, now.Sub(k.checked) < stateHolds
	k.mu.Unlock()
	if holds {
		return state, nil
	}
	state, err := s.State(ctx)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.checked = now; k.state != state {
		k.state, k.pages, k.readers, k.size = state, nil, nil, 0
	}
	return state, nil
}

// changed has the store asked anew.
func (k *kept) changed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checked = time.Time{}
}

// sees returns what a reader sees, in a state of the store.
func (k *kept) sees(ctx context.Context, s store.Store, state string, reader tlp.Clearance) (string, error) {
	who := reader
	who.At = time.Time{}
	k.mu.Lock()
	known, ok := k.readers[who]
	ok = ok && k.state == state && reader.At.Sub(known.at) < rightsHold
	k.mu.Unlock()
	if ok {
		return known.sees, nil
	}
	sees, err := s.Sees(ctx, reader)
	if err != nil {
		return "", err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state == state {
		if k.readers == nil || len(k.readers) >= maxReaders {
			k.readers = map[tlp.Clearance]rights{}
		}
		k.readers[who] = rights{sees, reader.At}
	}
	return sees, nil
}

func (k *kept) get(state string, key pageOf) *page {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state != state {
		return nil
	}
	p := k.pages[key]
	if p == nil {
		return nil
	}
	if p.asked++; p.asked == 1 { // it is written for the next ones: in three ways at most
		k.size += p.size()
	}
	return p
}

func (k *kept) put(state string, key pageOf, p *page) {
	size := p.size() + len(key.selects) + overhead
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state != state || size > maxPageKept {
		return
	}
	if k.pages == nil || k.size+size > maxKept {
		k.pages, k.size = map[pageOf]*page{}, 0
	}
	if k.pages[key] == nil {
		p.objects.Written, p.manifest.Written = &taxii.Written{}, &taxii.Written{}
		k.pages[key] = p
		k.size += size
	}
}

// size is how many bytes the objects of a page take, about.
func (p *page) size() int {
	n := 0
	for i := range p.objects.Objects {
		n += len(p.objects.Objects[i].Raw) + overhead
	}
	return n
}
