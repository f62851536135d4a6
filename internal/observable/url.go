package observable

import (
	"strings"
)

// url normalises a URL as RFC 3986 section 6.2 says: scheme and host in lower
// case, no default port, "/" for the empty path, escapes in capitals and only
// where they are needed. Dot segments stay: they may be the attack. A URL
// without a scheme is as good as none: it needs a path, and gets no scheme.
func url(s string) (string, error) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
		if !strings.Contains(s, "/") {
			return "", errURL
		}
	} else if scheme = asciiLower(scheme); !isScheme(scheme) {
		return "", errURL
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if !ok && (end == len(rest) || rest[end] != '/') {
		return "", errURL
	}
	auth, err := authority(rest[:end], scheme)
	if err != nil || !ok && !strings.Contains(auth, ".") {
		return "", errURL
	}
	tail := rest[end:]
	if strings.ContainsAny(tail, " \"<>`") {
		return "", errURL
	}
	if tail == "" || tail[0] != '/' {
		tail = "/" + tail
	}
	if scheme != "" {
		auth = scheme + "://" + auth
	}
	return auth + unescape(tail), nil
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

var defaultPorts = map[string]string{"http": "80", "https": "443", "ftp": "21", "ws": "80", "wss": "443", "ssh": "22", "ldap": "389", "ldaps": "636"}

// authority normalises user@host:port. The host of a file URL may be empty.
func authority(s, scheme string) (string, error) {
	user := ""
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		user, s = s[:i+1], s[i+1:]
		if strings.ContainsAny(user, " \"<>`\\") {
			return "", errURL
		}
	}
	if s == "" && scheme == "file" {
		return user, nil
	}
	name, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		if name, port = s[:i], s[i+1:]; port != "" && (!isDigits(port) || len(port) > 5) {
			return "", errURL
		}
	}
	name, err := urlHost(name)
	if err != nil {
		return "", err
	}
	if port != "" && port != defaultPorts[scheme] {
		name += ":" + port
	}
	return user + name, nil
}

func urlHost(s string) (string, error) {
	if strings.HasPrefix(s, "[") {
		if !strings.HasSuffix(s, "]") {
			return "", errURL
		}
		a, err := ipv6(s)
		return "[" + a + "]", err
	}
	if isIPv4(s) {
		return s, nil
	}
	return host(s)
}

// unescape writes escapes in capitals and takes those of unreserved characters
// back (RFC 3986 section 6.2.2.2). Where one escape is broken all stay, since
// taking some back could make new ones.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) || !isHexByte(s[i+1]) || !isHexByte(s[i+2]) {
			return s
		}
		if c := unhex(s[i+1])<<4 | unhex(s[i+2]); isUnreserved(c) {
			out = append(out, c)
		} else {
			const capitals = "0123456789ABCDEF"
			out = append(out, '%', capitals[c>>4], capitals[c&15])
		}
		i += 2
	}
	return string(out)
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

func isUnreserved(c byte) bool {
	return isAlnum(c) || c == '-' || c == '.' || c == '_' || c == '~'
}

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// email normalises name@domain. Letters before the @ are lowered too: no host
// in use tells two mailboxes apart by case.
func email(s string) (string, error) {
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	s = strings.TrimSuffix(strings.TrimPrefix(s, "<"), ">")
	local, dom, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || local[0] == '.' || local[len(local)-1] == '.' {
		return "", errEmail
	}
	for i := range len(local) {
		if c := local[i]; c < 0x80 && !isAlnum(c) && !strings.ContainsRune(".!#$%&'*+/=?^_`{|}~-", rune(c)) {
			return "", errEmail
		}
	}
	dom, err := domain(dom)
	if err != nil {
		return "", errEmail
	}
	return strings.ToLower(local) + "@" + dom, nil
}
