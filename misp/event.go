package misp

import (
	"strings"
)

// An Event is one event of MISP: the bytes it came in, which are never
// changed, and what this package reads of them. Fields that it does not know
// stay in the bytes.
//
// MISP writes the same field as a string, a number or null, depending on its
// version: here it is what its field says.
type Event struct {
	UUID             string        `json:"uuid"`
	Info             string        `json:"info"`
	Date             string        `json:"date"` // of what happened: 2006-01-02
	Timestamp        int64         `json:"timestamp,string"`
	PublishTimestamp int64         `json:"publish_timestamp,string"`
	Published        bool          `json:"published"`
	ThreatLevelID    string        `json:"threat_level_id,omitempty"` // 1 high, 2 medium, 3 low, 4 undefined
	Analysis         string        `json:"analysis,omitempty"`        // 0 initial, 1 ongoing, 2 complete
	Distribution     string        `json:"distribution,omitempty"`
	SharingGroupID   string        `json:"sharing_group_id,omitempty"`
	ExtendsUUID      string        `json:"extends_uuid,omitempty"`
	Org              *Org          `json:"Org,omitempty"`  // whose instance the event comes from
	Orgc             *Org          `json:"Orgc,omitempty"` // who made it
	SharingGroup     *SharingGroup `json:"SharingGroup,omitempty"`
	Tags             []Tag         `json:"Tag,omitempty"`
	Attributes       []Attribute   `json:"Attribute,omitempty"`
	Objects          []Object      `json:"Object,omitempty"`
	Galaxies         []Galaxy      `json:"Galaxy,omitempty"`
	Reports          []EventReport `json:"EventReport,omitempty"`
	DisableCorrelate bool          `json:"disable_correlation,omitzero"`
	raw              []byte        // as it came
	body             []byte        // the event itself within raw
	at               int           // where body begins in raw
}

// Raw returns the event as it came, with what it was wrapped in. The bytes must
// not be changed.
func (e *Event) Raw() []byte { return e.raw }

// An Org is an organisation.
type Org struct {
	ID   string `json:"id,omitempty"` // of one instance alone
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// A SharingGroup is the organisations that something may be given to.
type SharingGroup struct {
	UUID          string            `json:"uuid"`
	Name          string            `json:"name"`
	Releasability string            `json:"releasability,omitempty"`
	Orgs          []SharingGroupOrg `json:"SharingGroupOrg"`
}

// A SharingGroupOrg is a member of a sharing group.
type SharingGroupOrg struct {
	Organisation *Org `json:"Organisation"`
}

// A Tag is a label; with the syntax of a taxonomy it is a triple such as
// tlp:amber or admiralty-scale:source-reliability="b".
type Tag struct {
	Name  string `json:"name"`
	Color string `json:"colour,omitempty"`
}

// An Attribute is one value with what is meant by it.
type Attribute struct {
	UUID               string        `json:"uuid"`
	Type               string        `json:"type"`
	Category           string        `json:"category"`
	Value              string        `json:"value"`
	ToIDs              bool          `json:"to_ids"` // meant for detection
	Comment            string        `json:"comment,omitempty"`
	Timestamp          int64         `json:"timestamp,string"`
	Distribution       string        `json:"distribution,omitempty"`
	SharingGroupID     string        `json:"sharing_group_id,omitempty"`
	SharingGroup       *SharingGroup `json:"SharingGroup,omitempty"`
	Deleted            bool          `json:"deleted"`
	DisableCorrelation bool          `json:"disable_correlation,omitzero"`
	FirstSeen          string        `json:"first_seen,omitempty"`
	LastSeen           string        `json:"last_seen,omitempty"`
	Relation           string        `json:"object_relation,omitempty"` // what it is in its object
	Data               string        `json:"data,omitempty"`            // base64 of an attachment
	Tags               []Tag         `json:"Tag,omitempty"`
	Galaxies           []Galaxy      `json:"Galaxy,omitempty"`
	Sightings          []Sighting    `json:"Sighting,omitempty"`
}

// An Object is attributes that belong together, by a template.
type Object struct {
	UUID            string            `json:"uuid"`
	Name            string            `json:"name"`
	MetaCategory    string            `json:"meta-category"`
	Description     string            `json:"description"`
	TemplateUUID    string            `json:"template_uuid"`
	TemplateVersion string            `json:"template_version"`
	Comment         string            `json:"comment,omitempty"`
	Timestamp       int64             `json:"timestamp,string"`
	Distribution    string            `json:"distribution,omitempty"`
	SharingGroupID  string            `json:"sharing_group_id,omitempty"`
	SharingGroup    *SharingGroup     `json:"SharingGroup,omitempty"`
	Deleted         bool              `json:"deleted"`
	FirstSeen       string            `json:"first_seen,omitempty"`
	LastSeen        string            `json:"last_seen,omitempty"`
	Attributes      []Attribute       `json:"Attribute,omitempty"`
	References      []ObjectReference `json:"ObjectReference,omitempty"`
}

// An ObjectReference leads from an object to another one or to an attribute.
type ObjectReference struct {
	UUID             string `json:"uuid"`
	Timestamp        int64  `json:"timestamp,string"`
	ReferencedUUID   string `json:"referenced_uuid"`
	RelationshipType string `json:"relationship_type"`
	Comment          string `json:"comment,omitempty"`
	Deleted          bool   `json:"deleted"`
}

// A Sighting says that an attribute was seen.
type Sighting struct {
	UUID         string `json:"uuid"`
	Type         string `json:"type"` // 0 seen, 1 a false positive, 2 expires then
	DateSighting int64  `json:"date_sighting,string"`
	Source       string `json:"source"`
	Organisation *Org   `json:"Organisation"`
}

// An EventReport is prose about an event, in Markdown.
type EventReport struct {
	UUID           string        `json:"uuid"`
	Name           string        `json:"name"`
	Content        string        `json:"content"`
	Timestamp      int64         `json:"timestamp,string"`
	Distribution   string        `json:"distribution,omitempty"`
	SharingGroupID string        `json:"sharing_group_id,omitempty"`
	SharingGroup   *SharingGroup `json:"SharingGroup,omitempty"`
	Deleted        bool          `json:"deleted"`
}

// A Problem is something of an event that STIX could not be given as it is.
type Problem struct {
	Path    string // to the part of the event, such as Attribute[3]
	Message string // what is wrong, and what became of it
}

func (p Problem) String() string { return strings.TrimPrefix(p.Path+": "+p.Message, ": ") }
