package report

import (
	"maps"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/internal/finding"
)

// steps are the widths of a histogram's buckets, each a multiple of the one
// before, so that buckets merge without being cut.
var steps = [...]time.Duration{
	time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 5 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	day, 5 * day, 10 * day, 50 * day, 100 * day, 500 * day, 1000 * day, 10_000 * day,
}

const day = 24 * time.Hour

// maxBuckets is how many buckets a histogram may fill before it takes wider
// ones. The widest step has fewer over all of int64.
const maxBuckets = 1024

// A histogram counts findings over time and by severity in few buckets,
// whatever period they turn out to cover. What it holds does not depend on
// the order in which they come.
type histogram struct {
	step    int // index in steps
	buckets map[int64]*[severities]uint64
	at      int64 // bucket of the last add
	last    *[severities]uint64
}

// farthest bounds the times that are told apart, to the years 1843 to 2096,
// so that no period overflows a time.Duration.
const farthest = 4e18

// add counts a finding at t, nanoseconds since 1970.
func (h *histogram) add(t int64, severity finding.Severity) {
	t = max(-farthest, min(t, farthest))
	at := bucket(t, steps[h.step])
	if h.last == nil || at != h.at {
		if h.buckets == nil {
			h.buckets = map[int64]*[severities]uint64{}
		}
		h.at, h.last = at, h.buckets[at]
		if h.last == nil {
			h.last = new([severities]uint64)
			h.buckets[at] = h.last
		}
	}
	h.last[severity]++
	for len(h.buckets) > maxBuckets {
		h.buckets, h.last = h.merged(steps[h.step+1]), nil
		h.step++
	}
}

// merged returns the counts in buckets of step, a multiple of h's own.
func (h *histogram) merged(step time.Duration) map[int64]*[severities]uint64 {
	m := map[int64]*[severities]uint64{}
	for at, counts := range h.buckets {
		to := bucket(at*int64(steps[h.step]), step)
		if m[to] == nil {
			m[to] = new([severities]uint64)
		}
		for i, n := range counts {
			m[to][i] += n
		}
	}
	return m
}

// bucket returns the number of the bucket that holds t, rounded down.
func bucket(t int64, step time.Duration) int64 {
	n := t / int64(step)
	if t%int64(step) < 0 {
		n--
	}
	return n
}

// A picture is a histogram made ready to draw: bars of one step from start.
type picture struct {
	step   time.Duration
	start  time.Time
	bars   [][severities]uint64
	before uint64 // findings earlier than start, too far off to draw
	after  uint64 // findings later than the end
}

// maxBars bounds the bars of a picture.
const maxBars = 96

// picture returns the bars over the period in which the findings lie. Up to
// a hundredth of them at either end that stand far off (a record dated 1970)
// would squeeze the rest; they are counted and left out.
func (h *histogram) picture() picture {
	keys := slices.Sorted(maps.Keys(h.buckets))
	if len(keys) == 0 {
		return picture{}
	}
	low, high := h.middle(keys)
	far := max(4*(keys[high]-keys[low]+1), int64(30*day/steps[h.step]))
	for low > 0 && keys[low]-keys[low-1] <= far {
		low--
	}
	for high+1 < len(keys) && keys[high+1]-keys[high] <= far {
		high++
	}
	step := h.step
	unit := int64(steps[h.step])
	from, to := keys[low]*unit, keys[high]*unit
	for step+1 < len(steps) && bucket(to, steps[step])-bucket(from, steps[step]) >= maxBars {
		step++
	}
	start := bucket(from, steps[step])
	p := picture{step: steps[step]}
	p.bars = make([][severities]uint64, bucket(to, steps[step])-start+1)
	p.start = time.Unix(start*int64(steps[step]/time.Second), 0).UTC()
	for i, at := range keys {
		counts := h.buckets[at]
		switch {
		case i < low:
			p.before += sum(counts)
		case i > high:
			p.after += sum(counts)
		default:
			bar := &p.bars[bucket(at*unit, steps[step])-start]
			for j, n := range counts {
				bar[j] += n
			}
		}
	}
	return p
}

// middle returns the indexes in keys between which all but a hundredth of the
// findings at either end lie.
func (h *histogram) middle(keys []int64) (low, high int) {
	few := h.total() / 100
	high = len(keys) - 1
	for n := sum(h.buckets[keys[low]]); n <= few && low < high; n += sum(h.buckets[keys[low]]) {
		low++
	}
	for n := sum(h.buckets[keys[high]]); n <= few && high > low; n += sum(h.buckets[keys[high]]) {
		high--
	}
	return low, high
}

// total returns how many findings were added.
func (h *histogram) total() uint64 {
	var n uint64
	for _, counts := range h.buckets {
		n += sum(counts)
	}
	return n
}

func sum(counts *[severities]uint64) uint64 {
	var n uint64
	for _, c := range counts {
		n += c
	}
	return n
}
