package pattern

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/tocsin-project/tocsin/stix"
)

// A test is a compiled test of one property.
type test struct {
	source   *Comparison
	other    []Step // the path under its name in STIX 2.1, if the pattern uses that of STIX 2.0
	encoding encoding
	set      map[string]bool // of IN, when all its values are strings
	like     like            // of LIKE
	regex    *regexp.Regexp  // of MATCHES
	tree     *syntax.Regexp  // of regex
	size     int             // of like or regex: steps for a character
	network  netip.Prefix    // of ISSUBSET and ISSUPERSET
}

// An encoding says how a property holds bytes in a string, as its name tells
// (section 2.1): _hex and _bin.
type encoding uint8

const (
	noEncoding encoding = iota
	hexEncoding
	base64Encoding
)

// renamed are the properties of STIX 2.0 that STIX 2.1 has under other names.
// Patterns use both: section 9.8 itself asks for process:name.
var renamed = map[string][]Step{
	"directory:accessed": {{Key: "atime"}},
	"directory:created":  {{Key: "ctime"}},
	"directory:modified": {{Key: "mtime"}},
	"file:accessed":      {{Key: "atime"}},
	"file:created":       {{Key: "ctime"}},
	"file:modified":      {{Key: "mtime"}},
	"process:binary_ref": {{Key: "image_ref"}},
	"process:created":    {{Key: "created_time"}},
	"process:name":       {{Key: "image_ref"}, {Key: "name"}},

	"windows-registry-key:modified": {{Key: "modified_time"}},
}

func newTest(c *Comparison) (*test, error) {
	t := &test{source: c}
	if steps := renamed[c.Path.Type+":"+c.Path.Steps[0].Key]; steps != nil {
		t.other = slices.Concat(steps, c.Path.Steps[1:])
	}
	for _, s := range slices.Backward(c.Path.Steps) {
		if strings.HasSuffix(s.Key, "_hex") {
			t.encoding = hexEncoding
		} else if strings.HasSuffix(s.Key, "_bin") {
			t.encoding = base64Encoding
		}
		if s.Key != "" {
			break
		}
	}
	var err error
	switch c.Op {
	case In:
		if len(c.Values) > 8 && c.Values[0].Kind == String && t.encoding == noEncoding {
			t.set = make(map[string]bool, len(c.Values))
			for i := range c.Values {
				t.set[c.Values[i].Text] = true
			}
		}
	case Like:
		t.like = newLike(c.Values[0].Text)
		t.size = t.like.size()
	case Matches:
		t.regex, t.tree, t.size, err = compileRegex(c.Values[0].Text)
	case IsSubset, IsSuperset:
		t.network, err = parseNetwork(c.Values[0].Text)
	}
	if err != nil {
		return nil, fmt.Errorf("at character %d: %w", c.Pos+1, err)
	}
	return t, nil
}

var errNetwork = errors.New("no IPv4 or IPv6 address or CIDR block (section 9.6)")

// parseNetwork reads an address or a CIDR block; an address is a block of one.
// Bits behind the prefix may be set.
func parseNetwork(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%s: %w", clip(s), errNetwork)
	}
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// maxProgram bounds the instructions of a regular expression.
const maxProgram = 50_000

var errProgram = errors.New("MATCHES: the expression is too large; write it with smaller numbers of repetitions")

// program returns about how many instructions an expression takes.
func program(r *syntax.Regexp) int {
	n := max(1, len(r.Rune)/8)
	if r.Op == syntax.OpLiteral {
		n = len(r.Rune)
	}
	for _, sub := range r.Sub {
		n = min(n+program(sub), 1<<40)
	}
	if r.Op == syntax.OpRepeat {
		n = min(n*max(r.Min, r.Max, 1), 1<<40)
	}
	return n
}

// compileRegex compiles the expression of MATCHES: searched for anywhere, with
// a dot that matches line ends too, in text in normal form C (section 9.6). As
// in PCRE, $ matches in front of a line end that is the last character as well.
func compileRegex(s string) (r *regexp.Regexp, tree *syntax.Regexp, size int, err error) {
	tree, err = syntax.Parse(norm.NFC.String(s), syntax.Perl|syntax.DotNL)
	if err == nil {
		looseEnd(tree)
		if size = program(tree); size > maxProgram {
			return nil, nil, 0, errProgram
		}
		if r, err = regexp.Compile(tree.String()); err == nil {
			return r, tree, size, nil
		}
	}
	why := "write it another way"
	switch {
	case strings.Contains(s, "(?=") || strings.Contains(s, "(?!") || strings.Contains(s, "(?<=") || strings.Contains(s, "(?<!"):
		why = "look-around cannot be matched in linear time; write it as tests joined by AND"
	case backReference.MatchString(s):
		why = "back-references cannot be matched in linear time; write the alternatives out"
	}
	return nil, nil, 0, fmt.Errorf("MATCHES: %w; %s", err, why)
}

var backReference = regexp.MustCompile(`(^|[^\\])(\\\\)*\\[1-9]`)

func looseEnd(r *syntax.Regexp) {
	for _, sub := range r.Sub {
		looseEnd(sub)
	}
	if r.Op == syntax.OpEndText && r.Flags&syntax.WasDollar != 0 {
		end := &syntax.Regexp{Op: syntax.OpEndText, Flags: r.Flags &^ syntax.WasDollar}
		line := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{'\n'}}
		quest := &syntax.Regexp{Op: syntax.OpQuest, Sub: []*syntax.Regexp{line}}
		*r = syntax.Regexp{Op: syntax.OpConcat, Sub: []*syntax.Regexp{quest, end}}
	}
}

