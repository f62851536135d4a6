package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/finding"
)

func layerView(w *bytes.Buffer) View { return Layer(w, LayerOptions{}) }

func TestLayerGolden(t *testing.T) {
	golden(t, "layer.json", view(t, layerView, findings(), covered()))
}

// TestLayerFormat checks a layer against the tables of the Navigator's layer
// format 4.5: every required property, and the type and range of each one
// that is there.
func TestLayerFormat(t *testing.T) {
	for name, list := range map[string][]*finding.Finding{"fixture": findings(), "nothing found": nil, "hostile": {hostile()}} {
		var l map[string]any
		if err := json.Unmarshal(view(t, layerView, list, covered()), &l); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		known := map[string]func(any) bool{
			"name": isText, "domain": is("enterprise-attack"), "description": isText, "sorting": is(3.0),
			"versions": object(map[string]func(any) bool{"attack": is("18"), "navigator": is("5.2.0"), "layer": is("4.5")}),
			"layout": object(map[string]func(any) bool{
				"layout": is("side"), "showID": isBool, "showName": isBool, "showAggregateScores": isBool,
				"countUnscored": isBool, "aggregateFunction": is("max"), "expandedSubtechniques": is("annotated"),
			}),
			"techniques": each(object(map[string]func(any) bool{
				"techniqueID": isTechnique, "enabled": is(true), "showSubtechniques": isBool, "score?": isScore,
				"comment?": isText, "metadata?": each(object(map[string]func(any) bool{"name": isText, "value": isText})),
			})),
			"gradient":    object(map[string]func(any) bool{"colors": each(isColor), "minValue": is(1.0), "maxValue": is(5.0)}),
			"legendItems": each(object(map[string]func(any) bool{"label": isText, "color": isColor})),
			"metadata?":   each(object(map[string]func(any) bool{"name": isText, "value": isText})),
		}
		if !object(known)(l) {
			t.Errorf("%s: not a layer of format 4.5: %v", name, l)
		}
		seen := map[string]bool{}
		techniques, _ := l["techniques"].([]any)
		for _, e := range techniques {
			id := e.(map[string]any)["techniqueID"].(string)
			if seen[id] {
				t.Errorf("%s: %s stands there twice", name, id)
			}
			seen[id] = true
		}
		for id := range seen {
			if parent, ok := attack.Enterprise().Technique(id); ok && parent.Parent != "" && !seen[parent.Parent] {
				t.Errorf("%s: %s is there without its parent, so it stays folded away", name, id)
			}
		}
	}
}

func isText(v any) bool { s, ok := v.(string); return ok && s != "" }
func isBool(v any) bool { _, ok := v.(bool); return ok }
func isScore(v any) bool {
	n, ok := v.(float64)
	return ok && n >= 1 && n <= 5
}

func isColor(v any) bool {
	s, _ := v.(string)
	return regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(s)
}

func isTechnique(v any) bool {
	s, _ := v.(string)
	t, ok := attack.Enterprise().Technique(s)
	return ok && t.ID == s && !t.Deprecated
}

func is(want any) func(any) bool { return func(v any) bool { return v == want } }

func each(check func(any) bool) func(any) bool {
	return func(v any) bool {
		list, ok := v.([]any)
		for _, e := range list {
			ok = ok && check(e)
		}
		return ok
	}
}

// object checks that a value has the given members and no others; those
// whose name ends in ? may be missing.
func object(members map[string]func(any) bool) func(any) bool {
	return func(v any) bool {
		m, ok := v.(map[string]any)
		left := len(m)
		for name, check := range members {
			optional := name[len(name)-1] == '?'
			if optional {
				name = name[:len(name)-1]
			}
			e, there := m[name]
			if there {
				left--
			}
			ok = ok && (there && check(e) || !there && optional)
		}
		return ok && left == 0
	}
}
