package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A face is what people call an object by: the properties that most types have,
// each under one of several names.
type face struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Aliases     []string `json:"aliases"`
	MITRE       []string `json:"x_mitre_aliases"`
	Value       any      `json:"value"`
	Path        string   `json:"path"`
	Key         string   `json:"key"`
	Number      any      `json:"number"`
	Pattern     string   `json:"pattern"`
	Abstract    string   `json:"abstract"`
	Content     string   `json:"content"`
	Product     string   `json:"product"`
	Kind        string   `json:"relationship_type"`
	Country     string   `json:"country"`
	Region      string   `json:"region"`
	CommandLine string   `json:"command_line"`
	Hashes      map[string]string
}

// faceOf returns the face of an object. What is not as it should be is left
// out.
func faceOf(o *stix.Object) face {
	var f face
	json.Unmarshal(o.Raw(), &f) // an error is about one property: the others count
	return f
}

// title is what an object is called.
func (f *face) title(o *stix.Object) string {
	if f.Kind != "" && f.Description != "" {
		return f.Kind + ": " + f.Description
	}
	for _, s := range []string{f.Name, text(f.Value), f.Path, f.Key, f.Abstract, f.CommandLine, f.Product, f.Pattern, f.Content, f.Kind, f.Country, f.Region} {
		if s != "" {
			return s
		}
	}
	for _, name := range []string{"SHA-256", "SHA-1", "MD5"} {
		if h := f.Hashes[name]; h != "" {
			return h
		}
	}
	return cmp.Or(text(f.Number), string(o.ID))
}

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return fmt.Sprint(v)
	}
	return ""
}

// aliases are the other names of an object.
func (f *face) aliases() []string {
	return slices.DeleteFunc(slices.Concat(f.Aliases, f.MITRE), func(s string) bool { return s == f.Name })
}

// externalID is the identifier that an object has in the world: of ATT&CK,
// CAPEC, CVE.
func externalID(o *stix.Object) string {
	for _, x := range o.ExternalReferences {
		if x.ExternalID != "" && (strings.HasPrefix(x.SourceName, "mitre-") || x.SourceName == "cve" || x.SourceName == "capec") {
			return x.ExternalID
		}
	}
	return ""
}

// label is a name for a list: the identifier that people know, and the title.
func label(o *stix.Object) string {
	f := faceOf(o)
	title := strings.Join(strings.Fields(f.title(o)), " ")
	if id := externalID(o); id != "" && id != title {
		return id + " " + title
	}
	return title
}

// colourOf is the colour of TLP of an object, "" when it states none.
func colourOf(o *stix.Object) string {
	strictest := stix.TLPNone
	for _, id := range o.ObjectMarkingRefs {
		strictest = max(strictest, stix.TLPOf(id))
	}
	for _, g := range o.GranularMarkings {
		strictest = max(strictest, stix.TLPOf(g.MarkingRef))
	}
	if strictest == stix.TLPNone {
		return ""
	}
	return "TLP:" + strings.ToUpper(strictest.String())
}

// resolve returns the object that a person means: by its identifier, that of
// ATT&CK or CVE, its name or one of its aliases.
func resolve(ctx context.Context, s store.Store, name string) (store.Record, error) {
	if id := stix.ID(name); id.Valid() == nil {
		return s.Get(ctx, tlp.Local(), id)
	}
	found, err := s.Search(ctx, tlp.Local(), name, 0)
	if err != nil {
		return store.Record{}, err
	}
	found = slices.DeleteFunc(found, func(r store.Record) bool { return !called(r.Object, name) })
	switch len(found) {
	case 0:
		return store.Record{}, fmt.Errorf("nothing here is called %q: tocsin search finds what only mentions it", name)
	case 1:
		return found[0], nil
	}
	if current := slices.DeleteFunc(slices.Clone(found), func(r store.Record) bool { return r.Object.Revoked }); len(current) == 1 {
		return current[0], nil
	}
	var list []string
	for _, r := range found[:min(len(found), 20)] {
		list = append(list, string(r.Object.ID))
	}
	return store.Record{}, fmt.Errorf("%d objects are called %q; say which: %s", len(found), name, strings.Join(list, ", "))
}

