package logs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

// CSV with a header (RFC 4180, also with ";", tab or "|" for the comma).
var csvFormat = format{
	name:   "csv",
	detect: detectCSV,
	split: func(s *splitState, buf []byte, end bool) int {
		n := csvCut(buf, end)
		if s.header == nil {
			_, length, ok := csvHeader(buf)
			if !ok || length > n {
				return 0 // the header goes on
			}
			s.header = bytes.Clone(buf[:length])
		}
		return n
	},
	parse: func(p *Parser, b *Block) {
		state(p, "csv", newCSVParser).parse(b, csvHeader, genericCSV)
	},
}

// detectCSV: a header of at least two names, and rows of as many fields. A
// first line whose words come again in the same place is no header but the
// first of a text's lines.
func detectCSV(head []byte, _ string) (string, bool) {
	r, length, ok := csvHeader(head)
	if !ok {
		return "", false
	}
	columns := len(r.fields)
	rest := head[length:]
	whole := csvCut(rest, false)
	if whole == 0 && len(head) < headSize {
		whole = len(rest)
	}
	rows, fit, same := 0, 0, 0
	header := slices.Clone(r.fields)
	for rest = rest[:whole]; len(rest) > 0 && rows < 16; {
		n, _ := r.read(rest)
		if blank(rest[:n]) {
			rest = rest[n:]
			continue
		}
		rest = rest[n:]
		if rows++; len(r.fields) == columns || len(r.fields) == columns+1 && columns > 3 {
			fit++
		}
		for i, value := range r.fields[:min(columns, len(r.fields))] {
			if len(value) > 0 && bytes.Equal(value, header[i]) {
				same++
				break
			}
		}
	}
	if columns < 3 && rows < 2 || same*2 > rows {
		return "", false
	}
	return event.UnknownOrigin, fit*5 >= rows*4
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// csvHeader reads the header at the start of data into the fields of r, and
// returns the length of data up to the first record. It passes over what
// spreadsheets and PowerShell write before a header.
func csvHeader(data []byte) (r csvReader, length int, ok bool) {
	for range 4 {
		end, next := lineEnd(data[length:], 0)
		line := data[length : length+end]
		if !blank(line) && !bytes.HasPrefix(line, []byte("#TYPE ")) && !(len(line) == 5 && string(line[:4]) == "sep=") {
			break
		}
		length += next
	}
	end, _ := lineEnd(data[length:], 0)
	line := data[length : length+end]
	most := 0
	for _, d := range []byte(",\t;|") {
		if n := bytes.Count(line, []byte{d}); n > most {
			most, r.delimiter = n, d
		}
	}
	if most == 0 || most >= maxColumns {
		return r, 0, false
	}
	n, _ := r.read(data[length:])
	seen := make(map[string]bool, len(r.fields))
	for i, name := range r.fields {
		if len(name) > 0 && name[0] == ' ' {
			return r, 0, false // prose
		}
		name = bytes.TrimSpace(name)
		if len(name) == 0 && i == len(r.fields)-1 && i > 1 {
			continue // a delimiter at the end of each line
		}
		if !headerName(name) || seen[string(name)] {
			return r, 0, false
		}
		seen[string(name)] = true
	}
	return r, length + n, true
}

// headerName reports whether name can name a column: it begins with a letter
// or a mark, is short, and is not a sentence.
func headerName(name []byte) bool {
	if len(name) == 0 || len(name) > 80 || bytes.Count(name, []byte{' '}) > 4 || !utf8.Valid(name) {
		return false
	}
	if c := name[0]; c-'0' <= 9 || c == '-' || c == '+' || c == '.' || c == '/' || c == '<' || c == '{' || c == '"' || c == '\'' || c == '*' {
		return false
	}
	return !bytes.ContainsAny(name, "\x00\t\n={}<>")
}

// csvSpec is what sets one kind of CSV apart.
type csvSpec struct {
	origin     string
	directives []string // lines that begin with "#" are directives, of which these matter
	// canonical gives the name to use for a column, and what it is for.
	canonical func(name string, columns [][]byte) (string, role)
	web       bool // derive what rules on web servers ask for
}

// Roles of CSV columns beside those of W3C logs.
const (
	stampColumn = roles + iota
	channelColumn
	csvRoles
)

// A csvLayout is one header, resolved.
type csvLayout struct {
	reader  csvReader
	head    []byte // the header as it stands in the file
	columns []column
	names   [][]byte // as the header has them
	origin  *event.Origin
	spec    *csvSpec
}

type csvParser struct {
	p       *Parser
	web     web
	query   named
	message named
	zone    zone
	latest  int64
	layouts map[string]*csvLayout
}

func newCSVParser(p *Parser) *csvParser {
	return &csvParser{p: p, web: newWeb(p), query: p.named("cs-uri-query"), message: p.named("Message"), layouts: map[string]*csvLayout{}}
}

// parse reads the records of b. header finds the header at the start of a
// file; spec says what is special about a file with these header names.
func (c *csvParser) parse(b *Block, header func([]byte) (csvReader, int, bool), spec func(b *Block, head []byte, names [][]byte) *csvSpec) {
	c.zone, c.latest = b.File.zone(), b.File.latest()
	data, at, line := b.Data, b.Offset, b.Line
	head := b.Header
	skip := 0
	if head == nil {
		head = data
	}
	l := c.layouts[layoutKey(b, b.Header)]
	if l == nil || b.Header == nil {
		r, n, ok := header(head)
		if !ok {
			c.p.damaged(line, at, "no header")
			return
		}
		if b.Header == nil {
			skip = n
		}
		l = c.resolve(b, r, head[:n], spec)
	}
	line += uint64(bytes.Count(data[:skip], newline))
	data, at = data[skip:], at+int64(skip)
	for changes := 0; len(data) > 0; {
		next, length := l.reader.read(data)
		if next > maxLine {
			c.p.damaged(line, at, "a record longer than 1 MB: skipped")
		} else if !blank(data[:length]) {
			c.record(l, data[:length], line, at)
		}
		if data[0] == '#' && l.spec.directives != nil {
			if changes++; changes > maxChanges {
				c.p.damaged(line, at, "the header changes too often: this line is skipped")
			} else if now := carryDirectives(l.head, l.spec.directives, data[:next]); !bytes.Equal(now, l.head) {
				if r, n, ok := header(now); ok {
					l = c.resolve(b, r, now[:n], spec)
				}
			}
		}
		line += uint64(bytes.Count(data[:next], newline))
		data, at = data[next:], at+int64(next)
	}
}

// layoutKey tells headers apart: the same names can belong to two logs.
func layoutKey(b *Block, head []byte) string { return b.File.Origin + "\n" + string(head) }

// resolve makes the layout of a header and keeps it.
func (c *csvParser) resolve(b *Block, r csvReader, head []byte, spec func(b *Block, head []byte, names [][]byte) *csvSpec) *csvLayout {
	key := layoutKey(b, head)
	if l := c.layouts[key]; l != nil {
		return l
	}
	l := &csvLayout{reader: csvReader{delimiter: r.delimiter}, head: bytes.Clone(head)}
	for _, name := range r.fields {
		l.names = append(l.names, bytes.Clone(bytes.TrimSpace(name)))
	}
	if n := len(l.names); n > 2 && len(l.names[n-1]) == 0 {
		l.names = l.names[:n-1]
	}
	l.spec = spec(b, head, l.names)
	l.origin = c.p.router.Origin(l.spec.origin)
	for _, name := range l.names {
		to, role := l.spec.canonical(string(name), l.names)
		l.columns = append(l.columns, column{named: c.p.named(to), role: role})
	}
	if len(c.layouts) == maxLayouts {
		clear(c.layouts)
	}
	c.layouts[key] = l
	return l
}

// record adds the fields of one record and hands it on.
func (c *csvParser) record(l *csvLayout, line []byte, number uint64, offset int64) {
	if l.spec.directives != nil && line[0] == '#' {
		return
	}
	fields := l.reader.fields
	if n := len(l.columns); len(fields) == n+1 && len(fields[n]) == 0 {
		fields = fields[:n]
	} else if len(fields) > n+1 || len(fields) < n && l.spec.directives == nil || len(fields) == n+1 && n <= 3 {
		c.p.damaged(number, offset, fmt.Sprintf("%d fields where the header has %d", len(fields), n))
		return
	}
	if c.isHeader(l, fields) {
		return
	}
	e := c.p.begin(number, offset)
	e.Text = line
	var part [csvRoles][]byte
	for i, value := range fields {
		if i == len(l.columns) { // Event Viewer names no column for the message
			c.message.add(e, value)
			break
		}
		col := &l.columns[i]
		if len(value) == 0 {
			if col.id != 0 {
				e.Add(col.id, col.name, nil, event.Null)
			}
			continue
		}
		col.add(e, value)
		part[col.role] = value
	}
	c.stamp(e, &part)
	e.Host = part[hostColumn]
	if l.spec.web && part[stemColumn] != nil {
		query := bytes.TrimPrefix(part[queryColumn], []byte{'?'})
		if len(query) > 0 {
			c.query.offer(e, query)
		}
		c.web.derive(c.p, &request{stem: part[stemColumn], query: query})
	}
	origin := l.origin
	if channel := part[channelColumn]; channel != nil {
		origin = c.p.windowsOrigin(channel)
	}
	c.p.hand(origin)
}

// isHeader reports whether fields repeat the header, as in files that were
// put together from several.
func (c *csvParser) isHeader(l *csvLayout, fields [][]byte) bool {
	if len(fields) != len(l.names) || !bytes.Equal(fields[0], l.names[0]) {
		return false
	}
	for i := range fields {
		if !bytes.Equal(bytes.TrimSpace(fields[i]), l.names[i]) {
			return false
		}
	}
	return true
}

// stamp sets the time of e from the columns that hold it.
func (c *csvParser) stamp(e *event.Event, part *[csvRoles][]byte) {
	if s := part[stampColumn]; s != nil {
		if t, n := parseStamp(s, &c.zone, c.latest); n > 0 {
			e.Time = t
		} else if t, ok := parseUS(s, &c.zone); ok {
			e.Time = t
		}
	} else if d := part[dateColumn]; d != nil && part[timeColumn] != nil {
		midnight, ok := parseDate(d, '-')
		if clock, n := parseClock(part[timeColumn]); ok && n > 0 {
			e.Time = c.zone.utc(midnight + clock)
		}
	}
}

// genericNames are the columns that exports of logs have, by lower-case name.
var genericNames = map[string]struct {
	name string
	role role
}{
	"timecreated": {"TimeCreated", stampColumn}, "timestamp": {"", stampColumn}, "@timestamp": {"", stampColumn},
	"_time": {"", stampColumn}, "datetime": {"", stampColumn}, "date and time": {"", stampColumn}, "eventtime": {"", stampColumn},
	"utctime": {"", stampColumn}, "time_generated": {"", stampColumn}, "timegenerated": {"", stampColumn}, "ts": {"", stampColumn},
	"date-time": {"", stampColumn}, "date": {"", dateColumn}, "time": {"", timeColumn},
	"computer": {"Computer", hostColumn}, "computername": {"Computer", hostColumn}, "machinename": {"Computer", hostColumn},
	"hostname": {"", hostColumn}, "host": {"", hostColumn}, "servername": {"", hostColumn},
	"eventid": {"EventID", plain}, "event id": {"EventID", plain}, "event_id": {"EventID", plain},
	"channel": {"Channel", channelColumn}, "logname": {"Channel", channelColumn}, "log name": {"Channel", channelColumn},
	"eventrecordid": {"EventRecordID", plain}, "recordid": {"EventRecordID", plain},
	"providername": {"Provider_Name", plain}, "provider": {"Provider_Name", plain}, "provider_name": {"Provider_Name", plain},
}

// genericCSV is the spec of CSV that nothing more is known of. With a
// channel and an event id it is an export of Windows events.
func genericCSV(_ *Block, _ []byte, names [][]byte) *csvSpec {
	windows := hasColumn(names, "channel", "logname", "log name") && hasColumn(names, "eventid", "event id", "event_id", "id")
	return &csvSpec{origin: event.UnknownOrigin, canonical: func(name string, _ [][]byte) (string, role) {
		lower := strings.ToLower(name)
		known, ok := genericNames[lower]
		switch {
		case windows && lower == "id":
			return "EventID", plain
		case windows && lower == "processid":
			return "Execution_ProcessID", plain
		case windows && lower == "threadid":
			return "Execution_ThreadID", plain
		case !ok, !windows && known.role == channelColumn:
			return name, plain
		case known.name == "" || !windows:
			return name, known.role
		}
		return known.name, known.role
	}}
}

// hasColumn reports whether one of the wanted names, in lower case, is there.
func hasColumn(names [][]byte, wanted ...string) bool {
	for _, n := range names {
		for _, w := range wanted {
			if strings.EqualFold(string(n), w) {
				return true
			}
		}
	}
	return false
}
