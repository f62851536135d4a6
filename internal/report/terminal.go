package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// TerminalOptions say what the terminal can show.
type TerminalOptions struct {
	Color bool // use colour
	Width int  // columns; 0 stands for 100
}

// How many lines a section may take before the rest is only counted.
const (
	grave    = 200 // rules of severity high or critical
	slight   = 40  // rules of each lower severity
	reasonsN = 10  // reasons why files were not read, or broken files
	pathsN   = 3   // paths of one reason
	blindN   = 25  // logsources without a log
	kindsN   = 30  // kinds of file
)

// Terminal returns a view for people: findings by severity and rule,
// techniques by tactic, and what was read and what no log could show. Times
// are UTC.
func Terminal(w io.Writer, o TerminalOptions) View {
	return func(s *Summary, c finding.Coverage) error {
		if o.Width <= 0 {
			o.Width = 100
		}
		t := &terminal{TerminalOptions: o, s: s, c: newCoverage(c)}
		t.Width = max(40, min(t.Width, 160))
		t.findings()
		t.techniques()
		t.coverage()
		t.unread()
		t.notLogged()
		t.verdict()
		if _, err := w.Write(t.out.Bytes()); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
		return nil
	}
}

type terminal struct {
	TerminalOptions
	s     *Summary
	c     *coverage
	table findingTable
	out   bytes.Buffer
}

// A findingTable is the columns of the findings.
type findingTable struct {
	count, title, host int
	layout             string // of times
}

// The styles, as SGR parameters.
const (
	bold = "1"
	dim  = "2"
)

var severityStyle = [severities]string{"2", "36", "33", "31", "1;31"}

// style paints s. Everything else that prints has been through Printable, so
// these are the only escape sequences there are.
func (t *terminal) style(sgr, s string) string {
	if !t.Color || sgr == "" || strings.TrimSpace(s) == "" {
		return s
	}
	return "\x1b[" + sgr + "m" + s + "\x1b[0m"
}

// line writes parts as one line without spaces at its end.
func (t *terminal) line(parts ...string) {
	s := strings.Join(parts, "")
	t.out.WriteString(strings.TrimRight(s, " ") + "\n")
}

// text writes s under indent, wrapped.
func (t *terminal) text(indent int, style, s string) {
	for _, l := range wrap(Printable(s), t.Width-indent) {
		t.line(strings.Repeat(" ", indent), t.style(style, l))
	}
}

// heading starts a section.
func (t *terminal) heading(style, name, rest string) {
	if t.out.Len() > 0 {
		t.line()
	}
	t.line(t.style(style, name), "  ", rest)
}

func (t *terminal) findings() {
	for _, w := range t.c.warnings() {
		t.text(0, bold, w)
		t.line()
	}
	if t.s.AtLeast(0) == 0 {
		t.line(t.style(bold, "No findings"), " in ", plural(t.c.records, "record"), " of ", plural(t.c.files, "file"), ".")
		return
	}
	t.table = findingTable{count: 5, layout: "2006-01-02 15:04"}
	note := "Times are first and last, UTC."
	if year := stamp(t.s.first, "2006"); year != "" && year == stamp(t.s.last, "2006") {
		t.table.layout = "01-02 15:04"
		note = "Times are first and last, UTC, " + year + "."
	}
	for _, g := range t.s.order {
		t.table.count = max(t.table.count, len(number(g.count)))
		t.table.host = max(t.table.host, width(t.hostsOf(g, 16)))
	}
	t.table.title = t.Width - (2 + t.table.count + 2 + 2 + t.table.host + 2 + 2*len(t.table.layout) + 2)
	t.line(t.style(dim, note))
	for severity := finding.Critical; ; severity-- {
		if groups := t.s.bySeverity(severity); len(groups) > 0 {
			t.severity(severity, groups)
		}
		if severity == 0 {
			break
		}
	}
	if t.s.further > 0 {
		t.line()
		t.text(0, "", fmt.Sprintf("%s of rules or indicators beyond the first %s are counted but not told apart here.",
			plural(t.s.further, "finding"), number(maxGroups)))
	}
}

