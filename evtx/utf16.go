package evtx

import (
	"slices"
	"unicode/utf8"
)

// appendUTF16 appends src, UTF-16LE up to its first NUL, in UTF-8. Lone
// surrogates become U+FFFD; an odd last byte is left out.
func appendUTF16(dst, src []byte) []byte {
	size := len(src) &^ 1
	if size >= 2 && src[size-1]|src[size-2] == 0 {
		size -= 2 // a terminator; those within are looked for below
	}
	src = src[:size]
	n := len(dst)
	if need := n + size/2*3 + 8; need > cap(dst) {
		dst = append(make([]byte, 0, max(need, 2*cap(dst))), dst...)
	}
	out := dst[:cap(dst)]
	// Eight ASCII characters at a time. In v minus one of each lane a NUL
	// shows as a borrow, as characters beyond ASCII show: as a high bit.
	i := 0
	for ; i+16 <= len(src); i += 16 {
		v, w := le.Uint64(src[i:]), le.Uint64(src[i+8:])
		if (v|w|(v-lanes)|(w-lanes))&beyondASCII != 0 {
			return slowUTF16(out, n, src[i:])
		}
		le.PutUint64(out[n:], uint64(narrow(v))|uint64(narrow(w))<<32)
		n += 8
	}
	rest := len(src) - i
	switch {
	case rest == 0:
	case len(src) >= 16: // once more the last eight, some of them again
		v, w := le.Uint64(src[len(src)-16:]), le.Uint64(src[len(src)-8:])
		if (v|w|(v-lanes)|(w-lanes))&beyondASCII != 0 {
			return slowUTF16(out, n, src[i:])
		}
		n += rest / 2
		le.PutUint64(out[n-8:], uint64(narrow(v))|uint64(narrow(w))<<32)
	case len(src) >= 8: // the first four and the last four
		v, w := le.Uint64(src), le.Uint64(src[len(src)-8:])
		if (v|w|(v-lanes)|(w-lanes))&beyondASCII != 0 {
			return slowUTF16(out, n, src)
		}
		le.PutUint32(out[n:], narrow(v))
		n += rest / 2
		le.PutUint32(out[n-4:], narrow(w))
	default:
		return slowUTF16(out, n, src)
	}
	return out[:n]
}

// appendJSONUTF16 appends src as appendUTF16 does, as a JSON string, when all
// of it is printable ASCII or from U+00A0 to U+07FF; else it reports false.
func appendJSONUTF16(dst, src []byte) ([]byte, bool) {
	size := len(src) &^ 1
	if size >= 2 && src[size-1]|src[size-2] == 0 {
		size -= 2
	}
	src = src[:size]
	n := len(dst)
	dst = slices.Grow(dst, size+16) // each may need a backslash
	out := dst[:n+size+16]
	out[n] = '"'
	n++
	i := 0
	for ; i+16 <= size; i += 16 {
		text, ok := narrowPlain(le.Uint64(src[i:]), le.Uint64(src[i+8:]))
		if !ok {
			if n = escapeUTF16(out, n, src[i:i+16]); n < 0 {
				return dst, false
			}
			continue
		}
		le.PutUint64(out[n:], text)
		n += 8
	}
	// The rest, with characters before it once more, as in appendUTF16.
	rest := (size - i) / 2
	switch {
	case rest == 0:
	case size >= 16:
		if text, ok := narrowPlain(le.Uint64(src[size-16:]), le.Uint64(src[size-8:])); ok {
			n += rest
			le.PutUint64(out[n-8:], text)
			rest = 0
		}
	case size >= 8:
		if text, ok := narrowPlain(le.Uint64(src), le.Uint64(src[size-8:])); ok {
			le.PutUint32(out[n:], uint32(text))
			n += rest
			le.PutUint32(out[n-4:], uint32(text>>32))
			rest = 0
		}
	}
	if rest > 0 {
		if n = escapeUTF16(out, n, src[i:]); n < 0 {
			return dst, false
		}
	}
	out[n] = '"'
	return dst[:n+1], true
}

// narrowPlain makes bytes of eight characters, if all are printable ASCII, but
// for quotes and backslashes.
func narrowPlain(v, w uint64) (uint64, bool) {
	text := uint64(narrow(v)) | uint64(narrow(w))<<32
	return text, (v|w)&beyondASCII|special(text) == 0
}

