package sigma

import (
	"strings"
	"testing"
)

const filtered = `title: R1
id: 11111111-1111-4111-8111-111111111111
name: first
logsource: {product: windows, category: process_creation}
detection:
  s: {Image: a}
  condition: s
---
title: R2
id: 22222222-2222-4222-8222-222222222222
logsource: {product: windows, service: security}
detection:
  s: {Image: a}
  condition: [s, s]
---
title: F
logsource: LOGSOURCE
filter:
  rules: RULES
  selection: {User|startswith: adm_}
  other: {User: b}
  condition: CONDITION
`

// "Sigma Filters Specification": a rule matches where its own condition and
// the filter's hold.
func TestFilters(t *testing.T) {
	const windows = "{product: windows}"
	for _, c := range []struct {
		name, logsource, rules, condition string
		applied                           [2]bool
	}{
		{"by id", windows, "[11111111-1111-4111-8111-111111111111]", "not selection", [2]bool{true, false}},
		{"by name", windows, "[first]", "not selection", [2]bool{true, false}},
		{"one reference as text", windows, "first", "not selection", [2]bool{true, false}},
		{"several", windows, "[first, 22222222-2222-4222-8222-222222222222]", "not selection", [2]bool{true, true}},
		{"any", windows, "any", "not selection", [2]bool{true, true}},
		{"any within a narrower logsource", "{product: windows, service: security}", "any", "not selection", [2]bool{false, true}},
		{"an empty list is any", windows, "[]", "not selection", [2]bool{true, true}},
		{"another logsource", "{product: linux}", "[first]", "not selection", [2]bool{false, false}},
		{"selectors see the filter's own identifiers", windows, "any", "not 1 of sel*", [2]bool{true, true}},
		{"them is the filter's", windows, "any", "not 1 of them", [2]bool{true, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.NewReplacer("LOGSOURCE", c.logsource, "RULES", c.rules, "CONDITION", c.condition).Replace(filtered)
			rs := Parse("f.yml", []byte(src), Options{})
			if len(rs.Refused) != 0 || len(rs.Filters) != 1 || len(rs.Rules) != 2 {
				t.Fatal(rs.Refused)
			}
			for i, r := range rs.Rules {
				if !evalExpr(r.Detection, parseRecord("Image=a|User=x")) {
					t.Errorf("%s does not match what the filter leaves", r.Title)
				}
				if got := !evalExpr(r.Detection, parseRecord("Image=a|User=adm_1")); got != c.applied[i] {
					t.Errorf("%s filtered: %v, want %v", r.Title, got, c.applied[i])
				}
			}
		})
	}
}

// A filter's condition is anded as it stands: without not it selects.
func TestFilterWithoutNot(t *testing.T) {
	src := strings.NewReplacer("LOGSOURCE", "{product: windows}", "RULES", "any", "CONDITION", "selection").Replace(filtered)
	rs := Parse("f.yml", []byte(src), Options{})
	if evalExpr(rs.Rules[0].Detection, parseRecord("Image=a|User=x")) || !evalExpr(rs.Rules[0].Detection, parseRecord("Image=a|User=adm_1")) {
		t.Error("the filter's condition is not joined by and")
	}
}

func TestRefusedFilters(t *testing.T) {
	filter := func(body string) string { return "title: F\nlogsource: {product: windows}\nfilter:\n" + body }
	for name, c := range map[string]struct{ src, reason string }{
		"no rules":     {filter("  s: {a: b}\n  condition: s\n"), "does not say which rules"},
		"no condition": {filter("  rules: any\n  s: {a: b}\n"), "no condition"},
		"no logsource": {"title: F\nfilter:\n  rules: any\n  s: {a: b}\n  condition: s\n", "no logsource"},
		"a list":       {"title: F\nlogsource: {product: windows}\nfilter: [a]\n", "the filter is a list"},
		"rules a map":  {filter("  rules: {a: b}\n  s: {a: b}\n  condition: s\n"), "rules:"},
	} {
		rs := Parse("f.yml", []byte(c.src), Options{})
		if len(rs.Refused) != 1 || !strings.Contains(rs.Refused[0].Reason, c.reason) {
			t.Errorf("%s: %+v, want %q", name, rs.Refused, c.reason)
		}
	}
}
