package logs

import (
	"bytes"

	"github.com/tocsin-project/tocsin/event"
)

// windowsOrigin returns the origin of an event of a channel. Sysmon for
// Linux writes events of the same form to a channel of its own.
func (p *Parser) windowsOrigin(channel []byte) *event.Origin {
	if len(channel) == 0 {
		return p.origin([]byte("windows"))
	}
	if bytes.HasPrefix(channel, []byte("Linux-Sysmon")) {
		return p.origin([]byte("linux/sysmon"))
	}
	var name [128]byte
	return p.origin(append(append(name[:0], "windows/"...), channel...))
}

// windowsServices says which services of product windows the channels are.
var windowsServices = []struct{ service, channel string }{
	{"application", "Application"},
	{"security", "Security"},
	{"system", "System"},
	{"sysmon", "Microsoft-Windows-Sysmon/Operational"},
	{"powershell", "Microsoft-Windows-PowerShell/Operational"},
	{"powershell", "PowerShellCore/Operational"},
	{"powershell-classic", "Windows PowerShell"},
	{"taskscheduler", "Microsoft-Windows-TaskScheduler/Operational"},
	{"wmi", "Microsoft-Windows-WMI-Activity/Operational"},
	{"ntlm", "Microsoft-Windows-NTLM/Operational"},
	{"dhcp", "Microsoft-Windows-DHCP-Server/Operational"},
	{"dns-client", "Microsoft-Windows-DNS Client Events/Operational"},
	{"dns-client", "Microsoft-Windows-DNS-Client/Operational"},
	{"dns-server", "DNS Server"},
	{"dns-server-analytic", "Microsoft-Windows-DNS-Server/Analytical"},
	{"dns-server-audit", "Microsoft-Windows-DNS-Server/Audit"},
	{"driver-framework", "Microsoft-Windows-DriverFrameworks-UserMode/Operational"},
	{"printservice-admin", "Microsoft-Windows-PrintService/Admin"},
	{"printservice-operational", "Microsoft-Windows-PrintService/Operational"},
	{"smbclient-security", "Microsoft-Windows-SmbClient/Security"},
	{"smbclient-connectivity", "Microsoft-Windows-SmbClient/Connectivity"},
	{"smbserver-connectivity", "Microsoft-Windows-SMBServer/Connectivity"},
	{"terminalservices-localsessionmanager", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"},
	{"codeintegrity-operational", "Microsoft-Windows-CodeIntegrity/Operational"},
	{"applocker", "Microsoft-Windows-AppLocker/MSI and Script"},
	{"applocker", "Microsoft-Windows-AppLocker/EXE and DLL"},
	{"applocker", "Microsoft-Windows-AppLocker/Packaged app-Deployment"},
	{"applocker", "Microsoft-Windows-AppLocker/Packaged app-Execution"},
	{"msexchange-management", "MSExchange Management"},
	{"windefend", "Microsoft-Windows-Windows Defender/Operational"},
	{"firewall-as", "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"},
	{"bits-client", "Microsoft-Windows-Bits-Client/Operational"},
	{"security-mitigations", "Microsoft-Windows-Security-Mitigations/Kernel Mode"},
	{"security-mitigations", "Microsoft-Windows-Security-Mitigations/User Mode"},
	{"security-mitigations", "Microsoft-Windows-Security-Mitigations/KernelMode"},
	{"security-mitigations", "Microsoft-Windows-Security-Mitigations/UserMode"},
	{"diagnosis-scripted", "Microsoft-Windows-Diagnosis-Scripted/Operational"},
	{"shell-core", "Microsoft-Windows-Shell-Core/Operational"},
	{"openssh", "OpenSSH/Operational"},
	{"ldap", "Microsoft-Windows-LDAP-Client/Debug"},
	{"bitlocker", "Microsoft-Windows-BitLocker/BitLocker Management"},
	{"vhdmp", "Microsoft-Windows-VHDMP/Operational"},
	{"vhdmp", "Microsoft-Windows-VHDMP-Operational"},
	{"appxdeployment-server", "Microsoft-Windows-AppXDeploymentServer/Operational"},
	{"appxpackaging-om", "Microsoft-Windows-AppxPackaging/Operational"},
	{"appmodel-runtime", "Microsoft-Windows-AppModel-Runtime/Admin"},
	{"lsa-server", "Microsoft-Windows-LSA/Operational"},
	{"capi2", "Microsoft-Windows-CAPI2/Operational"},
	{"certificateservicesclient-lifecycle-system", "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"},
	{"kernel-shimengine", "Microsoft-Windows-Kernel-ShimEngine/Operational"},
	{"kernel-shimengine", "Microsoft-Windows-Kernel-ShimEngine/Diagnostic"},
	{"application-experience", "Microsoft-Windows-Application-Experience/Program-Telemetry"},
	{"application-experience", "Microsoft-Windows-Application-Experience/Program-Compatibility-Assistant"},
	{"ntfs", "Microsoft-Windows-Ntfs/Operational"},
	{"hyper-v-worker", "Microsoft-Windows-Hyper-V-Worker"},
	{"hyper-v-worker", "Microsoft-Windows-Hyper-V-Worker-Admin"},
	{"kernel-event-tracing", "Microsoft-Windows-Kernel-EventTracing"},
	{"kernel-event-tracing", "Microsoft-Windows-Kernel-EventTracing/Admin"},
	{"sense", "Microsoft-Windows-SENSE/Operational"},
	{"microsoft-servicebus-client", "Microsoft-ServiceBus-Client/Admin"},
	{"microsoft-servicebus-client", "Microsoft-ServiceBus-Client/Operational"},
	{"iis-configuration", "Microsoft-IIS-Configuration/Operational"},
}

// sysmonCategories says which categories the event ids of Sysmon are. The
// registry ids tell the categories of 12 apart by EventType: see below.
var sysmonCategories = []struct{ category, id string }{
	{"process_creation", "1"},
	{"file_change", "2"},
	{"network_connection", "3"},
	{"sysmon_status", "4"},
	{"process_termination", "5"},
	{"driver_load", "6"},
	{"image_load", "7"},
	{"create_remote_thread", "8"},
	{"raw_access_thread", "9"},
	{"process_access", "10"},
	{"file_event", "11"},
	{"registry_event", "12"},
	{"registry_event", "13"},
	{"registry_set", "13"},
	{"registry_event", "14"},
	{"registry_rename", "14"},
	{"create_stream_hash", "15"},
	{"sysmon_status", "16"},
	{"pipe_created", "17"},
	{"pipe_created", "18"},
	{"wmi_event", "19"},
	{"wmi_event", "20"},
	{"wmi_event", "21"},
	{"dns_query", "22"},
	{"file_delete", "23"},
	{"clipboard_change", "24"},
	{"process_tampering", "25"},
	{"file_delete", "26"},
	{"file_delete_detected", "26"},
	{"file_block_executable", "27"},
	{"file_block_shredding", "28"},
	{"file_executable_detected", "29"},
	{"sysmon_error", "255"},
}

// The origins of channels that have rows of their own.
const (
	windowsSecurity = "windows/Security"
	windowsSysmon   = "windows/Microsoft-Windows-Sysmon/Operational"
	windowsClassic  = "windows/Windows PowerShell"
	windowsDefender = "windows/Microsoft-Windows-Windows Defender/Operational"
)

// windowsRoutes are the rows of Windows event logs. Channels without a row
// of their own are of product windows.
func windowsRoutes() []event.Route {
	routes := []event.Route{{Origin: "windows", Sources: []event.Logsource{{Product: "windows"}}}}
	for _, s := range windowsServices {
		routes = append(routes, event.Route{
			Origin:  "windows/" + s.channel,
			Sources: []event.Logsource{{Product: "windows", Service: s.service}},
		})
	}
	for _, s := range sysmonCategories {
		routes = append(routes, event.Route{
			Origin: windowsSysmon, When: []event.Condition{is("EventID", s.id)},
			Sources: []event.Logsource{{Product: "windows", Category: s.category, Service: "sysmon"}},
		})
	}
	windows := func(category, service string) []event.Logsource {
		return []event.Logsource{{Product: "windows", Category: category, Service: service}}
	}
	routes = append(routes, []event.Route{
		{
			Origin: windowsSysmon, When: []event.Condition{is("EventID", "12"), is("EventType", "CreateKey")},
			Sources: windows("registry_add", "sysmon"),
		},
		{
			Origin: windowsSysmon, When: []event.Condition{is("EventID", "12"), is("EventType", "DeleteKey", "DeleteValue")},
			Sources: windows("registry_delete", "sysmon"),
		},
		{
			Origin: windowsSysmon, When: []event.Condition{is("EventID", "22")},
			Sources: []event.Logsource{{Category: "dns"}},
			Alias:   []event.Alias{{Name: "query", From: "QueryName"}, {Name: "answer", From: "QueryResults"}},
		},
		{
			Origin: windowsSecurity, When: []event.Condition{is("EventID", "4688")},
			Sources: windows("process_creation", "security"),
			Alias: []event.Alias{
				{Name: "Image", From: "NewProcessName"},
				{Name: "ParentImage", From: "ParentProcessName"},
				{Name: "User", From: "SubjectUserName"},
				{Name: "LogonId", From: "SubjectLogonId"},
				{Name: "IntegrityLevel", From: "MandatoryLabel"},
				{Name: "ParentProcessId", From: "ProcessId"},
			},
		},
		{
			Origin: windowsDefender, When: []event.Condition{is("EventID", "1006", "1007", "1008", "1009", "1010", "1011", "1012", "1017", "1018", "1019", "1115", "1116", "1117")},
			Sources: []event.Logsource{{Product: "windows", Category: "antivirus", Service: "windefend"}},
			Alias: []event.Alias{
				{Name: "Signature", From: "ThreatName"},
				{Name: "Signature", From: "Threat Name"},
				{Name: "Signature", From: "Threat_Name"},
				{Name: "Filename", From: "Path"},
			},
		},
		{
			// The provider names its fields with spaces; winlogbeat writes "_" for them.
			Origin: windowsDefender,
			Alias: []event.Alias{
				{Name: "ThreatName", From: "Threat Name"},
				{Name: "ThreatName", From: "Threat_Name"},
				{Name: "ProcessName", From: "Process Name"},
				{Name: "ProcessName", From: "Process_Name"},
				{Name: "SourceName", From: "Source Name"},
				{Name: "SourceName", From: "Source_Name"},
				{Name: "NewValue", From: "New Value"},
				{Name: "NewValue", From: "New_Value"},
				{Name: "OldValue", From: "Old Value"},
				{Name: "OldValue", From: "Old_Value"},
				{Name: "Feature_Name", From: "Feature Name"},
			},
		},
		// What a collector sends as text has the unnamed data only in its message.
		{Origin: windowsClassic, When: []event.Condition{is("EventID", "400")}, Sources: windows("ps_classic_start", "powershell-classic")},
		{Origin: windowsClassic, When: []event.Condition{is("EventID", "600")}, Sources: windows("ps_classic_provider_start", "powershell-classic")},
		{Origin: windowsClassic, When: []event.Condition{is("EventID", "800")}, Sources: windows("ps_classic_script", "powershell-classic")},
		{Origin: windowsClassic, Alias: []event.Alias{{Name: "Data", From: "Message"}}},
		{Origin: "windows/Application", Alias: []event.Alias{{Name: "Data", From: "Message"}}},
		{Origin: "windows/MSExchange Management", Alias: []event.Alias{{Name: "Data", From: "Message"}}},
		{
			Origin: "windows/Microsoft-Windows-DNS-Server/Analytical", Sources: []event.Logsource{{Category: "dns"}},
			Alias: []event.Alias{{Name: "query", From: "QNAME"}, {Name: "record_type", From: "QTYPE"}},
		},
		{
			Origin: "windows/Microsoft-Windows-DNS Client Events/Operational", Sources: []event.Logsource{{Category: "dns"}},
			Alias: []event.Alias{{Name: "query", From: "QueryName"}, {Name: "answer", From: "QueryResults"}},
		},
	}...)
	for _, origin := range []string{"windows/Microsoft-Windows-PowerShell/Operational", "windows/PowerShellCore/Operational"} {
		routes = append(routes,
			event.Route{Origin: origin, When: []event.Condition{is("EventID", "4103")}, Sources: windows("ps_module", "powershell")},
			event.Route{Origin: origin, When: []event.Condition{is("EventID", "4104")}, Sources: windows("ps_script", "powershell")},
		)
	}
	return routes
}

func is(field string, values ...string) event.Condition {
	return event.Condition{Field: field, Values: values}
}
