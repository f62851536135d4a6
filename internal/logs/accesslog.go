package logs

import (
	"bytes"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// Access logs of Apache, nginx and others: the Common Log Format, combined
// with referer and user agent, and with the virtual host before it (Apache
// documentation, mod_log_config: common, combined, vhost_combined).
var accessFormat = format{
	name: "accesslog",
	detect: func(head []byte, path string) (string, bool) {
		var a accessLine
		z := zone{}
		return webOrigin(path), most(head, func(line []byte) bool { return a.parse(line, &z) })
	},
	parse: func(p *Parser, b *Block) {
		a := state(p, "accesslog", newAccessParser)
		a.zone = b.File.zone()
		a.origin = p.router.Origin(b.File.Origin)
		p.lines(b, a.line)
	},
}

// most reports whether at least three of five of the first lines of head fit.
// A last line that the end of a full head cuts has no say.
func most(head []byte, fit func(line []byte) bool) bool {
	lines, good := 0, 0
	if whole := bytes.LastIndexByte(head, '\n') + 1; whole > 0 && len(head) >= headSize-len(bomUTF8) {
		head = head[:whole]
	}
	for line := range eachLine(head) {
		if line = bytes.Trim(line, "\x00"); len(line) == 0 {
			continue
		}
		if lines++; len(line) <= maxLine && fit(line) {
			good++
		}
		if lines == 32 {
			break
		}
	}
	return good > 0 && good*5 >= lines*3
}

// webOrigin tells from its path whose log it is.
func webOrigin(path string) string {
	if strings.Contains(strings.ToLower(path), "nginx") {
		return "nginx"
	}
	return "apache"
}

// An accessLine is one line taken apart. Absent parts are nil.
type accessLine struct {
	server, client, ident, user []byte
	time                        int64
	request, status, bytes      []byte
	referer, agent              []byte
}

// parse takes line apart; false when it is no line of an access log.
func (a *accessLine) parse(line []byte, z *zone) bool {
	*a = accessLine{}
	open := 0
	for { // the user may hold any character: the stamp is the first bracket that is one
		i := bytes.IndexByte(line[open:], '[')
		if i < 0 {
			return false
		}
		if open += i - 1; open < 0 || line[open] != ' ' {
			open += 2
			continue
		}
		t, n := parseCLF(line[open+2:], z)
		if end := open + 2 + n; n > 0 && end < len(line) && line[end] == ']' {
			a.time = t
			if !a.who(line[:open]) {
				return false
			}
			return a.what(line[end+1:])
		}
		open += 2
	}
}

// who reads what stands before the stamp.
func (a *accessLine) who(prefix []byte) bool {
	first, rest, _ := bytes.Cut(prefix, []byte{' '})
	second, rest, ok := bytes.Cut(rest, []byte{' '})
	if !ok {
		return false
	}
	a.client, a.ident, a.user = first, second, rest
	if third, fourth, ok := bytes.Cut(rest, []byte{' '}); ok && !bytes.Equal(second, dash) {
		a.server, a.client, a.ident, a.user = first, second, third, fourth
	}
	return true
}

// what reads what follows the stamp.
func (a *accessLine) what(rest []byte) bool {
	var ok bool
	if a.request, rest, ok = cutQuoted(rest); !ok {
		return false
	}
	a.status, rest = cutWord(rest)
	a.bytes, rest = cutWord(rest)
	if digits(a.status, 0, 3) < 0 || len(a.status) != 3 {
		return false
	}
	if a.referer, rest, ok = cutQuoted(rest); ok {
		a.agent, _, _ = cutQuoted(rest)
	}
	return true
}

var dash = []byte{'-'}

// cutWord returns the word after the blanks at the start of b, and the rest.
func cutWord(b []byte) (word, rest []byte) {
	b = bytes.TrimLeft(b, " ")
	if i := bytes.IndexByte(b, ' '); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// cutQuoted returns what stands between the quotes at the start of b, after
// blanks, and the rest. A quote within is escaped by a backslash.
func cutQuoted(b []byte) (value, rest []byte, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	if len(b) == 0 || b[0] != '"' {
		return nil, b, false
	}
	for i := 1; ; i++ {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return nil, b, false
		}
		i += j
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return b[1:i], b[i+1:], true
		}
	}
}

type accessParser struct {
	p      *Parser
	web    web
	zone   zone
	origin *event.Origin
	a      accessLine

	server, client, user, method, uri, stem, query, version, status, bytes, referer, cReferer, request named
	agents                                                                                             [2]named
}

