package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// maxLine bounds one line; a longer one is told as damaged.
const maxLine = 1 << 20

// lines calls f for every line of b that is not blank, without its end, with
// its number and offset. NULs around a line are dropped: files written in
// preallocated blocks and files of machines that lost power are full of them.
func (p *Parser) lines(b *Block, f func(line []byte, number uint64, offset int64)) {
	data, number, offset := b.Data, b.Line, b.Offset
	for ; len(data) > 0; number++ {
		n := bytes.IndexByte(data, '\n')
		line := data
		if n < 0 {
			n = len(data) - 1
		} else {
			line = data[:n]
		}
		at := offset
		data, offset = data[n+1:], offset+int64(n)+1
		if len(line) > 0 && line[0] == 0 {
			short := bytes.TrimLeft(line, "\x00")
			at += int64(len(line) - len(short))
			line = short
		}
		line = trimLine(line)
		switch {
		case len(line) == 0:
		case len(line) > maxLine:
			p.damaged(number, at, "a line longer than 1 MB: skipped")
		default:
			f(line, number, at)
		}
	}
}

// trimLine drops what ends a line: a carriage return, then NULs.
func trimLine(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == 0 {
		line = bytes.TrimRight(line, "\x00")
	}
	return line
}

// textFormat is what no other format recognises: lines of text.
var textFormat = format{
	name:   "text",
	detect: func([]byte, string) (string, bool) { return event.TextOrigin, true },
	parse: func(p *Parser, b *Block) {
		t := state(p, "text", newTextParser)
		t.zone = b.File.zone()
		t.latest = b.File.latest()
		p.lines(b, t.line)
	},
}

type textParser struct {
	p       *Parser
	zone    zone
	latest  int64
	origin  *event.Origin
	message event.ID
}

func newTextParser(p *Parser) *textParser {
	return &textParser{p: p, origin: p.router.Origin(event.TextOrigin), message: p.names.LookupString("message")}
}

func (t *textParser) line(line []byte, number uint64, offset int64) {
	e := t.p.begin(number, offset)
	e.Text = line
	if at, n := parseStamp(line, &t.zone, t.latest); n > 0 {
		e.Time = at
	}
	e.Add(t.message, "message", line, event.String)
	t.p.hand(t.origin)
}
