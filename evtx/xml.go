package evtx

import (
	"errors"
	"fmt"
)

// Limits of the XML of one record: bytes, and steps.
const (
	maxXML     = 4 << 20
	maxXMLWork = 1 << 18
)

var errXML = errors.New("the record expands beyond its limits")

// AppendXML appends the record as XML, the way Windows writes it: on one line,
// attributes in single quotes, no XML declaration. Characters that XML does
// not allow become '_'. It fails only for records whose XML passes 4 MiB or
// whose values within values are damaged, and then returns dst as it was.
func (r *Record) AppendXML(dst []byte) ([]byte, error) {
	x := xmlWriter{d: r.d, dst: dst, limit: len(dst) + maxXML, work: maxXMLWork, values: r.d.values[:0]}
	if err := x.fragment(r.body, 0); err != nil {
		return dst, fmt.Errorf("record %d as XML: %w", r.ID, err)
	}
	r.d.values = x.values[:0]
	return x.dst, nil
}

// An xmlWriter writes BinXml as XML by walking its tokens. It shares no code
// with compiled templates beyond the reading of tokens and values.
type xmlWriter struct {
	d      *Decoder
	dst    []byte
	limit  int
	work   int
	values []value // of the instances that are open
	array  value   // last asked for an item
	after  int     // one more than that item's number
	rest   value   // what follows it in array
}

// A scope is the BinXml being written: elements within one definition with
// the values of one instance, or plain elements.
type scope struct {
	lexer
	base, n int // the values in xmlWriter.values
	nesting int
}

func (x *xmlWriter) fragment(s span, nesting int) error {
	if nesting > maxNesting {
		return errDepth
	}
	for s.pos < s.end {
		switch x.d.data[s.pos] &^ tokenMore {
		case tokenEOF:
			return nil
		case tokenInstance:
			next, err := x.instance(s, nesting)
			if err != nil {
				return err
			}
			s.pos = next
		default:
			c := scope{lexer: lexer{data: x.d.data, span: s}, nesting: nesting}
			t, err := c.next()
			if err == nil {
				err = x.outer(&c, t)
			}
			if err != nil {
				return err
			}
			s.pos = c.pos
		}
	}
	return nil
}

// outer writes a token that stands outside of elements.
func (x *xmlWriter) outer(c *scope, t token) error {
	switch t.kind {
	case tokenOpen:
		return x.element(c, t, 0)
	case tokenPITarget:
		x.put("<?")
		x.name(t.name)
		x.put(" ")
	case tokenPIData:
		x.chars(t.text, false)
		x.put("?>")
	case tokenFragment:
	default:
		return errToken
	}
	return nil
}

func (x *xmlWriter) instance(s span, nesting int) (int, error) {
	body, s, err := x.d.definition(s)
	if err != nil {
		return 0, err
	}
	base := len(x.values)
	var next int
	x.values, next, err = readValues(x.values, x.d.data, s)
	if err != nil {
		return 0, err
	}
	if x.work -= len(x.values) - base; x.work < 0 {
		return 0, errXML
	}
	c := scope{lexer: lexer{data: x.d.data, span: body, deps: true}, base: base, n: len(x.values) - base, nesting: nesting}
	for {
		t, err := c.next()
		if err != nil {
			return 0, err
		}
		if t.kind == tokenEOF {
			x.values = x.values[:base]
			return next, nil
		}
		if err := x.outer(&c, t); err != nil {
			return 0, err
		}
	}
}

// value returns the value that t stands for, a null one when there is none.
func (x *xmlWriter) value(c *scope, id uint16) value {
	if int(id) < c.n {
		return x.values[c.base+int(id)]
	}
	return newValue(0, 0, typeNull)
}

// element writes the element that t starts, once for each item of an array
// in its content (MS-EVEN6 3.1.4.7.5). It is left out when the value that it
// depends on is null (2.2.12), unless it is a root.
func (x *xmlWriter) element(c *scope, t token, depth int) error {
	if depth >= maxDepth {
		return errDepth
	}
	drop := depth > 0 && t.id != noDependency && int(t.id) < c.n && x.value(c, t.id).typ() == typeNull
	start, from := c.span, len(x.dst)
	for item, items := 0, 1; item < items; item++ {
		c.span = start
		n, err := x.tags(c, t, depth, item)
		if err != nil {
			return err
		}
		items = max(items, n)
		if drop {
			x.dst = x.dst[:from]
			break
		}
	}
	return nil
}

// tags writes an element from start tag to end tag, with the given item of
// arrays. It returns how many items the largest array in its content has.
func (x *xmlWriter) tags(c *scope, open token, depth, item int) (items int, err error) {
	if x.work--; x.work < 0 {
		return 0, errXML
	}
	x.put("<")
	x.name(open.name)
	for more := open.more; more; {
		t, err := c.next()
		if err != nil {
			return 0, err
		}
		if t.kind != tokenAttribute {
			return 0, errToken
		}
		more = t.more
		if err := x.attribute(c, t); err != nil {
			return 0, err
		}
	}
	t, err := c.next()
	if err != nil {
		return 0, err
	}
	switch t.kind {
	case tokenCloseEmpty:
		x.put("/>")
		return 0, nil
	case tokenCloseStart:
		x.put(">")
	default:
		return 0, errToken
	}
	for {
		t, err := c.next()
		if err != nil {
			return 0, err
		}
		if x.work--; x.work < 0 || len(x.dst) > x.limit {
			return 0, errXML
		}
		switch t.kind {
		case tokenEnd:
			x.put("</")
			x.name(open.name)
			x.put(">")
			return items, nil
		case tokenOpen:
			err = x.element(c, t, depth+1)
		case tokenPITarget, tokenPIData:
			err = x.outer(c, t)
		case tokenNormal, tokenOptional:
			v := x.value(c, t.id)
			if v.typ() == typeBinXML {
				err = x.fragment(v.span(), c.nesting+1)
				break
			}
			if v.typ()&typeArray != 0 && item == 0 {
				n := x.d.items(v)
				x.work -= n
				items = max(items, n)
			}
			x.content(v, item, false)
		default:
			if !x.text(t, false) {
				err = errToken
			}
		}
		if err != nil {
			return 0, err
		}
	}
}

