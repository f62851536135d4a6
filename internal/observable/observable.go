package observable

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Observable is one thing that can be seen. Two are the same thing exactly
// when they are equal.
type Observable struct {
	Kind  Kind
	Value string // normalised, as the kind says
}

// maxLength bounds the text of one observable in bytes.
const maxLength = 8192

// Errors of observables, each with what was expected.
var (
	errLength    = fmt.Errorf("longer than %d bytes", maxLength)
	errEmpty     = errors.New("empty")
	errControl   = errors.New("control characters or broken UTF-8 in it")
	errGuess     = errors.New("no kind of observable has this shape: name its kind")
	errDomain    = errors.New("no domain: labels of letters, digits and hyphens with dots between, such as www.example.com")
	errIPv4      = errors.New("no IPv4 address: four numbers of 0 to 255, such as 192.0.2.1")
	errIPv6      = errors.New("no IPv6 address, such as 2001:db8::1")
	errCIDR      = errors.New("no network: an address, a slash and a number of bits, such as 192.0.2.0/24")
	errURL       = errors.New("no URL: a scheme and a host, or a host and a path, such as https://www.example.com/a")
	errEmail     = errors.New("no e-mail address, such as name@example.com")
	errHash      = errors.New("hexadecimal digits expected: 32 for MD5 and JA3, 40 for SHA-1, 64 for SHA-256, 128 for SHA-512")
	errFileName  = errors.New("no file name: one name without folder")
	errPath      = errors.New(`no path: folders and a name, such as C:\Windows\cmd.exe or /usr/bin/id`)
	errRegKey    = errors.New(`no registry key: a hive and a key, such as HKLM\Software\Example`)
	errASN       = errors.New("no autonomous system: AS and a number below 2^32, such as AS64496")
	errMAC       = errors.New("no MAC address: six pairs of hexadecimal digits, such as 00:00:5e:00:53:01")
	errJA4       = errors.New("no JA4 fingerprint, such as t13d1516h2_8daaf6152771_b186095e22b6")
	errCVE       = errors.New("no CVE identifier: CVE, a year and four digits or more, such as CVE-2021-26855")
	errBitcoin   = errors.New("no Bitcoin address: form or checksum is wrong (base58check, BIP 173, BIP 350)")
	errMonero    = errors.New("no Monero address: form or checksum is wrong")
	errNoSuchOne = errors.New("no such kind of observable")
)

// Parse reads text as an observable of kind k and normalises it. Blanks around
// it are cut, and it may be defanged where it is of a kind that people defang.
func Parse(k Kind, text string) (Observable, error) {
	v, err := normalise(k, text)
	if err != nil {
		return Observable{}, fmt.Errorf("%s %.100q: %w", k, text, err)
	}
	return Observable{k, v}, nil
}

func normalise(k Kind, s string) (string, error) {
	if len(s) > maxLength {
		return "", errLength
	}
	s = strings.TrimSpace(s)
	if s == "" {
		return "", errEmpty
	}
	if !utf8.ValidString(s) || hasControl(s) {
		return "", errControl
	}
	switch k {
	case RegKey:
		return regKey(s)
	case Mutex, UserAgent:
		return s, nil
	}
	if s = strings.TrimSpace(Refang(s)); s == "" {
		return "", errEmpty
	}
	switch k {
	case Domain:
		return domain(s)
	case IPv4:
		return ipv4(s)
	case IPv6:
		return ipv6(s)
	case CIDR:
		return cidr(s)
	case URL:
		return url(s)
	case Email:
		return email(s)
	case MD5, JA3:
		return hash(s, 32)
	case SHA1:
		return hash(s, 40)
	case SHA256:
		return hash(s, 64)
	case SHA512:
		return hash(s, 128)
	case FileName:
		return fileName(s)
	case Path:
		return filePath(s)
	case ASN:
		return asn(s)
	case MAC:
		return mac(s)
	case JA4:
		return ja4(s)
	case CVE:
		return cve(s)
	case Bitcoin:
		return bitcoin(s)
	case Monero:
		return monero(s)
	}
	return "", errNoSuchOne
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// guessed are the kinds that Guess tries, the most certain first.
var guessed = [...]Kind{CVE, MD5, SHA1, SHA256, SHA512, IPv4, IPv6, CIDR, MAC, JA4, ASN, Bitcoin, Monero, RegKey, Email}

// Guess reads one cell of a list, whose kind is told from its shape alone. A
// port behind an address or a domain is cut. A name with a dot is a domain when
// it ends as domains do, else a file name when it ends as those do.
func Guess(text string) (Observable, error) {
	for _, k := range guessed {
		if v, err := normalise(k, text); err == nil {
			return Observable{k, v}, nil
		}
	}
	if len(text) > maxLength {
		return Observable{}, fmt.Errorf("%.100q: %w", text, errLength)
	}
	s := Refang(strings.TrimSpace(text))
	k := Unknown
	switch host, _ := cutPort(s); {
	case strings.Contains(s, "://"):
		k = URL
	case strings.HasPrefix(s, "Mozilla/"):
		k = UserAgent
	case isWindowsPath(s) || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "~/"):
		k = Path
	case strings.Contains(s, "/") && likelyDomain(s[:strings.IndexByte(s, '/')]):
		k = URL
	case strings.ContainsAny(s, `/\`) && !strings.Contains(s, " "):
		k = Path
	case host != s && isIPv4(host):
		k, text = IPv4, host
	case host != s && strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"):
		k, text = IPv6, host[1:len(host)-1]
	case (likelyDomain(host) || specialUse[extension(host)]) && !archiveTLDs[extension(host)]:
		k, text = Domain, host
	case extensions[extension(s)]:
		k = FileName
	}
	v, err := normalise(k, text)
	if k == Unknown || err != nil {
		return Observable{}, fmt.Errorf("%.100q: %w", text, errGuess)
	}
	return Observable{k, v}, nil
}

// cutPort returns the host of host:port, and s where there is no port.
func cutPort(s string) (host, port string) {
	i := strings.LastIndexByte(s, ':')
	if i <= 0 || i < len(s)-6 || !isDigits(s[i+1:]) {
		return s, ""
	}
	return s[:i], s[i+1:]
}
