// Package auth knows who asks: organisations, the members that belong to them,
// and the tokens and certificates that they show.
//
// It decides nothing about objects: what a member may see follows from how near
// its organisation stands, and is for package tlp to say.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// A Standing is how near an organisation stands to the node's own (TLP 2.0).
type Standing string

// The standings.
const (
	Own     Standing = "own"     // it is the node's own organisation
	Client  Standing = "client"  // the node's organisation serves it
	Partner Standing = "partner" // a member of a community that the node is in
	Guest   Standing = "guest"   // anyone else
)

// An Org is an organisation that the node knows.
type Org struct {
	ID       stix.ID  `json:"id"` // of its identity object
	Name     string   `json:"name"`
	Standing Standing `json:"standing"`
	// Limit is the strictest colour that it is given, however near it stands;
	// stix.TLPNone: as it stands. PAP is the strictest that it keeps to.
	Limit stix.TLP `json:"limit,omitzero"`
	PAP   stix.TLP `json:"pap,omitzero"`
}

// A Role is what a token may be used for.
type Role string

// The roles. Each may do what those before it may.
const (
	Reader      Role = "reader"
	Contributor Role = "contributor" // and send objects
	Releaser    Role = "releaser"    // and withdraw objects
	Admin       Role = "admin"       // and look after the node: of its own organisation alone
)

var roles = []Role{Reader, Contributor, Releaser, Admin}

// Suits returns an error when members of an organisation cannot have the role.
func (r Role) Suits(o Org) error {
	switch {
	case !slices.Contains(roles, r):
		return fmt.Errorf("there is no role %q: reader, contributor, releaser or admin", r)
	case r == Admin && o.Standing != Own:
		return fmt.Errorf("only this node's own organisation has admins, and %s is another", o.Name)
	}
	return nil
}

// May reports whether r includes what other may do.
func (r Role) May(other Role) bool {
	return slices.Contains(roles, r) && slices.Contains(roles, other) && slices.Index(roles, r) >= slices.Index(roles, other)
}

// A Token lets its bearer ask in the name of an organisation. The node keeps a
// hash of its secret alone.
type Token struct {
	ID          string    `json:"id"`
	Org         stix.ID   `json:"org"`
	Role        Role      `json:"role"`
	Collections []string  `json:"collections,omitempty"` // that it is good for; none: all
	Note        string    `json:"note,omitempty"`
	Hash        []byte    `json:"hash"` // SHA-256 of the secret, which has 160 random bits
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires,omitzero"`
	Revoked     bool      `json:"revoked,omitempty"`
}

// Errors of tokens. Who asks is told no more than that the token is not good.
var (
	ErrToken   = errors.New("this token is not good here")
	errExpired = errors.New("it has expired")
	errRevoked = errors.New("it has been revoked")
)

var base = base32.StdEncoding.WithPadding(base32.NoPadding)

// prefix makes tokens known to those who search for secrets that got out.
const prefix = "tocsin_"

// NewToken makes a token and returns it with the text that is shown once.
func NewToken(t Token) (Token, string) {
	var id [5]byte
	var secret [20]byte
	rand.Read(id[:])
	rand.Read(secret[:])
	t.ID = strings.ToLower(base.EncodeToString(id[:]))
	text := strings.ToLower(base.EncodeToString(secret[:]))
	t.Hash = hash(text)
	return t, prefix + t.ID + "_" + text
}

func hash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// SplitToken returns the identifier and the secret in the text of a token.
func SplitToken(text string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) > 200 {
		return "", "", false
	}
	id, secret, ok = strings.Cut(rest, "_")
	return id, secret, ok && id != "" && secret != ""
}

// Check returns an error unless secret is that of t, and t is good at a time.
func (t *Token) Check(secret string, at time.Time) error {
	if subtle.ConstantTimeCompare(hash(secret), t.Hash) != 1 {
		return ErrToken
	}
	switch {
	case t.Revoked:
		return fmt.Errorf("%w: %w", ErrToken, errRevoked)
	case !t.Expires.IsZero() && !at.Before(t.Expires):
		return fmt.Errorf("%w: %w", ErrToken, errExpired)
	}
	return nil
}

// Covers reports whether t is good for a collection.
func (t *Token) Covers(collection string) bool {
	return len(t.Collections) == 0 || slices.Contains(t.Collections, collection)
}
