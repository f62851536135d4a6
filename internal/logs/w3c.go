package logs

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// W3C Extended Log File Format (W3C working draft WD-logfile-960323): lines
// of fields that a #Fields directive names, which may come again and change.
// IIS separates by one space and never quotes; others use tabs and quotes.
var w3cFormat = format{
	name:   "w3c",
	detect: detectW3C,
	split:  splitW3C,
	parse: func(p *Parser, b *Block) {
		w := state(p, "w3c", newW3CParser)
		w.begin(b)
		p.lines(b, w.line)
	},
}

const (
	maxColumns = 1024 // of one header
	maxLayouts = 64   // headers kept resolved
	maxChanges = 1000 // lines of one block that may change its header
)

func detectW3C(head []byte, _ string) (string, bool) {
	fields, software, directives := "", "", 0
	for line := range eachLine(head) {
		if len(line) == 0 {
			continue
		}
		if line[0] != '#' || directives == 64 {
			break
		}
		directives++
		if rest, ok := directive(line, "#Fields:"); ok {
			fields = string(rest)
		} else if rest, ok := directive(line, "#Software:"); ok {
			software = string(rest)
		}
	}
	if fields == "" {
		var known bool
		if fields, known, _ = headless(head); !known {
			return "", false
		}
	}
	if strings.ContainsRune(fields, ',') {
		return "", false
	}
	return w3cOrigin(software, fields), true
}

// w3cOrigin tells who writes a log with these directives.
func w3cOrigin(software, fields string) string {
	switch {
	case strings.Contains(software, "Internet Information Serv"):
		return "iis"
	case strings.Contains(software, "Firewall") && strings.Contains(fields, "src-ip"):
		return "w3c/firewall"
	case software == "" && strings.Contains(fields, "sc-win32-status"):
		return "iis"
	}
	return "w3c"
}

// eachLine yields the lines of head without their ends. The last, which may
// be cut, is yielded too.
func eachLine(head []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(head) > 0 {
			line := head
			if i := bytes.IndexByte(head, '\n'); i >= 0 {
				line, head = head[:i], head[i+1:]
			} else {
				head = nil
			}
			if !yield(bytes.TrimSuffix(line, []byte{'\r'})) {
				return
			}
		}
	}
}

// directive returns what follows name at the start of line.
func directive(line []byte, name string) ([]byte, bool) {
	if len(line) < len(name) || !strings.EqualFold(string(line[:len(name)]), name) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name):]), true
}

// The directives that later lines depend on. They make up Block.Header.
var w3cDirectives = [...]string{"#Software:", "#Time Format:", "#Date:", "#Fields:"}

// splitW3C cuts after the last line and carries the directives in force.
func splitW3C(s *splitState, buf []byte, end bool) int {
	n := bytes.LastIndexByte(buf, '\n') + 1
	if end {
		n = len(buf)
	}
	if !hasFields(s.header) {
		fields, _, waiting := headless(buf[:n])
		if waiting && len(buf) < headSize && !end {
			return 0 // which #Fields comes?
		}
		if fields != "" {
			s.header = append([]byte("#Fields: "+fields+"\n"), s.header...)
		}
	}
	s.header = carryDirectives(s.header, w3cDirectives[:], buf[:n])
	return n
}

