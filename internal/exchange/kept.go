package exchange

import (
	"context"
	"fmt"
	"sync"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/taxii"
)

// kept are the pages that were asked for since the store changed last. Members
// ask for the same ones over and over.
type kept struct {
	mu    sync.Mutex
	state string
	pages map[string]page
	size  int // bytes of the objects, about
}

// A page is a part of a collection.
type page struct {
	records []store.Record
	more    bool
}

// maxKept bounds the pages that are kept, in bytes.
const maxKept = 64 << 20

// overhead is about what an object takes beside its bytes.
const overhead = 1 << 10

// pageKey names a page. Readers of one audience see the same.
func pageKey(reader tlp.Clearance, c taxii.Collection, f taxii.Filter) string {
	return fmt.Sprintf("%d %q %d %d %q %q %q %v", reader.Audience, c.Alias, f.AddedAfter.UnixMicro(), f.Limit, f.IDs, f.Types, f.SpecVersions, f.Versions)
}

// page returns the page that key names, and has it made when it is not kept. It is
// kept when the store has not changed while it was made, and given again as long
// as the store has not changed since.
func (k *kept) page(ctx context.Context, s store.Store, key string, make func() (page, error)) (page, error) {
	state, err := s.State(ctx)
	if err != nil {
		return page{}, err
	}
	if p, ok := k.get(state, key); ok {
		return p, nil
	}
	p, err := make()
	if err != nil {
		return p, err
	}
	if now, err := s.State(ctx); err != nil || now != state {
		return p, err
	}
	k.put(state, key, p)
	return p, nil
}

func (k *kept) get(state, key string) (page, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state != state {
		return page{}, false
	}
	p, ok := k.pages[key]
	return p, ok
}

func (k *kept) put(state, key string, p page) {
	size := len(key) + overhead
	for i := range p.records {
		size += len(p.records[i].Object.Raw()) + overhead
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.pages == nil || k.state != state || k.size+size > maxKept {
		k.state, k.pages, k.size = state, map[string]page{}, 0
	}
	if _, ok := k.pages[key]; !ok && size <= maxKept {
		k.pages[key] = p
		k.size += size
	}
}
