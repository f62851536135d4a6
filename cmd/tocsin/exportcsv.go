package main

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/stix"
)

// A csvExport writes the observables that indicators look for, and those that
// are objects themselves, as a table that tocsin import reads again.
type csvExport struct {
	w *csv.Writer
}

func newCSVExport(w io.Writer) *csvExport {
	c := &csvExport{csv.NewWriter(w)}
	c.w.Write([]string{"type", "value", "name", "valid_from", "valid_until", "confidence", "tlp", "tags", "id"})
	return c
}

// Write implements sink.
func (c *csvExport) Write(o *stix.Object) error {
	list := intel.Observables(o)
	if len(list) == 0 {
		return nil
	}
	var from, until, name string
	if i, err := stix.As[stix.Indicator](o); err == nil {
		name, from = i.Name, i.ValidFrom.String()
		if !i.ValidUntil.IsZero() {
			until = i.ValidUntil.String()
		}
	}
	confidence := ""
	if o.Confidence != nil {
		confidence = strconv.Itoa(*o.Confidence)
	}
	for _, x := range list {
		row := []string{x.Kind.String(), x.Value, name, from, until, confidence, colourOf(o), strings.Join(o.Labels, ";"), string(o.ID)}
		for i := range row {
			row[i] = report.Cell(row[i])
		}
		if err := c.w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// Close implements sink.
func (c *csvExport) Close() error {
	c.w.Flush()
	return c.w.Error()
}
