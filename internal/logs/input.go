package logs

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes in bytes that bound what is held of one file.
const (
	defaultBlockSize = 256 << 10
	headSize         = 64 << 10 // what a format is recognised from
	maxRecord        = 4 << 20  // a block grows to this to hold one whole record
)

// An Input hands out the blocks of everything that Open was given, in order.
// Its methods may be called from several goroutines.
type Input struct {
	opts    Options
	sources []source
	total   int64
	opened  int64 // nanoseconds since 1970
	done    atomic.Int64

	mu      sync.Mutex
	next    int        // index in sources
	top     *disk      // the source being read
	stack   []*archive // archives being read, outermost first
	cur     *stream    // the file being cut into blocks
	files   []*File
	seq     uint64
	carry   []byte // reused: read but not yet handed out
	peek    [maxLayers + 2]*bufio.Reader
	unpack  unpackers
	spooled map[*os.File]struct{} // unpacked to disk
	closed  bool
	whole   bool // NextFile is called, not Next
}

// A stream is one file being cut into blocks.
type stream struct {
	file    *File
	r       io.Reader // unpacked, in UTF-8 where the format is text
	closer  func()
	state   splitState
	offset  int64
	line    uint64
	skipped int64 // dropped after what was handed out
	eof     bool
	hold    *heldFile
}

// Open lists what paths name: files, folders (with all that is in them, in
// the order of their names), globs, and "-" for opts.Stdin. Nothing is read
// yet. What cannot be listed becomes a File with a Problem; Open fails only
// when none of the paths names anything.
func Open(paths []string, opts Options) (*Input, error) {
	opts.BlockSize = cmp.Or(opts.BlockSize, defaultBlockSize)
	opts.MaxRatio = cmp.Or(opts.MaxRatio, 500)
	opts.MaxSpool = cmp.Or(opts.MaxSpool, 4<<30)
	in := &Input{opts: opts, sources: list(paths, opts.Except), spooled: map[*os.File]struct{}{}, opened: time.Now().UnixNano()}
	missing := 0
	for _, s := range in.sources {
		in.total += s.size
		if s.missing {
			missing++
		}
	}
	if missing == len(in.sources) {
		if missing == 0 {
			return nil, fmt.Errorf("nothing to read: no file in %s", strings.Join(paths, ", "))
		}
		return nil, fmt.Errorf("nothing to read: %s: %w", in.sources[0].path, in.sources[0].problem)
	}
	return in, nil
}

// Files returns every file met so far, in input order. They are complete
// once Next has returned io.EOF.
func (in *Input) Files() []*File {
	in.mu.Lock()
	defer in.mu.Unlock()
	return slices.Clone(in.files)
}

// Progress returns how many bytes on disk have been read, and how many there
// are in all (0 when only standard input is read).
func (in *Input) Progress() (done, total int64) { return in.done.Load(), in.total }

// Next fills b with the next block, reusing its buffer, and returns io.EOF
// when there is none. What b held before is released: the caller is done
// with it. Problems of single files are told in Files, not here; after Close
// the error is os.ErrClosed.
func (in *Input) Next(b *Block) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	b.release()
	for {
		if in.closed {
			return os.ErrClosed
		}
		if in.cur == nil {
			if !in.advance() {
				*b = Block{buf: b.buf}
				return io.EOF
			}
			continue
		}
		if in.fill(b) {
			b.Seq = in.seq
			in.seq++
			return nil
		}
	}
}

// NextFile returns the next file as a whole, in place of its blocks: taken out
// of what it was packed in, UTF-16 made UTF-8, whatever its format. Its Format
// is set when only logs have it. What it yields ends with the next call. The error is io.EOF when there is none left.
func (in *Input) NextFile() (*File, io.Reader, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.whole = true
	in.endStream()
	for in.cur == nil {
		if in.closed {
			return nil, nil, os.ErrClosed
		}
		if !in.advance() {
			return nil, nil, io.EOF
		}
	}
	return in.cur.file, in.cur.r, nil
}

// Close closes what is open and removes what was unpacked to disk. Blocks
// handed out stay readable, but for their At.
func (in *Input) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return nil
	}
	in.closed = true
	in.endStream()
	for _, a := range in.stack {
		a.close()
	}
	in.stack = nil
	in.endTop()
	for file := range in.spooled {
		in.unspool(file)
	}
	return nil
}

