package stix

import (
	"iter"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// A schema is what STIX asks of the properties of a type. It is read from the
// structs of this package: the kind of a property is that of its field, and a
// tag `stix` holds the rest, as a list of
//
//	required      the property must be there
//	open=NAME     its words should be of a vocabulary
//	enum=NAME     its words must be of an enumeration
//	ref=A|B       references must be to these types or classes
//	min=N, max=N  bounds of a number
//	hex           a string of hexadecimal digits
//	with=NAME     another property must be there too
//	from=NAME     a time must not be before another
//	after=NAME    a time must be after another
//	warnfrom=NAME a time should not be before another
type schema struct {
	section string
	byName  map[string]*property
	list    []*property
	size    int // of places of properties
}

type property struct {
	name     string
	at       int // its place
	section  string
	kind     kind
	list     bool // of that kind
	dict     bool // whose values are of that kind
	required bool
	open     string
	enum     string
	refs     []string
	min, max *float64
	with     string
	order    string // from, after or warnfrom
	other    string // property that order is about
	sub      *schema
}

// A kind is one of the types of section 2.
type kind int

const (
	anyKind kind = iota
	stringKind
	identifierKind
	timestampKind
	integerKind
	floatKind
	booleanKind
	binaryKind
	hexKind
	hashesKind
	objectKind
)

var kindNames = [...]string{"value", "string", "identifier", "timestamp", "integer", "float", "boolean", "binary", "hex string", "hashes object", "object"}

var (
	schemaOf        = schemas(definitions)
	extensionSchema = schemas(extensions)
	customSchema    = newSchema(reflect.TypeFor[struct{ Common }](), "11.2", Custom)
)

// commonSections has the sections of the types of properties that all types
// may use.
var commonSections = map[reflect.Type]string{
	reflect.TypeFor[ExternalReference](): "2.5",
	reflect.TypeFor[KillChainPhase]():    "2.11",
	reflect.TypeFor[GranularMarking]():   "7.2.3",
}

func schemas(list []definition) map[string]*schema {
	m := make(map[string]*schema, len(list))
	for _, d := range list {
		m[d.name] = newSchema(d.of, d.section, d.class)
	}
	schema := m["marking-definition"]
	for _, name := range []string{"modified", "revoked", "labels", "confidence", "lang"} {
		schema.remove(name)
	}
	return m
}

// newSchema reads the schema of a struct. The common properties that a class
// does not have are left out (the table of section 3.2).
func newSchema(t reflect.Type, section string, class Class) *schema {
	s := &schema{section: section, byName: map[string]*property{}}
	for name, f := range properties(t) {
		p := &property{name: name, at: s.size, section: section}
		if len(f.Index) > 1 {
			p.section = "3.2" // of the properties that all types have
		}
		p.ofType(f.Type)
		p.ofTag(f.Tag.Get("stix"))
		s.byName[name] = p
		s.list = append(s.list, p)
		s.size++
	}
	switch class {
	case SCO:
		for _, name := range []string{"created_by_ref", "created", "modified", "revoked", "labels", "confidence", "lang", "external_references"} {
			s.remove(name)
		}
	case SDO, SRO, Meta:
		for _, name := range []string{"spec_version", "created", "modified"} {
			if p := s.byName[name]; p != nil {
				p.required = true
			}
		}
		s.remove("defanged")
	}
	return s
}

func (s *schema) remove(name string) {
	if s == nil || s.byName[name] == nil {
		return
	}
	delete(s.byName, name)
	for i, p := range s.list {
		if p.name == name {
			s.list = append(s.list[:i:i], s.list[i+1:]...)
			return
		}
	}
}

func (p *property) ofType(t reflect.Type) {
	switch t {
	case reflect.TypeFor[ID]():
		p.kind = identifierKind
	case reflect.TypeFor[Timestamp]():
		p.kind = timestampKind
	case reflect.TypeFor[Hashes]():
		p.kind = hashesKind
	case reflect.TypeFor[[]byte]():
		p.kind = binaryKind
	case reflect.TypeFor[jsontext.Value]():
		p.kind = anyKind
	default:
		p.ofKind(t)
	}
}

func (p *property) ofKind(t reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		p.ofType(t.Elem())
	case reflect.Slice:
		p.ofType(t.Elem())
		p.list = true
	case reflect.Map:
		p.ofType(t.Elem())
		p.dict = true
	case reflect.Struct:
		p.kind = objectKind
		section := p.section
		if common := commonSections[t]; common != "" {
			section = common
		}
		p.sub = newSchema(t, section, Custom)
	case reflect.Int, reflect.Int64:
		p.kind = integerKind
	case reflect.Float64:
		p.kind = floatKind
	case reflect.Bool:
		p.kind = booleanKind
	default:
		p.kind = stringKind
	}
}

func (p *property) ofTag(tag string) {
	for rule := range strings.SplitSeq(tag, ",") {
		name, arg, _ := strings.Cut(rule, "=")
		switch name {
		case "required":
			p.required = true
		case "open":
			p.open = arg
		case "enum":
			p.enum = arg
		case "ref":
			p.refs = strings.Split(arg, "|")
		case "min", "max":
			n, _ := strconv.ParseFloat(arg, 64)
			if name == "min" {
				p.min = &n
			} else {
				p.max = &n
			}
		case "hex":
			p.kind = hexKind
		case "with":
			p.with = arg
		case "from", "after", "warnfrom":
			p.order, p.other = name, arg
		}
	}
}

// properties yields the properties of a struct of this package, those of
// embedded structs too, by their names in JSON.
func properties(t reflect.Type) iter.Seq2[string, reflect.StructField] {
	return func(yield func(string, reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" && !yield(name, f) {
				return
			}
		}
	}
}
