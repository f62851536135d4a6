package logs

import (
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/tocsin-project/tocsin/event"
)

// maxNesting is how deep the objects and arrays of a record may nest.
const maxNesting = 64

// Why a record was not read (RFC 8259, by section).
var (
	errJSONEnd    = errors.New("JSON ends within the record")
	errJSONString = errors.New("JSON string is not closed or has a bad escape")
	errJSONKey    = errors.New("JSON object lacks a key")
	errJSONValue  = errors.New("JSON value is none")
	errJSONComma  = errors.New("JSON lacks a comma or bracket")
	errJSONDepth  = errors.New("JSON nests deeper than 64")
)

// A flattener turns one JSON object into the fields of an event.
type flattener struct {
	ev    *event.Event
	text  []byte // unescaped strings of the record
	keys  *keyTable
	marks markSet // of all keys of the record

	// What the roles of the record's keys gave.
	host, record, origin, time []byte
	timeRole                   uint8

	stack [maxNesting]jsonFrame
}

// A jsonFrame is an object or array that is open.
type jsonFrame struct {
	key   *jsonKey // whose value it is
	start int
	array bool
	items bool // has elements
	deep  bool // array: holds objects or arrays
}

// flatten adds the fields of the object at b[i] to f.ev and returns the
// index behind it.
func (f *flattener) flatten(b []byte, i int) (int, error) {
	f.host, f.record, f.origin, f.time, f.timeRole = nil, nil, nil, nil, 0
	f.marks = markSet{}
	key := &f.keys.root // of the value that follows
	last := key         // the key before
	depth := 0          // open frames
	var top *jsonFrame

open: // b[i] is { or [
	if depth == maxNesting {
		return i, errJSONDepth
	}
	top = &f.stack[depth]
	*top = jsonFrame{key: key, start: i, array: b[i] == '['}
	depth++
	i = space(b, i+1)
	if i < len(b) && (b[i] == '}' && !top.array || b[i] == ']' && top.array) {
		goto shut
	}
	if top.array {
		goto value
	}

member:
	if i >= len(b) {
		return i, errJSONEnd
	}
	if b[i] != '"' {
		return i, errJSONKey
	}

name: // b[i] is the quote before a key
	i++
	if next := last.next; next != nil && next.parent == top.key && len(b)-i > len(next.raw) && string(b[i:i+len(next.raw)]) == next.raw {
		key = next
		i += len(next.raw)
	} else if next := last.other; next != nil && next.parent == top.key && len(b)-i > len(next.raw) && string(b[i:i+len(next.raw)]) == next.raw {
		key = next
		i += len(next.raw)
	} else {
		end := stringSkip(b, i)
		if end < 0 {
			return i, errJSONString
		}
		key = f.keys.after(last, top.key, b[i:end-1], depth)
		if i = space(b, end); i >= len(b) || b[i] != ':' {
			return i, errJSONKey
		}
		i++
	}
	last = key
	if key.marked {
		f.marks.add(key.marks)
	}
	if i >= len(b) {
		return i, errJSONEnd
	}
	if b[i] <= ' ' {
		i = space(b, i)
	}

value:
	if i >= len(b) {
		return i, errJSONEnd
	}
	top.items = true
	switch c := b[i]; c {
	case '"':
		i++
		end := i
		if i+8 > len(b) {
			end = stringEnd(b, i)
		} else if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 { // most values are short
			end = i + bits.TrailingZeros64(m)>>3
		} else {
			end = stringEnd(b, i+8)
		}
		if end < len(b) && b[end] == '"' {
			f.add(key, b[i:end], event.String)
			i = end + 1
			break
		}
		start := len(f.text)
		text, end := jsonUnquote(append(f.text, b[i:end]...), b, end)
		if end < 0 {
			return i, errJSONString
		}
		f.text = text
		f.add(key, text[start:len(text):len(text)], event.String)
		i = end
	case '{', '[':
		if top.array {
			top.deep = true
		}
		goto open
	case 't', 'f', 'n':
		word, kind := "true", event.Bool
		if c == 'f' {
			word = "false"
		} else if c == 'n' {
			word, kind = "null", event.Null
		}
		if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
			return i, errJSONValue
		}
		if kind == event.Null {
			f.add(key, nil, kind)
		} else {
			f.add(key, b[i:i+len(word)], kind)
		}
		i += len(word)
	default:
		end := i
		for end < len(b) && numeric[b[end]] {
			end++
		}
		if end == i {
			return i, errJSONValue
		}
		f.add(key, b[i:end], event.Number)
		i = end
	}

after: // a value
	if i+1 < len(b) && b[i] == ',' && b[i+1] == '"' && !top.array {
		i++
		goto name
	}
	if i < len(b) && b[i] <= ' ' {
		i = space(b, i)
	}
	if i >= len(b) {
		return i, errJSONEnd
	}
	switch {
	case b[i] == ',':
		i++
		if i < len(b) && b[i] <= ' ' {
			i = space(b, i)
		}
		if top.array {
			key = top.key
			goto value
		}
		goto member
	case b[i] == '}' && !top.array, b[i] == ']' && top.array:
		goto shut
	}
	return i, errJSONComma

shut: // b[i] closes top
	i++
	depth--
	if depth == 0 {
		return i, nil
	}
	key = top.key
	if !top.items {
		f.add(key, nil, event.Null)
	} else if (!key.plain || key.field.id != 0) && !f.stack[depth-1].array && (!top.array || top.deep) {
		f.addWhole(key, b[top.start:i])
	}
	top = &f.stack[depth-1]
	goto after
}

// numeric are the bytes that numbers consist of. What they add up to is not
// checked: the text goes on as it stands.
var numeric = [256]bool{
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'+': true, '-': true, '.': true, 'e': true, 'E': true,
}

// add carries the value of key.
func (f *flattener) add(key *jsonKey, value []byte, kind event.Kind) {
	if key.drop {
		return
	}
	f.ev.Add(key.field.id, key.field.name, value, kind)
	if key.plain {
		return
	}
	for i := range key.also {
		f.ev.Add(key.also[i].id, key.also[i].name, value, kind)
	}
	if len(value) > 0 {
		f.note(key.role, value)
	}
}

// addWhole carries the text of an object or array for rules that ask for it
// by the name that its members' names begin with, unless a member is called
// so itself.
func (f *flattener) addWhole(key *jsonKey, text []byte) {
	if key.field.id != 0 && f.ev.Get(key.field.id) == nil {
		f.ev.Add(key.field.id, key.field.name, text, event.String)
	}
	for i := range key.also {
		if f.ev.Get(key.also[i].id) == nil {
			f.ev.Add(key.also[i].id, key.also[i].name, text, event.String)
		}
	}
}

// note keeps a value that means more to its record than a field.
func (f *flattener) note(role uint8, value []byte) {
	switch role {
	case roleNone:
	case roleHost:
		if f.host == nil {
			f.host = value
		}
	case roleRecord:
		if f.record == nil {
			f.record = value
		}
	case roleOrigin:
		if f.origin == nil {
			f.origin = value
		}
	default:
		if f.timeRole == 0 || role < f.timeRole {
			f.time, f.timeRole = value, role
		}
	}
}

// describe gives the event the host, time and number that its fields told.
func (f *flattener) describe() {
	f.ev.Host = f.host
	if len(f.time) > 0 {
		f.ev.Time = jsonTime(f.time)
	}
	if n, ok := decimal(f.record); ok {
		f.ev.Record = n
	}
}
