package intel

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// A Builder gathers what an Index is built from. It takes objects of any type
// in any order and keeps what hunting needs of them, about a hundred bytes of
// an indicator. The zero value is ready.
type Builder struct {
	// Guard keeps out what is no sign of an attack, nil nothing. It must be set
	// before the first Add.
	Guard *observable.Warninglists

	rows    rows
	byID    idTable
	oddIDs  map[uint32]stix.ID // of rows whose identifier is no "type--" and UUID in lower case
	types   interned           // the types that identifiers begin with
	names   nameTable
	abouts  interned // what rows say of themselves, as bytes
	about   []about
	values  values
	things  things
	context map[stix.ID]struct{} // observables that others refer to
	bare    []bare
	complex []complexPattern
	seen    patternSet // none: it says what events can match
	stats   Stats

	value    string // the last observable
	observed int    // how many there were of the indicator at hand
	stopped  int    // by Guard
	reason   error  // of the last
}

// Stats says what became of the indicators that a Builder was given.
type Stats struct {
	Indicators  int // that can match: those of which an observable or a pattern came
	Observables int // values looked up in tables
	Networks    int
	Literals    int // names that are searched for as text
	Patterns    int // matched over events
	Revoked     int
	Superseded  int // older versions, and copies
	Expired     int // whose valid_until is past: they match older records alone
	OtherKinds  int // in other languages than STIX patterning: Sigma, YARA, Snort
	Unusable    int // that can never match
	Problems    []Problem
}

// A Problem is why one indicator cannot be used.
type Problem struct {
	ID     stix.ID
	Reason string
}

// maxProblems is how many unusable indicators are told in words.
const maxProblems = 100

func (s *Stats) unusable(id stix.ID, err error) {
	s.Unusable++
	if len(s.Problems) < maxProblems {
		s.Problems = append(s.Problems, Problem{id, err.Error()})
	}
}

// A row is one version of an indicator.
type row struct {
	id       [16]byte // its UUID
	modified int64    // nanoseconds since 1970, like the others
	from     int64    // event.NoTime when not said
	until    int64    // math.MaxInt64 when not said
	name     uint32   // in names
	about    uint32
	hash     uint32 // of its bytes, to choose between two of one time
	typ      uint8  // of its identifier
	dead     bool   // revoked, or not the newest
	revoked  bool
	used     bool // some observable or pattern is of it
}

// rows are kept in chunks, so that none is copied when there are more.
type rows struct {
	chunks [][]row
	n      int
}

const rowChunk = 1 << 13

func (r *rows) add() (uint32, *row) {
	if r.n%rowChunk == 0 {
		r.chunks = append(r.chunks, make([]row, 0, rowChunk))
	}
	c := &r.chunks[len(r.chunks)-1]
	*c = append(*c, row{})
	r.n++
	return uint32(r.n - 1), &(*c)[len(*c)-1]
}

func (r *rows) at(i uint32) *row { return &r.chunks[i/rowChunk][i%rowChunk] }

// about is what many indicators have in common.
type about struct {
	source     string
	markings   []stix.ID
	confidence int // -1 when not said
	benign     bool
	phases     []stix.KillChainPhase
	techniques []string // ATT&CK ids that it names itself
}

// A complexPattern is a pattern that is matched over events.
type complexPattern struct {
	row     uint32
	pattern *pattern.Pattern
}

// A bare observable stands in a list by itself: it is hunted when nothing
// refers to it.
type bare struct {
	id  stix.ID
	row uint32
}

// Add takes what hunting needs of o, which came from source. An error is about
// this object alone, which is then left out; Stats counts it as well.
func (b *Builder) Add(o *stix.Object, source string) error {
	switch o.Type {
	case "indicator":
		return b.addIndicator(o, source)
	case "relationship":
		return b.addRelationship(o)
	case "observed-data":
		b.refer(o)
	default:
		if thingTypes[o.Type] {
			return b.things.add(o)
		}
		if kinds := observableTypes[o.Type]; kinds != nil {
			b.refer(o)
			return b.addBare(o, source, kinds)
		}
	}
	return nil
}

