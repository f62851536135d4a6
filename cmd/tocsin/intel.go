package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// intelFlags choose the indicators that a hunt looks for.
type intelFlags struct {
	dbFlag

	Intel     []string `placeholder:"PATH" sep:"none" help:"Indicators to look for: a bundle, list, table, MISP event or folder of such; store: those of the store; none. Default: the store, if there is one. Repeatable."`
	Unguarded bool     `help:"Look for what is on a warninglist of the store, too."`
}

// intelGC is the percentage by which memory may grow between collections while
// there are indicators: they take much, and hold no pointers to follow.
const intelGC = 20

// index compiles the indicators and tells, unless quiet, what became of them.
// It is nil when there are none.
func (f *intelFlags) index(p *program, quiet bool) (*intel.Index, error) {
	asked := f.Intel
	if len(asked) == 0 {
		if !f.exists() {
			return nil, nil
		}
		asked = []string{"store"}
	}
	debug.SetGCPercent(intelGC)
	var index *intel.Index
	var stats intel.Stats
	var err error
	if len(asked) == 1 && asked[0] == "store" {
		index, stats, err = f.ofStore(p, quiet)
	} else {
		index, stats, err = f.compile(p, asked)
	}
	if err != nil {
		return nil, err
	}
	if stats.Indicators == 0 {
		if len(f.Intel) == 0 || len(f.Intel) == 1 && f.Intel[0] == "none" {
			return nil, nil
		}
		return nil, errors.New("--intel: there is no indicator that could be looked for: see tocsin pattern check for why a pattern is refused")
	}
	if !quiet {
		f.tell(p.stderr, asked, &stats)
	}
	return index, nil
}

// compile makes an index of what is asked for.
func (f *intelFlags) compile(p *program, asked []string) (*intel.Index, intel.Stats, error) {
	var b intel.Builder
	if err := f.guard(p, &b); err != nil {
		return nil, intel.Stats{}, err
	}
	for _, path := range asked {
		var err error
		switch path {
		case "none":
		case "store":
			err = f.addStore(p, &b)
		default:
			err = addFiles(p, &b, path)
		}
		if err != nil {
			return nil, intel.Stats{}, fmt.Errorf("--intel %s: %w", path, err)
		}
	}
	index, stats := b.Build(time.Now())
	return index, stats, nil
}

// guard keeps what is on a warninglist of the store out of the index.
func (f *intelFlags) guard(p *program, b *intel.Builder) error {
	if f.Unguarded || !f.exists() {
		return nil
	}
	s, err := f.open(false)
	if err != nil {
		return err
	}
	b.Guard, err = warninglists(p.ctx, s)
	return errors.Join(err, s.Close())
}

// tell says what became of the indicators.
func (f *intelFlags) tell(w io.Writer, asked []string, stats *intel.Stats) {
	from := strings.Join(asked, ", ")
	if len(f.Intel) == 0 {
		from = "the store " + f.path() + " (--intel none leaves them out)"
	}
	text := "hunting " + count(stats.Indicators, "indicator", "indicators") + " from " + from
	for _, part := range []struct {
		n    int
		what string
	}{{stats.Expired, "expired, which match older records alone"}, {stats.Revoked, "revoked"}, {stats.OtherKinds, "in other languages than STIX patterns, left out"}} {
		if part.n > 0 {
			text += "; " + thousands(part.n) + " " + part.what
		}
	}
	if n := stats.Unusable; n > 0 {
		text += fmt.Sprintf("; %s cannot be used, such as %v: %s", count(n, "other", "others"), stats.Problems[0].ID, stats.Problems[0].Reason)
	}
	fmt.Fprintf(w, "tocsin: %s\n", report.Printable(text))
}

// intelTypes are the types of a store that hunting needs: indicators, what
// they indicate, and how.
var intelTypes = []string{
	"indicator", "relationship", "attack-pattern", "campaign", "infrastructure", "intrusion-set", "malware", "threat-actor", "tool", "vulnerability",
}

