package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/finding"
)

func htmlView(w *bytes.Buffer) View {
	return HTML(w, HTMLOptions{Title: "Town hall, March 2021", Made: time.Date(2021, 3, 6, 8, 0, 0, 0, time.UTC), By: "tocsin 0.1"})
}

// TestWriteHTML writes the fixture's page to the file that TOCSIN_HTML
// names, to be looked at.
func TestWriteHTML(t *testing.T) {
	path := os.Getenv("TOCSIN_HTML")
	if path == "" {
		t.Skip("TOCSIN_HTML names no file")
	}
	if err := os.WriteFile(path, view(t, htmlView, findings(), covered()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// An element is one start tag of a page and the text right after it.
type element struct {
	name string
	attr map[string]string
	text string
}

// elements parses a page, which is written so that an XML parser takes it
// too: every tag closed, every attribute quoted.
func elements(t *testing.T, page []byte) []element {
	t.Helper()
	var list []element
	open := false
	d := xml.NewDecoder(bytes.NewReader(page))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{name: token.Name.Local, attr: map[string]string{}}
			for _, a := range token.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			list, open = append(list, e), true
		case xml.EndElement:
			open = false
		case xml.CharData:
			if open {
				list[len(list)-1].text += string(token)
			}
		}
	}
}

// TestHTMLIsOneSafeFile checks on every kind of page that it parses, fetches
// nothing, runs no script but its own, and that its links and labels lead
// somewhere.
func TestHTMLIsOneSafeFile(t *testing.T) {
	many := covered()
	for range 40 {
		many.Sources = append(many.Sources, covered().Sources[0])
	}
	for name, c := range map[string]struct {
		list    []*finding.Finding
		covered finding.Coverage
	}{
		"fixture":    {findings(), covered()},
		"many files": {findings(), many},
		"empty":      {nil, finding.Coverage{}},
		"hostile":    {append(findings(), hostile()), hostileCoverage()},
	} {
		t.Run(name, func(t *testing.T) {
			page := elements(t, view(t, htmlView, c.list, c.covered))
			checkParts(t, page)
			checkLinks(t, page)
		})
	}
}

// checkParts checks elements and attributes against what the template has.
func checkParts(t *testing.T, page []element) {
	const known = " html head meta title style body header div svg path nav a main h1 h2 h3 h4 p ul li b i span small " +
		"section table thead tbody tr th td g line text rect form label input select option button output details " +
		"summary dl dt dd article time footer script "
	const attributes = " lang charset http-equiv content name class viewBox width height aria-hidden aria-label aria-labelledby " +
		"aria-live d href id scope role x y x1 x2 y1 y2 dx dy data-technique data-count data-time title hidden type placeholder " +
		"autocomplete value "
	counts := map[string]int{}
	for _, e := range page {
		counts[e.name]++
		if !strings.Contains(known, " "+e.name+" ") {
			t.Errorf("an element %s", e.name)
		}
		for a, v := range e.attr {
			if !strings.Contains(attributes, " "+a+" ") {
				t.Errorf("an attribute %s=%q on %s", a, v, e.name)
			}
		}
		switch e.name {
		case "script":
			if e.text != pageScript {
				t.Error("a script that is not the page's")
			}
		case "style":
			if e.text != pageStyle {
				t.Error("a style that is not the page's")
			}
		}
	}
	if counts["script"] != 1 || counts["style"] != 1 {
		t.Errorf("%d scripts, %d styles", counts["script"], counts["style"])
	}
	if strings.Contains(pageStyle, "url(") || strings.Contains(pageStyle, "@import") {
		t.Error("the style fetches")
	}
	policy := slices.IndexFunc(page, func(e element) bool { return e.attr["http-equiv"] == "Content-Security-Policy" })
	want := "default-src 'none'; style-src 'sha256-" + digest(pageStyle) + "'; script-src 'sha256-" + digest(pageScript) +
		"'; base-uri 'none'; form-action 'none'"
	if policy < 0 || page[policy].attr["content"] != want {
		t.Errorf("the policy is not %q", want)
	}
}

// checkLinks checks that ids are unique and that all that refers to one
// finds it.
func checkLinks(t *testing.T, page []element) {
	ids := map[string]bool{}
	for _, e := range page {
		if id := e.attr["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %s stands there twice", id)
			}
			ids[id] = true
		}
	}
	for _, e := range page {
		if href, ok := e.attr["href"]; ok && (!strings.HasPrefix(href, "#") || !ids[href[1:]]) {
			t.Errorf("a link to %q", href)
		}
		if label, ok := e.attr["aria-labelledby"]; ok && !ids[label] {
			t.Errorf("no label %s", label)
		}
	}
}

// TestHTMLShowsEvidence checks that what a reader needs stands on the page.
func TestHTMLShowsEvidence(t *testing.T) {
	page := string(view(t, htmlView, findings(), covered()))
	for _, want := range []string{
		"24 findings of critical and 73 of high severity on 3 hosts, the first on 28 February 2021, 03:12 UTC.",
		"40 of 412 rules had no log that could have fired them",
		"record 1000, offset 4096", "/srv/evidence/ECP/Server/ECPServer20210228-1.LOG",
		"S:CMD=Set-OabVirtualDirectory.ExternalUrl=&#39;http://f/&lt;script language=&#34;JScript&#34;",
		"Server Software Component:", "The first 50 of 104 findings", "The first 3 of 64 events",
		"enable PowerShell module logging (event 4103)", "permission denied", "template refers to itself",
		"G0125 HAFNIUM (3 rules, 67 findings)", "Without a time: 1 finding.", "T1685 (1 finding)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestSameInputSameBytes runs every view twice over the same findings.
func TestSameInputSameBytes(t *testing.T) {
	for name, v := range map[string]func(*bytes.Buffer) View{
		"html": htmlView, "layer": layerView, "terminal": terminalView(TerminalOptions{Color: true}),
	} {
		list := append(findings(), hostile())
		if !bytes.Equal(view(t, v, list, covered()), view(t, v, list, covered())) {
			t.Errorf("%s: two runs differ", name)
		}
	}
}
