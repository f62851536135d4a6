package prose

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

func TestHTML(t *testing.T) {
	d, err := Load(strings.NewReader(`<!doctype html><html><head><title>A &amp; B | Site</title>
<meta property="og:title" content="Gang hits towns"><meta property="article:published_time" content="2021-07-19T08:30:00+02:00">
<style>p { color: red }</style><script>var x = "not this";</script></head><body>
<nav><a href="/">Home</a><ul><li>Other news</li></ul></nav>
<h1>Gang hits towns</h1>
<p>The gang hit <b>five</b>
   towns.<br>It asked for money.</p>
<ul><li>evil[.]example.com</li><li>203.0.113[.]7</li></ul>
<table><tr><th>Hash</th><th>Name</th></tr><tr><td>abc</td><td>x.exe</td></tr></table>
<pre>GET /a
  Host: b</pre>
<aside>Read more</aside><footer>© Site</footer></body></html>`), HTML)
	if err != nil {
		t.Fatal(err)
	}
	const want = `
Gang hits towns

The gang hit five towns.
It asked for money.

- evil[.]example.com

- 203.0.113[.]7

	Hash	Name

	abc	x.exe

GET /a
  Host: b
`
	if strings.TrimSpace(d.Text) != strings.TrimSpace(want) {
		t.Errorf("the text is\n%s", d.Text)
	}
	if d.Title != "Gang hits towns" || !d.Published.Equal(time.Date(2021, 7, 19, 6, 30, 0, 0, time.UTC)) {
		t.Errorf("title %q, published %v", d.Title, d.Published)
	}
}

// TestHTMLArticle holds that of a page with one article that is it, and that
// elements which are never closed do not hide what follows their parent.
func TestHTMLArticle(t *testing.T) {
	words := strings.Repeat("The gang hit a town. ", 20)
	d, err := Load(strings.NewReader("<div>Menu of the site</div><article><p>"+words+"</article><div>Mayor resigns over budget</div>"), HTML)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(d.Text); got != strings.TrimSpace(words) {
		t.Errorf("got %q", got)
	}
	d, err = Load(strings.NewReader("<p>a</p></nav></p></div><p>b<script>c</script></p>&lt;d&gt;"), HTML)
	if err != nil || strings.Join(strings.Fields(d.Text), " ") != "a b <d>" {
		t.Errorf("got %q, %v", d.Text, err)
	}
}

func TestMarkdown(t *testing.T) {
	d, err := Load(strings.NewReader("---\ntitle: \"Gang hits towns\"\ndate: 2021-07-19\n---\n# A heading #\n\nThe **gang** used `cmd.exe` and _not_ a_b_c, see\n[the report](https://example.org/a_b) and <https://example.org/>.\n<!-- no\nnot this -->\n\n* evil[.]example.com\n+ two * three\n\n| Hash | Name |\n|------|------|\n| abc | x.exe |\n\n```sh\n# *kept*\n```\n\n> quoted\n![a picture](x.png)\n"), Markdown)
	if err != nil {
		t.Fatal(err)
	}
	const want = `
A heading

The gang used cmd.exe and not a_b_c, see
the report and https://example.org/.

- evil[.]example.com
- two * three

Hash 	 Name

abc 	 x.exe

# *kept*

quoted
`
	if strings.TrimSpace(d.Text) != strings.TrimSpace(want) {
		t.Errorf("the text is\n%s", d.Text)
	}
	if d.Title != "Gang hits towns" || d.Published != time.Date(2021, 7, 19, 0, 0, 0, 0, time.UTC) {
		t.Errorf("title %q, published %v", d.Title, d.Published)
	}
}

func TestLoadText(t *testing.T) {
	for in, want := range map[string]string{
		"\xef\xbb\xbfa b":            "a b",
		"\xff\xfea\x00\xe4\x00":      "aä",
		"\xfe\xff\x00a\x00b":         "ab",
		"caf\xe9 na\xefve":           "caf� na�ve",
		strings.Repeat("long ", 1e4): strings.Repeat("long ", 1e4),
	} {
		d, err := Load(strings.NewReader(in), Text)
		if err != nil || d.Text != want {
			t.Errorf("%.20q: %.20q, %v", in, d.Text, err)
		}
	}
}

