package node

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// A quota is what one organisation, or one address of those without a token, may
// ask: requests in a second, and at a time.
type quota struct {
	*rate.Limiter
	under atomic.Int32 // way
	posts atomic.Int32 // of these, that send
}

// take takes n requests from q, or says when there will be as many.
func (q *quota) take(n int, at time.Time) (wait time.Duration) {
	r := q.ReserveN(at, min(n, q.Burst()))
	if wait = r.DelayFrom(at); wait > 0 {
		r.CancelAt(at)
	}
	return wait
}

// charge takes n requests from q, of what it will have later if need be.
func (q *quota) charge(n int, at time.Time) { q.ReserveN(at, min(n, q.Burst())) }

// quotas are those of all who ask, of one kind. Those who have not asked for the
// longest are forgotten: there are at most twice as many as most.
type quotas[K comparable] struct {
	rate  rate.Limit
	burst int
	most  int

	mu           sync.Mutex
	newer, older map[K]*quota
}

func newQuotas[K comparable](perSecond float64, most int) *quotas[K] {
	limit := rate.Limit(perSecond)
	if perSecond == 0 {
		limit = rate.Inf
	}
	return &quotas[K]{rate: limit, burst: max(1, int(10*perSecond)), most: most, newer: map[K]*quota{}}
}

func (s *quotas[K]) of(who K) *quota {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.newer[who]
	if q != nil {
		return q
	}
	if q = s.older[who]; q == nil {
		q = &quota{Limiter: rate.NewLimiter(s.rate, s.burst)}
	}
	if len(s.newer) >= s.most {
		s.newer, s.older = map[K]*quota{}, s.newer
	}
	s.newer[who] = q
	return q
}

// neighbours is the network of an address that counts as one: who has one
// address of IPv6 has a network of 64 bits.
func neighbours(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap(); a.Is6() {
		bits = 64
	}
	p, _ := a.WithZone("").Prefix(bits) // of an address that is none it is none
	return p
}
