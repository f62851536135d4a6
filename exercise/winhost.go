package exercise

import (
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// The Windows events that the exercise needs, with the field names and the
// numbers that Windows Server 2016, Sysmon 12 and Exchange 2016 give them.

const (
	securityChannel   = "Security"
	sysmonChannel     = "Microsoft-Windows-Sysmon/Operational"
	powershellChannel = "Microsoft-Windows-PowerShell/Operational"
	exchangeChannel   = "MSExchange Management"

	success = 0x8020000000000000
	failure = 0x8010000000000000
	classic = 0x80000000000000
)

func audit(id uint16, version uint8, task uint16, keywords uint64, names ...string) *eventType {
	return &eventType{
		channel: securityChannel, provider: "Microsoft-Windows-Security-Auditing", guid: "{54849625-5478-4994-A5BA-3E3B0328C30D}",
		id: id, version: version, task: task, keywords: keywords, names: names,
	}
}

func sysmonType(id uint16, version uint8, names ...string) *eventType {
	return &eventType{
		channel: sysmonChannel, provider: "Microsoft-Windows-Sysmon", guid: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		id: id, version: version, level: 4, task: id, keywords: 0x8000000000000000, user: "S-1-5-18", names: names,
	}
}

func classicType(channel, provider string, id, qualifiers uint16, level uint8, task uint16) *eventType {
	return &eventType{
		channel: channel, provider: provider, id: id, qualifiers: qualifiers, level: level, task: task, keywords: classic,
	}
}

func serviceType(id, qualifiers uint16, names ...string) *eventType {
	return &eventType{
		channel: "System", provider: "Service Control Manager", guid: "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
		source: "Service Control Manager", id: id, qualifiers: qualifiers, level: 4, keywords: 0x8080000000000000, names: names,
	}
}

var (
	logonType = audit(4624, 2, 12544, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
		"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType",
		"LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid", "TransmittedServices",
		"LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort", "ImpersonationLevel",
		"RestrictedAdminMode", "TargetOutboundUserName", "TargetOutboundDomainName", "VirtualAccount",
		"TargetLinkedLogonId", "ElevatedToken")
	badLogonType = audit(4625, 0, 12544, failure,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
		"TargetUserSid", "TargetUserName", "TargetDomainName", "Status", "FailureReason", "SubStatus", "LogonType",
		"LogonProcessName", "AuthenticationPackageName", "WorkstationName", "TransmittedServices",
		"LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort")
	logoffType = audit(4634, 0, 12545, success,
		"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType")
	privilegeType = audit(4672, 0, 12548, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList")
	processType = audit(4688, 2, 13312, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
		"NewProcessId", "NewProcessName", "TokenElevationType", "ProcessId", "CommandLine",
		"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "ParentProcessName", "MandatoryLabel")
	taskType = audit(4698, 0, 12804, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "TaskName", "TaskContent")
	newUserType = audit(4720, 0, 13824, success,
		"TargetUserName", "TargetDomainName", "TargetSid",
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList",
		"SamAccountName", "DisplayName", "UserPrincipalName", "HomeDirectory", "HomePath", "ScriptPath", "ProfilePath",
		"UserWorkstations", "PasswordLastSet", "AccountExpires", "PrimaryGroupId", "AllowedToDelegateTo",
		"OldUacValue", "NewUacValue", "UserAccountControl", "UserParameters", "SidHistory", "LogonHours")
	groupType = audit(4732, 0, 13826, success,
		"MemberName", "MemberSid", "TargetUserName", "TargetDomainName", "TargetSid",
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList")
	passwordType = audit(4724, 0, 13824, success,
		"TargetUserName", "TargetDomainName", "TargetSid",
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId")
	ticketType = audit(4768, 0, 14339, success,
		"TargetUserName", "TargetDomainName", "TargetSid", "ServiceName", "ServiceSid", "TicketOptions", "Status",
		"TicketEncryptionType", "PreAuthType", "IpAddress", "IpPort", "CertIssuerName", "CertSerialNumber", "CertThumbprint")
	serviceTicketType = audit(4769, 0, 14337, success,
		"TargetUserName", "TargetDomainName", "ServiceName", "ServiceSid", "TicketOptions", "TicketEncryptionType",
		"IpAddress", "IpPort", "Status", "LogonGuid", "TransmittedServices")
	shareType = audit(5140, 1, 12808, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
		"ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "AccessMask", "AccessList")

	fileShareType = audit(5145, 0, 12811, success,
		"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId",
		"ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason")

	createType = sysmonType(1, 5, "RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "FileVersion",
		"Description", "Product", "Company", "OriginalFileName", "CommandLine", "CurrentDirectory", "User", "LogonGuid",
		"LogonId", "TerminalSessionId", "IntegrityLevel", "Hashes", "ParentProcessGuid", "ParentProcessId",
		"ParentImage", "ParentCommandLine")
	networkType = sysmonType(3, 5, "RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "User", "Protocol",
		"Initiated", "SourceIsIpv6", "SourceIp", "SourceHostname", "SourcePort", "SourcePortName",
		"DestinationIsIpv6", "DestinationIp", "DestinationHostname", "DestinationPort", "DestinationPortName")
	accessType = sysmonType(10, 3, "RuleName", "UtcTime", "SourceProcessGUID", "SourceProcessId", "SourceThreadId",
		"SourceImage", "TargetProcessGUID", "TargetProcessId", "TargetImage", "GrantedAccess", "CallTrace")
	fileType     = sysmonType(11, 2, "RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetFilename", "CreationUtcTime")
	registryType = sysmonType(13, 2, "RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetObject", "Details")
	queryType    = sysmonType(22, 5, "RuleName", "UtcTime", "ProcessGuid", "ProcessId", "QueryName", "QueryStatus", "QueryResults", "Image")
	deleteType   = sysmonType(23, 5, "RuleName", "UtcTime", "ProcessGuid", "ProcessId", "User", "Image", "TargetFilename", "Hashes", "IsExecutable", "Archived")

	serviceStateType = serviceType(7036, 16384, "param1", "param2", "Binary")
	newServiceType   = serviceType(7045, 16384, "ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName")
	startTypeType    = serviceType(7040, 16384, "param1", "param2", "param3", "param4")
	logStartType     = classicType("System", "EventLog", 6005, 32768, 4, 0)
	logStopType      = classicType("System", "EventLog", 6006, 32768, 4, 0)
	uptimeType       = classicType("System", "EventLog", 6013, 32768, 4, 0)
	updateType       = &eventType{
		channel: "System", provider: "Microsoft-Windows-WindowsUpdateClient", guid: "{945A8954-C147-4ACD-923F-40C45405A658}",
		id: 19, version: 1, level: 4, task: 1, opcode: 13, keywords: 0x8000000000000018, user: "S-1-5-18",
		names: []string{"updateTitle", "updateGuid", "updateRevisionNumber", "serviceGuid"},
	}
	logClearedType = &eventType{
		channel: "System", provider: "Microsoft-Windows-Eventlog", guid: "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}",
		id: 104, level: 4, task: 104, keywords: 0x8000000000000000,
	}

	cmdletType = classicType(exchangeChannel, "MSExchange CmdletLogs", 1, 16384, 4, 1)

	scriptType = &eventType{
		channel: powershellChannel, provider: "Microsoft-Windows-PowerShell", guid: "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}",
		id: 4104, version: 1, level: 5, task: 2, opcode: 15,
		names: []string{"MessageNumber", "MessageTotal", "ScriptBlockText", "ScriptBlockId", "Path"},
	}
)

// An account is who a process or a logon belongs to.
type account struct {
	name, domain, sid string
	logon             uint64
}

func (a account) String() string { return a.domain + `\` + a.name }

var systemAccount = account{"SYSTEM", "NT AUTHORITY", "S-1-5-18", 0x3e7}

// A process is one process of a Windows host.
type process struct {
	id             uint32
	guid           evtxtest.GUID
	image, command string
	as             account
}

// A windowsHost is one Windows server and its event logs.
type windowsHost struct {
	site           *site
	name, fqdn, ip string

	security, system, application, sysmon, powershell, exchange *eventLog

	guidPrefix string // of Sysmon's process GUIDs: the machine's part
	lastPID    uint32
	lastLogon  uint64

	services, svchost, lsass, winlogon, explorer *process
}

func (s *site) windowsHost(name, ip string, firstID uint64) *windowsHost {
	h := &windowsHost{site: s, name: name, fqdn: s.lower(name) + "." + dnsDomain, ip: ip, lastPID: 5200, lastLogon: 0x5a3c100}
	h.guidPrefix = string(s.rand.hex(nil, 8, hexUpper))
	log := func(file string, first uint64) *eventLog {
		l := &eventLog{root: s.root, path: s.lower(name) + "/" + file + ".evtx", firstID: first}
		s.logs = append(s.logs, l)
		return l
	}
	h.security = log("Security", firstID*97+1)
	h.system = log("System", firstID/9+1)
	h.sysmon = log("Microsoft-Windows-Sysmon%4Operational", firstID*31+1)
	boot := start - 9*day
	h.services = h.known(boot, 648, `C:\Windows\System32\services.exe`, `C:\Windows\system32\services.exe`, systemAccount)
	h.lsass = h.known(boot, 660, `C:\Windows\System32\lsass.exe`, `C:\Windows\system32\lsass.exe`, systemAccount)
	h.winlogon = h.known(boot, 588, `C:\Windows\System32\winlogon.exe`, `winlogon.exe`, systemAccount)
	h.svchost = h.known(boot, 1012, `C:\Windows\System32\svchost.exe`, `C:\Windows\system32\svchost.exe -k netsvcs`, systemAccount)
	return h
}

// known returns a process that was there before the logs begin.
func (h *windowsHost) known(t int64, id uint32, image, command string, as account) *process {
	return &process{id: id, guid: h.processGUID(t, id), image: image, command: command, as: as}
}

// processGUID builds a GUID as Sysmon does: machine, start time, then the
// token's part.
func (h *windowsHost) processGUID(t int64, id uint32) evtxtest.GUID {
	b := append([]byte("{"), h.guidPrefix...)
	sec := uint64(t / second)
	digits := func(v uint64, n int) {
		for n--; n >= 0; n-- {
			b = append(b, hexUpper[v>>(4*n)&15])
		}
	}
	b = append(b, '-')
	digits(sec&0xffff, 4)
	b = append(b, '-')
	digits(sec>>16&0xffff, 4)
	b = append(b, '-')
	digits(uint64(id)&0xffff, 4)
	b = append(b, "-00000000"...)
	digits(uint64(id)>>16, 4)
	return evtxtest.GUID(append(b, '}'))
}

func (h *windowsHost) pid() uint32 {
	h.lastPID += uint32(4 * h.site.rand.between(1, 9))
	if h.lastPID > 29000 {
		h.lastPID = 3000 + uint32(4*h.site.rand.n(100))
	}
	return h.lastPID
}

func (h *windowsHost) logonID() uint64 {
	h.lastLogon += uint64(h.site.rand.between(0x31, 0x2f07))
	return h.lastLogon
}

func (h *windowsHost) thread() uint32 { return uint32(4 * h.site.rand.between(300, 2600)) }

func (h *windowsHost) audit(t int64, kind *eventType, truth *Truth, values ...any) {
	h.security.add(t, truth, kind.event(h.fqdn, h.lsass.id, h.thread(), values...))
}

func (h *windowsHost) watch(t int64, kind *eventType, truth *Truth, values ...any) {
	h.sysmon.add(t+5*millisecond, truth, kind.event(h.fqdn, 2788, h.thread(), values...))
}

func stampOf(t int64) string { return string(utcTime(make([]byte, 0, 23), t)) }

// start begins a process and writes what Sysmon and the audit policy say
// about it.
func (h *windowsHost) start(t int64, parent *process, as account, directory, image, command string, truth *Truth) *process {
	id := h.pid()
	p := &process{id: id, guid: h.processGUID(t, id), image: image, command: command, as: as}
	session, integrity, label, elevation := uint32(0), "System", evtxtest.SID("S-1-16-16384"), "%%1936"
	if as.logon != systemAccount.logon {
		integrity, label = "High", "S-1-16-12288"
		if parent == h.explorer {
			session, elevation = 2, "%%1937"
		}
	}
	about := aboutImage(image)
	h.watch(t, createType, truth,
		"-", stampOf(t), p.guid, id, image, about.version, about.description, about.product, about.company,
		about.original, command, directory, as.String(), h.processGUID(start-9*day, uint32(as.logon)),
		evtxtest.Hex64(as.logon), session, integrity, about.hash, parent.guid, parent.id, parent.image, parent.command)
	h.security.add(t, truth, processType.event(h.fqdn, 4, h.thread(),
		evtxtest.SID(as.sid), as.name, as.domain, evtxtest.Hex64(as.logon),
		evtxtest.Hex64(id), image, elevation, evtxtest.Hex64(parent.id), command,
		evtxtest.SID("S-1-0-0"), "-", "-", evtxtest.Hex64(0), parent.image, label))
	return p
}

// file is a file that p creates.
func (h *windowsHost) file(t int64, p *process, name string, truth *Truth) {
	h.watch(t, fileType, truth, "-", stampOf(t), p.guid, p.id, p.image, name, stampOf(t))
}

// remove is a file that p deletes.
func (h *windowsHost) remove(t int64, p *process, name string, truth *Truth) {
	h.watch(t, deleteType, truth, "-", stampOf(t), p.guid, p.id, p.as.String(), p.image, name,
		aboutImage(name).hash, false, "true")
}

// registry is a value that p sets.
func (h *windowsHost) registry(t int64, p *process, object, details string, truth *Truth) {
	h.watch(t, registryType, truth, "-", "SetValue", stampOf(t), p.guid, p.id, p.image, object, details)
}

// connect is a connection that p opens.
func (h *windowsHost) connect(t int64, p *process, source int, to string, port int, portName string, truth *Truth) {
	h.watch(t, networkType, truth, "-", stampOf(t), p.guid, p.id, p.image, p.as.String(), "tcp", true, false,
		h.ip, h.fqdn, uint16(source), "-", false, to, "-", uint16(port), portName)
}

// ask is a name that p looks up.
func (h *windowsHost) ask(t int64, p *process, name, address string, truth *Truth) {
	h.watch(t, queryType, truth, "-", stampOf(t), p.guid, p.id, name, "0", "::ffff:"+address+";", p.image)
}

// open is a process that p opens with the rights of access.
func (h *windowsHost) open(t int64, p, target *process, access uint32, trace string, truth *Truth) {
	h.watch(t, accessType, truth, "-", stampOf(t), p.guid, p.id, h.thread(), p.image,
		target.guid, target.id, target.image, evtxtest.Hex32(access), trace)
}

// A logon is how somebody came in.
type logon struct {
	kind        uint32 // 2 console, 3 network, 5 service, 8 clear text, 10 remote desktop
	process     string // LogonProcessName
	pack        string // AuthenticationPackageName
	workstation string
	by          *process // the process that asked; nil for none
	address     string   // "" for none
	port        int
}

func (l *logon) origin() (workstation, address, port, lm string, key uint32) {
	workstation, address, port, lm = orMinus(l.workstation), orMinus(l.address), "-", "-"
	if l.address != "" {
		port = string(number(nil, int64(l.port)))
	}
	if l.pack == "NTLM" {
		lm, key = "NTLM V2", 128
	}
	return workstation, address, port, lm, key
}

func orMinus(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func asker(p *process) (id evtxtest.Hex64, image string) {
	if p == nil {
		return 0, "-"
	}
	return evtxtest.Hex64(p.id), p.image
}

// logon writes a logon by a and returns a with its logon id.
func (h *windowsHost) logon(t int64, a account, l logon, truth *Truth) account {
	a.logon = h.logonID()
	workstation, address, port, lm, key := l.origin()
	id, image := asker(l.by)
	subject := account{"-", "-", "S-1-0-0", 0}
	if l.by != nil {
		subject = account{h.name + "$", domain, "S-1-5-18", 0x3e7}
	}
	elevated := "%%1843"
	if a.admin() {
		elevated = "%%1842"
	}
	h.audit(t, logonType, truth,
		evtxtest.SID(subject.sid), subject.name, subject.domain, evtxtest.Hex64(subject.logon),
		evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon), l.kind,
		l.process, l.pack, workstation, evtxtest.GUID("{00000000-0000-0000-0000-000000000000}"), "-",
		lm, key, id, image, address, port, "%%1833", "-", "-", "-", "%%1843", evtxtest.Hex64(0), elevated)
	if a.admin() {
		h.audit(t+millisecond, privilegeType, truth.unseen("every logon of an administrator writes the same"),
			evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon),
			"SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeRestorePrivilege\r\n\t\t\tSeDebugPrivilege\r\n\t\t\tSeImpersonatePrivilege")
	}
	return a
}

func (h *windowsHost) logoff(t int64, a account, kind uint32) {
	h.audit(t, logoffType, nil, evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon), kind)
}

// badLogon writes a logon that failed for a wrong password, or for a name
// that does not exist.
func (h *windowsHost) badLogon(t int64, name string, unknown bool, l logon, truth *Truth) {
	workstation, address, port, lm, key := l.origin()
	id, image := asker(l.by)
	sub := evtxtest.Hex32(0xc000006a)
	if unknown {
		sub = 0xc0000064
	}
	h.audit(t, badLogonType, truth,
		evtxtest.SID("S-1-0-0"), "-", "-", evtxtest.Hex64(0),
		evtxtest.SID("S-1-0-0"), name, domain, evtxtest.Hex32(0xc000006d), "%%2313", sub, l.kind,
		l.process, l.pack, workstation, "-", lm, key, id, image, address, port)
}

func (a account) admin() bool {
	switch a.name {
	case "it.admin", "svc-backup", "Administrator":
		return true
	}
	return false
}

// script is a block of PowerShell as it was run.
func (h *windowsHost) script(t int64, p *process, text, path string, truth *Truth) {
	e := scriptType.event(h.fqdn, p.id, h.thread(), int32(1), int32(1), text, h.site.rand.guidString(), path)
	e.UserID = p.as.sid
	h.powershell.add(t, truth, e)
}
