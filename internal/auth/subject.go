package auth

import "context"

// A Subject is who asks: a member of an organisation, with what it showed.
type Subject struct {
	Org  Org    // the zero value is anyone
	Role Role   // "" may read what is public
	By   string // the identifier of the token that it showed

	collections []string
}

// Anyone is who shows nothing.
func Anyone() Subject { return Subject{Org: Org{Standing: Guest}} }

// Of returns who asks with a token of an organisation.
func (t *Token) Of(o Org) Subject {
	return Subject{Org: o, Role: t.Role, By: t.ID, collections: t.Collections}
}

// May reports whether s may do what a role may, with a collection.
func (s *Subject) May(r Role, collection string) bool {
	t := Token{Collections: s.collections}
	return s.Role.May(r) && t.Covers(collection)
}

type subjectKey struct{}

// With returns a context in which s asks.
func With(ctx context.Context, s Subject) context.Context {
	return context.WithValue(ctx, subjectKey{}, s)
}

// From returns who asks, Anyone when nobody said.
func From(ctx context.Context) Subject {
	if s, ok := ctx.Value(subjectKey{}).(Subject); ok {
		return s
	}
	return Anyone()
}
