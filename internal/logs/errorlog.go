package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// Error logs of Apache, "[Wed Oct 11 14:32:52 2000] [core:error] [pid 5]
// [client 10.0.0.1:99] message", and of nginx, "2000/10/11 14:32:52 [error]
// 5#7: message, client: 10.0.0.1, …".
var webErrorFormat = format{
	name: "errorlog",
	detect: func(head []byte, _ string) (string, bool) {
		z := zone{}
		var l errorLine
		nginx := false
		ok := most(head, func(line []byte) bool {
			ok := l.parse(line, &z)
			nginx = nginx || ok && l.nginx
			return ok
		})
		if nginx {
			return "nginx", ok
		}
		return "apache", ok
	},
	parse: func(p *Parser, b *Block) {
		w := state(p, "errorlog", newErrorParser)
		w.zone = b.File.zone()
		w.origin = p.router.Origin(b.File.Origin)
		p.lines(b, w.line)
	},
}

// An errorLine is one line taken apart. Absent parts are nil.
type errorLine struct {
	nginx                       bool
	time                        int64
	level, pid, client, message []byte
}

// parse takes line apart; false when it is no line of an error log.
func (l *errorLine) parse(line []byte, z *zone) bool {
	*l = errorLine{}
	var n int
	if len(line) > 0 && line[0] == '[' {
		if l.time, n = parseCtime(line[1:], z); n == 0 || n+3 > len(line) || line[n+1] != ']' {
			return false
		}
		return l.apache(line[n+2:])
	}
	l.nginx = true
	if len(line) < 20 || line[4] != '/' {
		return false
	}
	if l.time, n = parseISO(line, z); n == 0 {
		return false
	}
	rest, ok := bytes.CutPrefix(line[n:], []byte(" ["))
	if !ok {
		return false
	}
	if l.level, rest, ok = bytes.Cut(rest, []byte("] ")); !ok || len(l.level) > 16 {
		return false
	}
	if l.pid, rest, ok = bytes.Cut(rest, []byte{'#'}); !ok || digits(l.pid, 0, len(l.pid)) < 0 {
		return false
	}
	_, l.message, ok = bytes.Cut(rest, []byte(": "))
	if i := bytes.LastIndex(l.message, []byte(", client: ")); i >= 0 {
		l.client, _, _ = bytes.Cut(l.message[i+len(", client: "):], []byte{','})
	}
	return ok
}

// apache reads the groups in brackets, of which the first is the level, and
// the message.
func (l *errorLine) apache(rest []byte) bool {
	for len(rest) > 2 && rest[0] == ' ' && rest[1] == '[' {
		group, after, ok := bytes.Cut(rest[2:], []byte{']'})
		if !ok {
			break
		}
		switch rest = after; {
		case bytes.HasPrefix(group, []byte("pid ")):
			l.pid, _, _ = bytes.Cut(group[len("pid "):], []byte{':'})
		case bytes.HasPrefix(group, []byte("client ")):
			l.client = group[len("client "):]
			if i := bytes.LastIndexByte(l.client, ':'); i > 0 && bytes.Count(l.client, []byte{':'}) != 7 {
				l.client = l.client[:i]
			}
		case l.level == nil:
			l.level = group[bytes.IndexByte(group, ':')+1:]
		}
	}
	l.message = bytes.TrimPrefix(rest, []byte{' '})
	return l.level != nil
}

type errorParser struct {
	p      *Parser
	zone   zone
	origin *event.Origin
	l      errorLine

	level, pid, client, message named
}

func newErrorParser(p *Parser) *errorParser {
	return &errorParser{p: p, level: p.named("level"), pid: p.named("pid"), client: p.named("c-ip"), message: p.named("message")}
}

func (w *errorParser) line(line []byte, number uint64, offset int64) {
	e := w.p.begin(number, offset)
	e.Text = line
	l := &w.l
	if !l.parse(line, &w.zone) { // what a script wrote to its standard error
		w.message.add(e, line)
		w.p.hand(w.origin)
		return
	}
	e.Time = l.time
	w.level.add(e, l.level)
	if l.pid != nil {
		w.pid.add(e, l.pid)
	}
	if l.client != nil {
		w.client.add(e, l.client)
	}
	w.message.add(e, l.message)
	w.p.hand(w.origin)
}
