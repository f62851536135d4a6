package evtxtest

import (
	"crypto/sha256"
	"slices"
	"unicode/utf16"
)

// Tokens of BinXml (MS-EVEN6 2.2.12); more is or-ed in where attributes or
// further attributes follow.
const (
	tokenEOF        = 0x00
	tokenOpen       = 0x01
	tokenCloseStart = 0x02
	tokenCloseEmpty = 0x03
	tokenEnd        = 0x04
	tokenText       = 0x05
	tokenAttribute  = 0x06
	tokenInstance   = 0x0c
	tokenNormal     = 0x0d
	tokenOptional   = 0x0e
	tokenFragment   = 0x0f
	more            = 0x40
)

const eventNamespace = "http://schemas.microsoft.com/win/2004/08/events/event"

// A node is an element on its way into BinXml.
type node struct {
	name    string
	attrs   []attr
	kids    []node
	content content
	nested  bool // a template takes the element as a BinXml value
}

type attr struct {
	name    string
	content content
}

// content is text written into the template, or a value that instances give.
type content struct {
	literal  string
	value    any
	given    bool // value holds
	optional bool
}

func literal(s string) content { return content{literal: s} }
func value(v any) content      { return content{value: v, given: true} }
func optional(v any) content   { return content{value: v, given: true, optional: true} }
func (c content) empty() bool  { return !c.given && c.literal == "" }
func el(name string, c content, attrs ...attr) node {
	return node{name: name, content: c, attrs: attrs}
}

// orNil gives null for an empty s, so that an optional substitution leaves
// its attribute out.
func orNil[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return s
}

// describe lays e out as elements.
func describe(e *Event, id uint64) node {
	provider := []attr{{"Name", literal(e.Provider)}}
	if e.GUID != "" {
		provider = append(provider, attr{"Guid", value(GUID(e.GUID))})
	}
	if e.EventSource != "" {
		provider = append(provider, attr{"EventSourceName", literal(e.EventSource)})
	}
	eventID := el("EventID", value(e.EventID))
	if e.Qualifiers != 0 {
		eventID.attrs = []attr{{"Qualifiers", value(e.Qualifiers)}}
	}
	system := node{name: "System", kids: []node{
		el("Provider", content{}, provider...),
		eventID,
		el("Version", optional(e.Version)),
		el("Level", optional(e.Level)),
		el("Task", optional(e.Task)),
		el("Opcode", optional(e.Opcode)),
		el("Keywords", optional(Hex64(e.Keywords))),
		el("TimeCreated", content{}, attr{"SystemTime", value(e.Time)}),
		el("EventRecordID", value(id)),
		el("Correlation", content{}, attr{"ActivityID", optional(orNil(GUID(e.ActivityID)))}),
		el("Execution", content{}, attr{"ProcessID", value(e.ProcessID)}, attr{"ThreadID", value(e.ThreadID)}),
		el("Channel", literal(e.Channel)),
		el("Computer", value(e.Computer)),
		el("Security", content{}, attr{"UserID", optional(orNil(SID(e.UserID)))}),
	}}
	root := el("Event", content{}, attr{"xmlns", literal(eventNamespace)})
	root.kids = append(root.kids, system)
	if p := describePayload(e); p != nil {
		root.kids = append(root.kids, *p)
	}
	if e.Rendering != nil {
		root.kids = append(root.kids, describeRendering(e.Rendering))
	}
	return root
}

func describePayload(e *Event) *node {
	if e.UserData != nil {
		return &node{name: "UserData", nested: true, kids: describeElement(e, e.UserData)}
	}
	if len(e.Data) == 0 {
		return nil
	}
	p := &node{name: "EventData", nested: true}
	for _, d := range e.Data {
		n := el("Data", value(d.Value))
		if d.Name != "" {
			n.attrs = []attr{{"Name", literal(d.Name)}}
		}
		p.kids = append(p.kids, repeat(e, n)...)
	}
	return p
}

func describeElement(e *Event, from *Element) []node {
	n := node{name: from.Name}
	if from.Namespace != "" {
		n.attrs = append(n.attrs, attr{"xmlns", literal(from.Namespace)})
	}
	for _, a := range from.Attrs {
		n.attrs = append(n.attrs, attr{a.Name, value(a.Value)})
	}
	for i := range from.Children {
		n.kids = append(n.kids, describeElement(e, &from.Children[i])...)
	}
	if from.Value != nil || len(from.Children) == 0 {
		n.content = value(from.Value)
	}
	return repeat(e, n)
}

