package sigma

import (
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A chain is the modifiers of one field (Sigma 2.1.0, "Modifiers Appendix"),
// checked and sorted by what they do.
type chain struct {
	kind   chainKind
	op     Op       // comparisons: Lt … Gte
	part   Op       // calendar: Minute … Year
	steps  []string // texts: what changes the text, in order
	flags  string   // regular expressions: i, m, s
	lead   bool     // endswith or contains
	trail  bool     // startswith or contains
	all    bool
	neq    bool
	cased  bool
	expand bool
}

type chainKind uint8

const (
	plainValue chainKind = iota
	regexpValue
	cidrValue
	compareValue
	calendarValue
	fieldValue
	existsValue
)

var comparisons = map[string]Op{"lt": Lt, "lte": Lte, "gt": Gt, "gte": Gte}

var calendarParts = map[string]Op{"minute": Minute, "hour": Hour, "day": Day, "week": Week, "month": Month, "year": Year}

var regexpFlags = map[string]string{"i": "i", "m": "m", "s": "s", "ignorecase": "i", "multiline": "m", "dotall": "s"}

const orderFix = "see the Sigma modifiers appendix for which modifiers combine, and in which order"

// parseChain reads the modifiers that follow a field's name.
func parseChain(mods string) (chain, error) {
	var c chain
	for mods != "" {
		var m string
		m, mods, _ = strings.Cut(mods, "|")
		if err := c.add(m); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *chain) add(m string) error {
	fits := true
	switch m {
	case "all":
		c.all = true
	case "neq":
		c.neq = true
	case "expand":
		fits = c.kind != existsValue && c.kind != compareValue && c.kind != calendarValue && c.kind != fieldValue
		c.expand = true
	case "contains", "startswith", "endswith":
		fits = c.kind == plainValue || c.kind == regexpValue || c.kind == fieldValue
		c.lead = c.lead || m != "startswith"
		c.trail = c.trail || m != "endswith"
		c.steps = append(c.steps, m)
	case "cased":
		fits = c.kind == plainValue || c.kind == fieldValue
		c.cased = true
	case "windash", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide":
		fits = c.kind == plainValue && !slices.Contains(c.steps, m)
		c.steps = append(c.steps, m)
	case "re":
		fits = c.become(regexpValue)
	case "cidr":
		fits = c.become(cidrValue)
	case "fieldref":
		fits = c.kind == plainValue && len(c.steps) == 0
		c.kind = fieldValue
	case "exists":
		fits = c.become(existsValue) && !c.all
	default:
		return c.addTyped(m)
	}
	return fit(m, fits)
}

// addTyped adds the modifiers that a table lists.
func (c *chain) addTyped(m string) error {
	if op, ok := comparisons[m]; ok {
		c.op = op
		return fit(m, c.kind == calendarValue && c.part != Year || c.become(compareValue))
	}
	if op, ok := calendarParts[m]; ok {
		c.part = op
		return fit(m, c.become(calendarValue))
	}
	if flag, ok := regexpFlags[m]; ok {
		c.flags += flag
		return fit(m, c.kind == regexpValue)
	}
	return bad("correct its spelling; the Sigma modifiers appendix lists them all", "unknown modifier %q", m)
}

// become sets the kind of value and reports whether nothing has been done to
// the value yet.
func (c *chain) become(k chainKind) bool {
	ok := c.kind == plainValue && len(c.steps) == 0 && !c.cased
	c.kind = k
	return ok
}

func fit(m string, fits bool) error {
	if fits {
		return nil
	}
	return bad(orderFix, "modifier %q cannot follow the modifiers before it", m)
}

// A builder turns the values of one rule into expressions.
type builder struct {
	options    *Options
	unresolved []string // placeholders without values
	atoms      []Atom   // room for atoms and parts, which come in thousands
	parts      []Part
	spent      int // what the atoms of the file take, roughly, in bytes
}

// Limits on what values may become. A hostile file cannot cost more than a
// small multiple of what the largest honest one does.
const (
	maxValue = 64 << 10  // bytes of one value
	maxTexts = 1 << 20   // bytes that modifiers may make of one value
	maxSpent = 128 << 20 // what the values of one file may take, with each use of them
)

// atomSize is roughly what an atom takes beside its texts, in bytes.
const atomSize = 64

// afford refuses a file whose values have come to take too much.
func (b *builder) afford() error {
	if b.spent > maxSpent {
		return bad("split the file", "the values of the file take more than %d MB", maxSpent>>20)
	}
	return nil
}

// atom returns a pointer to a copy of a.
func (b *builder) atom(a Atom) *Atom {
	b.spent += atomSize + len(a.Text) + a.Pattern.size()
	if len(b.atoms) == cap(b.atoms) {
		b.atoms = make([]Atom, 0, 128)
	}
	b.atoms = append(b.atoms, a)
	return &b.atoms[len(b.atoms)-1]
}

// pattern returns room for a pattern of up to n parts.
func (b *builder) pattern(n int) Pattern {
	if cap(b.parts)-len(b.parts) < n {
		b.parts = make([]Part, 0, max(256, n))
	}
	at := len(b.parts)
	b.parts = b.parts[:at+n]
	return Pattern(b.parts[at : at : at+n])
}

// around puts Any before and after p where asked and where none is yet.
func (b *builder) around(p Pattern, lead, trail bool) Pattern {
	lead = lead && (len(p) == 0 || p[0].Kind != Any)
	trail = trail && (len(p) == 0 && !lead || len(p) > 0 && p[len(p)-1].Kind != Any)
	if !lead && !trail {
		return p
	}
	q := b.pattern(len(p) + 2)
	if lead {
		q = append(q, Part{Kind: Any})
	}
	q = append(q, p...)
	if trail {
		q = append(q, Part{Kind: Any})
	}
	return q
}

// item builds the expression of one entry of a map: a field with modifiers,
// and its value or values.
func (b *builder) item(key string, v *yamlNode) (Expr, error) {
	field, mods, _ := strings.Cut(key, "|")
	c, err := parseChain(mods)
	if err != nil {
		return nil, err
	}
	values := []yamlNode{*v}
	if v.kind == listNode && len(v.items) > 0 {
		values = v.items
	} else if v.kind == listNode { // an empty list asks for no value
		values[0] = yamlNode{line: v.line}
	}
	members := make([]Expr, 0, len(values))
	for i := range values {
		if members, err = b.value(field, &c, &values[i], members); err != nil {
			return nil, at(values[i].line, err)
		}
	}
	return link(&c, members), nil
}

// link joins the values of one field and applies neq.
func link(c *chain, members []Expr) Expr {
	var x Expr
	switch {
	case len(members) == 1:
		x = members[0]
	case c.all:
		x = And(members)
	default:
		x = Or(members)
	}
	if c.neq {
		return Not{x}
	}
	return x
}

// value builds what one value of a field asks for and appends it to members:
// each alternative for itself when the values are alternatives anyway, else
// as one Or.
func (b *builder) value(field string, c *chain, v *yamlNode, members []Expr) ([]Expr, error) {
	if v.kind == listNode || v.kind == mapNode {
		return nil, bad("give a field a value or a list of values", "the value of field %q is %v", field, v.kind)
	}
	if len(v.text) > maxValue {
		return nil, bad("split it", "a value of field %q has more than %d bytes", field, maxValue)
	}
	if v.kind == nullNode {
		b.spent += atomSize
		x, err := nullValue(field, c)
		return append(members, x), err
	}
	raws := []string{v.text}
	if c.expand {
		quote := func(s string) string { return s }
		if c.kind == regexpValue {
			quote = func(s string) string { return parsePattern(s).regexpText() }
		}
		values, missing, err := expand(v.text, b.options.Placeholders, quote)
		if err != nil {
			return nil, err
		}
		if missing != "" {
			b.miss(missing)
			return append(members, b.atom(Atom{Field: field, Op: Never})), nil
		}
		raws = values
	}
	start := len(members)
	var err error
	for _, raw := range raws {
		if err := b.afford(); err != nil {
			return nil, err
		}
		if members, err = b.appendAtoms(members, field, c, raw); err != nil {
			return nil, err
		}
	}
	if c.all && len(members) > start+1 {
		members = append(members[:start], Or(append([]Expr{}, members[start:]...)))
	}
	return members, nil
}

func (b *builder) miss(name string) {
	if !slices.Contains(b.unresolved, name) {
		b.unresolved = append(b.unresolved, name)
	}
}

func nullValue(field string, c *chain) (Expr, error) {
	if field == "" {
		return nil, bad("give the null to a field", "a keyword cannot be null")
	}
	if c.kind != plainValue || len(c.steps) > 0 || c.expand {
		return nil, bad("remove the modifiers of field "+field, "null takes no modifiers")
	}
	return &Atom{Field: field, Op: IsNull}, nil
}

// appendAtoms appends the atoms of one value, of which one must hold.
func (b *builder) appendAtoms(members []Expr, field string, c *chain, raw string) ([]Expr, error) {
	if field == "" && c.kind != plainValue && c.kind != regexpValue {
		return nil, bad("put the name of a field before the modifier", "this modifier needs a field")
	}
	switch c.kind {
	case plainValue:
		return b.appendTexts(members, field, c, raw)
	case regexpValue:
		x, err := regexpExpr(field, c, raw)
		b.spent += atomSize + len(raw)
		return append(members, x), err
	case cidrValue:
		prefix, err := parseNetwork(raw)
		return append(members, b.atom(Atom{Field: field, Op: CIDR, Text: prefix})), err
	case fieldValue:
		if raw == "" {
			return nil, bad("name the other field", "fieldref needs the name of a field")
		}
		p := b.around(Pattern{{Kind: Reference}}, c.lead, c.trail)
		return append(members, b.atom(Atom{Field: field, Op: FieldMatch, Ref: raw, Pattern: p, Cased: c.cased})), nil
	case existsValue:
		want, ok := parseBool(raw)
		if !ok {
			return nil, bad("write true or false", "exists wants true or false, not %q", raw)
		}
		return append(members, b.atom(Atom{Field: field, Op: Exists, Want: want})), nil
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return nil, bad("write a number", "the modifier wants a number, not %q", raw)
	}
	if math.IsNaN(n) {
		return nil, bad("write a number", "the modifier wants a number, not %q", raw)
	}
	if c.kind == compareValue {
		return append(members, b.atom(Atom{Field: field, Op: c.op, Number: n})), nil
	}
	return b.appendCalendar(members, field, c, n)
}

// appendTexts applies the text modifiers in their order.
func (b *builder) appendTexts(members []Expr, field string, c *chain, raw string) ([]Expr, error) {
	if p := b.parsePattern(raw); len(c.steps) == 0 {
		return b.appendMatch(members, field, c, p), nil
	} else if m := c.steps[0]; len(c.steps) == 1 && (m == "contains" || m == "startswith" || m == "endswith") {
		return b.appendMatch(members, field, c, b.around(p, m != "startswith", m != "endswith")), nil
	}
	patterns := []Pattern{parsePattern(raw)}
	for _, m := range c.steps {
		var next []Pattern
		size := 0
		for _, p := range patterns {
			out, err := b.textStep(p, m)
			if err != nil {
				return nil, err
			}
			for i := range out {
				size += out[i].size()
			}
			if size > maxTexts {
				return nil, bad("shorten the value, or use fewer modifiers", "modifiers make more than %d bytes of one value", maxTexts)
			}
			next = append(next, out...)
		}
		patterns = next
	}
	for _, p := range patterns {
		members = b.appendMatch(members, field, c, p)
	}
	return members, nil
}

// appendMatch makes an atom of p. A keyword without a modifier that says
// where it stands is looked for anywhere ("Keywords search").
func (b *builder) appendMatch(members []Expr, field string, c *chain, p Pattern) []Expr {
	if field == "" && !c.lead && !c.trail {
		p = b.around(p, true, true)
	}
	return append(members, b.atom(Atom{Field: field, Op: Match, Pattern: p, Cased: c.cased}))
}

// textStep applies one text modifier to p and returns the alternatives.
func (b *builder) textStep(p Pattern, m string) ([]Pattern, error) {
	switch m {
	case "contains", "startswith", "endswith":
		return []Pattern{b.around(p, m != "startswith", m != "endswith")}, nil
	case "windash":
		return p.windash()
	case "wide", "utf16le":
		return []Pattern{p.mapLiterals(utf16LE)}, nil
	case "utf16be":
		return []Pattern{p.mapLiterals(utf16BE)}, nil
	case "utf16":
		return []Pattern{append(Pattern{{Kind: Literal, Literal: byteOrderMark}}, p.mapLiterals(utf16LE)...)}, nil
	default: // base64, base64offset
		if p.wild() {
			return nil, bad("remove the wildcards, and put "+m+" before contains, startswith and endswith", "%s cannot encode wildcards", m)
		}
		if m == "base64" {
			return []Pattern{literalPattern(base64Text(p.plain()))}, nil
		}
		out := make([]Pattern, 0, 3)
		for _, s := range base64Offsets(p.plain()) {
			out = append(out, literalPattern(s))
		}
		return out, nil
	}
}

func literalPattern(s string) Pattern {
	if s == "" {
		return Pattern{}
	}
	return Pattern{{Kind: Literal, Literal: s}}
}

// parseBool reads a boolean as YAML writes it, 1.1 included.
func parseBool(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return false, false
}

// parseNetwork reads a network (cidr), or an address, which is a network of
// one, and returns it in canonical form.
func parseNetwork(raw string) (string, error) {
	if p, err := netip.ParsePrefix(raw); err == nil {
		return p.Masked().String(), nil
	}
	a, err := netip.ParseAddr(raw)
	if err != nil || a.Zone() != "" {
		return "", bad("write it as 192.0.2.0/24 or 2001:db8::/32", "%q is not a network", raw)
	}
	return netip.PrefixFrom(a, a.BitLen()).String(), nil
}

// calendarRanges are the values that a part of a time can have.
var calendarRanges = [...]struct{ first, last float64 }{
	Minute: {0, 59}, Hour: {0, 23}, Day: {1, 31}, Week: {1, 53}, Month: {1, 12}, Year: {0, 9999},
}

// appendCalendar appends a test on a part of a time. A comparison with it is
// written out: hour|gte: 22 is hour 22 or 23.
func (b *builder) appendCalendar(members []Expr, field string, c *chain, n float64) ([]Expr, error) {
	r := calendarRanges[c.part]
	if n < r.first || n > r.last || n != float64(int(n)) {
		return nil, bad("", "the modifier wants a whole number from %v to %v, not %v", r.first, r.last, n)
	}
	if c.op == Match { // no comparison
		return append(members, b.atom(Atom{Field: field, Op: c.part, Number: n})), nil
	}
	var either Or
	for v := r.first; v <= r.last; v++ {
		if c.op == Lt && v < n || c.op == Lte && v <= n || c.op == Gt && v > n || c.op == Gte && v >= n {
			either = append(either, b.atom(Atom{Field: field, Op: c.part, Number: v}))
		}
	}
	if len(either) == 0 {
		return nil, bad("choose another number", "no such time can be")
	}
	return append(members, either), nil
}
