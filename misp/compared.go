package misp

import (
	"strings"

	"github.com/tocsin-project/tocsin/stix/pattern"
)

// The functions of this file read patterns of single comparisons, which MISP
// has types of attributes for.

// simple returns the attribute that says what a pattern of one comparison does.
func simple(text string) (typ, value string) {
	if list := alternatives(text); len(list) == 1 {
		return compared(list[0])
	}
	return "", ""
}

// alternatives returns the comparisons of a pattern that any one of fulfils,
// none of a pattern that asks for more.
func alternatives(text string) []*pattern.Comparison {
	p, err := pattern.Parse(text)
	if err != nil {
		return nil
	}
	var list []*pattern.Comparison
	var test func(c *pattern.Comparison) bool
	test = func(c *pattern.Comparison) bool {
		switch c.Op {
		case pattern.Or, pattern.Parens:
			for _, o := range c.Operands {
				if !test(o) {
					return false
				}
			}
			return true
		case pattern.Equal, pattern.IsSubset:
			list = append(list, c)
			return !c.Not
		}
		return false
	}
	var observation func(o *pattern.Observation) bool
	observation = func(o *pattern.Observation) bool {
		if len(o.Qualifiers) > 0 {
			return false
		}
		switch o.Op {
		case pattern.Bracket:
			return test(o.Test)
		case pattern.OneOf, pattern.Group:
			for _, part := range o.Operands {
				if !observation(part) {
					return false
				}
			}
			return true
		}
		return false
	}
	if !observation(p.Root) {
		return nil
	}
	return list
}

// comparedTypes are the types of attributes that say what a comparison with a
// property does.
var comparedTypes = map[string]string{
	"domain-name:value": "domain", "ipv4-addr:value": "ip-dst", "ipv6-addr:value": "ip-dst", "url:value": "url",
	"network-traffic:src_ref.value": "ip-src", "network-traffic:dst_ref.value": "ip-dst", "email-addr:value": "email",
	"email-message:from_ref.value": "email-src", "email-message:sender_ref.value": "email-src", "email-message:to_refs[*].value": "email-dst",
	"email-message:subject": "email-subject", "email-message:message_id": "email-message-id", "file:name": "filename", "mutex:name": "mutex",
	"windows-registry-key:key": "regkey", "autonomous-system:number": "AS", "mac-addr:value": "mac-address",
	"network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'": "user-agent",
}

// compared returns the attribute that says what a comparison does.
func compared(c *pattern.Comparison) (typ, value string) {
	if len(c.Values) != 1 {
		return "", ""
	}
	value = c.Values[0].Text
	if typ = comparedTypes[c.Path.String()]; typ == "ip-src" || typ == "ip-dst" {
		if form, _, _ := addressOf(value); form == "" {
			return "", ""
		}
	}
	if typ == "AS" {
		value = "AS" + value
	}
	steps := c.Path.Steps
	if len(steps) == 2 && steps[0].Key == "hashes" {
		typ = hashType(c.Path.Type, steps[1].Key)
	}
	return typ, value
}

// hashType returns the type of attributes for a digest, "" for none.
func hashType(of, name string) string {
	key := strings.ToUpper(name)
	for typ, h := range hashes {
		if of == "file" && (h.name == key || strings.ReplaceAll(h.name, "-", "") == key) {
			return typ
		}
	}
	for typ, h := range fingerprints {
		if of == "x509-certificate" && h == key {
			return typ
		}
	}
	return ""
}
