package intel

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// Sweep looks through raw lines of text, or of JSON, and returns where
// something stands that Match may find in the record there, in rising order,
// valid until the next call. Where it returns nothing, Match finds nothing: it
// errs to the other side alone.
//
// It is several times faster than asking about records one by one.
func (m *Matcher) Sweep(data []byte, json bool) []int {
	m.text, m.json, m.places, m.hits = data, json, m.places[:0], m.hits[:0]
	m.sweeping = true
	observable.Words(data, m.word)
	m.settle()
	m.x.literals.scan(data, m.anchor)
	if json {
		m.escapes()
	}
	m.sweeping = false
	slices.Sort(m.places)
	return m.places
}

// Patterns reports whether there are patterns that only events can be asked
// about, so that no Sweep can do.
func (x *Index) Patterns() bool { return len(x.complex) > 0 }

// sweepWord takes a word of raw text. What is no name, or names and numbers with
// a colon between, is left to observable.Shapes.
func (m *Matcher) sweepWord(start, end int, mask observable.Mask) bool {
	before := byte(0)
	if start > 0 {
		before = m.text[start-1]
	}
	if mask.Plain() && before != '%' {
		m.sweepPart(start, end)
		if before == '\\' { // the first letter may be of an escape
			m.sweepPart(start+1, end)
		}
		return true
	}
	if before == '\\' || before == '%' || !mask.PlainParts() || m.x.table.oddHosts && m.text[end-1] == ':' {
		observable.Shapes(m.text, start, end, mask, m.shape)
		return true
	}
	colon := start + bytes.IndexByte(m.text[start:end], ':')
	if bytes.IndexByte(m.text[colon+1:end], ':') < 0 {
		m.sweepPart(start, colon)
		m.sweepPart(colon+1, end)
		return true
	}
	if !observable.IsClock(m.text[start:end]) {
		observable.Shapes(m.text, start, end, mask, m.shape)
	}
	return true
}

// sweepPart takes what may be a name, an address, or a digest, with marks
// around it.
func (m *Matcher) sweepPart(start, end int) {
	for start < end && !inWord(m.text[start]) {
		start++
	}
	for end > start && !inWord(m.text[end-1]) {
		end--
	}
	if end-start >= minToken {
		m.sweepName(start, end)
	}
}

// inWord reports whether a name begins or ends with c.
func inWord(c byte) bool { return c-'0' <= 9 || c|0x20-'a' < 26 }

// A suspect is what may be a name, an address, or a digest.
type suspect struct {
	hash       uint64
	start, end int
}

// sweepName takes a suspect. Logs say the same names over and over: those with
// which nothing is the matter are remembered, by a hash of 64 bits with a seed
// that nobody knows.
func (m *Matcher) sweepName(start, end int) {
	h := sum(m.text[start:end], m.x.table.seed)
	if m.dull[h%uint64(len(m.dull))] == h {
		return
	}
	m.suspects[m.waiting] = suspect{h, start, end}
	if m.waiting++; m.waiting == len(m.suspects) {
		m.settle()
	}
}

// settle looks up the suspects that wait. The filter is larger than the caches
// near the processor: asked about many in a row, it waits for memory once.
func (m *Matcher) settle() {
	var passed [len(m.suspects)]bool
	suspects := m.suspects[:m.waiting]
	m.waiting = 0
	if f := m.x.table.filter; f != nil {
		for i := range suspects {
			passed[i] = f.Contains(suspects[i].hash)
		}
	}
	for i, s := range suspects {
		if !m.suspected(s, passed[i]) {
			m.dull[s.hash%uint64(len(m.dull))] = s.hash
		}
	}
}

// suspected notes the place of s if Match may find something there, and reports
// whether s is to be looked at wherever it stands.
func (m *Matcher) suspected(s suspect, passed bool) bool {
	t := m.text[s.start:s.end]
	table := m.x.table
	switch {
	case passed && table.known(s.hash, t),
		t[0] <= '9' && m.x.networks.any && m.x.networks.mayText(t),
		table.below != nil && m.hasParent(t):
		m.places = append(m.places, s.start)
	case passed && table.urls:
		if n := len(m.hits); !m.urlAround(s.start, s.end) {
			return true
		} else if m.escaped(s.start, s.end) {
			m.places = append(m.places, s.start)
		} else if m.tryURL(s.start, s.end); len(m.hits) > n {
			m.places = append(m.places, s.start)
		}
	default:
		return false
	}
	return true
}

// escaped reports whether escapes of JSON stand around the host text[start:end],
// so that a URL there must be read first.
func (m *Matcher) escaped(start, end int) bool {
	if !m.json {
		return false
	}
	if start > 1 && (m.text[start-1] == '@' || m.text[start-2] == '\\') {
		return true
	}
	for end < len(m.text) && !endsURL(m.text[end]) {
		end++
	}
	return end < len(m.text) && m.text[end] == '\\'
}