// repeat returns n for each item of the array that is its content, when e is
// written as text: elsewhere readers do it (MS-EVEN6 3.1.4.7.5).
func repeat(e *Event, n node) []node {
	items, ok := n.content.value.([]string)
	if !ok || !e.Forwarded {
		return []node{n}
	}
	all := make([]node, len(items))
	for i, item := range items {
		all[i] = n
		all[i].content = value(item)
	}
	return all
}

func describeRendering(r *Rendering) node {
	n := el("RenderingInfo", content{}, attr{"Culture", literal(r.Culture)})
	for _, m := range []struct{ name, text string }{
		{"Message", r.Message},
		{"Level", r.Level},
		{"Task", r.Task},
		{"Opcode", r.Opcode},
		{"Channel", r.Channel},
		{"Provider", r.Provider},
	} {
		if m.text != "" {
			n.kids = append(n.kids, el(m.name, value(m.text)))
		}
	}
	if len(r.Keywords) > 0 {
		k := node{name: "Keywords"}
		for _, w := range r.Keywords {
			k.kids = append(k.kids, el("Keyword", value(w)))
		}
		n.kids = append(n.kids, k)
	}
	return n
}

// A body is a run of elements being written: plain text, or a template's
// definition with the values that its instance will give.
type body struct {
	plain  bool
	values []any // *node for a BinXml value
}

// instance appends a fragment with an instance of the template that n's shape
// defines, preceded by the definition when the chunk has none yet.
func (c *chunk) instance(n *node) error {
	c.b = append(c.b, tokenFragment, 1, 1, 0)
	c.shape = appendShape(c.shape[:0], n)
	t, known := c.templates[string(c.shape)]
	if !known {
		shape := string(c.shape)
		t = template{at: uint32(len(c.b) + 10)}
		hash := sha256.Sum256(c.shape)
		copy(t.guid[:], hash[:])
		c.templates[shape] = t
		c.added = append(c.added, shape)
	}
	c.u8(tokenInstance)
	c.u8(1)
	c.b = append(c.b, t.guid[:4]...) // template id
	c.u32(t.at)
	body := &body{}
	if known {
		collect(body, n)
	} else if err := c.define(t, n, body); err != nil {
		return err
	}
	return c.values(body.values)
}

// define appends a template's definition.
func (c *chunk) define(t template, n *node, b *body) error {
	head := &c.defs[le.Uint32(t.guid[:])%32]
	c.u32(*head)
	*head = t.at
	c.b = append(c.b, t.guid[:]...)
	size := c.reserve()
	c.b = append(c.b, tokenFragment, 1, 1, 0)
	if err := c.element(n, b); err != nil {
		return err
	}
	c.u8(tokenEOF)
	c.fill(size)
	return nil
}

// values appends the value descriptors and the values, then the end of the
// fragment.
func (c *chunk) values(values []any) error {
	c.u32(uint32(len(values)))
	spec := len(c.b)
	c.b = append(c.b, make([]byte, 4*len(values))...)
	for i, v := range values {
		start := len(c.b)
		kind := byte(typeBinXML)
		var err error
		if n, ok := v.(*node); ok {
			err = c.instance(n)
		} else {
			c.b, kind, err = appendValue(c.b, v)
		}
		if err != nil {
			return err
		}
		size := len(c.b) - start
		if size > chunkSize-1 {
			return errFull
		}
		le.PutUint16(c.b[spec+4*i:], uint16(size))
		c.b[spec+4*i+2] = kind
	}
	c.u8(tokenEOF)
	return nil
}

// element appends n and what it holds.
func (c *chunk) element(n *node, b *body) error {
	attrs := n.attrs
	if b.plain { // null has no text: it leaves its attribute out
		attrs = slices.DeleteFunc(slices.Clone(attrs), func(a attr) bool { return a.content.given && a.content.value == nil })
	}
	token := byte(tokenOpen)
	if len(attrs) > 0 {
		token |= more
	}
	c.u8(token)
	if !b.plain {
		c.u16(0xffff) // depends on no value
	}
	size := c.reserve()
	c.name(n.name)
	if len(attrs) > 0 {
		list := c.reserve()
		for i, a := range attrs {
			token := byte(tokenAttribute)
			if i < len(attrs)-1 {
				token |= more
			}
			c.u8(token)
			c.name(a.name)
			if err := c.content(a.content, b); err != nil {
				return err
			}
		}
		c.fill(list)
	}
	if n.content.empty() && len(n.kids) == 0 {
		c.u8(tokenCloseEmpty)
		c.fill(size)
		return nil
	}
	c.u8(tokenCloseStart)
	for i := range n.kids {
		kid := &n.kids[i]
		if kid.nested && !b.plain {
			c.substitute(tokenOptional, typeBinXML, b)
			b.values = append(b.values, kid)
		} else if err := c.element(kid, b); err != nil {
			return err
		}
	}
	if err := c.content(n.content, b); err != nil {
		return err
	}
	c.u8(tokenEnd)
	c.fill(size)
	return nil
}

