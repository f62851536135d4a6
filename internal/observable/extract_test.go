package observable

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// found lists what is extracted from text as "kind value", with a mark where it
// is defanged (!) or looks like another (?).
func found(x *Extractor, text string) []string {
	var list []string
	for m := range x.Extract(text) {
		s := m.Kind.String() + " " + m.Value
		if m.Defanged {
			s += " !"
		}
		if m.LookAlike {
			s += " ?"
		}
		list = append(list, s)
	}
	return list
}

func TestExtract(t *testing.T) {
	var x Extractor
	for _, c := range []struct {
		text string
		want []string
	}{
		// Defanged, and the ends of what is written in prose.
		{"It called hxxps://evil[.]example[.]com/gate.php?id=1.", []string{"url https://evil.example.com/gate.php?id=1 !"}},
		{"(see https://example.com/a_(b)), or <http://example.com/c>", []string{"url https://example.com/a_(b)", "url http://example.com/c"}},
		{"[text](https://example.com/x)", []string{"url https://example.com/x"}},
		{"http://a.example/x,http://b.example/y;", []string{"url http://a.example/x", "url http://b.example/y"}},
		{"beacons to evil[.]com, bad(dot)org and 198[.]51[.]100[.]7:443", []string{"domain evil.com !", "domain bad.org !", "ipv4 198.51.100.7 !"}},
		{"write to first.last[at]evil[.]com!", []string{"email first.last@evil.com !"}},
		{"hosted on 108.62.12[.]174/dofixifa[.]co", []string{"ipv4 108.62.12.174 !", "domain dofixifa.co !"}},
		{"at 198.51.100[.]9:8080/a/b.js", []string{"url 198.51.100.9:8080/a/b.js !"}},
		{"Refer to us-cert.cisa.gov/china, today", []string{"url us-cert.cisa.gov/china"}},
		{"https://www.example.com/What-\nWe-Do/index.html then x.exe", []string{"domain www.example.com", "filename x.exe"}},
		// Look-alikes.
		{"visit pаypal.com now", []string{"domain xn--pypal-4ve.com ?"}},
		{"visit xn--pypal-4ve.com now", []string{"domain xn--pypal-4ve.com ?"}},
		{"пример.рф", []string{"domain xn--e1afmkfd.xn--p1ai"}},
		{"evil。com", []string{"domain evil.com ?"}},
		{"访问evil.com下载a.exe", []string{"domain evil.com", "filename a.exe"}},
		// What is none.
		{"e.g. this, i.e. that, U.S. and a.m., ASP.NET, Node.js, System.Net and so on.In the next", nil},
		{"Backdoor.Win32.Shadowpad.c and BehavesLike.Win32.Generic.kh", nil},
		{"version 1.2.3.4, 1.2.3.5 and 1.2.3.6; v1.2.3.4; Chrome/87.0.0.0; build 10.0.19041.1", nil},
		{"at 12:30:45 std::vector<a::b> and/or TCP/IP", nil},
		{"The log.Then it ends. the .exe and *.dll", nil},
		{"user.name = \"x\"; console.log(1); document.open(); window.click()", nil},
		{"3d:72:cb:8e:c9:e9:89:02:3d:72:cb:8e:c9:e9:89:02:3d:72:cb:8e", nil},
		{"00000000000000000000000000000000 12345678901234567890123456789012", nil},
		// The kinds.
		{"2001:db8::1 and 2001:db8::/32 and 192.0.2.0/24", []string{"ipv6 2001:db8::1", "cidr 2001:db8::/32", "cidr 192.0.2.0/24"}},
		{"(AS64496), MAC 00-00-5E-00-53-01", []string{"asn AS64496", "mac 00:00:5e:00:53:01"}},
		{"CVE-2021-26855/CVE\u20112021\u201127065, cve-2021-26857.", []string{"cve CVE-2021-26855", "cve CVE-2021-27065 ?", "cve CVE-2021-26857"}},
		{"JA3: e7d705a3286e19ea42f587b344ee6865, MD5 d41d8cd98f00b204e9800998ecf8427e", []string{
			"ja3 e7d705a3286e19ea42f587b344ee6865", "md5 d41d8cd98f00b204e9800998ecf8427e",
		}},
		{"t13d1516h2_8daaf6152771_b186095e22b6", []string{"ja4 t13d1516h2_8daaf6152771_b186095e22b6"}},
		{"pay 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa or " + moneroAddress, []string{"btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "xmr " + moneroAddress}},
		{`creates a mutex named “Global\abc-1”.`, []string{`mutex Global\abc-1`}},
		{"User-Agent: python-requests/2.25.1\r\nHost: x", []string{"user-agent python-requests/2.25.1"}},
		{"sent Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.1 as agent", []string{
			"user-agent Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/87.0.1",
		}},
		// Paths and keys, with blanks in them.
		{`from C:\Program Files (x86)\Any Desk\a.exe and D:\x.`, []string{`path c:\program files (x86)\any desk\a.exe`}},
		{`ran "C:\Users\A B\new file.docx" twice`, []string{`path c:\users\a b\new file.docx`}},
		{`"C:\Windows\System32\cmd.exe /c dir"`, []string{`path c:\windows\system32\cmd.exe`}},
		{`in %WINDIR%\inf\*.inf and %TEMP%\a.dll,Run`, []string{`path %windir%\inf`, `path %temp%\a.dll`}},
		{`\\server\admin$\x.bat and "\\Google\\Chrome\\User Data\\"`, []string{`path \\server\admin$\x.bat`}},
		{"in /etc/passwd, ~/.ssh/id_rsa and /owa/auth/logon.aspx but not /and/or", []string{"path /etc/passwd", "path ~/.ssh/id_rsa", "path /owa/auth/logon.aspx"}},
		{`HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Winlogon, HKCU:\Software\X and HKEY_USERS\<SID>`, []string{
			`regkey hkey_local_machine\software\microsoft\windows nt\currentversion\winlogon`, `regkey hkey_current_user\software\x`,
		}},
		{"cmd.exe, svchost.exe (Windows 10) and system32\\net1.exe.", []string{"filename cmd.exe", "filename svchost.exe", "filename net1.exe"}},
		{"run setup.py, deploy.sh and report.zip", []string{"filename setup.py", "filename deploy.sh", "filename report.zip"}},
	} {
		if got := found(&x, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// TestExtractAdvisory holds all that AA21-200B names, as pdftotext lays it out.
func TestExtractAdvisory(t *testing.T) {
	want := strings.Split(`url us-cert.cisa.gov/china
url https://www.ic3.gov/Home/IndustryAlerts
domain www.nsa.gov
domain www.fireeye.com
url http://www.us-cert.gov/tlp/
url www.fbi.gov/contact-us/field
email cywatch@fbi.gov
email central@cisa.dhs.gov
email cybersecurity_requests@nsa.gov
email mediarelations@nsa.gov
email cisamedia@cisa.dhs.gov
email npo@fbi.gov
cve CVE-2019-11510
cve CVE-2019-19781
filename cmd.exe
filename svchost.exe
path %systemroot%\system32\tasks
filename cryptdll.dll
filename samsrv.dll
filename rundll32.exe
filename explorer.exe
path ~/.bash_history
filename consolehost_history.txt
filename rundll32.exe
filename ping.exe
filename tracert.exe
filename rdpclip.exe
filename clip.exe
filename dns2tcp.exe
url https://github.com/mitre/attack-navigator`, "\n")
	var x Extractor
	if got := found(&x, sharedFile(t, "advisory/aa21-200b.txt")); !slices.Equal(got, want) {
		t.Errorf("got %s", strings.Join(got, "\n"))
	}
}

func TestExtractNewsHasNone(t *testing.T) {
	var x Extractor
	if got := found(&x, sharedFile(t, "text/news-2021-07-19-allies.txt")); got != nil {
		t.Errorf("got %q", got)
	}
}

// reports returns the texts of the labelled reports.
func reports(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared(t, "text/tram"), "*.mjson"))
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	var texts []string
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var report struct{ Signal string }
		if err := json.Unmarshal(b, &report); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, report.Signal)
	}
	return texts
}

// TestExtractReports looks at 93 reports: matches stand in order and read as
// they say, and what is defanged in a hand-checked one is found to the last.
func TestExtractReports(t *testing.T) {
	var x Extractor
	for _, text := range reports(t) {
		checkMatches(t, &x, text)
		if !strings.Contains(text, "IconStorages") || !strings.Contains(text, "Qualys") {
			continue
		}
		var got []string
		for m := range x.Extract(text) {
			if m.Kind == Domain && m.Defanged {
				got = append(got, m.Value)
			}
		}
		want := strings.Fields(`akamaicontainer.com akamaitechcloudservices.com azuredeploystore.com azureonlinecloud.com
			azureonlinestorage.com dunamistrd.com glcloudservice.com journalide.org msedgepackageinfo.com msstorageazure.com
			msstorageboxes.com officeaddons.com officestoragebox.com pbxcloudeservices.com pbxphonenetwork.com pbxsources.com
			qwepoi123098.com sbmsa.wiki sourceslabs.com visualstudiofactory.com zacharryblogs.com`)
		if !slices.Equal(got, want) {
			t.Errorf("got %q\nwant %q", got, want)
		}
	}
}

// checkMatches holds what every match promises.
func checkMatches(t *testing.T, x *Extractor, text string) {
	t.Helper()
	end := 0
	for m := range x.Extract(text) {
		if m.Start < end || m.End <= m.Start || m.End > len(text) {
			t.Fatalf("match %v after %d of %d bytes", m, end, len(text))
		}
		end = m.End
		if o, err := Parse(m.Kind, text[m.Start:m.End]); o != m.Observable || err != nil {
			t.Errorf("%v reads as %v, %v", m, o, err)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, s := range []string{
		"hxxps[:]//a[.]evil[.]com/x?y=(z) and b@c[.]com, 1.2.3[.]4:80",
		`"C:\Program Files\A\b.exe" HKLM\Software\X mutex "abc-def" \\a\b\c`,
		"p\u0430ypal.com\u200b.org 例子。中国 CVE\u20112021\u201126855",
		"Mozilla/5.0 (X; Y) A/1 User-Agent: x/1.2\nhttps://a.com/b-\nc",
		moneroAddress + " bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 2001:db8::1/32",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var x Extractor
		checkMatches(t, &x, text)
	})
}

func BenchmarkExtract(b *testing.B) {
	text := strings.Join(reports(b), "\n")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var x Extractor
	for b.Loop() {
		n := 0
		for range x.Extract(text) {
			n++
		}
	}
}
