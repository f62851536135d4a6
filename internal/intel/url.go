package intel

import (
	"bytes"
	"strings"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// asHost looks for URLs around a host that stands at text[start:end]. Where one
// ends is not always to be told: a comma may be of the URL or of the CSV it
// stands in. So the longest is tried, and then what ends before each mark that
// may also follow a URL.
func (m *Matcher) asHost(host []byte, start, end int) {
	table := m.x.table
	if !table.urls || !m.urlAround(start, end) || !table.has(sum(host, table.seed)) {
		return
	}
	if m.sweeping && m.escaped(start, end) {
		m.places = append(m.places, start)
		return
	}
	m.tryURL(start, end)
}

// urlAround reports whether the host at text[start:end] may be one of a URL.
func (m *Matcher) urlAround(start, end int) bool {
	if end < len(m.text) {
		switch m.text[end] {
		case '/', ':', '?', '#', '\\':
			return true
		}
	}
	return m.afterScheme(start)
}

// afterScheme reports whether a host at start stands behind :// or a user.
func (m *Matcher) afterScheme(start int) bool {
	return start > 0 && (m.text[start-1] == '/' || m.text[start-1] == '@')
}

// url takes a token that is a URL. Those with a host that is a token of its own
// are found by that.
func (m *Matcher) url(start, end int) {
	for end < len(m.text) && end-start < maxURL && !endsURL(m.text[end]) { // a bracket may be of an address
		end++
	}
	t := m.text[start:end]
	rest := t[bytes.Index(t, []byte("://"))+3:]
	host := rest
	if i := bytes.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i]
	}
	user := bytes.IndexByte(host, '@') >= 0
	if i := bytes.LastIndexByte(host, ':'); i > bytes.LastIndexByte(host, ']') {
		host = host[:i]
	}
	if user || !isHostToken(host) {
		m.urls(start, end)
	}
}

// tryURL looks for the URLs that have their host at text[start:end].
func (m *Matcher) tryURL(start, end int) {
	from := start
	if i := start; i > 0 && m.text[i-1] == '@' {
		for from = i - 1; from > 0 && !endsURL(m.text[from-1]) && m.text[from-1] != '/'; from-- {
		}
	}
	to := end
	for to < len(m.text) && to-from < maxURL && !endsURL(m.text[to]) {
		to++
	}
	m.urls(start, to)
	if from >= 3 && string(m.text[from-3:from]) == "://" {
		scheme := from - 3
		for scheme > 0 && isScheme(m.text[scheme-1]) {
			scheme--
		}
		if scheme < from-3 {
			m.urls(scheme, to)
			if scheme > 0 && m.text[scheme-1] == '\\' && bytes.IndexByte([]byte("bfnrt"), m.text[scheme]) >= 0 { // an escape
				m.urls(scheme+1, to)
			}
		}
	}
}

// maxURL bounds the URLs that are looked for, in bytes.
const maxURL = 8 << 10

// maxEnds bounds how many ends of one URL are tried.
const maxEnds = 64

// urls looks for the URL text[start:end] and for those that end before it,
// before one of the first marks.
func (m *Matcher) urls(start, end int) {
	to := start
	for range maxEnds {
		i := bytes.IndexAny(m.text[to:end], ".,;:)]}'|*")
		if i < 0 {
			break
		}
		to += i
		m.oneURL(start, to)
		to++
	}
	m.oneURL(start, end)
}

func (m *Matcher) oneURL(start, end int) {
	if o, err := observable.Parse(observable.URL, string(m.text[start:end])); err == nil {
		m.find(observable.URL, []byte(o.Value), start, end)
	}
}

func isScheme(c byte) bool { return c|0x20-'a' < 26 || c-'0' <= 9 }

// endsURL tells the bytes that no URL in a log has.
func endsURL(c byte) bool {
	return c <= ' ' || c == 0x7f || strings.IndexByte("\"<>`\\^", c) >= 0
}
