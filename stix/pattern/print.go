package pattern

import (
	"strconv"
	"strings"
)

// String returns the pattern in one way of writing: single spaces, = for ==.
// Parsed again it gives the same pattern.
func (p *Pattern) String() string { return string(p.Root.append(nil)) }

var observationWords = [...]string{AllOf: " AND ", OneOf: " OR ", FollowedBy: " FOLLOWEDBY "}

func (o *Observation) append(b []byte) []byte {
	switch o.Op {
	case Bracket:
		b = append(o.Test.append(append(b, '[')), ']')
	case Group:
		b = append(o.Operands[0].append(append(b, '(')), ')')
	default:
		for i, x := range o.Operands {
			if i > 0 {
				b = append(b, observationWords[o.Op]...)
			}
			b = x.append(b)
		}
	}
	for i := range o.Qualifiers {
		b = o.Qualifiers[i].append(append(b, ' '))
	}
	return b
}

func (q *Qualifier) append(b []byte) []byte {
	switch q.Op {
	case Repeats:
		b = append(b, "REPEATS "...)
		return append(strconv.AppendInt(b, q.Times, 10), " TIMES"...)
	case Within:
		b = append(b, "WITHIN "...)
		return append(strconv.AppendFloat(b, q.Seconds, 'f', -1, 64), " SECONDS"...)
	}
	b = q.Start.append(append(b, "START "...))
	return q.Stop.append(append(b, " STOP "...))
}

// String returns c as patterns write it.
func (c *Comparison) String() string { return string(c.append(nil)) }

func (c *Comparison) append(b []byte) []byte {
	switch c.Op {
	case Parens:
		return append(c.Operands[0].append(append(b, '(')), ')')
	case And, Or:
		for i, x := range c.Operands {
			if i > 0 {
				b = append(append(append(b, ' '), c.Op.String()...), ' ')
			}
			b = x.append(b)
		}
		return b
	case Exists:
		if c.Not {
			b = append(b, "NOT "...)
		}
		return c.Path.append(append(b, "EXISTS "...))
	}
	b = append(c.Path.append(b), ' ')
	if c.Not {
		b = append(b, "NOT "...)
	}
	b = append(append(b, c.Op.String()...), ' ')
	if c.Op != In {
		return c.Values[0].append(b)
	}
	b = append(b, '(')
	for i := range c.Values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = c.Values[i].append(b)
	}
	return append(b, ')')
}

// String returns p as patterns write it.
func (p Path) String() string { return string(p.append(nil)) }

func (p Path) append(b []byte) []byte {
	b = append(append(b, p.Type...), ':')
	for i, s := range p.Steps {
		switch {
		case s.Key == "" && s.Index == AllElements:
			b = append(b, "[*]"...)
		case s.Key == "":
			b = append(strconv.AppendInt(append(b, '['), int64(s.Index), 10), ']')
		default:
			if i > 0 {
				b = append(b, '.')
			}
			b = appendKey(b, s.Key)
		}
	}
	return b
}

// appendKey quotes a name that could not stand alone.
func appendKey(b []byte, key string) []byte {
	plain := isLetter(key[0]) && !keywords[key]
	for i := 0; plain && i < len(key); i++ {
		plain = isLetter(key[i]) || isDigit(key[i])
	}
	if plain {
		return append(b, key...)
	}
	return appendQuoted(b, key)
}

// String returns v as patterns write it.
func (v *Literal) String() string { return string(v.append(nil)) }

func (v *Literal) append(b []byte) []byte {
	switch v.Kind {
	case String:
		return appendQuoted(b, v.Text)
	case Timestamp:
		b = append(b, 't')
	case Hex:
		b = append(b, 'h')
	case Binary:
		b = append(b, 'b')
	default:
		return append(b, strings.TrimPrefix(v.Text, "+")...)
	}
	return appendQuoted(b, v.Text)
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '\'')
	for i := range len(s) {
		if s[i] == '\'' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '\'')
}
