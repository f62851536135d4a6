package exchange

import (
	"errors"
	"time"

	"github.com/tocsin-project/tocsin/taxii"
)

// Turns go from page to page. A server that goes round in circles is left.
type turns struct {
	next   string // of the page to be asked for
	n      int    // pages that were turned
	anchor string
	power  int
	empty  int // pages in a row that had nothing
}

// maxEmpty is how many pages that have nothing may follow one another.
const maxEmpty = 100

var errCircle = errors.New("the server says that there is more and does not get on: ask its operator")

// turn goes on behind a page that had so many records, the last of that date: by
// next, and where the server says none by the date.
func (t *turns) turn(next string, records int, last time.Time, f *taxii.Filter) error {
	if t.empty++; records > 0 {
		t.empty = 0
	}
	switch {
	case t.empty == maxEmpty, next != "" && next == t.anchor:
		return errCircle
	case next != "":
		t.next = next
	case last.After(f.AddedAfter):
		t.next, f.AddedAfter = "", last
	default:
		return errCircle
	}
	if t.n++; t.n > t.power { // any circle comes by here again (R. P. Brent, 1980)
		t.anchor, t.power = t.next, max(2*t.power, 1)
	}
	return nil
}
