package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
)

type publishCommand struct {
	Dir string `arg:"" help:"The folder to write: empty, not there yet, or one that was written so before."`

	dbFlag

	Config string `placeholder:"FILE" help:"The settings of the node, as tocsin serve has them. Default: node.toml beside the store, if there is one."`
	URL    string `name:"url" placeholder:"URL" help:"That the folder is reached at. Default: url of the settings."`
	Plain  bool   `help:"Name files index.html rather than index.json, for a server that cannot be told otherwise. Browsers take them for pages: give them a host name of their own."`
	Quiet  bool   `short:"q" help:"No progress and no summary: only errors."`
}

func (publishCommand) Examples() string {
	return `  tocsin publish /var/www/tocsin --url https://feed.example.org
  rsync -a --delete /var/www/tocsin/ mirror:/var/www/tocsin/     only what changed
`
}

func (c *publishCommand) Run(p *program) (err error) {
	config, err := (&serveCommand{dbFlag: c.dbFlag, Config: c.Config}).settings()
	if err != nil {
		return err
	}
	if c.URL != "" {
		config.URL = c.URL
	}
	if config.URL == "" {
		return usageError{errors.New("say with --url where the folder is reached: the addresses in it begin with that")}
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	backend, err := config.Public(p.ctx, s)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	// From a copy as of one moment: pages that are read while objects come in do
	// not fit together.
	folder := ""
	if !isPostgres(c.path()) {
		folder = filepath.Dir(c.path())
	}
	if folder, err = os.MkdirTemp(folder, "publish-"); err != nil {
		return errors.Join(err, s.Close())
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	copied := filepath.Join(folder, "copy.db")
	if err := errors.Join(s.Backup(p.ctx, copied), s.Close()); err != nil {
		return err
	}
	moment, err := sqlite.Open(copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, moment.Close()) }()
	backend.Store = moment

	index := "index.json"
	if c.Plain {
		index = "index.html"
	}
	begun, objects, told := time.Now(), 0, time.Time{}
	_, terminal := isTerminal(p.stderr)
	done, err := backend.Publish(p.ctx, c.Dir, index, func(n int) {
		if objects += n; terminal && !c.Quiet && time.Since(told) > 200*time.Millisecond {
			told = time.Now()
			fmt.Fprintf(p.stderr, "\r\x1b[K%s objects  %s/s", thousands(objects), thousands(int(float64(objects)/time.Since(begun).Seconds())))
		}
	})
	if terminal && !c.Quiet {
		fmt.Fprint(p.stderr, "\r\x1b[K")
	}
	if err != nil || c.Quiet {
		return err
	}
	for i, problem := range done.Problems {
		if i == maxRejectsTold {
			fmt.Fprintf(p.stderr, "tocsin: misp: and %d more\n", len(done.Problems)-i)
			break
		}
		fmt.Fprintf(p.stderr, "tocsin: misp: %s\n", report.Printable(problem.String()))
	}
	fmt.Fprintf(p.stderr, "tocsin: %s objects in %s files, %s of them new or changed\n", thousands(done.Objects), thousands(done.Files), thousands(done.Changed))
	return nil
}
