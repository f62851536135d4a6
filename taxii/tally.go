package taxii

import "context"

// A Tally counts the objects of one request: those that its answer gives, and of
// those sent the ones taken and refused.
type Tally struct{ Given, Taken, Refused int }

type tallyKey struct{}

// WithTally returns a context in which a Handler counts in t.
func WithTally(ctx context.Context, t *Tally) context.Context {
	return context.WithValue(ctx, tallyKey{}, t)
}

// tally is where a request is counted.
func (q *request) tally() *Tally {
	if t, ok := q.r.Context().Value(tallyKey{}).(*Tally); ok {
		return t
	}
	return new(Tally)
}