// advance opens the next file: the next member of the innermost archive, or
// the next source. It returns false when there is nothing left; in.cur may
// still be nil after true.
func (in *Input) advance() bool {
	if n := len(in.stack); n > 0 {
		a := in.stack[n-1]
		m, ok := a.next()
		if !ok {
			a.close()
			in.stack = in.stack[:n-1]
			return true
		}
		in.enter(m)
		return true
	}
	in.endTop()
	if in.next == len(in.sources) {
		return false
	}
	s := &in.sources[in.next]
	in.next++
	in.begin(s)
	return true
}

// fill reads the next block of in.cur into b; false when the file has ended.
func (in *Input) fill(b *Block) bool {
	s := in.cur
	limit := in.opts.BlockSize
	buf := append(b.buf[:0], in.carry...)
	in.carry = in.carry[:0]
	for {
		buf = s.read(buf, limit)
		if s.eof && len(buf) == 0 {
			b.buf = buf
			in.endStream()
			return false
		}
		header := s.state.header
		cut := s.cut(buf)
		if cut == 0 {
			if limit < maxRecord {
				limit = min(2*limit, maxRecord)
				continue
			}
			cut = len(buf) // one record that is longer than any may be
			if s.file.format.split == nil {
				in.carry = s.skipLine(in.carry)
			}
		} else {
			in.carry = append(in.carry, buf[cut:]...)
		}
		if len(in.carry) == 0 && !s.eof { // is this the last block?
			in.carry = s.read(in.carry, 4096)
		}
		b.buf = buf
		b.File, b.Data, b.Header, b.Offset, b.Line = s.file, buf[:cut], header, s.offset, s.line
		b.Last = s.eof && len(in.carry) == 0
		b.At = nil
		if s.hold != nil {
			b.hold, b.At = s.hold.use(), s.hold
		}
		s.offset += int64(cut) + s.skipped
		s.skipped = 0
		if !s.file.format.binary {
			s.line += uint64(bytes.Count(b.Data, newline))
		}
		if b.Last {
			in.endStream()
		}
		return true
	}
}

var newline = []byte{'\n'}

// read appends to buf until it holds limit bytes or the file ends.
func (s *stream) read(buf []byte, limit int) []byte {
	buf = slices.Grow(buf, max(limit-len(buf), 0))
	for idle := 0; len(buf) < limit && !s.eof; {
		n, err := s.r.Read(buf[len(buf):limit])
		buf = buf[:len(buf)+n]
		if n > 0 {
			idle = 0
		} else if idle++; idle > 100 && err == nil {
			err = io.ErrNoProgress
		}
		if err != nil {
			s.eof = true
			if err != io.EOF {
				s.file.Problem = problem(err)
			}
		}
	}
	return buf
}

// skipLine drops the rest of a line that is too long, up to its newline, and
// returns what was read beyond.
func (s *stream) skipLine(buf []byte) []byte {
	for !s.eof {
		buf = s.read(buf[:0], headSize)
		if i := bytes.IndexByte(buf, '\n'); i >= 0 {
			s.skipped += int64(i)
			return append(buf[:0], buf[i:]...)
		}
		s.skipped += int64(len(buf))
	}
	return buf[:0]
}

// cut returns how many bytes of buf to hand out now.
func (s *stream) cut(buf []byte) int {
	n := 0
	if split := s.file.format.split; split != nil {
		n = split(&s.state, buf, s.eof)
	} else {
		n = bytes.LastIndexByte(buf, '\n') + 1
	}
	if s.eof || n > len(buf) {
		return len(buf)
	}
	return n
}

// release gives back what b holds before it is filled again.
func (b *Block) release() {
	if b.hold != nil {
		b.hold.release()
	}
	b.hold, b.At = nil, nil
}

// endStream closes the file being read.
func (in *Input) endStream() {
	if in.cur == nil {
		return
	}
	if in.cur.hold != nil {
		in.cur.hold.release()
	}
	if in.cur.closer != nil {
		in.cur.closer()
	}
	in.cur = nil
	in.carry = in.carry[:0]
}

// add notes a file in input order.
func (in *Input) add(f *File) *File {
	f.Index = len(in.files)
	f.location, f.opened = in.opts.Location, in.opened
	in.files = append(in.files, f)
	return f
}
