package hunt

import (
	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
)

// patterned writes the finding of a pattern that e matches, or notes the hit of
// one that asks for further events. Hits of patterns are numbered behind those of
// rules.
func (w *worker) patterned(e *event.Event, h intel.PatternHit) {
	b := w.out
	if !h.Alone() {
		b.hits = append(b.hits, hit{
			time: e.Time, rule: int32(len(w.run.Rules.Rules)) + h.Number, file: int32(w.file.Index), record: e.Record,
			offset: e.Offset, values: []string{b.keep(e.Host)},
		})
		return
	}
	f := w.run.pattern(h)
	if f.Severity < w.run.MinSeverity {
		return
	}
	f.Time, f.Host = e.Time, b.keep(e.Host)
	f.Source = finding.Source{Path: w.file.Path, Format: w.file.Format, Record: e.Record, Offset: e.Offset}
	start := len(b.fields)
	w.patterns.Evidence(h, func(field *event.Field) {
		b.fields = append(b.fields, finding.Field{Name: b.keep([]byte(field.Name)), Value: b.quote(field.Value)})
	})
	f.Fields = b.fields[start:len(b.fields):len(b.fields)]
	b.findings = append(b.findings, f)
}

// pattern returns what findings of a pattern have in common.
func (r *run) pattern(h intel.PatternHit) finding.Finding {
	i := r.patterns.Indicator(h)
	return finding.Finding{
		Kind: "pattern", Severity: indicatorSeverity(i), Title: indicatorTitle(i, "pattern"),
		Indicator: finding.Indicator{ID: string(i.ID)}, Techniques: i.Techniques, Groups: i.Groups,
	}
}

// sequence is the finding of a pattern that several events match.
func (r *run) sequence(q *intel.Sequence, files []*logs.File) *finding.Finding {
	f := r.pattern(q.Hit)
	f.Time, f.Host = q.Time, q.Members[0].Host
	for _, m := range q.Members {
		file := files[m.Source]
		f.Events = append(f.Events, finding.Source{Path: file.Path, Format: file.Format, Record: m.Record, Offset: m.Offset})
		if m.Host != f.Host {
			f.Host = "" // of several
		}
	}
	return &f
}
