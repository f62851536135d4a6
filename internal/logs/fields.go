package logs

// A dialect is one way in which a product names the fields of its JSON
// records. A record is of the first dialect whose marks it has. Rows of one
// name share everything but has and origin.
type dialect struct {
	name   string
	has    []string // dotted names that mark it: a record has all of them
	origin string   // what its records are; ends in "/" when the value of by says the rest
	by     string
	host   string // these by their names after renaming
	record string
	time   []string // in order of preference
}

// windowsTime are the times of Windows events. Logstash stamps a record of
// NXLog in UTC, while NXLog itself writes local time.
var windowsTime = []string{"TimeCreated_SystemTime", "@timestamp", "TimeCreated", "UtcTime", "EventTime", "TimeGenerated"}

var (
	azureTime = []string{"time", "TimeGenerated", "activityDateTime", "createdDateTime", "detectedDateTime"}
	zeekTime  = []string{"ts", "_write_ts"}
)

// dialects, the more particular first. The last one is what no other fits.
var dialects = []dialect{
	// evtx_dump, and others that write the XML of an event as JSON.
	{name: "windows-xml", has: []string{"Event.System"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	{name: "windows-xml", has: []string{"System.Channel", "System.EventID"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	{name: "windows-xml", has: []string{"EventData", "Channel"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	// Elastic: winlogbeat 7 and later; winlogbeat 6; Elastic Common Schema.
	{name: "winlogbeat", has: []string{"winlog.channel"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	{name: "winlogbeat", has: []string{"log_name", "event_id", "source_name"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	{name: "ecs", has: []string{"host.os.type", "event.category"}, origin: "ecs/", by: "host.os.type", host: "host.name", time: []string{"@timestamp"}},
	// Microsoft 365's unified audit log as filebeat's o365 module writes it.
	{name: "o365", has: []string{"o365.audit", "event.provider"}, origin: "m365", host: "host.name", time: []string{"@timestamp"}},
	// Flat Windows events: NXLog, the OTRF data sets, Get-WinEvent.
	{name: "windows-flat", has: []string{"Channel", "EventID"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},
	{name: "windows-flat", has: []string{"LogName", "ProviderName", "Id"}, origin: "windows/", by: "Channel", host: "Computer", record: "EventRecordID", time: windowsTime},

	{name: "suricata", has: []string{"event_type", "timestamp", "flow_id"}, origin: "suricata/", by: "event_type", host: "host", time: []string{"timestamp"}},
	{name: "suricata", has: []string{"event_type", "timestamp", "src_ip", "dest_ip"}, origin: "suricata/", by: "event_type", host: "host", time: []string{"timestamp"}},
	{name: "suricata", has: []string{"event_type", "timestamp", "stats"}, origin: "suricata/", by: "event_type", host: "host", time: []string{"timestamp"}},

	// Zeek: with the path in the record, else told by the file's name or by
	// what only records of one path have.
	{name: "zeek", has: []string{"_path", "ts"}, origin: "zeek/", by: "_path", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "conn_state"}, origin: "zeek/conn", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "trans_id", "rejected"}, origin: "zeek/dns", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "trans_depth", "request_body_len"}, origin: "zeek/http", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "endpoint", "operation"}, origin: "zeek/dce_rpc", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "request_type", "client"}, origin: "zeek/kerberos", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "certificate.serial"}, origin: "zeek/x509", host: "_system_name", time: zeekTime},
	{name: "zeek", has: []string{"ts", "uid", "id.orig_h"}, origin: "zeek", host: "_system_name", time: zeekTime},

	{name: "cloudtrail", has: []string{"eventSource", "eventName", "awsRegion"}, origin: "aws/cloudtrail", time: []string{"eventTime"}},
	{name: "azure", has: []string{"category", "operationName", "resourceId"}, origin: "azure/", by: "category", time: azureTime},
	{name: "azure", has: []string{"category", "operationName", "tenantId"}, origin: "azure/", by: "category", time: azureTime},
	{name: "azure-table", has: []string{"TimeGenerated", "OperationName", "Type"}, origin: "azure/", by: "Type", time: azureTime},
	{name: "azure", has: []string{"TimeGenerated", "OperationNameValue"}, origin: "azure/AzureActivity", time: azureTime},
	{name: "azure", has: []string{"activityDisplayName", "activityDateTime", "initiatedBy"}, origin: "azure/AuditLogs", time: azureTime},
	{name: "azure", has: []string{"createdDateTime", "appDisplayName", "userPrincipalName"}, origin: "azure/SignInLogs", time: azureTime},
	{name: "azure", has: []string{"riskEventType", "detectedDateTime"}, origin: "azure/UserRiskEvents", time: azureTime},
	{name: "m365", has: []string{"CreationTime", "Workload", "Operation"}, origin: "m365", time: []string{"CreationTime"}},
	{name: "kubernetes", has: []string{"auditID", "verb", "requestURI"}, origin: "kubernetes/audit", time: []string{"requestReceivedTimestamp", "stageTimestamp"}},
	{name: "gcp", has: []string{"protoPayload", "logName"}, origin: "gcp", time: []string{"timestamp", "receiveTimestamp"}},
	{name: "gcp", has: []string{"data.protoPayload", "data.logName"}, origin: "gcp", time: []string{"timestamp", "receiveTimestamp"}},
	{name: "github", has: []string{"action", "actor", "_document_id"}, origin: "github/audit", time: []string{"@timestamp", "created_at"}},
	{name: "github", has: []string{"action", "actor", "created_at", "org"}, origin: "github/audit", time: []string{"@timestamp", "created_at"}},
	{name: "okta", has: []string{"eventType", "published", "actor", "displayMessage"}, origin: "okta", time: []string{"published"}},
	{name: "onelogin", has: []string{"event_type_id", "account_id"}, origin: "onelogin", time: []string{"created_at", "event_timestamp"}},
	{name: "bitbucket", has: []string{"auditType", "affectedObjects"}, origin: "bitbucket/audit", time: []string{"timestamp"}},
	{name: "bitbucket", has: []string{"auditType.category", "auditType.action"}, origin: "bitbucket/audit", time: []string{"timestamp"}},
	{name: "opencanary", has: []string{"logtype", "node_id"}, origin: "opencanary", host: "node_id", time: []string{"utc_time", "local_time"}},

	// Web logs turned into JSON under the names of W3C.
	{name: "w3c-json", has: []string{"cs-method", "c-ip"}, origin: "w3c", host: "s-computername", time: []string{"@timestamp", "timestamp"}},
	{name: "w3c-json", has: []string{"cs-method", "cs-uri-stem"}, origin: "w3c", host: "s-computername", time: []string{"@timestamp", "timestamp"}},

	{name: "generic", origin: "unknown", host: "host", time: []string{"@timestamp", "timestamp", "time", "ts", "datetime", "eventTime", "TimeGenerated", "date"}},
}

// transparent names hold whole records, so that what stands in them is named
// as if it stood alone: documents as Elasticsearch exports them.
var transparent = []string{"_source"}

// A rename says what fields of a dialect are called in SigmaHQ's rules. The
// first row that fits a name gives the name under which the value is
// carried; further rows and the name itself are carried as well when a rule
// asks for them. In from, * stands for bytes other than dots and ** for any
// bytes; in to, $1 stands for what the first of them stood for, and so on.
// "" as the new name: not carried.
type rename struct{ dialect, from, to string }

var renames = []rename{
	{"windows-xml", "Event.#attributes.**", ""},
	{"windows-xml", "Event_attributes.**", ""},
	{"windows-xml", "Event.System.Correlation", ""}, // null when it has no attributes
	{"windows-xml", "Event.System.Security", ""},
	{"windows-xml", "Event.EventData", ""},
	{"windows-xml", "Event.UserData", ""},
	{"windows-xml", "Event.System.*.#text", "$1"},
	{"windows-xml", "Event.System.*.#attributes.*", "$1_$2"},
	{"windows-xml", "Event.System.*_attributes.*", "$1_$2"},
	{"windows-xml", "Event.System.*.@*", "$1_$2"},
	{"windows-xml", "Event.System.*.*", "$1_$2"},
	{"windows-xml", "Event.System.*", "$1"},
	{"windows-xml", "Event.EventData.#attributes.*", "EventData_$1"},
	{"windows-xml", "Event.EventData_attributes.*", "EventData_$1"},
	{"windows-xml", "Event.EventData.*.#text", "$1"},
	{"windows-xml", "Event.EventData.*.#attributes.*", "$1_$2"},
	{"windows-xml", "Event.EventData.**", "$1"},
	{"windows-xml", "Event.UserData.*.#attributes.**", ""},
	{"windows-xml", "Event.UserData.*_attributes.**", ""},
	{"windows-xml", "Event.UserData.*.**.#text", "$2"},
	{"windows-xml", "Event.UserData.*.**.#attributes.*", "$2_$3"},
	{"windows-xml", "Event.UserData.*.**", "$2"},
	{"windows-xml", "Event.RenderingInfo.#attributes.*", "RenderingInfo_$1"},
	{"windows-xml", "Event.RenderingInfo.Message", "Message"},
	{"windows-xml", "Event.RenderingInfo.**", "RenderingInfo_$1"},
	{"windows-xml", "System.EventID.Value", "EventID"},
	{"windows-xml", "System.EventID.Qualifiers", "EventID_Qualifiers"},
	{"windows-xml", "System.*.*", "$1_$2"},
	{"windows-xml", "System.*", "$1"},
	{"windows-xml", "EventData.**", "$1"},
	{"windows-xml", "UserData.*.**", "$2"},

	{"winlogbeat", "winlog.event_data.param*", "param$1"},
	{"winlogbeat", "winlog.event_data.param*", "Data"},
	{"winlogbeat", "winlog.event_data.**", "$1"},
	{"winlogbeat", "winlog.user_data.**", "$1"},
	{"winlogbeat", "winlog.channel", "Channel"},
	{"winlogbeat", "winlog.event_id", "EventID"},
	{"winlogbeat", "winlog.provider_name", "Provider_Name"},
	{"winlogbeat", "winlog.provider_guid", "Provider_Guid"},
	{"winlogbeat", "winlog.computer_name", "Computer"},
	{"winlogbeat", "winlog.record_id", "EventRecordID"},
	{"winlogbeat", "winlog.activity_id", "Correlation_ActivityID"},
	{"winlogbeat", "winlog.process.pid", "Execution_ProcessID"},
	{"winlogbeat", "winlog.process.thread.id", "Execution_ThreadID"},
	{"winlogbeat", "winlog.user.identifier", "Security_UserID"},
	{"winlogbeat", "winlog.keywords", "Keywords"},
	{"winlogbeat", "winlog.opcode", "Opcode"},
	{"winlogbeat", "winlog.task", "Task"},
	{"winlogbeat", "winlog.version", "Version"},
	{"winlogbeat", "message", "Message"},
	// winlogbeat's own modules move these out of event_data.
	{"winlogbeat", "process.executable", "process.executable"},
	{"winlogbeat", "process.executable", "Image"},
	{"winlogbeat", "process.command_line", "process.command_line"},
	{"winlogbeat", "process.command_line", "CommandLine"},
	{"winlogbeat", "process.working_directory", "process.working_directory"},
	{"winlogbeat", "process.working_directory", "CurrentDirectory"},
	{"winlogbeat", "process.pe.original_file_name", "process.pe.original_file_name"},
	{"winlogbeat", "process.pe.original_file_name", "OriginalFileName"},
	{"winlogbeat", "process.parent.executable", "process.parent.executable"},
	{"winlogbeat", "process.parent.executable", "ParentImage"},
	{"winlogbeat", "process.parent.command_line", "process.parent.command_line"},
	{"winlogbeat", "process.parent.command_line", "ParentCommandLine"},
	{"winlogbeat", "registry.path", "registry.path"},
	{"winlogbeat", "registry.path", "TargetObject"},
	{"winlogbeat", "dns.question.name", "dns.question.name"},
	{"winlogbeat", "dns.question.name", "QueryName"},
	{"winlogbeat", "destination.ip", "destination.ip"},
	{"winlogbeat", "destination.ip", "DestinationIp"},
	{"winlogbeat", "destination.port", "destination.port"},
	{"winlogbeat", "destination.port", "DestinationPort"},
	{"winlogbeat", "destination.domain", "destination.domain"},
	{"winlogbeat", "destination.domain", "DestinationHostname"},
	// winlogbeat 6
	{"winlogbeat", "event_data.param*", "param$1"},
	{"winlogbeat", "event_data.param*", "Data"},
	{"winlogbeat", "event_data.**", "$1"},
	{"winlogbeat", "user_data.**", "$1"},
	{"winlogbeat", "log_name", "Channel"},
	{"winlogbeat", "event_id", "EventID"},
	{"winlogbeat", "source_name", "Provider_Name"},
	{"winlogbeat", "provider_guid", "Provider_Guid"},
	{"winlogbeat", "computer_name", "Computer"},
	{"winlogbeat", "record_number", "EventRecordID"},
	{"winlogbeat", "process_id", "Execution_ProcessID"},
	{"winlogbeat", "thread_id", "Execution_ThreadID"},
	{"winlogbeat", "user.identifier", "Security_UserID"},

	{"ecs", "process.executable", "Image"},
	{"ecs", "process.command_line", "CommandLine"},
	{"ecs", "process.working_directory", "CurrentDirectory"},
	{"ecs", "process.pid", "ProcessId"},
	{"ecs", "process.parent.executable", "ParentImage"},
	{"ecs", "process.parent.command_line", "ParentCommandLine"},
	{"ecs", "process.parent.pid", "ParentProcessId"},
	{"ecs", "process.pe.original_file_name", "OriginalFileName"},
	{"ecs", "user.name", "User"},
	{"ecs", "file.path", "TargetFilename"},
	{"ecs", "source.ip", "SourceIp"},
	{"ecs", "source.port", "SourcePort"},
	{"ecs", "destination.ip", "DestinationIp"},
	{"ecs", "destination.port", "DestinationPort"},
	{"ecs", "destination.domain", "DestinationHostname"},

	{"o365", "o365.audit.**", "$1"},
	{"o365", "event.provider", "eventSource"},
	{"o365", "event.action", "eventName"},
	{"o365", "event.outcome", "status"},

	{"windows-flat", "SourceName", "Provider_Name"},
	{"windows-flat", "ProviderGuid", "Provider_Guid"},
	{"windows-flat", "Hostname", "Computer"},
	{"windows-flat", "RecordNumber", "EventRecordID"},
	{"windows-flat", "ExecutionProcessID", "Execution_ProcessID"},
	{"windows-flat", "ThreadID", "Execution_ThreadID"},
	{"windows-flat", "UserID", "Security_UserID"},
	{"windows-flat", "ActivityID", "Correlation_ActivityID"},
	// Get-WinEvent | ConvertTo-Json
	{"windows-flat", "Id", "EventID"},
	{"windows-flat", "LogName", "Channel"},
	{"windows-flat", "ProviderName", "Provider_Name"},
	{"windows-flat", "ProviderId", "Provider_Guid"},
	{"windows-flat", "MachineName", "Computer"},
	{"windows-flat", "RecordId", "EventRecordID"},
	{"windows-flat", "UserId.Value", "Security_UserID"},
	{"windows-flat", "Properties.Value", "Data"},

	// A subscription to a log sink wraps the entry in "data".
	{"gcp", "protoPayload.methodName", "protoPayload.methodName"},
	{"gcp", "protoPayload.methodName", "gcp.audit.method_name"},
	{"gcp", "protoPayload.**", "protoPayload.$1"},
	{"gcp", "protoPayload.**", "data.protoPayload.$1"},
	{"gcp", "resource.**", "resource.$1"},
	{"gcp", "resource.**", "data.resource.$1"},
	{"gcp", "logName", "logName"},
	{"gcp", "logName", "data.logName"},
	{"gcp", "data.protoPayload.methodName", "protoPayload.methodName"},
	{"gcp", "data.protoPayload.methodName", "gcp.audit.method_name"},
	{"gcp", "data.**", "$1"},

	{"journal", "MESSAGE", "MESSAGE"},
	{"journal", "MESSAGE", "message"},
	{"journal", "SYSLOG_IDENTIFIER", "SYSLOG_IDENTIFIER"},
	{"journal", "SYSLOG_IDENTIFIER", "program"},
	{"journal", "_COMM", "_COMM"},
	{"journal", "_COMM", "program"},
	{"journal", "_HOSTNAME", "_HOSTNAME"},
	{"journal", "_HOSTNAME", "host"},
	{"journal", "_PID", "_PID"},
	{"journal", "_PID", "pid"},
}
