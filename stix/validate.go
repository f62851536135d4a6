package stix

import (
	"encoding/base64"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Problem is a rule of STIX that an object breaks.
type Problem struct {
	Path    string // to the value, written as a selector; "" for the object
	Clause  string // the section of STIX 2.1 that has the rule
	Message string // what is wrong, and what to do
	Must    bool   // the rule is a MUST; else it is a SHOULD
}

func (p Problem) String() string {
	level := "should"
	if p.Must {
		level = "must"
	}
	if p.Path == "" {
		return fmt.Sprintf("%s: %s (section %s)", level, p.Message, p.Clause)
	}
	return fmt.Sprintf("%s: %s: %s (section %s)", level, p.Path, p.Message, p.Clause)
}

// maxProblems is how many problems are told of one object.
const maxProblems = 1000

// Validate returns the rules of STIX 2.1 that o breaks, in the order of its
// bytes. Of a bundle it checks the objects within too, and what language
// content says of them.
func Validate(o *Object) []Problem {
	room := rooms.Get().(*[][]byte)
	c := checker{o: o, free: *room}
	if o.Type == "bundle" {
		c.bundle()
	} else {
		c.top()
	}
	clear((*room)[:len(*room)-len(c.free)])
	rooms.Put(room)
	return c.problems
}

// rooms are where checkers have their values, used again.
var rooms = sync.Pool{New: func() any {
	room := make([][]byte, 128)
	return &room
}}

// A checker collects the problems of one object.
type checker struct {
	o        *Object
	problems []Problem
	free     [][]byte // see room
}

func (c *checker) add(must bool, p path, clause, format string, args []any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{string(p), clause, fmt.Sprintf(format, args...), must})
	}
}

func (c *checker) must(p path, clause, format string, args ...any) {
	c.add(true, p, clause, format, args)
}

func (c *checker) should(p path, clause, format string, args ...any) {
	c.add(false, p, clause, format, args)
}

// top checks an object that is no bundle.
func (c *checker) top() {
	s := schemaOf[c.o.Type]
	if s == nil {
		s = customSchema
		c.customType()
	}
	c.identifier()
	v := c.object(nil, c.o.raw, s)
	c.extensions(v.of("extensions"))
	c.markings()
	if rule := rules[c.o.Type]; rule != nil {
		rule(c, v)
	}
}

// object checks the members of an object and returns those that its schema
// knows.
func (c *checker) object(at path, raw []byte, s *schema) known {
	seen := known{s, c.room(s.size)}
	for name, v := range members(raw) {
		p := s.byName[string(name)]
		if p == nil {
			c.unknown(at.name(name), string(name), s)
			continue
		}
		seen.values[p.at] = v
		c.value(at.name(name), v, p)
	}
	for _, p := range s.list {
		c.relations(at, p, seen)
	}
	return seen
}

// known are the members of an object that its schema knows.
type known struct {
	schema *schema
	values [][]byte // by the places of properties in the schema; nil for none
}

// of returns the value of a property, nil for none.
func (k known) of(name string) []byte {
	if p := k.schema.byName[name]; p != nil {
		return k.values[p.at]
	}
	return nil
}

// names yields the names of those that are there.
func (k known) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range k.schema.list {
			if k.values[p.at] != nil && !yield(p.name) {
				return
			}
		}
	}
}

func (k known) empty() bool {
	for range k.names() {
		return false
	}
	return true
}

// room returns n empty values.
func (c *checker) room(n int) [][]byte {
	if len(c.free) < n {
		return make([][]byte, n)
	}
	values := c.free[:n:n]
	c.free = c.free[n:]
	return values
}

// relations checks what a property asks of others.
func (c *checker) relations(at path, p *property, seen known) {
	v := seen.values[p.at]
	if v == nil {
		if p.required {
			c.must(at.name([]byte(p.name)), p.section, "it is required: add it")
		}
		return
	}
	if p.with != "" && seen.of(p.with) == nil {
		c.must(at.name([]byte(p.name)), p.section, "it needs %s beside it: add that or take this away", p.with)
	}
	if p.order == "" || seen.of(p.other) == nil {
		return
	}
	w := seen.of(p.other)
	if v[0] != '"' || w[0] != '"' {
		return // told already
	}
	this, err := timestamp(v)
	other, err2 := timestamp(w)
	if err != nil || err2 != nil {
		return // this too
	}
	if this.Before(other.Time) || p.order == "after" && this.Equal(other.Time) {
		word := "at or after"
		if p.order == "after" {
			word = "after"
		}
		c.add(p.order != "warnfrom", at.name([]byte(p.name)), p.section, "the time must be %s %s: correct one of them", []any{word, p.other})
	}
}

