package node

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// An audit is the log of what was read and sent, one JSON object a line. It is
// only ever appended to. Lines are gathered and written by one goroutine, so that
// no request holds another up; who waits for a line waits for all gathered so far
// to be on disk.
type audit struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	lines   []byte
	waiting []chan error
	failed  error // of the last time that it was written to
	lost    int   // lines that there was no room for
	ended   bool

	wake   chan struct{}
	reopen chan struct{}
	done   chan struct{}
}

// maxLines bounds the lines that wait, in bytes.
const maxLines = 4 << 20

var errAudit = errors.New("the audit log cannot be written")

// openAudit opens the log at path, and makes it when there is none, readable by
// its owner alone.
func openAudit(path string, log *slog.Logger) (*audit, error) {
	f, err := openLines(path)
	if err != nil {
		return nil, fmt.Errorf("audit log: %w: name a file that can be written with audit", err)
	}
	a := &audit{path: path, log: log, wake: make(chan struct{}, 1), reopen: make(chan struct{}, 1), done: make(chan struct{})}
	go a.run(f)
	return a, nil
}

// openLines opens a file to append lines to. A last line that was cut off, when
// the machine or process was, is ended.
func openLines(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		last := make([]byte, 1)
		if _, err = f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			_, err = f.Write([]byte{'\n'})
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// add appends a line, to be written within a second.
func (a *audit) add(line []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ended || len(a.lines)+len(line) > maxLines {
		a.lost++
		return
	}
	a.lines = append(a.lines, line...)
}

// keep appends a line and returns when it is on disk.
func (a *audit) keep(line []byte) error {
	kept := make(chan error, 1)
	a.mu.Lock()
	if a.ended || len(a.lines)+len(line) > maxLines {
		a.lost++
		a.mu.Unlock()
		return errAudit
	}
	a.lines = append(a.lines, line...)
	a.waiting = append(a.waiting, kept)
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
	return <-kept
}

// err returns why the log could not be written the last time.
func (a *audit) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.failed
}

// openNew has the log opened anew: its file has been moved away.
func (a *audit) openNew() {
	select {
	case a.reopen <- struct{}{}:
	default:
	}
}

// close writes what is left.
func (a *audit) close() {
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
	}
	<-a.done
}

func (a *audit) run(f *os.File) {
	defer close(a.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var rest []byte // that could not be written yet
	for {
		again := false
		select {
		case <-a.wake:
		case <-tick.C:
		case <-a.reopen:
			again = true
		}
		a.mu.Lock()
		rest, a.lines = append(rest, a.lines...), a.lines[:0]
		waiting := a.waiting
		a.waiting = nil
		ended, lost := a.ended, a.lost
		a.lost = 0
		a.mu.Unlock()
		if again || f == nil {
			f = a.openAgain(f)
		}
		var err error
		if rest, err = flush(f, rest, len(waiting) > 0 || ended); err != nil || lost > 0 {
			a.log.Error("AUDIT LOG: what is sent to this node is refused until it can be written", "file", a.path, "error", err, "lines lost", lost)
		}
		if err != nil {
			err = fmt.Errorf("%w: %w", errAudit, err)
			rest = nil // who waits is told that its line is not kept
		}
		if err != nil && f != nil {
			_ = f.Close() // a disk that is full has room again, a share comes back: it is opened anew
			f = nil
		}
		a.mu.Lock()
		a.failed = err
		a.mu.Unlock()
		for _, w := range waiting {
			w <- err
		}
		if ended {
			if f != nil {
				_ = f.Close()
			}
			return
		}
	}
}

func (a *audit) openAgain(f *os.File) *os.File {
	if f != nil {
		_ = f.Close()
	}
	f, err := openLines(a.path)
	if err != nil {
		a.log.Error("audit log", "error", err)
		return nil
	}
	return f
}

// flush writes b to f and returns what is left of it.
func flush(f *os.File, b []byte, sync bool) ([]byte, error) {
	if f == nil {
		return b, errors.New("its file cannot be opened")
	}
	n, err := f.Write(b)
	if err == nil && sync {
		err = f.Sync()
	}
	return append(b[:0], b[n:]...), err
}

// line writes what came of a visit. Nothing in it is what a token is proven by.
func (v *visit) line(at time.Time) []byte {
	b := append(make([]byte, 0, 512), `{"time":"`...)
	b = v.start.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, '"')
	for _, f := range [...]struct{ name, value string }{
		{"org", string(v.who.Org.ID)},
		{"name", v.who.Org.Name},
		{"token", v.who.By},
		{"address", v.r.RemoteAddr},
		{"method", v.r.Method},
		{"path", v.r.URL.RequestURI()},
		{"first", v.Header().Get("X-TAXII-Date-Added-First")},
		{"last", v.Header().Get("X-TAXII-Date-Added-Last")},
	} {
		if f.value == "" {
			continue
		}
		b = append(append(append(b, `,"`...), f.name...), `":`...)
		b, _ = jsontext.AppendQuote(b, f.value) // bytes of no UTF-8 are replaced
	}
	return fmt.Appendf(b, `,"status":%d,"given":%d,"taken":%d,"refused":%d,"bytes":%d,"received":%d,"microseconds":%d}`+"\n",
		v.status, v.tally.Given, v.tally.Taken, v.tally.Refused, v.pace.done, v.received(), at.Sub(v.start).Microseconds())
}