func newAccessParser(p *Parser) *accessParser {
	return &accessParser{
		p: p, web: newWeb(p),
		server: p.named("cs-host"), client: p.named("c-ip"), user: p.named("cs-username"), method: p.named("cs-method"),
		uri: p.named("cs-uri"), stem: p.named("cs-uri-stem"), query: p.named("cs-uri-query"), version: p.named("cs-version"),
		status: p.named("sc-status"), bytes: p.named("sc-bytes"), referer: p.named("cs-referer"), cReferer: p.named("cs(Referer)"),
		request: p.named("request"), agents: [2]named{p.named("cs-user-agent"), p.named("c-useragent")},
	}
}

func (a *accessParser) line(line []byte, number uint64, offset int64) {
	l := &a.a
	if !l.parse(line, &a.zone) {
		a.p.damaged(number, offset, "not a line of an access log")
		return
	}
	e := a.p.begin(number, offset)
	e.Text, e.Time = line, l.time
	if server := bytes.Trim(l.server, "[]"); len(server) > 0 {
		if i := bytes.LastIndexByte(server, ':'); i > 0 && bytes.Count(server, []byte{':'}) == 1 {
			server = server[:i]
		}
		a.server.add(e, server)
	}
	a.text(e, a.client, l.client)
	a.text(e, a.user, l.user)
	method, uri, version, ok := splitRequest(l.request)
	var r request
	if !ok {
		a.text(e, a.request, l.request)
	} else {
		a.method.add(e, method)
		if len(version) > 0 {
			a.version.add(e, version)
		}
		a.address(e, a.plain(uri), &r)
	}
	a.text(e, a.status, l.status)
	a.text(e, a.bytes, l.bytes)
	if len(l.referer) > 0 && !bytes.Equal(l.referer, dash) {
		referer := a.plain(l.referer)
		a.referer.add(e, referer)
		a.cReferer.offer(e, referer)
	}
	if len(l.agent) > 0 && !bytes.Equal(l.agent, dash) {
		agent := a.plain(l.agent)
		a.agents[0].add(e, agent)
		a.agents[1].offer(e, agent)
	}
	a.web.derive(a.p, &r)
	a.p.hand(a.origin)
}

// address adds the parts of the address that was asked for.
func (a *accessParser) address(e *event.Event, uri []byte, r *request) {
	a.uri.add(e, uri)
	path := uri
	if i := bytes.Index(uri, []byte("://")); i > 0 && i < 8 && uri[0] != '/' { // as proxies are asked
		r.scheme = uri[:i]
		path = uri[i+3:]
		j := bytes.IndexByte(path, '/')
		if j < 0 {
			j = len(path)
		}
		r.host, path = path[:j], path[j:]
		a.server.add(e, r.host)
	}
	r.uri, r.stem = path, path
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		r.stem, r.query = path[:i], path[i+1:]
	}
	a.stem.add(e, r.stem)
	if len(r.query) > 0 {
		a.query.add(e, r.query)
	}
}

// text adds a value that may be absent.
func (a *accessParser) text(e *event.Event, n named, value []byte) {
	if len(value) > 0 && !bytes.Equal(value, dash) {
		n.add(e, value)
	}
}

// splitRequest splits "GET /path HTTP/1.1". A request that is not of this
// form (a TLS hello, a scanner's noise) is not ok.
func splitRequest(request []byte) (method, uri, version []byte, ok bool) {
	method, rest, found := bytes.Cut(request, []byte{' '})
	if !found || len(method) == 0 || len(method) > 32 {
		return nil, nil, nil, false
	}
	for _, c := range method {
		if (c|0x20 < 'a' || c|0x20 > 'z') && c != '-' && c != '_' {
			return nil, nil, nil, false
		}
	}
	uri = rest
	if i := bytes.LastIndexByte(rest, ' '); i >= 0 && bytes.HasPrefix(rest[i+1:], []byte("HTTP/")) {
		uri, version = rest[:i], rest[i+1:]
	}
	return method, uri, version, len(uri) > 0
}

// plain undoes the escapes that Apache and nginx write: \" \\ and \xHH.
func (a *accessParser) plain(value []byte) []byte {
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	at := len(a.p.scratch)
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '\\' && i+1 < len(value) {
			switch next := value[i+1]; {
			case next == '"' || next == '\\':
				c = next
				i++
			case next == 'x' && i+3 < len(value) && unhex(value[i+2]) < 16 && unhex(value[i+3]) < 16:
				c = unhex(value[i+2])<<4 | unhex(value[i+3])
				i += 3
			}
		}
		a.p.scratch = append(a.p.scratch, c)
	}
	return a.p.scratch[at:]
}
