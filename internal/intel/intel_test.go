package intel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/stix"
)

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// uuid returns the n-th UUID of a test.
func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// indicator writes the n-th indicator; more is put among its properties.
func indicator(n int, pattern, more string) string {
	if more != "" {
		more = "," + more
	}
	if !strings.Contains(more, `"modified"`) {
		more += `,"modified":"2021-03-05T00:00:00.000Z"`
	}
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2021-03-05T00:00:00.000Z",`+
		`"pattern":%q,"pattern_type":"stix","valid_from":"2021-03-05T00:00:00Z"%s}`, uuid(n), pattern, more)
}

func relationship(n int, kind, from, to, more string) string {
	return fmt.Sprintf(`{"type":"relationship","spec_version":"2.1","id":"relationship--%s","created":"2021-03-05T00:00:00.000Z",`+
		`"modified":"2021-03-05T00:00:00.000Z","relationship_type":%q,"source_ref":%q,"target_ref":%q%s}`, uuid(n), kind, from, to, more)
}

// build compiles objects; an error of one is told in the stats alone.
func build(t testing.TB, objects ...string) (*intel.Index, intel.Stats) {
	t.Helper()
	var b intel.Builder
	for _, raw := range objects {
		o, err := stix.Parse([]byte(raw))
		if err != nil {
			t.Fatalf("%v: %s", err, raw)
		}
		_ = b.Add(o, "test.json")
	}
	return b.Build(now)
}

// seen lists what x finds in a line of text at a time.
func seen(x *intel.Index, text string, at int64) []string {
	e := event.New(event.NewNames())
	e.Text, e.Time = []byte(text), at
	m := x.NewMatcher()
	var list []string
	hits := m.Match(e)
	for i := range hits {
		in, value, kind := m.Indicator(&hits[i])
		list = append(list, in.ID.UUID()[34:]+" "+kind+" "+value)
	}
	return list
}

