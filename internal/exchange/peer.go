package exchange

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// A Peer is a TAXII 2.1 server of another organisation that this node asks, sends
// to, or both.
type Peer struct {
	Name        string    `json:"name"`
	Org         stix.ID   `json:"org"`                   // whose server it is: it is sent what that one may see
	Address     string    `json:"address"`               // of the server, its discovery, an API root or a collection
	Collections []string  `json:"collections,omitempty"` // identifiers or aliases; none: all that it has
	Direction   Direction `json:"direction"`
	Sightings   Reporting `json:"sightings,omitempty"` // of what the peer made

	Token       string `json:"token,omitempty"` // sent as Bearer, or User and Password as Basic
	User        string `json:"user,omitempty"`
	Password    string `json:"password,omitempty"`
	CA          string `json:"ca,omitempty"`          // certificates in PEM that vouch for it; "": those of this system
	Pin         string `json:"pin,omitempty"`         // SHA-256 of its own certificate, in hex: then nobody has to vouch for it
	Certificate string `json:"certificate,omitempty"` // file, PEM, that this node shows it; "": the node's own
	Key         string `json:"key,omitempty"`         // file, PEM
	Private     bool   `json:"private,omitempty"`     // it stands in a private network, or on this machine

	Interval Interval `json:"interval"` // between two times that it is asked
	Objects  int      `json:"objects"`  // that it may give in a day; 0: none
	Bytes    int64    `json:"bytes"`    // of answers that it may give in a day
}

// A Direction is what a node does with a peer.
type Direction string

// The directions.
const (
	Pull Direction = "pull"
	Push Direction = "push"
	Both Direction = "both"
)

func (d Direction) pulls() bool  { return d == Pull || d == Both }
func (d Direction) pushes() bool { return d == Push || d == Both }

// sendsBack reports whether sightings go to the peer by themselves.
func (p *Peer) sendsBack() bool {
	return p.Sightings == Anonymous || p.Sightings == Named && !p.Direction.pushes()
}

// Reporting is how sightings are sent back to whom they concern: the author of
// what was sighted.
type Reporting string

// The ways of reporting.
const (
	AsAll     Reporting = ""          // as all else
	Named     Reporting = "named"     // also to a peer that is sent nothing else
	Anonymous Reporting = "anonymous" // also so, and without saying who sighted it, and where
)

// An Interval is a time span, written as in 1m30s.
type Interval time.Duration

