package stix

import (
	"bytes"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// oracle reads the common properties by the JSON package alone.
func oracle(raw []byte) (c Common, err error) {
	err = json.Unmarshal(raw, &c)
	return c, err
}

// agree compares Parse with the oracle.
func agree(t *testing.T, raw []byte) {
	t.Helper()
	raw = bytes.TrimSpace(raw)
	o := &Object{raw: raw}
	s := scanner{b: raw}
	err := checkText(raw)
	if err == nil && len(raw) > 0 && raw[0] == '{' {
		err = s.object(o.set)
	} else if err == nil {
		err = errNoObject
	}
	if err == nil && s.i != len(raw) {
		err = errSyntax
	}
	want, wantErr := oracle(raw)
	if wantErr == nil && string(raw) == "null" {
		wantErr = errNoObject
	}
	if err == errDepth {
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: %v, want %v", raw, err, wantErr)
	}
	if err == nil && !reflect.DeepEqual(o.Common, want) {
		t.Fatalf("%q:\ngot  %+v\nwant %+v", raw, o.Common, want)
	}
}

func TestParseAgreesWithJSON(t *testing.T) {
	for _, raw := range []string{
		one, two, marked, `{}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `{"a":[{"b":1,"b":2}]}`, `{"a":"\ud800"}`, `{"a":"\ud83d\ude00"}`,
		`{"a":"\udc00"}`, `{"a":"` + "\xff" + `"}`, `{"a":"` + "\x01" + `"}`, `{"a":01}`, `{"a":-}`, `{"a":1.}`, `{"a":1e}`, `{"a":1e+5,"b":-0.1E-2}`, `{"a":tru}`, `{"a"}`,
		`{"a":1,}`, `{,}`, `{"a":[1,]}`, `{"a":[}`, `{"a":1}}`, `{"a":1} x`, `{"revoked":null,"labels":null,"type":null,"confidence":null}`, `{"labels":[null,"a"]}`, `{"labels":[]}`,
		`{"confidence":1.0}`, `{"confidence":1e1}`, `{"confidence":-5}`, `{"revoked":1}`, `{"external_references":[null,{"source_name":"\u0041","hashes":{"MD5":"a"},"x":[1]}]}`,
		`{"external_references":[{"source_name":1}]}`, `{"created":"2021-02-30T00:00:00Z"}`, `{"created":"2021-02-28T23:59:60Z"}`, `{"created":"2021-01-31T00:00:00.123456Z"}`,
		`{"created":"2021-01-01T00:00:00.12Z"}`, `{"created":"0000-01-01T00:00:00Z"}`, `{"created":null}`, `{"created":"2021-01-01T24:00:00Z"}`, `{"created":"+021-01-01T00:00:00Z"}`,
		`{"extensions":{"a":{"b":1 , "c":[ ]}}}`, `{"extensions":[]}`, `{"granular_markings":[{"selectors":["a"],"lang":"en"}]}`, `{"Type":"a","TYPE":"b"}`, `[]`, `null`, ``, `1`, `{"a":"\u12"}`, `{"a":"\x"}`, `{"a":"`,
	} {
		agree(t, []byte(raw))
	}
	many := "{"
	for i := range 100 {
		many += `"` + strings.Repeat("n", i) + `":1,`
	}
	agree(t, []byte(many+`"x":1}`))
	agree(t, []byte(many+`"`+strings.Repeat("n", 99)+`":1}`))
	agree(t, []byte(many+`"nn":1}`))
}

func FuzzParse(f *testing.F) {
	for _, raw := range []string{one, two, marked, `{"a":1,"\u0061":2,"created":"2021-01-31T00:00:00.123Z","external_references":[{"source_name":"a"}]}`} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) { agree(t, raw) })
}

func BenchmarkParse(b *testing.B) {
	var objects [][]byte
	size := 0
	for r := NewReader(attackBundle(b)); ; {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		objects = append(objects, o.Raw())
		size += len(o.Raw())
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		for _, raw := range objects {
			Parse(raw)
		}
	}
}
