package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/report"
)

type eventsCommand struct {
	Paths   []string `arg:"" name:"path" help:"Files, folders, archives or globs to read, - for standard input."`
	Workers int      `default:"${workers}" help:"How many blocks to work on at once."`
}

func (eventsCommand) Examples() string {
	return `  tocsin events Security.evtx | jq 'select(.EventID == 4625)'
  tocsin events /var/log/audit
`
}

func (c *eventsCommand) Run(p *program) error {
	if c.Workers < 1 {
		return usageError{errors.New("--workers: at least 1 is needed")}
	}
	rules, err := (&ruleFlags{}).load(p.stderr, true)
	if err != nil {
		return err
	}
	in, err := logs.Open(c.Paths, logs.Options{Stdin: p.stdin, Stop: p.ctx.Done()})
	if err != nil {
		return err
	}
	defer in.Close()
	w := bufio.NewWriterSize(p.stdout, 256<<10)
	sources, err := hunt.Events(p.ctx, in, rules, c.Workers, w)
	if err = errors.Join(err, w.Flush()); err != nil {
		if errors.Is(err, context.Canceled) {
			return errors.New("interrupted: what was read until then has been printed")
		}
		return err
	}
	if n := tellUnread(p.stderr, sources, true); n > 0 {
		return errors.New(count(n, "file", "files") + " could not be read to the end")
	}
	return nil
}

// maxTold is how many files of a kind are named.
const maxTold = 50

// tellUnread tells which files were not read, where records were damaged, and,
// when asked, which files were left out on purpose. It returns how many were
// not read to the end.
func tellUnread(stderr io.Writer, sources []finding.SourceCoverage, skipped bool) int {
	failed, left, broken, damaged := 0, 0, 0, uint64(0)
	for i := range sources {
		s := &sources[i]
		tell := func(n *int, what string) {
			if *n++; *n <= maxTold {
				fmt.Fprintf(stderr, "tocsin: %s: %s\n", report.Printable(s.Path), plain(errors.New(what)))
			}
		}
		if s.Problem != "" {
			tell(&failed, s.Problem)
		} else if s.Skipped != "" && skipped {
			tell(&left, "left out: "+s.Skipped)
		}
		if len(s.Problems) > 0 {
			tell(&broken, fmt.Sprintf("at offset %d: %s", s.Problems[0].Offset, s.Problems[0].Reason))
		}
		damaged += s.Damaged
	}
	if n := failed - maxTold; n > 0 {
		fmt.Fprintf(stderr, "tocsin: %s not read\n", count(n, "further file was", "further files were"))
	}
	if n := left - maxTold; n > 0 {
		fmt.Fprintf(stderr, "tocsin: %s left out\n", count(n, "further file was", "further files were"))
	}
	if n := broken - maxTold; n > 0 {
		fmt.Fprintf(stderr, "tocsin: %s damaged\n", count(n, "further file was", "further files were"))
	}
	if damaged > 0 {
		fmt.Fprintf(stderr, "tocsin: %s damaged and left out\n", count(int(damaged), "record was", "records were"))
	}
	return failed
}
