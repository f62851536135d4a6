package logs

import "bytes"

// Counted reports whether the records of b can be told without reading them:
// each line that is not blank is one, and all it says stands in that line, as
// text or with the escapes of JSON. n is how many there are. Of lines of JSON
// only the brackets at their ends are looked at: that one is damaged within is
// seen when it is parsed.
func (b *Block) Counted() (n uint64, json, ok bool) {
	switch b.File.format {
	case &jsonFormat:
		json = true
		if len(b.Header) > 0 {
			return 0, true, false // within an array
		}
	case &textFormat, &syslogFormat:
	default:
		return 0, false, false
	}
	for data := b.Data; len(data) > 0; {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line, data = data[:i], data[i+1:]
		} else {
			data = nil
		}
		if len(line) == 0 {
			continue
		}
		if c := line[len(line)-1]; c <= ' ' || line[0] <= ' ' {
			if line = bytes.Trim(line, "\r\x00 \t"); len(line) == 0 && !json {
				return 0, false, false // blanks are text, NULs and line ends are not
			}
		}
		switch {
		case len(line) > maxLine:
			return 0, json, false
		case json && len(line) > 0 && (line[0] != '{' || line[len(line)-1] != '}' || wrapperKey(line)):
			return 0, true, false
		case len(line) > 0:
			n++
		}
	}
	return n, json, true
}

// Within returns the lines of b from Data[start] to Data[end] as a block of their
// own, to be parsed while b is held. line is the number of the first.
func (b *Block) Within(start, end int, line uint64) *Block {
	return &Block{File: b.File, Seq: b.Seq, Data: b.Data[start:end], Header: b.Header, Offset: b.Offset + int64(start), Line: line, At: b.At}
}
