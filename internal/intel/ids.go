package intel

import (
	"encoding/binary"
	"encoding/hex"

	"github.com/tocsin-project/tocsin/stix"
)

// An idTable finds rows by their identifiers: open addressing over their
// numbers.
type idTable struct {
	slots []uint32 // 1 + a row; 0 is empty
	n     int
}

// find returns the slot of an identifier, which the caller fills when it is
// empty and there is to be a row of it.
func (t *idTable) find(rows *rows, key [16]byte, typ uint8) *uint32 {
	if t.n*2 >= len(t.slots) {
		t.grow(rows)
	}
	slot := t.probe(rows, key, typ)
	if *slot == 0 {
		t.n++ // at most: the caller may leave it empty
	}
	return slot
}

// get returns the row of an identifier.
func (t *idTable) get(rows *rows, key [16]byte, typ uint8) (uint32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	slot := *t.probe(rows, key, typ)
	return slot - 1, slot != 0
}

func (t *idTable) probe(rows *rows, key [16]byte, typ uint8) *uint32 {
	mask := uint64(len(t.slots) - 1)
	for i := mix(binary.LittleEndian.Uint64(key[:])^uint64(typ), binary.LittleEndian.Uint64(key[8:])^folds); ; i++ {
		slot := &t.slots[i&mask]
		if *slot == 0 {
			return slot
		}
		if r := rows.at(*slot - 1); r.id == key && r.typ == typ {
			return slot
		}
	}
}

func (t *idTable) grow(rows *rows) {
	old := t.slots
	t.slots = make([]uint32, max(1<<10, 2*len(old)))
	t.n = 0
	for _, s := range old {
		if s != 0 {
			r := rows.at(s - 1)
			*t.probe(rows, r.id, r.typ) = s
			t.n++
		}
	}
}

// formatID puts an identifier together.
func formatID(typ string, u [16]byte) stix.ID {
	b := append(make([]byte, 0, len(typ)+38), typ...)
	b = append(b, "--"...)
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, part)
	}
	return stix.ID(b)
}