// refer notes the observables that o refers to: they are its context, and no
// sign of an attack by themselves.
func (b *Builder) refer(o *stix.Object) {
	o.Refs(func(_ string, id stix.ID) bool {
		if b.context == nil {
			b.context = map[stix.ID]struct{}{}
		}
		if observableTypes[id.Type()] != nil {
			b.context[id] = struct{}{}
		}
		return true
	})
}

func (b *Builder) addIndicator(o *stix.Object, source string) error {
	var text, name, language, phases, types []byte
	var from, until int64 = event.NoTime, math.MaxInt64
	for key, v := range o.Properties() {
		switch string(key) {
		case "pattern":
			text = plain(v)
		case "name":
			name = plain(v)
		case "pattern_type":
			language = plain(v)
		case "kill_chain_phases":
			phases = v
		case "indicator_types", "labels":
			types = append(types, v...)
		case "valid_from":
			from = instant(plain(v), from)
		case "valid_until":
			until = instant(plain(v), until)
		}
	}
	i, r := b.version(o)
	if r == nil || o.Revoked {
		return nil
	}
	r.from, r.until = from, until
	if len(language) > 0 && string(language) != "stix" {
		b.stats.OtherKinds++
		return nil
	}
	r.about = b.tell(o, source, phases, types)
	b.value, b.observed, b.stopped = "", 0, 0
	err := b.compile(i, text)
	if err == nil && b.stopped > 0 && b.stopped == b.observed {
		err = b.reason
	}
	r.used = err == nil
	if b.observed != 1 {
		b.value = ""
	}
	r.name = b.names.add(name, b.value)
	if err != nil {
		b.stats.unusable(o.ID, err)
		return fmt.Errorf("%s: %w", o.ID, err)
	}
	return nil
}

// version returns a new row for o, or nil when a newer version of it is known.
func (b *Builder) version(o *stix.Object) (uint32, *row) {
	key, typ, odd := b.key(o.ID)
	hash := uint32(sum(o.Raw(), 1))
	modified := o.Modified.UnixNano()
	if o.Modified.IsZero() {
		modified = math.MinInt64
	}
	slot := b.byID.find(&b.rows, key, typ)
	if old := *slot; old != 0 {
		was := b.rows.at(old - 1)
		newer := modified > was.modified || modified == was.modified &&
			(o.Revoked && !was.revoked || o.Revoked == was.revoked && hash > was.hash)
		b.stats.Superseded++
		if !newer {
			return 0, nil
		}
		was.dead = true
	}
	i, r := b.rows.add()
	*slot = i + 1
	*r = row{id: key, typ: typ, modified: modified, hash: hash, revoked: o.Revoked, dead: o.Revoked}
	if odd {
		if b.oddIDs == nil {
			b.oddIDs = map[uint32]stix.ID{}
		}
		b.oddIDs[i] = o.ID
	}
	return i, r
}

// key takes an identifier apart. One that it could not be put together from
// again is odd.
func (b *Builder) key(id stix.ID) (key [16]byte, typ uint8, odd bool) {
	t, u := id.Type(), id.UUID()
	n := b.types.add([]byte(t))
	if len(u) != 36 || n > math.MaxUint8 {
		return key, 0, true
	}
	digits := make([]byte, 0, 32)
	for _, part := range []string{u[:8], u[9:13], u[14:18], u[19:23], u[24:]} {
		digits = append(digits, part...)
	}
	for _, c := range digits {
		odd = odd || 'A' <= c && c <= 'F'
	}
	if odd { // identifiers compare byte for byte
		h := sum([]byte(id), 2)
		for i := range key {
			key[i] = byte(h >> (i % 8 * 8))
		}
		return key, uint8(n), true
	}
	hex.Decode(key[:], digits)
	return key, uint8(n), false
}

