package auth

import (
	"context"
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// A Community is organisations that share something under one name.
type Community struct {
	Name    string    `json:"name"`
	Members []stix.ID `json:"members,omitempty"`
}

const communities = "community"

// Communities returns all communities, in order of their names.
func (r Register) Communities(ctx context.Context) ([]Community, error) {
	return list[Community](ctx, r, communities)
}

// PutCommunity keeps a community.
func (r Register) PutCommunity(ctx context.Context, c Community) error {
	return put(ctx, r, communities, strings.ToLower(c.Name), c)
}

// RemoveCommunity removes one, store.ErrNotFound when there is none.
func (r Register) RemoveCommunity(ctx context.Context, name string) error {
	return r.Store.DeleteEntry(ctx, communities, strings.ToLower(name))
}

// standings are all, the one that stands nearest first.
var standings = []Standing{Own, Client, Partner, Guest}

// AtLeast reports whether s is as near as other, or nearer.
func (s Standing) AtLeast(other Standing) bool {
	i, k := slices.Index(standings, s), slices.Index(standings, other)
	return i >= 0 && k >= 0 && i <= k
}
