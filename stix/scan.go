package stix

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"unicode/utf8"
)

// Errors of JSON.
var (
	errSyntax    = errors.New("no valid JSON")
	errUTF8      = errors.New("text that is not UTF-8")
	errDuplicate = errors.New("a name that comes twice in one object")
)

// A scanner checks JSON in one pass: its syntax (RFC 8259), names that come
// twice in one object, halves of surrogate pairs, depth. That the text is
// UTF-8 is checked before.
type scanner struct {
	b     []byte
	i     int
	depth int
	names []nameKey             // of the objects that are open, the innermost last
	few   [2 * fewNames]nameKey // room for names, enough for most objects
}

// A nameKey is where a name stands, and its length and last bytes, by which
// most names differ.
type nameKey struct {
	key        uint64
	start, end uint32 // with its quotes
}

// fail returns an error with the place in the object.
func (s *scanner) fail(err error) error {
	return fmt.Errorf("%w, at byte %d of the object", err, s.i)
}

// value checks the value at hand and steps over it.
func (s *scanner) value() error {
	if s.i >= len(s.b) {
		return s.fail(errSyntax)
	}
	switch c := s.b[s.i]; c {
	case '"':
		_, err := s.str()
		return err
	case '{':
		return s.object(nil)
	case '[':
		return s.array()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

func (s *scanner) word(w string) error {
	if !bytes.HasPrefix(s.b[s.i:], []byte(w)) {
		return s.fail(errSyntax)
	}
	s.i += len(w)
	return nil
}

func (s *scanner) open() error {
	if s.depth++; s.depth > MaxDepth {
		return errDepth
	}
	s.i = space(s.b, s.i+1)
	return nil
}

// more steps over what stands behind an element: a comma, or the bracket that
// ends the list or object.
func (s *scanner) more(end byte) (bool, error) {
	s.i = space(s.b, s.i)
	if s.i >= len(s.b) {
		return false, s.fail(errSyntax)
	}
	switch s.b[s.i] {
	case ',':
		s.i = space(s.b, s.i+1)
		return true, nil
	case end:
		s.i++
		s.depth--
		return false, nil
	}
	return false, s.fail(errSyntax)
}

func (s *scanner) array() error {
	if err := s.open(); err != nil {
		return err
	}
	if s.i < len(s.b) && s.b[s.i] == ']' {
		s.i++
		s.depth--
		return nil
	}
	for more := true; more; {
		err := s.value()
		if err == nil {
			more, err = s.more(']')
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// object checks the object at hand. Its members are shown to visit, if there
// is one, the names decoded.
func (s *scanner) object(visit func(name, value []byte) error) error {
	if err := s.open(); err != nil {
		return err
	}
	if s.i < len(s.b) && s.b[s.i] == '}' {
		s.i++
		s.depth--
		return nil
	}
	first := len(s.names)
	var many map[string]bool
	for more := true; more; {
		name, err := s.name(first, &many)
		if err != nil {
			return err
		}
		start := s.i
		if err = s.value(); err != nil {
			return err
		}
		if visit != nil {
			if err = visit(name, s.b[start:s.i]); err != nil {
				return err
			}
		}
		if more, err = s.more('}'); err != nil {
			return err
		}
	}
	s.names = s.names[:first]
	return nil
}

// fewNames is how many names of an object are compared one by one, before a
// map takes over.
const fewNames = 32

// name checks the name at hand, that it comes once in its object, and steps
// over it and the colon.
func (s *scanner) name(first int, many *map[string]bool) ([]byte, error) {
	start := s.i
	if start >= len(s.b) || s.b[start] != '"' {
		return nil, s.fail(errSyntax)
	}
	escaped, err := s.str()
	if err != nil {
		return nil, err
	}
	name := s.b[start+1 : s.i-1]
	if escaped {
		name = unquote(s.b[start:s.i])
	}
	k := nameKey{keyOf(name), uint32(start), uint32(s.i)}
	for _, other := range s.names[first:] {
		if other.key == k.key && bytes.Equal(unquote(s.b[other.start:other.end]), name) {
			return nil, fmt.Errorf("%w: %.100q", errDuplicate, name)
		}
	}
	if *many == nil && len(s.names)-first < fewNames {
		s.names = append(s.names, k)
	} else {
		if *many == nil {
			*many = map[string]bool{}
		}
		if (*many)[string(name)] {
			return nil, fmt.Errorf("%w: %.100q", errDuplicate, name)
		}
		(*many)[string(name)] = true
	}
	s.i = space(s.b, s.i)
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		return nil, s.fail(errSyntax)
	}
	s.i = space(s.b, s.i+1)
	return name, nil
}

// keyOf returns a number by which most names differ.
func keyOf(name []byte) uint64 {
	if n := len(name); n >= 8 {
		return binary.LittleEndian.Uint64(name[n-8:]) + uint64(n)
	}
	key := uint64(len(name))
	for _, c := range name {
		key = key<<8 | uint64(c)
	}
	return key
}

// special returns the position from i on of the first quote, backslash or
// control character.
func special(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, slash := x^ones*'"', x^ones*'\\'
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (x-ones*0x20)&^x) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
		i++
	}
	return i
}

// str checks the string at hand and steps over it; escaped is whether it has
// escapes.
func (s *scanner) str() (escaped bool, err error) {
	for s.i++; ; {
		s.i = special(s.b, s.i)
		if s.i >= len(s.b) || s.b[s.i] < 0x20 {
			return false, s.fail(errSyntax)
		}
		if s.b[s.i] == '"' {
			s.i++
			return escaped, nil
		}
		escaped = true
		if err := s.escape(); err != nil {
			return false, err
		}
	}
}

func (s *scanner) escape() error {
	if s.i+1 >= len(s.b) {
		return s.fail(errSyntax)
	}
	switch s.b[s.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.i += 2
		return nil
	case 'u':
		r, ok := hex4(s.b, s.i)
		if !ok {
			return s.fail(errSyntax)
		}
		s.i += 6
		if r < 0xD800 || r > 0xDFFF {
			return nil
		}
		if low, ok := hex4(s.b, s.i); ok && r < 0xDC00 && low >= 0xDC00 && low <= 0xDFFF {
			s.i += 6
			return nil
		}
		return s.fail(errUTF8)
	}
	return s.fail(errSyntax)
}

// hex4 returns what the escape \uXXXX at i stands for.
func hex4(b []byte, i int) (r rune, ok bool) {
	if i+6 > len(b) || b[i] != '\\' || b[i+1] != 'u' {
		return 0, false
	}
	for _, c := range b[i+2 : i+6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// number checks the number at hand and steps over it.
func (s *scanner) number() error {
	if s.at('-') {
		s.i++
	}
	switch {
	case s.at('0'):
		s.i++
	case !s.digits():
		return s.fail(errSyntax)
	}
	if s.at('.') {
		s.i++
		if !s.digits() {
			return s.fail(errSyntax)
		}
	}
	if s.at('e') || s.at('E') {
		s.i++
		if s.at('+') || s.at('-') {
			s.i++
		}
		if !s.digits() {
			return s.fail(errSyntax)
		}
	}
	return nil
}

func (s *scanner) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

func (s *scanner) digits() bool {
	start := s.i
	for s.i < len(s.b) && s.b[s.i] >= '0' && s.b[s.i] <= '9' {
		s.i++
	}
	return s.i > start
}

// checkText returns an error when b is not UTF-8.
func checkText(b []byte) error {
	if utf8.Valid(b) {
		return nil
	}
	return errUTF8
}
