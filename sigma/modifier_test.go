package sigma

import (
	"fmt"
	"strings"
	"testing"
)

// load1 returns the one rule whose detection is given.
func load1(t testing.TB, detection string, o Options) (*Rule, *Refusal) {
	t.Helper()
	src := "title: t\nlogsource:\n  product: p\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n"
	rs := Parse("t.yml", []byte(src), o)
	if len(rs.Refused) == 1 {
		return nil, &rs.Refused[0]
	}
	if len(rs.Rules) != 1 {
		t.Fatalf("%d rules, refused %v\n%s", len(rs.Rules), rs.Refused, src)
	}
	return rs.Rules[0], nil
}

// A matchCase is a detection item (field with modifiers, and value) and what
// it must and must not match: records written "field=value|field=value".
type matchCase struct {
	name      string
	detection string
	yes, no   []string
}

func parseRecord(s string) *record {
	r := &record{fields: map[string][]string{}, null: map[string]bool{}}
	for _, pair := range strings.Split(s, "|") {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case name == "":
		case !ok:
			r.null[name] = true
		case name == "TEXT":
			r.text = value
		default:
			r.fields[name] = append(r.fields[name], value)
		}
	}
	return r
}

func runMatches(t *testing.T, cases []matchCase, o Options) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			detection := c.detection
			if !strings.Contains(detection, "condition:") {
				detection = "s:\n  " + strings.ReplaceAll(detection, "\n", "\n  ") + "\ncondition: s"
			}
			r, refused := load1(t, detection, o)
			if refused != nil {
				t.Fatal(refused)
			}
			checkMatches(t, r, c.yes, c.no)
		})
	}
}

func checkMatches(t *testing.T, r *Rule, yes, no []string) {
	t.Helper()
	for _, s := range yes {
		if !evalExpr(r.Detection, parseRecord(s)) {
			t.Errorf("does not match %q", s)
		}
	}
	for _, s := range no {
		if evalExpr(r.Detection, parseRecord(s)) {
			t.Errorf("matches %q", s)
		}
	}
}

