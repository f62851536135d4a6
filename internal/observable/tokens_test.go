package observable

import (
	"slices"
	"strings"
	"testing"
)

func tokens(text string) []string {
	var list []string
	Tokens([]byte(text), func(k Kind, start, end int) bool {
		list = append(list, k.String()+" "+text[start:end])
		return true
	})
	return list
}

func TestTokens(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"2021-03-02 10:11:12 192.0.2.1 GET /owa/auth.js - 443", []string{"ipv4 192.0.2.1", "domain auth.js"}},
		{`"GET http://Evil.example.com:8080/a.php?q=1 HTTP/1.1" ok`, []string{
			"url http://Evil.example.com:8080/a.php?q=1", "domain Evil.example.com", "domain a.php",
		}},
		{"src=192.0.2.1:443,dst=[2001:db8::1]:80", []string{"ipv4 192.0.2.1", "ipv6 2001:db8::1"}},
		{"from <a.b@evil.example>;", []string{"email a.b@evil.example", "domain evil.example"}},
		{"MD5=D41D8CD98F00B204E9800998ECF8427E,SHA256=" + strings.Repeat("ab", 32) + ":x", []string{
			"md5 D41D8CD98F00B204E9800998ECF8427E", "sha256 " + strings.Repeat("ab", 32),
		}},
		{"mac 00:00:5e:00:53:01 ::ffff:192.0.2.1", []string{"mac 00:00:5e:00:53:01", "ipv6 ::ffff:192.0.2.1"}},
		{"url=http%3A%2F%2Fevil.example%2Fx", []string{"domain evil.example"}},
		{`{"m":"a\nevil.example"} DOM\nancy.smith`, []string{"domain evil.example", "domain nevil.example", "domain ancy.smith", "domain nancy.smith"}},
		{`C:\Windows\cmd.exe.`, []string{"domain cmd.exe"}},
		{"evil.example. .evil.example -evil.example", []string{"domain evil.example", "domain evil.example", "domain evil.example"}},
		{"访问evil.example下载 “192.0.2.1” 查c@evil.example。", []string{
			"domain evil.example", "domain 访问evil.example下载", "ipv4 192.0.2.1", "email c@evil.example", "domain evil.example", "email 查c@evil.example。", "domain evil.example。",
		}},
		{"run evil.ps1 at 10:11:12.123 1:2", []string{"filename evil.ps1"}},
		{`\nevil.example \td41d8cd98f00b204e9800998ecf8427e`, []string{"domain evil.example", "domain nevil.example", "md5 d41d8cd98f00b204e9800998ecf8427e"}},
		{"bücher.example x.xn--p1ai", []string{"domain bücher.example", "domain x.xn--p1ai"}},
		{"1.2.3 1.2.3.4.5 10.0.19041 a.1 300.1.1.1 12:30:45.123 a:b: ... :: @ a@ @b", nil},
	} {
		if got := tokens(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// tokensByteByByte lists what Tokens yields, with no byte passed over.
func tokensByteByByte(text []byte) []string {
	var list []string
	for i := 0; i < len(text); i++ {
		start, mask := i, Mask(0)
		for i < len(text) && classes[text[i]] != 0 {
			mask |= classes[text[i]]
			i++
		}
		if i > start {
			Shapes(text, start, i, mask, func(k Kind, start, end int) bool {
				list = append(list, k.String()+" "+string(text[start:end]))
				return true
			})
		}
	}
	return list
}

func TestTokensPassOverNothing(t *testing.T) {
	hash := strings.Repeat("0a", 16)
	for shift := range 20 {
		text := strings.Repeat(" ", shift) + hash + " x " + hash + hash + "," + hash
		if got, want := tokens(text), tokensByteByByte([]byte(text)); !slices.Equal(got, want) || len(got) != 3 {
			t.Errorf("shifted by %d: got %q, want %q", shift, got, want)
		}
	}
}

func TestTokensStop(t *testing.T) {
	n := 0
	Tokens([]byte("http://a.example b.example c@d.example"), func(Kind, int, int) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("%d tokens after the second was refused", n)
	}
}

func FuzzTokens(f *testing.F) {
	f.Add(`http://a.example:80/b 192.0.2.1 2001:db8::1 c@d.example %2Fe.example \nf.example`)
	f.Add("2:081d:b0:11:db8: 00:00:5e:00:53:01")
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := tokens(text), tokensByteByByte([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("got %q, byte by byte %q", got, want)
		}
		Tokens([]byte(text), func(k Kind, start, end int) bool {
			if start < 0 || start >= end || end > len(text) {
				t.Fatalf("%s at %d to %d of %d", k, start, end, len(text))
			}
			switch k {
			case IPv4, MD5, SHA1, SHA256, SHA512, MAC:
				if _, err := Parse(k, text[start:end]); err != nil {
					t.Errorf("%v", err)
				}
			}
			return true
		})
	})
}

// logLines are like those of a web server and of Sysmon.
const logLines = `2021-03-02 10:11:12 10.1.2.3 POST /owa/auth/Current/themes/resources/logon.css - 443 - 198.51.100.7 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 15
{"EventID":1,"Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd.exe /c whoami","Hashes":"SHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","User":"NT AUTHORITY\\SYSTEM"}
Mar  2 10:11:12 gw named[123]: client 192.0.2.77#5353: query: www.example.com IN A + (192.0.2.53)
`

func BenchmarkTokens(b *testing.B) {
	text := []byte(strings.Repeat(logLines, 1000))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		Tokens(text, func(Kind, int, int) bool { n++; return true })
	}
}
