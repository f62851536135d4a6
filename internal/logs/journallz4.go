package logs

import "encoding/binary"

// appendLZ4 appends the size bytes that the LZ4 block src holds to dst ("LZ4
// Block Format", lz4_Block_format.md).
func appendLZ4(dst, src []byte, size int) ([]byte, error) {
	start := len(dst)
	for len(src) > 0 {
		token := src[0]
		literals, rest, ok := lz4Length(int(token>>4), src[1:])
		if !ok || literals > len(rest) || len(dst)-start+literals > size {
			return dst, errJournalField
		}
		dst = append(dst, rest[:literals]...)
		src = rest[literals:]
		if len(src) == 0 { // the last sequence is literals only
			break
		}
		if len(src) < 2 {
			return dst, errJournalField
		}
		back := int(binary.LittleEndian.Uint16(src))
		match, rest, ok := lz4Length(int(token&15), src[2:])
		match += 4
		if !ok || back == 0 || back > len(dst)-start || len(dst)-start+match > size {
			return dst, errJournalField
		}
		src = rest
		for match > 0 { // what is copied may be what was just written
			n := min(match, back)
			dst = append(dst, dst[len(dst)-back:len(dst)-back+n]...)
			match -= n
		}
	}
	if len(dst)-start != size {
		return dst, errJournalField
	}
	return dst, nil
}

// lz4Length reads the rest of a length whose first four bits are n.
func lz4Length(n int, src []byte) (int, []byte, bool) {
	if n < 15 {
		return n, src, true
	}
	for i, c := range src {
		n += int(c)
		if c != 255 {
			return n, src[i+1:], true
		}
	}
	return 0, nil, false
}
