package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// visible is what a reader may see, in the terms of the database: the keys of the
// scopes that open to it.
type visible struct {
	all  bool
	open string // JSON array of keys, in order
}

// visible asks tlp about each distinct set of markings in each scope. There are
// few: objects of one source share them.
func (r *Reader) visible(ctx context.Context, c tlp.Clearance) (visible, error) {
	if c.Audience == tlp.Node {
		return visible{all: true}, nil
	}
	state, err := r.State(ctx)
	if err != nil {
		return visible{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.scopes == nil || r.scopes.state != state {
		if r.scopes, err = r.readScopes(ctx, state); err != nil {
			return visible{}, fmt.Errorf("read the markings: %w", err)
		}
	}
	return r.scopes.visible(c), nil
}

// Sees implements Store.
func (r *Reader) Sees(ctx context.Context, c tlp.Clearance) (string, error) {
	v, err := r.visible(ctx, c)
	if v.all {
		v.open = "all"
	}
	return v.open, err
}

// where writes the condition that the rows of table v may be seen, and appends
// its arguments.
func (v visible) where(d Dialect, table string, args *[]any) string {
	if v.all {
		return "1=1"
	}
	*args = append(*args, v.open)
	return table + ".scope IN (" + strings.ReplaceAll(d.Ints, "?", fmt.Sprintf("$%d", len(*args))) + ")"
}

// scopes are all that the store has, for one state of it.
type scopes struct {
	state string
	lines map[int64][]string // of each scope, with those of its creators and definitions
	terms map[stix.ID]tlp.Terms

	readers map[tlp.Clearance]reader // but for the time
}

// A reader is what one may see between two times.
type reader struct {
	visible
	from, until time.Time
}

// maxReaders is how many are remembered.
const maxReaders = 10_000

// visible returns what c may see.
func (s *scopes) visible(c tlp.Clearance) visible {
	at := c.At
	c.At = time.Time{}
	if known, ok := s.readers[c]; ok && !at.Before(known.from) && at.Before(known.until) {
		return known.visible
	}
	key := c
	c.At = at
	allowed := map[string]bool{}
	open := []int64{}
	for scope, lines := range s.lines {
		if !slices.ContainsFunc(lines, func(line string) bool {
			ok, decided := allowed[line]
			if !decided {
				ok = line != string(Sealed) && tlp.MayMarked(c, decodeMarkings(line), func(id stix.ID) tlp.Terms { return s.terms[id] }).Allowed
				allowed[line] = ok
			}
			return !ok
		}) {
			open = append(open, scope)
		}
	}
	slices.Sort(open)
	if s.readers == nil || len(s.readers) >= maxReaders {
		s.readers = map[tlp.Clearance]reader{}
	}
	v := reader{visible{open: array(open)}, at, s.until(at)}
	s.readers[key] = v
	return v.visible
}

// until returns the end of the first embargo that ends after a time.
func (s *scopes) until(at time.Time) time.Time {
	first := time.Unix(1<<40, 0)
	for _, t := range s.terms {
		if t.NotBefore.After(at) && t.NotBefore.Before(first) {
			first = t.NotBefore
		}
	}
	return first
}

// readScopes reads all scopes, and follows the creators and definitions that they
// name.
func (r *Reader) readScopes(ctx context.Context, state string) (*scopes, error) {
	texts := map[int64]Scope{}
	named := map[stix.ID]bool{}
	err := r.scan(ctx, `SELECT id, text FROM scope`, nil, func(rows Rows) error {
		var key int64
		var text Scope
		err := rows.Scan(&key, (*string)(&text))
		texts[key] = text
		for id := range text.others {
			named[id] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s := &scopes{state: state, lines: map[int64][]string{}}
	of, err := r.creators(ctx, named, s)
	if err != nil {
		return nil, err
	}
	for key := range texts {
		s.lines[key] = flatten(key, texts, of)
	}
	return s, nil
}

// flatten returns the lines of a scope and of those of all that it names.
func flatten(key int64, texts map[int64]Scope, of map[stix.ID]int64) []string {
	var lines []string
	keys := []int64{key}
	for i := 0; i < len(keys); i++ {
		text := texts[keys[i]]
		for line := range strings.SplitSeq(string(text), "\n") {
			if line[0] != '@' && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
		for id := range text.others {
			if next, ok := of[id]; ok && !slices.Contains(keys, next) {
				keys = append(keys, next)
			}
		}
	}
	return lines
}

// creators returns the keys of the scopes of creators and definitions, as far as
// they are here, and reads the terms of the definitions. One that sources define
// differently is not to be trusted.
func (r *Reader) creators(ctx context.Context, named map[stix.ID]bool, s *scopes) (map[stix.ID]int64, error) {
	ids := make([]stix.ID, 0, len(named))
	for id := range named {
		ids = append(ids, id)
	}
	of := map[stix.ID]int64{}
	defined := map[stix.ID]int{}
	s.terms = map[stix.ID]tlp.Terms{}
	q := &query{}
	condition := q.in("v.key", r.d.Ints, array(keysOf(ids)))
	err := r.scan(ctx, `SELECT v.object, v.scope, v.state, CASE WHEN v.object LIKE 'marking-definition--%' AND v.state <= 2 THEN v.raw END FROM version v WHERE `+condition+` AND v.state IN (0, 1, 2, 5)`, q.args, func(rows Rows) error {
		var id stix.ID
		var scope int64
		var state State
		var raw []byte
		if err := rows.Scan((*string)(&id), &scope, &state, &raw); err != nil || !named[id] {
			return err
		}
		if state == Newest || state == Withdrawn {
			of[id] = scope
		}
		if raw == nil {
			return nil
		}
		o, err := stix.Parse(raw)
		if defined[id]++; err != nil || defined[id] > 1 {
			s.terms[id] = tlp.Terms{}
			return nil
		}
		s.terms[id] = tlp.TermsOf(o)
		return nil
	})
	return of, err
}

// scan runs a statement and hands each of its rows to yield.
func (r *Reader) scan(ctx context.Context, text string, args []any, yield func(Rows) error) error {
	rows, err := r.query(ctx, text, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := yield(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// rights are what is remembered of who may see what.
type rights struct {
	mu     sync.Mutex
	scopes *scopes
}

// array writes numbers or identifiers as a JSON array, which both databases
// can read as a set.
func array[T int64 | stix.ID | string](list []T) string {
	if list == nil {
		return "[]"
	}
	b, _ := json.Marshal(list) // of such lists it cannot fail
	return string(b)
}
