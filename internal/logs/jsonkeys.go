package logs

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// Limits on what hostile records can make a table of keys hold.
const (
	maxKeys    = 8192 // keys remembered for each dialect
	maxKeyName = 512  // bytes of a dotted name; what is longer is cut, and not remembered
)

// A jsonKey is one key of a dialect's records: where it stands, and what
// becomes of its value. Keys are resolved to fields once, when they are
// first seen; after that a record's keys are only compared with those that
// followed each other in an earlier record.
type jsonKey struct {
	raw    string              // as written, from behind the opening quote to the colon: EventID":
	parent *jsonKey            // the object it stands in
	next   *jsonKey            // the key that followed it last time
	other  *jsonKey            // and the one that did before
	keys   map[string]*jsonKey // by the text between the quotes
	kept   bool                // remembered; else it stands in for one use
	path   string              // dotted, as the record has it
	field  jsonField           // what the value is called
	also   []jsonField         // further names of it that rules ask for
	role   uint8
	marks  markSet // of dialects: see dialectMarks
	marked bool    // marks are set
	plain  bool    // role and also are not
	drop   bool    // carries nothing
}

type jsonField struct {
	name string
	id   event.ID
}

// What a value means to its record, beyond being a field. Roles from
// roleTime on are times; the lower, the better.
const (
	roleNone uint8 = iota
	roleHost
	roleRecord
	roleOrigin
	roleTime
)

// A keyTable holds the keys of one dialect.
type keyTable struct {
	dialect *dialect
	root    jsonKey
	count   int
	names   *event.Names
	// loose keys stand in when the table is full, up to three for each depth.
	loose [3 * (maxNesting + 1)]jsonKey
}

func newKeyTable(d *dialect, names *event.Names) *keyTable {
	t := &keyTable{dialect: d, names: names}
	t.clear()
	return t
}

// clear forgets all keys.
func (t *keyTable) clear() {
	t.root = jsonKey{kept: true}
	t.count = 0
}

// key returns the key that is written as text (between the quotes) in the
// object parent. When the table is full, or text too long to keep, it is the
// loose key of slot, good until slot is used again.
func (t *keyTable) key(parent *jsonKey, text []byte, slot int) *jsonKey {
	if k := parent.keys[string(text)]; k != nil {
		return k
	}
	if t.count >= maxKeys || !parent.kept || len(text) > maxKeyName {
		k := &t.loose[slot]
		*k = jsonKey{}
		t.resolve(k, parent, text)
		return k
	}
	t.count++
	k := &jsonKey{raw: string(text) + `":`, kept: true}
	t.resolve(k, parent, text)
	if parent.keys == nil {
		parent.keys = map[string]*jsonKey{}
	}
	parent.keys[k.raw[:len(text)]] = k
	return k
}

// after returns key(parent, text, slot), looking first at what followed last
// before.
func (t *keyTable) after(last, parent *jsonKey, text []byte, slot int) *jsonKey {
	if k := last.next; k != nil && k.parent == parent && string(text) == k.raw[:len(k.raw)-2] {
		return k
	}
	if k := last.other; k != nil && k.parent == parent && string(text) == k.raw[:len(k.raw)-2] {
		return k
	}
	k := t.key(parent, text, slot)
	if k.kept {
		last.next, last.other = k, last.next
	}
	return k
}

// resolve finds out what the key text of parent stands for.
func (t *keyTable) resolve(k, parent *jsonKey, text []byte) {
	name := string(text)
	if slices.Contains(text, '\\') {
		plain, _ := jsonUnquote(make([]byte, 0, len(text)+9), append(slices.Clone(text), '"'), 0)
		name = string(plain)
	}
	k.parent = parent
	k.path = name
	if parent.path != "" {
		k.path = parent.path + "." + name
	}
	if len(k.path) > maxKeyName {
		k.path = k.path[:maxKeyName]
	}
	if slices.Contains(transparent, k.path) {
		k.path = ""
	}
	k.marks, k.marked = dialectMarks[k.path]
	names := t.dialect.rename(k.path)
	if k.drop = len(names) == 0; k.drop {
		return
	}
	k.field = jsonField{names[0], t.names.LookupString(names[0])}
	for _, n := range names[1:] {
		if id := t.names.LookupString(n); id != 0 && n != names[0] {
			k.also = append(k.also, jsonField{n, id})
		}
	}
	k.role = t.dialect.role(names[0])
	k.plain = k.role == roleNone && k.also == nil
}

// rename returns the names that the value at path has in d, the first one
// always, the others for rules that ask for them. The path itself is the
// last of them. No names: the value is not carried.
func (d *dialect) rename(path string) []string {
	var names []string
	for _, r := range renames {
		if r.dialect != d.name {
			continue
		}
		if parts, ok := match(r.from, path, nil); ok {
			if r.to == "" {
				return nil
			}
			names = append(names, fill(r.to, parts))
		}
	}
	return append(names, path)
}

// match reports whether path is as pattern says, where * stands for bytes
// other than dots and ** for any bytes, at least one, and appends to parts
// what they stood for.
func match(pattern, path string, parts []string) ([]string, bool) {
	i := strings.IndexByte(pattern, '*')
	if i < 0 {
		return parts, pattern == path
	}
	if !strings.HasPrefix(path, pattern[:i]) {
		return nil, false
	}
	rest, wide := strings.CutPrefix(pattern[i:], "**")
	if !wide {
		rest = pattern[i+1:]
	}
	path = path[i:]
	for n := 1; n <= len(path) && (wide || path[n-1] != '.'); n++ {
		if all, ok := match(rest, path[n:], append(parts, path[:n])); ok {
			return all, true
		}
	}
	return nil, false
}

// fill puts parts in the places of $1, $2 … of to.
func fill(to string, parts []string) string {
	var pairs []string
	for i, part := range parts {
		pairs = append(pairs, "$"+string(rune('1'+i)), part)
	}
	return strings.NewReplacer(pairs...).Replace(to)
}

// role returns what the field called name means in d.
func (d *dialect) role(name string) uint8 {
	switch name {
	case d.host:
		return roleHost
	case d.record:
		return roleRecord
	case d.by:
		return roleOrigin
	}
	if i := slices.Index(d.time, name); i >= 0 {
		return roleTime + uint8(i)
	}
	return roleNone
}
