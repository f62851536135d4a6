package evtx

import "slices"

// What one record may cost. A genuine record of 64 KiB stays far below both.
const (
	maxWork   = 1 << 18 // steps, and bytes of values divided by 16
	maxOutput = 1 << 20 // bytes of values
	maxFields = 8192
	// What one chunk may cost, in the same steps: many times what the
	// records of a genuine one do.
	maxChunkWork = 1 << 22
)

// Why fields of a record that was handed on are missing.
const (
	droppedOutput = "the record expands beyond its limits; its further fields are left out"
	droppedValue  = "a value does not fit its type; it is left empty"
)

// A value is one value of a template instance: its place in the chunk, size
// and type. It is packed because it is written and read again at once, which
// costs a stall when the sizes of the two accesses differ.
type value uint64

func newValue(pos, size int, typ byte) value {
	return value(uint32(pos)) | value(uint16(size))<<32 | value(typ)<<48
}

func (v value) pos() int   { return int(uint32(v)) }
func (v value) size() int  { return int(uint16(v >> 32)) }
func (v value) typ() byte  { return byte(v >> 48) }
func (v value) span() span { return span{v.pos(), v.pos() + v.size()} }

// fragment reads BinXml that stands within the element ctx: a record, or a
// value of type BinXml. It is template instances, or plain elements as
// forwarded records have them.
func (d *Decoder) fragment(s span, ctx *node, nesting int) error {
	if nesting > maxNesting {
		return errDepth
	}
	for s.pos < s.end {
		switch d.data[s.pos] &^ tokenMore {
		case tokenEOF:
			return nil
		case tokenFragment:
			s.pos += 4
		case tokenInstance:
			next, err := d.instance(s, ctx, nesting)
			if err != nil {
				return err
			}
			s.pos = next
		default:
			next, err := d.plain(s, ctx)
			if err != nil {
				return err
			}
			s.pos = next
		}
	}
	return nil
}

// plain reads one element, or a token between elements, at the start of s. It
// returns where it ends.
func (d *Decoder) plain(s span, ctx *node) (int, error) {
	d.work -= (s.end - s.pos) / 8
	p := &d.direct
	p.reset()
	p.literal = d.text
	c := &d.compiler
	c.start(lexer{data: d.data, span: s}, &d.names, p)
	t, err := c.next()
	if err != nil {
		return 0, err
	}
	switch t.kind {
	case tokenPITarget, tokenPIData:
	case tokenOpen:
		if err := c.element(ctx, t, 0); err != nil {
			return 0, err
		}
	default:
		return 0, errToken
	}
	d.text = p.literal
	end := c.pos
	return end, d.run(p, nil, maxNesting)
}

// instance reads a template instance at the start of s: a byte, the
// template's id, the offset of its definition, the definition itself when it
// is the first, and the values. It returns where it ends.
func (d *Decoder) instance(s span, ctx *node, nesting int) (int, error) {
	body, s, err := d.definition(s)
	if err != nil {
		return 0, err
	}
	base := len(d.values)
	var next int
	if d.values, next, err = readValues(d.values, d.data, s); err != nil {
		return 0, err
	}
	d.work -= len(d.values) - base
	p, err := d.template(body, ctx)
	switch {
	case err != nil:
	case d.writing && p.repeats:
		d.repeated, d.blamed = true, true
	default:
		err = d.run(p, d.values[base:], nesting)
		if d.repeated && !d.blamed { // the innermost template, as only it may come with others
			d.blamed, p.repeats = true, true
		}
	}
	d.values = d.values[:base]
	return next, err
}

// definition returns the BinXml of the definition that the instance at the
// start of s refers to, and what follows it in s.
func (d *Decoder) definition(s span) (body, rest span, err error) {
	if s.end-s.pos < 10 {
		return span{}, s, errCut
	}
	id, at := le.Uint32(d.data[s.pos+2:]), int64(le.Uint32(d.data[s.pos+6:]))
	s.pos += 10
	if at < chunkHeaderSize || at+templateHeaderSize > int64(len(d.data)) {
		return span{}, s, errTemplate
	}
	if id != le.Uint32(d.data[at+4:]) { // the id is the start of the GUID
		return span{}, s, errForeign
	}
	size := int64(le.Uint32(d.data[at+20:]))
	if at+templateHeaderSize+size > int64(len(d.data)) {
		return span{}, s, errTemplate
	}
	body.pos = int(at) + templateHeaderSize
	body.end = body.pos + int(size)
	if int(at) == s.pos {
		if body.end > s.end {
			return span{}, s, errCut
		}
		s.pos = body.end
	}
	return body, s, nil
}

