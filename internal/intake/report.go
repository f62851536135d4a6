package intake

import (
	"bytes"

	"github.com/tocsin-project/tocsin/internal/intake/prose"
	"github.com/tocsin-project/tocsin/stix"
)

func isPDF(head []byte, _ string) bool { return bytes.HasPrefix(head, []byte("%PDF-")) }

func isHTML(head []byte, path string) bool {
	start := bytes.ToLower(bytes.TrimSpace(head[:min(len(head), 4096)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) ||
		bytes.HasPrefix(start, []byte("<")) && (bytes.Contains(start, []byte("<html")) || named(path, ".html", ".htm"))
}

func isMarkdown(head []byte, path string) bool {
	return named(path, ".md", ".markdown") && isText(head, path)
}

// isText takes everything that looks like text for a report, but for what
// only a program writes.
func isText(head []byte, path string) bool {
	start := bytes.TrimSpace(head)
	return bytes.IndexByte(head, 0) < 0 && start[0] != '{' && start[0] != '[' && start[0] != '<' && !named(path, ".csv", ".tsv")
}

func (r *reading) pdf() error      { return r.report(prose.PDF) }
func (r *reading) html() error     { return r.report(prose.HTML) }
func (r *reading) markdown() error { return r.report(prose.Markdown) }
func (r *reading) text() error     { return r.report(prose.Text) }

// report reads what people wrote for people. What it says is for a person to
// accept.
func (r *reading) report(f prose.Format) error {
	d, err := prose.Load(r.R, f)
	if err != nil {
		return err
	}
	d.Source = r.Name
	if r.Marking != stix.TLPNone {
		d.Marking = r.Marking
	}
	objects, err := prose.Drafts(d, prose.Read(d, prose.Options{Warninglists: r.Lists}))
	if err != nil {
		return err
	}
	for _, o := range objects {
		if err = r.to.Item(Item{Object: o, Draft: true, Made: true}); err != nil {
			return err
		}
	}
	return nil
}
