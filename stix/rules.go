package stix

import (
	"net/netip"
	"regexp"
	"strings"
)

// rules are what single types ask beyond their properties, by type. The values
// are those of the properties that the type defines, as they stand.
var rules = map[string]func(c *checker, v known){
	"location":             location,
	"malware":              malware,
	"malware-analysis":     malwareAnalysis,
	"observed-data":        observedData,
	"relationship":         relationship,
	"artifact":             artifact,
	"directory":            func(c *checker, v known) { c.enc(v, "path", "path_enc") },
	"email-message":        emailMessage,
	"file":                 file,
	"ipv4-addr":            func(c *checker, v known) { c.address(text(v.of("value")), true, "6.8") },
	"ipv6-addr":            func(c *checker, v known) { c.address(text(v.of("value")), false, "6.9") },
	"mac-addr":             macAddr,
	"network-traffic":      networkTraffic,
	"process":              func(c *checker, v known) { c.atLeastOne(v, "6.13") },
	"url":                  url,
	"user-account":         func(c *checker, v known) { c.atLeastOne(v, "6.16") },
	"x509-certificate":     func(c *checker, v known) { c.atLeastOne(v, "6.18") },
	"marking-definition":   markingDefinition,
	"extension-definition": extensionDefinition,
	"language-content":     languageContent,
	"indicator":            indicator,
}

// oneOf asks that at least one of the properties is there.
func (c *checker) oneOf(v known, clause string, names ...string) {
	for _, name := range names {
		if v.of(name) != nil {
			return
		}
	}
	c.must(nil, clause, "at least one of these must be there: %s", strings.Join(names, ", "))
}

// atLeastOne asks that a property of the type itself is there.
func (c *checker) atLeastOne(v known, clause string) {
	for name := range v.names() {
		if customSchema.byName[name] == nil || name == "extensions" {
			return
		}
	}
	c.must(nil, clause, "a %s has at least one property of its own: add one", c.o.Type)
}

func location(c *checker, v known) {
	if v.of("latitude") == nil || v.of("longitude") == nil {
		c.oneOf(v, "4.10", "region", "country", "latitude")
	}
	if country := text(v.of("country")); v.of("country") != nil && !countries[country] {
		c.should(path("country"), "4.10", "%.20q is no country of ISO 3166-1: write its code of two capital letters", country)
	}
}

func malware(c *checker, v known) {
	if string(v.of("is_family")) == "true" && text(v.of("name")) == "" {
		c.must(path("name"), "4.11", "it is required of a family: add it")
	}
}

func malwareAnalysis(c *checker, v known) {
	c.oneOf(v, "4.12", "result", "analysis_sco_refs")
}

func observedData(c *checker, v known) {
	switch objects, refs := v.of("objects"), v.of("object_refs"); {
	case objects == nil && refs == nil:
		c.must(nil, "4.14", "it has neither object_refs nor objects: add object_refs")
	case objects != nil && refs != nil:
		c.must(path("objects"), "4.14", "objects and object_refs exclude each other: keep object_refs")
	case objects != nil:
		c.should(path("objects"), "4.14", "it is deprecated: use object_refs")
		for name, o := range members(objects) {
			at := path("objects").name(name)
			if o[0] != '{' {
				c.must(at, "2.13", "an observable must stand here")
			} else if typ := text(member(o, "type")); ClassOf(typ) != SCO && ClassOf(typ) != Custom || typ == "" {
				c.must(at, "2.13", "a %.100q is no observable: move it out of the observed data", typ)
			}
		}
	}
}

var relationshipType = regexp.MustCompile(`^[a-z0-9-]+$`)

func relationship(c *checker, v known) {
	typ := text(v.of("relationship_type"))
	if !relationshipType.MatchString(typ) {
		c.must(path("relationship_type"), "5.1", "it has lower-case letters, digits and hyphens only: rename it")
		return
	}
	from, to := ID(text(v.of("source_ref"))).Type(), ID(text(v.of("target_ref"))).Type()
	standard := typ == "related-to" || (typ == "derived-from" || typ == "duplicate-of") && from == to
	if !standard && ClassOf(from) != Custom && ClassOf(to) != Custom && !relationships[from+" "+typ+" "+to] {
		c.should(path("relationship_type"), "5.1", "%s %s %s is no standard relationship: use one if it fits", from, typ, to)
	}
}

func artifact(c *checker, v known) {
	switch {
	case v.of("payload_bin") != nil && v.of("url") != nil:
		c.must(path("url"), "6.1", "payload_bin and url exclude each other: keep one")
	case v.of("url") != nil && v.of("hashes") == nil:
		c.must(path("hashes"), "6.1", "it is required beside url: add it")
	case v.of("payload_bin") == nil && v.of("url") == nil:
		c.must(nil, "6.1", "one of payload_bin and url must be there")
	}
}

