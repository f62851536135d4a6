package report

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// HTMLOptions say what a page is called and when and by what it was made.
// What is empty is not shown.
type HTMLOptions struct {
	Title string // "" stands for "Hunt report"
	Made  time.Time
	By    string // program and version
}

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// How much of a long list a page shows before it counts the rest.
const (
	pageHosts  = 12
	pageFiles  = 200 // files of one kind, paths of one reason
	pageTitles = 100 // rules of one logsource
)

// HTML returns a view that writes one page which needs nothing else: style,
// script and pictures are inside, nothing is fetched, and its content security
// policy allows just these. The page is whole without the script, which only
// filters and sorts.
func HTML(w io.Writer, o HTMLOptions) View {
	return func(s *Summary, c finding.Coverage) error {
		t, err := template.New("page").Parse(pageTemplate)
		if err != nil {
			return fmt.Errorf("reading the page template: %w", err)
		}
		out := bufio.NewWriter(w)
		if err := t.Execute(out, newPage(s, newCoverage(c), o)); err != nil {
			return fmt.Errorf("writing the HTML report: %w", err)
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("writing the HTML report: %w", err)
		}
		return nil
	}
}

// A page is what the template shows. Every text that comes from a log or a
// rule has been through Printable; the template escapes it for where it
// stands.
type page struct {
	Title, Made, By string
	Policy          string
	Style           template.CSS
	Script          template.JS
	Warnings        []string
	Verdict         []string // sentences
	Levels          []pageLevel
	Hosts           []pageHost
	MoreHosts       string
	Actors          []string
	Timeline        *pageTimeline
	Columns         []pageColumn
	Unknown         []string
	Attack, Notice  string
	Further         string
	Coverage        pageCoverage
}

// A pageLevel is the findings of one severity.
type pageLevel struct {
	Name, Count, Findings, Kinds string
	Rules                        []pageRule
}

type pageRule struct {
	Anchor, Title, Count, Hosts, First, Last string
	Number                                   uint64 // count, to sort by
	Time                                     int64  // first, to sort by
	ID, Path                                 string
	HostNames                                string
	Techniques                               []pageTechnique
	Samples                                  []pageSample
	Shown                                    string // how many samples of how many findings
}

type pageTechnique struct {
	ID, Parent, Name, Count, Level, Href, Rules string
}

type pageSample struct {
	Time, Host, Source, Where string
	Fields                    []finding.Field
	Events                    []string
	EventCount                string
}

type pageHost struct {
	Name   string
	Counts [severities]string // the most severe first
}

type pageColumn struct {
	ID, Name, Share string
	Techniques      []pageTechnique
}

func newPage(s *Summary, c *coverage, o HTMLOptions) *page {
	p := &page{
		Title: Printable(o.Title), By: Printable(o.By), Style: template.CSS(pageStyle), Script: template.JS(pageScript),
		Warnings: c.warnings(), Attack: attack.Version, Notice: attack.Notice,
	}
	if p.Title == "" {
		p.Title = "Hunt report"
	}
	if !o.Made.IsZero() {
		p.Made = o.Made.UTC().Format("2006-01-02 15:04 UTC")
	}
	p.Policy = fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; base-uri 'none'; form-action 'none'",
		digest(pageStyle), digest(pageScript))
	if s.further > 0 {
		p.Further = fmt.Sprintf("%s of rules or indicators beyond the first %s are counted but not told apart here.",
			plural(s.further, "finding"), number(maxGroups))
	}
	anchors := p.levels(s)
	p.hosts(s)
	p.Verdict = verdict(s, c)
	for _, a := range s.actors() {
		if len(p.Actors) == reasonsN {
			break
		}
		p.Actors = append(p.Actors, fmt.Sprintf("%s %s (%s, %s)", Printable(a.id), Printable(a.name), plural(a.groups, "rule"), plural(a.count, "finding")))
	}
	p.matrix(s, anchors)
	p.Timeline = newPageTimeline(s, c)
	p.Coverage = newPageCoverage(c)
	return p
}

// digest is the hash of a script or style as a content security policy names
// it.
func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(h[:])
}

// prose is how a time is written within a sentence.
const prose = "2 January 2006, 15:04"

// verdict says in sentences what was found, what was read and what could not
// be seen.
func verdict(s *Summary, c *coverage) []string {
	var found string
	critical, high := s.count[finding.Critical], s.count[finding.High]
	switch all := s.AtLeast(0); {
	case all == 0:
		found = "Nothing was found."
	case critical+high == 0:
		found = fmt.Sprintf("Nothing critical or high was found; %s of lower severity.", plural(all, "finding"))
	case critical == 0:
		found = fmt.Sprintf("%s of high severity", plural(high, "finding"))
	case high == 0:
		found = fmt.Sprintf("%s of critical severity", plural(critical, "finding"))
	default:
		found = fmt.Sprintf("%s of critical and %s of high severity", plural(critical, "finding"), number(high))
	}
	if critical+high > 0 {
		hosts := 0
		for _, h := range s.hostOrder {
			if h.count[finding.Critical]+h.count[finding.High] > 0 {
				hosts++
			}
		}
		if hosts > 0 {
			found += " on " + plural(hosts, "host")
		}
		first := int64(event.NoTime)
		for _, severity := range []finding.Severity{finding.Critical, finding.High} {
			for _, g := range s.bySeverity(severity) {
				period(&first, new(int64), g.first)
			}
		}
		if first != event.NoTime {
			found += ", the first on " + stamp(first, prose) + " UTC"
		}
		found += "."
	}
	read := fmt.Sprintf("Read were %s of %s", plural(c.records, "record"), plural(c.files, "file"))
	if c.first != event.NoTime {
		read += fmt.Sprintf(", from %s to %s UTC", stamp(c.first, prose), stamp(c.last, prose))
	}
	list := []string{found, read + "."}
	if n := len(c.Blind); n > 0 {
		list = append(list, fmt.Sprintf("%s of %s had no log that could have fired them: what they look for was not logged, which is not the same as not there.",
			number(n), plural(c.Rules, "rule")))
	}
	return list
}

