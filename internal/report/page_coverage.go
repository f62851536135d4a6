package report

import (
	"fmt"
	"strings"
)

// pageCoverage is the coverage as the page shows it.
type pageCoverage struct {
	Folder  string
	Summary string
	Kinds   []pageKind
	More    string // kinds beyond those
	Damaged bool   // there is a column for damaged records
	Unread  []pageReason
	Skipped []pageReason
	Broken  []pageReason
	Blind   []pageBlind
	Asked   string
}

type pageKind struct {
	Name  string
	Files string
	Total pageRow
	Rows  []pageRow
	More  string
	Many  bool   // the files are folded away
	One   string // the path of the only file
}

type pageRow struct{ Path, Records, Damaged, First, Last string }

type pageReason struct {
	Reason string
	Count  string
	Lines  []string
	More   string
}

type pageBlind struct {
	Reason string
	Rules  string
	Groups []pageBlindGroup
}

type pageBlindGroup struct {
	Count, Logsource, Advice string
	Titles                   []string
	More                     string
}

func newPageCoverage(c *coverage) pageCoverage {
	v := pageCoverage{Folder: Printable(c.folder), Damaged: c.damaged > 0}
	v.Summary = plural(c.files, "file") + ", " + plural(c.records, "record")
	if c.damaged > 0 {
		v.Summary += ", " + number(c.damaged) + " damaged"
	}
	for i := range c.kinds {
		k := &c.kinds[i]
		kind := pageKind{Name: k.name(), Files: plural(len(k.files), "file"), Total: newPageRow(k.coverageRow), Many: c.many}
		for _, f := range k.files[:min(len(k.files), pageFiles)] {
			kind.Rows = append(kind.Rows, newPageRow(f))
		}
		if len(kind.Rows) == 1 && !c.many {
			kind.One, kind.Rows = kind.Rows[0].Path, nil
		}
		kind.More = more(len(k.files), pageFiles, "file")
		v.Kinds = append(v.Kinds, kind)
	}
	v.Unread = pageReasons(c.unread.list)
	v.Skipped = pageReasons(c.skipped.list)
	for _, b := range c.broken[:min(len(c.broken), pageFiles)] {
		r := pageReason{Reason: Printable(strings.TrimPrefix(b.Path, c.folder)), Count: lost(&b)}
		for _, p := range b.Problems {
			at := fmt.Sprintf("offset %d", p.Offset)
			if p.Record != 0 {
				at = fmt.Sprintf("record %d, %s", p.Record, at)
			}
			r.Lines = append(r.Lines, at+": "+Printable(p.Reason))
		}
		v.Broken = append(v.Broken, r)
	}
	if len(c.Blind) > 0 {
		v.Asked = fmt.Sprintf("%s of %s", number(len(c.Blind)), plural(c.Rules, "rule"))
	}
	for _, b := range c.blind {
		r := pageBlind{Reason: Printable(b.reason), Rules: plural(b.rules, "rule")}
		for _, g := range b.groups {
			group := pageBlindGroup{Count: number(len(g.titles)), Logsource: Printable(g.logsource), Advice: g.advice}
			for _, t := range g.titles[:min(len(g.titles), pageTitles)] {
				group.Titles = append(group.Titles, Printable(t))
			}
			group.More = more(len(g.titles), pageTitles, "rule")
			r.Groups = append(r.Groups, group)
		}
		v.Blind = append(v.Blind, r)
	}
	return v
}

func newPageRow(r coverageRow) pageRow {
	row := pageRow{Path: Printable(r.path), Records: number(r.records), First: minute(r.first), Last: minute(r.last)}
	if r.damaged > 0 {
		row.Damaged = number(r.damaged)
	}
	return row
}

func pageReasons(list []reason) []pageReason {
	var out []pageReason
	for _, r := range list[:min(len(list), pageFiles)] {
		reason := pageReason{Reason: Printable(r.why), Count: plural(len(r.paths), "file"), More: more(len(r.paths), pageFiles, "file")}
		for _, p := range r.paths[:min(len(r.paths), pageFiles)] {
			reason.Lines = append(reason.Lines, Printable(p))
		}
		out = append(out, reason)
	}
	return out
}

func more(n, shown int, noun string) string {
	if n <= shown {
		return ""
	}
	return "and " + plural(n-shown, "further "+noun)
}
