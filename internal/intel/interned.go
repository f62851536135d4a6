package intel

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// interned numbers strings from 0.
type interned struct {
	index map[string]uint32
	list  []string
}

func (t *interned) add(s []byte) uint32 {
	n, ok := t.index[string(s)]
	if !ok {
		if t.index == nil {
			t.index = map[string]uint32{}
		}
		n = uint32(len(t.list))
		t.index[string(s)] = n
		t.list = append(t.list, string(s))
	}
	return n
}

// A nameTable keeps the names of indicators. Most are one of a few phrases with
// the value in it, of which the phrase is kept; the others are kept once as
// long as there are not many.
type nameTable struct {
	phrases interned
	pool    pool
}

const (
	maxPhrases = 1 << 14
	inPool     = 1 << 31
	maxName    = 1 << 10 // bytes
)

func (t *nameTable) add(name []byte, value string) uint32 {
	name = name[:min(len(name), maxName)]
	if i := index(name, value); i >= 0 {
		phrase := append(append(append(make([]byte, 0, len(name)), name[:i]...), 0), name[i+len(value):]...)
		if _, known := t.phrases.index[string(phrase)]; known || len(t.phrases.list) < maxPhrases {
			return t.phrases.add(phrase)
		}
	}
	if _, known := t.phrases.index[string(name)]; known || len(t.phrases.list) < maxPhrases {
		return t.phrases.add(name)
	}
	return inPool | t.pool.add(name)
}

// index returns where value stands in name, -1 if it does not.
func index(name []byte, value string) int {
	if value == "" || bytes.IndexByte(name, 0) >= 0 {
		return -1
	}
	return bytes.Index(name, []byte(value))
}

func (t *nameTable) get(n uint32, value string) string {
	if n&inPool != 0 {
		return string(t.pool.get(n &^ inPool))
	}
	return strings.Replace(t.phrases.list[n], "\x00", value, 1)
}

// A pool keeps bytes behind their length, in chunks, so that nothing is copied
// when there is more. Four bytes address all of it.
type pool struct {
	chunks [][]byte
}

const poolChunk = 1 << 20

// room returns where n more bytes are to be appended.
func (p *pool) room(n int) (chunk *[]byte, at uint32) {
	last := len(p.chunks) - 1
	if last < 0 || len(p.chunks[last])+n > poolChunk {
		p.chunks = append(p.chunks, make([]byte, 0, poolChunk))
		last++
	}
	return &p.chunks[last], uint32(last*poolChunk + len(p.chunks[last]))
}

func (p *pool) add(b []byte) uint32 {
	c, at := p.room(len(b) + binary.MaxVarintLen32)
	*c = append(binary.AppendUvarint(*c, uint64(len(b))), b...)
	return at
}

func (p *pool) from(at uint32) []byte { return p.chunks[at/poolChunk][at%poolChunk:] }

func (p *pool) get(at uint32) []byte {
	b := p.from(at)
	n, k := binary.Uvarint(b)
	return b[k : k+int(n)]
}
