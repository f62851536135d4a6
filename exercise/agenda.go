package exercise

import (
	"cmp"
	"slices"

	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// agenda is the ordinary work that has its fixed hour: backups, address
// books, restarts, and what the administrator did in these eight days. Some
// of it looks like the attack and is not.
func (s *site) agenda() []step {
	var steps []step
	on := func(t int64, do func(t int64)) {
		if t >= start && t < end {
			steps = append(steps, step{t, do})
		}
	}
	for d := start; d < end; d += day {
		on(d+22*hour+30*minute, s.nightlyBackup)
		on(d+2*hour, s.recycle)
		on(d+5*hour, s.addressBooks)
		on(d+12*hour, s.uptime)
	}
	on(at(2, 26, "08:12:40"), s.setAddressBookURL)
	on(at(2, 26, "13:05:02"), s.updateDefender)
	on(at(3, 1, "07:40:11"), s.newColleague)
	on(at(3, 1, "08:44:30"), s.archiveLogs)
	on(at(3, 1, "10:15:00"), s.inventory)
	on(at(3, 1, "13:20:41"), s.setMailPageURL)
	on(at(3, 2, "09:21:05"), s.lookAtAccount)
	on(at(3, 2, "13:02:18"), s.exportLeaver)
	on(at(3, 4, "17:50:00"), s.patch)
	on(at(3, 5, "08:31:00"), s.checkAfterPatch)
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.t, b.t) })
	return steps
}