// holds reports whether the test holds for one of the values. It returns false
// when there are none, whatever the operator (section 9.6).
func (t *test) holds(w *walker, values []*value, problem *error) bool {
	for _, v := range values {
		if w.steps += len(v.text) * t.size / 4; w.steps > w.limit {
			return false
		}
		if t.one(v, problem) {
			return true
		}
	}
	return false
}

func (t *test) one(v *value, problem *error) bool {
	c := t.source
	var result bool
	switch c.Op {
	case Equal:
		result = t.equal(v, &c.Values[0], problem)
	case NotEqual:
		result = !t.equal(v, &c.Values[0], problem)
	case In:
		result = t.in(v, problem)
	case Like:
		text, ok := t.text(v)
		result = ok && t.like.matches(norm.NFC.String(text))
	case Matches:
		text, ok := t.text(v)
		result = ok && t.regex.MatchString(norm.NFC.String(text))
	case IsSubset:
		p, ok := network(v)
		result = ok && t.network.Bits() <= p.Bits() && t.network.Contains(p.Addr())
	case IsSuperset:
		p, ok := network(v)
		result = ok && p.Bits() <= t.network.Bits() && p.Contains(t.network.Addr())
	default:
		order, ok := t.compare(v, &c.Values[0], problem)
		if !ok {
			return false // operands of types without a common order, NOT or not
		}
		switch c.Op {
		case Less:
			result = order < 0
		case LessOrEqual:
			result = order <= 0
		case Greater:
			result = order > 0
		case GreaterOrEqual:
			result = order >= 0
		}
	}
	return result != c.Not
}

func (t *test) in(v *value, problem *error) bool {
	if t.set != nil && v.kind == stringValue {
		return t.set[v.text]
	}
	for i := range t.source.Values {
		if t.equal(v, &t.source.Values[i], problem) {
			return true
		}
	}
	return false
}

func network(v *value) (netip.Prefix, bool) {
	if v.kind != stringValue {
		return netip.Prefix{}, false
	}
	p, err := parseNetwork(v.text)
	return p, err == nil
}

// text returns the text that LIKE and MATCHES look at: of a property that holds
// bytes, each byte as a character.
func (t *test) text(v *value) (string, bool) {
	if v.kind != stringValue {
		return "", false
	}
	if b, ok := t.decode(v.text); ok {
		return characters(b), true
	}
	return v.text, true
}

// decode returns the bytes that a property of this name holds.
func (t *test) decode(s string) (b []byte, ok bool) {
	var err error
	switch t.encoding {
	case hexEncoding:
		b, err = hex.DecodeString(s)
	case base64Encoding:
		b, err = base64.StdEncoding.DecodeString(s)
	default:
		return nil, false
	}
	return b, err == nil
}

// characters returns bytes as the characters of these numbers.
func characters(b []byte) string {
	s := make([]rune, len(b))
	for i, c := range b {
		s[i] = rune(c)
	}
	return string(s)
}

// octets is the other way round; text with other characters is no bytes.
func octets(s string) ([]byte, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

// equal compares for equality. Beyond what has an order, a boolean equals true
// or false, bytes equal their encoding, and numbers and booleans equal the
// string that spells them, as patterns in use are written (file:size =
// '371712').
func (t *test) equal(v *value, l *Literal, problem *error) bool {
	switch {
	case l.Kind == Boolean:
		return v.kind == boolValue && v.truth == (l.Text == "true")
	case l.Kind == String && v.kind == boolValue:
		return l.Text == "true" && v.truth || l.Text == "false" && !v.truth
	case l.Kind == String && v.kind == numberValue:
		return l.Text == v.text
	case l.Kind == String && v.kind == stringValue && l.Text == v.text:
		return true
	}
	order, ok := t.compare(v, l, problem)
	return ok && order == 0
}

// compare compares a value and a literal of types that have a common order:
// numbers, strings by code points, timestamps, bytes. A string is bytes when no
// character of it is above 255 (section 9.6).
func (t *test) compare(v *value, l *Literal, problem *error) (order int, ok bool) {
	switch {
	case isNumber(l.Kind):
		if v.kind != numberValue {
			return 0, false
		}
		if v.isInt && l.Kind == Integer {
			return cmp.Compare(v.integer, l.Int), true
		}
		return cmp.Compare(v.float, l.Float), true
	case v.kind != stringValue:
		return 0, false
	case l.Kind == Timestamp:
		at, err := stix.ParseTimestamp(v.text)
		if err != nil {
			if *problem == nil {
				*problem = fmt.Errorf("%s compared with a timestamp: %w", t.source.Path, err)
			}
			return 0, false
		}
		return at.Compare(l.Time), !l.never
	}
	have, encoded := t.decode(v.text)
	if l.Kind == String && !encoded {
		return strings.Compare(v.text, l.Text), true
	}
	want := l.Bytes
	if l.Kind == String {
		if want, ok = octets(l.Text); !ok {
			return 0, false
		}
	}
	if !encoded {
		if have, ok = octets(v.text); !ok {
			return 0, false
		}
	}
	return bytes.Compare(have, want), true
}
