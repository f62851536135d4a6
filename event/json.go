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
	var seen, repeated uint64
	for i := range e.fields {
		bit := uint64(1) << nameHash(e.fields[i].Name)
		repeated |= seen & bit
		seen |= bit
	}
	for i := range e.fields {
		f := &e.fields[i]
		if repeated>>nameHash(f.Name)&1 == 0 {
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

func nameHash(name string) int {
	if name == "" {
		return 0
	}
	return (len(name)*7 + int(name[0]) + int(name[len(name)-1])*3 + int(name[len(name)/2])*5) & 63
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
		if isJSONNumber(f.Value) {
			return append(dst, f.Value...)
		}
	}
	return AppendJSONString(dst, f.Value)
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
	return time.Unix(0, t).UTC().AppendFormat(dst, time.RFC3339Nano)
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

// appendString copies runs that need no escape whole: eight bytes are looked
// at together, and the first that stops a run is found by its bit.
func appendString(dst, s []byte) []byte {
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
