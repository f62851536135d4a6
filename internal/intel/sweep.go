package intel

import (
	"bytes"
	"encoding/binary"
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
	sorted := len(m.places)
	m.x.literals.scan(data, m.anchor)
	if json {
		m.escapes()
	}
	m.sweeping = false
	if len(m.places) > sorted {
		slices.Sort(m.places)
	}
	return m.places
}

// Patterns reports whether there are patterns that only events can be asked
// about, so that no Sweep can do.
func (x *Index) Patterns() bool { return len(x.complex) > 0 }

// sweepWord takes a word of raw text. What is no name, or names and numbers with
// a colon between, is left to observable.Shapes.
func (m *Matcher) sweepWord(start, end int, mask observable.Mask) bool {
	if start > 0 && (m.text[start-1] == '\\' || m.text[start-1] == '%') {
		observable.Shapes(m.text, start, end, mask, m.shape)
		return true
	}
	if mask.Plain() {
		m.sweepPart(start, end)
		return true
	}
	if !mask.PlainParts() || m.x.table.oddHosts && m.text[end-1] == ':' {
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

// sweepName takes what may be a name, an address, or a digest.
func (m *Matcher) sweepName(start, end int) {
	t := m.text[start:end]
	table := m.x.table
	h := sum(t, table.seed)
	switch {
	case table.has(h) && table.known(h, t),
		t[0] <= '9' && m.x.networks.any && m.x.networks.mayText(t),
		table.below != nil && m.hasParent(t):
		m.places = append(m.places, start)
	case table.urls && m.urlAround(start, end) && table.has(h^ofHost):
		if n := len(m.hits); m.escaped(start, end) {
			m.places = append(m.places, start)
		} else if m.tryURL(start, end); len(m.hits) > n {
			m.places = append(m.places, start)
		}
	}
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
	for _, c := range t {
		switch {
		case c == '.':
			if k++; k == 2 {
				return n.may(byte(part[0]), byte(part[1]))
			}
		case c-'0' > 9:
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
	zeros := func(w uint64) uint64 { return (w - ones) &^ w & (0x80 * ones) }
	var before uint64
	for i := 0; i+8 <= len(m.text); i += 8 {
		w := binary.LittleEndian.Uint64(m.text[i:])
		slashes := zeros(w ^ '\\'*ones)
		follow := zeros(w ^ 'u'*ones)
		if m.x.table.oddHosts {
			follow |= zeros(w ^ '/'*ones)
		}
		if (slashes<<8|before)&follow != 0 {
			m.escapesWithin(i-1, i+8)
		}
		before = slashes >> 56
	}
	m.escapesWithin(len(m.text)&^7-1, len(m.text))
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
		if m.text[i+1] != 'u' {
			continue
		}
		var c rune
		for _, d := range m.text[i+2 : i+6] {
			switch {
			case d-'0' <= 9:
				c = c<<4 | rune(d-'0')
			default:
				c = c<<4 | rune(d|0x20-'a'+10)&15
			}
		}
		switch {
		case c < 0x80:
			if isPlain(byte(c)) || c == '@' || c == ':' || c == '/' || c == '%' || c == '\\' {
				m.places = append(m.places, i)
			}
			// Its last digits hide where the word behind it begins.
			for n := i + 6; n < len(m.text) && (isPlain(m.text[n]) || m.text[n] == ':' || m.text[n] == '@'); n++ {
				if m.text[n] == '.' || m.text[n] == ':' || n-i > 32 {
					m.places = append(m.places, i)
					break
				}
			}
		case i > 0 && isPlain(m.text[i-1]), i+6 < len(m.text) && isPlain(m.text[i+6]):
			m.places = append(m.places, i)
		}
	}
}
