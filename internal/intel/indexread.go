package intel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"net/netip"
	"time"

	"github.com/FastFilter/xorfilter"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// ErrIndexFile is in every error about what ReadIndex was given.
var ErrIndexFile = errors.New("no index that this program can use: delete it, it is made again")

func errIndexFile(what string) error { return fmt.Errorf("%s: %w", what, ErrIndexFile) }

// ReadIndex reads what Index.WriteTo wrote, which has size bytes. at is as for
// Build. All of it is checked, so that an Index that was read is as good as
// one that was built; what is damaged, or of another version, is an error.
func ReadIndex(r io.Reader, size int64, at time.Time) (*Index, Stats, error) {
	d := &indexReader{r: r, left: size, buf: make([]byte, 64<<10)}
	x := &Index{at: at.UnixNano()}
	err := d.index(x)
	if err == nil {
		x.tally(&x.stats)
		return x, x.stats, nil
	}
	return nil, Stats{}, err
}

// An indexReader reads an Index and sums up what it read.
type indexReader struct {
	r    io.Reader
	left int64 // bytes
	sum  uint32
	buf  []byte

	literals, networks []uint32
	filter             xorfilter.BinaryFuse[uint8] // without its fingerprints
	seed               uint64
	urls, oddHosts     bool
}

func (d *indexReader) index(x *Index) error {
	start := d.buf[:len(indexMagic)+4]
	if err := d.read(start); err != nil {
		return err
	}
	if string(start[:len(indexMagic)]) != indexMagic {
		return errIndexFile("something else")
	}
	if v := binary.LittleEndian.Uint32(start[len(indexMagic):]); v != indexVersion {
		return errIndexFile(fmt.Sprintf("version %d", v))
	}
	for _, read := range []func(*Index) error{d.head, d.rows, d.values, d.names, d.table, d.lists, d.end, d.check} {
		if err := read(x); err != nil {
			return err
		}
	}
	return nil
}

// read fills p.
func (d *indexReader) read(p []byte) error {
	if int64(len(p)) > d.left {
		return errIndexFile("cut off")
	}
	if _, err := io.ReadFull(d.r, p); err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return errIndexFile("cut off")
		}
		return err
	}
	d.left -= int64(len(p))
	d.sum = crc32.Update(d.sum, castagnoli, p)
	return nil
}

// section returns the length of the next section, a multiple of unit.
func (d *indexReader) section(unit int64) (int64, error) {
	p := d.buf[:8]
	if err := d.read(p); err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint64(p)
	if n > uint64(d.left) || n%uint64(unit) != 0 {
		return 0, errIndexFile("cut off, or a length is wrong")
	}
	return int64(n), nil
}

// each reads a section of entries of size bytes and calls yield with some at a
// time.
func (d *indexReader) each(n, size int64, yield func(p []byte)) error {
	most := int64(len(d.buf)) / size * size
	for n > 0 {
		p := d.buf[:min(n, most)]
		if err := d.read(p); err != nil {
			return err
		}
		yield(p)
		n -= int64(len(p))
	}
	return nil
}

// numbers reads a section of 32-bit numbers.
func (d *indexReader) numbers() ([]uint32, error) {
	n, err := d.section(4)
	if err != nil || n == 0 {
		return nil, err
	}
	list := make([]uint32, 0, n/4)
	return list, d.each(n, 4, func(p []byte) {
		at := len(list)
		list = list[:at+len(p)/4]
		for i := range list[at:] {
			list[at+i] = binary.LittleEndian.Uint32(p[4*i:])
		}
	})
}

