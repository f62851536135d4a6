package report

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/stix"
)

// Limits of what sightings hold in memory.
const (
	maxSightings = 100_000
	maxObserved  = 100 // different values of one sighting
)

// Sightings is a Sink that gathers the findings of indicators as STIX
// sightings, one for each indicator and host, with the observed data of what was
// seen of it. Findings without a time count, but are no observed data: nobody
// knows when it was observed.
//
// The identifiers follow from the indicator and the host, so that a hunt over
// more logs makes new versions, not new sightings.
type Sightings struct {
	Dropped int // findings beyond the limits

	at    time.Time
	byKey map[sightingKey]*sighting
	order []*sighting
}

type sightingKey struct{ indicator, host string }

type sighting struct {
	sightingKey
	spell
	observed []*observed
}

// observed is one value that was seen.
type observed struct {
	kind, value string
	spell
}

// spell is how often something was seen, and from when to when.
type spell struct {
	count       int
	first, last int64 // event.NoTime when never with a time
}

func (s *spell) add(t int64) {
	s.count++
	if t == event.NoTime {
		return
	}
	if s.count == 1 || s.first == event.NoTime || t < s.first {
		s.first = t
	}
	if s.count == 1 || s.last == event.NoTime || t > s.last {
		s.last = t
	}
}

// NewSightings returns an empty sink. The sightings are made at a time.
func NewSightings(at time.Time) *Sightings {
	return &Sightings{at: at, byKey: map[sightingKey]*sighting{}}
}

// Add implements Sink.
func (s *Sightings) Add(f *finding.Finding) error {
	if f.Indicator.ID == "" {
		return nil
	}
	key := sightingKey{f.Indicator.ID, f.Host}
	x := s.byKey[key]
	if x == nil {
		if len(s.byKey) >= maxSightings {
			s.Dropped++
			return nil
		}
		key.indicator, key.host = strings.Clone(key.indicator), strings.Clone(key.host)
		x = &sighting{sightingKey: key, spell: spell{first: event.NoTime, last: event.NoTime}}
		s.byKey[key] = x
		s.order = append(s.order, x)
	}
	x.spell.add(f.Time)
	if f.Time == event.NoTime || f.Indicator.Value == "" {
		return nil
	}
	i := slices.IndexFunc(x.observed, func(o *observed) bool { return o.value == f.Indicator.Value && o.kind == f.Indicator.Type })
	if i < 0 {
		if len(x.observed) >= maxObserved {
			return nil
		}
		i = len(x.observed)
		x.observed = append(x.observed, &observed{strings.Clone(f.Indicator.Type), strings.Clone(f.Indicator.Value), spell{first: event.NoTime, last: event.NoTime}})
	}
	x.observed[i].add(f.Time)
	return nil
}

// Close implements Sink.
func (s *Sightings) Close(finding.Coverage) error { return nil }

// Objects returns the sightings, each behind what it refers to: the host, the
// observables and the observed data. Indicators are not among them.
func (s *Sightings) Objects() ([]*stix.Object, error) {
	m := maker{at: stix.Timestamp{Time: s.at.UTC().Truncate(time.Millisecond)}, made: map[stix.ID]bool{}}
	for _, x := range s.order {
		m.sighting(x)
	}
	return m.objects, m.err
}

// maker makes STIX objects, each once, up to the first error.
type maker struct {
	at      stix.Timestamp
	made    map[stix.ID]bool
	objects []*stix.Object
	err     error
}

func (m *maker) add(o *stix.Object, err error) stix.ID {
	if m.err != nil || err != nil {
		if m.err == nil {
			m.err = err
		}
		return ""
	}
	if !m.made[o.ID] {
		m.made[o.ID] = true
		m.objects = append(m.objects, o)
	}
	return o.ID
}

// common are the properties of an object that its name identifies.
func (m *maker) common(kind string, name ...string) stix.Common {
	return stix.Common{ID: stix.NamedID(kind, strings.Join(name, "\n")), Created: m.at}
}

func (m *maker) sighting(x *sighting) {
	n := min(x.count, 999_999_999) // section 5.2.1
	v := &stix.Sighting{Common: m.common("sighting", x.indicator, x.host), SightingOfRef: stix.ID(x.indicator), Count: &n}
	v.FirstSeen, v.LastSeen = timestamp(x.first), timestamp(x.last)
	if x.host != "" {
		host := &stix.Identity{Common: m.common("identity", "host", x.host), Name: Printable(x.host), IdentityClass: "system"}
		v.WhereSightedRefs = []stix.ID{m.add(stix.Make(host))}
	}
	for _, o := range x.observed {
		sco, err := observableOf(o.kind, o.value)
		if sco == nil && err == nil {
			continue
		}
		d := &stix.ObservedData{
			Common:        m.common("observed-data", x.indicator, x.host, o.kind, o.value),
			FirstObserved: timestamp(o.first), LastObserved: timestamp(o.last), NumberObserved: min(o.count, 999_999_999),
			ObjectRefs: []stix.ID{m.add(sco, err)},
		}
		v.ObservedDataRefs = append(v.ObservedDataRefs, m.add(stix.Make(d)))
	}
	m.add(stix.Make(v))
}

func timestamp(t int64) stix.Timestamp {
	if t == event.NoTime {
		return stix.Timestamp{}
	}
	return stix.Timestamp{Time: time.Unix(0, t).UTC()}
}

// observableOf makes the object of a kind of observable (STIX 2.1, section 6);
// nil where STIX has none that says it alone.
func observableOf(kind, value string) (*stix.Object, error) {
	switch kind {
	case "domain":
		return stix.Make(&stix.DomainName{Value: value})
	case "ipv4", "ipv6", "cidr":
		if strings.Contains(value, ":") {
			return stix.Make(&stix.IPv6Addr{Value: value})
		}
		return stix.Make(&stix.IPv4Addr{Value: value})
	case "url":
		return stix.Make(&stix.URL{Value: value})
	case "email":
		return stix.Make(&stix.EmailAddr{Value: value})
	case "mac":
		return stix.Make(&stix.MACAddr{Value: value})
	case "md5":
		return stix.Make(&stix.File{Hashes: stix.Hashes{"MD5": value}})
	case "sha1":
		return stix.Make(&stix.File{Hashes: stix.Hashes{"SHA-1": value}})
	case "sha256":
		return stix.Make(&stix.File{Hashes: stix.Hashes{"SHA-256": value}})
	case "sha512":
		return stix.Make(&stix.File{Hashes: stix.Hashes{"SHA-512": value}})
	case "filename":
		return stix.Make(&stix.File{Name: value})
	case "mutex":
		return stix.Make(&stix.Mutex{Name: value})
	case "regkey":
		return stix.Make(&stix.WindowsRegistryKey{Key: value})
	}
	return nil, nil
}
