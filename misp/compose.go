package misp

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// compose makes an event of objects that are of none, nil when there is nothing
// that MISP has a place for.
func (r *returning) compose(objects []*stix.Object) *Event {
	c := &composing{
		returning: r, event: &Event{Distribution: "0", ThreatLevelID: "4", Analysis: "2"}, who: map[stix.ID]*Org{}, indicates: map[stix.ID][]stix.ID{}, named: map[stix.ID]*stix.Object{}, tags: map[stix.ID]string{},
		covered: map[stix.ID]bool{}, payload: map[stix.ID]string{},
	}
	for _, o := range r.objects {
		c.named[o.ID] = o
	}
	for _, o := range objects {
		c.look(o)
	}
	for _, o := range objects {
		c.object(o)
	}
	e := c.event
	if len(e.Attributes)+len(e.Objects)+len(e.Galaxies)+len(e.Reports) == 0 {
		return nil
	}
	c.name(objects)
	raw, err := json.Marshal(map[string]*Event{"Event": e}, json.Deterministic(true))
	if err == nil {
		e, err = Parse(raw)
	}
	if err != nil {
		r.problem("", "no event could be written of them: %v", err)
		return nil
	}
	return e
}

// A composing is an event that is being made.
type composing struct {
	*returning
	event     *Event
	context   *stix.Object // the report or grouping, if there is one
	who       map[stix.ID]*Org
	indicates map[stix.ID][]stix.ID    // as relationships say
	named     map[stix.ID]*stix.Object // all there are
	tags      map[stix.ID]string       // of it, as far as they were asked for
	latest    time.Time
	covered   map[stix.ID]bool   // observables that an attribute of MISP tells of
	payload   map[stix.ID]string // what artifacts hold, in base64
}

// look notes what is needed to write the other objects.
func (c *composing) look(o *stix.Object) {
	if o.Modified.After(c.latest) {
		c.latest = o.Modified.Time
	}
	switch o.Type {
	case "identity":
		if v, err := stix.As[stix.Identity](o); err == nil {
			c.who[o.ID] = &Org{Name: v.Name, UUID: o.ID.UUID()}
		}
	case "report", "grouping":
		if c.context == nil || c.context.Type == "grouping" && o.Type == "report" {
			c.context = o
		}
	case "observed-data":
		var v struct {
			ofObject
			Attribute string    `json:"x_misp_type"`
			Refs      []stix.ID `json:"object_refs"`
		}
		if json.Unmarshal(o.Raw(), &v) == nil && v.Name+v.Attribute != "" {
			for _, id := range v.Refs {
				c.covered[id] = true
			}
		}
	case "artifact":
		var v struct {
			Payload string `json:"payload_bin"`
		}
		if json.Unmarshal(o.Raw(), &v) == nil {
			c.payload[o.ID] = v.Payload
		}
	case "relationship":
		v, err := stix.As[stix.Relationship](o)
		if err == nil && v.RelationshipType == "indicates" {
			c.indicates[v.SourceRef] = append(c.indicates[v.SourceRef], v.TargetRef)
		}
	}
}

// name gives the event its identifier and what it is about.
func (c *composing) name(objects []*stix.Object) {
	e := c.event
	e.Timestamp = c.latest.Unix()
	e.Date = c.latest.UTC().Format(time.DateOnly)
	author := objects[0].CreatedByRef
	if c.context != nil {
		var v struct {
			Name string `json:"name"`
		}
		_ = json.Unmarshal(c.context.Raw(), &v)
		e.UUID, e.Info, author = c.context.ID.UUID(), v.Name, c.context.CreatedByRef
		e.Published = c.context.Type == "report"
		e.Tags = tags(c.context)
		e.Date = c.context.Created.UTC().Format(time.DateOnly)
	}
	if e.UUID == "" {
		var b strings.Builder
		for _, id := range sortedIDs(objects) {
			b.WriteString(string(id))
			b.WriteByte('\n')
		}
		e.UUID = stix.NamedID(OriginalType, b.String()).UUID()
	}
	if e.Info == "" {
		e.Info = strconv.Itoa(len(objects)) + " objects of STIX"
	}
	e.Orgc = c.who[author]
	for i := range e.Attributes { // what the event has, its attributes need not repeat
		a := &e.Attributes[i]
		a.Tags = slices.DeleteFunc(a.Tags, func(t Tag) bool {
			return strings.HasPrefix(t.Name, "tlp:") && slices.Contains(e.Tags, t)
		})
	}
}

