package pattern

import (
	"strings"
	"unicode/utf8"
)

// Limits of one pattern.
const (
	MaxLength = 1 << 20 // bytes
	MaxDepth  = 64      // parentheses within parentheses
	maxTokens = 200_000

	maxQualifiers = 8 // of one expression

	maxSeconds = 4e9 // of WITHIN, more than a hundred years
)

// Parse reads a pattern. It accepts what the grammar of STIX 2.1 does, and two
// forms of STIX 2.0: <> for != and START and STOP with plain strings. Check says what
// else is wrong with it. The error is a *SyntaxError.
func Parse(s string) (*Pattern, error) {
	p := &parser{lexer: lexer{s: s}}
	if len(s) > MaxLength {
		return nil, p.fail(0, "it has %d bytes; a pattern may have %d", len(s), MaxLength)
	}
	if !utf8.ValidString(s) {
		return nil, p.fail(0, "it is not UTF-8")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	root, err := p.observation(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != endToken {
		return nil, p.expected("AND, OR, FOLLOWEDBY, a qualifier or the end")
	}
	return &Pattern{root}, nil
}

// A parser holds the token at hand.
type parser struct {
	lexer
	token  token
	tokens int
	depth  int
}

func (p *parser) advance() (err error) {
	if p.tokens++; p.tokens > maxTokens {
		return p.fail(p.pos, "more than %d words", maxTokens)
	}
	p.token, err = p.next()
	return err
}

func (p *parser) expected(what string) error {
	return p.fail(p.token.pos, "%s where %s is expected", p.token.String(), what)
}

// is reports whether a keyword or a sign is at hand.
func (p *parser) is(text string) bool {
	return p.token.text == text && (p.token.kind == keywordToken || p.token.kind == signToken)
}

// take steps over a keyword or a sign if it is at hand.
func (p *parser) take(text string) (bool, error) {
	if !p.is(text) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) need(text string) error {
	if !p.is(text) {
		return p.expected(text)
	}
	return p.advance()
}

func (p *parser) enter() error {
	if p.depth++; p.depth > MaxDepth {
		return p.fail(p.token.pos, "parentheses within parentheses, more than %d deep", MaxDepth)
	}
	return nil
}

// The operators between observation expressions, the loosest first.
var observationOps = []struct {
	word string
	op   ObservationOp
}{{"FOLLOWEDBY", FollowedBy}, {"OR", OneOf}, {"AND", AllOf}}

// observation reads operands joined by observationOps[level] and those that
// bind tighter.
func (p *parser) observation(level int) (*Observation, error) {
	if level == len(observationOps) {
		return p.qualified()
	}
	first, err := p.observation(level + 1)
	if err != nil || !p.is(observationOps[level].word) {
		return first, err
	}
	o := &Observation{Op: observationOps[level].op, Operands: []*Observation{first}, Pos: first.Pos}
	for p.is(observationOps[level].word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := p.observation(level + 1)
		if err != nil {
			return nil, err
		}
		o.Operands = append(o.Operands, next)
	}
	return o, nil
}

// qualified reads brackets or a group, and its qualifiers.
func (p *parser) qualified() (*Observation, error) {
	o := &Observation{Pos: p.token.pos}
	var err error
	switch {
	case p.is("["):
		if err = p.advance(); err == nil {
			o.Test, err = p.comparison("OR", Or)
		}
		if err == nil {
			err = p.need("]")
		}
	case p.is("("):
		o.Op = Group
		if err = p.enter(); err == nil {
			err = p.advance()
		}
		if err == nil {
			o.Operands = make([]*Observation, 1)
			o.Operands[0], err = p.observation(0)
		}
		if err == nil {
			err = p.need(")")
		}
		p.depth--
	default:
		err = p.expected("[ or (")
	}
	if err != nil {
		return nil, err
	}
	for {
		q, ok, err := p.qualifier()
		if err != nil || !ok {
			return o, err
		}
		if o.Qualifiers = append(o.Qualifiers, q); len(o.Qualifiers) > maxQualifiers {
			return nil, p.fail(q.Pos, "more than %d qualifiers on one expression", maxQualifiers)
		}
	}
}

// qualifier reads a qualifier if one is at hand.
func (p *parser) qualifier() (q Qualifier, ok bool, err error) {
	q.Pos = p.token.pos
	switch {
	case p.is("REPEATS"):
		q.Op = Repeats
		v, err := p.literal("a positive integer", Integer)
		if err != nil {
			return q, false, err
		}
		if q.Times = v.Int; q.Times < 1 {
			return q, false, p.fail(v.Pos, "REPEATS %s TIMES: at least 1 is needed", v.Text)
		}
		return q, true, p.need("TIMES")
	case p.is("WITHIN"):
		q.Op = Within
		v, err := p.literal("a positive number", Integer, Float)
		if err != nil {
			return q, false, err
		}
		if q.Seconds = v.Float; q.Seconds <= 0 {
			return q, false, p.fail(v.Pos, "WITHIN %s SECONDS: more than 0 is needed", v.Text)
		}
		if q.Seconds > maxSeconds {
			return q, false, p.fail(v.Pos, "WITHIN %s SECONDS: at most %d", clip(v.Text), int64(maxSeconds))
		}
		return q, true, p.need("SECONDS")
	case p.is("START"):
		q.Op = StartStop
		if q.Start, err = p.instant(); err != nil {
			return q, false, err
		}
		if !p.is("STOP") {
			return q, false, p.expected("STOP")
		}
		q.Stop, err = p.instant()
		return q, true, err
	}
	return q, false, nil
}

// instant reads the timestamp behind START or STOP.
func (p *parser) instant() (Literal, error) {
	v, err := p.literal("a timestamp such as t'2021-03-02T10:11:12Z'", Timestamp, String)
	if err != nil {
		return v, err
	}
	if v.Kind == String && v.time() != nil || v.never {
		return v, p.fail(v.Pos, "%s: %v", clip(v.Text), errTime)
	}
	return v, nil
}

// literal steps over the word at hand and reads a literal of one of kinds.
func (p *parser) literal(what string, kinds ...LiteralKind) (Literal, error) {
	if err := p.advance(); err != nil {
		return Literal{}, err
	}
	v := p.token.literal
	if p.token.kind == literalToken {
		for _, k := range kinds {
			if v.Kind == k {
				return v, p.advance()
			}
		}
	}
	return v, p.expected(what)
}

// comparison reads operands joined by OR, or by AND, which binds tighter.
func (p *parser) comparison(word string, op ComparisonOp) (*Comparison, error) {
	operand := func() (*Comparison, error) {
		if op == Or {
			return p.comparison("AND", And)
		}
		return p.test()
	}
	first, err := operand()
	if err != nil || !p.is(word) {
		return first, err
	}
	c := &Comparison{Op: op, Operands: []*Comparison{first}, Pos: first.Pos}
	for p.is(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		next, err := operand()
		if err != nil {
			return nil, err
		}
		c.Operands = append(c.Operands, next)
	}
	return c, nil
}

// test reads a test of one property, or a comparison in parentheses.
func (p *parser) test() (*Comparison, error) {
	c := &Comparison{Pos: p.token.pos}
	if p.is("(") {
		if err := p.enter(); err != nil {
			return nil, err
		}
		defer func() { p.depth-- }()
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.comparison("OR", Or)
		if err != nil {
			return nil, err
		}
		c.Operands = []*Comparison{inner}
		return c, p.need(")")
	}
	not, err := p.take("NOT")
	if err != nil {
		return nil, err
	}
	exists, err := p.take("EXISTS")
	if err != nil {
		return nil, err
	}
	if not && !exists {
		return nil, p.expected("EXISTS (NOT stands behind the path, in front of other operators)")
	}
	if c.Path, err = p.path(); err != nil {
		return nil, err
	}
	if exists {
		c.Op, c.Not = Exists, not
		return c, nil
	}
	return c, p.operator(c)
}

var testOps = map[string]ComparisonOp{
	"=": Equal, "!=": NotEqual, "<": Less, "<=": LessOrEqual, ">": Greater, ">=": GreaterOrEqual, "IN": In,
	"LIKE": Like, "MATCHES": Matches, "ISSUBSET": IsSubset, "ISSUPERSET": IsSuperset,
}

// operator reads the operator of a test and what stands behind it.
func (p *parser) operator(c *Comparison) (err error) {
	if c.Not, err = p.take("NOT"); err != nil {
		return err
	}
	op, ok := testOps[p.token.text]
	if !ok || p.token.kind != keywordToken && p.token.kind != signToken {
		return p.expected("one of = != < <= > >= IN LIKE MATCHES ISSUBSET ISSUPERSET")
	}
	c.Op = op
	switch op {
	case In:
		if err := p.advance(); err != nil {
			return err
		}
		return p.set(c)
	case Like, Matches, IsSubset, IsSuperset:
		v, err := p.literal("a string", String)
		c.Values = []Literal{v}
		return err
	}
	if err := p.advance(); err != nil {
		return err
	}
	v, err := p.constant()
	if err == nil && v.Kind == Boolean && op != Equal && op != NotEqual {
		return p.fail(v.Pos, "%s: true and false have no order", op)
	}
	c.Values = []Literal{v}
	return err
}

// set reads the set of IN: literals of one type, integers and floats counting
// as one (section 9.5.1).
func (p *parser) set(c *Comparison) error {
	if err := p.need("("); err != nil {
		return err
	}
	if ok, err := p.take(")"); ok || err != nil {
		return err
	}
	for {
		v, err := p.constant()
		if err != nil {
			return err
		}
		c.Values = append(c.Values, v)
		if first := c.Values[0].Kind; first != v.Kind && !(isNumber(first) && isNumber(v.Kind)) {
			return p.fail(v.Pos, "a set has values of one type: %s follows %s", v.Kind, first)
		}
		if more, err := p.take(","); err != nil {
			return err
		} else if !more {
			return p.need(")")
		}
	}
}

func isNumber(k LiteralKind) bool { return k == Integer || k == Float }

// constant reads a literal of any type.
func (p *parser) constant() (Literal, error) {
	v := p.token.literal
	switch {
	case p.is("true") || p.is("false"):
		v = Literal{Kind: Boolean, Text: p.token.text, Pos: p.token.pos}
	case p.token.kind != literalToken:
		return v, p.expected("a value ('text', 12, 1.5, true, t'2021-03-02T10:11:12Z', h'4d5a', b'TVo=')")
	}
	return v, p.advance()
}

// path reads an object path.
func (p *parser) path() (path Path, err error) {
	if p.token.kind != nameToken {
		return path, p.expected("an object path such as file:name")
	}
	path.Type = p.token.text
	if err := p.advance(); err != nil {
		return path, err
	}
	if err := p.need(":"); err != nil {
		return path, err
	}
	for {
		step, err := p.key()
		if err != nil {
			return path, err
		}
		path.Steps = append(path.Steps, step)
		for p.is("[") {
			if step, err = p.index(); err != nil {
				return path, err
			}
			path.Steps = append(path.Steps, step)
		}
		if more, err := p.take("."); err != nil || !more {
			return path, err
		}
	}
}

func (p *parser) key() (Step, error) {
	t := p.token
	switch {
	case t.kind == nameToken && strings.Contains(t.text, "-"):
		return Step{}, p.fail(t.pos, "%s: a name with a hyphen goes between single quotes", clip(t.text))
	case t.kind == nameToken:
		return Step{Key: t.text}, p.advance()
	case t.kind == literalToken && t.literal.Kind == String && t.literal.Text != "":
		return Step{Key: t.literal.Text}, p.advance()
	}
	return Step{}, p.expected("the name of a property")
}

func (p *parser) index() (Step, error) {
	if err := p.advance(); err != nil {
		return Step{}, err
	}
	step := Step{Index: AllElements}
	if v := p.token.literal; p.token.kind == literalToken && v.Kind == Integer && v.Int >= 0 && v.Int <= 1<<30 {
		step.Index = int(v.Int)
	} else if !p.is("*") {
		return step, p.expected("an index from 0, or *")
	}
	if err := p.advance(); err != nil {
		return step, err
	}
	return step, p.need("]")
}
