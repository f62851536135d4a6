package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// evil is what an attacker may put into a log to reach whoever reads a
// report of it.
const evil = "=cmd|' /C calc'!A0\x1b[2J\x1b]0;owned\x07\r\n\u009b31m\u202eexe.txt\x00\xff</script></style><script>alert(1)</script>" +
	"<img src=x onerror=alert(1)>\"'`{{.}}<svg/onload=alert(1)><!--]]>javascript:alert(1)\u2028\ufeff"

// hostile returns a finding in which every text is evil.
func hostile() *finding.Finding {
	s := finding.Source{Path: evil, Format: evil, Record: 1, Offset: -1}
	return &finding.Finding{
		Kind: evil, Time: event.NoTime + 1, Severity: finding.Critical, Title: evil, Rule: finding.Rule{ID: evil, Path: evil},
		Indicator:  finding.Indicator{ID: evil, Value: evil, Type: evil},
		Techniques: []string{evil, "T1190", "t1190", "T1064", "T1550.002", ""}, Groups: []string{evil, "G0125"},
		Host: evil, Source: s, Fields: []finding.Field{{Name: evil, Value: evil}, {Name: evil, Value: strings.Repeat(evil, 100)}},
		Events: []finding.Source{s}, Count: 1,
	}
}

// hostileCoverage is a coverage in which every text is evil.
func hostileCoverage() finding.Coverage {
	p := []finding.Problem{{Offset: -1, Reason: evil}}
	s := finding.SourceCoverage{Path: evil, Format: evil, Origins: []string{evil, evil + "/x"}, Records: 1, Damaged: 1, First: event.NoTime, Last: event.NoTime, Problem: evil, Problems: p}
	left := s
	left.Skipped = evil
	return finding.Coverage{
		Sources: []finding.SourceCoverage{s, left}, Rules: 1, Interrupted: true,
		Blind: []finding.Blind{{Title: evil, ID: evil, Path: evil, Logsource: evil, Reason: evil}},
	}
}

// TestNothingHostileReachesTheTerminal allows no control or format character
// but the newlines and colours that the report makes itself.
func TestNothingHostileReachesTheTerminal(t *testing.T) {
	for _, o := range []TerminalOptions{{}, {Width: 1}, {Width: 60}, {Width: 1 << 30}, {Color: true}} {
		out := string(view(t, terminalView(o), append(findings(), hostile()), hostileCoverage()))
		for _, sgr := range append(severityStyle[:], bold, dim, "0") {
			if o.Color {
				out = strings.ReplaceAll(out, "\x1b["+sgr+"m", "")
			}
		}
		if !utf8.ValidString(out) {
			t.Errorf("%+v: not UTF-8", o)
		}
		for i, r := range out {
			if r != '\n' && r != ' ' && !unicode.IsPrint(r) {
				t.Fatalf("%+v: %U at %d: %q", o, r, i, out[max(0, i-40):i+10])
			}
		}
		if !strings.Contains(out, `\x1b[2J`) {
			t.Errorf("%+v: what was escaped is not shown", o)
		}
	}
}

func TestCSVGolden(t *testing.T) {
	var out bytes.Buffer
	c := NewCSV(&out)
	for _, f := range append(findings(), hostile()) {
		if err := c.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(covered()); err != nil {
		t.Fatal(err)
	}
	golden(t, "findings.csv", out.Bytes())
}

// TestCSVIsSafe reads the hostile row back: one line, no formula, no control
// character.
func TestCSVIsSafe(t *testing.T) {
	var out bytes.Buffer
	c := NewCSV(&out)
	for _, start := range []string{"=", "+", "-", "@", " =", "\t=", "\r=", "＝", "＋", "－", "＠"} {
		f := hostile()
		f.Title, f.Host = start+"1+1", start
		if err := c.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(finding.Coverage{}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(out.Bytes(), []byte("\n")); lines != len(rows) {
		t.Errorf("%d lines for %d rows", lines, len(rows))
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if isFormula(cell) && rows[0][i] != "offset" { // a number of our own
				t.Errorf("%s is a formula: %q", rows[0][i], cell)
			}
			for _, r := range cell {
				if !unicode.IsPrint(r) {
					t.Errorf("%s holds %U: %q", rows[0][i], r, cell)
				}
			}
		}
	}
}

// TestJSONLIsLines checks that every finding is one line of JSON.
func TestJSONLIsLines(t *testing.T) {
	var out bytes.Buffer
	j := NewJSONL(&out)
	list := append(findings(), hostile())
	for _, f := range list {
		if err := j.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(covered()); err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(out.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		n++
	}
	if n != len(list) {
		t.Errorf("%d lines for %d findings", n, len(list))
	}
}
