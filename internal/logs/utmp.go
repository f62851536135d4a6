package logs

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// Login records as Linux keeps them in wtmp (logins, logouts, boots), btmp
// (failed logins) and utmp (utmp(5), the 384 bytes of 64-bit machines).
var utmpFormat = format{
	name: "utmp", binary: true, detect: detectUtmp,
	split: func(_ *splitState, buf []byte, _ bool) int { return len(buf) / utmpSize * utmpSize },
	parse: func(p *Parser, b *Block) {
		state(p, "utmp", newUtmpParser).parse(b)
	},
}

const utmpSize = 384

// The offsets in bytes of the fields of a record (struct utmp).
const (
	utmpPID  = 4
	utmpLine = 8
	utmpID   = 40
	utmpUser = 44
	utmpHost = 76
	utmpSec  = 340
	utmpUsec = 344
	utmpAddr = 348
)

// utmpKinds are the names of ut_type, from EMPTY to ACCOUNTING.
var utmpKinds = split("EMPTY RUN_LVL BOOT_TIME NEW_TIME OLD_TIME INIT_PROCESS LOGIN_PROCESS USER_PROCESS DEAD_PROCESS ACCOUNTING")

// detectUtmp: most of the first records that are not empty have a known type,
// text that is text, and a time since 1990. Records of NULs say nothing: a
// text log is full of them where a machine lost power.
func detectUtmp(head []byte, path string) (string, bool) {
	n := len(head) / utmpSize
	if n == 0 || len(head) < headSize && len(head)%utmpSize != 0 {
		return "", false
	}
	seen, bad := 0, 0
	for i := 0; i < n && seen < 8; i++ {
		r := head[i*utmpSize:][:utmpSize]
		if len(bytes.Trim(r, "\x00")) == 0 {
			continue
		}
		seen++
		kind, sec := binary.LittleEndian.Uint32(r), binary.LittleEndian.Uint32(r[utmpSec:])
		if kind >= uint32(len(utmpKinds)) || kind != 0 && sec < 631152000 || !cString(r[utmpLine:utmpID]) || !cString(r[utmpUser:utmpHost]) {
			bad++
		}
	}
	if seen == 0 || bad*3 > seen {
		return "", false
	}
	if strings.HasPrefix(path[strings.LastIndexAny(path, "/\\!")+1:], "btmp") {
		return "linux/btmp", true
	}
	return "linux/wtmp", true
}

// cString reports whether b is text, then NULs.
func cString(b []byte) bool {
	text := untilNUL(b)
	for _, c := range text {
		if c < ' ' {
			return false
		}
	}
	return len(bytes.Trim(b[len(text):], "\x00")) == 0
}

func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}

type utmpParser struct {
	p *Parser

	kind, user, terminal, host, pid, addr named
}

func newUtmpParser(p *Parser) *utmpParser {
	return &utmpParser{
		p: p, kind: p.named("type"), user: p.named("user"), terminal: p.named("terminal"),
		host: p.named("hostname"), pid: p.named("pid"), addr: p.named("addr"),
	}
}

func (u *utmpParser) parse(b *Block) {
	origin := u.p.router.Origin(b.File.Origin)
	for at := 0; at < len(b.Data); at += utmpSize {
		offset := b.Offset + int64(at)
		number := uint64(offset/utmpSize) + 1
		if len(b.Data)-at < utmpSize {
			u.p.damaged(number, offset, "cut short")
			return
		}
		u.record(origin, b.Data[at:at+utmpSize], number, offset)
	}
}

func (u *utmpParser) record(origin *event.Origin, r []byte, number uint64, offset int64) {
	kind := binary.LittleEndian.Uint32(r)
	if kind >= uint32(len(utmpKinds)) {
		u.p.damaged(number, offset, "a login record of an unknown type")
		return
	}
	e := u.p.begin(number, offset)
	if sec := int64(binary.LittleEndian.Uint32(r[utmpSec:])); sec != 0 {
		e.Time = sec*second + int64(binary.LittleEndian.Uint32(r[utmpUsec:]))*1000
	}
	u.kind.add(e, utmpKinds[kind])
	for _, f := range []struct {
		named
		value []byte
	}{{u.user, r[utmpUser:utmpHost]}, {u.terminal, r[utmpLine:utmpID]}, {u.host, r[utmpHost : utmpHost+256]}} {
		if text := untilNUL(f.value); len(text) > 0 {
			f.add(e, text)
		}
	}
	if pid := binary.LittleEndian.Uint32(r[utmpPID:]); pid != 0 {
		at := len(u.p.scratch)
		u.p.scratch = strconv.AppendUint(u.p.scratch, uint64(pid), 10)
		u.pid.add(e, u.p.scratch[at:])
	}
	if a := utmpAddress(r[utmpAddr : utmpAddr+16]); a.IsValid() {
		at := len(u.p.scratch)
		u.p.scratch = a.AppendTo(u.p.scratch)
		u.addr.add(e, u.p.scratch[at:])
	}
	u.p.hand(origin)
}

// utmpAddress reads ut_addr_v6: an IPv4 address stands in the first four
// bytes alone.
func utmpAddress(b []byte) netip.Addr {
	if len(bytes.Trim(b[4:], "\x00")) > 0 {
		return netip.AddrFrom16([16]byte(b))
	}
	if len(bytes.Trim(b[:4], "\x00")) > 0 {
		return netip.AddrFrom4([4]byte(b))
	}
	return netip.Addr{}
}