func (t *terminal) severity(severity finding.Severity, groups []*group) {
	var findings uint64
	for _, g := range groups {
		findings += g.count
	}
	t.heading(severityStyle[severity], strings.ToUpper(severity.String()), plural(findings, "finding")+", "+rulesAmong(groups))
	limit := slight
	if severity >= finding.High {
		limit = grave
	}
	for i, g := range groups {
		if i == limit {
			t.line(strings.Repeat(" ", t.table.count+4), t.style(dim, "and "+rulesAmong(groups[i:])+
				" more, which the other reports list"))
			break
		}
		t.group(severity, g)
	}
}

// group writes one rule: count, title, hosts, first and last time, on one
// line or, where the terminal is narrow, with the title on a line of its own.
func (t *terminal) group(severity finding.Severity, g *group) {
	count := t.style(severityStyle[severity], right(number(g.count), t.table.count+2))
	none := strings.Repeat(" ", t.table.count+2)
	first, last := stamp(g.first, t.table.layout), stamp(g.last, t.table.layout)
	if first == last {
		last = ""
	}
	if t.table.title >= 28 {
		for _, l := range wrap(Printable(g.label()), t.table.title) {
			if count == none {
				t.line(none, "  ", l)
				continue
			}
			t.line(count, "  ", pad(l, t.table.title), "  ", pad(t.hostsOf(g, 16), t.table.host), "  ",
				pad(first, len(t.table.layout)), "  ", last)
			count = none
		}
		return
	}
	for _, l := range wrap(Printable(g.label()), t.Width-t.table.count-4) {
		t.line(count, "  ", l)
		count = none
	}
	rest := strings.TrimSpace(t.hostsOf(g, 16) + "  " + first)
	if last != "" {
		rest += " to " + last
	}
	if rest != "" {
		t.text(t.table.count+4, dim, rest)
	}
}

// rulesAmong says how many rules, and how many indicators, groups are.
func rulesAmong(groups []*group) string {
	indicators := 0
	for _, g := range groups {
		if g.indicator {
			indicators++
		}
	}
	switch rules := len(groups) - indicators; {
	case indicators == 0:
		return plural(rules, "rule")
	case rules == 0:
		return plural(indicators, "indicator")
	default:
		return plural(rules, "rule") + ", " + plural(indicators, "indicator")
	}
}

// hostsOf names the one host of g or says how many there are.
func (t *terminal) hostsOf(g *group, n int) string {
	hosts := t.s.hostsOf(g)
	switch {
	case len(hosts) == 0:
		return ""
	case len(hosts) > 1:
		return plural(len(hosts), "host")
	}
	return cut(Printable(hosts[0]), n)
}

func (t *terminal) techniques() {
	known, unknown := t.s.techniques()
	if len(known)+len(unknown) > 0 {
		t.heading(bold, "TECHNIQUES", t.style(dim, "of ATT&CK "+attack.Version+", with the findings that name them"))
	}
	const tacticWidth, idWidth, countWidth = 20, 9, 10
	name := t.Width - (2 + tacticWidth + 2 + idWidth + 2 + 2 + countWidth)
	for _, column := range matrix(known) {
		label := column.Name
		for _, h := range column.techniques {
			if name < 20 {
				if label != "" {
					t.line("  ", label)
				}
				t.line("    ", t.style(severityStyle[h.severity], pad(h.ID, idWidth)), "  ", cut(h.full, t.Width-15))
			} else {
				t.line("  ", pad(label, tacticWidth), "  ", t.style(severityStyle[h.severity], pad(h.ID, idWidth)), "  ",
					pad(cut(h.full, name), name), "  ", right(number(h.count), countWidth))
			}
			label = ""
		}
	}
	if len(unknown) > 0 {
		var ids []string
		for _, h := range unknown[:min(len(unknown), maxNames)] {
			ids = append(ids, Printable(h.ID)+" ("+number(h.count)+")")
		}
		t.text(2, dim, "Not in ATT&CK "+attack.Version+": "+strings.Join(ids, ", "))
	}
	if actors := t.s.actors(); len(actors) > 0 {
		t.line()
		t.text(2, "", "Groups that the rules name. This is a lead, not an attribution:")
		for _, a := range actors[:min(len(actors), reasonsN)] {
			t.line("  ", pad(cut(Printable(a.id), 7), 7), " ", pad(cut(Printable(a.name), 30), 30), "  ",
				plural(a.groups, "rule"), ", ", plural(a.count, "finding"))
		}
	}
}

