package logs

import (
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// A format is one way of writing records down. Formats are tried in the
// order of the formats table; the first whose detect says yes reads the file.
type format struct {
	name string
	// detect looks at the first bytes of a file (up to 64 KiB, already
	// unpacked and in UTF-8 unless binary) and its path, and returns the
	// origin of its records ("" when each record says for itself).
	detect func(head []byte, path string) (origin string, ok bool)
	// binary formats are not transcoded and cut themselves through split.
	binary bool
	// random formats read the whole file through Block.At.
	random bool
	// split returns how many bytes at the start of buf are whole records; 0
	// asks for more. At the end of the file everything that is left is
	// handed over. nil cuts after the last newline.
	split func(s *splitState, buf []byte, end bool) int
	// parse reads the records of b and hands each on through p.hand.
	parse func(p *Parser, b *Block)
}

// formats are all formats, the more certain before the less certain: text
// lines take what no other wants.
var formats = []*format{
	&evtxFormat,
	&journalFormat,
	&utmpFormat,
	&jsonFormat,
	&xmlFormat,
	&exchangeFormat,
	&zeekFormat,
	&w3cFormat,
	&accessFormat,
	&webErrorFormat,
	&auditFormat,
	&syslogFormat,
	&csvFormat,
	&textFormat,
}

// recognise returns the format of a file that begins with head, and the
// origin of its records; nil when none fits, which of text always one does.
func recognise(all []*format, binary bool, head []byte, path string) (*format, string) {
	for _, f := range all {
		if f.binary == binary {
			if origin, ok := f.detect(head, path); ok {
				return f, origin
			}
		}
	}
	return nil, ""
}

// logOnly returns the name of the format of a file that begins with head, when
// nothing but logs is written in it; "" for JSON, tables and text, which may
// hold anything.
func logOnly(head []byte, path string) string {
	for _, f := range formats {
		if f == &jsonFormat || f == &csvFormat || f == &textFormat {
			continue
		}
		if _, ok := f.detect(head, path); ok {
			return f.name
		}
	}
	return ""
}

// splitState is what a format carries from block to block of one file.
type splitState struct {
	header []byte // becomes Block.Header of the next block; replaced, never written to
	state  any    // the format's own
}

// A Parser turns blocks into events. It reuses its buffers: one Parser for
// each worker, and an event is valid only until emit returns.
type Parser struct {
	names   *event.Names
	router  *event.Router
	ev      *event.Event
	emit    func(*event.Event)
	stats   Stats
	scratch []byte // derived values of the current record; appending may move it, which leaves earlier values whole
	origins map[string]*event.Origin
	fields  map[string]named
	json    bool           // readers may write their fields as JSON
	states  map[string]any // by format name: what its parser keeps from block to block
}

// NewParser returns a parser whose events carry the ids of names and are
// routed by router.
func NewParser(names *event.Names, router *event.Router) *Parser {
	return &Parser{
		names: names, router: router, ev: event.New(names),
		origins: map[string]*event.Origin{}, fields: map[string]named{}, states: map[string]any{},
	}
}

// WriteJSON lets the readers that can write fields as JSON themselves do so:
// their events have Event.JSON in place of fields. It is called before Parse.
func (p *Parser) WriteJSON() { p.json = true }

// Parse reads b and calls emit for each of its records in order.
func (p *Parser) Parse(b *Block, emit func(*event.Event)) Stats {
	p.stats = Stats{First: event.NoTime, Latest: event.NoTime}
	p.emit = emit
	b.File.format.parse(p, b)
	return p.stats
}

// state returns what the parser of format name keeps from block to block,
// made by build on first use. Look it up once per block.
func state[T any](p *Parser, name string, build func(p *Parser) *T) *T {
	s, ok := p.states[name].(*T)
	if !ok {
		s = build(p)
		p.states[name] = s
	}
	return s
}

// maxOrigins bounds the cache of origins: their names may come from records.
const maxOrigins = 4096

// origin is Router.Origin with a cache, for names that come from records.
func (p *Parser) origin(name []byte) *event.Origin {
	o, ok := p.origins[string(name)]
	if !ok {
		s := string(name)
		o = p.router.Origin(s)
		if len(p.origins) < maxOrigins && len(name) <= maxName {
			p.origins[s] = o
		}
	}
	return o
}

// maxFields bounds the cache of field names that records bring.
const maxFields = 4096

// maxName bounds the names that the caches keep.
const maxName = 256

// field is named with a cache, for names that come from records.
func (p *Parser) field(name []byte) named {
	f, ok := p.fields[string(name)]
	if !ok {
		f = p.named(string(name))
		if len(p.fields) < maxFields && len(name) <= maxName {
			p.fields[f.name] = f
		}
	}
	return f
}

// begin empties p.ev for the next record, which has number record and stands
// at offset of the unpacked file.
func (p *Parser) begin(record uint64, offset int64) *event.Event {
	p.ev.Reset()
	p.ev.Record, p.ev.Offset = record, offset
	p.scratch = p.scratch[:0]
	return p.ev
}

// hand routes the record in p.ev by o, counts it and hands it on.
func (p *Parser) hand(o *event.Origin) {
	o.Route(p.ev)
	p.stats.Records++
	if t := p.ev.Time; t != event.NoTime {
		if p.stats.First == event.NoTime || t < p.stats.First {
			p.stats.First = t
		}
		p.stats.Latest = max(p.stats.Latest, t)
	}
	p.emit(p.ev)
}

// maxProblems is how many damaged records of one block are told in words.
const maxProblems = 8

// damaged counts a record that could not be read and tells the first few.
func (p *Parser) damaged(record uint64, offset int64, reason string) {
	p.stats.Damaged++
	p.problem(record, offset, reason)
}

// problem tells what is wrong, as long as not much was told.
func (p *Parser) problem(record uint64, offset int64, reason string) {
	if len(p.stats.Problems) < maxProblems {
		p.stats.Problems = append(p.stats.Problems, Problem{Offset: offset, Record: record, Reason: reason})
	}
}

// zone is where stamps without a zone are taken to be written.
func (f *File) zone() zone { return zone{place: f.location} }

// latest is the time that no stamp of f without a year can be after: a day
// after it was last written to, which leaves room for any zone.
func (f *File) latest() int64 {
	written := f.ModTime
	if written == 0 {
		written = f.opened
	}
	if rotated, ok := dateInName(f.Path); ok && rotated < written {
		written = rotated
	}
	return written + 24*3600*second
}

// dateInName returns the end of the day in a name such as secure-20210228 or
// secure-20210228.gz, as logrotate's dateext makes them.
func dateInName(path string) (int64, bool) {
	name := path[strings.LastIndexAny(path, "/\\!")+1:]
	for i := len(name) - 8; i > 0; i-- {
		if name[i-1] != '-' && name[i-1] != '.' && name[i-1] != '_' || i+8 < len(name) && name[i+8] != '.' && name[i+8] != '-' {
			continue
		}
		b := []byte(name[i : i+8])
		if day, ok := civil(digits(b, 0, 4), digits(b, 4, 2), digits(b, 6, 2), 23, 59, 59); ok && b[0] <= '2' {
			return day, true
		}
	}
	return 0, false
}