// Sigma 2.1.0, "Modifiers Appendix": one test or more for each modifier.
func TestModifiers(t *testing.T) {
	runMatches(t, []matchCase{
		{"none", "f: abc", []string{"f=abc", "f=ABC", "f=x|f=abc"}, []string{"f=abcd", "f=xabc", "g=abc", "f"}},
		{"contains", "f|contains: b", []string{"f=b", "f=aBc"}, []string{"f=", "f=ac", "f"}},
		{"startswith", "f|startswith: ab", []string{"f=ab", "f=ABC"}, []string{"f=xab", "f=a"}},
		{"endswith", `f|endswith: '\x.exe'`, []string{`f=\x.exe`, `f=C:\X.EXE`}, []string{`f=x.exe`, `f=\x.exe `}},
		{"all", "f|contains|all: [a, b]", []string{"f=ab", "f=a|f=b"}, []string{"f=a", "f=b"}},
		{"exists true", "f|exists: true", []string{"f=", "f=x", "f"}, []string{"g=x"}},
		{"exists false", "f|exists: false", []string{"g=x"}, []string{"f=", "f"}},
		{"cased", "f|cased: aB", []string{"f=aB"}, []string{"f=ab", "f=AB"}},
		{"cased with contains", "f|contains|cased: aB", []string{"f=xaBx"}, []string{"f=xabx"}},
		{"cased before contains", "f|cased|contains: aB", []string{"f=xaBx"}, []string{"f=xabx"}},
		{"neq", "f|neq: 5", []string{"f=6", "g=5"}, []string{"f=5"}},
		{"neq of a list", "f|neq: [5, x]", []string{"f=6"}, []string{"f=5", "f=X"}},
		{"windash", "f|contains|windash: ' -foo'", []string{"f=a -foo", "f=a /FOO", "f=a –foo", "f=a —foo", "f=a ―foo"}, []string{"f=a foo", "f=a --foo"}},
		{"windash before contains", "f|windash|contains: '/x'", []string{"f=-x", "f=a ―x"}, []string{"f=x"}},
		{"windash of a dash within a word", "f|windash: a-b", []string{"f=a-b"}, []string{"f=a/b"}},
		{"windash all", "f|contains|all|windash: ['-a', '-b']", []string{"f=/a -b", "f=–a /b"}, []string{"f=-a", "f=/a ‖b"}},
		{"windash of several", "f|windash: '-a -b'", []string{"f=-a /b", "f=/a /b", "f=—a -b"}, []string{"f=a b"}},
		{"re", "f|re: 'a.c'", []string{"f=abc", "f=xabcx"}, []string{"f=ABC", "f=ac"}},
		{"re i", "f|re|i: 'a.c'", []string{"f=ABC"}, []string{"f=ac"}},
		{"re m", "f|re|m: '^b$'", []string{"f=a\nb\nc"}, []string{"f=ab"}},
		{"re without m", "f|re: '^b$'", []string{"f=b"}, []string{"f=a\nb\nc"}},
		{"re s", "f|re|s: 'a.b'", []string{"f=a\nb"}, []string{"f=ab"}},
		{"re without s", "f|re: 'a.b'", []string{"f=a-b"}, []string{"f=a\nb"}},
		{"re i m s", "f|re|i|m|s: '^A.b$'", []string{"f=x\na\nB\ny"}, []string{"f=a"}},
		{"re contains", "f|re|contains: b", []string{"f=abc"}, []string{"f=ac"}},
		{"re startswith", "f|re|startswith: a|b", []string{"f=axx", "f=bxx"}, []string{"f=xa"}},
		{"re endswith", "f|re|endswith: a|b", []string{"f=xxa", "f=xxb"}, []string{"f=ax"}},
		{"base64", "f|base64: foobar", []string{"f=Zm9vYmFy"}, []string{"f=foobar"}},
		{"base64 contains", "f|base64|contains: foo", []string{"f=xxZm9vxx"}, []string{"f=foo"}},
		{"base64offset", "f|base64offset|contains: /bin/sh", []string{"f=L2Jpbi9zaA==", "f=xS9iaW4vc2", "f=xxvYmluL3No"}, []string{"f=/bin/sh", "f=bin"}},
		{"wide", "f|wide|base64: cmd", []string{"f=YwBtAGQA"}, []string{"f=Y21k"}},
		{"utf16le", "f|utf16le: cmd", []string{"f=c\x00m\x00d\x00"}, []string{"f=cmd"}},
		{"utf16be", "f|utf16be: cmd", []string{"f=\x00c\x00m\x00d"}, []string{"f=cmd"}},
		{"utf16", "f|utf16: cmd", []string{"f=\xff\xfec\x00m\x00d\x00"}, []string{"f=c\x00m\x00d\x00"}},
		{"utf16 base64", "f|utf16|base64: cmd", []string{"f=//5jAG0AZAA="}, []string{"f=YwBtAGQA"}},
		{"utf16le of a character beyond ASCII", "f|utf16le|base64: é", []string{"f=6QA="}, []string{"f=w6k="}},
		{"wide base64offset", "f|wide|base64offset|contains: ping", []string{"f=xxcABpAG4AZwxx", "f=xxAAaQBuAGcAxx", "f=xxwAGkAbgBnAxx"}, []string{"f=ping"}},
		{"lt", "f|lt: 5", []string{"f=4", "f=-1", "f=4.9", "f=0x4"}, []string{"f=5", "f=x", "f="}},
		{"lte", "f|lte: 5", []string{"f=5"}, []string{"f=5.1"}},
		{"gt", "f|gt: 5", []string{"f=6", "f=0x10"}, []string{"f=5"}},
		{"gte", "f|gte: 5", []string{"f=5", "f=5.0"}, []string{"f=4"}},
		{"minute", "t|minute: 30", []string{"t=2021-03-01T10:30:59Z"}, []string{"t=2021-03-01T10:31:00Z", "t=30"}},
		{"hour", "t|hour: [2, 3]", []string{"t=2021-03-01T03:00:00Z"}, []string{"t=2021-03-01T04:00:00Z"}},
		{"hour with a comparison", "t|hour|gte: 22", []string{"t=2021-03-01T23:00:00Z", "t=2021-03-01T22:00:00Z"}, []string{"t=2021-03-01T21:59:00Z"}},
		{"day", "t|day: 1", []string{"t=2021-03-01T03:00:00Z"}, []string{"t=2021-03-11T04:00:00Z"}},
		{"week", "t|week: 9", []string{"t=2021-03-01T03:00:00Z"}, []string{"t=2021-03-11T04:00:00Z"}},
		{"month", "t|month: 3", []string{"t=2021-03-01T03:00:00Z"}, []string{"t=2021-04-01T04:00:00Z"}},
		{"year", "t|year: 2021", []string{"t=2021-03-01T03:00:00Z"}, []string{"t=2020-03-01T04:00:00Z"}},
		{"cidr v4", "f|cidr: [10.0.0.0/8, 192.0.2.1/24]", []string{"f=10.1.2.3", "f=192.0.2.200", "f=::ffff:10.0.0.1"}, []string{"f=11.0.0.1", "f=10.0.0", "f=x"}},
		{"cidr v6", "f|cidr: 2001:db8::/32", []string{"f=2001:db8::1", "f=2001:DB8:0:1::1"}, []string{"f=2001:db9::1", "f=10.0.0.1"}},
		{"cidr of one address", "f|cidr: 10.0.0.1", []string{"f=10.0.0.1"}, []string{"f=10.0.0.2"}},
		{"fieldref", "f|fieldref: g", []string{"f=a|g=A"}, []string{"f=a|g=b", "f=a", "g=a"}},
		{"fieldref startswith", "f|fieldref|startswith: g", []string{"f=abc|g=ab"}, []string{"f=xab|g=ab"}},
		{"fieldref endswith", "f|fieldref|endswith: g", []string{"f=xab|g=ab"}, []string{"f=abc|g=ab"}},
		{"fieldref contains", "f|fieldref|contains: g", []string{"f=xabx|g=ab"}, []string{"f=a|g=ab"}},
		{"fieldref neq", "f|fieldref|neq: g", []string{"f=a|g=b"}, []string{"f=a|g=a"}},
		{"fieldref cased", "f|fieldref|cased: g", []string{"f=a|g=a"}, []string{"f=a|g=A"}},
	}, Options{})
}

