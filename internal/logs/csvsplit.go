package logs

import "bytes"

// maxQuoted bounds a quoted field: a quote that is not closed within it is
// taken for a plain character.
const maxQuoted = 64 << 10

// csvCut returns where the last whole record of buf ends. buf begins with a
// record, so a newline ends one when the quotes before it are even. When the
// last 64 KiB have no such newline, a stray quote has put the count out, and
// the last newline it is.
func csvCut(buf []byte, end bool) int {
	if end {
		return len(buf)
	}
	last := bytes.LastIndexByte(buf, '\n') + 1
	quotes := bytes.Count(buf[:last], []byte{'"'})
	for n := last; n > 0 && last-n < maxQuoted; {
		if quotes%2 == 0 {
			return n
		}
		before := bytes.LastIndexByte(buf[:n-1], '\n') + 1
		quotes -= bytes.Count(buf[before:n], []byte{'"'})
		n = before
	}
	if last < maxQuoted {
		return 0
	}
	return last
}

// A csvReader takes records apart (RFC 4180): fields between delimiters,
// quoted where they hold one, a newline or a doubled quote. What breaks the
// rules is taken as it stands.
type csvReader struct {
	delimiter byte
	fields    [][]byte
	scratch   []byte // unescaped fields of the current record
	ends      fieldEnds
	bare      bool // a quote of the current record was not closed: the others are plain
}

// read splits the first record of data into r.fields, which stay valid until
// the next read, and returns its length with and without its line end.
func (r *csvReader) read(data []byte) (n, length int) {
	r.fields, r.scratch, r.bare = r.fields[:0], r.scratch[:0], false
	end, next := lineEnd(data, 0)
	if bytes.IndexByte(data[:end], '"') < 0 {
		r.ends.find(data[:end], r.delimiter)
		at := 0
		for _, stop := range r.ends.at[:r.ends.n] {
			r.fields = append(r.fields, data[at:stop])
			at = int(stop) + 1
		}
		r.fields = append(r.fields, data[at:end])
		return next, end
	}
	for at := 0; ; {
		if at < end && data[at] == '"' && !r.bare {
			if value, after := r.quoted(data, at); after > 0 {
				if after > end {
					end, next = lineEnd(data, after)
				}
				r.fields = append(r.fields, value)
				if after == end {
					return next, end
				}
				at = after + 1
				continue
			}
		}
		i := bytes.IndexByte(data[at:end], r.delimiter)
		if i < 0 {
			r.fields = append(r.fields, data[at:end])
			return next, end
		}
		r.fields = append(r.fields, data[at:at+i])
		at += i + 1
	}
}

// lineEnd returns where the line that holds from ends, without and with its
// line end.
func lineEnd(data []byte, from int) (end, next int) {
	i := bytes.IndexByte(data[from:], '\n')
	if i < 0 {
		end, next = len(data), len(data)
	} else {
		end, next = from+i, from+i+1
	}
	if end > from && data[end-1] == '\r' {
		end--
	}
	return end, next
}

// quoted reads the quoted field at data[at] and returns it with the index of
// what follows it: a delimiter or the end of the record. 0 when it is no
// quoted field.
func (r *csvReader) quoted(data []byte, at int) ([]byte, int) {
	limit := min(len(data), at+maxQuoted)
	mark := len(r.scratch)
	doubled := false
	for from := at + 1; from < limit; {
		i := bytes.IndexByte(data[from:limit], '"')
		if i < 0 {
			r.bare = true
			break
		}
		quote := from + i
		after := quote + 1
		if after < limit && data[after] == '"' {
			r.scratch = append(r.scratch, data[from:after]...)
			doubled = true
			if from = after + 1; from >= limit {
				r.bare = true
			}
			continue
		}
		if after < len(data) && data[after] != r.delimiter && data[after] != '\n' && data[after] != '\r' {
			break
		}
		if !doubled {
			return data[at+1 : quote], after
		}
		r.scratch = append(r.scratch, data[from:quote]...)
		return r.scratch[mark:len(r.scratch):len(r.scratch)], after
	}
	r.scratch = r.scratch[:mark]
	return nil, 0
}