func (c *chunk) content(t content, b *body) error {
	switch {
	case t.given && !b.plain:
		kind, err := templateType(t.value)
		if err != nil {
			return err
		}
		token := byte(tokenNormal)
		if t.optional || t.value == nil {
			token = tokenOptional
		}
		c.substitute(token, kind, b)
		b.values = append(b.values, t.value)
		return nil
	case t.given:
		s, err := text(t.value)
		if err != nil {
			return err
		}
		return c.text(s)
	case t.literal != "":
		return c.text(t.literal)
	}
	return nil
}

// templateType is the type that a template announces for v: as a template is
// shared by many instances, one for null is that of a string.
func templateType(v any) (byte, error) {
	if v == nil {
		return typeString, nil
	}
	return typeOf(v)
}

func (c *chunk) substitute(token, kind byte, b *body) {
	c.u8(token)
	c.u16(uint16(len(b.values)))
	c.u8(kind)
}

func (c *chunk) text(s string) error {
	u := utf16.Encode([]rune(s))
	if len(u) > 0xffff {
		return errFull
	}
	c.u8(tokenText)
	c.u8(typeString)
	c.u16(uint16(len(u)))
	for _, x := range u {
		c.u16(x)
	}
	return nil
}

// name appends the offset of a name, and the name itself where the chunk has
// not had it yet.
func (c *chunk) name(s string) {
	if at, ok := c.names[s]; ok {
		c.u32(at)
		return
	}
	at := uint32(len(c.b) + 4)
	c.u32(at)
	u := utf16.Encode([]rune(s))
	var hash uint32
	for _, x := range u {
		hash = hash*65599 + uint32(x)
	}
	head := &c.strings[uint16(hash)%64]
	c.u32(*head)
	*head = at
	c.u16(uint16(hash))
	c.u16(uint16(len(u)))
	for _, x := range u {
		c.u16(x)
	}
	c.u16(0)
	c.names[s] = at
	c.added = append(c.added, s)
}

// reserve leaves room for a length that fill sets to the bytes since.
func (c *chunk) reserve() int {
	c.u32(0)
	return len(c.b)
}

func (c *chunk) fill(at int) { le.PutUint32(c.b[at-4:], uint32(len(c.b)-at)) }

// collect gathers the values of n in the order that element numbers them.
func collect(b *body, n *node) {
	for _, a := range n.attrs {
		if a.content.given {
			b.values = append(b.values, a.content.value)
		}
	}
	for i := range n.kids {
		if kid := &n.kids[i]; kid.nested {
			b.values = append(b.values, kid)
		} else {
			collect(b, kid)
		}
	}
	if n.content.given {
		b.values = append(b.values, n.content.value)
	}
}

// appendShape writes what tells one template from another: names, text and
// where values of which type stand.
func appendShape(dst []byte, n *node) []byte {
	dst = appendText(dst, '<', n.name)
	for _, a := range n.attrs {
		dst = appendText(dst, '@', a.name)
		dst = appendContentShape(dst, a.content)
	}
	for i := range n.kids {
		if kid := &n.kids[i]; kid.nested {
			dst = append(dst, '#')
		} else {
			dst = appendShape(dst, kid)
		}
	}
	dst = appendContentShape(dst, n.content)
	return append(dst, '>')
}

func appendContentShape(dst []byte, t content) []byte {
	if !t.given {
		return appendText(dst, '=', t.literal)
	}
	kind, _ := templateType(t.value) // an unknown type fails when it is written
	token := byte(tokenNormal)
	if t.optional || t.value == nil {
		token = tokenOptional
	}
	return append(dst, '%', kind, token)
}

func appendText(dst []byte, tag byte, s string) []byte {
	dst = append(dst, tag)
	dst = le.AppendUint32(dst, uint32(len(s)))
	return append(dst, s...)
}