// enc checks a property that names the character set of another.
func (c *checker) enc(v known, name, enc string) {
	if v.of(enc) == nil {
		return
	}
	if v.of(name) == nil {
		c.must(path(enc), "6", "it needs %s beside it: take it away", name)
	}
	if e := text(v.of(enc)); !charset.MatchString(e) {
		c.should(path(enc), "6", "%.100q is no character set of the IANA registry", e)
	}
}

// charset matches the preferred MIME names of the families of character sets
// that IANA has registered.
var charset = regexp.MustCompile(`(?i)^(us-ascii|iso-(8859|2022|10646|ir)-?[a-z0-9_-]*|utf-?(7|8|16|32)(be|le)?|windows-?[0-9]+[a-z]?|cp[0-9]+|ibm[0-9]+|koi[78]-[a-z]+|shift_jis|euc-[a-z]+|gb(k|2312|18030)|big5(-hkscs)?|tis-620|macintosh|viscii|hz-gb-2312)$`)

func emailMessage(c *checker, v known) {
	switch string(v.of("is_multipart")) {
	case "true":
		if v.of("body") != nil {
			c.must(path("body"), "6.6", "a multipart message has its text in body_multipart: move it there")
		}
	case "false":
		if v.of("body_multipart") != nil {
			c.must(path("body_multipart"), "6.6", "only a multipart message has it: move the text to body")
		}
	}
}

func file(c *checker, v known) {
	c.oneOf(v, "6.7", "hashes", "name")
	c.enc(v, "name", "name_enc")
}

func (c *checker) address(v string, four bool, clause string) {
	a, err := netip.ParseAddr(v)
	if p, err2 := netip.ParsePrefix(v); err2 == nil {
		a, err = p.Addr(), nil
	}
	if err != nil || a.Is4() != four || a.Zone() != "" {
		c.must(path("value"), clause, "%.100q is no %s or block in CIDR notation", v, map[bool]string{true: "IPv4 address", false: "IPv6 address"}[four])
	}
}

var mac = regexp.MustCompile(`^([0-9a-f]{2}:){5}[0-9a-f]{2}$`)

func macAddr(c *checker, v known) {
	if m := text(v.of("value")); !mac.MatchString(m) {
		c.must(path("value"), "6.10", "%.100q is no MAC address in six pairs of lower-case digits with colons between them", m)
	}
}

func networkTraffic(c *checker, v known) {
	c.oneOf(v, "6.12", "src_ref", "dst_ref")
	if v.of("end") != nil && string(v.of("is_active")) == "true" {
		c.must(path("is_active"), "6.12", "traffic that has ended is not active: make it false")
	}
}

var absoluteURL = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$`)

func url(c *checker, v known) {
	if u := text(v.of("value")); !absoluteURL.MatchString(u) {
		c.must(path("value"), "6.15", "%.100q is no URL (RFC 3986): write it with its scheme, without spaces", u)
	}
}

func indicator(c *checker, v known) {
	if p := text(v.of("pattern")); text(v.of("pattern_type")) == "stix" && !strings.ContainsRune(p, '[') {
		c.must(path("pattern"), "4.7", "it is no STIX pattern: that has comparisons in [ ]")
	}
}

func markingDefinition(c *checker, v known) {
	extended := len(c.o.Extensions) > 0
	switch typ := text(v.of("definition_type")); {
	case v.of("definition_type") == nil && v.of("definition") == nil:
		if !extended {
			c.must(nil, "7.2.1", "it marks nothing: add definition_type and definition, or an extension")
		}
	case typ == "tlp":
		c.tlp1(text(member(v.of("definition"), "tlp")))
	case typ == "statement":
		if member(v.of("definition"), "statement") == nil {
			c.must(path("definition"), "7.2.1.3", "statement is required: add it")
		}
	default:
		c.should(path("definition_type"), "7.2.1", "only statement and tlp are defined: put others into an extension")
	}
	for _, id := range c.o.ObjectMarkingRefs {
		if id == c.o.ID {
			c.must(path("object_marking_refs"), "7.2.1", "it marks itself: take that away")
		}
	}
}

// tlp1 checks that a colour of TLP 1 stands under its fixed identifier.
func (c *checker) tlp1(colour string) {
	level := map[string]TLP{"white": TLPClear, "green": TLPGreen, "amber": TLPAmber, "red": TLPRed}[colour]
	if level == TLPNone {
		c.must(path("definition.tlp"), "7.2.1.4", "%.100q is no colour of TLP 1: use white, green, amber or red", colour)
	} else if c.o.ID != tlp1[level] {
		c.must(path("id"), "7.2.1.4", "TLP %s has one identifier: use %s", colour, tlp1[level])
	}
}

func extensionDefinition(c *checker, v known) {
	if v.of("created_by_ref") == nil {
		c.must(path("created_by_ref"), "7.3", "it is required: add the identity that defines the extension")
	}
}

var language = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

func languageContent(c *checker, v known) {
	for name := range members(v.of("contents")) {
		if !language.Match(name) {
			c.must(path("contents").name(name), "7.1", "it is no language code of RFC 5646")
		}
	}
}
