package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Parts that the malformed inputs are made of.
const (
	uuid1 = "00000000-0000-4000-8000-000000000001"
	uuid2 = "00000000-0000-4000-8000-000000000002"
	times = `"spec_version":"2.1","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z"`
)

// malformed are inputs of which nothing may be taken in, and what must be said
// of each.
func malformed(t *testing.T) []struct{ name, content, says string } {
	t.Helper()
	sdo := func(typ, properties string) string {
		return `{"type":"` + typ + `","id":"` + typ + `--` + uuid1 + `",` + times + `,` + properties + `}`
	}
	bundle := func(objects string) string {
		return `{"type":"bundle","id":"bundle--` + uuid1 + `","objects":[` + objects + `]}`
	}
	tool := sdo("tool", `"name":"x"`)
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	return []struct{ name, content, says string }{
		// The stream
		{"empty.json", "", ""},
		{"blank.json", "  \n\t ", "empty"},
		{"cut-bundle.json", `{"type":"bundle","id":"bundle--` + uuid1 + `","objects":[`, "the stream ends"},
		{"cut-object.json", bundle(tool)[:len(bundle(tool))-20], "the stream ends"},
		{"cut-string.json", `{"type":"bundle","objects":[{"type":"tool","name":"abc`, "the stream ends"},
		{"cut-escape.json", `{"type":"tool","id":"tool--` + uuid1 + `","name":"abc\`, "the stream ends"},
		{"no-value.json", bundle(`{"type":"tool","id":}`), "byte"},
		{"two-commas.json", bundle(`{"type":"tool",,"name":"x"}`), "JSON"},
		{"no-colon.json", bundle(`{"type" "tool"}`), "JSON"},
		{"single-quotes.json", bundle(`{'type':'tool'}`), "JSON"},
		{"comment.json", bundle(`{"type":"tool" /* x */}`), "JSON"},
		{"trailing.json", bundle(`{"type":"tool","name":"x",}`), "JSON"},
		{"bare-word.json", bundle(`{"type":tool}`), "JSON"},
		{"number-object.json", bundle("17"), "object"},
		{"string-object.json", bundle(`"tool"`), "object"},
		{"null-object.json", bundle("null"), "object"},
		{"array-object.json", bundle("[1,2]"), "object"},
		{"deep-10000.json", bundle(`{"type":"tool","id":"tool--` + uuid1 + `","x":` + deep(10_000) + `}`), "deep"},
		{"deep-objects.json", bundle(strings.Repeat(`{"type":"tool","x":`, 10_000) + "1" + strings.Repeat("}", 10_000)), "deep"},
		{"only-brackets.json", strings.Repeat("[", 10_000), ""},
		{"duplicate-key.json", bundle(`{"type":"tool","id":"tool--` + uuid1 + `",` + times + `,"name":"x","name":"y"}`), "twice"},
		{"duplicate-escaped.json", bundle(`{"type":"tool","id":"tool--` + uuid1 + `",` + times + `,"name":"x","\u006eame":"y"}`), "twice"},
		{"duplicate-deep.json", bundle(sdo("tool", `"name":"x","x_a":{"b":1,"b":2}`)), "twice"},
		{"bad-utf8.json", bundle(sdo("tool", `"name":"`+"\xff\xfe"+`"`)), "UTF-8"},
		{"latin1.json", bundle(sdo("tool", `"name":"caf`+"\xe9"+`"`)), "UTF-8"},
		{"lone-surrogate.json", bundle(sdo("tool", `"name":"\ud800"`)), "UTF-"},
		{"bad-escape.json", bundle(sdo("tool", `"name":"\q"`)), "JSON"},
		{"control-in-string.json", bundle(sdo("tool", "\"name\":\"a\x01b\"")), "JSON"},
		{"gigantic-string.json", bundle(sdo("tool", `"name":"`+strings.Repeat("A", 17<<20)+`"`)), "larger"},
		{"gigantic-number.json", bundle(sdo("tool", `"name":"x","confidence":`+strings.Repeat("9", 400))), "confidence"},
		{"many-brackets.json", bundle(strings.Repeat("]", 1000)), "JSON"},
		// Identifiers and types
		{"no-type.json", bundle(`{"id":"tool--` + uuid1 + `","name":"x"}`), "type"},
		{"type-number.json", bundle(`{"type":7,"id":"tool--` + uuid1 + `"}`), "type"},
		{"no-id.json", bundle(`{"type":"tool",` + times + `,"name":"x"}`), "id"},
		{"id-of-other-type.json", bundle(`{"type":"tool","id":"malware--` + uuid1 + `",` + times + `,"name":"x"}`), "type"},
		{"id-no-uuid.json", bundle(`{"type":"tool","id":"tool--1234",` + times + `,"name":"x"}`), "UUID"},
		{"id-path.json", bundle(`{"type":"tool","id":"../../etc/passwd",` + times + `,"name":"x"}`), "id"},
		{"id-number.json", bundle(`{"type":"tool","id":17,` + times + `,"name":"x"}`), "id"},
		{"bundle-in-bundle.json", bundle(bundle(tool)), "bundle within a bundle"},
		{"type-upper.json", bundle(`{"type":"Tool","id":"Tool--` + uuid1 + `",` + times + `,"name":"x"}`), "id"},
		// Properties
		{"no-name.json", bundle(sdo("tool", `"description":"x"`)), "name"},
		{"name-number.json", bundle(sdo("tool", `"name":17`)), "name"},
		{"name-null.json", bundle(sdo("tool", `"name":null`)), "null"},
		{"empty-list.json", bundle(sdo("tool", `"name":"x","labels":[]`)), "labels"},
		{"labels-string.json", bundle(sdo("tool", `"name":"x","labels":"a"`)), "labels"},
		{"confidence-range.json", bundle(sdo("tool", `"name":"x","confidence":101`)), "confidence"},
		{"confidence-string.json", bundle(sdo("tool", `"name":"x","confidence":"high"`)), "confidence"},
		{"revoked-string.json", bundle(sdo("tool", `"name":"x","revoked":"yes"`)), "revoked"},
		{"upper-property.json", bundle(sdo("tool", `"name":"x","Own":1`)), "lower-case"},
		{"no-created.json", bundle(`{"type":"tool","spec_version":"2.1","id":"tool--` + uuid1 + `","name":"x"}`), "created"},
		{"created-word.json", bundle(strings.Replace(tool, "2021-03-02T00:00:00.000Z", "yesterday", 1)), "created"},
		{"created-month-13.json", bundle(strings.Replace(tool, "2021-03-02T", "2021-13-02T", 1)), "created"},
		{"created-zone.json", bundle(strings.Replace(tool, "000Z", "000+01:00", 1)), "created"},
		{"modified-before.json", bundle(strings.Replace(tool, `"modified":"2021`, `"modified":"2020`, 1)), "modified"},
		{"no-pattern.json", bundle(sdo("indicator", `"pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"`)), "pattern"},
		{"until-before-from.json", bundle(sdo("indicator", `"pattern":"[url:value='x']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z","valid_until":"2021-03-01T00:00:00Z"`)), "valid_until"},
		{"ref-of-wrong-type.json", bundle(sdo("tool", `"name":"x","created_by_ref":"malware--`+uuid2+`"`)), "created_by_ref"},
		{"ref-no-id.json", bundle(sdo("tool", `"name":"x","object_marking_refs":["secret"]`)), "object_marking_refs"},
		{"relationship-no-target.json", bundle(sdo("relationship", `"relationship_type":"uses","source_ref":"tool--`+uuid1+`"`)), "target_ref"},
		{"relationship-to-itself-as-text.json", bundle(sdo("relationship", `"relationship_type":"uses","source_ref":"me","target_ref":"me"`)), "source_ref"},
		{"selector-nowhere.json", bundle(sdo("tool", `"name":"x","granular_markings":[{"marking_ref":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","selectors":["nothing.here"]}]`)), "selector"},
		{"marks-itself.json", bundle(`{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--` + uuid1 + `","created":"2021-03-02T00:00:00.000Z","definition_type":"statement","definition":{"statement":"x"},"object_marking_refs":["marking-definition--` + uuid1 + `"]}`), "itself"},
		{"hex-odd.json", bundle(`{"type":"file","spec_version":"2.1","id":"file--` + uuid1 + `","name":"x","magic_number_hex":"abc"}`), "magic_number_hex"},
		{"file-nothing.json", bundle(`{"type":"file","spec_version":"2.1","id":"file--` + uuid1 + `"}`), "file"},
		{"latitude-alone.json", bundle(sdo("location", `"latitude":51.5`)), "longitude"},
		{"latitude-range.json", bundle(sdo("location", `"latitude":151.5,"longitude":1`)), "latitude"},
		{"hash-name.json", bundle(`{"type":"file","spec_version":"2.1","id":"file--` + uuid1 + `","hashes":{"MD5":"xyz"}}`), "hashes"},
		{"cyclic-extension.json", bundle(sdo("tool", `"name":"x","extensions":{"extension-definition--`+uuid1+`":{"extension_type":"everything"}}`)), "extension"},
		// Other forms
		{"other.json", `{"hello":"world"}`, "no STIX"},
		{"stix1.xml", `<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1"></stix:STIX_Package>`, "stix-elevator"},
		{"binary.bin", "MZ\x90\x00\x03\x00\x00\x00\x04", "binary"},
		{"warninglist.json", `{"name":"x","list":"all","type":"cidr","matching_attributes":["ip-dst"]}`, "list"},
		{"bomb.json.gz", gzipped(`{"type":"bundle","objects":[{"type":"tool","name":"` + strings.Repeat("A", 150<<20)), "unpacks to more"},
		{"zeros.gz", gzipped(strings.Repeat("\x00", 10<<20)), "binary"},
		{"cut.json.gz", gzipped(bundle(tool))[:40], "gzip"},
		{"crc.json.gz", wrongCRC(gzipped(bundle(tool)[:60])), ""},
		{"nested.gz", nested(8, `{"type":"bundle"}`), "packed more than"},
		{"encrypted.zip", encrypted(t), "encrypted"},
		{"overlap.zip", "PK\x03\x04" + strings.Repeat("\x00", 40), "zip"},
		{"cut.tar", tarred(bundle(tool))[:700], "tar"},
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write([]byte(s))
	z.Close()
	return b.String()
}

func wrongCRC(z string) string {
	b := []byte(z)
	b[len(b)-6] ^= 0xff
	return string(b)
}

func nested(n int, s string) string {
	for range n {
		s = gzipped(s)
	}
	return s
}

func encrypted(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "a.json", Flags: 1, Method: zip.Store})
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("secret"))
	z.Close()
	return b.String()
}

func tarred(s string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	w.WriteHeader(&tar.Header{Name: "a.json", Size: int64(len(s)), Mode: 0o600})
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

// Every malformed input gets an error that names it, and changes nothing.
func TestMalformed(t *testing.T) {
	cases := malformed(t)
	if len(cases) < 60 {
		t.Errorf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			db, file := filepath.Join(dir, "t.db"), filepath.Join(dir, c.name)
			if err := os.WriteFile(file, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			code := run([]string{"import", "--db", db, file}, strings.NewReader(""), &out, &errs)
			if c.content != "" && (code != exitFailed || !strings.Contains(errs.String(), c.name)) || !strings.Contains(errs.String(), c.says) {
				t.Errorf("exit code %d, %.600s%.200s", code, errs.String(), out.String())
			}
			if len(errs.String()) > 8<<10 {
				t.Errorf("%d bytes of error", errs.Len())
			}
			out.Reset()
			if run([]string{"stats", "--json", "--db", db}, nil, &out, &errs); out.String() != fmt.Sprintln(`{"objects":0,"types":{}}`) {
				t.Errorf("taken in: %s", out.String())
			}
		})
	}
}
