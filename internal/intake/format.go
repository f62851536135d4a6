package intake

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// A format is one form in which knowledge comes.
type format struct {
	name string
	is   func(head []byte, path string) bool
	read func(*reading) error
}

// formats are tried in this order. It is a function because readers of one
// format may come upon another.
func formats() []format {
	return []format{
		{"misp", isMISP, (*reading).misp},
		{"misp-galaxy", isGalaxy, (*reading).galaxy},
		{"misp-manifest", isManifest, (*reading).manifest},
		{"misp-hashes", isHashes, (*reading).hashes},
		{"stix", isSTIX, (*reading).stix},
		{"warninglist", isWarninglist, (*reading).warninglist},
		{"pdf", isPDF, (*reading).pdf},
		{"html", isHTML, (*reading).html},
		{"csv", isCSV, (*reading).table},
		{"list", isList, (*reading).list},
		{"markdown", isMarkdown, (*reading).markdown},
		{"text", isText, (*reading).text},
	}
}

// Formats returns the names of the formats.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// find returns the format called name, or else the one that the content has.
func find(name string, head []byte, path string) (*format, error) {
	all := formats()
	if name != "" {
		i := slices.IndexFunc(all, func(f format) bool { return f.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%q is no format: it is one of %s", name, strings.Join(Formats(), ", "))
		}
		return &all[i], nil
	}
	if len(bytes.TrimSpace(head)) == 0 {
		return nil, errEmpty
	}
	for i := range all {
		if all[i].is(head, path) {
			return &all[i], nil
		}
	}
	return nil, unknown(head)
}

// unknown says what to do about content of no known format.
func unknown(head []byte) error {
	switch trimmed := bytes.TrimSpace(head); {
	case bytes.Contains(head, []byte("http://stix.mitre.org/")):
		return errors.New("STIX 1 in XML: convert it with OASIS's stix-elevator first")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("binary data of no format that is read here")
	case trimmed[0] == '{' || trimmed[0] == '[':
		return errors.New("JSON, but no STIX, MISP event, galaxy or warninglist: say --format if it is one")
	}
	return fmt.Errorf("of no format that is known here: say --format, one of %s", strings.Join(Formats(), ", "))
}

// shape is what the beginning of a JSON value shows: the names of its members,
// or of those of its first element, and the values of those that are strings.
type shape struct {
	keys    []string
	strings map[string]string
	inner   []string // names of the members of the first member that is an object
}

func (s shape) has(names ...string) bool {
	for _, n := range names {
		if !slices.Contains(s.keys, n) {
			return false
		}
	}
	return true
}

// shapeOf looks at JSON that may be cut; ok is false for what is none.
func shapeOf(head []byte) (s shape, ok bool) {
	d := jsontext.NewDecoder(bytes.NewReader(head), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	s.strings = map[string]string{}
	for d.PeekKind() == '[' && d.StackDepth() < 2 {
		d.ReadToken()
	}
	if d.PeekKind() != '{' {
		return s, false
	}
	d.ReadToken()
	for d.PeekKind() == '"' && len(s.keys) < 100 {
		t, err := d.ReadToken()
		if err != nil {
			break
		}
		key := t.String()
		s.keys = append(s.keys, key)
		if d.PeekKind() == '{' && s.inner == nil {
			s.inner = innerKeys(d)
			continue
		}
		v, err := d.ReadValue()
		if err != nil {
			break
		}
		if v.Kind() == '"' {
			if text, err := jsontext.AppendUnquote(nil, v); err == nil {
				s.strings[key] = string(text)
			}
		}
	}
	return s, len(s.keys) > 0
}

// innerKeys reads an object and returns the names of its members.
func innerKeys(d *jsontext.Decoder) []string {
	keys := []string{}
	d.ReadToken()
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return keys
		}
		keys = append(keys, t.String())
		if d.SkipValue() != nil {
			return keys
		}
	}
	d.ReadToken()
	return keys
}

func isSTIX(head []byte, _ string) bool {
	s, ok := shapeOf(head)
	if !ok {
		return false
	}
	_, _, id := strings.Cut(s.strings["id"], "--")
	return s.strings["type"] == "bundle" || s.has("type") && id || s.has("type", "spec_version") || s.has("objects") ||
		stix.ClassOf(s.strings["type"]) != stix.Custom && s.has("id")
}

// isEmptyEnvelope reports whether head is an answer of TAXII that holds no
// objects (TAXII 2.1, section 3.7).
func isEmptyEnvelope(head []byte) bool {
	s, _ := shapeOf(head)
	other := slices.ContainsFunc(s.keys, func(k string) bool { return k != "more" && k != "next" })
	return string(bytes.TrimSpace(head)) == "{}" || s.has("more") && !other
}

// named reports whether the last part of a path has one of the endings.
func named(file string, endings ...string) bool {
	return slices.Contains(endings, strings.ToLower(path.Ext(file)))
}
