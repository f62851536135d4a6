package stix

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A Class is one of the kinds of objects that STIX divides its types in
// (section 1.3).
type Class string

// The classes of types. Types that STIX does not define have class Custom.
const (
	SDO    Class = "SDO" // domain object: what is known
	SRO    Class = "SRO" // relationship object: how it hangs together
	SCO    Class = "SCO" // cyber-observable object: what was seen
	Meta   Class = "meta"
	Custom Class = ""
)

// A definition is what STIX says of one type or predefined extension.
type definition struct {
	name    string
	class   Class
	section string
	of      reflect.Type
}

func define[T any](name string, class Class, section string) definition {
	return definition{name, class, section, reflect.TypeFor[T]()}
}

var definitions = []definition{
	define[AttackPattern]("attack-pattern", SDO, "4.1"),
	define[Campaign]("campaign", SDO, "4.2"),
	define[CourseOfAction]("course-of-action", SDO, "4.3"),
	define[Grouping]("grouping", SDO, "4.4"),
	define[Identity]("identity", SDO, "4.5"),
	define[Incident]("incident", SDO, "4.6"),
	define[Indicator]("indicator", SDO, "4.7"),
	define[Infrastructure]("infrastructure", SDO, "4.8"),
	define[IntrusionSet]("intrusion-set", SDO, "4.9"),
	define[Location]("location", SDO, "4.10"),
	define[Malware]("malware", SDO, "4.11"),
	define[MalwareAnalysis]("malware-analysis", SDO, "4.12"),
	define[Note]("note", SDO, "4.13"),
	define[ObservedData]("observed-data", SDO, "4.14"),
	define[Opinion]("opinion", SDO, "4.15"),
	define[Report]("report", SDO, "4.16"),
	define[ThreatActor]("threat-actor", SDO, "4.17"),
	define[Tool]("tool", SDO, "4.18"),
	define[Vulnerability]("vulnerability", SDO, "4.19"),
	define[Relationship]("relationship", SRO, "5.1"),
	define[Sighting]("sighting", SRO, "5.2"),
	define[Artifact]("artifact", SCO, "6.1"),
	define[AutonomousSystem]("autonomous-system", SCO, "6.2"),
	define[Directory]("directory", SCO, "6.3"),
	define[DomainName]("domain-name", SCO, "6.4"),
	define[EmailAddr]("email-addr", SCO, "6.5"),
	define[EmailMessage]("email-message", SCO, "6.6"),
	define[File]("file", SCO, "6.7"),
	define[IPv4Addr]("ipv4-addr", SCO, "6.8"),
	define[IPv6Addr]("ipv6-addr", SCO, "6.9"),
	define[MACAddr]("mac-addr", SCO, "6.10"),
	define[Mutex]("mutex", SCO, "6.11"),
	define[NetworkTraffic]("network-traffic", SCO, "6.12"),
	define[Process]("process", SCO, "6.13"),
	define[Software]("software", SCO, "6.14"),
	define[URL]("url", SCO, "6.15"),
	define[UserAccount]("user-account", SCO, "6.16"),
	define[WindowsRegistryKey]("windows-registry-key", SCO, "6.17"),
	define[X509Certificate]("x509-certificate", SCO, "6.18"),
	define[LanguageContent]("language-content", Meta, "7.1"),
	define[MarkingDefinition]("marking-definition", Meta, "7.2.1"),
	define[ExtensionDefinition]("extension-definition", Meta, "7.3"),
	define[Bundle]("bundle", Meta, "8"),
}

// The predefined extensions of observables; of each, the type that it extends
// stands in class.
var extensions = []definition{
	define[ArchiveExt]("archive-ext", "file", "6.7.3"),
	define[NTFSExt]("ntfs-ext", "file", "6.7.4"),
	define[PDFExt]("pdf-ext", "file", "6.7.5"),
	define[RasterImageExt]("raster-image-ext", "file", "6.7.6"),
	define[WindowsPEBinaryExt]("windows-pebinary-ext", "file", "6.7.7"),
	define[HTTPRequestExt]("http-request-ext", "network-traffic", "6.12.3"),
	define[ICMPExt]("icmp-ext", "network-traffic", "6.12.4"),
	define[SocketExt]("socket-ext", "network-traffic", "6.12.5"),
	define[TCPExt]("tcp-ext", "network-traffic", "6.12.6"),
	define[WindowsProcessExt]("windows-process-ext", "process", "6.13.2"),
	define[WindowsServiceExt]("windows-service-ext", "process", "6.13.3"),
	define[UnixAccountExt]("unix-account-ext", "user-account", "6.16.2"),
	define[TLP2](tlp2Extension, "marking-definition", "TLP 2.0"),
}

var (
	definitionOf = byName(definitions)
	extensionOf  = byName(extensions)
	nameOf       = byType(definitions)
	extensionFor = byType(extensions)
)

func byName(list []definition) map[string]*definition {
	m := make(map[string]*definition, len(list))
	for i := range list {
		m[list[i].name] = &list[i]
	}
	return m
}