func TestPublished(t *testing.T) {
	for in, want := range map[string]string{
		"Advisory\n\nOriginal release date: July 19, 2021 | Last revised: August 20, 2021\n": "2021-07-19",
		"Published on: 2021-03-02T10:00:00Z by us":                                           "2021-03-02",
		"Date: 2 March 2021\nThe date: 3 May 2020":                                           "2021-03-02",
		"The deadline date: March 2021":                                                      "0001-01-01",
		"On 2 March 2021 it began.":                                                          "0001-01-01",
		"Release date: Monday":                                                               "0001-01-01",
	} {
		d, err := Load(strings.NewReader(in), Text)
		if err != nil || d.Published.Format(time.DateOnly) != want {
			t.Errorf("%q: %v, %v", in, d.Published, err)
		}
	}
}

// TestMarking holds which colour a text is taken to state, and that drafts of
// it have that, but for what is public.
func TestMarking(t *testing.T) {
	legend := strings.Repeat("a ", 2000) + "TLP:RED means no one else. TLP:GREEN means the community."
	for in, want := range map[string]stix.TLP{
		"TLP:WHITE\nA": stix.TLPClear, "It is TLP: Amber.": stix.TLPAmber, "TLP:AMBER+STRICT": stix.TLPAmberStrict,
		"No colour, XTLP:RED, TLP:REDDISH": stix.TLPNone, "TLP:GREEN\n" + legend: stix.TLPGreen, legend: stix.TLPRed,
	} {
		if d, err := Load(strings.NewReader(in), Text); err != nil || d.Marking != want {
			t.Errorf("%.30q: %v, %v", in, d.Marking, err)
		}
	}
	d, err := Load(strings.NewReader("TLP:RED\nThe gang Turla in Spain used T1190, CVE-2021-26855 and evil[.]example.com."), Text)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range drafts(t, d, Options{}) {
		public := o.Type == "intrusion-set" || o.Type == "location" || o.Type == "attack-pattern" || o.Type == "vulnerability"
		if marked := slices.Contains(o.ObjectMarkingRefs, stix.TLPRed.MarkingID()); marked == public {
			t.Errorf("%s: marked %v", o.Raw(), marked)
		}
	}
}

// TestLoadRefuses holds that each error says what to do.
func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		format   Format
		say      string
	}{
		{"binary", "MZ\x00\x01", Text, "convert it to text"},
		{"no format", "a", "docx", "one of text, html, markdown, pdf"},
		{"no PDF", "a", PDF, "does not begin with %PDF-"},
		{"too large", strings.Repeat("a", MaxFile+1), Text, "give the pages that matter"},
	} {
		if _, err := Load(strings.NewReader(c.in), c.format); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := exec.LookPath("pdftotext"); err == nil {
		if _, err := Load(strings.NewReader("%PDF-1.4\nnothing"), PDF); err == nil || !strings.Contains(err.Error(), "save it again") {
			t.Errorf("a cut PDF: %v", err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Load(strings.NewReader("%PDF-1.4\nnothing"), PDF); err == nil || !strings.Contains(err.Error(), "apt install poppler-utils") {
		t.Errorf("without pdftotext: %v", err)
	}
}

// TestWarninglist holds that what a warninglist has is no indicator, and that
// the statement and its evidence name the list.
func TestWarninglist(t *testing.T) {
	list, err := observable.LoadWarninglist([]byte(`{"name": "Top sites", "type": "hostname", "list": ["example.com"], "matching_attributes": ["domain", "hostname", "url"]}`))
	if err != nil {
		t.Fatal(err)
	}
	lists, err := observable.NewWarninglists(list)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Warninglists: lists}
	d := &Document{Text: "Indicators of compromise\n\nIt called www.example[.]com and www.example[.]net."}
	said := Read(d, o)
	if len(said) != 2 || said[0].Stopped != "Top sites" || said[0].Indicator || said[1].Stopped != "" || !said[1].Indicator {
		t.Fatalf("%+v", said)
	}
	patterns, stopped := 0, false
	for _, x := range drafts(t, d, o) {
		if x.Type == "indicator" {
			patterns++
			if p := text(x, "pattern"); !strings.Contains(p, "example.net") {
				t.Errorf("an indicator %s", p)
			}
		}
		for _, e := range EvidenceOf(x) {
			stopped = stopped || e.Stopped == "Top sites"
		}
	}
	if patterns != 1 || !stopped {
		t.Errorf("%d indicators; the evidence names the list: %v", patterns, stopped)
	}
}
