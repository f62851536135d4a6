package event

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
	"unsafe"
)

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

// appendString writes s between quotes, eight bytes at a time: the bytes are
// stored first and looked at then, and what a word holds from its first
// special byte on is stored again.
func appendString(dst, s []byte) []byte {
	n := len(dst)
	dst = slices.Grow(dst, 2*len(s)+16) // a word may be stored beyond the end
	out := dst[n : n+2*len(s)+16]
	out[0] = '"'
	i, o := 0, 1
	for i < len(s) {
		w, size := word(s, i)
		binary.LittleEndian.PutUint64(out[o:], w)
		stop := stops(w)
		if stop == 0 {
			i, o = i+size, o+size
			continue
		}
		clean := bits.TrailingZeros64(stop) / 8
		i, o = i+clean, o+clean
		c := s[i]
		if c != '"' && c != '\\' {
			return appendEscaped(dst[:n+o], s[i:])
		}
		out[o], out[o+1] = '\\', c
		i, o = i+1, o+2
	}
	out[o] = '"'
	return dst[:n+o+1]
}

// word returns the next bytes of s from i on, up to eight, as one word that is
// filled up with spaces, and how many they are.
func word(s []byte, i int) (w uint64, size int) {
	rest := len(s) - i
	if rest >= 8 {
		return binary.LittleEndian.Uint64(s[i:]), 8
	}
	const spaces = 0x2020202020202020
	switch {
	case len(s) >= 8: // the end of the word that ends with s
		w = binary.LittleEndian.Uint64(s[len(s)-8:]) >> (8 * (8 - rest))
	case rest >= 4: // two halves that overlap
		w = uint64(binary.LittleEndian.Uint32(s[i:])) | uint64(binary.LittleEndian.Uint32(s[len(s)-4:]))<<(8*(rest-4))
	default:
		w = uint64(s[i]) | uint64(s[i+rest/2])<<(8*(rest/2)) | uint64(s[len(s)-1])<<(8*(rest-1))
	}
	return w | spaces<<(8*rest), rest
}

// appendEscaped writes the rest of a string and its closing quote, one
// character at a time.
func appendEscaped(dst, s []byte) []byte {
	start, i := 0, 0
	for i < len(s) {
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
