package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/tocsin-project/tocsin/event"
	"github.com/xi2/xz"
)

// journalFormat is the file of systemd-journald ("Journal File Format",
// systemd.io/JOURNAL_FILE_FORMAT). A file is a header and then objects in
// the order they were written; an entry is an object that lists the offsets
// of its fields, which are objects that stand before it and that entries
// share. Blocks are runs of objects, read in order; fields outside the block
// are read through Block.At and kept in a small cache.
var journalFormat = format{
	name:   "journal",
	binary: true,
	random: true,
	detect: func(head []byte, _ string) (string, bool) {
		_, err := parseJournalHeader(head)
		return "", err == nil
	},
	split: splitJournal,
	parse: func(p *Parser, b *Block) {
		state(p, "journal", newJournalReader).block(b)
	},
}

// Bits of the header's incompatible flags.
const (
	journalXZ      = 1 << 0
	journalLZ4     = 1 << 1
	journalKeyed   = 1 << 2
	journalZstd    = 1 << 3
	journalCompact = 1 << 4
)

// Types of objects, and the flags of how a field is compressed.
const (
	journalData  = 1
	journalEntry = 3
	journalTypes = 7 // the highest

	journalDataXZ   = 1 << 0
	journalDataLZ4  = 1 << 1
	journalDataZstd = 1 << 2
)

// Sizes in bytes.
const (
	journalHeaderMin = 208
	journalObjectMin = 16
	journalEntryMin  = 64
	maxJournalEntry  = 1 << 20 // of one entry object: 65,536 fields
	maxJournalField  = 1 << 20 // of one field, unpacked
	journalExpansion = 64      // times its own size that a block may unpack, beyond one record
)

type journalHeader struct {
	size    uint64 // where objects start
	compact bool
	dataMin uint64 // where the payload of a data object starts
}

var errJournal = errors.New("not a systemd journal file that can be read")

func parseJournalHeader(b []byte) (journalHeader, error) {
	if len(b) < journalHeaderMin || string(b[:8]) != "LPKSHHRH" {
		return journalHeader{}, errJournal
	}
	flags := binary.LittleEndian.Uint32(b[12:])
	h := journalHeader{size: binary.LittleEndian.Uint64(b[88:]), compact: flags&journalCompact != 0, dataMin: 64}
	if flags&^(journalXZ|journalLZ4|journalKeyed|journalZstd|journalCompact) != 0 ||
		h.size < journalHeaderMin || h.size > 1<<16 || h.size%8 != 0 {
		return journalHeader{}, errJournal
	}
	if h.compact {
		h.dataMin = 72
	}
	return h, nil
}

// journalObject reads the object header at the start of b. It returns the
// type, the flags and the size with its padding; false when it is none.
func journalObject(b []byte) (kind, flags byte, size uint64, ok bool) {
	if len(b) < journalObjectMin {
		return 0, 0, 0, false
	}
	kind, flags, size = b[0], b[1], binary.LittleEndian.Uint64(b[8:])
	if kind == 0 || kind > journalTypes || size < journalObjectMin || size > 1<<40 ||
		b[2]|b[3]|b[4]|b[5]|b[6]|b[7] != 0 || kind == journalEntry && (size < journalEntryMin || size > maxJournalEntry) {
		return 0, 0, 0, false
	}
	return kind, flags, (size + 7) &^ 7, true
}

// splitJournal cuts between objects. Only entries must be whole: of what is
// behind the block of another object, the header of the next block tells the
// length.
func splitJournal(s *splitState, buf []byte, end bool) int {
	if end {
		return len(buf)
	}
	i := uint64(0)
	if len(s.header) == 8 {
		i = binary.LittleEndian.Uint64(s.header)
	} else if h, err := parseJournalHeader(buf); err == nil {
		i = h.size
	}
	have := uint64(len(buf)) &^ 7
	for i+journalObjectMin <= have {
		kind, _, size, ok := journalObject(buf[i:])
		if !ok {
			i += 8
			continue
		}
		if kind == journalEntry && i+size > have {
			break
		}
		i += size
	}
	cut := min(i, have)
	s.header = binary.LittleEndian.AppendUint64(nil, i-cut)
	return int(cut)
}

// A journalReader reads blocks of journal files.
type journalReader struct {
	p       *Parser
	file    *File
	header  journalHeader
	flat    flattener
	origin  *event.Origin
	program event.ID
	cache   []journalField
	zstd    *zstd.Decoder
	xz      *xz.Reader
	budget  int // bytes that may still be unpacked for this block
}

