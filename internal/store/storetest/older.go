package storetest

import (
	"testing"

	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// Older tests that a store of the first schema is brought up to date: it has a
// state from when it is opened, which it keeps, and readers see what they saw.
// downgrade makes a store of the first schema of one that open has opened, with
// all of its objects.
func Older(t *testing.T, open func() store.Store, downgrade func(store.Store)) {
	hidden, shown := id("malware", 1), id("malware", 2)
	var states []string
	for range 3 {
		s := open()
		if len(states) == 0 {
			put(t, s, "a",
				object(t, hidden, `"name":"x",`+marked(amber)), object(t, shown, `"name":"y",`+marked(green)),
				relationship(t, 1, hidden, "related-to", shown, ","+marked(green)),
				relationship(t, 2, shown, "related-to", id("tool", 9), ","+marked(green)))
		}
		state := must(s.State(t.Context(), "malware"))(t)
		if len(state) < len("malware")+16 {
			t.Errorf("state %q", state)
		}
		states = append(states, state)
		want(t, "of the community", ids(must(s.List(t.Context(), community, store.Query{}))(t)), []stix.ID{shown, id("relationship", 2)})
		want(t, "of clients", len(must(s.List(t.Context(), client, store.Query{}))(t)), 4)
		if len(states) == 1 {
			downgrade(s)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if states[0] == states[1] || states[1] != states[2] {
		t.Errorf("states %q", states)
	}
}
