package intel

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"net/netip"
	"slices"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/observable"
)

// A Hit is an indicator that a record matches.
type Hit struct {
	Field      int // index in the event's fields; -1 where none of them has it
	Start, End int // where in that value, or in the event's text, it stands
	row        uint32
	at         uint32 // 1 + where the record of its value is; 0 of a pattern
}

// A Matcher asks an Index about events. Each goroutine has its own.
type Matcher struct {
	x       *Index
	token   func(k observable.Kind, start, end int) bool // m.look
	literal func(literal, start int)                     // m.verify

	text   []byte // what is being scanned
	field  int
	time   int64
	hits   []Hit
	digest [64]byte
	buf    []byte

	// Of Sweep.
	word     func(start, end int, mask observable.Mask) bool // m.sweepWord
	shape    func(k observable.Kind, start, end int) bool    // m.sweepShape
	anchor   func(literal, start int)                        // m.sweepLiteral
	json     bool
	sweeping bool
	places   []int
	suspects [64]suspect
	waiting  int
	dull     [1 << 10]uint64 // hashes of names with which nothing is the matter
}

// NewMatcher returns a Matcher of x.
func (x *Index) NewMatcher() *Matcher {
	m := &Matcher{x: x}
	m.token, m.literal = m.look, m.verify
	m.word, m.shape, m.anchor = m.sweepWord, m.sweepShape, m.sweepLiteral
	return m
}

// Match returns the indicators that e matches, each once, in an order that
// depends on the index and the event alone. They are valid until the next call.
//
// Where an event has the text of its line, that is searched, else the values of
// its fields.
func (m *Matcher) Match(e *event.Event) []Hit {
	m.hits, m.time = m.hits[:0], e.Time
	if e.Text != nil {
		m.scan(e.Text, -1)
	} else {
		for i, f := range e.Fields() {
			if len(f.Value) >= minToken {
				m.scan(f.Value, i)
			}
		}
	}
	if len(m.hits) > 1 {
		slices.SortFunc(m.hits, func(a, b Hit) int {
			return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End), cmp.Compare(a.at, b.at))
		})
		m.hits = slices.CompactFunc(m.hits, func(a, b Hit) bool { return a.row == b.row })
	}
	if e.Text != nil {
		for i := range m.hits {
			m.place(e, &m.hits[i])
		}
	}
	return m.hits
}

// minToken is the length of the shortest text that anything is found in.
const minToken = 3

// place finds the first field of e that has what h found in its text.
func (m *Matcher) place(e *event.Event, h *Hit) {
	what := e.Text[h.Start:h.End]
	for i, f := range e.Fields() {
		if at := bytes.Index(f.Value, what); at >= 0 {
			h.Field, h.Start, h.End = i, at, at+len(what)
			return
		}
	}
}

// Indicator returns what is known of the indicator of h, and its value and the
// kind of that as it was found.
func (m *Matcher) Indicator(h *Hit) (i *Indicator, value, kind string) {
	if h.at != 0 {
		r := m.x.values.at(h.at - 1)
		value, kind = r.value(), r.kind().String()
	}
	return m.x.indicator(h.row, value), value, kind
}

func (m *Matcher) scan(text []byte, field int) {
	m.text, m.field = text, field
	observable.Tokens(text, m.token)
	m.x.literals.scan(text, m.literal)
}

// hit notes that the value of r stands in the text.
func (m *Matcher) hit(r record, at uint32, start, end int) {
	if m.sweeping || m.x.active(m.x.rows.at(r.row()), m.time) {
		m.hits = append(m.hits, Hit{Field: m.field, Start: start, End: end, row: r.row(), at: at})
	}
}

// verify takes a literal whose anchor was found.
func (m *Matcher) verify(n, start int) {
	l := &m.x.literals.list[n]
	r := m.x.values.at(l.at)
	if from, to, ok := l.around(r, m.text, start); ok {
		m.hit(r, l.at+1, from, to)
	}
}

// look takes a token.
func (m *Matcher) look(k observable.Kind, start, end int) bool {
	t := m.text[start:end]
	switch k {
	case observable.MD5, observable.SHA1, observable.SHA256, observable.SHA512:
		if h := sum(t, m.x.table.seed); m.x.table.has(h) {
			n, _ := hex.Decode(m.digest[:], t)
			m.records(h, k, m.digest[:n], start, end)
		}
	case observable.IPv4:
		m.find(k, t, start, end)
		if n := m.x.networks; n.any {
			m.inNetwork(t, start, end)
		}
		m.asHost(t, start, end)
	case observable.IPv6:
		a, err := netip.ParseAddr(string(t))
		if err != nil {
			return true
		}
		m.buf = a.AppendTo(m.buf[:0])
		m.find(k, m.buf, start, end)
		if m.x.networks.any6 {
			m.inNetwork(t, start, end)
		}
	case observable.Domain, observable.FileName:
		m.name(k, t, start, end)
	case observable.Email:
		m.find(k, t, start, end)
		if !isASCII(t) {
			m.normalised(k, t, start, end)
		}
	case observable.URL:
		if m.x.table.oddHosts { // the others are found by their host
			m.url(start, end)
		}
	default:
		m.find(k, t, start, end)
	}
	return true
}

