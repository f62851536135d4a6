package sigma

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// A Filter narrows other rules ("Sigma Filters Specification"): a rule it
// applies to matches only where the filter's condition holds as well. Load
// has applied it already; it stays here to be listed.
type Filter struct {
	Meta
	Logsource  event.Logsource
	Rules      []string // ids or names; empty means any rule of the logsource
	Detection  Expr
	Unresolved []string // placeholders without values, as in Rule
	Applied    int      // how many rules it narrows
}

// buildFilter reads a filter document.
func (l *loader) buildFilter(path string, doc *yamlNode) (*Filter, error) {
	m, err := readMeta(path, doc)
	if err != nil {
		return nil, err
	}
	f := &Filter{Meta: m}
	if f.Logsource, err = readLogsource(doc.get("logsource")); err != nil {
		return nil, err
	}
	body := doc.get("filter")
	if body.kind != mapNode {
		return nil, bad("write rules, search identifiers and a condition under filter", "line %d: the filter is %v", body.line, body.kind)
	}
	if !body.has("rules") {
		return nil, bad("list the ids or names of the rules, or write rules: any", "the filter does not say which rules it applies to")
	}
	if f.Rules, err = body.get("rules").strings(); err != nil {
		return nil, bad("list ids or names of rules", "rules: %v", err)
	}
	if len(f.Rules) == 1 && strings.EqualFold(f.Rules[0], "any") {
		f.Rules = nil
	}
	b := l.fresh()
	if f.Detection, err = b.detection(body, []string{"rules"}); err != nil {
		return nil, err
	}
	f.Unresolved = b.unresolved
	return f, nil
}

// applies reports whether f narrows r: the rule is listed, or all are, and
// the rule's logsource lies within the filter's.
func (f *Filter) applies(r *Rule) bool {
	if !f.Logsource.Covers(r.Logsource) {
		return false
	}
	if len(f.Rules) == 0 {
		return true
	}
	return r.ID != "" && slices.Contains(f.Rules, r.ID) || r.Name != "" && slices.Contains(f.Rules, r.Name)
}

// applyFilters narrows rules by filters, in order.
func applyFilters(rules []*Rule, filters []*Filter) {
	for _, r := range rules {
		for _, f := range filters {
			if !f.applies(r) {
				continue
			}
			r.Detection = And{r.Detection, f.Detection}
			f.Applied++
		}
	}
}

// readLogsource reads the logsource of a rule or filter ("LogSource").
func readLogsource(n *yamlNode) (event.Logsource, error) {
	var l event.Logsource
	if n == nil || n.kind != mapNode {
		return l, bad("write the product, category or service of the logs under logsource", "it has no logsource")
	}
	for _, part := range []struct {
		key string
		to  *string
	}{{"product", &l.Product}, {"category", &l.Category}, {"service", &l.Service}} {
		s, err := n.get(part.key).scalar()
		if err != nil {
			return l, bad("give "+part.key+" one text", "logsource: %v", err)
		}
		*part.to = strings.ToLower(s)
	}
	return l, nil
}
