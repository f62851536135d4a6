package intel

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"strings"

	"github.com/FastFilter/xorfilter"
	"github.com/gaissmai/bart"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// A flag says how a domain matches.
type flag uint8

const (
	onlyBelow flag = 1 + iota // names below it
	alsoBelow                 // itself and those
)

// values are the observables of all indicators. A record is
//
//	next uint32, row uint32, kind uint8, flag uint8, length uvarint, bytes
//
// where next leads to another record with the same key.
type values struct {
	pool pool
	list []uint32 // where the records of tables are
	nets []network
	lits []uint32 // where the records of literals are
}

type network struct {
	prefix netip.Prefix
	at     uint32
}

const recordHead = 10

// add appends a record and returns where it is.
func (v *values) add(row uint32, k observable.Kind, f flag, value []byte) uint32 {
	c, at := v.pool.room(recordHead + binary.MaxVarintLen32 + len(value))
	*c = append(*c, 0, 0, 0, 0)
	*c = binary.LittleEndian.AppendUint32(*c, row)
	*c = append(*c, byte(k), byte(f))
	*c = append(binary.AppendUvarint(*c, uint64(len(value))), value...)
	return at
}

// A record is one value of one indicator.
type record []byte

func (v *values) at(at uint32) record { return v.pool.from(at) }

func (r record) next() uint32          { return binary.LittleEndian.Uint32(r) }
func (r record) setNext(n uint32)      { binary.LittleEndian.PutUint32(r, n) }
func (r record) row() uint32           { return binary.LittleEndian.Uint32(r[4:]) }
func (r record) kind() observable.Kind { return observable.Kind(r[8]) }
func (r record) flag() flag            { return flag(r[9]) }

func (r record) bytes() []byte {
	n, k := binary.Uvarint(r[recordHead:])
	return r[recordHead+k : recordHead+k+int(n)]
}

// key returns the bytes that the record is looked up by: of a path its last
// element, of all others the value.
func (r record) key() []byte {
	b := r.bytes()
	if r.kind() == observable.Path {
		return b[baseOf(b):]
	}
	return b
}

// baseOf returns where the last element of a path begins.
func baseOf(path []byte) int {
	i := len(path)
	for i > 0 && path[i-1] != '\\' && path[i-1] != '/' {
		i--
	}
	return i
}

// value returns the value of the record as text.
func (r record) value() string {
	switch k, b := r.kind(), r.bytes(); {
	case isDigest(k):
		return hex.EncodeToString(b)
	case r.flag() == onlyBelow:
		return "*." + string(b)
	default:
		return string(b)
	}
}

func isDigest(k observable.Kind) bool {
	return k == observable.MD5 || k == observable.SHA1 || k == observable.SHA256 || k == observable.SHA512
}

// isHostToken reports whether the host of a URL is found by the scan for tokens.
func isHostToken(host []byte) bool {
	whole := false
	observable.Tokens(host, func(k observable.Kind, start, end int) bool {
		whole = whole || end-start == len(host)
		return true
	})
	return whole
}

// isExact reports whether values of kind k are the same only when every bit is:
// the table tells letters apart by case no further.
func isExact(k observable.Kind) bool { return isDigest(k) || k == observable.URL }

// observe notes that the indicator of a row is about o.
func (b *Builder) observe(row uint32, o observable.Observable, f flag) error {
	b.value = o.Value
	b.observed++
	if b.Guard != nil {
		if list, entry, stopped := b.Guard.Check(o); stopped {
			b.stopped++
			b.reason = fmt.Errorf("%s is no sign of an attack: it is on the warninglist %q (%s)", o.Value, list, entry)
			return nil
		}
	}
	value := []byte(o.Value)
	v := &b.values
	switch o.Kind {
	case observable.MD5, observable.SHA1, observable.SHA256, observable.SHA512:
		n, err := hex.Decode(value, value)
		if err != nil {
			return err
		}
		value = value[:n]
	case observable.CIDR:
		p, err := netip.ParsePrefix(o.Value)
		if err != nil {
			return err
		}
		v.nets = append(v.nets, network{p, v.add(row, o.Kind, f, value)})
		return nil
	case observable.FileName:
		if !isToken(value) {
			return b.observeLiteral(row, o)
		}
	case observable.Path:
		if !isToken(value[baseOf(value):]) {
			return b.observeLiteral(row, o)
		}
	case observable.RegKey, observable.Mutex, observable.UserAgent, observable.ASN, observable.JA4, observable.CVE, observable.Bitcoin, observable.Monero:
		return b.observeLiteral(row, o)
	}
	v.list = append(v.list, v.add(row, o.Kind, f, value))
	return nil
}

// isToken reports whether name is found by the scan for tokens.
func isToken(name []byte) bool {
	whole := false
	observable.Tokens(name, func(k observable.Kind, start, end int) bool {
		whole = (k == observable.Domain || k == observable.FileName) && start == 0 && end == len(name)
		return false
	})
	for _, c := range name {
		whole = whole && c < 0x80
	}
	return whole
}

