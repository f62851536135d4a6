package evtx

import (
	"bytes"
	"hash/crc32"
)

const (
	chunkHeaderSize  = 512
	recordHeaderSize = 24
	minRecordSize    = recordHeaderSize + 4
)

// unused is a chunk that Windows has set aside and not used yet.
var unused [ChunkSize]byte

// recordMagic starts each record.
var recordMagic = []byte{0x2a, 0x2a, 0, 0}

// A span is a range of bytes of the chunk.
type span struct{ pos, end int }

// A Decoder decodes chunks, one after the other. It keeps its buffers and the
// templates it has compiled from chunk to chunk, all bounded. A Decoder must
// not be used by two goroutines at once.
type Decoder struct {
	names    schema
	cache    templates
	data     []byte // the chunk
	rec      Record
	fields   []Field // of the record: the first n
	n        int
	json     []byte // the fields of the record as JSON, while writing
	quote    func(dst, s []byte) []byte
	writing  bool     // fields go to json
	last     int      // while writing: the number of the last name
	at       int      // where its value starts in json
	list     bool     // where an array of values is open
	seen     []uint32 // by number of a name: serial of the last record with such a field
	repeated bool     // a name came twice while writing
	blamed   bool     // and its template is marked
	serial   uint32   // counts records, for memos and names
	out      []byte   // arena of the record's values
	text     []byte   // literal text of elements without template
	values   []value
	scratch  []byte // one value on its way into XML
	direct   program
	compiler compiler
	clock    clock
	work     int // steps left for the record
	budget   int // steps left for the chunk
	dropped  string
	stats    Stats
}

// NewDecoder returns a Decoder. It calls resolve once for each field name that
// it meets (again when its bounded table of names has been emptied) and puts
// the result into Field.Tag; nil leaves Tag 0.
func NewDecoder(resolve func(name string) uint32) *Decoder {
	d := &Decoder{}
	d.rec.d = d
	d.names.resolve = resolve
	d.names.reset()
	d.cache.reset()
	return d
}

// Chunk decodes one chunk: ChunkSize bytes, or fewer when the file was cut. It
// calls emit for each record in order. The record, and the slices of the
// result, are valid only until emit returns or Chunk is called again. A chunk
// of zeros, as Windows keeps for later use, has no records and no damage.
func (d *Decoder) Chunk(data []byte, emit func(*Record)) Stats {
	return d.chunk(data, func(r *Record) bool {
		emit(r)
		return true
	})
}

func (d *Decoder) chunk(data []byte, yield func(*Record) bool) Stats {
	d.stats = Stats{Damage: d.stats.Damage[:0]}
	data = data[:min(len(data), ChunkSize)]
	if len(data) < ChunkSize {
		d.stats.note(0, 0, "the file ends within the chunk; its rest is lost")
	}
	if len(data) < chunkHeaderSize {
		return d.stats
	}
	used := len(data)
	if string(data[:8]) == "ElfChnk\x00" {
		used = d.header(data)
	} else if bytes.Equal(data, unused[:len(data)]) {
		return d.stats
	} else {
		d.stats.note(0, 0, "chunk signature missing; its records are looked for all the same")
	}
	d.begin(data)
	d.records(used, yield)
	return d.stats
}

// begin takes the chunk in hand.
func (d *Decoder) begin(data []byte) {
	d.data, d.budget = data, maxChunkWork
	if d.names.crowded() || d.cache.crowded() {
		// Programs point at names, so both go together.
		d.names.reset()
		d.cache.reset()
	}
	d.cache.newChunk()
}

// header checks what the chunk header says and returns where the records end.
func (d *Decoder) header(data []byte) int {
	h := data[:chunkHeaderSize]
	if want := le.Uint32(h[124:]); want != 0 {
		sum := crc32.Update(crc32.ChecksumIEEE(h[:120]), crc32.IEEETable, h[128:])
		if sum != want {
			d.stats.note(0, 0, "chunk header checksum wrong; read all the same")
		}
	}
	free := int64(le.Uint32(h[48:]))
	if free < chunkHeaderSize || free > ChunkSize {
		d.stats.note(0, 0, "end of records lies outside the chunk; they are looked for to its end")
		return len(data)
	}
	if free > int64(len(data)) { // cut, which has been noted
		return len(data)
	}
	if want := le.Uint32(h[52:]); want != 0 && want != crc32.ChecksumIEEE(data[chunkHeaderSize:free]) {
		d.stats.note(0, 0, "records checksum wrong; read all the same")
	}
	return int(free)
}

