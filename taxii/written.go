package taxii

import "sync"

// Written is how a page is written. A Backend that keeps pages keeps one with
// each, for answers to those who ask for the same page again: nothing of it is
// then worked out anew. The zero value is of a page that nobody has asked for.
type Written struct {
	mu    sync.Mutex
	asked bool
	*answer
}

// get returns what is kept, nil when there is none yet.
func (w *Written) get() *answer {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.answer
}

// again reports whether the page was asked for before, and so may be again.
func (w *Written) again() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.asked
	w.asked = true
	return was
}

func (w *Written) keep(a *answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = a
}

// An answer is a body and what is worked out from it, when it is first needed.
type answer struct {
	body        []byte
	objects     int    // in a page
	first, last string // the dates of a page; "" of none

	mu         sync.Mutex
	tag        string
	gzip, zstd []byte
}

// etag returns the entity tag.
func (a *answer) etag() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tag == "" {
		a.tag = etag(a.body)
	}
	return a.tag
}

// in returns the body in a content coding.
func (a *answer) in(coding string) []byte {
	kept := &a.gzip
	if coding == "zstd" {
		kept = &a.zstd
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if *kept == nil {
		*kept = compressed(a.body, coding)
	}
	return *kept
}
