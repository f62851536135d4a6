package observable

import (
	"strings"
	"testing"
)

// TestParse holds one row per writing: what it normalises to, or "" where it is
// refused.
func TestParse(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct {
		kind       Kind
		text, want string
	}{
		{Domain, "WWW.Example.COM.", "www.example.com"},
		{Domain, "evil[.]example(dot)com", "evil.example.com"},
		{Domain, "evil[.example[.com", "evil.example.com"},
		{Domain, "bücher.example", "xn--bcher-kva.example"}, // RFC 5891
		{Domain, "faß.de", "xn--fa-hia.de"},                 // UTS 46, not transitional
		{Domain, "XN--BCHER-KVA.example", "xn--bcher-kva.example"},
		{Domain, "пример.рф", "xn--e1afmkfd.xn--p1ai"},
		{Domain, "例子。中国", "xn--fsqu00a.xn--fiqs8s"},
		{Domain, "ｅｖｉｌ．ｃｏｍ", "evil.com"},
		{Domain, "_dmarc.example.com", "_dmarc.example.com"},
		{Domain, long + ".com", long + ".com"},
		{Domain, long + "a.com", ""}, // RFC 1035 section 2.3.4
		{Domain, "localhost", ""},
		{Domain, "-a.com", ""},
		{Domain, "a-.com", ""},
		{Domain, "a..com", ""},
		{Domain, "192.0.2.1", ""},
		{Domain, "xn--zzzzzzzzzzzz.com", ""},
		{IPv4, "192[.]0.2(.)1", "192.0.2.1"},
		{IPv4, "192.0.2.01", ""},
		{IPv4, "192.0.2.256", ""},
		{IPv4, "192.0.2", ""},
		{IPv6, "2001:DB8:0:0::1", "2001:db8::1"}, // RFC 5952
		{IPv6, "2001:db8[:]:1", "2001:db8::1"},
		{IPv6, "[::1]", "::1"},
		{IPv6, "fe80::1%eth0", ""},
		{IPv6, "192.0.2.1", ""},
		{CIDR, "192.0.2.77/24", "192.0.2.0/24"},
		{CIDR, "FE80::/10", "fe80::/10"},
		{CIDR, "192.0.2.0/33", ""},
		{URL, "hXXps[:]//Evil[.]Example[.]com:443", "https://evil.example.com/"},
		{URL, "meow://evil.example/x", "http://evil.example/x"},
		{URL, "HTTP://user@Example.com:8080/%7ea%2f?Q=%c3", "http://user@example.com:8080/~a%2F?Q=%C3"},
		{URL, "http://example.com/%%341", "http://example.com/%%341"},
		{URL, "http://example.com/a/../b", "http://example.com/a/../b"},
		{URL, "http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"},
		{URL, "Example.com/Gate", "example.com/Gate"},
		{URL, "http://192.0.2.1", "http://192.0.2.1/"},
		{URL, "file:///etc/passwd", "file:///etc/passwd"},
		{URL, "http://", ""},
		{URL, "http://exa mple.com/", ""},
		{URL, "example.com", ""},
		{Email, "First.Last[at]Example[.]com", "first.last@example.com"},
		{Email, "mailto:a@bücher.example", "a@xn--bcher-kva.example"},
		{Email, "@example.com", ""},
		{Email, "a b@example.com", ""},
		{MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"},
		{SHA1, "da39a3ee5e6b4b0d3255bfef95601890afd80709", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		{SHA256, "da39a3ee5e6b4b0d3255bfef95601890afd80709", ""},
		{JA3, "e7d705a3286e19ea42f587b344ee6865", "e7d705a3286e19ea42f587b344ee6865"},
		{JA4, "t13d1516h2_8daaf6152771_B186095E22B6", "t13d1516h2_8daaf6152771_b186095e22b6"},
		{JA4, "x13d1516h2_8daaf6152771_b186095e22b6", ""},
		{FileName, "Mimikatz[.]EXE", "mimikatz.exe"},
		{FileName, "a/b", ""},
		{Path, `C:\\Windows\\System32\\CMD.exe`, `c:\windows\system32\cmd.exe`},
		{Path, `c:/windows/`, `c:\windows`},
		{Path, `\\?\C:\x`, `c:\x`},
		{Path, `\\?\UNC\Server\Share\`, `\\server\share`},
		{Path, `\\.\pipe\Name`, `\\.\pipe\name`},
		{Path, `%TEMP%\a.exe`, `%temp%\a.exe`},
		{Path, `C:\`, `c:\`},
		{Path, "/usr//bin/", "/usr/bin"},
		{Path, "~/.SSH/id", "~/.SSH/id"},
		{Path, "word", ""},
		{RegKey, `HKLM\Software\Microsoft\`, `hkey_local_machine\software\microsoft`},
		{RegKey, `Computer\HKEY_CURRENT_USER\A`, `hkey_current_user\a`},
		{RegKey, `HKCU:\Software`, `hkey_current_user\software`},
		{RegKey, `HKXX\Software`, ""},
		{Mutex, ` Global\{A} `, `Global\{A}`},
		{UserAgent, "curl/7.68.0", "curl/7.68.0"},
		{ASN, "asn 64496", "AS64496"},
		{ASN, "AS4294967296", ""},
		{ASN, "64496", ""},
		{MAC, "00-00-5E-00-53-01", "00:00:5e:00:53:01"},
		{MAC, "0000.5e00.5301", "00:00:5e:00:53:01"},
		{MAC, "00:00-5e:00:53:01", ""},
		{CVE, "cve-2021-26855", "CVE-2021-26855"},
		{CVE, "CVE\u20112021\u201126855", "CVE-2021-26855"},
		{CVE, "CVE-2021-268", ""},
		// Addresses of the examples of BIP 13, BIP 173 and BIP 350.
		{Bitcoin, "3P14159f73E4gFr7JterCCQh9QjiTjiZrG", "3P14159f73E4gFr7JterCCQh9QjiTjiZrG"},
		{Bitcoin, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"},
		{Bitcoin, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", ""},
		{Bitcoin, "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{Bitcoin, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", ""},
		{Bitcoin, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{Bitcoin, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", ""}, // bech32 where bech32m is due
		{Bitcoin, "bc1pw5dgrnzv", ""},
		// The donation address of the Monero project.
		{Monero, moneroAddress, moneroAddress},
		{Monero, moneroAddress[:94] + "H", ""},
		{SHA512, "\x00", ""},
		{UserAgent, "a\nb", ""},
		{Domain, strings.Repeat("a.", 5000) + "com", ""},
	} {
		o, err := Parse(c.kind, c.text)
		if o.Value != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Parse(%s, %q) = %q, %v; want %q", c.kind, c.text, o.Value, err, c.want)
		}
	}
}

const moneroAddress = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"

func TestKeccakIsTheOneBeforeSHA3(t *testing.T) {
	const empty = "\xc5\xd2\x46\x01\x86\xf7\x23\x3c\x92\x7e\x7d\xb2\xdc\xc7\x03\xc0\xe5\x00\xb6\x53\xca\x82\x27\x3b\x7b\xfa\xd8\x04\x5d\x85\xa4\x70"
	if sum := keccak256(nil); string(sum[:]) != empty {
		t.Errorf("keccak256 of nothing = %x", sum)
	}
}

func TestGuess(t *testing.T) {
	for _, c := range []struct {
		text string
		kind Kind
		want string
	}{
		{"evil[.]example[.]com", Domain, "evil.example.com"},
		{"example.com:8080", Domain, "example.com"},
		{"198.51.100.7:443", IPv4, "198.51.100.7"},
		{"198.51.100[.]7", IPv4, "198.51.100.7"},
		{"2001:db8::7", IPv6, "2001:db8::7"},
		{"198.51.100.0/24", CIDR, "198.51.100.0/24"},
		{"hxxp://evil.example.com/a", URL, "http://evil.example.com/a"},
		{"example.com/gate.php", URL, "example.com/gate.php"},
		{"a@example.com", Email, "a@example.com"},
		{"d41d8cd98f00b204e9800998ecf8427e", MD5, "d41d8cd98f00b204e9800998ecf8427e"},
		{"update.exe", FileName, "update.exe"},
		{"update.zip", FileName, "update.zip"},
		{`C:\Temp\a.exe`, Path, `c:\temp\a.exe`},
		{"/tmp/x", Path, "/tmp/x"},
		{`HKLM\Software\X`, RegKey, `hkey_local_machine\software\x`},
		{"Mozilla/5.0 (X11)", UserAgent, "Mozilla/5.0 (X11)"},
		{"CVE-2021-27065", CVE, "CVE-2021-27065"},
		{"AS64496", ASN, "AS64496"},
		{"00:00:5e:00:53:01", MAC, "00:00:5e:00:53:01"},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", Bitcoin, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"word", Unknown, ""},
		{"first seen", Unknown, ""},
		{"", Unknown, ""},
	} {
		o, err := Guess(c.text)
		if o != (Observable{c.kind, c.want}) || (err == nil) != (c.kind != Unknown) {
			t.Errorf("Guess(%q) = %v %q, %v; want %v %q", c.text, o.Kind, o.Value, err, c.kind, c.want)
		}
	}
}

func TestParseKindReadsWhatStringWrites(t *testing.T) {
	for k := Domain; k < kinds; k++ {
		if got, err := ParseKind(strings.ToUpper(k.String())); got != k || err != nil {
			t.Errorf("ParseKind(%s) = %v, %v", k, got, err)
		}
	}
	for name, want := range map[string]Kind{"SHA-256": SHA256, "ipv4-addr": IPv4, "domain_name": Domain, "Email Address": Email} {
		if got, err := ParseKind(name); got != want || err != nil {
			t.Errorf("ParseKind(%s) = %v, %v", name, got, err)
		}
	}
	if _, err := ParseKind("colour"); err == nil || !strings.Contains(err.Error(), "use one of domain, ipv4") {
		t.Errorf("ParseKind(colour): %v", err)
	}
}

func TestRefang(t *testing.T) {
	for text, want := range map[string]string{
		"nothing here":                  "nothing here",
		"hxxps://a[.]b":                 "https://a.b",
		"hXXp[:]//a[dot]b(.)c{.}d":      "http://a.b.c.d",
		"h**ps[://]a":                   "https://a",
		"meows://a":                     "https://a",
		"fxp://a":                       "ftp://a",
		"a[at]b(dot)c":                  "a@b.c",
		"a[@]b":                         "a@b",
		"[[.]]":                         ".",
		"shxxp://a":                     "shxxp://a",
		"a[.b":                          "a.b",
		"a[.] (see [1])":                "a. (see [1])",
		"ａ．ｂ":                           "a.b",
		"a\u200bb\u2024c":               "ab.c",
		"\xc2\u00ad\xad":                "\xc2\u00ad\xad", // not a soft hyphen of the outer two
		"\xc2a\u200bb":                  "\xc2ab",
		"f(x) and (at) the (atlas)":     "f(x) and @ the (atlas)",
		"[[[[[[[[[[[[[[[[ no brackets]": "[[[[[[[[[[[[[[[[ no brackets]",
	} {
		if got := Refang(text); got != want {
			t.Errorf("Refang(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for k := Domain; k < kinds; k++ {
		f.Add(uint8(k), "hxxp://a[.]example[.]com/%7e")
	}
	f.Add(uint8(Path), `\\?\UNC\a\b\ `)
	f.Add(uint8(Path), `\\?\UNC`)
	f.Add(uint8(Path), "xp:/")
	f.Add(uint8(RegKey), `HKLM\\a \`)
	f.Add(uint8(Domain), "xn--a\u00df.İ")
	f.Add(uint8(Domain), "\xc2\u00ad\xad")
	f.Add(uint8(Domain), "\xe2\u200b\u00ad\x80\u00ad\x8b")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := Kind(kind % uint8(kinds))
		if once := Refang(text); Refang(once) != once {
			t.Errorf("Refang(%q) = %q, then %q", text, once, Refang(once))
		}
		o, err := Parse(k, text)
		if err != nil {
			return
		}
		if again, err := Parse(k, o.Value); again != o || err != nil {
			t.Errorf("Parse(%s, %q) = %q, then %q, %v", k, text, o.Value, again.Value, err)
		}
		if o, err := Guess(text); err == nil {
			if again, err := Parse(o.Kind, o.Value); again != o || err != nil {
				t.Errorf("Guess(%q) = %s %q, then %q, %v", text, o.Kind, o.Value, again.Value, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		kind Kind
		text string
	}{
		{Domain, "www.example.com"},
		{IPv4, "192.0.2.1"},
		{SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{URL, "hxxps://www[.]example[.]com/a/b?c=d"},
	} {
		b.Run(c.kind.String(), func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(c.kind, c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
