package intel

import (
	"bufio"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"slices"
)

// An Index that is kept in a file is
//
//	magic [8]byte, version uint32
//	sections, each a length in bytes as uint64 and that many bytes:
//	  head, rows, values, names, slots, fingerprints, below, literals, networks
//	CRC-32C uint32 of all that stands before it
//
// in little endian. The head has all that is small or of many lengths; values
// and names are chunks of pools, each a length as uint32 and its bytes; the
// others are arrays. What is quick to make again is not kept: the tries of
// networks, the grams of literals, patterns other than as text.

const (
	indexMagic = "tocsinix"
	// indexVersion is raised when the form changes, and when a Builder makes
	// other values of the same indicators.
	indexVersion = 1
	rowSize      = 46
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// WriteTo implements io.WriterTo: ReadIndex reads what it writes. The same Index
// is written alike each time.
func (x *Index) WriteTo(w io.Writer) (int64, error) {
	e := &indexWriter{w: w}
	e.b = bufio.NewWriterSize(writerFunc(e.through), 64<<10)
	e.b.WriteString(indexMagic)
	e.u32(indexVersion)
	head := x.appendHead(nil)
	e.u64(uint64(len(head)))
	e.b.Write(head)
	e.rows(x)
	e.pool(&x.values.pool)
	e.pool(&x.names.pool)
	e.words(x.table.slots)
	if f := x.table.filter; f == nil {
		e.u64(0)
	} else {
		e.u64(uint64(len(f.Fingerprints)))
		e.b.Write(f.Fingerprints)
	}
	e.u64(8 * uint64(len(x.table.below)))
	for _, w := range x.table.below {
		e.u64(w)
	}
	literals := make([]uint32, len(x.literals.list))
	for i := range literals {
		literals[i] = x.literals.list[i].at
	}
	e.words(literals)
	e.words(x.networks.all())
	e.b.Flush()
	e.u32(e.sum)
	e.b.Flush()
	return e.n, e.err
}

// An indexWriter writes an Index and sums up what it wrote.
type indexWriter struct {
	w   io.Writer
	b   *bufio.Writer // to through
	sum uint32
	n   int64
	err error
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func (e *indexWriter) through(p []byte) (int, error) {
	n, err := e.w.Write(p)
	e.sum = crc32.Update(e.sum, castagnoli, p[:n])
	e.n += int64(n)
	e.err = err
	return n, err
}

func (e *indexWriter) u32(v uint32) {
	e.b.Write(binary.LittleEndian.AppendUint32(e.b.AvailableBuffer(), v))
}

func (e *indexWriter) u64(v uint64) {
	e.b.Write(binary.LittleEndian.AppendUint64(e.b.AvailableBuffer(), v))
}

func (e *indexWriter) words(list []uint32) {
	e.u64(4 * uint64(len(list)))
	for _, v := range list {
		e.u32(v)
	}
}

func (e *indexWriter) pool(p *pool) {
	n := 0
	for _, c := range p.chunks {
		n += 4 + len(c)
	}
	e.u64(uint64(n))
	for _, c := range p.chunks {
		e.u32(uint32(len(c)))
		e.b.Write(c)
	}
}

// rows writes what of the rows is needed once the versions are told apart.
func (e *indexWriter) rows(x *Index) {
	e.u64(uint64(x.rows.n) * rowSize)
	for i := range uint32(x.rows.n) {
		r := x.rows.at(i)
		b := append(e.b.AvailableBuffer(), r.id[:]...)
		b = binary.LittleEndian.AppendUint64(b, uint64(r.from))
		b = binary.LittleEndian.AppendUint64(b, uint64(r.until))
		b = binary.LittleEndian.AppendUint32(b, r.name)
		b = binary.LittleEndian.AppendUint32(b, r.about)
		b = binary.LittleEndian.AppendUint32(b, r.hash)
		e.b.Write(append(b, r.typ, packed(r.dead, r.revoked, r.used)))
	}
}

func packed(list ...bool) (b byte) {
	for i, set := range list {
		if set {
			b |= 1 << i
		}
	}
	return b
}

// all returns where the records of all networks are, in the order they came.
func (n *networks) all() []uint32 {
	var list []uint32
	for _, first := range n.trie.All() {
		for at := first; at != 0; at = n.values.at(at - 1).next() {
			list = append(list, at-1)
		}
	}
	slices.Sort(list)
	return list
}

func appendText[T ~string](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts[T ~string](b []byte, list []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

func appendNumbers(b []byte, list []uint32) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, n := range list {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// appendHead appends the first section, which indexReader.head reads.
func (x *Index) appendHead(b []byte) []byte {
	b = appendTexts(b, x.types)
	b = appendTexts(b, x.names.phrases.list)
	b = binary.AppendUvarint(b, uint64(len(x.oddIDs)))
	for _, n := range slices.Sorted(maps.Keys(x.oddIDs)) {
		b = appendText(binary.AppendUvarint(b, uint64(n)), x.oddIDs[n])
	}
	b = binary.AppendUvarint(b, uint64(len(x.about)))
	for i := range x.about {
		b = x.about[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(x.things)))
	for i := range x.things {
		t := &x.things[i]
		b = append(appendText(appendText(appendText(b, t.ID), t.Name), t.External), packed(t.revoked))
	}
	b = binary.AppendUvarint(b, uint64(len(x.behind)))
	for _, n := range slices.Sorted(maps.Keys(x.behind)) {
		b = appendNumbers(binary.AppendUvarint(b, uint64(n)), x.behind[n])
	}
	b = binary.AppendUvarint(b, uint64(len(x.indicated)))
	for _, list := range x.indicated {
		b = appendNumbers(b, list)
	}
	b = binary.AppendUvarint(b, uint64(len(x.complex)))
	for i := range x.complex {
		b = appendText(binary.AppendUvarint(b, uint64(x.complex[i].row)), x.complex[i].pattern.String())
	}
	b = x.stats.append(b)
	t := x.table
	b = append(binary.LittleEndian.AppendUint64(b, t.seed), packed(t.urls, t.oddHosts))
	if f := t.filter; f != nil {
		b = binary.LittleEndian.AppendUint64(b, f.Seed)
		b = binary.AppendUvarint(b, uint64(f.SegmentLength))
		b = binary.AppendUvarint(b, uint64(f.SegmentCount))
	}
	return b
}

func (a *about) append(b []byte) []byte {
	b = appendTexts(appendText(b, a.source), a.markings)
	b = append(binary.AppendVarint(b, int64(a.confidence)), packed(a.benign))
	b = binary.AppendUvarint(b, uint64(len(a.phases)))
	for _, p := range a.phases {
		b = appendText(appendText(b, p.KillChainName), p.PhaseName)
	}
	return appendTexts(b, a.techniques)
}

// append appends what tally does not count again.
func (s *Stats) append(b []byte) []byte {
	for _, n := range []int{s.Observables, s.Networks, s.Literals, s.Patterns, s.Superseded, s.OtherKinds, s.Unusable, len(s.Problems)} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, p := range s.Problems {
		b = appendText(appendText(b, p.ID), p.Reason)
	}
	return b
}
