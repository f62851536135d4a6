package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/misp"
	"github.com/tocsin-project/tocsin/stix"
)

// A mispExport writes objects as events of MISP, to a stream as the answer of a
// search is written, or to the folder of a feed. Events are made of objects that
// may come in any order, so all are held until the end.
type mispExport struct {
	w, stderr io.Writer
	feed      string // folder; "" for the stream
	objects   []*stix.Object
}

// Write implements sink.
func (m *mispExport) Write(o *stix.Object) error {
	m.objects = append(m.objects, o)
	return nil
}

// Close implements sink.
func (m *mispExport) Close() error {
	events, problems := misp.FromSTIX(m.objects)
	for i, p := range problems {
		if i == maxRejectsTold {
			fmt.Fprintf(m.stderr, "tocsin: and %d more\n", len(problems)-i)
			break
		}
		fmt.Fprintf(m.stderr, "tocsin: %s\n", report.Printable(p.String()))
	}
	if m.feed != "" {
		if err := misp.WriteFeed(m.feed, slices.Values(events)); err != nil {
			return err
		}
		_, err := fmt.Fprintf(m.w, "%s in %s\n", count(len(events), "event", "events"), m.feed)
		return err
	}
	between := `{"response":[`
	for _, e := range events {
		if _, err := fmt.Fprintf(m.w, "%s\n%s", between, e.Wrapped()); err != nil {
			return err
		}
		between = ","
	}
	if len(events) == 0 {
		io.WriteString(m.w, between)
	}
	_, err := io.WriteString(m.w, "\n]}\n")
	return err
}
