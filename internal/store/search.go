package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/internal/tlp"
)

// maxWords is how many different words a search may ask for.
const maxWords = 64

// A search is phrases, each of words that stand together.
type search struct {
	words   []string // distinct
	phrases [][]int  // places in words
}

func parseSearch(text string) (*search, error) {
	s := &search{}
	place := map[string]int{}
	for _, field := range strings.Fields(text) {
		var phrase []int
		for _, w := range strings.Fields(string(appendWords(nil, []byte(field)))) {
			i, ok := place[w]
			if !ok {
				i = len(s.words)
				place[w] = i
				s.words = append(s.words, w)
			}
			phrase = append(phrase, i)
		}
		if len(phrase) > 0 {
			s.phrases = append(s.phrases, phrase)
		}
	}
	if len(s.words) > maxWords {
		return nil, fmt.Errorf("a search takes up to %d words, these are %d; leave some out", maxWords, len(s.words))
	}
	return s, nil
}

// Search implements Store.
func (r *Reader) Search(ctx context.Context, c tlp.Clearance, words string, limit int) ([]Record, error) {
	if words == "" { // which a Query takes for no search
		return nil, nil
	}
	return r.List(ctx, c, Query{Words: words, Limit: limit})
}

// found calls yield for what has the words of sel, the best first.
func (r *Reader) found(ctx context.Context, v visible, sel Query, yield func(Record) error) error {
	if !sel.Versions.IsNewest() {
		return errors.New("a search looks through the newest versions alone: leave out the older ones")
	}
	s, err := parseSearch(sel.Words)
	if err != nil || len(s.words) == 0 {
		return err
	}
	rows, err := r.wordsRows(ctx, s)
	if err != nil {
		return err
	}
	matches, err := s.find(rows)
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	return r.best(ctx, v, matches, sel, yield)
}

// wordsRows reads the rows that may have lists of the words, in one statement
// and so as of one moment.
func (r *Reader) wordsRows(ctx context.Context, s *search) ([]WordsRow, error) {
	wanted := []int64{Recent}
	for _, w := range s.words {
		wanted = append(wanted, int64(bucketOf(w)))
	}
	rows, err := r.db.QueryContext(ctx, `SELECT bucket, added, data FROM words WHERE bucket IN (`+strings.ReplaceAll(r.d.Ints, "?", "$1")+`)`, array(wanted))
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	defer rows.Close()
	list, err := ScanWords(rows)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	slices.SortFunc(list, func(a, b WordsRow) int {
		return cmp.Or(cmp.Compare(a.Bucket, b.Bucket), cmp.Compare(a.Added, b.Added))
	})
	return list, nil
}

// ScanWords reads rows of words.
func ScanWords(rows Rows) ([]WordsRow, error) {
	var list []WordsRow
	for rows.Next() {
		var w WordsRow
		if err := rows.Scan(&w.Bucket, &w.Added, &w.Data); err != nil {
			return nil, err
		}
		list = append(list, w)
	}
	return list, rows.Err()
}

// A match is an object that has all phrases.
type match struct {
	added int64
	score float64
}

// find returns the objects that have all phrases, the best first.
func (s *search) find(rows []WordsRow) ([]match, error) {
	cursors := make([]*cursor, len(s.words))
	for i := range cursors {
		cursors[i] = &cursor{}
	}
	for _, row := range rows {
		for rest := row.Data; len(rest) > 0; {
			l, n, err := readList(rest)
			if err != nil {
				return nil, err
			}
			rest = rest[n:]
			for i, w := range s.words {
				if string(l.word) == w {
					cursors[i].lists = append(cursors[i].lists, l)
					cursors[i].objects += l.objects
				}
			}
		}
	}
	matches := s.intersect(cursors)
	for _, c := range cursors {
		if c.err != nil {
			return nil, c.err
		}
	}
	slices.SortFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.added, a.added))
	})
	return matches, nil
}

// intersect goes through all lists at once.
func (s *search) intersect(cursors []*cursor) []match {
	rarest := slices.Clone(cursors)
	slices.SortStableFunc(rarest, func(a, b *cursor) int { return cmp.Compare(a.objects, b.objects) })
	var matches []match
	for at := int64(1); ; at = rarest[0].added {
		for i := 0; i < len(rarest); i++ {
			c := rarest[i]
			for c.added < at || len(c.places) == 0 {
				if !c.next() {
					return matches
				}
			}
			if c.added > at {
				at, i = c.added, -1
			}
		}
		if s.together(cursors) {
			matches = append(matches, match{at, score(cursors)})
		}
		if !rarest[0].next() {
			return matches
		}
	}
}

// together tells whether the words of each phrase stand together in the object
// that all cursors are at.
func (s *search) together(cursors []*cursor) bool {
	for _, phrase := range s.phrases {
		if len(phrase) > 1 && !slices.ContainsFunc(cursors[phrase[0]].places, func(at uint32) bool {
			for i, w := range phrase {
				if _, found := slices.BinarySearch(cursors[w].places, at+uint32(i)); !found {
					return false
				}
			}
			return true
		}) {
			return false
		}
	}
	return true
}

// score rates an object: higher when its words come often, are rare, and stand
// in few others (as Okapi BM25 does, of texts of 64 words on average).
func score(cursors []*cursor) float64 {
	sum := 0.0
	for _, c := range cursors {
		often := float64(len(c.places))
		length := 0.25 + 0.75*float64(int(1)<<c.size)/64
		sum += often / (often + 1.2*length) / math.Log2(2+float64(c.objects))
	}
	return sum
}

// best calls yield for the first matches that sel selects and that may be seen.
// It reads some at a time, all of which are in memory.
func (r *Reader) best(ctx context.Context, v visible, matches []match, sel Query, yield func(Record) error) error {
	const atOnce = 10_000
	for n, left := min(max(sel.Limit, 1000), atOnce), sel.Limit; len(matches) > 0; n = min(4*n, atOnce) {
		part := matches[:min(n, len(matches))]
		matches = matches[len(part):]
		keys := make([]int64, len(part))
		place := make(map[int64]int, len(part))
		for i, m := range part {
			keys[i], place[m.added] = m.added, i
		}
		q := r.selection(v, sel)
		q.and(q.in("v.added", r.d.Ints, array(keys)))
		found, err := r.all(ctx, q)
		if err != nil {
			return err
		}
		slices.SortFunc(found, func(a, b Record) int {
			return cmp.Compare(place[a.Added.UnixMicro()], place[b.Added.UnixMicro()])
		})
		for _, rec := range found {
			if err := yield(rec); err != nil {
				return err
			}
			if left--; left == 0 {
				return nil
			}
		}
	}
	return nil
}
