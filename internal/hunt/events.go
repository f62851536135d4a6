package hunt

import (
	"context"
	"io"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

// Events writes every record of in to w as the rules see it, one JSON object
// a line in input order, and returns what became of each file. Fields that
// formats derive only on request are those that rules ask for.
func Events(ctx context.Context, in *logs.Input, rules *sigma.Ruleset, workers int, w io.Writer) (sources []finding.SourceCoverage, err error) {
	var c coverage
	names := event.NewNames()
	sigma.Intern(names, rules.Rules)
	router := event.NewRouter(names, logs.Routes())
	type lines struct {
		buf   []byte
		stats logs.Stats
	}
	err = each(ctx, in, workers, func() func(*logs.Block, *lines) {
		p, printer := logs.NewParser(names, router), &event.Printer{}
		p.WriteJSON()
		return func(b *logs.Block, out *lines) {
			out.buf = out.buf[:0]
			out.stats = p.Parse(b, func(e *event.Event) {
				out.buf = append(printer.AppendJSON(out.buf, e), '\n')
			})
		}
	}, func(b *logs.Block, out *lines) error {
		c.add(b.File, &out.stats, nil)
		_, err := w.Write(out.buf)
		return err
	})
	return c.sources(in), err
}
