package logs

import (
	"encoding/binary"
	"math/bits"
)

// fieldEnds finds the delimiters of a line in one pass, eight bytes at a
// time: most fields are so short that a search for each costs more than
// reading it.
type fieldEnds struct {
	at [maxColumns + 1]int32
	n  int
}

const (
	lowBits  = 0x7f7f7f7f7f7f7f7f
	eachByte = 0x0101010101010101
)

// find sets f.at[:f.n] to where delimiter stands in line, as far as there is
// room: one more than any header has columns.
func (f *fieldEnds) find(line []byte, delimiter byte) {
	n, i := 0, 0
	pattern := uint64(delimiter) * eachByte
	for ; i+8 <= len(line); i += 8 {
		x := binary.LittleEndian.Uint64(line[i:]) ^ pattern
		// The high bit of each byte of hits says that the byte of x is zero.
		for hits := ^((x&lowBits + lowBits) | x | lowBits); hits != 0; hits &= hits - 1 {
			if n == len(f.at) {
				f.n = n
				return
			}
			f.at[n] = int32(i + bits.TrailingZeros64(hits)>>3)
			n++
		}
	}
	for ; i < len(line) && n < len(f.at); i++ {
		if line[i] == delimiter {
			f.at[n] = int32(i)
			n++
		}
	}
	f.n = n
}
