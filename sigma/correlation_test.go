package sigma

import (
	"strings"
	"testing"
	"time"
)

func TestRefusedCorrelations(t *testing.T) {
	for body, reason := range map[string]string{
		"type: other\nrules: [a]\ntimespan: 1m":                                                 `type "other" does not exist`,
		"rules: [a]\ntimespan: 1m":                                                              `type "" does not exist`,
		"type: event_count\ntimespan: 1m\ncondition: {gte: 1}":                                  "names no rules",
		"type: event_count\nrules: [a, a]\ntimespan: 1m\ncondition: {gte: 1}":                   "twice",
		"type: event_count\nrules: [a]\ncondition: {gte: 1}":                                    "no timespan",
		"type: event_count\nrules: [a]\ntimespan: 1x\ncondition: {gte: 1}":                      "timespan",
		"type: event_count\nrules: [a]\ntimespan: 0s\ncondition: {gte: 1}":                      "timespan",
		"type: event_count\nrules: [a]\ntimespan: 9999999999y\ncondition: {gte: 1}":             "timespan",
		"type: event_count\nrules: [a]\ntimespan: 1m":                                           "needs a condition",
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: a and b":                       "the condition is text",
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {about: 5}":                    "unknown key",
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: x}":                      `gte is "x"`,
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1e12}":                   "counts to more",
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {field: x}":                    "no criterion",
		"type: value_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1}":                      "needs a field",
		"type: value_sum\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1, field: [a, b]}":         "one field",
		"type: value_percentile\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1, percentile: x}":  "percentile",
		"type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a and c":                       `"c", which`,
		"type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a":                             `does not use rule "b"`,
		"type: temporal_ordered\nrules: [a, b]\ntimespan: 1m\ncondition: a or b":                "all of its rules in order",
		"type: temporal_ordered\nrules: [a, b, c]\ntimespan: 1m\ncondition: {gte: 2}":           "all of its rules in order",
		"type: temporal\nrules: [a, b]\ntimespan: 1m\naliases: {x: {z: f}}":                     "does not name",
		"type: temporal\nrules: [a, b]\ntimespan: 1m\naliases: [x]":                             "aliases",
		"type: event_count\nrules: [a]\ntimespan: 1m\ncondition: {gte: 1}\ngenerate: sometimes": "generate",
	} {
		src := "title: C\ncorrelation:\n  " + strings.ReplaceAll(body, "\n", "\n  ") + "\n"
		rs := Parse("c.yml", []byte(src), Options{})
		if len(rs.Refused) != 1 || !strings.Contains(rs.Refused[0].Reason, reason) {
			t.Errorf("%s: %+v, want %q", body, rs.Refused, reason)
		}
	}
}

func TestTimespans(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "90m": 90 * time.Minute, "2h": 2 * time.Hour, "1d": 24 * time.Hour, "2w": 14 * 24 * time.Hour,
		"1M": 2629746 * time.Second, "1y": 31556952 * time.Second,
	} {
		if got, err := parseTimespan(s); got != want || err != nil {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
}

// A name is looked for in the same file first; what builds on itself, or on
// what is broken, is broken.
func TestReferences(t *testing.T) {
	src := threeRules + `title: X
name: x
correlation: {type: event_count, rules: [y], timespan: 1m, condition: {gte: 1}}
---
title: Y
name: y
correlation: {type: event_count, rules: [x], timespan: 1m, condition: {gte: 1}}
---
title: Z
name: z
correlation: {type: event_count, rules: [a, absent], timespan: 1m, condition: {gte: 1}}
---
title: W
correlation: {type: event_count, rules: [z], timespan: 1m, condition: {gte: 1}}
`
	rs := Parse("c.yml", []byte(src), Options{})
	for i, want := range []string{"builds on", "builds on", `"absent", which is not loaded`, `builds on "z"`} {
		if !strings.Contains(rs.Correlations[i].Broken, want) {
			t.Errorf("%s: %q, want %q", rs.Correlations[i].Title, rs.Correlations[i].Broken, want)
		}
	}
	if rs.Rules[0].Hidden {
		t.Error("a broken correlation hides a rule")
	}
	k, err := NewCorrelator(rs)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := k.Needs(0); ok {
		t.Error("a broken correlation is at work")
	}
	c := *rs.Correlations[0]
	c.Broken = ""
	c.Rules = []RuleRef{{Name: "q", Rule: 99, Correlation: -1}}
	if _, err := NewCorrelator(&Ruleset{Correlations: []*Correlation{&c}}); err == nil {
		t.Error("a reference to no rule is no error")
	}
}
