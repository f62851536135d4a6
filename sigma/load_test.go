package sigma

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tocsin-project/tocsin/event"
)

// corpus is the SigmaHQ folders that hold rules.
func corpus(t testing.TB) []string {
	t.Helper()
	dirs, err := filepath.Glob(filepath.Join(sharedData(t), "rules*"))
	if err != nil || len(dirs) != 6 {
		t.Fatal(dirs, err)
	}
	return dirs
}

// Every rule that SigmaHQ publishes loads.
func TestLoadCorpus(t *testing.T) {
	rs, err := Load(corpus(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs.Refused {
		t.Errorf("refused %s %d %q: %s", r.Path, r.Document, r.Title, r.Reason)
	}
	for _, s := range rs.Skipped {
		t.Errorf("skipped %s %d: %s", s.Path, s.Document, s.Reason)
	}
	if len(rs.Rules) != 3780 {
		t.Errorf("%d rules, want 3780", len(rs.Rules))
	}
}

// Folders also hold YAML that is no rule; it is skipped, not refused.
func TestLoadSkipsOtherYAML(t *testing.T) {
	dir := sharedData(t)
	rs, err := Load([]string{filepath.Join(dir, "tests"), filepath.Join(dir, "..", "sigma-regression")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rs.Refused) != 0 || len(rs.Rules) != 0 || len(rs.Skipped) != 101 {
		t.Errorf("%d rules, %d refused, %d skipped; want 101 skipped", len(rs.Rules), len(rs.Refused), len(rs.Skipped))
	}
}

// The result does not depend on how many files are read at a time.
func TestLoadIsDeterministic(t *testing.T) {
	dirs := corpus(t)[:2]
	first, err := Load(dirs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	second, err := Load(dirs, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(first, second) {
		t.Error("two loads differ")
	}
}

const aRule = `title: A rule
id: 11111111-1111-4111-8111-111111111111
status: test
description: |
    Two
    lines
author: Somebody
date: 2026-01-02
references: [https://example.org/a]
tags:
    - attack.execution
    - attack.t1505.003
    - attack.T1059
    - attack.t1505.003
    - attack.g0125
    - attack.s0002
    - cve.2021-26855
logsource:
    product: windows
    category: process_creation
detection:
    selection:
        Image|endswith: '\a.exe'
    condition: selection
fields: [Image, User]
falsepositives:
    - None
level: high
`

// "Sigma Rules Specification", "Components".
func TestRuleMetadata(t *testing.T) {
	rs := Parse("a.yml", []byte(aRule), Options{})
	if len(rs.Rules) != 1 {
		t.Fatal(rs.Refused)
	}
	r := rs.Rules[0]
	want := Rule{
		Meta: Meta{
			Path: "a.yml", ID: "11111111-1111-4111-8111-111111111111", Title: "A rule", Status: "test", Level: High,
			Description: "Two\nlines\n", Author: "Somebody", Date: "2026-01-02", References: []string{"https://example.org/a"},
			Tags:           []string{"attack.execution", "attack.t1505.003", "attack.T1059", "attack.t1505.003", "attack.g0125", "attack.s0002", "cve.2021-26855"},
			FalsePositives: []string{"None"},
		},
		Fields:    []string{"Image", "User"},
		Logsource: event.Logsource{Product: "windows", Category: "process_creation"}, Detection: r.Detection,
	}
	if !reflect.DeepEqual(*r, want) {
		t.Errorf("have %+v\nwant %+v", *r, want)
	}
	if got := r.Techniques(); !slices.Equal(got, []string{"T1505.003", "T1059"}) {
		t.Error(got)
	}
	if got := r.Groups(); !slices.Equal(got, []string{"G0125"}) {
		t.Error(got)
	}
}

func TestRefusedDocuments(t *testing.T) {
	rule := func(from, to string) string { return strings.Replace(aRule, from, to, 1) }
	for name, c := range map[string]struct{ src, reason string }{
		"no title":         {rule("title: A rule\n", ""), "has no title"},
		"title is a list":  {rule("title: A rule\n", "title: [a]\n"), "title"},
		"unknown level":    {rule("level: high", "level: severe"), `level "severe" does not exist`},
		"no logsource":     {rule("logsource:", "logs:"), "no logsource"},
		"no detection":     {rule("detection:", "detect:"), "no detection"},
		"detection empty":  {rule("detection:", "detection: {}\ndetect:"), "no search identifier"},
		"detection a list": {rule("detection:", "detection: [a]\ndetect:"), "the detection is a list"},
		"no condition":     {rule("condition:", "conditions:"), "no condition"},
		"duplicate keys":   {rule("level: high", "level: high\nlevel: low"), "is given twice"},
		"not YAML":         {rule("title: A rule", "title: [A rule"), "not valid YAML"},
		"not a rule":       {"a: b\n", "holds no Sigma rule"},
		"empty":            {"", "holds no Sigma rule"},
	} {
		rs := Parse("x.yml", []byte(c.src), Options{})
		if len(rs.Refused) != 1 || len(rs.Rules) != 0 || !strings.Contains(rs.Refused[0].Reason, c.reason) || rs.Refused[0].Fix == "" {
			t.Errorf("%s: %d rules, refused %+v, want %q", name, len(rs.Rules), rs.Refused, c.reason)
		}
	}
}

// One bad rule costs itself alone, and is told with its place and title.
func TestOneBadDocument(t *testing.T) {
	bad := strings.NewReplacer("condition: selection", "condition: nothing", "A rule", "Bad", "11111111", "22222222").Replace(aRule)
	third := strings.Replace(aRule, "11111111", "33333333", 1)
	rs := Parse("x.yml", []byte(aRule+"---\n"+bad+"---\n"+third), Options{})
	if len(rs.Rules) != 2 || len(rs.Refused) != 1 {
		t.Fatal(len(rs.Rules), rs.Refused)
	}
	if r := rs.Refused[0]; r.Path != "x.yml" || r.Document != 2 || r.Title != "Bad" || !strings.Contains(r.Reason, "line ") {
		t.Errorf("%+v", r)
	}
}

// The action documents of older rule files: global adds to what follows,
// reset ends that, repeat changes the document before.
func TestActions(t *testing.T) {
	rs := Parse("x.yml", []byte(`action: global
title: Shared
level: low
detection:
  condition: s
---
logsource: {product: windows}
detection:
  s: {a: 1}
---
action: repeat
title: Again
detection:
  s: {a: 2, b: 3}
---
action: reset
---
title: Alone
logsource: {product: linux}
detection:
  s: {c: 1}
  condition: s
`), Options{})
	if len(rs.Refused) != 0 || len(rs.Rules) != 3 {
		t.Fatal(len(rs.Rules), rs.Refused)
	}
	for i, want := range []struct {
		title string
		level Level
		match string
	}{{"Shared", Low, "a=1"}, {"Again", Low, "a=2|b=3"}, {"Alone", Informational, "c=1"}} {
		r := rs.Rules[i]
		if r.Title != want.title || r.Level != want.level || !evalExpr(r.Detection, parseRecord(want.match)) {
			t.Errorf("%d: %q %v", i, r.Title, r.Level)
		}
	}
	if evalExpr(rs.Rules[1].Detection, parseRecord("a=2")) {
		t.Error("repeat does not merge maps")
	}
}

// Of two documents with one id the first is used.
func TestDuplicateIDs(t *testing.T) {
	rs := Parse("x.yml", []byte(aRule+"---\n"+aRule), Options{})
	if len(rs.Rules) != 1 || len(rs.Skipped) != 1 || !strings.Contains(rs.Skipped[0].Reason, "x.yml") || rs.Skipped[0].Document != 2 {
		t.Errorf("%d rules, skipped %+v", len(rs.Rules), rs.Skipped)
	}
}

func TestLoadPaths(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("b/rule.yml", aRule)
	write("a/rule.YAML", strings.Replace(aRule, "11111111", "22222222", 1))
	write("a/readme.md", aRule)
	write(".git/rule.yml", aRule)
	write("a/broken.yml", "title: [x\ndetection:\n")
	write("a/other.yml", "x: [y\n")
	rs, err := Load([]string{dir, filepath.Join(dir, "b", "rule.yml"), EmbeddedPath}, Options{
		Embedded: fstest.MapFS{"c/rule.yml": {Data: []byte(strings.Replace(aRule, "11111111", "33333333", 1))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, r := range rs.Rules {
		paths = append(paths, r.Path)
	}
	want := []string{filepath.Join(dir, "a", "rule.YAML"), filepath.Join(dir, "b", "rule.yml"), filepath.Join(EmbeddedPath, "c", "rule.yml")}
	if !slices.Equal(paths, want) {
		t.Errorf("have %q, want %q", paths, want)
	}
	if len(rs.Refused) != 1 || filepath.Base(rs.Refused[0].Path) != "broken.yml" {
		t.Error(rs.Refused)
	}
	if len(rs.Skipped) != 1 || filepath.Base(rs.Skipped[0].Path) != "other.yml" {
		t.Error(rs.Skipped)
	}
	if _, err := Load([]string{filepath.Join(dir, "absent")}, Options{}); err == nil {
		t.Error("a path that does not exist is no error")
	}
}

func TestLoadFS(t *testing.T) {
	rs, err := LoadFS(fstest.MapFS{"x/a.yml": {Data: []byte(aRule)}}, Options{})
	if err != nil || len(rs.Rules) != 1 || rs.Rules[0].Path != filepath.Join("x", "a.yml") {
		t.Error(rs, err)
	}
}

// Action documents lay each document over another: a file cannot make that
// cost much more than its size.
func TestActionLimit(t *testing.T) {
	global := "action: global\n"
	for i := range 20_000 {
		global += fmt.Sprintf("k%d: v\n", i)
	}
	rs := Parse("t.yml", []byte(global+strings.Repeat("---\ntitle: t\n", 200)), Options{})
	n := len(rs.Refused)
	if n == 0 || !strings.Contains(rs.Refused[n-1].Reason, "repeat too much") {
		t.Errorf("%d documents refused", n)
	}
}

// FuzzRule feeds the loader: it neither panics nor hangs, and what it accepts
// can be evaluated.
func FuzzRule(f *testing.F) {
	f.Add(aRule)
	for _, item := range []string{
		"f|contains|all|windash: ['-a', /b]", "f|re|i: 'a+?b'", "f|base64offset|contains: abc", "f|wide|base64: x", "f|cidr: ::/0", "f|exists: true",
		"f|fieldref|startswith: g", "f|hour|gte: 3", "f|expand: '%a%%b%'", "f|neq: [1, null]", "f|utf16: 'x*'", "f|gt: 1e9", "f: ['a\\*b?c*', '']",
	} {
		f.Add("title: t\nlogsource: {product: p}\ndetection:\n  s:\n    " + item + "\n  condition: s\n")
	}
	f.Add("title: t\ncorrelation:\n  type: temporal\n  rules: [a, b]\n  timespan: 5m\n  condition: a and not b\n")
	f.Add("title: t\nlogsource: {}\nfilter:\n  rules: any\n  s: {a: b}\n  condition: not s\n---\n" + aRule)
	f.Add("action: global\ntitle: t\n---\nlogsource: {}\ndetection: {s: {a: b}, condition: 1 of them}\n---\naction: repeat\ntitle: u\n")
	rec := &record{fields: map[string][]string{"f": {"abc", "-5", "10.0.0.1"}, "Image": {`C:\a.exe`}}, text: "a line"}
	f.Fuzz(func(t *testing.T, src string) {
		rs := Parse("fuzz.yml", []byte(src), Options{Placeholders: map[string][]string{"a": {"x", "y*"}}})
		for _, r := range rs.Rules {
			if len(src) < 4096 {
				evalExpr(r.Detection, rec)
			}
			r.Techniques()
		}
		Lint(rs, nil)
		if _, err := NewCorrelator(rs); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	dirs := corpus(b)
	size := 0
	for _, dir := range dirs {
		for _, data := range yamlFiles(b, dir) {
			size += len(data)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(dirs, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
