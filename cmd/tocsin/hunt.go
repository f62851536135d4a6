package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/report"
)

type huntCommand struct {
	Paths []string `arg:"" optional:"" name:"path" help:"Files, folders, archives or globs to read, - for standard input. None: the log folders of this machine."`

	ruleFlags
	intelFlags

	JSON   string `placeholder:"FILE" help:"Write findings as JSON, one a line (- for standard output)."`
	CSV    string `placeholder:"FILE" help:"Write findings as CSV."`
	HTML   string `placeholder:"FILE" help:"Write a report to open in a browser, offline."`
	Layer  string `placeholder:"FILE" help:"Write a layer for ATT&CK Navigator."`
	STIX   string `name:"stix" placeholder:"FILE" help:"Write what was seen of indicators as a STIX bundle of sightings."`
	Record bool   `help:"Put these sightings into the store."`
	FailOn string `placeholder:"LEVEL" help:"End with exit code 3 when there is a finding of this severity or a higher one."`

	MinSeverity string `default:"informational" placeholder:"LEVEL" help:"Leave out findings below: informational, low, medium, high, critical."`
	From        string `placeholder:"TIME" help:"Leave out records before: 2021-03-02, 2021-03-02T15:04 or RFC 3339, UTC unless it says."`
	To          string `placeholder:"TIME" help:"Leave out records from then on."`
	Workers     int    `default:"${workers}" help:"How many blocks to work on at once."`
	Quiet       bool   `short:"q" help:"No report and no progress: only what --json and the like write, and errors."`
}

func (huntCommand) Examples() string {
	return `  tocsin hunt                                  the logs of this machine
  tocsin hunt /var/log                         everything below a folder
  tocsin hunt evidence.zip --html report.html  an archive, as it came
  tocsin hunt --rules ~/sigma/rules --rules embedded --min-severity medium logs
  tocsin hunt --json - logs | jq .title
  tocsin hunt --intel allies.json --intel iocs.csv --stix sightings.json logs
  zcat u_ex210302.log.gz | tocsin hunt -
`
}

func (c *huntCommand) Run(p *program) error {
	h := &hunt.Hunt{Workers: c.Workers, From: hunt.Always, To: hunt.Forever}
	failOn, err := c.limits(h)
	if err != nil {
		return err
	}
	paths := c.Paths
	if len(paths) == 0 {
		if paths, err = localLogs(p.stderr); err != nil {
			return err
		}
	}
	if h.Rules, err = c.load(p.stderr, c.Quiet); err != nil {
		return err
	}
	if h.Intel, err = c.index(p, c.Quiet); err != nil {
		return err
	}
	if h.Intel == nil && len(h.Rules.Rules)+len(h.Rules.Correlations) == 0 {
		return usageError{errors.New("--rules none leaves nothing to ask: name indicators with --intel")}
	}
	in, err := logs.Open(paths, logs.Options{Stdin: p.stdin, Stop: p.ctx.Done(), Except: []string{c.JSON, c.CSV, c.HTML, c.Layer, c.STIX, c.path(), c.path() + indexTail}})
	if err != nil {
		return err
	}
	defer in.Close()
	out := &outputs{stdout: p.stdout}
	summary, sinks, err := c.sinks(p, out)
	var seen *sightings
	if err == nil {
		seen, err = c.sightings(out)
	}
	if err != nil {
		return errors.Join(err, out.close())
	}
	if seen != nil {
		sinks = append(sinks, seen)
	}
	var found atomic.Int64
	bar := startProgress(p.stderr, c.Quiet, in, func() string { return count(int(found.Load()), "finding", "findings") })
	cov, err := h.Run(p.ctx, in, func(f *finding.Finding) error {
		found.Add(1)
		return sinks.Add(f)
	})
	bar.stop()
	if err == nil {
		err = sinks.Close(cov)
	}
	if err == nil && seen != nil {
		err = seen.keep(p, c)
	}
	if err = errors.Join(err, out.close()); err != nil {
		return err
	}
	if !c.shown(out) {
		tellUnread(p.stderr, cov.Sources, !c.Quiet)
		if cov.Forgotten > 0 {
			fmt.Fprintf(p.stderr, "tocsin: correlations forgot %s early, to stay within memory: some may not have come true\n", count(int(cov.Forgotten), "group or match", "groups or matches"))
		}
		if cov.GivenUp > 0 {
			fmt.Fprintf(p.stderr, "tocsin: the search for %s of several observations was given up, because it cost too much: matches may be missing; narrow them, or what is hunted\n", count(cov.GivenUp, "pattern", "patterns"))
		}
	}
	if cov.Interrupted {
		return errors.New("interrupted: the report tells what was found until then")
	}
	if c.FailOn != "" && summary.AtLeast(failOn) > 0 {
		return errFound
	}
	return nothingRead(in.Files())
}

