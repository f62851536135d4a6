package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/evtx"
)

// evtxFormat is the Windows event log file. Its chunks do not depend on each
// other; a block is the chunks that fit.
var evtxFormat = format{
	name:   "evtx",
	binary: true,
	detect: func(head []byte, _ string) (string, bool) {
		return "", bytes.HasPrefix(head, fileMagic) || bytes.HasPrefix(head, chunkMagic) ||
			len(head) > evtx.HeaderSize && bytes.HasPrefix(head[evtx.HeaderSize:], chunkMagic) // the file header is damaged
	},
	split: func(s *splitState, buf []byte, end bool) int {
		if end {
			return len(buf)
		}
		start := 0
		if s.state == nil {
			start = evtxStart(buf)
		}
		chunks := (len(buf) - start) / evtx.ChunkSize
		if chunks <= 0 {
			return 0
		}
		s.state = true
		return start + chunks*evtx.ChunkSize
	},
	parse: func(p *Parser, b *Block) {
		state(p, "evtx", newEVTXReader).block(b)
	},
}

var (
	fileMagic  = []byte("ElfFile\x00")
	chunkMagic = []byte("ElfChnk\x00")
)

// evtxStart returns where the first chunk of a file that starts with buf
// stands: behind the file header, unless the file is a chunk carved out.
func evtxStart(buf []byte) int {
	if bytes.HasPrefix(buf, chunkMagic) {
		return 0
	}
	return evtx.HeaderSize
}

// An evtxReader reads blocks of chunks.
type evtxReader struct {
	p       *Parser
	decoder *evtx.Decoder
	emit    func(*evtx.Record)
	offset  int64 // of the chunk

	channel []byte // of the last record
	origin  *event.Origin
}

func newEVTXReader(p *Parser) *evtxReader {
	r := &evtxReader{p: p, origin: p.windowsOrigin(nil)}
	r.decoder = evtx.NewDecoder(func(name string) uint32 { return uint32(p.names.LookupString(name)) })
	if p.json {
		r.decoder.WriteJSON(event.AppendJSONString[[]byte])
	}
	r.emit = r.record
	return r
}

// block reads the chunks of b.
func (r *evtxReader) block(b *Block) {
	data, at := b.Data, 0
	if b.Offset == 0 {
		at = evtxStart(data)
	}
	if at > len(data) {
		r.p.damaged(0, b.Offset, "the file ends within its header")
	}
	for at < len(data) {
		chunk := data[at:min(at+evtx.ChunkSize, len(data))]
		r.offset = b.Offset + int64(at)
		stats := r.decoder.Chunk(chunk, r.emit)
		r.p.stats.Damaged += stats.Lost
		for _, d := range stats.Damage {
			if len(r.p.stats.Problems) < maxProblems {
				r.p.stats.Problems = append(r.p.stats.Problems, Problem{Offset: r.offset + d.Offset, Record: d.Record, Reason: d.Reason})
			}
		}
		at += len(chunk)
	}
}

// record hands a record on.
func (r *evtxReader) record(rec *evtx.Record) {
	ev := r.p.begin(rec.ID, r.offset+rec.Offset)
	for i := range rec.Fields {
		f := &rec.Fields[i]
		ev.Add(event.ID(f.Tag), f.Name, f.Value, event.Kind(f.Kind))
	}
	ev.JSON = rec.JSON
	ev.Time, ev.Host = rec.Time, rec.Computer
	if ev.Time == evtx.NoTime {
		ev.Time = rec.Written
	}
	if !bytes.Equal(rec.Channel, r.channel) {
		r.channel = append(r.channel[:0], rec.Channel...)
		r.origin = r.p.windowsOrigin(r.channel)
	}
	r.p.hand(r.origin)
}

// The kinds and the missing time of the two packages are the same numbers.
var (
	_ = [1]struct{}{}[evtx.NoTime-event.NoTime]
	_ = [1]struct{}{}[int(evtx.String)-int(event.String)]
	_ = [1]struct{}{}[int(evtx.Number)-int(event.Number)]
	_ = [1]struct{}{}[int(evtx.Bool)-int(event.Bool)]
	_ = [1]struct{}{}[int(evtx.Null)-int(event.Null)]
)
