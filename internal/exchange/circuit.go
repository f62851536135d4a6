package exchange

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/tocsin-project/tocsin/taxii"
)

// A circuit says when a peer is asked again. After a failure that is later each
// time; after several it is open: nothing is asked but whether the peer is there
// at all, until it is.
type circuit struct {
	Failures  int       `json:"failures,omitempty"` // in a row
	OpenUntil time.Time `json:"open_until,omitzero"`
}

// When a circuit opens, and for how long.
const (
	openAfter = 5 // failures in a row
	minOpen   = time.Minute
	maxWait   = time.Hour
)

// open reports whether no more than a probe may be sent.
func (c *circuit) open() bool { return c.Failures >= openAfter }

// succeeded closes the circuit and returns when to ask next.
func (c *circuit) succeeded(interval time.Duration) (wait time.Duration) {
	*c = circuit{}
	return jitter(interval)
}

// failed returns how long to wait after an error. What the server asks for counts
// (RFC 9110, section 10.2.3), and so does the end of a quota.
func (c *circuit) failed(now time.Time, interval time.Duration, err error) (wait time.Duration) {
	var spent *quotaError
	if errors.As(err, &spent) { // the server is well
		c.OpenUntil = spent.until
		return spent.until.Sub(now)
	}
	c.Failures++
	wait = min(interval<<min(c.Failures, 20), maxWait)
	if c.Failures > 20 || wait < interval {
		wait = maxWait
	}
	if c.open() {
		wait = max(wait, min(minOpen<<min(c.Failures-openAfter, 20), maxWait))
	}
	wait = jitter(wait)
	var refusal *taxii.Error
	if errors.As(err, &refusal) {
		wait = max(wait, refusal.RetryAfter)
	}
	c.OpenUntil = now.Add(wait)
	return wait
}

// jitter returns d, up to a fifth more or less, so that nodes that were cut off
// together do not come back together.
func jitter(d time.Duration) time.Duration {
	if d < 5 {
		return d
	}
	return d - d/5 + rand.N(2*d/5)
}
