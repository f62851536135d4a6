package misp

import (
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// origin are the fields of an attribute that STIX has no property for. With
// them an attribute comes back as it was, event or no event.
type origin struct {
	Event              string `json:"x_misp_event_uuid,omitempty"`
	Type               string `json:"x_misp_type,omitempty"`
	Category           string `json:"x_misp_category,omitempty"`
	Value              string `json:"x_misp_value,omitempty"`
	ToIDs              bool   `json:"x_misp_to_ids,omitzero"`
	UUID               string `json:"x_misp_uuid,omitempty"` // where the identifier does not have it
	Object             string `json:"x_misp_object_uuid,omitempty"`
	Relation           string `json:"x_misp_object_relation,omitempty"`
	FirstSeen          string `json:"x_misp_first_seen,omitempty"`
	LastSeen           string `json:"x_misp_last_seen,omitempty"`
	DisableCorrelation bool   `json:"x_misp_disable_correlation,omitzero"`
	Data               string `json:"x_misp_data,omitempty"` // base64, where no artifact has it
	shared
}

// A subject is an attribute on its way to STIX.
type subject struct {
	*Attribute
	in      *Object // nil for an attribute of the event
	at      place
	marking marking
	origin  origin
}

// attribute writes what an attribute becomes: an indicator when it is meant for
// detection, else what its type stands for.
func (b *builder) attribute(a *Attribute, in *Object, above marking, at place) {
	s := &subject{Attribute: a, in: in, at: at}
	s.marking = b.markingOf(above, a.Tags, a.Distribution, a.SharingGroupID, a.SharingGroup, at)
	b.all = b.all.and(s.marking)
	s.origin = origin{
		Event: b.event.UUID, Type: a.Type, Category: a.Category, Value: a.Value, ToIDs: a.ToIDs, Relation: a.Relation,
		FirstSeen: a.FirstSeen, LastSeen: a.LastSeen, DisableCorrelation: a.DisableCorrelation,
		shared: b.shared(a.Distribution, a.SharingGroupID, a.SharingGroup),
	}
	if in != nil {
		s.origin.Object = in.UUID
	}
	var id stix.ID
	switch kind := rules[a.Type]; {
	case in == nil && statements[a.Type] != nil:
		id = b.statement(s)
	case kind != "" && (kind != "stix" || isPattern(a.Value)):
		id = b.indicator(s, a.Value, kind)
	case a.ToIDs:
		id = b.indicator(s, patternOf(a.Type, a.Value), "stix")
	case in != nil:
		return // it stands in its object
	default:
		id = b.statement(s)
	}
	if id == "" {
		return
	}
	b.refs = append(b.refs, id)
	b.of[a.UUID] = id
	if a.ToIDs && a.Data != "" && in == nil {
		b.basis(s, id)
	}
	b.sightings(s, id)
	b.clusters(a.Galaxies, id, s.marking, a.Tags)
}

// statement writes an attribute that is not meant for detection.
func (b *builder) statement(s *subject) stix.ID {
	if make := statements[s.Type]; make != nil {
		if id := make(b, s); id != "" {
			return id
		}
	}
	if refs := b.observe(s); len(refs) > 0 {
		return b.observedData(s, refs)
	}
	s.origin.Data = s.Data
	v := struct {
		stix.Common
		origin
		Comment string `json:"x_misp_comment,omitempty"`
	}{b.common("x-misp-attribute", s), s.origin, s.Comment}
	v.origin.UUID = b.hidden(&v.Common, s)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// hidden gives c the identifier of the attribute, and returns its UUID if that
// does not show.
func (b *builder) hidden(c *stix.Common, s *subject) string {
	id, hidden := b.id(c.Type, s.UUID, "attribute")
	c.ID = id
	return hidden
}

func (b *builder) made(o *stix.Object, err error, at place) stix.ID {
	if !b.add(o, err, at) {
		return ""
	}
	return o.ID
}

// common returns the common properties of what an attribute becomes.
func (b *builder) common(typ string, s *subject) stix.Common {
	c := b.dated(typ, s.Timestamp)
	c.Labels, c.ObjectMarkingRefs, c.Revoked = labels(s.Tags), s.marking.refs(), s.Deleted || s.in != nil && s.in.Deleted
	return c
}

// dated returns the common properties of what was last edited at a time.
func (b *builder) dated(typ string, timestamp int64) stix.Common {
	c := stix.Common{Type: typ, CreatedByRef: b.author, Created: b.created, Modified: b.modified}
	if timestamp > 0 {
		c.Modified = unix(timestamp)
	}
	if c.Modified.Before(c.Created.Time) {
		c.Created = c.Modified
	}
	return c
}

func (b *builder) indicator(s *subject, pattern, kind string) stix.ID {
	v := struct {
		stix.Indicator
		origin
	}{stix.Indicator{Common: b.common("indicator", s), Description: s.Comment, Pattern: pattern, PatternType: kind}, s.origin}
	v.origin.UUID = b.hidden(&v.Common, s)
	if kind == "stix" && s.Type != "stix2-pattern" {
		v.Name = s.Value
	} else if s.Value == pattern {
		v.origin.Value = "" // the pattern says it
	}
	v.ValidFrom = v.Created
	if t, ok := seen(s.FirstSeen); ok {
		v.ValidFrom = t
	}
	for _, sighting := range s.Sightings {
		if t := unix(sighting.DateSighting); sighting.Type == "2" && t.After(v.ValidFrom.Time) && t.After(v.ValidUntil.Time) {
			v.ValidUntil = t
		}
	}
	v.KillChainPhases = phases(s.Tags)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// observedData says that the observables were seen.
func (b *builder) observedData(s *subject, refs []stix.ID) stix.ID {
	v := struct {
		stix.ObservedData
		origin
		Comment string `json:"x_misp_comment,omitempty"`
	}{stix.ObservedData{Common: b.common("observed-data", s), NumberObserved: 1, ObjectRefs: refs}, s.origin, s.Comment}
	v.origin.UUID = b.hidden(&v.Common, s)
	v.FirstObserved, v.LastObserved = between(s.FirstSeen, s.LastSeen, v.Modified)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// between returns the times of a first and a last observation, or of the one
// that is known.
func between(first, last string, or stix.Timestamp) (from, to stix.Timestamp) {
	from, ok := seen(first)
	to, ok2 := seen(last)
	switch {
	case !ok && !ok2:
		from, to = or, or
	case !ok:
		from = to
	case !ok2 || to.Before(from.Time):
		to = from
	}
	return from, to
}

// basis keeps the attachment of an attribute that became an indicator.
func (b *builder) basis(s *subject, indicator stix.ID) {
	refs := b.observe(s)
	if len(refs) == 0 {
		return
	}
	if id := b.observedData(s, refs); id != "" {
		b.refs = append(b.refs, id)
		b.relate(indicator, "based-on", id, s.Timestamp, s.marking)
	}
}

// relate writes a relationship; the same two are related in one way once.
func (b *builder) relate(from stix.ID, how string, to stix.ID, timestamp int64, m marking) {
	id := stix.NamedID("relationship", strings.Join([]string{"misp", b.event.UUID, string(from), how, string(to)}, "\n"))
	if from == to || b.claimed[id] {
		return
	}
	b.claimed[id] = true
	r := stix.Relationship{Common: b.dated("relationship", timestamp), RelationshipType: how, SourceRef: from, TargetRef: to}
	r.ID, r.ObjectMarkingRefs = id, m.refs()
	o, err := stix.Make(&r)
	if b.add(o, err, place{"Event", 0, nil}) {
		b.refs = append(b.refs, id)
	}
}

// phases returns the steps of the kill chain that tags name.
func phases(tags []Tag) []stix.KillChainPhase {
	var list []stix.KillChainPhase
	for _, t := range tags {
		if name, ok := strings.CutPrefix(t.Name, "kill-chain:"); ok && name != "" {
			name = strings.ReplaceAll(strings.ToLower(strings.Trim(name, `"`)), " ", "-")
			list = append(list, stix.KillChainPhase{KillChainName: "lockheed-martin-cyber-kill-chain", PhaseName: name})
		}
	}
	return list
}
