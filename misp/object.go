package misp

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// ofObject are the fields of an object that STIX has no property for.
type ofObject struct {
	Event           string   `json:"x_misp_event_uuid,omitempty"`
	Name            string   `json:"x_misp_object_name,omitempty"`
	MetaCategory    string   `json:"x_misp_meta_category,omitempty"`
	TemplateUUID    string   `json:"x_misp_template_uuid,omitempty"`
	TemplateVersion string   `json:"x_misp_template_version,omitempty"`
	Comment         string   `json:"x_misp_comment,omitempty"`
	UUID            string   `json:"x_misp_uuid,omitempty"`
	FirstSeen       string   `json:"x_misp_first_seen,omitempty"`
	LastSeen        string   `json:"x_misp_last_seen,omitempty"`
	Attributes      []member `json:"x_misp_attributes,omitempty"`
	shared
}

// A member is an attribute of an object, as far as it says something; its
// attachment stands in an artifact.
type member struct {
	UUID      string `json:"uuid,omitempty"`
	Relation  string `json:"object_relation,omitempty"`
	Type      string `json:"type,omitempty"`
	Category  string `json:"category,omitempty"`
	Value     string `json:"value,omitempty"`
	ToIDs     bool   `json:"to_ids,omitzero"`
	Comment   string `json:"comment,omitempty"`
	Deleted   bool   `json:"deleted,omitzero"`
	Timestamp int64  `json:"timestamp,omitzero"`
	FirstSeen string `json:"first_seen,omitempty"`
	LastSeen  string `json:"last_seen,omitempty"`
}

// object writes an object: what its template stands for, or else an
// x-misp-object, and an indicator for each attribute that is meant for
// detection. Who may see it may see all its attributes: the strictest counts.
func (b *builder) object(o *Object, at place) {
	m := b.markingOf(b.marking, nil, o.Distribution, o.SharingGroupID, o.SharingGroup, at)
	inner := m
	more := ofObject{
		Event: b.event.UUID, Name: o.Name, MetaCategory: o.MetaCategory, TemplateUUID: o.TemplateUUID,
		TemplateVersion: o.TemplateVersion, FirstSeen: o.FirstSeen, LastSeen: o.LastSeen,
		Comment: o.Comment, shared: b.shared(o.Distribution, o.SharingGroupID, o.SharingGroup),
	}
	before := len(b.refs)
	var tags []string
	for i := range o.Attributes {
		a := &o.Attributes[i]
		b.attribute(a, o, m, place{"Attribute", i, &at})
		inner = b.markingOf(inner, a.Tags, a.Distribution, a.SharingGroupID, a.SharingGroup, place{"Attribute", i, &at})
		for _, l := range labels(a.Tags) {
			if !slices.Contains(tags, l) {
				tags = append(tags, l)
			}
		}
		more.Attributes = append(more.Attributes, member{
			a.UUID, a.Relation, a.Type, a.Category, a.Value, a.ToIDs, a.Comment, a.Deleted, a.Timestamp, a.FirstSeen, a.LastSeen,
		})
	}
	b.all = b.all.and(inner)
	indicators := slices.Clone(b.refs[before:])
	c := b.dated("", o.Timestamp)
	c.Revoked, c.ObjectMarkingRefs, c.Labels = o.Deleted, inner.refs(), tags
	id := b.whole(o, c, more, &witness{b, o.UUID, inner, at})
	if id == "" {
		return
	}
	b.refs = append(b.refs, id)
	b.of[o.UUID] = id
	how := "related-to"
	if id.Type() == "observed-data" {
		how = "based-on"
	}
	for _, i := range indicators {
		if i.Type() == "indicator" {
			b.relate(i, how, id, o.Timestamp, inner)
		}
	}
	b.others(o, id, inner, at)
}

// others gives what stands in the object alone its sightings and clusters.
func (b *builder) others(o *Object, id stix.ID, m marking, at place) {
	for i := range o.Attributes {
		a := &o.Attributes[i]
		if b.of[a.UUID] != "" {
			continue
		}
		b.of[a.UUID] = id
		b.sightings(&subject{Attribute: a, in: o, at: place{"Attribute", i, &at}, marking: m}, id)
		b.clusters(a.Galaxies, id, m, a.Tags)
	}
}

