package intel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// sequencesOf compiles one pattern as an Index would.
func sequencesOf(t testing.TB, source string) *Sequences {
	t.Helper()
	p, err := pattern.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	set, errs := compilePatterns([]*pattern.Pattern{p}, event.NewNames())
	if errs[0] != nil {
		t.Fatal(errs[0])
	}
	return (&Patterns{set: set}).NewSequences()
}

// run adds sightings written "second:bracket bracket" and returns the matches, as
// the records of their members.
func (s *Sequences) run(t testing.TB, sightings ...string) (found []string) {
	t.Helper()
	tell := func(q *Sequence) error {
		var members []string
		for _, m := range q.Members {
			members = append(members, fmt.Sprint(m.Record))
		}
		found = append(found, strings.Join(members, "+"))
		return nil
	}
	for i, text := range sightings {
		var second int64
		head, brackets, _ := strings.Cut(text, ":")
		fmt.Sscan(head, &second)
		for b := range strings.FieldsSeq(brackets) {
			h := s.p.Hit(int32(b[0] - '0'))
			if err := s.Add(h, second*1e9, Ref{Record: uint64(i + 1)}, tell); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.Close(tell); err != nil {
		t.Fatal(err)
	}
	return found
}

// Qualifiers count event time (STIX 2.1, sections 9.4.1 and 9.4.2).
func TestSequences(t *testing.T) {
	const a, b = "[process:pid = 1]", "[process:pid = 2]"
	for _, c := range []struct {
		pattern   string
		sightings []string
		want      []string
	}{
		{a + " FOLLOWEDBY " + b, []string{"10:0", "20:1"}, []string{"1+2"}},
		{a + " FOLLOWEDBY " + b, []string{"10:1", "20:0"}, nil},
		{a + " FOLLOWEDBY " + b, []string{"10:0", "10:1"}, []string{"1+2"}},
		{a + " AND " + b, []string{"10:1", "20:0"}, []string{"1+2"}},
		{a + " AND " + b, []string{"10:0 1"}, nil}, // one observation has one place
		{"(" + a + " FOLLOWEDBY " + b + ") WITHIN 5 SECONDS", []string{"10:0", "16:1", "20:0", "25:1"}, []string{"3+4"}},
		{a + " REPEATS 3 TIMES", []string{"1:0", "2:0"}, nil},
		{a + " REPEATS 2 TIMES", []string{"1:0", "2:0", "3:0", "4:0", "5:0"}, []string{"1+2", "3+4"}},
		{a + " REPEATS 2 TIMES WITHIN 2 SECONDS", []string{"1:0", "4:0", "7:0", "8:0"}, []string{"3+4"}},
		{"(" + a + " AND " + b + ") START t'1970-01-01T00:00:05Z' STOP t'1970-01-01T00:00:09Z'", []string{"4:0", "5:0", "8:1", "9:1"}, []string{"2+3"}},
		{"(" + a + " AND " + b + ") START t'1970-01-01T00:00:05Z' STOP t'1970-01-01T00:00:09Z'", []string{"4:0", "8:1", "9:0"}, nil},
	} {
		if got := sequencesOf(t, c.pattern).run(t, c.sightings...); !slices.Equal(got, c.want) {
			t.Errorf("%s over %v: %v, want %v", c.pattern, c.sightings, got, c.want)
		}
	}
}

// However much is seen, a pattern holds a thousand sightings at most, WITHIN finds
// what stands close together behind them, and no pattern tells without end.
func TestSequencesAreBounded(t *testing.T) {
	s := sequencesOf(t, "([process:pid = 1] FOLLOWEDBY [process:pid = 2]) WITHIN 5 SECONDS")
	var sightings []string
	for i := range 20_000 {
		sightings = append(sightings, fmt.Sprintf("%d:0", i))
	}
	if got := s.run(t, append(sightings, "20001:1")...); len(got) != 1 {
		t.Errorf("%d matches, want 1", len(got))
	}
	if n := cap(s.list[0].seen); n > 4*maxSighted {
		t.Errorf("room for %d sightings", n)
	}
	if got := sequencesOf(t, "[process:pid = 1] REPEATS 2 TIMES").run(t, sightings...); len(got) != maxSequence {
		t.Errorf("%d matches, want %d", len(got), maxSequence)
	}
}

// A search that costs too much ends, and it is known that it did.
func TestCostlySearchesAreTold(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	nested := "[process:pid = 1]"
	for i := range 30 {
		nested = fmt.Sprintf("(%s AND [process:pid = %d]) WITHIN %d SECONDS REPEATS 2 TIMES", nested, i%7, 10+i)
	}
	s := sequencesOf(t, nested)
	var sightings []string
	for i := range 900 {
		sightings = append(sightings, fmt.Sprintf("%d:%d", i, i%7))
	}
	if s.run(t, sightings...); s.GivenUp() != 1 {
		t.Errorf("%d given up, want 1", s.GivenUp())
	}
	s = sequencesOf(t, "[process:pid = 1] FOLLOWEDBY [process:pid = 2]")
	if s.run(t, "1:0", "2:1"); s.GivenUp() != 0 {
		t.Errorf("%d given up of a plain one", s.GivenUp())
	}
}

// The order in which events of one time come does not change how many match.
func TestSequencesOfOneTime(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	sightings := []string{"5:0", "5:1", "5:0", "5:1", "5:2"}
	for range 20 {
		r.Shuffle(len(sightings), func(i, j int) { sightings[i], sightings[j] = sightings[j], sightings[i] })
		s := sequencesOf(t, "([process:pid = 1] AND [process:pid = 2]) OR ([process:pid = 3] AND [process:pid = 4])")
		if got := s.run(t, sightings...); len(got) != 2 {
			t.Errorf("%v: %v", sightings, got)
		}
	}
}
