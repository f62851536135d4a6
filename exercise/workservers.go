package exercise

// The ordinary work of the two Windows servers.

func (s *site) workWindows(each every) {
	each(&office, 30, s.signInDesk)
	each(&office, 10, s.openShare)
	each(&always, 5, s.copierForgot)
	each(&always, 9, s.monitorMail)
	each(&always, 5, s.maintain)
	each(&always, 3, s.maintainDC)
	each(&always, 8, s.mailConnections)
	each(&always, 10, func(t int64) { s.serviceWork(s.mail.windowsHost, t) })
	each(&always, 5, func(t int64) { s.serviceWork(s.dc, t) })
	each(&always, 9, s.mailSays)
	each(&office, 6, s.manageExchange)
	each(&office, 3, s.helpdesk)
	each(&always, 4, s.serviceLogon)
}

// signInDesk is a desk's computer that asks the domain controller for
// tickets, now and then after a typing error.
func (s *site) signInDesk(t int64) {
	u := s.user()
	if s.rand.chance(8) {
		s.dc.badLogon(t-9*second, u.name, false, logon{kind: 3, process: "Kerberos", pack: "Kerberos", address: u.seat, port: s.rand.between(49152, 65535)}, nil)
	}
	a := u.account()
	s.dc.ticket(t, a, u.seat, "krbtgt", nil)
	s.dc.ticket(t+70*millisecond, a, u.seat, pick(&s.rand, []string{s.mail.name + "$", s.dc.name + "$", "cifs/" + s.files.name}), nil)
	if s.rand.chance(40) {
		a = s.dc.logon(t+120*millisecond, a, logon{kind: 3, process: "Kerberos", pack: "Kerberos", address: u.seat, port: s.rand.between(49152, 65535)}, nil)
		s.dc.logoff(t+s.rand.long(10*minute), a, 3)
	}
}

func (s *site) openShare(t int64) {
	u := s.user()
	a := u.account()
	a.logon = s.dc.logonID()
	name := pick(&s.rand, []string{`\\*\SYSVOL`, `\\*\NETLOGON`, `\\*\IPC$`, `\\*\SYSVOL`})
	path := `\??\C:\Windows\SYSVOL\sysvol`
	if name == `\\*\IPC$` {
		path = ""
	}
	s.dc.share(t, a, u.seat, name, path, nil)
}

// copierForgot is a copier that still sends its password of last year.
func (s *site) copierForgot(t int64) {
	n := s.rand.n(s.copiers)
	s.mail.badLogon(t, s.scans.name, false, logon{kind: 3, process: "NtLmSsp ", pack: "NTLM", workstation: "COPIER" + string(number10(n+1)), address: "10.20.12." + string(number10(n+9)), port: s.rand.between(49152, 65535)}, nil)
}

// serviceLogon is a service of the server itself.
func (s *site) serviceLogon(t int64) {
	h := s.mail.windowsHost
	if s.rand.chance(40) {
		h = s.dc
	}
	h.logon(t, systemAccount, logon{kind: 5, process: "Advapi  ", pack: "Negotiate", by: h.services}, nil)
}