func byType(list []definition) map[reflect.Type]string {
	m := make(map[reflect.Type]string, len(list))
	for _, d := range list {
		m[d.of] = d.name
	}
	return m
}

// ClassOf returns the class of a type by its name, Custom for one that STIX
// does not define.
func ClassOf(typ string) Class {
	if d := definitionOf[typ]; d != nil {
		return d.class
	}
	return Custom
}

// As returns o as a value of its type, such as Indicator. It is an error when
// o is of another type or a property of T has a value of a wrong kind. T can
// also be a struct for a custom type, with Common embedded. Properties that T
// does not name stay in o alone.
func As[T any](o *Object) (*T, error) {
	if name, known := nameOf[reflect.TypeFor[T]()]; known && name != o.Type {
		return nil, fmt.Errorf("%s is no %s", o.ID, name)
	}
	v := new(T)
	if err := json.Unmarshal(o.raw, v); err != nil {
		return nil, fmt.Errorf("%s: %w", o.ID, plain(err))
	}
	return v, nil
}

// Make writes v, a pointer to one of the structs of this package or to one
// with Common embedded, as an object. Where v is empty it first fills in, in v
// itself: type, spec_version 2.1, modified from created, and an identifier,
// which is ObservableID's for observables and random for all others. The time
// of creation is the caller's to set.
func Make(v interface{ common() *Common }) (*Object, error) {
	c := v.common()
	if c.Type == "" {
		c.Type = nameOf[reflect.TypeOf(v).Elem()]
	}
	if c.Type == "" {
		return nil, errNoType
	}
	if c.SpecVersion == "" {
		c.SpecVersion = "2.1"
	}
	observable := ClassOf(c.Type) == SCO
	if c.Created.IsZero() && !observable {
		return nil, fmt.Errorf("%s: created is required: set the time of its creation (section 3.2)", c.Type)
	}
	if c.Modified.IsZero() && c.Type != "marking-definition" {
		c.Modified = c.Created
	}
	if c.ID == "" {
		c.ID = NewID(c.Type)
		if observable {
			raw, err := write(v)
			if err != nil {
				return nil, err
			}
			c.ID = ObservableID(&Object{Common: *c, raw: raw})
		}
	}
	raw, err := write(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Type, err)
	}
	return made(c, raw)
}

// made returns what Parse does of raw, which was written of an object with the
// common properties c, and reads it only where they do not say it all.
func made(c *Common, raw []byte) (*Object, error) {
	simple := c.Confidence == nil && c.ExternalReferences == nil && c.GranularMarkings == nil && c.Extensions == nil &&
		bytes.Count(raw, []byte{'{'})+bytes.Count(raw, []byte{'['}) <= MaxDepth && len(raw) <= math.MaxInt32 &&
		ordinary(c.Created) && ordinary(c.Modified)
	if !simple || !bytes.HasPrefix(raw, append([]byte(`{"type":"`), c.Type...)) {
		return Parse(raw)
	}
	if err := c.ID.Valid(); err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	if c.ID.Type() != c.Type {
		return nil, fmt.Errorf("id: %w", errIDType)
	}
	o := &Object{Common: *c, raw: raw}
	o.Created.Time, o.Modified.Time = c.Created.UTC().Round(0), c.Modified.UTC().Round(0)
	o.Labels, o.ObjectMarkingRefs = copied(c.Labels), copied(c.ObjectMarkingRefs)
	return o, nil
}

// ordinary reports whether t is read as it was written.
func ordinary(t Timestamp) bool { return t.UTC().Year() >= 0 && t.UTC().Year() <= 9999 }

// copied returns a list of its own, nil for one that is not written.
func copied[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return slices.Clone(list)
}

func write(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true))
}

func (c *Common) common() *Common { return c }

// Extension returns the extension of type T, such as NTFSExt; ok is whether
// there is one. It is an error when a property has a value of a wrong kind.
func Extension[T any](c *Common) (ext *T, ok bool, err error) {
	raw, ok := c.Extensions[extensionFor[reflect.TypeFor[T]()]]
	if !ok {
		return nil, false, nil
	}
	ext = new(T)
	if err := json.Unmarshal(raw, ext); err != nil {
		return nil, true, fmt.Errorf("extensions: %w", plain(err))
	}
	return ext, true, nil
}

// SetExtension puts an extension, such as an *NTFSExt, into c, in place of one
// of the same kind.
func SetExtension(c *Common, ext any) error {
	name := extensionFor[reflect.Indirect(reflect.ValueOf(ext)).Type()]
	if name == "" {
		return fmt.Errorf("%T is no extension that STIX defines: put its JSON into Extensions under its name", ext)
	}
	raw, err := write(ext)
	if err != nil {
		return err
	}
	if c.Extensions == nil {
		c.Extensions = map[string]jsontext.Value{}
	}
	c.Extensions[name] = raw
	return nil
}
