package exercise

import (
	"cmp"
	"slices"
)

// story is the attack. Its times are fixed; README.md tells it by the hour.
func (s *site) story() []step {
	var steps []step
	on := func(month, dayOfMonth int, clock string, do func(t int64)) {
		steps = append(steps, step{at(month, dayOfMonth, clock), do})
	}
	on(2, 26, "02:11:08", s.scanPorts)
	on(2, 26, "02:19:30", s.lookAround)
	on(2, 27, "21:42:17", s.lookAround)
	on(2, 27, "21:47:02", s.probeRPC)
	on(2, 28, "03:26:11", s.forgeFirst)
	on(2, 28, "03:31:40", s.readMayor)
	on(3, 1, "01:05:09", s.readMayor)
	on(3, 2, "02:44:52", s.readMayor)
	on(3, 3, "04:12:07", s.resetVirtualDirectory)
	on(3, 3, "04:31:55", s.secondShell)
	on(3, 3, "04:40:51", s.lookFromInside)
	on(3, 3, "05:18:40", s.unifiedMessaging)
	on(3, 3, "05:33:12", s.addressBookWrite)
	on(3, 3, "05:51:26", s.dumpMemory)
	on(3, 3, "22:07:44", s.bringTools)
	on(3, 3, "22:41:10", s.scanInside)
	on(3, 4, "01:03:31", s.persist)
	on(3, 4, "01:48:05", s.hideAccount)
	on(3, 4, "02:15:20", s.guessSSH)
	on(3, 4, "02:58:02", s.takeDomain)
	on(3, 4, "20:22:16", s.exportMail)
	on(3, 4, "21:30:40", s.beacon)
	on(3, 4, "22:14:00", s.tunnel)
	on(3, 5, "01:10:33", s.carryOut)
	on(3, 5, "02:52:48", s.cleanUp)
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.t, b.t) })
	return steps
}

// Stages of the story.
const (
	reconnaissance = "reconnaissance"
	access         = "initial access"
	execution      = "execution"
	persistence    = "persistence"
	evasion        = "defence evasion"
	credentials    = "credential access"
	discovery      = "discovery"
	lateral        = "lateral movement"
	collection     = "collection"
	control        = "command and control"
	exfiltration   = "exfiltration"
)

func mark(stage, technique, what string) *Truth {
	return &Truth{Stage: stage, Technique: technique, What: what, Covered: true}
}

// User agents of the attacker, as published.
const (
	requests     = "python-requests/2.25.1"
	oldRequests  = "python-requests/2.19.1"
	ewsClient    = "ExchangeServicesClient/0.0.0.0"
	antSword     = "antSword/v2.1"
	fakeDuck     = "DuckDuckBot/1.0; (+http://duckduckgo.com/duckduckbot.html)"
	fakeFacebook = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"
	fakeBaidu    = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
	fakeChrome   = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/51.0.2704.103 Safari/537.36"
)

// scanPorts: the scanner tries the town's addresses.
func (s *site) scanPorts(t int64) {
	what := mark(reconnaissance, "T1595", "port scan of the town's addresses")
	try := func(host, port int, truth *Truth) {
		t += int64(s.rand.between(40, 400)) * millisecond
		s.zeek.conn(conn{t: t, from: scanner, source: 40000 + host*100 + port%100, to: "198.51.100." + string(number10(host)), port: port, state: "S0", truth: truth})
	}
	for host := 24; host <= 30; host++ {
		if host != 25 {
			try(host, 80, what.unseen("one port of an address: the noise of the internet"))
		}
	}
	for _, port := range []int{21, 22, 23, 25, 53, 80, 81, 88, 110, 111, 135, 139, 143, 389, 443, 444, 445, 465, 587, 593, 636, 993, 995, 1433, 3389, 5985, 8080, 8443} {
		try(25, port, what)
	}
}

