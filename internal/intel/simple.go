package intel

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// anyAddress stands for the kinds of what an address property may hold.
const anyAddress observable.Kind = 255

// kindsOf gives the properties whose values are observables (STIX 2.1, section
// 6): what a pattern that compares one of them with a value looks for can be
// seen wherever it stands in a record.
var kindsOf = map[string]observable.Kind{
	"domain-name:value":                  observable.Domain,
	"ipv4-addr:value":                    anyAddress,
	"ipv6-addr:value":                    anyAddress,
	"network-traffic:src_ref.value":      anyAddress,
	"network-traffic:dst_ref.value":      anyAddress,
	"url:value":                          observable.URL,
	"email-addr:value":                   observable.Email,
	"email-message:from_ref.value":       observable.Email,
	"email-message:sender_ref.value":     observable.Email,
	"email-message:to_refs[*].value":     observable.Email,
	"mac-addr:value":                     observable.MAC,
	"file:name":                          observable.FileName,
	"process:image_ref.name":             observable.FileName,
	"directory:path":                     observable.Path,
	"file:parent_directory_ref.path":     observable.Path,
	"windows-registry-key:key":           observable.RegKey,
	"mutex:name":                         observable.Mutex,
	"autonomous-system:number":           observable.ASN,
	"process:image_ref.hashes.MD5":       observable.MD5,
	"process:image_ref.hashes.'SHA-1'":   observable.SHA1,
	"process:image_ref.hashes.'SHA-256'": observable.SHA256,
	userAgentPath:                        observable.UserAgent,
	userAgentPath + "[*]":                observable.UserAgent,
	"x509-certificate:hashes.MD5":        observable.MD5,
	"x509-certificate:hashes.'SHA-1'":    observable.SHA1,
	"x509-certificate:hashes.'SHA-256'":  observable.SHA256,
	"artifact:hashes.MD5":                observable.MD5,
	"artifact:hashes.'SHA-1'":            observable.SHA1,
	"artifact:hashes.'SHA-256'":          observable.SHA256,
	"file:hashes.MD5":                    observable.MD5,
	"file:hashes.'MD5'":                  observable.MD5,
	"file:hashes.'SHA-1'":                observable.SHA1,
	"file:hashes.'SHA-256'":              observable.SHA256,
	"file:hashes.'SHA-512'":              observable.SHA512,
	"file:hashes.SHA1":                   observable.SHA1,
	"file:hashes.SHA256":                 observable.SHA256,
	"file:hashes.SHA512":                 observable.SHA512,
	"file:hashes.SHA-1":                  observable.SHA1,
	"file:hashes.SHA-256":                observable.SHA256,
	"file:hashes.SHA-512":                observable.SHA512,
}

// userAgentPath is that of a header, whose values are a list (section 6.12.2);
// many patterns compare the list itself.
const userAgentPath = "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'"

// observableTypes gives the types of objects that are observables, with the
// properties to hunt for and the paths that patterns call them by.
var observableTypes = map[string]map[string]string{
	"domain-name":          {"value": "domain-name:value"},
	"ipv4-addr":            {"value": "ipv4-addr:value"},
	"ipv6-addr":            {"value": "ipv6-addr:value"},
	"url":                  {"value": "url:value"},
	"email-addr":           {"value": "email-addr:value"},
	"mac-addr":             {"value": "mac-addr:value"},
	"file":                 {"hashes": "file:hashes", "name": "file:name"},
	"artifact":             {"hashes": "file:hashes"},
	"x509-certificate":     {"hashes": "file:hashes"},
	"directory":            {"path": "directory:path"},
	"windows-registry-key": {"key": "windows-registry-key:key"},
	"mutex":                {"name": "mutex:name"},
	"autonomous-system":    {"number": "autonomous-system:number"},
	"network-traffic":      {},
	"process":              {},
	"software":             {},
	"user-account":         {},
	"email-message":        {},
}

var (
	errNoPattern = errors.New("it has no pattern: nothing can be looked for")
	errNoKind    = errors.New("no observable is compared")
)

// read reads a value that the property at path is compared with.
func read(path, value string) (observable.Observable, error) {
	k, ok := kindsOf[path]
	switch {
	case !ok:
		return observable.Observable{}, errNoKind
	case k == anyAddress:
		k = addressKind(value)
	case k == observable.ASN:
		value = "AS" + value
	}
	return observable.Parse(k, value)
}

func addressKind(value string) observable.Kind {
	colon := strings.IndexByte(value, ':') >= 0
	switch {
	case strings.IndexByte(value, '/') >= 0:
		return observable.CIDR
	case colon && len(value) == 17 && value[2] == ':' && value[14] == ':' && strings.Count(value, ":") == 5:
		return observable.MAC
	case colon:
		return observable.IPv6
	case value != "" && value[len(value)-1] <= '9' && value[len(value)-1] >= '0':
		return observable.IPv4
	}
	return observable.Domain
}

