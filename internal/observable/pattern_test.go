package observable_test

import (
	"testing"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// STIX 2.1, section 9: every kind but CVE has a pattern, and it is valid.
func TestPattern(t *testing.T) {
	for text, want := range map[string]string{
		"EVIL[.]example.com":       "[domain-name:value = 'evil.example.com']",
		"192.0.2.0/24":             "[ipv4-addr:value ISSUBSET '192.0.2.0/24']",
		"2001:db8::/32":            "[ipv6-addr:value ISSUBSET '2001:db8::/32']",
		"AS64496":                  "[autonomous-system:number = 64496]",
		`C:\Windows\Temp\x.aspx`:   `[file:name = 'x.aspx' AND file:parent_directory_ref.path = 'c:\\windows\\temp']`,
		"/tmp/it's":                `[file:name = 'it\'s' AND file:parent_directory_ref.path = '/tmp']`,
		"CVE-2021-26855":           "",
		"Mozilla/5.0 (it's 'odd')": `[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] = 'Mozilla/5.0 (it\'s \'odd\')']`,
	} {
		o, err := observable.Guess(text)
		if err != nil {
			t.Error(err)
			continue
		}
		got := o.Pattern()
		if got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if got == "" {
			continue
		}
		p, err := pattern.Parse(got)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, problem := range p.Check() {
			if !problem.Warning {
				t.Errorf("%s: %s", got, problem)
			}
		}
	}
}
