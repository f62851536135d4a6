package sigma

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A set of literals finds what looking for each alone finds.
func FuzzLiterals(f *testing.F) {
	f.Add("\\cmd.exe|>.exe|<c:\\|=c:\\cmd.exe|powershell|/c|x||>", `c:\cmd.exe /c powershell x`)
	f.Add("abcd|bcda|cdab|abc|ab|a", "abcdabcdab")
	f.Fuzz(func(t *testing.T, spec, value string) {
		var list []literal
		for _, s := range strings.Split(spec, "|") {
			w := contained
			if s != "" {
				if i := strings.IndexByte("=<>", s[0]); i >= 0 {
					w, s = []where{equal, begins, ends}[i], s[1:]
				}
			}
			list = append(list, newLiteral(s, w))
		}
		checkLiterals(t, list, []byte(value))
	})
}

func TestManyLiterals(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "abc.\\"[rng.IntN(5)]
		}
		return string(b)
	}
	for i := range 100 {
		var list []literal
		for range rng.IntN(200) {
			if i%2 == 0 {
				list = append(list, newLiteral(text(rng.IntN(9)), where(rng.IntN(4))))
			} else { // long enough to step over bytes
				list = append(list, newLiteral(text(4+i%9+rng.IntN(5)), contained))
			}
		}
		for range 20 {
			checkLiterals(t, list, []byte(text(rng.IntN(40))))
		}
	}
}

func checkLiterals(t *testing.T, list []literal, v []byte) {
	t.Helper()
	set := newLiterals(list)
	got := set.find(v, nil)
	slices.Sort(got)
	got = slices.Compact(got)
	var want []int32
	for i := range list {
		if list[i].matches(v) {
			want = append(want, int32(i))
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("in %q found %v, want %v of %v", v, got, want, list)
	}
	if set.absent(v) && len(want) > 0 {
		t.Fatalf("in %q nothing, want %v of %v", v, want, list)
	}
}

// What is absent from a value as it stands is not in it folded either.
func TestAbsent(t *testing.T) {
	words := []string{"mimikatz", "\\evil\\pipe", "k-lists", "ⱥⱥⱥⱥⱥⱥ", "[attack]_1"}
	var list []literal
	for _, w := range words {
		list = append(list, newLiteral(w, contained))
	}
	set := newLiterals(list)
	for _, w := range words {
		for lead := range 9 {
			for _, upper := range []string{strings.ToUpper(w), strings.ReplaceAll(w, "k", "\u212a"), strings.ReplaceAll(w, "ⱥ", "Ⱥ")} {
				v := []byte("########"[:lead] + upper + "##")
				low, _ := appendFold(nil, v)
				if set.absent(v) || len(set.find(low, nil)) != 1 {
					t.Errorf("%q: absent %t, found %v", v, set.absent(v), set.find(low, nil))
				}
			}
		}
	}
	for _, v := range []string{"", "mimi", "A logon was attempted using explicit credentials."} {
		if !set.absent([]byte(v)) {
			t.Errorf("%q may hold something", v)
		}
	}
}

// Globs match as the regular expression that says the same.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "aXXbYc")
	f.Add("*a*a*a*b", "aaaaaaaaaaaaaaaac")
	f.Add("??", "é!")
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if !isText(pattern) || !isText(value) || len(pattern) > 100 {
			return
		}
		var p Pattern
		re := "(?s)^"
		for _, r := range pattern {
			switch r {
			case '*':
				p, re = append(p, Part{Kind: Any}), re+".*"
			case '?':
				p, re = append(p, Part{Kind: One}), re+"."
			default:
				p, re = append(p, Part{Kind: Literal, Literal: string(r)}), re+regexp.QuoteMeta(string(r))
			}
		}
		want := regexp.MustCompile(re + "$").MatchString(value)
		if got := p.glob([]byte(value)); got != want {
			t.Fatalf("%q matches %q: %v, want %v", pattern, value, got, want)
		}
		if l, ok := p.simple(); ok && l.matches([]byte(value)) != want {
			t.Fatalf("%q as literal %+v: %q, want %v", pattern, l, value, want)
		}
	})
}

func isText(s string) bool { return strings.ToValidUTF8(s, "\x00") == s }

// Folding is lower case by character, whatever the alignment.
func FuzzFold(f *testing.F) {
	f.Add([]byte(`C:\Windows\System32\CMD.EXE /C echo ÄÖÜ`))
	f.Add([]byte("K\xffABC\xc3"))
	f.Fuzz(func(t *testing.T, v []byte) {
		if !isText(string(v)) {
			return
		}
		orig := bytes.Clone(v)
		got, _ := appendFold([]byte("before"), v)
		if want := bytes.ToLower(v); !bytes.Equal(got, want) {
			t.Fatalf("%q folded to %q, want %q", v, got, want)
		}
		if !bytes.Equal(v, orig) {
			t.Fatal("the value was changed")
		}
	})
}

// Every match of an expression contains one of its required literals.
func TestRequired(t *testing.T) {
	for _, c := range []struct {
		re   string
		want []string
	}{
		{`foo.*barbaz`, []string{"barbaz"}},
		{`(?i)FOO`, []string{"foo"}},
		{`(?:get|post)\s+/x`, []string{"get", "post"}},
		{`a+b`, nil},
		{`x*`, nil},
		{`(abc)+d?`, []string{"abc"}},
		{`(abc)*de`, []string{"de"}},
		{`[0-9]{4}-cmd`, []string{"-cmd"}},
		{`ab|.`, nil},
	} {
		if got := required(c.re).any; !slices.Equal(got, c.want) {
			t.Errorf("%s requires %q, want %q", c.re, got, c.want)
		}
	}
}

func BenchmarkLiterals(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	var list []literal
	for range 3000 {
		s := make([]byte, 5+rng.IntN(15))
		for i := range s {
			s[i] = "abcdefghijklmnopqrstuvwxyz-. /\\"[rng.IntN(31)]
		}
		list = append(list, newLiteral(string(s), contained))
	}
	set := newLiterals(list)
	v := []byte(`"c:\program files (x86)\microsoft\edge\application\msedge.exe" --type=renderer --lang=en-us --js-flags=--ms-user-locale= --device-scale-factor=1`)
	b.SetBytes(int64(len(v)))
	var hits []int32
	for b.Loop() {
		hits = set.find(v, hits[:0])
	}
}

func BenchmarkFold(b *testing.B) {
	v := []byte(`C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule and some more Text`)
	b.SetBytes(int64(len(v)))
	var buf []byte
	for b.Loop() {
		_, buf = appendFold(buf[:0], v)
	}
}
