package exercise

import (
	"errors"
	"strings"
)

// A log is one file, or one file a day, being written.
type log interface {
	flush(until int64) error
	close() error
	size() int64 // bytes, once closed
	files() int
	found() []*Truth
}

// A site is one town hall: a mail server, a domain controller, a file server
// that runs Linux, and the sensor at its border. The first site is the one
// that is attacked.
type site struct {
	root   string
	number int
	scale  uint64 // of the ordinary work, 16.16 fixed point
	rand   rng
	logs   []log

	mail  *mailServer
	dc    *windowsHost
	files *linuxHost
	zeek  *sensor
	users []user

	admin, helper, backup, scans account
	adminSeat, helpSeat          string
	adminSeats, copiers          int // how many there are

	line, id, uid []byte // scratch
}

func newSite(root string, number int, seed, scale uint64) *site {
	s := &site{root: root, number: number, scale: scale, rand: rng{seed ^ uint64(number)*0x9e3779b97f4a7c15}}
	s.admin = account{name: "it.admin", domain: domain, sid: rid(ridAdmin)}
	s.helper = account{name: "it.helpdesk", domain: domain, sid: rid(ridHelp)}
	s.backup = account{name: "svc-backup", domain: domain, sid: rid(ridBackup)}
	s.scans = account{name: "svc-scan", domain: domain, sid: rid(ridScan)}
	s.adminSeat, s.helpSeat = "10.20.10.21", "10.20.10.22"
	s.people()
	s.dc = s.windowsHost("DC"+two(number), "10.20.1.10", 211)
	s.mail = s.mailServer()
	s.files = s.linuxHost()
	s.zeek = &sensor{
		site:  s,
		conns: s.text("sensor"+two(number)+"/{2006-01-02}/conn.log", zeekHeader("conn", connFields, connTypes), zeekFooter),
		dns:   s.text("sensor"+two(number)+"/{2006-01-02}/dns.log", zeekHeader("dns", dnsFields, dnsTypes), zeekFooter),
		http:  s.text("sensor"+two(number)+"/{2006-01-02}/http.log", zeekHeader("http", httpFields, httpTypes), zeekFooter),
	}
	return s
}

func rid(n int) string              { return domainSID + "-" + string(number10(n)) }
func number10(n int) []byte         { return number(nil, int64(n)) }
func two(n int) string              { return string(decimal(nil, int64(n), 2)) }
func (*site) lower(s string) string { return strings.ToLower(s) }

func (s *site) text(name string, header, footer func([]byte, int64) []byte) *textLog {
	l := &textLog{root: s.root, name: name, header: header, footer: footer}
	s.logs = append(s.logs, l)
	return l
}

// people fills the town hall: the more work, the more desks, copiers and
// administrators, so that each has a person's day.
func (s *site) people() {
	times := max(1, int(s.scale>>16))
	s.copiers, s.adminSeats = min(200, 1+times/2), min(200, 1+times/4)
	for i := range len(desks) * min(times, 200) {
		u := user{name: desks[i%len(desks)], rid: ridFirst + i}
		if i >= len(desks) {
			u.name += string(number10(1 + i/len(desks)))
		}
		u.seat = "10.20." + string(number10(13+i/200)) + "." + string(number10(20+i%200))
		u.away = "203.0.113." + string(number10(130+i%70))
		if i/70%2 == 1 {
			u.away = "198.51.100." + string(number10(100+i%70))
		}
		if i%3 != 2 {
			u.phone = phoneAgents[i%len(phoneAgents)]
		}
		s.users = append(s.users, u)
	}
}

// seatOfAdmin is the computer of one of the administrators.
func (s *site) seatOfAdmin() string {
	return "10.20.10." + string(number10(21+s.rand.n(s.adminSeats)))
}

// lag is how long records wait, because what happens in a slot may write
// records of a little before.
const lag = 30 * second

// run writes the site's logs, slot by slot.
func (s *site) run(stop func() bool) error {
	slot := 10 * minute
	if s.scale > 64<<16 { // keep a slot to a few megabytes
		slot = minute
	}
	var story []step
	if s.number == 1 {
		story = s.story()
	}
	agenda := s.agenda()
	var err error
	for t := start; t < end && err == nil && !stop(); t += slot {
		s.work(t, slot)
		for len(agenda) > 0 && agenda[0].t < t+slot {
			agenda[0].do(agenda[0].t)
			agenda = agenda[1:]
		}
		for len(story) > 0 && story[0].t < t+slot {
			story[0].do(story[0].t)
			story = story[1:]
		}
		for _, l := range s.logs {
			if e := l.flush(t + slot - lag); e != nil {
				err = e
				break
			}
		}
	}
	for _, l := range s.logs {
		if err == nil {
			err = l.flush(end)
		}
		err = errors.Join(err, l.close())
	}
	return err
}

// A step is something that happens at a fixed time.
type step struct {
	t  int64
	do func(t int64)
}

// times returns how often something that happens perDay times on a working
// day happens in the slot that starts at t.
func (s *site) times(t, slot int64, r *rhythm, perDay int) int {
	const hours = uint64(hour / second)
	n := uint64(perDay) * s.scale * r.weight(t) * uint64(slot/second) / (1000 * hours)
	return int((n + s.rand.next()&0xffff) >> 16)
}

// each calls do that often, at moments of the slot.
func (s *site) each(t, slot int64, r *rhythm, perDay int, do func(t int64)) {
	for range s.times(t, slot, r, perDay) {
		do(t + s.rand.long(slot))
	}
}
