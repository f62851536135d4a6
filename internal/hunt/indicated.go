package hunt

import (
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/stix"
)

// indicated writes the finding that a hit of an indicator makes of e.
func (w *worker) indicated(e *event.Event, h *intel.Hit) {
	i, value, kind := w.intel.Indicator(h)
	severity := indicatorSeverity(i)
	if severity < w.run.MinSeverity {
		return
	}
	b := w.out
	start := len(b.fields)
	if h.Field >= 0 {
		f := &e.Fields()[h.Field]
		b.fields = append(b.fields, finding.Field{Name: b.keep([]byte(f.Name)), Value: b.quote(f.Value)})
	} else if e.Text != nil {
		b.fields = append(b.fields, finding.Field{Name: "text", Value: b.quote(e.Text)})
	}
	b.findings = append(b.findings, finding.Finding{
		Kind: "indicator", Time: e.Time, Severity: severity, Title: indicatorTitle(i, value),
		Indicator:  finding.Indicator{ID: string(i.ID), Value: value, Type: kind},
		Techniques: i.Techniques, Groups: i.Groups, Host: b.keep(e.Host),
		Source: finding.Source{Path: w.file.Path, Format: w.file.Format, Record: e.Record, Offset: e.Offset},
		Fields: b.fields[start:len(b.fields):len(b.fields)],
	})
}

// indicatorSeverity follows the confidence that the indicator is stated with,
// by the scale None, Low, Med, High of STIX 2.1 (appendix A.1): informational,
// low, medium, high. Without a confidence it is medium. What is said to be
// benign is informational. An indicator alone is never critical: one match of
// an address is no proof.
func indicatorSeverity(i *intel.Indicator) finding.Severity {
	switch c := i.Confidence; {
	case i.Benign || c == 0:
		return finding.Informational
	case c < 0:
		return finding.Medium
	case c < 30:
		return finding.Low
	case c < 70:
		return finding.Medium
	}
	return finding.High
}

// maxTold is how many of what an indicator indicates its title names.
const maxTold = 3

// indicatorTitle says what an analyst asks first: what was seen, what it is a
// sign of, who says so, and whom it may be told to.
//
//	Exchange web shell: HAFNIUM G0125, China Chopper S0020 (allies.json, TLP:GREEN)
func indicatorTitle(i *intel.Indicator, value string) string {
	var t strings.Builder
	t.WriteString(i.Name)
	if i.Name == "" {
		t.WriteString(value)
	}
	for n, thing := range i.Indicates[:min(len(i.Indicates), maxTold)] {
		t.WriteString([]string{": ", ", "}[min(n, 1)])
		name := thing.Name
		if name == "" {
			name = thing.ID.Type()
		}
		t.WriteString(name)
		if thing.External != "" {
			t.WriteString(" " + thing.External)
		}
	}
	if n := len(i.Indicates) - maxTold; n > 0 {
		t.WriteString(", …")
	}
	t.WriteString(" (" + i.Source)
	if colour := i.TLP(); colour != stix.TLPNone {
		t.WriteString(", TLP:" + strings.ToUpper(colour.String()))
	}
	t.WriteString(")")
	return t.String()
}
