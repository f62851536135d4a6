package evtxtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Sizes of the EVTX file format.
const (
	fileHeaderSize  = 4096
	chunkSize       = 65536
	chunkHeaderSize = 512
	maxChunks       = 65535 // the file header counts them in 16 bits
)

var le = binary.LittleEndian

// A Writer writes one EVTX file.
type Writer struct {
	w      io.WriteSeeker
	c      chunk
	chunks int
	number uint64 // of records written
	nextID uint64
	err    error
}

// NewWriter returns a Writer that writes a file to w, from w's start. The file
// is complete once Close has returned.
func NewWriter(w io.WriteSeeker) *Writer {
	wr := &Writer{w: w, nextID: 1}
	wr.c.reset()
	return wr
}

// Write adds one record. It fails when a value cannot be encoded or the record
// does not fit a chunk; the file goes on without that record. An error of the
// underlying writer is final.
func (w *Writer) Write(e Event) error {
	if w.err != nil {
		return w.err
	}
	id := e.RecordID
	if id == 0 {
		id = w.nextID
	}
	err := w.c.add(&e, w.number+1, id)
	if errors.Is(err, errFull) && w.c.records > 0 {
		if err := w.flush(); err != nil {
			return err
		}
		err = w.c.add(&e, w.number+1, id)
	}
	if err != nil {
		return fmt.Errorf("record %d: %w", id, err)
	}
	w.number++
	w.nextID = id + 1
	return nil
}

// Close completes the file. It does not close the underlying writer.
func (w *Writer) Close() error {
	if w.err == nil && (w.c.records > 0 || w.chunks == 0) {
		w.flush()
	}
	if w.err != nil {
		return w.err
	}
	h := make([]byte, fileHeaderSize)
	copy(h, "ElfFile\x00")
	le.PutUint64(h[16:], uint64(w.chunks-1)) // last chunk
	le.PutUint64(h[24:], w.nextID)
	le.PutUint32(h[32:], 128) // size of the header's used part
	le.PutUint16(h[36:], 1)   // version 3.1
	le.PutUint16(h[38:], 3)
	le.PutUint16(h[40:], fileHeaderSize)
	le.PutUint16(h[42:], uint16(w.chunks))
	le.PutUint32(h[124:], crc32.ChecksumIEEE(h[:120]))
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return w.fail(err)
	}
	if _, err := w.w.Write(h); err != nil {
		return w.fail(err)
	}
	_, err := w.w.Seek(0, io.SeekEnd)
	return w.fail(err)
}

func (w *Writer) fail(err error) error {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write event log: %w", err)
	}
	return w.err
}

// flush writes the chunk and starts the next.
func (w *Writer) flush() error {
	if w.chunks == maxChunks {
		return w.fail(errors.New("the log has as many chunks as its header can count"))
	}
	if w.chunks == 0 {
		if _, err := w.w.Seek(0, io.SeekStart); err != nil {
			return w.fail(err)
		}
		if _, err := w.w.Write(make([]byte, fileHeaderSize)); err != nil {
			return w.fail(err)
		}
	}
	if _, err := w.w.Write(w.c.finish()); err != nil {
		return w.fail(err)
	}
	w.chunks++
	w.c.reset()
	return nil
}

// Bytes returns a whole file that holds events.
func Bytes(events ...Event) ([]byte, error) {
	var m memory
	w := NewWriter(&m)
	for _, e := range events {
		if err := w.Write(e); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return m.data, nil
}

// memory is a file in memory.
type memory struct {
	data []byte
	pos  int
}

func (m *memory) Write(p []byte) (int, error) {
	n := copy(m.data[m.pos:], p)
	m.data = append(m.data, p[n:]...)
	m.pos += len(p)
	return len(p), nil
}

// Seek knows the two places that Writer goes to: the start and the end.
func (m *memory) Seek(_ int64, whence int) (int64, error) {
	m.pos = 0
	if whence == io.SeekEnd {
		m.pos = len(m.data)
	}
	return int64(m.pos), nil
}