// unknown checks a property that STIX does not define.
func (c *checker) unknown(at path, name string, s *schema) {
	for i := range len(name) {
		if b := name[i]; (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' {
			c.must(at, "3.1", "names of properties have lower-case letters, digits and underscores only: rename it")
			return
		}
	}
	if len(name) > 250 || name == "" {
		c.must(at, "3.1", "names of properties have 1 to 250 characters: rename it")
		return
	}
	if !c.o.extendsTop() {
		c.should(at, "11.1", "section %s does not define it: put it into an extension", s.section)
	}
}

// value checks the value of a property: a list, a dictionary or one value.
func (c *checker) value(at path, v []byte, p *property) {
	if p.list && !p.dict {
		c.list(at, v, p)
		return
	}
	if !p.dict {
		c.scalar(at, v, p)
		return
	}
	if v[0] != '{' {
		c.must(at, "2.3", "a dictionary, a JSON object, must stand here")
		return
	}
	n := 0
	for name, v := range members(v) {
		n++
		key := at.name(name)
		c.key(key, string(name))
		switch {
		case p.kind == anyKind:
		case p.list && v[0] == '[':
			c.list(key, v, p)
		default: // STIX 2.0 had one value where 2.1 has a list
			c.scalar(key, v, p)
		}
	}
	if n == 0 {
		c.must(at, "2.3", "it is empty: leave it out")
	}
}

// key checks the name of an entry in a dictionary.
func (c *checker) key(at path, name string) {
	if name == "" || len(name) > 250 {
		c.must(at, "2.3", "keys have 1 to 250 characters: rename it")
		return
	}
	for i := range len(name) {
		if b := name[i] | 0x20; (b < 'a' || b > 'z') && (name[i] < '0' || name[i] > '9') && name[i] != '-' && name[i] != '_' {
			c.must(at, "2.3", "keys have letters, digits, hyphens and underscores only: rename it")
			return
		}
	}
}

func (c *checker) list(at path, v []byte, p *property) {
	if v[0] != '[' {
		c.must(at, "2.12", "a list must stand here: put the value into [ ]")
		return
	}
	n := 0
	for i, e := range elements(v) {
		c.scalar(at.index(i), e, p)
		n++
	}
	if n == 0 {
		c.must(at, "2.12", "the list is empty: leave it out, or fill it where it is required")
	}
}

// scalar checks one value against the kind of its property.
func (c *checker) scalar(at path, v []byte, p *property) {
	want := byte('"')
	got := v[0]
	switch p.kind {
	case anyKind:
		return
	case objectKind, hashesKind:
		want = '{'
	case integerKind, floatKind:
		want = '0'
		if got == '-' || got >= '0' && got <= '9' {
			got = '0'
		}
	case booleanKind:
		want = 't'
		if got == 'f' {
			got = 't'
		}
	}
	if got != want {
		c.must(at, p.section, "a %s must stand here", kindNames[p.kind])
		return
	}
	switch p.kind {
	case stringKind:
		c.word(at, text(v), p)
	case hexKind:
		c.hex(at, text(v))
	case binaryKind:
		if _, err := base64.StdEncoding.DecodeString(text(v)); err != nil {
			c.must(at, "2.1", "it is no base64 (RFC 4648): encode the bytes again")
		}
	case identifierKind:
		c.ref(at, ID(text(v)), p)
	case timestampKind:
		c.timestamp(at, v, p)
	case integerKind, floatKind:
		c.number(at, string(v), p)
	case hashesKind:
		c.hashes(at, v)
	case objectKind:
		c.embedded(at, v, p)
	}
}

func (c *checker) word(at path, v string, p *property) {
	switch {
	case v == "" && p.enum == "":
		c.should(at, p.section, "it is empty: say what it is")
	case p.enum != "" && !vocabularies[p.enum][v]:
		c.must(at, p.section, "%.100q is not in %s: use one of its values", v, p.enum)
	case p.open != "" && !vocabularies[p.open][v]:
		c.should(at, p.section, "%.100q is not in %s: use one of its values if one fits", v, p.open)
	}
}

func (c *checker) hex(at path, v string) {
	if len(v)%2 != 0 || strings.Trim(v, "0123456789abcdefABCDEF") != "" {
		c.must(at, "2.8", "it must be an even number of hexadecimal digits")
	}
}

// bare returns the text of an error without the section that ends it.
func bare(err error) string {
	text, _, _ := strings.Cut(err.Error(), " (section")
	return text
}

