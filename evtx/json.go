package evtx

import (
	"bytes"
	"slices"
	"strconv"
)

// WriteJSON makes d write the fields of each record as JSON, for programs that
// want nothing else of them: Record.JSON has them as members of an object,
// each with a comma before it. A record in which a name comes more than once,
// or one like it, still comes as Fields. quote appends s as a JSON string, and
// leaves printable ASCII but quotes and backslashes as it is. WriteJSON is
// called before the first chunk.
func (d *Decoder) WriteJSON(quote func(dst, s []byte) []byte) {
	d.quote, d.names.quote = quote, quote
}

// claim counts the field of o, unless the record has one of its name already
// or too many others.
func (d *Decoder) claim(o *op) bool {
	n := int(o.number)
	if n >= len(d.seen) {
		d.seen = append(d.seen, make([]uint32, max(64, n+1-len(d.seen)))...)
	}
	if d.seen[n] == d.serial {
		d.repeated = true
		return false
	}
	d.seen[n] = d.serial
	if d.n == maxFields {
		d.dropped = droppedOutput
		return false
	}
	d.n++
	return true
}

// member writes a field.
func (d *Decoder) member(o *op, v []byte, k Kind) {
	if d.claim(o) {
		d.json = d.appendJSON(append(d.json, o.key...), v, k)
	}
}

func (d *Decoder) appendJSON(dst, v []byte, k Kind) []byte {
	switch {
	case k == Null:
		return append(dst, "null"...)
	case k != String && bare(v, k):
		return append(dst, v...)
	}
	return d.quote(dst, v)
}

// memberLiteral writes a field of fixed text, which is made once.
func (d *Decoder) memberLiteral(o *op, text []byte) {
	if o.json == nil {
		o.json = d.appendJSON(append(make([]byte, 0, smallMember), o.key...), text, String)
	}
	if d.claim(o) {
		d.json = appendSmall(d.json, o.json)
	}
}

// write writes the field of opValue, opContent or opAttribute when its value is
// of a common type and has a text. It reports false, and has written nothing,
// when put is to do it.
func (d *Decoder) write(o *op, v value, m *memo) bool {
	typ, b, at := v.typ(), d.bytes(v), len(d.json)
	if len(b) == 0 || at > maxOutput || o.role == roleTime && typ != typeFileTime {
		return false
	}
	switch {
	case typ == typeString:
		var ok bool
		d.json, ok = appendJSONUTF16(appendSmall(d.json, o.key), b)
		if !ok || len(d.json) == at+len(o.key)+2 && o.code != opValue {
			d.json = d.json[:at]
			return false
		}
		d.work -= len(b) / 16
	case integers[typ] != 0:
		u, i, ok := integer(b)
		if !ok {
			return false
		}
		d.json = appendInteger(appendSmall(d.json, o.key), u, i, integers[typ])
	case typ == typeFileTime && len(b) == 8 && o.code == opAttribute:
		u := le.Uint64(b)
		d.json = append(appendSmall(d.json, o.key), '"')
		d.json = append(d.clock.appendFileTime(d.json, u), '"')
		if o.role == roleTime && d.rec.Time == NoTime {
			d.rec.Time = unixTime(u)
		}
	case (typ == typeGUID || typ == typeSID) && len(b) <= memoSize:
		if m.typ != typ || string(b) != string(m.raw[:m.size]) {
			if d.remember(m, typ, b); m.typ == typeNull {
				return false
			}
			m.json = d.appendJSON(append(slices.Grow(m.json[:0], smallMember), o.key...), m.text, String)
		}
		d.json = appendSmall(d.json, m.json)
	default:
		return false
	}
	if o.role != roleNone && o.role != roleTime {
		text := bytes.Trim(d.json[at+len(o.key):], `"`)
		if bytes.IndexByte(text, '\\') >= 0 {
			d.json = d.json[:at]
			return false
		}
		d.assign(o.role, text)
	}
	if !d.claim(o) {
		d.json = d.json[:at]
	}
	return true
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

// smallMember is the capacity of what appendSmall appends.
const smallMember = 96

// appendSmall appends b, which has a capacity of smallMember, 32 bytes at a
// time: what few sizes there are, the processor can guess.
func appendSmall(dst, b []byte) []byte {
	n := len(dst)
	if len(b) > smallMember {
		return append(dst, b...)
	}
	dst = slices.Grow(dst, smallMember)
	to, from := dst[n:n+smallMember], b[:smallMember]
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
