package main

import (
	"bufio"
	"errors"

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
