package report

import "testing"

func TestAdvise(t *testing.T) {
	for logsource, want := range map[string]string{
		"windows/process_creation/*":   "enable Sysmon (event 1) or Security 4688 with command lines",
		"windows/*/system":             "collect the event log System",
		"windows/*/never-heard-of":     "collect the Windows event log of that name",
		"windows/future_category/*":    "",
		"*/webserver/*":                "bring access logs of the web servers (IIS, Apache, nginx)",
		"apache/webserver/*":           "bring access logs of the web servers (IIS, Apache, nginx)",
		"zeek/*/dns":                   "run Zeek at the network's edge and bring its logs",
		"kubernetes/application/audit": "enable audit logging on the Kubernetes API server",
		"linux/*/*":                    "bring /var/log or the journal",
		"*/*/*":                        "",
		"":                             "",
		"acme/x/y":                     "",
	} {
		if got := advise(logsource); got != want {
			t.Errorf("%s: %q, want %q", logsource, got, want)
		}
	}
}
