package exercise

// The ordinary work of the mail server: people reading mail, machines
// checking on it, and the internet knocking.

// work is what happens in a slot at random moments.
func (s *site) work(t, slot int64) {
	each := func(r *rhythm, perDay int, do func(t int64)) { s.each(t, slot, r, perDay, do) }
	each(&office, 30, s.readMail)
	each(&phones, 18, s.syncPhone)
	each(&office, 5, s.webMail)
	each(&office, 8, s.discover)
	each(&office, 4, s.oldOutlook)
	each(&office, 8, s.calendarMac)
	each(&always, 36, s.healthCheck)
	each(&always, 44, s.knock)
	each(&office, 3, s.administer)
	each(&always, 8, s.panelProbe)

	s.workWindows(each)
	s.workNetwork(each)
	s.workLinux(each)
}

type every func(r *rhythm, perDay int, do func(t int64))

func (s *site) user() *user { return &s.users[s.rand.n(len(s.users))] }

func (u *user) sid() string { return rid(u.rid) }

// readMail is Outlook at a desk, over MAPI.
func (s *site) readMail(t int64) {
	u := s.user()
	stem, agent := "/mapi/emsmdb/", outlook
	if s.rand.chance(15) {
		stem, agent = "/mapi/nspi/", outlook2
	}
	query := "MailboxId=" + s.rand.guidString() + "@" + dnsDomain
	auth := "Negotiate"
	r := request{
		t: t, client: u.seat, method: "POST", stem: stem, query: query, agent: agent,
		protocol: "Mapi", auth: auth, hint: "MailboxGuidWithDomain", anchor: "MailboxGuid~" + s.rand.guidString(),
	}
	if s.rand.chance(12) { // the challenge before the ticket
		r.status, r.sub, r.win32, r.taken = 401, 1, 2148074254, s.rand.between(1, 9)
		s.mail.request(r)
		r.t += 80 * millisecond
	}
	r.user, r.backend = domain+`\`+u.name, "Proxy"
	r.status, r.sub, r.win32, r.taken, r.sent = 200, 0, 0, s.rand.between(6, 240), s.rand.between(800, 42000)
	s.mail.request(r)
	if s.rand.chance(30) {
		a := s.mail.logon(t+2*millisecond, u.account(), logon{kind: 3, process: "Kerberos", pack: "Kerberos", address: u.seat, port: s.rand.between(49152, 65535)}, nil)
		s.mail.logoff(t+s.rand.long(4*minute), a, 3)
	}
}

// syncPhone is ActiveSync.
func (s *site) syncPhone(t int64) {
	u := s.user()
	for u.phone == "" {
		u = s.user()
	}
	cmd := pick(&s.rand, []string{"Ping", "Ping", "Ping", "Sync", "Sync", "FolderSync"})
	taken := s.rand.between(30, 900)
	if cmd == "Ping" {
		taken = s.rand.between(60_000, 900_000)
	}
	s.mail.request(request{
		t: t, client: u.away, method: "POST", stem: "/Microsoft-Server-ActiveSync/default.eas",
		query: "Cmd=" + cmd + "&User=" + domain + "%5C" + u.name + "&DeviceId=" + string(s.deviceID(u)) + "&DeviceType=iPhone",
		user:  domain + `\` + u.name, agent: u.phone, status: 200, taken: taken, sent: s.rand.between(200, 9000),
		protocol: "Eas", auth: "Basic", backend: "Proxy", anchor: "Sid~" + u.sid(), hint: "WindowsIdentity",
	})
	if cmd == "FolderSync" {
		a := s.mail.logon(t, u.account(), logon{kind: 8, process: "Advapi  ", pack: "Negotiate", workstation: s.mail.name, by: s.mail.pools["MSExchangeOWAAppPool"], address: u.away, port: s.rand.between(49152, 65535)}, nil)
		s.mail.logoff(t+s.rand.long(3*minute), a, 8)
	}
}

// deviceID is the same for a user each time.
func (s *site) deviceID(u *user) []byte {
	r := rng{uint64(u.rid) * 0x2545f4914f6cdd1d}
	return r.hex(s.id[:0], 32, hexUpper)
}

// webMail is somebody who signs in to Outlook on the web, sometimes with a
// wrong password first.
func (s *site) webMail(t int64) {
	u := s.user()
	client := u.away
	if s.rand.chance(40) {
		client = u.seat
	}
	agent := browsers[u.rid%len(browsers)]
	r := request{t: t, client: client, agent: agent, method: "GET", stem: "/owa/", status: 302, taken: 12, protocol: "Owa", auth: "FBA"}
	s.mail.request(r)
	page := request{t: t + 300*millisecond, client: client, agent: agent, method: "GET", stem: "/owa/auth/logon.aspx", query: "url=https%3a%2f%2fmail.townhall.example%2fowa%2f&reason=0", status: 200, taken: 31, sent: 28000, protocol: "Owa", auth: "FBA"}
	s.mail.request(page)
	for i := range 2 {
		s.mail.request(request{t: t + 500*millisecond + int64(i)*40*millisecond, client: client, agent: agent, method: "GET", stem: pick(&s.rand, statics), status: 200, taken: s.rand.between(1, 20), sent: s.rand.between(900, 60000)})
	}
	t += int64(s.rand.between(6, 40)) * second
	if s.rand.chance(22) {
		s.wrongPassword(t, u, client, agent)
		t += int64(s.rand.between(7, 25)) * second
	}
	s.mail.request(request{t: t, client: client, agent: agent, method: "POST", stem: "/owa/auth.owa", user: u.name, status: 302, taken: s.rand.between(40, 260), protocol: "Owa", auth: "FBA", anchor: "Sid~" + u.sid(), hint: "WindowsIdentity"})
	a := s.mail.logon(t, u.account(), logon{kind: 8, process: "Advapi  ", pack: "Negotiate", workstation: s.mail.name, by: s.mail.pools["MSExchangeOWAAppPool"], address: client, port: s.rand.between(49152, 65535)}, nil)
	s.mail.logoff(t+s.rand.long(30*minute), a, 8)
	for range s.rand.between(2, 5) {
		t += int64(s.rand.between(1, 50)) * second
		action := pick(&s.rand, []string{"FindItem", "GetItem", "FindConversation", "GetFolder", "CreateItem", "SubscribeToNotification", "MarkAsRead"})
		s.mail.request(request{
			t: t, client: client, agent: agent, method: "POST", stem: "/owa/service.svc", query: "action=" + action + "&EP=1&ID=-" + string(number10(s.rand.between(4, 90))) + "&AC=1",
			user: domain + `\` + u.name, status: 200, taken: s.rand.between(10, 300), sent: s.rand.between(500, 32000),
			protocol: "Owa", auth: "FBA", backend: "Proxy", anchor: "Sid~" + u.sid(), hint: "WindowsIdentity",
		})
	}
}

func (s *site) wrongPassword(t int64, u *user, client, agent string) {
	s.mail.request(request{t: t, client: client, agent: agent, method: "POST", stem: "/owa/auth.owa", user: u.name, status: 302, taken: s.rand.between(300, 900), protocol: "Owa", auth: "FBA"})
	s.mail.request(request{t: t + 200*millisecond, client: client, agent: agent, method: "GET", stem: "/owa/auth/logon.aspx", query: "url=https%3a%2f%2fmail.townhall.example%2fowa%2f&reason=2", status: 200, taken: 15, sent: 28400, protocol: "Owa", auth: "FBA"})
	s.mail.badLogon(t-40*millisecond, u.name, false, logon{kind: 8, process: "Advapi  ", pack: "Negotiate", workstation: s.mail.name, by: s.mail.pools["MSExchangeOWAAppPool"], address: client, port: s.rand.between(49152, 65535)}, nil)
}

// discover is a client that asks where its mailbox is.
func (s *site) discover(t int64) {
	u := s.user()
	client, agent := u.seat, outlook
	if s.rand.chance(25) {
		client, agent = u.away, appleEWS
	}
	r := request{t: t, client: client, agent: agent, method: "POST", stem: "/autodiscover/autodiscover.xml", host: discoverName, protocol: "Autodiscover", auth: "Negotiate"}
	r.status, r.sub, r.win32, r.taken = 401, 1, 2148074254, 2
	s.mail.request(r)
	r.t += 60 * millisecond
	r.user, r.status, r.sub, r.win32, r.taken, r.sent = domain+`\`+u.name, 200, 0, 0, s.rand.between(12, 90), 3900
	r.backend, r.anchor, r.hint = "Proxy", "Smtp~"+u.name+"@"+dnsDomain, "WindowsIdentity"
	s.mail.request(r)
}

// oldOutlook is an Outlook of before 2013, over RPC.
func (s *site) oldOutlook(t int64) {
	u := s.user()
	method := pick(&s.rand, []string{"RPC_IN_DATA", "RPC_OUT_DATA"})
	s.mail.request(request{
		t: t, client: u.seat, agent: "MSRPC", method: method, stem: "/rpc/rpcproxy.dll", query: s.rand.guidString() + "@" + dnsDomain + ":6001",
		user: domain + `\` + u.name, status: 200, taken: s.rand.between(400, 9000), sent: 1800,
		protocol: "RpcHttp", auth: "Negotiate", backend: "Proxy", anchor: "MailboxGuid~" + s.rand.guidString(), hint: "MailboxGuidWithDomain",
	})
}

// calendarMac is a Mac's calendar, over Exchange Web Services.
func (s *site) calendarMac(t int64) {
	u := s.user()
	s.mail.request(request{
		t: t, client: u.away, agent: appleEWS, method: "POST", stem: "/EWS/Exchange.asmx", user: domain + `\` + u.name,
		status: 200, taken: s.rand.between(15, 400), sent: s.rand.between(700, 16000),
		protocol: "Ews", auth: "NTLM", backend: "Proxy", anchor: "Sid~" + u.sid(), hint: "WindowsIdentity",
	})
}

// healthCheck is the monitoring asking each service whether it is well.
func (s *site) healthCheck(t int64) {
	stem := pick(&s.rand, []string{"/owa/healthcheck.htm", "/ecp/healthcheck.htm", "/mapi/healthcheck.htm", "/ews/healthcheck.htm", "/rpc/healthcheck.htm", "/oab/healthcheck.htm"})
	s.mail.request(request{t: t, client: "10.20.1.60", agent: "Watchtower-Check/7.4", method: "GET", stem: stem, status: 200, taken: s.rand.between(0, 4), sent: 24})
}

// knock is the internet: crawlers, and scanners for whatever is new.
func (s *site) knock(t int64) {
	k := &knocks[s.rand.n(len(knocks))]
	client := "192.0.2." + string(number10(s.rand.between(10, 240)))
	r := request{t: t, client: client, agent: k.agent, method: k.method, stem: k.stem, query: k.query, status: k.status, taken: s.rand.between(0, 40), sent: 1300}
	if k.status == 404 {
		r.win32 = 2
	}
	s.mail.request(r)
}

// panelProbe is Exchange testing its own control panel.
func (s *site) panelProbe(t int64) {
	box := "HealthMailbox" + string(rngOf(t/day).hex(nil, 7, hexLower)) + "@" + dnsDomain
	s.mail.back(request{t: t, method: "GET", stem: "/ecp/", query: "exsvurl=1&id=AMProbe", user: box, agent: "Mozilla/4.0 (compatible; MSIE 9.0; Windows NT 6.1; MSEXCHMON; ACTIVEMONITORING; AMPROBE)", status: 200, taken: s.rand.between(10, 90)})
	s.mail.controlPanel(t+millisecond, "S:CMD=Get-InboxRule", "/ecp/RulesEditor/InboxRules.svc/GetList?msExchEcpCanary="+canary, nil)
}

func rngOf(n int64) *rng { return &rng{uint64(n) * 0x9e3779b97f4a7c15} }

// administer is the administrator in the control panel.
func (s *site) administer(t int64) {
	visits := []struct{ stem, schema, command string }{
		{"/ecp/DDI/DDIService.svc/GetList", "MailboxService", "S:CMD=Get-Recipient.ResultSize=500.PropertySet='ConsoleLargeSet'"},
		{"/ecp/DDI/DDIService.svc/GetObject", "MailboxService", "S:CMD=Get-Mailbox.Identity='4f2b8f0e-5a0d-4b4e-9a53-0d8e4a7f1c11'"},
		{"/ecp/DDI/DDIService.svc/SetObject", "EditMailboxService", "'S:CMD=Set-Mailbox.EmailAddressPolicyEnabled=$true.Identity=''4f2b8f0e-5a0d-4b4e-9a53-0d8e4a7f1c11'''"},
		{"/ecp/DDI/DDIService.svc/GetList", "DistributionGroupService", "S:CMD=Get-DistributionGroup.ResultSize=500"},
		{"/ecp/DDI/DDIService.svc/GetList", "VirtualDirectoryService", "S:CMD=Get-OwaVirtualDirectory.ADPropertiesOnly=$true"},
		{"/ecp/DDI/DDIService.svc/GetObject", "OABVirtualDirectory", "S:CMD=Get-OabVirtualDirectory.ADPropertiesOnly=$true"},
		{"/ecp/DDI/DDIService.svc/NewObject", "ResourceMailboxService", "'S:CMD=New-Mailbox.Room=$true.Name=''small meeting room'''"},
	}
	agent := browsers[0]
	who := domain + `\` + s.admin.name
	s.mail.request(request{t: t, client: s.adminSeat, agent: agent, method: "GET", stem: "/ecp/", user: who, status: 200, taken: 140, sent: 9000, protocol: "Ecp", auth: "FBA", backend: "Proxy", anchor: "Sid~" + s.admin.sid, hint: "WindowsIdentity"})
	for range s.rand.between(1, 3) {
		t += int64(s.rand.between(3, 60)) * second
		v := &visits[s.rand.n(len(visits))]
		query := "msExchEcpCanary=" + canary + "&schema=" + v.schema
		r := request{
			t: t, client: s.adminSeat, agent: agent, method: "POST", stem: v.stem, query: query, user: who, status: 200, taken: s.rand.between(60, 900), sent: 14000,
			protocol: "Ecp", auth: "FBA", backend: "Proxy", anchor: "Sid~" + s.admin.sid, hint: "WindowsIdentity",
		}
		s.mail.request(r)
		r.t -= 3 * millisecond
		r.user = s.admin.name + "@" + dnsDomain
		s.mail.back(r)
		s.mail.controlPanel(t-2*millisecond, v.command, v.stem+"?"+query, nil)
	}
}
