package misp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// draftTypes are the types of attributes that section 2.4.2 of the draft lists,
// each with a value that is one of its kind.
var draftTypes = func() [][2]string {
	h := func(n int) string {
		a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
		return hex.EncodeToString(append(a[:], b[:]...))[:n]
	}
	list := [][2]string{
		{"ip-src", "192.0.2.1"},
		{"ip-dst", "198.51.100.7"},
		{"ip-dst", "2001:db8::7"},
		{"ip-src", "203.0.113.0/24"},
		{"ip-dst|port", "198.51.100.7|443"},
		{"ip-src|port", "192.0.2.1|50000"},
		{"hostname|port", "c2.example.org|8443"},
		{"port", "4444"},
		{"hostname", "www.example.org"},
		{"domain", "example.org"},
		{"domain|ip", "example.net|198.51.100.8"},
		{"mac-address", "00:00:5e:00:53:01"},
		{"mac-eui-64", "00:00:5e:ef:10:00:00:01"},
		{"email", "its@example.org"},
		{"email-src", "from@example.org"},
		{"email-dst", "to@example.org"},
		{"email-subject", "Your 'invoice' \\ 7"},
		{"email-attachment", "invoice.pdf.exe"},
		{"email-body", "Dear all,\nplease open it."},
		{"email-header", "X-Test: one"},
		{"email-reply-to", "reply@example.org"},
		{"email-x-mailer", "Mailer 1.0"},
		{"email-mime-boundary", "----=_Part_1"},
		{"email-thread-index", "AdABCD=="},
		{"email-message-id", "<1@example.org>"},
		{"email-dst-display-name", "Someone"},
		{"email-src-display-name", "Anyone"},
		{"eppn", "user@example.org"},
		{"url", "https://example.org/a?b='c'"},
		{"uri", "/admin/login.aspx"},
		{"uri", "ftp://example.org/x"},
		{"user-agent", "Agent/1.0 (test)"},
		{"http-method", "POST"},
		{"AS", "AS64496"},
		{"AS", "64497"},
		{"snort", `alert tcp any any -> any any (msg:"x"; sid:1;)`},
		{"bro", "event one()"},
		{"zeek", "event two()"},
		{"community-id", "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{"pattern-in-file", "MZ..PE"},
		{"pattern-in-traffic", "abc"},
		{"pattern-in-memory", "def"},
		{"filename-pattern", "*.scr"},
		{"stix2-pattern", "[domain-name:value = 'pattern.example']"},
		{"stix2-pattern", "this is none"},
		{"pgp-public-key", "-----BEGIN PGP PUBLIC KEY BLOCK-----"},
		{"pgp-private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----"},
		{"yara", "rule one { condition: true }"},
		{"sigma", "title: one"},
		{"gene", "{}"},
		{"kusto-query", "T | take 1"},
		{"mime-type", "application/pdf"},
		{"identity-card-number", "0"},
		{"cookie", "a=b"},
		{"vulnerability", "CVE-2021-26855"},
		{"cpe", "cpe:2.3:a:example:server:1.0:*:*:*:*:*:*:*"},
		{"weakness", "CWE-79"},
		{"attachment", "note.txt"},
		{"malware-sample", "evil.exe|" + h(32)},
		{"link", "https://example.org/report"},
		{"comment", "a comment"},
		{"text", "a text"},
		{"hex", "00ff"},
		{"other", "other"},
		{"named pipe", `\\.\pipe\one`},
		{"mutex", `Global\one`},
		{"process-state", "running"},
		{"target-user", "user"},
		{"target-email", "target@example.org"},
		{"target-machine", "host1"},
		{"target-org", "Example Org"},
		{"target-location", "Nowhere"},
		{"target-external", "https://example.net"},
		{"btc", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"},
		{"dash", "XdashAddress"},
		{"xmr", "4moneroAddress"},
		{"iban", "LU000000000000000000"},
		{"bic", "EXAMPLEX"},
		{"bank-account-nr", "1"},
		{"aba-rtn", "2"},
		{"bin", "3"},
		{"cc-number", "4"},
		{"prtn", "5"},
		{"phone-number", "+352 000"},
		{"threat-actor", "An Actor"},
		{"campaign-name", "A Campaign"},
		{"campaign-id", "C1"},
		{"malware-type", "ransomware"},
		{"windows-scheduled-task", "Task"},
		{"windows-service-name", "svc"},
		{"windows-service-displayname", "A Service"},
		{"whois-registrant-email", "whois@example.org"},
		{"whois-registrant-phone", "+1"},
		{"whois-registrant-name", "Name"},
		{"whois-registrant-org", "Org"},
		{"whois-registrar", "Registrar"},
		{"whois-creation-date", "2021-01-01"},
		{"x509-fingerprint-sha1", h(40)},
		{"x509-fingerprint-md5", h(32)},
		{"x509-fingerprint-sha256", h(64)},
		{"dns-soa-email", "soa@example.org"},
		{"size-in-bytes", "4096"},
		{"counter", "7"},
		{"datetime", "2021-03-02T00:00:00Z"},
		{"float", "1.5"},
		{"github-username", "user"},
		{"github-repository", "user/repo"},
		{"github-organisation", "org"},
		{"jabber-id", "user@xmpp.example"},
		{"twitter-id", "user"},
		{"dkim", "v=DKIM1"},
		{"dkim-signature", "v=1; a=rsa-sha256"},
		{"mobile-application-id", "org.example.app"},
		{"chrome-extension-id", "abcdefghijklmnop"},
		{"cortex", "{}"},
		{"boolean", "1"},
		{"anonymised", "x"},
		{"git-commit-id", h(40)},
		{"ja3-fingerprint-md5", h(32)},
		{"jarm-fingerprint", h(62)},
		{"hassh-md5", h(32)},
		{"hasshserver-md5", h(32)},
		{"pdb", `C:\a\b.pdb`},
		{"regkey", `HKLM\Software\Example`},
		{"regkey|value", `HKLM\Software\Example|C:\it's.exe`},
		{"filename", `C:\Windows\it's.dll`},
		{"onion-address", "exampleexample.onion"},
		{"suricata", `alert http any any -> any any (msg:"y"; sid:2;)`},
		{"favicon-mmh3", "-1"},
		{"ssh-fingerprint", "SHA256:x"},
		{"dom-hash", "abc"},
		{"azure-application-id", "1"},
		{"edge-extension-id", "e"},
		{"integer", "3"},
		{"uuid", "x"},
	}
	for _, person := range strings.Fields("first-name middle-name last-name full-name date-of-birth place-of-birth gender passport-number passport-country " +
		"passport-expiration redress-number nationality visa-number issue-date-of-the-visa primary-residence country-of-residence " +
		"special-service-request frequent-flyer-number travel-details payment-details place-port-of-original-embarkation " +
		"place-port-of-clearance place-port-of-onward-foreign-destination passenger-name-record-locator-number") {
		list = append(list, [2]string{person, "a value"})
	}
	for typ, value := range map[string]string{
		"md5": h(32), "sha1": h(40), "sha224": h(56), "sha256": h(64), "sha384": h(96), "sha512": h(128), "sha512/224": h(56),
		"sha512/256": h(64), "sha3-224": h(56), "sha3-256": h(64), "sha3-384": h(96), "sha3-512": h(128), "ssdeep": "3:abc:def",
		"tlsh": "T1" + h(70), "imphash": h(32), "impfuzzy": "3:a:b", "authentihash": h(64), "vhash": "v1", "pehash": h(40),
		"telfhash": "t1" + h(70), "cdhash": h(40),
	} {
		list = append(list, [2]string{typ, value})
		if typ != "telfhash" && typ != "cdhash" {
			list = append(list, [2]string{"filename|" + typ, "it's|" + value})
		}
	}
	return list
}()

// uuid returns a UUID of version 4 for the test, by a number.
func uuid(n int) string {
	s := sha256.Sum256(fmt.Appendf(nil, "uuid %d", n))
	s[6], s[8] = s[6]&0xf|0x40, s[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", s[:4], s[4:6], s[6:8], s[8:10], s[10:16])
}
