package node

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
)

// Peers returns what exchanges with the peers of a node, without the node being
// served: for commands that do so once.
func Peers(ctx context.Context, c Config, s store.Store, log *slog.Logger) (*exchange.Peers, error) {
	unmarked, err := c.check()
	if err != nil {
		return nil, err
	}
	own, err := auth.Register{Store: s}.Own(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	x := &exchange.Peers{Backend: &exchange.Backend{Store: s, Own: own, Unmarked: unmarked, MaxBody: c.MaxBody}, Log: log}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate and key: %w", err)
		}
		x.Certificate = &pair
	}
	return x, nil
}
