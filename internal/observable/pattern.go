package observable

import "strings"

// patternPaths are the object paths of STIX (2.1, section 9.7) at which kinds
// are seen, with the comparison. Fingerprints and wallets, which STIX has no
// objects for, are looked for in custom ones.
var patternPaths = map[Kind]string{
	Domain:    "domain-name:value =",
	IPv4:      "ipv4-addr:value =",
	IPv6:      "ipv6-addr:value =",
	URL:       "url:value =",
	Email:     "email-addr:value =",
	MD5:       "file:hashes.MD5 =",
	SHA1:      "file:hashes.'SHA-1' =",
	SHA256:    "file:hashes.'SHA-256' =",
	SHA512:    "file:hashes.'SHA-512' =",
	FileName:  "file:name =",
	RegKey:    "windows-registry-key:key =",
	Mutex:     "mutex:name =",
	UserAgent: "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'[*] =",
	MAC:       "mac-addr:value =",
	JA3:       "x-tls-fingerprint:ja3 =",
	JA4:       "x-tls-fingerprint:ja4 =",
	Bitcoin:   "x-cryptocurrency-wallet:value =",
	Monero:    "x-cryptocurrency-wallet:value =",
}

// Pattern returns the STIX pattern that o is seen by (STIX 2.1, section 9), ""
// for a CVE, which is not seen, and for no observable.
func (o Observable) Pattern() string {
	switch o.Kind {
	case CIDR:
		if strings.Contains(o.Value, ":") {
			return "[ipv6-addr:value ISSUBSET " + literal(o.Value) + "]"
		}
		return "[ipv4-addr:value ISSUBSET " + literal(o.Value) + "]"
	case ASN:
		return "[autonomous-system:number = " + strings.TrimPrefix(o.Value, "AS") + "]"
	case Path:
		i := strings.LastIndexAny(o.Value, `/\`)
		folder := o.Value[:max(i, 0)]
		if folder == "" || i == len(o.Value)-1 {
			return "[directory:path = " + literal(o.Value) + "]"
		}
		return "[file:name = " + literal(o.Value[i+1:]) + " AND file:parent_directory_ref.path = " + literal(folder) + "]"
	}
	path := patternPaths[o.Kind]
	if path == "" {
		return ""
	}
	return "[" + path + " " + literal(o.Value) + "]"
}

var escapes = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// literal writes a string of a pattern.
func literal(s string) string { return "'" + escapes.Replace(s) + "'" }
