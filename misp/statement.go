package misp

import (
	"regexp"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// statements are the types of attributes that are no observables, but what STIX
// has an object for. They are the same whether or not they are meant for
// detection.
var statements = map[string]func(*builder, *subject) stix.ID{
	"vulnerability": (*builder).vulnerability,
	"threat-actor":  (*builder).threatActor,
	"campaign-name": (*builder).campaign,
	"comment":       (*builder).note,
	"text":          (*builder).note,
}

func (b *builder) vulnerability(s *subject) stix.ID {
	if s.Value == "" {
		return ""
	}
	v := struct {
		stix.Vulnerability
		origin
	}{stix.Vulnerability{Common: b.common("vulnerability", s), Name: s.Value, Description: s.Comment}, s.origin}
	v.origin.UUID = b.hidden(&v.Common, s)
	v.ExternalReferences = cve(s.Value)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// cveID is the form of CVE numbers (section 2.5).
var cveID = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)

// cve returns the reference that section 4.19 asks for.
func cve(name string) []stix.ExternalReference {
	if id := strings.ToUpper(name); cveID.MatchString(id) {
		return []stix.ExternalReference{{SourceName: "cve", ExternalID: id}}
	}
	return nil
}

func (b *builder) threatActor(s *subject) stix.ID {
	if s.Value == "" {
		return ""
	}
	v := struct {
		stix.ThreatActor
		origin
	}{stix.ThreatActor{Common: b.common("threat-actor", s), Name: s.Value, Description: s.Comment}, s.origin}
	v.origin.UUID = b.hidden(&v.Common, s)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

func (b *builder) campaign(s *subject) stix.ID {
	if s.Value == "" {
		return ""
	}
	v := struct {
		stix.Campaign
		origin
	}{stix.Campaign{Common: b.common("campaign", s), Name: s.Value, Description: s.Comment}, s.origin}
	v.origin.UUID = b.hidden(&v.Common, s)
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// note writes words about the event.
func (b *builder) note(s *subject) stix.ID {
	if s.Value == "" {
		return ""
	}
	v := struct {
		stix.Note
		origin
	}{stix.Note{Common: b.common("note", s), Abstract: s.Comment, Content: s.Value, ObjectRefs: []stix.ID{b.context}}, s.origin}
	v.origin.UUID, v.origin.Value = b.hidden(&v.Common, s), ""
	o, err := stix.Make(&v)
	return b.made(o, err, s.at)
}

// eventReport writes prose about the event as a note.
func (b *builder) eventReport(r *EventReport, at place) {
	if r.Content == "" {
		return // the event itself has its name
	}
	m := b.markingOf(b.marking, nil, r.Distribution, r.SharingGroupID, r.SharingGroup, at)
	b.all = b.all.and(m)
	v := struct {
		stix.Note
		origin
	}{
		stix.Note{Common: b.dated("note", r.Timestamp), Abstract: r.Name, Content: r.Content, ObjectRefs: []stix.ID{b.context}},
		origin{Event: b.event.UUID, Type: "EventReport", shared: b.shared(r.Distribution, r.SharingGroupID, r.SharingGroup)},
	}
	v.ID, v.origin.UUID = b.id("note", r.UUID, "report")
	v.Revoked, v.ObjectMarkingRefs = r.Deleted, m.refs()
	o, err := stix.Make(&v)
	if b.add(o, err, at) {
		b.refs = append(b.refs, v.ID)
	}
}

// sightings writes what was seen of what an attribute became, and what was
// seen to be none of it: a false positive is an opinion, an end is told in
// valid_until and in a note.
func (b *builder) sightings(s *subject, of stix.ID) {
	for i := range s.Sightings {
		one := &s.Sightings[i]
		at := place{"Sighting", i, &s.at}
		c := b.dated("sighting", one.DateSighting)
		c.Created = c.Modified
		c.ObjectMarkingRefs = s.marking.refs()
		from := origin{Event: b.event.UUID, Type: "Sighting", Value: one.Source}
		var o *stix.Object
		var err error
		switch one.Type {
		case "1":
			v := struct {
				stix.Opinion
				origin
			}{stix.Opinion{Common: c, Opinion: "strongly-disagree", Explanation: "Seen, and a false positive.", ObjectRefs: []stix.ID{of}}, from}
			v.Common.Type = "opinion"
			v.Common.ID, v.origin.UUID = b.id("opinion", one.UUID, "sighting")
			o, err = stix.Make(&v)
		case "2":
			v := struct {
				stix.Note
				origin
			}{stix.Note{Common: c, Content: "It expires at this time.", ObjectRefs: []stix.ID{of}}, from}
			v.Common.Type = "note"
			v.Common.ID, v.origin.UUID = b.id("note", one.UUID, "sighting")
			o, err = stix.Make(&v)
		default:
			count := 1
			v := struct {
				stix.Sighting
				origin
			}{stix.Sighting{Common: c, FirstSeen: c.Modified, LastSeen: c.Modified, Count: &count, SightingOfRef: of}, from}
			v.Common.ID, v.origin.UUID = b.id("sighting", one.UUID, "sighting")
			if who := b.org(one.Organisation); who != "" {
				v.WhereSightedRefs = []stix.ID{who}
			}
			o, err = stix.Make(&v)
		}
		if b.add(o, err, at) {
			b.refs = append(b.refs, o.ID)
		}
	}
}
