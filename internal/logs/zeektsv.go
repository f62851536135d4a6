package logs

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// Zeek's own log format: values between separators, under lines that begin
// with "#" and say how to read them (Zeek documentation, "Zeek Log Formats").
var zeekFormat = format{
	name: "zeek",
	detect: func(head []byte, _ string) (string, bool) {
		if !bytes.HasPrefix(head, []byte("#separator ")) {
			return "", false
		}
		for line := range eachLine(head) {
			if path, ok := bytes.CutPrefix(line, []byte("#path\t")); ok {
				return "zeek/" + string(path), true
			}
			if len(line) > 0 && line[0] != '#' {
				break
			}
		}
		return "zeek", true
	},
	split: func(s *splitState, buf []byte, end bool) int {
		n := bytes.LastIndexByte(buf, '\n') + 1
		if end {
			n = len(buf)
		}
		s.header = carryDirectives(s.header, zeekDirectives[:], buf[:n])
		return n
	},
	parse: func(p *Parser, b *Block) {
		z := state(p, "zeek", newZeekParser)
		z.layout, z.changes = z.use(b.Header), 0
		p.lines(b, z.line)
	},
}

var zeekDirectives = [...]string{"#separator", "#set_separator", "#empty_field", "#unset_field", "#path", "#fields", "#types"}

// A zeekLayout is one header, resolved.
type zeekLayout struct {
	header     []byte
	separator  byte
	set        []byte
	empty      string
	unset      string
	mark       [2]byte // the first bytes of unset and empty
	columns    []zeekColumn
	timeColumn int // -1 when there is none
	origin     *event.Origin
}

type zeekColumn struct {
	named
	kind event.Kind
	many bool // a set or vector
}

type zeekParser struct {
	p       *Parser
	layouts map[string]*zeekLayout
	layout  *zeekLayout
	ends    fieldEnds
	changes int // lines of the block that may change the header
}

func newZeekParser(p *Parser) *zeekParser {
	return &zeekParser{p: p, layouts: map[string]*zeekLayout{}}
}

// use returns the layout of a header.
func (z *zeekParser) use(header []byte) *zeekLayout {
	if l := z.layouts[string(header)]; l != nil {
		return l
	}
	l := &zeekLayout{header: bytes.Clone(header), separator: '\t', set: []byte{','}, empty: "(empty)", unset: "-", timeColumn: -1}
	origin := "zeek"
	var types []string
	for line := range eachLine(header) {
		if s, ok := directive(line, "#separator"); ok {
			if c := z.unescape(s); len(c) == 1 {
				l.separator = c[0]
			}
			continue
		}
		name, rest, _ := bytes.Cut(line, []byte{l.separator})
		values := strings.Split(string(rest), string([]byte{l.separator}))
		switch string(name) {
		case "#set_separator":
			l.set = bytes.Clone(rest)
		case "#empty_field":
			l.empty = string(rest)
		case "#unset_field":
			l.unset = string(rest)
		case "#path":
			origin = "zeek/" + string(rest)
		case "#fields":
			for _, v := range values[:min(len(values), maxColumns)] {
				l.columns = append(l.columns, zeekColumn{named: z.p.named(v)})
			}
		case "#types":
			types = values
		}
	}
	for i := range l.columns {
		if i == len(types) {
			break
		}
		c := &l.columns[i]
		inner, many := strings.CutSuffix(types[i], "]")
		if many {
			_, inner, _ = strings.Cut(inner, "[")
			c.many = len(l.set) > 0
		}
		switch inner {
		case "bool":
			c.kind = event.Bool
		case "count", "int", "double", "interval", "port", "time":
			c.kind = event.Number
		}
		if inner == "time" && !many && l.timeColumn < 0 {
			l.timeColumn = i
		}
	}
	for i, s := range []string{l.unset, l.empty} {
		if s != "" {
			l.mark[i] = s[0]
		}
	}
	l.origin = z.p.router.Origin(origin)
	if len(z.layouts) == maxLayouts {
		clear(z.layouts)
	}
	z.layouts[string(header)] = l
	return l
}

func (z *zeekParser) line(line []byte, number uint64, offset int64) {
	l := z.layout
	if line[0] == '#' {
		if z.changes++; z.changes > maxChanges {
			z.p.damaged(number, offset, "the header changes too often: this line is skipped")
			return
		}
		if now := carryDirectives(l.header, zeekDirectives[:], line); !bytes.Equal(now, l.header) {
			z.layout = z.use(now)
		}
		return
	}
	if len(l.columns) == 0 {
		z.p.damaged(number, offset, "no #fields before it")
		return
	}
	z.ends.find(line, l.separator)
	if z.ends.n != len(l.columns)-1 {
		z.p.damaged(number, offset, fmt.Sprintf("%d fields where #fields names %d", z.ends.n+1, len(l.columns)))
		return
	}
	e := z.p.begin(number, offset)
	e.Text = line
	escapes := bytes.IndexByte(line, '\\') >= 0
	start := 0
	for i := range l.columns {
		end := len(line)
		if i < z.ends.n {
			end = int(z.ends.at[i])
		}
		value := line[start:end]
		start = end + 1
		c := &l.columns[i]
		switch {
		case len(value) == 0 || value[0] == l.mark[0] && string(value) == l.unset:
			continue
		case value[0] == l.mark[1] && string(value) == l.empty:
			if !c.many {
				c.add(e, nil)
			}
			continue
		case c.many:
			z.elements(e, l, c, value, escapes)
			continue
		case i == l.timeColumn:
			if t, k := parseEpoch(value); k > 0 {
				e.Time = t
			}
		case c.kind == event.Bool:
			value = boolean(value)
		}
		if escapes {
			value = z.unescape(value)
		}
		e.Add(c.id, c.name, value, c.kind)
	}
	z.p.hand(l.origin)
}

// elements adds each value of a set or vector.
func (z *zeekParser) elements(e *event.Event, l *zeekLayout, c *zeekColumn, value []byte, escapes bool) {
	for more := true; more; {
		var element []byte
		if element, value, more = bytes.Cut(value, l.set); escapes {
			element = z.unescape(element)
		}
		if c.kind == event.Bool {
			element = boolean(element)
		}
		e.Add(c.id, c.name, element, c.kind)
	}
}

var boolText = [2][]byte{[]byte("false"), []byte("true")}

// boolean spells T and F as Zeek's JSON, and so every rule, does.
func boolean(value []byte) []byte {
	switch string(value) {
	case "T":
		return boolText[1]
	case "F":
		return boolText[0]
	}
	return value
}

// unescape undoes \xHH, the only escape that Zeek writes.
func (z *zeekParser) unescape(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	at := len(z.p.scratch)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+3 < len(value) && value[i+1] == 'x' && unhex(value[i+2]) < 16 && unhex(value[i+3]) < 16 {
			c = unhex(value[i+2])<<4 | unhex(value[i+3])
			i += 3
		}
		z.p.scratch = append(z.p.scratch, c)
	}
	return z.p.scratch[at:]
}