// addStore adds the indicators of the store.
func (f *intelFlags) addStore(p *program, b *intel.Builder) error {
	s, err := f.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	stats, err := s.Stats(p.ctx, tlp.Local())
	if err != nil || stats.Types["indicator"] == 0 {
		return err
	}
	to := newIndicators(p.ctx, b)
	defer to.wait()
	// One type after the other: all at once the store would have to sort them.
	for _, t := range intelTypes {
		err := s.Each(p.ctx, tlp.Local(), store.Query{Types: []string{t}}, func(r store.Record) error {
			return to.add(sourced{r.Object, r.Source})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// addFiles adds what files say, in any format that can be imported. In a folder
// or an archive, a file that cannot be read costs itself alone.
func addFiles(p *program, b *intel.Builder, path string) error {
	if isURL(path) {
		return errors.New("an address: tocsin import takes it in, and --intel store hunts it")
	}
	in, err := logs.Open([]string{path}, logs.Options{Stdin: p.stdin, Stop: p.ctx.Done()})
	if err != nil {
		return err
	}
	defer in.Close()
	to := newIndicators(p.ctx, b)
	defer to.wait()
	read, unread := 0, []error{}
	for {
		f, r, err := in.NextFile()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err = to.file(f, r); p.ctx.Err() != nil {
			return p.ctx.Err()
		}
		if err == nil {
			read++
			continue
		}
		if err = fmt.Errorf("%s: %w", f.Path, err); f.Path == path {
			return err
		}
		unread = append(unread, err)
	}
	for _, f := range in.Files() {
		if f.Problem != nil {
			unread = append(unread, fmt.Errorf("%s: %w", f.Path, f.Problem))
		}
	}
	if len(unread) > 0 && read == 0 {
		return fmt.Errorf("nothing in it could be read: %w", unread[0])
	}
	if len(unread) > 0 {
		fmt.Fprintf(p.stderr, "tocsin: --intel %s: %s left out, such as %s\n", path, count(len(unread), "file", "files"), plain(unread[0]))
	}
	if to.rejected > 0 {
		fmt.Fprintf(p.stderr, "tocsin: --intel %s: %s left out, such as %s\n", path, count(to.rejected, "entry", "entries"), report.Printable(to.first))
	}
	if to.drafts > 0 {
		fmt.Fprintf(p.stderr, "tocsin: --intel %s: %s read from prose left out: tocsin import takes them in, for a person to review\n", path, count(to.drafts, "object", "objects"))
	}
	return nil
}

// indicators takes what is read into an index, some objects at a time, while the
// next are read.
type indicators struct {
	ctx              context.Context
	source           string
	objects          []sourced
	read, done       chan []sourced
	added            sync.WaitGroup
	rejected, drafts int
	first            string // reject
}

// sourced is an object and where it came from.
type sourced struct {
	*stix.Object
	source string
}

// readAhead is how many objects are handed on together.
const readAhead = 256

func newIndicators(ctx context.Context, b *intel.Builder) *indicators {
	x := &indicators{ctx: ctx, read: make(chan []sourced), done: make(chan []sourced, 2)}
	x.objects = make([]sourced, 0, readAhead)
	x.done <- make([]sourced, 0, readAhead)
	x.added.Go(func() {
		for objects := range x.read {
			for _, o := range objects {
				_ = b.Add(o.Object, o.source) // Stats tells
			}
			x.done <- objects[:0]
		}
	})
	return x
}

// wait returns when all that was read is in the index.
func (x *indicators) wait() {
	x.read <- x.objects
	close(x.read)
	x.added.Wait()
}

// file reads one file, which must not be a log: its addresses would be sought as
// if each were an attacker's.
func (x *indicators) file(f *logs.File, r io.Reader) error {
	if f.Format != "" {
		return fmt.Errorf("a log (%s), whose addresses are those of everybody: name it behind tocsin hunt; if it is a list all the same, tocsin import --format list takes it in", f.Format)
	}
	x.source = sourceName(f.Path)
	_, err := intake.Read(intake.Input{Name: x.source, Path: f.Path, Time: fileTime(f), R: r}, intake.Options{Lax: true}, x)
	return err
}

// Item implements intake.Sink.
func (x *indicators) Item(i intake.Item) error {
	if i.Draft {
		x.drafts++
		return nil
	}
	return x.add(sourced{i.Object, x.source})
}

// add takes an object.
func (x *indicators) add(o sourced) error {
	if x.objects = append(x.objects, o); len(x.objects) == readAhead {
		x.read <- x.objects
		x.objects = <-x.done
	}
	return x.ctx.Err()
}

// Reject implements intake.Sink.
func (x *indicators) Reject(r intake.Reject) error {
	x.rejected++
	x.first = cmp.Or(x.first, strings.TrimPrefix(r.Where+": "+r.Reason, ": "))
	return x.ctx.Err()
}