// compile turns a pattern into observables, or keeps it to be matched over
// events.
func (b *Builder) compile(row uint32, text []byte) error {
	if path, value, ok := comparison(text); ok {
		if obs, err := read(string(path), string(value)); err == nil {
			return b.observe(row, obs, 0)
		} else if err != errNoKind {
			return err
		}
	}
	if len(text) == 0 {
		return errNoPattern
	}
	p, err := pattern.Parse(string(text))
	if err != nil {
		return fmt.Errorf("its pattern: %w", err)
	}
	found, ok, err := observables(p)
	if err != nil {
		return err
	}
	if !ok {
		if err := b.seen.check(p); err != nil {
			return err
		}
		b.complex = append(b.complex, complexPattern{row, p})
		return nil
	}
	for _, f := range found {
		if err := b.observe(row, f.Observable, f.below); err != nil {
			return err
		}
	}
	return nil
}

// comparison reads a pattern of the form [path = 'value'], with nothing in it
// that must be decoded.
func comparison(p []byte) (path, value []byte, ok bool) {
	p = bytes.Trim(p, " \t\r\n")
	if len(p) < 2 || p[0] != '[' || p[len(p)-1] != ']' {
		return nil, nil, false
	}
	p = bytes.Trim(p[1:len(p)-1], " ")
	i := bytes.IndexByte(p, '=')
	if i <= 0 || p[len(p)-1] != '\'' {
		return nil, nil, false
	}
	path = bytes.TrimRight(p[:i], " ")
	value = bytes.TrimLeft(p[i+1:], " ")
	if len(value) < 2 || value[0] != '\'' {
		return nil, nil, false
	}
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\'') >= 0 || bytes.IndexByte(value, '\\') >= 0 {
		return nil, nil, false
	}
	_, ok = kindsOf[string(path)]
	return path, value, ok
}

// found is an observable that a pattern asks for.
type found struct {
	observable.Observable
	below flag
}

// observables returns the observables that p asks for when it is nothing but
// comparisons joined by OR; not ok when it is more than that. An error is about
// a value that can never be seen.
func observables(p *pattern.Pattern) (list []found, ok bool, err error) {
	var test func(c *pattern.Comparison) bool
	test = func(c *pattern.Comparison) bool {
		switch c.Op {
		case pattern.Parens, pattern.Or:
			for _, o := range c.Operands {
				if !test(o) {
					return false
				}
			}
			return true
		}
		if c.Not {
			return false
		}
		path := c.Path.String()
		k, known := kindsOf[path]
		if !known {
			return false
		}
		for i := range c.Values {
			text := c.Values[i].Text
			below := flag(0)
			switch c.Op {
			case pattern.Equal, pattern.In:
			case pattern.IsSubset:
				if k != anyAddress {
					return false
				}
			case pattern.Like:
				if text, below = likeDomain(text); below == 0 || k != observable.Domain {
					return false
				}
			case pattern.Matches:
				if text, below = matchDomain(text); below == 0 || k != observable.Domain {
					return false
				}
			default:
				return false
			}
			o, e := read(path, text)
			if e != nil {
				err = errors.Join(err, e)
				continue
			}
			list = append(list, found{o, below})
		}
		return true
	}
	var walk func(o *pattern.Observation) bool
	walk = func(o *pattern.Observation) bool {
		if len(o.Qualifiers) > 0 {
			return false
		}
		switch o.Op {
		case pattern.Bracket:
			return test(o.Test)
		case pattern.Group, pattern.OneOf:
			for _, part := range o.Operands {
				if !walk(part) {
					return false
				}
			}
			return true
		}
		return false
	}
	if !walk(p.Root) {
		return nil, false, nil
	}
	if len(list) > 0 {
		err = nil // what can be seen is looked for
	}
	return list, true, err
}

// likeDomain reads the operand of LIKE for all names below a domain:
// %.evil.example.
func likeDomain(s string) (domain string, below flag) {
	rest, ok := strings.CutPrefix(s, "%.")
	if !ok || strings.ContainsAny(rest, "%_") {
		return "", 0
	}
	return rest, onlyBelow
}

// The forms of regular expressions that mean a domain and the names below it,
// or those below it alone.
var (
	andBelow  = regexp.MustCompile(`^(?:\^\((?:\?:)?\.[*+]\\\.\)\?|\((?:\?:)?\^\|\\\.\)|\((?:\?:)?\\\.\|\^\))((?:[A-Za-z0-9_-]+\\\.)+[A-Za-z0-9-]+)\$$`)
	justBelow = regexp.MustCompile(`^(?:\^?\.[*+])?\\\.((?:[A-Za-z0-9_-]+\\\.)+[A-Za-z0-9-]+)\$$`)
)

func matchDomain(s string) (domain string, below flag) {
	if m := andBelow.FindStringSubmatch(s); m != nil {
		return strings.ReplaceAll(m[1], `\.`, "."), alsoBelow
	}
	if m := justBelow.FindStringSubmatch(s); m != nil {
		return strings.ReplaceAll(m[1], `\.`, "."), onlyBelow
	}
	return "", 0
}

// isBenign reports whether indicator_types or labels say that what is seen is
// no sign of an attack (indicator-type-ov, section 10.6).
func isBenign(types []byte) bool { return bytes.Contains(types, []byte(`"benign"`)) }
