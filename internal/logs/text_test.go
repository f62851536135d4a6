package logs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/tocsin-project/tocsin/event"
)

// A record is an event as tests compare it.
type record struct {
	Time   string // RFC 3339, "" when there is none
	Host   string
	Origin string
	Number uint64
	Offset int64
	Text   string
	Fields map[string]string // values of one name joined by " | "
}

// testNames are the names that the tests' rules would ask for.
var testNames = strings.Fields(`cs-uri-stem cs-uri-query c-uri cs-uri c-uri-query c-uri-extension c-useragent
	cs-user-agent cs-referer cs-cookie cs-host cs-method sc-status message program pid host type a0 a1 CommandLine Image
	ProcessId ParentProcessId User CurrentDirectory TargetFilename SYSCALL query AuthenticatedUser UrlStem src_ip`)

// testOrigins makes every origin that tests look at a class of its own.
func testRouter(names *event.Names) *event.Router {
	var routes []event.Route
	for _, o := range strings.Fields(`iis w3c w3c/firewall apache nginx linux/syslog linux/sysmon linux/auditd linux/utmp zeek zeek/dns zeek/http
		exchange exchange/httpproxy exchange/ecp exchange/oabgenerator exchange/messagetracking windows/Security windows`) {
		routes = append(routes, event.Route{Origin: o, Sources: []event.Logsource{{Service: o}}})
	}
	return event.NewRouter(names, routes)
}

// parseText reads content as the file path and returns its records. It fails
// when the result depends on where blocks are cut.
func parseText(t testing.TB, path, content string, modTime string) ([]record, []Problem) {
	t.Helper()
	var first []record
	var problems []Problem
	for _, size := range []int{1 << 20, 300, 64} {
		got, damaged := parseBlocks(t, path, content, modTime, size)
		if first == nil {
			first, problems = got, damaged
		} else if fmt.Sprint(got) != fmt.Sprint(first) {
			t.Fatalf("%s: blocks of %d bytes give\n%v\ninstead of\n%v", path, size, got, first)
		}
	}
	return first, problems
}

func parseBlocks(t testing.TB, path, content, modTime string, size int) ([]record, []Problem) {
	t.Helper()
	f := &File{Path: path}
	if modTime != "" {
		at, err := time.Parse(time.RFC3339, modTime)
		if err != nil {
			t.Fatal(err)
		}
		f.ModTime = at.UnixNano()
	}
	in := &Input{opts: Options{BlockSize: size}}
	in.begin(&source{path: path, modTime: f.ModTime, stdin: true})
	in.files, in.cur, in.top = nil, nil, nil
	in.top = &disk{in: in, size: int64(len(content))}
	in.enter(packed{path: path, r: strings.NewReader(content), modTime: f.ModTime})
	names := event.NewNames()
	for _, n := range testNames {
		names.Intern(n)
	}
	p := NewParser(names, testRouter(names))
	records, problems := []record{}, []Problem{}
	var b Block
	for in.cur != nil {
		if !in.fill(&b) {
			break
		}
		stats := p.Parse(&b, func(e *event.Event) { records = append(records, toRecord(e)) })
		problems = append(problems, stats.Problems...)
		if uint64(len(stats.Problems)) < min(stats.Damaged, maxProblems) {
			t.Fatalf("%d damaged, %d told", stats.Damaged, len(stats.Problems))
		}
	}
	return records, problems
}

func toRecord(e *event.Event) record {
	r := record{Host: string(e.Host), Origin: e.Class.Origin, Number: e.Record, Offset: e.Offset, Text: string(e.Text), Fields: map[string]string{}}
	if e.Time != event.NoTime {
		r.Time = time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano)
	}
	for _, f := range e.Fields() {
		v := string(f.Value)
		if f.Kind == event.Null {
			v = "null"
		}
		if old, ok := r.Fields[f.Name]; ok {
			v = old + " | " + v
		}
		r.Fields[f.Name] = v
	}
	return r
}

// wantFields fails unless got has these fields; a name with no value must be absent.
func wantFields(t *testing.T, got record, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		v, ok := got.Fields[pairs[i]]
		if want := pairs[i+1]; v != want || ok != (want != "") {
			t.Errorf("%s = %q, want %q", pairs[i], v, want)
		}
	}
}

