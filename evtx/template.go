package evtx

import "unsafe"

// A program is a template compiled: what a record with this template puts
// out, in order.
type program struct {
	ops     []op
	parts   []part
	literal []byte // text that stands in the template, in UTF-8
	memos   []memo // of opValue, opContent and opAttribute
	repeats bool   // a name came twice in a record of this template
}

func (p *program) reset() { p.ops, p.parts, p.memos = p.ops[:0], p.parts[:0], p.memos[:0] }

// size returns the bytes that p holds, roughly.
func (p *program) size() int {
	return (int(unsafe.Sizeof(op{}))+small)*cap(p.ops) + int(unsafe.Sizeof(part{}))*cap(p.parts) +
		(memoText+small+int(unsafe.Sizeof(memo{})))*cap(p.memos) + 2*cap(p.literal)
}

// An op puts out one field, or decides about others. It holds what its field
// needs of its node, to save a look at the node.
type op struct {
	code   opcode
	role   role
	id     uint16 // which value
	memo   uint32 // which memo
	lo, hi uint32 // range of literal (opLiteral) or parts; opSkip goes on at lo
	mid    uint32 // opNamed: lo to mid are the parts of the name
	tag    uint32
	number uint32
	name   string
	key    []byte // as the node's
	json   []byte // opLiteral: its text as a JSON string, once it has been written
	node   *node  // the field
}

// setNode makes n the field that o puts out.
func (o *op) setNode(n *node) {
	o.node, o.name, o.key, o.number, o.tag, o.role = n, n.name, n.key, n.number, n.tag, n.role
}

type opcode uint8

const (
	opLiteral        opcode = iota // field of fixed text
	opNull                         // field of an empty element
	opValue                        // field of an element whose content is a value
	opContent                      // as opValue, of an element with attributes or children: none when empty
	opMixed                        // field of an element whose content is text and values
	opAttribute                    // field of an attribute that is a value
	opMixedAttribute               // field of an attribute that is text and values
	opNested                       // BinXml within the element node
	opNamed                        // as opMixed, for a Data element whose Name holds values
	opSkip                         // leaves an element out when the value it depends on is null
)

// A part is fixed text or a value.
type part struct {
	fixed  bool
	id     uint16 // which value
	lo, hi uint32 // range of program.literal
}

// A memo remembers the last value of an op, and its text: numbers, GUIDs and
// SIDs are often those of the record before.
type memo struct {
	raw    [memoSize]byte
	size   uint8
	typ    byte
	serial uint32 // of the last record whose fields point at text
	text   []byte
	json   []byte // text as a JSON string; empty when it has not been asked for
}

const (
	memoSize = 28 // of the SID of a user
	memoText = 48 // bytes of text that it takes, and a GUID, roughly
)

// A compiler turns elements into a program.
type compiler struct {
	lexer
	names *schema
	p     *program
	parts []part // of the elements that are open
}

// start makes the compiler add to p the elements that l reads.
func (c *compiler) start(l lexer, names *schema, p *program) {
	c.lexer, c.names, c.p, c.parts = l, names, p, c.parts[:0]
}

// chars returns the UTF-16 bytes of s.
func (c *compiler) chars(s span) []byte { return c.data[s.pos:s.end] }

// template compiles a template's elements, which stand within ctx.
func (c *compiler) template(ctx *node) error {
	for {
		t, err := c.next()
		if err != nil {
			return err
		}
		switch t.kind {
		case tokenEOF:
			c.shape.finish(c.data, c.pos)
			return nil
		case tokenFragment, tokenPITarget, tokenPIData:
		case tokenOpen:
			if err := c.element(ctx, t, 0); err != nil {
				return err
			}
		default:
			return errToken
		}
	}
}

// element compiles the element that t starts, up to its end. Its own content
// comes after its children.
func (c *compiler) element(parent *node, t token, depth int) error {
	if depth >= maxDepth {
		return errDepth
	}
	n, err := c.names.element(parent, c.chars(t.name))
	if err != nil {
		return err
	}
	skip := -1
	if t.id != noDependency && depth > 0 { // a root has no parent to be left out of
		skip = len(c.p.ops)
		c.p.ops = append(c.p.ops, op{code: opSkip, id: t.id})
	}
	base := len(c.parts)
	field, leaf, err := c.attributes(n, t.more)
	if err != nil {
		return err
	}
	inner := n // what children are named after
	if field != nil {
		inner = field
	}
	text := len(c.parts)
	kids, err := c.body(inner, depth)
	if err != nil {
		return err
	}
	own := c.parts[text:]
	if kids && c.blank(own) {
		own = nil
	}
	if len(own) > 0 || leaf && !kids && n.place == inTree {
		if field == nil {
			mid := uint32(len(c.p.parts) + text - base)
			c.putParts(op{code: opNamed, mid: mid}, n, c.parts[base:])
		} else {
			c.own(field, own, leaf && !kids)
		}
	}
	c.parts = c.parts[:base]
	if skip >= 0 {
		c.p.ops[skip].lo = uint32(len(c.p.ops))
	}
	return nil
}

