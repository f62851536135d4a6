package misp

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-project/tocsin/stix/pattern"
)

// rules are the types whose values are rules of their own, by the name that
// STIX has for their language (section 10.23, pattern-type-ov).
var rules = map[string]string{
	"yara": "yara", "snort": "snort", "suricata": "suricata", "sigma": "sigma", "stix2-pattern": "stix",
	"zeek": "zeek", "bro": "zeek", "kusto-query": "kusto",
}

func isPattern(s string) bool {
	_, err := pattern.Parse(s)
	return err == nil
}

// patternOf returns the STIX pattern that looks for a value. Each half of a
// pair that says something by itself is looked for by itself, as MISP does: a
// log has the domain or the address, not both.
func patternOf(typ, value string) string {
	if make := comparerOf(typ); make != nil {
		if p := make(value); p != "" {
			return "[" + p + "]"
		}
	}
	return "[" + equal("x-misp-attribute:x_misp_type", typ) + " AND " + equal("x-misp-attribute:x_misp_value", value) + "]"
}

var escape = strings.NewReplacer(`\`, `\\`, `'`, `\'`)

// equal returns the comparison that a property is what value says.
func equal(path, value string) string { return path + " = '" + escape.Replace(value) + "'" }

// A comparer returns comparisons that look for a value, "" for one that is not
// what its type says.
type comparer func(value string) string

// comparerOf returns what looks for values of a type, nil for none.
func comparerOf(typ string) comparer {
	if make := patterns[typ]; make != nil {
		return make
	}
	alone, name := typ, false
	if rest, ok := strings.CutPrefix(typ, "filename|"); ok {
		alone, name = rest, true
	}
	h, ok := hashes[alone]
	switch {
	case !ok:
		return nil
	case name:
		return named(h.name, h.proof)
	}
	return digest("file", h.name)
}

// patterns are the types of attributes that STIX can look for.
var patterns = map[string]comparer{
	"domain":                      is("domain-name:value"),
	"hostname":                    is("domain-name:value"),
	"onion-address":               is("domain-name:value"),
	"ip-src":                      address,
	"ip-dst":                      address,
	"domain|ip":                   either(is("domain-name:value"), address),
	"ip-src|port":                 endpoint("src"),
	"ip-dst|port":                 endpoint("dst"),
	"hostname|port":               endpoint("dst"),
	"port":                        port,
	"url":                         is("url:value"),
	"uri":                         is("url:value"),
	"link":                        is("url:value"),
	"user-agent":                  is("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"),
	"http-method":                 is("network-traffic:extensions.'http-request-ext'.request_method"),
	"cookie":                      is("network-traffic:extensions.'http-request-ext'.request_header.Cookie"),
	"AS":                          asn,
	"mac-address":                 mac,
	"email":                       is("email-addr:value"),
	"target-email":                is("email-addr:value"),
	"eppn":                        is("email-addr:value"),
	"dns-soa-email":               is("email-addr:value"),
	"whois-registrant-email":      is("email-addr:value"),
	"email-src":                   is("email-message:from_ref.value"),
	"email-dst":                   is("email-message:to_refs[*].value"),
	"email-src-display-name":      is("email-message:from_ref.display_name"),
	"email-dst-display-name":      is("email-message:to_refs[*].display_name"),
	"email-subject":               is("email-message:subject"),
	"email-body":                  is("email-message:body"),
	"email-message-id":            is("email-message:message_id"),
	"email-reply-to":              is("email-message:additional_header_fields.'Reply-To'"),
	"email-x-mailer":              is("email-message:additional_header_fields.'X-Mailer'"),
	"email-thread-index":          is("email-message:additional_header_fields.'Thread-Index'"),
	"dkim-signature":              is("email-message:additional_header_fields.'DKIM-Signature'"),
	"email-attachment":            is("file:name"),
	"filename":                    is("file:name"),
	"mime-type":                   is("file:mime_type"),
	"size-in-bytes":               size,
	"regkey":                      regkey,
	"regkey|value":                both(regkey, is("windows-registry-key:values[*].data")),
	"mutex":                       is("mutex:name"),
	"windows-service-name":        is("process:extensions.'windows-service-ext'.service_name"),
	"windows-service-displayname": is("process:extensions.'windows-service-ext'.display_name"),
	"x509-fingerprint-md5":        digest("x509-certificate", "MD5"),
	"x509-fingerprint-sha1":       digest("x509-certificate", "SHA-1"),
	"x509-fingerprint-sha256":     digest("x509-certificate", "SHA-256"),
	"github-username":             account("github"),
	"jabber-id":                   account("jabber"),
	"twitter-id":                  account("twitter"),
	"cpe":                         is("software:cpe"),
	"malware-sample":              named("MD5", true),
	"attachment":                  is("file:name"),
}

// hashes are the digests of files: the name that STIX has for each (section
// 10.8, hash-algorithm-ov) or would have, and whether one is proof of the file
// without its name.
var hashes = map[string]struct {
	name  string
	proof bool
}{
	"md5": {"MD5", true}, "sha1": {"SHA-1", true}, "sha224": {"SHA-224", true}, "sha256": {"SHA-256", true},
	"sha384": {"SHA-384", true}, "sha512": {"SHA-512", true}, "sha512/224": {"SHA-512-224", true},
	"sha512/256": {"SHA-512-256", true}, "sha3-224": {"SHA3-224", true}, "sha3-256": {"SHA3-256", true},
	"sha3-384": {"SHA3-384", true}, "sha3-512": {"SHA3-512", true}, "authentihash": {"AUTHENTIHASH", true},
	"cdhash": {"CDHASH", true}, "ssdeep": {"SSDEEP", false}, "tlsh": {"TLSH", false}, "imphash": {"IMPHASH", false},
	"impfuzzy": {"IMPFUZZY", false}, "pehash": {"PEHASH", false}, "vhash": {"VHASH", false}, "telfhash": {"TELFHASH", false},
}

func is(path string) comparer {
	return func(v string) string {
		if v == "" {
			return ""
		}
		return equal(path, v)
	}
}

// pair splits a value of two parts.
func pair(v string) (left, right string) {
	i := strings.LastIndexByte(v, '|')
	if i < 0 {
		return v, ""
	}
	return v[:i], v[i+1:]
}

// either looks for any part of a pair.
func either(left, right comparer) comparer {
	return func(v string) string {
		l, r := pair(v)
		a, b := left(l), right(r)
		if a == "" || b == "" {
			return a + b
		}
		return a + " OR " + b
	}
}

// both looks for a pair in one thing.
func both(left, right comparer) comparer {
	return func(v string) string {
		l, r, _ := strings.Cut(v, "|")
		a, b := left(l), right(r)
		if a == "" || b == "" {
			return a
		}
		return a + " AND " + b
	}
}

// addressOf returns the type of an address or a block of them with its usual
// form, "" for what is none.
func addressOf(v string) (typ, form string, block bool) {
	a, err := netip.ParseAddr(v)
	if err != nil {
		p, err := netip.ParsePrefix(v)
		if err != nil {
			return "", "", false
		}
		a, form, block = p.Addr(), p.String(), true
	} else {
		form = a.String()
	}
	switch {
	case a.Zone() != "":
		return "", "", false
	case a.Is4():
		return "ipv4-addr", form, block
	case a.Is4In6():
		return "", "", false
	}
	return "ipv6-addr", form, block
}

func address(v string) string {
	typ, form, block := addressOf(v)
	switch {
	case typ == "":
		return ""
	case block:
		return typ + ":value ISSUBSET '" + form + "'"
	}
	return equal(typ+":value", form)
}

// portOf returns the number of a port, -1 for what is none.
func portOf(v string) int {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil {
		return -1
	}
	return int(n)
}

// endpoint looks for traffic from or to a host and its port.
func endpoint(side string) comparer {
	return func(v string) string {
		host, p := pair(v)
		n := portOf(p)
		if host == "" || n < 0 {
			return ""
		}
		if _, form, _ := addressOf(host); form != "" {
			host = form
		}
		return equal("network-traffic:"+side+"_ref.value", host) + " AND network-traffic:" + side + "_port = " + strconv.Itoa(n)
	}
}

func port(v string) string {
	n := portOf(v)
	if n < 0 {
		return ""
	}
	return "network-traffic:dst_port = " + strconv.Itoa(n)
}

// numberOf returns a whole number that is not negative, -1 for what is none.
func numberOf(v string) int64 {
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n > 1<<53-1 {
		return -1
	}
	return n
}

func asnOf(v string) int64 { return numberOf(strings.TrimPrefix(strings.ToUpper(v), "AS")) }

func asn(v string) string {
	if n := asnOf(v); n >= 0 {
		return "autonomous-system:number = " + strconv.FormatInt(n, 10)
	}
	return ""
}

func size(v string) string {
	if n := numberOf(v); n >= 0 {
		return "file:size = " + strconv.FormatInt(n, 10)
	}
	return ""
}

// macOf returns a MAC address as STIX writes it, "" for what is none.
func macOf(v string) string {
	v = strings.ToLower(strings.ReplaceAll(v, "-", ":"))
	for i := range len(v) {
		digit := v[i] >= '0' && v[i] <= '9' || v[i] >= 'a' && v[i] <= 'f'
		if i%3 == 2 && v[i] != ':' || i%3 != 2 && !digit {
			return ""
		}
	}
	if len(v) != len("00:00:5e:00:53:01") {
		return ""
	}
	return v
}

func mac(v string) string {
	if v = macOf(v); v == "" {
		return ""
	}
	return equal("mac-addr:value", v)
}

// hives are the roots of the Windows registry, which STIX wants in full (section
// 6.17).
var hives = map[string]string{
	"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS",
	"HKCC": "HKEY_CURRENT_CONFIG",
}

// hive returns a key with its root in full.
func hive(key string) string {
	root, rest, within := strings.Cut(key, `\`)
	full := hives[strings.ToUpper(strings.TrimSuffix(root, ":"))]
	switch {
	case full == "":
		return key
	case !within:
		return full
	}
	return full + `\` + rest
}

func regkey(v string) string {
	if v == "" {
		return ""
	}
	return equal("windows-registry-key:key", hive(v))
}

// digits are the lengths of digests in hexadecimal, by their names.
var digits = map[string]int{
	"MD5": 32, "SHA-1": 40, "SHA-224": 56, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128, "SHA-512-224": 56,
	"SHA-512-256": 64, "SHA3-224": 56, "SHA3-256": 64, "SHA3-384": 96, "SHA3-512": 128,
}

// digestOf returns a digest as STIX writes it, "" for what is none.
func digestOf(name, v string) string {
	n, hex := digits[name]
	if name == "TLSH" && len(v) == 72 { // the version that TLSH puts before it
		return strings.TrimPrefix(v, "T1")
	}
	if !hex {
		return v
	}
	v = strings.ToLower(v)
	if len(v) != n || strings.Trim(v, "0123456789abcdef") != "" {
		return ""
	}
	return v
}

func digest(typ, name string) comparer {
	return func(v string) string {
		if v = digestOf(name, v); v == "" {
			return ""
		}
		if strings.Trim(name, "MD0123456789") == "" {
			return equal(typ+":hashes."+name, v)
		}
		return equal(typ+":hashes.'"+name+"'", v)
	}
}

// named looks for a file by its digest, and by its name too where the digest is
// shared by many files.
func named(name string, proof bool) comparer {
	of := digest("file", name)
	return func(v string) string {
		file, sum := pair(v)
		p := of(sum)
		if p == "" || proof || file == "" {
			return p
		}
		return equal("file:name", file) + " AND " + p
	}
}

func account(typ string) comparer {
	return func(v string) string {
		if v == "" {
			return ""
		}
		return equal("user-account:account_type", typ) + " AND " + equal("user-account:account_login", v)
	}
}