// nightlyBackup signs in, asks Exchange for its databases, and copies the
// night's backup to a provider: hundreds of megabytes, every night.
func (s *site) nightlyBackup(t int64) {
	m := s.mail
	a := m.logon(t, s.backup, logon{kind: 3, process: "Kerberos", pack: "Kerberos", address: "10.20.1.50", port: 50112}, nil)
	agent := m.known(start-9*day, 3588, `C:\Program Files\Backup Suite\backup-agent.exe`, `"C:\Program Files\Backup Suite\backup-agent.exe" -service`, systemAccount)
	p := m.start(t+8*second, agent, a, `C:\Program Files\Backup Suite\`, system32+`WindowsPowerShell\v1.0\powershell.exe`,
		`powershell.exe -NoProfile -Command "Add-PSSnapin Microsoft.Exchange.Management.PowerShell.E2010; Get-MailboxDatabase -Status | Select-Object Name,EdbFilePath"`, nil)
	m.script(t+9*second, p, "Add-PSSnapin Microsoft.Exchange.Management.PowerShell.E2010; Get-MailboxDatabase -Status | Select-Object Name,EdbFilePath", "", nil)
	m.start(t+20*second, agent, systemAccount, `C:\Program Files\Backup Suite\`, system32+"vssadmin.exe", "vssadmin.exe list writers", nil)
	m.say(t+25*second, "MSExchangeIS", 9811, 4, nil, "Mailbox Database 01", "Exchange VSS Writer instance has been prepared for backup.")
	m.file(t+40*second, agent, `D:\Backup\mail-`+dates[dayOf(t)]+`.bak`, nil)
	m.logoff(t+34*minute, a, 3)
	s.zeek.conn(conn{t: t + 35*minute, from: "10.20.1.50", to: backupCloud, port: 443, service: "ssl", duration: 21 * minute, sent: 780_000_000 + int64(s.rand.n(90_000_000)), received: 1_900_000})
	sshd, session := s.files.signIn(t+2*hour/3, backupUser, "10.20.1.50", "publickey", nil)
	s.files.run(command{t: t + 2*hour/3 + 2*second, as: backupUser, session: session, parent: sshd + 11, tty: "(none)", directory: "/srv", program: "/usr/bin/rsync", arguments: []string{"rsync", "--server", "--sender", "-logDtpre.iLsfxC", ".", "/srv/shares"}, key: "commands"})
	s.files.signOut(t+2*hour/3+11*minute, backupUser, sshd, session, nil)
}

// recycle is the nightly restart of the web applications: IIS compiles their
// pages again, so that w3wp.exe starts a compiler and writes assemblies.
func (s *site) recycle(t int64) {
	m := s.mail
	w := m.pools["MSExchangeOWAAppPool"]
	temp := `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\Temporary ASP.NET Files\owa\5d7c1b2e\a1c4f0d3\`
	name := string(s.rand.hex(nil, 8, hexLower))
	csc := m.start(t, w, systemAccount, `c:\windows\system32\inetsrv\`, `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe`,
		`"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe" /noconfig /fullpaths @"`+temp+name+`.cmdline"`, nil)
	m.start(t+300*millisecond, csc, systemAccount, `c:\windows\system32\inetsrv\`, `C:\Windows\Microsoft.NET\Framework64\v4.0.30319\cvtres.exe`,
		`C:\Windows\Microsoft.NET\Framework64\v4.0.30319\cvtres.exe /NOLOGO /READONLY /MACHINE:IX86 "/OUT:C:\Windows\TEMP\RES`+name[:4]+`.tmp"`, nil)
	m.file(t+500*millisecond, csc, temp+`App_Web_`+name+`.dll`, nil)
	m.say(t, "IIS-W3SVC-WP", 2307, 4, nil, "MSExchangeOWAAppPool")
}

// addressBooks is the nightly making of the offline address book.
func (s *site) addressBooks(t int64) {
	book := `\Default Offline Address Book`
	for i, text := range []string{
		"Starting generation of OAB '" + book + "'.",
		"Reading address list '" + `\Default Global Address List` + "': 61 objects.",
		"Writing file '" + exchangeRoot + `ClientAccess\OAB\Temp\` + string(s.rand.guid(nil)) + `\data.oab` + "'.",
		"Compressing with 2 threads.",
		"Download of 1 file from the previous generation complete; temporary file removed.",
		"Publishing manifest oab.xml.",
		"Finished generation of OAB '" + book + "' in 00:00:11.",
	} {
		s.mail.addressBook(t+int64(i)*1700*millisecond, 17, "OabGeneration", text, nil)
	}
}

func (s *site) uptime(t int64) {
	for _, h := range []*windowsHost{s.mail.windowsHost, s.dc} {
		up := (t - start + 9*day) / second
		h.system.add(t, nil, uptimeType.event(h.fqdn, 0, 0, "", "", "", "", string(number(nil, up)), "60", "-60 W. Europe Standard Time"))
	}
	a := s.rand.between(1400, 1500)
	h := s.mail.windowsHost
	h.system.add(t+hour+3*minute, nil, updateType.event(h.fqdn, h.svchost.id, h.thread(),
		"Security Intelligence Update for Microsoft Defender Antivirus - KB2267602 (Version 1.331."+string(number10(a))+".0)",
		evtxtest.GUID("{"+s.rand.guidString()+"}"), uint32(200), evtxtest.GUID("{9482F4B4-E343-43B6-B170-9A65BC822C77}")))
}

// setAddressBookURL is the administrator setting the address of the address
// book, with the cmdlet that the attacker uses later for something else.
func (s *site) setAddressBookURL(t int64) {
	who := dnsDomain + "/Town Hall/Staff/" + s.admin.name
	s.mail.cmdlet(t, "Set-OabVirtualDirectory", `-Identity "`+s.mail.name+`\OAB (Default Web Site)" -ExternalUrl "https://mail.townhall.example/OAB"`, who, s.admin.sid, "7020 w3wp#MSExchangePowerShellAppPool", nil)
}

func (s *site) updateDefender(t int64) {
	s.mail.install(t, "MpKslDrv", `C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{6C2F9C0A-1B7E-4C62-9E55-0C2E7B1D9F31}\MpKslDrv.sys`, "kernel mode driver", "system start", "", nil)
	s.dc.install(t+minute, "MpKslDrv", `C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{0B5D3A7C-88F1-4B0C-9A1C-5E2F6D7A8B90}\MpKslDrv.sys`, "kernel mode driver", "system start", "", nil)
	s.dc.audit(t+2*minute, taskType, nil, evtxtest.SID("S-1-5-18"), s.dc.name+"$", domain, evtxtest.Hex64(0x3e7),
		`\GoogleUpdateTaskMachineUA`, `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2"><Actions Context="System"><Exec><Command>C:\Program Files (x86)\Google\Update\GoogleUpdate.exe</Command><Arguments>/ua /installsource scheduler</Arguments></Exec></Actions></Task>`)
}

// newColleague is an account and a mailbox for somebody who starts in March.
func (s *site) newColleague(t int64) {
	a := s.admin
	a.logon = s.dc.logonID()
	s.dc.newUser(t, "events.desk", ridNew, a, nil)
	s.dc.audit(t+second, passwordType, nil, "events.desk", domain, evtxtest.SID(rid(ridNew)), evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon))
	s.dc.group(t+2*second, "events.desk", rid(ridNew), "Remote Desktop Users", "S-1-5-32-555", a, nil)
	s.mail.cmdlet(t+minute, "Enable-Mailbox", `-Identity "events.desk" -Database "Mailbox Database 01"`, dnsDomain+"/Town Hall/Staff/"+s.admin.name, s.admin.sid, "7020 w3wp#MSExchangePowerShellAppPool", nil)
}

