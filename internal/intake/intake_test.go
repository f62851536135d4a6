package intake_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// gathered keeps what is read.
type gathered struct {
	items   []intake.Item
	rejects []intake.Reject
}

func (g *gathered) Item(i intake.Item) error     { g.items = append(g.items, i); return nil }
func (g *gathered) Reject(r intake.Reject) error { g.rejects = append(g.rejects, r); return nil }

// read reads text and holds what is made of it to the rules of STIX.
func read(t *testing.T, name, text string, o intake.Options) (string, *gathered) {
	t.Helper()
	var to gathered
	format, err := intake.Read(intake.Input{Name: name, Path: name, Time: time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC), R: strings.NewReader(text)}, o, &to)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, i := range to.items {
		for _, p := range stix.Validate(i.Object) {
			if p.Must {
				t.Errorf("%s: %s: %s", name, i.Object.ID, p)
			}
		}
		if v, err := stix.As[stix.Indicator](i.Object); err == nil && v.PatternType == "stix" {
			if _, err := pattern.Parse(v.Pattern); err != nil {
				t.Errorf("%s: %s: %v", name, v.Pattern, err)
			}
		}
	}
	return format, &to
}

// patterns are those of the indicators, and the names of vulnerabilities.
func (g *gathered) patterns(t *testing.T) string {
	t.Helper()
	var list []string
	for _, i := range g.items {
		switch v, err := stix.As[stix.Indicator](i.Object); {
		case err == nil:
			list = append(list, v.Pattern)
		case i.Object.Type == "vulnerability":
			v, _ := stix.As[stix.Vulnerability](i.Object)
			list = append(list, v.Name)
		default:
			list = append(list, i.Object.Type)
		}
	}
	return strings.Join(list, " ")
}

