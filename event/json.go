package event

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// AppendJSON appends e as one JSON object without a newline: "@time" (RFC
// 3339, UTC), "@origin", "@host" and "@record" where known, then each field
// in order. A name that occurs more than once has an array.
func (e *Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if e.Time != NoTime {
		dst = append(dst, `"@time":"`...)
		dst = AppendTime(dst, e.Time)
		dst = append(dst, `",`...)
	}
	if e.Class != nil {
		dst = append(dst, `"@origin":`...)
		dst = append(AppendJSONString(dst, e.Class.Origin), ',')
	}
	if len(e.Host) > 0 {
		dst = append(dst, `"@host":`...)
		dst = append(AppendJSONString(dst, e.Host), ',')
	}
	dst = append(dst, `"@record":`...)
	dst = strconv.AppendUint(dst, e.Record, 10)
	// Names rarely repeat: a first pass marks the hashes that do, and only
	// fields with a marked hash are compared with others.
	var seen, repeated [nameHashes / 64]uint64
	for i := range e.fields {
		h := nameHash(e.fields[i].Name)
		bit := uint64(1) << (h & 63)
		repeated[h>>6] |= seen[h>>6] & bit
		seen[h>>6] |= bit
	}
	for i := range e.fields {
		f := &e.fields[i]
		if h := nameHash(f.Name); repeated[h>>6]>>(h&63)&1 == 0 {
			dst = appendJSONValue(appendKey(dst, f.Name), f)
			continue
		}
		same := func(g Field) bool { return g.Name == f.Name }
		if slices.ContainsFunc(e.fields[:i], same) {
			continue // printed in the array of its first
		}
		dst = e.appendValues(appendKey(dst, f.Name), i, slices.ContainsFunc(e.fields[i+1:], same))
	}
	return append(dst, '}')
}

func appendKey(dst []byte, name string) []byte {
	return append(AppendJSONString(append(dst, ','), name), ':')
}

// nameHashes is how many hashes names are spread over: enough that the names
// of one record seldom meet.
const nameHashes = 1024

func nameHash(name string) uint {
	n := uint(len(name))
	if n == 0 {
		return 0
	}
	h := n + uint(name[0])*31 + uint(name[n-1])*517 + uint(name[n/2])*7919 + uint(name[n/3])*104729
	return (h ^ h>>10) % nameHashes
}

// appendValues appends the value of field i, or the array of all values of
// its name when there are more.
func (e *Event) appendValues(dst []byte, i int, more bool) []byte {
	if !more {
		return appendJSONValue(dst, &e.fields[i])
	}
	name := e.fields[i].Name
	dst = append(dst, '[')
	for j := i; j < len(e.fields); j++ {
		if e.fields[j].Name != name {
			continue
		}
		if j > i {
			dst = append(dst, ',')
		}
		dst = appendJSONValue(dst, &e.fields[j])
	}
	return append(dst, ']')
}

func appendJSONValue(dst []byte, f *Field) []byte {
	switch f.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		if s := string(f.Value); s == "true" || s == "false" {
			return append(dst, s...)
		}
	case Number:
		if isDigits(f.Value) || isJSONNumber(f.Value) {
			return append(dst, f.Value...)
		}
	}
	return AppendJSONString(dst, f.Value)
}