func TestPatternsOfOneComparison(t *testing.T) {
	for _, c := range []struct {
		pattern string
		find    string // what is found, and in which texts
		in, not []string
	}{
		{`[domain-name:value = 'Evil.Example']`, "domain evil.example", []string{"to evil.example.", "q=EVIL.EXAMPLE:443", `"a\nevil.example"`, "mail to x@evil.example"}, []string{"www.evil.example", "notevil.example", "evil.example.org"}},
		{`[domain-name:value LIKE '%.evil.example']`, "domain *.evil.example", []string{"a.evil.example", "a.b.evil.example"}, []string{"evil.example", "aevil.example"}},
		{`[domain-name:value MATCHES '^(.+\\.)?evil\\.example$']`, "domain evil.example", []string{"a.evil.example", "evil.example"}, []string{"aevil.example"}},
		{`[domain-name:value = 'bücher.example']`, "domain xn--bcher-kva.example", []string{"bücher.example", "xn--bcher-kva.example", "BÜCHER.example"}, []string{"bucher.example"}},
		{`[domain-name:value IN ('a.example', 'evil.example')]`, "domain evil.example", []string{"evil.example"}, []string{"b.example"}},
		{`[domain-name:value = 'evil.example'] OR ([url:value = 'http://x.example/'])`, "domain evil.example", []string{"evil.example", "访问evil.example下载"}, nil},
		{`[ipv4-addr:value = '198.51.100.7']`, "ipv4 198.51.100.7", []string{"from 198.51.100.7:443", "[198.51.100.7]"}, []string{"198.51.100.70", "1198.51.100.7", "198.51.100.7.1"}},
		{`[ipv4-addr:value = '198.51.100.0/24']`, "cidr 198.51.100.0/24", []string{"198.51.100.7"}, []string{"198.51.101.7"}},
		{`[ipv4-addr:value ISSUBSET '198.51.0.0/12']`, "cidr 198.48.0.0/12", []string{"198.49.100.7", "198.63.255.255"}, []string{"198.64.0.1"}},
		{`[ipv6-addr:value = '2001:DB8::1']`, "ipv6 2001:db8::1", []string{"2001:db8:0:0:0:0:0:1", "[2001:db8::1]:443"}, []string{"2001:db8::11"}},
		{`[ipv6-addr:value ISSUBSET '2001:db8::/32']`, "cidr 2001:db8::/32", []string{"2001:db8::1"}, []string{"2001:db9::1"}},
		{`[network-traffic:dst_ref.value = '198.51.100.7']`, "ipv4 198.51.100.7", []string{"198.51.100.7"}, nil},
		{`[url:value = 'http://Evil.example/A?b=1']`, "url http://evil.example/A?b=1", []string{"GET http://evil.example:80/A?b=1 HTTP/1.1", "x,http://evil.example/A?b=1,y", "(http://evil.example/A?b=1)."}, []string{"http://evil.example/a?b=1", "http://evil.example/A?b=12", "https://evil.example/A?b=1"}},
		{`[url:value = 'http://[2001:db8::1]/x']`, "url http://[2001:db8::1]/x", []string{"http://[2001:DB8::1]/x"}, []string{"http://[2001:db8::2]/x"}},
		{`[url:value = 'http://intranet/x']`, "url http://intranet/x", []string{"http://intranet/x"}, []string{"http://intranet/y"}},
		{`[email-addr:value = 'Bad@evil.example']`, "email bad@evil.example", []string{"from=<BAD@evil.example>"}, []string{"notbad@evil.example", "bad@evil.example.org"}},
		{`[file:hashes.'SHA-256' = '` + strings.Repeat("Ab", 32) + `']`, "sha256 " + strings.Repeat("ab", 32), []string{"SHA256=" + strings.Repeat("AB", 32) + ",x"}, []string{strings.Repeat("ab", 33)}},
		{`[file:hashes.MD5 = '` + strings.Repeat("0a", 16) + `']`, "md5 " + strings.Repeat("0a", 16), []string{strings.Repeat("0A", 16)}, []string{strings.Repeat("0b", 16)}},
		{`[file:name = 'Evil.exe']`, "filename evil.exe", []string{`C:\tmp\evil.EXE`, "run evil.exe now"}, []string{"notevil.exe", "evil.exe.txt"}},
		{`[file:name = 'invoice (2).pdf .exe']`, "filename invoice (2).pdf .exe", []string{`C:\tmp\Invoice (2).pdf .exe`}, []string{"myinvoice (2).pdf .exe", "invoice (2).pdf .exes"}},
		{`[directory:path = 'C:\\Windows\\Temp\\evil.dir']`, `path c:\windows\temp\evil.dir`, []string{`C:\Windows\Temp\evil.dir\x`, `"C:\\WINDOWS\\temp\\evil.dir"`}, []string{`C:\Windows\evil.dir`}},
		{`[directory:path = 'C:\\ProgramData\\Evil Things']`, `path c:\programdata\evil things`, []string{`C:\programdata\evil things\a`, `"C:\\ProgramData\\Evil Things\\a"`}, []string{`C:\ProgramData\Evil Thingsx`}},
		{`[directory:path = '/opt/Evil/bin.d']`, `path /opt/Evil/bin.d`, []string{`ls /opt/Evil/bin.d/x`}, []string{`/opt/evil/bin.d`}},
		{`[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\Software\\Evil']`, `regkey hkey_local_machine\software\evil`, []string{`HKLM\SOFTWARE\Evil\Run`, `\REGISTRY\MACHINE\software\evil`, `HKLM:\\Software\\Evil`}, []string{`HKCU\Software\Evil`, `HKLM\Software\Evilx`}},
		{`[windows-registry-key:key = 'HKCU\\Software\\Evil']`, `regkey hkey_current_user\software\evil`, []string{`HKU\S-1-5-21-1-2-3-1001\Software\Evil`}, []string{`HKLM\Software\Evil`}},
		{`[mutex:name = 'Global\\EvilMutexOfTheBotnet']`, `mutex Global\EvilMutexOfTheBotnet`, []string{`created Global\EvilMutexOfTheBotnet`}, []string{`Global\evilmutexofthebotnet`}},
		{`[mutex:name = 'qwe']`, `mutex qwe`, []string{`x:qwe`}, []string{`qwerty`}},
		{`[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'Evil Bot/1.0 (x)']`, "user-agent Evil Bot/1.0 (x)", []string{"- Evil+Bot/1.0+(x) -", `"Evil Bot/1.0 (x)"`}, []string{"evil bot/1.0 (x)"}},
		{`[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] = 'Evil Bot/1.0 (x)']`, "user-agent Evil Bot/1.0 (x)", []string{"- Evil+Bot/1.0+(x) -", `"Evil Bot/1.0 (x)"`}, []string{"evil bot/1.0 (x)"}},
		{`[autonomous-system:number = 64496]`, "asn AS64496", []string{"origin AS64496 "}, []string{"AS644961"}},
		{`[mac-addr:value = '00:00:5E:00:53:01']`, "mac 00:00:5e:00:53:01", []string{"mac 00:00:5e:00:53:01"}, []string{"00:00:5e:00:53:02"}},
	} {
		x, stats := build(t, indicator(1, c.pattern, ""))
		if stats.Indicators != 1 || stats.Patterns != 0 {
			t.Errorf("%s: %+v", c.pattern, stats)
			continue
		}
		kept, _ := reread(t, x, now)
		for _, x := range []*intel.Index{x, kept} {
			for _, text := range c.in {
				if got := seen(x, text, 0); !slices.Equal(got, []string{"01 " + c.find}) {
					t.Errorf("%s in %q: got %q, want %q", c.pattern, text, got, c.find)
				}
			}
			for _, text := range c.not {
				if got := seen(x, text, 0); got != nil {
					t.Errorf("%s in %q: got %q, want nothing", c.pattern, text, got)
				}
			}
		}
	}
}