// attribute writes an attribute, unless all it would hold are values that
// are null or empty.
func (x *xmlWriter) attribute(c *scope, name token) error {
	start := len(x.dst)
	x.put(" ")
	x.name(name.name)
	x.put("='")
	some, none := false, false
	for c.content() {
		t, err := c.next()
		if err != nil {
			return err
		}
		if x.work--; x.work < 0 || len(x.dst) > x.limit {
			return errXML
		}
		if t.kind == tokenNormal || t.kind == tokenOptional {
			before := len(x.dst)
			x.content(x.value(c, t.id), 0, true)
			none = true
			some = some || len(x.dst) > before
			continue
		}
		x.text(t, true)
		some = true
	}
	if none && !some {
		x.dst = x.dst[:start]
		return nil
	}
	x.put("'")
	return nil
}

// text writes literal content; ok is false when t is something else.
func (x *xmlWriter) text(t token, attribute bool) (ok bool) {
	switch t.kind {
	case tokenText, tokenCDATA:
		x.chars(t.text, attribute)
	case tokenCharRef:
		x.escaped(appendUnit(nil, t.id), attribute)
	case tokenEntityRef:
		x.put("&")
		x.name(t.name)
		x.put(";")
	default:
		return false
	}
	return true
}

func (x *xmlWriter) put(s string) { x.dst = append(x.dst, s...) }

// content writes the text of v, of its given item when it is an array.
func (x *xmlWriter) content(v value, item int, attribute bool) {
	if v.typ()&typeArray != 0 {
		v = x.item(v, item)
	}
	text, _ := x.d.clock.appendValue(x.d.scratch[:0], v.typ(), x.d.bytes(v))
	x.d.scratch = text
	x.escaped(text, attribute)
}

// item returns the i-th item of an array. Items are asked for in order, so
// the place after the last one is kept.
func (x *xmlWriter) item(v value, i int) value {
	if x.array != v || x.after != i {
		x.array, x.after, x.rest = v, 0, v
	}
	item := newValue(0, 0, typeNull)
	for ; x.after <= i && x.rest.size() > 0; x.after++ {
		x.work--
		item, x.rest = x.d.cutItem(x.rest)
	}
	return item
}

// chars writes UTF-16 text of the chunk.
func (x *xmlWriter) chars(s span, attribute bool) {
	x.d.scratch = appendUTF16(x.d.scratch[:0], x.d.data[s.pos:s.end])
	x.escaped(x.d.scratch, attribute)
}

// name writes the name of an element or attribute; what no name may hold
// becomes '_'.
func (x *xmlWriter) name(s span) {
	start := len(x.dst)
	x.dst = appendUTF16(x.dst, x.d.data[s.pos:s.end])
	for i, b := range x.dst[start:] {
		if xmlBytes[b]&inName == 0 {
			x.dst[start+i] = '_'
		}
	}
}

// escaped writes UTF-8 text.
func (x *xmlWriter) escaped(text []byte, attribute bool) {
	run := 0
	for i := 0; i < len(text); i++ {
		b := text[i]
		if xmlBytes[b]&plain != 0 {
			continue
		}
		by, skip := "_", 1
		switch {
		case b == '&':
			by = "&amp;"
		case b == '<':
			by = "&lt;"
		case b == '>':
			by = "&gt;"
		case b == '\'' && attribute:
			by = "&apos;"
		case b == '"' && attribute:
			by = "&quot;"
		case b < 0x20:
		case b == 0xef && i+2 < len(text) && text[i+1] == 0xbf && text[i+2] >= 0xbe: // U+FFFE, U+FFFF
			skip = 3
		default:
			continue
		}
		x.dst = append(x.dst, text[run:i]...)
		x.dst = append(x.dst, by...)
		i += skip - 1
		run = i + 1
	}
	x.dst = append(x.dst, text[run:]...)
}

// xmlBytes says what each byte of UTF-8 may do.
var xmlBytes = func() (table [256]uint8) {
	for b := range 256 {
		switch {
		case b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' ||
			b == '_' || b == '-' || b == '.' || b == ':':
			table[b] = plain | inName
		case b == '\t' || b == '\n' || b == '\r':
			table[b] = plain
		case b < 0x20 || b == '&' || b == '<' || b == '>' || b == '\'' || b == '"':
		case b < 0x80:
			table[b] = plain
		case b == 0xef:
			table[b] = inName
		default:
			table[b] = plain | inName
		}
	}
	return table
}()

const (
	plain  = 1 << iota // stands for itself in text
	inName             // may stand in a name
)
