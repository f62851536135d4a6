package sigma

import (
	"strings"
	"testing"
)

const fourSelections = "sel_a: {a: 1}\nsel_b: {b: 1}\nother: {c: 1}\n_hidden: {h: 1}\ncondition: "

// Sigma 2.1.0, "Condition": one case for each form.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		condition string
		yes, no   []string
	}{
		{"sel_a", []string{"a=1"}, []string{"b=1"}},
		{"sel_a and sel_b", []string{"a=1|b=1"}, []string{"a=1", "b=1"}},
		{"sel_a or sel_b", []string{"a=1", "b=1"}, []string{"c=1"}},
		{"not sel_a", []string{"b=1"}, []string{"a=1"}},
		{"not not sel_a", []string{"a=1"}, []string{"b=1"}},
		{"sel_a AND NOT sel_b", []string{"a=1"}, []string{"a=1|b=1"}},
		{"sel_a or sel_b and other", []string{"a=1", "b=1|c=1"}, []string{"b=1", "c=1"}},
		{"(sel_a or sel_b) and other", []string{"a=1|c=1", "b=1|c=1"}, []string{"a=1", "b=1"}},
		{"not sel_a and sel_b", []string{"b=1"}, []string{"a=1|b=1", "a=1"}},
		{"not (sel_a and sel_b)", []string{"b=1", "a=1"}, []string{"a=1|b=1"}},
		{"((sel_a))", []string{"a=1"}, []string{"b=1"}},
		{"1 of them", []string{"a=1", "b=1", "c=1"}, []string{"h=1"}},
		{"any of them", []string{"c=1"}, []string{"h=1"}},
		{"all of them", []string{"a=1|b=1|c=1"}, []string{"a=1|b=1", "a=1|b=1|h=1"}},
		{"1 of sel_*", []string{"a=1", "b=1"}, []string{"c=1"}},
		{"all of sel_*", []string{"a=1|b=1"}, []string{"a=1"}},
		{"1 of *_b", []string{"b=1"}, []string{"a=1"}},
		{"1 of s*_*a", []string{"a=1"}, []string{"b=1"}},
		{"all of sel_a", []string{"a=1"}, []string{"b=1"}},
		{"1 of _hid*", []string{"h=1"}, []string{"a=1"}},
		{"1 of sel_* and not 1 of o*", []string{"a=1"}, []string{"a=1|c=1"}},
		{"not all of sel_*", []string{"a=1"}, []string{"a=1|b=1"}},
		{"_hidden", []string{"h=1"}, []string{"a=1"}},
		{"[sel_a, sel_b and other]", []string{"a=1", "b=1|c=1"}, []string{"b=1"}},
		{"1 of them and(sel_b)", []string{"b=1"}, []string{"a=1"}},
	} {
		t.Run(c.condition, func(t *testing.T) {
			r, refused := load1(t, fourSelections+c.condition, Options{})
			if refused != nil {
				t.Fatal(refused)
			}
			checkMatches(t, r, c.yes, c.no)
		})
	}
}

// An identifier that begins with the name of an operator is an identifier,
// and one written like an operator in capitals is itself.
func TestConditionIdentifiers(t *testing.T) {
	r, refused := load1(t, "notepad: {a: 1}\nAND: {b: 1}\norange: {c: 1}\ncondition: notepad and AND and orange", Options{})
	if refused != nil {
		t.Fatal(refused)
	}
	if !evalExpr(r.Detection, parseRecord("a=1|b=1|c=1")) || evalExpr(r.Detection, parseRecord("a=1|c=1")) {
		t.Error("identifiers are taken for operators")
	}
}

func TestRefusedConditions(t *testing.T) {
	for condition, reason := range map[string]string{
		"sel_x":                           `"sel_x", which the detection does not define`,
		"''":                              "ends where a search identifier should follow",
		"sel_a and":                       "ends where a search identifier should follow",
		"sel_a sel_b":                     "where it should end",
		"(sel_a":                          "not closed",
		"sel_a)":                          "where it should end",
		"()":                              "parenthesis where a search identifier",
		"1 of":                            "must be followed by",
		"1 of nothing*":                   "no search identifier has such a name",
		"2 of them":                       "not 2 of",
		"sel_a | count() by x > 5":        "aggregates with a pipe",
		"1 of them | near other":          "aggregates with a pipe",
		"SEL_A":                           "does not define",
		strings.Repeat("(", 100) + "sel":  "nested parentheses",
		strings.Repeat("sel_a or ", 9000): "more than",
	} {
		_, refused := load1(t, fourSelections+condition, Options{})
		if refused == nil || !strings.Contains(refused.Reason, reason) {
			t.Errorf("%.40s: %v, want %q", condition, refused, reason)
		}
	}
	_, refused := load1(t, fourSelections+"sel_a | count() > 5", Options{})
	if refused == nil || !strings.Contains(refused.Fix, "correlation rule of type event_count") {
		t.Errorf("the refusal of an aggregation does not name correlations: %v", refused)
	}
}

// FuzzCondition feeds the grammar: whatever is accepted can be evaluated, and
// means the same when it is put in parentheses.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		"a", "a and b or not c", "1 of them", "all of s*", "(a or (b and c))", "not not a", "any of *", "a|count()", "((((", "1 of", "AND or NOT", "a and1", "* of them", "all of _x",
	} {
		f.Add(s)
	}
	names := []string{"a", "b", "c", "sel_1", "sel_2", "_x"}
	exprs := map[string]Expr{}
	rec := &record{fields: map[string][]string{"a": {"1"}, "sel_1": {"1"}}}
	for _, n := range names {
		exprs[n] = &Atom{Field: n, Op: Exists, Want: true}
	}
	named := func(n string) Expr {
		if x, ok := exprs[n]; ok {
			return x
		}
		return nil
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := parseCondition(text, names, named)
		if err != nil {
			return
		}
		y, err := parseCondition("("+text+")", names, named)
		if err != nil {
			if strings.Count(text, "(") < maxDepth && len(text) < maxCondition-2 {
				t.Fatalf("%q is accepted, but not in parentheses: %v", text, err)
			}
			return
		}
		if evalExpr(x, rec) != evalExpr(y, rec) {
			t.Fatalf("%q changes in parentheses", text)
		}
	})
}

func BenchmarkParseCondition(b *testing.B) {
	names := []string{"selection_img", "selection_cli", "filter_main_a", "filter_optional_b"}
	x := &Atom{Op: Never}
	named := func(string) Expr { return x }
	const text = "all of selection_* and not 1 of filter_main_* and (filter_optional_b or not selection_cli)"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseCondition(text, names, named); err != nil {
			b.Fatal(err)
		}
	}
}
