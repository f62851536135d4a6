package pattern

// A flow gives observed-data objects to the demands of a plain node. They come
// one by one; each is given to a demand that is short, if need be by way of
// demands that hand over what they had. A demand that was satisfied stays so:
// the flow is complete as soon as it can be.
type flow struct {
	s           *search
	demands     []demand
	from, until int64
	short       []int64   // by demand
	given       [][]taken // by demand
	via         []detour  // by demand, how the path at hand reaches it
	queue       []int
	missing     int // demands that are short
}

// A detour is a step of a path: the demand that hands over its given number at.
type detour struct {
	demand, at int
	visited    bool
}

// meet takes observed-data for all demands of n.
func (s *search) meet(n *node, from, until int64) (end int64, ok bool) {
	c := &s.nodes[n.index]
	f := &s.flow
	f.reset(s, n.demands, from, until)
	s.steps += 8 * len(n.demands)
	for at := c.start(from); at < len(c.seen) && f.missing > 0 && s.steps <= s.limit; at++ {
		i := c.seen[at]
		if s.seen[i].first > until && !s.scarce {
			break
		}
		f.add(i)
	}
	if f.missing > 0 {
		return 0, false
	}
	end = from
	for k, given := range f.given {
		for _, t := range given {
			s.take(t.seen, t.count)
			end = max(end, s.seen[t.seen].first, f.demands[k].from)
		}
	}
	return end, true
}

// start returns the first candidate that may end at or after from.
func (c *candidates) start(from int64) int {
	low, high := 0, len(c.latest)
	for low < high {
		if middle := (low + high) / 2; c.latest[middle] < from {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (f *flow) reset(s *search, demands []demand, from, until int64) {
	f.s, f.demands, f.from, f.until, f.missing = s, demands, from, until, len(demands)
	f.short = f.short[:0]
	for k := range demands {
		f.short = append(f.short, demands[k].count)
	}
	if cap(f.given) < len(demands) {
		f.given = make([][]taken, len(demands))
		f.via = make([]detour, len(demands))
	}
	f.given, f.via = f.given[:len(demands)], f.via[:len(demands)]
	for k := range f.given {
		f.given[k] = f.given[k][:0]
	}
}

// fits reports whether demand k can have seen i.
func (f *flow) fits(i int32, k int) bool {
	d, o := &f.demands[k], f.s.seen[i]
	from, until := max(f.from, d.from), min(f.until, d.until)
	return f.s.holds[d.bracket][i] && from <= until && o.last >= from && o.first <= until
}

// add gives away seen i, as often as it is left and somebody is short.
func (f *flow) add(i int32) {
	for left := f.s.left[i]; left > 0 && f.missing > 0; {
		k := f.path(i)
		if k < 0 {
			return
		}
		left -= f.push(i, k, left)
	}
}

// path looks for a demand that is short and can be reached from seen i: the
// shortest path, by breadth. It returns -1 when there is none.
func (f *flow) path(i int32) int {
	f.s.steps += len(f.demands)
	f.queue = f.queue[:0]
	for k := range f.demands {
		if f.via[k] = (detour{demand: -1}); f.fits(i, k) {
			if f.short[k] > 0 {
				return k
			}
			f.via[k].visited = true
			f.queue = append(f.queue, k)
		}
	}
	for at := 0; at < len(f.queue); at++ {
		k := f.queue[at]
		for g := range f.given[k] {
			f.s.steps += len(f.demands)
			for to := range f.demands {
				if f.via[to].visited || !f.fits(f.given[k][g].seen, to) {
					continue
				}
				f.via[to] = detour{k, g, true}
				if f.short[to] > 0 {
					return to
				}
				f.queue = append(f.queue, to)
			}
		}
	}
	return -1
}

// push gives seen i along the path to demand k, at most left times, and returns
// how often.
func (f *flow) push(i int32, k int, left int64) int64 {
	count := min(left, f.short[k])
	for at := k; f.via[at].demand >= 0; at = f.via[at].demand {
		count = min(count, f.given[f.via[at].demand][f.via[at].at].count)
	}
	if f.short[k] -= count; f.short[k] == 0 {
		f.missing--
	}
	for f.via[k].demand >= 0 {
		from, at := f.via[k].demand, f.via[k].at
		t := &f.given[from][at]
		f.give(k, t.seen, count)
		if t.count -= count; t.count == 0 {
			last := len(f.given[from]) - 1
			f.given[from][at] = f.given[from][last]
			f.given[from] = f.given[from][:last]
		}
		k = from
	}
	f.give(k, i, count)
	return count
}

// give gives seen i to demand k.
func (f *flow) give(k int, i int32, count int64) {
	f.given[k] = append(f.given[k], taken{i, count})
}
