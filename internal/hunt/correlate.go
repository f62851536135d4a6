package hunt

import (
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

// correlate puts the hits, by time, to the correlations and to the patterns of
// several observations, and emits what they find.
func (r *run) correlate(in *logs.Input) error {
	var failed error
	files := in.Files()
	alert := func(a *sigma.Alert) {
		if f := r.alerted(a, files); failed == nil && f.Severity >= r.MinSeverity {
			failed = r.emit(f)
		}
	}
	told := func(q *intel.Sequence) error {
		if f := r.sequence(q, files); f.Severity >= r.MinSeverity {
			return r.emit(f)
		}
		return nil
	}
	var sequences *intel.Sequences
	if r.patterns != nil {
		sequences = r.patterns.NewSequences()
	}
	rules := int32(len(r.Rules.Rules))
	err := r.hits.each(func(h *hit) error {
		if h.rule >= rules {
			ref := intel.Ref{Source: int(h.file), Record: h.record, Offset: h.offset, Host: h.values[0]}
			return sequences.Add(r.patterns.Hit(h.rule-rules), h.time, ref, told)
		}
		r.correlator.Add(sigma.Hit{
			Rule: int(h.rule), Time: h.time, Values: h.values,
			Ref: sigma.Ref{Source: h.file, Record: h.record, Offset: h.offset},
		}, alert)
		return failed
	})
	if err != nil {
		return err
	}
	r.correlator.Close(alert)
	if failed == nil && sequences != nil {
		failed = sequences.Close(told)
		r.givenUp = sequences.GivenUp()
	}
	return failed
}

// alerted is the finding that an alert makes.
func (r *run) alerted(a *sigma.Alert, files []*logs.File) *finding.Finding {
	c := a.Correlation
	f := &finding.Finding{
		Kind: "correlation", Time: a.Time, Severity: finding.Severity(c.Level), Title: c.Title,
		Rule: finding.Rule{ID: c.ID, Path: c.Path}, Techniques: c.Techniques(), Groups: c.Groups(), Count: a.Count,
	}
	for _, g := range a.Group {
		f.Fields = append(f.Fields, finding.Field{Name: g.Name, Value: g.Value})
	}
	for _, m := range a.Members {
		file := files[m.Source]
		f.Events = append(f.Events, finding.Source{Path: file.Path, Format: file.Format, Record: m.Record, Offset: m.Offset})
	}
	return f
}
