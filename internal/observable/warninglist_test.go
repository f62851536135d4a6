package observable

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// misp loads and compiles all warninglists of MISP.
func misp(t testing.TB) *Warninglists {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(shared(t, "misp/warninglists"), "*", "list.json"))
	if err != nil || len(files) != 125 {
		t.Fatal(err, len(files))
	}
	var lists []*Warninglist
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		l, err := LoadWarninglist(b)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		lists = append(lists, l)
	}
	w, err := NewWarninglists(lists...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestWarninglistsOfMISP(t *testing.T) {
	w := misp(t)
	for _, c := range []struct {
		kind        Kind
		text        string
		list, entry string
	}{
		{MD5, "d41d8cd98f00b204e9800998ecf8427e", "List of known hashes with common false-positives (based on Florian Roth input list)", "d41d8cd98f00b204e9800998ecf8427e"},
		{IPv4, "192.168.7.1", "List of RFC 1918 CIDR blocks", "192.168.0.0/16"},
		{IPv6, "::ffff:10.0.0.1", "List of RFC 1918 CIDR blocks", "10.0.0.0/8"},
		{CIDR, "10.1.0.0/16", "List of RFC 1918 CIDR blocks", "10.0.0.0/8"},
		{IPv6, "2001:db8::1", "List of RFC 3849 CIDR blocks", "2001:db8::/32"},
		{Domain, "google.com", "Top 1000 website from Alexa", "google.com"},
		{Domain, "mail.google.com", "Top 1000 website from Alexa", "google.com"},
		{URL, "https://www.02bancorp.com/login", "List of known bank domains", "02bancorp.com"},
		{Email, "abuse@tocsin.example", "Common contact e-mail addresses", `/^(security|noc|soc|abuse)\@.*\..*$/i`},
		{Domain, "evil-tocsin-test.example", "", ""},
		{IPv4, "45.153.243.142", "", ""},
		{SHA256, strings.Repeat("ab", 32), "", ""},
		{FileName, "google.com", "", ""}, // the lists are of domains
	} {
		o, err := Parse(c.kind, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if list, entry, ok := w.Check(o); list != c.list || entry != c.entry || ok != (c.list != "") {
			t.Errorf("Check(%v) = %q, %q, %v; want %q, %q", o, list, entry, ok, c.list, c.entry)
		}
	}
}

func TestWarninglistTypes(t *testing.T) {
	var lists []*Warninglist
	for _, s := range []string{
		`{"name":"s","type":"string","list":["A.example",".dot.example"],"matching_attributes":["domain","url"]}`,
		`{"name":"p","type":"substring","list":["bad"],"matching_attributes":["email-src"]}`,
		`{"name":"h","type":"hostname","list":["h.example","B\u00fccher.example"],"matching_attributes":["hostname","url"]}`,
		`{"name":"c","type":"cidr","list":["192.0.2.9","192.0.2.0/25"],"matching_attributes":["domain|ip"]}`,
		`{"name":"i","type":"cidr","list":["192.0.2.0/24"],"matching_attributes":["ip-dst|port"]}`,
		`{"name":"r","type":"regex","list":["/^x+$/i"],"matching_attributes":["mutex"]}`,
		`{"name":"none","type":"string","list":["a"],"matching_attributes":["phone-number"]}`,
	} {
		l, err := LoadWarninglist([]byte(s))
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, l)
	}
	w, err := NewWarninglists(lists...)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind              Kind
		text, list, entry string
	}{
		{Domain, "a.example", "s", "a.example"},
		{Domain, "b.a.example", "", ""},
		{Domain, "x.dot.example", "s", "dot.example"},
		{URL, "http://a.example/", "s", "a.example"},
		{URL, "http://a.example/evil", "", ""},
		{URL, "http://x.h.example:8080/evil", "h", "h.example"},
		{Domain, "xh.example", "", ""},
		{Domain, "bücher.example", "h", "xn--bcher-kva.example"},
		{Email, "a@notbad.example", "p", "bad"},
		{Domain, "bad.example", "", ""},
		{IPv4, "192.0.2.9", "i", "192.0.2.0/24"},
		{CIDR, "192.0.0.0/16", "", ""},
		{Mutex, "XXX", "r", "/^x+$/i"},
		{Mutex, "xy", "", ""},
	} {
		o, err := Parse(c.kind, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if list, entry, _ := w.Check(o); list != c.list || entry != c.entry {
			t.Errorf("Check(%v) = %q, %q; want %q, %q", o, list, entry, c.list, c.entry)
		}
	}
}

func TestWarninglistErrorsNameWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		`[]`: "read warninglist",
		`{"type":"string","list":[],"matching_attributes":[]}`:                           "it has no name",
		`{"name":"n","type":"glob","list":[],"matching_attributes":[]}`:                  `"n": its type is none of string`,
		`{"name":"n","type":"string","list":[" "],"matching_attributes":[]}`:             "empty or longer",
		`{"name":"n","type":"cidr","list":["10.0.0.0/99"],"matching_attributes":[]}`:     `"n": entry "10.0.0.0/99"`,
		`{"name":"n","type":"regex","list":["x"],"matching_attributes":["md5"]}`:         "between slashes",
		`{"name":"n","type":"regex","list":["/(/"],"matching_attributes":["md5"]}`:       "missing closing",
		`{"name":"n","type":"string","list":[{"a":1}],"matching_attributes":["md5"]}`:    "cannot unmarshal",
		`{"name":"n","type":"string","list":["a"],"matching_attributes":["md5"]}garbage`: "invalid character",
	} {
		l, err := LoadWarninglist([]byte(in))
		if err == nil {
			_, err = NewWarninglists(l)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q in it", in, err, want)
		}
	}
}

func FuzzWarninglist(f *testing.F) {
	f.Add(`{"name":"n","type":"hostname","list":[".a.example","192.0.2.0/24"],"matching_attributes":["domain|ip"]}`, "http://a.example/")
	f.Add(`{"name":"n","type":"regex","list":["/a/ig"],"matching_attributes":["md5"]}`, "192.0.2.1")
	f.Fuzz(func(_ *testing.T, in, text string) {
		l, err := LoadWarninglist([]byte(in))
		if err != nil {
			return
		}
		w, err := NewWarninglists(l)
		if err != nil {
			return
		}
		for k := Domain; k < kinds; k++ {
			if o, err := Parse(k, text); err == nil {
				w.Check(o)
			}
		}
	})
}

func BenchmarkWarninglistsCheck(b *testing.B) {
	w := misp(b)
	b.ReportAllocs()
	for _, c := range []struct {
		kind Kind
		text string
	}{{Domain, "a.b.evil-tocsin-test.example"}, {IPv4, "45.153.243.142"}, {Email, "someone@evil-tocsin-test.example"}, {SHA256, strings.Repeat("ab", 32)}} {
		o, err := Parse(c.kind, c.text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.kind.String(), func(b *testing.B) {
			b.SetBytes(int64(len(o.Value)))
			for b.Loop() {
				w.Check(o)
			}
		})
	}
}
