package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// manyFiles is how many files are listed one by one; of more, only their
// kinds are.
const manyFiles = 25

// A coverage is finding.Coverage made ready to show.
type coverage struct {
	finding.Coverage
	files   int // that were read, all or in part
	records uint64
	damaged uint64
	bytes   int64
	first   int64
	last    int64
	folder  string // that all listed paths share, with its slash; "" when none
	kinds   []coverageKind
	kindAt  map[[2]string]int // by format and origin
	many    bool              // more files than are worth a line each
	unread  reasons           // files not read, or not to the end
	skipped reasons           // files left out on purpose
	broken  []finding.SourceCoverage
	blind   []blindReason
}

// A coverageKind is the files of one format whose records are of the same
// origins, the kind with the most records first.
type coverageKind struct {
	format string
	origin string // "" when it says no more than the format
	coverageRow
	files []coverageRow // in input order
}

// name says the format and, where it says more, the origin. It is printable.
func (k *coverageKind) name() string {
	format, origin := Printable(k.format), Printable(k.origin)
	switch {
	case origin == "":
		return format
	case strings.HasPrefix(origin, format+": "):
		return origin
	case format == "evtx":
		origin = strings.ReplaceAll(strings.TrimPrefix(origin, "windows: "), "Microsoft-Windows-", "")
	}
	return format + " · " + origin
}

// A coverageRow is what was read of one file, or of all files of one kind.
type coverageRow struct {
	path    string // of a file, without coverage.folder
	records uint64
	damaged uint64
	first   int64
	last    int64
}

// reasons are files by the reason why, in the order in which reasons came.
type reasons struct {
	list []reason
	at   map[string]int
}

// A reason is the files that share one.
type reason struct {
	why   string
	paths []string
}

func (r *reasons) add(why, path string) {
	i, ok := r.at[why]
	if !ok {
		if r.at == nil {
			r.at = map[string]int{}
		}
		i = len(r.list)
		r.at[why] = i
		r.list = append(r.list, reason{why: why})
	}
	r.list[i].paths = append(r.list[i].paths, path)
}

// A blindReason is the rules that could not have fired for one reason.
type blindReason struct {
	reason string
	rules  int
	groups []blindGroup
}

// A blindGroup is the rules of one logsource among them.
type blindGroup struct {
	logsource string // without the parts that say nothing
	advice    string
	titles    []string
}

func newCoverage(c finding.Coverage) *coverage {
	v := &coverage{Coverage: c, first: event.NoTime, last: event.NoTime, kindAt: map[[2]string]int{}}
	for i := range c.Sources {
		v.source(&c.Sources[i])
	}
	slices.SortStableFunc(v.kinds, func(a, b coverageKind) int {
		return cmp.Or(cmp.Compare(b.records, a.records), cmp.Compare(a.format, b.format), cmp.Compare(a.origin, b.origin))
	})
	v.many = v.files > manyFiles
	v.folder = sharedFolder(v.kinds)
	for _, k := range v.kinds {
		for i := range k.files {
			k.files[i].path = strings.TrimPrefix(k.files[i].path, v.folder)
		}
	}
	v.blind = groupBlind(c.Blind)
	return v
}

// warnings say what stands above the findings: why they may not be all.
func (v *coverage) warnings() []string {
	var w []string
	if v.Interrupted {
		w = append(w, "Stopped early: this is what was found in the part of the input that was read.")
	}
	if v.Forgotten > 0 {
		w = append(w, "Correlations forgot "+number(v.Forgotten)+" groups or matches early, to stay within memory: some may not have come true.")
	}
	if v.GivenUp > 0 {
		w = append(w, "The search for "+number(uint64(v.GivenUp))+" patterns of several observations was given up, because it cost too much: matches of them may be missing.")
	}
	return w
}

// lost says how much of a damaged file was lost. A file that ends too early
// loses records that nobody can count.
func lost(s *finding.SourceCoverage) string {
	if s.Damaged == 0 {
		return "not all could be read"
	}
	return number(s.Damaged) + " damaged"
}