func (d *indexReader) rows(x *Index) error {
	n, err := d.section(rowSize)
	if err != nil {
		return err
	}
	if n/rowSize > math.MaxUint32 {
		return errIndexFile("too many rows")
	}
	return d.each(n, rowSize, func(p []byte) {
		for ; len(p) > 0; p = p[rowSize:] {
			_, r := x.rows.add()
			copy(r.id[:], p)
			r.from = int64(binary.LittleEndian.Uint64(p[16:]))
			r.until = int64(binary.LittleEndian.Uint64(p[24:]))
			r.name = binary.LittleEndian.Uint32(p[32:])
			r.about = binary.LittleEndian.Uint32(p[36:])
			r.hash = binary.LittleEndian.Uint32(p[40:])
			r.typ = p[44]
			r.dead, r.revoked, r.used = p[45]&1 != 0, p[45]&2 != 0, p[45]&4 != 0
		}
	})
}

func (d *indexReader) values(x *Index) error { return d.pool(&x.values.pool) }
func (d *indexReader) names(x *Index) error  { return d.pool(&x.names.pool) }

// pool reads the chunks of a pool. A new one is begun only for what the last has
// no room for, so that there cannot be many small ones.
func (d *indexReader) pool(p *pool) error {
	n, err := d.section(1)
	if err != nil {
		return err
	}
	last := poolChunk
	for n > 0 {
		if n < 4 {
			return errIndexFile("a length is wrong")
		}
		if err := d.read(d.buf[:4]); err != nil {
			return err
		}
		size := int64(binary.LittleEndian.Uint32(d.buf))
		if n -= 4; size > n || int(size)+last+binary.MaxVarintLen32 <= poolChunk || len(p.chunks) == 1<<32/poolChunk {
			return errIndexFile("a length is wrong")
		}
		c := make([]byte, size)
		if err := d.read(c); err != nil {
			return err
		}
		p.chunks = append(p.chunks, c)
		n, last = n-size, int(size)
	}
	return nil
}

// table reads the table and its filter, of which the head has told the rest.
func (d *indexReader) table(x *Index) (err error) {
	t := &table{values: &x.values, seed: d.seed, urls: d.urls, oddHosts: d.oddHosts}
	x.table = t
	if t.slots, err = d.numbers(); err != nil {
		return err
	}
	n, err := d.section(1)
	if err != nil {
		return err
	}
	if n > 0 {
		f := d.filter
		length, count := uint64(f.SegmentLength), uint64(f.SegmentCount)
		if length == 0 || length&(length-1) != 0 || count == 0 || (count+2)*length != uint64(n) || n > math.MaxUint32 {
			return errIndexFile("the filter is of another size")
		}
		f.SegmentLengthMask, f.SegmentCountLength = f.SegmentLength-1, f.SegmentCount*f.SegmentLength
		f.Fingerprints = make([]byte, n)
		if err := d.read(f.Fingerprints); err != nil {
			return err
		}
		t.filter = &f
	}
	if n, err = d.section(8); err != nil || n == 0 {
		return err
	}
	t.below = make(parents, 0, n/8)
	return d.each(n, 8, func(p []byte) {
		for ; len(p) > 0; p = p[8:] {
			t.below = append(t.below, binary.LittleEndian.Uint64(p))
		}
	})
}

func (d *indexReader) lists(*Index) (err error) {
	if d.literals, err = d.numbers(); err == nil {
		d.networks, err = d.numbers()
	}
	return err
}

