package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"
)

// The words of objects are searched through an index of our own, the same in
// both databases. Its rows are (bucket, added, data). A word belongs to one of
// so many buckets, by its hash; what an import adds to a bucket is one row, so
// that a large import writes a thousand rows and not one for each word. The
// words of small imports stand together in the bucket Recent, until they are
// enough to be sorted into the others. Nothing is ever changed or taken out:
// what is no longer the newest version, a search leaves out.
//
// Data is lists, one behind the other:
//
//	length of the word, word, number of objects, length of what follows
//	for each object: added, less that of the one before
//	                 number of places less one, times 32, plus size
//	                 each place, less the one before
//
// All numbers are varints. A place counts the words before it in the object,
// size is the number of bits of how many words the object has.
const (
	buckets = 1024
	Recent  = buckets // sorts behind the others, as what it holds came later

	recentSize = 1 << 20 // bytes in Recent, from which on they are sorted
	sizeBits   = 5
)

// A WordsRow is a row of the table of words: lists of objects that were added
// at Added or later.
type WordsRow struct {
	Bucket int
	Added  int64
	Data   []byte
}

// words collects the words of a batch.
type words struct {
	ids     map[string]uint32
	names   []string
	objects []indexed
	places  []place // in order of objects
}

type indexed struct {
	added int64
	size  int // bits of the number of words
}

// place is where a word stands.
type place struct{ word, object, at uint32 }

// add takes the words of an object, with single spaces between.
func (w *words) add(added int64, text []byte) {
	if w.ids == nil {
		w.ids = map[string]uint32{}
	}
	at := uint32(0)
	for len(text) > 0 {
		end := bytes.IndexByte(text, ' ')
		if end < 0 {
			end = len(text)
		}
		id, ok := w.ids[string(text[:end])]
		if !ok {
			id = uint32(len(w.names))
			name := string(text[:end])
			w.names = append(w.names, name)
			w.ids[name] = id
		}
		w.places = append(w.places, place{id, uint32(len(w.objects)), at})
		text = text[min(end+1, len(text)):]
		at++
	}
	if at > 0 {
		w.objects = append(w.objects, indexed{added, bits.Len32(at)})
	}
}

// lists writes a list for each word, to the data that of names for it.
func (w *words) lists(of func(name string) *[]byte) {
	sorted, ends := w.byWord()
	var list []byte
	start := uint32(0)
	for id, end := range ends {
		var n uint64
		list, n = w.appendList(list[:0], sorted[start:end])
		name := w.names[id]
		data := of(name)
		*data = binary.AppendUvarint(*data, uint64(len(name)))
		*data = append(*data, name...)
		*data = binary.AppendUvarint(*data, n)
		*data = binary.AppendUvarint(*data, uint64(len(list)))
		*data = append(*data, list...)
		start = end
	}
}

// byWord returns the places sorted by word, each word's in order of objects,
// and where each word's end.
func (w *words) byWord() (sorted []place, ends []uint32) {
	ends = make([]uint32, len(w.names))
	for _, p := range w.places {
		ends[p.word]++
	}
	sum := uint32(0)
	for i, n := range ends {
		ends[i] = sum
		sum += n
	}
	sorted = make([]place, len(w.places))
	for _, p := range w.places {
		sorted[ends[p.word]] = p
		ends[p.word]++
	}
	return sorted, ends
}

// appendList writes the objects that the places of one word are in, and returns
// how many.
func (w *words) appendList(dst []byte, places []place) (list []byte, objects uint64) {
	added := int64(0)
	for len(places) > 0 {
		n := 1
		for n < len(places) && places[n].object == places[0].object {
			n++
		}
		o := w.objects[places[0].object]
		dst = binary.AppendUvarint(dst, uint64(o.added-added))
		dst = binary.AppendUvarint(dst, uint64(n-1)<<sizeBits|uint64(o.size))
		before := uint32(0)
		for _, p := range places[:n] {
			dst = binary.AppendUvarint(dst, uint64(p.at-before))
			before = p.at
		}
		added = o.added
		objects++
		places = places[n:]
	}
	return dst, objects
}

