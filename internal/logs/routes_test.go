package logs

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// unrouted are the logsources of SigmaHQ's rules that no record belongs to,
// each with the reason. Rules for them are told to be blind.
var unrouted = map[string]string{
	"*/database/*":                      "keywords over the logs of any database: nothing tells such a line from another",
	"cisco/*/aaa":                       "keywords over lines of IOS that are told apart by nothing but what they say",
	"cisco/*/bgp":                       "as cisco/*/aaa",
	"cisco/*/duo":                       "its fields are those of no log that Duo writes",
	"cisco/*/ldp":                       "as cisco/*/aaa",
	"cisco/*/syslog":                    "as cisco/*/aaa",
	"django/application/*":              "keywords over an application's own lines of text",
	"fortigate/*/event":                 "no reader takes key=value lines apart",
	"fortios/*/sslvpnd":                 "keywords over lines of a device that does not name itself",
	"huawei/*/bgp":                      "as cisco/*/aaa",
	"juniper/*/bgp":                     "as cisco/*/aaa",
	"jvm/application/*":                 "keywords over an application's own lines of text",
	"nodejs/application/*":              "keywords over an application's own lines of text",
	"paloalto/appliance/globalprotect":  "keywords over lines of a device that does not name itself",
	"paloalto/file_event/globalprotect": "its field is that of an appliance's file system, which writes no log",
	"python/application/*":              "keywords over an application's own lines of text",
	"qualys/*/*":                        "its fields are those of no log that Qualys writes",
	"rpc_firewall/application/*":        "its events have unnamed data, while the rules ask for names",
	"ruby_on_rails/application/*":       "keywords over an application's own lines of text",
	"spring/application/*":              "keywords over an application's own lines of text",
	"sql/application/*":                 "keywords over an application's own lines of text",
	"velocity/application/*":            "keywords over an application's own lines of text",
	"windows/file_access/*":             "Windows writes no such log: a trace of Microsoft-Windows-Kernel-File",
	"windows/file_rename/*":             "as windows/file_access/*",
}

// Of the logsources that SigmaHQ's rules ask for, all are routed but those
// of the list above, and none of these.
func TestRoutesCoverSigma(t *testing.T) {
	asked := map[event.Logsource]int{}
	rules := 0
	walkFiles(t, sharedData(t, "sigma"), ".yml", func(path string) {
		if l, ok := logsourceOf(t, path); ok {
			asked[l]++
			rules++
		}
	})
	var sources []event.Logsource
	for _, c := range event.NewRouter(event.NewNames(), Routes()).Classes() {
		sources = append(sources, c.Sources...)
	}
	routed := 0
	seen := map[string]bool{}
	for l, n := range asked {
		ok := slices.ContainsFunc(sources, l.Covers)
		reason, listed := unrouted[l.String()]
		seen[l.String()] = true
		switch {
		case ok && listed:
			t.Errorf("%s is routed, although %s", l, reason)
		case !ok && !listed:
			t.Errorf("%s (%d rules) is not routed and not listed", l, n)
		case ok:
			routed += n
		}
	}
	for l := range unrouted {
		if !seen[l] {
			t.Errorf("%s: no rule asks for it", l)
		}
	}
	t.Logf("%d of %d rules in %d logsources have a reader", routed, rules, len(asked))
	if rules < 3700 {
		t.Errorf("only %d rules", rules)
	}
}

// logsourceOf reads the logsource of a rule file; false when it has none.
func logsourceOf(t *testing.T, path string) (event.Logsource, bool) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var l event.Logsource
	in, has := false, false
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		if !strings.HasPrefix(line, " ") {
			in = strings.HasPrefix(line, "logsource:")
			has = has || in
			continue
		}
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value, _, _ = strings.Cut(value, " #")
		value = strings.Trim(strings.TrimSpace(value), `'"`)
		switch {
		case !in:
		case key == "product":
			l.Product = value
		case key == "category":
			l.Category = value
		case key == "service":
			l.Service = value
		}
	}
	return l, has
}