func wantTimes(t *testing.T, got []record, times ...string) {
	t.Helper()
	var have []string
	for _, r := range got {
		have = append(have, r.Time)
	}
	if !slices.Equal(have, times) {
		t.Errorf("times %q, want %q", have, times)
	}
}

const iisLog = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2021-03-03 00:00:05\r\n" +
	"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n" +
	"2021-03-03 00:00:05 10.0.0.4 POST /ecp/DDI/DDIService.svc/SetObject schema=Reset%20Dir&a=b+c 443 - 203.0.113.9 Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 15\r\n" +
	"2021-03-03 00:00:06 10.0.0.4 GET /owa/auth/x.js - 443 TOWN\\ann 198.51.100.7 - https://mail/owa/ 404 0 2 3\r\n" +
	"2021-03-03 00:00:07 too few\r\n" +
	"#Fields: date time c-ip cs-method\r\n" +
	"2021-03-03 00:00:08 192.0.2.1 GET\r\n"

func TestIIS(t *testing.T) {
	got, problems := parseText(t, "u_ex210303.log", iisLog, "")
	if len(got) != 3 || len(problems) != 1 {
		t.Fatalf("%d records, problems %v", len(got), problems)
	}
	if p := problems[0]; p.Record != 7 || !strings.Contains(p.Reason, "4 fields where #Fields names 15") {
		t.Errorf("problem %+v", p)
	}
	wantTimes(t, got, "2021-03-03T00:00:05Z", "2021-03-03T00:00:06Z", "2021-03-03T00:00:08Z")
	wantFields(
		t, got[0], "cs-method", "POST", "c-ip", "203.0.113.9", "cs-username", "", "sc-status", "200",
		"cs(User-Agent)", "Mozilla/5.0+(Windows+NT+10.0)",
		"cs-user-agent", "Mozilla/5.0+(Windows+NT+10.0) | Mozilla/5.0 (Windows NT 10.0)",
		"c-useragent", "Mozilla/5.0+(Windows+NT+10.0) | Mozilla/5.0 (Windows NT 10.0)",
		"cs-uri-stem", "/ecp/DDI/DDIService.svc/SetObject",
		"cs-uri-query", "schema=Reset%20Dir&a=b+c | /ecp/DDI/DDIService.svc/SetObject?schema=Reset%20Dir&a=b+c | /ecp/DDI/DDIService.svc/SetObject?schema=Reset Dir&a=b c",
		"c-uri", "/ecp/DDI/DDIService.svc/SetObject?schema=Reset%20Dir&a=b+c | /ecp/DDI/DDIService.svc/SetObject?schema=Reset Dir&a=b c",
		"c-uri-query", "schema=Reset%20Dir&a=b+c", "cs-referer", "",
	)
	wantFields(
		t, got[1], "cs-uri-query", "/owa/auth/x.js", "c-uri", "/owa/auth/x.js", "cs-referer", "https://mail/owa/",
		"cs(Referer)", "https://mail/owa/", "c-uri-extension", "js", "c-useragent", "", "cs-username", "TOWN\\ann",
	)
	wantFields(t, got[2], "c-ip", "192.0.2.1", "cs-method", "GET", "sc-status", "")
	if got[0].Origin != "iis" || got[2].Origin != "iis" || got[0].Number != 5 || got[1].Offset != int64(strings.Index(iisLog, "2021-03-03 00:00:06")) {
		t.Errorf("origin, number or offset wrong: %+v", got[1])
	}
}

