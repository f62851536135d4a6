package sigma

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// A literals set finds, in one pass over a value, which of many literals it
// equals, begins with, ends with or contains.
//
// Affixes (equal, begins, ends) are filed under their outer eight bytes, or
// all of them when they are shorter: one load of the value and a probe for
// each length that occurs find the few to compare. Contained literals are
// found by four-byte grams: each literal is filed under the rarest gram it
// has, the scan tests each gram of the value against a bit set that stays in
// the first-level cache, and only a hit looks at literals. Literals of two
// and three bytes go by pairs. A few contained literals are looked for one by
// one, which package bytes does faster than any table.
type literals struct {
	list []literal

	prefix, suffix affixes
	grams          gramTable
	pairs          *pairTable
	alone          []int32 // contained literals looked for one by one: single bytes, or when they are few
	any            []int32 // literals that every value satisfies: empty affixes
	shortest       int     // length of the shortest literal
	onlyGrams      bool    // all literals are in grams
}

type literal struct {
	text  string
	bytes []byte // text again, for bytes.Contains
	where where
}

func newLiteral(text string, w where) literal { return literal{text, []byte(text), w} }

// where says how a literal must stand in a value.
type where uint8

const (
	contained where = iota
	equal
	begins
	ends
)

// newLiterals compiles list. Duplicates keep their own index.
func newLiterals(list []literal) *literals {
	s := &literals{list: list, shortest: 1 << 30}
	var grams []int32
	for i, l := range list {
		n := int32(i)
		s.shortest = min(s.shortest, len(l.text))
		switch {
		case l.text == "" && l.where != equal:
			s.any = append(s.any, n)
		case l.where == ends:
			s.suffix.add(lastWord([]byte(l.text)), n, len(l.text))
		case l.where != contained: // equal is a prefix as long as the value
			s.prefix.add(firstWord([]byte(l.text)), n, len(l.text))
		case len(l.text) == 1:
			s.alone = append(s.alone, n)
		case len(l.text) < 4:
			if s.pairs == nil {
				s.pairs = &pairTable{at: map[uint16][]int32{}}
			}
			s.pairs.add(l.text, n)
		default:
			grams = append(grams, n)
		}
	}
	if len(grams) <= fewLiterals {
		s.alone, grams = append(s.alone, grams...), nil
	}
	s.prefix.build()
	s.suffix.build()
	s.grams.build(list, grams)
	s.onlyGrams = len(grams) == len(list)
	return s
}

// absent reports that no literal is in v, which need not be folded. False
// says nothing.
func (s *literals) absent(v []byte) bool {
	if len(v)+len(v)/2 < s.shortest { // folded it is longer by half at most
		return true
	}
	if !s.onlyGrams || !isASCII(v) {
		return false
	}
	_, chain := s.grams.next(v, 0)
	return chain == 0
}

// find appends to hits the index of every literal found in v. An index may
// come more than once.
func (s *literals) find(v []byte, hits []int32) []int32 {
	hits = append(hits, s.any...)
	if s.prefix.lengths != 0 {
		hits = s.findPrefix(v, hits)
	}
	if s.suffix.lengths != 0 {
		hits = s.findSuffix(v, hits)
	}
	if s.grams.shift != 0 {
		hits = s.findGrams(v, hits)
	}
	if s.pairs != nil {
		hits = s.findPairs(v, hits)
	}
	for _, n := range s.alone {
		if bytes.Contains(v, s.list[n].bytes) {
			hits = append(hits, n)
		}
	}
	return hits
}

// affixes is a hash table of literals that stand at one end of a value, by
// their outer bytes: at most eight, as a word, with how many they are.
type affixes struct {
	lengths uint16 // bit n: some literal has n bytes; bit 8: eight or more
	pending []affix
	slots   []affix // open addressing; literal < 0 is free
	mask    uint64
}

type affix struct {
	word    uint64
	length  uint8 // at most 8
	literal int32
}

