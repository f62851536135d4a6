package logs

import (
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// Records of every dialect, reduced to what tells them apart, come out with
// the names that SigmaHQ's rules use, their time, host and origin.
func TestDialects(t *testing.T) {
	for _, c := range []struct {
		name, file, json string
		ask              string
		want             string
	}{
		{
			"evtx_dump", "a.json",
			`{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{"Name":"P"}},"EventID":{"#attributes":{"Qualifiers":"0"},"#text":400},"TimeCreated":{"#attributes":{"SystemTime":"2021-03-03T01:02:03.5Z"}},"Correlation":null,"Channel":"Windows PowerShell","Computer":"h","Security":null},"EventData":{"Data":{"#text":["one","two"]},"Binary":null}}}`,
			"", `windows/Windows PowerShell @2021-03-03T01:02:03.5Z host:h Provider_Name=P EventID_Qualifiers=0 EventID=400 TimeCreated_SystemTime=2021-03-03T01:02:03.5Z Channel=Windows PowerShell Computer=h Data=one Data=two Binary=~`,
		},
		{
			"evtx_dump with separate attributes", "a.json",
			`{"Event":{"System":{"Provider_attributes":{"Name":"P"},"EventID":4104,"TimeCreated_attributes":{"SystemTime":"2021-03-03T01:02:03Z"},"Channel":"Microsoft-Windows-PowerShell/Operational","Computer":"h"},"EventData":{"ScriptBlockText":"iex"}},"Event_attributes":{"xmlns":"x"}}`,
			"", `windows/Microsoft-Windows-PowerShell/Operational @2021-03-03T01:02:03Z host:h Provider_Name=P EventID=4104 TimeCreated_SystemTime=2021-03-03T01:02:03Z Channel=Microsoft-Windows-PowerShell/Operational Computer=h ScriptBlockText=iex`,
		},
		{
			"UserData", "a.json",
			`{"Event":{"System":{"EventID":104,"Channel":"System"},"UserData":{"LogFileCleared":{"#attributes":{"xmlns":"y"},"SubjectUserName":"u","BackupPath":""}}}}`,
			"", `windows/System EventID=104 Channel=System SubjectUserName=u BackupPath=`,
		},
		{
			"System and EventData without Event", "a.json",
			`{"System":{"Provider":{"Name":"P"},"EventID":{"Value":4688},"TimeCreated":{"SystemTime":1614733323.25},"Channel":"security","Computer":"h"},"EventData":{"NewProcessName":"C:\\x.exe"}}`,
			"Image", `windows/Security @2021-03-03T01:02:03.25Z host:h Provider_Name=P EventID=4688 TimeCreated_SystemTime=1614733323.25 Channel=security Computer=h NewProcessName=C:\x.exe`,
		},
		{
			"winlogbeat", "a.json",
			`{"@timestamp":"2021-03-03T01:02:03.004Z","event":{"code":1},"message":"m","winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","computer_name":"h","event_id":1,"record_id":7,"provider_name":"Microsoft-Windows-Sysmon","event_data":{"CommandLine":"c"},"process":{"pid":4,"thread":{"id":5}}},"process":{"executable":"C:\\x.exe"}}`,
			"Image", `windows/Microsoft-Windows-Sysmon/Operational @2021-03-03T01:02:03.004Z host:h @timestamp=2021-03-03T01:02:03.004Z event.code=1 Message=m Channel=Microsoft-Windows-Sysmon/Operational Computer=h EventID=1 EventRecordID=7 Provider_Name=Microsoft-Windows-Sysmon CommandLine=c Execution_ProcessID=4 Execution_ThreadID=5 process.executable=C:\x.exe Image=C:\x.exe`,
		},
		{
			"winlogbeat 6 in Elasticsearch", "a.json",
			`{"_index":"w","_source":{"@timestamp":"2021-03-03T01:02:03Z","log_name":"System","source_name":"Service Control Manager","event_id":7045,"computer_name":"h","event_data":{"ServiceName":"s","param1":"p"}}}`,
			"winlog.x", `windows/System @2021-03-03T01:02:03Z host:h _index=w @timestamp=2021-03-03T01:02:03Z Channel=System Provider_Name=Service Control Manager EventID=7045 Computer=h ServiceName=s param1=p`,
		},
		{
			"NXLog", "a.json",
			`{"EventTime":"2021-03-02 20:02:03","Hostname":"h","SourceName":"Microsoft-Windows-Sysmon","EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","RecordNumber":9,"ExecutionProcessID":3,"EventType":"SetValue","@timestamp":"2021-03-03T01:02:03Z"}`,
			"", `windows/Microsoft-Windows-Sysmon/Operational @2021-03-03T01:02:03Z host:h EventTime=2021-03-02 20:02:03 Computer=h Provider_Name=Microsoft-Windows-Sysmon EventID=13 Channel=Microsoft-Windows-Sysmon/Operational EventRecordID=9 Execution_ProcessID=3 EventType=SetValue @timestamp=2021-03-03T01:02:03Z`,
		},
		{
			"Get-WinEvent", "a.json",
			`[{"Id":4624,"ProviderName":"P","LogName":"Security","MachineName":"h","RecordId":5,"TimeCreated":"\/Date(1614733323004)\/","UserId":{"BinaryLength":12,"Value":"S-1-5-18"},"Properties":[{"Value":"a"},{"Value":2}],"Message":"m"}]`,
			"", `windows/Security @2021-03-03T01:02:03.004Z host:h EventID=4624 Provider_Name=P Channel=Security Computer=h EventRecordID=5 TimeCreated=/Date(1614733323004)/ UserId.BinaryLength=12 Security_UserID=S-1-5-18 Data=a Data=2 Message=m`,
		},
		{
			"Elastic Common Schema", "a.json",
			`{"@timestamp":"2021-03-03T01:02:03Z","host":{"name":"h","os":{"type":"macos"}},"event":{"category":["process"],"type":["start"]},"process":{"executable":"/bin/sh","command_line":"sh -c x"}}`,
			"", `ecs/macos @2021-03-03T01:02:03Z host:h @timestamp=2021-03-03T01:02:03Z host.name=h host.os.type=macos event.category=process event.type=start Image=/bin/sh CommandLine=sh -c x`,
		},
		{
			"Suricata", "eve.json",
			`{"timestamp":"2021-03-03T01:02:03.000004+0100","flow_id":1,"event_type":"dns","src_ip":"10.0.0.1","dns":{"type":"query","rrname":"x.example"}}`,
			"query", `suricata/dns @2021-03-03T00:02:03.000004Z timestamp=2021-03-03T01:02:03.000004+0100 flow_id=1 event_type=dns src_ip=10.0.0.1 dns.type=query dns.rrname=x.example`,
		},
		{
			"Zeek with the path in it", "x.json",
			`{"_path":"http","ts":"2021-03-03T01:02:03.5Z","uid":"C","id.orig_h":"10.0.0.1","method":"GET"}`,
			"", `zeek/http @2021-03-03T01:02:03.5Z _path=http ts=2021-03-03T01:02:03.5Z uid=C id.orig_h=10.0.0.1 method=GET`,
		},
		{
			"Zeek told by the file's name", "smb_files.01:00:00-02:00:00.log",
			`{"ts":1614733323.123456,"uid":"C","id.orig_h":"10.0.0.1","name":"x"}`,
			"", `zeek/smb_files @2021-03-03T01:02:03.123456Z ts=1614733323.123456 uid=C id.orig_h=10.0.0.1 name=x`,
		},
		{
			"Zeek told by its fields", "1.json",
			`{"ts":1614733323,"uid":"C","id.orig_h":"10.0.0.1","conn_state":"SF"}`,
			"", `zeek/conn @2021-03-03T01:02:03Z ts=1614733323 uid=C id.orig_h=10.0.0.1 conn_state=SF`,
		},
		{
			"CloudTrail", "a.json",
			`{"Records":[{"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2021-03-03T01:02:03Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","requestParameters":{"userName":"x"}}]}`,
			"requestParameters", `aws/cloudtrail @2021-03-03T01:02:03Z eventVersion=1.08 userIdentity.type=Root eventTime=2021-03-03T01:02:03Z eventSource=iam.amazonaws.com eventName=CreateUser awsRegion=us-east-1 requestParameters.userName=x requestParameters={"userName":"x"}`,
		},
		{
			"Azure sign-ins from an Event Hub", "a.json",
			`{"records":[{"time":"2021-03-03T01:02:03Z","resourceId":"/t","operationName":"Sign-in activity","category":"SignInLogs","resultType":"50126","properties":{"userAgent":"x"}}]}`,
			"", `azure/SignInLogs @2021-03-03T01:02:03Z time=2021-03-03T01:02:03Z resourceId=/t operationName=Sign-in activity category=SignInLogs resultType=50126 properties.userAgent=x`,
		},
		{
			"Azure activity from Log Analytics", "a.json",
			`{"TimeGenerated":"2021-03-03T01:02:03Z","OperationNameValue":"X/WRITE","CategoryValue":"Administrative"}`,
			"", `azure/AzureActivity @2021-03-03T01:02:03Z TimeGenerated=2021-03-03T01:02:03Z OperationNameValue=X/WRITE CategoryValue=Administrative`,
		},
		{
			"risk detections from Microsoft Graph", "a.json",
			`{"value":[{"id":"1","riskEventType":"anonymizedIPAddress","detectedDateTime":"2021-03-03T01:02:03Z"}]}`,
			"", `azure/UserRiskEvents @2021-03-03T01:02:03Z id=1 riskEventType=anonymizedIPAddress detectedDateTime=2021-03-03T01:02:03Z`,
		},
		{
			"Microsoft 365 unified audit", "a.json",
			`{"CreationTime":"2021-03-03T01:02:03","Workload":"Exchange","Operation":"New-InboxRule","Parameters":[{"Name":"ForwardTo","Value":"x"}]}`,
			"Parameters", `m365 @2021-03-03T01:02:03Z CreationTime=2021-03-03T01:02:03 Workload=Exchange Operation=New-InboxRule Parameters.Name=ForwardTo Parameters.Value=x Parameters=[{"Name":"ForwardTo","Value":"x"}]`,
		},
		{
			"Kubernetes audit", "a.json",
			`{"kind":"Event","auditID":"1","verb":"create","requestURI":"/api","objectRef":{"resource":"pods"},"requestReceivedTimestamp":"2021-03-03T01:02:03.000004Z"}`,
			"", `kubernetes/audit @2021-03-03T01:02:03.000004Z kind=Event auditID=1 verb=create requestURI=/api objectRef.resource=pods requestReceivedTimestamp=2021-03-03T01:02:03.000004Z`,
		},
		{
			"Google Cloud audit", "a.json",
			`{"protoPayload":{"methodName":"m","serviceName":"s"},"logName":"l","timestamp":"2021-03-03T01:02:03.5Z"}`,
			"gcp.audit.method_name data.protoPayload.serviceName", `gcp @2021-03-03T01:02:03.5Z protoPayload.methodName=m gcp.audit.method_name=m protoPayload.serviceName=s data.protoPayload.serviceName=s logName=l timestamp=2021-03-03T01:02:03.5Z`,
		},
		{
			"Google Cloud audit through a sink", "a.json",
			`{"insertId":"i","data":{"protoPayload":{"methodName":"m"},"logName":"l","timestamp":"2021-03-03T01:02:03.5Z"}}`,
			"gcp.audit.method_name data.logName", `gcp @2021-03-03T01:02:03.5Z insertId=i protoPayload.methodName=m gcp.audit.method_name=m logName=l data.logName=l timestamp=2021-03-03T01:02:03.5Z`,
		},
		{
			"GitHub audit", "a.json",
			`{"@timestamp":1614733323004,"_document_id":"d","action":"repo.create","actor":"a"}`,
			"", `github/audit @2021-03-03T01:02:03.004Z @timestamp=1614733323004 _document_id=d action=repo.create actor=a`,
		},
		{
			"Okta", "a.json",
			`[{"uuid":"u","published":"2021-03-03T01:02:03.004Z","eventType":"user.lifecycle.create","displayMessage":"m","actor":{"alternateId":"a"},"target":[{"displayName":"x"},{"displayName":"y"}]}]`,
			"", `okta @2021-03-03T01:02:03.004Z uuid=u published=2021-03-03T01:02:03.004Z eventType=user.lifecycle.create displayMessage=m actor.alternateId=a target.displayName=x target.displayName=y`,
		},
		{
			"OneLogin", "a.json", `{"event_type_id":90,"account_id":1,"created_at":"2021-03-03T01:02:03Z"}`,
			"", `onelogin @2021-03-03T01:02:03Z event_type_id=90 account_id=1 created_at=2021-03-03T01:02:03Z`,
		},
		{
			"Bitbucket audit", "a.json", `{"timestamp":"2021-03-03T01:02:03Z","auditType":{"category":"Users","action":"User created"},"affectedObjects":[]}`,
			"", `bitbucket/audit @2021-03-03T01:02:03Z timestamp=2021-03-03T01:02:03Z auditType.category=Users auditType.action=User created affectedObjects=~`,
		},
		{
			"OpenCanary", "a.json", `{"dst_host":"d","logtype":4000,"node_id":"n","utc_time":"2021-03-03 01:02:03.000004"}`,
			"", `opencanary @2021-03-03T01:02:03.000004Z host:n dst_host=d logtype=4000 node_id=n utc_time=2021-03-03 01:02:03.000004`,
		},
		{
			"anything else", "a.json", `{"level":"info","time":1614733323,"msg":"x","host":"h"}`,
			"", `unknown @2021-03-03T01:02:03Z host:h level=info time=1614733323 msg=x host=h`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, stats := readText(t, c.file, c.json+"\n", strings.Split(c.ask, " ")...)
			if stats.Damaged > 0 {
				t.Error(stats.Problems)
			}
			wantRecords(t, got, c.want)
		})
	}
}

