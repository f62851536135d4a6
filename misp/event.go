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
	Timestamp        int64         `json:"timestamp"`
	PublishTimestamp int64         `json:"publish_timestamp"`
	Published        bool          `json:"published"`
	ThreatLevelID    string        `json:"threat_level_id"` // 1 high, 2 medium, 3 low, 4 undefined
	Analysis         string        `json:"analysis"`        // 0 initial, 1 ongoing, 2 complete
	Distribution     string        `json:"distribution"`
	SharingGroupID   string        `json:"sharing_group_id"`
	ExtendsUUID      string        `json:"extends_uuid"`
	Org              *Org          `json:"Org"`  // whose instance the event comes from
	Orgc             *Org          `json:"Orgc"` // who made it
	SharingGroup     *SharingGroup `json:"SharingGroup"`
	Tags             []Tag         `json:"Tag"`
	Attributes       []Attribute   `json:"Attribute"`
	Objects          []Object      `json:"Object"`
	Galaxies         []Galaxy      `json:"Galaxy"`
	Reports          []EventReport `json:"EventReport"`
	DisableCorrelate bool          `json:"disable_correlation"`
	raw              []byte        // as it came
	body             []byte        // the event itself within raw
}

// Raw returns the event as it came, with what it was wrapped in. The bytes must
// not be changed.
func (e *Event) Raw() []byte { return e.raw }

// An Org is an organisation.
type Org struct {
	ID   string `json:"id"` // of one instance alone
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

// A SharingGroup is the organisations that something may be given to.
type SharingGroup struct {
	UUID          string            `json:"uuid"`
	Name          string            `json:"name"`
	Releasability string            `json:"releasability"`
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
	Color string `json:"colour"`
}

// An Attribute is one value with what is meant by it.
type Attribute struct {
	UUID               string        `json:"uuid"`
	Type               string        `json:"type"`
	Category           string        `json:"category"`
	Value              string        `json:"value"`
	ToIDs              bool          `json:"to_ids"` // meant for detection
	Comment            string        `json:"comment"`
	Timestamp          int64         `json:"timestamp"`
	Distribution       string        `json:"distribution"`
	SharingGroupID     string        `json:"sharing_group_id"`
	SharingGroup       *SharingGroup `json:"SharingGroup"`
	Deleted            bool          `json:"deleted"`
	DisableCorrelation bool          `json:"disable_correlation"`
	FirstSeen          string        `json:"first_seen"`
	LastSeen           string        `json:"last_seen"`
	Relation           string        `json:"object_relation"` // what it is in its object
	Data               string        `json:"data"`            // base64 of an attachment
	Tags               []Tag         `json:"Tag"`
	Galaxies           []Galaxy      `json:"Galaxy"`
	Sightings          []Sighting    `json:"Sighting"`
}

// An Object is attributes that belong together, by a template.
type Object struct {
	UUID            string            `json:"uuid"`
	Name            string            `json:"name"`
	MetaCategory    string            `json:"meta-category"`
	Description     string            `json:"description"`
	TemplateUUID    string            `json:"template_uuid"`
	TemplateVersion string            `json:"template_version"`
	Comment         string            `json:"comment"`
	Timestamp       int64             `json:"timestamp"`
	Distribution    string            `json:"distribution"`
	SharingGroupID  string            `json:"sharing_group_id"`
	SharingGroup    *SharingGroup     `json:"SharingGroup"`
	Deleted         bool              `json:"deleted"`
	FirstSeen       string            `json:"first_seen"`
	LastSeen        string            `json:"last_seen"`
	Attributes      []Attribute       `json:"Attribute"`
	References      []ObjectReference `json:"ObjectReference"`
}

// An ObjectReference leads from an object to another one or to an attribute.
type ObjectReference struct {
	UUID             string `json:"uuid"`
	Timestamp        int64  `json:"timestamp"`
	ReferencedUUID   string `json:"referenced_uuid"`
	RelationshipType string `json:"relationship_type"`
	Comment          string `json:"comment"`
	Deleted          bool   `json:"deleted"`
}

// A Sighting says that an attribute was seen.
type Sighting struct {
	UUID         string `json:"uuid"`
	Type         string `json:"type"` // 0 seen, 1 a false positive, 2 expires then
	DateSighting int64  `json:"date_sighting"`
	Source       string `json:"source"`
	Organisation *Org   `json:"Organisation"`
}

// An EventReport is prose about an event, in Markdown.
type EventReport struct {
	UUID           string        `json:"uuid"`
	Name           string        `json:"name"`
	Content        string        `json:"content"`
	Timestamp      int64         `json:"timestamp"`
	Distribution   string        `json:"distribution"`
	SharingGroupID string        `json:"sharing_group_id"`
	SharingGroup   *SharingGroup `json:"SharingGroup"`
	Deleted        bool          `json:"deleted"`
}

// A Problem is something of an event that STIX could not be given as it is.
type Problem struct {
	Path    string // to the part of the event, such as Attribute[3]
	Message string // what is wrong, and what became of it
}

func (p Problem) String() string { return strings.TrimPrefix(p.Path+": "+p.Message, ": ") }