// lookAround: which Exchange is it, and does it answer?
func (s *site) lookAround(t int64) {
	what := mark(reconnaissance, "T1595", "a script asks for the version of Exchange")
	for _, q := range []struct {
		stem, agent string
		status      int
	}{
		{"/owa/auth/logon.aspx", requests, 200},
		{"/ecp/Current/exporttool/microsoft.exchange.ediscovery.exporttool.application", requests, 200},
		{"/autodiscover/autodiscover.xml", requests, 401},
		{"/owa/auth.owa", requests, 302},
	} {
		t += int64(s.rand.between(600, 2400)) * millisecond
		s.mail.request(request{t: t, client: scanner, agent: q.agent, method: "GET", stem: q.stem, status: q.status, taken: 14, sent: 9000, truth: what})
	}
}

// probeRPC: /rpc/ from outside, which nobody else asks for by GET.
func (s *site) probeRPC(t int64) {
	what := mark(reconnaissance, "T1595", "probe of /rpc/ from outside")
	for i := range 3 {
		s.mail.request(request{t: t + int64(i)*1900*millisecond, client: thief, agent: requests, method: "GET", stem: "/rpc/", status: 401, sub: 2, win32: 5, taken: 2, sent: 1300, protocol: "RpcHttp", auth: "Negotiate", truth: what})
	}
}

// forge is one request through the server-side request forgery: a path that
// the front end takes for a static file, and a cookie that names the back
// end and the path there.
func (s *site) forge(t int64, client, stem, agent, target string, status int, what *Truth) {
	s.mail.request(request{
		t: t, client: client, agent: agent, method: "POST", stem: stem, status: status, taken: s.rand.between(90, 900), sent: s.rand.between(700, 9000),
		protocol: "Ecp", auth: "", anchor: "ServerInfo~a]@" + s.mail.fqdn + ":444" + target, hint: "X-BEResource-Cookie", backend: "Proxy", truth: what,
	})
}

func (s *site) forgeFirst(t int64) {
	what := mark(access, "T1190", "CVE-2021-26855: the server is made to call itself (SSRF), pre-authentication")
	s.forge(t, thief, "/ecp/x.js", ewsClient, "/autodiscover/autodiscover.xml?#", 200, what)
	s.forge(t+1700*millisecond, thief, "/ecp/x.js", requests, "/mapi/emsmdb/?#", 200, what)
	s.forge(t+9*second, thief, "/ecp/default.flt", requests, "/autodiscover/autodiscover.xml?#", 200, what)
	s.forge(t+15*second, thief, "/ecp/main.css", oldRequests, "/EWS/Exchange.asmx?a=/ews/", 200, what)
}

// readMayor: mail is read through the forgery, by requests for the sign-in
// page's fonts and pictures.
func (s *site) readMayor(t int64) {
	what := mark(collection, "T1114", "mail is read through the SSRF: POST to a static file of the sign-in page")
	for i, f := range []struct{ file, agent string }{
		{"logon.css", fakeDuck},
		{"owafont_ja.css", fakeDuck},
		{"lgnbotl.gif", fakeFacebook},
		{"SegoeUI-SemiBold.eot", fakeBaidu},
		{"SegoeUI-SemiLight.ttf", fakeChrome},
		{"owafont_ko.css", fakeChrome},
	} {
		r := request{
			t: t + int64(i)*int64(s.rand.between(7, 15))*second, client: thief, agent: f.agent, method: "POST",
			stem: "/owa/auth/Current/themes/resources/" + f.file, status: 200, taken: s.rand.between(200, 4000), sent: s.rand.between(20_000, 900_000),
			protocol: "Owa", auth: "", anchor: "ServerInfo~a]@" + s.mail.fqdn + ":444/EWS/Exchange.asmx?a=/ews/", hint: "X-AnonResource-Backend-Cookie", backend: "Proxy", truth: what,
		}
		s.mail.request(r)
	}
}

const (
	// fragment is how the published web shell's address began. What followed
	// is not here.
	fragment = `http://f/<script language="JScript" runat="server">function Page_Load(){/* left out of this exercise */}</script>`
	oabGUID  = "7c1f6a2e-3d0b-4a96-8f1e-52a9d0c4e7b3"
)

