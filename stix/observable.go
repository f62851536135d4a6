package stix

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/gowebpki/jcs"
)

// contributing are the properties that make the identifier of an observable
// (section 2.9 and the table of each type in section 6).
var contributing = map[string][]string{
	"artifact":             {"hashes", "payload_bin"},
	"autonomous-system":    {"number"},
	"directory":            {"path"},
	"domain-name":          {"value"},
	"email-addr":           {"value"},
	"email-message":        {"from_ref", "subject", "body"},
	"file":                 {"hashes", "name", "parent_directory_ref", "extensions"},
	"ipv4-addr":            {"value"},
	"ipv6-addr":            {"value"},
	"mac-addr":             {"value"},
	"mutex":                {"name"},
	"network-traffic":      {"start", "end", "src_ref", "dst_ref", "src_port", "dst_port", "protocols", "extensions"},
	"software":             {"name", "cpe", "swid", "vendor", "version"},
	"url":                  {"value"},
	"user-account":         {"account_type", "user_id", "account_login"},
	"windows-registry-key": {"key", "values"},
	"x509-certificate":     {"hashes", "serial_number"},
}

// ObservableID returns the identifier that an observable has by what it says
// (section 2.9): the same for all who saw the same. Where none of its
// properties contributes to one, as in a process, it is random.
func ObservableID(o *Object) ID {
	if id, ok := derivedID(o); ok {
		return id
	}
	return NewID(o.Type)
}

// derivedID returns the identifier that the properties of o make, if they do.
func derivedID(o *Object) (ID, bool) {
	names := contributing[o.Type]
	if names == nil {
		return "", false
	}
	b := []byte{'{'}
	for name, value := range members(o.raw) {
		if !slices.Contains(names, string(name)) {
			continue
		}
		if string(name) == "hashes" {
			if value = oneHash(value); value == nil {
				continue
			}
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, name...)
		b = append(b, `":`...)
		b = append(b, value...)
	}
	if len(b) == 1 {
		return "", false
	}
	canonical, err := jcs.Transform(append(b, '}'))
	if err != nil {
		return "", false
	}
	return named(o.Type, Namespace, string(canonical)), true
}

// oneHash returns an object with the one hash that contributes: the first of
// MD5, SHA-1, SHA-256 and SHA-512 that is there, else the first by name.
func oneHash(hashes []byte) []byte {
	raw := map[string][]byte{}
	for name, value := range members(hashes) {
		raw[string(name)] = value
	}
	for _, name := range append([]string{"MD5", "SHA-1", "SHA-256", "SHA-512"}, slices.Sorted(maps.Keys(raw))...) {
		if value := raw[name]; value != nil {
			b, _ := jsontext.AppendQuote([]byte{'{'}, name)
			return append(append(append(b, ':'), value...), '}')
		}
	}
	return nil
}
