package exchange_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// Who has read past an object under embargo finds it when the embargo ends, once.
func TestEmbargoEnds(t *testing.T) {
	s := openStore(t)
	b := &exchange.Backend{Store: s}
	end := time.Now().Add(1500 * time.Millisecond)
	const definition = "marking-definition--00000000-0000-4000-8000-000000000001"
	clear := string(stix.TLPClear.MarkingID())
	var batch []store.Incoming
	for _, text := range []string{
		fmt.Sprintf(`{"type":"marking-definition","spec_version":"2.1","id":"%s","created":"2021-01-01T00:00:00.000Z","object_marking_refs":["%s"],"extensions":{"%s":{"extension_type":"property-extension","not_before":"%s"}}}`, definition, clear, tlp.Extension, end.UTC().Format(time.RFC3339Nano)),
		fmt.Sprintf(`{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-000000000001","created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"x","object_marking_refs":["%s","%s"]}`, clear, definition),
		fmt.Sprintf(`{"type":"tool","spec_version":"2.1","id":"tool--00000000-0000-4000-8000-000000000002","created":"2021-01-01T00:00:00.000Z","modified":"2021-01-01T00:00:00.000Z","name":"y","object_marking_refs":["%s"]}`, clear),
	} {
		o, err := stix.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, store.Incoming{Object: o, Source: "a"})
	}
	if _, err := s.Import(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.Embargoes(ctx, slog.New(slog.DiscardHandler))
	}()
	defer func() { stop(); <-done }()
	var cursor time.Time
	got := 0
	page := func() {
		p, err := b.Objects(t.Context(), exchange.Root, taxii.Collection{Alias: "all"}, taxii.Filter{AddedAfter: cursor, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range p.Objects {
			got, cursor = got+1, o.Date
		}
	}
	if page(); got != 1 {
		t.Fatalf("%d objects before the embargo ends, want the one that is under none", got)
	}
	for deadline := time.Now().Add(10 * time.Second); got < 3 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if page(); got > 1 && time.Now().Before(end) {
			t.Fatal("it came before the embargo ended")
		}
	}
	time.Sleep(1500 * time.Millisecond)
	if page(); got != 3 {
		t.Errorf("%d objects came, want each once", got)
	}
}
