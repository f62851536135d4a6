package logs

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/event"
)

// jsonFormat is JSON (RFC 8259) however records are strung together: a line
// each, pretty-printed one after another, in an array, or in an array within
// an object ({"Records":[…]}). What the records are is found from the names
// they have: see dialects.
var jsonFormat = format{
	name:   "json",
	detect: detectJSON,
	split:  splitJSON,
	parse: func(p *Parser, b *Block) {
		state(p, "json", newJSONReader).block(b)
	},
}

// detectJSON recognises an object with a first key, or an array of such. The
// name of the file tells which Zeek log it is when the records do not.
func detectJSON(head []byte, path string) (string, bool) {
	i := space(head, recordLine(head))
	for i < len(head) && head[i] == '[' {
		i = space(head, i+1)
	}
	if i >= len(head) || head[i] != '{' {
		return "", false
	}
	i = space(head, i+1)
	if i >= len(head) || head[i] != '"' && head[i] != '}' {
		return "", false
	}
	if bytes.Contains(head[:min(len(head), 512)], []byte(`"ts":`)) {
		return zeekOrigin(path), true
	}
	return "", true
}

// zeekOrigin returns the origin that the file name of a Zeek log tells
// (conn.log, conn.12:00:00-13:00:00.log.gz, conn_20210301.json), or "".
func zeekOrigin(path string) string {
	name := path[strings.LastIndexAny(path, `/\!`)+1:]
	for i := range len(name) {
		c := name[i]
		if c == '_' && i+1 < len(name) && name[i+1] >= 'a' && name[i+1] <= 'z' {
			continue // dce_rpc, smb_files
		}
		if (c < 'a' || c > 'z') && (c < '0' || c > '9' || i == 0) {
			if i == 0 {
				return ""
			}
			return "zeek/" + name[:i]
		}
	}
	return ""
}

// recordLine returns the length of a line "Record 1" at the start of b:
// evtx_dump writes one before each record.
func recordLine(b []byte) int {
	if !bytes.HasPrefix(b, []byte("Record ")) {
		return 0
	}
	i := len("Record ")
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i < len(b) && b[i] == '\r' {
		i++
	}
	if i >= len(b) || b[i] != '\n' {
		return 0
	}
	return i
}

// wrappers are the names of arrays that hold the records of a file.
var wrappers = []string{"Records", "records", "value", "events", "Events", "items", "logs", "entries", "results", "data", "hits"}

// asides are objects that stand beside such an array.
var asides = []string{"_shards", "total", "status", "pagination"}

// maxLook is how many bytes of a later object are looked at.
const maxLook = 4 << 10

// wrapped looks at the object at the start of b: does it only hold an array
// of records, with nothing but scalars before it? It returns the index behind
// the array's bracket and the number of brackets that are open there, else 0.
func wrapped(b []byte) (start, depth int) {
	i := 0
	for depth < 3 {
		i = space(b, i+1) // behind { or ,
		if i >= len(b) || b[i] != '"' {
			return 0, 0
		}
		key := i + 1
		if i = stringSkip(b, key); i < 0 {
			return 0, 0
		}
		name := string(b[key : i-1])
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return 0, 0
		}
		if i = space(b, i+1); i >= len(b) {
			return 0, 0
		}
		isWrapper := slices.Contains(wrappers, name)
		switch {
		case b[i] == '[':
			n := space(b, i+1)
			if isWrapper && n < len(b) && b[n] == '{' {
				return i + 1, depth + 2
			}
			return 0, 0
		case b[i] == '{' && isWrapper: // Elasticsearch: hits.hits
			depth++
			continue
		case b[i] == '{' && slices.Contains(asides, name):
			i = valueSkip(b, i)
		case b[i] == '{':
			return 0, 0
		case b[i] == '"':
			i = stringSkip(b, i+1)
		default:
			for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != '\n' {
				i++
			}
		}
		if i < 0 {
			return 0, 0
		}
		if i = space(b, i); i >= len(b) || b[i] != ',' {
			return 0, 0
		}
	}
	return 0, 0
}

