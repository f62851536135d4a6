package evtx

import (
	"slices"
	"strconv"
)

// WriteJSON makes d write the fields of each record as JSON, for programs that
// want nothing else of them: Record.JSON has them as members of an object,
// each with a comma before it, an array for a name that comes several times in
// a row. A record in which a name comes back after others, or one like it,
// still comes as Fields. quote appends s as a JSON string, and leaves printable
// ASCII but quotes and backslashes as it is. WriteJSON is called before the
// first chunk.
func (d *Decoder) WriteJSON(quote func(dst, s []byte) []byte) {
	d.quote, d.names.quote = quote, quote
}

// open starts the member of the field of o: its key, or in an array its comma
// when the field before had the same name. It reports false when there are too
// many fields, or when an earlier one had the name, which is not undone here.
func (d *Decoder) open(o *op) bool {
	n := int(o.number)
	if n >= len(d.seen) {
		d.seen = append(d.seen, make([]uint32, max(64, n+1-len(d.seen)))...)
	}
	again := d.seen[n] == d.serial
	switch {
	case again && n != d.last:
		d.repeated = true
		return false
	case d.n == maxFields:
		d.dropped = droppedOutput
		return false
	}
	d.n++
	if again {
		if !d.list {
			d.list = true
			d.json = slices.Insert(d.json, d.at, '[')
		}
		d.json = append(d.json, ',')
		return true
	}
	d.seen[n] = d.serial
	d.closeList()
	d.json = appendSmall(d.json, o.key)
	d.last, d.at = n, len(d.json)
	return true
}

// closeList ends an array of values of one name.
func (d *Decoder) closeList() {
	if d.list {
		d.list = false
		d.json = append(d.json, ']')
	}
}

// member writes a field.
func (d *Decoder) member(o *op, v []byte, k Kind) {
	switch {
	case !d.open(o):
	case k == Null:
		d.json = append(d.json, "null"...)
	case k != String && bare(v, k):
		d.json = append(d.json, v...)
	default:
		d.json = d.quote(d.json, v)
	}
}

// memberLiteral writes a field of fixed text, which is quoted once.
func (d *Decoder) memberLiteral(o *op, text []byte) {
	if o.json == nil {
		o.json = d.quote(make([]byte, 0, small), text)
	}
	if d.open(o) {
		d.json = appendSmall(d.json, o.json)
	}
}

// write writes the field of opValue, opContent or opAttribute when its value is
// of a common type and has a text. It reports false, and has written nothing,
// when value is to do it.
func (d *Decoder) write(o *op, v value, m *memo) bool {
	typ, b := v.typ(), d.bytes(v)
	if len(b) == 0 || len(d.json) > maxOutput {
		return false
	}
	if o.role != roleNone && typ != typeString && (o.role != roleTime || typ != typeFileTime) {
		return false // what it is assigned to wants its text
	}
	switch {
	case typ == typeString:
		if len(b) < 2 || b[0]|b[1] == 0 || o.role == roleTime || !d.room(len(b)) {
			return false
		}
		d.work -= len(b) / 16
		if d.open(o) {
			d.writeUTF16(o.role, b)
		}
	case integers[typ] != 0:
		u, i, ok := integer(b)
		if !ok {
			return false
		}
		if d.open(o) {
			d.json = appendInteger(d.json, u, i, integers[typ])
		}
	case typ == typeFileTime && len(b) == 8:
		u := le.Uint64(b)
		if o.role == roleTime && d.rec.Time == NoTime {
			d.rec.Time = unixTime(u)
		}
		if d.open(o) {
			d.json = append(d.clock.appendFileTime(append(d.json, '"'), u), '"')
		}
	case (typ == typeGUID || typ == typeSID) && len(b) <= memoSize:
		if m.typ != typ || string(b) != string(m.raw[:m.size]) {
			if d.remember(m, typ, b); m.typ == typeNull {
				return false
			}
			m.json = d.quote(slices.Grow(m.json[:0], small), m.text)
		}
		if d.open(o) {
			d.json = appendSmall(d.json, m.json)
		}
	default:
		return false
	}
	return true
}

// writeUTF16 writes text as a JSON string: straight, or by way of UTF-8 when it
// is not all ASCII or its role asks for that too.
func (d *Decoder) writeUTF16(r role, text []byte) {
	if r == roleNone {
		var ok bool
		start := len(d.json)
		if d.json, ok = appendJSONUTF16(d.json, text); ok {
			return
		}
		d.json = d.json[:start]
	}
	start := len(d.out)
	d.out = appendUTF16(d.out, text)
	v := d.out[start:len(d.out):len(d.out)]
	d.json = d.quote(d.json, v)
	if r != roleNone {
		d.assign(r, v)
	}
}

// integers says how the integers of each type are written.
var integers = [256]integerForm{
	typeUint8: unsigned, typeUint16: unsigned, typeUint32: unsigned, typeUint64: unsigned,
	typeInt8: signed, typeInt16: signed, typeInt32: signed, typeInt64: signed,
	typeHex32: hexadecimal, typeHex64: hexadecimal, typeSize: hexadecimal,
}

type integerForm uint8

const (
	unsigned integerForm = 1 + iota
	signed
	hexadecimal
)

func appendInteger(dst []byte, u uint64, i int64, form integerForm) []byte {
	switch {
	case form == hexadecimal:
		return append(appendHexInt(append(dst, '"'), u), '"')
	case form == signed && i < 0:
		return strconv.AppendInt(dst, i, 10)
	}
	return appendUint(dst, u)
}

// small is the capacity of what appendSmall appends.
const small = 96

// appendSmall appends b, which has a capacity of small, 32 bytes at a
// time: what few sizes there are, the processor can guess.
func appendSmall(dst, b []byte) []byte {
	n := len(dst)
	if len(b) > small {
		return append(dst, b...)
	}
	dst = slices.Grow(dst, small)
	to, from := dst[n:n+small], b[:small]
	for at := 0; at < len(b); at += 32 {
		to, from := to[at:at+32], from[at:at+32]
		le.PutUint64(to, le.Uint64(from))
		le.PutUint64(to[8:], le.Uint64(from[8:]))
		le.PutUint64(to[16:], le.Uint64(from[16:]))
		le.PutUint64(to[24:], le.Uint64(from[24:]))
	}
	return dst[:n+len(b)]
}

// bare reports whether v, the text of a number or a truth value, is one in
// JSON too: infinities, and what is neither true nor false, are not.
func bare(v []byte, k Kind) bool {
	if len(v) == 0 {
		return false
	}
	last := v[len(v)-1]
	return k == Bool && last == 'e' || k == Number && '0' <= last && last <= '9'
}
