package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
)

// Peers pulls from and pushes to the peers of a node.
type Peers struct {
	Backend     *Backend
	Log         *slog.Logger
	Certificate *tls.Certificate // that the node shows to peers; nil: none

	claims claims
	gate   sync.Mutex // held while objects are looked up and imported

	over     func(*Peer) (http.RoundTripper, error) // in place of the network
	patience time.Duration                          // with one request; 0: patience
}

func (x *Peers) book() Book { return Book{x.Backend.Store} }

// A Report says what came of an exchange with a peer.
type Report struct {
	Counts
	Problems []string // some of what was left out or not taken, and why
	Bytes    int64    // of answers
}

// maxProblems is how many problems are told.
const maxProblems = 10

// A session is one exchange with a peer.
type session struct {
	*Peers
	peer    *Peer
	org     auth.Org // whose it is
	link    *link
	started time.Time

	mu     sync.Mutex
	state  *PeerState
	report Report
}

// Sync asks a peer for what is new, and sends it what it may see, once. How it
// went is kept. again asks for everything again, as one may after an error of the
// peer.
func (x *Peers) Sync(ctx context.Context, name string, again bool) (Report, error) {
	p, err := x.book().Peer(ctx, name)
	if err != nil {
		return Report{}, err
	}
	state, err := x.book().State(ctx, name)
	if err != nil {
		return Report{}, err
	}
	if again {
		state.Pulled, state.Pushed = nil, nil
	}
	report, _, err := x.once(ctx, &p, &state, nil)
	return report, err
}

// once runs one exchange over a link, nil to make one, and keeps how it went. It
// returns the link, to be used again, unless there was an error.
func (x *Peers) once(ctx context.Context, p *Peer, state *PeerState, l *link) (Report, *link, error) {
	s := &session{Peers: x, peer: p, link: l, state: state, started: time.Now()}
	err := s.run(ctx)
	if ctx.Err() != nil && err != nil {
		return s.report, nil, ctx.Err() // it was broken off: that says nothing of the peer
	}
	var slow net.Error
	if errors.As(err, &slow) && slow.Timeout() {
		err = fmt.Errorf("%w: a request may take %s; ask its operator why it takes longer", err, x.waits())
	}
	state.Tried, state.Problem = s.started.UTC(), ""
	if err == nil {
		state.Succeeded = state.Tried
		state.Circuit.succeeded(time.Duration(p.Interval))
	} else {
		state.Problem = err.Error()
		state.Circuit.failed(time.Now().UTC(), time.Duration(p.Interval), err)
		s.link = nil
	}
	return s.report, s.link, errors.Join(err, s.save(ctx))
}

// run does all that is to be done with the peer. What fails in one collection
// does not hold up others.
func (s *session) run(ctx context.Context) error {
	var err error
	if s.org, err = (auth.Register{Store: s.Backend.Store}).Org(ctx, string(s.peer.Org)); err != nil {
		return fmt.Errorf("%w; whose peer is %s?", err, s.peer.Name)
	}
	if s.link == nil || time.Since(s.link.made) > stale {
		over, err := s.transport(s.peer)
		if err != nil {
			return err
		}
		l := newLink(s.peer, over, s.waits())
		if err := l.connect(ctx, s.peer); err != nil {
			s.charge(l, 0)
			return err
		}
		s.link = l
	}
	defer s.charge(s.link, 0)
	if err := s.link.serves(s.peer); err != nil {
		return err
	}
	var errs []error
	for _, at := range s.link.places {
		if s.peer.Direction.pulls() && at.read {
			if err := s.pull(ctx, at); err != nil {
				errs = append(errs, fmt.Errorf("collection %s: %w", at.name, err))
			}
		}
		if s.peer.Direction.pushes() && at.write {
			if err := s.push(ctx, at); err != nil {
				errs = append(errs, fmt.Errorf("to collection %s: %w", at.name, err))
			}
		}
		if s.peer.sendsBack() && at.write {
			if err := s.sendBack(ctx, at); err != nil {
				errs = append(errs, fmt.Errorf("sightings to collection %s: %w", at.name, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (x *Peers) waits() time.Duration {
	if x.patience > 0 {
		return x.patience
	}
	return patience
}

// charge counts objects and the bytes that came since the last time.
func (s *session) charge(l *link, objects int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := l.meter.read.Swap(0)
	s.report.Bytes += n
	s.state.charge(time.Now(), objects, n)
}

// allowed returns an error when the peer has given all that it may.
func (s *session) allowed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.left(time.Now(), s.peer)
}

func (s *session) count(c Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Add(c)
	s.state.Total.Add(c)
}

// leaveOut counts an object that is not kept.
func (s *session) leaveOut(err error) {
	s.count(Counts{LeftOut: 1})
	s.tell(err)
}

func (s *session) tell(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.report.Problems) < maxProblems {
		s.report.Problems = append(s.report.Problems, fmt.Sprintf("%.500s", err.Error()))
	}
}

// save keeps how the peer stands.
func (s *session) save(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.book().PutState(ctx, s.peer.Name, *s.state)
}