const system32 = `C:\Windows\System32\`

// monitorMail is the monitoring agent on the mail server and what it runs.
func (s *site) monitorMail(t int64) {
	m := s.mail
	agent := m.known(start-9*day, 3116, `C:\Program Files\Watchtower\monitor-agent.exe`, `"C:\Program Files\Watchtower\monitor-agent.exe" --service`, systemAccount)
	directory := `C:\Program Files\Watchtower\`
	switch s.rand.n(3) {
	case 0:
		p := m.start(t, agent, systemAccount, directory, system32+"cmd.exe", `C:\Windows\system32\cmd.exe /c "C:\Program Files\Watchtower\checks\disk.cmd"`, nil)
		m.start(t+30*millisecond, p, systemAccount, directory, system32+"conhost.exe", `\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1`, nil)
	case 1:
		p := m.start(t, agent, systemAccount, directory, system32+`WindowsPowerShell\v1.0\powershell.exe`,
			`powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File "C:\Program Files\Watchtower\checks\queue.ps1"`, nil)
		m.script(t+400*millisecond, p, "$services = Get-Service -Name 'MSExchange*' | Where-Object { $_.StartType -eq 'Automatic' -and $_.Status -ne 'Running' }\r\n\"stopped=$($services.Count)\"", `C:\Program Files\Watchtower\checks\queue.ps1`, nil)
	case 2:
		p := m.start(t, agent, systemAccount, directory, system32+"ping.exe", `ping.exe -n 2 10.20.1.10`, nil)
		m.start(t+20*millisecond, p, systemAccount, directory, system32+"conhost.exe", `\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1`, nil)
	}
}

// maintain is Windows and its programs looking after themselves.
func (s *site) maintain(t int64) { s.maintainHost(s.mail.windowsHost, t) }

func (s *site) maintainDC(t int64) { s.maintainHost(s.dc, t) }

func (s *site) maintainHost(h *windowsHost, t int64) {
	directory := `C:\Windows\system32\`
	switch s.rand.n(8) {
	case 0:
		h.start(t, h.svchost, systemAccount, directory, system32+"taskhostw.exe", "taskhostw.exe -RegisterDevice", nil)
	case 1:
		h.start(t, h.svchost, systemAccount, directory, system32+"wermgr.exe", `C:\Windows\system32\wermgr.exe -upload`, nil)
	case 2:
		p := h.start(t, h.svchost, systemAccount, directory, `C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.2101.9-0\MpCmdRun.exe`, `"C:\ProgramData\Microsoft\Windows Defender\Platform\4.18.2101.9-0\MpCmdRun.exe" SignatureUpdate -ScheduleJob -RestrictPrivileges`, nil)
		h.file(t+2*second, p, `C:\ProgramData\Microsoft\Windows Defender\Definition Updates\Updates\mpavdlta.vdm`, nil)
	case 3:
		h.start(t, h.svchost, systemAccount, directory, system32+"rundll32.exe", `C:\Windows\system32\rundll32.exe C:\Windows\system32\PcaSvc.dll,PcaPatchSdbTask`, nil)
	case 4:
		p := h.start(t, h.services, systemAccount, directory, `C:\Windows\servicing\TrustedInstaller.exe`, `C:\Windows\servicing\TrustedInstaller.exe`, nil)
		h.registry(t+second, p, `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\SessionIdHigh`, "DWORD (0x01d70dfa)", nil)
	case 5:
		h.start(t, h.svchost, systemAccount, directory, `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, `"C:\Program Files (x86)\Google\Update\GoogleUpdate.exe" /ua /installsource scheduler`, nil)
	case 6:
		h.start(t, h.svchost, systemAccount, directory, system32+"gpupdate.exe", `gpupdate.exe /target:computer`, nil)
	case 7:
		h.registry(t, h.svchost, `HKLM\SYSTEM\CurrentControlSet\Services\W32Time\Config\LastKnownGoodTime`, "QWORD (0x01d70e13-0x5c1a9b20)", nil)
	}
}

// mailConnections are what Exchange opens by itself.
func (s *site) mailConnections(t int64) {
	m := s.mail
	switch s.rand.n(5) {
	case 0:
		m.connect(t, m.pools["MSExchangeOWAAppPool"], s.rand.between(49152, 65535), s.dc.ip, 389, "ldap", nil)
	case 1:
		m.connect(t, m.host, s.rand.between(49152, 65535), s.dc.ip, 3268, "msft-gc", nil)
	case 2:
		m.ask(t, m.host, "crl.trust-services.example", "203.0.113.51", nil)
	case 3:
		m.file(t, m.pools["MSExchangeOWAAppPool"], exchangeRoot+`Logging\OWA\OWA_`+string(s.rand.hex(nil, 6, hexLower))+`.LOG`, nil)
	case 4:
		m.file(t, m.voice, exchangeRoot+`UnifiedMessaging\temp\UMTempFiles\cleanup.bin`, nil)
	}
}

var windowsServices = []string{
	"Windows Modules Installer", "Windows Update", "Background Intelligent Transfer Service", "WinHTTP Web Proxy Auto-Discovery Service",
	"Software Protection", "Application Experience", "Device Setup Manager", "Microsoft Exchange Health Manager", "Portable Device Enumerator Service",
}

func (s *site) serviceWork(h *windowsHost, t int64) {
	name := pick(&s.rand, windowsServices)
	if s.rand.chance(12) {
		h.system.add(t, nil, startTypeType.event(h.fqdn, h.services.id, h.thread(), "Background Intelligent Transfer Service", "auto start", "demand start", "BITS"))
	}
	h.service(t, name, true)
	h.service(t+s.rand.long(14*minute)+20*second, name, false)
}

