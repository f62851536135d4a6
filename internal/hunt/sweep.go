package hunt

import (
	"bytes"
	"slices"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/logs"
)

// sampled is how many lines of a block that is swept are parsed for the times
// and origins of its records, whatever stands in them: the first, the last,
// and some between.
const sampled = 4

// sweeps reports whether blocks may be swept: when there are indicators that
// stand in text, and nothing else to ask.
func (r *run) sweeps() bool {
	return r.Intel != nil && !r.Intel.Patterns() && len(r.Rules.Rules)+len(r.Rules.Correlations) == 0
}

// sweep looks through the raw lines of b and parses those alone that an
// indicator may match. It returns false when b must be parsed as a whole: its
// lines are not its records, or it is the first of its file, in which there may
// be a header.
//
// All records are counted. The times of those that are not parsed are taken to
// lie between those of the sample; in a log that is not in order a source may
// have been seen a little earlier or later than the coverage says.
func (w *worker) sweep(b *logs.Block) bool {
	if b.Offset == 0 || w.run.late.Load() {
		return false
	}
	records, json, ok := b.Counted()
	if !ok || records == 0 {
		return false
	}
	w.block = nil
	places := w.intel.Sweep(b.Data, json)
	for i := range sampled {
		w.samples[i] = (len(b.Data) - 1) * i / (sampled - 1)
	}
	total := logs.Stats{Records: records, First: event.NoTime, Latest: event.NoTime}
	line, counted := b.Line, 0 // the number of the line at counted
	for at, sample := 0, 0; ; {
		next := len(b.Data) // the next place to look at
		for sample < sampled && w.samples[sample] < at {
			sample++
		}
		if sample < sampled {
			next = w.samples[sample]
		}
		for len(places) > 0 && places[0] < at {
			places = places[1:]
		}
		if len(places) > 0 {
			next = min(next, places[0])
		}
		if next == len(b.Data) {
			break
		}
		start := bytes.LastIndexByte(b.Data[at:next], '\n') + 1 + at
		end := len(b.Data)
		if i := bytes.IndexByte(b.Data[next:], '\n'); i >= 0 {
			end = next + i + 1
		}
		line += uint64(bytes.Count(b.Data[counted:start], newline))
		counted, at = start, end
		s := w.parser.Parse(b.Within(start, end, line), w.see)
		addStats(&total, &s)
	}
	w.out.stats = total
	return true
}

var newline = []byte{'\n'}

// addStats adds what parsing one line of a block found: its records are counted
// already, unless they are damaged, or there are more than one.
func addStats(total, s *logs.Stats) {
	total.Damaged += s.Damaged
	if n := s.Records + s.Damaged; n > 1 {
		total.Records += n - 1
	}
	total.Records -= min(s.Damaged, total.Records)
	if s.First != event.NoTime && (total.First == event.NoTime || s.First < total.First) {
		total.First = s.First
	}
	if s.Latest != event.NoTime {
		total.Latest = max(total.Latest, s.Latest)
	}
	total.Problems = slices.Concat(total.Problems, s.Problems)
}

// prepare looks for where in b an indicator may match before it is parsed as a
// whole, so that no other record has to be asked about.
func (w *worker) prepare(b *logs.Block) {
	if _, json, ok := b.Counted(); ok && b.Offset > 0 {
		w.block, w.places = b, w.intel.Sweep(b.Data, json)
	}
}

// mayMatch reports whether an indicator may match e. Records come in the order
// of their lines.
func (w *worker) mayMatch(e *event.Event) bool {
	if w.block == nil {
		return true
	}
	at := int(e.Offset - w.block.Offset)
	for len(w.places) > 0 && w.places[0] < at {
		w.places = w.places[1:]
	}
	return len(w.places) > 0 && bytes.IndexByte(w.block.Data[at:w.places[0]], '\n') < 0
}
