package logs

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/xi2/xz"
)

// maxMembers bounds the files of one archive.
const maxMembers = 100_000

// maxWindow bounds the memory in bytes that a zstd or xz stream may ask for.
const maxWindow = 128 << 20

// A container is a compression (unpack) or an archive (open).
type container struct {
	name   string
	is     func(head []byte) bool
	unpack func(u *unpackers, r *bufio.Reader) (io.Reader, func(), error)
	open   func(in *Input, m packed) (*archive, error)
}

// An archive yields its members one after another; false ends it.
type archive struct {
	next  func() (packed, bool)
	close func()
}

var containers = []container{
	{name: "gzip", is: isGzip, unpack: (*unpackers).gzip},
	{name: "zstd", is: isZstd, unpack: (*unpackers).zstd},
	{name: "xz", is: prefix("\xfd7zXZ\x00"), unpack: (*unpackers).xz},
	{name: "bzip2", is: isBzip2, unpack: (*unpackers).bzip2},
	{name: "zip", is: isZip, open: openZip},
	{name: "tar", is: isTar, open: openTar},
}

// containerOf returns what a file that begins with head is packed in, or nil.
func containerOf(head []byte) *container {
	for i := range containers {
		if containers[i].is(head) {
			return &containers[i]
		}
	}
	return nil
}

func prefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// isGzip: RFC 1952, 2.3.1: the magic, deflate, and no reserved flag.
func isGzip(h []byte) bool {
	return len(h) >= 10 && h[0] == 0x1f && h[1] == 0x8b && h[2] == 8 && h[3]&0xe0 == 0
}

// isZstd: RFC 8878, 3.1.1 and 3.1.2: a frame, or a skippable one.
func isZstd(h []byte) bool {
	return len(h) >= 8 && h[1] == 0xb5 && h[0] == 0x28 && h[2] == 0x2f && h[3] == 0xfd ||
		len(h) >= 8 && h[0]&0xf0 == 0x50 && h[1] == 0x2a && h[2] == 0x4d && h[3] == 0x18
}

// isBzip2: "BZh", the level, and the magic of a block or of the end.
func isBzip2(h []byte) bool {
	return len(h) >= 10 && string(h[:3]) == "BZh" && h[3] >= '1' && h[3] <= '9' &&
		(string(h[4:10]) == "1AY&SY" || string(h[4:10]) == "\x17\x72\x45\x38\x50\x90")
}

// isZip: APPNOTE 4.3.7 (a member), 4.3.16 (an empty archive).
func isZip(h []byte) bool {
	return len(h) >= 22 && h[0] == 'P' && h[1] == 'K' && (h[2] == 3 && h[3] == 4 || h[2] == 5 && h[3] == 6)
}

// isTar: POSIX.1-2024 pax, ustar header: the checksum is right.
func isTar(h []byte) bool {
	if len(h) < 512 {
		return false
	}
	want, digits := 0, 0
	for _, c := range h[148:156] {
		if c >= '0' && c <= '7' {
			want, digits = want*8+int(c-'0'), digits+1
		} else if c != ' ' && c != 0 {
			return false
		}
	}
	sum := 8 * int(' ')
	for i, c := range h[:512] {
		if i < 148 || i >= 156 {
			sum += int(c)
		}
	}
	return digits > 0 && sum == want
}

// unpackers keeps decoders for the next file.
type unpackers struct {
	gz  []*gzip.Reader
	zst []*zstd.Decoder
}

func (u *unpackers) gzip(r *bufio.Reader) (io.Reader, func(), error) {
	var z *gzip.Reader
	if n := len(u.gz); n > 0 {
		z, u.gz = u.gz[n-1], u.gz[:n-1]
		if err := z.Reset(r); err != nil {
			return nil, nil, err
		}
	} else {
		var err error
		if z, err = gzip.NewReader(r); err != nil {
			return nil, nil, err
		}
	}
	return z, func() { u.gz = append(u.gz, z) }, nil
}

func (u *unpackers) zstd(r *bufio.Reader) (io.Reader, func(), error) {
	var z *zstd.Decoder
	if n := len(u.zst); n > 0 {
		z, u.zst = u.zst[n-1], u.zst[:n-1]
		if err := z.Reset(r); err != nil {
			return nil, nil, err
		}
	} else {
		var err error
		z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, err
		}
	}
	return z, func() {
		if z.Reset(nil) == nil {
			u.zst = append(u.zst, z)
		}
	}, nil
}

func (u *unpackers) xz(r *bufio.Reader) (io.Reader, func(), error) {
	z, err := xz.NewReader(r, maxWindow)
	return z, func() {}, err
}

func (u *unpackers) bzip2(r *bufio.Reader) (io.Reader, func(), error) {
	return bzip2.NewReader(r), func() {}, nil
}

