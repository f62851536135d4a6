package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/taxii"
)

// A Step is one thing that was tried with a peer, what was found, or why it does
// not work.
type Step struct {
	Name, Found string
	Err         error
}

// maxTried is how many objects of a collection are counted.
const maxTried = 5 * pageSize

// Try tries a peer step by step, and tells each. It takes nothing in, and sends
// nothing. It returns the error of the step that ended it.
func (x *Peers) Try(ctx context.Context, name string, tell func(Step)) error {
	p, err := x.book().Peer(ctx, name)
	if err != nil {
		return err
	}
	var found string
	step := func(name string, err error) error {
		tell(Step{name, found, err})
		return err
	}
	u, err := url.Parse(p.Address)
	if err != nil {
		return err
	}
	addresses, err := net.DefaultResolver.LookupHost(ctx, u.Hostname())
	if found = strings.Join(addresses, ", "); err != nil {
		err = fmt.Errorf("%w: check the name in its address, or ask its operator", err)
	}
	if err := step("name", err); err != nil {
		return err
	}
	over, err := x.transport(&p)
	if err != nil {
		return step("certificates", err)
	}
	l := newLink(&p, over, x.waits())
	err = l.connect(ctx, &p)
	if found = "API root " + l.root; err != nil {
		found = ""
		err = advised(err)
	}
	if err := step("server", err); err != nil {
		return err
	}
	for _, at := range l.places {
		if found = may(at); at.read && p.Direction.pulls() {
			var counted string
			if counted, err = l.counted(ctx, at); err == nil {
				found += ", " + counted
			}
		}
		if err := step("collection "+at.name, err); err != nil {
			return err
		}
	}
	found = string(p.Direction)
	return step("use", l.serves(&p))
}

// advised adds what to do about a connection that does not come about.
func advised(err error) error {
	text := err.Error()
	var refusal *taxii.Error
	var unknown *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refusal):
		return err // it says so
	case errors.As(err, &unknown) && len(unknown.UnverifiedCertificates) > 0:
		return fmt.Errorf("%w; its operator can tell whether the SHA-256 of its certificate is %x: if so, add the peer with that as --pin, or with --ca FILE", err, sha256.Sum256(unknown.UnverifiedCertificates[0].Raw))
	case strings.Contains(text, "connection refused"):
		return fmt.Errorf("%w; nothing listens there: check the port, and whether the server runs", err)
	}
	return err
}

func may(at place) string {
	switch {
	case at.read && at.write:
		return "may be read and written to"
	case at.read:
		return "may be read"
	case at.write:
		return "may be written to"
	}
	return "may be neither read nor written to"
}

// counted says how many objects a collection has, and of when.
func (l *link) counted(ctx context.Context, at place) (string, error) {
	filter := taxii.Filter{Limit: pageSize}
	var turns turns
	var first, last time.Time
	n := 0
	for {
		m, err := l.client.Manifest(ctx, at.address, filter, turns.next)
		if hasNoManifest(err) {
			return "no manifest: object pages are read instead", nil
		}
		if err != nil {
			return "", err
		}
		for _, r := range m.Objects {
			if n++; n == 1 {
				first = r.DateAdded.Time
			}
			last = r.DateAdded.Time
		}
		switch {
		case n == 0 && !m.More:
			return "no objects yet", nil
		case !m.More:
			return fmt.Sprintf("%d objects, added from %s to %s", n, first.Format(time.DateOnly), last.Format(time.DateOnly)), nil
		case n >= maxTried:
			return fmt.Sprintf("more than %d objects, the first added on %s", n, first.Format(time.DateOnly)), nil
		}
		if err := turns.turn(m.Next, len(m.Objects), last, &filter); err != nil {
			return "", err
		}
	}
}
