package evtx

import "bytes"

// templateHeaderSize is what stands before a definition's BinXml: offset of
// the next template, GUID, size.
const templateHeaderSize = 24

// templates holds the compiled templates: those of the chunk by offset, and
// those of earlier chunks by GUID, to be used again when the definition is
// the same.
type templates struct {
	chunk  [256]slot
	number uint32 // of the chunk, tells which slots hold
	known  map[templateKey][]*compiled
	size   int // bytes held, roughly
}

// What templates may hold at the start of a chunk, in bytes, and twice that
// within it.
const (
	maxTemplates = 4 << 20
	maxSameGUID  = 4
)

type slot struct {
	at     int
	ctx    *node
	number uint32
	p      *program
	err    error
}

type templateKey struct {
	guid [16]byte
	ctx  *node // the element around the instance
}

type compiled struct {
	program
	shape shape
}

func (t *templates) reset() {
	t.known = map[templateKey][]*compiled{}
	t.size = 0
}

func (t *templates) crowded() bool { return t.size > maxTemplates }

func (t *templates) newChunk() { t.number++ }

// slot returns the place for the template at offset at within ctx; ok tells
// whether it holds it.
func (t *templates) slot(at int, ctx *node) (s *slot, ok bool) {
	s = &t.chunk[uint32(at)*0x9e3779b1>>24]
	return s, s.at == at && s.ctx == ctx && s.number == t.number
}

// template returns the program of the definition whose BinXml is body, for
// instances within ctx.
func (d *Decoder) template(body span, ctx *node) (*program, error) {
	s, ok := d.cache.slot(body.pos, ctx)
	if !ok {
		p, err := d.compile(body, ctx)
		*s = slot{body.pos, ctx, d.cache.number, p, err}
	}
	return s.p, s.err
}

// compile finds the definition among those of earlier chunks or compiles it.
func (d *Decoder) compile(body span, ctx *node) (*program, error) {
	d.work -= body.end - body.pos
	key := templateKey{ctx: ctx}
	copy(key.guid[:], d.data[body.pos-20:])
	same := d.cache.known[key]
	for _, k := range same {
		if k.shape.matches(d.data, body) {
			return &k.program, nil
		}
	}
	if d.cache.size > 2*maxTemplates {
		return nil, errWork
	}
	k := &compiled{}
	d.compiler.start(lexer{data: d.data, span: body, deps: true, shape: &k.shape}, &d.names, &k.program)
	k.shape.start(body.pos)
	if err := d.compiler.template(ctx); err != nil {
		return nil, err
	}
	if len(same) >= maxSameGUID {
		same = same[1:]
	}
	d.cache.known[key] = append(same, k)
	d.cache.size += k.program.size() + k.shape.size()
	return &k.program, nil
}

// A shape is what a definition is made of, apart from what differs between
// chunks without meaning anything: where its names stand, and its sizes.
type shape struct {
	fixed []byte // the bytes between the cuts
	names []byte // characters of the names, in UTF-16
	cuts  []cut
	pos   int // while recording: where the next fixed bytes start
}

// A cut is a size or a name, and the number of fixed bytes before it.
type cut struct {
	fixed int32
	name  int32 // bytes of the name; -1 for a size
}

// size returns the bytes that s holds, roughly.
func (s *shape) size() int { return cap(s.fixed) + cap(s.names) + 8*cap(s.cuts) }

func (s *shape) start(pos int) { s.pos = pos }

// cut records that data[from:to] is a size, or the name that stands at n. A
// nil shape records nothing.
func (s *shape) cut(data []byte, from, to int, n span) {
	if s == nil {
		return
	}
	c := cut{fixed: int32(from - s.pos), name: -1}
	s.fixed = append(s.fixed, data[s.pos:from]...)
	if n.end != 0 {
		c.name = int32(n.end - n.pos)
		s.names = append(s.names, data[n.pos:n.end]...)
	}
	s.cuts = append(s.cuts, c)
	s.pos = to
}

// finish records that the definition ends at pos.
func (s *shape) finish(data []byte, pos int) {
	if s != nil {
		s.fixed = append(s.fixed, data[s.pos:pos]...)
	}
}

// matches reports whether the definition at body has the shape, in other
// words whether compiling it would give the same program.
func (s *shape) matches(data []byte, body span) bool {
	pos, fixed, names := body.pos, s.fixed, s.names
	for _, c := range s.cuts {
		n := int(c.fixed)
		if body.end-pos < n+4 || !bytes.Equal(data[pos:pos+n], fixed[:n]) {
			return false
		}
		pos, fixed = pos+n, fixed[n:]
		if c.name < 0 {
			pos += 4
			continue
		}
		at := int64(le.Uint32(data[pos:]))
		name, err := nameAt(data, at)
		if err != nil || !bytes.Equal(data[name.pos:name.end], names[:c.name]) {
			return false
		}
		pos, names = pos+4, names[c.name:]
		if int(at) == pos {
			pos = name.end + 2
		}
	}
	return body.end-pos >= len(fixed) && bytes.Equal(data[pos:pos+len(fixed)], fixed)
}