// tags returns what marks and labels an object as tags of MISP.
func tags(o *stix.Object) []Tag {
	var list []Tag
	for _, name := range tagsOf(&o.Common) {
		list = append(list, Tag{Name: name})
	}
	return list
}

// object adds one object to the event.
func (c *composing) object(o *stix.Object) {
	switch o.Type {
	case "identity", "report", "grouping", "relationship", "marking-definition", "location", "sighting", "opinion", OriginalType:
		if o.Type != "identity" || !c.whole(o) { // a person or an organisation that the event tells of
			return // told with the others, or nothing of MISP's
		}
		return
	case "threat-actor", "intrusion-set", "malware", "tool", "attack-pattern", "course-of-action", "campaign":
		if !c.fromMISP(o) {
			c.galaxy(o)
			return
		}
	}
	if object := c.whole(o); object {
		return
	}
	if c.covered[o.ID] {
		return
	}
	list := c.attributes(o)
	for i := range list {
		c.attach(&list[i], o)
		for _, id := range c.indicates[o.ID] {
			t := c.tags[id]
			if t == "" && c.named[id] != nil {
				t = tagFor(c.named[id])
				c.tags[id] = t
			}
			if t != "" && !slices.ContainsFunc(list[i].Tags, func(has Tag) bool { return has.Name == t }) {
				list[i].Tags = append(list[i].Tags, Tag{Name: t})
			}
		}
	}
	c.event.Attributes = append(c.event.Attributes, list...)
	if o.Type == "note" && len(list) == 0 {
		c.note(o)
		return
	}
	if len(list) == 0 && o.Type != "observed-data" {
		c.problem(o.ID, "MISP has no place for a %s: it was left out", o.Type)
	}
}

// attach gives an attachment the bytes that stand in an artifact.
func (c *composing) attach(a *Attribute, o *stix.Object) {
	if a.Type != "attachment" && a.Type != "malware-sample" || a.Data != "" {
		return
	}
	var v struct {
		Refs []stix.ID `json:"object_refs"`
	}
	_ = json.Unmarshal(o.Raw(), &v)
	for _, id := range v.Refs {
		a.Data = cmp.Or(a.Data, c.payload[id])
	}
}

// fromMISP reports whether an attribute of MISP became o.
func (c *composing) fromMISP(o *stix.Object) bool {
	var v origin
	return json.Unmarshal(o.Raw(), &v) == nil && v.Type != ""
}

// whole adds an object of MISP that comes back, and reports whether o is one.
func (c *composing) whole(o *stix.Object) bool {
	var v ofObject
	if json.Unmarshal(o.Raw(), &v) != nil || v.Name == "" || len(v.Attributes) == 0 {
		return false
	}
	back := Object{
		UUID: cmp.Or(v.UUID, o.ID.UUID()), Name: v.Name, MetaCategory: v.MetaCategory, TemplateUUID: v.TemplateUUID,
		TemplateVersion: v.TemplateVersion, Comment: v.Comment, Timestamp: o.Modified.Unix(), Distribution: cmp.Or(v.Distribution, "5"),
		Deleted: o.Revoked, FirstSeen: v.FirstSeen, LastSeen: v.LastSeen,
	}
	for _, m := range v.Attributes {
		back.Attributes = append(back.Attributes, Attribute{
			UUID: m.UUID, Type: m.Type, Category: m.Category, Value: m.Value, ToIDs: m.ToIDs, Comment: m.Comment, Timestamp: m.Timestamp,
			Deleted: m.Deleted, Relation: m.Relation, Distribution: "5", FirstSeen: m.FirstSeen, LastSeen: m.LastSeen,
		})
	}
	c.event.Objects = append(c.event.Objects, back)
	return true
}

