package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// MaxSource is how many bytes the name of a source may have.
const MaxSource = 1000

// A State is what a row of the store's table of versions is.
type State int8

// The states. Only the first two show outside of a review.
const (
	Newest State = iota
	Older
	Conflicting
	Draft
	Rejected
	Withdrawn // for good: what leads to it is sealed, and no version of it is taken in again
)

// A Row is one row of the table of versions.
type Row struct {
	Added   int64 // microseconds since 1970: the key of the row
	Key     int64 // of the object, see KeyOf
	ID      stix.ID
	Type    string
	Version int64 // see VersionOf
	State   State
	Own     Scope // of the object alone
	Scope   Scope // and of all that it leads to
	Source  string
	Raw     []byte
	object  *stix.Object
}

// A Plan is what an import will write: what both backends share of it.
//
// A backend finds the rows of all identifiers of a batch, hands them to Known,
// then each object to Add. It writes what is Demoted, calls Rescope, and writes
// Moves, Rows, References, Words and Receipts.
type Plan struct {
	Demoted  []int64 // keys of rows that are no longer the newest
	Moves    []Move
	Receipts []NewReceipt

	now, last int64
	rows      []Row
	known     []known
	latest    map[stix.ID]int // place in known, from 1, of the last row of an object

	replaced   map[int64]Row // the newest versions in the store, by key
	references []Reference

	complete chan struct{} // closed once these are:
	words    words

	before marked // the last object: most have the scope of the one before
}

// marked is what the scope of an object alone is made of, and the scope.
type marked struct {
	markings tlp.Markings
	creator  stix.ID
	own      Scope
}

// A NewReceipt says that a row was received from another source too.
type NewReceipt struct {
	Added    int64 // of the row
	Source   string
	Received int64
}

// known is a row that is in the store, or in the plan.
type known struct {
	added, version int64
	state          State
	source         string
	raw            []byte
	row            int // place in the plan, -1 when it is in the store
	before         int // place in Plan.known, from 1, of another row of the object
}

// NewPlan begins the plan of a batch of so many objects that is imported at
// now, when last is the greatest key of the store.
func NewPlan(now time.Time, last int64, size int) *Plan {
	return &Plan{
		now: now.UnixMicro(), last: last, replaced: map[int64]Row{},
		rows: make([]Row, 0, size), known: make([]known, 0, size), latest: make(map[stix.ID]int, size),
	}
}

// Known tells of a row that the store has. Of its fields Added, ID, Version,
// State, Scope, Source and Raw must be set.
func (p *Plan) Known(r Row) {
	if r.State == Newest {
		p.replaced[KeyOf(r.ID)] = r
	}
	p.know(&r, -1)
}

func (p *Plan) know(r *Row, row int) {
	p.known = append(p.known, known{r.Added, r.Version, r.State, r.Source, r.Raw, row, p.latest[r.ID]})
	p.latest[r.ID] = len(p.known)
}

// of yields what is known of an object.
func (p *Plan) of(id stix.ID) iter.Seq[*known] {
	return func(yield func(*known) bool) {
		for i := p.latest[id]; i > 0; i = p.known[i-1].before {
			if !yield(&p.known[i-1]) {
				return
			}
		}
	}
}

// Now returns the time of the plan, after the last key that it gave.
func (p *Plan) Now() int64 { return max(p.now, p.last) }

// Add plans what becomes of one object.
func (p *Plan) Add(in Incoming) Outcome {
	o := in.Object
	if o == nil {
		return Outcome{Refused, "no object"}
	}
	if len(in.Source) > MaxSource {
		return Outcome{Refused, fmt.Sprintf("the name of its source has more than %d bytes", MaxSource)}
	}
	if !utf8.ValidString(in.Source) || strings.Contains(in.Source, "\x00") {
		return Outcome{Refused, "the name of its source is no text"}
	}
	version := VersionOf(o)
	for k := range p.of(o.ID) {
		if k.state == Withdrawn {
			return Outcome{Refused, "it was withdrawn here"}
		}
		same := k.version == version && bytes.Equal(k.raw, o.Raw()) || in.Made && sameButTimes(k.raw, o.Raw())
		if same && (k.state < Draft || in.Draft) {
			p.receive(k, in.Source)
			return Outcome{Status: Same}
		}
	}
	if in.Draft {
		p.put(in, version, Draft)
		return Outcome{Status: Drafted}
	}
	if in.Made {
		in.Object = p.remade(o)
		o, version = in.Object, VersionOf(in.Object)
	}
	for k := range p.of(o.ID) {
		if k.state > Older {
			continue
		}
		if k.version == version {
			p.put(in, version, Conflicting)
			return Outcome{Conflict, "another object with its identifier and version came first"}
		}
		if by := creator(k.raw); by != "" && o.CreatedByRef != "" && by != o.CreatedByRef {
			p.put(in, version, Conflicting)
			return Outcome{Conflict, fmt.Sprintf("%s created the object, and only its creator makes new versions (section 3.6)", by)}
		}
	}
	return p.version(in, version)
}

