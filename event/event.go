// Package event holds the one shape that every log record takes on its way
// to a rule: flat named fields over bytes.
//
// A reader owns one Event and fills it again for each record: Reset, Add for
// each field, then hand it on. Everything an Event returns (names, values,
// Text) points into the reader's buffers and is valid only until the reader's
// next record. Nothing is allocated per record once the slices have grown.
//
// Field names that somebody asks about are interned once in Names, before
// the first record is read; a rule then finds a field by index. Names that
// nobody asks about have ID 0 and are only carried along, so that hostile
// input cannot make a table grow.
package event

import "math"

// Kind says how a value was typed where it came from. Value always holds
// its text; Kind only decides how it prints and whether it counts as null.
type Kind uint8

// The kinds of value that log formats tell apart.
const (
	String Kind = iota
	Number
	Bool
	Null
)

// NoTime is the Time of a record that carries none.
const NoTime = math.MinInt64

// MaxFields bounds the fields of one record; Add drops what exceeds it and
// Truncated reports it.
const MaxFields = 8192

// A Field is one named value of a record. A name may occur more than once:
// an array flattens to its elements, and a rule on the name matches when it
// matches any of them.
type Field struct {
	Name  string // flattened with dots, as the record's format names it
	Value []byte // text form; empty for null
	ID    ID     // 0 when no rule asks for Name
	Kind  Kind
	next  uint16 // 1 + index of the next field of the same ID; 0 ends the chain
}

// An Event is one log record. See the package comment for its lifetime.
type Event struct {
	Class     *Class // where it was routed to; never nil when handed on
	Time      int64  // nanoseconds since 1970 UTC, or NoTime
	Host      []byte // the machine the record tells of; empty when unknown
	Text      []byte // the whole line for formats that are lines of text, which keywords search too; else nil
	Record    uint64 // record id where the format has one, else line number from 1
	Offset    int64  // byte offset of the record in its (unpacked) file
	Truncated bool   // fields beyond MaxFields were dropped
	JSON      []byte // the fields as members of a JSON object, each with a comma before it, from a reader that was asked to write them; there are no others then

	fields []Field
	first  []uint16 // by ID: 1 + index of the first field; 0 = absent
	last   []uint16 // by ID: 1 + index of the last field of the chain
}

// New returns an empty event whose fields are looked up by the ids of names.
func New(names *Names) *Event {
	n := names.Len()
	return &Event{Time: NoTime, first: make([]uint16, n), last: make([]uint16, n)}
}

// Reset empties e for the next record.
func (e *Event) Reset() {
	for i := range e.fields {
		e.first[e.fields[i].ID] = 0
	}
	if e.Class != nil {
		for _, a := range e.Class.alias {
			e.first[a.name] = 0
		}
	}
	e.fields = e.fields[:0]
	e.Class, e.Time, e.Host, e.Text, e.JSON = nil, NoTime, nil, nil, nil
	e.Record, e.Offset, e.Truncated = 0, 0, false
}

// Add appends a field. id must come from the Names that e was made with.
func (e *Event) Add(id ID, name string, value []byte, kind Kind) {
	if len(e.fields) >= MaxFields {
		e.Truncated = true
		return
	}
	// The field is written in place: built first and then copied it would cost
	// several times as much.
	at := len(e.fields)
	if at < cap(e.fields) {
		e.fields = e.fields[:at+1]
	} else {
		e.fields = append(e.fields, Field{})
	}
	f := &e.fields[at]
	f.Name, f.Value, f.ID, f.Kind, f.next = name, value, id, kind, 0
	if id == 0 {
		return
	}
	n := uint16(len(e.fields))
	if e.first[id] == 0 {
		e.first[id] = n
	} else {
		e.fields[e.last[id]-1].next = n
	}
	e.last[id] = n
}

// Fields returns all fields in the order they were added.
func (e *Event) Fields() []Field { return e.fields }

// Get returns the first field with id, or nil. Next continues from it.
func (e *Event) Get(id ID) *Field {
	if int(id) < len(e.first) {
		if n := e.first[id]; n != 0 {
			return &e.fields[n-1]
		}
	}
	return nil
}

// Next returns the following field of the same ID, or nil.
func (e *Event) Next(f *Field) *Field {
	if f.next == 0 {
		return nil
	}
	return &e.fields[f.next-1]
}

// Value returns the text of the first field with id; nil when absent.
func (e *Event) Value(id ID) []byte {
	if f := e.Get(id); f != nil {
		return f.Value
	}
	return nil
}