// A file in which dialects take turns is read as if each stood alone.
func TestDialectsMixed(t *testing.T) {
	a := `{"Channel":"System","EventID":1,"Hostname":"h","time":"2021-03-03T01:02:03Z"}` + "\n"
	b := `{"Hostname":"h","time":"2021-03-03T01:02:03Z"}` + "\n"
	want := []string{
		`windows/System host:h Channel=System EventID=1 Computer=h time=2021-03-03T01:02:03Z`,
		`unknown @2021-03-03T01:02:03Z Hostname=h time=2021-03-03T01:02:03Z`,
	}
	got, _ := readText(t, "a.json", strings.Repeat(a+b+b+a, 10))
	wantRecords(t, got, slices.Repeat([]string{want[0], want[1], want[1], want[0]}, 10)...)
}

// Rows of one name share a table of keys, so what is said of their fields
// must be the same.
func TestDialectTable(t *testing.T) {
	first := map[string]dialect{}
	for _, d := range dialects {
		f, ok := first[d.name]
		if !ok {
			first[d.name] = d
			continue
		}
		if d.host != f.host || d.record != f.record || !slices.Equal(d.time, f.time) || d.by != "" && d.by != f.by {
			t.Errorf("%s %v is not as the first row of its name", d.name, d.has)
		}
		if strings.HasSuffix(d.origin, "/") != (d.by != "") {
			t.Errorf("%s %v: origin %q by %q", d.name, d.has, d.origin, d.by)
		}
	}
	for _, r := range renames {
		if _, ok := first[r.dialect]; !ok && r.dialect != "journal" {
			t.Errorf("%v is of no dialect", r)
		}
	}
	if n := len(dialectMarks); n > 128 {
		t.Errorf("%d marks: more than a markSet holds", n)
	}
}