// levels fills the findings and returns the anchor of each group.
func (p *page) levels(s *Summary) map[*group]string {
	anchors := map[*group]string{}
	for severity := severities - 1; severity >= 0; severity-- {
		level := pageLevel{Name: finding.Severity(severity).String(), Count: number(s.count[severity])}
		groups := s.bySeverity(finding.Severity(severity))
		level.Findings = plural(s.count[severity], "finding")
		for _, g := range groups {
			anchors[g] = fmt.Sprintf("r%d", len(anchors)+1)
			level.Rules = append(level.Rules, newPageRule(s, g, anchors[g]))
		}
		if len(groups) > 0 {
			level.Kinds = rulesAmong(groups)
		}
		p.Levels = append(p.Levels, level)
	}
	return anchors
}

func newPageRule(s *Summary, g *group, anchor string) pageRule {
	r := pageRule{
		Anchor: anchor, Title: Printable(g.label()), Count: number(g.count), Number: g.count, Time: g.first,
		First: minute(g.first), Last: minute(g.last), ID: Printable(g.key.id), Path: Printable(g.key.path),
	}
	if r.First == r.Last {
		r.Last = ""
	}
	if g.indicator {
		r.Path = ""
	}
	hosts := s.hostsOf(g)
	if r.Hosts = plural(len(hosts), "host"); len(hosts) == 0 {
		r.Hosts = ""
	} else if len(hosts) == 1 {
		r.Hosts = Printable(hosts[0])
	}
	r.HostNames = Printable(strings.Join(hosts[:min(len(hosts), maxNames)], ", "))
	if n := len(hosts) - maxNames; n > 0 {
		r.HostNames += fmt.Sprintf(" and %s more", number(n))
	}
	for _, id := range g.techniques {
		t := pageTechnique{ID: Printable(id)}
		if facts, ok := attack.Enterprise().Technique(id); ok {
			t.ID, t.Name = facts.ID, attack.Enterprise().FullName(facts)
		}
		if !slices.ContainsFunc(r.Techniques, func(u pageTechnique) bool { return u.ID == t.ID }) {
			r.Techniques = append(r.Techniques, t)
		}
	}
	for _, f := range g.samples {
		r.Samples = append(r.Samples, newPageSample(f))
	}
	r.Shown = "All " + number(g.count) + " findings"
	if n := len(g.samples); uint64(n) < g.count {
		r.Shown = fmt.Sprintf("The first %s of %s findings", number(n), number(g.count))
	} else if n == 1 {
		r.Shown = "The finding"
	}
	return r
}

func newPageSample(f *finding.Finding) pageSample {
	out := pageSample{Time: stamp(f.Time, "2006-01-02 15:04:05.999"), Host: Printable(f.Host)}
	out.Source, out.Where = where(f.Source)
	for _, field := range f.Fields {
		out.Fields = append(out.Fields, finding.Field{Name: Printable(field.Name), Value: visible(field.Value, true)})
	}
	for _, e := range f.Events {
		path, at := where(e)
		out.Events = append(out.Events, path+", "+at)
	}
	if n := uint64(len(f.Events)); n > 0 {
		out.EventCount = plural(f.Count, "event")
		if n < f.Count {
			out.EventCount = fmt.Sprintf("The first %s of %s events", number(n), number(f.Count))
		}
	}
	return out
}

// where says in which file a record stands, and where in it.
func where(s finding.Source) (path, at string) {
	at = fmt.Sprintf("offset %d", s.Offset)
	if s.Record != 0 {
		at = fmt.Sprintf("record %d, %s", s.Record, at)
	}
	return Printable(s.Path), at
}

// hosts fills the machines with the gravest findings, the worst first.
func (p *page) hosts(s *Summary) {
	list := s.worstHosts()
	for _, h := range list[:min(len(list), pageHosts)] {
		row := pageHost{Name: Printable(h.name)}
		for i := range h.count {
			if n := h.count[severities-1-i]; n > 0 {
				row.Counts[i] = number(n)
			}
		}
		p.Hosts = append(p.Hosts, row)
	}
	switch n := len(list) - len(p.Hosts); {
	case s.moreHosts:
		p.MoreHosts = fmt.Sprintf("and more than %s others", number(n))
	case n > 0:
		p.MoreHosts = "and " + plural(n, "other host")
	}
}

// matrix fills the tactics and the techniques that were found.
func (p *page) matrix(s *Summary, anchors map[*group]string) {
	known, unknown := s.techniques()
	for _, column := range matrix(known) {
		c := pageColumn{ID: column.ID, Name: column.Name, Share: fmt.Sprintf("%d of %d", len(column.techniques), column.total)}
		for _, t := range column.techniques {
			cell := pageTechnique{
				ID: t.ID, Name: t.Name, Count: number(t.count), Level: t.severity.String(),
				Href: "#" + anchors[t.groups[0]], Rules: comment(t),
			}
			if t.Parent != "" {
				cell.Parent = strings.TrimSuffix(t.full, t.Name)
			}
			c.Techniques = append(c.Techniques, cell)
		}
		p.Columns = append(p.Columns, c)
	}
	for _, t := range unknown[:min(len(unknown), maxNames)] {
		p.Unknown = append(p.Unknown, fmt.Sprintf("%s (%s)", Printable(t.ID), plural(t.count, "finding")))
	}
}