func (v *coverage) source(s *finding.SourceCoverage) {
	if s.Damaged > 0 || len(s.Problems) > 0 {
		v.broken = append(v.broken, *s)
	}
	switch {
	case s.Skipped != "":
		v.skipped.add(s.Skipped, s.Path)
		return
	case s.Problem != "":
		v.unread.add(s.Problem, s.Path)
		if s.Records == 0 {
			return
		}
	}
	v.records += s.Records
	v.damaged += s.Damaged
	v.bytes += s.Bytes
	period(&v.first, &v.last, s.First)
	period(&v.first, &v.last, s.Last)
	v.files++
	k := v.kind(s.Format, origins(s.Origins))
	k.files = append(k.files, coverageRow{path: s.Path, records: s.Records, damaged: s.Damaged, first: s.First, last: s.Last})
	k.records += s.Records
	k.damaged += s.Damaged
	period(&k.first, &k.last, s.First)
	period(&k.first, &k.last, s.Last)
}

func (v *coverage) kind(format, origin string) *coverageKind {
	if origin == format {
		origin = ""
	}
	i, ok := v.kindAt[[2]string{format, origin}]
	if !ok {
		i = len(v.kinds)
		v.kindAt[[2]string{format, origin}] = i
		v.kinds = append(v.kinds, coverageKind{
			format: format, origin: origin, coverageRow: coverageRow{first: event.NoTime, last: event.NoTime},
		})
	}
	return &v.kinds[i]
}

// origins names the kinds of record of a file. Names from one family are
// drawn together: windows/Security, windows/System is windows: Security,
// System.
func origins(list []string) string {
	list = slices.Clone(list)
	slices.Sort(list)
	var b strings.Builder
	family := ""
	for i, o := range list {
		head, tail, ok := strings.Cut(o, "/")
		switch {
		case ok && i > 0 && head == family:
			b.WriteString(", " + tail)
			continue
		case i > 0:
			b.WriteString("; ")
		}
		if family = ""; ok {
			family = head
			b.WriteString(head + ": " + tail)
		} else if o == event.UnknownOrigin {
			b.WriteString("unknown, asked by field names")
		} else {
			b.WriteString(o)
		}
	}
	return b.String()
}

// sharedFolder returns the folder that all files lie in, with its slash; ""
// when there is none. It does not reach into archives.
func sharedFolder(kinds []coverageKind) string {
	shared, none := "", true
	for _, k := range kinds {
		for _, f := range k.files {
			file, _, _ := strings.Cut(f.path, "!")
			folder := file[:1+strings.LastIndexAny(file, `/\`)]
			if none {
				shared, none = folder, false
			}
			for !strings.HasPrefix(folder, shared) {
				shared = shared[:1+strings.LastIndexAny(shared[:len(shared)-1], `/\`)]
			}
		}
	}
	if len(shared) < 2 {
		return ""
	}
	return shared
}

// groupBlind groups rules by reason and then by logsource, the most rules
// first.
func groupBlind(rules []finding.Blind) []blindReason {
	type key struct{ reason, logsource string }
	at := map[string]int{}
	in := map[key]int{}
	var list []blindReason
	for _, rule := range rules {
		i, ok := at[rule.Reason]
		if !ok {
			i = len(list)
			at[rule.Reason] = i
			list = append(list, blindReason{reason: rule.Reason})
		}
		r := &list[i]
		r.rules++
		j, ok := in[key{rule.Reason, rule.Logsource}]
		if !ok {
			j = len(r.groups)
			in[key{rule.Reason, rule.Logsource}] = j
			r.groups = append(r.groups, blindGroup{logsource: plainLogsource(rule.Logsource), advice: advise(rule.Logsource)})
		}
		r.groups[j].titles = append(r.groups[j].titles, rule.Title)
	}
	for i := range list {
		slices.SortStableFunc(list[i].groups, func(a, b blindGroup) int {
			return cmp.Or(cmp.Compare(len(b.titles), len(a.titles)), cmp.Compare(a.logsource, b.logsource))
		})
	}
	slices.SortStableFunc(list, func(a, b blindReason) int { return cmp.Compare(b.rules, a.rules) })
	return list
}

// plainLogsource writes windows/process_creation/* as windows/process_creation.
func plainLogsource(s string) string {
	var parts []string
	for p := range strings.SplitSeq(s, "/") {
		if p != "" && p != "*" {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return "any log"
	}
	return strings.Join(parts, "/")
}