// attributes compiles the attributes of n, if any. It returns the node for
// n's content: nil when it is a Data element whose Name holds values, and
// then the parts of the name stay on c.parts. leaf is false when attributes
// became fields.
func (c *compiler) attributes(n *node, more bool) (field *node, leaf bool, err error) {
	field, leaf = n, true
	for more {
		t, err := c.next()
		if err != nil {
			return nil, false, err
		}
		if t.kind != tokenAttribute {
			return nil, false, errToken
		}
		more = t.more
		base := len(c.parts)
		if err := c.text(); err != nil {
			return nil, false, err
		}
		own := c.parts[base:]
		switch {
		case n.data == nil || field != n || string(c.chars(t.name)) != "N\x00a\x00m\x00e\x00":
			of := n
			if field != nil {
				of = field
			}
			a, err := c.names.attribute(of, c.chars(t.name))
			if err != nil {
				return nil, false, err
			}
			if a != nil {
				leaf = false
				c.attribute(a, own)
			}
		case allFixed(own):
			if field, err = c.names.named(n, c.fixed(own)); err != nil {
				return nil, false, err
			}
		default:
			field = nil
			continue
		}
		c.parts = c.parts[:base]
	}
	return field, leaf, nil
}

// text puts the content of an attribute on c.parts.
func (c *compiler) text() error {
	base := len(c.parts)
	for c.content() {
		t, err := c.next()
		if err != nil {
			return err
		}
		c.part(t, base)
	}
	return nil
}

// body compiles what stands between an element's attributes and its end: its
// text goes on c.parts. kids reports elements among it.
func (c *compiler) body(n *node, depth int) (kids bool, err error) {
	t, err := c.next()
	if err != nil || t.kind == tokenCloseEmpty {
		return false, err
	}
	if t.kind != tokenCloseStart {
		return false, errToken
	}
	base := len(c.parts)
	for {
		t, err := c.next()
		if err != nil {
			return false, err
		}
		switch t.kind {
		case tokenEnd:
			return kids, nil
		case tokenOpen:
			kids = true
			if err := c.element(n, t, depth+1); err != nil {
				return false, err
			}
			continue
		case tokenPITarget, tokenPIData:
			continue
		case tokenNormal, tokenOptional:
			if t.typ == typeBinXML {
				kids = true
				c.put(op{code: opNested, id: t.id}, n)
				continue
			}
		}
		if !c.part(t, base) {
			return false, errToken
		}
	}
}

// part adds what t stands for to the parts from base on; false when t is no
// content.
func (c *compiler) part(t token, base int) bool {
	start := len(c.p.literal)
	switch t.kind {
	case tokenNormal, tokenOptional:
		c.parts = append(c.parts, part{id: t.id})
		return true
	case tokenText, tokenCDATA:
		c.p.literal = appendUTF16(c.p.literal, c.chars(t.text))
	case tokenCharRef:
		c.p.literal = appendUnit(c.p.literal, t.id)
	case tokenEntityRef:
		c.p.literal = appendEntity(c.p.literal, c.chars(t.name))
	default:
		return false
	}
	lo, hi := uint32(start), uint32(len(c.p.literal))
	if n := len(c.parts); n > base && c.parts[n-1].fixed && c.parts[n-1].hi == lo && lo != hi {
		c.parts[n-1].hi = hi
		return true
	}
	c.parts = append(c.parts, part{fixed: true, lo: lo, hi: hi})
	return true
}

// own puts out an element's own content. When it has attributes or children,
// it is no leaf, and empty content is no field.
func (c *compiler) own(field *node, own []part, leaf bool) {
	switch {
	case len(own) == 0:
		c.put(op{code: opNull}, field)
	case len(own) > 1:
		c.putParts(op{code: opMixed}, field, own)
	case own[0].fixed && (leaf || own[0].lo < own[0].hi):
		c.put(op{code: opLiteral, lo: own[0].lo, hi: own[0].hi}, field)
	case own[0].fixed:
	case leaf:
		c.putValue(op{code: opValue, id: own[0].id}, field)
	default:
		c.putValue(op{code: opContent, id: own[0].id}, field)
	}
}

// attribute puts out an attribute.
func (c *compiler) attribute(field *node, own []part) {
	switch {
	case len(own) == 0:
	case len(own) > 1:
		c.putParts(op{code: opMixedAttribute}, field, own)
	case own[0].fixed:
		if own[0].lo < own[0].hi {
			c.put(op{code: opLiteral, lo: own[0].lo, hi: own[0].hi}, field)
		}
	default:
		c.putValue(op{code: opAttribute, id: own[0].id}, field)
	}
}

// put adds o for the field n.
func (c *compiler) put(o op, n *node) {
	o.setNode(n)
	c.p.ops = append(c.p.ops, o)
}

// putValue adds o with a memo.
func (c *compiler) putValue(o op, n *node) {
	o.memo = uint32(len(c.p.memos))
	c.p.memos = append(c.p.memos, memo{})
	c.put(o, n)
}

// putParts adds o with its parts.
func (c *compiler) putParts(o op, n *node, parts []part) {
	o.lo = uint32(len(c.p.parts))
	c.p.parts = append(c.p.parts, parts...)
	o.hi = uint32(len(c.p.parts))
	c.put(o, n)
}

func allFixed(parts []part) bool {
	for _, p := range parts {
		if !p.fixed {
			return false
		}
	}
	return true
}

// fixed returns the text of parts that are all fixed.
func (c *compiler) fixed(parts []part) []byte {
	if len(parts) == 1 {
		return c.p.literal[parts[0].lo:parts[0].hi]
	}
	var text []byte
	for _, p := range parts {
		text = append(text, c.p.literal[p.lo:p.hi]...)
	}
	return text
}

// blank reports whether parts are white space between elements.
func (c *compiler) blank(parts []part) bool {
	if !allFixed(parts) {
		return false
	}
	for _, b := range c.fixed(parts) {
		if b != ' ' && b != '\n' && b != '\r' && b != '\t' {
			return false
		}
	}
	return true
}