// A journalField is one field that was read through Block.At.
type journalField struct {
	file   *File
	offset uint64
	key    *jsonKey
	value  []byte // the whole of it
}

const (
	journalCache      = 4096 // fields
	journalCacheValue = 1024 // bytes of the longest that is kept
)

func newJournalReader(p *Parser) *journalReader {
	return &journalReader{
		p: p, flat: flattener{keys: newKeyTable(&dialect{name: "journal", host: "_HOSTNAME", by: "MESSAGE"}, p.names)},
		origin: p.origin([]byte("linux/syslog")), program: p.names.LookupString("program"), cache: make([]journalField, journalCache),
	}
}

// block reads the entries of b.
func (r *journalReader) block(b *Block) {
	if r.file != b.File {
		head := make([]byte, journalHeaderMin)
		if n, err := b.At.ReadAt(head, 0); n < len(head) {
			r.p.damaged(0, b.Offset, "journal header cannot be read: "+err.Error())
			return
		}
		h, err := parseJournalHeader(head)
		if err != nil {
			r.p.damaged(0, b.Offset, err.Error())
			return
		}
		r.file, r.header = b.File, h
	}
	r.budget = maxRecord + journalExpansion*len(b.Data)
	i := uint64(0)
	if b.Offset == 0 {
		i = r.header.size
	} else if len(b.Header) == 8 {
		i = binary.LittleEndian.Uint64(b.Header)
	}
	data := b.Data
	lost := false
	for i+journalObjectMin <= uint64(len(data)) {
		kind, _, size, ok := journalObject(data[i:])
		if !ok {
			// A file that is written to ends in zeros.
			if zero := binary.LittleEndian.Uint64(data[i:]) == 0; !zero && !lost {
				r.p.damaged(0, b.Offset+int64(i), "damaged journal object: skipped to the next")
				lost = true
			}
			i += 8
			continue
		}
		lost = false
		if kind == journalEntry {
			if i+size > uint64(len(data)) {
				r.p.damaged(0, b.Offset+int64(i), "journal entry is cut off")
				return
			}
			r.entry(b, data[i:i+binary.LittleEndian.Uint64(data[i+8:])], b.Offset+int64(i))
		}
		i += size
	}
}

// entry hands on the entry object o, which stands at offset.
func (r *journalReader) entry(b *Block, o []byte, offset int64) {
	if r.flat.keys.count >= maxKeys {
		r.flat.keys.clear()
		clear(r.cache)
	}
	seqnum, realtime := binary.LittleEndian.Uint64(o[16:]), binary.LittleEndian.Uint64(o[24:])
	ev := r.p.begin(seqnum, offset)
	f := &r.flat
	f.ev, f.host, f.record, f.origin, f.time = ev, nil, nil, nil, nil
	items, step := o[journalEntryMin:], 16
	if r.header.compact {
		step = 4
	}
	unread := 0
	for ; len(items) >= step; items = items[step:] {
		at := uint64(0)
		if r.header.compact {
			at = uint64(binary.LittleEndian.Uint32(items))
		} else {
			at = binary.LittleEndian.Uint64(items)
		}
		if at == 0 {
			continue
		}
		if !r.field(b, at) {
			unread++
		}
		if ev.Truncated || len(r.p.scratch) > maxRecord {
			ev.Truncated = true
			break
		}
	}
	if len(ev.Fields()) == 0 {
		r.p.damaged(seqnum, offset, "none of the journal entry's fields can be read")
		return
	}
	if unread > 0 {
		r.p.damaged(seqnum, offset, "a field of the journal entry cannot be read: the others are kept")
	}
	f.describe()
	if realtime != 0 && realtime < 1<<63/1000 {
		ev.Time = int64(realtime) * 1000
	}
	if string(ev.Value(r.program)) == "sudo" {
		r.p.addSudo(f.origin)
	}
	origin := r.origin
	if bytes.HasPrefix(f.origin, []byte("<Event>")) { // Sysmon for Linux
		if o, err := r.p.eventXML(f.origin); err == nil {
			origin = o
		}
	}
	r.p.hand(origin)
}

