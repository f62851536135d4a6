package evtx

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// A Reader reads a file from start to end, in the order of the file: a log
// that has wrapped around starts with newer records than it ends with.
type Reader struct {
	r      io.Reader
	d      *Decoder
	header Header
	buf    []byte
	held   int   // bytes of the next chunk that are in buf already
	at     int64 // offset of the next chunk
	stats  Stats
	err    error
}

// NewReader reads the file header from r. It fails with ErrFormat when r has
// neither a file header nor, where the first chunk should be, a chunk. A
// damaged header is noted and the file read.
func NewReader(r io.Reader) (*Reader, error) {
	e := &Reader{r: r, d: NewDecoder(nil), buf: make([]byte, ChunkSize), at: HeaderSize}
	n, err := io.ReadFull(r, e.buf[:HeaderSize])
	if err != nil && !short(err) {
		return nil, fmt.Errorf("read event log header: %w", err)
	}
	var bad error
	if e.header, bad = ParseHeader(e.buf[:n]); bad == nil {
		if !e.header.ChecksumOK {
			e.stats.note(0, 0, "file header checksum wrong; read all the same")
		}
		if n < HeaderSize {
			e.stats.note(0, 0, "the file ends within its header")
		}
		return e, nil
	}
	e.held, err = io.ReadFull(r, e.buf[:8])
	if err != nil && !short(err) {
		return nil, fmt.Errorf("read event log header: %w", err)
	}
	if string(e.buf[:e.held]) != "ElfChnk\x00" {
		return nil, bad
	}
	e.stats.note(0, 0, "file header signature missing; read all the same")
	return e, nil
}

func short(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// Header returns the file header; its zero value when that is damaged.
func (e *Reader) Header() Header { return e.header }

// Records returns the records that are left. A record is valid only until the
// next. Who breaks off loses the rest of the chunk that the record was in.
func (e *Reader) Records() iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for e.err == nil {
			n, err := io.ReadFull(e.r, e.buf[e.held:])
			n, e.held = n+e.held, 0
			if err != nil {
				e.err = err
				if n == 0 {
					return
				}
			}
			base, stop := e.at, false
			stats := e.d.chunk(e.buf[:n], func(r *Record) bool {
				r.Offset += base
				stop = !yield(r)
				return !stop
			})
			e.at += int64(n)
			e.add(stats, base)
			if stop {
				return
			}
		}
	}
}

func (e *Reader) add(s Stats, base int64) {
	e.stats.Records += s.Records
	e.stats.Lost += s.Lost
	e.stats.Damaged += s.Damaged
	for _, m := range s.Damage {
		if len(e.stats.Damage) < maxDamage {
			m.Offset += base
			e.stats.Damage = append(e.stats.Damage, m)
		}
	}
}

// Stats returns what became of the chunks read so far.
func (e *Reader) Stats() Stats { return e.stats }

// Err returns the error of the underlying reader that ended Records early.
// Damage is no error; Stats tells it.
func (e *Reader) Err() error {
	if e.err == nil || short(e.err) {
		return nil
	}
	return fmt.Errorf("read event log: %w", e.err)
}
