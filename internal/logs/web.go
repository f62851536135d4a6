package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// A named is a field name that a parser adds, and its id.
type named struct {
	name string
	id   event.ID
}

func (p *Parser) named(name string) named { return named{name, p.names.LookupString(name)} }

// add adds value as n, whether asked for or not.
func (n named) add(e *event.Event, value []byte) { e.Add(n.id, n.name, value, event.String) }

// offer adds value as n when a rule asks for it.
func (n named) offer(e *event.Event, value []byte) {
	if n.id != 0 {
		e.Add(n.id, n.name, value, event.String)
	}
}

// A request is what a web server's or proxy's record says of one request,
// for the values that are derived from it. Absent parts are nil.
type request struct {
	scheme, host []byte // when stem is a path on another machine: a proxy's log
	stem, query  []byte
	uri          []byte // stem?query as logged, when the log has both in one
	agent        []byte
	agentPlus    bool // agent is written with "+" for each space
}

// web derives the names that Sigma's webserver and proxy rules use from what
// the logs have. Only what a rule asks for is made.
type web struct {
	stem, query, cURI, csURI, cQuery, extension named
	agents                                      []named
}

func newWeb(p *Parser) web {
	w := web{
		stem: p.named("cs-uri-stem"), query: p.named("cs-uri-query"),
		cURI: p.named("c-uri"), csURI: p.named("cs-uri"), cQuery: p.named("c-uri-query"),
		extension: p.named("c-uri-extension"),
	}
	for _, n := range []string{"cs(User-Agent)", "cs-user-agent", "c-useragent"} {
		if a := p.named(n); a.id != 0 {
			w.agents = append(w.agents, a)
		}
	}
	return w
}

// derive adds to the current record of p what follows from r. Each name gets
// its values in the order raw, derived, percent-decoded:
//
//   - cs-uri-query: the query, and stem?query, because many published rules
//     look for a path there;
//   - c-uri and cs-uri, where the log has no such field: the whole address;
//   - agents: also with spaces for "+".
func (w *web) derive(p *Parser, r *request) {
	e := p.ev
	if r.agentPlus && len(w.agents) > 0 && bytes.IndexByte(r.agent, '+') >= 0 {
		at := len(p.scratch)
		p.scratch = append(p.scratch, r.agent...)
		plain := p.scratch[at:]
		for i, c := range plain {
			if c == '+' {
				plain[i] = ' '
			}
		}
		for _, a := range w.agents {
			a.add(e, plain)
		}
	}
	if w.cQuery.id != 0 && len(r.query) > 0 {
		w.cQuery.add(e, r.query)
	}
	if w.extension.id != 0 {
		if ext := extension(r.stem); ext != nil {
			w.extension.add(e, ext)
		}
	}
	whole := r.uri
	if whole == nil {
		if whole = r.stem; whole == nil {
			return
		}
		if len(r.query) > 0 {
			at := len(p.scratch)
			p.scratch = append(append(append(p.scratch, r.stem...), '?'), r.query...)
			whole = p.scratch[at:]
		}
	}
	plain := p.decode(whole)
	w.query.offer(e, whole)
	address, plainAddress := whole, plain
	if r.scheme != nil && r.host != nil && (w.cURI.id|w.csURI.id) != 0 {
		address, plainAddress = p.absolute(r, whole), nil
		if plain != nil {
			plainAddress = p.absolute(r, plain)
		}
	}
	if e.Get(w.cURI.id) == nil {
		w.cURI.offer(e, address)
	}
	if e.Get(w.csURI.id) == nil {
		w.csURI.offer(e, address)
	}
	if plain == nil {
		return
	}
	w.query.offer(e, plain)
	if w.stem.id != 0 && r.stem != nil {
		n := len(plain)
		if len(r.query) > 0 {
			n = max(bytes.IndexByte(plain, '?'), 0)
		}
		if n > 0 && !bytes.Equal(plain[:n], r.stem) {
			w.stem.add(e, plain[:n])
		}
	}
	w.cURI.offer(e, plainAddress)
	w.csURI.offer(e, plainAddress)
}

// absolute returns scheme://host with rest, in p.scratch.
func (p *Parser) absolute(r *request, rest []byte) []byte {
	at := len(p.scratch)
	p.scratch = append(append(append(append(p.scratch, r.scheme...), "://"...), r.host...), rest...)
	return p.scratch[at:]
}

// decode returns uri with its percent escapes (RFC 3986, 2.1) undone, and
// with spaces for "+" after the "?" as forms write them; nil when that is
// the same. Escapes that are none stay as they are.
func (p *Parser) decode(uri []byte) []byte {
	percent, query := bytes.IndexByte(uri, '%') >= 0, bytes.IndexByte(uri, '?')
	if !percent && (query < 0 || bytes.IndexByte(uri[query:], '+') < 0) {
		return nil
	}
	at := len(p.scratch)
	changed := false
	for i := 0; i < len(uri); i++ {
		c := uri[i]
		switch {
		case c == '%' && i+2 < len(uri) && unhex(uri[i+1]) < 16 && unhex(uri[i+2]) < 16:
			c = unhex(uri[i+1])<<4 | unhex(uri[i+2])
			i += 2
			changed = true
		case c == '+' && query >= 0 && i > query:
			c = ' '
			changed = true
		}
		p.scratch = append(p.scratch, c)
	}
	if !changed {
		p.scratch = p.scratch[:at]
		return nil
	}
	return p.scratch[at:]
}

// unhex returns the value of a hex digit, or 255.
func unhex(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 255
}

// extension returns the last extension of a path, without its dot.
func extension(stem []byte) []byte {
	name := stem[bytes.LastIndexByte(stem, '/')+1:]
	if dot := bytes.LastIndexByte(name, '.'); dot >= 0 && dot+1 < len(name) {
		return name[dot+1:]
	}
	return nil
}