func (t *terminal) coverage() {
	c := t.c
	rest := plural(c.files, "file") + ", " + plural(c.records, "record")
	if c.damaged > 0 {
		rest += ", " + number(c.damaged) + " damaged"
	}
	t.heading(bold, "COVERAGE", rest)
	if c.files == 0 {
		t.text(2, "", "No log was read.")
		return
	}
	if c.folder != "" {
		t.line("  ", t.style(dim, cutLeft("in "+Printable(c.folder), t.Width-2)))
	}
	numbers := 7
	for _, k := range c.kinds {
		numbers = max(numbers, len(number(k.records)))
	}
	for i, k := range c.kinds {
		if i == kindsN {
			t.furtherKinds(numbers, c.kinds[i:])
			break
		}
		if c.many {
			t.row(2, numbers, k.name(), len(k.files), k.coverageRow)
			continue
		}
		t.line("  ", cut(k.name(), t.Width-2))
		for _, f := range k.files {
			t.row(4, numbers, Printable(f.path), 0, f)
		}
	}
}

// furtherKinds writes one line for all of kinds.
func (t *terminal) furtherKinds(numbers int, kinds []coverageKind) {
	all := coverageRow{first: event.NoTime, last: event.NoTime}
	files := 0
	for _, k := range kinds {
		files += len(k.files)
		all.records += k.records
		all.damaged += k.damaged
		period(&all.first, &all.last, k.first)
		period(&all.first, &all.last, k.last)
	}
	t.row(2, numbers, plural(len(kinds), "further kind"), files, all)
}

// row writes one line of coverage: the path of a file or the name of a kind
// with its number of files, then records, damaged ones, period.
func (t *terminal) row(indent, numbers int, name string, files int, r coverageRow) {
	period := minute(r.first)
	if last := minute(r.last); last != period {
		period += " – " + last
	}
	if period == "" {
		period = "no times"
	}
	damaged, damagedWidth := "", 0
	if t.c.damaged > 0 {
		damagedWidth = 2 + len(number(t.c.damaged)) + len(" damaged")
		if r.damaged > 0 {
			damaged = "  " + number(r.damaged) + " damaged"
		}
	}
	n := t.Width - (indent + 2 + numbers + damagedWidth + 2 + 35)
	if n < 20 { // too narrow for one line
		if files > 0 {
			name += ", " + plural(files, "file")
		}
		t.line(strings.Repeat(" ", indent), cutLeft(name, t.Width-indent))
		t.text(indent+2, dim, plural(r.records, "record")+damaged+"  "+period)
		return
	}
	if name = cutLeft(name, n); files > 0 {
		count := "  " + right(plural(files, "file"), 9)
		name = pad(cut(name, n-len(count)), n-len(count)) + count
	}
	t.line(strings.Repeat(" ", indent), pad(name, n), "  ", right(number(r.records), numbers),
		t.style(severityStyle[finding.Medium], pad(damaged, damagedWidth)), "  ", t.style(dim, period))
}

