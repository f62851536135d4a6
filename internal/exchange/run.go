package exchange

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/store"
)

// noticing is how often the node looks which peers it has: those that are added
// or changed at another terminal are taken up.
const noticing = 2 * time.Second

// Run exchanges with all peers, each at its own pace, until ctx is done.
func (x *Peers) Run(ctx context.Context) {
	type running struct {
		entry []byte
		stop  context.CancelFunc
		ended chan struct{}
	}
	all := map[string]*running{}
	var under sync.WaitGroup
	defer under.Wait()
	tick := time.NewTicker(noticing)
	defer tick.Stop()
	for {
		entries, err := x.Backend.Store.Entries(ctx, peers)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			x.Log.Error("peers", "error", err)
		default:
			found := map[string]store.Entry{}
			for _, e := range entries {
				found[e.ID] = e
			}
			for name, r := range all {
				if e, ok := found[name]; !ok || !bytes.Equal(e.Value, r.entry) {
					r.stop()
					<-r.ended
					delete(all, name)
				}
			}
			for name, e := range found {
				if all[name] != nil {
					continue
				}
				one, stop := context.WithCancel(ctx)
				r := &running{e.Value, stop, make(chan struct{})}
				all[name] = r
				under.Go(func() {
					defer close(r.ended)
					defer stop()
					x.attend(one, e)
				})
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// attend exchanges with one peer until ctx is done.
func (x *Peers) attend(ctx context.Context, e store.Entry) {
	var p Peer
	if err := json.Unmarshal(e.Value, &p); err != nil {
		x.Log.Error("peer", "name", e.ID, "error", err)
		return
	}
	var l *link
	for {
		state, err := x.book().State(ctx, p.Name)
		if err != nil {
			x.Log.Error("peer", "name", p.Name, "error", err)
			if !sleep(ctx, jitter(time.Duration(p.Interval))) {
				return
			}
			continue
		}
		// A node that starts again minds what it knew when it ended.
		if !sleep(ctx, time.Until(state.Circuit.OpenUntil)) {
			return
		}
		before := state.Circuit.Failures
		var report Report
		report, l, err = x.once(ctx, &p, &state, l)
		if ctx.Err() != nil {
			return
		}
		x.log(&p, report, before, err)
		if err == nil && !sleep(ctx, jitter(time.Duration(p.Interval))) {
			return
		}
		if err != nil && !sleep(ctx, max(time.Until(state.Circuit.OpenUntil), minInterval)) {
			return
		}
	}
}

// log tells of what changed: an exchange in which there was nothing is not told
// of, nor the tenth failure of the same kind.
func (x *Peers) log(p *Peer, r Report, before int, err error) {
	var spent *quotaError
	switch {
	case errors.As(err, &spent):
		x.Log.Warn("peer paused", "name", p.Name, "reason", err)
	case err != nil && before < openAfter:
		x.Log.Warn("peer failed", "name", p.Name, "error", err)
	case err == nil && before > 0:
		x.Log.Info("peer is well again", "name", p.Name)
	}
	if r.Counts != (Counts{}) {
		x.Log.Info("peer", "name", p.Name, "received", r.Received, "conflicts", r.Conflicts, "left_out", r.LeftOut, "sent", r.Sent, "unsent", r.Unsent)
	}
	for _, text := range r.Problems {
		x.Log.Warn("peer", "name", p.Name, "problem", text)
	}
}

// sleep waits, and reports whether ctx is still to be served.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
