package intel

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// docs/pattern.md has the table.
func TestDocsTellWhatEventsShow(t *testing.T) {
	const file = "../../docs/pattern.md"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := documented(); !strings.Contains(string(b), want) {
		t.Errorf("%s does not have this:\n%s", file, want)
	}
}

func documented() string {
	var paths []string
	fields := map[string][]string{}
	for _, r := range shownAs {
		path := r.pathOf()
		if r.typ == "ip-addr" {
			path = "ipv4-addr:" + r.path + "`, `ipv6-addr:" + r.path
		}
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
		field := "`" + r.field + "`"
		if r.with != "" {
			field += " with `" + r.with + "`"
		}
		if !slices.Contains(fields[path], field) {
			fields[path] = append(fields[path], field)
		}
	}
	var s strings.Builder
	s.WriteString("| object path | field of the event |\n|---|---|\n")
	for _, path := range paths {
		fmt.Fprintf(&s, "| `%s` | %s |\n", path, strings.Join(fields[path], ", "))
	}
	return s.String()
}

// Every path of the table is one that patterns can ask for, and one type of
// objects has one type of values for it.
func TestPathsOfTheTableParse(t *testing.T) {
	s := newSchema(event.NewNames())
	forms := map[string]bool{}
	for _, r := range s.rows {
		p, err := pattern.Parse("[" + r.pathOf() + " = 'x']")
		if err != nil {
			t.Errorf("%s: %v", r.pathOf(), err)
			continue
		}
		for _, problem := range p.Check() {
			if !strings.Contains(problem.Msg, "hash") { // x is none
				t.Errorf("%s: %s", r.pathOf(), problem.Msg)
			}
		}
		n := s.Property(p.Root.Test.Path)
		if n < 0 || s.properties[n].container {
			t.Errorf("%s is not found", r.pathOf())
		}
		if was, met := forms[r.pathOf()]; met && was != (r.form == number) {
			t.Errorf("%s is a number in one row only", r.pathOf())
		}
		forms[r.pathOf()] = r.form == number
	}
}

// Forms take what is asked for out of fields.
func TestForms(t *testing.T) {
	names := event.NewNames()
	set, _ := compilePatterns(nil, names)
	m := set.matcher()
	m.e = event.New(names)
	m.e.Add(names.LookupString("cs-host"), "cs-host", []byte("town.example"), event.String)
	m.e.Add(names.LookupString("s-port"), "s-port", []byte("443"), event.Number)
	for _, c := range []struct {
		form        form
		value, want string
	}{
		{base, `C:\Windows\cmd.exe`, "cmd.exe"},
		{base, "/usr/bin/curl", "curl"},
		{base, `C:\Windows\`, ""},
		{dir, `C:\Windows\cmd.exe`, `C:\Windows`},
		{dir, `C:\cmd.exe`, `C:\`},
		{dir, "/init", "/"},
		{dir, "init", ""},
		{number, "0x1f4", "500"},
		{number, "007", "7"},
		{number, "many", ""},
		{number, "99999999999999999999", ""},
		{address, "::ffff:192.0.2.7", "192.0.2.7"},
		{address, "::ffff:0:1", "::ffff:0:1"},
		{v4, "::ffff:192.0.2.7", "192.0.2.7"},
		{v4, "2001:db8::1", ""},
		{v6, "2001:db8::1", "2001:db8::1"},
		{v6, "town.example", ""},
		{lowerCase, "TCP", "tcp"},
		{account, `TOWN\ann`, "ann"},
		{account, "ann", "ann"},
		{key, `HKLM\Software\Run`, `HKEY_LOCAL_MACHINE\Software\Run`},
		{key, `\REGISTRY\USER\S-1-5-18\x`, `HKEY_USERS\S-1-5-18\x`},
		{key, `HKLMx\a`, `HKLMx\a`},
		{keyDir, `HKLM\Software\Run\evil`, `HKEY_LOCAL_MACHINE\Software\Run`},
		{sha256, "MD5=AA,SHA256=BB,IMPHASH=CC", "bb"},
		{sha1, "MD5=AA,SHA256=BB", ""},
		{link, "/owa/x.aspx?a=1", "https://town.example/owa/x.aspx?a=1"},
		{link, "http://evil.example/", "http://evil.example/"},
		{link, "evil.example:443", ""},
		{host, "EVIL.example:8443", "evil.example"},
		{host, "2001:db8::1", "2001:db8::1"},
		{asIs, "-", ""},
		{asIs, "", ""},
	} {
		if got := string(m.shape(c.form, []byte(c.value))); got != c.want {
			t.Errorf("%d of %q: %q, want %q", c.form, c.value, got, c.want)
		}
	}
}
