package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tocsin-project/tocsin/taxii"
)

// A link is the way to a peer: what was found out about its server is asked for
// once.
type link struct {
	made   time.Time
	client taxii.Client
	meter  *meter
	root   string // its address
	max    int64  // bytes that may be sent at once
	places []place
	asked  map[version]bool // some of what was asked for before: what was not kept is not asked for over and over
}

// remember keeps what was asked for.
func (l *link) remember(versions []version) {
	if l.asked == nil || len(l.asked) > maxBatch {
		l.asked = make(map[version]bool, len(versions))
	}
	for _, v := range versions {
		l.asked[v] = true
	}
}

// A place is a collection that is read from, written to, or both.
type place struct {
	address     string
	name        string // as people know it
	read, write bool
}

// Limits of one answer of a peer.
const (
	maxAnswer = 64 << 20 // bytes, unpacked
	patience  = 2 * time.Minute
	maxPlaces = 100       // collections that are exchanged without being named
	stale     = time.Hour // what was found out about a server is found out again after
)

// newLink returns a link that has not been used yet.
func newLink(p *Peer, over http.RoundTripper, patience time.Duration) *link {
	m := &meter{RoundTripper: over}
	return &link{made: time.Now(), meter: m, client: taxii.Client{
		HTTP:  &http.Client{Transport: m, Timeout: patience},
		Token: p.Token, User: p.User, Password: p.Password, MaxAnswer: maxAnswer,
	}}
}

// A meter counts the bytes of answers, as they come over the network.
type meter struct {
	http.RoundTripper
	read atomic.Int64
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := m.RoundTripper.RoundTrip(r)
	if err == nil {
		a.Body = &metered{a.Body, m}
	}
	return a, err
}

type metered struct {
	io.ReadCloser
	m *meter
}

func (b *metered) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.m.read.Add(int64(n))
	return n, err
}

// transport is how a peer is reached.
func (x *Peers) transport(p *Peer) (http.RoundTripper, error) {
	if x.over != nil {
		return x.over(p)
	}
	return p.transport(x.Certificate)
}

// connect finds out where a peer has what.
func (l *link) connect(ctx context.Context, p *Peer) error {
	u, err := url.Parse(p.Address)
	if err != nil {
		return err
	}
	wanted := p.Collections
	if before, after, ok := strings.Cut(u.Path, "/collections/"); ok && after != "" {
		id, _, _ := strings.Cut(after, "/")
		l.root = u.ResolveReference(&url.URL{Path: before + "/"}).String()
		wanted = append(slices.Clone(wanted), id)
	} else if l.root, err = l.findRoot(ctx, u); err != nil {
		return err
	}
	api, err := l.client.APIRoot(ctx, l.root)
	if err != nil {
		return err
	}
	if l.max = api.MaxContentLength; l.max <= 0 {
		l.max = 1 << 20 // it does not say, as it must
	}
	all, err := l.client.Collections(ctx, l.root)
	if err != nil {
		return err
	}
	l.places, err = choose(l.root, all, wanted)
	return err
}

var (
	errNoServer = errors.New("neither the discovery nor an API root of TAXII 2.1 is there: ask its operator for the address")
	errNoRoots  = errors.New("the server names no API root: ask its operator for the address of one, and add the peer with that")
)

// findRoot returns the address of the root to be used.
func (l *link) findRoot(ctx context.Context, u *url.URL) (string, error) {
	if strings.Trim(u.Path, "/") != "" {
		if api, err := l.client.APIRoot(ctx, u.String()); err == nil && len(api.Versions) > 0 {
			return u.String(), nil
		}
	}
	d, err := l.client.Discover(ctx, u.String())
	if err != nil {
		return "", err
	}
	if d.Title == "" && d.Default == "" && len(d.APIRoots) == 0 {
		return "", errNoServer
	}
	roots := d.APIRoots
	if d.Default != "" {
		roots = append([]string{d.Default}, roots...)
	}
	for _, r := range roots {
		if at, err := url.Parse(r); err == nil && at.Scheme == u.Scheme && at.Host == u.Host {
			return r, nil
		}
	}
	if len(roots) == 0 {
		return "", errNoRoots
	}
	return "", fmt.Errorf("the server says that its API root is at another address, %.200q: if that is right, add the peer with it; nothing was sent there", roots[0])
}

// choose returns the collections that are wanted; when none are named, the one
// that has everything, if there is one, else all. Collections of a node overlap.
func choose(root string, all []taxii.Collection, wanted []string) (list []place, err error) {
	at := func(c taxii.Collection) place {
		name := c.Alias
		if name == "" {
			name = c.Title
		}
		return place{taxii.CollectionAt(root, c.ID), name, c.CanRead, c.CanWrite}
	}
	if len(wanted) == 0 && len(all) > maxPlaces {
		return nil, fmt.Errorf("it has %d collections: say which are meant with --collection", len(all))
	}
	if len(wanted) == 0 {
		for _, c := range all {
			if c.Alias == "all" && c.CanRead {
				return []place{at(c)}, nil
			}
		}
		written := false
		for _, c := range all {
			if one := at(c); one.read || one.write && !written {
				one.write = one.write && !written // what is sent goes to one
				written = written || one.write
				list = append(list, one)
			}
		}
		if list == nil {
			return nil, errors.New("no collection there may be read or written to: ask its operator what the token is good for")
		}
		return list, nil
	}
	for _, w := range wanted {
		i := slices.IndexFunc(all, func(c taxii.Collection) bool {
			return strings.EqualFold(c.ID, w) || c.Alias == w || c.Title == w
		})
		if i < 0 {
			var names []string
			for _, c := range all {
				names = append(names, at(c).name)
			}
			return nil, fmt.Errorf("there is no collection %q; there are: %.500s", w, strings.Join(names, ", "))
		}
		list = append(list, at(all[i]))
	}
	return list, nil
}

// serves returns an error when nothing there can be used as the peer is to be.
func (l *link) serves(p *Peer) error {
	read, write := false, false
	for _, at := range l.places {
		read, write = read || at.read, write || at.write
	}
	switch {
	case p.Direction.pulls() && !read:
		return errors.New("no collection there may be read: ask its operator what the token is good for, or add the peer with --direction push")
	case (p.Direction.pushes() || p.sendsBack()) && !write:
		return errors.New("no collection there may be written to: ask its operator for a token that may (of a node: --role contributor)")
	}
	return nil
}
