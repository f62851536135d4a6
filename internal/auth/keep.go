package auth

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// Kinds of entries.
const (
	orgs   = "organisation"
	tokens = "token"
)

// A Register keeps organisations and tokens in a store.
type Register struct{ Store store.Store }

// Orgs returns all organisations, in order of their identifiers.
func (r Register) Orgs(ctx context.Context) ([]Org, error) { return list[Org](ctx, r, orgs) }

// Tokens returns all tokens, in order of their identifiers.
func (r Register) Tokens(ctx context.Context) ([]Token, error) { return list[Token](ctx, r, tokens) }

func list[T any](ctx context.Context, r Register, kind string) ([]T, error) {
	entries, err := r.Store.Entries(ctx, kind)
	all := make([]T, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &all[i]); err != nil {
			return nil, fmt.Errorf("%s %s: %w", kind, e.ID, err)
		}
	}
	return all, err
}

// PutOrg keeps an organisation.
func (r Register) PutOrg(ctx context.Context, o Org) error { return put(ctx, r, orgs, string(o.ID), o) }

// PutToken keeps a token.
func (r Register) PutToken(ctx context.Context, t Token) error { return put(ctx, r, tokens, t.ID, t) }

func put(ctx context.Context, r Register, kind, id string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return r.Store.PutEntry(ctx, store.Entry{Kind: kind, ID: id, Value: b})
}

// Org returns an organisation by its identifier or its name.
func (r Register) Org(ctx context.Context, name string) (Org, error) {
	all, err := r.Orgs(ctx)
	if err != nil {
		return Org{}, err
	}
	for _, o := range all {
		if string(o.ID) == name || strings.EqualFold(o.Name, name) {
			return o, nil
		}
	}
	return Org{}, fmt.Errorf("no organisation %q here: see tocsin org list", name)
}

// Token returns a token by its identifier.
func (r Register) Token(ctx context.Context, id string) (t Token, err error) {
	e, err := r.Store.Entry(ctx, tokens, id)
	if err == nil {
		err = json.Unmarshal(e.Value, &t)
	}
	return t, err
}

// orgOf returns the organisation of a token.
func (r Register) orgOf(ctx context.Context, t Token) (o Org, err error) {
	e, err := r.Store.Entry(ctx, orgs, string(t.Org))
	if err == nil {
		err = json.Unmarshal(e.Value, &o)
	}
	return o, err
}

// Own returns the node's own organisation, and makes it, with a name, when there
// is none yet.
func (r Register) Own(ctx context.Context, name string) (Org, error) {
	all, err := r.Orgs(ctx)
	if err != nil {
		return Org{}, err
	}
	for _, o := range all {
		if o.Standing == Own {
			return o, nil
		}
	}
	o := Org{ID: stix.NewID("identity"), Name: name, Standing: Own}
	return o, r.PutOrg(ctx, o)
}
