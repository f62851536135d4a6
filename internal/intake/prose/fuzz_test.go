package prose

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// FuzzRead holds what holds for any text: nothing panics, offsets are within
// the text, words within their sentence, and drafts break no MUST of STIX.
func FuzzRead(f *testing.F) {
	f.Add(report)
	f.Add("US, allies condemn China over 'malicious' acts: official\n\"They paid $1,500 million,\" he said. \"T1059.\n001.\"\n-\nA\n-\nB c d e\n")
	f.Add("The Ministry of Truth (MT) uses hackers, allegedly linked to MT; MT denies it was accused by the US of the Exchange Server hack.")
	f.Add("In May 2021, on Monday, last week, 2021-02-30, 31 June 2020 and next year 1,2,3,000.5.6 million dozen people.")
	f.Add("France, Germany, the EU and NATO united. \xff\xfe T1-\n190 attributed it to S0039 – Net (S0039) “Play”")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		d := &Document{Source: "fuzz", Text: text, Published: time.Unix(1626652800, 0).UTC()}
		said := Read(d, Options{})
		for _, s := range said {
			if s.Start < 0 || s.Start >= s.End || s.End > len(text) || s.Sentence.Start > s.Start || s.Sentence.End < s.End || s.Sentence.End > len(text) {
				t.Fatalf("%s at %v in sentence %v of %d bytes", s.Kind, s.Span, s.Sentence, len(text))
			}
			if !strings.Contains(s.Sentence.In(text), s.In(text)) {
				t.Fatalf("%q is not in %q", s.In(text), s.Sentence.In(text))
			}
			for _, r := range s.Roles {
				if r.Start < 0 || r.Start >= r.End || r.End > len(text) {
					t.Fatalf("role %s at %v", r.Name, r.Span)
				}
			}
		}
		objects, err := Drafts(d, said)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range objects {
			for _, p := range stix.Validate(o) {
				if p.Must {
					t.Fatalf("%v\n%s", p, o.Raw())
				}
			}
		}
	})
}

// FuzzLoad holds that no page and no Markdown makes the readers panic, and
// that their text is valid UTF-8.
func FuzzLoad(f *testing.F) {
	f.Add("<html><title>A</title><nav>x</nav><main><p>One <b>two</b><br>three<ul><li>four</ul><table><tr><td>a<td>b</table></main>")
	f.Add("---\ntitle: A\ndate: 2021-07-19\n---\n# B\n\n**c** `d_e` [f](http://g) <http://h> | i |\n\n- j <!-- k\n--> l\n```\nm\n```\n")
	f.Add("<script>a</script><pre> b\n c</pre><article><time datetime=2021-07-19T00:00:00Z>d</time></nav>&lt;&#0;")
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []Format{HTML, Markdown, Text} {
			d, err := Load(strings.NewReader(text), format)
			if err != nil {
				continue
			}
			if d.Text != strings.ToValidUTF8(d.Text, "�") || d.Title != strings.ToValidUTF8(d.Title, "�") {
				t.Fatalf("%s: %q is no UTF-8", format, d.Text)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	d := load(b, news, Text)
	d.Text = strings.Repeat(d.Text[:strings.Index(d.Text, "\n-\n")]+"\n", 100)
	english()
	b.SetBytes(int64(len(d.Text)))
	for b.Loop() {
		Read(d, Options{})
	}
}

func BenchmarkDrafts(b *testing.B) {
	d := load(b, "advisory/aa21-200b.txt", Text)
	said := Read(d, Options{})
	b.SetBytes(int64(len(d.Text)))
	for b.Loop() {
		if _, err := Drafts(d, said); err != nil {
			b.Fatal(err)
		}
	}
}
