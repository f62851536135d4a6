// Package node is a whole node: what it knows, and the doors that others come
// in by.
package node

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/taxii"
)

// A Node serves a store until it is closed. It does not close the store.
type Node struct {
	Own auth.Org
	URL string // that it is reached at

	store  store.Store
	log    *slog.Logger
	listen net.Listener
	server *http.Server
	peers  *exchange.Peers
	audit  *audit // nil: none
}

// Limits of a request, besides those of the configuration.
const (
	readHeader = 10 * time.Second
	readBody   = 2 * time.Minute
	writeReply = 2 * time.Minute
	idle       = 2 * time.Minute
	maxHeader  = 64 << 10 // bytes
	ending     = 10 * time.Second
)

// New makes a node and takes its address. Run serves it.
func New(ctx context.Context, c Config, s store.Store, log *slog.Logger) (*Node, error) {
	unmarked, err := c.check()
	if err != nil {
		return nil, err
	}
	own, err := auth.Register{Store: s}.Own(ctx, c.Organisation)
	if err != nil {
		return nil, err
	}
	n := &Node{Own: own, store: s, log: log}
	var certificates []tls.Certificate
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
		if err != nil {
			return nil, fmt.Errorf("certificate and key: %w", err)
		}
		certificates = append(certificates, pair)
	}
	if n.listen, err = (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	n.URL = c.address(n.listen.Addr())
	if certificates != nil {
		n.listen = tls.NewListener(n.listen, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	}
	backend := &exchange.Backend{Store: s, Own: own, URL: n.URL, Unmarked: unmarked, MaxBody: c.MaxBody}
	n.peers = &exchange.Peers{Backend: backend, Log: log}
	if certificates != nil {
		n.peers.Certificate = &certificates[0]
	}
	if c.Audit != "" {
		if n.audit, err = openAudit(c.Audit, log); err != nil {
			return nil, errors.Join(err, n.listen.Close())
		}
	}
	n.server = &http.Server{
		Handler:           n.doors(&taxii.Handler{Backend: backend, Log: log}, &c),
		ReadHeaderTimeout: readHeader, ReadTimeout: readBody, WriteTimeout: writeReply, IdleTimeout: idle,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug), // of clients that speak no HTTP
	}
	return n, nil
}

// doors are the paths of a node.
func (n *Node) doors(exchange http.Handler, c *Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", n.ready)
	mux.Handle("/", newDoor(exchange, auth.Register{Store: n.store}, c, n.audit, n.log))
	return mux
}

// ready tells whether the store answers.
func (n *Node) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if _, err := n.store.List(ctx, tlp.Local(), store.Query{Limit: 1}); err != nil {
		n.log.Error("not ready", "error", err)
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// Run serves, and exchanges with peers, until ctx is done, then lets requests
// under way come to their end.
func (n *Node) Run(ctx context.Context) error {
	defer n.closeAudit()
	ctx, stop := context.WithCancel(ctx)
	var besides sync.WaitGroup
	besides.Go(func() { n.peers.Run(ctx) })
	besides.Go(func() { n.peers.Backend.Embargoes(ctx, n.log) })
	defer besides.Wait()
	defer stop()
	served := make(chan error, 1)
	go func() { served <- n.server.Serve(n.listen) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	err := n.server.Shutdown(last)
	if <-served; errors.Is(err, context.DeadlineExceeded) {
		return n.server.Close() // who has not come to an end by now is cut off
	}
	return err
}

// Close gives the address back, of a node that does not run.
func (n *Node) Close() error {
	n.closeAudit()
	return n.listen.Close()
}

func (n *Node) closeAudit() {
	if n.audit != nil {
		n.audit.close()
	}
}

// Reopen has the audit log opened anew: its file has been moved away.
func (n *Node) Reopen() {
	if n.audit != nil {
		n.audit.openNew()
	}
}
