package stix

import (
	"regexp"
	"strings"
)

var (
	typeName = regexp.MustCompile(`^[a-z][a-z0-9-]{2,249}$`)
	cve      = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,}$`)
	capec    = regexp.MustCompile(`^CAPEC-[0-9]+$`)
)

// extendsTop reports whether an extension of o adds properties to its top, or
// makes its type.
func (o *Object) extendsTop() bool {
	for _, ext := range o.Extensions {
		t := text(member(ext, "extension_type"))
		if t == "toplevel-property-extension" || strings.HasPrefix(t, "new-") {
			return true
		}
	}
	return false
}

// customType checks the name of a type that STIX does not define.
func (c *checker) customType() {
	at := path("type")
	if !typeName.MatchString(c.o.Type) || strings.Contains(c.o.Type, "--") {
		c.must(at, "3.1", "names of types have 3 to 250 lower-case letters, digits and single hyphens: rename it")
	} else if !c.o.extendsTop() {
		c.should(at, "11.2", "STIX does not define it: define it in an extension")
	}
}

// extensions checks the extensions of the object.
func (c *checker) extensions(raw []byte) {
	for name, ext := range members(raw) {
		at := path("extensions").name(name)
		s, def := extensionSchema[string(name)], extensionOf[string(name)]
		switch {
		case ext[0] != '{':
			c.must(at, "3.2", "an extension is a JSON object")
		case def != nil && string(def.class) != c.o.Type:
			c.must(at, def.section, "it extends a %s, not a %s: take it away", def.class, c.o.Type)
		case s != nil:
			if c.object(at, ext, s).empty() {
				c.must(at, s.section, "it has none of its properties: fill it or take it away")
			}
		case strings.HasPrefix(string(name), "extension-definition--"):
			c.extension(at, ID(name), ext)
		default:
			c.should(at, "7.3", "define it in an extension definition, and name it by the identifier of that")
		}
	}
}

func (c *checker) extension(at path, id ID, ext []byte) {
	if err := id.Valid(); err != nil {
		c.must(at, "7.3", "%s", bare(err))
		return
	}
	if t := member(ext, "extension_type"); t == nil || !vocabularies["extension-type-enum"][text(t)] {
		c.must(at.name([]byte("extension_type")), "7.3", "it is required: say which kind of extension-type-enum it is")
	}
}

// markings checks that selectors point at something.
func (c *checker) markings() {
	for i, g := range c.o.GranularMarkings {
		for j, s := range g.Selectors {
			if _, err := c.o.Select(s); err != nil {
				c.must(path("granular_markings").index(i).name([]byte("selectors")).index(j), "7.2.3.1", "%.100q points at nothing in the object: correct it", s)
			}
		}
	}
}

func (c *checker) granularMarking(at path, raw []byte, v known) {
	if (v.of("lang") == nil) == (v.of("marking_ref") == nil) {
		c.must(at, "7.2.3", "one of lang and marking_ref must be there, and not both")
	}
}

func (c *checker) externalReference(at path, v known) {
	if strings.TrimSpace(text(v.of("source_name"))) == "" && text(v.of("source_name")) != "" {
		c.should(at.name([]byte("source_name")), "2.5", "it is empty: say what it is")
	}
	if v.of("description") == nil && v.of("url") == nil && v.of("external_id") == nil {
		c.must(at, "2.5", "one of description, url and external_id must be there: add one")
	}
	id := text(v.of("external_id"))
	switch text(v.of("source_name")) {
	case "cve":
		if v.of("external_id") != nil && !cve.MatchString(id) {
			c.must(at.name([]byte("external_id")), "2.5", "%.100q is no CVE number: write CVE-YYYY-NNNN", id)
		}
	case "capec":
		if v.of("external_id") != nil && !capec.MatchString(id) {
			c.must(at.name([]byte("external_id")), "2.5", "%.100q is no CAPEC number: write CAPEC-N", id)
		}
	}
}

// bundle checks a bundle and the objects in it.
func (c *checker) bundle() {
	c.identifier()
	v := c.object(nil, c.o.raw, schemaOf["bundle"])
	byID := map[ID]*Object{}
	for n, raw := range elements(v.of("objects")) {
		o, err := Parse(raw)
		if err != nil {
			c.must(path("objects").index(n), "3.2", "%s", bare(err))
			continue
		}
		if old := byID[o.ID]; old == nil || o.Modified.After(old.Modified.Time) {
			byID[o.ID] = o
		}
	}
	for n, raw := range elements(v.of("objects")) {
		o, err := Parse(raw)
		if err != nil {
			continue
		}
		inner := checker{o: o}
		inner.top()
		if o.Type == "language-content" {
			inner.translation(byID)
		}
		for _, p := range inner.problems {
			at := path("objects").index(n)
			if p.Path != "" {
				at = at.name([]byte(p.Path))
			}
			c.add(p.Must, at, p.Clause, "%s", []any{p.Message})
		}
	}
}

// translation checks language content against the object that it translates.
func (c *checker) translation(byID map[ID]*Object) {
	o := byID[ID(text(member(c.o.raw, "object_ref")))]
	if o == nil {
		return
	}
	if m := member(c.o.raw, "object_modified"); m != nil {
		if t, err := ParseTimestamp(text(m)); err == nil && !t.Equal(o.Modified.Time) {
			c.should(path("object_modified"), "7.1", "it is of another version than the one in the bundle")
			return
		}
	}
	for lang, contents := range members(member(c.o.raw, "contents")) {
		for name, v := range members(contents) {
			at := path("contents").name(lang).name(name)
			original := member(o.raw, string(name))
			switch {
			case original == nil:
				c.should(at, "7.1", "what it translates has no such property")
			case original[0] != v[0]:
				c.must(at, "7.1", "it must be of the same kind as what it translates")
			case v[0] == '[' && count(v) != count(original):
				c.must(at, "7.1", "its list must be as long as the one that it translates: write an empty string for what stays")
			}
		}
	}
}

func count(list []byte) (n int) {
	for range elements(list) {
		n++
	}
	return n
}
