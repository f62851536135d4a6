package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
)

// A batch is imported in one transaction: this many objects, or bytes.
const (
	batchObjects = 10_000
	batchBytes   = 16 << 20
)

// A batch is of one file.
type batch struct {
	path    string
	objects []store.Incoming
}

// importer puts what is read into a store: one goroutine reads and checks, one
// writes. What has been written stays, whatever becomes of the rest.
type importer struct {
	ctx     context.Context
	store   store.Store
	source  string
	path    string // of the file that is being read
	batch   []store.Incoming
	size    int
	queue   chan batch
	written chan struct{} // closed when the queue has been
	started time.Time

	mu      sync.Mutex
	err     error // of the store: nothing more is read
	files   int
	formats map[string]int
	objects int
	became  map[store.Status]int
	rejects rejects
	failed  int // files
	problem []string
}

func newImporter(ctx context.Context, s store.Store, rejectFile string) *importer {
	imp := &importer{
		ctx: ctx, store: s, queue: make(chan batch, 1), written: make(chan struct{}), started: time.Now(),
		formats: map[string]int{}, became: map[store.Status]int{}, rejects: rejects{path: rejectFile},
	}
	go imp.write()
	return imp
}

// read takes in one input. Its problems are told, and are no error: errors are
// of the store.
func (imp *importer) read(in intake.Input, o intake.Options) error {
	imp.source, imp.path = in.Name, in.Path
	format, err := intake.Read(in, o, imp)
	imp.flush()
	imp.mu.Lock()
	defer imp.mu.Unlock()
	if imp.err != nil {
		return imp.err
	}
	if err != nil && imp.ctx.Err() != nil {
		return imp.ctx.Err()
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends early: fetch it again")
	}
	if err != nil {
		imp.failed++
		imp.problem = append(imp.problem, fmt.Sprintf("%s: %v", in.Path, err))
		return nil
	}
	imp.files++
	imp.formats[format]++
	return nil
}

// unread tells of a file that could not be opened or read to its end.
func (imp *importer) unread(path string, err error) {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	imp.failed++
	imp.problem = append(imp.problem, fmt.Sprintf("%s: %v", path, err))
}

// Item implements intake.Sink.
func (imp *importer) Item(i intake.Item) error {
	imp.batch = append(imp.batch, store.Incoming{Object: i.Object, Source: imp.source, Draft: i.Draft, Made: i.Made})
	if imp.size += len(i.Object.Raw()); len(imp.batch) >= batchObjects || imp.size >= batchBytes {
		imp.flush()
	}
	imp.mu.Lock()
	defer imp.mu.Unlock()
	return imp.err
}

// Reject implements intake.Sink.
func (imp *importer) Reject(r intake.Reject) error {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	return imp.rejects.add(imp.path, r)
}

// flush hands the batch on to be written.
func (imp *importer) flush() {
	if len(imp.batch) > 0 {
		imp.queue <- batch{imp.path, imp.batch}
		imp.batch, imp.size = nil, 0
	}
}

// write imports batches until the queue is closed; after an error it only
// empties it.
func (imp *importer) write() {
	defer close(imp.written)
	for batch := range imp.queue {
		imp.mu.Lock()
		failed := imp.err != nil
		imp.mu.Unlock()
		if failed {
			continue
		}
		outcomes, err := imp.store.Import(imp.ctx, batch.objects)
		imp.mu.Lock()
		if err != nil {
			imp.err = err
		}
		for i, o := range outcomes {
			imp.objects++
			imp.became[o.Status]++
			if o.Reason != "" {
				imp.err = errors.Join(imp.err, imp.rejects.add(batch.path, intake.Reject{ID: string(batch.objects[i].Object.ID), Reason: o.Reason}))
			}
		}
		imp.mu.Unlock()
	}
}

// close writes what is left.
func (imp *importer) close() error {
	imp.flush()
	close(imp.queue)
	<-imp.written
	return errors.Join(imp.err, imp.rejects.close())
}

// progress is what came of the reading so far.
func (imp *importer) progress() string {
	imp.mu.Lock()
	defer imp.mu.Unlock()
	rate := int(float64(imp.objects) / max(time.Since(imp.started).Seconds(), 0.001))
	return count(imp.objects, "object", "objects") + ", " + count(rate, "a second", "a second")
}

