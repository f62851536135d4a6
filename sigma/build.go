package sigma

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A refusal is why something in a rule cannot be accepted, and what to do.
type refusal struct{ reason, fix string }

func (r *refusal) Error() string { return r.reason }

// bad returns a refusal with its reason formatted.
func bad(fix, format string, args ...any) error {
	return &refusal{reason: fmt.Sprintf(format, args...), fix: fix}
}

// at says on which line of the file err arose, unless err says so already.
func at(line int, err error) error {
	var r *refusal
	if line == 0 || !errors.As(err, &r) || strings.HasPrefix(r.reason, "line ") {
		return err
	}
	return &refusal{reason: fmt.Sprintf("line %d: %s", line, r.reason), fix: r.fix}
}

// readMeta reads what describes a document of the file at path.
func readMeta(path string, doc *yamlNode) (m Meta, err error) {
	text := func(key string) string {
		s, e := doc.get(key).scalar()
		if e != nil && err == nil {
			err = bad("give "+key+" one text", "%s: %v", key, e)
		}
		return s
	}
	list := func(key string) []string {
		s, e := doc.get(key).strings()
		if e != nil && err == nil {
			err = bad("give "+key+" a list of texts", "%s: %v", key, e)
		}
		return s
	}
	m = Meta{
		Path: path, ID: text("id"), Name: text("name"), Title: text("title"), Status: text("status"),
		Description: text("description"), Author: joined(doc, "author"), Date: text("date"),
		Tags: list("tags"), References: list("references"), FalsePositives: list("falsepositives"),
	}
	if err != nil {
		return m, err
	}
	if m.Title == "" {
		return m, bad("give it a title", "it has no title")
	}
	if level := text("level"); level != "" {
		var ok bool
		if m.Level, ok = ParseLevel(strings.ToLower(level)); !ok {
			return m, bad("use informational, low, medium, high or critical", "level %q does not exist", level)
		}
	}
	return m, err
}

// joined returns the text under key; a list, which older rules have for
// authors, is joined.
func joined(doc *yamlNode, key string) string {
	list, _ := doc.get(key).strings()
	return strings.Join(list, ", ")
}

// buildRule reads a detection rule ("Sigma Rules Specification").
func (l *loader) buildRule(path string, doc *yamlNode) (*Rule, error) {
	m, err := readMeta(path, doc)
	if err != nil {
		return nil, err
	}
	r := &Rule{Meta: m}
	if r.Fields, err = doc.get("fields").strings(); err != nil {
		return nil, bad("give fields a list of names", "fields: %v", err)
	}
	if r.Logsource, err = readLogsource(doc.get("logsource")); err != nil {
		return nil, err
	}
	b := l.fresh()
	if r.Detection, err = b.detection(doc.get("detection"), nil); err != nil {
		return nil, err
	}
	r.Unresolved = b.unresolved
	return r, nil
}

// fresh returns the builder for the next document.
func (l *loader) fresh() *builder {
	l.builder.options, l.builder.unresolved = l.options, nil
	return &l.builder
}

// reserved are the keys of a detection that are no search identifiers: the
// condition, and the timeframe of rules written before correlations.
var reserved = []string{"condition", "timeframe"}

// maxSearches bounds the search identifiers of one detection: a condition may
// name all of them many times.
const maxSearches = 1000

// detection builds the search identifiers of n and joins them as its
// condition says. Several conditions are joined by or ("Condition"). others
// are keys that are no search identifiers either.
func (b *builder) detection(n *yamlNode, others []string) (Expr, error) {
	if n.kind != mapNode {
		return nil, bad("write search identifiers and a condition under it", "line %d: the detection is %v", n.line, n.kind)
	}
	s, err := b.searches(n, others)
	if err != nil {
		return nil, err
	}
	conditions, err := n.get("condition").strings()
	if err != nil {
		return nil, bad("write the condition as one text", "condition: %v", err)
	}
	if len(conditions) == 0 {
		return nil, bad("write which search identifiers must match, such as condition: selection", "line %d: the detection has no condition", n.line)
	}
	named := func(name string) Expr {
		i, ok := s.index[name]
		if !ok || b.spent > maxSpent {
			return nil
		}
		b.spent += s.costs[i]
		return s.exprs[i]
	}
	var either Or
	for _, text := range conditions {
		x, err := parseCondition(text, s.names, named)
		if broke := b.afford(); broke != nil {
			return nil, broke
		}
		if err != nil {
			return nil, at(n.get("condition").line, err)
		}
		either = append(either, x)
	}
	if len(either) == 1 {
		return either[0], nil
	}
	return either, nil
}

// searches are the search identifiers of a detection, in order.
type searches struct {
	names []string
	exprs []Expr
	costs []int // what each takes wherever a condition names it, as builder.spent
	index map[string]int
}

// searches builds the search identifiers of n.
func (b *builder) searches(n *yamlNode, others []string) (*searches, error) {
	s := &searches{index: map[string]int{}}
	for i := range n.items {
		it := &n.items[i]
		if slices.Contains(reserved, it.key) || slices.Contains(others, it.key) {
			continue
		}
		if len(s.names) == maxSearches {
			return nil, bad("split the rule", "the detection has more than %d search identifiers", maxSearches)
		}
		if it.key == "" {
			return nil, bad("name it", "line %d: a search identifier has no name", it.line)
		}
		before := b.spent
		x, err := b.search(it, 0)
		if err != nil {
			return nil, err
		}
		s.index[it.key] = len(s.names)
		s.names, s.exprs, s.costs = append(s.names, it.key), append(s.exprs, x), append(s.costs, b.spent-before)
	}
	if len(s.names) == 0 {
		return nil, bad("write at least one search identifier", "line %d: the detection has no search identifier", n.line)
	}
	return s, nil
}

// search builds one search identifier: a map (all of its entries), a list
// (one of its items), or a keyword ("Lists", "Maps", "Keywords search").
func (b *builder) search(n *yamlNode, depth int) (Expr, error) {
	switch {
	case depth > maxDepth:
		return nil, bad("nest it less deep", "line %d: lists are nested deeper than %d", n.line, maxDepth)
	case n.kind == mapNode:
		all := make(And, 0, len(n.items))
		for i := range n.items {
			x, err := b.item(n.items[i].key, &n.items[i])
			if err != nil {
				return nil, at(n.items[i].line, err)
			}
			all = append(all, x)
		}
		if len(all) == 0 {
			return nil, bad("write a field and its value in it", "line %d: a map is empty", n.line)
		}
		if len(all) == 1 {
			return all[0], nil
		}
		return all, nil
	case n.kind == listNode:
		either := make(Or, 0, len(n.items))
		for i := range n.items {
			x, err := b.search(&n.items[i], depth+1)
			if err != nil {
				return nil, err
			}
			either = append(either, x)
		}
		if len(either) == 0 {
			return nil, bad("write a keyword or a map in it", "line %d: a list is empty", n.line)
		}
		if len(either) == 1 {
			return either[0], nil
		}
		return either, nil
	}
	x, err := b.item("", n)
	return x, at(n.line, err)
}
