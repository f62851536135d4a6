package exchange

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// sendBack sends a collection of a peer the sightings that were made here of what
// the peer made, as its Reporting says. With Anonymous a peer that is sent
// everything gets all sightings so.
func (s *session) sendBack(ctx context.Context, at place) error {
	reader := s.Backend.clearance(auth.Subject{Org: s.org, Role: auth.Reader})
	key := at.address + " sightings " + string(s.peer.Sightings)
	return s.send(ctx, at, key, func(since time.Time) (listing, error) {
		if s.peer.Sightings == Named {
			return s.visible(ctx, taxii.Filter{AddedAfter: since, Limit: pageSize, Types: []string{"sighting"}})
		}
		list, err := s.Backend.Store.List(ctx, reader, store.Query{Types: []string{"sighting"}, Since: since, Limit: pageSize})
		return listing{list, len(list) == pageSize}, err
	}, func(r *store.Record) (*stix.Object, error) {
		if ours, err := s.ours(ctx, r); err != nil || !ours {
			return nil, err
		}
		sighting, err := stix.As[stix.Sighting](r.Object)
		if err != nil {
			return nil, nil // it breaks a MUST; a store may hold such
		}
		if concerned, err := s.concerned(ctx, sighting.SightingOfRef); err != nil || !concerned {
			return nil, err
		}
		if s.peer.Sightings == Named {
			return r.Object, nil
		}
		return s.unnamed(ctx, sighting)
	})
}

// ours reports whether a record is of what this organisation says itself.
func (s *session) ours(ctx context.Context, r *store.Record) (bool, error) {
	if by := r.Object.CreatedByRef; by != "" {
		return by == s.Backend.Own.ID, nil
	}
	all, err := (auth.Register{Store: s.Backend.Store}).Orgs(ctx)
	for _, o := range all {
		if o.Name == r.Source && o.Standing != auth.Own {
			return false, err
		}
	}
	return true, err
}

// tells reports whether a record of this organisation would tell a peer that is
// not to know who makes sightings that this one does.
func (s *session) tells(r *store.Record) bool {
	o := r.Object
	if by := o.CreatedByRef; by != "" && by != s.Backend.Own.ID {
		return false
	}
	if t := o.Type; t == "sighting" || t == "observed-data" {
		return true
	}
	told := false
	o.Refs(func(_ string, id stix.ID) bool {
		told = id.Type() == "sighting" || id.Type() == "observed-data"
		return !told
	})
	return told
}

// concerned reports whether the peer is told of a sighting of an object: it may
// see that, and made it, unless it is sent everything.
func (s *session) concerned(ctx context.Context, of stix.ID) (bool, error) {
	r, err := s.Backend.Store.Get(ctx, tlp.Local(), of)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || r.Object.CreatedByRef != s.peer.Org && !s.peer.Direction.pushes() {
		return false, err
	}
	p, err := s.visible(ctx, taxii.Filter{IDs: []stix.ID{of}, Limit: 1})
	return len(p.records) > 0, err
}

// unnamed returns a sighting that does not say who made it, nor where. It has an
// identifier of its own, always the same one, which nobody can lead back to that
// of the sighting.
func (s *session) unnamed(ctx context.Context, of *stix.Sighting) (*stix.Object, error) {
	if len(of.GranularMarkings) > 0 || slices.ContainsFunc(of.ObjectMarkingRefs, func(id stix.ID) bool { return stix.TLPOf(id) == stix.TLPNone }) {
		s.tell(fmt.Errorf("%s: not sent without a name, as it has markings other than TLP, which could tell whose it is", of.ID))
		return nil, nil
	}
	secret, err := s.secret(ctx)
	if err != nil {
		return nil, err
	}
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(of.ID))
	return stix.Make(&stix.Sighting{
		Common: stix.Common{
			ID: stix.NamedID("sighting", string(h.Sum(nil))), Created: of.Created, Modified: of.Modified, Revoked: of.Revoked,
			Confidence: of.Confidence, ObjectMarkingRefs: of.ObjectMarkingRefs,
		},
		FirstSeen: of.FirstSeen, LastSeen: of.LastSeen, Count: of.Count, SightingOfRef: of.SightingOfRef, Summary: of.Summary,
	})
}

// secret is what identifiers without a name are made of, for this peer alone.
func (s *session) secret(ctx context.Context) ([]byte, error) {
	s.mu.Lock()
	made := s.state.Secret == nil
	if made {
		s.state.Secret = make([]byte, sha256.Size)
		rand.Read(s.state.Secret)
	}
	secret := s.state.Secret
	s.mu.Unlock()
	if made {
		return secret, s.save(ctx)
	}
	return secret, nil
}