func TestListsAndTables(t *testing.T) {
	for _, c := range []struct {
		name, text, format, patterns string
		columns                      []string
		rejected                     int
	}{
		{name: "plain.txt", text: "evil.example.com\n\n# comment\n192.0.2.7\n", format: "list", patterns: "[domain-name:value = 'evil.example.com'] [ipv4-addr:value = '192.0.2.7']"},
		{name: "hosts", text: "127.0.0.1 a.example.com\n0.0.0.0 b.example.com # c\n", format: "list", patterns: "[domain-name:value = 'a.example.com'] [domain-name:value = 'b.example.com']"},
		{name: "tabs", text: "127.0.0.1\tlocalhost\n0.0.0.0\tevil.example.com\n::1\tbad.example.com # c\n", format: "list", patterns: "[domain-name:value = 'evil.example.com'] [domain-name:value = 'bad.example.com']"},
		{name: "mailboxes.csv", text: "email,comment\nGuy <a@example.com>,x\n\"\"\"Doe, J\"\" <b@example.com>\",y\n<c@example.com>,z\n", format: "csv", patterns: "[email-addr:value = 'a@example.com'] [email-addr:value = 'b@example.com'] [email-addr:value = 'c@example.com']"},
		{name: "mailboxes.txt", text: "Guy <a@example.com>\nGal <b@example.com>\n", format: "list", patterns: "[email-addr:value = 'a@example.com'] [email-addr:value = 'b@example.com']"},
		{name: "dotless.csv", text: "domain,comment\nevil.example.com,x\nsoon,y\n", format: "csv", patterns: "[domain-name:value = 'evil.example.com']", rejected: 1},
		{name: "windows.txt", text: "hxxp://evil[.]example[.]com/a\r\nCVE-2021-26855\r\n", format: "list", patterns: "[url:value = 'http://evil.example.com/a'] CVE-2021-26855"},
		{name: "junk.txt", text: "192.0.2.1\n192.0.2.2\n???\n", format: "list", patterns: "[ipv4-addr:value = '192.0.2.1'] [ipv4-addr:value = '192.0.2.2']", rejected: 1},
		{name: "header.csv", text: "Type,Indicator,Comment\nip,192.0.2.1,\"a, b\"\nmd5,d41d8cd98f00b204e9800998ecf8427e,c\n", format: "csv", patterns: "[ipv4-addr:value = '192.0.2.1'] [file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"},
		{name: "semicolon.csv", text: "domain;first_seen\nx.example.com;2021-03-02\n", format: "csv", patterns: "[domain-name:value = 'x.example.com']"},
		{name: "wide.tsv", text: "md5\tsha1\n0123456789abcdef0123456789abcdef\t0123456789abcdef0123456789abcdef01234567\n", format: "csv", patterns: "[file:hashes.MD5 = '0123456789abcdef0123456789abcdef'] [file:hashes.'SHA-1' = '0123456789abcdef0123456789abcdef01234567']"},
		{name: "nohead.csv", text: "2021-03-02,192.0.2.1,scan\n2021-03-03,192.0.2.2,scan\n", format: "csv", patterns: "[ipv4-addr:value = '192.0.2.1'] [ipv4-addr:value = '192.0.2.2']"},
		{name: "said.csv", text: "x,192.0.2.1,y\nz,2001:db8::1,w\n", format: "csv", columns: []string{"-", "value", "name"}, patterns: "[ipv4-addr:value = '192.0.2.1'] [ipv6-addr:value = '2001:db8::1']"},
		{name: "lines.csv", text: "value,comment\n192.0.2.1,\"two\nlines\"\n192.0.2.2,x\n", format: "csv", patterns: "[ipv4-addr:value = '192.0.2.1'] [ipv4-addr:value = '192.0.2.2']"},
		{name: "quote.csv", text: "value,comment\n192.0.2.1,\"never closed\n192.0.2.2,x\n", format: "csv", patterns: "[ipv4-addr:value = '192.0.2.1']"},
		{name: "drop.txt", text: "; Spamhaus DROP List\n; Last-Modified: today\n192.0.2.0/24 ; SBL1\n198.51.100.0/24 ; SBL2\n", format: "csv", patterns: "[ipv4-addr:value ISSUBSET '192.0.2.0/24'] [ipv4-addr:value ISSUBSET '198.51.100.0/24']"},
		{name: "names", text: "127.0.0.1 localhost\n::1 localhost ip6-localhost\n0.0.0.0 a.example.com b.example.com # two\n", format: "list", patterns: "[domain-name:value = 'a.example.com'] [domain-name:value = 'b.example.com']"},
		{name: "md5sum.txt", text: "0123456789abcdef0123456789abcdef  evil.exe\n0123456789abcdef0123456789abcdee *b c.exe\n", format: "list", patterns: "[file:hashes.MD5 = '0123456789abcdef0123456789abcdef'] [file:hashes.MD5 = '0123456789abcdef0123456789abcdee']"},
		{name: "ports.txt", text: "192.0.2.1:8080\n[2001:db8::1]:443\n", format: "list", patterns: "[ipv4-addr:value = '192.0.2.1'] [ipv6-addr:value = '2001:db8::1']"},
		{name: "kev.csv", text: "cveID,product,vulnerabilityName,shortDescription\nCVE-2021-26855,Exchange,Remote Code Execution,a\n", format: "csv", patterns: "CVE-2021-26855"},
		{name: "misp.csv", text: "category,type,value,to_ids,date\na,filename|md5,e.exe|0123456789abcdef0123456789abcdef,1,20210719\na,ip-dst|port,192.0.2.1|443,1,20210719\na,domain,mentioned.example.com,0,20210719\n", format: "csv", patterns: "[file:hashes.MD5 = '0123456789abcdef0123456789abcdef'] [ipv4-addr:value = '192.0.2.1']", rejected: 1},
		{name: "windows1252.csv", text: "domain;description\nx.example.com;b\xf6se \x80\n", format: "csv", patterns: "[domain-name:value = 'x.example.com']"},
		{name: "commas.csv", text: "x.example.com;one, two, three, four\ny.example.com;five\n", format: "csv", patterns: "[domain-name:value = 'x.example.com'] [domain-name:value = 'y.example.com']"},
		{name: "empty.json", text: "{}", format: "stix"},
		{name: "last.json", text: `{"more":false}`, format: "stix"},
		{name: "mutex.csv", text: "mutex,comment\nGlobal\\it's,x\n", format: "csv", patterns: `[mutex:name = 'Global\\it\'s']`},
	} {
		format, to := read(t, c.name, c.text, intake.Options{Columns: c.columns})
		if got := to.patterns(t); format != c.format || got != c.patterns || len(to.rejects) != c.rejected {
			t.Errorf("%s: %s, %s, rejected %v", c.name, format, got, to.rejects)
		}
		_, again := read(t, c.name, c.text, intake.Options{Columns: c.columns})
		if fmt.Sprint(raws(again)) != fmt.Sprint(raws(to)) {
			t.Errorf("%s: read twice it is not the same", c.name)
		}
	}
}

