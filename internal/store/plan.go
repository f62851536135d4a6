package store

import (
	"bytes"
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

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
)

// A Row is one row of the table of versions.
type Row struct {
	Added    int64 // microseconds since 1970: the key
	ID       stix.ID
	Type     string
	Version  int64 // see VersionOf
	State    State
	Markings string // see EncodeMarkings
	Source   string
	Raw      []byte

	Text       string    // to be searched, see AppendText
	References []stix.ID // distinct
}

// A Plan is what an import will write: what both backends share of it.
//
// A backend finds the rows of all identifiers of a batch, hands them to Known,
// then each object to Add, and writes Rows, Demoted and Receipts.
type Plan struct {
	Rows     []Row
	Demoted  []int64 // keys of rows that are no longer the newest
	Receipts []NewReceipt
	last     int64
	known    map[stix.ID][]known
	now      int64
}

// A NewReceipt says that a row was received from another source too.
type NewReceipt struct {
	Added    int64 // of the row
	Source   string
	Received int64
}

// known is a row that is in the store, or in the plan (row >= 0).
type known struct {
	Row
	row int
}

// NewPlan begins the plan of a batch that is imported at now, when last is the
// greatest key of the store.
func NewPlan(now time.Time, last int64) *Plan {
	return &Plan{last: last, now: now.UnixMicro(), known: map[stix.ID][]known{}}
}

// Known tells of a row that the store has. Of its fields Added, ID, Version,
// State, Source and Raw must be set.
func (p *Plan) Known(r Row) { p.known[r.ID] = append(p.known[r.ID], known{r, -1}) }

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
	version := VersionOf(o)
	rows := p.known[o.ID]
	for i := range rows {
		k := &rows[i]
		same := k.Version == version && bytes.Equal(k.Raw, o.Raw()) || in.Made && sameButTimes(k.Raw, o.Raw())
		if same && (k.State < Draft || in.Draft) {
			p.receive(k, in.Source)
			return Outcome{Status: Same}
		}
	}
	if in.Draft {
		p.put(in, version, Draft)
		return Outcome{Status: Drafted}
	}
	if in.Made {
		in.Object = p.remade(rows, o)
		o, version = in.Object, VersionOf(in.Object)
	}
	for i := range rows {
		k := &rows[i]
		switch {
		case k.State > Older:
		case k.Version == version:
			p.put(in, version, Conflicting)
			return Outcome{Conflict, "another object with its identifier and version came first"}
		case creator(k.Raw) != "" && o.CreatedByRef != "" && creator(k.Raw) != o.CreatedByRef:
			p.put(in, version, Conflicting)
			return Outcome{Conflict, fmt.Sprintf("%s created the object, and only its creator makes new versions (section 3.6)", creator(k.Raw))}
		}
	}
	return p.version(in, version, rows)
}

// timeless returns the properties of an object, without those that say when it
// was made.
func timeless(raw []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	for _, name := range []string{"created", "modified", "valid_from", "published"} {
		delete(m, name)
	}
	return m
}

// sameButTimes reports whether two objects differ at most in when they were
// made.
func sameButTimes(a, b []byte) bool {
	x := timeless(a)
	return x != nil && maps.EqualFunc(x, timeless(b), func(v, w json.RawMessage) bool { return bytes.Equal(v, w) })
}

// remade returns o, made here before and saying something else now, as a new
// version of what was made then: created stays (STIX 2.1, section 3.6).
func (p *Plan) remade(rows []known, o *stix.Object) *stix.Object {
	i := slices.IndexFunc(rows, func(k known) bool { return k.State == Newest })
	if i < 0 || o.Modified.IsZero() {
		return o
	}
	before, err := stix.Parse(rows[i].Raw)
	if err != nil {
		return o
	}
	set := map[string]any{}
	was, is := timeless(before.Raw()), timeless(o.Raw())
	for name := range was {
		set[name] = nil
	}
	for name, v := range is {
		set[name] = v
	}
	for _, name := range []string{"type", "id", "created_by_ref"} {
		delete(set, name)
	}
	at := time.UnixMicro(p.Now()).UTC()
	if next := before.Modified.Add(time.Millisecond); at.Before(next) {
		at = next
	}
	v, err := stix.NewVersion(before, stix.Timestamp{Time: at}, set)
	if err != nil {
		return o
	}
	return v
}

// version adds a version of an object that has rows already.
func (p *Plan) version(in Incoming, version int64, rows []known) Outcome {
	state, status := Newest, New
	for i := range rows {
		k := &rows[i]
		if k.State > Older {
			continue
		}
		status = NewVersion
		if k.Version > version {
			state = Older
		} else if k.State == Newest {
			k.State = Older
			if k.row >= 0 {
				p.Rows[k.row].State = Older
			} else {
				p.Demoted = append(p.Demoted, k.Added)
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
	r := Row{
		Added: p.last, ID: o.ID, Type: o.Type, Version: version, State: state,
		Markings: EncodeMarkings(tlp.Of(o)), Source: in.Source, Raw: o.Raw(),
	}
	if state <= Older {
		r.Text = string(AppendText(nil, r.Raw))
		r.References = references(o)
	}
	p.known[r.ID] = append(p.known[r.ID], known{r, len(p.Rows)})
	p.Rows = append(p.Rows, r)
}

// creator returns the identity that created the object of a row.
func creator(raw []byte) stix.ID {
	o, err := stix.Parse(raw)
	if err != nil {
		return ""
	}
	return o.CreatedByRef
}

func (p *Plan) receive(k *known, source string) {
	if k.Source != source {
		p.Receipts = append(p.Receipts, NewReceipt{k.Added, source, p.Now()})
	}
}

// ScanDrafts reads rows of drafts (added, raw, name of the source), in the order
// they came, and closes them.
func ScanDrafts(rows *sql.Rows) ([]Incoming, error) {
	defer rows.Close()
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
		d.Object, d.Made = o, true
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

// references returns what o refers to, each once, but for its markings and its
// creator, which all objects have.
func references(o *stix.Object) []stix.ID {
	var ids []stix.ID
	o.Refs(func(path string, id stix.ID) bool {
		if !common(path) {
			ids = append(ids, id)
		}
		return len(ids) < maxReferences
	})
	slices.Sort(ids)
	return slices.Compact(ids)
}

// maxReferences is how many references of one object are followed.
const maxReferences = 10000

func common(path string) bool {
	return path == "created_by_ref" || strings.HasPrefix(path, "object_marking_refs") || strings.HasPrefix(path, "granular_markings")
}

// EncodeMarkings writes markings in one way, so that objects with the same ones
// can share them.
func EncodeMarkings(m tlp.Markings) string {
	if len(m.Object) == 0 && len(m.Granular) == 0 {
		return "/"
	}
	return join(m.Object) + "/" + join(m.Granular)
}

func join(ids []stix.ID) string {
	if len(ids) == 1 {
		return string(ids[0])
	}
	var s []string
	for _, id := range ids {
		s = append(s, string(id))
	}
	slices.Sort(s)
	return strings.Join(slices.Compact(s), " ")
}

func decodeMarkings(s string) tlp.Markings {
	object, granular, _ := strings.Cut(s, "/")
	return tlp.Markings{Object: split(object), Granular: split(granular)}
}

func split(s string) []stix.ID {
	var ids []stix.ID
	for _, f := range strings.Fields(s) {
		ids = append(ids, stix.ID(f))
	}
	return ids
}
