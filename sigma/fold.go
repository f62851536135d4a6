package sigma

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"
)

// Sigma compares text without regard to case unless a value is cased. Values
// and literals are folded alike, so that comparing is comparing bytes: ASCII
// letters to lower case eight at a time, other characters by their Unicode
// lower case, bytes that are not UTF-8 as they are.

const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// upperMask has the top bit of each byte of w that is A to Z. It holds only
// for words without bytes above 0x7f.
func upperMask(w uint64) uint64 {
	return (w + (0x80-'A')*ones) &^ (w + (0x80-'Z'-1)*ones) & tops
}

// isASCII reports whether v has no bytes above 0x7f.
func isASCII(v []byte) bool {
	if len(v) < 8 {
		var or byte
		for _, c := range v {
			or |= c
		}
		return or < utf8.RuneSelf
	}
	or := binary.LittleEndian.Uint64(v[len(v)-8:])
	for ; len(v) >= 32; v = v[32:] {
		or |= binary.LittleEndian.Uint64(v) | binary.LittleEndian.Uint64(v[8:]) | binary.LittleEndian.Uint64(v[16:]) | binary.LittleEndian.Uint64(v[24:])
	}
	for ; len(v) >= 8; v = v[8:] {
		or |= binary.LittleEndian.Uint64(v)
	}
	return or&tops == 0
}

// appendFold returns v folded. It returns v itself when nothing changes, else
// a slice of buf, which it appends to.
func appendFold(buf, v []byte) (folded, newBuf []byte) {
	i := 0
	for ; i+8 <= len(v); i += 8 {
		w := binary.LittleEndian.Uint64(v[i:])
		if w&tops != 0 || upperMask(w) != 0 {
			return foldFrom(buf, v, i)
		}
	}
	for ; i < len(v); i++ {
		if c := v[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return foldFrom(buf, v, i)
		}
	}
	return v, buf
}

// foldFrom copies v to buf, folding from byte i on.
func foldFrom(buf, v []byte, i int) (folded, newBuf []byte) {
	start := len(buf)
	buf = append(buf, v...)
	low := buf[start:]
	for ; i+8 <= len(low); i += 8 {
		w := binary.LittleEndian.Uint64(low[i:])
		if w&tops != 0 {
			return foldRunes(buf[:start+i], start, v[i:])
		}
		binary.LittleEndian.PutUint64(low[i:], w|upperMask(w)>>2)
	}
	for ; i < len(low); i++ {
		c := low[i]
		if c >= utf8.RuneSelf {
			return foldRunes(buf[:start+i], start, v[i:])
		}
		if 'A' <= c && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	return buf[start:len(buf):len(buf)], buf
}

// foldRunes folds rest, which begins at a character boundary, to the end of
// buf; the whole value starts at start.
func foldRunes(buf []byte, start int, rest []byte) (folded, newBuf []byte) {
	for len(rest) > 0 {
		if c := rest[0]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			buf = append(buf, c)
			rest = rest[1:]
			continue
		}
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			buf = append(buf, rest[0])
		} else {
			buf = utf8.AppendRune(buf, unicode.ToLower(r))
		}
		rest = rest[n:]
	}
	return buf[start:len(buf):len(buf)], buf
}

// fold returns s folded, for use while compiling.
func fold(s string) string {
	f, _ := appendFold(nil, []byte(s))
	return string(f)
}
