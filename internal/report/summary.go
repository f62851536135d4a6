package report

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// The limits that keep a Summary small whatever is found.
const (
	maxGroups   = 20_000  // rules and indicators told apart
	maxHosts    = 16_384  // hosts told apart
	maxSamples  = 50      // findings kept of one rule
	sampleBytes = 8 << 20 // all samples together, as counted by size
	maxValue    = 1 << 10 // bytes of one value of a sample
	maxFields   = 64      // fields of a sample
	maxEvents   = 20      // members of a correlation in a sample
	maxNames    = 64      // techniques or groups of one rule
)

const severities = int(finding.Critical) + 1

// Summary is a Sink that counts findings by rule, host, time and severity,
// keeps the first few of each rule as samples, and hands all of it to its
// views at the end. Its size is bounded; where a bound was met, the views say
// so.
type Summary struct {
	views      []View
	count      [severities]uint64 // by severity
	first      int64              // event.NoTime when no finding has a time
	last       int64
	groups     map[groupKey]*group
	order      []*group // as they came
	further    uint64   // findings of groups beyond maxGroups
	hosts      map[string]*host
	hostOrder  []*host
	moreHosts  bool // maxHosts was met
	timeline   histogram
	room       int // bytes left for samples
	previous   *group
	previousAt groupKey
}

// A View writes what a Summary has gathered.
type View func(*Summary, finding.Coverage) error

// A groupKey tells rules and indicators apart.
type groupKey struct{ kind, id, path, title string }

// A group is what was found by one rule or one indicator.
type group struct {
	key        groupKey
	indicator  bool // an indicator, not a rule
	severity   finding.Severity
	techniques []string
	actors     []string // ATT&CK groups
	count      uint64
	first      int64
	last       int64
	hosts      []uint64 // bit set over host.index
	samples    []*finding.Finding
}

// label returns what g is called: an indicator's title with its value.
func (g *group) label() string {
	if !g.indicator || strings.Contains(g.key.title, g.key.path) {
		return g.key.title
	}
	return g.key.title + ": " + g.key.path
}

// A host is one machine with findings.
type host struct {
	name  string
	index int
	count [severities]uint64
}

// NewSummary returns an empty summary that feeds views when it is closed.
func NewSummary(views ...View) *Summary {
	return &Summary{
		views: views, first: event.NoTime, last: event.NoTime,
		groups: map[groupKey]*group{}, hosts: map[string]*host{}, room: sampleBytes,
	}
}

// AtLeast returns how many findings have severity s or a higher one.
func (s *Summary) AtLeast(severity finding.Severity) uint64 {
	var n uint64
	for _, c := range s.count[min(int(severity), severities):] {
		n += c
	}
	return n
}

// Close hands the summary to every view and joins their errors.
func (s *Summary) Close(c finding.Coverage) error {
	var err error
	for _, view := range s.views {
		err = errors.Join(err, view(s, c))
	}
	return err
}

// Add counts f. It never returns an error.
func (s *Summary) Add(f *finding.Finding) error {
	s.count[f.Severity]++
	period(&s.first, &s.last, f.Time)
	if f.Time != event.NoTime {
		s.timeline.add(f.Time, f.Severity)
	}
	h := s.host(f.Host)
	if h != nil {
		h.count[f.Severity]++
	}
	g := s.group(f)
	if g == nil {
		s.further++
		return nil
	}
	g.count++
	g.severity = max(g.severity, f.Severity)
	period(&g.first, &g.last, f.Time)
	if h != nil {
		g.see(h)
	}
	// Half of the room is for the first sample of each group.
	if len(g.samples) == 0 && s.room > 0 || len(g.samples) < maxSamples && s.room > sampleBytes/2 {
		sample := sample(f)
		s.room -= size(sample)
		g.samples = append(g.samples, sample)
	}
	return nil
}

// period widens first to last so that it holds t.
func period(first, last *int64, t int64) {
	if t == event.NoTime {
		return
	}
	if *first == event.NoTime || t < *first {
		*first = t
	}
	*last = max(*last, t)
}

// group returns the group of f, nil when there is no room for another.
func (s *Summary) group(f *finding.Finding) *group {
	key := groupKey{f.Kind, f.Rule.ID, f.Rule.Path, f.Title}
	if f.Rule == (finding.Rule{}) {
		key.id, key.path = f.Indicator.ID, f.Indicator.Value
	}
	if s.previous != nil && key == s.previousAt {
		return s.previous
	}
	g := s.groups[key]
	if g == nil {
		if len(s.order) >= maxGroups {
			return nil
		}
		key = groupKey{short(key.kind), short(key.id), short(key.path), short(key.title)}
		if g = s.groups[key]; g == nil {
			g = &group{
				key: key, indicator: f.Rule == (finding.Rule{}) && f.Indicator != (finding.Indicator{}), first: event.NoTime, last: event.NoTime,
				techniques: names(f.Techniques), actors: names(f.Groups),
			}
			s.groups[key] = g
			s.order = append(s.order, g)
		}
	}
	s.previous, s.previousAt = g, g.key
	return g
}

