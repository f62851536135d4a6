package sigma

import (
	"strings"
)

// maxCondition bounds the text of a condition.
const maxCondition = 64 << 10

// parseCondition reads a condition (Sigma 2.1.0, "Condition"). named returns
// the expression of a search identifier; names are all of them in order.
//
// From the least binding operator: or, and, not, x of …, parentheses.
func parseCondition(text string, names []string, named func(string) Expr) (Expr, error) {
	if len(text) > maxCondition {
		return nil, bad("shorten it", "the condition has more than %d bytes", maxCondition)
	}
	p := &conditionParser{text: text, names: names, named: named}
	p.next()
	x := p.or(0)
	if p.err == nil && p.token != "" {
		p.fault("the condition has %q where it should end or go on with and, or", p.token)
	}
	if p.err != nil {
		return nil, p.err
	}
	return x, nil
}

type conditionParser struct {
	text  string // what is still to read
	token string // "" at the end
	names []string
	named func(string) Expr
	err   error
}

func (p *conditionParser) fault(format string, args ...any) {
	if p.err == nil {
		p.err = bad("correct the condition", format, args...)
	}
	p.token, p.text = "", ""
}

// next reads a token: a parenthesis, a pipe, or a word.
func (p *conditionParser) next() {
	i := 0
	for i < len(p.text) && isBlank(p.text[i]) {
		i++
	}
	n := i
	for n < len(p.text) && !isBlank(p.text[n]) && p.text[n] != '(' && p.text[n] != ')' && p.text[n] != '|' {
		n++
	}
	if n == i && n < len(p.text) {
		n++
	}
	p.token, p.text = p.text[i:n], p.text[n:]
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// is reports whether the token is the keyword, which older rules also write
// in capitals, and is not the name of a search identifier.
func (p *conditionParser) is(keyword string) bool {
	return p.token == keyword || len(p.token) == len(keyword) && strings.EqualFold(p.token, keyword) && p.named(p.token) == nil
}

func (p *conditionParser) or(depth int) Expr {
	x := p.and(depth)
	if !p.is("or") {
		return x
	}
	either := Or{x}
	for p.is("or") {
		p.next()
		either = append(either, p.and(depth))
	}
	return either
}

func (p *conditionParser) and(depth int) Expr {
	x := p.not(depth)
	if !p.is("and") {
		return x
	}
	all := And{x}
	for p.is("and") {
		p.next()
		all = append(all, p.not(depth))
	}
	return all
}

func (p *conditionParser) not(depth int) Expr {
	negate := false
	for p.is("not") {
		negate = !negate
		p.next()
	}
	x := p.operand(depth)
	if negate {
		return Not{x}
	}
	return x
}

func (p *conditionParser) operand(depth int) Expr {
	word := p.token
	switch {
	case word == "":
		p.fault("the condition ends where a search identifier should follow")
		return nil
	case word == "|":
		p.err = bad("write the counting as a correlation rule of type event_count, value_count or temporal, which Sigma 2 has instead",
			"the condition aggregates with a pipe, which Sigma 2 has dropped")
		p.token, p.text = "", ""
		return nil
	case word == "(":
		if depth >= maxDepth {
			p.fault("the condition has more than %d nested parentheses", maxDepth)
			return nil
		}
		p.next()
		x := p.or(depth + 1)
		if p.err == nil && p.token != ")" {
			p.fault("a parenthesis in the condition is not closed")
		}
		p.next()
		return x
	case word == ")":
		p.fault("the condition has a parenthesis where a search identifier should stand")
		return nil
	}
	p.next()
	if p.is("of") {
		p.next()
		return p.of(word)
	}
	if x := p.named(word); x != nil {
		return p.pipe(x)
	}
	p.fault("the condition asks for %q, which the detection does not define", word)
	return nil
}

// pipe faults when an old aggregation follows x.
func (p *conditionParser) pipe(x Expr) Expr {
	if p.token == "|" {
		return p.operand(0)
	}
	return x
}

// of reads what "1 of", "any of" or "all of" applies to: them, or a pattern
// of names. Names that begin with an underscore are left out unless the
// pattern begins with one.
func (p *conditionParser) of(quantifier string) Expr {
	pattern := p.token
	if pattern == "" || pattern == "(" || pattern == ")" || pattern == "|" {
		p.fault("%q of must be followed by them or a pattern of names", quantifier)
		return nil
	}
	p.next()
	all := false
	switch strings.ToLower(quantifier) {
	case "1", "any":
	case "all":
		all = true
	default:
		p.fault("a condition can ask for 1 of, any of or all of, not %s of", quantifier)
		return nil
	}
	if pattern == "them" || pattern == "THEM" {
		pattern = "*"
	}
	var members []Expr
	for _, name := range p.names {
		if (name[0] != '_' || pattern[0] == '_') && nameMatches(pattern, name) {
			members = append(members, p.named(name))
		}
	}
	if len(members) == 0 {
		p.fault("the condition asks for %s of %s, but no search identifier has such a name", quantifier, pattern)
		return nil
	}
	if len(members) == 1 {
		return p.pipe(members[0])
	}
	if all {
		return p.pipe(And(members))
	}
	return p.pipe(Or(members))
}

// nameMatches reports whether name matches pattern, in which * stands for
// any characters.
func nameMatches(pattern, name string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == name
	}
	if !strings.HasPrefix(name, head) {
		return false
	}
	name = name[len(head):]
	for {
		part, more, wild := strings.Cut(rest, "*")
		if !wild {
			return strings.HasSuffix(name, part)
		}
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name, rest = name[i+len(part):], more
	}
}