// archiveLogs is the administrator packing old logs with 7-Zip.
func (s *site) archiveLogs(t int64) {
	m := s.mail
	a := m.logon(t, s.admin, logon{kind: 10, process: "User32 ", pack: "Negotiate", workstation: m.name, by: m.winlogon, address: s.adminSeat, port: 51230}, nil)
	explorer := m.known(t, m.pid(), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, a)
	m.explorer = explorer
	cmd := m.start(t+minute, explorer, a, `D:\Archive\`, system32+"cmd.exe", `"C:\Windows\system32\cmd.exe"`, nil)
	p := m.start(t+2*minute, cmd, a, `D:\Archive\`, `C:\Program Files\7-Zip\7z.exe`, `"C:\Program Files\7-Zip\7z.exe" a D:\Archive\web-2021-01.7z D:\Archive\web-2021-01\`, nil)
	m.file(t+2*minute+second, p, `D:\Archive\web-2021-01.7z`, nil)
	m.start(t+4*minute, cmd, a, `D:\Archive\`, system32+"attrib.exe", `attrib  +r D:\Archive\web-2021-01.7z`, nil)
	m.start(t+5*minute, cmd, a, `D:\Archive\`, system32+"schtasks.exe", `schtasks  /query /tn "Rotate web logs"`, nil)
	m.logoff(t+9*minute, a, 10)
}

// inventory is a product that hands PowerShell its question encoded, as many
// do. No rule can tell it from the attacker by the command line.
func (s *site) inventory(t int64) {
	question := "Get-CimInstance Win32_QuickFixEngineering | Select-Object HotFixID,InstalledOn"
	for _, h := range []*windowsHost{s.mail.windowsHost, s.dc} {
		agent := h.known(start-9*day, 3204, `C:\Program Files\Inventory\inventory-agent.exe`, `"C:\Program Files\Inventory\inventory-agent.exe"`, systemAccount)
		p := h.start(t, agent, systemAccount, `C:\Windows\system32\`, powershell, `powershell.exe -NoProfile -NonInteractive -EncodedCommand `+encoded(question), nil)
		if h.powershell != nil {
			h.script(t+600*millisecond, p, question, "", nil)
		}
	}
}

// setMailPageURL is the administrator changing a virtual directory in the
// control panel, which Microsoft's own test takes for the attack.
func (s *site) setMailPageURL(t int64) {
	query := "msExchEcpCanary=" + canary + "&schema=OwaVirtualDirectory"
	r := request{
		t: t, client: s.adminSeat, agent: browsers[0], method: "POST", stem: "/ecp/DDI/DDIService.svc/SetObject", query: query, user: domain + `\` + s.admin.name, status: 200, taken: 700, sent: 2100,
		protocol: "Ecp", auth: "FBA", backend: "Proxy", anchor: "Sid~" + s.admin.sid, hint: "WindowsIdentity",
	}
	s.mail.request(r)
	r.user = s.admin.name + "@" + dnsDomain
	s.mail.back(r)
	s.mail.controlPanel(t, `'S:CMD=Set-OwaVirtualDirectory.ExternalUrl=''https://mail.townhall.example/owa''.Identity=''0c5be7a4-6d3e-4d0e-8a6b-9f1f0a6f2d11'''`, r.stem+"?"+query, nil)
}

// exportLeaver is the mailbox of a colleague who has left, kept for the
// archive.
func (s *site) exportLeaver(t int64) {
	s.mail.cmdlet(t, "New-MailboxExportRequest", `-Mailbox "former.clerk" -FilePath "\\files01\archive\former.clerk.pst"`, dnsDomain+"/Town Hall/Staff/"+s.admin.name, s.admin.sid, "7020 w3wp#MSExchangePowerShellAppPool", nil)
}

// lookAtAccount is the helpdesk looking at a locked account.
func (s *site) lookAtAccount(t int64) {
	d := s.dc
	a := d.logon(t, s.helper, logon{kind: 10, process: "User32 ", pack: "Negotiate", workstation: d.name, by: d.winlogon, address: s.helpSeat, port: 51877}, nil)
	explorer := d.known(t, d.pid(), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, a)
	d.explorer = explorer
	cmd := d.start(t+30*second, explorer, a, `C:\Users\it.helpdesk\`, system32+"cmd.exe", `"C:\Windows\system32\cmd.exe"`, nil)
	d.start(t+50*second, cmd, a, `C:\Users\it.helpdesk\`, system32+"net.exe", `net  user library.desk /domain`, nil)
	d.start(t+4*minute, cmd, a, `C:\Users\it.helpdesk\`, system32+"ipconfig.exe", `ipconfig  /flushdns`, nil)
	d.logoff(t+12*minute, a, 10)
}

// patch is the update of 2 March being installed, and the restart.
func (s *site) patch(t int64) {
	m := s.mail
	a := m.logon(t, s.admin, logon{kind: 10, process: "User32 ", pack: "Negotiate", workstation: m.name, by: m.winlogon, address: s.adminSeat, port: 52011}, nil)
	explorer := m.known(t, m.pid(), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, a)
	m.explorer = explorer
	cmd := m.start(t+minute, explorer, a, `C:\Install\`, system32+"cmd.exe", `"C:\Windows\system32\cmd.exe"`, nil)
	m.start(t+2*minute, cmd, a, `C:\Install\`, system32+"certutil.exe", `certutil  -hashfile C:\Install\Exchange2016-KB5000871-x64-en.msp SHA256`, nil)
	m.start(t+4*minute, cmd, a, `C:\Install\`, system32+"msiexec.exe", `msiexec  /update C:\Install\Exchange2016-KB5000871-x64-en.msp /passive`, nil)
	server := m.start(t+5*minute, m.services, systemAccount, `C:\Windows\system32\`, system32+"msiexec.exe", `C:\Windows\system32\msiexec.exe /V`, nil)
	for i, name := range []string{"logon.aspx", "errorFE.aspx", "expiredpassword.aspx", "signout.aspx"} {
		m.file(t+12*minute+int64(i)*second, server, exchangeRoot+`FrontEnd\HttpProxy\owa\auth\`+name, nil)
	}
	m.say(t+25*minute, "MsiInstaller", 1035, 4, nil, "Microsoft Exchange Server 2016 Cumulative Update 18", "15.1.2106.13", "1033", "0", "Microsoft Corporation")
	m.system.add(t+31*minute, nil, logStopType.event(m.fqdn, 0, 0))
	m.system.add(t+35*minute, nil, logStartType.event(m.fqdn, 0, 0))
	m.restart(t + 36*minute)
}

// restart gives the web applications their new processes.
func (m *mailServer) restart(t int64) {
	for i, pool := range []string{"MSExchangeOWAAppPool", "MSExchangeECPAppPool", "MSExchangePowerShellAppPool", "DefaultAppPool"} {
		old := m.pools[pool]
		m.pools[pool] = m.start(t+int64(i)*2*second, m.svchost, systemAccount, `c:\windows\system32\inetsrv\`, old.image, old.command, nil)
	}
}

// checkAfterPatch is the administrator asking the server, with the script
// that its maker published, whether the hole is closed.
func (s *site) checkAfterPatch(t int64) {
	for i := range 2 {
		s.mail.request(request{
			t: t + int64(i)*3*second, client: s.adminSeat, method: "GET", stem: "/owa/auth/x.js", agent: "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)",
			status: 503, taken: 3, protocol: "Owa", auth: "", anchor: "ServerInfo~localhost/ecp/default.flt?", hint: "X-AnonResource-Backend-Cookie",
		})
	}
}

// newUser writes that an account was made.
func (h *windowsHost) newUser(t int64, name string, id int, by account, truth *Truth) {
	h.audit(t, newUserType, truth, name, domain, evtxtest.SID(rid(id)),
		evtxtest.SID(by.sid), by.name, by.domain, evtxtest.Hex64(by.logon), "-",
		name, name, name+"@"+dnsDomain, "%%1793", "%%1793", "%%1793", "%%1793", "%%1793", "%%1794", "%%1794", "513", "-",
		"0x0", "0x15", "\r\n\t\t%%2080\r\n\t\t%%2082\r\n\t\t%%2084", "%%1793", "-", "%%1797")
}

// group writes that an account was added to a local group.
func (h *windowsHost) group(t int64, member, memberSID, group, groupSID string, by account, truth *Truth) {
	h.audit(t, groupType, truth, "CN="+member+",OU=Staff,DC=townhall,DC=example", evtxtest.SID(memberSID), group, "Builtin", evtxtest.SID(groupSID),
		evtxtest.SID(by.sid), by.name, by.domain, evtxtest.Hex64(by.logon), "-")
}
