package evtx

import (
	"bytes"
	"math"
	"math/bits"
	"slices"
	"strconv"
)

// Value types of BinXml (MS-EVEN6 2.2.12).
const (
	typeNull       = 0x00
	typeString     = 0x01
	typeANSI       = 0x02
	typeInt8       = 0x03
	typeUint8      = 0x04
	typeInt16      = 0x05
	typeUint16     = 0x06
	typeInt32      = 0x07
	typeUint32     = 0x08
	typeInt64      = 0x09
	typeUint64     = 0x0a
	typeReal32     = 0x0b
	typeReal64     = 0x0c
	typeBool       = 0x0d
	typeBinary     = 0x0e
	typeGUID       = 0x0f
	typeSize       = 0x10
	typeFileTime   = 0x11
	typeSystemTime = 0x12
	typeSID        = 0x13
	typeHex32      = 0x14
	typeHex64      = 0x15
	typeHandle     = 0x20
	typeBinXML     = 0x21
	typeXML        = 0x23
	typeArray      = 0x80
)

// kinds says how the values of each type count.
var kinds = [256]Kind{
	typeNull: Null, typeBool: Bool,
	typeInt8: Number, typeUint8: Number, typeInt16: Number, typeUint16: Number,
	typeInt32: Number, typeUint32: Number, typeInt64: Number, typeUint64: Number,
	typeReal32: Number, typeReal64: Number,
}

// appendValue appends the text of the value b of a type that is no array, as
// Windows writes it in XML (before escaping). Numbers may be of any width. It
// reports false for bytes that do not fit the type, which have no text, and
// for types that are not known. No bytes have no text.
func (c *clock) appendValue(dst []byte, typ byte, b []byte) ([]byte, bool) {
	if len(b) == 0 {
		return dst, true
	}
	switch typ {
	case typeNull, typeBinXML:
		return dst, true
	case typeString, typeXML:
		return appendUTF16(dst, b), true
	case typeANSI:
		return appendANSI(dst, b), true
	case typeUint8, typeUint16, typeUint32, typeUint64:
		u, _, ok := integer(b)
		if !ok {
			return dst, false
		}
		return appendUint(dst, u), true
	case typeInt8, typeInt16, typeInt32, typeInt64:
		_, i, ok := integer(b)
		if !ok {
			return dst, false
		}
		return strconv.AppendInt(dst, i, 10), true
	case typeHex32, typeHex64, typeSize, typeHandle:
		u, _, ok := integer(b)
		if !ok {
			return dst, false
		}
		return appendHexInt(dst, u), true
	case typeBool:
		return appendBool(dst, b)
	case typeReal32, typeReal64:
		return appendReal(dst, b)
	case typeBinary:
		return appendHex(dst, b), true
	case typeGUID:
		return appendGUID(dst, b)
	case typeSID:
		return appendSID(dst, b)
	case typeFileTime:
		if len(b) != 8 {
			return dst, false
		}
		return c.appendFileTime(dst, le.Uint64(b)), true
	case typeSystemTime:
		return appendSystemTime(dst, b)
	}
	return dst, false
}

// integer reads a little-endian integer of 1, 2, 4 or 8 bytes.
func integer(b []byte) (u uint64, i int64, ok bool) {
	switch len(b) {
	case 1:
		return uint64(b[0]), int64(int8(b[0])), true
	case 2:
		v := le.Uint16(b)
		return uint64(v), int64(int16(v)), true
	case 4:
		v := le.Uint32(b)
		return uint64(v), int64(int32(v)), true
	case 8:
		v := le.Uint64(b)
		return v, int64(v), true
	}
	return 0, 0, false
}

// appendUint writes v in decimal, two digits at a time.
func appendUint(dst []byte, v uint64) []byte {
	if v < 10 {
		return append(dst, '0'+byte(v))
	}
	n := len(dst) + digits(v)
	dst = slices.Grow(dst, 20)[:n]
	for at := n; ; {
		if v < 10 {
			dst[at-1] = '0' + byte(v)
			return dst
		}
		q := v / 100
		pair := decimalPairs[v-100*q]
		at -= 2
		dst[at], dst[at+1] = byte(pair), byte(pair>>8)
		if v = q; v == 0 {
			return dst
		}
	}
}

// digits returns how many decimal digits v has.
func digits(v uint64) int {
	n := bits.Len64(v|1) * 1233 >> 12 // of the power of ten below, or at v
	if v >= powers[n] {
		n++
	}
	return n
}