// readValues appends the values at the start of s: their number, a size and
// type for each, then each. It returns where they end.
func readValues(dst []value, data []byte, s span) ([]value, int, error) {
	if s.end-s.pos < 4 {
		return dst, 0, errCut
	}
	count := int64(le.Uint32(data[s.pos:]))
	s.pos += 4
	if 4*count > int64(s.end-s.pos) {
		return dst, 0, errValues
	}
	specs := data[s.pos : s.pos+4*int(count)]
	pos := s.pos + len(specs)
	n := len(dst)
	dst = slices.Grow(dst, int(count))[:n+int(count)]
	for i := range dst[n:] {
		spec := le.Uint32(specs[4*i:]) // size, type, and a byte of no use
		v := value(pos) | value(spec&0xffffff)<<32
		dst[n+i] = v
		pos += v.size()
	}
	if pos > s.end {
		return dst, 0, errValues
	}
	return dst, pos, nil
}

// run puts out the fields of p with values.
func (d *Decoder) run(p *program, values []value, nesting int) error {
	d.work -= len(p.ops)
	for i := 0; i < len(p.ops); i++ {
		if d.work < 0 {
			d.dropped = droppedOutput
			return nil
		}
		o := &p.ops[i]
		v := newValue(0, 0, typeNull)
		if int(o.id) < len(values) {
			v = values[o.id]
		}
		switch o.code {
		case opLiteral:
			d.literal(o, p.literal[o.lo:o.hi:o.hi])
		case opNull:
			d.put(o, nil, Null)
		case opValue, opContent, opAttribute:
			if d.writing && d.write(o, v, &p.memos[o.memo]) {
				continue
			}
			if err := d.value(o, v, &p.memos[o.memo], nesting); err != nil {
				return err
			}
		case opNested:
			if err := d.nested(o.node, v, nesting); err != nil {
				return err
			}
		case opSkip:
			if int(o.id) < len(values) && v.typ() == typeNull {
				i = int(o.lo) - 1
			}
		case opMixed:
			if err := d.mixed(o.node, p, p.parts[o.lo:o.hi], values, nesting); err != nil {
				return err
			}
		case opMixedAttribute:
			d.field(o.node, d.join(p, p.parts[o.lo:o.hi], values, 0), String)
		case opNamed:
			n, err := d.names.named(o.node, d.join(p, p.parts[o.lo:o.mid], values, 0))
			if err == nil {
				err = d.mixed(n, p, p.parts[o.mid:o.hi], values, nesting)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// literal puts out the field of opLiteral.
func (d *Decoder) literal(o *op, text []byte) {
	if !d.writing {
		d.put(o, text, String)
		return
	}
	d.memberLiteral(o, text)
	if o.role != roleNone {
		d.assign(o.role, text)
	}
}

// value puts out the field of opValue, opContent or opAttribute.
func (d *Decoder) value(o *op, v value, m *memo, nesting int) error {
	b := d.bytes(v)
	switch typ := v.typ(); {
	case typ == typeString:
		if !d.room(len(b)) {
			return nil
		}
		d.work -= len(b) / 16
		start := len(d.out)
		d.out = appendUTF16(d.out, b)
		if o.code == opValue || len(d.out) > start {
			d.put(o, d.out[start:len(d.out):len(d.out)], String)
		}
	case kept[typ] && uint(len(b)-1) < memoSize:
		if m.typ != typ || string(b) != string(m.raw[:m.size]) {
			if m.serial == d.serial { // its text is in use
				d.content(o.node, v)
				return nil
			}
			d.remember(m, typ, b)
		}
		m.serial = d.serial
		d.put(o, m.text, kinds[typ])
	case o.code == opAttribute:
		d.attribute(o.node, v)
	case typ == typeBinXML:
		return d.fragment(v.span(), o.node, nesting+1)
	case typ&typeArray != 0:
		d.array(o.node, v)
	case o.code == opContent:
		d.attribute(o.node, v)
	default:
		d.content(o.node, v)
	}
	return nil
}

// kept are the types whose values are worth a memo.
var kept = [256]bool{
	typeInt8: true, typeUint8: true, typeInt16: true, typeUint16: true, typeInt32: true, typeUint32: true,
	typeInt64: true, typeUint64: true, typeBool: true, typeGUID: true, typeSize: true, typeSID: true,
	typeHex32: true, typeHex64: true,
}

// remember makes m hold a value and its text.
func (d *Decoder) remember(m *memo, typ byte, b []byte) {
	m.typ, m.size, m.json = typ, uint8(copy(m.raw[:], b)), m.json[:0] // they share memory
	var ok bool
	if m.text, ok = d.clock.appendValue(m.text[:0], typ, b); !ok {
		d.dropped = droppedValue
		m.typ = typeNull // to be told again
	}
}

// nested reads BinXml within the element n, or what stands in its place.
func (d *Decoder) nested(n *node, v value, nesting int) error {
	if v.typ() == typeBinXML {
		return d.fragment(v.span(), n, nesting+1)
	}
	d.attribute(n, v)
	return nil
}

func (d *Decoder) bytes(v value) []byte { return d.data[v.pos() : v.pos()+v.size()] }

// put adds the field of o to the record.
func (d *Decoder) put(o *op, v []byte, k Kind) {
	if d.writing {
		d.member(o, v, k)
	} else {
		d.keep(o, v, k)
	}
	if o.role != roleNone {
		d.assign(o.role, v)
	}
}

// keep adds a field to those of the record.
func (d *Decoder) keep(o *op, v []byte, k Kind) {
	if d.n == len(d.fields) && !d.moreFields() {
		return
	}
	// Member by member: a Field put together first costs a stall to copy.
	f := &d.fields[d.n]
	f.Name = o.name
	f.Value = v
	f.Tag = o.tag
	f.Kind = k
	d.n++
}

// field adds the field n to the record.
func (d *Decoder) field(n *node, v []byte, k Kind) {
	var o op
	o.setNode(n)
	d.put(&o, v, k)
}

// moreFields makes room for fields, up to the limit.
func (d *Decoder) moreFields() bool {
	if len(d.fields) == maxFields {
		d.dropped = droppedOutput
		return false
	}
	d.fields = append(d.fields, make([]Field, max(64, len(d.fields)))...)
	return true
}

// room makes room in the arena for the text of size bytes of any type, up to
// the limit. 3 bytes for each are enough, with 64 more for short ones.
func (d *Decoder) room(size int) bool {
	need := len(d.out) + 3*size + 64
	if need <= cap(d.out) {
		return true
	}
	if need > maxOutput {
		d.dropped = droppedOutput
		return false
	}
	// What fields point at stays where it is.
	d.out = append(make([]byte, 0, min(maxOutput, max(2*need, ChunkSize))), d.out...)
	return true
}

// assign sets what Record gives direct access to, from the first field of
// each role.
func (d *Decoder) assign(r role, v []byte) {
	switch r {
	case roleEventID:
		set(&d.rec.EventID, v)
	case roleChannel:
		set(&d.rec.Channel, v)
	case roleComputer:
		set(&d.rec.Computer, v)
	case roleProvider:
		set(&d.rec.Provider, v)
	case roleTime:
		if d.rec.Time == NoTime {
			d.rec.Time = parseTime(v)
		}
	}
}

func set(dst *[]byte, v []byte) {
	if *dst == nil {
		*dst = v
	}
}

// content adds a field with the text of v, which is no array.
func (d *Decoder) content(n *node, v value) {
	k := kinds[v.typ()]
	if v.size() == 0 && k != String {
		k = Null
	}
	d.field(n, d.render(v), k)
}

// attribute adds a field with the text of v, unless it has none.
func (d *Decoder) attribute(n *node, v value) {
	if v.typ()&typeArray != 0 {
		v = d.pick(v, 0)
	}
	if v.size() == 0 || v.typ() == typeNull || v.typ() == typeBinXML {
		return
	}
	if n.role == roleTime && v.typ() == typeFileTime && v.size() == 8 && d.rec.Time == NoTime {
		d.rec.Time = unixTime(le.Uint64(d.data[v.pos():]))
	}
	if text := d.render(v); len(text) > 0 {
		d.field(n, text, kinds[v.typ()])
	}
}

// array adds a field for each item of v: MS-EVEN6 3.1.4.7.5, the element is
// repeated for each.
func (d *Decoder) array(n *node, v value) {
	if v.size() == 0 {
		d.field(n, nil, Null)
	}
	for rest := v; rest.size() > 0 && d.work >= 0; {
		var item value
		item, rest = d.cutItem(rest)
		d.content(n, item)
	}
}

// cutItem splits the first item off an array. An end too short for an item is
// an item of its own, which does not fit its type.
func (d *Decoder) cutItem(v value) (item, rest value) {
	d.work--
	typ := v.typ() &^ typeArray
	size := itemSize(typ, d.bytes(v))
	return newValue(v.pos(), size, typ), newValue(v.pos()+size, v.size()-size, v.typ())
}

// mixed adds a field whose content is parts; when one is an array, a field for
// each of its items.
func (d *Decoder) mixed(n *node, p *program, parts []part, values []value, nesting int) error {
	if len(parts) == 0 {
		d.field(n, nil, Null)
		return nil
	}
	if q := parts[0]; len(parts) == 1 && !q.fixed && int(q.id) < len(values) {
		if v := values[q.id]; v.typ()&typeArray == 0 && v.typ() != typeBinXML {
			d.content(n, v) // keeps its kind
			return nil
		}
	}
	count := 1
	for _, q := range parts {
		if q.fixed || int(q.id) >= len(values) {
			continue
		}
		v := values[q.id]
		switch {
		case v.typ() == typeBinXML:
			if err := d.fragment(v.span(), n, nesting+1); err != nil {
				return err
			}
		case v.typ()&typeArray != 0:
			count = max(count, d.items(v))
		}
	}
	for i := 0; i < count && d.work >= 0; i++ {
		d.field(n, d.join(p, parts, values, i), String)
	}
	return nil
}

// items counts the items of an array.
func (d *Decoder) items(v value) int {
	n := 0
	for ; v.size() > 0; n++ {
		_, v = d.cutItem(v)
	}
	return n
}

// join returns the text of parts, with the i-th item of arrays.
func (d *Decoder) join(p *program, parts []part, values []value, i int) []byte {
	start := len(d.out)
	for _, q := range parts {
		d.work--
		if q.fixed && d.room(int(q.hi-q.lo)) {
			d.out = append(d.out, p.literal[q.lo:q.hi]...)
		} else if !q.fixed && int(q.id) < len(values) {
			d.render(d.pick(values[q.id], i))
		}
	}
	return d.out[start:len(d.out):len(d.out)]
}

// pick returns the i-th item of v when it is an array, and null beyond its
// end.
func (d *Decoder) pick(v value, i int) value {
	if v.typ()&typeArray == 0 {
		return v
	}
	for ; v.size() > 0; i-- {
		var item value
		if item, v = d.cutItem(v); i == 0 {
			return item
		}
	}
	return newValue(0, 0, typeNull)
}

// render appends the text of v to the arena and returns it.
func (d *Decoder) render(v value) []byte {
	size := v.size()
	if !d.room(size) {
		return nil
	}
	d.work -= size/16 + 1
	start := len(d.out)
	b := d.bytes(v)
	if v.typ() == typeString {
		d.out = appendUTF16(d.out, b)
	} else {
		var ok bool
		if d.out, ok = d.clock.appendValue(d.out, v.typ(), b); !ok {
			d.dropped = droppedValue
		}
	}
	return d.out[start:len(d.out):len(d.out)]
}
