package node

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/tocsin-project/tocsin/stix"
)

// Config says how a node runs. Its keys in a file are those of docs/serve.md.
type Config struct {
	Listen       string `toml:"listen"`       // host:port
	URL          string `toml:"url"`          // that others reach it at; "" for that of Listen
	Organisation string `toml:"organisation"` // the name of the node's own
	Unmarked     string `toml:"unmarked"`     // the colour that objects without one are taken for; "" withholds them
	MaxBody      int64  `toml:"max_body"`     // bytes of a request

	Audit string `toml:"audit"` // file of the audit log; "": none

	Rate            float64 `toml:"rate"`             // requests in a second of one organisation; 0: no limit
	AnonymousRate   float64 `toml:"anonymous_rate"`   // of one address without a token
	Concurrent      int     `toml:"concurrent"`       // requests at a time, of either
	ConcurrentPosts int     `toml:"concurrent_posts"` // of these, that send
	SlowestRate     int64   `toml:"slowest_rate"`     // bytes in a second that a client must read or send at least

	Certificate string `toml:"certificate"` // file, PEM
	Key         string `toml:"key"`         // file, PEM
	Plain       bool   `toml:"plain"`       // no TLS beyond this machine: something before the node has it
}

// Default is what a file need not say.
func Default() Config {
	return Config{Listen: "127.0.0.1:8430", Organisation: "This node", MaxBody: 32 << 20, Rate: 500, AnonymousRate: 100, Concurrent: 256, ConcurrentPosts: 8, SlowestRate: 8 << 10}
}

// Load reads a file over c. A key that is not known is an error: it is most
// often one that is misspelt, and what it meant would not hold.
func (c *Config) Load(path string) error {
	meta, err := toml.DecodeFile(path, c)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		names := make([]string, len(unknown))
		for i, k := range unknown {
			names[i] = k.String()
		}
		return fmt.Errorf("%s: no such key: %s; docs/serve.md has them all", path, strings.Join(names, ", "))
	}
	return nil
}

var (
	errPlain = errors.New("to listen beyond this machine takes TLS: set certificate and key, or plain = true when a proxy before the node has them")
	errHalf  = errors.New("certificate and key are set together")
)

// check returns an error about what cannot be run, and the colour of Unmarked.
func (c *Config) check() (unmarked stix.TLP, err error) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return 0, fmt.Errorf("listen: %w: write it as host:port", err)
	}
	if (c.Certificate == "") != (c.Key == "") {
		return 0, errHalf
	}
	if c.Certificate == "" && !c.Plain && !isLoopback(host) {
		return 0, errPlain
	}
	if c.URL != "" {
		if u, err := url.Parse(c.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return 0, fmt.Errorf("url: %q is no address: write it as https://node.example.org", c.URL)
		}
	}
	if c.MaxBody <= 0 {
		return 0, errors.New("max_body: at least 1 byte")
	}
	if !(c.Rate >= 0 && c.Rate <= 1e9 && c.AnonymousRate >= 0 && c.AnonymousRate <= 1e9) {
		return 0, errors.New("rate and anonymous_rate: 0 for no limit, or requests in a second up to 1000000000")
	}
	if c.Concurrent < 1 || c.ConcurrentPosts < 1 || c.Concurrent > 1<<20 || c.ConcurrentPosts > 1<<20 || c.SlowestRate < 1 {
		return 0, errors.New("concurrent, concurrent_posts and slowest_rate: at least 1, and the first two at most 1048576")
	}
	colours := map[string]stix.TLP{"": stix.TLPNone, "clear": stix.TLPClear, "green": stix.TLPGreen, "amber": stix.TLPAmber, "amber+strict": stix.TLPAmberStrict}
	unmarked, ok := colours[strings.ToLower(c.Unmarked)]
	if !ok {
		return 0, fmt.Errorf("unmarked: there is no colour %q: clear, green, amber or amber+strict", c.Unmarked)
	}
	return unmarked, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// address is the URL that others reach the node at.
func (c *Config) address(listening net.Addr) string {
	switch {
	case c.URL != "":
		return strings.TrimRight(c.URL, "/")
	case c.Certificate != "":
		return "https://" + listening.String()
	}
	return "http://" + listening.String()
}
