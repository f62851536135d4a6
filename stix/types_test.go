package stix

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// shared returns the path of test data from others, and skips where it is not.
func shared(t testing.TB, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{"..", "..", "shared", "data", "stix"}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared test data is not there")
	}
	return p
}

// readAll returns the objects of a file; each must be readable.
func readAll(t testing.TB, file string) []*Object {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []*Object
	for r := NewReader(f); ; {
		o, err := r.Next()
		if o == nil && err.Error() == "EOF" {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, o)
	}
}

func parse(t testing.TB, raw string) *Object {
	t.Helper()
	o, err := Parse([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Section 2.9. The 73 UUIDv5 identifiers printed in the examples of section 6
// do not follow from their contents (oasis-tcs/cti-stix2, issue 318);
// testdata/observable-ids.txt has those that do, in the order of the examples,
// as OASIS's own stix2 3.0.2 derives them.
func TestObservableID(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("testdata", "observable-ids.txt"))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(string(list))
	n := 0
	for _, o := range readAll(t, shared(t, "sco-examples-bundle.json")) {
		if o.ID.UUID()[14] != '5' {
			continue
		}
		if got := string(ObservableID(o)); n < len(want) && got != want[n] {
			t.Errorf("got %s, want %s from %s", got, want[n], o.Raw())
		}
		n++
	}
	if n != 73 || len(want) != 73 {
		t.Errorf("%d identifiers derived of %d, want 73", n, len(want))
	}
}

func TestObservableIDIsRandomWithoutContributingProperties(t *testing.T) {
	o := parse(t, `{"type":"process","id":"process--d2ec5aab-808d-4492-890a-3c1a1e3cb06e","pid":1}`)
	if a, b := ObservableID(o), ObservableID(o); a == b || a.UUID()[14] != '4' {
		t.Error(a, b)
	}
}

func TestMakeAndAs(t *testing.T) {
	at := Timestamp{time.Date(2021, 3, 2, 10, 0, 0, 0, time.UTC)}
	in := &Indicator{Name: "web shell", Pattern: "[file:name = 'a.aspx']", PatternType: "stix", ValidFrom: at}
	in.Created = at
	o, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"indicator","spec_version":"2.1","id":"` + string(in.ID) + `","created":"2021-03-02T10:00:00.000Z","modified":"2021-03-02T10:00:00.000Z",` +
		`"name":"web shell","pattern":"[file:name = 'a.aspx']","pattern_type":"stix","valid_from":"2021-03-02T10:00:00.000Z"}`
	if string(o.Raw()) != want {
		t.Errorf("got  %s\nwant %s", o.Raw(), want)
	}
	back, err := As[Indicator](o)
	if err != nil || back.Pattern != in.Pattern || back.ID != o.ID || !back.ValidFrom.Equal(at.Time) {
		t.Errorf("%+v, %v", back, err)
	}
	if _, err := As[Malware](o); err == nil {
		t.Error("an indicator is no malware")
	}
	if _, err := Make(&Tool{Name: "no time"}); err == nil {
		t.Error("section 3.2: created is required")
	}
	if _, err := As[Indicator](parse(t, `{"type":"indicator","id":"indicator--d2ec5aab-808d-4492-890a-3c1a1e3cb06e","pattern":1}`)); err == nil {
		t.Error("a pattern that is a number")
	}
}

func TestMakeObservable(t *testing.T) {
	f := &File{Name: "a92e5b2bae.exe", Hashes: Hashes{"SHA-1": "5374e08903744ceeaedd8f5e1bfc06b2c4688e76", "MD5": "a92e5b2bae0b4b3a3d81c85610b95cd4"}}
	f.ParentDirectoryRef = "directory--255cb0e4-8bdb-5d63-bb32-9c6f0b733ab2"
	if _, err := Make(f); err != nil || f.ID != "file--ba8965d8-e4ec-5f9c-a4df-1c460994ca58" {
		t.Error(f.ID, err)
	}
	if err := SetExtension(&f.Common, &NTFSExt{SID: "1234"}); err != nil {
		t.Fatal(err)
	}
	o, err := Make(f)
	if err != nil {
		t.Fatal(err)
	}
	ext, ok, err := Extension[NTFSExt](&o.Common)
	if err != nil || !ok || ext.SID != "1234" {
		t.Error(ext, ok, err)
	}
}

// A custom type is read and written through a struct of its user.
func TestCustomType(t *testing.T) {
	type tactic struct {
		Common
		Shortname string `json:"x_mitre_shortname"`
	}
	v := &tactic{Shortname: "impact"}
	v.Type, v.Created = "x-mitre-tactic", Timestamp{time.Unix(1, 0)}
	o, err := Make(v)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := As[tactic](o); err != nil || back.Shortname != "impact" {
		t.Error(back, err)
	}
}

// The structs know every property that the published examples of observables
// use.
func TestTypesKnowAllProperties(t *testing.T) {
	for _, o := range readAll(t, shared(t, "sco-examples-bundle.json")) {
		for name := range members(o.Raw()) {
			if schemaOf[o.Type].byName[string(name)] == nil {
				t.Errorf("%s: no property %s", o.Type, name)
			}
		}
	}
}

func TestRefs(t *testing.T) {
	const a, b = "identity--023d105b-752e-4e3c-941c-7d3f3cb15e9e", "file--023d105b-752e-4e3c-941c-7d3f3cb15e9e"
	o := parse(t, `{"type":"x-a", "id":"x-a--023d105b-752e-4e3c-941c-7d3f3cb15e9e","created_by_ref": "`+a+`" , "object_refs":["`+a+`","`+b+`", "0"],
		"name_ref":{"other":"`+b+`"},"extensions":{"archive-ext":{"contains_refs" : [ "`+b+`" ]}},"list":[{"x\u005fref":"`+a+`"}],"empty_refs":[],"e":{}}`)
	var got []string
	for path, id := range o.Refs {
		got = append(got, path+" "+id.Type())
	}
	want := []string{"created_by_ref identity", "object_refs.[0] identity", "object_refs.[1] file", "extensions.archive-ext.contains_refs.[0] file", "list.[0].x_ref identity"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	for range o.Refs {
		break
	}
}

func TestTLPMarkings(t *testing.T) {
	for level := TLPClear; level <= TLPRed; level++ {
		o, err := Make(level.Marking())
		if err != nil {
			t.Fatal(err)
		}
		ext, ok, err := Extension[TLP2](&o.Common)
		if err != nil || !ok || ext.Level != level.String() || TLPOf(o.ID) != level || level.MarkingID() != o.ID {
			t.Errorf("%s", o.Raw())
		}
	}
	if TLPNone.Marking() != nil || TLPNone.MarkingID() != "" || TLPOf("") != TLPNone {
		t.Error("TLPNone is marked")
	}
	if TLPOf("marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9") != TLPClear {
		t.Error("white of TLP 1 is clear")
	}
}

func BenchmarkRefs(b *testing.B) {
	o := parse(b, two)
	b.SetBytes(int64(len(two)))
	for b.Loop() {
		for range o.Refs {
			b.Fatal("there is none")
		}
	}
}

// What Make returns is what Parse reads of it.
func TestMakeIsParsed(t *testing.T) {
	at := Timestamp{time.Date(2021, 3, 2, 9, 5, 7, 40e6, time.FixedZone("", 3600))}
	confidence := 0
	common := Common{Created: at, Labels: []string{"a\u2028\"b\""}, ObjectMarkingRefs: []ID{TLPGreen.MarkingID()}, CreatedByRef: NewID("identity")}
	full := common
	full.Confidence, full.ExternalReferences = &confidence, []ExternalReference{{SourceName: "x"}}
	full.Extensions = map[string]jsontext.Value{"x": jsontext.Value(`{ "a" : 1 }`)}
	for _, v := range []interface{ common() *Common }{
		&Tool{Common: common, Name: "x"}, &Tool{Common: full, Name: "x"}, &DomainName{Value: "example.org"},
		&Tool{Common: Common{Created: at, Labels: []string{}, ObjectMarkingRefs: []ID{}}}, &MarkingDefinition{Common: Common{Created: at}},
		&Tool{Common: Common{Created: at, Modified: Timestamp{at.Add(time.Nanosecond)}}}, &Tool{Common: Common{Created: Timestamp{time.Date(1, 1, 1, 0, 0, 0, 1, time.UTC)}}},
		&struct {
			Common
			Raw jsontext.Value `json:"x_raw"`
		}{Common{Type: "x-custom", Created: at}, jsontext.Value(strings.Repeat("[", MaxDepth-1) + strings.Repeat("]", MaxDepth-1))},
	} {
		made, err := Make(v)
		if err != nil {
			t.Error(err)
			continue
		}
		read, err := Parse(made.Raw())
		if err != nil || !reflect.DeepEqual(made, read) {
			t.Errorf("%v: made\n%+v, read\n%+v", err, made, read)
		}
	}
	for _, v := range []interface{ common() *Common }{
		&Tool{Common: Common{ID: "tool--1", Created: at}}, &Tool{Common: Common{ID: NewID("malware"), Created: at}},
		&Tool{Common: Common{Created: Timestamp{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}}, &Tool{Common: common, Name: "\xff"},
		&struct {
			Common
			Raw jsontext.Value `json:"x_raw"`
		}{Common{Type: "x-custom", Created: at}, jsontext.Value(strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth))},
	} {
		if made, err := Make(v); err == nil {
			t.Errorf("made %s", made.Raw())
		}
	}
}
