package observable

import (
	"net/netip"
	"strconv"
	"strings"
)

func ipv4(s string) (string, error) {
	if !isIPv4(s) {
		return "", errIPv4
	}
	return s, nil
}

// isIPv4 reports whether s is four decimal numbers without leading zeros, which
// some read as octal.
func isIPv4[T string | []byte](s T) bool {
	if len(s) < 7 || len(s) > 15 {
		return false
	}
	dots, n, digits := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c == '.':
			if digits == 0 {
				return false
			}
			dots, n, digits = dots+1, 0, 0
		case '0' <= c && c <= '9':
			if digits > 0 && n == 0 {
				return false
			}
			n, digits = n*10+int(c-'0'), digits+1
			if n > 255 {
				return false
			}
		default:
			return false
		}
	}
	return dots == 3 && digits > 0
}

// ipv6 normalises an address, with or without the brackets of a URL. One with a
// zone is of its machine alone and refused.
func ipv6(s string) (string, error) {
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		s = s[1 : len(s)-1]
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Is4() || a.Zone() != "" {
		return "", errIPv6
	}
	return a.String(), nil
}

func cidr(s string) (string, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return "", errCIDR
	}
	return p.Masked().String(), nil
}

func asn(s string) (string, error) {
	digits := asciiLower(s)
	digits = strings.TrimPrefix(digits, "as")
	digits = strings.TrimLeft(strings.TrimPrefix(digits, "n"), " #:")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) == len(s) || digits[0] == '+' {
		return "", errASN
	}
	return "AS" + strconv.FormatUint(n, 10), nil
}

// mac normalises the writings 00:00:5e:00:53:01, 00-00-5e-00-53-01 and
// 0000.5e00.5301.
func mac(s string) (string, error) {
	group := 2
	if len(s) == 14 {
		group = 4
	} else if len(s) != 17 {
		return "", errMAC
	}
	sep := s[group]
	if (group == 4 && sep != '.') || (group == 2 && sep != ':' && sep != '-') {
		return "", errMAC
	}
	out := make([]byte, 0, 17)
	for i, digits := 0, 0; i < len(s); i++ {
		if i%(group+1) == group {
			if s[i] != sep {
				return "", errMAC
			}
			continue
		}
		if !isHexByte(s[i]) {
			return "", errMAC
		}
		if digits > 0 && digits%2 == 0 {
			out = append(out, ':')
		}
		out = append(out, s[i])
		digits++
	}
	return asciiLower(string(out)), nil
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func isHexByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
