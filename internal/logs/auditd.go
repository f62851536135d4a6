package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// Linux audit logs: "type=T msg=audit(seconds.millis:serial): k=v …". The
// records that share a stamp and serial are one event (auditd.conf(5),
// log_format RAW and ENRICHED; audit-documentation, "Audit event parsing").
var auditFormat = format{
	name: "auditd",
	detect: func(head []byte, _ string) (string, bool) {
		return "linux/auditd", most(head, func(line []byte) bool { _, ok := auditHeader(line); return ok })
	},
	split: splitAudit,
	parse: func(p *Parser, b *Block) {
		a := state(p, "auditd", newAuditParser)
		p.lines(b, a.line)
		for len(a.open) > 0 {
			a.close()
		}
	},
}

// An auditRecord is one line taken apart.
type auditRecord struct {
	node, kind []byte
	id         []byte // "1614700000.123:456"
	body       []byte
	line       []byte
	number     uint64
	offset     int64
}

// auditHeader reads the header of a line; false when it has none.
func auditHeader(line []byte) (r auditRecord, ok bool) {
	r.line = line
	rest := line
	if after, found := bytes.CutPrefix(rest, []byte("node=")); found {
		r.node, rest = cutWord(after)
		rest = bytes.TrimLeft(rest, " ")
	}
	if rest, ok = bytes.CutPrefix(rest, []byte("type=")); !ok {
		return r, false
	}
	r.kind, rest = cutWord(rest)
	if rest, ok = bytes.CutPrefix(rest, []byte(" msg=audit(")); !ok {
		return r, false
	}
	end := bytes.IndexByte(rest[:min(len(rest), 64)], ')')
	if end < 0 {
		return r, false
	}
	r.id, rest = rest[:end], rest[end+1:]
	for len(rest) > 0 && (rest[0] == ':' || rest[0] == ' ') {
		rest = rest[1:]
	}
	r.body = rest
	return r, true
}

// splitAudit cuts before the last event, whose records may not be all there.
func splitAudit(_ *splitState, buf []byte, end bool) int {
	if end {
		return len(buf)
	}
	n := bytes.LastIndexByte(buf, '\n') + 1
	var last []byte
	for n > 0 {
		start := bytes.LastIndexByte(buf[:n-1], '\n') + 1
		r, _ := auditHeader(buf[start:n])
		if last == nil {
			last = r.id
		}
		if !bytes.Equal(r.id, last) {
			return n
		}
		n = start
	}
	return 0
}

// The limits of joining: how many events may be open at a time, as the
// records of one may stand between those of others, and how many records
// one may have.
const (
	maxOpenEvents   = 16
	maxAuditRecords = 256
)

// An auditEvent is the records of one event met so far.
type auditEvent struct {
	records []auditRecord
}

type auditParser struct {
	p      *Parser
	origin *event.Origin
	open   []*auditEvent // oldest first
	free   []*auditEvent
	keys   map[string]*auditKey
	first  auditKey // stands before the first key of a record
	spare  auditKey

	kind, node, command, image, pid, ppid, user, dir, target, syscall named
}

func newAuditParser(p *Parser) *auditParser {
	return &auditParser{
		p: p, origin: p.router.Origin("linux/auditd"), keys: map[string]*auditKey{},
		kind: p.named("type"), node: p.named("node"), command: p.named("CommandLine"), image: p.named("Image"),
		pid: p.named("ProcessId"), ppid: p.named("ParentProcessId"), user: p.named("User"),
		dir: p.named("CurrentDirectory"), target: p.named("TargetFilename"), syscall: p.named("SYSCALL"),
	}
}

func (a *auditParser) line(line []byte, number uint64, offset int64) {
	r, ok := auditHeader(line)
	if !ok {
		a.p.damaged(number, offset, "not an audit record")
		return
	}
	r.number, r.offset = number, offset
	for i := len(a.open) - 1; i >= 0; i-- {
		if e := a.open[i]; bytes.Equal(e.records[0].id, r.id) && len(e.records) < maxAuditRecords {
			e.records = append(e.records, r)
			return
		}
	}
	if len(a.open) == maxOpenEvents {
		a.close()
	}
	var e *auditEvent
	if n := len(a.free); n > 0 {
		e, a.free = a.free[n-1], a.free[:n-1]
	} else {
		e = &auditEvent{}
	}
	e.records = append(e.records[:0], r)
	a.open = append(a.open, e)
}

