package stix

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// musts returns the broken MUSTs of o, one a line.
func musts(o *Object) string {
	var b strings.Builder
	for _, p := range Validate(o) {
		if p.Must {
			fmt.Fprintln(&b, p)
		}
	}
	return b.String()
}

func walk(t *testing.T, root string, visit func(name string, raw []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(file) != ".json" {
			return err
		}
		raw, err := os.ReadFile(file)
		if err == nil {
			visit(filepath.ToSlash(strings.TrimPrefix(file, root+string(filepath.Separator))), raw)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The test cases and examples of STIX 2.1 Interoperability, committee
// specification draft 1: all are kept to the byte, and none breaks a MUST
// except where what was published does.
func TestInterop(t *testing.T) {
	published := map[string]string{
		"testcases/malware/tc-3.12.3.1-create-malware-object.json":                       "objects.[1]: id", // the last group has 11 digits
		"testcases/report/tc-3.16.3.1-create-report-object.json":                         "objects.[1].published",
		"examples/attack-pattern/ex-3.1.4.2-leverage-externally-defined-frameworks.json": "objects.[1]: id",
		"examples/confidence/ex-3.3.4.1-confidence-indicator-internal-validation.json":   "objects.[3].is_family",
		"examples/note/ex-3.13.4.1-note-on-sighting-of-malware.json":                     "objects.[2].is_family",
		"testcases/harness/missing-sidecar.json":                                         "objects: the list is empty",
	}
	seen := map[string]int{}
	root := shared(t, "interop")
	walk(t, root, func(name string, raw []byte) {
		kind, _, _ := strings.Cut(name, "/")
		if kind != "testcases" && kind != "examples" {
			return
		}
		if !strings.Contains(name, "/common/") && !strings.Contains(name, "/harness/") {
			seen[kind]++
		}
		bundle, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if !bytes.Equal(bundle.Raw(), bytes.TrimSpace(raw)) {
			t.Errorf("%s: other bytes", name)
		}
		broken := musts(bundle)
		if want, ok := published[name]; ok != (broken != "") || !strings.Contains(broken, want) {
			t.Errorf("%s: %s", name, broken)
		}
		for r := NewReader(bytes.NewReader(raw)); ; {
			o, err := r.Next()
			if err == io.EOF {
				break
			}
			if err == nil && !bytes.Contains(raw, o.Raw()) {
				t.Errorf("%s: other bytes of %s", name, o.ID)
			}
		}
	})
	if seen["testcases"] != 44 || seen["examples"] != 40 {
		t.Errorf("%v, want 44 test cases and 40 examples", seen)
	}
}

// Files that others made for a validator, valid or broken as they are named.
func TestValidateFixtures(t *testing.T) {
	broken := regexp.MustCompile(`invalid|empty|missing|wrong|bad|before|without|out-of-range|neither|both|no-(name|prop|prot)|mismatch|not-in|end-with|payload-and|length|with-sro|objects-sro|tlp1`)
	// The clause that the file breaks, although it was not made to.
	besides := map[string]string{
		"bundle/bundle-minimal.json":                 "4.11", // is_family is required
		"bundle/bundle-with-relationship-refs.json":  "4.11",
		"sdo/malware-minimal.json":                   "4.11",
		"common/sdo_confidence.json":                 "4.1", // name is required
		"common/sdo_minimal.json":                    "4.1",
		"sco/email-message-body-with-multipart.json": "", // its identifier is none
	}
	for _, folder := range []string{"spec", "validation"} {
		walk(t, shared(t, folder), func(name string, raw []byte) {
			if !bytes.Contains(raw, []byte(`"type"`)) {
				return // a part of an object
			}
			o, err := Parse(raw)
			if err != nil {
				if _, ok := besides[name]; !ok && !broken.MatchString(name) {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			problems := Validate(o)
			clause, exempt := besides[name]
			switch found := musts(o); {
			case exempt && !strings.Contains(found, "section "+clause+")"):
				t.Errorf("%s: no problem of section %s: %v", name, clause, problems)
			case broken.MatchString(name) && len(problems) == 0 && name != "bundle/bundle-missing-ref.json":
				t.Errorf("%s: no problem found", name)
			case !broken.MatchString(name) && !exempt && found != "":
				t.Errorf("%s: %s", name, found)
			}
		})
	}
}

// Parts of objects in the fixtures: extensions and external references.
func TestValidateParts(t *testing.T) {
	bodies := map[string]string{"ntfs-ext": "file", "archive-ext": "file", "pdf-ext": "file", "raster-image-ext": "file", "windows-pebinary-ext": "file", "http-request-ext": "network-traffic", "icmp-ext": "network-traffic", "socket-ext": "network-traffic", "tcp-ext": "network-traffic", "windows-process-ext": "process", "windows-service-ext": "process", "unix-account-ext": "user-account"}
	walk(t, shared(t, "spec", "sco", "extensions"), func(name string, raw []byte) {
		for ext, typ := range bodies {
			if !strings.HasPrefix(name, ext) {
				continue
			}
			o := parse(t, `{"type":"`+typ+`","id":"`+string(NewID(typ))+`","pid":1,"name":"a","user_id":"a","protocols":["tcp"],"src_ref":"ipv4-addr--b4e29b62-2053-47c4-bab4-bbce39e5ed67","extensions":{"`+ext+`":`+string(raw)+`}}`)
			bad := strings.Contains(name, "invalid") || strings.Contains(name, "bad")
			if problems := Validate(o); bad && len(problems) < 2 || !bad && musts(o) != "" {
				t.Errorf("%s: %v", name, problems)
			}
		}
	})
}

// ATT&CK keeps every MUST; what it does beyond STIX is warned of.
func TestAttackKeepsEveryMust(t *testing.T) {
	for r := NewReader(attackBundle(t)); ; {
		o, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if found := musts(o); found != "" {
			t.Errorf("%s: %s", o.ID, found)
		}
	}
}

// Each rule by its clause: the object, and the path and section of the problem
// that it has.
func TestValidateClauses(t *testing.T) {
	const sdo = `"spec_version":"2.1","created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z",`
	for _, c := range []struct{ typ, rest, want string }{
		{"tool", `"created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"a"`, "spec_version 3.2"},
		{"tool", sdo + `"name":1`, "name 4.18"},
		{"tool", sdo + `"name":"a","aliases":"b"`, "aliases 2.12"},
		{"tool", sdo + `"name":"a","aliases":[]`, "aliases 2.12"},
		{"tool", sdo + `"name":"a","aliases":[null]`, "aliases.[0] 4.18"},
		{"tool", sdo + `"name":"a","Foo":1`, "Foo 3.1"},
		{"tool", sdo + `"name":"a","confidence":101`, "confidence 3.2"},
		{"tool", sdo + `"name":"a","created_by_ref":"tool--b4e29b62-2053-47c4-bab4-bbce39e5ed67"`, "created_by_ref 3.2"},
		{"tool", sdo + `"name":"a","object_marking_refs":["x"]`, "object_marking_refs.[0] 2.9"},
		{"tool", sdo + `"name":"a","external_references":[{"source_name":"a"}]`, "external_references.[0] 2.5"},
		{"tool", sdo + `"name":"a","external_references":[{"source_name":"a","url":"b","hashes":{"MD5":"0"}}]`, "external_references.[0].hashes.MD5 2.7"},
		{"tool", sdo + `"name":"a","granular_markings":[{"selectors":["name"]}]`, "granular_markings.[0] 7.2.3"},
		{"tool", sdo + `"name":"a","granular_markings":[{"lang":"en","selectors":["labels.[0]"]}]`, "granular_markings.[0].selectors.[0] 7.2.3.1"},
		{"tool", `"spec_version":"2.1","created":"2021-01-01T00:00:00Z","modified":"2021-01-01T00:00:00.000Z","name":"a"`, "created 3.2"},
		{"tool", `"spec_version":"2.1","created":"2021-01-02T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"a"`, "modified 3.2"},
		{"tool", sdo + `"name":"a","extensions":{"archive-ext":{"contains_refs":["file--b4e29b62-2053-47c4-bab4-bbce39e5ed67"]}}`, "extensions.archive-ext 6.7.3"},
		{"tool", sdo + `"name":"a","extensions":{"extension-definition--b4e29b62-2053-47c4-bab4-bbce39e5ed67":{}}`, "extensions.extension-definition--b4e29b62-2053-47c4-bab4-bbce39e5ed67.extension_type 7.3"},
		{"malware", sdo + `"is_family":true`, "name 4.11"},
		{"sighting", sdo + `"sighting_of_ref":"ipv4-addr--b4e29b62-2053-47c4-bab4-bbce39e5ed67"`, "sighting_of_ref 5.2"},
		{"relationship", sdo + `"relationship_type":"uses","source_ref":"relationship--b4e29b62-2053-47c4-bab4-bbce39e5ed67","target_ref":"tool--b4e29b62-2053-47c4-bab4-bbce39e5ed67"`, "source_ref 5.1"},
		{"artifact", `"url":"https://example.com"`, "hashes 6.1"},
		{"artifact", `"payload_bin":"%"`, "payload_bin 2.1"},
		{"artifact", `"payload_bin":"Zm9v","decryption_key":"a"`, "decryption_key 6.1"},
		{"autonomous-system", `"number":1.5`, "number 2.10"},
		{"autonomous-system", `"number":9007199254740992`, "number 2.10"},
		{"email-message", `"is_multipart":true,"body":"a"`, "body 6.6"},
		{"email-message", `"is_multipart":false,"additional_header_fields":{}`, "additional_header_fields 2.3"},
		{"file", `"name":"a","hashes":{"MD5":"0"}`, "hashes.MD5 2.7"},
		{"file", `"name":"a","magic_number_hex":"abc"`, "magic_number_hex 2.8"},
		{"file", `"name":"a","ctime":"2021-01-01"`, "ctime 2.16"},
		{"mac-addr", `"value":"D2:fb:49:24:37:18"`, "value 6.10"},
		{"network-traffic", `"protocols":["tcp"],"src_ref":"ipv4-addr--b4e29b62-2053-47c4-bab4-bbce39e5ed67","src_port":65536`, "src_port 6.12"},
		{"network-traffic", `"protocols":["tcp"]`, " 6.12"},
		{"process", `"x_a":1`, " 6.13"},
		{"process", `"environment_variables":{"a b":"c"}`, "environment_variables.a b 2.3"},
		{"windows-registry-key", `"values":[{"data_type":"REG_NO"}]`, "values.[0].data_type 6.17"},
		{"marking-definition", `"spec_version":"2.1","created":"2021-01-01T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"red"}`, "id 7.2.1.4"},
		{"language-content", sdo + `"object_ref":"tool--b4e29b62-2053-47c4-bab4-bbce39e5ed67","contents":{"d e":{}}`, "contents.d e 7.1"},
		{"x--a", `"a":1`, "type 3.1"},
	} {
		o, err := Parse([]byte(`{"type":"` + c.typ + `","id":"` + c.typ + `--f690c992-8e7d-4b9a-9303-3312616c0220",` + c.rest + `}`))
		if err != nil {
			if !strings.HasPrefix(c.typ, "x--") {
				// What Parse itself refuses is told by it.
				if path, _, _ := strings.Cut(c.want, " "); !strings.Contains(err.Error(), strings.Split(path, ".")[0]) {
					t.Errorf("%s: %v", c.rest, err)
				}
			}
			continue
		}
		problems := Validate(o)
		found := false
		for _, p := range problems {
			found = found || p.Must && p.Path+" "+p.Clause == c.want
		}
		if !found || len(problems) > 3 {
			t.Errorf("%s %s: want %s, got %v", c.typ, c.rest, c.want, problems)
		}
	}
}

func FuzzValidate(f *testing.F) {
	f.Add(one)
	f.Add(marked)
	f.Add(`{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[` + one + `,` + two + `]}`)
	f.Add(`{"type":"file","id":"file--5d0092c5-5f74-4287-9642-33f4c354e56d","hashes":{"MD5":"a"},"extensions":{"ntfs-ext":{"alternate_data_streams":[{}]}}}`)
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := Parse([]byte(raw))
		if err != nil {
			return
		}
		for _, p := range Validate(o) {
			if p.Clause == "" || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	var objects []*Object
	size := 0
	for r := NewReader(attackBundle(b)); len(objects) < 2000; {
		o, err := r.Next()
		if err != nil {
			b.Fatal(err)
		}
		objects = append(objects, o)
		size += len(o.Raw())
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		for _, o := range objects {
			Validate(o)
		}
	}
}
