package pattern

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// many writes n times what format makes of a number, joined by sep.
func many(n int, format, sep string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, sep)
}

// Patterns made to cost much end all the same, most of them with ErrCost. A
// tenth of the steps that a match may take is spent in a second or two; thirty leave
// room for a busy machine.
func TestHostilePatternsEnd(t *testing.T) {
	crowd := new(Data)
	for i := range 1000 {
		if err := crowd.Add(fmt.Appendf(nil, `{"type": "observed-data", "id": "observed-data--%d", "first_observed": "2021-03-02T00:%02d:%02dZ",
			"last_observed": "2021-03-02T01:00:00Z", "number_observed": 3, "objects": {"0": {"type": "a", "b": %d, "s": %q}}}`,
			i, i/60%60, i%60, i%7, strings.Repeat("a", 2000))); err != nil {
			t.Fatal(err)
		}
	}
	wide := new(Data)
	if err := wide.Add(fmt.Appendf(nil, `{"type": "observed-data", "id": "observed-data--1", "first_observed": "2021-03-02T00:00:00Z",
		"last_observed": "2021-03-02T00:00:00Z", "number_observed": 1, "objects": {%s}}`, many(20_000, `"%d": {"type": "a", "b": 1}`, ","))); err != nil {
		t.Fatal(err)
	}
	nested := "[a:b = 1]"
	for i := range 30 {
		nested = fmt.Sprintf("(%s AND [a:b = %d]) WITHIN %d SECONDS REPEATS 2 TIMES", nested, i%7, 10+i)
	}
	for name, c := range map[string]struct {
		pattern string
		data    *Data
	}{
		"windows within windows":     {nested, crowd},
		"a chain":                    {"(" + many(2000, "([a:b = 1] OR [a:b = %d] REPEATS 2 TIMES)", " FOLLOWEDBY ") + ") WITHIN 5 SECONDS", crowd},
		"many brackets joined":       {"(" + many(256, "[a:b < %d]", " AND ") + ") WITHIN 1 SECONDS", crowd},
		"many different brackets":    {many(18_000, "[a:b = 1%d] REPEATS 2 TIMES", " OR "), crowd},
		"many bare brackets":         {many(24_000, "[a:b = 1%d]", " OR "), wide},
		"many tests of many objects": {"[" + many(20_000, "a:b = 1%d", " OR ") + "]", wide},
		"many types":                 {"[" + many(30_000, "a%d:b = 1", " AND ") + "]", wide},
		"repeated without end":       {"([a:b = 1] REPEATS 9000000 TIMES FOLLOWEDBY [a:b = 2]) REPEATS 1000 TIMES", crowd},
		"an expression that grows":   {`[a:s MATCHES '(a*)*b' OR a:s MATCHES '((a{1,10}){1,10}){1,9}c' OR a:s LIKE '%a%a%a%a%a%a%a%a%a%b']`, crowd},
	} {
		start := time.Now()
		p, err := Parse(c.pattern)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.Check()
		m, err := p.Compile()
		if err == nil {
			m.limit = maxSteps / 10
			_, err = m.Match(c.data)
		}
		took := time.Since(start)
		if err != nil && !errors.Is(err, ErrCost) && !errors.Is(err, errTypes) {
			t.Errorf("%s: %v", name, err)
		}
		if t.Logf("%s: %v, %v", name, took.Round(time.Millisecond), err); took > 30*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}
