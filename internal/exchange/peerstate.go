package exchange

import (
	"fmt"
	"time"
)

// A PeerState is how a peer stands: until where it has been read, and whether it
// can be asked.
type PeerState struct {
	Circuit circuit `json:"circuit,omitzero"`

	Pulled map[string]time.Time `json:"pulled,omitempty"` // by collection: the server's date up to which all is here
	Pushed map[string]sent      `json:"pushed,omitempty"` // by collection

	Tried     time.Time `json:"tried,omitzero"`     // when it was asked last
	Succeeded time.Time `json:"succeeded,omitzero"` // and answered well
	Problem   string    `json:"problem,omitempty"`  // else why not

	Day     string `json:"day,omitempty"` // what these are of, in UTC:
	Objects int    `json:"objects,omitempty"`
	Bytes   int64  `json:"bytes,omitempty"`

	Secret []byte `json:"secret,omitempty"` // that identifiers of sightings without a name are made of

	Total Counts `json:"total,omitzero"` // since the peer was added
}

// Counts say what became of objects that were exchanged.
type Counts struct {
	Received  int `json:"received"`  // and not here before
	Conflicts int `json:"conflicts"` // kept aside: another object with the same identifier and version is here
	LeftOut   int `json:"left_out"`  // received and not kept
	Sent      int `json:"sent"`
	Unsent    int `json:"unsent"` // that the peer did not take
}

// Add adds what another counted.
func (c *Counts) Add(d Counts) {
	c.Received += d.Received
	c.Conflicts += d.Conflicts
	c.LeftOut += d.LeftOut
	c.Sent += d.Sent
	c.Unsent += d.Unsent
}

// sent is up to where this node's objects were sent, to a reader that saw so much.
type sent struct {
	Until  time.Time `json:"until"` // by the dates of this node's store
	Reader string    `json:"reader,omitempty"`
}

// A quotaError says that a peer has given all that it may in a day.
type quotaError struct {
	what  string
	until time.Time
}

func (e *quotaError) Error() string {
	return fmt.Sprintf("its quota of %s a day is used up: it goes on at %s, or give it more with tocsin peer add", e.what, e.until.Format("2006-01-02 15:04 MST"))
}

// charge counts what a peer gave at some time.
func (s *PeerState) charge(now time.Time, objects int, bytes int64) {
	if day := now.UTC().Format(time.DateOnly); day != s.Day {
		s.Day, s.Objects, s.Bytes = day, 0, 0
	}
	s.Objects += objects
	s.Bytes += bytes
}

// left returns an error when the peer may give no more at some time.
func (s *PeerState) left(now time.Time, p *Peer) error {
	s.charge(now, 0, 0)
	tomorrow := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	switch {
	case s.Objects >= p.Objects:
		return &quotaError{fmt.Sprintf("%d objects", p.Objects), tomorrow}
	case s.Bytes >= p.Bytes:
		return &quotaError{fmt.Sprintf("%d bytes", p.Bytes), tomorrow}
	}
	return nil
}