func (a *affixes) add(word uint64, literal int32, length int) {
	n := min(length, 8)
	a.lengths |= 1 << n
	a.pending = append(a.pending, affix{word, uint8(n), literal})
}

func (a *affixes) build() {
	if a.lengths == 0 {
		return
	}
	n := 1 << bits.Len(uint(2*len(a.pending)))
	a.slots = make([]affix, n)
	for i := range a.slots {
		a.slots[i].literal = -1
	}
	a.mask = uint64(n - 1)
	for _, x := range a.pending {
		i := affixHash(x.word, int(x.length)) & a.mask
		for a.slots[i].literal >= 0 {
			i = (i + 1) & a.mask
		}
		a.slots[i] = x
	}
	a.pending = nil
}

func affixHash(word uint64, length int) uint64 {
	h := (word + uint64(length)) * 0x9e3779b97f4a7c15
	return h >> 29
}

// firstWord returns up to eight bytes that v begins with, the first lowest.
func firstWord(v []byte) uint64 {
	if len(v) >= 8 {
		return binary.LittleEndian.Uint64(v)
	}
	var w uint64
	for i := len(v) - 1; i >= 0; i-- {
		w = w<<8 | uint64(v[i])
	}
	return w
}

// lastWord returns up to eight bytes that v ends with, the last highest.
func lastWord(v []byte) uint64 {
	if len(v) >= 8 {
		return binary.LittleEndian.Uint64(v[len(v)-8:])
	}
	return firstWord(v) << (64 - 8*len(v))
}

func (s *literals) findPrefix(v []byte, hits []int32) []int32 {
	a := &s.prefix
	word := firstWord(v)
	for set := a.lengths; set != 0; set &= set - 1 {
		n := bits.TrailingZeros16(set)
		if n > len(v) {
			break
		}
		w := word & (1<<(8*n) - 1) // n = 8 shifts to 0 and keeps all
		for i := affixHash(w, n) & a.mask; a.slots[i].literal >= 0; i = (i + 1) & a.mask {
			if x := &a.slots[i]; x.word == w && int(x.length) == n {
				l := &s.list[x.literal]
				if len(v) >= len(l.text) && string(v[:len(l.text)]) == l.text && (l.where == begins || len(v) == len(l.text)) {
					hits = append(hits, x.literal)
				}
			}
		}
	}
	return hits
}

func (s *literals) findSuffix(v []byte, hits []int32) []int32 {
	a := &s.suffix
	word := lastWord(v)
	for set := a.lengths; set != 0; set &= set - 1 {
		n := bits.TrailingZeros16(set)
		if n > len(v) {
			break
		}
		w := word >> (64 - 8*n) << (64 - 8*n)
		for i := affixHash(w, n) & a.mask; a.slots[i].literal >= 0; i = (i + 1) & a.mask {
			if x := &a.slots[i]; x.word == w && int(x.length) == n {
				if l := s.list[x.literal].text; len(v) >= len(l) && string(v[len(v)-len(l):]) == l {
					hits = append(hits, x.literal)
				}
			}
		}
	}
	return hits
}

// gramTable files literals of four bytes and more under grams of theirs, in
// which the case of letters is disregarded. When all literals are long enough
// each is filed under as many grams in a row as the scan then steps over: one
// of them stands where the scan looks, wherever in a value the literal begins.
type gramTable struct {
	step    int      // how many bytes apart grams are looked at
	shift   uint     // 32 - log2(bits in filter); 0 = no literals
	filter  []uint64 // bit set over hashed grams
	keys    []uint32 // open addressing by gram
	chains  []int32  // parallel to keys: 1 + first entry; 0 is free
	entries []gramEntry
	mask    uint32
}

type gramEntry struct {
	literal int32
	next    int32 // 1 + next entry of the same gram
	offset  int32 // of the gram in its literal
}

// widestStep bounds under how many grams a literal is filed.
const widestStep = 8

// gramOf returns the gram that v begins with, without what tells the case of
// ASCII letters.
func gramOf(v []byte) uint32 { return binary.LittleEndian.Uint32(v) | 0x20202020 }

