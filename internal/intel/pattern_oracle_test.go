package intel

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// The path of events is held to a slow one: the observed-data that the table
// makes of an event, put to pattern.Matcher.

// observed returns e as STIX objects: an observed-data and what it refers to.
func observed(t testing.TB, m *patternMatcher, e *event.Event) *pattern.Data {
	m.e = e
	d := new(pattern.Data)
	var seen []string
	count := 0
	object := func(typ string) (string, map[string]any) {
		count++
		id := fmt.Sprintf("%s--%d", typ, count)
		return id, map[string]any{"type": typ, "id": id}
	}
	var all []map[string]any
	var put func(o map[string]any, path []string, values []any)
	put = func(o map[string]any, path []string, values []any) {
		name, list := strings.CutSuffix(path[0], "[*]")
		name = strings.Trim(name, "'")
		last := len(path) == 1
		switch {
		case last && list:
			o[name] = values
		case last:
			o[name] = values[0]
		case list: // one object for each value
			elements, _ := o[name].([]any)
			for i, v := range values {
				switch {
				case strings.HasSuffix(name, "_refs"):
					id, inner := object("x-ref")
					all = append(all, inner)
					put(inner, path[1:], []any{v})
					elements = append(elements, id)
				case i < len(elements):
					put(elements[i].(map[string]any), path[1:], []any{v})
				default:
					inner := map[string]any{}
					put(inner, path[1:], []any{v})
					elements = append(elements, inner)
				}
			}
			o[name] = elements
		case strings.HasSuffix(name, "_ref"):
			id, _ := o[name].(string)
			at := slices.IndexFunc(all, func(x map[string]any) bool { return x["id"] == id })
			if at < 0 {
				var inner map[string]any
				id, inner = object("x-ref")
				o[name] = id
				at, all = len(all), append(all, inner)
			}
			put(all[at], path[1:], values)
		default:
			inner, ok := o[name].(map[string]any)
			if !ok {
				inner = map[string]any{}
				o[name] = inner
			}
			put(inner, path[1:], values)
		}
	}
	s := m.set.schema
	for typ, names := range s.objects {
		for _, name := range names {
			id, o := object(s.types[typ])
			done := map[string]bool{}
			for _, r := range s.rows {
				if r.typ != s.types[typ] || r.name != name || done[r.path] {
					continue
				}
				var values []any
				row := source{field: s.names.LookupString(r.field), with: s.names.LookupString(r.with), form: r.form}
				for i := 0; ; i++ {
					v, _ := m.take(&row, i)
					if v == nil {
						break
					}
					if values = append(values, string(v)); r.form == number {
						values[i] = json.Number(v)
					}
				}
				if values != nil {
					done[r.path] = true
					put(o, splitPath(r.path), values)
				}
			}
			if len(done) > 0 {
				seen = append(seen, id)
				all = append(all, o)
			}
		}
	}
	for _, o := range all {
		add(t, d, o)
	}
	at := time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano)
	add(t, d, map[string]any{"type": "observed-data", "id": "observed-data--1", "first_observed": at, "last_observed": at, "number_observed": 1, "object_refs": seen})
	return d
}

