package logs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// maxLayers bounds how many compressions and archives may lie within each
// other: logs.zip!day.tar.gz!access.log.xz has four.
const maxLayers = 6

// freeUnpacked is what any file may unpack to, whatever the ratio.
const freeUnpacked = 64 << 20

// A disk is the source being read, with the bytes that it cost.
type disk struct {
	in       *Input
	file     *os.File // nil for standard input
	size     int64
	before   int64 // Input.done when it was opened
	read     int64
	unpacked int64 // what came out of it through compressions and archives
	hold     *heldFile
}

// A packed is a file on its way to being read: what r yields may still be
// compressed, an archive, or in UTF-16.
type packed struct {
	path    string
	r       io.Reader
	at      io.ReaderAt // the same bytes, when they can be read in any order
	size    int64       // of what r yields, as far as at is set
	stored  int64       // bytes on disk, for File.Size
	modTime int64
	depth   int // compressions and archives around it
	closer  func()
}

// begin opens a source.
func (in *Input) begin(s *source) {
	f := &File{Path: s.path, Size: s.size, ModTime: s.modTime, Skipped: s.skipped, Problem: s.problem}
	if f.Skipped != "" || f.Problem != nil {
		in.add(f)
		in.done.Add(s.size)
		return
	}
	d := &disk{in: in, size: s.size, before: in.done.Load()}
	in.top = d
	m := packed{path: s.path, stored: s.size, modTime: s.modTime}
	if s.stdin {
		if in.opts.Stdin == nil {
			f.Problem = errors.New("there is no standard input")
			in.add(f)
			return
		}
		m.r = diskReader{d, &patient{r: in.opts.Stdin, stop: in.opts.Stop}}
		in.enter(m)
		return
	}
	file, err := os.Open(s.path)
	if err != nil {
		f.Problem = problem(err)
		in.add(f)
		return
	}
	d.file = file
	d.hold = &heldFile{r: file, close: func() { file.Close() }}
	d.hold.refs.Store(1)
	m.r = diskReader{d, file}
	if s.regular { // a log that grows while it is read must not keep the hunt going
		m.r = io.LimitReader(m.r, s.size)
		m.at, m.size = diskReader{d, nil}, s.size
	} else {
		m.r = diskReader{d, &patient{r: file, stop: in.opts.Stop}}
	}
	in.enter(m)
}

// endTop closes the source that was read, and counts it as done.
func (in *Input) endTop() {
	if in.top == nil {
		return
	}
	if in.top.hold != nil {
		in.top.hold.release()
	}
	if in.top.size > 0 {
		in.done.Store(in.top.before + in.top.size)
	}
	in.top = nil
}

// A diskReader counts what is read of a disk.
type diskReader struct {
	d *disk
	r io.Reader
}

func (c diskReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.count(n)
	return n, err
}

func (c diskReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.d.file.ReadAt(p, off)
	c.count(n)
	return n, err
}

func (c diskReader) count(n int) {
	d := c.d
	d.read += int64(n)
	if d.size > 0 {
		d.in.done.Store(d.before + min(d.read, d.size))
	} else {
		d.in.done.Add(int64(n))
	}
}

// enter looks through what m is packed in, until a file begins (in.cur), an
// archive begins (on in.stack), or it is clear why it cannot be read.
func (in *Input) enter(m packed) {
	for {
		br := in.reader(m.depth, m.r)
		head, err := br.Peek(headSize)
		if len(head) == 0 {
			f := File{Skipped: skipEmpty}
			if err != nil && err != io.EOF {
				f = File{Problem: problem(err)}
			}
			in.leave(m, f)
			return
		}
		m.r = br
		k := containerOf(head)
		if k == nil {
			in.start(m, head)
			return
		}
		if m.depth++; m.depth > maxLayers {
			in.leave(m, File{Problem: fmt.Errorf("packed more than %d deep", maxLayers)})
			return
		}
		if k.open != nil {
			if err := in.push(k, m); err != nil {
				in.leave(m, File{Problem: prefixed(k.name, err)})
			}
			return
		}
		r, done, err := k.unpack(&in.unpack, br)
		if err != nil {
			in.leave(m, File{Problem: prefixed(k.name, err)})
			return
		}
		if z, ok := r.(*gzip.Reader); ok {
			m.modTime = unixNano(z.ModTime, m.modTime)
		}
		outer := m.closer
		m.closer = func() {
			done()
			if outer != nil {
				outer()
			}
		}
		m.r, m.at = &meter{in: in, r: r, name: k.name}, nil
	}
}

// reader returns the peeking reader of a depth, reading r.
func (in *Input) reader(depth int, r io.Reader) *bufio.Reader {
	if in.peek[depth] == nil {
		in.peek[depth] = bufio.NewReaderSize(r, headSize)
	} else {
		in.peek[depth].Reset(r)
	}
	return in.peek[depth]
}

// leave notes a file that is not read, for the reason in f.
func (in *Input) leave(m packed, f File) {
	if m.closer != nil {
		m.closer()
	}
	f.Path, f.Size, f.ModTime = m.path, m.stored, m.modTime
	in.add(&f)
}

