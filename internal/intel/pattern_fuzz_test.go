package intel

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// Whatever the pattern and the event, matching ends, and finds just the brackets
// that hold when all are looked at: what is watched for leaves none out.
func FuzzMatchPatterns(f *testing.F) {
	for _, c := range [][2]string{
		{"[process:image_ref.name = 'cmd.exe' AND process:command_line MATCHES '(?i)who(ami|is)']", "Image=C:\\Windows\\cmd.exe\nCommandLine=cmd /c WHOAMI"},
		{"[file:name LIKE '%_.aspx' OR NOT EXISTS file:hashes.SHA256] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24']", "TargetFilename=/www/x.aspx\nDestinationIp=::ffff:198.51.100.7"},
		{"[windows-registry-key:values[0].data != 'x' AND windows-registry-key:key IN ('HKLM\\\\a', 'b')]", "TargetObject=HKLM\\a\\b\nDetails=y\nDetails=x"},
		{"[domain-name:resolves_to_refs[1].value = '192.0.2.7' AND process:pid >= 4]", "QueryName=a.example\nQueryResults=type: 5 b;192.0.2.7;\nProcessId=0x10"},
		{"[url:value LIKE '%/k\u0301%' AND network-traffic:dst_port = 443]", "cs-host=town.example\nc-uri=/\u212a\u0301\ns-port=443"},
	} {
		f.Add(c[0], []byte(c[1]))
	}
	f.Fuzz(func(t *testing.T, source string, fields []byte) {
		p, err := pattern.Parse(source)
		if err != nil || len(fields) > 1<<12 {
			return
		}
		names := event.NewNames()
		set, errs := compilePatterns([]*pattern.Pattern{p}, names)
		if errs[0] != nil {
			return
		}
		m := set.matcher()
		e := event.New(names)
		e.Class, e.Time = &event.Class{}, 1614679872000000000
		for line := range bytes.SplitSeq(fields, []byte{'\n'}) {
			name, value, _ := bytes.Cut(line, []byte{'='})
			e.Add(names.Lookup(name), string(name), value, event.String)
		}
		var got, want []int
		for _, h := range m.match(e) {
			got = append(got, int(max(h.Bracket, 0)))
		}
		from, until, alone := set.patterns[0].Alone()
		if alone && (e.Time < from || e.Time > until) {
			return
		}
		for k := range set.patterns[0].Brackets() {
			if set.patterns[0].Holds(k, m) {
				want = append(want, k)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s\nover %q: brackets %v, want %v", p, fields, got, want)
		}
	})
}
