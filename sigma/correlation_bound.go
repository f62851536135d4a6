package sigma

import (
	"container/heap"
	"slices"
	"unsafe"
)

// What groups remember in bytes, with what maps and slices that grow have to
// spare.
const (
	entryWeight    = 2 * int(unsafe.Sizeof(entry{}))
	sightingWeight = int(unsafe.Sizeof(sighting{}))
	valueWeight    = 64 // of distinct
	refWeight      = int(unsafe.Sizeof(Ref{}))
	alertWeight    = int(unsafe.Sizeof(Alert{}))
	groupWeight    = int(unsafe.Sizeof(group{})) + 2*int(unsafe.Sizeof(timer{})) + valueWeight
)

// weigh returns about how many bytes g remembers.
func (g *group) weigh() int {
	w := groupWeight + 2*len(g.key) + entryWeight*(len(g.entries)-g.skip) + g.text + valueWeight*len(g.distinct)
	for _, v := range g.values {
		w += len(v)
	}
	w += len(g.seen) * sightingWeight
	if g.of.ordered {
		for i := range g.seen {
			w += cap(g.seen[i].chain) * entryWeight / 2
		}
	}
	if g.open != nil {
		w += alertWeight + cap(g.open.Members)*refWeight
	}
	return w
}

// load takes the weight of g, which may have changed, into account.
func (k *Correlator) load(g *group, weight int) {
	d := weight - g.weight
	g.weight += d
	g.of.weight += d
	k.weight += d
}

// bound keeps the hits that g's correlation remembers within the limit: the
// groups with the oldest last hit go first, at last g's own oldest hits.
func (k *Correlator) bound(g *group) {
	n := g.of
	limit := k.Limits.Events
	if n.Type == EventCount {
		limit = max(limit, n.enough)
	}
	for n.events > limit && (n.front != g || g.spare()) {
		k.lighten(n)
	}
	k.load(g, g.weigh())
}

// shed keeps what all correlations remember within Limits.Memory: the one
// that remembers most forgets first. No group may be at work.
func (k *Correlator) shed() {
	for k.weight > k.Limits.Memory {
		var most *correlation
		for _, n := range k.all {
			if n.front != nil && (n.front != n.back || n.front.spare()) && (most == nil || n.weight > most.weight) {
				most = n
			}
		}
		if most == nil {
			return
		}
		k.lighten(most)
	}
}

// lighten forgets the group of n with the oldest last hit, or the oldest hit
// of the only one.
func (k *Correlator) lighten(n *correlation) {
	g := n.front
	if g != n.back {
		k.evict(g)
		return
	}
	k.stats.Evicted++
	g.leave()
	k.load(g, g.weigh())
}

// spare reports whether g can do without its oldest hit.
func (g *group) spare() bool {
	hits := len(g.entries) - g.skip
	return hits > 0 && (!g.of.whole || g.of.ranked()) && (g.of.Type != EventCount || hits > g.of.enough)
}

// evict ends a group before its time, to make room.
func (k *Correlator) evict(g *group) {
	k.stats.Evicted++
	k.forget(g)
	g.finish(k)
	g.entries, g.distinct, g.seen = nil, nil, nil
	if k.dead++; k.dead > 1024 && k.dead > len(k.timers)/2 {
		k.timers = slices.DeleteFunc(k.timers, func(t timer) bool { return t.group.gone })
		heap.Init(&k.timers)
		k.dead = 0
	}
}

// forget takes g out of its correlation.
func (k *Correlator) forget(g *group) {
	g.gone = true
	g.of.unlink(g)
	delete(g.of.groups, g.key)
	g.of.events -= len(g.entries) - g.skip + len(g.distinct)
	k.load(g, 0)
}