// A jsonReader reads blocks of JSON.
type jsonReader struct {
	p      *Parser
	file   *File
	flat   flattener
	tables map[string]*keyTable // by name of dialect
	table  *keyTable            // the last one used
	row    *dialect             // of the last record
	marks  markSet              // of the last record

	// The origin of the last record, by what told it.
	from   *dialect
	value  []byte
	origin *event.Origin

	// How damage is passed over in a block.
	effort int // bytes that may still be looked at again
	line   int // where the next line with a record begins, once looked for
}

func newJSONReader(p *Parser) *jsonReader {
	return &jsonReader{p: p, tables: map[string]*keyTable{}, row: dialectOf(markSet{})}
}

// keys returns the table of the dialect called as row is.
func (r *jsonReader) keys() *keyTable {
	if r.table == nil || r.table.dialect.name != r.row.name {
		if r.table = r.tables[r.row.name]; r.table == nil {
			first := slices.IndexFunc(dialects, func(d dialect) bool { return d.name == r.row.name })
			r.table = newKeyTable(&dialects[first], r.p.names)
			r.tables[r.row.name] = r.table
		}
	}
	if r.table.count >= maxKeys {
		r.table.clear()
	}
	return r.table
}

// block reads all records of b. What stands between records is taken as it
// comes: brackets and commas, and within a wrapper also its other members.
func (r *jsonReader) block(b *Block) {
	if r.file != b.File {
		r.file, r.from = b.File, nil
	}
	data := b.Data
	r.flat.text = slices.Grow(r.flat.text[:0], min(len(data)+8, 1<<20))
	inside := len(b.Header) > 0
	line, counted := b.Line, 0
	r.effort, r.line = effort*len(data), 0
	for i := space(data, 0); i < len(data); i = space(data, i) {
		switch c := data[i]; {
		case c == '{':
			if first := counted == 0 && b.Offset == 0; first || wrapperKey(data[i:]) {
				look := len(data)
				if !first { // at many records: not far into each
					look = min(look, i+maxLook)
				}
				if n, _ := wrapped(data[i:look]); n > 0 {
					i, inside = i+n, true
					continue
				}
			}
			line += uint64(bytes.Count(data[counted:i], newline))
			counted = i
			end, err := r.record(data, i, line, b.Offset+int64(i))
			if err != nil {
				end = r.resync(data, i)
				r.p.damaged(line, b.Offset+int64(i), fmt.Sprintf("%v: %d bytes skipped", err, end-i))
			}
			i = end
		case c == '[':
			i, inside = i+1, true
		case c == ',', inside && (c == ']' || c == '}' || c == ':'):
			i++
		case inside && c == '"' && stringSkip(data, i+1) > 0: // a member behind the array
			i = stringSkip(data, i+1)
		case inside && (numeric[c] || c == 't' || c == 'f' || c == 'n'): // its value
			for i < len(data) && (numeric[data[i]] || data[i]-'a' < 26) {
				i++
			}
		case c == 'R' && recordLine(data[i:]) > 0:
			i += recordLine(data[i:])
		default:
			end := r.resync(data, i)
			n := line + uint64(bytes.Count(data[counted:i], newline))
			r.p.damaged(n, b.Offset+int64(i), fmt.Sprintf("not a JSON object: %d bytes skipped", end-i))
			i = end
		}
	}
}

// wrapperKey reports whether the first key of the object at the start of b
// is the name of a wrapper.
func wrapperKey(b []byte) bool {
	return len(b) > 3 && b[1] == '"' && (b[2] == 'R' || b[2] == 'r' || b[2] == 'v') &&
		(bytes.HasPrefix(b[2:], []byte(`Records"`)) || bytes.HasPrefix(b[2:], []byte(`records"`)) || bytes.HasPrefix(b[2:], []byte(`value"`)))
}

