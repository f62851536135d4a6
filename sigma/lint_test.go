package sigma

import (
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

func TestLint(t *testing.T) {
	classes := []*event.Class{{Sources: []event.Logsource{{Product: "windows", Category: "process_creation", Service: "sysmon"}}}}
	const rule = "title: T\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\nlogsource: {product: windows}\n"
	const body = "detection:\n  s: {a: b}\n  n: {a: null}\n  condition: "
	const expand = "detection:\n  s: {a: b}\n  x: {a|expand: '%p%'}\n  condition: "
	for _, c := range []struct {
		name, src string
		dead      bool
		reason    string
	}{
		{"other logsource", strings.Replace(rule, "windows", "linux", 1) + body + "s\n", true, "logsource linux/*/*"},
		{"placeholder", rule + expand + "x and s\n", true, "%p% has no values, and nothing else"},
		{"contradiction", rule + body + "s and not s\n", true, "contradicts"},
		{"null and a value", rule + body + "s and n\n", true, "contradicts"},
		{"placeholder among others", rule + expand + "x or s\n", false, "never match"},
		{"placeholder in a filter", rule + expand + "s and not x\n", false, "never match"},
		{"matches all", rule + expand + "s or not x\n", false, "matches every record"},
		{"no level", strings.Replace(rule, "level: low\n", "", 1) + body + "s\n", false, "no level"},
		{"no id", strings.Replace(rule, "id: 1", "x: 1", 1) + body + "s\n", false, "no id"},
		{"id", strings.Replace(rule, "id: 1", "id: x1", 1) + body + "s\n", false, "not a UUID"},
		{"status", rule + "status: new\n" + body + "s\n", false, `status "new"`},
		{"taxonomy", rule + "taxonomy: mine\n" + body + "s\n", false, `taxonomy "mine"`},
		{"tag", rule + "tags: [Bad]\n" + body + "s\n", false, `tag "Bad"`},
		{"empty logsource", strings.Replace(rule, "product: windows", "definition: x", 1) + body + "s\n", false, "logsource is empty"},
		{"filter", "title: F\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: linux}\nfilter:\n  rules: any\n  s: {a: b}\n  condition: s\n", false, "narrows no rule"},
		{
			"correlation", "title: C\nid: 11111111-1111-4111-8111-111111111111\nlevel: low\ncorrelation:\n  type: event_count\n  rules: [absent]\n  timespan: 1m\n  condition: {gte: 2}\n",
			true, `refers to "absent", which is not loaded`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs := Parse("x.yml", []byte(c.src), Options{})
			if len(rs.Refused) > 0 {
				t.Fatal(rs.Refused)
			}
			notices := Lint(rs, classes)
			if len(notices) != 1 || notices[0].Dead != c.dead || !strings.Contains(notices[0].Reason, c.reason) {
				t.Errorf("%+v, want %v %q", notices, c.dead, c.reason)
			}
		})
	}
	rs := Parse("x.yml", []byte(rule+body+"s\n"), Options{})
	if notices := Lint(rs, classes); len(notices) != 0 {
		t.Errorf("a sound rule: %+v", notices)
	}
}
