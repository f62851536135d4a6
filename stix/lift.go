package stix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Lift returns what an object of STIX 2.0 says in STIX 2.1, under the same
// identifier; an object of 2.1 is returned as it is. Observed data is followed
// by the observables that were within it, each an object of its own with the
// markings of the observed data and those of any of its parts.
//
// Labels of the types that had a vocabulary for them become *_types, patterns
// get their type and version, and malware, which 2.0 does not tell apart, is
// taken for a family. Properties that 2.1 renamed are renamed; those that it
// dropped stay as custom properties.
func Lift(o *Object) ([]*Object, error) {
	if o.SpecVersion != "" && o.SpecVersion != "2.0" || o.Created.IsZero() || ClassOf(o.Type) == SCO {
		return []*Object{o}, nil
	}
	l := lifter{o: o, values: map[string][]byte{"spec_version": []byte(`"2.1"`)}}
	l.types()
	switch o.Type {
	case "indicator":
		l.values["pattern_type"] = []byte(`"stix"`)
		l.values["pattern_version"] = []byte(`"2.1"`)
		if p := text(member(o.raw, "pattern")); p != "" {
			l.values["pattern"] = quote(liftPattern(p))
		}
	case "malware":
		l.values["is_family"] = []byte("true")
	case "observed-data":
		if err := l.observables(); err != nil {
			return nil, fmt.Errorf("%s: objects: %w", o.ID, err)
		}
	}
	l.selectors()
	lifted, err := Parse(replace(o.raw, l.values))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.ID, err)
	}
	return append([]*Object{lifted}, l.made...), nil
}

type lifter struct {
	o      *Object
	values map[string][]byte // put in place of those of o
	made   []*Object
}

// liftedLabels are the properties that took the place of labels.
var liftedLabels = map[string]string{
	"indicator": "indicator_types", "malware": "malware_types", "report": "report_types",
	"threat-actor": "threat_actor_types", "tool": "tool_types",
}

func (l *lifter) types() {
	if to := liftedLabels[l.o.Type]; to != "" && len(l.o.Labels) > 0 && member(l.o.raw, to) == nil {
		l.values[to] = member(l.o.raw, "labels")
		l.values["labels"] = []byte("null")
	}
}

// selectors corrects the granular markings for what has moved.
func (l *lifter) selectors() {
	if len(l.o.GranularMarkings) == 0 {
		return
	}
	var kept []GranularMarking
	for _, g := range l.o.GranularMarkings {
		var selectors []string
		for _, s := range g.Selectors {
			head, rest, _ := strings.Cut(s, ".")
			switch to := liftedLabels[l.o.Type]; {
			case head == "labels" && l.values[to] != nil && to != "":
				s = strings.TrimSuffix(to+"."+rest, ".")
			case head == "objects" && l.values["objects"] != nil:
				continue // its marking is on the observables
			}
			selectors = append(selectors, s)
		}
		if g.Selectors = selectors; len(selectors) > 0 {
			kept = append(kept, g)
		}
	}
	l.values["granular_markings"] = []byte("null")
	if len(kept) > 0 {
		l.values["granular_markings"], _ = write(kept)
	}
}

// markings returns the identifiers of all markings that hold for what was
// observed, or for a part of it.
func (l *lifter) markings() []ID {
	ids := slices.Clone(l.o.ObjectMarkingRefs)
	for _, g := range l.o.GranularMarkings {
		for _, s := range g.Selectors {
			if g.MarkingRef != "" && (s == "objects" || strings.HasPrefix(s, "objects.")) && !slices.Contains(ids, g.MarkingRef) {
				ids = append(ids, g.MarkingRef)
			}
		}
	}
	return ids
}

// observables turns the dictionary objects into objects and references.
func (l *lifter) observables() error {
	objects := member(l.o.raw, "objects")
	if objects == nil {
		return nil
	}
	all := map[string][]byte{}
	var keys []string
	for key, raw := range members(objects) {
		all[string(key)] = raw
		keys = append(keys, string(key))
	}
	ids := observableIDs{space: l.o.ID.UUID(), all: all, ids: map[string]ID{}}
	markings, _ := write(l.markings())
	var refs []ID
	for _, key := range keys {
		id, err := ids.of(key, 0)
		if err != nil {
			return fmt.Errorf("%.100q: %w", key, err)
		}
		values := map[string][]byte{"id": quote(string(id)), "spec_version": []byte(`"2.1"`)}
		if len(markings) > 2 && member(all[key], "object_marking_refs") == nil {
			values["object_marking_refs"] = markings
		}
		raw, err := ids.resolve(renamed(all[key]), MaxDepth)
		if err != nil {
			return fmt.Errorf("%.100q: %w", key, err)
		}
		made, err := Parse(replace(raw, values))
		if err != nil {
			return fmt.Errorf("%.100q: %w", key, err)
		}
		refs = append(refs, id)
		l.made = append(l.made, made)
	}
	l.values["objects"] = []byte("null")
	l.values["object_refs"], _ = write(refs)
	return nil
}

