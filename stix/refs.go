package stix

import "bytes"

// Refs yields every reference in o, wherever it stands and whoever defined the
// property: each identifier in a property whose name ends with _ref or _refs.
// The path is written as a selector (section 7.2.3.1). It stops when yield
// returns false.
func (o *Object) Refs(yield func(path string, id ID) bool) {
	w := refWalker{b: o.raw, visit: func(p path, start, end int) bool {
		id := ID(unquote(o.raw[start:end]))
		return id.Valid() != nil || yield(string(p), id)
	}}
	w.value(nil, false)
}

// A refWalker visits each string in a property for references, by its path and
// where it stands, until visit returns false.
type refWalker struct {
	b     []byte
	i     int
	visit func(p path, start, end int) bool
}

// value walks over the value at hand, which is of a property for references or
// not, and returns whether to go on.
func (w *refWalker) value(p path, ref bool) bool {
	switch w.b[w.i] {
	case '{':
		return w.object(p)
	case '[':
		return w.array(p, ref)
	case '"':
		start := w.i
		w.i = skipString(w.b, w.i)
		return !ref || w.visit(p, start, w.i)
	}
	w.i = skip(w.b, w.i)
	return true
}

func (w *refWalker) object(p path) bool {
	for w.i = space(w.b, w.i+1); w.b[w.i] != '}'; {
		end := skipString(w.b, w.i)
		name := unquote(w.b[w.i:end])
		w.i = space(w.b, space(w.b, end)+1)
		if !w.value(p.name(name), isRef(name)) {
			return false
		}
		w.next()
	}
	w.i++
	return true
}

func (w *refWalker) array(p path, ref bool) bool {
	w.i = space(w.b, w.i+1)
	for n := 0; w.b[w.i] != ']'; n++ {
		if !w.value(p.index(n), ref) {
			return false
		}
		w.next()
	}
	w.i++
	return true
}

func (w *refWalker) next() {
	if w.i = space(w.b, w.i); w.b[w.i] == ',' {
		w.i = space(w.b, w.i+1)
	}
}

var refSuffix, refsSuffix = []byte("_ref"), []byte("_refs")

func isRef(name []byte) bool {
	return bytes.HasSuffix(name, refSuffix) || bytes.HasSuffix(name, refsSuffix)
}