// end reads the sum.
func (d *indexReader) end(*Index) error {
	sum := d.sum
	if err := d.read(d.buf[:4]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(d.buf) != sum {
		return errIndexFile("damaged")
	}
	if d.left > 0 {
		return errIndexFile("something stands behind it")
	}
	return nil
}

// check follows whatever points to something, and makes what was not kept.
func (d *indexReader) check(x *Index) error {
	names, err := x.names.pool.entries()
	if err != nil {
		return err
	}
	known := func(n uint32) bool {
		r := x.rows.at(n)
		if n := r.name; n&inPool != 0 && !names.has(n&^inPool) || n&inPool == 0 && int64(n) >= int64(len(x.names.phrases.list)) {
			return false
		}
		return int(r.typ) < len(x.types) && int64(r.about) < int64(len(x.about)) && int64(r.hash) <= int64(len(x.indicated))
	}
	records, err := x.values.entries(func(row uint32) bool { return int64(row) < int64(x.rows.n) && known(row) })
	if err != nil {
		return err
	}
	if err := x.table.check(records); err != nil {
		return err
	}
	for i := range x.complex {
		if row := x.complex[i].row; int64(row) >= int64(x.rows.n) || !known(row) {
			return errIndexFile("a pattern is of no indicator")
		}
	}
	if err := x.values.relist(d.literals, d.networks, records); err != nil {
		return err
	}
	keep := func(uint32) bool { return true }
	x.networks, x.literals = newNetworks(&x.values, keep), newLiterals(&x.values, keep)
	return nil
}

// places tell where in a pool something begins, one bit a byte.
type places []uint64

func (p *pool) places() places { return make(places, len(p.chunks)*(poolChunk/64)) }

func (p places) add(at uint32) { p[at/64] |= 1 << (at % 64) }
func (p places) has(at uint32) bool {
	return int64(at/64) < int64(len(p)) && p[at/64]&(1<<(at%64)) != 0
}

// entries returns where in the pool entries begin.
func (p *pool) entries() (places, error) {
	found := p.places()
	for i, c := range p.chunks {
		for off := 0; off < len(c); {
			n, k := binary.Uvarint(c[off:])
			if k <= 0 || n > uint64(len(c)-off-k) || off >= poolChunk {
				return nil, errIndexFile("a name is cut off")
			}
			found.add(uint32(i*poolChunk + off))
			off += k + int(n)
		}
	}
	return found, nil
}

// entries returns where the records are of rows that are known. Each leads to
// one that stands before it, or to none.
func (v *values) entries(known func(row uint32) bool) (places, error) {
	found := v.pool.places()
	for i, c := range v.pool.chunks {
		for off := 0; off < len(c); {
			r := record(c[off:])
			if len(r) <= recordHead || off >= poolChunk {
				return nil, errIndexFile("a value is cut off")
			}
			n, k := binary.Uvarint(r[recordHead:])
			if k <= 0 || n == 0 || n > uint64(len(r)-recordHead-k) {
				return nil, errIndexFile("a value is cut off")
			}
			at := uint32(i*poolChunk + off)
			if next := r.next(); next > at || next != 0 && !found.has(next-1) {
				return nil, errIndexFile("a value leads nowhere")
			}
			if known(r.row()) {
				found.add(at)
			}
			off += recordHead + k + int(n)
		}
	}
	return found, nil
}

// check holds a table that was read to what find and the filter need.
func (t *table) check(records places) error {
	n := len(t.slots)
	if n == 0 || n&(n-1) != 0 {
		return errIndexFile("the table is of another size")
	}
	full := true
	for _, s := range t.slots {
		if s == 0 {
			full = false
		} else if !records.has(s - 1) {
			return errIndexFile("the table leads nowhere")
		}
	}
	if full {
		return errIndexFile("the table is full")
	}
	return nil
}

// relist lists the values that newLiterals and newNetworks take, so that these
// can.
func (v *values) relist(literals, networks []uint32, records places) error {
	for _, at := range literals {
		if !records.has(at) {
			return errIndexFile("a literal leads nowhere")
		}
		r := v.at(at)
		value := r.bytes()
		if _, n := anchorOf(r.kind(), value); n < minAnchor || len(value) > math.MaxUint16 || r.kind() == observable.RegKey && bytes.IndexByte(value, '\\') < 0 {
			return errIndexFile("a literal cannot be looked for")
		}
	}
	v.lits = literals
	last := int64(-1)
	for _, at := range networks {
		if !records.has(at) || int64(at) <= last {
			return errIndexFile("a network leads nowhere")
		}
		last = int64(at)
		p, err := netip.ParsePrefix(string(v.at(at).bytes()))
		if err != nil {
			return errIndexFile(err.Error())
		}
		v.nets = append(v.nets, network{p, at})
	}
	return nil
}
