package event

import (
	"maps"
	"slices"
	"strings"
)

// A Logsource says what kind of log a rule is about or an event came from,
// in Sigma's terms (Sigma 2.1.0, "Log Source").
type Logsource struct {
	Product, Category, Service string
}

// Covers reports whether an event from source s is one that a rule with
// logsource l asks for: every key that l gives must be equal.
func (l Logsource) Covers(s Logsource) bool {
	return (l.Product == "" || l.Product == s.Product) &&
		(l.Category == "" || l.Category == s.Category) &&
		(l.Service == "" || l.Service == s.Service)
}

// String prints l as product/category/service, "*" where it does not say.
func (l Logsource) String() string {
	part := func(s string) string {
		if s == "" {
			return "*"
		}
		return s
	}
	return part(l.Product) + "/" + part(l.Category) + "/" + part(l.Service)
}

// A Route is one row of the routing table: records of Origin, narrowed by
// When, belong to Sources, and answer to the names in Alias as well.
// A record belongs to the sources of every row that fits it.
type Route struct {
	Origin  string      // what a reader recognised, e.g. "windows/Security", "iis", "zeek/dns"
	When    []Condition // all must hold
	Sources []Logsource
	Alias   []Alias
}

// A Condition holds when Field has one of Values, compared as text. Of a
// field with several values the first that any row lists counts.
type Condition struct {
	Field  string
	Values []string
}

// An Alias offers the value of the record's field From to rules that ask
// for Name, unless the record has Name itself.
type Alias struct{ Name, From string }

// A Class is a set of logsources that records share: the unit in which rule
// sets decide what applies. Classes are dense from 0.
type Class struct {
	Index   int
	Origin  string
	Sources []Logsource
	// Unknown marks records of no recognised origin. Their logsource cannot
	// be told, so rules are asked by field names alone.
	Unknown bool
	// Text marks unknown records that are one line of text without fields of
	// their own.
	Text bool

	alias []aliasID
}

type aliasID struct{ name, from ID }

// A Router assigns each record its class. It is built from the routing
// table before the first record and is then read-only.
type Router struct {
	names   *Names
	origins map[string]*Origin // by name in lower case
	classes []*Class
}

// An Origin is one kind of record that a reader recognised: the handle
// through which the reader routes. Obtain it once per file or template.
type Origin struct {
	name    string
	tests   []test
	classes []*Class // dense, indexed by the sum of the tests' steps
}

// A test is one field whose value tells classes apart: a listed value v
// moves by step[v] in Origin.classes, any other value by 0.
type test struct {
	field ID
	step  map[string]int
}

// The origins that every router has: records with fields but of no
// recognised origin, and lines of text without fields.
const (
	UnknownOrigin = "unknown"
	TextOrigin    = "text"
)

// NewRouter compiles routes. It interns the names that the table uses, so
// it is called after the rules' names are interned and before any event is
// made. Aliases are dropped when no rule asks for their name.
func NewRouter(names *Names, routes []Route) *Router {
	r := &Router{names: names, origins: map[string]*Origin{}}
	for _, c := range []*Class{{Origin: UnknownOrigin, Unknown: true}, {Origin: TextOrigin, Unknown: true, Text: true}} {
		r.origins[c.Origin] = &Origin{name: c.Origin, classes: []*Class{r.add(c)}}
	}
	rows := map[string][]Route{}
	for _, row := range routes {
		rows[row.Origin] = append(rows[row.Origin], row)
	}
	for _, row := range routes { // in table order, so that classes are numbered alike in every run
		if name := strings.ToLower(row.Origin); r.origins[name] == nil {
			r.origins[name] = r.compile(row.Origin, rows[row.Origin])
		}
	}
	return r
}

// compile enumerates the classes of one origin: one for each combination of
// the values that its rows tell apart.
func (r *Router) compile(name string, rows []Route) *Origin {
	o := &Origin{name: name}
	combos := []map[string]string{{}}
	for _, row := range rows {
		for _, c := range row.When {
			t := o.test(r.names.Intern(c.Field))
			for _, v := range c.Values {
				if _, ok := t.step[v]; !ok {
					t.step[v] = len(t.step) + 1
				}
			}
		}
	}
	for _, t := range o.tests {
		base := combos
		width := len(base)
		combos = make([]map[string]string, width*(len(t.step)+1))
		copy(combos, base)
		for v, n := range t.step {
			for i, m := range base {
				have := maps.Clone(m)
				have[r.names.Name(t.field)] = v
				combos[n*width+i] = have
			}
			t.step[v] = n * width
		}
	}
	for _, have := range combos {
		o.classes = append(o.classes, r.class(name, rows, have))
	}
	return o
}

func (o *Origin) test(field ID) *test {
	for i := range o.tests {
		if o.tests[i].field == field {
			return &o.tests[i]
		}
	}
	o.tests = append(o.tests, test{field: field, step: map[string]int{}})
	return &o.tests[len(o.tests)-1]
}

// class returns the class of records with the given values, making it when
// no earlier one has the same sources and aliases.
func (r *Router) class(origin string, rows []Route, have map[string]string) *Class {
	c := &Class{Origin: origin}
	for _, row := range rows {
		if !fits(row.When, have) {
			continue
		}
		c.Sources = append(c.Sources, row.Sources...)
		for _, a := range row.Alias {
			if name := r.names.LookupString(a.Name); name != 0 {
				c.alias = append(c.alias, aliasID{name, r.names.Intern(a.From)})
			}
		}
	}
	for _, old := range r.classes {
		if old.Origin == origin && slices.Equal(old.Sources, c.Sources) && slices.Equal(old.alias, c.alias) {
			return old
		}
	}
	return r.add(c)
}

func (r *Router) add(c *Class) *Class {
	c.Index = len(r.classes)
	r.classes = append(r.classes, c)
	return c
}

func fits(when []Condition, have map[string]string) bool {
	for _, c := range when {
		if v, ok := have[c.Field]; !ok || !slices.Contains(c.Values, v) {
			return false
		}
	}
	return true
}

// Classes returns every class that a record can have.
func (r *Router) Classes() []*Class { return r.classes }

// Origin returns the origin called name; letters compare without case, as
// Windows compares the names of channels. A name without rows of its own
// falls back to its parents, cut at "/" (windows/Some Channel to windows),
// and at last to UnknownOrigin. Results are worth caching: it is called once
// per file, channel or template, not per record.
func (r *Router) Origin(name string) *Origin {
	name = strings.ToLower(name)
	for {
		if o := r.origins[name]; o != nil {
			return o
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return r.origins[UnknownOrigin]
		}
		name = name[:i]
	}
}

// Route sets e.Class from o and the fields of e, and makes the aliases of
// the class answer. It is the last step before e is handed on: no Add may
// follow it.
func (o *Origin) Route(e *Event) {
	n := 0
	for i := range o.tests {
		for f := e.Get(o.tests[i].field); f != nil; f = e.Next(f) {
			if step := o.tests[i].step[string(f.Value)]; step != 0 {
				n += step
				break
			}
		}
	}
	e.Class = o.classes[n]
	for _, a := range e.Class.alias {
		if e.first[a.name] == 0 {
			e.first[a.name] = e.first[a.from]
		}
	}
}
