package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/intake/prose"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

type showCommand struct {
	ID string `arg:"" name:"id" help:"The identifier of an object, that of ATT&CK (G0125) or CVE, a name or an alias."`

	storeFlags

	JSON bool `name:"json" help:"Print one JSON object: the object, its versions, sources and relations."`
}

func (showCommand) Examples() string {
	return `  tocsin show G0125
  tocsin show CVE-2021-26855
  tocsin show indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --json | jq .object
`
}

// maxRelations is how many relations of an object are shown each way.
const maxRelations = 5000

// page is all that is shown of an object.
type page struct {
	store.Record
	versions  []store.Record
	conflicts []store.Record
	sources   []store.Receipt
	relations []store.Relation
	more      bool // relations than these
	sightings []store.Record
	markings  map[stix.ID]*stix.Object
}

func (c *showCommand) Run(p *program) error {
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	rec, err := resolve(p.ctx, s, c.ID)
	if err != nil {
		return err
	}
	page, err := pageOf(p.ctx, s, rec)
	if err != nil {
		return err
	}
	if c.JSON {
		return page.json(p.stdout)
	}
	page.print(p.stdout, cmp.Or(terminal(p.stdout).Width, 100))
	return nil
}

func pageOf(ctx context.Context, s store.Store, rec store.Record) (*page, error) {
	v := &page{Record: rec, markings: map[stix.ID]*stix.Object{}}
	id, all := rec.Object.ID, tlp.Local()
	var err error
	if v.versions, err = s.Versions(ctx, all, id); err != nil {
		return nil, err
	}
	if v.conflicts, err = s.Conflicts(ctx, all, id); err != nil {
		return nil, err
	}
	if v.sources, err = s.Sources(ctx, all, id); err != nil {
		return nil, err
	}
	if v.sightings, err = s.Sightings(ctx, all, id, 0); err != nil {
		return nil, err
	}
	if v.relations, err = s.Related(ctx, all, id, maxRelations+1); err != nil {
		return nil, err
	}
	v.cut()
	for _, ref := range rec.Object.ObjectMarkingRefs {
		if m, err := s.Get(ctx, all, ref); err == nil {
			v.markings[ref] = m.Object
		}
	}
	return v, nil
}

// cut leaves of the relations each way as many as are shown.
func (v *page) cut() {
	ways := map[bool]int{}
	v.relations = slices.DeleteFunc(v.relations, func(r store.Relation) bool {
		ways[r.Outgoing]++
		return ways[r.Outgoing] > maxRelations
	})
	v.more = max(ways[true], ways[false]) > maxRelations
}

// print writes the page for people.
func (v *page) print(w io.Writer, width int) {
	o := v.Object
	f := faceOf(o)
	out := func(name, text string) {
		if text != "" {
			text = report.Printable(strings.Join(strings.Fields(text), " "))
			fmt.Fprintf(w, "%-13s%s\n", name, wrap(text, width-13, 13))
		}
	}
	fmt.Fprintf(w, "%s\n", report.Printable(label(o)))
	state := o.Type
	if o.Revoked {
		state += ", revoked"
	}
	fmt.Fprintf(w, "%s  %s\n\n", state, o.ID)
	out("Aliases", strings.Join(f.aliases(), ", "))
	out("Pattern", f.Pattern)
	out("Description", cmp.Or(f.Description, f.Content))
	out("Labels", strings.Join(o.Labels, ", "))
	if o.Confidence != nil {
		out("Confidence", fmt.Sprint(*o.Confidence))
	}
	out("Markings", strings.Join(v.marks(), "; "))
	for i, e := range prose.EvidenceOf(o) {
		if e.Ref != "" || i >= 10 { // a report has that of all that it names
			break
		}
		out([]string{"Evidence", ""}[min(i, 1)], quoted(e))
	}
	for i, x := range o.ExternalReferences {
		if i == 10 {
			out("", fmt.Sprintf("and %d more: --json has them", len(o.ExternalReferences)-i))
			break
		}
		name := ""
		if i == 0 {
			name = "References"
		}
		out(name, strings.Join(slices.DeleteFunc([]string{x.SourceName, x.ExternalID, x.URL}, func(s string) bool { return s == "" }), "  "))
	}
	v.origin(out)
	v.related(w, width)
	if v.more {
		fmt.Fprintf(w, "\nThere are more relations: these are the first %s each way. tocsin export --type relationship has all.\n", thousands(maxRelations))
	}
}

