package report

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

func TestSummaryCounts(t *testing.T) {
	s := summary(findings())
	if got := s.AtLeast(finding.High); got != 24+73 {
		t.Errorf("%d findings at least high", got)
	}
	if got := s.AtLeast(finding.Informational); got != uint64(len(findings())) {
		t.Errorf("%d findings in all", got)
	}
	shell := s.bySeverity(finding.High)[0]
	if shell.count != 46 || minute(shell.first) != "2021-02-28 03:40" || minute(shell.last) != "2021-03-01 07:25" {
		t.Errorf("web shell: %+v", shell)
	}
	if got := s.hostsOf(shell); !reflect.DeepEqual(got, []string{"EX01", "EX02"}) {
		t.Errorf("its hosts: %v", got)
	}
	if len(shell.samples) != 46 || len(s.bySeverity(finding.Low)[0].samples) != maxSamples {
		t.Error("not the first 50 findings are kept")
	}
	if s.worstHosts()[0].name != "EX01" {
		t.Errorf("the worst host is %s", s.worstHosts()[0].name)
	}
}

// TestSummaryKeepsNothingItIsLent writes over every byte of a finding after
// Add, as the hunt does.
func TestSummaryKeepsNothingItIsLent(t *testing.T) {
	f := full()
	before := view(t, htmlView, []*finding.Finding{f.Clone()}, finding.Coverage{})
	s := NewSummary()
	if err := s.Add(f); err != nil {
		t.Fatal(err)
	}
	f.Techniques[0], f.Groups[0], f.Fields[0], f.Events[0] = "T1001", "G0001", finding.Field{Name: "x", Value: "y"}, finding.Source{Path: "z"}
	var out bytes.Buffer
	if err := htmlView(&out)(s, finding.Coverage{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, out.Bytes()) {
		t.Error("the summary changed with the finding it was lent")
	}
}

// full returns a finding with every part that a Finding can share.
func full() *finding.Finding {
	f := findings()[len(findings())-2].Clone()
	f.Groups = []string{"G0125"}
	return f
}

// TestSummaryIsBounded adds more rules, hosts and bytes than it may keep.
func TestSummaryIsBounded(t *testing.T) {
	s := NewSummary()
	long := strings.Repeat("é", 40_000)
	f := &finding.Finding{Time: event.NoTime, Kind: "sigma", Host: "h"}
	for i := range maxGroups + 10 {
		f.Rule.ID = fmt.Sprint(i)
		f.Host = fmt.Sprint("host", i)
		f.Fields = []finding.Field{{Name: "a", Value: long}, {Name: "b", Value: long}}
		for range 3 {
			if err := s.Add(f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(s.order) != maxGroups || s.further != 30 || len(s.hostOrder) != maxHosts || !s.moreHosts {
		t.Errorf("%d groups, %d further findings, %d hosts", len(s.order), s.further, len(s.hostOrder))
	}
	kept := 0
	for _, g := range s.order {
		for _, f := range g.samples {
			kept += size(f)
		}
	}
	if kept > sampleBytes+maxFields*4*maxValue {
		t.Errorf("%d bytes of samples", kept)
	}
	if got := s.order[0].samples[0].Fields[0].Value; !strings.HasSuffix(got, "é… (80,000 bytes in all)") || len(got) > maxValue+40 {
		t.Errorf("a long value is kept as %q", got)
	}
	for name, v := range map[string]View{"terminal": Terminal(io.Discard, TerminalOptions{}), "layer": Layer(io.Discard, LayerOptions{})} {
		if err := v(s, finding.Coverage{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSinksReportErrors checks that no failure to write is lost.
func TestSinksReportErrors(t *testing.T) {
	w := failing{}
	for name, sink := range map[string]Sink{
		"jsonl": NewJSONL(w), "csv": NewCSV(w), "terminal": NewSummary(Terminal(w, TerminalOptions{})),
		"html": NewSummary(HTML(w, HTMLOptions{})), "layer": NewSummary(Layer(w, LayerOptions{})),
	} {
		all := Sinks{sink, NewJSONL(io.Discard)}
		if err := all.Add(findings()[0]); err != nil {
			t.Errorf("%s: Add wrote at once: %v", name, err)
		}
		if err := all.Close(covered()); !errors.Is(err, errFull) {
			t.Errorf("%s: Close returned %v", name, err)
		}
	}
	j := NewJSONL(w)
	var err error
	for range 1000 {
		if err = j.Add(findings()[0]); err != nil {
			break
		}
	}
	if !errors.Is(err, errFull) {
		t.Errorf("Add returned %v", err)
	}
}

var errFull = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errFull }

// TestHistogramKeepsEveryFinding adds times over any period in any order:
// the buckets stay few, hold every finding, and do not depend on the order.
func TestHistogramKeepsEveryFinding(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		width := int64(1) << random.IntN(63)
		times := make([]int64, 1+random.IntN(4000))
		for i := range times {
			times[i] = random.Int64N(width) - width/2
		}
		var a, b histogram
		for i := range times {
			a.add(times[i], finding.Low)
			b.add(times[len(times)-1-i], finding.Low)
		}
		if a.step != b.step || !reflect.DeepEqual(a.buckets, b.buckets) {
			t.Fatalf("width %d: the order matters", width)
		}
		if len(a.buckets) > maxBuckets || a.total() != uint64(len(times)) {
			t.Fatalf("width %d: %d buckets hold %d of %d", width, len(a.buckets), a.total(), len(times))
		}
		p := a.picture()
		drawn := p.before + p.after
		for i := range p.bars {
			drawn += sum(&p.bars[i])
		}
		if len(p.bars) > maxBars || drawn != uint64(len(times)) {
			t.Fatalf("width %d: %d bars show %d of %d", width, len(p.bars), drawn, len(times))
		}
		if n := len(p.ticks()); n > maxTicks+2 {
			t.Fatalf("width %d: %d ticks", width, n)
		}
	}
}

func TestPictureLeavesOutFarTimes(t *testing.T) {
	var h histogram
	for i := range 1000 {
		h.add(at("2021-03-01 00:00")+int64(i)*int64(time.Minute), finding.High)
	}
	h.add(math.MinInt64+1, finding.Low)
	h.add(math.MaxInt64, finding.Low)
	p := h.picture()
	if p.before != 1 || p.after != 1 {
		t.Errorf("%d before and %d after", p.before, p.after)
	}
}

func TestWrapCutAndPad(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{strings.Join(wrap("a rule with a long title", 10), "|"), "a rule|with a|long title"},
		{strings.Join(wrap("unbreakable", 4), "|"), "unbr|eaka|ble"},
		{strings.Join(wrap("日本語", 1), "|"), "日|本|語"},
		{cut("abcdef", 4), "abc…"},
		{cut("日本語", 5), "日本…"},
		{cutLeft("/var/log/auth.log", 9), "…auth.log"},
		{cutLeft("日本語", 5), "…本語"},
		{pad("日本", 6) + "|", "日本  |"},
		{pad("e\u0301", 3) + "|", "e\u0301  |"},
		{number(uint64(math.MaxUint64)), "18,446,744,073,709,551,615"},
		{number(999), "999"},
		{plural(1000, "rule"), "1,000 rules"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// FuzzText holds what the layout relies on: one printable line, lines no
// wider than asked for, nothing lost by wrapping but spaces.
func FuzzText(f *testing.F) {
	f.Add(evil, 20)
	f.Add("日本語 text e\u0301", 3)
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 2 + int(uint(n)%200)
		s = Printable(s)
		if strings.ContainsAny(s, "\n\r\x1b\u009b\u202e") {
			t.Fatalf("not printable: %q", s)
		}
		lines := wrap(s, n)
		for _, l := range append(lines, cut(s, n), cutLeft(s, n)) {
			if width(l) > n {
				t.Fatalf("%q is wider than %d", l, n)
			}
		}
		if strings.ReplaceAll(strings.Join(lines, ""), " ", "") != strings.ReplaceAll(s, " ", "") {
			t.Fatalf("wrapping %q gave %q", s, lines)
		}
	})
}

func BenchmarkSummaryAdd(b *testing.B) {
	list := findings()
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	s := summary(list)
	var line []byte
	for _, f := range list {
		line = finding.AppendJSON(line, f)
	}
	b.SetBytes(int64(len(line) / len(list)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := s.Add(list[i%len(list)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	c, f := NewCSV(io.Discard), findings()[0]
	b.SetBytes(int64(len(finding.AppendJSON(nil, f))))
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Add(f); err != nil {
			b.Fatal(err)
		}
	}
}