// tell returns where in b.about stands what o says of itself.
func (b *Builder) tell(o *stix.Object, source string, phases, types []byte) uint32 {
	confidence := -1
	if o.Confidence != nil {
		confidence = *o.Confidence
	}
	markings := o.ObjectMarkingRefs
	if len(o.GranularMarkings) > 0 {
		markings = o.MarkingsAt("pattern")
	}
	benign := isBenign(types)
	var few [256]byte
	key := append(append(few[:0], source...), 0)
	for _, id := range markings {
		key = append(append(key, id...), ' ')
	}
	key = strconv.AppendInt(key, int64(confidence), 10)
	key = strconv.AppendBool(key, benign)
	key = append(append(key, phases...), 0)
	for i := range o.ExternalReferences {
		if ref := &o.ExternalReferences[i]; isAttack(ref) {
			key = append(append(key, ref.ExternalID...), ' ')
		}
	}
	n := b.abouts.add(key)
	if int(n) < len(b.about) {
		return n
	}
	a := about{source: source, markings: markings, confidence: confidence, benign: benign}
	if phases != nil {
		if err := json.Unmarshal(phases, &a.phases); err != nil {
			a.phases = nil // Validate tells
		}
	}
	for i := range o.ExternalReferences {
		if ref := &o.ExternalReferences[i]; isAttack(ref) {
			a.techniques = append(a.techniques, ref.ExternalID)
		}
	}
	b.about = append(b.about, a)
	return n
}

// addBare takes an observable that stands by itself. A file is known by its
// hashes, and by its name only when it has none.
func (b *Builder) addBare(o *stix.Object, source string, properties map[string]string) error {
	list := valuesOf(o, properties)
	if len(list) == 0 {
		return nil
	}
	i, r := b.version(o)
	if r == nil {
		return nil
	}
	r.from, r.until, r.about = event.NoTime, math.MaxInt64, b.tell(o, source, nil, nil)
	r.name = b.names.add(nil, "")
	b.bare = append(b.bare, bare{o.ID, i})
	for _, a := range list {
		obs, err := read(a.path, a.value)
		if err == nil {
			err = b.observe(i, obs, 0)
		}
		if err != nil {
			r.dead = true
			b.stats.unusable(o.ID, err)
			return fmt.Errorf("%s: %w", o.ID, err)
		}
		r.used = true
	}
	return nil
}

// instant reads a timestamp; none when it is no instant that 64 bits of
// nanoseconds hold.
func instant(text []byte, none int64) int64 {
	t, err := stix.ParseTimestamp(string(text))
	switch {
	case err != nil || t.Year() > 2261:
		return none
	case t.Year() < 1678:
		return math.MinInt64 + 1
	}
	return t.UnixNano()
}

// plain returns what a JSON string says.
func plain(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	for _, c := range v {
		if c == '\\' {
			s, _ := jsontext.AppendUnquote(nil, v)
			return s
		}
	}
	return v[1 : len(v)-1]
}

// A pathValue is a value and the path that patterns call its property by.
type pathValue struct{ path, value string }

// valuesOf returns the values of an observable that can be looked for. A name of
// a file that has hashes is none.
func valuesOf(o *stix.Object, properties map[string]string) []pathValue {
	var list []pathValue
	for key, v := range o.Properties() {
		path, ok := properties[string(key)]
		switch {
		case !ok:
		case string(key) == "hashes":
			var hashes stix.Hashes
			if err := json.Unmarshal(v, &hashes); err != nil {
				continue // Validate tells
			}
			for algorithm, digest := range hashes {
				if _, known := kindsOf[path+"."+algorithm]; known {
					list = append(list, pathValue{path + "." + algorithm, digest})
				}
			}
		default:
			if text := plain(v); text != nil {
				v = text
			}
			list = append(list, pathValue{path, string(v)})
		}
	}
	if len(list) > 1 {
		list = slices.DeleteFunc(list, func(a pathValue) bool { return a.path == "file:name" })
		slices.SortFunc(list, func(a, b pathValue) int { return cmp.Compare(a.path, b.path) })
	}
	return list
}
