package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
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
	in, err := logs.Open(c.Paths, logs.Options{Stdin: p.stdin})
	if err != nil {
		return err
	}
	defer in.Close()
	w := bufio.NewWriterSize(p.stdout, 256<<10)
	damaged, err := hunt.Events(p.ctx, in, rules, c.Workers, w)
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	return tellUnread(p.stderr, in, damaged)
}

// tellUnread tells which files of in were not read, and fails when any was
// damaged or not read.
func tellUnread(stderr io.Writer, in *logs.Input, damaged uint64) error {
	failed := 0
	for _, f := range in.Files() {
		switch {
		case f.Problem != nil:
			failed++
			fmt.Fprintf(stderr, "tocsin: %s: %v\n", f.Path, f.Problem)
		case f.Skipped != "":
			fmt.Fprintf(stderr, "tocsin: %s: left out: %s\n", f.Path, f.Skipped)
		}
	}
	if damaged > 0 {
		fmt.Fprintf(stderr, "tocsin: %s damaged and left out\n", count(int(damaged), "record was", "records were"))
	}
	if failed > 0 {
		return errors.New(count(failed, "file", "files") + " could not be read to the end")
	}
	return nil
}
