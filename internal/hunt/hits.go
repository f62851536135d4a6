package hunt

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/tocsin-project/tocsin/event"
)

// A hit is one match of a rule that a correlation counts.
type hit struct {
	time   int64
	rule   int32
	file   int32 // logs.File.Index
	record uint64
	offset int64
	values []string // the fields that the correlation needs, in its order
}

// hit notes that rule r matched e, for correlations. Records without a time
// cannot be correlated.
func (w *worker) hit(e *event.Event, r int32, fields []event.ID) {
	if e.Time == event.NoTime {
		return
	}
	h := hit{time: e.Time, rule: r, file: int32(w.file.Index), record: e.Record, offset: e.Offset}
	for _, id := range fields {
		h.values = append(h.values, w.out.quote(e.Value(id)))
	}
	w.out.hits = append(w.out.hits, h)
}

// hitsInMemory is how many bytes of hits are sorted in memory; more go to a
// temporary file in sorted runs.
const hitsInMemory = 16 << 20

// hits collects the hits of a whole hunt and yields them by time, those of
// one time in input order, whatever order the files were in. It is an
// external merge sort.
type hits struct {
	limit int // bytes in memory; hitsInMemory but in tests
	buf   []byte
	index []hitAt
	file  *os.File
	runs  []int64 // where each run ends in file
}

type hitAt struct {
	time int64
	at   int
}

func (s *hits) add(h *hit) error {
	s.index = append(s.index, hitAt{h.time, len(s.buf)})
	s.buf = appendHit(s.buf, h)
	if len(s.buf) < s.limit {
		return nil
	}
	return s.spill()
}

// spill writes what is in memory to the temporary file as one sorted run.
func (s *hits) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp("", "tocsin-hits-*")
		if err != nil {
			return fmt.Errorf("sorting matches for correlations: %w", err)
		}
		s.file = f
		os.Remove(f.Name()) // Unix: nothing stays behind, even when the program is killed
	}
	s.sort()
	w := bufio.NewWriterSize(s.file, 256<<10)
	end := int64(0)
	if n := len(s.runs); n > 0 {
		end = s.runs[n-1]
	}
	for _, x := range s.index {
		b := hitBytes(s.buf[x.at:])
		end += int64(len(b))
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("sorting matches for correlations: %w", err)
		}
	}
	s.runs = append(s.runs, end)
	s.buf, s.index = s.buf[:0], s.index[:0]
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sorting matches for correlations: %w", err)
	}
	return nil
}

func (s *hits) sort() {
	slices.SortStableFunc(s.index, func(a, b hitAt) int { return cmp.Compare(a.time, b.time) })
}

// each yields every hit by time. The hit is valid until yield returns.
func (s *hits) each(yield func(*hit) error) error {
	if s.file == nil {
		s.sort()
		var h hit
		for _, x := range s.index {
			if err := h.decode(hitBytes(s.buf[x.at:])); err != nil {
				return err
			}
			if err := yield(&h); err != nil {
				return err
			}
		}
		return nil
	}
	if err := s.spill(); err != nil {
		return err
	}
	return s.merge(yield)
}

// merge yields the runs of the temporary file as one.
func (s *hits) merge(yield func(*hit) error) error {
	var q runHeap
	start := int64(0)
	for i, end := range s.runs {
		r := &hitRun{order: i, in: bufio.NewReaderSize(io.NewSectionReader(s.file, start, end-start), 64<<10)}
		start = end
		if ok, err := r.next(); err != nil {
			return err
		} else if ok {
			q = append(q, r)
		}
	}
	heap.Init(&q)
	for len(q) > 0 {
		r := q[0]
		if err := yield(&r.hit); err != nil {
			return err
		}
		ok, err := r.next()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&q, 0)
		} else {
			heap.Pop(&q)
		}
	}
	return nil
}

// close removes the temporary file.
func (s *hits) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if gone := os.Remove(s.file.Name()); !errors.Is(gone, fs.ErrNotExist) { // Windows: only now
		err = errors.Join(err, gone)
	}
	return err
}

// hitRun reads one sorted run.
type hitRun struct {
	order int
	in    *bufio.Reader
	buf   []byte
	hit   hit
}

func (r *hitRun) next() (bool, error) {
	head, err := r.in.Peek(4)
	if errors.Is(err, io.EOF) && len(head) == 0 {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading matches back: %w", err)
	}
	n := int(binary.LittleEndian.Uint32(head))
	r.buf = slices.Grow(r.buf[:0], n)[:n]
	if _, err := io.ReadFull(r.in, r.buf); err != nil {
		return false, fmt.Errorf("reading matches back: %w", err)
	}
	return true, r.hit.decode(r.buf)
}

type runHeap []*hitRun

func (q runHeap) Len() int { return len(q) }
func (q runHeap) Less(i, j int) bool {
	if q[i].hit.time != q[j].hit.time {
		return q[i].hit.time < q[j].hit.time
	}
	return q[i].order < q[j].order
}
func (q runHeap) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *runHeap) Push(x any)   { *q = append(*q, x.(*hitRun)) }
func (q *runHeap) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// appendHit appends h: its length in four bytes, then its numbers, then each
// value behind its length.
func appendHit(dst []byte, h *hit) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.AppendVarint(dst, h.time)
	dst = binary.AppendUvarint(dst, uint64(h.rule))
	dst = binary.AppendUvarint(dst, uint64(h.file))
	dst = binary.AppendUvarint(dst, h.record)
	dst = binary.AppendVarint(dst, h.offset)
	dst = binary.AppendUvarint(dst, uint64(len(h.values)))
	for _, v := range h.values {
		dst = binary.AppendUvarint(dst, uint64(len(v)))
		dst = append(dst, v...)
	}
	binary.LittleEndian.PutUint32(dst[start:], uint32(len(dst)-start))
	return dst
}

// hitBytes returns the hit that b begins with.
func hitBytes(b []byte) []byte { return b[:binary.LittleEndian.Uint32(b)] }

var errHit = errors.New("reading matches back: the temporary file was changed")

// decode reads one hit as appendHit wrote it.
func (h *hit) decode(b []byte) error {
	b = b[4:]
	ok := true
	number := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	signed := func() int64 {
		v := number()
		return int64(v>>1) ^ -int64(v&1)
	}
	h.time, h.rule, h.file = signed(), int32(number()), int32(number())
	h.record, h.offset = number(), signed()
	h.values = h.values[:0]
	for n := number(); n > 0 && ok; n-- {
		size := number()
		if size > uint64(len(b)) {
			return errHit
		}
		h.values = append(h.values, string(b[:size]))
		b = b[size:]
	}
	if !ok {
		return errHit
	}
	return nil
}