func gramHash(g uint32) uint32 { return g * 0x9e3779b1 }

func (t *gramTable) build(list []literal, which []int32) {
	if len(which) == 0 {
		return
	}
	t.step = widestStep
	for _, n := range which {
		t.step = min(t.step, len(list[n].text)-3)
	}
	logBits := min(max(bits.Len(uint(len(which)*24*t.step*t.step)), 10), 18)
	t.shift = uint(32 - logBits)
	t.filter = make([]uint64, 1<<logBits/64)
	size := 1 << bits.Len(uint(2*len(which)*t.step))
	t.keys, t.chains, t.mask = make([]uint32, size), make([]int32, size), uint32(size-1)
	filed := map[string]int{}
	for _, n := range which {
		text := list[n].text
		at := rarestGrams(text, t.step, filed)
		for i := at; i < at+t.step; i++ {
			filed[text[i:i+4]]++
			t.add(gramOf(list[n].bytes[i:]), n, i)
		}
	}
}

// add files literal n under gram g, which it has at offset.
func (t *gramTable) add(g uint32, n int32, offset int) {
	h := gramHash(g)
	t.filter[h>>t.shift>>6] |= 1 << (h >> t.shift & 63)
	i := h & t.mask
	for t.chains[i] != 0 && t.keys[i] != g {
		i = (i + 1) & t.mask
	}
	t.keys[i] = g
	t.entries = append(t.entries, gramEntry{n, t.chains[i], int32(offset)})
	t.chains[i] = int32(len(t.entries))
}

// chain returns 1 + the first of the entries filed under g; 0 when none is.
func (t *gramTable) chain(g uint32) int32 {
	i := gramHash(g) & t.mask
	for t.chains[i] != 0 && t.keys[i] != g {
		i = (i + 1) & t.mask
	}
	return t.chains[i]
}

// next returns the first index of v, from i on by steps, at which a filed gram
// stands, and the chain of its entries; chain 0 when there is none.
func (t *gramTable) next(v []byte, i int) (at int, chain int32) {
	filter, shift, step := t.filter, t.shift&31, t.step
	for ; i+3*step+4 <= len(v); i += 4 * step { // four grams at a time; most often none is filed
		g0, g1, g2, g3 := gramOf(v[i:]), gramOf(v[i+step:]), gramOf(v[i+2*step:]), gramOf(v[i+3*step:])
		h0, h1, h2, h3 := gramHash(g0), gramHash(g1), gramHash(g2), gramHash(g3)
		b0, b1 := filter[h0>>shift>>6]>>(h0>>shift&63), filter[h1>>shift>>6]>>(h1>>shift&63)
		b2, b3 := filter[h2>>shift>>6]>>(h2>>shift&63), filter[h3>>shift>>6]>>(h3>>shift&63)
		if (b0|b1|b2|b3)&1 == 0 {
			continue
		}
		for j, b := range [4]uint64{b0, b1, b2, b3} {
			if b&1 != 0 {
				if c := t.chain(gramOf(v[i+j*step:])); c != 0 {
					return i + j*step, c
				}
			}
		}
	}
	for ; i+4 <= len(v); i += step {
		g := gramOf(v[i:])
		h := gramHash(g)
		if filter[h>>shift>>6]&(1<<(h>>shift&63)) != 0 {
			if c := t.chain(g); c != 0 {
				return i, c
			}
		}
	}
	return len(v), 0
}

func (s *literals) findGrams(v []byte, hits []int32) []int32 {
	t := &s.grams
	for i, c := t.next(v, 0); c != 0; i, c = t.next(v, i+t.step) {
		for ; c != 0; c = t.entries[c-1].next {
			x := &t.entries[c-1]
			text := s.list[x.literal].text
			start := i - int(x.offset)
			if start >= 0 && start+len(text) <= len(v) && string(v[start:start+len(text)]) == text {
				hits = append(hits, x.literal)
			}
		}
	}
	return hits
}