// tell says what became of the import. It is an error when a file could not be
// read, or nothing of the input was taken in.
func (imp *importer) tell(p *program, quiet bool) error {
	for i, text := range imp.problem {
		if i == maxTold {
			fmt.Fprintf(p.stderr, "tocsin: and %d more\n", len(imp.problem)-i)
			break
		}
		fmt.Fprintf(p.stderr, "tocsin: %s\n", report.Printable(text))
	}
	for _, r := range imp.rejects.first {
		fmt.Fprintf(p.stderr, "tocsin: %s\n", report.Printable(r))
	}
	if n := imp.rejects.count; n > 0 {
		fmt.Fprintf(p.stderr, "tocsin: %s not taken in: all of them, with reasons, are in %s\n", count(n, "entry", "entries"), imp.rejects.path)
	}
	if !quiet {
		imp.summary(p)
	}
	if imp.failed > 0 {
		return errors.New(count(imp.failed, "file", "files") + " could not be read")
	}
	if imp.objects == 0 && imp.rejects.count > 0 {
		return errors.New("nothing was taken in")
	}
	return nil
}

func (imp *importer) summary(p *program) {
	took := time.Since(imp.started)
	var became []string
	for s := store.New; s <= store.Refused; s++ {
		if n := imp.became[s]; n > 0 {
			became = append(became, count(n, s.String(), s.String()))
		}
	}
	line := count(imp.objects, "object", "objects")
	if len(became) > 0 {
		line += ": " + strings.Join(became, ", ")
	}
	line += ", in " + took.Round(10*time.Millisecond).String()
	if took > time.Second { // else it says nothing
		line += " (" + count(int(float64(imp.objects)/took.Seconds()), "a second", "a second") + ")"
	}
	fmt.Fprintln(p.stdout, line)
	if imp.became[store.Drafted] > 0 {
		fmt.Fprintln(p.stdout, "Drafts wait for a person to accept them: tocsin review")
	}
}

// rejects is the file for what was not taken in. It is made with the first.
type rejects struct {
	path  string
	count int
	first []string // of them, to be told
	f     *os.File
	w     *bufio.Writer
}

// maxRejectsTold is how many rejects are told on the terminal.
const maxRejectsTold = 10

// A rejectLine is one line of the file.
type rejectLine struct {
	File   string `json:"file"`
	Where  string `json:"where,omitempty"`
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
	Text   string `json:"text,omitempty"`
}

// add notes something of file that was not taken in.
func (r *rejects) add(file string, x intake.Reject) error {
	if r.count++; r.count <= maxRejectsTold {
		parts := []string{file}
		for _, part := range []string{x.Where, x.ID, x.Reason} {
			if part != "" {
				parts = append(parts, part)
			}
		}
		r.first = append(r.first, strings.Join(parts, ": "))
	}
	if r.f == nil {
		if err := r.open(); err != nil {
			return err
		}
	}
	line, err := json.Marshal(rejectLine{file, x.Where, x.ID, x.Reason, x.Text})
	if err == nil {
		_, err = r.w.Write(append(line, '\n'))
	}
	return err
}

func (r *rejects) open() error {
	if !replaceable(r.path, `{"file":`) {
		return usageError{fmt.Errorf("--rejects: %s exists and holds no rejects: name another file", r.path)}
	}
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("no file for what is not taken in: %w; name another with --rejects", err)
	}
	r.f, r.w = f, bufio.NewWriter(f)
	return nil
}

func (r *rejects) close() error {
	if r.f == nil {
		return nil
	}
	if abs, err := filepath.Abs(r.path); err == nil {
		r.path = abs
	}
	return errors.Join(r.w.Flush(), r.f.Close())
}

// warninglists compiles the warninglists of a store; nil when it has none.
func warninglists(ctx context.Context, s store.Store) (*observable.Warninglists, error) {
	var lists []*observable.Warninglist
	err := s.Each(ctx, tlp.Local(), store.Query{Types: []string{intake.WarninglistType}}, func(rec store.Record) error {
		l, err := intake.Warninglist(rec.Object)
		if err != nil {
			return fmt.Errorf("%s: %w", rec.Object.ID, err)
		}
		lists = append(lists, l)
		return nil
	})
	if err != nil || len(lists) == 0 {
		return nil, err
	}
	return observable.NewWarninglists(lists...)
}