// WD-logfile-960323: fields may be quoted; #Date dates entries that have a
// time alone.
func TestW3COfOthers(t *testing.T) {
	got, problems := parseText(
		t, "proxy.log", "#Software: SGOS 6.7\n#Version: 1.0\n#Date: 2021-03-03 00:00:00\n"+
			"#Fields: time c-ip cs-method cs-uri-scheme cs-host cs-uri-path cs-uri-query cs(User-Agent)\n"+
			"01:02:03 10.1.1.1 GET http town.example /a%2easpx x=1 \"Mozilla/5.0 (X11; \"\"q\"\") y\"\n"+
			"01:02:04 10.1.1.1 GET http town.example /b - \"never closed\n"+
			"01:02:04 10.1.1.1 GET http town.example /b - -\n", "",
	)
	if len(got) != 2 || len(problems) != 1 {
		t.Fatalf("%v, problems %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T01:02:03Z", "2021-03-03T01:02:04Z")
	wantFields(
		t, got[0], "cs(User-Agent)", "Mozilla/5.0 (X11; \"\"q\"\") y", "cs-uri-stem", "/a%2easpx | /a.aspx",
		"c-uri", "http://town.example/a%2easpx?x=1 | http://town.example/a.aspx?x=1",
	)
	got, _ = parseText(
		t, "pfirewall.log", "#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n"+
			"#Fields: date time action protocol src-ip dst-ip\n\n2021-03-03 10:00:00 DROP TCP 10.0.0.1 10.0.0.2\n", "",
	)
	if len(got) != 1 || got[0].Origin != "w3c/firewall" {
		t.Fatalf("%v", got)
	}
	wantFields(t, got[0], "src-ip", "10.0.0.1", "src_ip", "10.0.0.1", "action", "DROP")
	got, problems = parseText(
		t, "E1.log", "#Version: 1.0\n#Fields: date time c-ip cs-uri-stem cs(User-Agent)\n2021-03-03\t10:00:00\t10.0.0.1\t/x y\tA%20B\n", "",
	)
	if len(got) != 1 || len(problems) != 0 {
		t.Fatalf("%v %v", got, problems)
	}
	wantFields(t, got[0], "cs-uri-stem", "/x y")
}

func TestCSV(t *testing.T) {
	got, problems := parseText(
		t, "x.csv", "sep=;\r\nTimeStamp;User Name;Note;Empty\r\n2021-03-03T10:00:00+01:00;ann;\"a;b\r\nline \"\"two\"\"\";\r\n"+
			"\r\n2021-03-03 11:00:00;bob;5\" disk;x\r\nshort;row\r\n", "",
	)
	if len(got) != 2 || len(problems) != 1 {
		t.Fatalf("%v, problems %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T09:00:00Z", "2021-03-03T11:00:00Z")
	wantFields(t, got[0], "User Name", "ann", "Note", "a;b\r\nline \"two\"", "Empty", "")
	wantFields(t, got[1], "Note", "5\" disk", "Empty", "x")
	if got[0].Number != 3 || got[1].Number != 6 || problems[0].Record != 7 || got[0].Origin != event.UnknownOrigin {
		t.Errorf("numbers %d %d %d", got[0].Number, got[1].Number, problems[0].Record)
	}
}

// Exports of Windows events: PowerShell's Export-Csv and Event Viewer.
func TestWindowsCSV(t *testing.T) {
	got, _ := parseText(
		t, "sec.csv", "#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\n\"Message\",\"Id\",\"Level\",\"ProviderName\",\"LogName\",\"ProcessId\",\"MachineName\",\"TimeCreated\"\n"+
			"\"A logon\n\nSubject: x\",\"4624\",\"0\",\"Microsoft-Windows-Security-Auditing\",\"Security\",\"700\",\"DC1\",\"3/2/2021 1:04:05 PM\"\n", "",
	)
	if len(got) != 1 {
		t.Fatalf("%v", got)
	}
	wantFields(
		t, got[0], "EventID", "4624", "Provider_Name", "Microsoft-Windows-Security-Auditing", "Channel", "Security",
		"Computer", "DC1", "Execution_ProcessID", "700", "Message", "A logon\n\nSubject: x",
	)
	if got[0].Origin != "windows/Security" || got[0].Host != "DC1" {
		t.Errorf("%+v", got[0])
	}
	wantTimes(t, got, "2021-03-02T13:04:05Z")
	got, _ = parseText(
		t, "app.csv", "Level,Date and Time,Source,Event ID,Task Category\nError,3/2/2021 12:04:05 AM,MSExchange Unified Messaging,2,None,\"what, it says\"\n", "",
	)
	if len(got) != 1 {
		t.Fatalf("%v", got)
	}
	wantFields(t, got[0], "Message", "what, it says")
	wantTimes(t, got, "2021-03-02T00:04:05Z")
}

func TestExchange(t *testing.T) {
	const header = "DateTime,RequestId,MajorVersion,UrlHost,UrlStem,AuthenticatedUser,AnchorMailbox,UserAgent,ClientIPAddress,ServerHostName,UrlQuery\r\n"
	got, problems := parseText(
		t, "HttpProxy/Ecp/HttpProxy_2021030300-1.LOG", header+"#Software: Microsoft Exchange\r\n#Version: 15.01.2176.002\r\n#Log-type: HttpProxy Logs\r\n#Date: 2021-03-03T00:00:00.000Z\r\n#Fields: "+header+
			"2021-03-03T04:00:00.123Z,id-1,15,mail.town.example,/ecp/y.js,,ServerInfo~a]@mail:444/x#,\"agent, with comma\",203.0.113.9,MAIL01,?a=1\r\n"+
			"#Software: Microsoft Exchange\r\n#Fields: DateTime,RequestId,MajorVersion,UrlHost,UrlStem,AnchorMailbox\r\n"+
			"2021-03-03T04:00:01.123Z,id-2,15,mail.town.example,/ecp/z.js,Sid~S-1\r\n", "",
	)
	if len(got) != 2 || len(problems) != 0 {
		t.Fatalf("%v, problems %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T04:00:00.123Z", "2021-03-03T04:00:01.123Z")
	wantFields(
		t, got[0], "AnchorMailbox", "ServerInfo~a]@mail:444/x#", "UserAgent", "agent, with comma", "ClientIpAddress", "203.0.113.9",
		"UrlStem", "/ecp/y.js", "AuthenticatedUser", "null", "cs-uri-query", "a=1 | /ecp/y.js?a=1",
	)
	wantFields(t, got[1], "AnchorMailbox", "Sid~S-1", "AuthenticatedUser", "")
	for _, r := range got {
		if r.Origin != "exchange/httpproxy" {
			t.Errorf("origin %s", r.Origin)
		}
	}
	if got[0].Host != "MAIL01" {
		t.Errorf("host %q", got[0].Host)
	}
	for _, c := range []struct{ path, head, row, origin string }{
		{"ECP/Server/ECPServer1.log", "#Software: Microsoft Exchange Server\n#Log-type: ECP Server Log\n#Fields: TimeStamp,ServerName,EventId,EventData\n", "2021-03-03T07:10:40.906Z,EX01,ECP.Request,S:CMD=Set-OabVirtualDirectory.ExternalUrl='x'\n", "exchange/ecp"},
		{"OABGeneratorLog/OAB.log", "#Software: Microsoft Exchange Server\n#Log-type: OAB Generator Log\n#Fields: DateTime,Message\n", "2021-03-03T07:10:40.906Z,Download failed and temporary file\n", "exchange/oabgenerator"},
		{"MSGTRK1.LOG", "#Software: Microsoft Exchange Server\n#Log-type: Message Tracking Log\n#Fields: date-time,client-ip,event-id\n", "2021-03-03T07:10:40.906Z,10.0.0.1,SEND\n", "exchange/messagetracking"},
		{"other.log", "#Software: Microsoft Exchange Server\n#Log-type: SMTP Receive Protocol Log\n#Fields: date-time,connector-id\n", "2021-03-03T07:10:40.906Z,x\n", "exchange"},
	} {
		got, problems := parseText(t, c.path, c.head+c.row, "")
		if len(got) != 1 || len(problems) != 0 || got[0].Origin != c.origin || got[0].Time != "2021-03-03T07:10:40.906Z" {
			t.Errorf("%s: %v %v", c.path, got, problems)
		}
	}
}

func TestZeek(t *testing.T) {
	const header = "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#open\t2021-03-03-00-00-00\n" +
		"#fields\tts\tuid\tid.orig_h\tquery\tAA\tanswers\tTTLs\tnote\n#types\ttime\tstring\taddr\tstring\tbool\tvector[string]\tvector[interval]\tstring\n"
	got, problems := parseText(
		t, "dns.log", header+"1614733200.500000\tCx\t10.0.0.5\ttown.example\tT\ta.example,b\\x2cc\t60.0,1.0\t(empty)\n"+
			"1614733201.000000\tCy\t10.0.0.6\t-\tF\t(empty)\t-\ta\\x09b\n"+"bad\tline\n#close\t2021-03-03-01-00-00\n", "",
	)
	if len(got) != 2 || len(problems) != 1 {
		t.Fatalf("%v %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T01:00:00.5Z", "2021-03-03T01:00:01Z")
	wantFields(t, got[0], "id.orig_h", "10.0.0.5", "query", "town.example", "AA", "true", "answers", "a.example | b,c", "TTLs", "60.0 | 1.0")
	if v, ok := got[0].Fields["note"]; v != "" || !ok {
		t.Errorf("(empty) is an empty value: %q %v", v, ok)
	}
	wantFields(t, got[1], "query", "", "answers", "", "AA", "false", "note", "a\tb")
	if got[0].Origin != "zeek/dns" {
		t.Errorf("origin %s", got[0].Origin)
	}
}

func TestAccessLog(t *testing.T) {
	got, problems := parseText(
		t, "/var/log/nginx/access.log", `203.0.113.9 - ann [03/Mar/2021:10:00:00 +0100] "GET /a%20b.php?x=%27+or HTTP/1.1" 200 512 "https://r/\"q\"" "agent \x22x\x22 y" "extra"`+"\n"+
			`town.example:443 203.0.113.9 - - [03/Mar/2021:10:00:01 +0100] "POST / HTTP/2.0" 302 -`+"\n"+
			`203.0.113.9 - - [03/Mar/2021:10:00:02 +0100] "\x16\x03\x01" 400 0 "-" "-"`+"\n"+
			`203.0.113.9 - - [03/Mar/2021:10:00:03 +0100] "GET http://other.example/p?q HTTP/1.1" 200 1 "-" "-"`+"\n"+
			"not a line\n", "",
	)
	if len(got) != 4 || len(problems) != 1 {
		t.Fatalf("%v %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T09:00:00Z", "2021-03-03T09:00:01Z", "2021-03-03T09:00:02Z", "2021-03-03T09:00:03Z")
	wantFields(
		t, got[0], "c-ip", "203.0.113.9", "cs-username", "ann", "cs-method", "GET", "sc-status", "200", "sc-bytes", "512",
		"cs-uri-stem", "/a%20b.php | /a b.php", "cs-uri-query", "x=%27+or | /a%20b.php?x=%27+or | /a b.php?x=' or",
		"c-uri", "/a%20b.php?x=%27+or | /a b.php?x=' or", "cs-referer", `https://r/"q"`, "c-useragent", `agent "x" y`,
	)
	wantFields(t, got[1], "cs-host", "town.example", "c-ip", "203.0.113.9", "sc-bytes", "", "cs-method", "POST", "cs-uri-query", "/")
	wantFields(t, got[2], "request", `\x16\x03\x01`, "cs-method", "", "sc-status", "400")
	wantFields(t, got[3], "cs-host", "other.example", "cs-uri-stem", "/p", "c-uri", "http://other.example/p?q", "cs-uri", "http://other.example/p?q")
	if got[0].Origin != "nginx" {
		t.Errorf("origin %s", got[0].Origin)
	}
}

func TestSyslog(t *testing.T) {
	got, problems := parseText(
		t, "auth.log", "Dec 31 23:59:59 town sshd[77]: Failed password for root\n"+
			"Jan  1 00:00:01 town CRON[78]: pam_unix(cron:session): session opened\n"+
			"<86>Feb 29 00:00:01 town su: x\n"+
			"2021-03-03T10:00:00.123456+01:00 town kernel: [ 1.2] up\n"+
			`<34>1 2021-03-03T10:00:00.5Z mail.town su 12 ID47 [ex@1 iut="3" note="a \"b\" \] c"][y@2] `+"\xef\xbb\xbf'su root' failed\n"+
			"<13>1 - - - - - -\n"+"goes on here\n"+"Mar  3 10:00:01 town last message repeated 2 times\n", "2021-03-02T12:00:00Z",
	)
	if len(got) != 8 || len(problems) != 0 {
		t.Fatalf("%d %v %v", len(got), got, problems)
	}
	wantTimes(
		t, got, "2020-12-31T23:59:59Z", "2021-01-01T00:00:01Z", "2020-02-29T00:00:01Z", "2021-03-03T09:00:00.123456Z",
		"2021-03-03T10:00:00.5Z", "", "", "2021-03-03T10:00:01Z",
	)
	wantFields(t, got[0], "host", "town", "program", "sshd", "pid", "77", "message", "Failed password for root")
	wantFields(t, got[1], "program", "CRON", "message", "pam_unix(cron:session): session opened")
	wantFields(t, got[2], "facility", "authpriv", "severity", "info", "program", "su", "pid", "", "message", "x")
	wantFields(t, got[3], "program", "kernel", "message", "[ 1.2] up")
	wantFields(
		t, got[4], "host", "mail.town", "program", "su", "pid", "12", "msgid", "ID47", "facility", "auth", "severity", "crit",
		"ex@1.iut", "3", "ex@1.note", `a "b" ] c`, "message", "'su root' failed",
	)
	wantFields(t, got[6], "message", "goes on here", "program", "")
	wantFields(t, got[7], "program", "", "message", "last message repeated 2 times")
	if got[0].Origin != "linux/syslog" || got[0].Host != "town" || got[0].Text != "Dec 31 23:59:59 town sshd[77]: Failed password for root" {
		t.Errorf("%+v", got[0])
	}
}

// What sudo and Sysmon for Linux write to syslog is taken apart.
func TestSyslogPrograms(t *testing.T) {
	got, problems := parseText(
		t, "syslog", "Mar  3 10:00:00 web1 sudo: ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/usr/bin/id\n"+
			`Mar  3 10:00:01 web1 sysmon: <Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime="2021-03-03T10:00:00.5Z"/>`+
			`<Channel>Linux-Sysmon/Operational</Channel><Computer>web1.town</Computer></System><EventData><Data Name="CommandLine">id -u</Data></EventData></Event>`+"\n", "2021-03-04T00:00:00Z",
	)
	if len(got) != 2 || len(problems) != 0 {
		t.Fatalf("%v %v", got, problems)
	}
	wantFields(t, got[0], "USER", "root", "COMMAND", "/usr/bin/id")
	wantFields(t, got[1], "CommandLine", "id -u", "EventID", "1", "program", "sysmon", "host", "web1")
	wantTimes(t, got, "2021-03-03T10:00:00Z", "2021-03-03T10:00:00.5Z")
	if got[1].Origin != "linux/sysmon" {
		t.Errorf("origin %s", got[1].Origin)
	}
}

// A stamp without a year is dated by the file's last change, or by the date
// in its name when that is older (logrotate.conf(5), dateext).
func TestYearFromName(t *testing.T) {
	got, _ := parseText(t, "secure-20190110", "Dec 31 23:59:59 town sshd[77]: x\nJan  9 00:00:00 town sshd[77]: x\n", "2026-01-01T00:00:00Z")
	wantTimes(t, got, "2018-12-31T23:59:59Z", "2019-01-09T00:00:00Z")
}

const auditLog = `type=SYSCALL msg=audit(1614733200.500:101): arch=c000003e syscall=59 success=yes exit=0 a0=55d a1=55e items=2 ppid=10 pid=11 auid=1000 uid=0 gid=0 comm="cat" exe="/usr/bin/cat" key=(null)` + "\x1d" + `ARCH=x86_64 SYSCALL=execve AUID="ann" UID="root"
type=EXECVE msg=audit(1614733200.500:101): argc=3 a0="cat" a1=2F746D702F6120622E747874 a2="c"
type=SYSCALL msg=audit(1614733200.600:102): arch=c000003e syscall=319 success=yes pid=12 uid=33 comm="x" exe=2F746D702F7820
type=CWD msg=audit(1614733200.500:101): cwd="/root"
type=PATH msg=audit(1614733200.500:101): item=0 name="/usr/bin/cat" nametype=NORMAL
type=PATH msg=audit(1614733200.500:101): item=1 name="/tmp/new" nametype=CREATE
type=PROCTITLE msg=audit(1614733200.500:101): proctitle=636174002F746D702F612062
type=PROCTITLE msg=audit(1614733200.600:102): proctitle=78002D6C
node=web1 type=USER_LOGIN msg=audit(1614733201.000:103): pid=99 uid=0 auid=4294967295 msg='op=login acct="root" exe="/usr/sbin/sshd" hostname=? addr=203.0.113.9 terminal=ssh res=failed'
type=SOCKADDR msg=audit(1614733202.000:104): saddr=0200` + "\x1d" + `SADDR={ saddr_fam=inet laddr=203.0.113.9 lport=443 }
noise
`

func TestAuditd(t *testing.T) {
	got, problems := parseBlocks(t, "audit.log", auditLog, "", 1<<20)
	if len(got) != 4 || len(problems) != 1 {
		t.Fatalf("%d %v %v", len(got), got, problems)
	}
	wantTimes(t, got, "2021-03-03T01:00:00.5Z", "2021-03-03T01:00:00.6Z", "2021-03-03T01:00:01Z", "2021-03-03T01:00:02Z")
	wantFields(
		t, got[0], "type", "SYSCALL | EXECVE | CWD | PATH | PATH | PROCTITLE", "a0", "55d | cat", "a1", "55e | /tmp/a b.txt",
		"CommandLine", "cat /tmp/a b.txt c", "Image", "/usr/bin/cat", "ProcessId", "11", "ParentProcessId", "10", "User", "root",
		"SYSCALL", "execve", "AUID", "ann", "name", "/usr/bin/cat | /tmp/new", "TargetFilename", "/tmp/new", "CurrentDirectory", "/root",
		"proctitle", "cat /tmp/a b", "key", "",
	)
	wantFields(t, got[1], "SYSCALL", "memfd_create", "CommandLine", "x -l", "exe", "/tmp/x ", "Image", "/tmp/x ", "User", "", "uid", "33")
	wantFields(t, got[2], "acct", "root", "addr", "203.0.113.9", "hostname", "", "res", "failed", "node", "web1", "exe", "/usr/sbin/sshd")
	wantFields(t, got[3], "laddr", "203.0.113.9", "lport", "443")
	if got[2].Host != "web1" || got[0].Origin != "linux/auditd" || got[1].Number != 3 {
		t.Errorf("%+v", got[1])
	}
	if want := strings.Count(got[0].Text, "\n"); want != 5 || strings.Contains(got[0].Text, ":102)") {
		t.Errorf("the text of an event is its own lines: %q", got[0].Text)
	}
	// blocks are cut between events
	in := bytes.Repeat([]byte("type=CWD msg=audit(1614733200.500:101): cwd=\"/root\"\n"), 3)
	if n := splitAudit(nil, append(bytes.Clone(in), "type=CWD msg=audit(1614733200.500:102): cwd=\"/\"\ntype=PA"...), false); n != len(in) {
		t.Errorf("cut at %d, want %d", n, len(in))
	}
	if n := splitAudit(nil, in, false); n != 0 {
		t.Errorf("cut at %d within an event", n)
	}
}

// An argument that the kernel wrote in parts is one argument
// (kernel/auditsc.c writes a1_len, then a1[0], a1[1]).
func TestAuditLongArgument(t *testing.T) {
	got, _ := parseText(
		t, "audit.log", "type=EXECVE msg=audit(1614733200.500:101): argc=3 a0=\"sh\" a1_len=4 a1[0]=\"ab\"\n"+
			"type=EXECVE msg=audit(1614733200.500:101): a1[1]=\"cd\" a2=\"e\"\n", "",
	)
	if len(got) != 1 {
		t.Fatalf("%v", got)
	}
	wantFields(t, got[0], "CommandLine", "sh abcd e", "a1", "ab | cd")
}

func TestPlainText(t *testing.T) {
	got, _ := parseText(
		t, "x.log", "2021-03-03 10:00:00 startup\n[2021-03-03T10:00:00,5Z] y\n2021/03/03 10:00:01 [error] 1#1: z\n[Wed Mar 03 10:00:02.5 2021] [core:error] q\n1614733200.5 epoch\nno stamp\n\x00\x00\x00\n", "",
	)
	wantTimes(t, got, "2021-03-03T10:00:00Z", "2021-03-03T10:00:00.5Z", "2021-03-03T10:00:01Z", "2021-03-03T10:00:02.5Z", "2021-03-03T01:00:00.5Z", "")
	if got[0].Origin != event.TextOrigin || got[0].Fields["message"] != "2021-03-03 10:00:00 startup" {
		t.Errorf("%+v", got[0])
	}
}

// What looks like CSV or syslog at a glance and is neither.
func TestNotQuite(t *testing.T) {
	for _, text := range []string{
		"INFO,main,started\nINFO,main,stopped\nINFO,disk,full\n",
		"Hello, world, again\nand, once, more\n",
		"2021-03-03T10:00:00Z INFO main: started\n2021-03-03T10:00:01Z WARN main: slow\n",
		"Mar  3 10:00:00 the backup has ended\nMar  4 10:00:00 the backup has ended\n",
		"a,b\n",
	} {
		got, _ := parseText(t, "x.log", text, "2021-03-04T00:00:00Z")
		if len(got) != strings.Count(text, "\n") || got[0].Origin != event.TextOrigin {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestUTF16(t *testing.T) {
	text := "Größe 1 😀\r\nzwei\r\n"
	for name, c := range map[string]struct {
		bom string
		le  bool
	}{"le": {"\xff\xfe", true}, "be": {"\xfe\xff", false}, "le without mark": {"", true}, "be without mark": {"", false}} {
		got, _ := parseText(t, "x.log", c.bom+string(toUTF16(text, c.le)), "")
		if len(got) != 2 || got[0].Text != "Größe 1 😀" || got[1].Text != "zwei" {
			t.Errorf("%s: %v", name, got)
		}
	}
	if b, err := io.ReadAll(&utf16Reader{r: strings.NewReader("\x00\xd8x\x00\x00\xdc\x41"), order: binaryLE}); err != nil || string(b) != "\ufffdx\ufffd" {
		t.Errorf("lone surrogates: %q %v", b, err)
	}
}

var binaryLE = binary.LittleEndian

func toUTF16(s string, little bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if little {
			out = append(out, byte(u), byte(u>>8))
		} else {
			out = append(out, byte(u>>8), byte(u))
		}
	}
	return out
}

func TestErrorLog(t *testing.T) {
	got, problems := parseText(
		t, "error.log", "[Wed Mar 03 10:00:02.123456 2021] [core:error] [pid 35708:tid 4328636416] (13)Denied: [client 203.0.113.9:1234] AH1: File does not exist: /x\n"+
			"[Wed Mar 03 10:00:03 2021] [error] [client 203.0.113.9] File does not exist: /y\nfrom a script\n"+
			"[Wed Mar 03 10:00:04.5 2021] [mpm_prefork:notice] [pid 1] [client 2001:db8::1:99] AH2: caught SIGTERM\n", "",
	)
	if len(got) != 4 || len(problems) != 0 || got[0].Origin != "apache" {
		t.Fatalf("%v %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T10:00:02.123456Z", "2021-03-03T10:00:03Z", "", "2021-03-03T10:00:04.5Z")
	wantFields(t, got[0], "level", "error", "pid", "35708", "message", "(13)Denied: [client 203.0.113.9:1234] AH1: File does not exist: /x")
	wantFields(t, got[1], "level", "error", "c-ip", "203.0.113.9", "message", "File does not exist: /y")
	wantFields(t, got[3], "level", "notice", "c-ip", "2001:db8::1", "message", "AH2: caught SIGTERM")
	got, problems = parseText(
		t, "error.log", `2021/03/03 10:00:01 [error] 31#32: *5 open() "/x" failed (2: No such file), client: 203.0.113.9, server: _, request: "GET /x HTTP/1.1"`+"\n", "",
	)
	if len(got) != 1 || len(problems) != 0 || got[0].Origin != "nginx" {
		t.Fatalf("%v %v", got, problems)
	}
	wantFields(t, got[0], "level", "error", "pid", "31", "c-ip", "203.0.113.9")
	wantTimes(t, got, "2021-03-03T10:00:01Z")
}

// utmp(5): struct utmp.
func TestUtmp(t *testing.T) {
	record := func(kind, pid uint32, line, user, host string, sec, usec uint32, addr []byte) string {
		b := make([]byte, utmpSize)
		binary.LittleEndian.PutUint32(b, kind)
		binary.LittleEndian.PutUint32(b[4:], pid)
		copy(b[8:40], line)
		copy(b[44:76], user)
		copy(b[76:332], host)
		binary.LittleEndian.PutUint32(b[340:], sec)
		binary.LittleEndian.PutUint32(b[344:], usec)
		copy(b[348:], addr)
		return string(b)
	}
	got, problems := parseText(
		t, "/var/log/wtmp", record(2, 0, "~", "reboot", "6.1.0", 1614733200, 500000, nil)+
			record(7, 99, "pts/0", "ann", "203.0.113.9", 1614733201, 0, []byte{203, 0, 113, 9})+record(77, 0, "", "", "", 1, 0, nil), "",
	)
	if len(got) != 2 || len(problems) != 1 || problems[0].Record != 3 || problems[0].Offset != 768 {
		t.Fatalf("%v %v", got, problems)
	}
	wantTimes(t, got, "2021-03-03T01:00:00.5Z", "2021-03-03T01:00:01Z")
	wantFields(t, got[1], "type", "USER_PROCESS", "user", "ann", "terminal", "pts/0", "hostname", "203.0.113.9", "pid", "99", "addr", "203.0.113.9")
}
