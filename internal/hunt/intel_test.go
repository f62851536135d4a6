package hunt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/sigma"
	"github.com/tocsin-project/tocsin/stix"
)

// naive finds indicators as simply as can be: every token of a value is looked
// up in a map, every network and every domain asked in turn.
type naive struct {
	exact map[string][]int // "kind value"
	below map[int]string
	also  map[int]bool // below, and the domain itself
	nets  map[int]netip.Prefix
	whole map[int]string // literals, as they are written
}

var urlIn = regexp.MustCompile("^[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"<>`\\\\^\\x00-\\x20\\x7f]+")

// find returns the indicators that value has.
func (s *naive) find(value string) map[int]bool {
	hits := map[int]bool{}
	see := func(kind, v string) {
		for _, i := range s.exact[kind+" "+v] {
			hits[i] = true
		}
	}
	observable.Tokens([]byte(value), func(k observable.Kind, from, to int) bool {
		t := strings.ToLower(value[from:to])
		switch k {
		case observable.Domain, observable.FileName:
			see("filename", t)
			if k != observable.Domain {
				break
			}
			if o, err := observable.Parse(k, t); err == nil {
				t = o.Value
			} else if strings.ContainsFunc(t, func(r rune) bool { return r > 0x7f }) {
				break // no name that could be looked up
			}
			see("domain", t)
			for i, d := range s.below {
				if strings.HasSuffix(t, "."+d) || t == d && s.also[i] {
					hits[i] = true
				}
			}
		case observable.IPv4, observable.IPv6:
			a, err := netip.ParseAddr(t)
			if err != nil {
				break
			}
			see(k.String(), a.String())
			for i, n := range s.nets {
				if n.Contains(a) {
					hits[i] = true
				}
			}
		case observable.URL:
		case observable.Email:
			if o, err := observable.Parse(k, t); err == nil {
				t = o.Value
			}
			see("email", t)
		default:
			see(k.String(), t)
		}
		return true
	})
	for at := range value {
		if !strings.HasPrefix(value[at:], "://") {
			continue
		}
		from := at
		for from > 0 && isName(value[from-1]) && value[from-1] < 0x80 && value[from-1] != '_' {
			from--
		}
		for range 2 { // \nhttp
			if m := urlIn.FindString(value[from:]); m != "" {
				for end := len(m); end > 0; end-- {
					if end < len(m) && !strings.ContainsRune(".,;:)]}'|*", rune(m[end])) {
						continue
					}
					if o, err := observable.Parse(observable.URL, m[:end]); err == nil {
						see("url", o.Value)
					}
				}
			}
			if from == 0 || value[from-1] != '\\' || !strings.ContainsRune("bfnrt", rune(value[from])) {
				break
			}
			from++
		}
	}
	for i, text := range s.whole {
		for at := strings.Index(value, text); at >= 0 && !hits[i]; {
			end := at + len(text)
			if (at == 0 || !isName(value[at-1])) && (end == len(value) || !isName(value[end]) || !isName(text[len(text)-1])) {
				hits[i] = true
			}
			next := strings.Index(value[at+1:], text)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	}
	return hits
}

func isName(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

// knowledge makes n indicators of all kinds, an index of them, the slow one,
// and values to plant.
func knowledge(t *testing.T, r *rand.Rand, n int) (*intel.Index, *naive, []string) {
	t.Helper()
	s := &naive{exact: map[string][]int{}, below: map[int]string{}, also: map[int]bool{}, nets: map[int]netip.Prefix{}, whole: map[int]string{}}
	var b intel.Builder
	var plant []string
	words := []string{"ab", "evil", "x", "bad-one", "cdn", "nn", "tt7", "bücher"}
	domain := func() string {
		d := words[r.IntN(len(words))]
		for range r.IntN(3) {
			d += "." + words[r.IntN(len(words))]
		}
		return d + []string{".example", ".test", ".xn--p1ai"}[r.IntN(3)]
	}
	for i := range n {
		var pattern string
		var value string
		add := func(kind, property string) {
			k, err := observable.ParseKind(kind)
			if err != nil {
				t.Fatal(err)
			}
			o, err := observable.Parse(k, value)
			if err != nil {
				t.Fatal(err)
			}
			key := kind + " " + o.Value
			s.exact[key] = append(s.exact[key], i)
			pattern = fmt.Sprintf("[%s = '%s']", property, value)
		}
		digest := func(n int) string {
			var d strings.Builder
			for range n {
				d.WriteByte("0123456789abcdef"[r.IntN(16)])
			}
			return d.String()
		}
		switch r.IntN(12) {
		case 0, 1:
			value = domain()
			add("domain", "domain-name:value")
		case 2:
			value = domain()
			o, err := observable.Parse(observable.Domain, value)
			if err != nil {
				t.Fatal(err)
			}
			s.below[i] = o.Value
			if s.also[i] = r.IntN(2) == 0 && !strings.Contains(value, "ü"); s.also[i] {
				pattern = fmt.Sprintf(`[domain-name:value MATCHES '^(.+\\.)?%s$']`, strings.ReplaceAll(value, ".", `\\.`))
			} else {
				pattern = fmt.Sprintf("[domain-name:value LIKE '%%.%s']", value)
			}
			value = []string{"", "www."}[r.IntN(2)] + value
		case 3:
			value = fmt.Sprintf("%d.%d.%d.%d", 1+r.IntN(3), r.IntN(3), r.IntN(20), r.IntN(256))
			add("ipv4", "ipv4-addr:value")
		case 4:
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(1 + r.IntN(3)), byte(r.IntN(3)), byte(r.IntN(20)), 0}), 8+r.IntN(25)).Masked()
			s.nets[i] = p
			pattern, value = fmt.Sprintf("[ipv4-addr:value ISSUBSET '%s']", p), p.Addr().String()
		case 5:
			value = fmt.Sprintf("2001:db8::%x:%x", r.IntN(4), r.IntN(100)+1)
			add("ipv6", "ipv6-addr:value")
		case 6, 7:
			value = []string{"http", "https"}[r.IntN(2)] + "://" + []string{domain(), "1.2.3." + fmt.Sprint(r.IntN(256)), "intranet", "[2001:db8::7]"}[r.IntN(4)] + []string{"/", "/a/b.php", "/A?x=1&y=%2F", "/gate"}[r.IntN(4)]
			add("url", "url:value")
		case 8:
			value = digest(32)
			add("md5", "file:hashes.MD5")
		case 9:
			value = digest(64)
			add("sha256", "file:hashes.'SHA-256'")
		case 10:
			value = "user." + words[r.IntN(3)] + "@" + domain()
			add("email", "email-addr:value")
		case 11:
			if r.IntN(2) == 0 {
				value = []string{"evil", "nasty7", "tool"}[r.IntN(3)] + fmt.Sprint(r.IntN(30)) + []string{".exe", ".ps1", ".dll"}[r.IntN(3)]
				add("filename", "file:name")
				break
			}
			value = []string{"Evil Bot/1.0 (x)", "qzw", "A mutex of evil things", "EvilMutexOfTheBotnet"}[r.IntN(4)]
			s.whole[i] = value
			pattern = fmt.Sprintf("[mutex:name = '%s']", value)
		}
		raw, err := json.Marshal(map[string]string{
			"type": "indicator", "spec_version": "2.1", "id": fmt.Sprintf("indicator--00000000-0000-4000-8000-%012d", i),
			"created": "2021-03-05T00:00:00.000Z", "modified": "2021-03-05T00:00:00.000Z", "valid_from": "2021-03-05T00:00:00Z",
			"pattern": pattern, "pattern_type": "stix",
		})
		if err != nil {
			t.Fatal(err)
		}
		o, err := stix.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Add(o, "test"); err != nil {
			t.Fatal(err)
		}
		plant = append(plant, value)
	}
	x, stats := b.Build(time.Now())
	if stats.Indicators != n || stats.Patterns != 0 {
		t.Fatalf("%+v", stats)
	}
	return x, s, plant
}

// sentence returns a text with a few values in it, whole or a little changed.
func sentence(r *rand.Rand, plant []string) string {
	var b strings.Builder
	for range 1 + r.IntN(4) {
		v := plant[r.IntN(len(plant))]
		switch r.IntN(12) {
		case 0:
			v = strings.ToUpper(v)
		case 1:
			v = "x" + v
		case 2:
			v += string("x0.-_/:@,;)"[r.IntN(11)])
		case 3:
			v = "www." + v
		case 4:
			v = v[:len(v)-1]
		case 5:
			v = []string{"访问", "é", `\`, `\n`, `%2F`, `\\`, "//", "u0041", "http://"}[r.IntN(9)] + v
		case 6:
			v += []string{":443", ":80/a/b.php", "/gate,x", "?x=1", "é", `\`, "..", "://x"}[r.IntN(8)]
		}
		b.WriteString([]string{"", " ", "=", ":", ",", "(", "[", "|", "\\", "'", "GET ", "10:11:12.123 ", "a.b ", "12345678 ", "\t", "x@", ";", "<", "{"}[r.IntN(19)])
		b.WriteString(v)
	}
	return b.String()
}

// escaped writes s as a JSON string, some characters in other ways than needed.
func escaped(r *rand.Rand, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	odd := r.IntN(4) == 0
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		case c == '/' && r.IntN(2) == 0:
			b.WriteString(`\/`)
		case c == '&' && r.IntN(2) == 0, c > 0x7f && r.IntN(2) == 0, odd && r.IntN(20) == 0:
			fmt.Fprintf(&b, []string{`\u%04x`, `\u%04X`}[r.IntN(2)], c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Indicators are found exactly where a slow search finds them, in lines of
// text, of JSON with all its escapes and of CSV, whether blocks are parsed or
// swept, and all records are counted.
func TestIndicatorsAreFoundExactly(t *testing.T) {
	swept := 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		x, plain, plant := knowledge(t, r, 1+r.IntN(60))
		for _, form := range []string{"text", "json", "csv"} {
			var b strings.Builder
			want := map[string]bool{}
			lines := 150
			if form == "csv" {
				b.WriteString("time,what,who\n")
			}
			for i := range lines {
				number := i + 1
				s := strings.ReplaceAll(sentence(r, plant), "\n", " ")
				var values []string
				switch form {
				case "text":
					line := fmt.Sprintf("2021-03-02 10:%02d:%02d.%03d INFO %s", i/60, i%60, i, s)
					b.WriteString(line + "\n")
					values = []string{line}
				case "csv":
					number++
					line := fmt.Sprintf(`2021-03-02T10:%02d:%02dZ,"%s",ann`, i/60, i%60, strings.ReplaceAll(s, `"`, `""`))
					b.WriteString(line + "\n")
					values = []string{line}
				case "json":
					if r.IntN(3) == 0 {
						s = strings.ReplaceAll(s, " ", "\n")
					}
					other := sentence(r, plant)
					line := fmt.Sprintf(`{"time":"2021-03-02T10:%02d:%02dZ","message":%s,"n":%d,"inner":{"list":[%s,"x"]}}`, i/60, i%60, escaped(r, s), i, escaped(r, other))
					b.WriteString(line + "\n")
					var fields struct {
						Message string
						Inner   struct{ List []string }
					}
					if err := json.Unmarshal([]byte(line), &fields); err != nil {
						t.Fatalf("%v: %s", err, line)
					}
					values = append(fields.Inner.List, fields.Message)
				}
				for _, v := range values {
					for n := range plain.find(v) {
						want[fmt.Sprintf("%d %d", number, n)] = true
					}
				}
			}
			path := filepath.Join(t.TempDir(), "app."+form)
			if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			source := strings.Split(b.String(), "\n")
			for turn, size := range []int{1 << 20, 512, 3000, 3000} {
				rules := &sigma.Ruleset{}
				if turn == 3 { // all records are parsed, and put to a rule
					rules = sigma.Parse("x.yml", []byte("title: x\nlogsource: {category: x}\ndetection:\n  s: {a: b}\n  condition: s\n"), sigma.Options{})
				}
				in, err := logs.Open([]string{path}, logs.Options{BlockSize: size})
				if err != nil {
					t.Fatal(err)
				}
				got := map[string]bool{}
				h := &hunt.Hunt{Rules: rules, Intel: x, Workers: 2, From: hunt.Always, To: hunt.Forever}
				cov, err := h.Run(context.Background(), in, func(f *finding.Finding) error {
					var n int
					fmt.Sscanf(f.Indicator.ID[len("indicator--00000000-0000-4000-8000-"):], "%d", &n)
					key := fmt.Sprintf("%d %d", f.Source.Record, n)
					if got[key] {
						t.Errorf("%s found twice", key)
					}
					got[key] = true
					return nil
				})
				in.Close()
				if err != nil {
					t.Fatal(err)
				}
				if c := cov.Sources[0]; c.Records != uint64(lines) || c.Damaged != 0 || c.Format != form {
					t.Fatalf("seed %d: %+v, want %d records", seed, c, lines)
				}
				for _, diff := range []struct {
					a, b map[string]bool
					what string
				}{{want, got, "missed"}, {got, want, "found too much"}} {
					for key := range diff.a {
						if !diff.b[key] {
							var line, n int
							fmt.Sscanf(key, "%d %d", &line, &n)
							t.Fatalf("seed %d, %s in blocks of %d: %s: indicator %q in line %d: %s", seed, form, size, diff.what, plant[n], line, source[line-1])
						}
					}
				}
				swept += len(got)
			}
		}
	}
	if swept < 5_000 {
		t.Errorf("only %d hits: the test has become easy", swept)
	}
}
