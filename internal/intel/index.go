package intel

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix"
)

// An Index holds all that a Builder gathered, compiled. It is safe for
// concurrent use through Matchers, one for each goroutine.
type Index struct {
	// Strict leaves out records from before valid_from as well.
	Strict bool

	at        int64 // stands for the time of records that have none
	rows      rows
	oddIDs    map[uint32]stix.ID
	types     []string
	names     nameTable
	about     []about
	values    values
	table     *table
	networks  *networks
	literals  *literals
	complex   []complexPattern
	things    []thing
	behind    map[uint32][]uint32
	indicated [][]uint32 // lists of things; row.hash is 1 + an index, 0 for none
	stats     Stats
}

// Build compiles what was added. at is the time by which Stats counts what has
// expired, and that records without a time are taken to be of. The Builder is
// empty afterwards.
func (b *Builder) Build(at time.Time) (*Index, Stats) {
	x := &Index{
		at: at.UnixNano(), rows: b.rows, oddIDs: b.oddIDs, types: b.types.list, names: b.names, about: b.about,
		values: b.values, complex: b.complex,
	}
	stats := b.stats
	for _, o := range b.bare {
		if _, ok := b.context[o.id]; ok {
			b.rows.at(o.row).dead = true
		}
	}
	x.names.phrases.index, b.bare, b.context, b.abouts = nil, nil, nil, interned{}
	x.behind = b.things.settle()
	x.things = b.things.list
	b.link(x)
	x.tally(&stats)
	keep := func(i uint32) bool { return !x.rows.at(i).dead }
	x.count(&stats, keep)
	*b = Builder{}
	x.networks = newNetworks(&x.values, keep)
	x.literals = newLiterals(&x.values, keep)
	for {
		var err error
		if x.table, err = newTable(&x.values, rand.Uint64(), keep); err == nil {
			break
		}
	}
	x.complex = slices.DeleteFunc(x.complex, func(c complexPattern) bool { return !keep(c.row) })
	x.stats = stats
	return x, stats
}

// tally counts the indicators.
func (x *Index) tally(s *Stats) {
	for i := range uint32(x.rows.n) {
		switch r := x.rows.at(i); {
		case r.revoked:
			s.Revoked++
		case r.dead || !r.used:
		default:
			s.Indicators++
			if r.until <= x.at {
				s.Expired++
			}
		}
	}
}

func (x *Index) count(s *Stats, keep func(uint32) bool) {
	for _, at := range x.values.list {
		if keep(x.values.at(at).row()) {
			s.Observables++
		}
	}
	for _, at := range x.values.lits {
		if keep(x.values.at(at).row()) {
			s.Literals++
		}
	}
	for _, n := range x.values.nets {
		if keep(x.values.at(n.at).row()) {
			s.Networks++
		}
	}
	for _, c := range x.complex {
		if keep(c.row) {
			s.Patterns++
		}
	}
}

// link notes at each row what it indicates.
func (b *Builder) link(x *Index) {
	for i := range uint32(x.rows.n) {
		x.rows.at(i).hash = 0
	}
	typ := uint8(b.types.add([]byte("indicator")))
	type link struct{ row, thing uint32 }
	links := make([]link, 0, len(b.things.indicates))
	for _, in := range b.things.indicates {
		if n, ok := b.byID.get(&b.rows, in.indicator, typ); ok {
			links = append(links, link{n, in.thing})
		}
	}
	b.byID = idTable{}
	slices.SortFunc(links, func(a, b link) int {
		if a.row != b.row {
			return int(a.row) - int(b.row)
		}
		return int(a.thing) - int(b.thing)
	})
	links = slices.Compact(links)
	known := map[string]uint32{}
	var list []uint32
	var key []byte
	for i := 0; i < len(links); {
		row := links[i].row
		list, key = list[:0], key[:0]
		for ; i < len(links) && links[i].row == row; i++ {
			t := links[i].thing
			list = append(list, t)
			key = append(key, byte(t), byte(t>>8), byte(t>>16), byte(t>>24))
		}
		n, ok := known[string(key)]
		if !ok {
			x.indicated = append(x.indicated, slices.Clone(list))
			n = uint32(len(x.indicated))
			known[string(key)] = n
		}
		x.rows.at(row).hash = n
	}
}

// Indicator is what an Index knows of an indicator.
type Indicator struct {
	ID         stix.ID
	Name       string
	Source     string // where it came from
	Markings   []stix.ID
	Confidence int  // 0 to 100 (STIX 2.1, appendix A); -1 when not said
	Benign     bool // it is no sign of an attack
	From       int64
	Until      int64 // nanoseconds since 1970; event.NoTime and math.MaxInt64 when not said
	Phases     []stix.KillChainPhase
	Indicates  []Thing  // first what it says, then who is behind that
	Techniques []string // ATT&CK ids, sorted
	Groups     []string // ATT&CK ids, sorted
}

// TLP returns the colour that the indicator is marked with.
func (i *Indicator) TLP() stix.TLP {
	colour := stix.TLPNone
	for _, id := range i.Markings {
		colour = max(colour, stix.TLPOf(id))
	}
	return colour
}

// indicator returns what is known of a row. value is that of the observable
// that was found.
func (x *Index) indicator(n uint32, value string) *Indicator {
	r := x.rows.at(n)
	a := &x.about[r.about]
	i := &Indicator{
		ID: x.id(n), Name: x.names.get(r.name, value), Source: a.source, Markings: a.markings, Confidence: a.confidence,
		Benign: a.benign, From: r.from, Until: r.until, Phases: a.phases, Techniques: slices.Clone(a.techniques),
	}
	var order []uint32
	if r.hash != 0 {
		order = slices.Clone(x.indicated[r.hash-1])
	}
	for k := 0; k < len(order) && len(order) < maxIndicated; k++ {
		for _, t := range x.behind[order[k]] {
			if !slices.Contains(order, t) {
				order = append(order, t)
			}
		}
	}
	for _, t := range order {
		thing := &x.things[t]
		if thing.revoked {
			continue
		}
		i.Indicates = append(i.Indicates, thing.Thing)
		switch {
		case thing.External == "":
		case thing.ID.Type() == "attack-pattern":
			i.Techniques = append(i.Techniques, thing.External)
		case thing.ID.Type() == "intrusion-set":
			i.Groups = append(i.Groups, thing.External)
		}
	}
	slices.Sort(i.Techniques)
	slices.Sort(i.Groups)
	i.Techniques, i.Groups = slices.Compact(i.Techniques), slices.Compact(i.Groups)
	return i
}

// maxIndicated bounds how far attribution is followed.
const maxIndicated = 64

func (x *Index) id(n uint32) stix.ID {
	if id, ok := x.oddIDs[n]; ok {
		return id
	}
	r := x.rows.at(n)
	return formatID(x.types[r.typ], r.id)
}

// active reports whether the indicator of a row says something about a record
// of time t.
func (x *Index) active(r *row, t int64) bool {
	if t == event.NoTime {
		t = x.at
	}
	return t < r.until && (!x.Strict || r.from == event.NoTime || t >= r.from)
}
