package sigma

import (
	"math"
	"slices"
	"strconv"
	"time"
)

// A Correlation is one correlation rule ("Sigma Correlation Rules
// Specification"). What it means in time is told at Correlator.
type Correlation struct {
	Meta

	Type     CorrelationType
	Rules    []RuleRef
	GroupBy  []string // fields or aliases; hits with the same values belong together
	Aliases  []FieldAlias
	Timespan time.Duration
	// Bounds are the criteria of the condition; all must hold.
	Bounds []Bound
	// Fields name what the value_ types look at. Only value_count takes
	// more than one; it then counts distinct combinations.
	Fields     []string
	Percentile float64 // value_percentile: 0 to 100; 50 when the rule does not say
	Generate   bool    // the rules it refers to report for themselves as well
	// Hidden correlations only feed others, as in Rule.
	Hidden bool
	// Broken says why it cannot work: a rule it refers to is not loaded, or
	// it refers to itself. Empty when all is well.
	Broken string

	// presence is the condition of a temporal type that is written with and,
	// or and not over its rules; nil when the condition counts.
	presence Expr
}

// CorrelationType says what a correlation counts.
type CorrelationType uint8

// The correlation types.
const (
	EventCount      CorrelationType = iota // hits
	ValueCount                             // distinct values of Fields
	Temporal                               // which rules hit
	TemporalOrdered                        // which rules hit, in the order of Rules
	ValueSum                               // sum of Fields[0]
	ValueAvg
	ValuePercentile
	ValueMedian
)

var correlationTypes = [...]string{
	"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median",
}

func (t CorrelationType) String() string { return correlationTypes[t] }

// A RuleRef is one entry of Correlation.Rules.
type RuleRef struct {
	Name        string // id or name, as written
	Rule        int    // index in Ruleset.Rules, or -1
	Correlation int    // index in Ruleset.Correlations, or -1
}

// A FieldAlias says that Alias means Field in the hits of Rule, an index in
// Correlation.Rules.
type FieldAlias struct {
	Alias string
	Rule  int
	Field string
}

// A Bound is one criterion of a condition: the value must stand to Value as
// Op says (gt, gte, lt, lte, eq, neq).
type Bound struct {
	Op    string
	Value float64
}

func (b Bound) holds(v float64) bool {
	switch b.Op {
	case "gt":
		return v > b.Value
	case "gte":
		return v >= b.Value
	case "lt":
		return v < b.Value
	case "lte":
		return v <= b.Value
	case "eq":
		return v == b.Value
	}
	return v != b.Value
}

// maxRules bounds the rules that one correlation refers to.
const maxRules = 256

// buildCorrelation reads a correlation document.
func buildCorrelation(path string, doc *yamlNode) (*Correlation, error) {
	m, err := readMeta(path, doc)
	if err != nil {
		return nil, err
	}
	c := &Correlation{Meta: m}
	n := doc.get("correlation")
	if n.kind != mapNode {
		return nil, bad("write type, rules, timespan and condition under correlation", "line %d: the correlation is %v", n.line, n.kind)
	}
	kind, _ := n.get("type").scalar()
	i := slices.Index(correlationTypes[:], kind)
	if i < 0 {
		return nil, bad("use one of event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile, value_median",
			"correlation type %q does not exist", kind)
	}
	c.Type = CorrelationType(i)
	c.Percentile = 50
	for _, read := range []func(*yamlNode) error{c.readRules, c.readWindow, c.readAliases, c.readCondition} {
		if err := read(n); err != nil {
			return nil, err
		}
	}
	generate := n.get("generate") // the schema has it beside correlation, pySigma within
	if generate == nil {
		generate = doc.get("generate")
	}
	text, _ := generate.scalar()
	value, ok := parseBool(text)
	if c.Generate = value; !ok && text != "" {
		return nil, bad("write true or false", "generate is %q", text)
	}
	return c, nil
}

func (c *Correlation) readRules(n *yamlNode) error {
	names, err := n.get("rules").strings()
	if err != nil {
		return bad("list ids or names of rules", "rules: %v", err)
	}
	if cond := n.get("condition"); len(names) == 0 && cond != nil && cond.kind == textNode && c.temporal() {
		names = presenceNames(cond.text)
	}
	if len(names) == 0 {
		return bad("list ids or names of rules under rules", "the correlation names no rules")
	}
	if len(names) > maxRules {
		return bad("split it", "the correlation names more than %d rules", maxRules)
	}
	for i, name := range names {
		if name == "" {
			return bad("name each rule by its id or name", "one of the correlation's rules has no name")
		}
		if slices.Contains(names[:i], name) {
			return bad("name each rule once", "the correlation names rule %q twice", name)
		}
		c.Rules = append(c.Rules, RuleRef{Name: name, Rule: -1, Correlation: -1})
	}
	return nil
}

func (c *Correlation) temporal() bool { return c.Type == Temporal || c.Type == TemporalOrdered }

// valued reports whether c looks at a field's numbers.
func (c *Correlation) valued() bool { return c.Type >= ValueSum }