// STIX 2.1, section 3.6: the newest version of an object counts, and none when
// that is revoked, whatever the order in which they come.
func TestNewestVersionCounts(t *testing.T) {
	older := indicator(1, `[domain-name:value = 'old.example']`, `"modified":"2021-03-06T00:00:00.000Z"`)
	newer := indicator(1, `[domain-name:value = 'new.example']`, `"modified":"2021-03-07T00:00:00.000Z"`)
	gone := indicator(1, `[domain-name:value = 'new.example']`, `"modified":"2021-03-08T00:00:00.000Z","revoked":true`)
	for _, order := range [][]string{{older, newer}, {newer, older}, {newer, older, newer}} {
		x, stats := build(t, order...)
		if got := seen(x, "old.example new.example", 0); !slices.Equal(got, []string{"01 domain new.example"}) || stats.Indicators != 1 {
			t.Errorf("got %q, %+v", got, stats)
		}
	}
	for _, order := range [][]string{{older, newer, gone}, {gone, newer, older}} {
		x, stats := build(t, order...)
		if got := seen(x, "old.example new.example", 0); got != nil || stats.Revoked != 1 || stats.Indicators != 0 {
			t.Errorf("revoked: got %q, %+v", got, stats)
		}
	}
}

// STIX 2.1, section 4.7: valid_until is the time at which the indicator should
// no longer be considered valid. It is compared with the time of the record.
func TestValidity(t *testing.T) {
	x, stats := build(t, indicator(1, `[domain-name:value = 'evil.example']`, `"valid_until":"2021-06-01T00:00:00Z"`))
	at := func(day string) int64 {
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return d.UnixNano()
	}
	for _, c := range []struct {
		day           string
		found, strict bool
	}{{"2021-01-01", true, false}, {"2021-03-05", true, true}, {"2021-05-31", true, true}, {"2021-06-01", false, false}, {"2025-01-01", false, false}} {
		x.Strict = false
		if got := seen(x, "evil.example", at(c.day)) != nil; got != c.found {
			t.Errorf("%s: found %v, want %v", c.day, got, c.found)
		}
		x.Strict = true
		if got := seen(x, "evil.example", at(c.day)) != nil; got != c.strict {
			t.Errorf("%s strictly: found %v, want %v", c.day, got, c.strict)
		}
	}
	if x.Strict = false; seen(x, "evil.example", event.NoTime) != nil || stats.Expired != 1 {
		t.Errorf("a record without a time matches what expired before the hunt; %+v", stats)
	}
}

