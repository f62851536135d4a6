package observable

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// names maps the labels of a domain to what is looked up: UTS 46, not
// transitional. Underscores pass, as they do in DNS.
var names = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false))

// domain normalises a domain of two labels or more (RFC 1035 section 2.3.4:
// labels of 63 bytes at most, 253 in all).
func domain(s string) (string, error) {
	s, err := host(s)
	if err != nil || !strings.Contains(s, ".") {
		return "", errDomain
	}
	return s, nil
}

// host normalises a name of one label or more.
func host(s string) (string, error) {
	s = strings.TrimSuffix(s, ".")
	if len(s) > 1024 {
		return "", errDomain
	}
	if lower := asciiLower(s); isASCII(lower) && !strings.Contains(lower, "xn--") {
		s = lower
	} else {
		a, err := names.ToASCII(s)
		if err != nil {
			return "", errDomain
		}
		s = a
	}
	if !isHost(s) {
		return "", errDomain
	}
	return s, nil
}

// isHost reports whether s is a name of lower-case labels and no number.
func isHost(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	label, letter := 0, false // the bytes of the label so far, and whether one is no digit
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '.':
			if label == 0 || s[i-1] == '-' {
				return false
			}
			label, letter = 0, false
			continue
		case c == '-':
			if label == 0 {
				return false
			}
			letter = true
		case 'a' <= c && c <= 'z' || c == '_':
			letter = true
		case c < '0' || c > '9':
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return letter && label > 0 && s[len(s)-1] != '-'
}

// likelyDomain reports whether s, in any writing, ends in a suffix under which
// domains are registered, and is not that suffix itself.
func likelyDomain(s string) bool {
	d, err := domain(s)
	if err != nil {
		return false
	}
	if label, ok := strings.CutSuffix(d, ".onion"); ok {
		n := len(label) - strings.LastIndexByte(label, '.') - 1
		return n == 16 || n == 56 // digits of base 32 in versions 2 and 3
	}
	suffix, icann := publicsuffix.PublicSuffix(d)
	if !icann && !strings.Contains(suffix, ".") {
		return namesBesideDNS[suffix]
	}
	return !icann || suffix != d
}

// specialUse are the top-level names for tests and examples (RFC 6761), which
// lists may have though the public DNS does not.
var specialUse = map[string]bool{"example": true, "invalid": true, "test": true}

// namesBesideDNS are top-level names that resolve, but not in the public DNS.
var namesBesideDNS = map[string]bool{"i2p": true, "bit": true, "bazar": true, "coin": true, "emc": true}

// mixesScripts reports whether a label of d has letters of another script that
// pass for Latin ones: beside Latin letters, or nothing but such.
func mixesScripts(d string) bool {
	if isASCII(d) {
		if !strings.Contains(d, "xn--") {
			return false
		}
		d, _ = idna.Punycode.ToUnicode(d)
	}
	for label := range strings.SplitSeq(d, ".") {
		latin, alike, other := false, false, false
		for _, r := range label {
			switch {
			case looksLatin[r]:
				alike = true
			case unicode.Is(unicode.Latin, r):
				latin = true
			case unicode.IsLetter(r):
				other = true
			}
		}
		if alike && (latin || !other) {
			return true
		}
	}
	return false
}

// looksLatin are letters of other scripts that look like Latin ones.
var looksLatin = runeSet("аеорсухіјѕԁӏһԛԝґѵ" + "АВЕКМНОРСТУХІЈЅ" + "αονρκιυτ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" + "օոսցհ")

func runeSet(s string) map[rune]bool {
	set := map[rune]bool{}
	for _, r := range s {
		set[r] = true
	}
	return set
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// asciiLower lowers the letters A to Z alone.
func asciiLower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				if 'A' <= b[j] && b[j] <= 'Z' {
					b[j] |= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}