// close hands on the oldest open event.
func (a *auditParser) close() {
	records := a.open[0].records
	a.free = append(a.free, a.open[0])
	a.open = a.open[:copy(a.open, a.open[1:])]
	first := &records[0]
	e := a.p.begin(first.number, first.offset)
	e.Text = a.text(records)
	if t, n := parseEpoch(first.id); n > 0 {
		e.Time = t
	}
	if first.node != nil {
		e.Host = first.node
		a.node.add(e, first.node)
	}
	var part [auditParts][]byte
	for i := range records {
		r := &records[i]
		a.kind.add(e, r.kind)
		a.fields(e, r, &part)
	}
	a.derive(e, records, &part)
	a.p.hand(a.origin)
}

// text returns the lines of an event as one: as they stand in the file when
// they follow each other there, else joined.
func (a *auditParser) text(records []auditRecord) []byte {
	first, last := &records[0], &records[len(records)-1]
	if len(records) == 1 {
		return first.line
	}
	if n := last.offset + int64(len(last.line)) - first.offset; last.number-first.number == uint64(len(records)-1) && n <= int64(cap(first.line)) {
		return first.line[:n]
	}
	at := len(a.p.scratch)
	for i := range records {
		if i > 0 {
			a.p.scratch = append(a.p.scratch, '\n')
		}
		a.p.scratch = append(a.p.scratch, records[i].line...)
	}
	return a.p.scratch[at:]
}

// An auditKey is one key of the pairs, resolved.
type auditKey struct {
	named
	part    auditPart
	encoded bool      // values are written in hex when they hold blanks, quotes or control characters
	after   *auditKey // what followed it last time
}

// auditPart is what a key means to the derived fields.
type auditPart uint8

const (
	noPart auditPart = iota
	exePart
	pidPart
	ppidPart
	uidPart
	userPart
	cwdPart
	titlePart
	archPart
	numberPart
	namePart
	nameTypePart
	auditParts
)

var auditPartNames = map[string]auditPart{
	"exe": exePart, "pid": pidPart, "ppid": ppidPart, "uid": uidPart, "UID": userPart, "cwd": cwdPart,
	"proctitle": titlePart, "arch": archPart, "syscall": numberPart, "name": namePart, "nametype": nameTypePart,
}

// auditEncoded are the keys whose values may be in hex.
var auditEncoded = map[string]bool{
	"proctitle": true, "name": true, "exe": true, "comm": true, "cwd": true, "cmd": true, "acct": true, "path": true,
	"dir": true, "data": true, "key": true, "root_dir": true, "vm": true, "file": true, "grp": true, "new_group": true,
}

// key returns the key called name, which follows last. Keys come in the same
// order record after record, so that it is mostly known without a search.
func (a *auditParser) key(name []byte, last *auditKey) *auditKey {
	if k := last.after; k != nil && string(name) == k.name {
		return k
	}
	k := a.keys[string(name)]
	if k == nil {
		s := string(name)
		made := auditKey{named: a.p.named(s), part: auditPartNames[s], encoded: auditEncoded[s]}
		if len(a.keys) == maxFields { // no log has so many: do not keep it
			a.spare = made
			return &a.spare
		}
		k = &made
		a.keys[s] = k
	}
	last.after = k
	return k
}

// fields adds the fields of one record.
func (a *auditParser) fields(e *event.Event, r *auditRecord, part *[auditParts][]byte) {
	exec := string(r.kind) == "EXECVE"
	part[namePart], part[nameTypePart] = nil, nil
	k := &a.first
	t := auditTokens{rest: r.body}
	for t.next() {
		name, value := t.key, t.value
		if t.absent() {
			continue
		}
		arg := false
		if exec {
			name, arg = argument(name)
		}
		k = a.key(name, k)
		if !t.quoted && (arg || k.encoded) {
			value = a.unhexed(value, k.part == titlePart)
		}
		k.add(e, value)
		part[k.part] = value
	}
	if string(part[nameTypePart]) == "CREATE" && part[namePart] != nil {
		a.target.offer(e, part[namePart])
	}
}

// commandLine joins the arguments of the EXECVE records with blanks.
func (a *auditParser) commandLine(records []auditRecord) []byte {
	at := len(a.p.scratch)
	var last []byte
	for i := range records {
		if string(records[i].kind) != "EXECVE" {
			continue
		}
		t := auditTokens{rest: records[i].body}
		for t.next() {
			key, ok := argument(t.key)
			if !ok {
				continue
			}
			if last != nil && !bytes.Equal(key, last) {
				a.p.scratch = append(a.p.scratch, ' ')
			}
			last = key
			if t.quoted {
				a.p.scratch = append(a.p.scratch, t.value...)
			} else {
				a.p.scratch = appendUnhexed(a.p.scratch, t.value)
			}
		}
	}
	return a.p.scratch[at:len(a.p.scratch):len(a.p.scratch)]
}

