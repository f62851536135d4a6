package stix

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func attackBundle(t testing.TB) io.Reader {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "shared", "data", "attack", "enterprise-attack-18.1.stix21.json.gz"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared test data is not there")
	}
	t.Cleanup(func() { f.Close() })
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestReaderReadsAttack(t *testing.T) {
	r := NewReader(attackBundle(t))
	n := 0
	for {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if o.Created.IsZero() && o.Type != "marking-definition" {
			t.Fatal(o.ID)
		}
		n++
	}
	if n != 24771 {
		t.Errorf("%d objects, want 24771", n)
	}
}

const (
	one = `{"type":"identity","spec_version":"2.1","id":"identity--023d105b-752e-4e3c-941c-7d3f3cb15e9e","name":"a } \" ]"}`
	two = `{"type":"tool","id":"tool--023d105b-752e-4e3c-941c-7d3f3cb15e9e","objects":{"0":[1,{"a":2}]}}`
)

// A stream is whatever people send; damage costs the object it is in.
func TestReader(t *testing.T) {
	bundle := `{"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[` + one + `,` + two + `]}`
	for name, c := range map[string]struct {
		text string
		want string // names of the objects, ! for one lost; ends with X when the stream does
	}{
		"empty":            {"", ""},
		"object":           {one, "identity"},
		"bundle":           {bundle, "identity tool"},
		"bundles":          {bundle + "\n" + bundle, "identity tool identity tool"},
		"keys behind":      {`{"objects":[` + one + `],"id":"x","spec_version":"2.0","more":[{},{"objects":1}]}` + two, "identity tool"},
		"envelope":         {`{"more":true,"next":"1","objects":[` + one + `]}`, "identity"},
		"no objects":       {`{"objects":[]}`, ""},
		"array":            {"[" + one + ",\n" + two + "]", "identity tool"},
		"lines":            {one + "\n" + two + "\n", "identity tool"},
		"byte order mark":  {"\xEF\xBB\xBF" + bundle, "identity tool"},
		"trailing comma":   {`{"objects":[` + one + `,]}`, "identity"},
		"not an object":    {`{"objects":[1,` + one + `,"x",null,[` + two + `]]}`, "! identity ! ! !"},
		"duplicate name":   {`{"objects":[{"type":"tool","type":"tool","id":"` + "tool--023d105b-752e-4e3c-941c-7d3f3cb15e9e" + `"},` + one + `]}`, "! identity"},
		"bad UTF-8":        {`{"objects":[{"type":"to` + "\xff" + `ol"},` + one + `]}`, "! identity"},
		"missing comma":    {`{"objects":[{"type" "tool"},` + one + `]}`, "! identity"},
		"id of other type": {`[{"type":"tool","id":"malware--023d105b-752e-4e3c-941c-7d3f3cb15e9e"}` + one + `]`, "! identity"},
		"cut":              {bundle[:len(bundle)-30], "identity X"},
		"cut at the end":   {bundle[:len(bundle)-1], "identity tool X"},
		"cut in list":      {bundle[:len(bundle)-2], "identity tool X"},
		"text":             {"hello", "X"},
		"stray bracket":    {"[}" + one + "]", "! identity"},
		"too deep":         {`[` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `,` + one + `]`, "! identity"},
		"too large":        {`[{"type":"tool","name":"` + strings.Repeat("x", 5000) + `"},` + one + `]`, "! identity"},
		"bundle of one":    {`{"objects":[` + strings.Repeat(one+",", 100) + one + `]}`, strings.Repeat("identity ", 100) + "identity"},
	} {
		for _, wrap := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader} {
			r := NewReader(wrap(strings.NewReader(c.text)))
			r.MaxObject = 2000
			var got []string
			for len(got) < 200 {
				o, err := r.Next()
				if err == io.EOF {
					break
				}
				if lost := (*ObjectError)(nil); errors.As(err, &lost) {
					if lost.Error() == "" || lost.Offset < 0 || lost.Offset > int64(len(c.text)) {
						t.Errorf("%s: %v", name, err)
					}
					got = append(got, "!")
					continue
				}
				if err != nil {
					got = append(got, "X")
					break
				}
				got = append(got, o.Type)
				if raw := string(o.Raw()); raw != one && raw != two {
					t.Errorf("%s: %s", name, raw)
				}
			}
			want := strings.Fields(c.want)
			if strings.Join(got, " ") != strings.Join(want, " ") && name != "too deep" {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(`{"type":"bundle","objects":[` + one + `,` + two + `]}` + one))
	f.Add([]byte(`[` + one + `]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(strings.NewReader(string(b)))
		r.MaxObject = 1 << 10
		for n := 0; ; n++ {
			o, err := r.Next()
			if lost := (*ObjectError)(nil); err != nil && !errors.As(err, &lost) {
				return
			}
			if n > len(b) {
				t.Fatal("more objects than bytes")
			}
			if o != nil && !strings.Contains(string(b), string(o.Raw())) {
				t.Fatalf("%s is not from the stream", o.Raw())
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	data, err := io.ReadAll(attackBundle(b))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		r := NewReader(strings.NewReader(string(data)))
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			}
		}
	}
}

// An object beyond the limit is none, however much of it one read brings.
func TestReaderLimitInOneRead(t *testing.T) {
	const limit = 64 << 10
	object := func(n int) string {
		return `{"type":"x-own","id":"x-own--c1477287-23ac-4971-a010-5c287877fa60","x":"` + strings.Repeat("a", n) + `"}`
	}
	frame := len(object(0))
	r := NewReader(strings.NewReader("[" + object(limit-frame) + "," + object(limit-frame+1) + "," + object(0) + "]"))
	r.MaxObject = limit
	var got []string
	for {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			got = append(got, "too large")
			continue
		}
		got = append(got, strconv.Itoa(len(o.Raw())-frame))
	}
	if want := "[" + strconv.Itoa(limit-frame) + " too large 0]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
