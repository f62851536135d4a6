package intel

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// A literal is a value that is no token: a registry key, a mutex, a user
// agent, a file name with blanks. Each has an anchor, the longest part of it
// that is written alike in every format: letters, digits, dots and hyphens.
// Anchors are looked for by their grams: one of 15 bytes or more has within it
// eight bytes that begin at a multiple of eight, one of 7 or more four at a
// multiple of four. Shorter ones are looked for byte by byte.
type literals struct {
	values *values
	list   []literal
	tiers  [3]tier
}

type literal struct {
	at     uint32 // of its record
	anchor uint16 // where in the value it begins
	length uint16
}

// A tier holds the anchors of one range of lengths.
type tier struct {
	gram  int // bytes
	step  int
	grams []gramAt // by gram
	index map[uint64]uint32
	bloom []uint64
	shift uint
}

type gramAt struct {
	gram    uint64
	literal uint32
	offset  uint8 // of the gram in the anchor
}

// minAnchor is the length of the shortest anchor: shorter ones are everywhere.
const minAnchor = 3

var errNoAnchor = errors.New("three letters or digits in a row are needed to look for it: it would be found everywhere")

// observeLiteral notes a value that is found by its anchor.
func (b *Builder) observeLiteral(row uint32, o observable.Observable) error {
	if _, n := anchorOf(o.Kind, []byte(o.Value)); n < minAnchor {
		return errNoAnchor
	}
	b.values.lits = append(b.values.lits, b.values.add(row, o.Kind, 0, []byte(o.Value)))
	return nil
}

// anchorOf returns the longest run of plain bytes in value, the last of those.
// The hive of a registry key, which has many names, is none.
func anchorOf(k observable.Kind, value []byte) (start, length int) {
	i := 0
	if k == observable.RegKey {
		for i < len(value) && value[i] != '\\' {
			i++
		}
	}
	for i < len(value) {
		n := i
		for n < len(value) && isPlain(value[n]) {
			n++
		}
		if n-i >= length {
			start, length = i, n-i
		}
		i = n + 1
	}
	return start, length
}

// isPlain reports whether c is written as itself in every format.
func isPlain(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' < 26 || c == '.' || c == '-' || c == '_'
}

func newLiterals(v *values, keep func(row uint32) bool) *literals {
	l := &literals{values: v}
	l.tiers = [3]tier{{gram: 8, step: 8}, {gram: 4, step: 4}, {gram: 3, step: 1}}
	for _, at := range v.lits {
		r := v.at(at)
		if !keep(r.row()) {
			continue
		}
		start, n := anchorOf(r.kind(), r.bytes())
		anchor := r.bytes()[start : start+n]
		t := &l.tiers[2]
		switch {
		case n >= 15:
			t = &l.tiers[0]
		case n >= 7:
			t = &l.tiers[1]
		}
		for off := range t.step {
			t.grams = append(t.grams, gramAt{t.gramAt(anchor, off), uint32(len(l.list)), uint8(off)})
		}
		l.list = append(l.list, literal{at, uint16(start), uint16(n)})
	}
	v.lits = nil
	for i := range l.tiers {
		l.tiers[i].build()
	}
	return l
}

// gramAt returns the gram of b at i, its letters in lower case.
func (t *tier) gramAt(b []byte, i int) uint64 {
	switch t.gram {
	case 8:
		return binary.LittleEndian.Uint64(b[i:]) | folds
	case 4:
		return uint64(binary.LittleEndian.Uint32(b[i:]) | folds&0xFFFFFFFF)
	}
	return (uint64(b[i]) | uint64(b[i+1])<<8 | uint64(b[i+2])<<16) | folds&0xFFFFFF
}

func (t *tier) build() {
	slices.SortFunc(t.grams, func(a, b gramAt) int {
		if a.gram != b.gram {
			if a.gram < b.gram {
				return -1
			}
			return 1
		}
		return int(a.literal) - int(b.literal)
	})
	size := uint(12)
	for size < 22 && 1<<size < 32*len(t.grams) {
		size++
	}
	t.shift = 64 - size
	t.bloom = make([]uint64, 1<<size/64)
	t.index = make(map[uint64]uint32)
	for i := len(t.grams) - 1; i >= 0; i-- {
		g := t.grams[i].gram
		t.index[g] = uint32(i)
		h := t.slot(g)
		t.bloom[h/64] |= 1 << (h % 64)
	}
}

func (t *tier) slot(gram uint64) uint64 { return gram * 0x9E3779B97F4A7C15 >> t.shift }

