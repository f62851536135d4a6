package observable

import (
	"fmt"
	"slices"
	"strings"
)

// A Kind says what an observable is.
type Kind uint8

// The kinds, each with the form of its normalised value.
const (
	Unknown   Kind = iota
	Domain         // lower-case A-labels without a final dot: xn--mller-kva.example
	IPv4           // 192.0.2.1
	IPv6           // as RFC 5952 writes it: 2001:db8::1
	CIDR           // a network of either family, host bits cleared: 192.0.2.0/24
	URL            // scheme and host in lower case, no default port (RFC 3986 section 6)
	Email          // lower case, the domain as in Domain
	MD5            // lower-case hexadecimal digits, like the other hashes
	SHA1           //
	SHA256         //
	SHA512         //
	FileName       // lower case, no folder
	Path           // Windows: lower case and backslashes; POSIX: as written, single slashes
	RegKey         // lower case, the hive in full: hkey_local_machine\software
	Mutex          // as written
	UserAgent      // as written
	ASN            // AS64496
	MAC            // 00:00:5e:00:53:01
	JA3            // lower-case hexadecimal digits
	JA4            // lower case
	CVE            // CVE-2021-26855
	Bitcoin        // base58check as written, bech32 in lower case
	Monero         // as written
	kinds
)

var kindNames = [kinds]string{
	"unknown", "domain", "ipv4", "ipv6", "cidr", "url", "email", "md5", "sha1", "sha256", "sha512", "filename",
	"path", "regkey", "mutex", "user-agent", "asn", "mac", "ja3", "ja4", "cve", "btc", "xmr",
}

// String returns the name of k as users type it.
func (k Kind) String() string {
	if k >= kinds {
		return kindNames[Unknown]
	}
	return kindNames[k]
}

// KindNames returns the names of all kinds, as String does.
func KindNames() []string { return slices.Clone(kindNames[Domain:]) }

// kindAliases are other names in use: of STIX types, MISP attributes and
// columns of lists, in lower case and without blanks, hyphens and underscores.
var kindAliases = map[string]Kind{
	"domainname": Domain, "hostname": Domain, "host": Domain, "fqdn": Domain,
	"ipv4addr": IPv4, "ipv6addr": IPv6, "network": CIDR, "subnet": CIDR, "netblock": CIDR,
	"uri": URL, "link": URL, "mail": Email, "emailaddr": Email, "emailaddress": Email,
	"md5hash": MD5, "sha1hash": SHA1, "sha256hash": SHA256, "sha512hash": SHA512,
	"file": FileName, "filepath": Path, "registry": RegKey, "registrykey": RegKey, "windowsregistrykey": RegKey,
	"mutant": Mutex, "as": ASN, "autonomoussystem": ASN, "macaddress": MAC, "macaddr": MAC,
	"ja3fingerprintmd5": JA3, "vulnerability": CVE, "cveid": CVE, "bitcoin": Bitcoin, "monero": Monero,
}

var plainName = strings.NewReplacer("-", "", "_", "", " ", "")

// ParseKind returns the kind of a name, in any case: those that String returns,
// and the common others (sha-256, hostname, ipv4-addr, email-address).
func ParseKind(name string) (Kind, error) {
	plain := plainName.Replace(strings.ToLower(strings.TrimSpace(name)))
	for k := Domain; k < kinds; k++ {
		if plain == plainName.Replace(kindNames[k]) {
			return k, nil
		}
	}
	if k, ok := kindAliases[plain]; ok {
		return k, nil
	}
	return Unknown, fmt.Errorf("no kind of observable is called %.40q: use one of %s", name, strings.Join(kindNames[Domain:], ", "))
}