// note adds a note as a report of the event.
func (c *composing) note(o *stix.Object) {
	v, err := stix.As[stix.Note](o)
	if err != nil {
		c.problem(o.ID, "%v", err)
		return
	}
	c.event.Reports = append(c.event.Reports, EventReport{
		UUID: o.ID.UUID(), Name: v.Abstract, Content: v.Content, Timestamp: o.Modified.Unix(), Distribution: "5", Deleted: o.Revoked,
	})
}

// galaxyOf returns the galaxy that stands for a type of STIX, and the name that
// a cluster has in it.
func galaxyOf(o *stix.Object) (typ, value string) {
	var v struct {
		Name    string `json:"name"`
		Galaxy  string `json:"x_misp_galaxy_type"`
		Aliases []string
	}
	_ = json.Unmarshal(o.Raw(), &v)
	if v.Galaxy != "" {
		return v.Galaxy, v.Name
	}
	for _, ref := range o.ExternalReferences {
		if ref.SourceName == "mitre-attack" && techniqueID.MatchString(ref.ExternalID) {
			return "mitre-" + o.Type, v.Name + " - " + ref.ExternalID
		}
	}
	return o.Type, v.Name
}

// tagFor returns the tag of the cluster that stands for an object.
func tagFor(o *stix.Object) string {
	var v ofCluster
	if json.Unmarshal(o.Raw(), &v) == nil && v.Tag != "" {
		return v.Tag
	}
	typ, value := galaxyOf(o)
	return fmt.Sprintf(`misp-galaxy:%s="%s"`, typ, value)
}

// galaxy adds an actor, a tool and the like as a cluster.
func (c *composing) galaxy(o *stix.Object) {
	var v struct {
		ofCluster
		Description string   `json:"description"`
		Aliases     []string `json:"aliases"`
	}
	if err := json.Unmarshal(o.Raw(), &v); err != nil {
		c.problem(o.ID, "%v", err)
		return
	}
	typ, value := galaxyOf(o)
	if value == "" {
		c.problem(o.ID, "it has no name: a cluster of MISP must have one")
		return
	}
	meta := v.Meta
	if meta == nil && len(v.Aliases) > 0 {
		meta, _ = json.Marshal(map[string][]string{"synonyms": v.Aliases})
	}
	cluster := Cluster{UUID: cmp.Or(v.UUID, o.ID.UUID()), Type: typ, Value: value, TagName: tagFor(o), Description: v.Description, Meta: meta}
	e := c.event
	i := slices.IndexFunc(e.Galaxies, func(g Galaxy) bool { return g.Type == typ })
	if i < 0 {
		i = len(e.Galaxies)
		e.Galaxies = append(e.Galaxies, Galaxy{Type: typ, Name: typ})
	}
	e.Galaxies[i].Clusters = append(e.Galaxies[i].Clusters, cluster)
}

// attributes returns the attributes that stand for an object: the one that it
// came from, or those that say the same.
func (r *returning) attributes(o *stix.Object) []Attribute {
	var v described
	if err := json.Unmarshal(o.Raw(), &v); err != nil {
		r.problem(o.ID, "its properties cannot be read: %v", err)
		return nil
	}
	a := Attribute{UUID: cmp.Or(v.UUID, o.ID.UUID()), Timestamp: o.Modified.Unix(), Deleted: o.Revoked, Tags: tags(o), Distribution: "5"}
	switch {
	case v.origin.Type == "EventReport" || v.origin.Type == "Sighting" || v.origin.Type == "ObjectReference":
		return nil
	case v.origin.Type != "":
		return []Attribute{restored(a, &v)}
	case o.Type == "indicator":
		a.Comment = v.Description
		return ofIndicator(o, a, &v)
	case o.Type == "vulnerability":
		a.Type, a.Category, a.Value, a.Comment = "vulnerability", "External analysis", v.Name, v.Description
	default:
		a.Type, a.Value = observableOf(o)
		a.Category = category(a.Type)
	}
	if a.Type == "" || a.Value == "" {
		return nil
	}
	return []Attribute{a}
}

