package evtxtest

import (
	"errors"
	"hash/crc32"
)

var errFull = errors.New("the record does not fit a chunk")

// A chunk is a chunk being filled. Offsets in BinXml count from the chunk's
// start, so records are encoded in place.
type chunk struct {
	b         []byte
	names     map[string]uint32   // offset of each name in the chunk
	templates map[string]template // by shape, which no name is like
	added     []string            // names and shapes of the record being written
	strings   [64]uint32          // heads of the string table's lists
	defs      [32]uint32          // heads of the template table's lists
	records   int
	first     uint64 // number and id of the first record, of the last
	firstID   uint64
	last      uint64
	lastID    uint64
	lastAt    int // offset of the last record
	shape     []byte
}

// A template is where the chunk defines it, and its GUID.
type template struct {
	at   uint32
	guid [16]byte
}

func (c *chunk) reset() {
	c.b = append(c.b[:0], make([]byte, chunkHeaderSize)...)
	c.names = map[string]uint32{}
	c.templates = map[string]template{}
	c.strings = [64]uint32{}
	c.defs = [32]uint32{}
	c.records = 0
}

// add appends e as a record, or leaves the chunk as it was.
func (c *chunk) add(e *Event, number, id uint64) error {
	start, stringHeads, defHeads := len(c.b), c.strings, c.defs
	c.added = c.added[:0]
	err := c.record(e, id)
	if err == nil && len(c.b) > chunkSize {
		err = errFull
	}
	if err != nil {
		c.b, c.strings, c.defs = c.b[:start], stringHeads, defHeads
		for _, k := range c.added {
			delete(c.names, k)
			delete(c.templates, k)
		}
		return err
	}
	if c.records == 0 {
		c.first, c.firstID = number, id
	}
	c.last, c.lastID, c.lastAt = number, id, start
	c.records++
	return nil
}

// record appends the record: its header, BinXml, padding to 8 bytes and the
// copy of its size.
func (c *chunk) record(e *Event, id uint64) error {
	start := len(c.b)
	c.u32(0x2a2a)
	c.u32(0) // size, below
	c.u64(id)
	c.u64(filetime(e.Time))
	root := describe(e, id)
	var err error
	if e.Forwarded {
		c.b = append(c.b, tokenFragment, 1, 1, 0)
		err = c.element(&root, &body{plain: true})
		c.b = append(c.b, tokenEOF)
	} else {
		err = c.instance(&root)
	}
	if err != nil {
		return err
	}
	for (len(c.b)-start)%8 != 4 {
		c.b = append(c.b, 0)
	}
	size := uint32(len(c.b) - start + 4)
	c.u32(size)
	le.PutUint32(c.b[start+4:], size)
	return nil
}

// finish returns the chunk's 64 KiB.
func (c *chunk) finish() []byte {
	free := len(c.b)
	c.b = append(c.b, make([]byte, chunkSize-free)...)
	h := c.b[:chunkHeaderSize]
	copy(h, "ElfChnk\x00")
	if c.records > 0 {
		le.PutUint64(h[8:], c.first)
		le.PutUint64(h[16:], c.last)
		le.PutUint64(h[24:], c.firstID)
		le.PutUint64(h[32:], c.lastID)
		le.PutUint32(h[44:], uint32(c.lastAt))
	} else {
		// Windows marks a chunk without records so.
		le.PutUint64(h[8:], 1)
		le.PutUint64(h[24:], ^uint64(0))
		le.PutUint64(h[32:], ^uint64(0))
	}
	le.PutUint32(h[40:], 128)
	le.PutUint32(h[48:], uint32(free))
	le.PutUint32(h[52:], crc32.ChecksumIEEE(c.b[chunkHeaderSize:free]))
	for i, v := range c.strings {
		le.PutUint32(h[128+4*i:], v)
	}
	for i, v := range c.defs {
		le.PutUint32(h[384+4*i:], v)
	}
	sum := crc32.ChecksumIEEE(h[:120])
	le.PutUint32(h[124:], crc32.Update(sum, crc32.IEEETable, h[128:]))
	return c.b
}

func (c *chunk) u8(v uint8)   { c.b = append(c.b, v) }
func (c *chunk) u16(v uint16) { c.b = le.AppendUint16(c.b, v) }
func (c *chunk) u32(v uint32) { c.b = le.AppendUint32(c.b, v) }
func (c *chunk) u64(v uint64) { c.b = le.AppendUint64(c.b, v) }