// isDigits reports whether v is a number without sign, fraction, exponent or
// leading zero, as most are.
func isDigits(v []byte) bool {
	if len(v) == 0 || v[0] == '0' && len(v) > 1 {
		return false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isJSONNumber reports whether v is a number as JSON writes it (RFC 8259,
// section 6).
func isJSONNumber(v []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(v) && '0' <= v[n] && v[n] <= '9' {
			n++
		}
		v = v[n:]
		return n > 0
	}
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	if len(v) > 1 && v[0] == '0' && '0' <= v[1] && v[1] <= '9' || !digits() {
		return false
	}
	if len(v) > 0 && v[0] == '.' {
		if v = v[1:]; !digits() {
			return false
		}
	}
	if len(v) > 0 && (v[0] == 'e' || v[0] == 'E') {
		if v = v[1:]; len(v) > 0 && (v[0] == '+' || v[0] == '-') {
			v = v[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(v) == 0
}

// AppendTime appends t, nanoseconds since 1970, as RFC 3339 in UTC with as
// many fractional digits as it needs.
func AppendTime(dst []byte, t int64) []byte {
	u := time.Unix(0, t).UTC()
	year, month, day := u.Date()
	if year < 1000 || year > 9999 {
		return u.AppendFormat(dst, time.RFC3339Nano)
	}
	hour, minute, second := u.Clock()
	dst = append(dst, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+int(month)/10), byte('0'+int(month)%10), '-', byte('0'+day/10), byte('0'+day%10), 'T',
		byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10), ':', byte('0'+second/10), byte('0'+second%10))
	if n := u.Nanosecond(); n > 0 {
		dst = append(dst, '.')
		for unit := 100_000_000; n > 0; unit /= 10 {
			dst = append(dst, byte('0'+n/unit))
			n %= unit
		}
	}
	return append(dst, 'Z')
}

// AppendJSONString appends s as a JSON string (RFC 8259, section 7) that stays
// on its line and steers no terminal: control characters (C0, DEL, C1) and
// line separators are escaped, bytes that are not UTF-8 become U+FFFD.
func AppendJSONString[T []byte | string](dst []byte, s T) []byte {
	return appendString(dst, asBytes(s))
}

// asBytes views s as bytes, which are only read.
func asBytes[T []byte | string](s T) []byte {
	switch s := any(s).(type) {
	case string:
		return unsafe.Slice(unsafe.StringData(s), len(s))
	case []byte:
		return s
	}
	return nil
}

// appendString writes s between quotes. Most strings need no escape: they are
// looked at eight bytes at a time and copied whole.
func appendString(dst, s []byte) []byte {
	if !clean(s) {
		return appendEscaped(dst, s)
	}
	n := len(dst)
	dst = slices.Grow(dst, len(s)+2)[:n+len(s)+2]
	dst[n] = '"'
	copy(dst[n+1:], s)
	dst[len(dst)-1] = '"'
	return dst
}

// clean reports whether s needs no escape. The last word overlaps the one
// before it; shorter strings are put together as one word.
func clean(s []byte) bool {
	n := len(s)
	if n < 8 {
		var w uint64
		switch {
		case n >= 4:
			w = uint64(binary.LittleEndian.Uint32(s)) | uint64(binary.LittleEndian.Uint32(s[n-4:]))<<32
		case n > 0:
			w = ' '<<56 | ' '<<48 | ' '<<40 | ' '<<32 | ' '<<24 | uint64(s[n-1])<<16 | uint64(s[n/2])<<8 | uint64(s[0])
		default:
			return true
		}
		return stops(w) == 0
	}
	for i := 0; i+8 < n; i += 8 {
		if stops(binary.LittleEndian.Uint64(s[i:])) != 0 {
			return false
		}
	}
	return stops(binary.LittleEndian.Uint64(s[n-8:])) == 0
}

// appendEscaped copies runs that need no escape whole: the first byte that
// stops one is found by its bit.
func appendEscaped(dst, s []byte) []byte {
	dst = append(dst, '"')
	start, i := 0, 0
	for i < len(s) {
		if i+8 <= len(s) {
			stop := stops(binary.LittleEndian.Uint64(s[i:]))
			if stop == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(stop) / 8
		}
		c := s[i]
		if c == '"' || c == '\\' { // itself, behind a backslash
			dst = append(append(dst, s[start:i]...), '\\')
			start = i
			i++
			continue
		}
		if c >= ' ' && c < 0x7f {
			i++
			continue
		}
		r, n := utf8.DecodeRune(s[i:])
		if plain(r, n) {
			i += n
			continue
		}
		dst = appendEscape(append(dst, s[start:i]...), r)
		i += n
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// plain reports whether r, read from n bytes and not printable ASCII, stands for
// itself.
func plain(r rune, n int) bool {
	if r == utf8.RuneError {
		return n > 1
	}
	return r >= 0xa0 && r != '\u2028' && r != '\u2029'
}

// stops has, lowest first, the top bit of the first byte of w that is not
// printable ASCII or is a quote or a backslash. Bits above it mean nothing.
func stops(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (w | (w + ones) | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)) & tops
}

func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	case utf8.RuneError:
		return append(dst, "\uFFFD"...)
	}
	return append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