// ref checks a reference: that it is an identifier, and of a type that may
// stand here. Custom types may stand for domain objects and observables.
func (c *checker) ref(at path, id ID, p *property) {
	if err := id.Valid(); err != nil {
		c.must(at, "2.9", "%s", bare(err))
		return
	}
	if p.refs == nil {
		return
	}
	class := ClassOf(id.Type())
	for _, r := range p.refs {
		named := definitionOf[r] != nil
		if r == id.Type() || r == string(class) || !named && class == Custom {
			return
		}
	}
	c.must(at, p.section, "it refers to type %s, but must refer to: %s", id.Type(), strings.Join(p.refs, ", "))
}

func (c *checker) timestamp(at path, v []byte, p *property) {
	if _, err := timestamp(v); err != nil {
		c.must(at, "2.16", "%s", bare(err))
		return
	}
	if (p.name == "created" || p.name == "modified") && len(v) != len(millisecond)+2 && len(text(v)) != len(millisecond) {
		c.must(at, "3.2", "it must be precise to the millisecond: write three digits after the point")
	}
}

func (c *checker) number(at path, v string, p *property) {
	n, err := strconv.ParseFloat(v, 64)
	switch {
	case err != nil || p.kind == integerKind && (n != math.Trunc(n) || strings.ContainsAny(v, ".eE")):
		c.must(at, "2.10", "a whole number must stand here")
	case p.kind == integerKind && math.Abs(n) > 1<<53-1:
		c.must(at, "2.10", "it is beyond what all readers keep exactly (2^53-1)")
	case p.min != nil && n < *p.min || p.max != nil && n > *p.max:
		c.must(at, p.section, "%s is out of bounds (%s)", v, bounds(p))
	}
}

func bounds(p *property) string {
	var b []string
	if p.min != nil {
		b = append(b, fmt.Sprintf("at least %.0f", *p.min))
	}
	if p.max != nil {
		b = append(b, fmt.Sprintf("at most %.0f", *p.max))
	}
	return strings.Join(b, ", ")
}

// hashLength has the number of hexadecimal digits of hashes.
var hashLength = map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}

func (c *checker) hashes(at path, v []byte) {
	n := 0
	for name, v := range members(v) {
		n++
		key := at.name(name)
		digits, known := hashLength[string(name)]
		value := text(v)
		switch {
		case v[0] != '"':
			c.must(key, "2.7", "a hash must be a string")
		case len(name) < 3 || len(name) > 250:
			c.must(key, "2.7", "the name of an algorithm has 3 to 250 characters")
		case known && (len(value) != digits || strings.Trim(value, "0123456789abcdefABCDEF") != ""):
			c.must(key, "2.7", "it is no %s: that has %d hexadecimal digits", name, digits)
		default:
			c.key(key, string(name))
			if !vocabularies["hash-algorithm-ov"][string(name)] {
				c.should(key, "2.7", "%.100q is not in hash-algorithm-ov: use one of its values if one fits", name)
			}
		}
	}
	if n == 0 {
		c.must(at, "2.7", "it is empty: leave it out")
	}
}

// embedded checks an object within a property, by the rules of its type.
func (c *checker) embedded(at path, v []byte, p *property) {
	seen := c.object(at, v, p.sub)
	switch {
	case p.sub.byName["source_name"] != nil:
		c.externalReference(at, seen)
	case p.sub.byName["selectors"] != nil:
		c.granularMarking(at, v, seen)
	case p.sub.byName["phase_name"] != nil:
		for _, name := range []string{"kill_chain_name", "phase_name"} {
			if n := text(seen.of(name)); n != strings.ToLower(n) || strings.ContainsAny(n, " _") {
				c.should(at.name([]byte(name)), "2.11", "write it in lower case with hyphens")
			}
		}
	}
}

// identifier checks the identifier of the object itself.
func (c *checker) identifier() {
	u := c.o.ID.UUID()
	at := path("id")
	if strings.ToLower(u) != u {
		c.should(at, "2.9", "write its UUID in lower case (RFC 4122)")
	}
	u = strings.ToLower(u)
	if u[14] < '1' || u[14] > '8' || !slices.Contains([]byte("89ab"), u[19]) {
		c.should(at, "2.9", "its UUID has no version or variant of RFC 4122: make new ones with both")
	}
	if ClassOf(c.o.Type) != SCO {
		return
	}
	if id, ok := derivedID(c.o); ok && id != c.o.ID {
		c.should(at, "2.9", "it does not follow from what the observable says: that gives %s", id)
	}
}
