package exercise

import "github.com/tocsin-project/tocsin/evtx/evtxtest"

// A mailServer is an Exchange 2016 server: a Windows host with two web sites
// and Exchange's own logs.
type mailServer struct {
	*windowsHost
	front, behind, ecp, oab *textLog
	proxy                   map[string]*textLog

	pools map[string]*process // w3wp.exe by application pool
	voice *process            // UMWorkerProcess.exe
	host  *process            // Microsoft.Exchange.ServiceHost.exe
}

var protocols = []string{"Autodiscover", "Eas", "Ecp", "Ews", "Mapi", "Owa", "RpcHttp"}

func (s *site) mailServer() *mailServer {
	m := &mailServer{windowsHost: s.windowsHost("MAIL"+two(s.number), "10.20.1.25", 1903)}
	folder := "mail" + two(s.number) + "/"
	event := func(file string, first uint64) *eventLog {
		l := &eventLog{root: s.root, path: folder + file + ".evtx", firstID: first}
		s.logs = append(s.logs, l)
		return l
	}
	m.application = event("Application", 40961)
	m.powershell = event("Microsoft-Windows-PowerShell%4Operational", 2210)
	m.exchange = event("MSExchange Management", 771)
	m.front = s.text(folder+"W3SVC1/u_ex{060102}.log", iisHeader, nil)
	m.behind = s.text(folder+"W3SVC2/u_ex{060102}.log", iisHeader, nil)
	m.ecp = s.text(folder+"ECP/Server/ECPServer{20060102}-1.LOG", exchangeHeader("15.00.0000.000", "ECP Server Log", "TimeStamp,ServerName,EventId,EventData"), nil)
	m.oab = s.text(folder+"OABGeneratorLog/OABGenerator_{20060102}-1.LOG", exchangeHeader(exchangeBuild, "OABGenerator Log", "TimeStamp,ServerName,ThreadId,EventId,EventData"), nil)
	m.proxy = map[string]*textLog{}
	for _, p := range protocols {
		m.proxy[p] = s.text(folder+"HttpProxy/"+p+"/HttpProxy_{20060102}00-1.LOG", exchangeHeader(exchangeBuild, "HttpProxy Logs", proxyFields), nil)
	}
	m.pools = map[string]*process{}
	boot := start - 9*day + 4*minute
	for i, pool := range []string{"MSExchangeOWAAppPool", "MSExchangeECPAppPool", "MSExchangePowerShellAppPool", "DefaultAppPool"} {
		config := exchangeRoot + `bin\GenericAppPoolConfigWithGCServerEnabledFalse.config`
		m.pools[pool] = m.known(boot, uint32(6120+i*848), `C:\Windows\System32\inetsrv\w3wp.exe`,
			`c:\windows\system32\inetsrv\w3wp.exe -ap "`+pool+`" -v "v4.0" -c "`+config+`" -a \\.\pipe\iisipm`+string(s.rand.guid(nil))+` -h "C:\inetpub\temp\apppools\`+pool+`\`+pool+`.config" -w "" -m 0`,
			systemAccount)
	}
	m.voice = m.known(boot, 9932, exchangeRoot+`bin\UMWorkerProcess.exe`,
		`"`+exchangeRoot+`bin\UMWorkerProcess.exe" -startupMode:TCP -tempdir:"`+exchangeRoot+`UnifiedMessaging\temp"`, systemAccount)
	m.host = m.known(boot, 4404, exchangeRoot+`bin\Microsoft.Exchange.ServiceHost.exe`, `"`+exchangeRoot+`bin\Microsoft.Exchange.ServiceHost.exe"`, systemAccount)
	return m
}

// cmdlet writes what Exchange says of a cmdlet that was run.
func (m *mailServer) cmdlet(t int64, name, parameters, who, sid, process string, truth *Truth) {
	values := []any{
		name, parameters, who, sid, sid, "", process, "", "5", "00:00:00.4531197",
		"View Entire Forest: 'False', Default Scope: '" + dnsDomain + "', Configuration Domain Controller: '" + m.site.dc.fqdn + "', Preferred Global Catalog: '" + m.site.dc.fqdn + "'",
		"", "", "", "", "", "", "False", "", "0 objects execution has been proxied to remote server.",
		"", "", "0", "ActivityId: " + m.site.rand.guidString(), "ServicePlan:;IsAdmin:True;", "", "en-US",
	}
	m.exchange.add(t, truth, cmdletType.event(m.fqdn, 0, 0, values...))
}

// say writes an event of a classic provider to the Application log.
func (m *mailServer) say(t int64, provider string, id uint16, level uint8, truth *Truth, texts ...any) {
	kind := classicType("Application", provider, id, 16384, level, 1)
	if level == 2 {
		kind.qualifiers = 49152
	}
	m.application.add(t, truth, kind.event(m.fqdn, 0, 0, texts...))
}

// service writes that a service runs or has stopped.
func (h *windowsHost) service(t int64, name string, running bool) {
	state := "stopped"
	if running {
		state = "running"
	}
	h.system.add(t, nil, serviceStateType.event(h.fqdn, h.services.id, h.thread(), name, state, []byte(name)))
}

// install writes that a service was installed.
func (h *windowsHost) install(t int64, name, image, kind, begin, as string, truth *Truth) {
	h.system.add(t, truth, newServiceType.event(h.fqdn, h.services.id, h.thread(), name, image, kind, begin, as))
}

// share writes that a opened a share.
func (h *windowsHost) share(t int64, a account, from string, name, path string, truth *Truth) {
	h.audit(t, shareType, truth, evtxtest.SID(a.sid), a.name, a.domain, evtxtest.Hex64(a.logon), "File",
		from, string(number10(h.site.rand.between(49152, 65535))), name, path, evtxtest.Hex32(1), "%%4416\r\n\t\t\t\t")
}

// ticket writes that the domain controller gave a ticket: to sign in with
// (service "krbtgt") or for a service.
func (h *windowsHost) ticket(t int64, a account, from, service string, truth *Truth) {
	from, port := "::ffff:"+from, string(number10(h.site.rand.between(49152, 65535)))
	if service == "krbtgt" {
		h.audit(t, ticketType, truth, a.name, dnsDomainUpper, evtxtest.SID(a.sid), service, evtxtest.SID(domainSID+"-502"),
			evtxtest.Hex32(0x40810010), evtxtest.Hex32(0), evtxtest.Hex32(0x12), "2", from, port, "", "", "")
		return
	}
	h.audit(t, serviceTicketType, truth, a.name+"@"+dnsDomainUpper, dnsDomainUpper, service, evtxtest.SID(rid(ridMailHost)),
		evtxtest.Hex32(0x40810000), evtxtest.Hex32(0x12), from, port, evtxtest.Hex32(0),
		evtxtest.GUID("{"+h.site.rand.guidString()+"}"), "-")
}

const dnsDomainUpper = "TOWNHALL.EXAMPLE"