// resetVirtualDirectory: the chain that ends with a web shell. The address
// of the address book becomes a script; resetting the directory writes the
// settings, script and all, to a file of the attacker's choice.
func (s *site) resetVirtualDirectory(t int64) {
	s.chain(t, `C:\inetpub\wwwroot\aspnet_client\aspnet_iisstart.aspx`, "/ecp/y.js")
}

func (s *site) secondShell(t int64) {
	s.chain(t, exchangeRoot+`FrontEnd\HttpProxy\owa\auth\errorEE.aspx`, "/ecp/program.js")
}

func (s *site) chain(t int64, file, stem string) {
	m := s.mail
	forged := mark(access, "T1190", "CVE-2021-26855: the chain that plants a web shell")
	s.forge(t, burglar, stem, ewsClient, "/autodiscover/autodiscover.xml?#", 200, forged)
	s.forge(t+1500*millisecond, burglar, stem, requests, "/mapi/emsmdb/?#", 200, forged)
	s.forge(t+4*second, burglar, stem, requests, "/ecp/proxyLogon.ecp?#", 241, forged)

	object := "msExchEcpCanary=" + canary + ".&schema="
	written := mark(access, "T1190", "CVE-2021-27065: a virtual directory is changed from the control panel by the server itself")
	ddi := func(t int64, action, schema, command, hidden string) {
		inPanel := written
		if hidden != "" {
			inPanel = written.unseen(hidden)
		}
		query := object + schema
		s.forge(t, burglar, stem, requests, "/ecp/DDI/DDIService.svc/"+action+"?"+query+"#", 200, forged)
		m.back(request{t: t - 4*millisecond, method: "POST", stem: "/ecp/DDI/DDIService.svc/" + action, query: query, user: domain + `\` + m.name + "$", agent: requests, status: 200, taken: 310, truth: written})
		m.controlPanel(t-3*millisecond, command, "/ecp/DDI/DDIService.svc/"+action+"?"+query, inPanel)
	}
	who, sid, pool := domain+`\Administrator`, domainSID+"-500", "6968 w3wp#MSExchangeECPAppPool"
	quoted := `''` + oabGUID + `''`
	ddi(t+9*second, "GetObject", "OABVirtualDirectory", "S:CMD=Get-OabVirtualDirectory.ADPropertiesOnly=$true.Identity=$null", "reading a virtual directory is what administrators do too")
	ddi(t+12*second, "SetObject", "OABVirtualDirectory", `'S:CMD=Set-OabVirtualDirectory.ExternalUrl=''`+fragment+`''.Identity=`+quoted+`'`, "")
	trick := mark(persistence, "T1505.003", "the ExternalUrl of the address book becomes a script")
	m.cmdlet(t+12*second-2*millisecond, "Set-OabVirtualDirectory", `-Identity "`+oabGUID+`" -ExternalUrl "`+fragment+`"`, who, sid, pool, trick)
	ddi(t+14*second, "SetObject", "ResetOABVirtualDirectory", `'S:CMD=Remove-OabVirtualDirectory.Force=$true.Identity=`+quoted+`'`, "")
	reset := mark(persistence, "T1505.003", "resetting the virtual directory writes its settings to a file: the web shell")
	m.cmdlet(t+14*second-2*millisecond, "Remove-OabVirtualDirectory", `-Identity "`+oabGUID+`" -Force "True"`, who, sid, pool, reset)
	m.cmdlet(t+14*second+900*millisecond, "New-OabVirtualDirectory", `-Server "`+m.name+`" -WebSiteName "Default Web Site" -Role "ClientAccess"`, who, sid, pool, reset)
	shell := mark(persistence, "T1505.003", "w3wp.exe writes a web shell: "+file)
	m.file(t+14*second+400*millisecond, m.pools["MSExchangeECPAppPool"], file, shell)
	ddi(t+17*second, "SetObject", "OABVirtualDirectory", `'S:CMD=Set-OabVirtualDirectory.ExternalUrl=$null.Identity=`+quoted+`'`, "")
	m.cmdlet(t+17*second-2*millisecond, "Set-OabVirtualDirectory", `-Identity "`+oabGUID+`" -ExternalUrl $null`, who, sid, pool, trick)
}

// shell is a command given through a web shell: the request, the command
// interpreter that the web application starts, and the program.
func (s *site) shell(t int64, stem, agent, image, commandLine, directory string, what *Truth) *process {
	m := s.mail
	asked := mark(persistence, "T1505.003", "a command is given through a web shell")
	s.mail.request(request{
		t: t, client: operator, agent: agent, method: "POST", stem: stem, status: 200, taken: s.rand.between(80, 700), sent: s.rand.between(180, 2400), truth: asked,
		protocol: protocolOf(stem), auth: "FBA",
	})
	pool := m.pools["DefaultAppPool"]
	if stem != shellOne {
		pool = m.pools["MSExchangeOWAAppPool"]
	}
	if directory == "" {
		directory = `c:\windows\system32\inetsrv\`
	}
	run := mark(execution, "T1059.003", "a web application starts a command interpreter")
	cmd := m.start(t-60*millisecond, pool, systemAccount, `c:\windows\system32\inetsrv\`, system32+"cmd.exe",
		`"cmd.exe" /c cd /d "`+directory+`"&`+commandLine+`&echo [S]&cd&echo [E]`, run)
	if image == "" {
		return cmd
	}
	return m.start(t-40*millisecond, cmd, systemAccount, directory, image, commandLine, what)
}

func protocolOf(stem string) string {
	if len(stem) > 5 && stem[:5] == "/owa/" {
		return "Owa"
	}
	return ""
}

const (
	shellOne = "/aspnet_client/aspnet_iisstart.aspx"
	shellTwo = "/owa/auth/errorEE.aspx"
)

// lookFromInside: who am I, where am I, who rules here?
func (s *site) lookFromInside(t int64) {
	first := mark(persistence, "T1505.003", "the web shell is tried")
	s.mail.request(request{t: t, client: burglar, agent: requests, method: "GET", stem: shellOne, status: 200, taken: 610, sent: 2300, truth: first})
	t += 90 * second
	hide := mark(evasion, "T1564", "the web shell is hidden by its attributes")
	file := `C:\inetpub\wwwroot\aspnet_client\aspnet_iisstart.aspx`
	s.shell(t, shellOne, antSword, system32+"attrib.exe", `attrib +h +s +r `+file, "", hide)
	for _, c := range []struct{ image, line, technique, what string }{
		{"whoami.exe", "whoami", "T1033", "who the web application runs as"},
		{"ipconfig.exe", "ipconfig /all", "T1016", "addresses and name servers"},
		{"tasklist.exe", "tasklist /svc", "T1057", "processes and services"},
		{"net.exe", `net group "Domain Admins" /domain`, "T1069", "who administers the domain"},
		{"net.exe", `net group "Exchange Trusted Subsystem" /domain`, "T1069", "which servers Exchange trusts"},
		{"net.exe", "net user /domain", "T1087.002", "the accounts of the domain"},
		{"nltest.exe", "nltest /dclist:" + dnsDomain, "T1018", "the domain controllers"},
		{"quser.exe", "quser", "T1033", "who is signed in"},
		{"systeminfo.exe", "systeminfo", "T1082", "version and updates"},
	} {
		t += int64(s.rand.between(11, 38)) * second
		s.shell(t, shellOne, antSword, system32+c.image, c.line, "", mark(discovery, c.technique, "through the web shell: "+c.what))
	}
	t += 20 * second
	s.shell(t, shellOne, antSword, "", `dir /a C:\inetpub\wwwroot\aspnet_client\`, "", nil)
}

// unifiedMessaging: CVE-2021-26857, an unsafe deserialisation in the voice
// mail service.
func (s *site) unifiedMessaging(t int64) {
	m := s.mail
	failed := mark(execution, "T1190", "CVE-2021-26857: the voice mail service fails on an object that it should not have read")
	m.say(t, "MSExchange Unified Messaging", 1423, 2, failed,
		"System.InvalidCastException: Unable to cast object of type 'System.Collections.Generic.SortedSet`1[System.String]' to type 'Microsoft.Exchange.UM.UMCore.PipelineContext'.")
	child := mark(execution, "T1059.003", "CVE-2021-26857: the voice mail service starts a command interpreter")
	cmd := m.start(t+400*millisecond, m.voice, systemAccount, `C:\Windows\system32\`, system32+"cmd.exe", `"cmd.exe" /c whoami`, child)
	m.start(t+450*millisecond, cmd, systemAccount, `C:\Windows\system32\`, system32+"whoami.exe", "whoami", mark(discovery, "T1033", "who the voice mail service runs as"))
	m.file(t+900*millisecond, m.voice, exchangeRoot+`FrontEnd\HttpProxy\owa\auth\Current\themes\errorFS.aspx`, mark(persistence, "T1505.003", "CVE-2021-26857: the voice mail service writes a web shell"))
	for i := range 2 {
		m.say(t+int64(40+i*31)*second, "MSExchange Unified Messaging", 1423, 2, failed,
			"System.InvalidCastException: Unable to cast object of type 'System.Collections.Generic.SortedSet`1[System.String]' to type 'Microsoft.Exchange.UM.UMCore.PipelineContext'.")
	}
}

// addressBookWrite: CVE-2021-26858, a file outside the folder for address
// books.
func (s *site) addressBookWrite(t int64) {
	m := s.mail
	what := mark(persistence, "T1505.003", "CVE-2021-26858: an address book is downloaded to a folder of the web server")
	file := `C:\inetpub\wwwroot\aspnet_client\system_web\errorFF.aspx`
	m.addressBook(t, 23, "OabDownload", "Starting download of 1 file.", what.unseen("every download begins so"))
	m.addressBook(t+900*millisecond, 23, "OabDownload", "Download failed and temporary file "+file+" needs to be removed.", what)
	m.file(t+700*millisecond, m.pools["MSExchangeECPAppPool"], file, mark(persistence, "T1505.003", "w3wp.exe writes a web shell: "+file))
}

// dumpMemory: the memory of LSASS is written to a file, packed, and fetched
// through the web site.
func (s *site) dumpMemory(t int64) {
	m := s.mail
	folder := `C:\inetpub\wwwroot\aspnet_client\`
	what := mark(credentials, "T1003.001", "the memory of LSASS is dumped through comsvcs.dll")
	r := s.shell(t, shellOne, antSword, system32+"rundll32.exe", `rundll32.exe C:\windows\System32\comsvcs.dll, MiniDump 660 `+folder+`system_web\cfg.dmp full`, "", what)
	m.open(t+100*millisecond, r, m.lsass, 0x1fffff, `C:\Windows\SYSTEM32\ntdll.dll+a5fc4|C:\Windows\System32\KERNELBASE.dll+20edd|C:\windows\System32\comsvcs.dll+2e0f8|C:\windows\System32\rundll32.exe+3b85`, mark(credentials, "T1003.001", "rundll32.exe opens LSASS with all rights"))
	m.file(t+600*millisecond, r, folder+`system_web\cfg.dmp`, mark(credentials, "T1003.001", "the dump is written where the web server can serve it"))
	t += 50 * second
	c := s.shell(t, shellOne, antSword, system32+"makecab.exe", `makecab `+folder+`system_web\cfg.dmp `+folder+`system_web\cfg.dmp.zip`, "", mark(collection, "T1560", "the dump is packed below the web root"))
	m.file(t+3*second, c, folder+`system_web\cfg.dmp.zip`, mark(collection, "T1560", "a packed memory dump below the web root"))
	t += 40 * second
	s.mail.request(request{t: t, client: operator, agent: browsers[0], method: "GET", stem: "/aspnet_client/system_web/cfg.dmp.zip", status: 200, taken: 9100, sent: 21_400_000, truth: mark(exfiltration, "T1048", "the packed memory dump is fetched through the web site")})
	t += 30 * second
	d := s.shell(t, shellOne, antSword, "", `del /q `+folder+`system_web\cfg.dmp `+folder+`system_web\cfg.dmp.zip`, "", nil)
	gone := mark(evasion, "T1070", "the dump is removed")
	m.remove(t, d, folder+`system_web\cfg.dmp`, gone)
	m.remove(t+millisecond, d, folder+`system_web\cfg.dmp.zip`, gone)
}
