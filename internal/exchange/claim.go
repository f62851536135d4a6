package exchange

import (
	"sync"

	"github.com/tocsin-project/tocsin/stix"
)

// A version names one version of an object: by when it was modified, in
// microseconds; 0 for objects that have no versions.
type version struct {
	id stix.ID
	at int64
}

// unknown is the version that a server states as no date.
const unknown = -1

// Claims say who fetches what, so that of two peers that have the same one is
// asked for it.
type claims struct {
	mu   sync.Mutex
	held map[version]*claim
	slow map[string]bool // peers that had others wait for too long: their claims count for nothing
}

// A claim is on the versions that a peer is being asked for.
type claim struct {
	of       *claims
	peer     string
	versions []version
	done     chan struct{} // closed when they are here, or will not be
	once     sync.Once
}

// take claims those of wanted that nobody else has. others are the claims on the
// rest.
func (c *claims) take(peer string, wanted []version) (mine *claim, others []*claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held, c.slow = map[version]*claim{}, map[string]bool{}
	}
	mine = &claim{of: c, peer: peer, done: make(chan struct{})}
	met := map[*claim]bool{}
	for _, v := range wanted {
		other := c.held[v]
		if other == mine {
			continue // it is wanted twice
		}
		if other != nil && (other.peer == peer || !c.slow[other.peer]) {
			if !met[other] {
				met[other], others = true, append(others, other)
			}
			continue
		}
		c.held[v], mine.versions = mine, append(mine.versions, v)
	}
	return mine, others
}

// narrow gives up all of a claim but some.
func (m *claim) narrow(to []version) {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	kept := make(map[version]bool, len(to))
	for _, v := range to {
		kept[v] = true
	}
	for _, v := range m.versions {
		if !kept[v] && m.of.held[v] == m {
			delete(m.of.held, v)
		}
	}
	m.versions = to
}

// release gives a claim up. It may be called again.
func (m *claim) release() {
	m.once.Do(func() {
		m.of.mu.Lock()
		defer m.of.mu.Unlock()
		for _, v := range m.versions {
			if m.of.held[v] == m {
				delete(m.of.held, v)
			}
		}
		delete(m.of.slow, m.peer)
		close(m.done)
	})
}

// stalled says that who has a claim keeps others waiting.
func (m *claim) stalled() {
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	select {
	case <-m.done:
	default:
		m.of.slow[m.peer] = true
	}
}
