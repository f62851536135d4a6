package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/misp"
)

// Limits of what comes over the network.
const (
	fetchIdle    = 60 * time.Second // between two parts of an answer
	maxFetched   = 8 << 30          // bytes of one
	maxRedirects = 5
)

// fetcher gets what an address holds; with private, also on this machine and in
// private networks.
func fetcher(private bool) *http.Client {
	return &http.Client{
		Transport: exchange.Transport(private),
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			if req.URL.Scheme != "https" && via[0].URL.Scheme == "https" {
				return errors.New("it redirects from https to http, where anyone could change it")
			}
			return nil
		},
	}
}

// fetch reads what an address holds: of a folder, the MISP feed in it.
func (c *importCommand) fetch(p *program, address string, o intake.Options, imp *importer) error {
	if strings.HasSuffix(address, "/") {
		address += misp.ManifestFile
	}
	if folder, ok := strings.CutSuffix(address, misp.ManifestFile); ok && o.Feed == nil {
		o.Feed = func(uuid string) error { return c.fetch(p, folder+uuid+".json", o, imp) }
	}
	body, err := c.get(p, address)
	if err != nil {
		imp.unread(address, err)
		return nil
	}
	defer body.Close()
	in, err := logs.Open([]string{"-"}, logs.Options{Stdin: body, Stop: p.ctx.Done()})
	if err != nil {
		return err
	}
	bar := startProgress(p.stderr, c.Quiet, in, imp.progress)
	defer bar.stop()
	return errors.Join(c.files(p, in, o, imp, address), in.Close())
}

// get asks for an address and returns what it answers.
func (c *importCommand) get(p *program, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "tocsin/"+strings.Fields(version())[0])
	req.Header.Set("Accept", "*/*")
	if c.fetcher == nil {
		c.fetcher = fetcher(c.Private)
	}
	res, err := c.fetcher.Do(req)
	if err != nil {
		var failed *url.Error // says the address again
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, fmt.Errorf("the server answers %s", res.Status)
	}
	return &idleReader{res.Body, time.AfterFunc(fetchIdle, func() { res.Body.Close() }), maxFetched}, nil
}

// An idleReader gives up on a body that has nothing to give for long, or does not
// end.
type idleReader struct {
	io.ReadCloser
	timer *time.Timer
	left  int64
}

var errEndless = fmt.Errorf("the answer has more than %d bytes: fetch it by other means, and import the file", maxFetched)

func (r *idleReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.timer.Reset(fetchIdle)
	if r.left -= int64(n); r.left < 0 {
		return 0, errEndless
	}
	return n, err
}

func (r *idleReader) Close() error {
	r.timer.Stop()
	return r.ReadCloser.Close()
}