// restored returns the attribute that an object came from.
func restored(a Attribute, v *described) Attribute {
	a.Type, a.Category, a.Value, a.ToIDs, a.Relation = v.origin.Type, v.Category, v.Value, v.ToIDs, v.Relation
	a.Comment = v.Description + v.Abstract + v.Comment
	a.FirstSeen, a.LastSeen, a.DisableCorrelation, a.Data = v.FirstSeen, v.LastSeen, v.DisableCorrelation, v.Data
	if a.Value == "" {
		a.Value = v.Content + v.Pattern
	}
	a.Distribution = cmp.Or(v.Distribution, "5")
	return a
}

// ofIndicator returns the attributes that say what an indicator does: one for a
// single comparison or a rule, else the pattern as it stands and, for values
// joined by OR, one for each.
func ofIndicator(o *stix.Object, a Attribute, v *described) []Attribute {
	i, err := stix.As[stix.Indicator](o)
	if err != nil {
		return nil
	}
	a.ToIDs = true
	if i.PatternType != "stix" {
		for typ, kind := range rules {
			if kind == i.PatternType && typ != "bro" {
				a.Type = typ
			}
		}
		a.Type, a.Value = cmp.Or(a.Type, "other"), i.Pattern
		a.Category = category(a.Type)
		return []Attribute{a}
	}
	if a.Type, a.Value = simple(i.Pattern); a.Type != "" {
		a.Category = category(a.Type)
		return []Attribute{a}
	}
	a.Type, a.Value, a.Category = "stix2-pattern", i.Pattern, category("stix2-pattern")
	list := []Attribute{a}
	for _, c := range alternatives(i.Pattern) {
		one := a
		if one.Type, one.Value = compared(c); one.Type == "" {
			return list[:1]
		}
		one.UUID = stix.NamedID("x-misp-attribute", string(o.ID)+"\n"+one.Type+"\n"+one.Value).UUID()
		one.Category = category(one.Type)
		list = append(list, one)
	}
	return list
}

// observableOf returns the attribute that says what an observable does.
func observableOf(o *stix.Object) (typ, value string) {
	var v struct {
		Value   string      `json:"value"`
		Name    string      `json:"name"`
		Key     string      `json:"key"`
		Subject string      `json:"subject"`
		Number  int64       `json:"number"`
		Hashes  stix.Hashes `json:"hashes"`
		Payload string      `json:"payload_bin"`
	}
	if json.Unmarshal(o.Raw(), &v) != nil {
		return "", ""
	}
	switch o.Type {
	case "domain-name":
		return "domain", v.Value
	case "ipv4-addr", "ipv6-addr":
		return "ip-dst", v.Value
	case "url":
		return "url", v.Value
	case "email-addr":
		return "email", v.Value
	case "mac-addr":
		return "mac-address", v.Value
	case "mutex":
		return "mutex", v.Name
	case "windows-registry-key":
		return "regkey", v.Key
	case "email-message":
		return "email-subject", v.Subject
	case "autonomous-system":
		return "AS", "AS" + strconv.FormatInt(v.Number, 10)
	case "file", "x509-certificate":
		for _, name := range []string{"SHA-256", "SHA-512", "SHA-1", "MD5"} {
			if sum := v.Hashes[name]; sum != "" {
				typ = hashType(o.Type, name)
				if v.Name != "" && typ != "" {
					return "filename|" + typ, v.Name + "|" + sum
				}
				return typ, sum
			}
		}
		return "filename", v.Name
	}
	return "", ""
}

// category returns the category that an attribute of a type stands in when
// nobody has said another.
func category(typ string) string {
	switch {
	case strings.HasPrefix(typ, "ip-"), typ == "domain", typ == "url", typ == "AS", typ == "mac-address", typ == "user-agent",
		typ == "snort", typ == "suricata", typ == "zeek", strings.HasPrefix(typ, "x509-"), typ == "email-dst", typ == "email":
		return "Network activity"
	case typ == "regkey":
		return "Persistence mechanism"
	case typ == "mutex", typ == "kusto-query":
		return "Artifacts dropped"
	case typ == "vulnerability":
		return "External analysis"
	case typ == "other", typ == "":
		return "Other"
	}
	return "Payload delivery"
}