// carryDirectives returns the header in force after data: the last line of
// each directive, one a line, where header was in force before.
func carryDirectives(header []byte, names []string, data []byte) []byte {
	last := make([][]byte, len(names))
	found := false
	for at := 0; ; at++ {
		i := bytes.IndexByte(data[at:], '#')
		if i < 0 {
			break
		}
		if at += i; !startsLine(data[:at]) {
			continue
		}
		line := data[at:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		line = trimLine(line)
		for i, name := range names {
			if _, ok := directive(line, name); ok {
				last[i], found = line, true
			}
		}
	}
	if !found {
		return header
	}
	var now []byte
	for i, name := range names {
		line := last[i]
		for old := range eachLine(header) {
			if _, ok := directive(old, name); ok && line == nil {
				line = old
			}
		}
		if line != nil {
			now = append(append(now, line...), '\n')
		}
	}
	return now
}

// startsLine reports whether a line starts after before, but for NULs.
func startsLine(before []byte) bool {
	for n := len(before); n > 0; n-- {
		if c := before[n-1]; c != 0 {
			return c == '\n'
		}
	}
	return true
}

// A role is what a column means to the parser beyond its name.
type role uint8

const (
	plain role = iota
	dateColumn
	timeColumn
	epochColumn
	hostColumn
	stemColumn
	queryColumn
	agentColumn
	schemeColumn
	serverColumn
	roles
)

// w3cRoles and w3cAlso are by lower-case name: what a column is for, and
// under which names rules ask for it as well.
var w3cRoles = map[string]role{
	"date": dateColumn, "time": timeColumn, "timestamp": epochColumn, "s-computername": hostColumn,
	"cs-uri-stem": stemColumn, "cs-uri-path": stemColumn, "cs-uri-query": queryColumn,
	"cs(user-agent)": agentColumn, "cs-uri-scheme": schemeColumn, "cs-host": serverColumn, "cs-uri-host": serverColumn,
}

var w3cAlso = map[string][]string{
	"cs(user-agent)": {"cs-user-agent", "c-useragent"},
	"cs(referer)":    {"cs-referer", "c-referer"}, "cs(cookie)": {"cs-cookie"}, "cs(host)": {"cs-host"},
	"cs(content-type)": {"cs-content-type"}, "rs(content-type)": {"sc-content-type"},
	"cs-uri-path": {"cs-uri-stem"}, "cs-uri-host": {"cs-host"},
	"src-ip": {"src_ip"}, "dst-ip": {"dst_ip"}, "src-port": {"src_port"}, "dst-port": {"dst_port"},
}

// A column is one field of a header, resolved.
type column struct {
	named
	role role
	also []named // other names that a rule asks for
}

// A w3cLayout is one #Fields directive, resolved.
type w3cLayout struct {
	fields  string
	columns []column
	origin  *event.Origin
	iis     bool
}

type w3cParser struct {
	p       *Parser
	web     web
	zone    zone
	layouts map[string]*w3cLayout
	layout  *w3cLayout // nil before the first #Fields
	ends    fieldEnds

	software string
	local    bool  // #Time Format: Local
	day      int64 // midnight of #Date, for lines without a date; 0 when unknown
	date     [10]byte
	midnight int64 // of date
}

func newW3CParser(p *Parser) *w3cParser {
	return &w3cParser{p: p, web: newWeb(p), layouts: map[string]*w3cLayout{}}
}

func (w *w3cParser) begin(b *Block) {
	w.zone = b.File.zone()
	w.layout, w.software, w.local, w.day = nil, "", false, 0
	for line := range eachLine(b.Header) {
		w.directive(line)
	}
	if w.layout == nil {
		if fields, _, _ := headless(b.Data); fields != "" {
			w.use([]byte(fields))
			w.p.problem(b.Line, b.Offset, "no #Fields before it: read by those that follow, or by what IIS writes by default")
		}
	}
}

func (w *w3cParser) directive(line []byte) {
	if rest, ok := directive(line, "#Fields:"); ok {
		w.use(rest)
	} else if rest, ok := directive(line, "#Software:"); ok {
		if w.software != string(rest) {
			w.software = string(rest[:min(len(rest), 256)])
			if w.layout != nil { // as if it had stood before #Fields, where it belongs
				w.use([]byte(w.layout.fields))
			}
		}
	} else if rest, ok := directive(line, "#Time Format:"); ok {
		w.local = strings.EqualFold(string(rest), "local")
	} else if rest, ok := directive(line, "#Date:"); ok {
		if day, ok := parseDate(rest, '-'); ok {
			w.day = day
		}
	}
}

// use makes the #Fields directive fields the one in force.
func (w *w3cParser) use(fields []byte) {
	key := w.software + "\n" + string(fields)
	if w.layout = w.layouts[key]; w.layout != nil {
		return
	}
	origin := w3cOrigin(w.software, string(fields))
	l := &w3cLayout{fields: string(fields), origin: w.p.router.Origin(origin), iis: origin == "iis"}
	for name := range strings.FieldsSeq(string(fields)) {
		if len(l.columns) == maxColumns {
			break
		}
		c := column{named: w.p.named(name), role: w3cRoles[strings.ToLower(name)]}
		for _, n := range w3cAlso[strings.ToLower(name)] {
			if also := w.p.named(n); also.id != 0 {
				c.also = append(c.also, also)
			}
		}
		l.columns = append(l.columns, c)
	}
	if len(l.columns) == 0 {
		return
	}
	if len(w.layouts) == maxLayouts {
		clear(w.layouts)
	}
	w.layouts[key] = l
	w.layout = l
}

func (w *w3cParser) line(line []byte, number uint64, offset int64) {
	if line[0] == '#' {
		w.directive(line)
		return
	}
	l := w.layout
	if l == nil {
		w.p.damaged(number, offset, "no #Fields before it: what its columns are is not known")
		return
	}
	delimiter := byte(' ')
	if !l.iis {
		if bytes.IndexByte(line, '\t') >= 0 {
			delimiter = '\t'
		}
		if bytes.IndexByte(line, '"') >= 0 {
			w.quoted(l, line, delimiter, number, offset)
			return
		}
	}
	w.ends.find(line, delimiter)
	ends := w.ends.at[:w.ends.n]
	n := len(l.columns)
	if len(ends) == n && int(ends[n-1]) == len(line)-1 { // a delimiter after the last field
		ends = ends[:n-1]
		line = line[:len(line)-1]
	}
	if len(ends) != n-1 {
		w.mismatch(l, len(ends)+1, number, offset)
		return
	}
	e := w.p.begin(number, offset)
	e.Text = line
	var part [roles][]byte
	start := 0
	for i := range l.columns {
		end := len(line)
		if i < len(ends) {
			end = int(ends[i])
		}
		value := line[start:end]
		start = end + 1
		if len(value) == 1 && value[0] == '-' {
			continue
		}
		l.columns[i].put(e, value)
		part[l.columns[i].role] = value
	}
	w.finish(e, l, &part)
}

// put adds a value under all names of its column.
func (c *column) put(e *event.Event, value []byte) {
	c.add(e, value)
	for i := range c.also {
		c.also[i].add(e, value)
	}
}

func (w *w3cParser) mismatch(l *w3cLayout, fields int, number uint64, offset int64) {
	w.p.damaged(number, offset, fmt.Sprintf("%d fields where #Fields names %d", fields, len(l.columns)))
}

// quoted reads a line that holds quotes, which may be around fields.
func (w *w3cParser) quoted(l *w3cLayout, line []byte, delimiter byte, number uint64, offset int64) {
	e := w.p.begin(number, offset)
	e.Text = line
	var part [roles][]byte
	rest, n := line, 0
	for ; n < len(l.columns) && rest != nil; n++ {
		value := rest
		if i := fieldEnd(rest, delimiter); i >= 0 {
			value, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if value = unquote(value); len(value) != 1 || value[0] != '-' {
			l.columns[n].put(e, value)
			part[l.columns[n].role] = value
		}
	}
	if n != len(l.columns) || len(bytes.TrimSpace(rest)) > 0 {
		w.mismatch(l, n+countFields(rest, delimiter), number, offset)
		return
	}
	w.finish(e, l, &part)
}

// finish adds the time and what is derived, and hands the record on.
func (w *w3cParser) finish(e *event.Event, l *w3cLayout, part *[roles][]byte) {
	if clock := part[timeColumn]; clock != nil {
		day := w.day
		if date := part[dateColumn]; date != nil {
			if len(date) == 10 && string(date) != string(w.date[:]) {
				if midnight, ok := parseDate(date, '-'); ok {
					copy(w.date[:], date)
					w.midnight = midnight
				}
			}
			if day = w.midnight; string(date) != string(w.date[:]) {
				day = 0
			}
		}
		if ns, n := parseClock(clock); n > 0 && day != 0 {
			if e.Time = day + ns; w.local {
				e.Time = w.zone.utc(e.Time)
			}
		}
	} else if epoch := part[epochColumn]; epoch != nil {
		if t, n := parseEpoch(epoch); n > 0 {
			e.Time = t
		}
	}
	e.Host = part[hostColumn]
	if part[stemColumn] != nil || part[agentColumn] != nil {
		w.web.derive(w.p, &request{
			scheme: part[schemeColumn], host: part[serverColumn],
			stem: part[stemColumn], query: part[queryColumn], agent: part[agentColumn], agentPlus: true,
		})
	}
	w.p.hand(l.origin)
}

// fieldEnd returns where the first field of rest ends; -1 when it is the
// last. A quoted field ends after the quote that a delimiter follows.
func fieldEnd(rest []byte, delimiter byte) int {
	if len(rest) == 0 || rest[0] != '"' {
		return bytes.IndexByte(rest, delimiter)
	}
	for i := 1; i < len(rest); i++ {
		j := bytes.IndexByte(rest[i:], '"')
		if j < 0 {
			return bytes.IndexByte(rest, delimiter) // never closed: no quote
		}
		i += j
		if i+1 == len(rest) {
			return -1
		}
		if rest[i+1] == delimiter {
			return i + 1
		}
	}
	return -1
}

// unquote drops the quotes around a value.
func unquote(value []byte) []byte {
	if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}

// countFields counts the fields of what was left over.
func countFields(rest []byte, delimiter byte) int {
	if len(rest) == 0 {
		return 0
	}
	return bytes.Count(rest, []byte{delimiter}) + 1
}