// Words returns the rows of words to write for Rows, when the rows of Recent have so many bytes already. When resort is true, these
// are to be deleted: their words are among those that are returned. Only then
// they are read.
func (p *Plan) Words(recent int, read func() ([]WordsRow, error)) (rows []WordsRow, resort bool, err error) {
	<-p.complete
	if len(p.words.names) == 0 {
		return nil, false, nil
	}
	first := p.words.objects[0].added
	if guess := recent + 4*len(p.words.places); guess < recentSize {
		row := WordsRow{Bucket: Recent, Added: first}
		p.words.lists(func(string) *[]byte { return &row.Data })
		return []WordsRow{row}, false, nil
	}
	old, err := read()
	if err != nil {
		return nil, false, err
	}
	data := make([][]byte, buckets)
	for _, r := range old {
		first = min(first, r.Added)
		for rest := r.Data; len(rest) > 0; {
			l, n, err := readList(rest)
			if err != nil {
				return nil, false, err
			}
			b := bucketOf(l.word)
			data[b] = append(data[b], rest[:n]...)
			rest = rest[n:]
		}
	}
	p.words.lists(func(name string) *[]byte { return &data[bucketOf(name)] })
	for b, d := range data {
		if len(d) > 0 {
			rows = append(rows, WordsRow{b, first, d})
		}
	}
	return rows, len(old) > 0, nil
}

// bucketOf returns the bucket of a word: FNV-1a, of which the low bits are
// folded.
func bucketOf[T string | []byte](word T) int {
	h := uint32(2166136261)
	for i := range len(word) {
		h = (h ^ uint32(word[i])) * 16777619
	}
	return int((h ^ h>>16) % buckets)
}

var errWords = errors.New("the index of words is damaged; restore a backup")

// A list is what a row of words says of one of them.
type list struct {
	word    []byte
	objects uint64
	data    []byte
}

// readList reads the list that data begins with, and how long it is.
func readList(data []byte) (l list, n int, err error) {
	length, i := binary.Uvarint(data)
	if i <= 0 || length > uint64(len(data)-i) {
		return list{}, 0, errWords
	}
	n = i + int(length)
	l.word = data[i:n]
	if l.objects, i = binary.Uvarint(data[n:]); i <= 0 {
		return list{}, 0, errWords
	}
	n += i
	if length, i = binary.Uvarint(data[n:]); i <= 0 || length > uint64(len(data)-n-i) {
		return list{}, 0, errWords
	}
	n += i
	l.data = data[n : n+int(length)]
	return l, n + int(length), nil
}

// A cursor goes through the objects that have a word, in order of the dates
// they were added at.
type cursor struct {
	lists   []list
	objects uint64 // in all lists
	data    []byte // what is left of the list at hand
	added   int64
	size    int
	places  []uint32
	err     error
}

// next goes to the next object, until there is none or the data is damaged.
func (c *cursor) next() bool {
	for len(c.data) == 0 {
		if len(c.lists) == 0 {
			return false
		}
		c.data, c.lists, c.added = c.lists[0].data, c.lists[1:], 0
	}
	c.added += int64(c.uvarint())
	n := c.uvarint()
	c.size = int(n & (1<<sizeBits - 1))
	n = n>>sizeBits + 1
	if n > uint64(len(c.data)) {
		c.err = errWords
	}
	c.places = c.places[:0]
	at := uint32(0)
	for ; n > 0 && c.err == nil; n-- {
		at += uint32(c.uvarint())
		c.places = append(c.places, at)
	}
	return c.err == nil
}

func (c *cursor) uvarint() uint64 {
	v, n := binary.Uvarint(c.data)
	if n <= 0 {
		c.err = errWords
		return 0
	}
	c.data = c.data[n:]
	return v
}