// Sigma 2.1.0, "String Wildcard" and "Escaping".
func TestWildcardsAndEscapes(t *testing.T) {
	runMatches(t, []matchCase{
		{"star", "f: 'a*c'", []string{"f=ac", "f=abbc"}, []string{"f=abcd"}},
		{"question mark", "f: 'prog?.exe'", []string{"f=progA.exe", "f=progé.exe"}, []string{"f=prog.exe", "f=progAB.exe"}},
		{"star alone", "f: '*'", []string{"f=", "f=x"}, []string{"g=x", "f"}},
		{"plain backslash", `f: 'C:\Windows\x'`, []string{`f=C:\Windows\x`}, []string{`f=C:Windowsx`}},
		{"double backslash is one", `f: 'C:\\x'`, []string{`f=C:\x`}, []string{`f=C:\\x`}},
		{"escaped star", `f: 'a\*b'`, []string{"f=a*b"}, []string{"f=axb", `f=a\b`, `f=a\*b`}},
		{"escaped question mark", `f: 'a\?'`, []string{"f=a?"}, []string{"f=ab"}},
		{"backslash before a star", `f: 'a\\*'`, []string{`f=a\`, `f=a\bcd`}, []string{"f=a*", "f=ab"}},
		{"backslash before an escaped star", `f: 'a\\\*'`, []string{`f=a\*`}, []string{`f=a\x`, `f=a*`}},
		{"three backslashes are two", `f: 'a\\\b'`, []string{`f=a\\b`}, []string{`f=a\b`}},
		{"four backslashes are two", `f: 'a\\\\b'`, []string{`f=a\\b`}, []string{`f=a\\\b`}},
		{"backslash at the end", `f|contains: '\'`, []string{`f=a\b`}, []string{"f=ab"}},
		{"contains keeps wildcards", "f|contains: 'a*b'", []string{"f=xaxbx"}, []string{"f=ba"}},
	}, Options{})
}

// Sigma 2.1.0, "Special Field Values", "Lists", "Maps", "Keywords search".
func TestValues(t *testing.T) {
	runMatches(t, []matchCase{
		{"empty text", "f: ''", []string{"f="}, []string{"f=x", "g=", "f"}},
		{"null", "f: null", []string{"g=x", "f"}, []string{"f=", "f=x"}},
		{"nothing is null", "f:", []string{"g=x", "f"}, []string{"f=", "f=x"}},
		{"an empty list is null", "f: []", []string{"g=x"}, []string{"f=x"}},
		{"null in a list", "f: [null, x]", []string{"g=x", "f=x"}, []string{"f=y"}},
		{"number", "f: 4625", []string{"f=4625"}, []string{"f=46250"}},
		{"number as it is written", "f: 0x17", []string{"f=0x17", "f=0X17"}, []string{"f=23"}},
		{"boolean", "f: true", []string{"f=true", "f=True"}, []string{"f=false"}},
		{"list is or", "f: [a, b]", []string{"f=a", "f=b"}, []string{"f=c"}},
		{"map is and", "f: a\ng: b", []string{"f=a|g=b"}, []string{"f=a", "g=b"}},
		{"list of maps is or", "- f: a\n  g: b\n- h: c", []string{"f=a|g=b", "h=c"}, []string{"f=a"}},
		{"keyword", "- evil", []string{"TEXT=an EVIL line", "f=the evil"}, []string{"f=good"}},
		{"keyword alone", "evil", []string{"TEXT=evil"}, []string{"f=good"}},
		{"keywords are or", "- a1\n- b2", []string{"f=xb2x"}, []string{"f=x"}},
		{"keywords with all", "'|all':\n  - a1\n  - b2", []string{"f=b2|g=a1"}, []string{"f=b2"}},
		{"keyword re", "'|re': 'e.il'", []string{"TEXT=an evil line"}, []string{"TEXT=EVIL"}},
		{"keyword startswith", "'|startswith': evil", []string{"TEXT=evil line"}, []string{"TEXT=an evil line"}},
		{"keywords and maps in one list", "- evil\n- f: a", []string{"TEXT=evil", "f=a"}, []string{"f=b"}},
		{"case folds beyond ASCII", "f: ÄÉ", []string{"f=äé"}, []string{"f=ae"}},
	}, Options{})
}

// Sigma 2.1.0, "Placeholders".
func TestPlaceholders(t *testing.T) {
	o := Options{Placeholders: map[string][]string{"Servers": {"srv*", "dc1"}, "name": {"n"}, "a": {"1", "2"}, "net": {"10.0.0.0/8"}, "meta": {"a.c"}}}
	runMatches(t, []matchCase{
		{"several values", "f|expand: '%Servers%'", []string{"f=srv7", "f=DC1"}, []string{"f=%Servers%", "f=x"}},
		{"without expand it is text", "f: '%Servers%'", []string{"f=%Servers%"}, []string{"f=dc1"}},
		{"escaped percent", `f|expand: '\%plain%name%'`, []string{"f=%plainn"}, []string{"f=n"}},
		{"within text", "f|expand: 'x%name%y'", []string{"f=xny"}, []string{"f=n"}},
		{"combinations", "f|expand: '%a%-%a%'", []string{"f=1-1", "f=1-2", "f=2-1"}, []string{"f=1"}},
		{"contains", "f|contains|expand: '%name%'", []string{"f=xnx"}, []string{"f=x"}},
		{"all values of a placeholder are alternatives", "f|contains|expand|all: ['%a%', x]", []string{"f=2x"}, []string{"f=2", "f=x"}},
		{"cidr", "f|expand|cidr: '%net%'", []string{"f=10.0.0.1"}, []string{"f=11.0.0.1"}},
		{"re takes values as text", "f|re|expand: '^%meta%$'", []string{"f=a.c"}, []string{"f=abc"}},
		{"percent that is no placeholder", "f|expand: '100% of 50%'", []string{"f=100% of 50%"}, []string{"f=100"}},
		{"one unknown among values", "f|expand: ['%unknown%', x]", []string{"f=x"}, []string{"f=%unknown%"}},
	}, o)
	r, _ := load1(t, "s:\n  f|expand: ['%unknown%', '%unknown%', '%other%']\ncondition: s", o)
	if fmt.Sprint(r.Unresolved) != "[unknown other]" {
		t.Errorf("unresolved: %v", r.Unresolved)
	}
	if evalExpr(r.Detection, parseRecord("f=%unknown%")) {
		t.Error("an unresolved placeholder matches")
	}
}

// Chains that have no meaning are refused, with the reason.
func TestRefusedValues(t *testing.T) {
	for detection, reason := range map[string]string{
		"f|unknown: x":                      `unknown modifier "unknown"`,
		"f|i: x":                            `modifier "i" cannot follow`,
		"f|contains|re: x":                  `modifier "re" cannot follow`,
		"f|re|cased: x":                     `modifier "cased" cannot follow`,
		"f|base64|cidr: x":                  `modifier "cidr" cannot follow`,
		"f|contains|base64: x":              "cannot encode wildcards",
		"f|base64: 'a*b'":                   "cannot encode wildcards",
		"f|lt: abc":                         "wants a number",
		"f|lt: nan":                         "wants a number",
		"f|lt|contains: 5":                  `modifier "contains" cannot follow`,
		"f|hour: 24":                        "whole number from 0 to 23",
		"f|hour|gt: 23":                     "no such time",
		"f|year|gt: 2020":                   `modifier "gt" cannot follow`,
		"f|cidr: 10.0.0.0/33":               "is not a network",
		"f|exists: maybe":                   "exists wants true or false",
		"f|exists|contains: true":           `modifier "contains" cannot follow`,
		"f|fieldref: ''":                    "needs the name of a field",
		"f|contains|fieldref: g":            `modifier "fieldref" cannot follow`,
		"f|contains: null":                  "null takes no modifiers",
		"f|windash: ' -a -b -c -d'":         "at most 3 dashes",
		"f|re: '(?<=a)b(?=c)d'":             "looks ahead or behind",
		"f|re: '(a)\\1'":                    "refers back",
		"f|re: '('":                         "not valid",
		"f|re: 'a{1001}'":                   "not valid",
		"f: {g: h}":                         "is a map",
		"f: [[a]]":                          "is a list",
		"- null":                            "a keyword cannot be null",
		"'|cidr': 10.0.0.0/8":               "needs a field",
		"{}":                                "a map is empty",
		"[]":                                "a list is empty",
		"f|expand: '%a%%a%%a%%a%%a%%a%%a%'": "more than 1000 values",
	} {
		o := Options{Placeholders: map[string][]string{"a": {"1", "2", "3"}}}
		_, refused := load1(t, "s:\n  "+detection+"\ncondition: s", o)
		if refused == nil || !strings.Contains(refused.Reason, reason) {
			t.Errorf("%s: %v, want %q", detection, refused, reason)
		} else if refused.Fix == "" {
			t.Errorf("%s: nothing is said about what to do", detection)
		}
	}
}

// PCRE that RE2 does not have, where it can be said in RE2.
func TestTranslatedRegexp(t *testing.T) {
	runMatches(t, []matchCase{
		{"atomic group", "f|re: 'x(?>ab)c'", []string{"f=xabc"}, []string{"f=xac"}},
		{"possessive", "f|re: 'a++b*+c?+d{1,2}+e'", []string{"f=aabbcdde", "f=ade"}, []string{"f=e"}},
		{"escaped plus stays", `f|re: '(?>a)\++'`, []string{"f=a++"}, []string{"f=a"}},
		{"lookaheads first", "f|re: '^(?=.*foo)(?!.*bar).*baz'", []string{"f=baz foo", "f=foobaz"}, []string{"f=baz", "f=foo bar baz", "f=foo"}},
		{"lookahead first with flag", "f|re: '(?i)^(?=.*foo)x'", []string{"f=xFOO"}, []string{"f=yfoo"}},
		{"lookahead last", "f|re: 'foo(?=bar)'", []string{"f=foobar"}, []string{"f=foo"}},
		{"lookbehind first", "f|re: '(?<=foo)bar'", []string{"f=foobar"}, []string{"f=bar"}},
		{"end before a newline", `f|re: 'a(?>b)\Z'`, []string{"f=ab", "f=ab\n"}, []string{"f=abc"}},
		{"blank", `f|re: 'a\hb'`, []string{"f=a b", "f=a\tb"}, []string{"f=ab"}},
		{"unicode escape", `f|re: 'a\u0062c'`, []string{"f=abc"}, []string{"f=ab"}},
		{"comment", "f|re: 'a(?#any)b'", []string{"f=ab"}, []string{"f=a"}},
		{"class with brackets", "f|re: '(?>[]()+*]+)x'", []string{"f=(]x"}, []string{"f=x"}},
	}, Options{})
}

// Limits keep one rule from costing more than a small multiple of its size.
func TestValueLimits(t *testing.T) {
	many := strings.Repeat("\n  - ' -a -b -c "+strings.Repeat("x", 1000)+"'", 1200)
	for name, c := range map[string]struct{ item, reason string }{
		"long value":    {"f: " + strings.Repeat("x", maxValue+1), "has more than"},
		"long regexp":   {"f|re: " + strings.Repeat("x", maxRegexp+1), "has more than"},
		"large regexp":  {"f|re: '(" + strings.Repeat("ab", 200) + "){1000}'", "repeats too much"},
		"many expanded": {"f|windash:" + strings.ReplaceAll(many, "\n", "\n  "), "take more than"},
		"step twice":    {"f|wide" + strings.Repeat("|base64", 100) + ": abc", "cannot follow"},
		"large texts":   {"f|windash: ' -a -b -c" + strings.Repeat("x", maxValue/2) + "'", "modifiers make more than"},
	} {
		_, refused := load1(t, "s:\n  "+c.item+"\ncondition: s", Options{})
		if refused == nil || !strings.Contains(refused.Reason, c.reason) {
			t.Errorf("%s: %v, want %q", name, refused, c.reason)
		}
	}
}

// A condition costs what it names, each time that it does.
func TestConditionLimits(t *testing.T) {
	values := "s:\n  f:" + strings.Repeat("\n    - abc", 4000)
	many := ""
	for i := range maxSearches + 1 {
		many += fmt.Sprintf("s%d: [a]\n", i)
	}
	for name, c := range map[string]struct{ detection, reason string }{
		"one, named often":   {values + "\ncondition: s" + strings.Repeat(" or s", 9000), "take more than"},
		"all, named often":   {many[:strings.LastIndex(many, "s")] + "condition: 1 of them" + strings.Repeat(" or 1 of them", 4000), "take more than"},
		"search identifiers": {many + "condition: 1 of them", "more than 1000 search identifiers"},
	} {
		_, refused := load1(t, c.detection, Options{})
		if refused == nil || !strings.Contains(refused.Reason, c.reason) {
			t.Errorf("%s: %v, want %q", name, refused, c.reason)
		}
	}
}