// MarshalText implements encoding.TextMarshaler.
func (i Interval) MarshalText() ([]byte, error) { return []byte(time.Duration(i).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *Interval) UnmarshalText(b []byte) error {
	d, err := time.ParseDuration(string(b))
	*i = Interval(d)
	return err
}

// minInterval is how often a peer may be asked.
const minInterval = 100 * time.Millisecond

// Check returns an error about what of p cannot be.
func (p *Peer) Check() error {
	u, err := url.Parse(p.Address)
	switch {
	case strings.TrimSpace(p.Name) == "" || len(p.Name) > 200:
		return errors.New("a peer has a name, of at most 200 bytes")
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return fmt.Errorf("%q is no address of a server: write it as https://taxii.example.org/", p.Address)
	case u.User != nil:
		return errors.New("an address holds no user and password: give them apart from it")
	case u.Scheme == "http" && !p.Private && (p.Token != "" || p.Password != ""):
		return errors.New("over http anyone on the way reads the token: use https, or --private in a network of your own")
	case p.Direction != Pull && p.Direction != Push && p.Direction != Both:
		return fmt.Errorf("direction %q: pull, push or both", p.Direction)
	case p.Sightings != AsAll && p.Sightings != Named && p.Sightings != Anonymous:
		return fmt.Errorf("sightings %q: named or anonymous", p.Sightings)
	case p.Token != "" && p.User != "":
		return errors.New("a token, or a user and a password: a server knows one of them")
	case (p.Certificate == "") != (p.Key == ""):
		return errors.New("a certificate and its key are given together")
	case p.Interval < Interval(minInterval):
		return fmt.Errorf("interval %s: at least %s", time.Duration(p.Interval), minInterval)
	case p.Objects < 0 || p.Bytes < 0:
		return errors.New("a quota is 0 or more")
	}
	_, err = p.tls(nil)
	return err
}

// tls says whom the peer must be, and who this node is: by own, unless the peer
// was given another certificate.
func (p *Peer) tls(own *tls.Certificate) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA != "" {
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM([]byte(p.CA)) {
			return nil, errors.New("ca: it holds no certificate in PEM")
		}
	}
	if p.Pin != "" {
		pin, err := hex.DecodeString(strings.ReplaceAll(p.Pin, ":", ""))
		if err != nil || len(pin) != sha256.Size {
			return nil, fmt.Errorf("pin %.100q: it is the SHA-256 of a certificate, 64 hexadecimal digits", p.Pin)
		}
		c.InsecureSkipVerify = true // the one certificate that VerifyConnection takes needs nobody to vouch for it
		c.VerifyConnection = func(s tls.ConnectionState) error {
			if got := sha256.Sum256(s.PeerCertificates[0].Raw); [sha256.Size]byte(pin) != got {
				return fmt.Errorf("the certificate of the server is not the one that was pinned, but %x: ask its operator whether it has a new one", got)
			}
			return nil
		}
	}
	if p.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate and key: %w", err)
		}
		own = &pair
	}
	if own != nil {
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	}
	return c, nil
}

// transport is how the peer is reached.
func (p *Peer) transport(own *tls.Certificate) (http.RoundTripper, error) {
	c, err := p.tls(own)
	if err != nil {
		return nil, err
	}
	t := Transport(p.Private)
	t.TLSClientConfig = c
	return t, nil
}

// Kinds of entries.
const (
	peers  = "peer"
	states = "peer-state"
)

// A Book keeps peers in a store, and how each stands.
type Book struct{ Store store.Store }

// Peers returns all, in order of their names.
func (b Book) Peers(ctx context.Context) ([]Peer, error) {
	entries, err := b.Store.Entries(ctx, peers)
	list := make([]Peer, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &list[i]); err != nil {
			return nil, fmt.Errorf("peer %s: %w", e.ID, err)
		}
	}
	return list, err
}

// Peer returns one by its name.
func (b Book) Peer(ctx context.Context, name string) (p Peer, err error) {
	err = b.get(ctx, peers, name, &p)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("no peer %q here: see tocsin peer list", name)
	}
	return p, err
}

// Put keeps a peer, in place of one of the same name. What was exchanged with that
// stays known.
func (b Book) Put(ctx context.Context, p Peer) error {
	if err := p.Check(); err != nil {
		return err
	}
	return b.put(ctx, peers, p.Name, p)
}

// Remove forgets a peer. What came from it stays.
func (b Book) Remove(ctx context.Context, name string) error {
	if _, err := b.Peer(ctx, name); err != nil {
		return err
	}
	if err := b.Store.DeleteEntry(ctx, states, name); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return b.Store.DeleteEntry(ctx, peers, name)
}

// State returns how a peer stands.
func (b Book) State(ctx context.Context, name string) (s PeerState, err error) {
	if err = b.get(ctx, states, name, &s); errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return s, err
}

// PutState keeps how a peer stands.
func (b Book) PutState(ctx context.Context, name string, s PeerState) error {
	return b.put(ctx, states, name, s)
}

func (b Book) get(ctx context.Context, kind, name string, to any) error {
	e, err := b.Store.Entry(ctx, kind, name)
	if err == nil {
		err = json.Unmarshal(e.Value, to)
	}
	return err
}

func (b Book) put(ctx context.Context, kind, name string, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return b.Store.PutEntry(ctx, store.Entry{Kind: kind, ID: name, Value: value})
}
