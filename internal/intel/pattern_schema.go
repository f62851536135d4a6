package intel

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// A schema numbers the types of objects that events show, and the properties
// that patterns ask for (pattern.Schema).
type schema struct {
	names      *event.Names
	types      []string
	objects    [][]string // by type: the names of its objects in the table
	rows       []shown    // the table, with both types of addresses
	properties []property
	index      map[string]int
	used       []bool // by type: patterns ask for it
}

// A property is what patterns ask for by a path.
type property struct {
	typ       int
	objects   [][]source // by object of its type: where its values come from
	element   int        // of a list; pattern.AllElements
	kind      pattern.ValueKind
	container bool // it holds further properties, whose sources these are
}

func newSchema(names *event.Names) *schema {
	s := &schema{names: names, index: map[string]int{}}
	for _, r := range shownAs {
		if r.typ != "ip-addr" {
			s.rows = append(s.rows, r)
			continue
		}
		four, six := r, r
		four.typ, four.form = "ipv4-addr", v4
		six.typ, six.form = "ipv6-addr", v6
		s.rows = append(s.rows, four, six)
	}
	for _, r := range s.rows {
		t := slices.Index(s.types, r.typ)
		if t < 0 {
			t = len(s.types)
			s.types = append(s.types, r.typ)
			s.objects = append(s.objects, nil)
		}
		if !slices.Contains(s.objects[t], r.name) {
			s.objects[t] = append(s.objects[t], r.name)
		}
	}
	s.used = make([]bool, len(s.types))
	return s
}

func (s *schema) Type(name string) int {
	t := slices.Index(s.types, name)
	if t >= 0 {
		s.used[t] = true
	}
	return t
}

// Property returns the number of the property at a path, negative when the table
// does not have it.
func (s *schema) Property(p pattern.Path) int {
	source := p.String()
	if n, known := s.index[source]; known {
		return n
	}
	n := -1
	typ := slices.Index(s.types, p.Type)
	if have := s.property(typ, p); have != nil {
		n = len(s.properties)
		s.properties = append(s.properties, *have)
	}
	s.index[source] = n
	return n
}

func (s *schema) property(typ int, p pattern.Path) *property {
	if typ < 0 {
		return nil
	}
	path, element := tablePath(p)
	have := &property{typ: typ, objects: make([][]source, len(s.objects[typ])), element: element}
	found := false
	for _, r := range s.rows {
		inner := strings.HasPrefix(r.path, path) && len(r.path) > len(path) && (r.path[len(path)] == '.' || r.path[len(path)] == '[')
		if r.typ != p.Type || r.path != path && !inner {
			continue
		}
		found = true
		object := slices.Index(s.objects[typ], r.name)
		have.objects[object] = append(have.objects[object], s.source(r))
		switch {
		case inner:
			have.kind, have.container = pattern.Container, true
		case r.form == number:
			have.kind = pattern.Number
		}
	}
	if !found {
		return nil
	}
	return have
}

func (s *schema) source(r shown) source {
	x := source{field: s.names.Intern(r.field), form: r.form}
	if r.with != "" {
		x.with = s.names.Intern(r.with)
	}
	return x
}

// shows returns, by type and object, the rows of all properties. Types that no
// pattern asks for have none.
func (s *schema) shows() [][][]source {
	shows := make([][][]source, len(s.types))
	for t, name := range s.types {
		if !s.used[t] {
			continue
		}
		shows[t] = make([][]source, len(s.objects[t]))
		for _, r := range s.rows {
			if r.typ == name {
				object := slices.Index(s.objects[t], r.name)
				shows[t][object] = append(shows[t][object], s.source(r))
			}
		}
	}
	return shows
}

// hashNames are the algorithms as the table has them, by what patterns in use
// write.
var hashNames = map[string]string{
	"md5": "MD5", "sha1": "SHA-1", "sha-1": "SHA-1", "sha256": "SHA-256", "sha-256": "SHA-256", "sha512": "SHA-512", "sha-512": "SHA-512",
}

// tablePath returns a path as the table writes it, and the element of a list
// that it goes to.
func tablePath(p pattern.Path) (path string, element int) {
	element = pattern.AllElements
	var b strings.Builder
	for i, step := range p.Steps {
		name := step.Key
		switch {
		case name == "":
			if step.Index != pattern.AllElements {
				element = step.Index
			}
			if i < 2 || p.Steps[i-2].Key != "request_header" { // of which a log shows one value
				b.WriteString("[*]")
			}
			continue
		case i > 0 && p.Steps[i-1].Key == "hashes" && hashNames[strings.ToLower(name)] != "":
			name = hashNames[strings.ToLower(name)]
		}
		if i > 0 {
			b.WriteByte('.')
		}
		if strings.Contains(name, "-") {
			name = "'" + name + "'"
		}
		b.WriteString(name)
	}
	return b.String(), element
}

// asShown returns p with values as events show them: digests and names of domains
// in lower case, hives of the registry spelt out. p itself stays as it is.
func asShown(p *pattern.Pattern) (*pattern.Pattern, error) {
	changed := false
	rewrite(p, func(v *pattern.Literal, shown string) { changed = changed || v.Text != shown })
	if !changed {
		return p, nil
	}
	q, err := pattern.Parse(p.String())
	if err == nil {
		rewrite(q, func(v *pattern.Literal, shown string) { v.Text = shown })
	}
	return q, err
}

// rewrite calls yield with each string that must equal a value, and what it is as
// events show it.
func rewrite(p *pattern.Pattern, yield func(v *pattern.Literal, shown string)) {
	eachTest(p.Root, func(c *pattern.Comparison) {
		if c.Op != pattern.Equal && c.Op != pattern.NotEqual && c.Op != pattern.In {
			return
		}
		isKey := c.Path.Type == "windows-registry-key" && c.Path.Steps[0].Key == "key"
		lower := c.Path.Type == "domain-name" || c.Path.Type == "mac-addr"
		for _, step := range c.Path.Steps[:len(c.Path.Steps)-1] {
			lower = lower || step.Key == "hashes"
		}
		for i := range c.Values {
			switch v := &c.Values[i]; {
			case v.Kind != pattern.String:
			case lower:
				yield(v, string(appendLower(nil, []byte(v.Text))))
			case isKey:
				yield(v, string(appendKey(nil, []byte(v.Text))))
			}
		}
	})
}

// eachTest calls yield with each test of one property.
func eachTest(o *pattern.Observation, yield func(c *pattern.Comparison)) {
	for _, operand := range o.Operands {
		eachTest(operand, yield)
	}
	var walk func(c *pattern.Comparison)
	walk = func(c *pattern.Comparison) {
		for _, operand := range c.Operands {
			walk(operand)
		}
		if c.Op > pattern.Or {
			yield(c)
		}
	}
	if o.Test != nil {
		walk(o.Test)
	}
}

// pathOf is the path of a row, as patterns write it.
func (r *shown) pathOf() string { return r.typ + ":" + r.path }

// errUnseen says which paths of a pattern no event shows.
type errUnseen []string

func (e errUnseen) Error() string {
	return "no log shows " + strings.Join(e, ", ") + " (docs/pattern.md says what logs show)"
}

// unseen returns the paths of a pattern that the table does not have.
func (s *schema) unseen(p *pattern.Pattern) (list errUnseen) {
	eachTest(p.Root, func(c *pattern.Comparison) {
		path := c.Path.String()
		if len(list) < 8 && !slices.Contains(list, path) && s.Property(c.Path) < 0 {
			list = append(list, path)
		}
	})
	return list
}
