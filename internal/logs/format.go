package logs

import "github.com/tocsin-project/tocsin/event"

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
	// split returns how many bytes at the start of buf are whole records; 0
	// asks for more. At the end of the file everything that is left is
	// handed over. nil cuts after the last newline.
	split func(s *splitState, buf []byte, end bool) int
	// parse reads the records of b and hands each on through p.emit.
	parse func(p *Parser, b *Block)
}

// splitState is what a format carries from block to block of one file.
type splitState struct {
	header []byte // becomes Block.Header of the next block
}

// A Parser turns blocks into events. It reuses its buffers: one Parser for
// each worker, and an event is valid only until emit returns.
type Parser struct {
	names  *event.Names
	router *event.Router
	ev     *event.Event
	emit   func(*event.Event)
	stats  Stats
}

// NewParser returns a parser whose events carry the ids of names and are
// routed by router.
func NewParser(names *event.Names, router *event.Router) *Parser {
	return &Parser{names: names, router: router, ev: event.New(names)}
}

// Parse reads b and calls emit for each of its records in order.
func (p *Parser) Parse(b *Block, emit func(*event.Event)) Stats {
	p.stats = Stats{First: event.NoTime, Latest: event.NoTime}
	p.emit = emit
	b.File.format.parse(p, b)
	return p.stats
}
