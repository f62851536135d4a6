package sigma

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

// The automaton says what package regexp says.
func FuzzAutomaton(f *testing.F) {
	for _, re := range []string{
		`a`, `^a$`, `(?m)^b$`, `\bfoo\b`, `\Bo`, `(?i)straße|K`, `a.c`, `(?s)a.c`, `[^a-c]+x`, `(a|ab)(c|bcd)(d*)`, `\x{10FFFF}`, ``, `$`, `a{2,5}b`, `\A\z`, `(?i)ſ`, `\s[a-f0-9]{8}\s`,
	} {
		f.Add(re, []byte("foo ab\ncd a\xff STRASSE abcd 0123abcd éK"))
	}
	f.Fuzz(func(t *testing.T, source string, v []byte) {
		if len(source) > 100 || len(v) > 1000 {
			return
		}
		re, err := regexp.Compile(source)
		if err != nil {
			return
		}
		a := newAutomaton(re)
		for range 2 { // with empty and with filled tables
			if got, want := a.match(v), re.Match(v); got != want {
				t.Fatalf("%q in %q: %v, want %v", source, v, got, want)
			}
		}
	})
}

// The expressions of SigmaHQ's rules, on text made to come close.
func TestAutomatonOnSigmaHQ(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	seen := map[string]bool{}
	var walk func(x Expr)
	walk = func(x Expr) {
		switch x := x.(type) {
		case And:
			for _, kid := range x {
				walk(kid)
			}
		case Or:
			for _, kid := range x {
				walk(kid)
			}
		case Not:
			walk(x.X)
		case *Atom:
			if x.Op == Regexp {
				seen[x.Text] = true
			}
		}
	}
	for _, r := range sigmaHQ(t) {
		walk(r.Detection)
	}
	bytes := []byte("\\ aA1.\"'%{}()[]-/:;,+*=é\n")
	for source := range seen {
		re := regexp.MustCompile(source)
		a := newAutomaton(re)
		if a.prog == nil {
			t.Errorf("%s is not built", source)
		}
		for range 50 {
			v := []byte{}
			for range rng.IntN(20) {
				if rng.IntN(2) == 0 && len(source) > 2 {
					i := rng.IntN(len(source) - 1)
					v = append(v, source[i:min(len(source), i+1+rng.IntN(8))]...)
				} else {
					v = append(v, bytes[rng.IntN(len(bytes))])
				}
			}
			if got, want := a.match(v), re.Match(v); got != want {
				t.Errorf("%s in %q: %v, want %v", source, v, got, want)
			}
		}
	}
	if len(seen) < 140 {
		t.Errorf("only %d expressions", len(seen))
	}
}

// An expression whose states are without end is still answered, in bounded
// tables.
func TestAutomatonStaysSmall(t *testing.T) {
	re := regexp.MustCompile(`[ab]*a[ab]{14}c`)
	a := newAutomaton(re)
	rng := rand.New(rand.NewPCG(13, 14))
	for range 300 {
		v := make([]byte, 600)
		for i := range v {
			v[i] = "ab"[rng.IntN(2)]
		}
		v[rng.IntN(len(v))] = 'c'
		if got, want := a.match(v), re.Match(v); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
		if len(a.next) > maxTable {
			t.Fatalf("table of %d", len(a.next))
		}
	}
	if a.flushed == 0 {
		t.Error("the tables were never full: the test says nothing")
	}
}

func BenchmarkAutomaton(b *testing.B) {
	v := []byte(`"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe" --type=renderer --lang=en-US --js-flags=--ms-user-locale= --device-scale-factor=1`)
	re := regexp.MustCompile(`\\[a-zA-Z0-9]{1,32}\.[a-zA-Z0-9]{1,6}\.[ "']{1}`)
	b.Run("automaton", func(b *testing.B) {
		a := newAutomaton(re)
		b.SetBytes(int64(len(v)))
		for b.Loop() {
			a.match(v)
		}
	})
	b.Run("regexp", func(b *testing.B) {
		b.SetBytes(int64(len(v)))
		for b.Loop() {
			re.Match(v)
		}
	})
}
