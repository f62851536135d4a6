package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// LayerOptions name a layer.
type LayerOptions struct {
	Name        string // "" stands for "Tocsin hunt"
	Description string // "" stands for a sentence that says what the scores mean
}

// palette is the colour of each severity, lowest first, light enough for the
// dark text that the Navigator writes on it.
var palette = [severities]string{"#d7dee6", "#a9cbe8", "#f6d36b", "#f2994a", "#e0566b"}

// maxComment bounds the rules that a comment names.
const maxComment = 20

// Layer returns a view that writes a layer for MITRE's ATT&CK Navigator, in
// version 4.5 of its layer format. A technique's score is the highest
// severity among its findings, from 1 (informational) to 5 (critical); its
// comment names the rules and counts their findings. Techniques that ATT&CK
// 18.1 does not have, and deprecated ones, cannot be drawn; the layer's
// metadata name them.
func Layer(w io.Writer, o LayerOptions) View {
	return func(s *Summary, _ finding.Coverage) error {
		b, err := json.MarshalIndent(newLayer(s, o), "", "  ")
		if err != nil {
			return fmt.Errorf("making the Navigator layer: %w", err)
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return fmt.Errorf("writing the Navigator layer: %w", err)
		}
		return nil
	}
}

// The layer format, as far as it is used here. Names are the format's.
type layer struct {
	Name        string           `json:"name"`
	Versions    layerVersions    `json:"versions"`
	Domain      string           `json:"domain"`
	Description string           `json:"description"`
	Sorting     int              `json:"sorting"` // 3: highest score first
	Layout      layerLayout      `json:"layout"`
	Techniques  []layerTechnique `json:"techniques"`
	Gradient    layerGradient    `json:"gradient"`
	Legend      []layerLegend    `json:"legendItems"`
	Metadata    []layerMetadata  `json:"metadata,omitempty"`
}

type layerVersions struct {
	Attack    string `json:"attack"`
	Navigator string `json:"navigator"`
	Layer     string `json:"layer"`
}

type layerLayout struct {
	Layout    string `json:"layout"`
	ShowID    bool   `json:"showID"`
	ShowName  bool   `json:"showName"`
	Aggregate bool   `json:"showAggregateScores"`
	Unscored  bool   `json:"countUnscored"`
	Function  string `json:"aggregateFunction"`
	Expanded  string `json:"expandedSubtechniques"`
}

type layerTechnique struct {
	ID       string          `json:"techniqueID"`
	Score    int             `json:"score,omitempty"` // absent: unscored
	Comment  string          `json:"comment,omitempty"`
	Enabled  bool            `json:"enabled"`
	Metadata []layerMetadata `json:"metadata,omitempty"`
	ShowSub  bool            `json:"showSubtechniques"`
}

type layerGradient struct {
	Colors []string `json:"colors"`
	Min    int      `json:"minValue"`
	Max    int      `json:"maxValue"`
}

type layerLegend struct {
	Label string `json:"label"`
	Color string `json:"color"`
}

type layerMetadata struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func newLayer(s *Summary, o LayerOptions) *layer {
	l := &layer{
		Name:        o.Name,
		Versions:    layerVersions{Attack: strings.SplitN(attack.Version, ".", 2)[0], Navigator: "5.2.0", Layer: "4.5"},
		Domain:      "enterprise-attack",
		Description: o.Description,
		Sorting:     3,
		Layout:      layerLayout{Layout: "side", ShowName: true, Aggregate: true, Function: "max", Expanded: "annotated"},
		Techniques:  []layerTechnique{},
		Gradient:    layerGradient{Colors: palette[:], Min: 1, Max: severities},
	}
	if l.Name == "" {
		l.Name = "Tocsin hunt"
	}
	if l.Description == "" {
		l.Description = "What a hunt found. The score is the highest severity of a technique's findings, 1 informational to 5 critical. " +
			"A technique without a score was not found; whether a log could have shown it stands in the hunt's coverage."
	}
	for i, color := range palette {
		l.Legend = append(l.Legend, layerLegend{finding.Severity(i).String(), color})
	}
	known, unknown := s.techniques()
	var absent []string
	for _, t := range unknown {
		absent = append(absent, Printable(t.ID))
	}
	at := map[string]int{} // where a technique stands in l.Techniques
	for _, t := range known {
		if t.Deprecated {
			absent = append(absent, t.ID)
			continue
		}
		if t.Parent != "" { // known is sorted by id: a parent comes before its children
			i, ok := at[t.Parent]
			if !ok {
				i = len(l.Techniques)
				at[t.Parent] = i
				l.Techniques = append(l.Techniques, layerTechnique{ID: t.Parent, Enabled: true})
			}
			l.Techniques[i].ShowSub = true
		}
		at[t.ID] = len(l.Techniques)
		l.Techniques = append(l.Techniques, layerTechnique{
			ID: t.ID, Score: 1 + int(t.severity), Comment: comment(t), Enabled: true,
			Metadata: []layerMetadata{{"findings", number(t.count)}, {"severity", t.severity.String()}},
		})
	}
	if len(absent) > 0 {
		l.Metadata = append(l.Metadata, layerMetadata{
			"named by rules, not in ATT&CK " + attack.Version, strings.Join(absent[:min(len(absent), maxNames)], ", "),
		})
	}
	return l
}

// comment lists the rules behind a technique, a line each.
func comment(t *technique) string {
	var b strings.Builder
	for i, g := range t.groups {
		if i == maxComment {
			fmt.Fprintf(&b, "and %s", plural(len(t.groups)-i, "further rule"))
			break
		}
		fmt.Fprintf(&b, "%s (%s, %s)\n", Printable(g.label()), g.severity, plural(g.count, "finding"))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