// scan calls yield for each anchor that stands in text, with where it begins.
func (l *literals) scan(text []byte, yield func(literal int, start int)) {
	for i := range l.tiers {
		t := &l.tiers[i]
		if len(t.grams) == 0 {
			continue
		}
		for at := 0; at+t.gram <= len(text); at += t.step {
			g := t.gramAt(text, at)
			if h := t.slot(g); t.bloom[h/64]&(1<<(h%64)) != 0 {
				l.check(t, g, text, at, yield)
			}
		}
	}
}

// check yields the anchors that have gram g and stand around text[at].
func (l *literals) check(t *tier, g uint64, text []byte, at int, yield func(literal int, start int)) {
	first, ok := t.index[g]
	if !ok {
		return
	}
	for i := int(first); i < len(t.grams) && t.grams[i].gram == g; i++ {
		x := &l.list[t.grams[i].literal]
		start := at - int(t.grams[i].offset)
		end := start + int(x.length)
		if start < 0 || end > len(text) {
			continue
		}
		anchor := l.values.at(x.at).bytes()[x.anchor : x.anchor+x.length]
		if equalFold(text[start:end], anchor) {
			yield(int(t.grams[i].literal), start)
		}
	}
}

// around reports whether the value of r stands in text with its anchor at
// start, and where. Where formats write a character twice or otherwise, that
// is as good: backslashes doubled, and "+" for a blank in user agents.
func (x *literal) around(r record, text []byte, start int) (from, to int, ok bool) {
	value := r.bytes()
	exact := r.kind() == observable.Mutex || r.kind() == observable.UserAgent
	first := 0
	if r.kind() == observable.RegKey {
		for value[first] != '\\' {
			first++
		}
	}
	from, to = start, start
	for i := int(x.anchor) - 1; i >= first; i-- {
		if from--; from < 0 || !alike(text[from], value[i], exact) {
			return 0, 0, false
		}
		if value[i] == '\\' && from > 0 && text[from-1] == '\\' && (i == 0 || value[i-1] != '\\') {
			from--
		}
	}
	for i := int(x.anchor); i < len(value); i++ {
		if to >= len(text) || !alike(text[to], value[i], exact) {
			return 0, 0, false
		}
		to++
		if value[i] == '\\' && to < len(text) && text[to] == '\\' && (i+1 == len(value) || value[i+1] != '\\') {
			to++
		}
	}
	if r.kind() == observable.RegKey {
		if from, ok = hiveBefore(text, from, value[:first]); !ok {
			return 0, 0, false
		}
	} else if from > 0 && inName(text[from-1]) && inName(value[0]) {
		return 0, 0, false
	}
	if to < len(text) && inName(text[to]) && inName(value[len(value)-1]) {
		return 0, 0, false
	}
	return from, to, true
}

// alike compares a byte of a text with one of a value.
func alike(c, want byte, exact bool) bool {
	switch {
	case c == want:
		return true
	case c == '+':
		return want == ' ' && exact
	case c == '/' || c == '\\':
		return want == '\\'
	}
	return !exact && lower(c) == want
}

// inName reports whether a name goes on with c.
func inName(c byte) bool {
	return c-'0' <= 9 || c|0x20-'a' < 26 || c == '_' || c >= 0x80
}

// hives are the names that logs have for the roots of the registry. A user's
// own is also the key of that user's SID under HKEY_USERS.
var hives = map[string][]string{
	"hkey_local_machine":    {"hklm", "hkey_local_machine", "machine"},
	"hkey_current_user":     {"hkcu", "hkey_current_user"},
	"hkey_users":            {"hku", "hkey_users", "user"},
	"hkey_classes_root":     {"hkcr", "hkey_classes_root"},
	"hkey_current_config":   {"hkcc", "hkey_current_config"},
	"hkey_performance_data": {"hkpd", "hkey_performance_data"},
}

// hiveBefore reports whether text[:end] ends with a name of hive, and where
// that begins.
func hiveBefore(text []byte, end int, hive []byte) (from int, ok bool) {
	stop := end
	if stop > 0 && text[stop-1] == ':' { // PowerShell
		stop--
	}
	from = stop
	for from > 0 && (inName(text[from-1]) || text[from-1] == '-') {
		from--
	}
	name := text[from:stop]
	for _, h := range hives[string(hive)] {
		if equalFold(name, []byte(h)) {
			return from, true
		}
	}
	return from, string(hive) == "hkey_current_user" && len(name) > 4 && equalFold(name[:4], []byte("s-1-"))
}