// pairTable files literals of two and three bytes under their first pair.
type pairTable struct {
	filter [1024]uint64
	at     map[uint16][]int32
}

func (t *pairTable) add(text string, n int32) {
	p := uint16(text[0]) | uint16(text[1])<<8
	t.filter[p>>6] |= 1 << (p & 63)
	t.at[p] = append(t.at[p], n)
}

func (s *literals) findPairs(v []byte, hits []int32) []int32 {
	filter := &s.pairs.filter
	i := 0
	for ; i+8 <= len(v); i += 4 { // four pairs from one load, as in findGrams
		w := binary.LittleEndian.Uint64(v[i:])
		p0, p1, p2, p3 := uint16(w), uint16(w>>8), uint16(w>>16), uint16(w>>24)
		b0, b1 := filter[p0>>6]>>(p0&63), filter[p1>>6]>>(p1&63)
		b2, b3 := filter[p2>>6]>>(p2&63), filter[p3>>6]>>(p3&63)
		if (b0|b1|b2|b3)&1 == 0 {
			continue
		}
		for j, b := range [4]uint64{b0, b1, b2, b3} {
			if b&1 != 0 {
				hits = s.lookPair(v, i+j, hits)
			}
		}
	}
	for ; i+2 <= len(v); i++ {
		if p := binary.LittleEndian.Uint16(v[i:]); filter[p>>6]&(1<<(p&63)) != 0 {
			hits = s.lookPair(v, i, hits)
		}
	}
	return hits
}

// lookPair compares the literals filed under the pair at v[i:].
func (s *literals) lookPair(v []byte, i int, hits []int32) []int32 {
	for _, n := range s.pairs.at[binary.LittleEndian.Uint16(v[i:])] {
		if text := s.list[n].text; len(text) == 2 || i+2 < len(v) && v[i+2] == text[2] {
			hits = append(hits, n)
		}
	}
	return hits
}

// rarestGrams returns where the n grams of text in a row begin that are least
// likely to be met in a log, and under which few literals are filed already:
// the scan stops only there.
func rarestGrams(text string, n int, filed map[string]int) int {
	best, at := 1<<31, 0
	for i := 0; i+n+3 <= len(text); i++ {
		score := 0
		for j := i; j < i+n; j++ {
			score += gramScore(text[j:j+4], filed)
		}
		if score < best {
			best, at = score, i
		}
	}
	return at
}

func gramScore(gram string, filed map[string]int) int {
	score := 3 * filed[gram]
	for i := range 4 {
		score += int(commonness[gram[i]])
	}
	if commonGrams[gram] {
		score += 40
	}
	return score
}

// commonness ranks bytes by how often logs hold them.
var commonness = func() (c [256]uint8) {
	for i := range c {
		c[i] = 1
	}
	for i, s := range []string{"", "!\"#$%&'()*+,;<=>?@[]^`{|}~", "jqxz", "kvywgb", "0123456789:_", "fhmpdulc", "\\/.- ", "etaoinsr"} {
		for j := 0; j < len(s); j++ {
			c[s[j]] = uint8(i + 1)
		}
	}
	return c
}()

// commonGrams are four bytes that nearly every Windows or web log repeats.
var commonGrams = func() map[string]bool {
	m := map[string]bool{}
	for _, s := range []string{
		`c:\windows\system32\`, `c:\program files (x86)\`, `\users\`, `\appdata\local\temp\`, `microsoft`, `.exe`, `.dll`, `\device\harddiskvolume`,
		`cmd.exe /c `, `.exe -k `, `.exe" --type=`, `32\cmd.exe`, ` c:\windows\`, `application`, ` copy `, `sha256=`, `imphash=`, `http://`, `https://`, `www.`, `.com/`, `powershell`, `windows`, `system`, `hklm\software\`, `currentversion`, `currentcontrolset`, `services`, `mozilla/5.0`, `true`, `false`,
	} {
		for i := 0; i+4 <= len(s); i++ {
			m[s[i:i+4]] = true
		}
	}
	return m
}()
