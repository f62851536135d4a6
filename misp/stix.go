package misp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// STIX returns the event as STIX 2.1: the organisations, the event itself (a
// report, or a grouping as long as it is not published), then what it holds,
// last the observables that others refer to and the event as it came. What
// could not be given as it is, is told.
func (e *Event) STIX() ([]*stix.Object, []Problem) {
	b := &builder{
		event:    e,
		claimed:  map[stix.ID]bool{},
		observed: map[stix.ID]int{},
		of:       map[string]stix.ID{},
		tagged:   map[string]stix.ID{},
	}
	b.people()
	b.context = b.contextID()
	at := len(b.objects)
	b.clusters(e.Galaxies, "", b.marking, nil)
	for i := range e.Attributes {
		b.clusters(e.Attributes[i].Galaxies, "", b.marking, nil)
	}
	b.clusters(nil, "", b.marking, e.Tags)
	b.families()
	for i := range e.Attributes {
		b.attribute(&e.Attributes[i], nil, b.marking, place{"Attribute", i, nil})
	}
	for i := range e.Objects {
		b.object(&e.Objects[i], place{"Object", i, nil})
	}
	b.references()
	for i := range e.Reports {
		b.eventReport(&e.Reports[i], place{"EventReport", i, nil})
	}
	b.seal()
	b.original()
	if o := b.report(); o != nil {
		b.objects = slices.Insert(b.objects, at, o)
	}
	return b.objects, b.problems
}

// A builder makes the objects of one event.
type builder struct {
	event    *Event
	objects  []*stix.Object
	problems []Problem
	author   stix.ID
	context  stix.ID // the report or grouping
	created  stix.Timestamp
	modified stix.Timestamp
	marking  marking // of the event itself
	all      marking // of the strictest of what it holds
	refs     []stix.ID
	claimed  map[stix.ID]bool
	of       map[string]stix.ID // UUID of an attribute or object to what stands for it
	tagged   map[string]stix.ID // clusters by their tags
	kin      []kin
	observed map[stix.ID]int // observables, by their place in scos
	scos     []observable
}

// A place is where something stands in an event, for problems.
type place struct {
	list   string
	n      int
	within *place
}

func (p place) String() string {
	s := fmt.Sprintf("%s[%d]", p.list, p.n)
	if p.within != nil {
		s = p.within.String() + "." + s
	}
	return s
}

func (b *builder) problem(at place, format string, args ...any) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, Problem{at.String(), fmt.Sprintf(format, args...)})
	}
}

// maxProblems is how many problems are told of one event.
const maxProblems = 1000

// add keeps an object that was made; what stands in the report is said by the
// caller.
func (b *builder) add(o *stix.Object, err error, at place) bool {
	if err != nil {
		b.problem(at, "it could not be written as STIX, the event itself has it: %v", err)
		return false
	}
	b.objects = append(b.objects, o)
	return true
}

// id returns the identifier of type typ for what has this UUID, and the UUID if
// the identifier does not show it: when it is none, or another object has
// taken it.
func (b *builder) id(typ, uuid, role string) (id stix.ID, hidden string) {
	id = stix.ID(typ + "--" + strings.ToLower(uuid))
	if id.Valid() == nil && !b.claimed[id] {
		b.claimed[id] = true
		if id.UUID() != uuid {
			hidden = uuid
		}
		return id, hidden
	}
	for n := 0; ; n++ {
		id = stix.NamedID(typ, fmt.Sprintf("misp\n%s\n%s\n%s\n%d", b.event.UUID, role, uuid, n))
		if !b.claimed[id] {
			b.claimed[id] = true
			return id, uuid
		}
	}
}

