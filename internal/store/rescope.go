package store

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
)

// A Finder runs a statement within the transaction of an import and hands its
// rows to scan. A ? in its text is a query of the numbers in list.
type Finder func(text string, list []int64, scan func(Rows) error) error

// A Move gives a row that the store has another scope. It gets a new date, so
// that those for whom it opens find it behind what they have read.
type Move struct {
	Added, Date int64
	Scope       Scope
}

// MoveStatement moves the row $3 to the date $1 and the scope with the key $2, and
// returns the name of its type.
const MoveStatement = `UPDATE version SET date = $1, scope = $2 WHERE added = $3 RETURNING (SELECT name FROM type WHERE id = version.type)`

// WithdrawStatement withdraws all versions of the object $2 with the key $1, but
// for drafts, with the scope $3, and returns the name of its type for each.
const WithdrawStatement = `UPDATE version SET state = 5, scope = $3 WHERE key = $1 AND object = $2 AND state <= 2 RETURNING (SELECT name FROM type WHERE id = version.type)`

// Statement returns the text and the arguments of a statement for a Finder.
func Statement(d Dialect, text string, list []int64) (string, []any) {
	if list == nil {
		return text, nil
	}
	return strings.ReplaceAll(text, "?", strings.ReplaceAll(d.Ints, "?", "$1")), []any{array(list)}
}

// Rescope works out the scopes of the rows of a plan, and of all rows in the
// store that lead to what it changes, which are in Moves afterwards. The rows in
// Demoted are no longer the newest ones in the store when it is called.
//
// Scopes in the store are complete, so that one step of references is enough for
// what is added. Where a scope loses something, those that lead to it are worked
// out anew.
func (p *Plan) Rescope(find Finder) error {
	w := newRescope(p, find)
	if err := w.enter(); err != nil {
		return err
	}
	if err := w.solve(); err != nil {
		return err
	}
	if err := w.shrink(); err != nil {
		return err
	}
	if err := w.grow(); err != nil {
		return err
	}
	if err := w.open(); err != nil {
		return err
	}
	w.finish()
	return nil
}

// Reopen gives a new date to all rows that have one of some markings.
func (p *Plan) Reopen(markings []stix.ID, find Finder) error {
	w := newRescope(p, find)
	ids := make([]string, len(markings))
	for i, id := range markings {
		ids[i] = string(id)
	}
	if err := w.reopen(ids); err != nil {
		return err
	}
	w.finish()
	return nil
}

// Withdraw plans what it takes that the objects with some keys are withdrawn, once
// their rows are: what leads to them would tell of them, and is sealed.
func (p *Plan) Withdraw(keys []int64, find Finder) error {
	w := newRescope(p, find)
	if err := w.spread(map[Scope][]int64{Sealed: keys}); err != nil {
		return err
	}
	w.finish()
	return nil
}

// Upgrade works out the scopes of all rows of a store that was written before
// there were scopes. Their dates stay.
func (p *Plan) Upgrade(find Finder) error {
	w := newRescope(p, find)
	var rows []int64
	if err := find(`SELECT v.added, v.key, v.state, m.text FROM version v JOIN scope m ON m.id = v.scope`, nil, func(found Rows) error {
		return w.scan(found, func(l *link) {
			rows = append(rows, l.added)
			w.link(l)
		})
	}); err != nil {
		return err
	}
	if err := w.read(rows); err != nil {
		return err
	}
	for _, l := range w.links {
		if l.state > Older { // nobody follows these
			l.targets = nil
		}
	}
	if err := w.solve(); err != nil {
		return err
	}
	for _, l := range w.links {
		p.Moves = append(p.Moves, Move{Added: l.added, Date: l.added, Scope: l.scope})
	}
	return nil
}

func newRescope(p *Plan, find Finder) *rescope {
	return &rescope{p: p, find: find, at: map[int64]*link{}, newest: map[int64]*link{}, opened: map[int64]Scope{}}
}

// A link is a version in the graph of what leads to what.
type link struct {
	added, key int64
	state      State
	own, scope Scope
	before     Scope // in the store; "" of what is not there
	lost       bool  // something of what made up the one before
	targets    []int64
	row        *Row // of the plan, nil for one in the store
}

// A rescope is the part of the graph that an import has to do with.
type rescope struct {
	p      *Plan
	find   Finder
	links  []*link
	at     map[int64]*link   // by when they were added
	newest map[int64]*link   // by the keys of their objects
	back   map[int64][]*link // those that lead to a key
	opened map[int64]Scope   // rows of the store that get a new date
}