// argument returns the name of the argument that a key of an EXECVE record
// gives, a1 also for "a1[0]" of one that comes in parts; false for the
// length that goes before such parts, and for every other key.
func argument(key []byte) ([]byte, bool) {
	if len(key) < 2 || key[0] != 'a' || key[1]-'0' > 9 || key[len(key)-1] == 'n' {
		return key, false
	}
	if key[len(key)-1] == ']' {
		key = key[:max(bytes.IndexByte(key, '['), 0)]
	}
	return key, true
}

// derive adds the names under which Sigma's rules on processes and files ask.
func (a *auditParser) derive(e *event.Event, records []auditRecord, part *[auditParts][]byte) {
	if line := a.commandLine(records); len(line) > 0 {
		a.command.add(e, line)
	} else if title := part[titlePart]; len(title) > 0 {
		a.command.offer(e, title)
	}
	user := part[userPart]
	if uid := part[uidPart]; user == nil && len(uid) == 1 && uid[0] == '0' {
		user = rootName
	}
	for _, d := range [...]struct {
		*named
		value []byte
	}{{&a.image, part[exePart]}, {&a.pid, part[pidPart]}, {&a.ppid, part[ppidPart]}, {&a.dir, part[cwdPart]}, {&a.user, user}} {
		if len(d.value) > 0 {
			d.offer(e, d.value)
		}
	}
	if number := part[numberPart]; number != nil && a.syscall.id != 0 && e.Get(a.syscall.id) == nil {
		if name := syscallName(part[archPart], digits(number, 0, len(number))); name != "" {
			at := len(a.p.scratch)
			a.p.scratch = append(a.p.scratch, name...)
			a.syscall.add(e, a.p.scratch[at:])
		}
	}
}

var rootName = []byte("root")

// unhexed decodes a value in hex; what is none stays as it is. zeros, which
// stand between the arguments of a title, become blanks.
func (a *auditParser) unhexed(value []byte, zeros bool) []byte {
	at := len(a.p.scratch)
	a.p.scratch = appendUnhexed(a.p.scratch, value)
	out := a.p.scratch[at:len(a.p.scratch):len(a.p.scratch)]
	if zeros {
		out = bytes.TrimRight(out, "\x00")
		for i, c := range out {
			if c == 0 {
				out[i] = ' '
			}
		}
	}
	return out
}

// appendUnhexed appends the bytes that value gives in hex, or value itself.
func appendUnhexed(dst, value []byte) []byte {
	if len(value) == 0 || len(value)%2 != 0 {
		return append(dst, value...)
	}
	at := len(dst)
	for i := 0; i < len(value); i += 2 {
		high, low := unhex(value[i]), unhex(value[i+1])
		if high > 15 || low > 15 {
			return append(dst[:at], value...)
		}
		dst = append(dst, high<<4|low)
	}
	return dst
}

// auditTokens walks through "k=v" pairs: v is a word, or quoted, or a group
// (msg='k=v …', SADDR={ k=v … }) whose pairs are walked through in its place.
type auditTokens struct {
	rest       []byte
	key, value []byte
	quoted     bool
}

// absent reports whether the value says that there is none.
func (t *auditTokens) absent() bool {
	if len(t.value) == 0 {
		return !t.quoted
	}
	switch t.value[0] {
	case '?':
		return len(t.value) == 1
	case '(':
		return string(t.value) == "(null)" || string(t.value) == "(none)"
	}
	return false
}

func (t *auditTokens) next() bool {
	for {
		// Words before the equals sign that are no pair are passed over.
		start, eq := 0, 0
		for ; eq < len(t.rest) && t.rest[eq] != '='; eq++ {
			switch t.rest[eq] {
			case ' ', '\x1d', ',', '\'', '}':
				start = eq + 1
			}
		}
		if eq == len(t.rest) {
			return false
		}
		t.key = t.rest[start:eq]
		t.rest = t.rest[eq+1:]
		if len(t.key) == 0 || len(t.key) > 64 {
			continue
		}
		t.quoted = false
		if len(t.rest) == 0 {
			t.value = nil
			return true
		}
		switch t.rest[0] {
		case '\'', '{': // a group: its pairs follow
			t.rest = t.rest[1:]
			continue
		case '"':
			t.rest = t.rest[1:]
			end := bytes.IndexByte(t.rest, '"')
			if end < 0 {
				end = len(t.rest)
			}
			t.value, t.rest, t.quoted = t.rest[:end], t.rest[min(end+1, len(t.rest)):], true
			return true
		}
		end := 0
		for end < len(t.rest) && t.rest[end] != ' ' && t.rest[end] != '\x1d' {
			end++
		}
		t.value, t.rest = t.rest[:end], t.rest[end:]
		if end > 0 && t.value[end-1] == '\'' { // the end of a group
			t.value = t.value[:end-1]
		}
		return true
	}
}
