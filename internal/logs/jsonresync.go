package logs

import "bytes"

// How reading goes on behind JSON that is damaged. A missing quote turns all
// that follows inside out, and a missing bracket leaves it one level too deep,
// so what is damaged says little about where it ends. The next record is
// looked for, in this order:
//
//  1. behind the brackets of the damaged record, with quotes put right, when
//     what stands there may follow a record;
//  2. where an object follows another or a comma and is whole. It may be one
//     from within the damaged record: that cannot be told apart;
//  3. at the next line that begins with a bracket.

// effort bounds what may be looked at twice in a block to so many times its
// length, so that reading stays linear whatever the input.
const effort = 16

// resync returns where reading can go on after what stands at b[i] could not
// be read.
func (r *jsonReader) resync(b []byte, i int) int {
	if i >= r.line {
		if r.line = nextRecordLine(b, i); r.line < 0 {
			r.line = len(b)
		}
	}
	line := r.line
	if b[i] == '{' && r.effort > 0 {
		// Each look is at a part of what may still be looked at: damage without
		// an end, however often, leaves enough for the objects below.
		end, ok := objectEnd(b[:min(line, i+r.effort/8)], i)
		r.effort -= end - i
		if ok && mayFollow(b, end) {
			return end
		}
	}
	for c := nextObject(b[:line], i+1); c >= 0 && r.effort > 0; c = nextObject(b[:line], c+1) {
		r.flat.keys = r.keys()
		r.flat.ev, r.flat.text = r.p.begin(0, 0), r.flat.text[:0]
		end, err := r.flat.flatten(b[:line], c)
		if err == nil {
			return c
		}
		r.effort -= end - c
	}
	return line
}

// objectEnd returns the index behind the object at b[i] by its brackets, or
// how far it looked and false. A string that is followed by nothing that may
// follow one was not closed: the quote that seemed to end it opens the next
// string, and the brackets before it count.
func objectEnd(b []byte, i int) (int, bool) {
	arrays, depth := uint64(0), 0 // a bit for each open bracket, the innermost lowest
	for ; i < len(b); i++ {
		switch c := b[i]; c {
		case '"':
			end := stringSkip(b, i+1)
			if end < 0 {
				return len(b), false
			}
			if closed(b, end) {
				i = end - 1
			}
		case '\\':
			i++
		case '{', '[':
			if depth == maxNesting || depth > 0 && arrays&1 == 0 && before(b, i) != ':' {
				return i, false
			}
			arrays <<= 1
			if c == '[' {
				arrays |= 1
			}
			depth++
		case '}', ']':
			if arrays&1 == 1 != (c == ']') {
				return i, false
			}
			arrays >>= 1
			if depth--; depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(b), false
}

// closed reports whether what stands at b[i] may follow a string.
func closed(b []byte, i int) bool {
	if i < len(b) && b[i] <= ' ' {
		i = space(b, i)
	}
	return i >= len(b) || b[i] == ':' || b[i] == ',' || b[i] == '}' || b[i] == ']'
}

// mayFollow reports whether what stands at b[i] may follow a record.
func mayFollow(b []byte, i int) bool {
	i = space(b, i)
	if i < len(b) && b[i] == ',' {
		i = space(b, i+1)
		return i >= len(b) || b[i] == '{'
	}
	return i >= len(b) || b[i] == '{' || b[i] == '[' || b[i] == ']' || recordLine(b[i:]) > 0
}

var keyed = []byte(`{"`)

// nextObject returns where in b from i on the next object with a key follows
// another object or a comma, or -1.
func nextObject(b []byte, i int) int {
	for i < len(b) {
		n := bytes.Index(b[i:], keyed)
		if n < 0 {
			return -1
		}
		if i += n; follows(b, i) {
			return i
		}
		i++
	}
	return -1
}

// lastObject returns where in b the last object with a key follows another
// object or a comma, or -1.
func lastObject(b []byte) int {
	for {
		i := bytes.LastIndex(b, keyed)
		if i < 0 || follows(b, i) {
			return i
		}
		b = b[:i]
	}
}

// follows reports whether another object or a comma stands before b[i].
func follows(b []byte, i int) bool {
	c := before(b, i)
	return c == '}' || c == ','
}

// before returns the last byte before b[i] that is no white space, or 0.
func before(b []byte, i int) byte {
	for i--; i >= 0; i-- {
		if c := b[i]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

// nextRecordLine returns the index behind the first newline of b from i on
// that an opening bracket follows, or -1.
func nextRecordLine(b []byte, i int) int {
	for {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return -1
		}
		i += n + 1
		if i < len(b) && (b[i] == '{' || b[i] == '[') {
			return i
		}
	}
}