func (c *Correlation) readWindow(n *yamlNode) error {
	var err error
	if c.GroupBy, err = n.get("group-by").strings(); err != nil {
		return bad("list the names of fields", "group-by: %v", err)
	}
	text, err := n.get("timespan").scalar()
	if err != nil || text == "" {
		return bad("write a number and a unit, such as timespan: 5m", "the correlation has no timespan")
	}
	if c.Timespan, err = parseTimespan(text); err != nil {
		return err
	}
	return nil
}

// timespanUnits are the units of a timespan. M and y, which pySigma knows
// besides those of the specification, are mean Gregorian months and years.
var timespanUnits = map[byte]time.Duration{
	's': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour,
	'M': 2629746 * time.Second, 'y': 31556952 * time.Second,
}

func parseTimespan(s string) (time.Duration, error) {
	last := len(s) - 1
	unit := timespanUnits[s[last]]
	n, err := strconv.ParseUint(s[:last], 10, 32)
	if unit == 0 || err != nil || n == 0 || n > uint64(math.MaxInt64/2/unit) {
		return 0, bad("write a number and one of s, m, h, d, w, M, y, such as 90m", "timespan %q cannot be read", s)
	}
	return time.Duration(n) * unit, nil
}

// readAliases reads aliases: for each, the field that it means in each rule.
func (c *Correlation) readAliases(n *yamlNode) error {
	aliases := n.get("aliases")
	if aliases == nil || aliases.kind == nullNode {
		return nil
	}
	wrong := bad("write for each alias the rules and the field it means in each", "aliases cannot be read")
	if aliases.kind != mapNode {
		return wrong
	}
	for _, a := range aliases.items {
		if a.kind != mapNode {
			return wrong
		}
		for _, to := range a.items {
			i := slices.IndexFunc(c.Rules, func(r RuleRef) bool { return r.Name == to.key })
			if i < 0 {
				return bad("name a rule as it is named under rules", "alias %q is for rule %q, which the correlation does not name", a.key, to.key)
			}
			if to.kind != textNode {
				return wrong
			}
			c.Aliases = append(c.Aliases, FieldAlias{Alias: a.key, Rule: i, Field: to.text})
		}
	}
	return nil
}

// field returns what name means in the hits of Rules[rule].
func (c *Correlation) field(name string, rule int) string {
	for _, a := range c.Aliases {
		if a.Alias == name && a.Rule == rule {
			return a.Field
		}
	}
	return name
}

func (c *Correlation) readCondition(n *yamlNode) error {
	cond := n.get("condition")
	switch {
	case cond == nil || cond.kind == nullNode:
		if !c.temporal() {
			return bad("write a condition, such as gte: 10", "a %v correlation needs a condition", c.Type)
		}
		c.Bounds = []Bound{{"gte", float64(len(c.Rules))}}
		return nil
	case cond.kind == textNode && c.temporal():
		return at(cond.line, c.readPresence(cond.text))
	case cond.kind != mapNode:
		return bad("write the condition as a map, such as gte: 10", "line %d: the condition is %v", cond.line, cond.kind)
	}
	for i := range cond.items {
		if err := c.readCriterion(&cond.items[i]); err != nil {
			return err
		}
	}
	if len(c.Bounds) == 0 {
		return bad("write gt, gte, lt, lte, eq or neq and a number", "line %d: the condition has no criterion", cond.line)
	}
	if (c.Type == ValueCount || c.valued()) && len(c.Fields) == 0 {
		return bad("name the field in the condition", "a %v correlation needs a field", c.Type)
	}
	if c.valued() && len(c.Fields) != 1 {
		return bad("name one field", "a %v correlation looks at one field", c.Type)
	}
	return c.checkBounds()
}

// maxCount bounds what a condition may count to: as much has to be remembered.
const maxCount = 10_000_000

// checkBounds refuses what has no meaning.
func (c *Correlation) checkBounds() error {
	for i, b := range c.Bounds {
		if c.Type == Temporal && b.Op == "eq" && b.Value == float64(len(c.Rules)) {
			c.Bounds[i].Op = "gte" // there are no more
		}
		if c.Type == EventCount && b.Value > maxCount {
			return bad("use a smaller number", "the condition counts to more than %d", maxCount)
		}
		if c.Type == TemporalOrdered && (!b.holds(float64(len(c.Rules))) || b.holds(float64(len(c.Rules)-1))) {
			return bad("leave the condition out, or use temporal",
				"a temporal_ordered correlation asks for all of its rules in order, not for some of them")
		}
	}
	return nil
}

func (c *Correlation) readCriterion(it *yamlNode) error {
	var err error
	switch it.key {
	case "field":
		if c.Fields, err = it.strings(); err != nil {
			return bad("name a field", "field: %v", err)
		}
	case "percentile":
		c.Percentile, err = strconv.ParseFloat(it.text, 64)
		if err != nil || !(c.Percentile >= 0 && c.Percentile <= 100) {
			return bad("write a number from 0 to 100", "percentile is %q", it.text)
		}
	case "gt", "gte", "lt", "lte", "eq", "neq":
		v, err := strconv.ParseFloat(it.text, 64)
		if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
			return bad("write a number", "%s is %q", it.key, it.text)
		}
		c.Bounds = append(c.Bounds, Bound{it.key, v})
	default:
		return bad("use gt, gte, lt, lte, eq, neq, field or percentile", "line %d: the condition has an unknown key %q", it.line, it.key)
	}
	return nil
}
