package pattern

import "strings"

// A walker follows an object path. Its buffers are used again.
type walker struct {
	data       *Data
	seen       *Observed
	at, ahead  []*value
	steps      int
	limit      int // of steps
	referenced map[*value]bool
}

// roots calls yield with each object of type t that is seen, until it returns
// true or the match has cost too much, and reports whether it did return true.
func (w *walker) roots(t string, yield func(*value) bool) bool {
	for _, id := range w.seen.refs {
		if w.steps++; w.steps > w.limit {
			return false
		}
		if v := w.data.objects[id]; v != nil && v.str("type") == t && yield(v) {
			return true
		}
	}
	for _, key := range w.seen.keys {
		if w.steps++; w.steps > w.limit {
			return false
		}
		if v := w.seen.own[key]; v.str("type") == t && yield(v) {
			return true
		}
	}
	return false
}

// follow returns the values that path leads to from root. A property whose
// name ends in _ref or _refs holds references: a further step goes into the
// objects referred to (section 9.7.2). However references run, no object is
// gone into twice at one step, so that the cost of a step is bounded by the
// size of the data.
func (w *walker) follow(root *value, steps []Step) []*value {
	w.at = append(w.at[:0], root)
	reference := false // the values at hand are references
	for _, s := range steps {
		if s.Key == "" {
			w.elements(s.Index)
			continue
		}
		if reference {
			w.dereference()
		}
		w.property(s.Key)
		reference = strings.HasSuffix(s.Key, "_ref") || strings.HasSuffix(s.Key, "_refs")
	}
	w.steps += len(w.at)
	return w.at
}

func (w *walker) property(name string) {
	w.ahead = w.ahead[:0]
	for _, v := range w.at {
		if p := v.get(name); p != nil {
			w.ahead = append(w.ahead, p)
		}
	}
	w.turn()
}

func (w *walker) elements(index int) {
	w.ahead = w.ahead[:0]
	for _, v := range w.at {
		if v.kind != listValue {
			continue
		}
		if index == AllElements {
			for i := range v.elements {
				w.ahead = append(w.ahead, &v.elements[i])
			}
		} else if index < len(v.elements) {
			w.ahead = append(w.ahead, &v.elements[index])
		}
	}
	w.turn()
}

func (w *walker) dereference() {
	w.ahead = w.ahead[:0]
	many := len(w.at) > 1
	if many && w.referenced == nil {
		w.referenced = map[*value]bool{}
	}
	clear(w.referenced)
	for _, v := range w.at {
		if v.kind != stringValue {
			continue
		}
		o := w.data.resolve(w.seen, v.text)
		if o == nil || many && w.referenced[o] {
			continue
		}
		if many {
			w.referenced[o] = true
		}
		w.ahead = append(w.ahead, o)
	}
	w.turn()
}

func (w *walker) turn() {
	w.steps += len(w.at)
	w.at, w.ahead = w.ahead, w.at
}