func TestJSONTime(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"2021-03-03T01:02:03Z", "2021-03-03T01:02:03Z"},
		{"2021-03-03T01:02:03.1234567Z", "2021-03-03T01:02:03.1234567Z"},
		{"2021-03-03T01:02:03.5+05:30", "2021-03-02T19:32:03.5Z"},
		{"2021-03-03 01:02:03", "2021-03-03T01:02:03Z"},
		{"1614733323", "2021-03-03T01:02:03Z"},
		{"1614733323.000004", "2021-03-03T01:02:03.000004Z"},
		{"1614733323004", "2021-03-03T01:02:03.004Z"},
		{"1614733323000004", "2021-03-03T01:02:03.000004Z"},
		{"1614733323000000004", "2021-03-03T01:02:03.000000004Z"},
		{"/Date(1614733323004)/", "2021-03-03T01:02:03.004Z"},
		{"", ""},
		{"-1", ""},
		{"12", ""},
		{"99999999999999999999", ""},
		{"40000000000", ""}, // seconds, milli- and microseconds beyond the year 2262
		{"40000000000000", ""},
		{"40000000000000000", ""},
		{"9223372036854775806", "2262-04-11T23:47:16.854775806Z"},
		{"soon", ""},
		{"2021", ""},
		{"2021-13-03T01:02:03Z", ""},
	} {
		e := &event.Event{Class: &event.Class{}, Time: jsonTime([]byte(c.text))}
		if got := strings.TrimPrefix(routed(e), " @"); got != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}
