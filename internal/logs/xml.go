package logs

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

// xmlFormat is Windows events as XML text (the event schema of [MS-EVEN6],
// 2.2.13): one <Event> after another, as wevtutil writes them, or within
// <Events>, as the Event Viewer does. The fields are those of EVTX.
var xmlFormat = format{
	name: "xml",
	detect: func(head []byte, _ string) (string, bool) {
		head = bytes.TrimLeft(head, " \t\r\n")
		return "", bytes.HasPrefix(head, []byte("<")) && eventStart(head, 0) >= 0 && bytes.Contains(head, []byte("<System>"))
	},
	split: func(_ *splitState, buf []byte, end bool) int {
		if end {
			return len(buf)
		}
		if i := bytes.LastIndex(buf, eventEnd); i >= 0 {
			return i + len(eventEnd)
		}
		return 0
	},
	parse: func(p *Parser, b *Block) {
		data := b.Data
		line, counted := b.Line, 0
		stop := 0 // behind the first </Event> from i on
		for i := eventStart(data, 0); i >= 0; {
			line += uint64(bytes.Count(data[counted:i], newline))
			counted = i
			offset := b.Offset + int64(i)
			p.begin(line, offset)
			if stop <= i {
				stop = len(data)
				if n := bytes.Index(data[i:], eventEnd); n >= 0 {
					stop = i + n + len(eventEnd)
				}
			}
			end, next := stop, eventStart(data, i+1)
			if next >= 0 && next < end {
				end = next // this one never ends
			}
			origin, err := p.eventXML(data[i:end])
			if err != nil {
				p.damaged(line, offset, err.Error()+": record skipped")
			} else {
				p.hand(origin)
			}
			i = next
		}
	},
}

var eventEnd = []byte("</Event>")

// eventStart returns the index of the first <Event> of b from i on, or -1.
func eventStart(b []byte, i int) int {
	for {
		n := bytes.Index(b[i:], []byte("<Event"))
		if n < 0 {
			return -1
		}
		i += n
		if k := i + len("<Event"); k < len(b) && (b[k] == '>' || b[k] == ' ' || b[k] == '\t' || b[k] == '\r' || b[k] == '\n') {
			return i
		}
		i++
	}
}

// Why an event in XML was not read.
var (
	errXMLEnd   = errors.New("XML ends within the event")
	errXMLTag   = errors.New("XML tags do not match")
	errXMLDepth = errors.New("XML nests deeper than 64")
	errXMLType  = errors.New("XML declares a document type")
)

// An xmlReader reads one <Event> at a time. It knows no entities but those
// that XML itself has, so that nothing can expand.
type xmlReader struct {
	flat  flattener
	last  *jsonKey // the key before
	stack [maxNesting]xmlElement
}

// key returns the key of an element or attribute.
func (x *xmlReader) key(parent *jsonKey, name []byte, slot int) *jsonKey {
	x.last = x.flat.keys.after(x.last, parent, name, slot)
	return x.last
}

// An xmlElement is an element that is open.
type xmlElement struct {
	key  *jsonKey
	name []byte
	leaf bool // has no element in it so far
}

func newXMLReader(p *Parser) *xmlReader {
	d := &dialects[0] // windows-xml
	return &xmlReader{flat: flattener{keys: newKeyTable(d, p.names)}}
}

// eventXML adds the fields of the <Event> at the start of b to the event
// begun, and returns its origin. Sysmon for Linux writes such events to
// syslog.
func (p *Parser) eventXML(b []byte) (*event.Origin, error) {
	x := state(p, "xml", newXMLReader)
	f := &x.flat
	if f.keys.count >= maxKeys {
		f.keys.clear()
	}
	f.ev, f.text, x.last = p.ev, f.text[:0], &f.keys.root
	f.host, f.record, f.origin, f.time, f.timeRole = nil, nil, nil, nil, 0
	if err := x.read(b); err != nil {
		return nil, err
	}
	f.describe()
	return p.windowsOrigin(f.origin), nil
}

// read adds the fields of the element at the start of b.
func (x *xmlReader) read(b []byte) error {
	depth := 0
	var text []byte // of the innermost element so far
	for i := 0; i < len(b); {
		n := bytes.IndexByte(b[i:], '<')
		if n < 0 {
			return errXMLEnd
		}
		if n > 0 && depth > 0 && x.stack[depth-1].leaf {
			text = x.join(text, b[i:i+n], true)
		}
		i += n
		switch {
		case bytes.HasPrefix(b[i:], []byte("<![CDATA[")):
			end := bytes.Index(b[i:], []byte("]]>"))
			if end < 0 {
				return errXMLEnd
			}
			text = x.join(text, b[i+len("<![CDATA["):i+end], false)
			i += end + 3
		case bytes.HasPrefix(b[i:], []byte("<!--")):
			end := bytes.Index(b[i:], []byte("-->"))
			if end < 0 {
				return errXMLEnd
			}
			i += end + 3
		case bytes.HasPrefix(b[i:], []byte("<?")):
			end := bytes.Index(b[i:], []byte("?>"))
			if end < 0 {
				return errXMLEnd
			}
			i += end + 2
		case bytes.HasPrefix(b[i:], []byte("<!")):
			return errXMLType
		case bytes.HasPrefix(b[i:], []byte("</")):
			end := bytes.IndexByte(b[i:], '>')
			if end < 0 {
				return errXMLEnd
			}
			name := bytes.TrimRight(b[i+2:i+end], " \t\r\n")
			if depth == 0 || !bytes.Equal(name, x.stack[depth-1].name) {
				return errXMLTag
			}
			if depth--; x.stack[depth].leaf {
				x.flat.add(x.stack[depth].key, text, event.String)
			}
			if i += end + 1; depth == 0 {
				return nil
			}
		default:
			if depth == maxNesting {
				return errXMLDepth
			}
			text = nil
			end, empty, err := x.open(b, i+1, depth)
			if err != nil {
				return err
			}
			i = end
			if depth > 0 {
				x.stack[depth-1].leaf = false
			}
			if !empty {
				depth++
			} else if depth == 0 {
				return nil
			}
		}
	}
	return errXMLEnd
}

