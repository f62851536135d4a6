package intel

import (
	"encoding/binary"
	"math/bits"
)

// folds puts letters of ASCII in lower case. The other characters that tokens
// and digests have stay apart from one another.
const folds = 0x2020202020202020

// sum hashes b without regard to the case of letters.
func sum(b []byte, seed uint64) uint64 {
	h := seed ^ uint64(len(b))*0x9E3779B97F4A7C15
	for len(b) > 16 {
		h = mix((binary.LittleEndian.Uint64(b)|folds)^h, (binary.LittleEndian.Uint64(b[8:])|folds)^0xA0761D6478BD642F)
		b = b[16:]
	}
	var lo, hi uint64
	switch n := len(b); {
	case n >= 8:
		lo, hi = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[n-8:])
	case n >= 4:
		lo, hi = uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[n-4:]))
	case n > 0:
		lo = uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return mix((lo|folds)^h, (hi|folds)^0xE7037ED1A0B428DB)
}

func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
