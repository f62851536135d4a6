package logs

import (
	"slices"

	"github.com/tocsin-project/tocsin/event"
)

// Routes returns the routing table: which logsources the records of each
// origin belong to, and the further names that their fields answer to. A
// logsource that no reader can recognise has no row, so that a rule that
// asks for it is told to be blind.
//
// The rows of Windows follow tests/thor.yml and tests/logsource.json of
// SigmaHQ; the others follow what its rules ask of each logsource.
func Routes() []event.Route {
	return slices.Concat(windowsRoutes(), linuxRoutes(), webRoutes(), networkRoutes(), cloudRoutes(), ecsRoutes())
}

// row is a route without conditions.
func row(origin string, alias []event.Alias, sources ...event.Logsource) event.Route {
	return event.Route{Origin: origin, Sources: sources, Alias: alias}
}

// firstOf lets name answer with the first of the fields that a record has.
func firstOf(name string, fields ...string) []event.Alias {
	var alias []event.Alias
	for _, field := range fields {
		alias = append(alias, event.Alias{Name: name, From: field})
	}
	return alias
}

func linuxRoutes() []event.Route {
	linux := func(origin, category, service string, when ...event.Condition) event.Route {
		return event.Route{Origin: origin, When: when, Sources: []event.Logsource{{Product: "linux", Category: category, Service: service}}}
	}
	created := linux("linux/auditd", "file_event", "auditd", is("nametype", "CREATE"))
	created.Alias = []event.Alias{{Name: "TargetFilename", From: "name"}, {Name: "Image", From: "exe"}}
	executed := linux("linux/auditd", "process_creation", "auditd", is("type", "EXECVE"))
	executed.Alias = []event.Alias{{Name: "Image", From: "exe"}, {Name: "CurrentDirectory", From: "cwd"}}
	return []event.Route{
		linux("linux", "", ""),
		linux("linux/syslog", "", "syslog"),
		linux("linux/syslog", "", "auth", is("program", "sshd", "sshd-session", "sudo", "su", "login", "systemd-logind",
			"polkitd", "pkexec", "passwd", "chpasswd", "useradd", "userdel", "usermod", "groupadd", "groupdel", "groupmod",
			"gpasswd", "chage", "newgrp", "gdm-password", "lightdm", "unix_chkpwd")),
		linux("linux/syslog", "", "sshd", is("program", "sshd", "sshd-session")),
		linux("linux/syslog", "", "sudo", is("program", "sudo")),
		linux("linux/syslog", "", "cron", is("program", "cron", "CRON", "crond", "CROND", "anacron", "crontab", "atd")),
		linux("linux/syslog", "", "clamav", is("program", "clamd", "freshclam", "clamav-daemon", "clamonacc")),
		linux("linux/syslog", "", "vsftpd", is("program", "vsftpd")),
		linux("linux/syslog", "", "guacamole", is("program", "guacd")),

		linux("linux/auditd", "", "auditd"),
		executed,
		created,

		linux("linux/sysmon", "", "sysmon"),
		linux("linux/sysmon", "process_creation", "sysmon", is("EventID", "1")),
		linux("linux/sysmon", "network_connection", "sysmon", is("EventID", "3")),
		linux("linux/sysmon", "sysmon_status", "sysmon", is("EventID", "4", "16")),
		linux("linux/sysmon", "process_termination", "sysmon", is("EventID", "5")),
		linux("linux/sysmon", "raw_access_read", "sysmon", is("EventID", "9")),
		linux("linux/sysmon", "file_event", "sysmon", is("EventID", "11")),
		linux("linux/sysmon", "file_delete", "sysmon", is("EventID", "23")),
	}
}

// requests returns the names of requests in SigmaHQ's rules for web servers and
// proxies, given those of a record. "" where the record has none.
func requests(client, method, uri, query, status, host, agent, referer, user string) []event.Alias {
	var alias []event.Alias
	add := func(from string, names ...string) {
		for _, name := range names {
			if from != "" && from != name {
				alias = append(alias, event.Alias{Name: name, From: from})
			}
		}
	}
	add(client, "c-ip", "src_ip")
	add(method, "cs-method")
	add(uri, "cs-uri-stem", "c-uri", "cs-uri")
	add(query, "cs-uri-query", "c-uri-query")
	if query != uri {
		add(uri, "cs-uri-query") // of a request without a query: some rules look there for the path
	}
	add(status, "sc-status")
	add(host, "cs-host")
	add(agent, "cs-user-agent", "c-useragent")
	add(referer, "cs-referer", "cs-referrer")
	add(user, "cs-username")
	return alias
}