// enter makes the links of the plan's rows.
func (w *rescope) enter() error {
	for i := range w.p.rows {
		r := &w.p.rows[i]
		if r.Scope = r.Own; r.State > Older {
			continue
		}
		l := &link{added: r.Added, key: r.Key, state: r.State, own: r.Own, scope: r.Own, row: r}
		if refers(r.Raw) {
			l.of(r.object)
			for _, t := range l.targets {
				w.p.references = append(w.p.references, Reference{t, r.Added})
			}
		}
		if was, ok := w.p.replaced[r.Key]; ok && r.State == Newest {
			l.before = was.Scope
			if err := l.replaces(was.Raw); err != nil {
				return err
			}
		}
		w.link(l)
	}
	return nil
}

// of takes the markings and references of an object.
func (l *link) of(o *stix.Object) {
	l.own = ownScope(tlp.Of(o), o.CreatedByRef)
	var whole bool
	if l.targets, whole = targets(o); !whole {
		l.own = Sealed
	}
}

// replaces finds out whether l has lost something that the version before it had.
// Their scopes do not tell: where references lead in a circle, that of the version
// before still stands in the others.
func (l *link) replaces(raw []byte) error {
	was := link{added: l.added}
	if err := was.parse(raw); err != nil {
		return err
	}
	l.lost = !l.own.covers(was.own) || slices.ContainsFunc(was.targets, func(t int64) bool { return !slices.Contains(l.targets, t) })
	return nil
}

func (w *rescope) link(l *link) {
	w.links = append(w.links, l)
	w.at[l.added] = l
	if l.state == Newest {
		w.newest[l.key] = l
	}
}

// solve works out the scopes of the links from those of what they lead to.
func (w *rescope) solve() error {
	var unknown []int64
	w.back = map[int64][]*link{}
	for _, l := range w.links {
		for _, t := range l.targets {
			w.back[t] = append(w.back[t], l)
			if w.newest[t] == nil {
				unknown = append(unknown, t)
			}
		}
	}
	stored, err := w.stored(unknown)
	if err != nil {
		return err
	}
	var queue []*link
	for _, l := range w.links {
		l.scope = l.own
		for _, t := range l.targets {
			l.scope = l.scope.and(stored[t])
		}
		if l.state == Newest && len(w.back[l.key]) > 0 {
			queue = append(queue, l)
		}
	}
	for len(queue) > 0 {
		l := queue[0]
		queue = queue[1:]
		for _, d := range w.back[l.key] {
			if s := d.scope.and(l.scope); s != d.scope {
				if d.scope = s; d.state == Newest {
					queue = append(queue, d)
				}
			}
		}
	}
	return nil
}

const linkColumns = `v.added, v.key, v.state, m.text FROM version v JOIN scope m ON m.id = v.scope`

// stored returns the scopes in the store of the newest versions of some keys.
func (w *rescope) stored(keys []int64) (map[int64]Scope, error) {
	found := map[int64]Scope{}
	err := w.lookup(`SELECT `+linkColumns+` WHERE v.key IN (?) AND v.state IN (0, 5)`, keys, func(l *link) { found[l.key] = found[l.key].and(l.scope) })
	return found, err
}

// lookup hands what a statement finds to yield.
func (w *rescope) lookup(text string, list []int64, yield func(*link)) error {
	slices.Sort(list)
	if list = slices.Compact(list); len(list) == 0 {
		return nil
	}
	return w.find(text, list, func(rows Rows) error { return w.scan(rows, yield) })
}

func (w *rescope) scan(rows Rows, yield func(*link)) error {
	for rows.Next() {
		l := &link{}
		if err := rows.Scan(&l.added, &l.key, &l.state, (*string)(&l.scope)); err != nil {
			return err
		}
		l.before = l.scope
		yield(l)
	}
	return rows.Err()
}

// leading returns rows of the store, and links that were looked at already, that
// lead to one of some keys.
func (w *rescope) leading(keys []int64, yield func(*link)) error {
	return w.lookup(`SELECT `+linkColumns+` WHERE v.added IN (SELECT version FROM reference WHERE target IN (?)) AND v.state <= 1`, keys, func(l *link) {
		if known := w.at[l.added]; known != nil {
			l = known
		}
		yield(l)
	})
}