// escapeUTF16 writes src to out from n on, with a backslash before each quote
// and backslash, and returns where it ends; -1 when a character is neither
// printable ASCII nor from U+00A0 to U+07FF, two bytes at most.
func escapeUTF16(out []byte, n int, src []byte) int {
	for i := 0; i+2 <= len(src); i += 2 {
		c := le.Uint16(src[i:])
		switch {
		case c >= 0xa0 && c < 0x800:
			out[n], out[n+1] = 0xc0|byte(c>>6), 0x80|byte(c)&0xbf
			n += 2
			continue
		case c < ' ' || c >= 0x7f:
			return -1
		case c == '"' || c == '\\':
			out[n] = '\\'
			n++
		}
		out[n] = byte(c)
		n++
	}
	return n
}

// special has a bit set when a byte of w is not printable ASCII, or is a quote
// or a backslash.
func special(w uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (w | (w + ones) | (w - ones*' ') | ((w ^ ones*'"') - ones) | ((w ^ ones*'\\') - ones)) & tops
}

// slowUTF16 writes src to out from n on and returns what out then holds: four
// characters at a time where they are ASCII, else one. out has room.
func slowUTF16(out []byte, n int, src []byte) []byte {
	for i := 0; i+2 <= len(src); {
		if i+8 <= len(src) {
			if v := le.Uint64(src[i:]); (v|(v-lanes))&beyondASCII == 0 {
				le.PutUint32(out[n:], narrow(v))
				n += 4
				i += 8
				continue
			}
		}
		u := le.Uint16(src[i:])
		i += 2
		switch {
		case u == 0:
			return out[:n]
		case u < utf8.RuneSelf:
			out[n] = byte(u)
			n++
		case u < 0x800:
			out[n], out[n+1] = 0xc0|byte(u>>6), 0x80|byte(u)&0xbf
			n += 2
		case !isSurrogate(u):
			out[n], out[n+1], out[n+2] = 0xe0|byte(u>>12), 0x80|byte(u>>6)&0xbf, 0x80|byte(u)&0xbf
			n += 3
		default:
			r := utf8.RuneError
			if i+2 <= len(src) {
				if lo := le.Uint16(src[i:]); u < 0xdc00 && lo >= 0xdc00 && lo < 0xe000 {
					r = (rune(u)-0xd800)<<10 + rune(lo) - 0xdc00 + 0x10000
					i += 2
				}
			}
			n += utf8.EncodeRune(out[n:], r)
		}
	}
	return out[:n]
}

const (
	lanes       = 0x0001000100010001
	beyondASCII = 0xff80ff80ff80ff80
)

// narrow drops the zero bytes of four ASCII characters.
func narrow(v uint64) uint32 {
	v = (v | v>>8) & 0x0000ffff0000ffff
	return uint32(v | v>>16)
}

func isSurrogate(u uint16) bool { return u >= 0xd800 && u < 0xe000 }

// appendUnit appends the character of one UTF-16 code unit.
func appendUnit(dst []byte, u uint16) []byte {
	return utf8.AppendRune(dst, rune(u)) // a surrogate becomes U+FFFD
}

// appendEntity appends the character that an entity reference names: one of
// the five of XML, else nothing.
func appendEntity(dst, name []byte) []byte {
	var buf [8]byte
	switch string(appendUTF16(buf[:0], name)) {
	case "amp":
		return append(dst, '&')
	case "lt":
		return append(dst, '<')
	case "gt":
		return append(dst, '>')
	case "quot":
		return append(dst, '"')
	case "apos":
		return append(dst, '\'')
	}
	return dst
}

// cp1252 are the characters of bytes 0x80 to 0x9f of Windows-1252; the other
// bytes are their own code points, as are those that it leaves undefined.
var cp1252 = [32]rune{
	0x20ac, 0x81, 0x201a, 0x192, 0x201e, 0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d, 0x17d, 0x8f,
	0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178,
}

// appendANSI appends src, text of code page 1252 up to its first NUL. The file
// does not say which code page the machine had.
func appendANSI(dst, src []byte) []byte {
	for _, b := range src {
		switch {
		case b == 0:
			return dst
		case b < utf8.RuneSelf:
			dst = append(dst, b)
		case b < 0xa0:
			dst = utf8.AppendRune(dst, cp1252[b-0x80])
		default:
			dst = utf8.AppendRune(dst, rune(b))
		}
	}
	return dst
}