func webRoutes() []event.Route {
	webserver := event.Logsource{Category: "webserver"}
	proxy := event.Logsource{Category: "proxy"}
	w3c := append(requests("c-ip", "", "", "", "", "cs(Host)", "cs(User-Agent)", "cs(Referer)", ""),
		event.Alias{Name: "c-uri", From: "cs-uri"},
		event.Alias{Name: "c-uri", From: "cs-uri-stem"},
		event.Alias{Name: "cs-cookie", From: "cs(Cookie)"},
		event.Alias{Name: "c-uri-extension", From: "cs-uri-extension"},
		event.Alias{Name: "dst_ip", From: "s-ip"},
		event.Alias{Name: "dst_ip", From: "r-ip"})
	return []event.Route{
		row("iis", w3c, event.Logsource{Category: "webserver", Service: "iis"}),
		row("apache", nil, event.Logsource{Category: "webserver", Service: "apache"}),
		row("nginx", nil, event.Logsource{Category: "webserver", Service: "nginx"}),
		row("webserver", nil, webserver),
		row("w3c", w3c, webserver, proxy),

		row("exchange", nil, event.Logsource{Product: "exchange"}),
		row("exchange/httpproxy",
			requests("ClientIpAddress", "Method", "UrlStem", "UrlQuery", "HttpStatus", "UrlHost", "UserAgent", "", "AuthenticatedUser"),
			event.Logsource{Product: "exchange", Category: "webserver", Service: "httpproxy"}),
		row("exchange/ecp", nil, event.Logsource{Product: "exchange", Service: "ecp"}),
		row("exchange/oabgenerator", nil, event.Logsource{Product: "exchange", Service: "oabgenerator"}),
		row("exchange/messagetracking", nil, event.Logsource{Product: "exchange", Service: "messagetracking"}),
	}
}

// zeekPaths are the logs of Zeek that have rows by their path alone.
var zeekPaths = []string{
	"dce_rpc", "dhcp", "files", "ftp", "intel", "irc", "kerberos", "mysql", "notice", "ntlm", "ntp", "pe", "radius", "rdp", "rfb",
	"sip", "smb_cmd", "smb_files", "smb_mapping", "smtp", "snmp", "socks", "software", "ssh", "ssl", "syslog", "tunnel", "weird", "x509",
}

func networkRoutes() []event.Route {
	dns, proxy, webserver, firewall := event.Logsource{Category: "dns"}, event.Logsource{Category: "proxy"}, event.Logsource{Category: "webserver"}, event.Logsource{Category: "firewall"}
	netflow := event.Logsource{Service: "netflow"}
	flow := func(destination, port string) []event.Alias {
		return []event.Alias{{Name: "dst_ip", From: destination}, {Name: "dst_port", From: port}, {Name: "destination.port", From: port}}
	}
	zeek := func(path string) event.Logsource { return event.Logsource{Product: "zeek", Service: path} }
	suricata := func(kind string) event.Logsource { return event.Logsource{Product: "suricata", Service: kind} }
	suricataFlow := flow("dest_ip", "dest_port")
	routes := []event.Route{
		row("w3c/firewall", []event.Alias{{Name: "destination.port", From: "dst-port"}}, firewall),
		row("zeek", nil, event.Logsource{Product: "zeek"}),
		row("zeek/conn", append(flow("id.resp_h", "id.resp_p"), event.Alias{Name: "src_ip", From: "id.orig_h"}), zeek("conn"), firewall, netflow),
		row("zeek/dns", []event.Alias{{Name: "answer", From: "answers"}, {Name: "record_type", From: "qtype_name"}}, zeek("dns"), dns),
		row("zeek/http",
			append(requests("id.orig_h", "method", "uri", "uri", "status_code", "host", "user_agent", "referrer", "username"), event.Alias{Name: "dst_ip", From: "id.resp_h"}),
			zeek("http"), proxy, webserver),

		row("suricata", nil, event.Logsource{Product: "suricata"}),
		row("suricata/alert", nil, suricata("alert")),
		row("suricata/flow", suricataFlow, suricata("flow"), firewall, netflow),
		row("suricata/netflow", suricataFlow, suricata("netflow"), firewall, netflow),
		row("suricata/dns", []event.Alias{
			{Name: "query", From: "dns.rrname"},
			{Name: "query", From: "dns.query.rrname"},
			{Name: "query", From: "dns.queries.rrname"}, // Suricata 8
			{Name: "record_type", From: "dns.rrtype"},
			{Name: "record_type", From: "dns.query.rrtype"},
			{Name: "record_type", From: "dns.queries.rrtype"},
			{Name: "answer", From: "dns.answers.rdata"},
			{Name: "answer", From: "dns.answer.rdata"},
			{Name: "answer", From: "dns.rdata"},
		}, suricata("dns"), dns),
		row("suricata/http",
			append(requests("src_ip", "http.http_method", "http.url", "http.url", "http.status", "http.hostname", "http.http_user_agent", "http.http_refer", ""),
				event.Alias{Name: "dst_ip", From: "dest_ip"}),
			suricata("http"), proxy, webserver),
	}
	for _, path := range zeekPaths {
		routes = append(routes, row("zeek/"+path, nil, zeek(path)))
	}
	return routes
}

