package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// How a collection is read.
const (
	pageSize  = 1000
	askedByID = 100             // objects: their identifiers make a request of some 6 kB
	claimWait = 5 * time.Second // for what another peer is being asked for
)

// A fetch reads one collection of a peer.
type fetch struct {
	*session
	at     place
	out    chan<- parcel
	date   time.Time // of the last record of this fetch
	last   time.Time // the latest date ever seen: of that record, or the cursor
	shared bool      // records share dates, so that what is added later may have the last one too
}

// all reads the collection from the cursor on.
func (f *fetch) all(ctx context.Context) error {
	f.mu.Lock()
	f.last = f.state.Pulled[f.at.address]
	f.mu.Unlock()
	filter := taxii.Filter{AddedAfter: f.last, Limit: pageSize}
	var turns turns
	for {
		if err := f.allowed(); err != nil {
			return err
		}
		m, err := f.link.client.Manifest(ctx, f.at.address, filter, turns.next)
		f.charge(f.link, 0)
		if err != nil {
			if turns.n == 0 && hasNoManifest(err) {
				return f.blind(ctx, filter)
			}
			return err
		}
		before := f.last
		if err := f.follow(m.Objects); err != nil {
			return err
		}
		if err := f.page(ctx, m.Objects, before); err != nil {
			return err
		}
		if err := f.mark(ctx, m.More, before); err != nil || !m.More {
			return err
		}
		if err := turns.turn(m.Next, len(m.Objects), f.last, &filter); err != nil {
			return err
		}
	}
}

// hasNoManifest reports whether a server has objects alone.
func hasNoManifest(err error) bool {
	var refusal *taxii.Error
	if !errors.As(err, &refusal) {
		return false
	}
	switch refusal.Status() {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	}
	return false
}

var errOrder = errors.New("the dates of its manifest go backwards, and they must not (TAXII 2.1, section 3.3): ask its operator; nothing is taken until then, as something would be missed")

// follow goes along the dates of a page, which tell where to go on. Servers that
// write whole seconds or milliseconds add several objects at one date.
func (f *fetch) follow(records []taxii.ManifestRecord) error {
	for _, r := range records {
		at := r.DateAdded.Time
		if at.Before(f.date) {
			return errOrder
		}
		if at.Equal(f.date) || at.Nanosecond()%int(time.Millisecond) == 0 {
			f.shared = true
		}
		if f.date = at; at.After(f.last) {
			f.last = at
		}
	}
	return nil
}

// mark sends the cursor, to come after the objects that it stands for. Where
// others with the last date may follow it stays right before that.
func (f *fetch) mark(ctx context.Context, more bool, before time.Time) error {
	cursor := f.last
	if more || f.shared {
		cursor = cursor.Add(-time.Microsecond)
	}
	if !cursor.After(before) {
		return nil
	}
	return f.send(ctx, parcel{cursor: cursor})
}

func (f *fetch) send(ctx context.Context, p parcel) error {
	select {
	case f.out <- p:
		return nil
	case <-ctx.Done():
		p.done()
		return ctx.Err()
	}
}

// page sees to it that what a page of the manifest lists gets here. What another
// peer is being asked for is waited for.
func (f *fetch) page(ctx context.Context, records []taxii.ManifestRecord, before time.Time) error {
	wanted := make([]version, 0, len(records))
	for _, r := range records {
		if err := r.ID.Valid(); err != nil {
			f.leaveOut(fmt.Errorf("the manifest lists what is no object: %w", err))
			continue
		}
		v := version{r.ID, unknown}
		if at, err := taxii.ParseTimestamp(r.Version); err == nil {
			v.at = at.UnixMicro()
		}
		wanted = append(wanted, v)
	}
	for len(wanted) > 0 {
		// Claimed first, and then looked up: else another could bring it in between.
		mine, others := f.claims.take(f.peer.Name, wanted)
		missing, err := f.missing(ctx, mine.versions)
		if err == nil {
			wanted = without(wanted, mine.versions)
			mine.narrow(missing)
			window := len(missing) == len(records) && records[0].DateAdded.After(before)
			err = f.get(ctx, mine, window, before)
		}
		if err != nil {
			mine.release()
			return err
		}
		if len(others) == 0 {
			return nil
		}
		if err := wait(ctx, others); err != nil {
			return err
		}
	}
	return nil
}

