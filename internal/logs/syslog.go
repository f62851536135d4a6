package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// Syslog as files hold it: RFC 5424 lines, RFC 3164 lines with or without
// their priority, and rsyslog's lines with an RFC 3339 stamp.
var syslogFormat = format{
	name: "syslog",
	detect: func(head []byte, _ string) (string, bool) {
		var s syslogLine
		var z zone
		return "linux/syslog", most(head, func(line []byte) bool {
			return s.parse(line, &z, farFuture) && (len(s.program) > 0 || s.version)
		})
	},
	parse: func(p *Parser, b *Block) {
		s := state(p, "syslog", newSyslogParser)
		s.zone, s.latest = b.File.zone(), b.File.latest()

		p.lines(b, s.line)
	},
}

// farFuture stands for "any year" where only the form of a stamp counts.
const farFuture = int64(1) << 62

// A syslogLine is one line taken apart. Absent parts are nil.
type syslogLine struct {
	time               int64 // event.NoTime for the nil value of RFC 5424
	priority           int   // -1 when there is none
	version            bool  // RFC 5424
	host, program, pid []byte
	msgID, data, text  []byte
}

// parse takes line apart; false when it has no syslog header.
func (s *syslogLine) parse(line []byte, z *zone, latest int64) bool {
	*s = syslogLine{priority: -1}
	rest := line
	if len(rest) > 2 && rest[0] == '<' { // RFC 5424, 6.2.1; RFC 3164, 4.1.1
		i := bytes.IndexByte(rest[:min(len(rest), 5)], '>')
		if i < 2 {
			return false
		}
		s.priority = digits(rest, 1, i-1)
		if s.priority < 0 || s.priority > 191 {
			return false
		}
		rest = rest[i+1:]
		if len(rest) > 2 && rest[0] == '1' && rest[1] == ' ' {
			return s.parse5424(rest[2:], z)
		}
	}
	var n int
	if s.time, n = parseBSD(rest, z, latest); n == 0 {
		if len(rest) < 11 || rest[10] != 'T' {
			return false
		}
		if s.time, n = parseISO(rest, z); n == 0 {
			return false
		}
	}
	if n < len(rest) && rest[n] == ':' { // Cisco writes one after the stamp
		n++
	}
	if n >= len(rest) || rest[n] != ' ' {
		return false
	}
	rest = rest[n+1:]
	host, rest, ok := bytes.Cut(rest, []byte{' '})
	if !ok || len(host) == 0 || len(host) > 255 {
		return false
	}
	if s.priority < 0 && levels[string(host)] {
		return false // a program's own log: stamp, level, part of the program
	}
	if tag := host[len(host)-1]; tag == ':' || tag == ']' { // no host, as local sockets write it
		rest = line[len(line)-len(rest)-len(host)-1:]
	} else {
		s.host = host
	}
	s.tag(rest)
	return true
}

// levels are words that stand where a host would, and name none.
var levels = map[string]bool{
	"TRACE": true, "DEBUG": true, "INFO": true, "NOTICE": true, "WARN": true, "WARNING": true, "ERROR": true, "ERR": true,
	"FATAL": true, "CRITICAL": true, "PANIC": true,
}

// tag reads "program[pid]: " (RFC 3164, 4.1.3); a line may have none.
func (s *syslogLine) tag(rest []byte) {
	s.text = rest
	for i, c := range rest[:min(len(rest), 128)] {
		switch {
		case c == ':' && i > 0 && (i+1 == len(rest) || rest[i+1] == ' '):
			s.program, s.text = rest[:i], bytes.TrimPrefix(rest[i+1:], []byte{' '})
			return
		case c == '[' && i > 0:
			end := bytes.IndexByte(rest[i:min(len(rest), i+64)], ']')
			if end < 0 {
				return
			}
			s.program, s.pid = rest[:i], rest[i+1:i+end]
			s.text = bytes.TrimPrefix(bytes.TrimPrefix(rest[i+end+1:], []byte{':'}), []byte{' '})
			return
		case c == ' ':
			return
		}
	}
}

