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
		values := strings.Split(string(rest), string(rune(l.separator)))
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
	e := z.p.begin(number, offset)
	e.Text = line
	rest, n := line, 0
	for ; n < len(l.columns) && rest != nil; n++ {
		value := rest
		if i := bytes.IndexByte(rest, l.separator); i >= 0 {
			value, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if n == l.timeColumn {
			if t, k := parseEpoch(value); k > 0 {
				e.Time = t
			}
		}
		z.add(e, l, &l.columns[n], value)
	}
	if n != len(l.columns) || rest != nil {
		z.p.damaged(number, offset, fmt.Sprintf("%d fields where #fields names %d", n+countFields(rest, l.separator), len(l.columns)))
		return
	}
	z.p.hand(l.origin)
}

var boolText = [2][]byte{[]byte("false"), []byte("true")}

// add adds a value, or each of a set's.
func (z *zeekParser) add(e *event.Event, l *zeekLayout, c *zeekColumn, value []byte) {
	if string(value) == l.unset {
		return
	}
	if string(value) == l.empty {
		if !c.many {
			c.named.add(e, nil)
		}
		return
	}
	for c.many {
		i := bytes.Index(value, l.set)
		if i < 0 {
			break
		}
		z.one(e, c, value[:i])
		value = value[i+len(l.set):]
	}
	z.one(e, c, value)
}

func (z *zeekParser) one(e *event.Event, c *zeekColumn, value []byte) {
	if c.kind == event.Bool && len(value) == 1 { // Zeek's JSON, and so every rule, says true and false
		switch value[0] {
		case 'T':
			value = boolText[1]
		case 'F':
			value = boolText[0]
		}
	}
	if bytes.IndexByte(value, '\\') >= 0 {
		value = z.unescape(value)
	}
	e.Add(c.id, c.name, value, c.kind)
}

// unescape undoes \xHH, the only escape that Zeek writes.
func (z *zeekParser) unescape(value []byte) []byte {
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
