package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/stix"
)

type importCommand struct {
	Paths []string `arg:"" name:"path" help:"Files, folders, archives, http(s) addresses, - for standard input."`

	storeFlags

	Format     string   `placeholder:"NAME" help:"Read as: ${formats}. Default: found from the content."`
	Columns    []string `placeholder:"NAME,..." help:"What the columns of a table are: a kind of observable (domain, ip, url, sha256, ...), value, type, name, description, tags, first_seen, valid_until, confidence, tlp, reference, - to skip one."`
	Source     string   `placeholder:"NAME" help:"From whom it is. Default: the name of the file."`
	TLP        string   `name:"tlp" placeholder:"COLOUR" help:"Mark what lists, tables and reports say: clear, green, amber, amber+strict, red."`
	Confidence int      `placeholder:"N" help:"How sure the source of a list is, 1 to 100."`
	Unguarded  bool     `help:"Take in what is on a warninglist of the store, too."`
	Lax        bool     `help:"Take in objects that break a MUST of STIX, too."`
	Private    bool     `help:"Addresses may be of a private network, or of this machine."`
	Rejects    string   `placeholder:"FILE" help:"Write what was not taken in, and why, as JSON lines. Default: rejects.jsonl in the folder of the store."`

	fetcher *http.Client
}

func (importCommand) Examples() string {
	return `  tocsin import enterprise-attack.json                 ATT&CK, or any STIX bundle
  tocsin import feed/ iocs.csv blocklist.txt           a MISP feed, a table, a list
  tocsin import report.pdf --tlp green                 a report; then: tocsin review
  tocsin import https://cert.example.org/misp/         a MISP feed of another
  curl -s https://taxii.example.org/... | tocsin import - --source "CERT Example"
`
}

// importGC is the percentage by which memory may grow between collections while
// the store is in another process: an import holds some megabytes at a time and
// lets go of all of them.
const importGC = 200

func (c *importCommand) Run(p *program) error {
	options, err := c.options()
	if err != nil {
		return err
	}
	s, err := c.open(true)
	if err != nil {
		return err
	}
	if !c.Unguarded {
		if options.Lists, err = warninglists(p.ctx, s); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	if isPostgres(c.path()) {
		debug.SetGCPercent(importGC)
	}
	imp := newImporter(p.ctx, s, c.rejects())
	err = c.each(p, options, imp)
	if closed := imp.close(); err == nil {
		err = closed
	}
	if p.ctx.Err() != nil { // whatever it broke off
		err = errors.New("interrupted: what was read until then has been taken in; import it again for the rest")
	}
	return errors.Join(err, s.Close(), imp.tell(p, c.Quiet))
}

func (c *importCommand) options() (intake.Options, error) {
	o := intake.Options{Format: c.Format, Columns: c.Columns, Confidence: c.Confidence, Lax: c.Lax}
	if c.Format != "" && !slices.Contains(intake.Formats(), c.Format) {
		return o, usageError{fmt.Errorf("--format %s: it is one of %s", c.Format, strings.Join(intake.Formats(), ", "))}
	}
	if c.Confidence < 0 || c.Confidence > 100 {
		return o, usageError{fmt.Errorf("--confidence %d: it is 1 to 100", c.Confidence)}
	}
	if err := intake.CheckColumns(c.Columns); err != nil {
		return o, usageError{fmt.Errorf("--columns: %w", err)}
	}
	var err error
	o.Marking, err = parseTLP("--tlp", c.TLP)
	return o, err
}

// parseTLP reads a colour of the Traffic Light Protocol.
func parseTLP(flag, s string) (stix.TLP, error) {
	if s == "" {
		return stix.TLPNone, nil
	}
	name := strings.TrimPrefix(strings.ToLower(s), "tlp:")
	for t := stix.TLPClear; t <= stix.TLPRed; t++ {
		if name == t.String() {
			return t, nil
		}
	}
	return stix.TLPNone, usageError{fmt.Errorf("%s %s: it is one of clear, green, amber, amber+strict, red", flag, s)}
}

// rejects is the file for what is not taken in.
func (c *importCommand) rejects() string {
	if c.Rejects != "" {
		return c.Rejects
	}
	if isPostgres(c.path()) {
		return "rejects.jsonl"
	}
	return filepath.Join(filepath.Dir(c.path()), "rejects.jsonl")
}

// each reads all paths. What cannot be read costs itself.
func (c *importCommand) each(p *program, o intake.Options, imp *importer) error {
	var local []string
	for _, path := range c.Paths {
		if !isURL(path) {
			local = append(local, path)
		}
	}
	if len(local) > 0 {
		in, err := logs.Open(local, logs.Options{Stdin: p.stdin, Stop: p.ctx.Done(), Except: []string{c.rejects(), c.path(), c.path() + indexTail}})
		if err != nil {
			return err
		}
		bar := startProgress(p.stderr, c.Quiet, in, imp.progress)
		err = c.files(p, in, o, imp, "")
		bar.stop()
		if err = errors.Join(err, in.Close()); err != nil {
			return err
		}
	}
	for _, path := range c.Paths {
		if !isURL(path) {
			continue
		}
		if err := c.fetch(p, path, o, imp); err != nil {
			return err
		}
	}
	return nil
}

func isURL(path string) bool {
	return strings.HasPrefix(path, "https://") || strings.HasPrefix(path, "http://")
}

// files reads every file of in. The name of one that came over the network is
// its address.
func (c *importCommand) files(p *program, in *logs.Input, o intake.Options, imp *importer, address string) error {
	for {
		f, r, err := in.NextFile()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		file := cmp.Or(address, f.Path)
		if f.Format != "" && o.Format == "" {
			imp.unread(file, fmt.Errorf("a log (%s), whose addresses are those of everybody: tocsin hunt reads it; say --format if it is a list or a report all the same", f.Format))
			continue
		}
		source := intake.Input{Name: cmp.Or(c.Source, sourceName(file)), Path: file, Time: fileTime(f), R: r}
		if err := imp.read(source, o); err != nil {
			return err
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
	}
	for _, f := range in.Files() {
		if f.Problem != nil {
			imp.unread(cmp.Or(address, f.Path), f.Problem)
		}
	}
	return nil
}

// sourceName is what a source is called after: the name of its file, or its
// address, without what it was packed in.
func sourceName(file string) string {
	if u, err := url.Parse(file); err == nil && isURL(file) {
		return u.Host + u.Path
	}
	if file == "-" {
		return "standard input"
	}
	file = path.Base(filepath.ToSlash(file))
	for _, packed := range []string{".gz", ".zst", ".xz", ".bz2"} {
		file = strings.TrimSuffix(file, packed)
	}
	return file
}

// fileTime is when a file was last changed, now where that is unknown.
func fileTime(f *logs.File) time.Time {
	if f.ModTime == 0 {
		return time.Now()
	}
	return time.Unix(0, f.ModTime)
}
