package observable

import "strings"

func hash(s string, digits int) (string, error) {
	if len(s) != digits {
		return "", errHash
	}
	for i := range len(s) {
		if !isHexByte(s[i]) {
			return "", errHash
		}
	}
	return asciiLower(s), nil
}

// ja4 normalises a JA4 fingerprint of a TLS or QUIC client: ten characters of
// protocol, version, SNI, counts and ALPN, then two hashes of twelve digits.
func ja4(s string) (string, error) {
	if len(s) != 36 || s[10] != '_' || s[23] != '_' {
		return "", errJA4
	}
	s = asciiLower(s)
	if !strings.Contains("tqd", s[:1]) || !strings.Contains("di", s[3:4]) || !isDigits(s[4:8]) ||
		!isAlnum(s[1]) || !isAlnum(s[2]) || !isAlnum(s[8]) || !isAlnum(s[9]) {
		return "", errJA4
	}
	for i := 11; i < len(s); i++ {
		if i != 23 && !isHexByte(s[i]) {
			return "", errJA4
		}
	}
	return s, nil
}

// cve normalises a CVE identifier: a year and a number of 4 to 19 digits.
func cve(s string) (string, error) {
	if len(s) < 13 || len(s) > 28 || !strings.EqualFold(s[:4], "cve-") || s[8] != '-' ||
		!isDigits(s[4:8]) || !isDigits(s[9:]) || s[4:8] < "1999" {
		return "", errCVE
	}
	return "CVE-" + s[4:], nil
}
