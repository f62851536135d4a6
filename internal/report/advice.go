package report

import (
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// advise says what to switch on or bring along so that the rules of a
// logsource (product/category/service, * where it does not say) can fire; ""
// when there is nothing better to say than its name.
func advise(logsource string) string {
	parts := strings.SplitN(logsource+"//", "/", 4)[:3]
	for i := range parts {
		if parts[i] == "*" {
			parts[i] = ""
		}
	}
	asked := event.Logsource{Product: parts[0], Category: parts[1], Service: parts[2]}
	for _, a := range advice {
		if a.logs.Covers(asked) {
			return a.do
		}
	}
	if asked.Product == "windows" && asked.Service != "" {
		return "collect the Windows event log of that name"
	}
	return ""
}

// channel is advice to collect one Windows event log.
func channel(service, name string) logAdvice {
	return logAdvice{event.Logsource{Product: "windows", Service: service}, "collect the event log " + name}
}

func category(product, name, do string) logAdvice {
	return logAdvice{event.Logsource{Product: product, Category: name}, do}
}

func service(product, name, do string) logAdvice {
	return logAdvice{event.Logsource{Product: product, Service: name}, do}
}

// A logAdvice says what to do for the logsources that logs covers.
type logAdvice struct {
	logs event.Logsource
	do   string
}

// advice is searched from the top: what is narrow stands before what is wide.
var advice = []logAdvice{
	category("windows", "process_creation", "enable Sysmon (event 1) or Security 4688 with command lines"),
	category("windows", "process_access", "enable Sysmon (event 10)"),
	category("windows", "process_tampering", "enable Sysmon (event 25)"),
	category("windows", "process_termination", "enable Sysmon (event 5)"),
	category("windows", "create_remote_thread", "enable Sysmon (event 8)"),
	category("windows", "raw_access_thread", "enable Sysmon (event 9)"),
	category("windows", "create_stream_hash", "enable Sysmon (event 15)"),
	category("windows", "registry_set", "enable Sysmon (event 13) or Security 4657 with auditing on the keys"),
	category("windows", "registry_add", "enable Sysmon (event 12)"),
	category("windows", "registry_delete", "enable Sysmon (event 12)"),
	category("windows", "registry_rename", "enable Sysmon (event 14)"),
	category("windows", "registry_event", "enable Sysmon (events 12, 13, 14)"),
	category("windows", "file_event", "enable Sysmon (event 11)"),
	category("windows", "file_change", "enable Sysmon (event 2)"),
	category("windows", "file_delete", "enable Sysmon (events 23, 26)"),
	category("windows", "file_executable_detected", "enable Sysmon (event 29)"),
	category("windows", "file_access", "trace the provider Microsoft-Windows-Kernel-File"),
	category("windows", "file_rename", "trace the provider Microsoft-Windows-Kernel-File"),
	category("windows", "image_load", "enable Sysmon (event 7)"),
	category("windows", "driver_load", "enable Sysmon (event 6)"),
	category("windows", "network_connection", "enable Sysmon (event 3)"),
	category("windows", "dns_query", "enable Sysmon (event 22)"),
	category("windows", "pipe_created", "enable Sysmon (events 17, 18)"),
	category("windows", "wmi_event", "enable Sysmon (events 19, 20, 21)"),
	category("windows", "clipboard_capture", "enable Sysmon (event 24)"),
	category("windows", "sysmon_status", "enable Sysmon (events 4, 16)"),
	category("windows", "sysmon_error", "enable Sysmon (event 255)"),
	category("windows", "ps_script", "enable PowerShell script block logging (event 4104)"),
	category("windows", "ps_module", "enable PowerShell module logging (event 4103)"),
	category("windows", "ps_classic_start", "collect the event log Windows PowerShell (event 400)"),
	category("windows", "ps_classic_provider_start", "collect the event log Windows PowerShell (event 600)"),
	category("windows", "ps_classic_script", "collect the event log Windows PowerShell (event 800)"),

	channel("security", "Security, with the audit policy that the rules name"),
	channel("system", "System"),
	channel("application", "Application"),
	channel("sysmon", "Microsoft-Windows-Sysmon/Operational"),
	channel("powershell", "Microsoft-Windows-PowerShell/Operational"),
	channel("powershell-classic", "Windows PowerShell"),
	channel("windefend", "Microsoft-Windows-Windows Defender/Operational"),
	channel("taskscheduler", "Microsoft-Windows-TaskScheduler/Operational"),
	channel("wmi", "Microsoft-Windows-WMI-Activity/Operational"),
	channel("msexchange-management", "MSExchange Management (on Exchange servers)"),
	channel("iis-configuration", "Microsoft-IIS-Configuration/Operational"),
	channel("dns-server", "DNS Server"),
	channel("dns-server-analytic", "Microsoft-Windows-DNS-Server/Analytical"),
	channel("dns-client", "Microsoft-Windows-DNS-Client/Operational"),
	channel("firewall-as", "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall"),
	channel("bits-client", "Microsoft-Windows-Bits-Client/Operational"),
	channel("codeintegrity-operational", "Microsoft-Windows-CodeIntegrity/Operational"),
	channel("appxdeployment-server", "Microsoft-Windows-AppXDeploymentServer/Operational"),
	channel("appxpackaging-om", "Microsoft-Windows-AppxPackaging/Operational"),
	channel("appmodel-runtime", "Microsoft-Windows-AppModel-Runtime/Admin"),
	channel("applocker", "Microsoft-Windows-AppLocker (its four logs)"),
	channel("ntlm", "Microsoft-Windows-NTLM/Operational"),
	channel("ldap", "Microsoft-Windows-LDAP-Client/Debug"),
	channel("lsa-server", "Microsoft-Windows-LSA/Operational"),
	channel("openssh", "OpenSSH/Operational"),
	channel("capi2", "Microsoft-Windows-CAPI2/Operational"),
	channel("shell-core", "Microsoft-Windows-Shell-Core/Operational"),
	channel("security-mitigations", "Microsoft-Windows-Security-Mitigations"),
	channel("driver-framework", "Microsoft-Windows-DriverFrameworks-UserMode/Operational"),
	channel("diagnosis-scripted", "Microsoft-Windows-Diagnosis-Scripted/Operational"),
	channel("printservice-admin", "Microsoft-Windows-PrintService/Admin"),
	channel("printservice-operational", "Microsoft-Windows-PrintService/Operational"),
	channel("smbclient-connectivity", "Microsoft-Windows-SmbClient/Connectivity"),
	channel("smbclient-security", "Microsoft-Windows-SmbClient/Security"),
	channel("smbserver-connectivity", "Microsoft-Windows-SMBServer/Connectivity"),
	channel("terminalservices-localsessionmanager", "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"),
	channel("certificateservicesclient-lifecycle-system", "Microsoft-Windows-CertificateServicesClient-Lifecycle-System/Operational"),

	category("linux", "process_creation", "enable Sysmon for Linux (event 1) or audit execve with auditd"),
	category("linux", "network_connection", "enable Sysmon for Linux (event 3) or audit connect with auditd"),
	category("linux", "file_event", "enable Sysmon for Linux (event 11)"),
	service("linux", "auditd", "run auditd with rules and bring /var/log/audit/audit.log"),
	service("linux", "auth", "bring /var/log/auth.log, /var/log/secure or the journal"),
	service("linux", "sshd", "bring /var/log/auth.log, /var/log/secure or the journal"),
	service("linux", "sudo", "bring /var/log/auth.log, /var/log/secure or the journal"),
	service("linux", "cron", "bring /var/log/cron, /var/log/syslog or the journal"),
	service("linux", "syslog", "bring /var/log/syslog, /var/log/messages or the journal"),
	service("linux", "", "bring /var/log or the journal"),
	category("macos", "process_creation", "bring process events of the endpoint agent as JSON"),
	category("macos", "file_event", "bring file events of the endpoint agent as JSON"),

	category("", "webserver", "bring access logs of the web servers (IIS, Apache, nginx)"),
	category("", "proxy", "bring the web proxy's access logs"),
	category("", "dns", "bring query logs of the DNS resolvers"),
	category("", "firewall", "bring the firewall's connection logs"),
	category("", "antivirus", "bring the antivirus product's detections"),
	category("", "database", "bring the database's query log"),
	service("", "apache", "bring Apache's error log"),
	service("", "nginx", "bring nginx's error log"),
	service("", "netflow", "bring flow records"),

	service("zeek", "", "run Zeek at the network's edge and bring its logs"),
	service("aws", "cloudtrail", "bring CloudTrail's records"),
	service("azure", "auditlogs", "export the audit logs of Microsoft Entra ID"),
	service("azure", "signinlogs", "export the sign-in logs of Microsoft Entra ID"),
	service("azure", "riskdetection", "export the risk detections of Microsoft Entra ID Protection"),
	service("azure", "pim", "export the alerts of Microsoft Entra Privileged Identity Management"),
	service("azure", "activitylogs", "export Azure's activity log"),
	service("m365", "", "export the unified audit log of Microsoft 365"),
	service("gcp", "gcp.audit", "export Google Cloud's audit logs"),
	service("gcp", "", "export the audit logs of Google Workspace"),
	service("kubernetes", "audit", "enable audit logging on the Kubernetes API server"),
	service("okta", "", "export Okta's system log"),
	service("github", "audit", "export the organisation's audit log"),
	service("bitbucket", "audit", "export Bitbucket's audit log"),
	service("rpc_firewall", "", "install RPC Firewall and collect its events"),
	service("opencanary", "", "bring OpenCanary's log"),
	service("cisco", "", "bring the devices' syslog"),
}