// powers are those of ten.
var powers = func() (p [20]uint64) {
	p[0] = 1
	for i := range p[1:] {
		p[i+1] = 10 * p[i]
	}
	return p
}()

// decimalPairs holds the two digits of each number below 100, the first in
// the low byte.
var decimalPairs = func() (pairs [100]uint16) {
	for i := range pairs {
		pairs[i] = uint16('0'+i/10) | uint16('0'+i%10)<<8
	}
	return pairs
}()

// appendHexInt writes v as 0x and lower-case digits, without leading zeros.
func appendHexInt(dst []byte, v uint64) []byte {
	n := len(dst) + 2 + (bits.Len64(v|1)+3)/4
	dst = slices.Grow(dst, 18)[:n]
	for at := n - 1; at > n-17; at-- {
		dst[at] = "0123456789abcdef"[v&15]
		if v >>= 4; v == 0 {
			dst[at-1], dst[at-2] = 'x', '0'
			break
		}
	}
	return dst
}

// appendBool writes values that are neither 0 nor 1 as the number they are.
func appendBool(dst, b []byte) ([]byte, bool) {
	_, i, ok := integer(b)
	switch {
	case !ok:
		return dst, false
	case i == 0:
		return append(dst, "false"...), true
	case i == 1:
		return append(dst, "true"...), true
	}
	return strconv.AppendInt(dst, i, 10), true
}

func appendReal(dst, b []byte) ([]byte, bool) {
	switch len(b) {
	case 4:
		return strconv.AppendFloat(dst, float64(math.Float32frombits(le.Uint32(b))), 'g', -1, 32), true
	case 8:
		return strconv.AppendFloat(dst, math.Float64frombits(le.Uint64(b)), 'g', -1, 64), true
	}
	return dst, false
}

const hexDigits = "0123456789ABCDEF"

// hexPairs holds the two digits of each byte, the first in the low byte.
var hexPairs = func() (pairs [256]uint16) {
	for i := range pairs {
		pairs[i] = uint16(hexDigits[i>>4]) | uint16(hexDigits[i&15])<<8
	}
	return pairs
}()

func appendHex(dst, b []byte) []byte {
	for _, x := range b {
		dst = le.AppendUint16(dst, hexPairs[x])
	}
	return dst
}

// appendGUID follows MS-DTYP 2.3.4.3: {XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX},
// the first three groups being little-endian numbers.
func appendGUID(dst, b []byte) ([]byte, bool) {
	if len(b) != 16 {
		return dst, false
	}
	n := len(dst)
	dst = append(dst, "{00000000-0000-0000-0000-000000000000}"...)
	text := dst[n : n+38]
	for i, at := range guidOrder {
		le.PutUint16(text[at:], hexPairs[b[i]])
	}
	return dst, true
}

// guidOrder says where in the text each byte of a GUID stands.
var guidOrder = [16]uint8{7, 5, 3, 1, 12, 10, 17, 15, 20, 22, 25, 27, 29, 31, 33, 35}

// appendSID follows MS-DTYP 2.4.2.1: S-revision-authority-subauthorities.
func appendSID(dst, b []byte) ([]byte, bool) {
	if len(b) < 8 || len(b) < 8+4*int(b[1]) {
		return dst, false
	}
	dst = append(appendUint(append(dst, 'S', '-'), uint64(b[0])), '-')
	var authority uint64
	for _, x := range b[2:8] {
		authority = authority<<8 | uint64(x)
	}
	dst = appendUint(dst, authority)
	for i := range int(b[1]) {
		dst = appendUint(append(dst, '-'), uint64(le.Uint32(b[8+4*i:])))
	}
	return dst, true
}

// itemSize returns how many bytes of b, which are not none, the first item of
// an array of typ takes, the NUL of strings included.
func itemSize(typ byte, b []byte) int {
	n := len(b)
	switch typ {
	case typeString:
		for i := 0; i+2 <= len(b); i += 2 {
			if b[i]|b[i+1] == 0 {
				return i + 2
			}
		}
	case typeANSI:
		if i := bytes.IndexByte(b, 0); i >= 0 {
			return i + 1
		}
	case typeInt8, typeUint8:
		n = 1
	case typeInt16, typeUint16:
		n = 2
	case typeInt32, typeUint32, typeReal32, typeBool, typeHex32:
		n = 4
	case typeInt64, typeUint64, typeReal64, typeFileTime, typeHex64, typeSize, typeHandle:
		n = 8
	case typeGUID, typeSystemTime:
		n = 16
	case typeSID:
		if len(b) >= 8 {
			n = 8 + 4*int(b[1])
		}
	}
	return min(n, len(b))
}