// parse5424 reads a header after its version: stamp, host, program, pid and
// message id, "-" for what is absent, then structured data (RFC 5424, 6.2, 6.3).
func (s *syslogLine) parse5424(rest []byte, z *zone) bool {
	s.version = true
	var part [5][]byte
	for i := range part {
		word, after, ok := bytes.Cut(rest, []byte{' '})
		if !ok || len(word) == 0 {
			return false
		}
		if !bytes.Equal(word, dash) {
			part[i] = word
		}
		rest = after
	}
	s.time = event.NoTime
	if part[0] != nil {
		n := 0
		if s.time, n = parseISO(part[0], z); n == 0 {
			return false
		}
	}
	s.host, s.program, s.pid, s.msgID = part[1], part[2], part[3], part[4]
	if len(rest) > 0 && rest[0] == '[' {
		n := structured(rest, nil)
		if n == 0 {
			return false
		}
		s.data, rest = rest[:n], rest[n:]
	} else if len(rest) > 0 && rest[0] == '-' {
		rest = rest[1:]
	} else {
		return false
	}
	s.text = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte{' '}), bomUTF8)
	return true
}

// structured reads structured data at the start of b, calls f for each of
// its parameters, and returns its length; 0 when it is malformed.
func structured(b []byte, f func(id, name, value []byte)) int {
	at := 0
	for at < len(b) && b[at] == '[' {
		end := bytes.IndexAny(b[at:], " ]")
		if end < 2 {
			return 0
		}
		id := b[at+1 : at+end]
		at += end
		for b[at] == ' ' {
			eq := bytes.IndexByte(b[at:], '=')
			if eq < 2 || at+eq+1 >= len(b) || b[at+eq+1] != '"' {
				return 0
			}
			name := b[at+1 : at+eq]
			at += eq + 2
			start := at
			for at < len(b) && b[at] != '"' {
				if b[at] == '\\' {
					at++
				}
				at++
			}
			if at+1 >= len(b) {
				return 0
			}
			if f != nil {
				f(id, name, b[start:at])
			}
			at++
		}
		if b[at] != ']' {
			return 0
		}
		at++
	}
	return at
}

// The names of facilities and severities (RFC 5424, 6.2.1, tables 1 and 2).
var (
	facilities = split("kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock " +
		"local0 local1 local2 local3 local4 local5 local6 local7")
	severities = split("emerg alert crit err warning notice info debug")
)

func split(words string) [][]byte { return bytes.Fields([]byte(words)) }

type syslogParser struct {
	p      *Parser
	zone   zone
	latest int64

	l      syslogLine
	origin *event.Origin

	message, host, program, pid, facility, severity, msgID named
}

func newSyslogParser(p *Parser) *syslogParser {
	return &syslogParser{
		p: p, origin: p.router.Origin("linux/syslog"),
		message: p.named("message"), host: p.named("host"), program: p.named("program"), pid: p.named("pid"),
		facility: p.named("facility"), severity: p.named("severity"), msgID: p.named("msgid"),
	}
}

func (s *syslogParser) line(line []byte, number uint64, offset int64) {
	l := &s.l
	e := s.p.begin(number, offset)
	e.Text = line
	if !l.parse(line, &s.zone, s.latest) {
		// A message with line breaks goes on in lines without a header: what
		// they say is searched, and no one is named as having said it.
		s.message.add(e, line)
		s.p.hand(s.origin)
		return
	}
	e.Time, e.Host = l.time, l.host
	if l.host != nil {
		s.host.add(e, l.host)
	}
	if l.program != nil {
		s.program.add(e, l.program)
	}
	if l.pid != nil {
		s.pid.add(e, l.pid)
	}
	if l.priority >= 0 {
		s.facility.add(e, facilities[l.priority/8])
		s.severity.add(e, severities[l.priority%8])
	}
	if l.msgID != nil {
		s.msgID.add(e, l.msgID)
	}
	if l.data != nil {
		structured(l.data, s.parameter)
	}
	s.message.add(e, l.text)
	origin := s.origin
	switch string(l.program) {
	case "sudo":
		s.p.addSudo(l.text)
	case "sysmon": // for Linux: an event as XML
		if bytes.HasPrefix(l.text, []byte("<Event>")) {
			if o, err := s.p.eventXML(l.text); err == nil {
				origin = o
			}
		}
	}
	s.p.hand(origin)
}

// parameter adds one parameter of structured data as "id.name".
func (s *syslogParser) parameter(id, name, value []byte) {
	p := s.p
	at := len(p.scratch)
	p.scratch = append(append(append(p.scratch, id...), '.'), name...)
	field := p.field(p.scratch[at:])
	if bytes.IndexByte(value, '\\') >= 0 { // RFC 5424, 6.3.3
		at := len(p.scratch)
		for i := 0; i < len(value); i++ {
			if value[i] == '\\' && i+1 < len(value) && (value[i+1] == '"' || value[i+1] == '\\' || value[i+1] == ']') {
				i++
			}
			p.scratch = append(p.scratch, value[i])
		}
		value = p.scratch[at:]
	}
	field.add(p.ev, value)
}