// A table finds records by their keys. It is a filter and an open-addressing
// table of where the records are.
type table struct {
	values *values
	seed   uint64
	slots  []uint32 // 1 + where a record is; 0 is empty
	filter *xorfilter.BinaryFuse[uint8]
	below  parents // domains that match names below them
	urls   bool    // some URL is looked for

	oddHosts bool // of some URL, the host is no token
}

// parents are the hashes of domains that match names below them, one bit each.
type parents []uint64

func (p parents) add(h uint64)      { p[h/64%uint64(len(p))] |= 1 << (h % 64) }
func (p parents) has(h uint64) bool { return p[h/64%uint64(len(p))]&(1<<(h%64)) != 0 }

// newTable makes the table of all records that keep says are to be found.
func newTable(v *values, seed uint64, keep func(row uint32) bool) (*table, error) {
	t := &table{values: v, seed: seed}
	n, below := 0, 0
	for _, at := range v.list {
		if r := v.at(at); keep(r.row()) {
			n++
			if r.flag() != 0 {
				below++
			}
		}
	}
	if below > 0 {
		t.below = make(parents, 1<<bits.Len(uint(below/4)))
	}
	var digits [128]byte
	size := 16
	for size < n+n/2 {
		size *= 2
	}
	t.slots = make([]uint32, size)
	keys := make([]uint64, 0, n+n/4)
	for _, at := range v.list {
		r := v.at(at)
		if !keep(r.row()) {
			continue
		}
		key := r.key()
		if isDigest(r.kind()) { // texts have it in digits
			key = hex.AppendEncode(digits[:0], key)
		}
		h := sum(key, seed)
		if r.flag() != 0 {
			t.below.add(h)
		}
		if r.kind() == observable.URL {
			host := hostOf(r.bytes())
			t.urls, t.oddHosts = true, t.oddHosts || !isHostToken(host)
			keys = append(keys, sum(host, seed)) // found by it in texts
		}
		slot := &t.slots[h&uint64(size-1)]
		for i := h; *slot != 0 && !equalFold(v.at(*slot-1).key(), r.key()); {
			i++
			slot = &t.slots[i&uint64(size-1)]
		}
		r.setNext(*slot)
		if *slot == 0 {
			keys = append(keys, h)
		}
		*slot = at + 1
	}
	v.list = nil
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return t, nil
	}
	f, err := xorfilter.NewBinaryFuse[uint8](keys)
	t.filter = f
	return t, err
}

// has reports whether a key with this hash may be in the table.
func (t *table) has(h uint64) bool { return t.filter != nil && t.filter.Contains(h) }

// find returns 1 + where the first record with a key that has hash h is, 0 if
// there is none.
func (t *table) find(h uint64, key []byte) uint32 {
	for i := h; ; i++ {
		at := t.slots[i&uint64(len(t.slots)-1)]
		if at == 0 || equalFold(t.values.at(at-1).key(), key) {
			return at
		}
	}
}

// equalFold compares without regard to the case of ASCII letters.
func equalFold(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] && lower(c) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c-'A' < 26 {
		c |= 0x20
	}
	return c
}

// hostOf returns the host in a normalised URL.
func hostOf(url []byte) []byte {
	s := string(url)
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	s = s[strings.LastIndexByte(s, '@')+1:]
	if i := strings.LastIndexByte(s, ':'); i > strings.LastIndexByte(s, ']') {
		s = s[:i]
	}
	return []byte(s)
}

// networks find the networks that an address is in.
type networks struct {
	trie   bart.Table[uint32] // 1 + where the first record is
	first  [1 << 16 / 64]uint64
	any    bool // of IPv4
	any6   bool
	values *values
}

func newNetworks(v *values, keep func(row uint32) bool) *networks {
	n := &networks{values: v}
	for _, x := range v.nets {
		r := v.at(x.at)
		if !keep(r.row()) {
			continue
		}
		at, _ := n.trie.Get(x.prefix)
		r.setNext(at)
		n.trie.Insert(x.prefix, x.at+1)
		if !x.prefix.Addr().Is4() {
			n.any6 = true
			continue
		}
		n.any = true
		a := x.prefix.Addr().As4()
		low := int(a[0])<<8 | int(a[1])
		high := low
		if bits := x.prefix.Bits(); bits < 16 {
			high = low | (1<<(16-bits) - 1)
		}
		for i := low; i <= high; i++ {
			n.first[i/64] |= 1 << (i % 64)
		}
	}
	v.nets = nil
	return n
}

// may reports whether some network may have the IPv4 address a.b.x.x.
func (n *networks) may(a, b byte) bool {
	i := int(a)<<8 | int(b)
	return n.first[i/64]&(1<<(i%64)) != 0
}
