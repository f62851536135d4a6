package evtx

import "unicode/utf8"

// appendUTF16 appends src, UTF-16LE up to its first NUL, in UTF-8. Lone
// surrogates become U+FFFD; an odd last byte is left out.
func appendUTF16(dst, src []byte) []byte {
	n := len(dst)
	if need := n + len(src)/2*3 + 8; need > cap(dst) {
		dst = append(make([]byte, 0, max(need, 2*cap(dst))), dst...)
	}
	out := dst[:cap(dst)]
	for i := 0; ; {
		// Eight ASCII characters at a time, then four. In v minus one of
		// each lane a NUL shows as a borrow, beyond ASCII as a high bit.
		for ; i+16 <= len(src); i += 16 {
			v, w := le.Uint64(src[i:]), le.Uint64(src[i+8:])
			if (v|w|(v-lanes)|(w-lanes))&beyondASCII != 0 {
				break
			}
			le.PutUint64(out[n:], uint64(narrow(v))|uint64(narrow(w))<<32)
			n += 8
		}
		for ; i+8 <= len(src); i += 8 {
			v := le.Uint64(src[i:])
			if (v|(v-lanes))&beyondASCII != 0 {
				break
			}
			le.PutUint32(out[n:], narrow(v))
			n += 4
		}
		// Then one by one, up to the next ASCII one at least.
		for ascii := 0; ascii < 4; {
			if i+2 > len(src) {
				return out[:n]
			}
			u := le.Uint16(src[i:])
			i += 2
			switch {
			case u == 0:
				return out[:n]
			case u < utf8.RuneSelf:
				out[n] = byte(u)
				n++
				ascii++
			case isSurrogate(u):
				r := utf8.RuneError
				if i+2 <= len(src) {
					if lo := le.Uint16(src[i:]); u < 0xdc00 && lo >= 0xdc00 && lo < 0xe000 {
						r = (rune(u)-0xd800)<<10 + rune(lo) - 0xdc00 + 0x10000
						i += 2
					}
				}
				n += utf8.EncodeRune(out[n:], r)
			default:
				n += utf8.EncodeRune(out[n:], rune(u))
			}
		}
	}
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