// A hit says what its indicator indicates, and who is behind that.
func TestWhatIsIndicated(t *testing.T) {
	thing := func(typ string, n int, name, attack string) string {
		refs := ""
		if attack != "" {
			refs = fmt.Sprintf(`,"external_references":[{"source_name":"mitre-attack","external_id":%q}]`, attack)
		}
		return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--%s","created":"2021-03-05T00:00:00.000Z","modified":"2021-03-05T00:00:00.000Z","name":%q%s}`, typ, typ, uuid(n), name, refs)
	}
	objects := []string{
		relationship(1, "indicates", "indicator--"+uuid(1), "campaign--"+uuid(2), ""),
		relationship(2, "attributed-to", "campaign--"+uuid(2), "intrusion-set--"+uuid(3), ""),
		relationship(3, "indicates", "indicator--"+uuid(1), "attack-pattern--"+uuid(4), ""),
		relationship(4, "indicates", "indicator--"+uuid(1), "malware--"+uuid(5), ""),
		relationship(4, "indicates", "indicator--"+uuid(1), "malware--"+uuid(5), `,"revoked":true`),
		thing("campaign", 2, "Exchange of 2021", ""),
		thing("intrusion-set", 3, "HAFNIUM", "G0125"),
		thing("attack-pattern", 4, "Web Shell", "T1505.003"),
		thing("malware", 5, "China Chopper", "S0020"),
		indicator(1, `[domain-name:value = 'evil.example']`, `"name":"Exfiltration to evil.example","confidence":85,"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],`+
			`"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"exfiltration"}]`),
	}
	for _, backwards := range []bool{false, true} {
		if backwards {
			slices.Reverse(objects)
		}
		x, _ := build(t, objects...)
		e := event.New(event.NewNames())
		e.Text = []byte("evil.example")
		m := x.NewMatcher()
		hits := m.Match(e)
		if len(hits) != 1 {
			t.Fatalf("%d hits", len(hits))
		}
		i, _, _ := m.Indicator(&hits[0])
		var names []string
		for _, thing := range i.Indicates {
			names = append(names, thing.Name)
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{"Exchange of 2021", "HAFNIUM", "Web Shell"}) || !slices.Equal(i.Groups, []string{"G0125"}) || !slices.Equal(i.Techniques, []string{"T1505.003"}) {
			t.Errorf("indicates %q, groups %q, techniques %q", names, i.Groups, i.Techniques)
		}
		if i.Name != "Exfiltration to evil.example" || i.Source != "test.json" || i.Confidence != 85 || i.TLP() != stix.TLPGreen || len(i.Phases) != 1 || i.Phases[0].PhaseName != "exfiltration" {
			t.Errorf("%+v", i)
		}
	}
}

// An observable that others refer to is their context; one that stands by
// itself is hunted.
func TestBareObservables(t *testing.T) {
	sco := func(n int, value string) string {
		return fmt.Sprintf(`{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--%s","value":%q}`, uuid(n), value)
	}
	x, stats := build(t, sco(1, "198.51.100.1"), sco(2, "198.51.100.2"),
		fmt.Sprintf(`{"type":"observed-data","spec_version":"2.1","id":"observed-data--%s","created":"2021-03-05T00:00:00.000Z","modified":"2021-03-05T00:00:00.000Z","first_observed":"2021-03-05T00:00:00Z","last_observed":"2021-03-05T00:00:00Z","number_observed":1,"object_refs":["ipv4-addr--%s"]}`, uuid(9), uuid(2)),
		fmt.Sprintf(`{"type":"file","spec_version":"2.1","id":"file--%s","name":"cmd.exe","hashes":{"MD5":"%s"}}`, uuid(3), strings.Repeat("0a", 16)))
	if got := seen(x, "198.51.100.1 198.51.100.2 "+strings.Repeat("0A", 16), 0); !slices.Equal(got, []string{"01 ipv4 198.51.100.1", "03 md5 " + strings.Repeat("0a", 16)}) {
		t.Errorf("got %q, %+v", got, stats)
	}
}

func TestUnusableIndicatorsAreTold(t *testing.T) {
	_, stats := build(t,
		indicator(1, `[domain-name:value = 'no domain']`, ""),
		indicator(2, `[domain-name:value = `, ""),
		indicator(3, `[mutex:name = '?']`, ""),
		strings.Replace(indicator(4, `rule x {}`, ""), `"stix"`, `"yara"`, 1),
		indicator(5, `[file:size > 5 AND file:name = 'x.exe']`, ""))
	if stats.Unusable != 3 || len(stats.Problems) != 3 || stats.OtherKinds != 1 || stats.Patterns != 1 {
		t.Errorf("%+v", stats)
	}
}