// version adds a version of an object that may have others.
func (p *Plan) version(in Incoming, version int64) Outcome {
	state, status := Newest, New
	for k := range p.of(in.Object.ID) {
		if k.state > Older {
			continue
		}
		status = NewVersion
		if k.version > version {
			state = Older
		} else if k.state == Newest {
			k.state = Older
			if k.row >= 0 {
				p.rows[k.row].State = Older
			} else {
				p.Demoted = append(p.Demoted, k.added)
			}
		}
	}
	p.put(in, version, state)
	return Outcome{Status: status}
}

// put adds a row to the plan.
func (p *Plan) put(in Incoming, version int64, state State) {
	p.last = max(p.now, p.last+1)
	o := in.Object
	if m := tlp.Of(o); p.before.own == "" || o.CreatedByRef != p.before.creator || !slices.Equal(m.Object, p.before.markings.Object) || !slices.Equal(m.Granular, p.before.markings.Granular) {
		p.before = marked{m, o.CreatedByRef, ownScope(m, o.CreatedByRef)}
	}
	p.rows = append(p.rows, Row{
		Added: p.last, Key: KeyOf(o.ID), ID: o.ID, Type: o.Type, Version: version, State: state,
		Own: p.before.own, Source: in.Source, Raw: o.Raw(), object: o,
	})
	p.know(&p.rows[len(p.rows)-1], len(p.rows)-1)
}

// Rows returns the rows to write, once their scopes are worked out. While they are
// written, their words are worked out on another goroutine.
func (p *Plan) Rows() []Row {
	p.complete = make(chan struct{})
	go func() {
		defer close(p.complete)
		var text []byte
		for i := range p.rows {
			if r := &p.rows[i]; r.State == Newest { // nobody searches others
				text = AppendText(text[:0], r.Raw)
				p.words.add(r.Added, text)
			}
		}
	}()
	return p.rows
}

// A Reference says that the version of a row refers to an object.
type Reference struct{ Target, Added int64 }

// References returns what the rows refer to.
func (p *Plan) References() []Reference { return p.references }

// creator returns the identity that created the object of a row.
func creator(raw []byte) stix.ID {
	o, err := stix.Parse(raw)
	if err != nil {
		return ""
	}
	return o.CreatedByRef
}

func (p *Plan) receive(k *known, source string) {
	if k.source != source {
		p.Receipts = append(p.Receipts, NewReceipt{k.added, source, p.Now()})
	}
}

// Rows are what a query found, in either database.
type Rows interface {
	Next() bool
	Scan(to ...any) error
	Err() error
}

// ScanDrafts reads rows of drafts (added, raw, name of the source), in the order
// they came.
func ScanDrafts(rows Rows) ([]Incoming, error) {
	type draft struct {
		added int64
		Incoming
	}
	var drafts []draft
	for rows.Next() {
		var d draft
		var raw []byte
		if err := rows.Scan(&d.added, &raw, &d.Source); err != nil {
			return nil, err
		}
		o, err := stix.Parse(raw)
		if err != nil {
			return nil, err
		}
		// What another created, such as ATT&CK, was not made here, and no version
		// of ours takes the place of its own.
		d.Object, d.Made = o, o.CreatedByRef == ""
		drafts = append(drafts, d)
	}
	slices.SortFunc(drafts, func(a, b draft) int { return cmp.Compare(a.added, b.added) })
	var batch []Incoming
	for _, d := range drafts {
		batch = append(batch, d.Incoming)
	}
	return batch, rows.Err()
}

// VersionOf returns what tells versions of an object apart: its modified time
// in microseconds (section 3.6). Objects without one, which are observables and
// marking definitions, have a single version.
func VersionOf(o *stix.Object) int64 {
	if o.Modified.IsZero() {
		return 0
	}
	return o.Modified.UnixMicro()
}

// KeyOf returns the number that objects are looked up by: an index of numbers is
// a third of the size of one of identifiers. It is the start of their SHA-256,
// so that nobody can send many objects with the same one. Whoever looks up a key
// compares the identifier as well.
func KeyOf(id stix.ID) int64 {
	sum := sha256.Sum256([]byte(id))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

func keysOf(ids []stix.ID) []int64 {
	keys := make([]int64, len(ids))
	for i, id := range ids {
		keys[i] = KeyOf(id)
	}
	return keys
}

// targets returns the keys of what an object refers to, each once, but for its
// markings and its creator, which all objects have; whole is false when it refers
// to more than are followed.
func targets(o *stix.Object) (keys []int64, whole bool) {
	whole = true
	o.Refs(func(path string, id stix.ID) bool {
		if !common(path) {
			keys = append(keys, KeyOf(id))
		}
		whole = len(keys) < maxReferences
		return whole
	})
	slices.Sort(keys)
	return slices.Compact(keys), whole
}

// refers is false of objects that refer to no more than their creator and their
// markings, as most indicators do.
func refers(raw []byte) bool {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return true // names may be written with escapes
	}
	for {
		before, after, found := bytes.Cut(raw, []byte("_ref"))
		if !found {
			return false
		}
		if !bytes.HasSuffix(before, []byte("created_by")) && !bytes.HasSuffix(before, []byte("marking")) {
			return true
		}
		raw = after
	}
}

// maxReferences is how many references of one object are followed.
const maxReferences = 100_000

func common(path string) bool {
	return path == "created_by_ref" || strings.HasPrefix(path, "object_marking_refs") || strings.HasPrefix(path, "granular_markings")
}
