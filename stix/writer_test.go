package stix

import (
	"bytes"
	"io"
	"testing"
)

// Section 8: what a Writer writes is a bundle, and gives its objects back to
// the byte.
func TestWriter(t *testing.T) {
	for _, raws := range [][]string{
		nil,
		{`{"type":"url","spec_version":"2.1", "id":"url--c1477287-23ac-5971-a010-5c287877fa60","value" : "https://example.com/"}`},
		{`{"type":"x-own","id":"x-own--c1477287-23ac-4971-a010-5c287877fa60"}`, "{\n\"type\":\"x-own\",\"id\":\"x-own--c1477287-23ac-4971-a010-5c287877fa61\"}"},
	} {
		var b bytes.Buffer
		w := NewWriter(&b)
		for _, raw := range raws {
			o, err := Parse([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		bundle, err := Parse(bytes.Clone(b.Bytes()))
		if err != nil {
			t.Fatalf("%v: %s", err, b.String())
		}
		for _, p := range Validate(bundle) {
			if p.Must && p.Path == "" {
				t.Errorf("%s: %s", b.String(), p)
			}
		}
		if len(raws) == 0 {
			continue
		}
		r := NewReader(&b)
		for _, raw := range raws {
			if o, err := r.Next(); err != nil || string(o.Raw()) != raw {
				t.Errorf("%v, want %s", err, raw)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Error(err)
		}
	}
}
