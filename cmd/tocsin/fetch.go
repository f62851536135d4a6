package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/misp"
)

// Limits of what comes over the network.
const (
	fetchHeaders = 30 * time.Second // until the answer begins
	fetchIdle    = 60 * time.Second // between two parts of it
	maxRedirects = 5
)

// fetcher gets what an address holds.
var fetcher = &http.Client{
	Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: fetchHeaders, TLSHandshakeTimeout: fetchHeaders},
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

// fetch reads what an address holds: of a folder, the MISP feed in it.
func (c *importCommand) fetch(p *program, address string, o intake.Options, imp *importer) error {
	if strings.HasSuffix(address, "/") {
		address += misp.ManifestFile
	}
	if folder, ok := strings.CutSuffix(address, misp.ManifestFile); ok && o.Feed == nil {
		o.Feed = func(uuid string) error { return c.fetch(p, folder+uuid+".json", o, imp) }
	}
	body, err := get(p, address)
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
func get(p *program, address string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "tocsin/"+strings.Fields(version())[0])
	req.Header.Set("Accept", "*/*")
	res, err := fetcher.Do(req)
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
	return &idleReader{res.Body, time.AfterFunc(fetchIdle, func() { res.Body.Close() })}, nil
}

// An idleReader gives up on a body that has nothing to give for long.
type idleReader struct {
	io.ReadCloser
	timer *time.Timer
}

func (r *idleReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.timer.Reset(fetchIdle)
	return n, err
}

func (r *idleReader) Close() error {
	r.timer.Stop()
	return r.ReadCloser.Close()
}