// shown reports whether the report for people is printed.
func (c *huntCommand) shown(out *outputs) bool { return !out.taken && !c.Quiet }

// nothingRead is an error when there were files and none could be read.
func nothingRead(files []*logs.File) error {
	failed := false
	for _, f := range files {
		if f.Format != "" {
			return nil
		}
		failed = failed || f.Problem != nil
	}
	if failed {
		return errors.New("none of the files could be read: nothing is known about them")
	}
	return nil
}

// limits reads the flags that are words or times.
func (c *huntCommand) limits(h *hunt.Hunt) (failOn finding.Severity, err error) {
	var ok bool
	if h.MinSeverity, ok = finding.ParseSeverity(c.MinSeverity); !ok {
		return 0, usageError{fmt.Errorf("--min-severity %s: it is one of informational, low, medium, high, critical", c.MinSeverity)}
	}
	if c.FailOn != "" {
		if failOn, ok = finding.ParseSeverity(c.FailOn); !ok {
			return 0, usageError{fmt.Errorf("--fail-on %s: it is one of informational, low, medium, high, critical", c.FailOn)}
		}
	}
	if c.Workers < 1 {
		return 0, usageError{fmt.Errorf("--workers %d: at least 1 is needed", c.Workers)}
	}
	if h.From, err = parseTime("--from", c.From, h.From); err != nil {
		return 0, err
	}
	h.To, err = parseTime("--to", c.To, h.To)
	return failOn, err
}

func parseTime(flag, s string, none int64) (int64, error) {
	if s == "" {
		return none, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return unixNano(t), nil
		}
	}
	return 0, usageError{fmt.Errorf("%s %q is no time: write 2021-03-02, 2021-03-02T15:04 or 2021-03-02T15:04:05Z", flag, s)}
}

// unixNano is t.UnixNano() for any year: beyond what 64 bits of nanoseconds
// hold, the first or last instant that they do.
func unixNano(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return hunt.Always
	case t.After(time.Unix(0, math.MaxInt64)):
		return hunt.Forever
	}
	return t.UnixNano()
}

// sinks opens what the flags ask to be written. The report for people goes
// to standard output unless something else does.
func (c *huntCommand) sinks(p *program, out *outputs) (*report.Summary, report.Sinks, error) {
	var sinks report.Sinks
	var views []report.View
	open := func(path, start string, use func(io.Writer)) error {
		if path == "" {
			return nil
		}
		w, err := out.open(path, start)
		if err == nil {
			use(w)
		}
		return err
	}
	err := errors.Join(
		open(c.JSON, `{"kind":"`, func(w io.Writer) { sinks = append(sinks, report.NewJSONL(w)) }),
		open(c.CSV, "time,severity,kind,", func(w io.Writer) { sinks = append(sinks, report.NewCSV(w)) }),
		open(c.HTML, "<!doctype html>\n<html", func(w io.Writer) {
			views = append(views, report.HTML(w, report.HTMLOptions{By: "tocsin " + version()}))
		}),
		open(c.Layer, "{\n  \"name\":", func(w io.Writer) { views = append(views, report.Layer(w, report.LayerOptions{})) }),
	)
	if c.shown(out) {
		views = append(views, report.Terminal(p.stdout, terminal(p.stdout)))
	}
	summary := report.NewSummary(views...)
	return summary, append(sinks, summary), err
}

// outputs are the files that a hunt writes, and whether standard output is one.
type outputs struct {
	stdout  io.Writer
	taken   bool
	closers []func() error
}

// open returns a buffered writer to path, - for standard output. A file that
// is there is overwritten only when it begins with start, as an earlier output
// does: "--json Security.evtx" must not cost the evidence.
func (o *outputs) open(path, start string) (io.Writer, error) {
	if path == "-" {
		if o.taken {
			return nil, usageError{errors.New("only one output can go to standard output: name a file for the others")}
		}
		o.taken = true
		w := bufio.NewWriterSize(o.stdout, 64<<10)
		o.closers = append(o.closers, w.Flush)
		return w, nil
	}
	if !replaceable(path, start) {
		return nil, usageError{fmt.Errorf("%s exists and is no earlier report of this kind: name another file to write", path)}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	o.closers = append(o.closers, func() error { return errors.Join(w.Flush(), f.Close()) })
	return w, nil
}

// replaceable reports whether path may be written to: it is not there, no
// regular file, empty, or begins with start.
func replaceable(path, start string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return true
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, len(start))
	_, err = io.ReadFull(f, head)
	return err == nil && string(head) == start
}

func (o *outputs) close() error {
	var err error
	for _, c := range o.closers {
		err = errors.Join(err, c())
	}
	return err
}

// defaultWorkers is one for each processor.
func defaultWorkers() int { return runtime.GOMAXPROCS(0) }