// origin tells of versions and sources.
func (v *page) origin(out func(name, text string)) {
	if !v.Object.Created.IsZero() {
		text := "created " + v.Object.Created.Format(time.DateOnly) + ", modified " + v.Object.Modified.Format(time.DateOnly)
		if n := len(v.versions); n > 1 {
			text += fmt.Sprintf("; %d versions are here", n)
		}
		out("Versions", text)
	}
	for i, s := range v.sources {
		name := ""
		if i == 0 {
			name = "Sources"
		}
		out(name, s.Source+", first received "+s.Received.Format("2006-01-02 15:04")+" UTC")
	}
	if n := len(v.conflicts); n > 0 {
		out("Conflicts", count(n, "object", "objects")+" came under the same identifier with other content: --json has them")
	}
	if n := len(v.sightings); n > 0 {
		out("Sightings", count(n, "sighting", "sightings"))
	}
}

// marks says in words how the object is marked.
func (v *page) marks() []string {
	var list []string
	for _, id := range v.Object.ObjectMarkingRefs {
		if t := stix.TLPOf(id); t != stix.TLPNone {
			list = append(list, "TLP:"+strings.ToUpper(t.String()))
			continue
		}
		name := string(id)
		if m := v.markings[id]; m != nil {
			if d, err := stix.As[stix.MarkingDefinition](m); err == nil {
				var statement struct {
					Statement string `json:"statement"`
				}
				json.Unmarshal(d.Definition, &statement)
				name = cmp.Or(statement.Statement, d.Name, name)
			}
		}
		list = append(list, name)
	}
	if len(v.Object.GranularMarkings) > 0 {
		list = append(list, "some parts have markings of their own")
	}
	return list
}

// related lists what the object is related to, by kind of relation.
func (v *page) related(w io.Writer, width int) {
	groups := map[string][]string{}
	for _, r := range v.relations {
		kind := r.Type
		if r.By != nil {
			kind = strings.ReplaceAll(kind, "-", " ")
		}
		if !r.Outgoing {
			kind = "← " + kind
		}
		text := string(r.Other) + " (not here)"
		if r.Object != nil {
			text = label(r.Object.Object)
			if r.Object.Object.Revoked {
				text += " (revoked)"
			}
		}
		key := kind + "  " + r.Other.Type()
		groups[key] = append(groups[key], report.Printable(text))
	}
	var keys []string
	for k := range groups {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		list := groups[k]
		slices.Sort(list)
		list = slices.Compact(list)
		fmt.Fprintf(w, "\n%s (%d)\n", report.Printable(k), len(list))
		for _, text := range list {
			fmt.Fprintf(w, "  %s\n", cutTo(text, max(width-2, 20)))
		}
	}
}

// wrap breaks text into lines of at most width characters; all but the first
// begin with indent blanks.
func wrap(text string, width, indent int) string {
	width = max(width, 20)
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		if i > 0 && column+1+n > width {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = 0
		} else if i > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}

// json writes the page for machines.
func (v *page) json(w io.Writer) error {
	type source struct {
		Source   string    `json:"source"`
		Received time.Time `json:"received"`
	}
	type relation struct {
		Type     string         `json:"type"`
		Outgoing bool           `json:"outgoing"`
		By       stix.ID        `json:"by,omitempty"`
		Other    stix.ID        `json:"other"`
		Object   jsontext.Value `json:"object,omitempty"`
	}
	raws := func(list []store.Record) []jsontext.Value {
		all := []jsontext.Value{}
		for _, r := range list {
			all = append(all, r.Object.Raw())
		}
		return all
	}
	sources, relations := []source{}, []relation{}
	for _, s := range v.sources {
		sources = append(sources, source{s.Source, s.Received})
	}
	for _, r := range v.relations {
		x := relation{Type: r.Type, Outgoing: r.Outgoing, Other: r.Other}
		if r.By != nil {
			x.By = r.By.Object.ID
		}
		if r.Object != nil {
			x.Object = r.Object.Object.Raw()
		}
		relations = append(relations, x)
	}
	b, err := json.Marshal(struct {
		Object    jsontext.Value   `json:"object"`
		Added     time.Time        `json:"added"`
		Sources   []source         `json:"sources"`
		Versions  []jsontext.Value `json:"versions"`
		Conflicts []jsontext.Value `json:"conflicts"`
		Sightings []jsontext.Value `json:"sightings"`
		Relations []relation       `json:"relations"`
		More      bool             `json:"more,omitempty"` // relations than these
	}{v.Object.Raw(), v.Added, sources, raws(v.versions), raws(v.conflicts), raws(v.sightings), relations, v.more})
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// compact returns JSON without the blanks between its tokens.
func compact(raw []byte) []byte {
	v := jsontext.Value(bytes.Clone(raw))
	if v.Compact() != nil {
		return raw
	}
	return v
}
