package node

import (
	"context"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
)

// Public returns what a node of these settings gives over TAXII at c.URL, without
// an address that it listens at.
func (c Config) Public(ctx context.Context, s store.Store) (*exchange.Backend, error) {
	unmarked, err := c.check()
	if err != nil {
		return nil, err
	}
	own, err := auth.Register{Store: s}.Own(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	return &exchange.Backend{Store: s, Own: own, URL: c.address(nil), Unmarked: unmarked, MaxBody: c.MaxBody}, nil
}
