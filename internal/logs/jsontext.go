package logs

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// The words of eight equal bytes that the string scan compares with.
const (
	ones      = 0x0101010101010101
	highBits  = 0x8080808080808080
	quotes    = '"' * ones
	slashes   = '\\' * ones
	spaces    = ' ' * ones
	maxSpaces = 8
)

// special marks, in the high bit of its byte, the first byte of w that is a
// quote, a backslash or a control character; bytes above it may be marked
// falsely, none below.
func special(w uint64) uint64 {
	q, s := w^quotes, w^slashes
	return ((q-ones)&^q | (s-ones)&^s | (w-spaces)&^w) & highBits
}

// stringEnd returns the index of the first quote, backslash or control
// character of b from i on, len(b) when there is none.
func stringEnd(b []byte, i int) int {
	for i+16 <= len(b) {
		if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		if m := special(binary.LittleEndian.Uint64(b[i+8:])); m != 0 {
			return i + 8 + bits.TrailingZeros64(m)>>3
		}
		i += 16
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
		i++
	}
	return i
}

// stringSkip returns the index behind the closing quote of the string whose
// text starts at i, or -1 when the text ends or the line breaks before it.
func stringSkip(b []byte, i int) int {
	for {
		i = stringEnd(b, i)
		switch {
		case i >= len(b) || b[i] == '\n':
			return -1
		case b[i] == '"':
			return i + 1
		case b[i] == '\\':
			i++
		}
		i++
	}
}

// space returns the index of the first byte of b from i on that is no JSON
// white space (RFC 8259, section 2).
func space(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\r':
		case '\n': // pretty printing: an indent follows
			for i+1+maxSpaces <= len(b) && binary.LittleEndian.Uint64(b[i+1:]) == spaces {
				i += maxSpaces
			}
		default:
			return i
		}
	}
	return i
}

// jsonUnquote appends the text of the JSON string whose text goes on at b[i]
// to dst and returns it with the index behind the closing quote, -1 when the
// string is bad. Of escapes it takes those of RFC 8259, section 7; a
// surrogate without its partner becomes U+FFFD. What is appended is never
// longer than what was written.
func jsonUnquote(dst, b []byte, i int) ([]byte, int) {
	n, out := len(dst), dst[:cap(dst)]
	for i < len(b) {
		if i+8 <= len(b) && n+8 <= len(out) {
			// Copy eight bytes at a time and look at them afterwards: what
			// was copied too much is written over.
			w := binary.LittleEndian.Uint64(b[i:])
			binary.LittleEndian.PutUint64(out[n:], w)
			m := special(w)
			if m == 0 {
				n, i = n+8, i+8
				continue
			}
			n, i = n+bits.TrailingZeros64(m)>>3, i+bits.TrailingZeros64(m)>>3
		} else if n+8 > len(out) {
			out = append(out[:n], make([]byte, min(len(b)-i+8, len(out)+64))...)
			out = out[:cap(out)]
			continue
		}
		for i < len(b) && b[i] == '\\' { // escapes often follow each other
			if i+1 >= len(b) || n+8 > len(out) {
				break
			}
			if c := escapes[b[i+1]]; c != 0 {
				out[n] = c
				n, i = n+1, i+2
				continue
			}
			r, k := unicodeEscape(b, i)
			if k == 0 {
				return out[:n], -1
			}
			n, i = n+utf8.EncodeRune(out[n:], r), i+k
		}
		if i >= len(b) || n+8 > len(out) {
			continue
		}
		switch c := b[i]; c {
		case '"':
			return out[:n], i + 1
		case '\n':
			return out[:n], -1
		case '\\':
			if i+1 >= len(b) {
				return out[:n], -1
			}
		default: // also a control character that should have been escaped
			out[n] = c
			n, i = n+1, i+1
		}
	}
	return out[:n], -1
}

// escapes are the characters that one letter behind a backslash stands for.
var escapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// unicodeEscape reads \uXXXX at b[i], and a second one when the first is
// half of a surrogate pair. It returns the length read, 0 when there is none.
func unicodeEscape(b []byte, i int) (rune, int) {
	if i+6 > len(b) || b[i+1] != 'u' {
		return 0, 0
	}
	r := hex4(b, i+2)
	if r < 0 {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		low := rune(-1)
		if i+12 <= len(b) && b[i+6] == '\\' && b[i+7] == 'u' {
			low = hex4(b, i+8)
		}
		if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
			return r, 12
		}
	}
	return r, 6
}

// hex4 returns the number that the four hex digits at b[i] write, or -1.
func hex4(b []byte, i int) rune {
	if i+4 > len(b) {
		return -1
	}
	var r rune
	for _, c := range b[i : i+4] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// valueSkip returns the index behind the JSON value that starts at b[i], by
// its brackets and strings alone, or -1 when b ends or a string breaks
// before the value does.
func valueSkip(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch b[i] {
		case '"':
			if i = stringSkip(b, i+1); i < 0 {
				return -1
			}
			if depth == 0 {
				return i
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
		i++
	}
	return -1
}