// field adds the field whose data object stands at offset of the file.
func (r *journalReader) field(b *Block, offset uint64) bool {
	if in := offset - uint64(b.Offset); in < uint64(len(b.Data)) {
		if o := b.Data[in:]; len(o) >= journalObjectMin {
			if size := binary.LittleEndian.Uint64(o[8:]); size <= uint64(len(o)) {
				value, ok := r.payload(o)
				return ok && r.add(value, nil)
			}
		}
	}
	slot := &r.cache[(offset/8*0x9E3779B97F4A7C15)>>52%journalCache]
	if slot.file != b.File || slot.offset != offset {
		o, ok := r.read(b.At, offset)
		if !ok {
			return false
		}
		value, ok := r.payload(o)
		if !ok || len(value) > journalCacheValue {
			return ok && r.add(value, nil)
		}
		slot.file, slot.offset, slot.key = b.File, offset, nil
		slot.value = append(slot.value[:0], value...)
	}
	// The slot may be taken by another field of the same entry.
	start := len(r.p.scratch)
	r.p.scratch = append(r.p.scratch, slot.value...)
	return r.add(r.p.scratch[start:len(r.p.scratch):len(r.p.scratch)], slot)
}

// add adds the field written as NAME=value.
func (r *journalReader) add(text []byte, slot *journalField) bool {
	n := bytes.IndexByte(text, '=')
	if n < 0 {
		return false
	}
	var key *jsonKey
	if slot != nil && slot.key != nil {
		key = slot.key
	} else {
		key = r.flat.keys.key(&r.flat.keys.root, text[:n], 0)
		if slot != nil && key.kept {
			slot.key = key
		}
	}
	r.flat.add(key, text[n+1:], event.String)
	return true
}

// read reads the object at offset into the event's scratch.
func (r *journalReader) read(at io.ReaderAt, offset uint64) ([]byte, bool) {
	const guess = 256
	start := len(r.p.scratch)
	buf := append(r.p.scratch, make([]byte, guess)...)
	n, _ := at.ReadAt(buf[start:], int64(offset))
	buf = buf[:start+n]
	kind, _, _, ok := journalObject(buf[start:])
	if !ok || kind != journalData {
		return nil, false
	}
	whole := binary.LittleEndian.Uint64(buf[start+8:])
	if whole > maxJournalField+r.header.dataMin {
		return nil, false
	}
	size := int(whole)
	if size > n {
		if n < guess {
			return nil, false // the file ends
		}
		buf = append(buf, make([]byte, size-n)...)
		if k, _ := at.ReadAt(buf[start+n:], int64(offset)+int64(n)); k < size-n {
			return nil, false
		}
	}
	r.p.scratch = buf[:start+size]
	return buf[start : start+size], true
}

// payload returns what the data object o holds, unpacked.
func (r *journalReader) payload(o []byte) ([]byte, bool) {
	kind, flags, _, ok := journalObject(o)
	if !ok || kind != journalData {
		return nil, false
	}
	size := binary.LittleEndian.Uint64(o[8:])
	if size < r.header.dataMin || size > uint64(len(o)) || size > maxJournalField {
		return nil, false
	}
	payload := o[r.header.dataMin:size:size]
	if flags&(journalDataXZ|journalDataLZ4|journalDataZstd) == 0 {
		return payload, true
	}
	start := len(r.p.scratch)
	if r.budget < 0 {
		return nil, false
	}
	out, err := r.unpack(r.p.scratch, payload, flags)
	r.budget -= len(out) - start
	if err != nil {
		return nil, false
	}
	r.p.scratch = out
	return out[start:len(out):len(out)], true
}

// errJournalField is a compressed field that cannot be unpacked.
var errJournalField = errors.New("compressed journal field is damaged or too large")

// unpack appends the text of a compressed payload to dst.
func (r *journalReader) unpack(dst, payload []byte, flags byte) ([]byte, error) {
	start := len(dst)
	switch {
	case flags&journalDataLZ4 != 0:
		if len(payload) < 8 {
			return dst, errJournalField
		}
		size := binary.LittleEndian.Uint64(payload)
		if size > maxJournalField {
			return dst, errJournalField
		}
		return appendLZ4(dst, payload[8:], int(size))
	case flags&journalDataZstd != 0:
		if r.zstd == nil {
			d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxJournalField), zstd.WithDecoderLowmem(true))
			if err != nil {
				return dst, err
			}
			r.zstd = d
		}
		return r.zstd.DecodeAll(payload, dst)
	default:
		in := bytes.NewReader(payload)
		if r.xz == nil {
			x, err := xz.NewReader(in, 1<<23)
			if err != nil {
				return dst, err
			}
			r.xz = x
		} else if err := r.xz.Reset(in); err != nil {
			return dst, err
		}
		for len(dst)-start <= maxJournalField {
			dst = append(dst, make([]byte, 4096)...)
			n, err := r.xz.Read(dst[len(dst)-4096:])
			dst = dst[:len(dst)-4096+n]
			if err == io.EOF {
				return dst, nil
			}
			if err != nil {
				return dst, err
			}
		}
		return dst, errJournalField
	}
}