// people writes who made the event and whose instance it came from, and notes
// when: MISP keeps no time of creation, so that the date of the event stands
// for it, which does not change when something is edited.
func (b *builder) people() {
	e := b.event
	b.modified = unix(e.Timestamp)
	b.created = b.modified
	if day, err := time.Parse(time.DateOnly, e.Date); err == nil && day.Before(b.modified.Time) && day.Year() > 0 {
		b.created = stix.Timestamp{Time: day}
	}
	b.marking = b.markingOf(marking{}, e.Tags, e.Distribution, e.SharingGroupID, e.SharingGroup, place{"SharingGroup", 0, nil})
	b.all = b.marking
	b.author = b.org(e.Orgc)
	if own := b.org(e.Org); b.author == "" {
		b.author = own
	}
}

// org returns the identity of an organisation, "" for none.
func (b *builder) org(o *Org) stix.ID {
	if o == nil || o.UUID == "" && o.Name == "" {
		return ""
	}
	id := stix.ID("identity--" + strings.ToLower(o.UUID))
	if id.Valid() != nil {
		id = stix.NamedID("identity", "misp organisation\n"+o.Name)
	}
	if b.claimed[id] {
		return id
	}
	b.claimed[id] = true
	who := stix.Identity{Name: o.Name, IdentityClass: "organization"}
	if who.Name == "" {
		who.Name = o.UUID
	}
	who.ID, who.Created = id, unix(0) // one identity in all events: MISP says no time of it
	made, err := stix.Make(&who)
	b.add(made, err, place{"Orgc", 0, nil})
	return id
}

// unix returns a time in seconds since 1970 that STIX can write.
func unix(seconds int64) stix.Timestamp {
	const last = 253402300799 // of the year 9999
	return stix.Timestamp{Time: time.Unix(min(max(seconds, 0), last), 0).UTC()}
}

// seen returns the time that first_seen and last_seen state, false for none.
func seen(s string) (stix.Timestamp, bool) {
	if s == "" {
		return stix.Timestamp{}, false
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.UTC().Year() >= 0 && t.UTC().Year() < 10000 {
			return stix.Timestamp{Time: t.UTC()}, true
		}
	}
	return stix.Timestamp{}, false
}

// contextID returns the identifier of what stands for the event.
func (b *builder) contextID() stix.ID {
	typ := "grouping"
	if b.event.Published {
		typ = "report"
	}
	id, _ := b.id(typ, b.event.UUID, "event")
	return id
}

// ofEvent are the fields of an event that STIX has no property for.
type ofEvent struct {
	UUID          string `json:"x_misp_event_uuid"`
	Date          string `json:"x_misp_date,omitempty"`
	ThreatLevelID string `json:"x_misp_threat_level_id,omitempty"`
	Analysis      string `json:"x_misp_analysis,omitempty"`
	ExtendsUUID   string `json:"x_misp_extends_uuid,omitempty"`
	shared
}

// report makes what stands for the event, when all else is made.
func (b *builder) report() *stix.Object {
	e := b.event
	c := stix.Common{
		Type: b.context.Type(), ID: b.context, CreatedByRef: b.author, Created: b.created, Modified: b.modified,
		Labels: labels(e.Tags), ObjectMarkingRefs: b.marking.refs(),
	}
	more := ofEvent{e.UUID, e.Date, e.ThreatLevelID, e.Analysis, e.ExtendsUUID, b.shared(e.Distribution, e.SharingGroupID, e.SharingGroup)}
	name := e.Info
	if name == "" {
		name = "MISP event " + e.UUID
	}
	var o *stix.Object
	var err error
	if e.Published {
		published := b.modified
		if e.PublishTimestamp > 0 {
			published = unix(e.PublishTimestamp)
		}
		o, err = stix.Make(&struct {
			stix.Report
			ofEvent
		}{stix.Report{Common: c, Name: name, Published: published, ObjectRefs: b.refs}, more})
	} else {
		o, err = stix.Make(&struct {
			stix.Grouping
			ofEvent
		}{stix.Grouping{Common: c, Name: name, Context: "unspecified", ObjectRefs: b.refs}, more})
	}
	if err != nil {
		b.problem(place{"Event", 0, nil}, "no report could be written of it: %v", err)
		return nil
	}
	return o
}
