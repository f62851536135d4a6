package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"syscall"
	"time"
)

// Limits of a connection to another server.
const (
	dialing     = 10 * time.Second
	beginning   = 30 * time.Second // until the answer begins
	maxHeaders  = 64 << 10         // bytes of the headers of an answer
	idleClosing = 90 * time.Second
)

// Transport returns one that asks servers on the Internet alone: a name that a
// stranger chose must not lead to what this machine or its network offers to
// insiders. The address is looked at when it is dialled, so that a name cannot
// mean one thing when it is checked and another when it is used.
//
// With private, this machine and private networks may be asked too. What is
// reached over the link alone (of 169.254.0.0/16 the machines of cloud providers
// take their secrets from), over multicast, or is nobody's, is not.
func Transport(private bool) *http.Transport {
	g := &guard{private: private}
	return &http.Transport{
		Proxy: g.proxy, DialContext: g.dial,
		TLSHandshakeTimeout: dialing, ResponseHeaderTimeout: beginning, IdleConnTimeout: idleClosing,
		MaxResponseHeaderBytes: maxHeaders, ForceAttemptHTTP2: true,
	}
}

type guard struct {
	private bool
	proxies sync.Map // host:port of those that the environment names
}

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d := &net.Dialer{Timeout: dialing, Control: g.control}
	if _, ok := g.proxies.Load(address); ok { // its operator put it there
		d.Control = nil
	}
	return d.DialContext(ctx, network, address)
}

// control looks at an address right before it is dialled.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is no address: %w", address, err)
	}
	return g.allows(at.Addr())
}

// proxy returns that of the environment. It dials for us, so that what can be said
// about the address has to be said before.
func (g *guard) proxy(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if u == nil || err != nil {
		return u, err
	}
	found, err := net.DefaultResolver.LookupNetIP(r.Context(), "ip", r.URL.Hostname())
	if err == nil { // else the proxy knows the name, or nobody does
		for _, a := range found {
			if err := g.allows(a); err != nil {
				return nil, err
			}
		}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	}
	g.proxies.Store(net.JoinHostPort(u.Hostname(), port), true)
	return u, nil
}

// Errors of addresses.
var (
	errPrivate = errors.New("is an address of a private network or of this machine: if it is meant, say so with --private")
	errNever   = errors.New("is no address of a server: name another")
)

// insiders are the networks that --private opens, besides those that package
// netip knows as private (RFC 1918, RFC 4193) and loopback.
var insiders = prefixes("100.64.0.0/10") // shared by the customers of a provider (RFC 6598)

// nobody are networks in which no server stands that a stranger may name (IANA
// special-purpose address registries).
var nobody = prefixes(
	"0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"::/96", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "64:ff9b:1::/48", "fec0::/10",
)

// nat64 are IPv6 addresses with one of IPv4 in their last 32 bits (RFC 6052).
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, t := range texts {
		list = append(list, netip.MustParsePrefix(t))
	}
	return list
}

// allows returns an error about an address that is not to be asked.
func (g *guard) allows(a netip.Addr) error {
	a = a.Unmap().WithZone("")
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case a.IsLoopback(), a.IsPrivate(), within(a, insiders):
		if g.private {
			return nil
		}
		return fmt.Errorf("%s %w", a, errPrivate)
	case !a.IsGlobalUnicast(), within(a, nobody):
		return fmt.Errorf("%s %w", a, errNever)
	}
	return nil
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
