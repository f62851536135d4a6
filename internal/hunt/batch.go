package hunt

import (
	"slices"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

// maxEvidence is how many bytes of one value a finding quotes.
const maxEvidence = 4 << 10

// batch is what was found in one block. Its strings live in arena and are
// overwritten when the batch is used again.
type batch struct {
	stats    logs.Stats
	findings []finding.Finding
	fields   []finding.Field
	arena    []byte
	hits     []hit
	origins  []*event.Class // classes met in this block
	unknown  []bool         // by field id: seen in a record of unknown origin; nil when there was none
	late     uint64         // records that came too late to be asked about
}

func (b *batch) reset() {
	b.findings, b.fields, b.arena, b.hits, b.origins = b.findings[:0], b.fields[:0], b.arena[:0], b.hits[:0], b.origins[:0]
	b.unknown, b.late = b.unknown[:0], 0
}

// meet notes the fields of a record of unknown origin.
func (b *batch) meet(fields []event.Field) {
	for i := range fields {
		id := int(fields[i].ID)
		if id >= len(b.unknown) {
			b.unknown = append(b.unknown, make([]bool, id+1-len(b.unknown))...)
		}
		b.unknown[id] = true
	}
}

// keep copies v into the arena. A string stays whole when the arena moves:
// it keeps the old one alive.
func (b *batch) keep(v []byte) string {
	if len(v) == 0 {
		return ""
	}
	start := len(b.arena)
	b.arena = append(b.arena, v...)
	return unsafe.String(&b.arena[start], len(v))
}

// quote is keep for evidence: what is too long to print is cut, and says so.
func (b *batch) quote(v []byte) string {
	if len(v) <= maxEvidence {
		return b.keep(v)
	}
	n := maxEvidence
	for n > maxEvidence-utf8.UTFMax && !utf8.RuneStart(v[n]) {
		n--
	}
	return string(v[:n]) + "… (" + strconv.Itoa(len(v)) + " bytes)"
}

// worker matches the events of blocks, on one goroutine.
type worker struct {
	run     *run
	parser  *logs.Parser
	matcher *sigma.Matcher
	intel   *intel.Matcher // nil when there are no indicators
	file    *logs.File
	out     *batch
	class   *event.Class // of the last event, to note each class once
	sweeps  bool
	samples [sampled]int
	block   *logs.Block // being parsed, if it was swept first: indicators can only match at places
	places  []int

	patterns *intel.PatternMatcher // nil when there are none
}

func (w *worker) work(b *logs.Block, out *batch) {
	out.reset()
	w.file, w.out, w.class = b.File, out, nil
	if w.sweeps && w.sweep(b) {
		return
	}
	w.block = nil
	if w.intel != nil {
		w.prepare(b)
	}
	out.stats = w.parser.Parse(b, w.see)
	out.stats.Records -= out.late
}

// see asks every rule about e.
func (w *worker) see(e *event.Event) {
	if w.run.late.Load() {
		w.out.late++
		return
	}
	if e.Class != w.class {
		w.note(e.Class)
	}
	if e.Class.Unknown {
		w.out.meet(e.Fields())
	}
	if e.Time != event.NoTime && (e.Time < w.run.From || e.Time >= w.run.To) {
		return
	}
	for _, r := range w.matcher.Match(e) {
		if needs := w.run.needs[r]; needs.wanted {
			w.hit(e, r, needs.fields)
		}
		if !w.run.Rules.Rules[r].Hidden && w.run.facts[r].Severity >= w.run.MinSeverity {
			w.found(e, r)
		}
	}
	if w.intel != nil && w.mayMatch(e) {
		hits := w.intel.Match(e)
		for i := range hits {
			w.indicated(e, &hits[i])
		}
	}
	if w.patterns != nil {
		for _, h := range w.patterns.Match(e) {
			w.patterned(e, h)
		}
	}
}

func (w *worker) note(c *event.Class) {
	w.class = c
	if !slices.Contains(w.out.origins, c) {
		w.out.origins = append(w.out.origins, c)
	}
}

// found writes the finding that rule r makes of e.
func (w *worker) found(e *event.Event, r int32) {
	b := w.out
	f := w.run.facts[r] // the part that is the same for every match
	f.Time, f.Host = e.Time, b.keep(e.Host)
	f.Source = finding.Source{Path: w.file.Path, Format: w.file.Format, Record: e.Record, Offset: e.Offset}
	start := len(b.fields)
	w.matcher.Evidence(r, func(name string, value []byte) {
		b.fields = append(b.fields, finding.Field{Name: name, Value: b.quote(value)})
	})
	f.Fields = b.fields[start:len(b.fields):len(b.fields)]
	b.findings = append(b.findings, f)
}
