package misp

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// FromSTIX returns objects of STIX 2.1 as events of MISP. An event that came
// from MISP comes back to the byte, with what was changed in STIX since: what
// was revoked is deleted, and comments, values, tags and attributes that are
// new are taken over. What belongs to none of these events makes one more
// event. What MISP has no place for is told.
func FromSTIX(objects []*stix.Object) ([]*Event, []Problem) {
	var events []*Event
	r := &returning{objects: objects, taken: map[stix.ID]bool{}}
	for _, e := range r.originals() {
		if e = r.merge(e); e != nil {
			events = append(events, e)
		}
	}
	var rest []*stix.Object
	for _, o := range objects {
		if !r.taken[o.ID] {
			rest = append(rest, o)
		}
	}
	if e := r.compose(rest); e != nil {
		events = append(events, e)
	}
	return events, r.problems
}

// A returning is objects on their way back.
type returning struct {
	objects  []*stix.Object
	taken    map[stix.ID]bool // objects that an event has
	problems []Problem
}

func (r *returning) problem(id stix.ID, format string, args ...any) {
	if len(r.problems) < maxProblems {
		r.problems = append(r.problems, Problem{string(id), fmt.Sprintf(format, args...)})
	}
}

// originals returns the events that came from MISP, in the order of their
// first parts.
func (r *returning) originals() []*Event {
	parts := map[string][]*original{}
	var order []string
	for _, o := range r.objects {
		if o.Type != OriginalType || r.taken[o.ID] {
			continue
		}
		r.taken[o.ID] = true
		v, err := stix.As[original](o)
		if err != nil || v.Event == "" {
			r.problem(o.ID, "it carries no event that can be read: ask for the object again (%v)", err)
			continue
		}
		if parts[v.Event] == nil {
			order = append(order, v.Event)
		}
		parts[v.Event] = append(parts[v.Event], v)
	}
	var events []*Event
	for _, uuid := range order {
		list := parts[uuid]
		slices.SortStableFunc(list, func(a, b *original) int { return a.Part - b.Part })
		var raw []byte
		for _, v := range list {
			raw = append(raw, v.Content...)
		}
		e, err := Parse(raw)
		if err != nil {
			r.problem(list[0].ID, "the event that it carries cannot be read, its other objects make a new one: %v", err)
			continue
		}
		events = append(events, e)
	}
	return events
}

// merge takes over what was changed in the objects of an event.
func (r *returning) merge(e *Event) *Event {
	made, _ := e.STIX()
	was := make(map[stix.ID]*stix.Object, len(made))
	for _, o := range made {
		was[o.ID] = o
	}
	m := &merging{returning: r, event: e, body: e.body}
	m.index()
	for _, o := range r.objects {
		old := was[o.ID]
		var from struct {
			stix.Common
			origin
		}
		switch {
		case old != nil && (o.Type == OriginalType || bytes.Equal(o.Raw(), old.Raw())):
			r.taken[o.ID] = true
		case old != nil && o.Modified.Before(old.Modified.Time):
			r.taken[o.ID] = true // an older version than the event has
		case old != nil:
			r.taken[o.ID] = true
			m.change(old, o)
		case json.Unmarshal(o.Raw(), &from) == nil && from.Event == e.UUID:
			r.taken[o.ID] = true
			if a := r.attributes(o); len(a) > 0 {
				m.added = append(m.added, a...)
			}
		}
	}
	return m.finish()
}

// A merging is one event and the changes to it.
type merging struct {
	*returning
	event *Event
	body  []byte
	at    map[string]span // attributes, objects and the event by their UUIDs
	list  span            // of the attributes of the event
	edits []edit
	added []Attribute
}

// index finds out where the attributes stand.
func (m *merging) index() {
	m.at = map[string]span{}
	top := members(m.body, 0)
	m.list = top["Attribute"]
	m.attributesAt(m.list)
	for _, o := range elements(m.body[top["Object"].from:top["Object"].to], top["Object"].from) {
		fields := members(m.body[o.from:o.to], o.from)
		m.note(fields["uuid"], o)
		m.attributesAt(fields["Attribute"])
	}
}

func (m *merging) attributesAt(list span) {
	for _, a := range elements(m.body[list.from:list.to], list.from) {
		m.note(members(m.body[a.from:a.to], a.from)["uuid"], a)
	}
}

func (m *merging) note(uuid, at span) {
	var s string
	if json.Unmarshal(m.body[uuid.from:uuid.to], &s) == nil {
		if _, twice := m.at[s]; !twice {
			m.at[s] = at
		}
	}
}

// A described is what of an object can be changed and taken back.
type described struct {
	stix.Common
	origin
	Name        string `json:"name"`
	Description string `json:"description"`
	Abstract    string `json:"abstract"`
	Content     string `json:"content"`
	Pattern     string `json:"pattern"`
	Comment     string `json:"x_misp_comment"`
}

// change takes over how an object differs from what the event made of it.
func (m *merging) change(old, now *stix.Object) {
	var a, b described
	if json.Unmarshal(old.Raw(), &a) != nil || json.Unmarshal(now.Raw(), &b) != nil {
		m.problem(now.ID, "its properties cannot be read: the event stays as it was there")
		return
	}
	uuid := a.UUID
	if uuid == "" {
		uuid = now.ID.UUID()
	}
	at, ok := m.at[uuid]
	if now.Type == "report" || now.Type == "grouping" {
		at, ok = span{0, len(m.body)}, true
	}
	if !ok {
		if stix.ClassOf(now.Type) != stix.SCO {
			m.problem(now.ID, "it was changed, but MISP has no field for it: the event stays as it was there")
		}
		return
	}
	t := targetAt(m.body, at)
	m.fields(t, &a, &b)
	m.edits = append(m.edits, t.done()...)
}