// record reads the record at data[i] and hands it on. It returns the index
// behind it.
func (r *jsonReader) record(data []byte, i int, line uint64, offset int64) (int, error) {
	f := &r.flat
	var end int
	for {
		f.keys = r.keys()
		f.ev, f.text = r.p.begin(line, offset), f.text[:0]
		var err error
		if end, err = f.flatten(data, i); err != nil {
			return 0, err
		}
		if f.marks == r.marks {
			break
		}
		r.marks, r.row = f.marks, dialectOf(f.marks)
		if r.row.name == r.table.dialect.name {
			break
		}
		// Another dialect than the record before: its names are others.
	}
	f.describe()
	r.p.hand(r.route())
	return end, nil
}

// route returns the origin of the record just read.
func (r *jsonReader) route() *event.Origin {
	value := r.flat.origin
	if r.from == r.row && bytes.Equal(r.value, value) {
		return r.origin
	}
	name := []byte(r.row.origin)
	prefix, open := bytes.CutSuffix(name, []byte("/"))
	switch {
	case bytes.Equal(prefix, []byte("windows")):
		r.origin = r.p.windowsOrigin(value)
	case strings.HasPrefix(r.file.Origin, "zeek/") && r.row.name == "zeek" && !open:
		r.origin = r.p.origin([]byte(r.file.Origin))
	case open && len(value) == 0:
		r.origin = r.p.origin(prefix)
	default:
		r.origin = r.p.origin(append(name, value...))
	}
	r.from, r.value = r.row, append(r.value[:0], value...)
	return r.origin
}

// A markSet has one bit for each name that marks a dialect.
type markSet [2]uint64

func (m *markSet) add(o markSet) {
	m[0] |= o[0]
	m[1] |= o[1]
}

// dialectMarks gives each name that marks a dialect its bit; dialectNeeds
// holds the bits of each dialect.
var dialectMarks, dialectNeeds = markDialects()

func markDialects() (map[string]markSet, []markSet) {
	marks, needs := map[string]markSet{}, make([]markSet, len(dialects))
	for i, d := range dialects {
		for _, name := range d.has {
			m, ok := marks[name]
			if !ok {
				m[len(marks)/64] = 1 << (len(marks) % 64)
				marks[name] = m
			}
			needs[i].add(m)
		}
	}
	return marks, needs
}

// dialectOf returns the dialect of a record that has marks.
func dialectOf(marks markSet) *dialect {
	for i, need := range dialectNeeds {
		if marks[0]&need[0] == need[0] && marks[1]&need[1] == need[1] {
			return &dialects[i] // the last one needs none
		}
	}
	return &dialects[len(dialects)-1]
}

// jsonTime reads the forms in which JSON records write time: RFC 3339 and
// what is close to it, numbers of seconds, milli-, micro- or nanoseconds
// since 1970, and Microsoft's /Date(milliseconds)/.
func jsonTime(b []byte) int64 {
	if b = bytes.TrimPrefix(b, []byte("/Date(")); len(b) == 0 {
		return event.NoTime
	}
	if b[0] > '9' || len(b) > 4 && b[4] == '-' {
		z := zone{place: time.UTC}
		if t, n := parseISO(b, &z); n > 0 {
			return t
		}
		return event.NoTime
	}
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	whole, ok := decimal(b[:n])
	if !ok {
		return event.NoTime
	}
	unit := int64(1)
	switch {
	case whole < 1e8:
		return event.NoTime
	case whole < 1e11:
		unit = 1e9
	case whole < 1e14:
		unit = 1e6
	case whole < 1e17:
		unit = 1e3
	}
	if whole >= uint64(math.MaxInt64/unit) {
		return event.NoTime
	}
	t := int64(whole) * unit
	if unit == 1e9 && n < len(b) && b[n] == '.' {
		for _, c := range b[n+1:] {
			if c -= '0'; c > 9 {
				break
			}
			unit /= 10
			t += int64(c) * unit
		}
	}
	return t
}

// decimal reads b as a decimal number; false when it is none or too large.
func decimal(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}