// start begins a file that is packed in nothing more.
func (in *Input) start(m packed, head []byte) {
	f := &File{Path: m.path, Size: m.stored, ModTime: m.modTime}
	s := &stream{file: f, r: m.r, closer: m.closer, line: 1}
	if in.whole {
		s.r, head, _ = in.text(m.r.(*bufio.Reader), head)
		f.Format = logOnly(head, m.path)
		in.add(f)
		in.cur = s
		return
	}
	if f.format, f.Origin = recognise(formats, true, head, m.path); f.format == nil {
		if f.Skipped = notLog(head, m.path); f.Skipped != "" {
			in.leave(m, *f)
			return
		}
		s.r, head, s.offset = in.text(m.r.(*bufio.Reader), head)
		f.format, f.Origin = recognise(formats, false, head, m.path)
	}
	f.Format = f.format.name
	if f.format.random {
		hold, err := in.held(m)
		if hold == nil {
			in.leave(m, File{Problem: err})
			return
		}
		f.Problem = err
		s.hold = hold
		s.r = io.NewSectionReader(hold, 0, hold.size)
	}
	in.add(f)
	in.cur = s
}

// text makes UTF-8 of what br holds, and returns the first bytes of that and
// how long the byte order mark was that was dropped.
func (in *Input) text(br *bufio.Reader, head []byte) (io.Reader, []byte, int64) {
	if bytes.HasPrefix(head, bomUTF8) {
		br.Discard(len(bomUTF8))
		return br, head[len(bomUTF8):], int64(len(bomUTF8))
	}
	order, bom := utf16Order(head)
	if order == nil {
		return br, head, 0
	}
	br.Discard(bom)
	text := in.reader(maxLayers+1, &utf16Reader{r: br, order: order})
	head, _ = text.Peek(headSize)
	return text, head, 0
}

// A meter stops a file that unpacks to more than its size on disk makes
// likely, and a decoder that panics.
type meter struct {
	in   *Input
	r    io.Reader
	name string
	err  error
}

func (m *meter) Read(p []byte) (n int, err error) {
	if m.err != nil {
		return 0, m.err
	}
	defer func() {
		if r := recover(); r != nil {
			n, err = 0, errors.New("damaged")
		}
		if err == io.ErrUnexpectedEOF {
			err = errors.New("cut short")
		}
		if err != nil && err != io.EOF {
			err = prefixed(m.name, err)
		}
		m.err = err
	}()
	n, err = m.r.Read(p)
	d := m.in.top
	d.unpacked += int64(n)
	size := d.size // not read: the members of a zip may overlap, and be read again and again
	if size == 0 {
		size = d.read
	}
	if d.unpacked > freeUnpacked && d.unpacked/m.in.opts.MaxRatio > size {
		err = fmt.Errorf("unpacks to more than %d times its size: the rest is not read", m.in.opts.MaxRatio)
	}
	return n, err
}

// A heldFile is a file that blocks read through Block.At; it stays open
// until the last of them is released.
type heldFile struct {
	r     io.ReaderAt
	size  int64
	refs  atomic.Int32
	close func()
	once  sync.Once
}

func (h *heldFile) ReadAt(p []byte, off int64) (int, error) { return h.r.ReadAt(p, off) }

func (h *heldFile) use() *heldFile {
	h.refs.Add(1)
	return h
}

func (h *heldFile) release() {
	if h.refs.Add(-1) <= 0 {
		h.once.Do(h.close)
	}
}

// held returns m for reading in any order: the file itself, or a copy of it
// unpacked to disk. With an error it may still return what could be unpacked.
func (in *Input) held(m packed) (*heldFile, error) {
	if m.at != nil && in.top.file != nil {
		h := in.top.hold.use()
		h.size = m.size
		return h, nil
	}
	file, size, err := in.spool(m.r)
	if file == nil {
		return nil, err
	}
	h := &heldFile{r: file, size: size, close: func() { in.unspool(file) }}
	h.refs.Store(1)
	return h, err
}

// spool unpacks r to a file of its own. With an error it returns what came
// before it, if anything did.
func (in *Input) spool(r io.Reader) (*os.File, int64, error) {
	file, err := os.CreateTemp(in.opts.TempDir, "tocsin-*")
	if err != nil {
		return nil, 0, fmt.Errorf("no room to unpack it: %w", err)
	}
	os.Remove(file.Name()) // Unix: nothing stays behind, even when the program is killed
	in.spooled[file] = struct{}{}
	n, err := io.Copy(file, io.LimitReader(r, in.opts.MaxSpool+1))
	if err == nil && n > in.opts.MaxSpool {
		err = fmt.Errorf("unpacks to more than %d MB on disk", in.opts.MaxSpool>>20)
	}
	if n == 0 && err != nil {
		in.unspool(file)
		return nil, 0, err
	}
	return file, n, err
}

func (in *Input) unspool(file *os.File) {
	delete(in.spooled, file)
	file.Close()
	os.Remove(file.Name()) // Windows: only now
}