func add(t testing.TB, d *pattern.Data, o map[string]any) {
	t.Helper()
	raw, err := json.Marshal(o)
	if err == nil {
		err = d.Add(raw)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// splitPath cuts a path of the table at its dots.
func splitPath(path string) (parts []string) {
	quoted := false
	start := 0
	for i, c := range path {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == '.' && !quoted:
			parts = append(parts, path[start:i])
			start = i + 1
		}
	}
	return append(parts, path[start:])
}

// The values that events and patterns of the property test are made of: few, so
// that they meet.
var poolOf = map[form][]string{
	base:      {`C:\Windows\System32\cmd.exe`, `/usr/bin/curl`, `cmd.exe`, `C:\x.dll`, `\`, "-", ""},
	number:    {"4", "0x1f4", "500", "none", "65535", "007"},
	address:   {"192.0.2.7", "::ffff:192.0.2.7", "2001:db8::1", "10.1.2.3", "-", "host"},
	parts:     {"192.0.2.7;::ffff:10.1.2.3;", "type:  5 a.example;", "10.1.2.3", "a@b.example;c@d.example"},
	lowerCase: {"EVIL.example", "evil.example", "tcp", "AbCdEf", "naïve\u0301 K.example"},
	account:   {`TOWN\ann`, "ann", "-"},
	key:       {`HKLM\Software\Run\evil`, `\REGISTRY\MACHINE\Software\Run`, `HKCU\x`},
	md5:       {"MD5=0123456789ABCDEF0123456789ABCDEF,SHA256=AA", "SHA1=ff,SHA256=" + strings.Repeat("AB", 32)},
	link:      {"/a/b.aspx?x=1", "http://evil.example/a", "/"},
	host:      {"EVIL.example:443", "evil.example", "2001:db8::1"},
	asIs:      {"cmd.exe /c whoami", "GET", `C:\Windows`, "S-1-5-18", "naïve", "nai\u0308ve \u212Aelvin", "-", "", "powershell -enc AAAA"},
}

func valuesFor(f form) []string {
	switch f {
	case dir:
		f = base
	case keyDir:
		f = key
	case v4, v6:
		f = address
	case sha1, sha256:
		f = md5
	}
	return poolOf[f]
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// randomTest writes a test of a property that the table has.
func randomTest(r *rand.Rand, rows []shown, m *patternMatcher) string {
	row := pick(r, rows)
	path := row.pathOf()
	if i := strings.IndexAny(row.path, ".["); i > 0 && r.IntN(12) == 0 {
		return pick(r, []string{"", "NOT "}) + "EXISTS " + row.typ + ":" + row.path[:i]
	} else if r.IntN(3) == 0 {
		path = strings.ReplaceAll(path, "[*]", fmt.Sprintf("[%d]", r.IntN(2)))
	}
	value := pick(r, valuesFor(row.form))
	if r.IntN(4) > 0 { // as it is shown
		if v := m.shape(row.form, []byte(value)); v != nil {
			value = string(v)
		}
	}
	not := pick(r, []string{"", "", "", "NOT "})
	some := value
	if len(value) > 2 {
		at := r.IntN(len(value) - 1)
		some = strings.ToValidUTF8(value[at:at+1+r.IntN(len(value)-at)], "")
	}
	switch r.IntN(11) {
	case 0:
		return pick(r, []string{"", "NOT "}) + "EXISTS " + path
	case 1:
		return path + " " + not + "IN (" + quote(value) + ", 'x', " + quote(pick(r, valuesFor(row.form))) + ")"
	case 2, 3:
		return path + " " + not + "LIKE " + quote(pick(r, []string{"%", ""})+some+pick(r, []string{"%", "_", ""}))
	case 4:
		return path + " " + not + "MATCHES " + quote(pick(r, []string{"", "^", "(?i)", ".*"})+regexpQuote(some)+pick(r, []string{"", "$", "|zzzz", "+"}))
	case 5:
		return path + " " + not + pick(r, []string{"<", "<=", ">", ">=", "=", "!="}) + " " + pick(r, []string{"4", "500", "6.5", "-1"})
	case 6:
		return path + " " + not + pick(r, []string{"ISSUBSET", "ISSUPERSET"}) + " " + pick(r, []string{"'192.0.2.0/24'", "'10.0.0.0/8'", "'2001:db8::/32'", "'192.0.2.7'"})
	case 7:
		return path + " " + not + pick(r, []string{"<", ">=", "!="}) + " " + quote(value)
	}
	return path + " " + not + "= " + quote(value)
}

func regexpQuote(s string) string {
	return strings.NewReplacer(`\`, `\\`, `.`, `\.`, `+`, `\+`, `?`, `\?`, `(`, `\(`, `[`, `\[`, `{`, `\{`, `$`, `\$`, `^`, `\^`, `*`, `\*`, `)`, `\)`, `|`, `\|`).Replace(s)
}

func randomComparison(r *rand.Rand, rows []shown, m *patternMatcher, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return randomTest(r, rows, m)
	}
	parts := make([]string, 2+r.IntN(2))
	for i := range parts {
		parts[i] = randomComparison(r, rows, m, depth-1)
	}
	return "(" + strings.Join(parts, pick(r, []string{" AND ", " OR "})) + ")"
}

// randomEvent gives e values for some of the fields of rows.
func randomEvent(r *rand.Rand, e *event.Event, names *event.Names, rows []shown) {
	e.Reset()
	e.Time = 1614679872000000000
	e.Class = &event.Class{}
	used := map[string]bool{}
	for range 1 + r.IntN(12) {
		row := pick(r, rows)
		list := strings.Contains(row.path, "[*]")
		if used[row.field] {
			continue
		}
		used[row.field] = true
		for range 1 + r.IntN(2)*map[bool]int{true: 1}[list && row.form != base] {
			value := pick(r, valuesFor(row.form))
			e.Add(names.LookupString(row.field), row.field, []byte(value), event.String)
		}
	}
}

func TestEventsMatchAsTheirObservedDataDoes(t *testing.T) {
	r := rand.New(rand.NewPCG(2021, 3))
	held := 0
	const rounds, events = 400, 12
	for range rounds {
		names := event.NewNames()
		empty, _ := compilePatterns(nil, names)
		shape := empty.matcher()
		shape.e = event.New(names)
		everything := empty.schema.rows
		for _, row := range everything { // the slow path asks for all fields
			names.Intern(row.field)
			names.Intern(row.with)
		}
		// A few types of objects, so that events and patterns meet.
		typ := pick(r, empty.schema.types)
		rows := slices.DeleteFunc(slices.Clone(everything), func(x shown) bool { return x.typ != typ && r.IntN(12) > 0 })
		var list []*pattern.Pattern
		var slow []*pattern.Matcher
		for len(list) < 12 {
			source := "[" + randomComparison(r, rows, shape, 2) + "]"
			p, err := pattern.Parse(source)
			if err != nil {
				t.Fatal(source, err)
			}
			shownP, err := asShown(p)
			if err != nil {
				t.Fatal(source, err)
			}
			m, err := shownP.Compile()
			if err != nil {
				continue // such as an expression that breaks a group
			}
			list, slow = append(list, p), append(slow, m)
		}
		set, errs := compilePatterns(list, names)
		for i, err := range errs {
			if err != nil {
				t.Fatal(list[i], err)
			}
		}
		m := set.matcher()
		e := event.New(names)
		for range events {
			randomEvent(r, e, names, rows)
			var got []int32
			for _, h := range m.match(e) {
				if h.Bracket != -1 {
					t.Fatal(h)
				}
				got = append(got, h.Pattern)
			}
			d := observed(t, set.matcher(), e)
			var want []int32
			for i := range slow {
				if found, err := slow[i].Match(d); len(found) > 0 && err == nil {
					want = append(want, int32(i))
				}
			}
			held += len(want)
			if !slices.Equal(got, want) {
				for i, p := range list {
					if slices.Contains(got, int32(i)) != slices.Contains(want, int32(i)) {
						t.Errorf("%s\nslow: %v", p, slices.Contains(want, int32(i)))
					}
				}
				for _, f := range e.Fields() {
					t.Logf("%s = %q", f.Name, f.Value)
				}
				t.FailNow()
			}
		}
	}
	t.Logf("%d patterns put to %d events each; %d matches", rounds*12, events, held)
	if held < rounds*12*events/50 {
		t.Error("too few matches for the test to tell anything")
	}
}
