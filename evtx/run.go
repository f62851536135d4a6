package evtx

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

// A value is one value of a template instance, at its place in the chunk.
type value struct {
	pos  uint32
	size uint16
	typ  byte
}

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
	p.ops, p.parts, p.literal = p.ops[:0], p.parts[:0], d.text
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
	if err == nil {
		err = d.run(p, d.values[base:], nesting)
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
	for ; len(specs) >= 4; specs = specs[4:] {
		v := value{uint32(pos), le.Uint16(specs), specs[2]}
		dst = append(dst, v)
		pos += int(v.size)
	}
	if pos > s.end {
		return dst, 0, errValues
	}
	return dst, pos, nil
}

// run puts out the fields of p with values.
func (d *Decoder) run(p *program, values []value, nesting int) error {
	d.work -= len(p.ops)
	var found *node
	for i := 0; i < len(p.ops); i++ {
		o := &p.ops[i]
		n := o.node
		if n == nil {
			n = found
		}
		if d.work < 0 {
			d.dropped = droppedOutput
			return nil
		}
		switch o.code {
		case opLiteral:
			d.field(n, p.literal[o.lo:o.hi:o.hi], String)
		case opNull:
			d.field(n, nil, Null)
		case opAttribute:
			if int(o.id) < len(values) {
				d.attribute(n, values[o.id])
			}
		case opMixed:
			if err := d.mixed(n, p, p.parts[o.lo:o.hi], values, nesting); err != nil {
				return err
			}
		case opMixedAttribute:
			d.field(n, d.join(p, p.parts[o.lo:o.hi], values, 0), String)
		case opSkip:
			if int(o.id) < len(values) && values[o.id].typ == typeNull {
				i = int(o.lo) - 1
			}
		case opName:
			var err error
			if found, err = d.names.named(n, d.join(p, p.parts[o.lo:o.hi], values, 0)); err != nil {
				return err
			}
		case opValue, opNested:
			if int(o.id) >= len(values) {
				if o.code == opValue {
					d.field(n, nil, Null)
				}
				continue
			}
			v := values[o.id]
			switch {
			case v.typ == typeBinXML:
				if err := d.fragment(v.span(), n, nesting+1); err != nil {
					return err
				}
			case v.typ&typeArray != 0:
				d.array(n, v)
			case o.code == opValue:
				d.content(n, v)
			default: // not the BinXml that the template announced
				d.attribute(n, v)
			}
		}
	}
	return nil
}

func (v value) span() span { return span{int(v.pos), int(v.pos) + int(v.size)} }

func (d *Decoder) bytes(v value) []byte { return d.data[v.pos : v.pos+uint32(v.size)] }

// field adds a field to the record.
func (d *Decoder) field(n *node, v []byte, k Kind) {
	if len(d.rec.Fields) >= maxFields || len(d.out) > maxOutput {
		d.dropped = droppedOutput
		return
	}
	d.rec.Fields = append(d.rec.Fields, Field{Name: n.name, Value: v, Tag: n.tag, Kind: k})
	if n.role != roleNone {
		d.assign(n.role, v)
	}
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
	k := kinds[v.typ]
	if v.size == 0 && k != String {
		k = Null
	}
	d.field(n, d.render(v), k)
}

// attribute adds a field with the text of v, unless it has none.
func (d *Decoder) attribute(n *node, v value) {
	if v.size == 0 || v.typ == typeNull || v.typ == typeBinXML {
		return
	}
	if n.role == roleTime && v.typ == typeFileTime && v.size == 8 && d.rec.Time == NoTime {
		d.rec.Time = unixTime(le.Uint64(d.data[v.pos:]))
	}
	if text := d.render(v); len(text) > 0 {
		d.field(n, text, kinds[v.typ])
	}
}

// array adds a field for each item of v: MS-EVEN6 3.1.4.7.5, the element is
// repeated for each.
func (d *Decoder) array(n *node, v value) {
	if v.size == 0 {
		d.field(n, nil, Null)
	}
	for rest := v; rest.size > 0 && d.work >= 0; {
		var item value
		item, rest = d.cutItem(rest)
		d.content(n, item)
	}
}

// cutItem splits the first item off an array. An end too short for an item is
// an item of its own, which does not fit its type.
func (d *Decoder) cutItem(v value) (item, rest value) {
	size := uint16(itemSize(v.typ&^typeArray, d.bytes(v)))
	item = value{v.pos, size, v.typ &^ typeArray}
	if item.typ == typeString || item.typ == typeANSI {
		item.size -= min(size, terminator(item.typ, d.bytes(item)))
	}
	d.work--
	return item, value{v.pos + uint32(size), v.size - size, v.typ}
}

// mixed adds a field whose content is parts; when one is an array, a field for
// each of its items.
func (d *Decoder) mixed(n *node, p *program, parts []part, values []value, nesting int) error {
	count := 1
	for _, q := range parts {
		if q.fixed || int(q.id) >= len(values) {
			continue
		}
		v := values[q.id]
		switch {
		case v.typ == typeBinXML:
			if err := d.fragment(v.span(), n, nesting+1); err != nil {
				return err
			}
		case v.typ&typeArray != 0:
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
	for ; v.size > 0; n++ {
		_, v = d.cutItem(v)
	}
	return n
}

// join returns the text of parts, with the i-th item of arrays.
func (d *Decoder) join(p *program, parts []part, values []value, i int) []byte {
	start := len(d.out)
	for _, q := range parts {
		d.work--
		if q.fixed {
			d.out = append(d.out, p.literal[q.lo:q.hi]...)
		} else if int(q.id) < len(values) {
			d.render(d.pick(values[q.id], i))
		}
		if len(d.out) > maxOutput {
			d.dropped = droppedOutput
			break
		}
	}
	return d.out[start:len(d.out):len(d.out)]
}

// pick returns the i-th item of v when it is an array, its last when there
// are fewer.
func (d *Decoder) pick(v value, i int) value {
	if v.typ&typeArray == 0 {
		return v
	}
	item := value{typ: typeNull}
	for ; v.size > 0 && i >= 0; i-- {
		item, v = d.cutItem(v)
	}
	return item
}

// render appends the text of v to the arena and returns it.
func (d *Decoder) render(v value) []byte {
	start := len(d.out)
	if start > maxOutput {
		d.dropped = droppedOutput
		return nil
	}
	d.work -= int(v.size)/16 + 1
	var ok bool
	if d.out, ok = d.clock.appendValue(d.out, v.typ, d.bytes(v)); !ok {
		d.dropped = droppedValue
	}
	return d.out[start:len(d.out):len(d.out)]
}
