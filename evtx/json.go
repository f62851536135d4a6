package evtx

import (
	"slices"
	"strconv"
)

// WriteJSON makes d write the fields of each record as JSON, for programs that
// want nothing else of them: Record.JSON has them as members of an object,
// each with a comma before it, an array for a name that comes several times in
// a row. A record in which a name comes back after others, or one like it,
// still comes as Fields. quote appends s as a JSON string; printable ASCII but
// quotes and backslashes, and U+00A0 to U+07FF, it leaves as they are. WriteJSON
// is called before the first chunk.
func (d *Decoder) WriteJSON(quote func(dst, s []byte) []byte) {
	d.quote, d.names.quote = quote, quote
}

// open starts the member of the field of o at the end of dst, which is d.json:
// its key, or in an array its comma when the field before had the same name. It
// reports false when there are too many fields, or when an earlier one had the
// name, which is not undone here.
func (d *Decoder) open(dst []byte, o *op) ([]byte, bool) {
	n := int(o.number)
	if n >= len(d.seen) || d.seen[n] == d.serial || d.list || d.n == maxFields {
		return d.openLate(dst, o)
	}
	d.n++
	d.seen[n] = d.serial
	dst = appendSmall(dst, o.key)
	d.last, d.at = n, len(dst)
	return dst, true
}

// openLate is open where there is more to do than to write the key.
func (d *Decoder) openLate(dst []byte, o *op) ([]byte, bool) {
	n := int(o.number)
	if n >= len(d.seen) {
		d.seen = append(d.seen, make([]uint32, max(64, n+1-len(d.seen)))...)
	}
	again := d.seen[n] == d.serial
	switch {
	case again && n != d.last:
		d.repeated = true
		return dst, false
	case d.n == maxFields:
		d.dropped = droppedOutput
		return dst, false
	case !again:
		dst = d.closeList(dst)
		return d.open(dst, o)
	case !d.list:
		d.list = true
		dst = slices.Insert(dst, d.at, '[')
	}
	d.n++
	return append(dst, ','), true
}

// closeList ends an array of values of one name.
func (d *Decoder) closeList(dst []byte) []byte {
	if d.list {
		d.list = false
		dst = append(dst, ']')
	}
	return dst
}

// member writes a field.
func (d *Decoder) member(o *op, v []byte, k Kind) {
	dst, ok := d.open(d.json, o)
	switch {
	case !ok:
	case k == Null:
		dst = append(dst, "null"...)
	case k != String && bare(v, k):
		dst = append(dst, v...)
	default:
		dst = d.quote(dst, v)
	}
	d.json = dst
}

// memberLiteral writes a field of fixed text, which is quoted once.
func (d *Decoder) memberLiteral(o *op, text []byte) {
	if o.json == nil {
		o.json = d.quote(make([]byte, 0, small), text)
	}
	if dst, ok := d.open(d.json, o); ok {
		d.json = appendSmall(dst, o.json)
	}
}

// write writes the field of opValue, opContent or opAttribute when its value is
// of a common type and has a text. It reports false, and has written nothing,
// when value is to do it.
func (d *Decoder) write(o *op, v value, m *memo) bool {
	typ, b, dst := v.typ(), d.bytes(v), d.json
	if len(b) == 0 || len(dst) > maxOutput {
		return false
	}
	if o.role != roleNone && typ != typeString && (o.role != roleTime || typ != typeFileTime) {
		return false // what it is assigned to wants its text
	}
	ok := false
	switch {
	case typ == typeString:
		if len(b) < 2 || b[0]|b[1] == 0 || o.role == roleTime || !d.room(len(b)) {
			return false
		}
		d.work -= len(b) / 16
		if dst, ok = d.open(dst, o); ok {
			dst = d.writeUTF16(dst, o.role, b)
		}
	case integers[typ] != 0:
		u, i, fits := integer(b)
		if !fits {
			return false
		}
		if dst, ok = d.open(dst, o); ok {
			dst = appendInteger(dst, u, i, integers[typ])
		}
	case typ == typeFileTime && len(b) == 8:
		u := le.Uint64(b)
		if o.role == roleTime && d.rec.Time == NoTime {
			d.rec.Time = unixTime(u)
		}
		if dst, ok = d.open(dst, o); ok {
			dst = append(d.clock.appendFileTime(append(dst, '"'), u), '"')
		}
	case typ == typeGUID && len(b) == 16:
		if dst, ok = d.open(dst, o); ok {
			dst, _ = appendGUID(append(dst, '"'), b)
			dst = append(dst, '"')
		}
	case typ == typeSID && len(b) <= memoSize:
		if len(m.json) == 0 || m.typ != typ || string(b) != string(m.raw[:m.size]) {
			text, fits := appendSID(append(slices.Grow(m.json[:0], small), '"'), b)
			if !fits {
				return false
			}
			m.typ, m.size, m.json, m.text = typ, uint8(copy(m.raw[:], b)), append(text, '"'), text[1:]
		}
		if dst, ok = d.open(dst, o); ok {
			dst = appendSmall(dst, m.json)
		}
	default:
		return false
	}
	d.json = dst
	return true
}

// writeUTF16 writes text as a JSON string: straight, or by way of UTF-8 when it
// holds other characters than most, or its role asks for that too.
func (d *Decoder) writeUTF16(dst []byte, r role, text []byte) []byte {
	if r == roleNone {
		if out, ok := appendJSONUTF16(dst, text); ok {
			return out
		}
	}
	start := len(d.out)
	d.out = appendUTF16(d.out, text)
	v := d.out[start:len(d.out):len(d.out)]
	if r != roleNone {
		d.assign(r, v)
	}
	return d.quote(dst, v)
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
