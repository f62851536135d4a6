package prose

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// sharedFile returns the path of a file of the shared data, and skips where the
// data is absent.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("../../../../shared/data", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data is not here")
	}
	return path
}

// load reads a document of the shared data.
func load(t testing.TB, name string, f Format) *Document {
	t.Helper()
	file, err := os.Open(sharedFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d, err := Load(file, f)
	if err != nil {
		t.Fatal(err)
	}
	d.Source = filepath.Base(name)
	return d
}

// drafts reads a document and checks what holds for the drafts of any: no MUST
// of STIX is broken, patterns parse, references lead to other drafts, and the
// same document gives the same bytes.
func drafts(t testing.TB, d *Document, o Options) []*stix.Object {
	t.Helper()
	objects, err := Drafts(d, Read(d, o))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Drafts(d, Read(d, o))
	if err != nil || len(again) != len(objects) {
		t.Fatalf("%d objects, then %d (%v)", len(objects), len(again), err)
	}
	made := map[stix.ID]bool{}
	for i, object := range objects {
		if made[object.ID] {
			t.Errorf("%s comes twice", object.ID)
		}
		made[object.ID] = true
		if !bytes.Equal(object.Raw(), again[i].Raw()) {
			t.Errorf("%s: other bytes the second time", object.ID)
		}
		for _, p := range stix.Validate(object) {
			if p.Must {
				t.Errorf("%s: %v\n%s", object.ID, p, object.Raw())
			}
		}
	}
	for _, object := range objects {
		object.Refs(func(path string, id stix.ID) bool {
			if !made[id] && id.Type() != "marking-definition" && id != "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5" {
				t.Errorf("%s: %s leads to %s, which is no draft", object.ID, path, id)
			}
			return true
		})
		if object.Type == "indicator" {
			x, err := stix.As[stix.Indicator](object)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := pattern.Parse(x.Pattern); err != nil {
				t.Errorf("%s: %v", x.Pattern, err)
			}
		}
	}
	if len(objects) > 0 {
		checkReport(t, d, objects)
	}
	return objects
}

// checkReport checks that the report comes first, refers to all others, and
// that its evidence quotes the text.
func checkReport(t testing.TB, d *Document, objects []*stix.Object) {
	t.Helper()
	r, err := stix.As[stix.Report](objects[0])
	if err != nil {
		t.Fatal(err)
	}
	if len(r.ObjectRefs) != len(objects)-1 {
		t.Errorf("the report refers to %d of %d objects", len(r.ObjectRefs), len(objects)-1)
	}
	for _, o := range objects {
		for _, e := range EvidenceOf(o) {
			if got := (Span{e.WordsStart, e.WordsEnd}).In(d.Text); clip(got) != e.Words {
				t.Errorf("%s: words %q, in the text %q", o.ID, e.Words, got)
			}
			if got := (Span{e.Start, e.End}).In(d.Text); clip(got) != e.Sentence || e.WordsStart < e.Start || e.WordsEnd > e.End {
				t.Errorf("%s: sentence %q, in the text %q", o.ID, e.Sentence, got)
			}
		}
	}
}

const report = `Gang hits hospitals

On 3 May 2023 the SilverTerrier actor broke into two hospitals in Germany through CVE-2023-34362 (T1190).
It dropped Cobalt Strike, called hxxps://cdn.bad-example[.]com/gate.php and 198.51.100[.]7, and ran
Rundll32. The loader has the SHA-256 hash
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08. Read https://www.example.org/advice.

Indicators of compromise

update.bad-example.com
C:\ProgramData\upd\svc.dll
`

func TestDrafts(t *testing.T) {
	d := &Document{Source: "report.txt", Text: report, Published: time.Date(2023, 5, 8, 0, 0, 0, 0, time.UTC)}
	var got []string
	for _, o := range drafts(t, d, Options{}) {
		var x struct{ Name, Value, Pattern string }
		switch v, _ := stix.As[stix.Indicator](o); {
		case o.Type == "indicator":
			x.Pattern = v.Pattern
		default:
			x = struct{ Name, Value, Pattern string }{string(text(o, "name")), string(text(o, "value")), ""}
		}
		got = append(got, strings.TrimSpace(o.Type+" "+x.Name+x.Value+x.Pattern))
	}
	for _, want := range []string{
		"report Gang hits hospitals",
		"intrusion-set SilverTerrier",
		"vulnerability CVE-2023-34362",
		"attack-pattern Exploit Public-Facing Application",
		"attack-pattern Rundll32",
		"malware Cobalt Strike",
		"location Germany",
		"url https://cdn.bad-example.com/gate.php",
		"indicator [url:value = 'https://cdn.bad-example.com/gate.php']",
		"indicator [ipv4-addr:value = '198.51.100.7']",
		"indicator [file:hashes.'SHA-256' = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08']",
		"indicator [domain-name:value = 'update.bad-example.com']",
		`indicator [file:name = 'svc.dll' AND file:parent_directory_ref.path = 'c:\\programdata\\upd']`,
		"url https://www.example.org/advice",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s", want)
		}
	}
	if slices.Contains(got, "indicator [url:value = 'https://www.example.org/advice']") {
		t.Error("an indicator of a link that is not defanged")
	}
	if t.Failed() {
		t.Log(strings.Join(got, "\n"))
	}
}

// text returns a property of an object that is text.
func text(o *stix.Object, name string) string {
	v, _ := o.Select(name)
	return strings.Trim(string(v), `"`)
}

// TestAdvisory holds that all technique ids of a joint advisory in PDF are
// found, among them those of an older ATT&CK under the id of today.
func TestAdvisory(t *testing.T) {
	d := load(t, "advisory/aa21-200b.pdf", PDF)
	table, err := os.ReadFile(sharedFile(t, "advisory/aa21-200b.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, s := range Read(d, Options{}) {
		if s.Kind == Technique {
			for _, c := range s.Candidates {
				said[c.ID] = true
			}
		}
	}
	n := 0
	for line := range strings.Lines(string(table)) {
		id, _, _ := strings.Cut(line, "\t")
		now, ok := attack.Enterprise().Technique(id)
		if !ok {
			continue
		}
		n++
		if !said[now.ID] {
			t.Errorf("%s, today %s, is not found", id, now.ID)
		}
	}
	if n != 68 {
		t.Errorf("the advisory's table has %d techniques", n)
	}
	drafts(t, d, Options{})
}