func raws(g *gathered) []string {
	var list []string
	for _, i := range g.items {
		list = append(list, string(i.Object.Raw()))
	}
	return list
}

// What a row says of its observable is in the indicator.
func TestRow(t *testing.T) {
	_, to := read(t, "row.csv", "value,tags,first_seen,valid_until,confidence,tlp,comment,reference,title\n192.0.2.1,a;b,2021-03-02 10:00:00,2021-04-02,75,TLP:AMBER+STRICT,said,https://example.com/r,T\n", intake.Options{Marking: stix.TLPGreen, Confidence: 10})
	i, err := stix.As[stix.Indicator](to.items[0].Object)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(i.Name, i.Description, i.Labels, i.ValidFrom, i.ValidUntil, *i.Confidence, i.ObjectMarkingRefs, i.ExternalReferences[0].URL)
	want := fmt.Sprintln("T", "said", []string{"a", "b"}, "2021-03-02T10:00:00.000Z", "2021-04-02T00:00:00.000Z", 75, []stix.ID{stix.TLPAmberStrict.MarkingID()}, "https://example.com/r")
	if got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

// STIX 2.0 becomes 2.1 under the same identifiers.
func TestLift(t *testing.T) {
	format, to := read(t, "old.json", `{"type":"bundle","spec_version":"2.0","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[
		{"type":"indicator","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2018-03-02T00:00:00.000Z","modified":"2018-03-02T00:00:00.000Z","labels":["malicious-activity"],"pattern":"[url:value = 'x']","valid_from":"2018-03-02T00:00:00Z"}]}`, intake.Options{})
	if format != "stix" || len(to.items) != 1 || to.items[0].Object.SpecVersion != "2.1" {
		t.Errorf("%s, %v, %v", format, raws(to), to.rejects)
	}
}

// Every warninglist of the shared data is told from other JSON.
func TestWarninglists(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/misp/warninglists/*/list.json")
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("the shared test data is not there")
		}
		t.Skip("the shared test data is not there")
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		format, to := read(t, filepath.Base(filepath.Dir(file)), string(text), intake.Options{})
		if format != "warninglist" || len(to.items) != 1 {
			t.Errorf("%s: %s", file, format)
			continue
		}
		if _, err := intake.Warninglist(to.items[0].Object); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

var errStop = errors.New("stop")

// stopper ends the reading with the first item.
type stopper struct{}

func (stopper) Item(intake.Item) error     { return errStop }
func (stopper) Reject(intake.Reject) error { return errStop }

func TestSinkEndsReading(t *testing.T) {
	for _, text := range []string{"192.0.2.1\n192.0.2.2\n", "192.0.2.1\n192.0.2.2\n???\n", "value,x\n192.0.2.1,2\n", "A report.\nIt names CVE-2021-26855 and says more.\n", `{"type":"tool","id":"tool--x"}`} {
		_, err := intake.Read(intake.Input{Name: "x", Time: time.Unix(1e9, 0), R: strings.NewReader(text)}, intake.Options{}, stopper{})
		if !errors.Is(err, errStop) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzRead: whatever comes, it ends, and what is made keeps the rules.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1\nevil.example.com # x\n", "type,value\nip,192.0.2.1\n", "# a,b\n1,2\n", `{"type":"bundle","objects":[{"type":"url","id":"url--c1477287-23ac-5971-a010-5c287877fa60","value":"x"}]}`,
		`{"name":"x","list":["a"],"type":"string","matching_attributes":["domain"]}`, "A report.\nIt names CVE-2021-26855.\n", "<html><p>hxxp://evil[.]example[.]com</html>", "a;b;\"c\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var to gathered
		_, err := intake.Read(intake.Input{Name: "x", Path: "x", Time: time.Unix(1e9, 0), R: strings.NewReader(text)}, intake.Options{}, &to)
		if err != nil {
			return
		}
		for _, i := range to.items {
			for _, p := range stix.Validate(i.Object) {
				if p.Must {
					t.Errorf("%s: %s: %s", text, i.Object.Raw(), p)
				}
			}
		}
	})
}