// observableIDs gives the objects within observed data identifiers: those that
// follow from what they say, else ones that follow from the identifier of the
// observed data, so that lifting twice gives the same.
type observableIDs struct {
	space string
	all   map[string][]byte
	ids   map[string]ID
}

// of returns the identifier of the object under key. References that
// contribute to it are resolved first; in a circle of them, or a chain longer
// than any real one, the identifier is one of the second kind.
func (m *observableIDs) of(key string, depth int) (ID, error) {
	if id, ok := m.ids[key]; ok {
		return id, nil
	}
	raw, ok := m.all[key]
	typ := text(member(raw, "type"))
	if !ok || typ == "" {
		return "", errNoType
	}
	if id := ID(text(member(raw, "id"))); id.Valid() == nil && id.Type() == typ {
		m.ids[key] = id
		return id, nil
	}
	m.ids[key] = named(typ, m.space, key)
	if depth < 10 {
		resolved, err := m.resolve(contribution(typ, renamed(raw)), depth)
		if err != nil {
			return "", err
		}
		if id, ok := derivedID(&Object{Common: Common{Type: typ}, raw: resolved}); ok {
			m.ids[key] = id
		}
	}
	return m.ids[key], nil
}

// contribution returns an object with only the properties that contribute to
// its identifier.
func contribution(typ string, raw []byte) []byte {
	values := map[string][]byte{}
	for name := range members(raw) {
		if !slices.Contains(contributing[typ], string(name)) {
			values[string(name)] = []byte("null")
		}
	}
	return replace(raw, values)
}

// resolve puts identifiers in place of the keys that references name.
func (m *observableIDs) resolve(raw []byte, depth int) (out []byte, err error) {
	from := 0
	w := refWalker{b: raw, visit: func(_ path, start, end int) bool {
		key := string(unquote(raw[start:end]))
		if m.all[key] == nil {
			return true // an identifier, or one that leads nowhere
		}
		var id ID
		if id, err = m.of(key, depth+1); err != nil {
			err = fmt.Errorf("%.100q: %w", key, err)
			return false
		}
		out = append(append(out, raw[from:start]...), quote(string(id))...)
		from = end
		return true
	}}
	w.value(nil, false)
	return append(out, raw[from:]...), err
}

// renames are the properties of observables that have other names in 2.1.
var renames = map[string]map[string]string{
	"file":                 {"created": "ctime", "modified": "mtime", "accessed": "atime"},
	"directory":            {"created": "ctime", "modified": "mtime", "accessed": "atime"},
	"process":              {"created": "created_time", "binary_ref": "image_ref"},
	"windows-registry-key": {"modified": "modified_time"},
	"user-account":         {"password_last_changed": "credential_last_changed"},
}

// renamed returns an observable with the names of properties that 2.1 has, and
// lists where a header now has a list of values.
func renamed(raw []byte) []byte {
	names := renames[text(member(raw, "type"))]
	out := []byte{'{'}
	for name, value := range members(raw) {
		if len(out) > 1 {
			out = append(out, ',')
		}
		switch to := names[string(name)]; {
		case to != "" && member(raw, to) == nil:
			name = []byte(to)
		case string(name) == "additional_header_fields":
			value = listed(value)
		case string(name) == "extensions":
			if http := member(value, "http-request-ext"); http != nil {
				if h := member(http, "request_header"); h != nil {
					http = replace(http, map[string][]byte{"request_header": listed(h)})
					value = replace(value, map[string][]byte{"http-request-ext": http})
				}
			}
		}
		out = append(append(append(out, quote(string(name))...), ':'), value...)
	}
	return append(out, '}')
}

// listed returns a dictionary with each single value made a list.
func listed(dict []byte) []byte {
	values := map[string][]byte{}
	for name, v := range members(dict) {
		if v[0] == '"' {
			values[string(name)] = slices.Concat([]byte("["), v, []byte("]"))
		}
	}
	if len(values) == 0 {
		return dict
	}
	return replace(dict, values)
}

// liftPattern writes a pattern of STIX 2.0 as one of 2.1: the times of START
// and STOP are timestamps, not strings, and renamed properties have their new
// names. What stands in quotes stays.
func liftPattern(p string) string {
	var out strings.Builder
	for rest := p; rest != ""; {
		open := strings.IndexByte(rest, '\'')
		if open < 0 {
			out.WriteString(liftPaths(rest))
			break
		}
		before := liftPaths(rest[:open])
		out.WriteString(before)
		if word := strings.TrimRight(before, " \t\r\n"); len(word) < len(before) && (strings.HasSuffix(word, "START") || strings.HasSuffix(word, "STOP")) {
			out.WriteByte('t')
		}
		end := open + 1
		for end < len(rest) && rest[end] != '\'' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end+1, len(rest))
		out.WriteString(rest[open:end])
		rest = rest[end:]
	}
	return out.String()
}

var pathRenamer = func() *strings.Replacer {
	var pairs []string
	for typ, names := range renames {
		for from, to := range names {
			pairs = append(pairs, typ+":"+from, typ+":"+to)
		}
	}
	return strings.NewReplacer(pairs...)
}()

func liftPaths(p string) string { return pathRenamer.Replace(p) }

// quote returns s as a JSON string.
func quote(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, s)
	return b
}
