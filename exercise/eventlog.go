package exercise

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// An eventLog is one Windows event log file (EVTX). Like a textLog it holds
// the records of one slot of time.
type eventLog struct {
	root, path string
	firstID    uint64 // EventRecordID of the first record

	pending []eventRecord
	truths  []*Truth

	file   *os.File
	w      *evtxtest.Writer
	next   uint64
	latest int64
}

type eventRecord struct {
	t     int64
	event evtxtest.Event
	truth *Truth
}

func (l *eventLog) add(t int64, truth *Truth, e evtxtest.Event) {
	l.pending = append(l.pending, eventRecord{t, e, truth})
}

// flush writes what happened before until.
func (l *eventLog) flush(until int64) error {
	slices.SortStableFunc(l.pending, func(a, b eventRecord) int { return cmp.Compare(a.t, b.t) })
	n := 0
	for ; n < len(l.pending) && l.pending[n].t < until; n++ {
		if err := l.write(&l.pending[n]); err != nil {
			return fmt.Errorf("write %s: %w", l.path, err)
		}
	}
	l.pending = slices.Delete(l.pending, 0, n)
	return nil
}

func (l *eventLog) write(r *eventRecord) error {
	if l.file == nil {
		full := filepath.Join(l.root, filepath.FromSlash(l.path))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		var err error
		if l.file, err = os.Create(full); err != nil {
			return err
		}
		l.w, l.next = evtxtest.NewWriter(l.file), l.firstID
	}
	r.event.RecordID = l.next
	r.event.Time = time.UnixMicro(r.t).UTC()
	if r.truth != nil {
		truth := *r.truth
		truth.Path, truth.Record, truth.Time = l.path, l.next, r.event.Time
		l.truths = append(l.truths, &truth)
	}
	l.next++
	l.latest = r.t
	return l.w.Write(r.event)
}

func (l *eventLog) close() error {
	if l.file == nil {
		return nil
	}
	if err := l.w.Close(); err != nil {
		return err
	}
	name := l.file.Name()
	if err := l.file.Close(); err != nil {
		return err
	}
	latest := time.UnixMicro(l.latest)
	return os.Chtimes(name, latest, latest)
}

func (l *eventLog) size() int64 {
	info, err := os.Stat(filepath.Join(l.root, filepath.FromSlash(l.path)))
	if err != nil {
		return 0 // no record, no file
	}
	return info.Size()
}

func (l *eventLog) files() int {
	if l.file == nil {
		return 0
	}
	return 1
}

func (l *eventLog) found() []*Truth { return l.truths }

// An eventType is what all events of one kind share.
type eventType struct {
	channel, provider, guid, source string

	id, qualifiers uint16
	version, level uint8
	task           uint16
	opcode         uint8
	keywords       uint64
	user           string   // SID in System/Security
	names          []string // of EventData; nil when its values have none
}

// event fills the type's names with values, in order.
func (k *eventType) event(computer string, pid, thread uint32, values ...any) evtxtest.Event {
	data := make([]evtxtest.Data, len(values))
	for i, v := range values {
		data[i].Value = v
		if k.names != nil {
			data[i].Name = k.names[i]
		}
	}
	return evtxtest.Event{
		Provider: k.provider, GUID: k.guid, EventSource: k.source,
		EventID: k.id, Qualifiers: k.qualifiers, Version: k.version, Level: k.level,
		Task: k.task, Opcode: k.opcode, Keywords: k.keywords,
		ProcessID: pid, ThreadID: thread,
		Channel: k.channel, Computer: computer, UserID: k.user,
		Data: data,
	}
}
