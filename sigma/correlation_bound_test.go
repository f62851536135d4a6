package sigma

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// State is bounded: groups with the oldest last hit go first, and it is told.
func TestBounds(t *testing.T) {
	k, _ := correlator(t, threeInAMinute)
	k.Limits.Groups = 2
	expect(t, run(t, k, "a@0 user=u\na@1 user=v\na@2 user=v\na@3 user=w\na@4 user=u\na@5 user=u\na@6 user=v"))
	if k.Stats().Evicted != 3 {
		t.Errorf("%+v", k.Stats())
	}
	k, _ = correlator(t, strings.Replace(threeInAMinute, "gte: 3", "gte: 4", 1))
	k.Limits.Events = 4
	expect(t, run(t, k, "a@0 user=u\na@1 user=u\na@2 user=v\na@3 user=v\na@4 user=v\na@5 user=v\na@6 user=u\na@7 user=u"),
		"C1 [user=v] 5 2-5 4 3,4,5,6")
	k, _ = correlator(t, "C1\ntype: value_count\nrules: [a]\ntimespan: 1m\ncondition: {field: user, lt: 100}")
	k.Limits.Events = 10
	var hits []string
	for i := range 1000 {
		hits = append(hits, fmt.Sprintf("a@1 user=%d", i))
	}
	run(t, k, strings.Join(hits, "\n"))
	if n := k.all[0].events; n != 0 || k.Stats().Evicted == 0 {
		t.Errorf("%d hits are left, %+v", n, k.Stats())
	}
}

// Whatever the order of hits within Lateness, the alerts are the same, and
// nothing is left behind at the end.
func TestCorrelatorLeavesNothing(t *testing.T) {
	k, _ := correlator(t, threeInAMinute, strings.Replace(bruteForce, "gte: 3", "eq: 2", 1), strings.Replace(abcInAMinute, "C1", "C3", 1))
	run(t, k, "a@0 user=u host=h\nb@1 user=u\na@100 user=v host=i\nc@101 user=v\na@1000 user=u host=h")
	wantNothingLeft(t, k)
}

func wantNothingLeft(t *testing.T, k *Correlator) {
	t.Helper()
	for _, n := range k.all {
		if n.events != 0 || n.weight != 0 || len(n.groups) != 0 || n.front != nil || n.back != nil {
			t.Errorf("%s: %d hits, %d groups, %d bytes are left", n.Title, n.events, len(n.groups), n.weight)
		}
	}
	if len(k.timers) != 0 || len(k.held) != 0 || k.weight != 0 {
		t.Errorf("%d timers, %d hits held, %d bytes are left", len(k.timers), len(k.held), k.weight)
	}
}

// All correlations share one bound in memory. The one that remembers most
// forgets first, so that a flood of one costs no other its state.
func TestSharedMemory(t *testing.T) {
	floods := []string{
		"C1\ntype: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 1d\ncondition: {gte: 100}",
		"C2\ntype: value_count\nrules: [a]\ngroup-by: [host]\ntimespan: 1d\ncondition: {field: user, gte: 1000000}",
		"C3\ntype: value_count\nrules: [a]\ntimespan: 1d\ncondition: {field: user, lt: 5}",
		"C4\ntype: value_median\nrules: [a]\ntimespan: 1d\ncondition: {field: n, gt: 1000000}",
		"C5\ntype: value_sum\nrules: [a]\ngroup-by: [host]\ntimespan: 1d\ncondition: {field: n, gte: 1000000000}",
		"C6\ntype: temporal_ordered\nrules: [a, b, c]\ngroup-by: [user]\ntimespan: 1d",
		"C7\ntype: event_count\nrules: [a]\ngroup-by: [user]\ntimespan: 1d\ncondition: {gte: 1}",
	}
	quiet := "Quiet\ntype: event_count\nrules: [b]\ngroup-by: [user]\ntimespan: 1d\ncondition: {gte: 3}"
	k, _ := correlator(t, append(floods, quiet)...)
	k.Limits.Memory = 1 << 20
	found := 0
	emit := func(a *Alert) {
		if a.Correlation.Title == "Quiet" {
			found++
		}
	}
	const n = 50_000
	for i := range n {
		values := map[string]string{"user": "user" + strconv.Itoa(i), "host": "host" + strconv.Itoa(i%7), "n": "1"}
		h := Hit{Time: int64(i) * int64(time.Second), Ref: Ref{Record: uint64(i)}}
		if i%(n/3) == 5 {
			h.Rule, values["user"] = 1, "ann"
		}
		needs, _ := k.Needs(h.Rule)
		for _, name := range needs {
			h.Values = append(h.Values, values[name])
		}
		k.Add(h, emit)
		if k.weight > k.Limits.Memory {
			t.Fatalf("%d bytes after %d hits", k.weight, i)
		}
	}
	k.Close(emit)
	if found != 1 || k.Stats().Evicted == 0 {
		t.Errorf("the quiet correlation came true %d times; %+v", found, k.Stats())
	}
	wantNothingLeft(t, k)
}