// fields sets the fields of MISP that tell what differs.
func (m *merging) fields(t *target, a, b *described) {
	context := b.Common.Type == "report" || b.Common.Type == "grouping"
	text := func(field, was, now string) bool {
		if was == now {
			return false
		}
		quoted, _ := jsontext.AppendQuote(nil, now)
		t.set(field, quoted)
		return true
	}
	if a.Revoked != b.Revoked && !context {
		t.set("deleted", strconv.AppendBool(nil, b.Revoked))
	}
	if !a.Modified.Equal(b.Modified.Time) {
		t.set("timestamp", strconv.AppendQuote(nil, strconv.FormatInt(b.Modified.Unix(), 10)))
	}
	if !slices.Equal(a.Labels, b.Labels) || !slices.Equal(a.ObjectMarkingRefs, b.ObjectMarkingRefs) {
		t.set("Tag", m.tags(t, a, b))
	}
	if context {
		text("info", a.Name, b.Name)
		return
	}
	text("comment", a.Description+a.Abstract+a.Comment, b.Description+b.Abstract+b.Comment)
	text("category", a.Category, b.Category)
	text("type", a.origin.Type, b.origin.Type)
	if a.ToIDs != b.ToIDs {
		t.set("to_ids", strconv.AppendBool(nil, b.ToIDs))
	}
	switch {
	case text("value", a.Value, b.Value), text("value", a.Content, b.Content):
	case a.Pattern != b.Pattern:
		if typ, value := simple(b.Pattern); typ != "" {
			text("type", a.origin.Type, typ)
			text("value", a.Value, value)
		} else if a.origin.Type == "stix2-pattern" || rules[a.origin.Type] != "" {
			text("value", a.Pattern, b.Pattern)
		} else {
			text("type", a.origin.Type, "stix2-pattern")
			text("value", a.Value, b.Pattern)
		}
	}
}

// tags returns the tags that an object has now: those that stayed, as they were
// written, then the new ones.
func (m *merging) tags(t *target, a, b *described) []byte {
	was, now := tagsOf(&a.Common), tagsOf(&b.Common)
	gone := func(name string) bool {
		if colour := colours[strings.ToLower(name)]; colour != stix.TLPNone {
			name = "tlp:" + colour.String()
		}
		return slices.Contains(was, name) && !slices.Contains(now, name)
	}
	var tags [][]byte
	list := t.field["Tag"]
	for _, at := range elements(m.body[list.from:list.to], list.from) {
		var tag Tag
		if json.Unmarshal(m.body[at.from:at.to], &tag, lenient) == nil && !gone(tag.Name) {
			tags = append(tags, m.body[at.from:at.to])
		}
	}
	for _, name := range now {
		if !slices.Contains(was, name) {
			raw, _ := json.Marshal(Tag{Name: name})
			tags = append(tags, raw)
		}
	}
	return slices.Concat([]byte{'['}, bytes.Join(tags, []byte{','}), []byte{']'})
}

// tagsOf returns the tags that say what the labels and colours of an object do.
func tagsOf(c *stix.Common) []string {
	var list []string
	for _, id := range c.ObjectMarkingRefs {
		if t := stix.TLPOf(id); t != stix.TLPNone {
			list = append(list, "tlp:"+t.String())
		}
	}
	return append(list, c.Labels...)
}

// finish returns the event with its changes.
func (m *merging) finish() *Event {
	if len(m.edits) == 0 && len(m.added) == 0 {
		return m.event
	}
	if len(m.added) > 0 {
		m.append()
	}
	body := splice(m.body, m.edits)
	raw := body
	if len(m.event.body) != len(m.event.raw) {
		at := m.event.at
		raw = slices.Concat(m.event.raw[:at], body, m.event.raw[at+len(m.event.body):])
	}
	e, err := Parse(raw)
	if err != nil {
		m.problem(stix.ID(OriginalType+"--"+m.event.UUID), "its changes could not be taken over, it stays as it was: %v", err)
		return m.event
	}
	return e
}

// append adds new attributes behind those that the event has.
func (m *merging) append() {
	var raws [][]byte
	for i := range m.added {
		if raw, err := json.Marshal(&m.added[i]); err == nil {
			raws = append(raws, raw)
		}
	}
	text := bytes.Join(raws, []byte{','})
	if m.list.to == 0 || m.body[m.list.from] != '[' {
		t := targetAt(m.body, span{0, len(m.body)})
		t.set("Attribute", slices.Concat([]byte{'['}, text, []byte{']'}))
		m.edits = append(m.edits, t.done()...)
		return
	}
	if len(elements(m.body[m.list.from:m.list.to], 0)) > 0 {
		text = slices.Concat([]byte{','}, text)
	}
	end := m.list.to - 1
	m.edits = append(m.edits, edit{span{end, end}, text})
}

// sortedIDs returns the identifiers of objects in order.
func sortedIDs(objects []*stix.Object) []stix.ID {
	ids := map[stix.ID]bool{}
	for _, o := range objects {
		ids[o.ID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}
