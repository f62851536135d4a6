package logs

import "bytes"

// A jsonSplit is what splitJSON carries through a file.
type jsonSplit struct {
	lines bool // every record is a line
	base  int  // brackets that are open between records
	lost  bool // in the middle of a record that is too long
}

// insideArray is the header of blocks that start within an array.
var insideArray = []byte("[")

// splitJSON cuts behind the last record that is whole.
func splitJSON(s *splitState, buf []byte, end bool) int {
	if end {
		return len(buf)
	}
	j, ok := s.state.(*jsonSplit)
	start := 0
	if !ok {
		j = new(jsonSplit)
		if start, ok = j.begin(buf); !ok && len(buf) < maxRecord {
			return 0
		}
		s.state = j
	}
	if j.lines {
		return bytes.LastIndexByte(buf, '\n') + 1
	}
	if j.lost {
		// Until a record begins, what there is is handed out as it is.
		line, object := nextRecordLine(buf, 0), nextObject(buf, 0)
		if line < 0 || object >= 0 && object < line {
			line = object
		}
		j.lost = line < 0
		return max(line, 0)
	}
	cut := j.scan(buf, start)
	if cut == 0 && len(buf) >= maxRecord {
		// It has no end. What follows its last line or object is read by its
		// brackets again.
		cut = max(bytes.LastIndex(buf, []byte("\n{"))+1, lastObject(buf), 0)
		j.lost = cut == 0
	}
	if j.base > 0 {
		s.header = insideArray
	} else {
		s.header = nil
	}
	return cut
}

// begin finds out how the records of a file that starts with buf are strung
// together, and where the first one may start; false when more must be seen.
func (j *jsonSplit) begin(buf []byte) (start int, ok bool) {
	i := space(buf, 0)
	if i >= len(buf) {
		return 0, false
	}
	switch buf[i] {
	case '[':
		j.base = 1
		return i + 1, true
	case '{':
		if n, depth := wrapped(buf[i:]); n > 0 {
			j.base = depth
			return i + n, true
		}
	default:
		return 0, true
	}
	n := bytes.IndexByte(buf[i:], '\n')
	if n < 0 {
		return 0, valueSkip(buf, i) > 0
	}
	n += i + 1
	for n < len(buf) && (buf[n] == '\n' || buf[n] == '\r') {
		n++
	}
	if n >= len(buf) {
		return 0, false
	}
	j.lines = buf[n] == '{' && bytes.IndexByte(buf[i:n], ':') > 0
	return 0, true
}

// scan returns the index behind the last record of buf that is whole, where
// reading starts between records at start.
func (j *jsonSplit) scan(buf []byte, start int) (cut int) {
	depth := j.base
	for i := start; i < len(buf); i++ {
		switch buf[i] {
		case '"':
			n := stringSkip(buf, i+1)
			if n < 0 {
				// Not closed: cut off by the end of buf, or damaged.
				if n = nextRecordLine(buf, i); n < 0 {
					return cut
				}
				depth = j.base
			} else if !closed(buf, n) {
				continue // as in objectEnd
			}
			i = n - 1
		case '\\':
			i++
		case '\n', ' ':
			i = space(buf, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth <= j.base {
				depth = max(depth, 0)
				j.base, cut = depth, i+1
			}
		}
	}
	return cut
}