// mailSays is what Exchange and its neighbours write to the Application log.
func (s *site) mailSays(t int64) {
	m := s.mail
	switch s.rand.n(7) {
	case 0:
		m.say(t, "MSExchangeTransport", 17028, 4, nil, "10.20.1.25:25")
	case 1:
		m.say(t, "MSExchangeIS", 1013, 4, nil, "Mailbox Database 01", "2021")
	case 2:
		m.say(t, "ESENT", 326, 4, nil, "svchost", "1012,D,50", "DS_Token_DB: ", "1", `C:\Windows\system32\LogFiles\Sum\Current.mdb`)
	case 3:
		m.say(t, "MSExchange Unified Messaging", 1621, 3, nil, "The UM server has no valid certificate for TLS until it is renewed.")
	case 4:
		m.say(t, "MSExchange ADAccess", 2080, 4, nil, "Microsoft.Exchange.ServiceHost.exe", "4404", s.dc.fqdn+"\tCDG 1 7 7 1 0 1 1 7 1")
	case 5:
		m.say(t, "ASP.NET 4.0.30319.0", 1309, 3, nil, "3005", "An unhandled exception has occurred.", "/owa", "System.Web.HttpException", "The remote host closed the connection.")
	case 6:
		m.say(t, "MSExchange Common", 4999, 2, nil, "3560", "E12IIS", "c-RTL-AMD64", "15.01.2106.002", "w3wp#MSExchangeRpcProxyFrontEndAppPool", "M.E.HttpProxy", "System.InvalidCastException", "91a7", "unknown")
	}
}

// manageExchange is what the administrator and Exchange itself change.
func (s *site) manageExchange(t int64) {
	who, sid := dnsDomain+"/Town Hall/Staff/"+s.admin.name, s.admin.sid
	shell := "7020 w3wp#MSExchangePowerShellAppPool"
	u := s.user()
	switch s.rand.n(6) {
	case 0:
		s.mail.cmdlet(t, "Set-Mailbox", `-Identity "`+u.name+`" -ProhibitSendQuota "2 GB (2,147,483,648 bytes)"`, who, sid, shell, nil)
	case 1:
		s.mail.cmdlet(t, "Add-MailboxPermission", `-Identity "`+u.name+`" -User "clerk.office" -AccessRights "ReadPermission"`, who, sid, shell, nil)
	case 2:
		s.mail.cmdlet(t, "Set-CASMailbox", `-Identity "`+u.name+`" -ActiveSyncEnabled "True"`, who, sid, shell, nil)
	case 3:
		s.mail.cmdlet(t, "Update-OfflineAddressBook", `-Identity "\Default Offline Address Book"`, who, sid, shell, nil)
	case 4:
		box := "HealthMailbox" + string(s.rand.hex(nil, 7, hexLower))
		s.mail.cmdlet(t, "Set-Mailbox", `-Identity "`+dnsDomain+`/Microsoft Exchange System Objects/Monitoring Mailboxes/`+box+`" -Password "<Secure Information Omitted>"`, `NT AUTHORITY\SYSTEM (MSExchangeHMHost)`, "S-1-5-18", "5112 MSExchangeHMWorker", nil)
	case 5:
		s.mail.cmdlet(t, "Add-DistributionGroupMember", `-Identity "all-staff" -Member "`+u.name+`"`, who, sid, shell, nil)
	}
}

// helpdesk is PowerShell as an administrator's day knows it.
func (s *site) helpdesk(t int64) {
	m := s.mail
	a := m.logon(t, s.admin, logon{kind: 10, process: "User32 ", pack: "Negotiate", workstation: m.name, by: m.winlogon, address: s.seatOfAdmin(), port: s.rand.between(49152, 65535)}, nil)
	explorer := m.known(t, m.pid(), `C:\Windows\explorer.exe`, `C:\Windows\Explorer.EXE`, a)
	m.explorer = explorer
	t += 40 * second
	p := m.start(t, explorer, a, `C:\Users\it.admin\`, system32+`WindowsPowerShell\v1.0\powershell.exe`, `"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe"`, nil)
	u := s.user()
	m.script(t+9*second, p, pick(&s.rand, []string{
		"Get-MailboxStatistics " + u.name + " | Format-List DisplayName,ItemCount,TotalItemSize",
		"Get-Queue | Where-Object { $_.MessageCount -gt 20 }",
		"Unlock-ADAccount -Identity " + u.name,
		"Get-EventLog -LogName System -Newest 20 -EntryType Error",
		"Get-ADUser " + u.name + " -Properties LastLogonDate,LockedOut",
		"Get-ChildItem D:\\Archive | Sort-Object Length -Descending | Select-Object -First 10",
		"Test-ServiceHealth",
		"Restart-Service -Name Spooler",
	}), "", nil)
	m.logoff(t+s.rand.long(20*minute)+minute, a, 10)
}
