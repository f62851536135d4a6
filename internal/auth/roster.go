package auth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-project/tocsin/internal/store"
)

// A Roster knows who asks without asking the store each time: what it has read
// of a token holds for Fresh. A token that is revoked is of no use from then on.
type Roster struct {
	Register Register

	mu      sync.RWMutex
	members map[string]*member // by the identifiers of tokens that there are
}

// Fresh is how long a Roster takes what it has read to be so.
const Fresh = time.Second

// A member is a token with its organisation, as of a time.
type member struct {
	token Token
	org   Org
	read  atomic.Int64 // Unix, nanoseconds
}

// Knows reports whether a token has been read before: to ask about it costs
// little, whatever the secret.
func (r *Roster) Knows(text string) bool {
	id, _, ok := SplitToken(text)
	r.mu.RLock()
	defer r.mu.RUnlock()
	return ok && r.members[id] != nil
}

// Bearer returns who asks with the text of a token, ErrToken when it is not good.
func (r *Roster) Bearer(ctx context.Context, text string, at time.Time) (Subject, error) {
	id, secret, ok := SplitToken(text)
	if !ok {
		return Subject{}, ErrToken
	}
	m, err := r.member(ctx, id, at)
	if err != nil {
		return Subject{}, err
	}
	if err := m.token.Check(secret, at); err != nil {
		return Subject{}, err
	}
	return m.token.Of(m.org), nil
}

// member returns that of a token. One that is due is read anew by one of those
// who ask; the others need not wait for it, unless it is long due.
func (r *Roster) member(ctx context.Context, id string, at time.Time) (*member, error) {
	r.mu.RLock()
	m := r.members[id]
	r.mu.RUnlock()
	if m != nil {
		read := m.read.Load()
		age := at.Sub(time.Unix(0, read))
		if age < Fresh || age < 2*Fresh && !m.read.CompareAndSwap(read, at.UnixNano()) {
			return m, nil
		}
	}
	t, o, err := r.Register.token(ctx, id)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		if errors.Is(err, ErrToken) {
			delete(r.members, id)
		}
		return nil, err
	}
	if r.members == nil {
		r.members = map[string]*member{}
	}
	m = &member{token: t, org: o}
	m.read.Store(at.UnixNano())
	r.members[id] = m
	return m, nil
}

// token reads a token and its organisation, ErrToken when one is not here.
func (r Register) token(ctx context.Context, id string) (t Token, o Org, err error) {
	if t, err = r.Token(ctx, id); err == nil {
		o, err = r.orgOf(ctx, t)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = ErrToken
	}
	return t, o, err
}
