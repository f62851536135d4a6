package sigma

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
)

// Three rules that the correlations of tests build on.
const threeRules = `title: A
name: a
logsource: {product: p}
detection: {s: {x: 1}, condition: s}
---
title: B
name: b
logsource: {product: p}
detection: {s: {x: 2}, condition: s}
---
title: C
name: c
logsource: {product: p}
detection: {s: {x: 3}, condition: s}
---
`

// correlator loads threeRules and correlations, each "title: body", where body
// is the lines under correlation.
func correlator(t testing.TB, correlations ...string) (*Correlator, *Ruleset) {
	t.Helper()
	src := threeRules
	for i, c := range correlations {
		head, body, _ := strings.Cut(c, "\n")
		src += fmt.Sprintf("title: %s\nname: %s\ncorrelation:\n  %s\n", head, head, strings.ReplaceAll(strings.TrimSpace(body), "\n", "\n  "))
		if i < len(correlations)-1 {
			src += "---\n"
		}
	}
	rs := Parse("c.yml", []byte(src), Options{})
	if len(rs.Refused) > 0 {
		t.Fatal(rs.Refused)
	}
	k, err := NewCorrelator(rs)
	if err != nil {
		t.Fatal(err)
	}
	return k, rs
}

// run feeds hits written "rule@seconds field=value …" and returns the alerts
// as "title [group] fired first-last count members". Members are the hits'
// numbers from 1.
func run(t testing.TB, k *Correlator, hits string) []string {
	t.Helper()
	var out []string
	emit := func(a *Alert) {
		var group, members []string
		for _, g := range a.Group {
			group = append(group, g.Name+"="+g.Value)
		}
		for _, m := range a.Members {
			members = append(members, strconv.FormatUint(m.Record, 10))
		}
		second := func(ns int64) int64 { return ns / int64(time.Second) }
		out = append(out, fmt.Sprintf("%s %v %d %d-%d %d %s", a.Correlation.Title, group, second(a.Time), second(a.First), second(a.Last), a.Count, strings.Join(members, ",")))
	}
	for i, h := range strings.Split(strings.TrimSpace(hits), "\n") {
		f := strings.Fields(h)
		name, at, _ := strings.Cut(f[0], "@")
		seconds, err := strconv.ParseFloat(at, 64)
		if err != nil {
			t.Fatal(err)
		}
		rule := int(name[0] - 'a')
		values := map[string]string{}
		for _, pair := range f[1:] {
			key, value, _ := strings.Cut(pair, "=")
			values[key] = value
		}
		hit := Hit{Rule: rule, Time: int64(seconds * float64(time.Second)), Ref: Ref{Record: uint64(i + 1)}}
		needs, _ := k.Needs(rule)
		for _, n := range needs {
			hit.Values = append(hit.Values, values[n])
		}
		k.Add(hit, emit)
	}
	k.Close(emit)
	return out
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("have\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

const threeInAMinute = `C1
type: event_count
rules: [a]
group-by: [user]
timespan: 1m
condition: {gte: 3}`

// "Event Count": the third hit fires; further ones belong to the same alert.
func TestEventCount(t *testing.T) {
	k, _ := correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@10 user=u\na@20 user=u\na@30 user=u"), "C1 [user=u] 20 0-30 4 1,2,3,4")
	k, _ = correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@10 user=u"))
}

// Groups do not mix, nor do values that look alike when put together.
func TestGroupsDoNotMix(t *testing.T) {
	k, _ := correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@1 user=v\na@2 user=u\na@3 user=v\na@4 user=w"))
	two := strings.Replace(threeInAMinute, "[user]", "[user, host]", 1)
	k, _ = correlator(t, two)
	expect(t, run(t, k, "a@0 user=ab host=c\na@1 user=a host=bc\na@2 user=abc host=\na@3 user=ab host=c\na@4 user=ab host=c"),
		"C1 [user=ab host=c] 4 0-4 3 1,4,5")
	if k.Stats().Ungrouped != 1 {
		t.Errorf("%+v: the hit without a host is not counted", k.Stats())
	}
	k, _ = correlator(t, strings.Replace(threeInAMinute, "group-by: [user]\n", "", 1))
	expect(t, run(t, k, "a@0 user=u\na@1 user=v\na@2"), "C1 [] 2 0-2 3 1,2,3")
	k, _ = correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=U\na@1 user=u\na@2 user=u"))
}

// A timespan includes both of its ends; an instant more is outside.
func TestWindowEdges(t *testing.T) {
	k, _ := correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@30 user=u\na@60 user=u"), "C1 [user=u] 60 0-60 3 1,2,3")
	k, _ = correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@30 user=u\na@60.001 user=u"))
	k, _ = correlator(t, threeInAMinute) // the window slides: no fixed minutes
	expect(t, run(t, k, "a@0 user=u\na@50 user=u\na@70 user=u\na@100 user=u"), "C1 [user=u] 100 50-100 3 2,3,4")
}

// One alert for each run: what follows within a timespan of the condition
// holding is part of it, what follows later is new.
func TestRuns(t *testing.T) {
	k, _ := correlator(t, threeInAMinute)
	var hits []string
	for i := range 1000 {
		hits = append(hits, fmt.Sprintf("a@%d user=u", i*10))
	}
	k.Limits.Members = 3
	expect(t, run(t, k, strings.Join(hits, "\n")), "C1 [user=u] 20 0-9990 1000 1,2,3")
	k, _ = correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@1 user=u\na@2 user=u\na@63 user=u\na@64 user=u\na@65 user=u"),
		"C1 [user=u] 2 0-2 3 1,2,3", "C1 [user=u] 65 63-65 3 4,5,6")
	k, _ = correlator(t, threeInAMinute)
	expect(t, run(t, k, "a@0 user=u\na@1 user=u\na@2 user=u\na@61.5 user=u\na@62 user=u\na@62 user=u"), "C1 [user=u] 2 0-62 6 1,2,3,4,5,6")
}

// Several rules in one count, and the criteria that need complete windows.
func TestEventCountConditions(t *testing.T) {
	several := strings.Replace(threeInAMinute, "[a]", "[a, b]", 1)
	k, _ := correlator(t, several)
	expect(t, run(t, k, "a@0 user=u\nb@10 user=u\nc@11 user=u\na@20 user=u"), "C1 [user=u] 20 0-20 3 1,2,4")
	bounds := func(s string) string { return strings.Replace(threeInAMinute, "gte: 3", s, 1) }
	for _, c := range []struct {
		bounds, hits string
		want         []string
	}{
		{"gt: 2", "a@0 user=u\na@1 user=u\na@2 user=u", []string{"C1 [user=u] 2 0-2 3 1,2,3"}},
		{"lt: 3", "a@0 user=u\na@1 user=u", []string{"C1 [user=u] 1 0-1 2 1,2"}},
		{"lt: 3", "a@0 user=u\na@1 user=u\na@60 user=u", nil},
		{"lte: 2", "a@0 user=u\na@1 user=u\na@60.5 user=u", []string{"C1 [user=u] 1 0-1 2 1,2", "C1 [user=u] 60 60-60 1 3"}},
		{"eq: 2", "a@0 user=u\na@1 user=u\na@2 user=u", nil},
		{"eq: 2", "a@0 user=u\na@1 user=u", []string{"C1 [user=u] 1 0-1 2 1,2"}},
		{"neq: 2", "a@0 user=u\na@1 user=u\na@2 user=v", []string{"C1 [user=v] 2 2-2 1 3"}},
		{"gt: 1, lte: 2", "a@0 user=u\na@1 user=u\na@2 user=u", nil},
		{"gt: 1, lte: 2", "a@0 user=u\na@1 user=u", []string{"C1 [user=u] 1 0-1 2 1,2"}},
	} {
		k, _ := correlator(t, bounds(c.bounds))
		if got := run(t, k, c.hits); !slices.Equal(got, c.want) {
			t.Errorf("%s: have %q, want %q", c.bounds, got, c.want)
		}
	}
}

// "Value Count": distinct values, not hits.
func TestValueCount(t *testing.T) {
	const three = "C1\ntype: value_count\nrules: [a]\ngroup-by: [host]\ntimespan: 1m\ncondition: {field: user, gte: 3}"
	k, _ := correlator(t, three)
	expect(t, run(t, k, "a@0 host=h user=x\na@1 host=h user=x\na@2 host=h user=y\na@3 host=i user=z\na@4 host=h user=z"),
		"C1 [host=h] 4 0-4 4 1,2,3,5")
	k, _ = correlator(t, three) // x has left the window when z comes
	expect(t, run(t, k, "a@0 host=h user=x\na@30 host=h user=y\na@61 host=h user=z"))
	k, _ = correlator(t, three)
	expect(t, run(t, k, "a@0 host=h user=x\na@1 host=h\na@2 host=h user=y"))
	if k.Stats().Valueless != 1 {
		t.Errorf("%+v: the hit without the field is not counted", k.Stats())
	}
	k, _ = correlator(t, strings.Replace(three, "field: user", "field: [user, ip]", 1))
	expect(t, run(t, k, "a@0 host=h user=x ip=1\na@1 host=h user=x ip=2\na@2 host=h user=x ip=2\na@3 host=h user=y ip=1"),
		"C1 [host=h] 3 0-3 4 1,2,3,4")
	k, _ = correlator(t, strings.Replace(three, "gte: 3", "lt: 2", 1))
	expect(t, run(t, k, "a@0 host=h user=x\na@1 host=h user=x\na@2 host=i user=x\na@3 host=i user=y"), "C1 [host=h] 1 0-1 2 1,2")
}

const abcInAMinute = "C1\ntype: temporal\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 1m"

// "Temporal Proximity": all rules, in any order.
func TestTemporal(t *testing.T) {
	k, _ := correlator(t, abcInAMinute)
	expect(t, run(t, k, "c@0 user=u\na@10 user=u\nb@60 user=u"), "C1 [user=u] 60 0-60 3 1,2,3")
	k, _ = correlator(t, abcInAMinute)
	expect(t, run(t, k, "c@0 user=u\na@10 user=u\nb@60.5 user=u"))
	k, _ = correlator(t, abcInAMinute) // the later c counts
	expect(t, run(t, k, "c@0 user=u\na@10 user=u\nc@11 user=u\nb@65 user=u"), "C1 [user=u] 65 10-65 3 2,3,4")
	k, _ = correlator(t, abcInAMinute)
	expect(t, run(t, k, "c@0 user=u\na@10 user=v\nb@20 user=u"))
	k, _ = correlator(t, abcInAMinute+"\ncondition: {gte: 2}")
	expect(t, run(t, k, "c@0 user=u\nc@1 user=u\na@10 user=u"), "C1 [user=u] 10 1-10 2 2,3")
	k, _ = correlator(t, abcInAMinute+"\ncondition: {eq: 2}")
	expect(t, run(t, k, "c@0 user=u\na@10 user=u\nb@20 user=u\nc@100 user=u\na@101 user=u"), "C1 [user=u] 101 100-101 2 4,5")
}

// Temporal conditions written with and, or and not.
func TestTemporalConditions(t *testing.T) {
	k, _ := correlator(t, abcInAMinute+"\ncondition: a and (b or c)")
	expect(t, run(t, k, "b@0 user=u\na@10 user=u"), "C1 [user=u] 10 0-10 2 1,2")
	k, _ = correlator(t, abcInAMinute+"\ncondition: a and (b or c)")
	expect(t, run(t, k, "b@0 user=u\nc@10 user=u"))
	const without = "C1\ntype: temporal\ngroup-by: [user]\ntimespan: 1m\ncondition: a and not b"
	k, _ = correlator(t, without)
	expect(t, run(t, k, "a@0 user=u\na@5 user=v\nb@60 user=u"), "C1 [user=v] 5 5-5 1 2")
	k, _ = correlator(t, without)
	expect(t, run(t, k, "a@0 user=u\nb@60.5 user=u"), "C1 [user=u] 0 0-0 1 1")
}

const orderedAB = "C1\ntype: temporal_ordered\nrules: [a, b]\ngroup-by: [user]\ntimespan: 1m"

// "Ordered Temporal Proximity": in the order of rules.
func TestTemporalOrdered(t *testing.T) {
	for _, c := range []struct {
		name, correlation, hits string
		want                    []string
	}{
		{"in order", orderedAB, "a@0 user=u\nb@10 user=u", []string{"C1 [user=u] 10 0-10 2 1,2"}},
		{"against the order", orderedAB, "b@0 user=u\na@10 user=u", nil},
		{"edge", orderedAB, "a@0 user=u\nb@60 user=u", []string{"C1 [user=u] 60 0-60 2 1,2"}},
		{"too late", orderedAB, "a@0 user=u\nb@60.1 user=u", nil},
		{"the latest first hit counts", orderedAB, "a@0 user=u\na@50 user=u\nb@70 user=u", []string{"C1 [user=u] 70 50-70 2 2,3"}},
		{"other group", orderedAB, "a@0 user=u\nb@1 user=v", nil},
		{"same time, either way round", orderedAB, "b@5 user=u\na@5 user=u", []string{"C1 [user=u] 5 5-5 2 2,1"}},
		{"again within the run", orderedAB, "a@0 user=u\nb@1 user=u\nb@2 user=u", []string{"C1 [user=u] 1 0-2 3 1,2,3"}},
		{"three", strings.Replace(orderedAB, "[a, b]", "[a, b, c]", 1), "a@0 user=u\nb@10 user=u\na@20 user=u\nc@30 user=u", []string{"C1 [user=u] 30 0-30 3 1,2,4"}},
		{"three, the middle one too early", strings.Replace(orderedAB, "[a, b]", "[a, b, c]", 1), "b@0 user=u\na@1 user=u\nc@2 user=u", nil},
		{"condition with and", orderedAB + "\ncondition: a and b", "a@0 user=u\nb@10 user=u", []string{"C1 [user=u] 10 0-10 2 1,2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, _ := correlator(t, c.correlation)
			expect(t, run(t, k, c.hits), c.want...)
		})
	}
}

// The metric types of 2.1.0.
func TestMetrics(t *testing.T) {
	metric := func(kind, condition string) string {
		return "C1\ntype: " + kind + "\nrules: [a]\ngroup-by: [host]\ntimespan: 1m\ncondition: {field: n, " + condition + "}"
	}
	const numbers = "a@0 host=h n=1\na@1 host=h n=2\na@2 host=h n=3\na@3 host=h n=10"
	for _, c := range []struct {
		kind, condition, hits string
		want                  []string
	}{
		{"value_sum", "gte: 6", numbers, []string{"C1 [host=h] 2 0-3 4 1,2,3,4"}},
		{"value_sum", "gt: 16", numbers, nil},
		{"value_sum", "gte: 6", "a@0 host=h n=5\na@61 host=h n=5", nil},
		{"value_sum", "gte: 6", "a@0 host=h n=5\na@1 host=i n=5", nil},
		{"value_sum", "gte: 16", "a@0 host=h n=0x10", []string{"C1 [host=h] 0 0-0 1 1"}},
		{"value_sum", "lt: 17", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_avg", "eq: 4", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_avg", "gt: 4", numbers, nil},
		{"value_median", "eq: 2.5", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_median", "eq: 2", "a@0 host=h n=3\na@1 host=h n=1\na@2 host=h n=2", []string{"C1 [host=h] 2 0-2 3 1,2,3"}},
		{"value_percentile", "percentile: 100, eq: 10", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_percentile", "percentile: 0, eq: 1", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_percentile", "percentile: 90, gt: 7.89, lt: 7.91", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
		{"value_percentile", "eq: 2.5", numbers, []string{"C1 [host=h] 3 0-3 4 1,2,3,4"}},
	} {
		k, _ := correlator(t, metric(c.kind, c.condition))
		if got := run(t, k, c.hits); !slices.Equal(got, c.want) {
			t.Errorf("%s %s: have %q, want %q", c.kind, c.condition, got, c.want)
		}
	}
	k, _ := correlator(t, metric("value_sum", "gte: 3"))
	expect(t, run(t, k, "a@0 host=h n=x\na@1 host=h n=inf\na@2 host=h n=3"), "C1 [host=h] 2 2-2 1 3")
	if k.Stats().Valueless != 2 {
		t.Errorf("%+v", k.Stats())
	}
}

// "Field Name Aliases": one name for different fields of different rules.
func TestAliases(t *testing.T) {
	k, _ := correlator(t, `C1
type: temporal
rules: [a, b]
group-by: [ip, user]
timespan: 10s
aliases:
  ip:
    a: source.ip
    b: destination.ip`)
	if needs, ok := k.Needs(0); !ok || !slices.Equal(needs, []string{"source.ip", "user"}) {
		t.Error(needs, ok)
	}
	if needs, ok := k.Needs(1); !ok || !slices.Equal(needs, []string{"destination.ip", "user"}) {
		t.Error(needs, ok)
	}
	if needs, ok := k.Needs(2); ok || needs != nil {
		t.Error(needs, ok)
	}
	expect(t, run(t, k, "a@0 source.ip=1 destination.ip=2 user=u\nb@1 source.ip=1 destination.ip=2 user=u\nb@2 source.ip=2 destination.ip=1 user=u"),
		"C1 [ip=1 user=u] 2 0-2 2 1,3")
}

const bruteForce = `Many
type: event_count
rules: [a]
group-by: [user, host]
timespan: 10m
condition: {gte: 3}`

const bruteForceSuccess = `Chain
type: temporal_ordered
rules: [Many, b]
group-by: [user]
timespan: 10m`

// Correlations build on correlations: many failures, then a success. What
// only feeds others is silent.
func TestChain(t *testing.T) {
	k, rs := correlator(t, bruteForceSuccess, bruteForce)
	expect(t, run(t, k, "a@0 user=u host=h\na@1 user=u host=h\nb@2 user=u\na@3 user=u host=h\nb@9 user=v\nb@10 user=u"),
		"Chain [user=u] 10 3-10 2 1,2,4,6")
	if !rs.Rules[0].Hidden || !rs.Rules[1].Hidden || rs.Rules[2].Hidden || rs.Correlations[0].Hidden || !rs.Correlations[1].Hidden {
		t.Error("what is hidden is wrong")
	}
	k, _ = correlator(t, bruteForceSuccess, bruteForce) // a long run feeds to its end
	var hits []string
	for i := range 200 {
		hits = append(hits, fmt.Sprintf("a@%d user=u host=h", i*60))
	}
	got := run(t, k, strings.Join(hits, "\n")+"\nb@12000 user=u")
	if len(got) != 1 || !strings.HasPrefix(got[0], "Chain [user=u] 12000 11940-12000 2 ") {
		t.Error(got)
	}
}

// A correlation that counts is told of each alert once, not of each hit.
func TestChainOfCounts(t *testing.T) {
	k, _ := correlator(t, "Twice\ntype: event_count\nrules: [Many]\ngroup-by: [user]\ntimespan: 1h\ncondition: {gte: 2}", bruteForce)
	expect(t, run(t, k, "a@0 user=u host=h\na@1 user=u host=h\na@2 user=u host=h\na@3 user=u host=h\na@4 user=u host=h"))
	k, _ = correlator(t, "Twice\ntype: event_count\nrules: [Many]\ngroup-by: [user]\ntimespan: 1h\ncondition: {gte: 2}", bruteForce)
	expect(t, run(t, k, "a@0 user=u host=h\na@1 user=u host=h\na@2 user=u host=h\na@3 user=u host=i\na@4 user=u host=i\na@5 user=u host=i"),
		"Twice [user=u] 5 2-5 2 1,2,3,4,5,6")
}

// A window that is judged when complete feeds others at its end.
func TestChainOfWindows(t *testing.T) {
	quiet := strings.Replace(bruteForce, "gte: 3", "lt: 3", 1)
	k, _ := correlator(t, bruteForceSuccess, quiet)
	expect(t, run(t, k, "a@0 user=u host=h\nb@500 user=u\nb@700 user=u"), "Chain [user=u] 700 600-700 2 1,3")
	k, _ = correlator(t, bruteForceSuccess, quiet)
	expect(t, run(t, k, "a@0 user=u host=h\nb@500 user=u"))
}

// Aliases are followed through a chain.
func TestChainAliases(t *testing.T) {
	k, _ := correlator(t, `Chain
type: temporal
rules: [Many, b]
group-by: [who]
timespan: 10m
aliases:
  who: {Many: user, b: account}`, `Many
type: event_count
rules: [a]
group-by: [ip]
timespan: 10m
condition: {gte: 2}
aliases:
  user: {a: TargetUserName}`)
	if needs, _ := k.Needs(0); !slices.Equal(needs, []string{"ip", "TargetUserName"}) {
		t.Error(needs)
	}
	expect(t, run(t, k, "a@0 ip=1 TargetUserName=x\na@1 ip=1 TargetUserName=u\nb@2 account=u"), "Chain [who=u] 2 1-2 2 1,2,3")
}

// "Generate": rules that a correlation refers to report as well.
func TestGenerate(t *testing.T) {
	_, rs := correlator(t, threeInAMinute+"\ngenerate: true")
	if rs.Rules[0].Hidden {
		t.Error("generate does not show the rule")
	}
	_, rs = correlator(t, threeInAMinute, strings.Replace(threeInAMinute, "C1", "C2", 1)+"\ngenerate: true")
	if rs.Rules[0].Hidden {
		t.Error("one correlation generates: the rule is to report")
	}
	k, _ := correlator(t, bruteForceSuccess+"\ngenerate: true", bruteForce)
	expect(t, run(t, k, "a@0 user=u host=h\na@1 user=u host=h\na@3 user=u host=h\nb@10 user=u"),
		"Many [user=u host=h] 3 0-3 3 1,2,3", "Chain [user=u] 10 3-10 2 1,2,3,4")
}

// Late hits: within Lateness they make no difference, beyond it they are
// counted and left out. Hits without a time are counted.
func TestLateHits(t *testing.T) {
	k, _ := correlator(t, orderedAB)
	expect(t, run(t, k, "b@10 user=u\na@0 user=u"))
	if k.Stats().Late != 1 {
		t.Errorf("%+v", k.Stats())
	}
	k, _ = correlator(t, orderedAB)
	k.Limits.Lateness = 10 * time.Second
	expect(t, run(t, k, "b@10 user=u\na@0 user=u"), "C1 [user=u] 10 0-10 2 2,1")
	k, _ = correlator(t, orderedAB)
	k.Limits.Lateness = 10 * time.Second
	expect(t, run(t, k, "b@10 user=u\na@-0.1 user=u"))
	if k.Stats().Late != 1 {
		t.Errorf("%+v", k.Stats())
	}
	k.Add(Hit{Rule: 0, Time: event.NoTime}, func(*Alert) { t.Error("an alert without a time") })
	if k.Stats().Timeless != 1 {
		t.Errorf("%+v", k.Stats())
	}
}

// FuzzCorrelator feeds random hits in two orders within Lateness: the alerts
// are the same, and nothing is left behind.
func FuzzCorrelator(f *testing.F) {
	f.Add([]byte("a0b1c2a3b4"), uint8(0))
	f.Add([]byte("aaaaaaaaaaaabbbbbcc"), uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint8) {
		if len(data) > 400 {
			return
		}
		all := []string{
			threeInAMinute, strings.Replace(orderedAB, "C1", "C2", 1), strings.Replace(abcInAMinute, "C1", "C3", 1), bruteForce, bruteForceSuccess,
			"C4\ntype: value_median\nrules: [a, b]\ntimespan: 1m\ncondition: {field: n, gt: 2}",
			"C5\ntype: temporal\ngroup-by: [user]\ntimespan: 1m\ncondition: a and not c",
			"C6\ntype: value_count\nrules: [b]\ntimespan: 30s\ncondition: {field: n, gte: 3}",
		}
		var hits []Hit
		at := int64(0)
		for i, c := range data {
			at += int64(c>>3) * int64(time.Second) / 2
			hits = append(hits, Hit{Rule: int(c) % 3, Time: at + int64(i), Ref: Ref{Record: uint64(i)}}) // no two at one time
		}
		alerts := func(hits []Hit, lateness time.Duration, memory int) []Alert {
			k, _ := correlator(t, all...)
			k.Limits.Lateness, k.Limits.Memory = lateness, memory
			var out []Alert
			emit := func(a *Alert) { out = append(out, *a) }
			for _, h := range hits {
				needs, _ := k.Needs(h.Rule)
				for i := range needs {
					h.Values = append(h.Values[:i:i], strconv.Itoa(int(h.Ref.Record)*7/3%(3+i)))
				}
				k.Add(h, emit)
			}
			k.Close(emit)
			wantNothingLeft(t, k)
			for i := range out {
				out[i].Correlation = nil
			}
			return out
		}
		want := alerts(hits, 0, 1<<20)
		alerts(hits, 0, 4<<10) // nothing is left behind by what is forgotten
		shuffled := slices.Clone(hits)
		for i := 1; i < len(shuffled); i += 1 + int(seed)%5 {
			shuffled[i-1], shuffled[i] = shuffled[i], shuffled[i-1]
		}
		if got := alerts(shuffled, time.Hour, 1<<20); !reflect.DeepEqual(got, want) {
			t.Fatalf("another order gives other alerts\n%+v\n%+v", got, want)
		}
	})
}

func BenchmarkCorrelator(b *testing.B) {
	k, _ := correlator(b, threeInAMinute, orderedAB, bruteForce)
	emit := func(*Alert) {}
	users := make([][]string, 1000)
	for i := range users {
		users[i] = []string{"user" + strconv.Itoa(i), "host"}
	}
	b.ReportAllocs()
	b.SetBytes(1) // a hit, so that MB/s reads as million hits a second
	at := int64(0)
	for i := 0; b.Loop(); i++ {
		at += int64(time.Millisecond)
		k.Add(Hit{Rule: i & 1, Time: at, Values: users[i*7919%len(users)], Ref: Ref{Record: uint64(i)}}, emit)
	}
}
