package intel

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/tocsin-project/tocsin/event"
)

// shape returns what a field's value shows in a form, nil when that is nothing.
// It is valid until buf is used again.
func (m *patternMatcher) shape(f form, v []byte) []byte {
	switch f {
	case base:
		v = v[lastSlash(v)+1:]
	case dir:
		i := lastSlash(v)
		if i < 0 {
			return nil
		}
		if v = v[:i]; len(v) == 0 || v[i-1] == ':' {
			v = v[:i+1] // the root
		}
	case number:
		return m.number(v)
	case address:
		v = unmap(v)
	case v4, v6:
		v = unmap(v)
		if a, err := netip.ParseAddr(string(v)); err != nil || a.Is4() != (f == v4) {
			return nil
		}
	case lowerCase:
		v = m.lower(v)
	case account:
		v = v[bytes.LastIndexByte(v, '\\')+1:]
	case key, keyDir:
		if f == keyDir {
			v = v[:max(0, lastSlash(v))]
		}
		m.buf = appendKey(m.buf[:0], v)
		v = m.buf
	case md5, sha1, sha256:
		v = m.lower(digest(v, digestNames[f-md5]))
	case link:
		v = m.link(v)
	case host:
		if i := bytes.LastIndexByte(v, ':'); i > 0 && bytes.IndexByte(v, ':') == i {
			v = v[:i]
		}
		v = m.lower(v)
	}
	if len(v) == 0 || len(v) == 1 && v[0] == '-' {
		return nil
	}
	return v
}

func lastSlash(v []byte) int {
	for i := len(v) - 1; i >= 0; i-- {
		if v[i] == '\\' || v[i] == '/' {
			return i
		}
	}
	return -1
}

// number returns a whole number in decimal.
func (m *patternMatcher) number(v []byte) []byte {
	if len(v) == 0 || len(v) > 20 {
		return nil
	}
	text, radix := string(v), 10
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		text, radix = hex, 16
	}
	n, err := strconv.ParseInt(text, radix, 64)
	if err != nil {
		return nil
	}
	m.buf = strconv.AppendInt(m.buf[:0], n, 10)
	return m.buf
}

func (m *patternMatcher) lower(v []byte) []byte {
	m.buf = appendLower(m.buf[:0], v)
	return m.buf
}

// appendLower appends v with the letters of ASCII in lower case.
func appendLower(dst, v []byte) []byte {
	for _, c := range v {
		if c-'A' < 26 {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// unmap takes off what stands in front of an address of IPv4 in IPv6.
func unmap(v []byte) []byte {
	if rest, ok := bytes.CutPrefix(v, []byte("::ffff:")); ok && bytes.IndexByte(rest, '.') > 0 {
		return rest
	}
	return v
}

var digestNames = [...]string{"MD5=", "SHA1=", "SHA256="}

// digest returns the digest behind a name in NAME=digest,NAME=digest.
func digest(v []byte, name string) []byte {
	for len(v) > 0 {
		part, rest, _ := bytes.Cut(v, []byte{','})
		if len(part) > len(name) && string(part[:len(name)]) == name {
			return part[len(name):]
		}
		v = rest
	}
	return nil
}

// hiveNames are the names of the roots of the registry in logs, and as STIX
// wants them (section 6.17): spelt out.
var hiveNames = []struct{ short, full string }{
	{`\REGISTRY\MACHINE`, "HKEY_LOCAL_MACHINE"},
	{`\REGISTRY\USER`, "HKEY_USERS"},
	{"HKLM", "HKEY_LOCAL_MACHINE"},
	{"HKCU", "HKEY_CURRENT_USER"},
	{"HKU", "HKEY_USERS"},
	{"HKCR", "HKEY_CLASSES_ROOT"},
	{"HKCC", "HKEY_CURRENT_CONFIG"},
}

// appendKey appends a registry key with its hive spelt out.
func appendKey(dst, v []byte) []byte {
	for _, h := range hiveNames {
		if n := len(h.short); len(v) >= n && string(v[:n]) == h.short && (len(v) == n || v[n] == '\\') {
			return append(append(dst, h.full...), v[n:]...)
		}
	}
	return append(dst, v...)
}

// link returns the URL of a request: what it asks for, behind the host when that
// stands apart. A record of a web server has no scheme; port 443 tells.
func (m *patternMatcher) link(v []byte) []byte {
	if bytes.Contains(v, []byte("://")) || len(v) == 0 || v[0] != '/' {
		if i := bytes.Index(v, []byte("://")); i > 0 {
			return v
		}
		return nil
	}
	host := m.e.Value(m.set.host)
	if len(host) == 0 || string(host) == "-" {
		return nil
	}
	scheme := "http://"
	if string(m.e.Value(m.set.port)) == "443" {
		scheme = "https://"
	}
	m.buf = append(append(append(m.buf[:0], scheme...), host...), v...)
	return m.buf
}

// A source is a row of the table with its names interned.
type source struct {
	field, with event.ID
	form        form
}

// maxValues bounds the values of one property of one event.
const maxValues = 64

// take returns value i of what a row shows of the event, and the field that it
// is of.
func (m *patternMatcher) take(s *source, i int) ([]byte, *event.Field) {
	if s.with != 0 && m.e.Get(s.with) == nil || i >= maxValues {
		return nil, nil
	}
	for f := m.e.Get(s.field); f != nil; f = m.e.Next(f) {
		for rest := f.Value; ; {
			v := rest
			if s.form == parts {
				v, rest, _ = bytes.Cut(rest, []byte{';'})
				v = unmap(bytes.TrimSpace(v))
			}
			if v = m.shape(s.form, v); v != nil {
				if i == 0 {
					return v, f
				}
				i--
			}
			if s.form != parts || len(rest) == 0 {
				break
			}
		}
	}
	return nil, nil
}
