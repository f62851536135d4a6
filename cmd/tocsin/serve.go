package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/node"
	"github.com/tocsin-project/tocsin/taxii"
)

type serveCommand struct {
	dbFlag

	Config string `placeholder:"FILE" help:"Settings, TOML. Default: node.toml beside the store, if there is one."`
	Listen string `placeholder:"HOST:PORT" help:"Where to listen. Default: 127.0.0.1:8430."`
}

func (serveCommand) Examples() string {
	return `  tocsin serve                                         a node for this machine alone
  tocsin serve --config node.toml                      as the file says
  tocsin serve --db postgres://tocsin@db/tocsin        for many users
  tocsin token add --org "CERT Example" --role reader  and who may ask
`
}

func (c *serveCommand) Run(p *program) error {
	config, err := c.settings()
	if err != nil {
		return err
	}
	s, err := c.open(true)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(p.stderr, nil))
	n, err := node.New(p.ctx, config, s, log)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	register := auth.Register{Store: s}
	tokens, err := register.Tokens(p.ctx)
	if err != nil {
		return errors.Join(err, n.Close(), s.Close())
	}
	fmt.Fprintf(p.stderr, "tocsin: %s serves %s\ntocsin: TAXII 2.1: %s%s\n", n.Own.Name, c.path(), n.URL, taxii.DiscoveryPath)
	if len(tokens) == 0 {
		fmt.Fprint(p.stderr, `tocsin: nobody has a token yet, so all see what is TLP:CLEAR and no more. For others, at another terminal:
  tocsin org add "CERT Example" --standing partner
  tocsin token add --org "CERT Example" --role reader
`)
	}
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	go func() {
		for {
			select {
			case <-hangup:
				n.Reopen()
			case <-p.ctx.Done():
				return
			}
		}
	}()
	err = n.Run(p.ctx)
	if p.ctx.Err() != nil {
		fmt.Fprintln(p.stderr, "tocsin: ended")
	}
	return errors.Join(err, s.Close())
}

// settings are those of the file, and of the flags, which count more.
func (c *serveCommand) settings() (node.Config, error) {
	config := node.Default()
	path := c.Config
	if path == "" && !isPostgres(c.path()) {
		beside := filepath.Join(filepath.Dir(c.path()), "node.toml")
		if _, err := os.Stat(beside); err == nil {
			path = beside
		} else if !errors.Is(err, fs.ErrNotExist) {
			return config, err
		}
	}
	if path != "" {
		if err := config.Load(path); err != nil {
			return config, err
		}
	}
	if config.Audit == "" && !isPostgres(c.path()) {
		config.Audit = filepath.Join(filepath.Dir(c.path()), "audit.jsonl")
	}
	if c.Listen != "" {
		config.Listen = c.Listen
	}
	return config, nil
}
