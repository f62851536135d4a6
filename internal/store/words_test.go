package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// put indexes texts in batches as imports do, and returns the rows of words.
func put(t testing.TB, rows []WordsRow, batches [][]string) []WordsRow {
	t.Helper()
	added := int64(0)
	for _, batch := range batches {
		p := &Plan{complete: make(chan struct{})}
		close(p.complete)
		for _, text := range batch {
			added++
			p.words.add(added, []byte(text))
		}
		size, recent := 0, []WordsRow(nil)
		for _, r := range rows {
			if r.Bucket == Recent {
				size += len(r.Data)
				recent = append(recent, r)
			}
		}
		fresh, resort, err := p.Words(size, func() ([]WordsRow, error) { return recent, nil })
		if err != nil {
			t.Fatal(err)
		}
		if resort {
			rows = slices.DeleteFunc(rows, func(r WordsRow) bool { return r.Bucket == Recent })
		}
		for _, f := range fresh {
			if slices.ContainsFunc(rows, func(r WordsRow) bool { return r.Bucket == f.Bucket && r.Added == f.Added }) {
				t.Fatalf("bucket %d has two rows of %d", f.Bucket, f.Added)
			}
		}
		rows = append(rows, fresh...)
	}
	return rows
}

// naive returns which of the texts have all phrases.
func naive(batches [][]string, query string) []int64 {
	var found []int64
	added := int64(0)
	for _, batch := range batches {
		for _, text := range batch {
			added++
			has := true
			for _, field := range strings.Fields(query) {
				phrase := string(appendWords(nil, []byte(field)))
				has = has && strings.Contains(" "+text+" ", " "+phrase+" ")
			}
			if has {
				found = append(found, added)
			}
		}
	}
	return found
}

// What the index finds is what reading every text finds.
func TestFindIsExact(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	r := rand.New(rand.NewPCG(1, 2))
	sorted := false
	for round := range 12 {
		var batches [][]string
		for range 1 + r.IntN(6) {
			var batch []string
			for range []int{0, 1, 30, 20000}[r.IntN(4)] {
				var words []string
				for range r.IntN(12) {
					words = append(words, fmt.Sprint("w", int(r.ExpFloat64()*4)))
				}
				if r.IntN(3) == 0 {
					words = append(words, fmt.Sprint("unique", r.Uint32()), strings.Repeat("long", r.IntN(25)))
				}
				batch = append(batch, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
			}
			batches = append(batches, batch)
		}
		rows := put(t, nil, batches)
		sorted = sorted || slices.ContainsFunc(rows, func(r WordsRow) bool { return r.Bucket != Recent })
		for _, query := range []string{"w0", "w1 w2", "w1.w2", "w2-w1-w0", "w1.w1", "w9 w0.w0", "w30", "absent w0", "w0 w0", fmt.Sprintf("w%d.w%d w%d", r.IntN(9), r.IntN(9), r.IntN(9))} {
			s, err := parseSearch(query)
			if err != nil {
				t.Fatal(err)
			}
			matches, err := s.find(slices.Clone(rows))
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for i, m := range matches {
				got = append(got, m.added)
				if i > 0 && m.score > matches[i-1].score {
					t.Fatal("not the best first")
				}
			}
			slices.Sort(got)
			if want := naive(batches, query); !slices.Equal(got, want) {
				t.Fatalf("round %d, %q: found %d objects, want %d", round, query, len(got), len(want))
			}
		}
	}
	if !sorted {
		t.Error("no batch was large enough to be sorted")
	}
}

// Words that come more often, or in a shorter text, make a better match.
func TestFindRanks(t *testing.T) {
	rows := put(t, nil, [][]string{{"shell " + strings.Repeat("other ", 200) + "end", "a shell", "shell shell", "nothing"}})
	s, _ := parseSearch("shell")
	matches, err := s.find(rows)
	if err != nil || len(matches) != 3 || matches[0].added != 3 || matches[1].added != 2 || matches[2].added != 1 {
		t.Error(matches, err)
	}
}

func TestSearchOfTooManyWords(t *testing.T) {
	var b strings.Builder
	for i := range maxWords + 1 {
		fmt.Fprintf(&b, "w%d ", i)
	}
	if _, err := parseSearch(b.String()); err == nil || !strings.Contains(err.Error(), "65; leave some out") {
		t.Error(err)
	}
}

// A damaged index gives an error or fewer objects, and comes to an end.
func FuzzFind(f *testing.F) {
	for _, r := range put(f, nil, [][]string{{"evil example com", "com evil example evil", "x"}}) {
		f.Add(r.Data, "evil.example com")
	}
	f.Add([]byte("\x01a\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "a")
	f.Fuzz(func(t *testing.T, data []byte, query string) {
		s, err := parseSearch(query)
		if err != nil || len(s.words) == 0 {
			return
		}
		matches, err := s.find([]WordsRow{{0, 1, data}, {Recent, 2, data}})
		if err == nil && len(matches) > len(data) {
			t.Errorf("%d objects in %d bytes", len(matches), len(data))
		}
	})
}

// The text of an object is words of letters and digits with single spaces
// between, whatever the object says.
func FuzzAppendText(f *testing.F) {
	f.Add([]byte(`{"name":"Shell of \u00c9milie","x":["[evil.example]",{"source_ref":"a"}],"id":"x"}`))
	f.Add([]byte(`{"a":"\ud83d\u0000 \`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		text := string(AppendText(nil, raw))
		if len(text) > maxText {
			t.Errorf("%d bytes", len(text))
		}
		if again := string(appendWords(nil, []byte(text))); len(text) < maxText && again != text {
			t.Errorf("%q are the words of %q", again, text)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	batch := make([]string, 100000)
	size := 0
	for i := range batch {
		batch[i] = fmt.Sprintf("host%d example%d com malware command and control", i, i%1000)
		size += len(batch[i])
	}
	rows := put(b, nil, [][]string{batch})
	for name, query := range map[string]string{"rare": "host77.example77.com", "common": "com malware"} {
		b.Run(name, func(b *testing.B) {
			s, _ := parseSearch(query)
			var few []WordsRow
			for _, r := range rows {
				if slices.ContainsFunc(s.words, func(w string) bool { return bucketOf(w) == r.Bucket }) {
					few = append(few, r)
				}
			}
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := s.find(few); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
