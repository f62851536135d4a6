package exchange

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// Limits of what is taken from a peer.
const (
	maxObject = 8 << 20        // bytes
	maxAhead  = 24 * time.Hour // that an object may come from the future: clocks go wrong, but not by more
)

// read makes objects of what a peer gave. One that is none, or breaks a MUST of
// STIX, is left out and told of.
func (s *session) read(raws []jsontext.Value) (list []*stix.Object) {
	for _, raw := range raws {
		objects, err := s.object(raw)
		if err != nil {
			s.leaveOut(err)
			continue
		}
		list = append(list, objects...)
	}
	return list
}

func (s *session) object(raw jsontext.Value) ([]*stix.Object, error) {
	if len(raw) > maxObject {
		return nil, fmt.Errorf("an object of %d bytes: at most %d are taken", len(raw), maxObject)
	}
	o, err := stix.Parse(bytes.Clone(raw)) // else one object keeps the whole page
	if err != nil {
		return nil, fmt.Errorf("no object of STIX: %w", err)
	}
	lifted, err := stix.Lift(o)
	if err != nil {
		return nil, fmt.Errorf("%s: STIX 2.0 that cannot be read as 2.1: %w", o.ID, err)
	}
	if text := broken(lifted); text != "" {
		return nil, fmt.Errorf("%s: %s", o.ID, text)
	}
	if ahead := o.Modified.Sub(s.started); ahead > maxAhead {
		return nil, fmt.Errorf("%s: modified at %s, which is yet to come: no later version could take its place", o.ID, o.Modified)
	}
	return lifted, nil
}

// keep imports what is not here yet, and counts. One peer does so at a time: what
// two of them bring at once is then imported once.
func (s *session) keep(ctx context.Context, objects []*stix.Object) error {
	s.gate.Lock()
	defer s.gate.Unlock()
	here, err := s.here(ctx, versionsOf(objects))
	if err != nil {
		return err
	}
	var batch []store.Incoming
	for _, o := range objects {
		if !here.has(o) {
			if o.CreatedByRef == s.Backend.Own.ID && o.CreatedByRef != "" && s.peer.Org != s.Backend.Own.ID {
				s.leaveOut(fmt.Errorf("%s: it is said to be by this node's own organisation, where it is not known", o.ID))
				continue
			}
			batch = append(batch, store.Incoming{Object: o, Source: s.org.Name})
			here[o.ID] = append(here[o.ID], o) // should it come twice
		}
	}
	if len(batch) == 0 {
		return nil
	}
	outcomes, err := s.Backend.Store.Import(ctx, batch)
	if err != nil {
		return err
	}
	for i, o := range outcomes {
		switch o.Status {
		case store.New, store.NewVersion:
			s.count(Counts{Received: 1})
		case store.Conflict:
			s.count(Counts{Conflicts: 1})
		case store.Refused:
			s.leaveOut(fmt.Errorf("%s: %s", batch[i].Object.ID, o.Reason))
		}
	}
	return nil
}

// known are records of this node by the identifiers of their objects.
type known map[stix.ID][]*stix.Object

// maxAsked is how many objects the store is asked about at once.
const maxAsked = 1000

// here returns what this node has of versions: these, and the newest of the same
// objects.
func (s *session) here(ctx context.Context, wanted []version) (known, error) {
	k := known{}
	for len(wanted) > 0 {
		part := wanted[:min(len(wanted), maxAsked)]
		wanted = wanted[len(part):]
		q := store.Query{Versions: store.Versions{Newest: true}}
		seen := map[int64]bool{}
		for _, v := range part {
			q.IDs = append(q.IDs, v.id)
			if v.at > 0 && !seen[v.at] {
				seen[v.at] = true
				q.Versions.At = append(q.Versions.At, time.UnixMicro(v.at))
			}
		}
		err := s.Backend.Store.Each(ctx, tlp.Local(), q, func(r store.Record) error {
			k[r.Object.ID] = append(k[r.Object.ID], r.Object)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return k, nil
}

// has reports whether an object is here, to the byte.
func (k known) has(o *stix.Object) bool {
	for _, other := range k[o.ID] {
		if bytes.Equal(other.Raw(), o.Raw()) {
			return true
		}
	}
	return false
}

// hasVersion reports whether a version is here, whatever it says.
func (k known) hasVersion(v version) bool {
	for _, o := range k[v.id] {
		if at := store.VersionOf(o); at == v.at || at == 0 || v.at == unknown {
			return true
		}
	}
	return false
}

func versionsOf(objects []*stix.Object) []version {
	list := make([]version, len(objects))
	for i, o := range objects {
		list[i] = version{o.ID, store.VersionOf(o)}
	}
	return list
}
