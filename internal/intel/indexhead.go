package intel

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// head reads what appendHead appended.
func (d *indexReader) head(x *Index) error {
	n, err := d.section(1)
	if err != nil {
		return err
	}
	b := make([]byte, n)
	if err := d.read(b); err != nil {
		return err
	}
	c := &cursor{s: string(b)}
	x.types, x.names.phrases.list = c.texts(), c.texts()
	if n := c.count(); n > 0 {
		x.oddIDs = make(map[uint32]stix.ID, n)
		for range n {
			row := c.number()
			x.oddIDs[row] = stix.ID(c.text())
		}
	}
	x.about = make([]about, c.count())
	for i := range x.about {
		c.about(&x.about[i])
	}
	c.readThings(x)
	c.patterns(x)
	c.stats(&x.stats)
	d.seed = c.u64()
	set := c.byte()
	d.urls, d.oddHosts = set&1 != 0, set&2 != 0
	if c.s != "" {
		d.filter.Seed, d.filter.SegmentLength, d.filter.SegmentCount = c.u64(), c.number(), c.number()
	}
	if c.err == nil && c.s != "" {
		c.fail("the head is too long")
	}
	return c.err
}

// A cursor takes values off the beginning of s, whose bytes texts share. After
// an error all is empty.
type cursor struct {
	s   string
	err error
}

func (c *cursor) fail(why string) {
	c.s = ""
	if c.err == nil {
		c.err = errIndexFile(why)
	}
}

func (c *cursor) byte() byte {
	if c.s == "" {
		c.fail("the head is cut off")
		return 0
	}
	b := c.s[0]
	c.s = c.s[1:]
	return b
}

func (c *cursor) u64() uint64 {
	if len(c.s) < 8 {
		c.fail("the head is cut off")
		return 0
	}
	v := binary.LittleEndian.Uint64([]byte(c.s[:8]))
	c.s = c.s[8:]
	return v
}

func (c *cursor) uvarint() uint64 {
	var v uint64
	for shift := 0; shift < 64; shift += 7 {
		b := c.byte()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	c.fail("a number of the head is too long")
	return 0
}

func (c *cursor) number() uint32 {
	v := c.uvarint()
	if v > math.MaxUint32 {
		c.fail("a number of the head is too large")
		return 0
	}
	return uint32(v)
}

// count returns how many there are of something, each of a byte at least.
func (c *cursor) count() int {
	n := c.uvarint()
	if n > uint64(len(c.s)) {
		c.fail("the head is cut off")
		return 0
	}
	return int(n)
}

func (c *cursor) text() string {
	n := c.count()
	s := c.s[:n]
	c.s = c.s[n:]
	return s
}

func (c *cursor) texts() []string {
	list := make([]string, c.count())
	for i := range list {
		list[i] = c.text()
	}
	return list
}

// numbers returns numbers that are all below limit.
func (c *cursor) numbers(limit int) []uint32 {
	list := make([]uint32, c.count())
	for i := range list {
		if list[i] = c.number(); int64(list[i]) >= int64(limit) {
			c.fail("something is indicated that is not there")
		}
	}
	return list
}

func (c *cursor) about(a *about) {
	a.source = c.text()
	for range c.count() {
		a.markings = append(a.markings, stix.ID(c.text()))
	}
	u := c.uvarint() // as binary.AppendVarint writes it
	a.confidence = int(u>>1) ^ -int(u&1)
	a.benign = c.byte() != 0
	for range c.count() {
		a.phases = append(a.phases, stix.KillChainPhase{KillChainName: c.text(), PhaseName: c.text()})
	}
	if list := c.texts(); len(list) > 0 {
		a.techniques = list
	}
}

// readThings reads what is indicated, and how that belongs together.
func (c *cursor) readThings(x *Index) {
	x.things = make([]thing, c.count())
	for i := range x.things {
		x.things[i] = thing{Thing: Thing{ID: stix.ID(c.text()), Name: c.text(), External: c.text()}, revoked: c.byte() != 0}
	}
	n := c.count()
	x.behind = make(map[uint32][]uint32, n)
	for range n {
		from := c.number()
		x.behind[from] = c.numbers(len(x.things))
	}
	x.indicated = make([][]uint32, c.count())
	for i := range x.indicated {
		x.indicated[i] = c.numbers(len(x.things))
	}
}

// patterns reads the patterns that are matched over events, as compile does.
func (c *cursor) patterns(x *Index) {
	var seen patternSet
	for range c.count() {
		row, text := c.number(), c.text()
		if c.err != nil {
			return
		}
		p, err := pattern.Parse(text)
		if err == nil {
			err = seen.check(p)
		}
		if err != nil {
			c.fail(errors.Join(errors.New("a pattern"), err).Error())
			return
		}
		x.complex = append(x.complex, complexPattern{row, p})
	}
}

func (c *cursor) stats(s *Stats) {
	for _, n := range []*int{&s.Observables, &s.Networks, &s.Literals, &s.Patterns, &s.Superseded, &s.OtherKinds, &s.Unusable} {
		*n = int(c.number())
	}
	for range c.count() {
		s.Problems = append(s.Problems, Problem{stix.ID(c.text()), c.text()})
	}
	if s.Unusable > 0 && len(s.Problems) == 0 {
		c.fail("problems are not told")
	}
}
