package exchange

import (
	"context"
	"log/slog"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// ended are the entries that name embargoes whose end was seen to: the identifiers
// of the marking definitions that set them.
const ended = "embargo"

// embargoEvery is how often it is looked whether an embargo has ended.
const embargoEvery = time.Second

// Embargoes gives what was under an embargo a new date when that ends, until ctx
// is done: those who page by dates find it behind what they have read.
func (b *Backend) Embargoes(ctx context.Context, log *slog.Logger) {
	ticks := time.NewTicker(embargoEvery)
	defer ticks.Stop()
	var e embargoes
	for {
		if err := e.end(ctx, b.Store, time.Now()); err != nil && ctx.Err() == nil {
			log.Error("embargoes", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

// embargoes are those that have not ended, as of a state of the store.
type embargoes struct {
	state string
	ends  map[stix.ID]time.Time
}

// end sees to those that have ended by now. To do so twice does no harm.
func (e *embargoes) end(ctx context.Context, s store.Store, now time.Time) error {
	if err := e.read(ctx, s); err != nil {
		return err
	}
	var over []stix.ID
	for id, at := range e.ends {
		if !now.Before(at) {
			over = append(over, id)
		}
	}
	if len(over) == 0 {
		return nil
	}
	if err := s.Reopen(ctx, over); err != nil {
		return err
	}
	for _, id := range over {
		if err := s.PutEntry(ctx, store.Entry{Kind: ended, ID: string(id), Value: []byte("{}")}); err != nil {
			return err
		}
		delete(e.ends, id)
	}
	return nil
}

// read reads the marking definitions again when they have changed.
func (e *embargoes) read(ctx context.Context, s store.Store) error {
	state, err := s.State(ctx, "marking-definition")
	if err != nil || e.ends != nil && state == e.state {
		return err
	}
	ends := map[stix.ID]time.Time{}
	err = s.Each(ctx, tlp.Local(), store.Query{Types: []string{"marking-definition"}}, func(r store.Record) error {
		if t := tlp.TermsOf(r.Object); !t.NotBefore.IsZero() {
			ends[r.Object.ID] = t.NotBefore
		}
		return nil
	})
	if err != nil {
		return err
	}
	seen, err := s.Entries(ctx, ended)
	if err != nil {
		return err
	}
	for _, entry := range seen {
		delete(ends, stix.ID(entry.ID))
	}
	e.state, e.ends = state, ends
	return nil
}
