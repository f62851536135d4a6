package main

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
)

// A lane is a stream of JSON events of one kind, synthetic and alike in shape
// and length to what real machines log. Few events match a rule.
type lane struct {
	name      string
	logsource string // for the peer that is told
	event     func(r *rand.Rand) string
}

func (l lane) write(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(2021, 7))
	for range n {
		if _, err := w.WriteString(l.event(r) + "\n"); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

var lanes = []lane{
	{"process creation", "product=windows,category=process_creation", processCreation},
	{"file events", "product=windows,category=file_event", fileEvent},
	{"raw Windows JSON of 2 KB", "product=windows,category=process_creation", rawWindows},
	{"web requests", "category=webserver", webRequest},
}

func pick(r *rand.Rand, list ...string) string { return list[r.IntN(len(list))] }

// starts are what ordinary machines start, by what, and how.
var starts = []struct{ parent, image, arguments string }{
	{`C:\Windows\System32\services.exe`, `C:\Windows\System32\svchost.exe`, `-k netsvcs -p -s Schedule`},
	{`C:\Windows\System32\services.exe`, `C:\Windows\System32\svchost.exe`, `-k LocalServiceNetworkRestricted -p -s EventLog`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\taskhostw.exe`, `KEYROAMING`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\RuntimeBroker.exe`, `-Embedding`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\backgroundTaskHost.exe`, `-ServerName:App.AppXmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\wbem\WmiPrvSE.exe`, `-secured -Embedding`},
	{`C:\Windows\System32\svchost.exe`, `C:\Windows\System32\dllhost.exe`, `/Processid:{3EB3C877-1F16-487C-9050-104DBCD66683}`},
	{`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`, `--type=renderer --lang=en-US --js-flags=--ms-user-locale= --device-scale-factor=1 --num-raster-threads=2`},
	{`C:\Program Files\Google\Chrome\Application\chrome.exe`, `C:\Program Files\Google\Chrome\Application\chrome.exe`, `--type=utility --utility-sub-type=network.mojom.NetworkService --lang=en-US --service-sandbox-type=none`},
	{`C:\Windows\explorer.exe`, `C:\Program Files\Microsoft Office\root\Office16\OUTLOOK.EXE`, `/recycle`},
	{`C:\Windows\explorer.exe`, `C:\Windows\System32\notepad.exe`, `C:\Users\user7\Documents\minutes.txt`},
	{`C:\Windows\System32\taskeng.exe`, `C:\Windows\System32\cmd.exe`, `/c C:\Jobs\Nightly\copy.bat`},
	{`C:\Windows\System32\cmd.exe`, `C:\Windows\System32\conhost.exe`, `0xffffffff -ForceV1`},
	{`C:\Windows\explorer.exe`, `C:\Program Files\Finance\Ledger\ledger.exe`, `--profile clerk --year 2021`},
}

func escape(s string) string { return strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) }

func processCreation(r *rand.Rand) string {
	start := starts[r.IntN(len(starts))]
	image, parent := start.image, start.parent
	line := fmt.Sprintf(`%s %s %d`, image, start.arguments, r.IntN(100000))
	return fmt.Sprintf(`{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","Computer":"WS%03d.townhall.example","EventRecordID":%d,"UtcTime":"2021-03-0%d %02d:%02d:%02d.123","ProcessGuid":"{6A910B9D-498A-5EE0-%04X-000000000400}","ProcessId":%d,"Image":"%s","FileVersion":"10.0.17763.1 (WinBuild.160101.0800)","Description":"Host Process for Windows Services","Product":"Microsoft Windows Operating System","Company":"Microsoft Corporation","OriginalFileName":"%s","CommandLine":"%s","CurrentDirectory":"C:\\Windows\\system32\\","User":"TOWNHALL\\user%d","LogonId":"0x%x","IntegrityLevel":"Medium","Hashes":"MD5=%032X,SHA256=%064X,IMPHASH=%032X","ParentProcessId":%d,"ParentImage":"%s","ParentCommandLine":"%s"}`,
		r.IntN(200), r.IntN(1e6), 1+r.IntN(5), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(65536), r.IntN(20000),
		escape(image), image[strings.LastIndexByte(image, '\\')+1:], escape(line), r.IntN(300), r.IntN(1<<30), r.Uint64(), r.Uint64(), r.Uint64(),
		r.IntN(20000), escape(parent), escape(parent))
}

func fileEvent(r *rand.Rand) string {
	name := fmt.Sprintf(`%s\%s%d%s`, pick(r, `C:\Users\user7\AppData\Local\Temp`, `C:\Windows\Temp`, `C:\ProgramData\Backup\state`, `C:\Users\user9\Documents`, `C:\Windows\SoftwareDistribution\Download`),
		pick(r, "report", "~df", "cache", "state", "etl"), r.IntN(1e6), pick(r, ".tmp", ".docx", ".log", ".json", ".dat", ".etl"))
	return fmt.Sprintf(`{"EventID":11,"Channel":"Microsoft-Windows-Sysmon/Operational","Provider_Name":"Microsoft-Windows-Sysmon","Computer":"WS%03d.townhall.example","EventRecordID":%d,"RuleName":"-","UtcTime":"2021-03-02 %02d:%02d:%02d.500","ProcessGuid":"{6A910B9D-498A-5EE0-%04X-000000000400}","ProcessId":%d,"Image":"%s","TargetFilename":"%s","CreationUtcTime":"2021-03-02 %02d:00:00.000","User":"TOWNHALL\\user%d"}`,
		r.IntN(200), r.IntN(1e6), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(65536), r.IntN(20000), escape(starts[r.IntN(len(starts))].image), escape(name), r.IntN(24), r.IntN(300))
}

func rawWindows(r *rand.Rand) string {
	start := starts[r.IntN(len(starts))]
	message := strings.Repeat(`A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tWS$\r\n\tToken Elevation Type indicates the type of token that was assigned to the new process.\r\n`, 5)
	return fmt.Sprintf(`{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing","Guid":"54849625-5478-4994-A5BA-3E3B0328C30D"}},"EventID":4688,"Version":2,"Level":0,"Task":13312,"Opcode":0,"Keywords":"0x8020000000000000","TimeCreated":{"#attributes":{"SystemTime":"2021-03-02T%02d:%02d:%02d.537Z"}},"EventRecordID":%d,"Correlation":null,"Execution":{"#attributes":{"ProcessID":4,"ThreadID":%d}},"Channel":"Security","Computer":"WS%03d.townhall.example","Security":null},"EventData":{"SubjectUserSid":"S-1-5-18","SubjectUserName":"WS$","SubjectDomainName":"TOWNHALL","SubjectLogonId":"0x3e7","NewProcessId":"0x%x","NewProcessName":"%s","TokenElevationType":"%%%%1936","ProcessId":"0x%x","CommandLine":"%s","TargetUserSid":"S-1-0-0","TargetUserName":"-","TargetDomainName":"-","TargetLogonId":"0x0","ParentProcessName":"%s","MandatoryLabel":"S-1-16-16384"}},"Message":"%s"}`,
		r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1e6), r.IntN(9999), r.IntN(200), r.IntN(65536), escape(start.image), r.IntN(65536),
		escape(start.image+" "+start.arguments), escape(start.parent), message)
}

func webRequest(r *rand.Rand) string {
	agent := pick(r, "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/88.0.4324.182+Safari/537.36", "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.4266;+Pro)", "Apple-iPhone12C1/1803.66", "Mozilla/5.0+(compatible;+monitor/2.1)")
	return fmt.Sprintf(`{"date":"2021-03-02","time":"%02d:%02d:%02d","s-ip":"192.0.2.10","cs-method":"%s","cs-uri-stem":"%s","cs-uri-query":"id=%d&lang=en","s-port":443,"cs-username":"-","c-ip":"198.51.100.%d","cs-user-agent":"%s","cs-referer":"-","sc-status":%s,"sc-substatus":0,"sc-win32-status":0,"time-taken":%d}`,
		r.IntN(24), r.IntN(60), r.IntN(60), pick(r, "GET", "GET", "GET", "POST"), pick(r, "/owa/", "/owa/service.svc", "/Microsoft-Server-ActiveSync/default.eas", "/ews/exchange.asmx", "/mapi/emsmdb/", "/", "/forms/parking.aspx", "/images/logo.png"),
		r.IntN(100000), r.IntN(255), agent, pick(r, "200", "200", "200", "304", "404", "401"), r.IntN(900))
}