// classOf routes a record with the given fields.
func classOf(t *testing.T, origin string, fields ...string) (*event.Event, *event.Names) {
	t.Helper()
	names := event.NewNames()
	for _, n := range strings.Fields("Image ParentImage Signature query cs-uri-query cs-uri-stem c-useragent TargetFilename ThreatName") {
		names.Intern(n)
	}
	router := event.NewRouter(names, Routes())
	e := event.New(names)
	for i := 0; i < len(fields); i += 2 {
		e.Add(names.LookupString(fields[i]), fields[i], []byte(fields[i+1]), event.String)
	}
	router.Origin(origin).Route(e)
	return e, names
}

// Records belong to the logsources that tests/thor.yml of SigmaHQ gives
// them, and answer to the names of its rules.
func TestRoutes(t *testing.T) {
	for _, c := range []struct {
		origin, fields string
		is, not        []string // logsources
		alias          string   // name=value
	}{
		{
			"windows/microsoft-windows-sysmon/operational", "EventID=1",
			[]string{"windows/process_creation/*", "windows/*/sysmon", "windows/*/*"},
			[]string{"windows/*/security", "windows/file_event/*", "*/dns/*"},
			"",
		},
		{
			windowsSysmon, "EventID=12 EventType=CreateKey",
			[]string{"windows/registry_event/*", "windows/registry_add/*"},
			[]string{"windows/registry_delete/*", "windows/registry_set/*"},
			"",
		},
		{
			windowsSysmon, "EventID=12 EventType=DeleteValue",
			[]string{"windows/registry_event/*", "windows/registry_delete/*"},
			[]string{"windows/registry_add/*"},
			"",
		},
		{windowsSysmon, "EventID=12", []string{"windows/registry_event/*"}, []string{"windows/registry_add/*", "windows/registry_delete/*"}, ""},
		{windowsSysmon, "EventID=13 EventType=SetValue", []string{"windows/registry_event/*", "windows/registry_set/*"}, []string{"windows/registry_add/*"}, ""},
		{windowsSysmon, "EventID=26", []string{"windows/file_delete/*", "windows/file_delete_detected/*"}, []string{"windows/file_event/*"}, ""},
		{windowsSysmon, "EventID=22 QueryName=x", []string{"windows/dns_query/*", "*/dns/*"}, nil, "query=x"},
		{windowsSysmon, "EventID=999", []string{"windows/*/sysmon"}, []string{"windows/process_creation/*"}, ""},
		{
			windowsSecurity, `EventID=4688 NewProcessName=C:\a.exe ParentProcessName=C:\p.exe`,
			[]string{"windows/process_creation/*", "windows/*/security"},
			[]string{"windows/*/sysmon"},
			`Image=C:\a.exe`,
		},
		{windowsSecurity, "EventID=4624", []string{"windows/*/security"}, []string{"windows/process_creation/*"}, ""},
		{windowsDefender, "EventID=1116 Threat_Name=x", []string{"windows/*/windefend", "*/antivirus/*"}, nil, "Signature=x"},
		{windowsDefender, "EventID=5001", []string{"windows/*/windefend"}, []string{"*/antivirus/*"}, ""},
		{"windows/Some-Vendor/Operational", "", []string{"windows/*/*"}, []string{"windows/*/application"}, ""},
		{windowsClassic, "EventID=400", []string{"windows/ps_classic_start/*", "windows/*/powershell-classic"}, []string{"windows/ps_script/*"}, ""},
		{"windows/PowerShellCore/Operational", "EventID=4104", []string{"windows/ps_script/*", "windows/*/powershell"}, []string{"windows/ps_module/*"}, ""},
		{"linux/syslog", "program=sshd", []string{"linux/*/sshd", "linux/*/auth", "linux/*/syslog", "linux/*/*"}, []string{"linux/*/sudo"}, ""},
		{"linux/syslog", "program=CRON", []string{"linux/*/cron"}, []string{"linux/*/auth"}, ""},
		{"linux/auditd", "type=SYSCALL type=EXECVE exe=/bin/sh", []string{"linux/process_creation/*", "linux/*/auditd"}, []string{"linux/file_event/*"}, "Image=/bin/sh"},
		{"linux/auditd", "type=SYSCALL type=PATH nametype=PARENT nametype=CREATE name=/x", []string{"linux/file_event/*"}, []string{"linux/process_creation/*"}, "TargetFilename=/x"},
		{"linux/sysmon", "EventID=3", []string{"linux/network_connection/*"}, []string{"windows/*/*"}, ""},
		{
			"exchange/httpproxy", "UrlStem=/ecp/x UserAgent=a",
			[]string{"*/webserver/*", "exchange/*/httpproxy"},
			[]string{"exchange/*/ecp"},
			"cs-uri-query=/ecp/x",
		},
		{"exchange/ecp", "", []string{"exchange/*/ecp"}, []string{"*/webserver/*"}, ""},
		{"w3c/firewall", "dst-port=23", []string{"*/firewall/*"}, []string{"*/webserver/*", "*/proxy/*"}, ""},
		{"iis", "cs-uri-stem=/x", []string{"*/webserver/*", "*/*/iis"}, []string{"*/proxy/*", "windows/*/*"}, ""},
		{"zeek/http", "user_agent=a uri=/x", []string{"zeek/*/http", "*/proxy/*", "*/webserver/*"}, []string{"zeek/*/dns"}, "c-useragent=a"},
		{"suricata/dns", "dns.query.rrname=x", []string{"*/dns/*", "suricata/*/dns"}, []string{"zeek/*/dns"}, "query=x"},
		{"gcp", "protoPayload.serviceName=login.googleapis.com", []string{"gcp/*/gcp.audit", "gcp/*/google_workspace.login"}, []string{"gcp/*/google_workspace.admin"}, ""},
		{"azure/signinlogs", "", []string{"azure/*/signinlogs"}, []string{"azure/*/auditlogs"}, ""},
		{"ecs/macos", "event.category=process event.type=start", []string{"macos/process_creation/*"}, []string{"linux/*/*", "macos/file_event/*"}, ""},
	} {
		t.Run(c.origin+" "+c.fields, func(t *testing.T) {
			var fields []string
			for _, f := range strings.Fields(c.fields) {
				name, value, _ := strings.Cut(f, "=")
				fields = append(fields, name, value)
			}
			e, names := classOf(t, c.origin, fields...)
			covered := func(s string) bool {
				p := strings.Split(strings.ReplaceAll(s, "*", ""), "/")
				return slices.ContainsFunc(e.Class.Sources, event.Logsource{Product: p[0], Category: p[1], Service: p[2]}.Covers)
			}
			for _, s := range c.is {
				if !covered(s) {
					t.Errorf("is not %s but %v", s, e.Class.Sources)
				}
			}
			for _, s := range c.not {
				if covered(s) {
					t.Errorf("is %s: %v", s, e.Class.Sources)
				}
			}
			if name, value, ok := strings.Cut(c.alias, "="); ok && string(e.Value(names.LookupString(name))) != value {
				t.Errorf("%s = %q, want %q", name, e.Value(names.LookupString(name)), value)
			}
		})
	}
}

// Every alias offers a name that the record does not have by itself, and
// no row repeats one.
func TestRoutesTable(t *testing.T) {
	for _, r := range Routes() {
		seen := map[event.Alias]bool{}
		for _, a := range r.Alias {
			if a.Name == a.From || a.Name == "" || a.From == "" {
				t.Errorf("%s: %v", r.Origin, a)
			}
			if seen[a] {
				t.Errorf("%s: %v twice", r.Origin, a)
			}
			seen[a] = true
		}
		if len(r.Sources) == 0 && len(r.Alias) == 0 {
			t.Errorf("a row of %s says nothing", r.Origin)
		}
	}
}