func (s *Summary) host(name string) *host {
	if name == "" {
		return nil
	}
	h := s.hosts[name]
	if h == nil {
		if len(s.hostOrder) >= maxHosts {
			s.moreHosts = true
			return nil
		}
		name = short(name)
		if h = s.hosts[name]; h == nil {
			h = &host{name: name, index: len(s.hostOrder)}
			s.hosts[name] = h
			s.hostOrder = append(s.hostOrder, h)
		}
	}
	return h
}

// see notes that h has a finding of g.
func (g *group) see(h *host) {
	for len(g.hosts) <= h.index/64 {
		g.hosts = append(g.hosts, 0)
	}
	g.hosts[h.index/64] |= 1 << (h.index % 64)
}

// hostsOf returns the names of the hosts with findings of g, by name.
func (s *Summary) hostsOf(g *group) []string {
	var list []string
	for _, h := range s.hostOrder {
		if h.index/64 < len(g.hosts) && g.hosts[h.index/64]&(1<<(h.index%64)) != 0 {
			list = append(list, h.name)
		}
	}
	slices.Sort(list)
	return list
}

// worstHosts returns the hosts with the gravest findings first.
func (s *Summary) worstHosts() []*host {
	list := slices.Clone(s.hostOrder)
	slices.SortFunc(list, func(a, b *host) int {
		for i := severities - 1; i >= 0; i-- {
			if c := cmp.Compare(b.count[i], a.count[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.name, b.name)
	})
	return list
}

// bySeverity returns the groups of one severity in the order of their first
// finding, so that they read as what happened; those without a time come
// last.
func (s *Summary) bySeverity(severity finding.Severity) []*group {
	var list []*group
	for _, g := range s.order {
		if g.severity == severity {
			list = append(list, g)
		}
	}
	slices.SortStableFunc(list, func(a, b *group) int {
		return cmp.Or(
			compareBool(a.first == event.NoTime, b.first == event.NoTime),
			cmp.Compare(a.first, b.first),
			cmp.Compare(a.key.title, b.key.title),
			cmp.Compare(a.key.path, b.key.path),
			cmp.Compare(a.key.id, b.key.id),
		)
	})
	return list
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// sample returns a copy of f with its long parts cut.
func sample(f *finding.Finding) *finding.Finding {
	c := *f
	c.Title, c.Host = short(c.Title), short(c.Host)
	c.Rule = finding.Rule{ID: short(c.Rule.ID), Path: short(c.Rule.Path)}
	c.Indicator = finding.Indicator{ID: short(c.Indicator.ID), Value: short(c.Indicator.Value), Type: short(c.Indicator.Type)}
	c.Source.Path = short(c.Source.Path)
	c.Techniques, c.Groups = c.Techniques[:min(len(c.Techniques), maxNames)], c.Groups[:min(len(c.Groups), maxNames)]
	c.Fields = slices.Clone(c.Fields[:min(len(c.Fields), maxFields)])
	for i := range c.Fields {
		c.Fields[i].Name, c.Fields[i].Value = short(c.Fields[i].Name), short(c.Fields[i].Value)
	}
	if left := len(f.Fields) - maxFields; left > 0 {
		c.Fields = append(c.Fields, finding.Field{Name: "…", Value: plural(left, "further field")})
	}
	c.Events = slices.Clone(c.Events[:min(len(c.Events), maxEvents)])
	for i := range c.Events {
		c.Events[i].Path = short(c.Events[i].Path)
	}
	c.Count = max(c.Count, uint64(len(f.Events)))
	return c.Clone()
}

// size estimates the memory that f takes.
func size(f *finding.Finding) int {
	n := 300 + len(f.Title) + len(f.Host) + len(f.Rule.ID) + len(f.Rule.Path) + len(f.Source.Path) + len(f.Indicator.Value)
	for i := range f.Fields {
		n += 32 + len(f.Fields[i].Name) + len(f.Fields[i].Value)
	}
	for i := range f.Events {
		n += 48 + len(f.Events[i].Path)
	}
	return n
}

// short returns a copy of s of at most maxValue bytes, and then how long it
// was.
func short(s string) string {
	if len(s) <= maxValue {
		return strings.Clone(s)
	}
	n := maxValue
	for n > maxValue-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return fmt.Sprintf("%s… (%s in all)", s[:n], plural(len(s), "byte"))
}

func names(list []string) []string {
	var out []string
	for _, s := range list[:min(len(list), maxNames)] {
		out = append(out, short(s))
	}
	return out
}
