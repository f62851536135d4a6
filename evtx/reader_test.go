package evtx_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/tocsin-project/tocsin/evtx"
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

func manyEvents(n int) []evtxtest.Event {
	events := make([]evtxtest.Event, n)
	for i := range events {
		events[i] = sample()
		events[i].Data = []evtxtest.Data{{Name: "Image", Value: `C:\Windows\System32\cmd.exe`}, {Name: "N", Value: uint32(i)}}
	}
	return events
}

func TestReader(t *testing.T) {
	const n = 1000
	file := logFile(t, manyEvents(n)...)
	chunks := (len(file) - evtx.HeaderSize) / evtx.ChunkSize
	edit := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(file)) }
	for _, c := range []struct {
		name    string
		file    []byte
		err     error
		least   uint64 // records
		damaged uint64
	}{
		{"sound", file, nil, n, 0},
		{"empty", nil, evtx.ErrFormat, 0, 0},
		{"another file", bytes.Repeat([]byte("log line\n"), 1000), evtx.ErrFormat, 0, 0},
		{"header alone", file[:evtx.HeaderSize], nil, 0, 0},
		{"cut within the header", file[:200], nil, 0, 1},
		{"cut within the chunk header", file[:evtx.HeaderSize+100], nil, 0, 1},
		{"cut within a chunk", file[:evtx.HeaderSize+evtx.ChunkSize+1000], nil, 50, 2},
		{"header signature", edit(func(b []byte) []byte { b[0] = 0; return b }), nil, n, 1},
		{"header checksum", edit(func(b []byte) []byte { b[24]++; return b }), nil, n, 1},
		{"header counts", edit(func(b []byte) []byte { copy(b[16:32], make([]byte, 16)); copy(b[124:], []byte{0, 0, 0, 0}); return b }), nil, n, 0},
		{"unused chunks", append(bytes.Clone(file), make([]byte, 3*evtx.ChunkSize)...), nil, n, 0},
		{"a chunk overwritten", edit(func(b []byte) []byte {
			copy(b[evtx.HeaderSize:], bytes.Repeat([]byte{0xaa}, evtx.ChunkSize))
			return b
		}), nil, n * uint64(chunks-2) / uint64(chunks), 2},
	} {
		r, err := evtx.NewReader(iotest.HalfReader(bytes.NewReader(c.file)))
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", c.name, err, c.err)
		}
		if err != nil {
			continue
		}
		last := int64(0)
		records := uint64(0)
		for rec := range r.Records() {
			records++
			if rec.Offset <= last || !bytes.HasPrefix(c.file[rec.Offset:], []byte{0x2a, 0x2a, 0, 0}) {
				t.Fatalf("%s: record %d at %d", c.name, rec.ID, rec.Offset)
			}
			last = rec.Offset
		}
		s := r.Stats()
		if records < c.least || s.Records != records || s.Damaged != c.damaged || r.Err() != nil {
			t.Errorf("%s: %d records, %+v, %v", c.name, records, s, r.Err())
		}
	}
}

func TestReaderBreak(t *testing.T) {
	r, err := evtx.NewReader(bytes.NewReader(logFile(t, manyEvents(1000)...)))
	if err != nil {
		t.Fatal(err)
	}
	var first, second uint64
	for rec := range r.Records() {
		first = rec.ID
		break
	}
	for rec := range r.Records() {
		second = rec.ID
		break
	}
	if first != 1 || second <= 1 || r.Stats().Records != 2 {
		t.Errorf("records %d and %d, %+v", first, second, r.Stats())
	}
}

func TestReaderError(t *testing.T) {
	failed := errors.New("no such sector")
	file := logFile(t, manyEvents(10)...)
	r, err := evtx.NewReader(io.MultiReader(bytes.NewReader(file), iotest.ErrReader(failed)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range r.Records() {
		n++
	}
	if n != 10 || !errors.Is(r.Err(), failed) {
		t.Errorf("%d records, %v", n, r.Err())
	}
	if _, err := evtx.NewReader(iotest.ErrReader(failed)); !errors.Is(err, failed) {
		t.Error(err)
	}
}
