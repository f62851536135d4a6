package intel

import (
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// A pattern that needs what no log shows is refused, one that can do without is
// not; a header may be compared as the list that it is (section 6.12.2).
func TestWhatNoLogShowsIsToldWhereItIsNeeded(t *testing.T) {
	const seen, never = "[process:command_line LIKE '%whoami%']", "[process:no_such = 'x']"
	const header = "network-traffic:extensions.'http-request-ext'.request_header."
	for text, ok := range map[string]bool{
		seen:                          true,
		never:                         false,
		seen + " OR " + never:         true,
		never + " OR " + never:        false,
		seen + " AND " + never:        false,
		never + " FOLLOWEDBY " + seen: false,
		seen + " FOLLOWEDBY " + seen:  true,
		"(" + seen + " AND " + never + ") WITHIN 5 SECONDS":  false,
		seen + " FOLLOWEDBY (" + seen + " OR " + never + ")": true,
		"[" + header + "'User-Agent' LIKE '%bot%']":          true,
		"[" + header + "'User-Agent'[*] LIKE '%bot%']":       true,
		"[" + header + "'User-Agent'[0] LIKE '%bot%']":       true,
		"[" + header + "'X-Own'[*] LIKE '%bot%']":            false,
	} {
		p, err := pattern.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		s := &patternSet{schema: newSchema(event.NewNames())}
		switch err := s.check(p); {
		case (err == nil) != ok:
			t.Errorf("%s: %v", text, err)
		case err != nil && !strings.Contains(err.Error(), "no log shows "):
			t.Errorf("%s: %v", text, err)
		}
	}
}