// find notes the hits of a key of kind k that stands at text[start:end].
func (m *Matcher) find(k observable.Kind, key []byte, start, end int) {
	h := sum(key, m.x.table.seed)
	if m.x.table.has(h) {
		m.records(h, k, key, start, end)
	}
}

// records notes the hits of a key that passed the filter. A name may be that
// of a domain, a file, or the last of a path.
func (m *Matcher) records(h uint64, k observable.Kind, key []byte, start, end int) {
	t := m.x.table
	for at := t.find(h, key); at != 0; {
		r := t.values.at(at - 1)
		switch kind := r.kind(); {
		case kind == observable.Domain && r.flag() == onlyBelow:
		case kind == k && kind != observable.Path:
			if !isExact(k) || bytes.Equal(r.bytes(), key) {
				m.hit(r, at, start, end)
			}
		case kind == observable.FileName && k == observable.Domain:
			m.hit(r, at, start, end)
		case kind == observable.Path && (k == observable.Domain || k == observable.FileName):
			if from, ok := pathBefore(m.text, start, r.bytes()); ok {
				m.hit(r, at, from, end)
			}
		}
		at = r.next()
	}
}

// name takes a token that is a domain or the name of a file.
func (m *Matcher) name(k observable.Kind, t []byte, start, end int) {
	if !isASCII(t) {
		m.normalised(k, t, start, end)
		return
	}
	m.find(k, t, start, end)
	if m.x.table.below != nil {
		m.parents(t, start, end)
	}
	m.asHost(t, start, end)
}

// parents looks for indicators of the names below a domain that t is.
func (m *Matcher) parents(t []byte, start, end int) {
	table := m.x.table
	for i, c := range t {
		if c != '.' {
			continue
		}
		parent := t[i+1:]
		h := sum(parent, table.seed)
		if !table.below.has(h) || !table.has(h) {
			continue
		}
		for at := table.find(h, parent); at != 0; {
			r := table.values.at(at - 1)
			if r.kind() == observable.Domain && r.flag() != 0 {
				m.hit(r, at, start, end)
			}
			at = r.next()
		}
	}
}

// normalised looks for a token that must be normalised first.
func (m *Matcher) normalised(k observable.Kind, t []byte, start, end int) {
	o, err := observable.Parse(k, string(t))
	if err != nil {
		return
	}
	value := []byte(o.Value)
	m.find(k, value, start, end)
	if k != observable.Domain {
		return
	}
	if m.x.table.below != nil {
		m.parents(value, start, end)
	}
	m.asHost(value, start, end)
}

// inNetwork looks for the networks that an address is in.
func (m *Matcher) inNetwork(t []byte, start, end int) {
	n := m.x.networks
	a, err := netip.ParseAddr(string(t))
	if err != nil {
		return
	}
	if a = a.Unmap(); a.Is4() {
		if b := a.As4(); !n.may(b[0], b[1]) {
			return
		}
	}
	for _, first := range n.trie.Supernets(netip.PrefixFrom(a, a.BitLen())) {
		for at := first; at != 0; {
			r := n.values.at(at - 1)
			m.hit(r, at, start, end)
			at = r.next()
		}
	}
}

func isASCII(t []byte) bool {
	for _, c := range t {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// pathBefore reports whether path stands in text with its last element at
// text[base:], and where it begins. POSIX tells letters by case.
func pathBefore(text []byte, base int, path []byte) (from int, ok bool) {
	exact := path[0] == '/' || path[0] == '~'
	from = base
	n := baseOf(path)
	if exact && !bytes.HasPrefix(text[base:], path[n:]) {
		return 0, false
	}
	for i := n - 1; i >= 0; i-- {
		if from--; from < 0 || !alike(text[from], path[i], exact) {
			return 0, false
		}
		if path[i] == '\\' && from > 0 && text[from-1] == '\\' && (i == 0 || path[i-1] != '\\') {
			from--
		}
	}
	return from, from == 0 || !inName(text[from-1])
}
