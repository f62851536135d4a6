package logs

import (
	"strings"
	"testing"
)

// Lines of IIS whose #Fields is gone are read by the next one of as many
// columns, else by IIS's defaults; told in either case.
func TestW3CWithoutFirstFields(t *testing.T) {
	lines := strings.SplitAfter(iisLog, "\r\n")
	fields, data := lines[3], lines[4]+lines[5]
	custom := "#Fields: date time c-ip cs-method x-extra\n"
	for _, c := range []struct {
		what, content  string
		records, after int // of them, how many have the POST's stem and status
		damaged        int
	}{
		{"columns agree", data + fields + data, 4, 2, 0},
		{"directives but no #Fields", lines[0] + lines[2] + data + fields + data, 4, 2, 0},
		{"first line cut", data[15:] + fields + data, 3, 1, 1},
		{"columns disagree", data + custom + "2021-03-03 00:00:08 192.0.2.1 GET x\n", 1, 0, 2},
		{"defaults", data, 2, 1, 0},
		{"defaults, first line cut", data[15:], 1, 0, 1},
		{"defaults of IIS 7.5", strings.Replace(data, " - 200", " 200", 1) + strings.Replace(lines[5], " https://mail/owa/", "", 1), 2, 1, 1},
		{"defaults, then others", data + strings.Repeat("2021-03-03 00:00:06 10.0.0.4 GET /a - 443 - 198.51.100.7 - - 404 0 2 3\n", 2000) + "#Fields: date time c-ip cs-method\n2021-03-03 00:00:08 192.0.2.1 GET\n", 2003, 1, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			got, problems := parseText(t, "x.log", c.content, "")
			posts := 0
			for _, r := range got {
				if !strings.HasPrefix(r.Origin, "iis") && !strings.HasPrefix(r.Origin, "w3c") {
					t.Fatalf("origin %s of %v", r.Origin, r)
				}
				if r.Fields["cs-uri-stem"] == "/ecp/DDI/DDIService.svc/SetObject" && r.Fields["sc-status"] == "200" {
					posts++
				}
			}
			if len(got) != c.records || posts != c.after {
				t.Errorf("%d records, %d of the POST, want %d and %d; problems %v", len(got), posts, c.records, c.after, problems)
			}
			if len(problems) == 0 || !strings.Contains(problems[0].Reason, "no #Fields before it") {
				t.Errorf("problems %v, want that #Fields is missing", problems)
			}
		})
	}
	for what, content := range map[string]string{
		"an application's log": "2021-03-03 00:00:05 10.0.0.4 POST /x took 15\n2021-03-03 00:00:06 up\n",
		"a word too many":      strings.ReplaceAll(data, "\r\n", " more\r\n"),
		"#Fields of no W3C":    "one two\n#Fields: a b\nthree four\n",
	} {
		_, in := readAll(t, Options{}, write(t, t.TempDir(), "x", content))
		if f := in.Files()[0]; f.Format != "text" {
			t.Errorf("%s: read as %s, want text", what, f.Format)
		}
	}
}