// missing returns those of wanted that are not here, and were not asked for
// before, each once.
func (f *fetch) missing(ctx context.Context, wanted []version) ([]version, error) {
	here, err := f.here(ctx, wanted)
	if err != nil {
		return nil, err
	}
	var list []version
	met := make(map[version]bool, len(wanted))
	for _, v := range wanted {
		if !met[v] && !here.hasVersion(v) && !f.link.asked[v] {
			list = append(list, v)
		}
		met[v] = true
	}
	return list, nil
}

func without(all, some []version) []version {
	gone := make(map[version]bool, len(some))
	for _, v := range some {
		gone[v] = true
	}
	var rest []version
	for _, v := range all {
		if !gone[v] {
			rest = append(rest, v)
		}
	}
	return rest
}

// wait ends when all claims are given up, or it has been long enough.
func wait(ctx context.Context, others []*claim) error {
	enough := time.NewTimer(claimWait)
	defer enough.Stop()
	for i, c := range others {
		select {
		case <-c.done:
		case <-ctx.Done():
			return ctx.Err()
		case <-enough.C:
			for _, c := range others[i:] {
				c.stalled()
			}
			return nil
		}
	}
	return nil
}

// get fetches what is claimed. In a window all that was added after a date is
// wanted; else each object is asked for by its identifier.
func (f *fetch) get(ctx context.Context, mine *claim, window bool, after time.Time) error {
	if len(mine.versions) == 0 {
		mine.release()
		return nil
	}
	var all []*stix.Object
	missing := mine.versions
	if window {
		r, err := f.ask(ctx, taxii.Filter{AddedAfter: after, Limit: len(missing)}, "")
		if err != nil {
			return err
		}
		all = f.read(r.Objects)
		if missing = nil; len(r.Objects) < len(mine.versions) {
			missing = absent(mine.versions, all)
		}
	}
	for len(missing) > 0 {
		part := missing[:min(askedByID, len(missing))]
		missing = missing[len(part):]
		got, err := f.byID(ctx, part)
		if err != nil {
			return err
		}
		all = append(all, got...)
	}
	if lost := absent(mine.versions, all); len(lost) > 0 {
		f.tell(fmt.Errorf("%s: listed, and not given; %d such", lost[0].id, len(lost)))
	}
	f.link.remember(mine.versions)
	return f.send(ctx, parcel{objects: all, claim: mine})
}

// absent returns those of versions whose objects did not come.
func absent(versions []version, came []*stix.Object) (list []version) {
	ids := make(map[stix.ID]bool, len(came))
	for _, o := range came {
		ids[o.ID] = true
	}
	for _, v := range versions {
		if !ids[v.id] {
			list = append(list, v)
		}
	}
	return list
}

// byID asks for the newest versions of objects.
func (f *fetch) byID(ctx context.Context, versions []version) (all []*stix.Object, err error) {
	filter := taxii.Filter{Limit: pageSize}
	for _, v := range versions {
		filter.IDs = append(filter.IDs, v.id)
	}
	var turns turns
	for {
		r, err := f.ask(ctx, filter, turns.next)
		if err != nil {
			return nil, err
		}
		if all = append(all, f.read(r.Objects)...); !r.More {
			return all, nil
		}
		if err := turns.turn(r.Next, len(r.Objects), r.Last, &filter); err != nil {
			return nil, err
		}
	}
}

// ask asks for a page of objects, which the quota is charged with.
func (f *fetch) ask(ctx context.Context, filter taxii.Filter, next string) (taxii.Reply, error) {
	if err := f.allowed(); err != nil {
		return taxii.Reply{}, err
	}
	r, err := f.link.client.Objects(ctx, f.at.address, filter, next)
	f.charge(f.link, len(r.Objects))
	return r, err
}

var errNoDates = errors.New("the server says of no page when its objects were added: everything is asked for again each time; ask its operator")

// blind reads object pages of a server that has no manifest.
func (f *fetch) blind(ctx context.Context, filter taxii.Filter) error {
	var turns turns
	for {
		r, err := f.ask(ctx, filter, turns.next)
		if err != nil {
			return err
		}
		if err := f.send(ctx, parcel{objects: f.read(r.Objects)}); err != nil {
			return err
		}
		before := f.last
		if f.shared = true; r.Last.After(f.last) {
			f.last = r.Last
		}
		if r.Last.IsZero() && len(r.Objects) > 0 {
			f.tell(errNoDates)
		} else if err := f.mark(ctx, r.More, before); err != nil {
			return err
		}
		if !r.More {
			return nil
		}
		if err := turns.turn(r.Next, len(r.Objects), r.Last, &filter); err != nil {
			return err
		}
	}
}