// open reads the tag whose name starts at b[i] into the stack at depth, adds
// its attributes, and returns the index behind it and whether it is empty.
func (x *xmlReader) open(b []byte, i, depth int) (end int, empty bool, err error) {
	f := &x.flat
	start := i
	for i < len(b) && b[i] != '>' && b[i] != '/' && b[i] > ' ' {
		i++
	}
	name := b[start:i]
	if len(name) == 0 {
		return 0, false, errXMLTag
	}
	parent := &f.keys.root
	if depth > 0 {
		parent = x.stack[depth-1].key
	}
	// Data is called as its Name says, if it has one.
	isData := depth > 1 && (string(name) == "Data" || string(name) == "ComplexData")
	var key *jsonKey
	if !isData {
		key = x.key(parent, name, 3*depth)
	}
	attributes, named := false, false
	for {
		for i < len(b) && b[i] <= ' ' {
			i++
		}
		if i >= len(b) {
			return 0, false, errXMLEnd
		}
		if b[i] == '>' {
			i++
			break
		}
		if b[i] == '/' && i+1 < len(b) && b[i+1] == '>' {
			i += 2
			empty = true
			break
		}
		attr, value, next := attribute(b, i)
		if next < 0 {
			return 0, false, errXMLTag
		}
		i = next
		switch {
		case isData && string(attr) == "Name":
			if len(value) > 0 {
				key, named = x.key(parent, value, 3*depth), true
			}
		case !bytes.HasPrefix(attr, []byte("xmlns")):
			attributes = true
			if key == nil {
				key = x.key(parent, name, 3*depth)
			}
			at := x.key(key, attributesKey, 3*depth+1)
			f.add(x.key(at, attr, 3*depth+2), x.join(nil, value, true), event.String)
		}
	}
	if key == nil {
		key = x.key(parent, name, 3*depth)
	}
	if empty && (!attributes || named) {
		f.add(key, nil, event.Null)
	}
	x.stack[depth] = xmlElement{key: key, name: name, leaf: true}
	return i, empty, nil
}

// attributesKey is where JSON of the same events has attributes.
var attributesKey = []byte("#attributes")

// attribute reads name="value" at b[i]. next is -1 when there is none.
func attribute(b []byte, i int) (name, value []byte, next int) {
	start := i
	for i < len(b) && b[i] != '=' && b[i] > ' ' && b[i] != '>' {
		i++
	}
	name = b[start:i]
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	if i >= len(b) || b[i] != '=' || len(name) == 0 {
		return nil, nil, -1
	}
	i++
	for i < len(b) && b[i] <= ' ' {
		i++
	}
	if i >= len(b) || b[i] != '"' && b[i] != '\'' {
		return nil, nil, -1
	}
	n := bytes.IndexByte(b[i+1:], b[i])
	if n < 0 {
		return nil, nil, -1
	}
	return name, b[i+1 : i+1+n], i + n + 2
}

// join returns text followed by more, with references replaced where refs
// says so. It copies only when it must.
func (x *xmlReader) join(text, more []byte, refs bool) []byte {
	if refs = refs && bytes.IndexByte(more, '&') >= 0; !refs && len(text) == 0 {
		return more[:len(more):len(more)]
	}
	f := &x.flat
	start := len(f.text) - len(text)
	if start < 0 || len(text) == 0 || &f.text[start] != &text[0] { // else it goes on where it stands
		start = len(f.text)
		f.text = append(f.text, text...)
	}
	if refs {
		f.text = appendUnescaped(f.text, more)
	} else {
		f.text = append(f.text, more...)
	}
	return f.text[start:len(f.text):len(f.text)]
}

// appendUnescaped appends b to dst with its character references and the
// five entities of XML 1.0, 4.6, replaced. Others stay as they are.
func appendUnescaped(dst, b []byte) []byte {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return append(dst, b...)
		}
		dst, b = append(dst, b[:i]...), b[i:]
		end := bytes.IndexByte(b[:min(len(b), 12)], ';')
		r := rune(-1)
		if end > 1 {
			r = reference(b[1:end])
		}
		if r < 0 {
			dst, b = append(dst, '&'), b[1:]
			continue
		}
		dst, b = utf8.AppendRune(dst, r), b[end+1:]
	}
}

// reference returns the character that &name; stands for, or -1.
func reference(name []byte) rune {
	switch string(name) {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if name[0] != '#' || len(name) < 2 {
		return -1
	}
	name = name[1:]
	base := rune(10)
	if name[0] == 'x' || name[0] == 'X' {
		base, name = 16, name[1:]
	}
	var r rune
	for _, c := range name {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case base == 16 && c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		if r = r*base + rune(c); r > utf8.MaxRune {
			return -1
		}
	}
	if len(name) == 0 {
		return -1
	}
	return r
}
