package exercise

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A textLog is a log of lines. Records are added in any order within a slot
// of time and written by time when the slot ends, so that memory holds one
// slot, whatever the size of the log.
type textLog struct {
	root string
	// name of the file; what stands between braces is the day in Go's
	// layout, and such a log starts a new file each day.
	name   string
	header func(b []byte, t int64) []byte // nil: none
	footer func(b []byte, t int64) []byte // nil: none

	pending []textRecord
	buf     []byte
	truths  []*Truth

	file    *os.File
	w       *bufio.Writer
	path    string // of file, relative to root, with slashes
	until   int64  // when the next file starts
	latest  int64
	lines   uint64
	written int64
	count   int // of files
}

type textRecord struct {
	t, told   int64 // when it is written, and the time that it tells
	from, end int
	truth     *Truth
}

// add takes a record: one or more whole lines with their ends. A record of
// the attack comes with its truth, which is copied.
func (l *textLog) add(t int64, truth *Truth, lines []byte) { l.addLate(t, t, truth, lines) }

// addLate takes a record that is written at t and tells of an earlier time,
// as a connection is logged when it has ended.
func (l *textLog) addLate(t, told int64, truth *Truth, lines []byte) {
	from := len(l.buf)
	l.buf = append(l.buf, lines...)
	l.pending = append(l.pending, textRecord{t, told, from, len(l.buf), truth})
}

// flush writes what happened before until.
func (l *textLog) flush(until int64) error {
	slices.SortStableFunc(l.pending, func(a, b textRecord) int { return cmp.Compare(a.t, b.t) })
	n := 0
	for ; n < len(l.pending) && l.pending[n].t < until; n++ {
		if err := l.write(l.pending[n]); err != nil {
			return fmt.Errorf("write %s: %w", l.path, err)
		}
	}
	l.keep(n)
	return nil
}

// keep drops the first n pending records and closes the gap.
func (l *textLog) keep(n int) {
	rest := l.pending[n:]
	slices.SortFunc(rest, func(a, b textRecord) int { return cmp.Compare(a.from, b.from) })
	end := 0
	for i := range rest {
		r := &rest[i]
		size := copy(l.buf[end:], l.buf[r.from:r.end])
		r.from, r.end = end, end+size
		end += size
	}
	l.buf = l.buf[:end]
	l.pending = append(l.pending[:0], rest...)
}

func (l *textLog) write(r textRecord) error {
	if l.file == nil || r.t >= l.until {
		if err := l.open(r.t); err != nil {
			return err
		}
	}
	text := l.buf[r.from:r.end]
	if r.truth != nil {
		truth := *r.truth
		truth.Path, truth.Record, truth.Time = l.path, l.lines+1, time.UnixMicro(r.told).UTC()
		l.truths = append(l.truths, &truth)
	}
	l.latest = r.t
	l.lines += uint64(bytes.Count(text, []byte{'\n'}))
	l.written += int64(len(text))
	_, err := l.w.Write(text)
	return err
}

// open starts the file that t falls into.
func (l *textLog) open(t int64) error {
	if err := l.close(); err != nil {
		return err
	}
	l.path, l.until = l.name, end+day
	if i, j := strings.IndexByte(l.name, '{'), strings.IndexByte(l.name, '}'); i >= 0 {
		l.path = l.name[:i] + time.UnixMicro(t).UTC().Format(l.name[i+1:j]) + l.name[j+1:]
		l.until = t - t%day + day
	}
	full := filepath.Join(l.root, filepath.FromSlash(l.path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	var err error
	if l.file, err = os.Create(full); err != nil {
		return err
	}
	if l.w == nil {
		l.w = bufio.NewWriterSize(nil, 64<<10)
	}
	l.w.Reset(l.file)
	l.lines = 0
	l.count++
	if l.header == nil {
		return nil
	}
	h := l.header(nil, t)
	l.lines = uint64(bytes.Count(h, []byte{'\n'}))
	l.written += int64(len(h))
	_, err = l.w.Write(h)
	return err
}

// close completes the file and dates it like its last record, which is where
// a reader of syslog finds the year.
func (l *textLog) close() error {
	if l.file == nil {
		return nil
	}
	if l.footer != nil {
		if _, err := l.w.Write(l.footer(nil, l.latest)); err != nil {
			return err
		}
	}
	if err := l.w.Flush(); err != nil {
		return err
	}
	name := l.file.Name()
	if err := l.file.Close(); err != nil {
		return err
	}
	l.file = nil
	latest := time.UnixMicro(l.latest)
	return os.Chtimes(name, latest, latest)
}

func (l *textLog) size() int64     { return l.written }
func (l *textLog) files() int      { return l.count }
func (l *textLog) found() []*Truth { return l.truths }