// unread names the files that were not read and the records that were lost.
func (t *terminal) unread() {
	t.reasons("NOT READ", ", whole or in part", severityStyle[finding.Medium], t.c.unread.list)
	if len(t.c.broken) > 0 {
		where := plural(len(t.c.broken), "file")
		if t.c.damaged > 0 {
			where = plural(t.c.damaged, "record") + " in " + where
		}
		t.heading(severityStyle[finding.Medium], "DAMAGED", where)
		for i, b := range t.c.broken {
			if i == reasonsN {
				t.line("  ", t.style(dim, "and "+plural(len(t.c.broken)-i, "further file")))
				break
			}
			t.line("  ", cutLeft(Printable(strings.TrimPrefix(b.Path, t.c.folder)), t.Width-22), "  ", lost(&b))
			for _, p := range b.Problems[:min(len(b.Problems), pathsN)] {
				where := fmt.Sprintf("at offset %d: ", p.Offset)
				if p.Record != 0 {
					where = fmt.Sprintf("record %d, offset %d: ", p.Record, p.Offset)
				}
				t.text(4, dim, where+p.Reason)
			}
		}
	}
	t.reasons("LEFT OUT", " on purpose", dim, t.c.skipped.list)
}

func (t *terminal) reasons(name, note, style string, list []reason) {
	if len(list) == 0 {
		return
	}
	files := 0
	for _, r := range list {
		files += len(r.paths)
	}
	t.heading(style, name, plural(files, "file")+note)
	for i, r := range list {
		if i == reasonsN {
			t.line("  ", t.style(dim, "and files for "+plural(len(list)-i, "further reason")))
			break
		}
		t.text(2, "", r.why+":")
		for j, p := range r.paths {
			if j == pathsN {
				t.line("    ", t.style(dim, "and "+plural(len(r.paths)-j, "further file")))
				break
			}
			t.line("    ", t.style(dim, cutLeft(Printable(p), t.Width-4)))
		}
	}
}

func (t *terminal) notLogged() {
	if len(t.c.Blind) == 0 {
		return
	}
	t.heading(severityStyle[finding.Medium], "NOT LOGGED", fmt.Sprintf("%s of %s had no log that could have fired %s",
		number(len(t.c.Blind)), plural(t.c.Rules, "rule"), map[bool]string{true: "it", false: "them"}[len(t.c.Blind) == 1]))
	for _, r := range t.c.blind {
		t.text(2, "", Printable(r.reason)+":")
		label := 0
		for _, g := range r.groups {
			label = max(label, min(width(Printable(g.logsource)), 34))
		}
		for i, g := range r.groups {
			if i == blindN {
				rest := 0
				for _, g := range r.groups[i:] {
					rest += len(g.titles)
				}
				t.line("         ", t.style(dim, plural(rest, "rule")+" of "+plural(len(r.groups)-i, "further kind")+" of log"))
				break
			}
			advice := wrap(g.advice, max(20, t.Width-label-11))
			t.line("  ", right(number(len(g.titles)), 5), "  ", pad(cut(Printable(g.logsource), label), label), "  ", t.style(dim, advice[0]))
			for _, l := range advice[1:] {
				t.line(strings.Repeat(" ", label+11), t.style(dim, l))
			}
		}
	}
}

// verdict closes the report with what a tired reader must take away.
func (t *terminal) verdict() {
	var parts []string
	for severity := severities - 1; severity >= 0; severity-- {
		if n := t.s.count[severity]; n > 0 {
			parts = append(parts, t.style(severityStyle[severity], number(n)+" "+finding.Severity(severity).String()))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "no findings")
	}
	line := strings.Join(parts, ", ")
	if n := len(t.s.hostOrder); n > 0 {
		line += " on " + plural(n, "host")
		if t.s.moreHosts {
			line += " and more"
		}
	}
	if asked := t.c.Rules - len(t.c.Blind); t.c.Rules > 0 {
		line += fmt.Sprintf("; %s of %s could be asked", number(asked), plural(t.c.Rules, "rule"))
	}
	t.line()
	t.line(line)
}