func cloudRoutes() []event.Route {
	azure := func(service string) event.Logsource { return event.Logsource{Product: "azure", Service: service} }
	// The Event Hub, Log Analytics and Microsoft Graph write the same fields
	// with different capitals and at different depths.
	operation := slices.Concat(
		firstOf("operationName", "OperationName"),
		firstOf("OperationName", "operationName"),
		firstOf("Category", "category"),
		firstOf("category", "Category"),
		firstOf("Status", "properties.result", "result", "Result", "resultType"),
	)
	audit := slices.Concat(
		operation,
		firstOf("operationName", "activityDisplayName"),
		firstOf("OperationName", "activityDisplayName"),
		firstOf("properties.message", "properties.activityDisplayName", "activityDisplayName", "ActivityDisplayName", "operationName", "OperationName"),
		firstOf("ActivityDisplayName", "properties.activityDisplayName", "activityDisplayName"),
		firstOf("LoggedByService", "properties.loggedByService", "loggedByService"),
		firstOf("properties.result", "result", "Result"),
		firstOf("properties.initiatedBy", "initiatedBy", "InitiatedBy"),
		firstOf("properties.targetResources", "targetResources", "TargetResources"),
		firstOf("TargetResources", "properties.targetResources", "targetResources"),
		firstOf("targetResources.type", "properties.targetResources.type"),
		firstOf("TargetResources.ModifiedProperties.DisplayName", "properties.targetResources.modifiedProperties.displayName"),
		firstOf("TargetResources.ModifiedProperties.NewValue", "properties.targetResources.modifiedProperties.newValue"),
		firstOf("TargetResources.modifiedProperties", "properties.targetResources.modifiedProperties"),
		firstOf("TargetResources.modifiedProperties.newValue", "properties.targetResources.modifiedProperties.newValue"),
	)
	signin := slices.Concat(
		operation,
		firstOf("ResultType", "resultType", "properties.status.errorCode", "status.errorCode"),
		firstOf("resultType", "ResultType", "properties.status.errorCode", "status.errorCode"),
		firstOf("ResultDescription", "resultDescription", "properties.status.failureReason", "status.failureReason"),
		firstOf("Resultdescription", "resultDescription", "ResultDescription"),
		firstOf("AuthenticationRequirement", "properties.authenticationRequirement", "authenticationRequirement"),
		firstOf("properties.authenticationRequirement", "AuthenticationRequirement"),
		firstOf("properties.appId", "AppId", "appId"),
		firstOf("conditionalAccessStatus", "properties.conditionalAccessStatus", "ConditionalAccessStatus"),
		firstOf("userAgent", "properties.userAgent", "UserAgent"),
		firstOf("location", "properties.location.countryOrRegion", "Location"),
		firstOf("RiskState", "properties.riskState", "riskState"),
		firstOf("ClientApp", "properties.clientAppUsed", "clientAppUsed", "ClientAppUsed"),
		firstOf("ResourceDisplayName", "properties.resourceDisplayName", "resourceDisplayName"),
		firstOf("resourceTenantId", "properties.resourceTenantId", "ResourceTenantId"),
		firstOf("homeTenantId", "properties.homeTenantId", "HomeTenantId"),
		firstOf("NetworkLocationDetails", "properties.networkLocationDetails", "networkLocationDetails"),
		firstOf("DeviceDetail.trusttype", "properties.deviceDetail.trustType", "DeviceDetail.trustType"),
		firstOf("DeviceDetail.deviceId", "properties.deviceDetail.deviceId"),
		firstOf("DeviceDetail.isCompliant", "properties.deviceDetail.isCompliant"),
		firstOf("properties.deviceDetail.deviceId", "DeviceDetail.deviceId"),
		firstOf("Username", "properties.userPrincipalName", "UserPrincipalName"),
	)
	activity := slices.Concat(
		operation,
		firstOf("operationName", "OperationNameValue", "operationName.value"),
		firstOf("OperationNameValue", "operationName"),
		firstOf("CategoryValue", "category"),
		firstOf("ResourceId", "resourceId"),
		firstOf("ResourceProviderValue", "resourceProviderName.value"),
	)
	risk := firstOf("riskEventType", "properties.riskEventType", "RiskEventType")
	var routes []event.Route
	for _, t := range []struct {
		alias    []event.Alias
		services []event.Logsource
		origins  []string
	}{
		{audit, []event.Logsource{azure("auditlogs")}, []string{"AuditLogs"}},
		{signin, []event.Logsource{azure("signinlogs")}, []string{
			"SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs",
			"AADNonInteractiveUserSignInLogs", "AADServicePrincipalSignInLogs", "AADManagedIdentitySignInLogs",
		}},
		{activity, []event.Logsource{azure("activitylogs")}, []string{
			"AzureActivity", "Administrative", "Action", "Write", "Delete", "Security", "ServiceHealth", "Alert", "Policy", "Autoscale", "ResourceHealth", "Recommendation",
		}},
		{risk, []event.Logsource{azure("riskdetection"), azure("pim")}, []string{
			"UserRiskEvents", "ServicePrincipalRiskEvents", "AADUserRiskEvents", "AADServicePrincipalRiskEvents",
		}},
	} {
		for _, origin := range t.origins {
			routes = append(routes, row("azure/"+origin, t.alias, t.services...))
		}
	}
	return append(routes, []event.Route{
		row("azure", nil, event.Logsource{Product: "azure"}),
		row("aws/cloudtrail", []event.Alias{{Name: "src_ip", From: "sourceIPAddress"}}, event.Logsource{Product: "aws", Service: "cloudtrail"}),
		row("m365", []event.Alias{
			{Name: "eventSource", From: "Workload"},
			{Name: "eventName", From: "Operation"},
			{Name: "status", From: "ResultStatus"},
		},
			event.Logsource{Product: "m365", Service: "audit"},
			event.Logsource{Product: "m365", Service: "exchange"},
			event.Logsource{Product: "m365", Service: "threat_detection"},
			event.Logsource{Product: "m365", Service: "threat_management"}),
		row("kubernetes/audit", []event.Alias{
			{Name: "apiGroup", From: "objectRef.apiGroup"},
			{Name: "hostPath", From: "requestObject.spec.volumes.hostPath.path"},
			{Name: "hostPath", From: "requestObject.spec.template.spec.volumes.hostPath.path"},
			{Name: "capabilities", From: "requestObject.spec.containers.securityContext.capabilities.add"},
			{Name: "capabilities", From: "requestObject.spec.template.spec.containers.securityContext.capabilities.add"},
		}, event.Logsource{Product: "kubernetes", Category: "application", Service: "audit"}),
		row("gcp", nil, event.Logsource{Product: "gcp", Service: "gcp.audit"}),
		{
			Origin: "gcp", When: []event.Condition{is("protoPayload.serviceName", "admin.googleapis.com")},
			Sources: []event.Logsource{{Product: "gcp", Service: "google_workspace.admin"}},
			Alias: []event.Alias{
				{Name: "eventService", From: "protoPayload.serviceName"},
				{Name: "eventName", From: "protoPayload.metadata.event.eventName"},
			},
		},
		{
			Origin: "gcp", When: []event.Condition{is("protoPayload.serviceName", "login.googleapis.com")},
			Sources: []event.Logsource{{Product: "gcp", Service: "google_workspace.login"}},
			Alias:   []event.Alias{{Name: "protoPayload.Servicename", From: "protoPayload.serviceName"}},
		},
		row("github/audit", nil, event.Logsource{Product: "github", Service: "audit"}),
		row("okta", nil, event.Logsource{Product: "okta", Service: "okta"}),
		row("onelogin", nil, event.Logsource{Product: "onelogin", Service: "onelogin.events"}),
		row("bitbucket/audit", nil, event.Logsource{Product: "bitbucket", Service: "audit"}),
		row("opencanary", nil, event.Logsource{Product: "opencanary", Category: "application"}),
	}...)
}

// ecsRoutes are the rows of what Elastic's agents see of a machine itself,
// in the Elastic Common Schema.
func ecsRoutes() []event.Route {
	var routes []event.Route
	for _, system := range []string{"windows", "linux", "macos"} {
		add := func(category string, when ...event.Condition) {
			routes = append(routes, event.Route{Origin: "ecs/" + system, When: when, Sources: []event.Logsource{{Product: system, Category: category}}})
		}
		add("")
		add("process_creation", is("event.category", "process"), is("event.type", "start"))
		add("file_event", is("event.category", "file"), is("event.type", "creation"))
		add("network_connection", is("event.category", "network"), is("event.type", "start"))
	}
	return routes
}
