package exercise

// What the sensor sees beside the mail server's own visitors.

func (s *site) workNetwork(each every) {
	each(&office, 130, s.browse)
	each(&always, 40, s.scanned)
	each(&office, 28, s.smtp)
	each(&always, 16, s.machineLookup)
	each(&office, 16, s.plainWeb)
	each(&always, 6, s.clockSync)
	each(&office, 3, s.webHosting)
}

func (s *site) seat() string { return s.user().seat }

// browse is a desk that looks a name up and speaks TLS to it.
func (s *site) browse(t int64) {
	to := &cloud[s.rand.n(len(cloud)-1)]
	from := s.seat()
	s.zeek.lookup(lookup{t: t, from: from, name: to.name, kind: "A", answers: to.address})
	if s.rand.chance(30) {
		s.zeek.lookup(lookup{t: t + 300, from: from, name: to.name, kind: "AAAA", answers: "2001:db8:10::" + to.address[len("203.0.113."):]})
	}
	s.zeek.conn(conn{t: t + 40*millisecond, from: from, to: to.address, port: 443, service: "ssl", duration: s.rand.long(90 * second), sent: int64(s.rand.between(700, 9000)), received: int64(s.rand.between(3000, 900_000))})
}

// scanned is the internet trying ports.
func (s *site) scanned(t int64) {
	from := "192.0.2." + string(number10(s.rand.between(10, 240)))
	port := pick(&s.rand, []int{22, 23, 23, 445, 1433, 3306, 3389, 5060, 5900, 6379, 8080, 8443, 9200, 2323, 81, 21})
	state := "S0"
	if s.rand.chance(25) {
		state = "REJ"
	}
	s.zeek.conn(conn{t: t, from: from, source: s.rand.between(1024, 65535), to: "198.51.100." + string(number10(s.rand.between(24, 30))), port: port, state: state})
}

// smtp is mail coming in and going out.
func (s *site) smtp(t int64) {
	c := conn{t: t, from: "203.0.113." + string(number10(s.rand.between(220, 250))), to: s.mail.ip, port: 25, service: "smtp", duration: s.rand.long(9 * second), sent: int64(s.rand.between(1200, 900_000)), received: int64(s.rand.between(300, 900))}
	if s.rand.chance(45) {
		c.from, c.to = c.to, c.from
	}
	s.zeek.conn(c)
}

// machineLookup is what servers and virus scanners look up; some of it has
// long labels that look random and are not.
func (s *site) machineLookup(t int64) {
	switch s.rand.n(6) {
	case 0:
		s.zeek.lookup(lookup{t: t, from: s.seat(), name: string(s.rand.hex(nil, 32, hexLower)) + ".avlookup.antivirus.example", kind: "A", answers: "127.0.0.2"})
	case 1:
		s.zeek.lookup(lookup{t: t, from: s.mail.ip, name: "partner" + string(number10(s.rand.n(40))) + ".example", kind: "TXT", answers: "TXT 34 v=spf1 mx ip4:203.0.113.225 -all"})
	case 2:
		s.zeek.lookup(lookup{t: t, from: s.mail.ip, name: "partner" + string(number10(s.rand.n(40))) + ".example", kind: "MX", answers: "mx.partner.example"})
	case 3:
		s.zeek.lookup(lookup{t: t, from: s.seat(), name: "_ldap._tcp.dc._msdcs." + dnsDomain, kind: "SRV", answers: s.dc.fqdn})
	case 4:
		s.zeek.lookup(lookup{t: t, from: s.seat(), name: "wpad." + dnsDomain, kind: "A"})
	case 5:
		s.zeek.lookup(lookup{t: t, from: s.files.ip, name: "deb.mirror.example", kind: "A", answers: "203.0.113.120"})
	}
}

// plainWeb is HTTP that nobody encrypts: revocation lists, updates, a printer.
func (s *site) plainWeb(t int64) {
	f := fetch{method: "GET", status: 200}
	f.t, f.from, f.port, f.duration = t, s.seat(), 80, s.rand.long(2*second)
	switch s.rand.n(4) {
	case 0:
		f.host, f.to, f.uri = "crl.trust-services.example", "203.0.113.51", "/root-g2.crl"
		f.agent, f.mime, f.received = "Microsoft-CryptoAPI/10.0", "application/pkix-crl", 812
	case 1:
		f.host, f.to, f.uri = "ocsp.trust-services.example", "203.0.113.50", "/MFEwTzBNMEswSTAJBgUrDgMCGgUABBTk"
		f.agent, f.mime, f.received = "Microsoft-CryptoAPI/10.0", "application/ocsp-response", 471
	case 2:
		f.host, f.to, f.uri = "update.office-suite.example", "203.0.113.40", "/pr/stream/"+string(s.rand.hex(nil, 8, hexLower))+".cab"
		f.agent, f.mime, f.received = "Microsoft-Delivery-Optimization/10.0", "application/vnd.ms-cab-compressed", int64(s.rand.between(40_000, 4_000_000))
	case 3:
		f.host, f.to, f.uri = "www.weather.example", "203.0.113.80", "/widget.json?place=townhall"
		f.agent, f.mime, f.received = browsers[0], "application/json", 1900
	}
	s.zeek.fetch(f)
}

func (s *site) clockSync(t int64) {
	s.zeek.conn(conn{t: t, from: s.dc.ip, source: 123, to: "203.0.113.70", port: 123, udp: true, service: "ntp", duration: 21 * millisecond, sent: 48, received: 48})
}

// webHosting is the press office keeping the public web site, over ssh.
func (s *site) webHosting(t int64) {
	s.zeek.conn(conn{t: t, from: "10.20.13.31", to: hoster, port: 22, service: "ssh", duration: s.rand.long(6 * minute), sent: int64(s.rand.between(4000, 600_000)), received: int64(s.rand.between(3000, 40_000))})
}