// known reports whether a key that passed the filter is in the table. Digests
// are there in another form; the filter's word is taken for them.
func (t *table) known(h uint64, key []byte) bool {
	return len(key) >= 32 || t.find(h, key) != 0
}

func (m *Matcher) hasParent(t []byte) bool {
	table := m.x.table
	for i, c := range t {
		if c == '.' && table.below.has(sum(t[i+1:], table.seed)) {
			return true
		}
	}
	return false
}

// mayText reports whether t may be an address in one of the networks.
func (n *networks) mayText(t []byte) bool {
	var part [2]int
	k := 0
	for i, c := range t {
		switch {
		case c == '.':
			if k++; k == 2 {
				return n.may(byte(part[0]), byte(part[1]))
			}
		case c-'0' > 9 || i == len("255.255."):
			return false
		default:
			if part[k] = part[k]*10 + int(c-'0'); part[k] > 255 {
				return false
			}
		}
	}
	return false
}

// sweepShape takes a token of a word that has more in it than a name.
func (m *Matcher) sweepShape(k observable.Kind, start, end int) bool {
	if t := m.text[start:end]; k != observable.URL && k != observable.IPv6 && k != observable.Email && isASCII(t) {
		m.sweepName(start, end)
		return true
	}
	n := len(m.hits)
	m.look(k, start, end)
	if len(m.hits) > n || k == observable.URL && m.x.table.oddHosts && m.escaped(start, end) {
		m.places = append(m.places, start)
	}
	return true
}

// sweepLiteral takes a literal whose anchor was found. Around it JSON may have
// escapes that are not undone yet.
func (m *Matcher) sweepLiteral(n, start int) {
	l := &m.x.literals.list[n]
	r := m.x.values.at(l.at)
	_, _, ok := l.around(r, m.text, start)
	if !ok && m.json {
		length := len(r.bytes())
		near := m.text[max(start-2*int(l.anchor)-16, 0):min(start+2*length+16, len(m.text))]
		ok = bytes.IndexByte(near, '\\') >= 0
	}
	if ok {
		m.places = append(m.places, start)
	}
}

// escapes notes where a \u of JSON stands for a character that words have, or
// for one beyond ASCII beside a word, and :\/\/ where hosts of URLs may be no
// words.
func (m *Matcher) escapes() {
	const ones = 0x0101010101010101
	text, odd := m.text, m.x.table.oddHosts
	before := uint64(0) // whether the eight bytes before end with a backslash
	for i := 0; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		x := w ^ '\\'*ones
		slashes := (x - ones) &^ x & (0x80 * ones)
		behind := slashes<<8 | before
		before = slashes >> 56
		if behind == 0 {
			continue
		}
		x = w ^ 'u'*ones
		follow := (x - ones) &^ x
		if odd {
			x = w ^ '/'*ones
			follow |= (x - ones) &^ x
		}
		if behind&follow != 0 {
			m.escapesWithin(i-1, i+8)
		}
	}
	m.escapesWithin(len(text)&^7-1, len(text))
}

// escapesWithin looks at the escapes that begin in text[from:to].
func (m *Matcher) escapesWithin(from, to int) {
	for i := max(from, 0); i < to; i++ {
		if m.text[i] != '\\' || i+6 > len(m.text) {
			continue
		}
		if m.text[i+1] == '/' && i > 0 && (m.text[i-1] == ':' || m.text[i-1] == '/' && i > 1 && m.text[i-2] == ':') {
			m.places = append(m.places, i)
		}
		if c, ok := m.escape(i); ok && m.hides(c, i) {
			m.places = append(m.places, i)
		}
	}
}

// escape returns what the escape \uXXXX at i stands for. A backslash that is
// escaped itself begins none.
func (m *Matcher) escape(i int) (c rune, ok bool) {
	if m.text[i+1] != 'u' {
		return 0, false
	}
	run := i
	for run > 0 && m.text[run-1] == '\\' {
		run--
	}
	var u [2]byte
	if _, err := hex.Decode(u[:], m.text[i+2:i+6]); err != nil || (i-run)%2 == 1 {
		return 0, false
	}
	return rune(u[0])<<8 | rune(u[1]), true
}

// hides reports whether the escape of c at i may hide an observable: it is part
// of a word, or its digits run into one.
func (m *Matcher) hides(c rune, i int) bool {
	behind := m.text[i+6:]
	if c >= 0x80 {
		return i > 0 && isPlain(m.text[i-1]) || len(behind) > 0 && isPlain(behind[0])
	}
	if isPlain(byte(c)) || c == '@' || c == ':' || c == '/' || c == '%' || c == '\\' {
		return true
	}
	for n, b := range behind {
		switch {
		case b == '.' || b == ':' || n > 26:
			return true
		case !isPlain(b) && b != '@':
			return false
		}
	}
	return false
}
