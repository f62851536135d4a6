package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// How a post that the server takes its time for is asked after.
const (
	firstAsking = time.Second // and twice as long each time
	askings     = 5
)

// envelope is what stands around objects that are sent, in bytes.
const envelope = len(`{"objects":[]}`)

// everything is the collection that has all a reader may see.
var everything = taxii.Collection{Alias: "all"}

// push sends a collection what the organisation of the peer may see, as it would
// if it asked, in order of date. What came from it is not sent back, and where it
// shows what it has, that is not sent either.
func (s *session) push(ctx context.Context, at place) error {
	return s.send(ctx, at, at.address, func(since time.Time) (listing, error) {
		return s.visible(ctx, taxii.Filter{AddedAfter: since, Limit: pageSize})
	}, func(r *store.Record) (*stix.Object, error) {
		if r.Source == s.org.Name || s.peer.Sightings == Anonymous && s.tells(r) {
			return nil, nil
		}
		return r.Object, nil
	})
}

// visible is what the peer would be given if it asked.
func (s *session) visible(ctx context.Context, f taxii.Filter) (listing, error) {
	return s.Backend.read(ctx, s.Backend.clearance(auth.Subject{Org: s.org, Role: auth.Reader}), everything, f)
}

// send sends what pages have, and keeps under a key up to where. made returns what
// is sent of a record, nil for nothing.
func (s *session) send(ctx context.Context, at place, key string, pages func(since time.Time) (listing, error), made func(*store.Record) (*stix.Object, error)) error {
	s.mu.Lock()
	done := s.state.Pushed[key]
	s.mu.Unlock()
	reader := fmt.Sprintf("%s %d", s.org.Standing, s.Backend.Unmarked)
	if done.Reader != reader { // it may see what it did not, of any date
		done = sent{Reader: reader}
	}
	for {
		p, err := pages(done.Until)
		if err != nil || len(p.records) == 0 {
			return err
		}
		var objects []*stix.Object
		for i := range p.records {
			o, err := made(&p.records[i])
			if err != nil {
				return err
			}
			if o != nil {
				objects = append(objects, o)
			}
		}
		if objects, err = s.lacking(ctx, at, objects); err != nil {
			return err
		}
		if err := s.post(ctx, at, objects); err != nil {
			return err
		}
		done.Until = p.records[len(p.records)-1].Added
		s.mu.Lock()
		if s.state.Pushed == nil {
			s.state.Pushed = map[string]sent{}
		}
		s.state.Pushed[key] = done
		s.mu.Unlock()
		if err := s.save(ctx); err != nil || !p.more {
			return err
		}
	}
}

// lacking returns those of objects that a collection does not have, as far as it
// tells.
func (s *session) lacking(ctx context.Context, at place, objects []*stix.Object) ([]*stix.Object, error) {
	if !at.read {
		return objects, nil
	}
	has := map[stix.ID]time.Time{}
	for rest := objects; len(rest) > 0; {
		part := rest[:min(askedByID, len(rest))]
		rest = rest[len(part):]
		filter := taxii.Filter{Limit: pageSize}
		for _, o := range part {
			filter.IDs = append(filter.IDs, o.ID)
		}
		var turns turns
		for {
			m, err := s.link.client.Manifest(ctx, at.address, filter, turns.next)
			if hasNoManifest(err) {
				return objects, nil
			}
			if err != nil {
				return nil, err
			}
			last := filter.AddedAfter
			for _, r := range m.Objects {
				v, _ := taxii.ParseTimestamp(r.Version) // of some servers it is no date
				has[r.ID], last = v, r.DateAdded.Time
			}
			if !m.More {
				break
			}
			if err := turns.turn(m.Next, len(m.Objects), last, &filter); err != nil {
				return nil, err
			}
		}
	}
	var list []*stix.Object
	for _, o := range objects {
		if v, ok := has[o.ID]; !ok || v.Before(o.Modified.Time) {
			list = append(list, o)
		}
	}
	return list, nil
}

// post sends objects in as few requests as the server takes.
func (s *session) post(ctx context.Context, at place, objects []*stix.Object) error {
	for len(objects) > 0 {
		size, n := int64(envelope), 0
		for n < len(objects) && n < pageSize && size+int64(len(objects[n].Raw()))+1 <= s.link.max {
			size += int64(len(objects[n].Raw())) + 1
			n++
		}
		if n == 0 {
			s.unsent(1, fmt.Errorf("%s: it has %d bytes, and the peer takes requests of %d at most", objects[0].ID, len(objects[0].Raw()), s.link.max))
			objects = objects[1:]
			continue
		}
		if err := s.postOnce(ctx, at, objects[:n]); err != nil {
			return err
		}
		objects = objects[n:]
	}
	return nil
}

// postOnce sends objects, in halves when they are too much for the server after
// all.
func (s *session) postOnce(ctx context.Context, at place, objects []*stix.Object) error {
	status, err := s.link.client.Add(ctx, at.address, objects)
	var refusal *taxii.Error
	if errors.As(err, &refusal) && refusal.Status() == http.StatusRequestEntityTooLarge {
		if half := len(objects) / 2; half > 0 {
			if err := s.postOnce(ctx, at, objects[:half]); err != nil {
				return err
			}
			return s.postOnce(ctx, at, objects[half:])
		}
		s.unsent(1, fmt.Errorf("%s: %w", objects[0].ID, err))
		return nil
	}
	if err == nil {
		status, err = s.settled(ctx, status)
	}
	if err != nil {
		return err
	}
	failed := min(max(status.FailureCount, len(status.Failures), 0), len(objects))
	s.count(Counts{Sent: len(objects) - failed})
	if failed > 0 {
		why := errors.New("it does not say why")
		if len(status.Failures) > 0 {
			why = fmt.Errorf("%.100s: %.300s", status.Failures[0].ID, status.Failures[0].Message)
		}
		s.unsent(failed, fmt.Errorf("not taken: %w", why))
	}
	return nil
}

// settled asks what became of a post until the server knows. When it takes too
// long the post counts as taken: the server has it.
func (s *session) settled(ctx context.Context, status taxii.Status) (taxii.Status, error) {
	for wait := firstAsking; status.Status == taxii.Pending && wait < firstAsking<<askings; wait *= 2 {
		if !sleep(ctx, wait) {
			return status, ctx.Err()
		}
		later, err := s.link.client.Status(ctx, s.link.root, status.ID)
		if err != nil {
			return status, fmt.Errorf("what became of what was sent: %w", err)
		}
		status = later
	}
	return status, nil
}

// unsent counts objects that the peer did not take.
func (s *session) unsent(n int, why error) {
	s.count(Counts{Unsent: n})
	s.tell(why)
}