// called reports whether a name is one of an object's.
func called(o *stix.Object, name string) bool {
	f := faceOf(o)
	return slices.ContainsFunc(append(f.aliases(), f.title(o), externalID(o)), func(s string) bool { return strings.EqualFold(s, name) })
}

type searchCommand struct {
	Words []string `arg:"" help:"Words that all stand in what is looked for; one with dots or slashes, such as a domain, stands together."`

	storeFlags

	JSON  bool `name:"json" help:"Print the objects, one a line."`
	Limit int  `default:"50" placeholder:"N" help:"At most so many, the best first."`
}

func (searchCommand) Examples() string {
	return `  tocsin search exchange web shell
  tocsin search evil.example.com
  tocsin search --json HAFNIUM | jq -r .id
`
}

func (c *searchCommand) Run(p *program) error {
	if c.Limit < 1 {
		return usageError{errors.New("--limit: at least 1 is needed")}
	}
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	found, err := s.Search(p.ctx, tlp.Local(), strings.Join(c.Words, " "), c.Limit+1)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("nothing here says %q", strings.Join(c.Words, " "))
	}
	more := len(found) > c.Limit
	printList(p, found[:min(len(found), c.Limit)], c.JSON)
	if more && !c.Quiet {
		fmt.Fprintf(p.stderr, "tocsin: there are more: say more words, or --limit\n")
	}
	return nil
}

// printList prints objects, one a line.
func printList(p *program, list []store.Record, asJSON bool) {
	width := 0
	for _, r := range list {
		width = max(width, len(r.Object.Type))
	}
	columns := terminal(p.stdout).Width
	for _, r := range list {
		if asJSON {
			fmt.Fprintf(p.stdout, "%s\n", line(r.Object))
			continue
		}
		text := report.Printable(label(r.Object))
		if colour := colourOf(r.Object); colour != "" {
			text += "  " + colour
		}
		if room := columns - width - 2 - len(r.Object.ID) - 2; columns > 0 {
			text = cutTo(text, max(room, 20))
		}
		fmt.Fprintf(p.stdout, "%-*s  %s  %s\n", width, r.Object.Type, r.Object.ID, text)
	}
}

// cutTo returns s in at most n characters.
func cutTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// line is an object on one line.
func line(o *stix.Object) []byte {
	raw := o.Raw()
	if !slices.Contains(raw, '\n') {
		return raw
	}
	return compact(raw)
}

type statsCommand struct {
	storeFlags

	JSON bool `name:"json" help:"Print one JSON object."`
}

func (c *statsCommand) Run(p *program) error {
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	stats, err := s.Stats(p.ctx, tlp.Local())
	if err != nil {
		return err
	}
	if c.JSON {
		b, err := json.Marshal(struct {
			Objects int            `json:"objects"`
			Types   map[string]int `json:"types"`
		}{stats.Objects, stats.Types}, json.Deterministic(true))
		fmt.Fprintf(p.stdout, "%s\n", b)
		return err
	}
	var types []string
	for t := range stats.Types {
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b string) int {
		return cmp.Or(cmp.Compare(stats.Types[b], stats.Types[a]), strings.Compare(a, b))
	})
	for _, t := range types {
		fmt.Fprintf(p.stdout, "%12s  %s\n", thousands(stats.Types[t]), t)
	}
	fmt.Fprintf(p.stdout, "%12s  in %s\n", thousands(stats.Objects), report.Printable(c.path()))
	return nil
}

type backupCommand struct {
	File string `arg:"" help:"The file to write. It must not exist."`

	storeFlags
}

func (backupCommand) Examples() string {
	return `  tocsin backup /mnt/safe/tocsin-2021-07-19.db
  tocsin stats --db /mnt/safe/tocsin-2021-07-19.db     a backup is a store
`
}

func (c *backupCommand) Run(p *program) error {
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Backup(p.ctx, c.File)
}
