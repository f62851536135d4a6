package pattern

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// Data is what patterns are matched against: observed-data objects (section
// 4.14) and the observables they refer to, in whatever order they come. It is
// safe for concurrent use once everything has been added.
type Data struct {
	observed []*Observed
	byID     map[string]int    // of observed
	objects  map[string]*value // observables by identifier
}

// Observed is one observed-data object: something was seen Number times between
// First and Last.
type Observed struct {
	ID          string
	First, Last time.Time
	Number      int64

	modified    time.Time
	first, last int64             // in nanoseconds since 1970, as far as 64 bits reach
	refs        []string          // identifiers of what was seen
	own         map[string]*value // what was seen, by key: STIX 2.0, and 2.1 where deprecated
	keys        []string          // of own, sorted
}

// maxNumber is the largest number_observed (section 4.14.1).
const maxNumber = 999_999_999

var (
	errNoTypeHere = errors.New("no property type: no STIX object")
	errNumber     = fmt.Errorf("number_observed is a whole number from 1 to %d (section 4.14.1)", maxNumber)
	errOrder      = errors.New("last_observed is before first_observed (section 4.14.1)")
)

// Add adds a STIX object. Objects that are no observed-data count as
// observables, and only match when an observed-data object refers to them. Of
// observables of one identifier the first counts, of versions of observed-data
// the newest. An error is about this object alone.
func (d *Data) Add(raw []byte) error {
	v, err := parseObject(raw)
	if err != nil {
		return err
	}
	id := v.str("id")
	switch v.str("type") {
	case "":
		return errNoTypeHere
	case "observed-data":
		o, err := newObserved(v)
		if err != nil {
			return fmt.Errorf("observed-data %s: %w", clip(id), err)
		}
		d.observe(o)
		return nil
	}
	if d.objects[id] == nil && id != "" {
		if d.objects == nil {
			d.objects = map[string]*value{}
		}
		d.objects[id] = v
	}
	return nil
}

// observe adds o, unless a newer version of it is there.
func (d *Data) observe(o *Observed) {
	i, known := d.byID[o.ID]
	switch {
	case !known || o.ID == "":
		if d.byID == nil {
			d.byID = map[string]int{}
		}
		d.byID[o.ID] = len(d.observed)
		d.observed = append(d.observed, o)
	case o.modified.After(d.observed[i].modified):
		d.observed[i] = o
	}
}

// Len returns how many observed-data objects there are.
func (d *Data) Len() int { return len(d.observed) }

func newObserved(v *value) (*Observed, error) {
	o := &Observed{ID: v.str("id"), Number: 1}
	var err error
	if o.First, err = instant(v, "first_observed"); err != nil {
		return nil, err
	}
	if o.Last, err = instant(v, "last_observed"); err != nil {
		return nil, err
	}
	if o.Last.Before(o.First) {
		return nil, errOrder
	}
	if v.get("modified") != nil {
		if o.modified, err = instant(v, "modified"); err != nil {
			return nil, err
		}
	}
	o.first, o.last = nanoseconds(o.First), nanoseconds(o.Last)
	if n := v.get("number_observed"); n != nil {
		if !n.isInt || n.integer < 1 || n.integer > maxNumber {
			return nil, errNumber
		}
		o.Number = n.integer
	}
	if refs := v.get("object_refs"); refs != nil {
		for i := range refs.elements {
			o.refs = append(o.refs, refs.elements[i].text)
		}
	}
	if own := v.get("objects"); own != nil && len(own.names) > 0 {
		o.own = make(map[string]*value, len(own.names))
		for i, name := range own.names {
			o.own[name] = &own.elements[i]
		}
		o.keys = slices.Sorted(slices.Values(own.names))
	}
	return o, nil
}

func instant(v *value, name string) (time.Time, error) {
	t, err := stix.ParseTimestamp(v.str(name))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", name, err)
	}
	return t.Time, nil
}

// nanoseconds returns t in nanoseconds since 1970, or the nearest time that 64
// bits hold (1678 and 2261).
func nanoseconds(t time.Time) int64 {
	switch {
	case t.Year() < 1678:
		return math.MinInt64
	case t.Year() > 2261:
		return math.MaxInt64
	}
	return t.UnixNano()
}

// resolve returns the object that o knows by a reference, nil when there is
// none.
func (d *Data) resolve(o *Observed, ref string) *value {
	if v := o.own[ref]; v != nil {
		return v
	}
	return d.objects[ref]
}