// shrink works out anew all that leads to an object whose scope has lost
// something.
func (w *rescope) shrink() error {
	var keys []int64
	for _, l := range w.links {
		if l.lost {
			keys = append(keys, l.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	var fresh []int64
	for len(keys) > 0 {
		var next []int64
		if err := w.leading(keys, func(l *link) {
			if w.at[l.added] != nil {
				return
			}
			w.link(l)
			fresh = append(fresh, l.added)
			if l.state == Newest {
				next = append(next, l.key)
			}
		}); err != nil {
			return err
		}
		keys = next
	}
	if err := w.read(fresh); err != nil {
		return err
	}
	return w.solve()
}

// read reads the objects of rows of the store.
func (w *rescope) read(rows []int64) error {
	for part := range slices.Chunk(rows, 1000) { // whose objects are in memory at a time
		if err := w.find(`SELECT v.added, v.raw FROM version v WHERE v.added IN (?)`, part, func(rows Rows) error {
			for rows.Next() {
				var added int64
				var raw []byte
				if err := rows.Scan(&added, &raw); err != nil {
					return err
				}
				if err := w.at[added].parse(raw); err != nil {
					return err
				}
			}
			return rows.Err()
		}); err != nil {
			return err
		}
	}
	return nil
}

func (l *link) parse(raw []byte) error {
	o, err := stix.Parse(raw)
	if err != nil {
		return fmt.Errorf("object added at %d: %w; the store is damaged, restore a backup", l.added, err)
	}
	l.of(o)
	return nil
}

// grow adds what the scopes of links have, and those of what leads to them have
// not.
func (w *rescope) grow() error {
	var changed []*link
	for _, l := range w.links {
		if l.state == Newest && l.scope != l.before {
			changed = append(changed, l)
		}
	}
	by := map[Scope][]int64{} // most of many objects have the same one
	for _, l := range changed {
		by[l.scope] = append(by[l.scope], l.key)
	}
	return w.spread(by)
}

// spread adds scopes to those of what leads to some keys, however far.
func (w *rescope) spread(by map[Scope][]int64) error {
	for len(by) > 0 {
		next := map[Scope][]int64{}
		for scope, keys := range by {
			add := func(l *link) {
				if l.scope.covers(scope) {
					return
				}
				if l.scope = l.scope.and(scope); w.at[l.added] == nil {
					w.link(l)
				}
				if l.state == Newest {
					next[l.scope] = append(next[l.scope], l.key)
				}
			}
			for _, key := range keys {
				for _, l := range w.back[key] {
					add(l)
				}
			}
			if err := w.leading(keys, add); err != nil {
				return err
			}
		}
		by = next
	}
	return nil
}

// open finds what opens, or may do so, because a marking definition came, or the
// creator of it lost some of its scope: both stand in scopes by their identifiers
// alone. No scope changes, but readers find what has it behind what they have
// read.
func (w *rescope) open() error {
	var ids []string
	for _, l := range w.links {
		if l.row != nil && (l.row.Type == "marking-definition" || l.lost) {
			ids = append(ids, string(l.row.ID))
		}
	}
	return w.reopen(ids)
}

// reopen finds what has one of the markings or creators of ids.
func (w *rescope) reopen(ids []string) error {
	for asked := 0; asked < len(ids); {
		scopes, err := w.mention(ids[asked:])
		if err != nil {
			return err
		}
		asked = len(ids)
		err = w.find(`SELECT v.added, v.object, m.text FROM version v JOIN scope m ON m.id = v.scope WHERE v.scope IN (?) AND v.state <= 1`, scopes, func(rows Rows) error {
			for rows.Next() {
				var added int64
				var id string
				var scope Scope
				if err := rows.Scan(&added, &id, (*string)(&scope)); err != nil {
					return err
				}
				w.opened[added] = scope
				if t := stix.ID(id).Type(); (t == "identity" || t == "marking-definition") && !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
			}
			return rows.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mention returns the scopes that name one of ids.
func (w *rescope) mention(ids []string) (scopes []int64, err error) {
	scopes = []int64{}
	err = w.find(`SELECT id, text FROM scope`, nil, func(rows Rows) error {
		for rows.Next() {
			var key int64
			var text string
			if err := rows.Scan(&key, &text); err != nil {
				return err
			}
			if slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(text, id) }) {
				scopes = append(scopes, key)
			}
		}
		return rows.Err()
	})
	return scopes, err
}

// finish gives the rows of the plan their scopes, and plans the moves.
func (w *rescope) finish() {
	moves := make([]Move, 0, len(w.opened))
	for _, l := range w.links {
		if l.row != nil {
			l.row.Scope = l.scope
		} else if l.scope != l.before {
			moves = append(moves, Move{Added: l.added, Scope: l.scope})
			delete(w.opened, l.added)
		}
	}
	for added, scope := range w.opened {
		moves = append(moves, Move{Added: added, Scope: scope})
	}
	slices.SortFunc(moves, func(a, b Move) int { return cmp.Compare(a.Added, b.Added) })
	for i := range moves {
		w.p.last++
		moves[i].Date = w.p.last
	}
	w.p.Moves = moves
}