// push opens the archive m and puts it on the stack.
func (in *Input) push(k *container, m packed) error {
	a, err := k.open(in, m)
	if err != nil {
		return err
	}
	members, next, closer := 0, a.next, a.close
	a.next = func() (packed, bool) {
		if members++; members > maxMembers {
			in.leave(packed{path: m.path, stored: m.stored, modTime: m.modTime},
				File{Problem: fmt.Errorf("%s: more than %d files: the rest is not read", k.name, maxMembers)})
			return packed{}, false
		}
		return next()
	}
	a.close = func() {
		closer()
		if m.closer != nil {
			m.closer()
		}
	}
	in.stack = append(in.stack, a)
	return nil
}

// openTar reads a tar archive as it streams by.
func openTar(in *Input, m packed) (*archive, error) {
	tr := tar.NewReader(m.r)
	next := func() (packed, bool) {
		for {
			h, err := tr.Next()
			if err != nil {
				if err != io.EOF {
					in.leave(packed{path: m.path, stored: m.stored, modTime: m.modTime},
						File{Problem: cutShort("tar", err)})
				}
				return packed{}, false
			}
			if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeGNUSparse {
				continue
			}
			return packed{
				path: m.path + "!" + h.Name, depth: m.depth, stored: h.Size, modTime: unixNano(h.ModTime, m.modTime),
				r: &meter{in: in, r: tr, name: "tar"},
			}, true
		}
	}
	return &archive{next: next, close: func() {}}, nil
}

// openZip reads a zip archive through its directory, unpacked to disk first
// when it lies within another.
func openZip(in *Input, m packed) (*archive, error) {
	hold, err := in.held(m)
	if err != nil {
		if hold != nil {
			hold.release()
		}
		return nil, err
	}
	var at io.ReaderAt = hold
	if m.at != nil {
		at = m.at // counts for the progress
	}
	directory := &directoryReader{at, maxDirectory}
	zr, err := zip.NewReader(directory, hold.size)
	if err != nil {
		hold.release()
		return nil, err
	}
	directory.left = math.MaxInt64 // the members are read through it too
	if err := overlap(zr.File); err != nil {
		hold.release()
		return nil, err
	}
	zr.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	zr.RegisterDecompressor(zstd.ZipMethodWinZip, zstd.ZipDecompressor(zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow)))
	i := 0
	next := func() (packed, bool) {
		for i < len(zr.File) {
			f := zr.File[i]
			i++
			if strings.HasSuffix(f.Name, "/") {
				continue
			}
			member := packed{
				path: m.path + "!" + f.Name, depth: m.depth,
				stored: int64(f.CompressedSize64), modTime: unixNano(f.Modified, m.modTime),
			}
			if f.Flags&1 != 0 {
				member.r = failing{errors.New("encrypted: unpack it first with its password")}
				return member, true
			}
			r, err := f.Open()
			if err != nil {
				member.r = failing{prefixed("zip", err)}
				return member, true
			}
			member.r, member.closer = &meter{in: in, r: r, name: "zip"}, func() { r.Close() }
			return member, true
		}
		return packed{}, false
	}
	return &archive{next: next, close: hold.release}, nil
}

// overlap is an error when data of members lies over one another (APPNOTE
// 4.3.6 has them one behind another): few bytes are then many files, made to
// exhaust whoever unpacks them.
func overlap(files []*zip.File) error {
	type extent struct {
		start, end int64
		name       string
	}
	all := make([]extent, 0, min(len(files), maxMembers))
	for _, f := range files[:min(len(files), maxMembers)] {
		start, err := f.DataOffset()
		if n := int64(f.CompressedSize64); err == nil && n > 0 && n < math.MaxInt64-start { // others fail when they are opened
			all = append(all, extent{start, start + n, f.Name})
		}
	}
	slices.SortFunc(all, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	for i := 1; i < len(all); i++ {
		if a, b := all[i-1], all[i]; b.start < a.end {
			return fmt.Errorf("zip: the data of %s and %s overlap, as in zip bombs: not unpacked", a.name, b.name)
		}
	}
	return nil
}

// maxDirectory bounds the directory of a zip in bytes. All of it is held in
// memory, several times as large.
const maxDirectory = 24 << 20

var errDirectory = fmt.Errorf("a directory of more than %d MB: unpack it first", maxDirectory>>20)

// A directoryReader fails when more is read than is left.
type directoryReader struct {
	r    io.ReaderAt
	left int64
}

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if d.left -= int64(len(p)); d.left < 0 {
		return 0, errDirectory
	}
	return d.r.ReadAt(p, off)
}

// prefixed says which container err is about, once.
func prefixed(name string, err error) error {
	if strings.HasPrefix(err.Error(), name+": ") {
		return err
	}
	return fmt.Errorf("%s: %w", name, err)
}

// cutShort says what became of an archive that ends in the middle.
func cutShort(name string, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%s: cut short", name)
	}
	return prefixed(name, err)
}

// unixNano returns t, or other when an archive gives no time.
func unixNano(t time.Time, other int64) int64 {
	if t.Year() < 1981 || t.Year() > 2200 {
		return other
	}
	return t.UnixNano()
}

// failing is a file that cannot be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