// records walks the records up to used. In a log that was not closed cleanly
// good records may follow beyond it: those that continue the numbering are
// read too, others are leftovers of an earlier use of the chunk.
func (d *Decoder) records(used int, yield func(*Record) bool) {
	pos, last := chunkHeaderSize, uint64(0)
	for pos+minRecordSize <= len(d.data) {
		size, ok := d.recordSize(pos)
		if pos >= used && (!ok || le.Uint64(d.data[pos+8:]) != last+1) {
			return
		}
		if !ok {
			if used == len(d.data) && bytes.Equal(d.data[pos:], unused[:used-pos]) {
				return // the end was not known
			}
			next := d.resync(pos+1, used)
			d.stats.Lost++
			d.stats.note(pos, 0, "no record where one should be; skipped to the next")
			pos = next
			continue
		}
		last = le.Uint64(d.data[pos+8:])
		if d.record(pos, size) && !yield(&d.rec) {
			return
		}
		pos += size
	}
}

// recordSize returns the size of the record at pos; false when there is none
// that fits the chunk.
func (d *Decoder) recordSize(pos int) (int, bool) {
	if !bytes.HasPrefix(d.data[pos:], recordMagic) {
		return 0, false
	}
	size := int64(le.Uint32(d.data[pos+4:]))
	return int(size), size >= minRecordSize && size <= int64(len(d.data)-pos)
}

// resync returns the next place from pos where a record stands whose two
// sizes agree, or the end.
func (d *Decoder) resync(pos, used int) int {
	for {
		i := bytes.Index(d.data[pos:used], recordMagic)
		if i < 0 || pos+i+minRecordSize > used {
			return len(d.data)
		}
		pos += i
		if size, ok := d.recordSize(pos); ok && int(le.Uint32(d.data[pos+size-4:])) == size {
			return pos
		}
		pos++
	}
}

// record decodes the record of size bytes at pos into d.rec.
func (d *Decoder) record(pos, size int) bool {
	b := d.data[pos : pos+size]
	r := &d.rec
	*r = Record{
		ID:      le.Uint64(b[8:]),
		Written: unixTime(le.Uint64(b[16:])),
		Offset:  int64(pos),
		d:       d,
		body:    span{pos + recordHeaderSize, pos + size - 4},
	}
	if int(le.Uint32(b[size-4:])) != size {
		d.stats.note(pos, r.ID, "the record's two sizes differ; read all the same")
	}
	d.serial++
	d.dropped = ""
	d.writing = d.quote != nil
	err := d.decode(r.body)
	if d.writing && d.repeated {
		d.writing = false
		err = d.decode(r.body)
	}
	if d.writing {
		d.json = d.closeList(d.json)
		r.JSON = d.json
	} else {
		r.Fields = d.fields[:d.n:d.n]
	}
	if err == nil && d.n == 0 {
		err = errEmpty
	}
	if err != nil {
		d.stats.Lost++
		d.stats.note(pos, r.ID, err.Error())
		return false
	}
	if d.dropped != "" {
		d.stats.note(pos, r.ID, d.dropped)
	}
	d.stats.Records++
	return true
}

// decode reads the fields of the record whose BinXml is body.
func (d *Decoder) decode(body span) error {
	d.out, d.text, d.values, d.json, d.n = d.out[:0], d.text[:0], d.values[:0], d.json[:0], 0
	d.repeated, d.blamed, d.list, d.last = false, false, false, -1
	r := &d.rec
	r.Time, r.EventID, r.Channel, r.Computer, r.Provider = NoTime, nil, nil, nil, nil
	d.work = min(maxWork, d.budget)
	if d.work <= 0 {
		return errWork
	}
	d.budget -= d.work
	err := d.fragment(body, d.names.root, 0)
	d.budget += d.work
	return err
}
