package intake

import (
	"bytes"
	"slices"

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
	objects, err := prose.Drafts(d, prose.Read(d, prose.Options{Warninglists: r.Lists}))
	if err != nil {
		return err
	}
	for _, o := range objects {
		if o, err = r.confide(o); err != nil {
			return err
		}
		if err = r.to.Item(Item{Object: o, Draft: true, Made: true}); err != nil {
			return err
		}
	}
	return nil
}

// confide marks what a report says as the options ask, but for what the world
// knows: ATT&CK, CVEs, countries.
func (r *reading) confide(o *stix.Object) (*stix.Object, error) {
	public := o.Type == "location" || slices.ContainsFunc(o.ExternalReferences, func(x stix.ExternalReference) bool {
		return x.SourceName == "mitre-attack" || x.SourceName == "cve"
	})
	if r.Marking == stix.TLPNone || public || len(o.ObjectMarkingRefs) > 0 {
		return o, nil
	}
	raw := bytes.TrimRight(o.Raw(), "} \n")
	return stix.Parse(append(slices.Clip(raw), `,"object_marking_refs":["`+string(r.Marking.MarkingID())+`"]}`...))
}