// whole writes what an object is as one.
func (b *builder) whole(o *Object, c stix.Common, more ofObject, w *witness) stix.ID {
	p := parts(o.Attributes)
	claim := func(typ string) { c.ID, more.UUID = b.id(typ, o.UUID, "object"); c.Type = typ }
	switch name := p.first("name", "full-name", "id", "summary"); o.Name {
	case "vulnerability":
		if name = p.first("id", "name", "summary"); name == "" {
			break
		}
		claim("vulnerability")
		c.ExternalReferences = append(cve(name), p.links()...)
		made, err := stix.Make(&struct {
			stix.Vulnerability
			ofObject
		}{stix.Vulnerability{Common: c, Name: name, Description: p.first("description", "summary")}, more})
		return b.made(made, err, w.at)
	case "attack-pattern":
		if name == "" {
			break
		}
		claim("attack-pattern")
		made, err := stix.Make(&struct {
			stix.AttackPattern
			ofObject
		}{stix.AttackPattern{Common: c, Name: name, Description: p.first("description", "summary")}, more})
		return b.made(made, err, w.at)
	case "person", "organization", "legal-entity", "victim":
		class := "organization"
		if o.Name == "person" {
			class = "individual"
			if name == "" {
				name = strings.TrimSpace(p.first("first-name") + " " + p.first("last-name"))
			}
		}
		if name == "" {
			break
		}
		claim("identity")
		made, err := stix.Make(&struct {
			stix.Identity
			ofObject
		}{stix.Identity{Common: c, Name: name, Description: p.first("description", "text"), IdentityClass: class, Roles: p.all("role")}, more})
		return b.made(made, err, w.at)
	}
	if refs := w.template(o, p); len(refs) > 0 {
		claim("observed-data")
		v := stix.ObservedData{Common: c, NumberObserved: 1, ObjectRefs: refs}
		v.FirstObserved, v.LastObserved = between(o.FirstSeen, o.LastSeen, c.Modified)
		made, err := stix.Make(&struct {
			stix.ObservedData
			ofObject
		}{v, more})
		return b.made(made, err, w.at)
	}
	claim("x-misp-object")
	made, err := stix.Make(&struct {
		stix.Common
		ofObject
	}{c, more})
	return b.made(made, err, w.at)
}

// parts are the attributes of an object by what they are in it.
type parts []Attribute

// first returns the value of the first relation that is there.
func (p parts) first(relations ...string) string {
	for _, r := range relations {
		for i := range p {
			if p[i].Relation == r && p[i].Value != "" {
				return p[i].Value
			}
		}
	}
	return ""
}

// all returns the values of a relation.
func (p parts) all(relation string) []string {
	var list []string
	for i := range p {
		if p[i].Relation == relation && p[i].Value != "" {
			list = append(list, p[i].Value)
		}
	}
	return list
}

// time returns the time of a relation, zero for none.
func (p parts) time(relation string) stix.Timestamp {
	t, _ := seen(p.first(relation))
	return t
}

// number returns the number of the first relation that is there, nil for none.
func (p parts) number(relations ...string) *int64 {
	if n := numberOf(p.first(relations...)); n >= 0 {
		return &n
	}
	return nil
}

// port returns the port of the first relation that is there, nil for none.
func (p parts) port(relations ...string) *int {
	if n := portOf(p.first(relations...)); n >= 0 {
		return &n
	}
	return nil
}

// digests returns the digests among the attributes, by the names of STIX.
func (p parts) digests() stix.Hashes {
	var h stix.Hashes
	for i := range p {
		of, ok := hashes[p[i].Type]
		name := of.name
		if !ok {
			name = fingerprints[p[i].Type]
		}
		if sum := digestOf(name, p[i].Value); name != "" && sum != "" && h[name] == "" {
			if h == nil {
				h = stix.Hashes{}
			}
			h[name] = sum
		}
	}
	return h
}

// links returns the references of an object.
func (p parts) links() []stix.ExternalReference {
	var list []stix.ExternalReference
	for _, v := range append(p.all("references"), p.all("reference")...) {
		if uri.MatchString(v) {
			list = append(list, stix.ExternalReference{SourceName: "misp", URL: v})
		}
	}
	return list
}

// references writes how objects refer to others, when all are made.
func (b *builder) references() {
	for i := range b.event.Objects {
		o := &b.event.Objects[i]
		for j := range o.References {
			r := &o.References[j]
			from, to := b.of[o.UUID], b.of[r.ReferencedUUID]
			at := place{"ObjectReference", j, &place{"Object", i, nil}}
			if from == "" || to == "" || from == to {
				b.problem(at, "it leads to %.64q, which is not in this event or nothing else: the event itself has it", r.ReferencedUUID)
				continue
			}
			b.reference(r, from, to, at)
		}
	}
}

func (b *builder) reference(r *ObjectReference, from, to stix.ID, at place) {
	v := struct {
		stix.Relationship
		origin
	}{stix.Relationship{
		Common: b.dated("relationship", r.Timestamp), RelationshipType: relation(r.RelationshipType),
		Description: r.Comment, SourceRef: from, TargetRef: to,
	}, origin{Event: b.event.UUID, Type: "ObjectReference"}}
	if v.RelationshipType != r.RelationshipType {
		v.origin.Value = r.RelationshipType
	}
	v.ID, v.origin.UUID = b.id("relationship", r.UUID, "reference")
	v.Revoked, v.ObjectMarkingRefs = r.Deleted, b.all.refs()
	o, err := stix.Make(&v)
	if b.add(o, err, at) {
		b.refs = append(b.refs, o.ID)
	}
}
