package exchange

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
)

// Addresses that a name of a stranger must not lead to, in all the ways to write
// them that there are (IANA special-purpose address registries, RFC 4291, RFC
// 6052, RFC 3056).
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		address string
		open    error // without --private
		private error // with it
	}{
		{"8.8.8.8", nil, nil},
		{"2606:4700::1111", nil, nil},
		{"64:ff9b::808:808", nil, nil}, // 8.8.8.8 behind NAT64
		{"127.0.0.1", errPrivate, nil},
		{"127.255.255.254", errPrivate, nil},
		{"::1", errPrivate, nil},
		{"::ffff:127.0.0.1", errPrivate, nil},
		{"10.1.2.3", errPrivate, nil},
		{"172.16.0.1", errPrivate, nil},
		{"172.32.0.1", nil, nil},
		{"192.168.1.1", errPrivate, nil},
		{"::ffff:192.168.1.1", errPrivate, nil},
		{"64:ff9b::c0a8:101", errPrivate, nil}, // 192.168.1.1 behind NAT64
		{"100.64.0.1", errPrivate, nil},
		{"100.128.0.1", nil, nil},
		{"fd00::1", errPrivate, nil},
		{"169.254.169.254", errNever, errNever},
		{"::ffff:169.254.169.254", errNever, errNever},
		{"64:ff9b::a9fe:a9fe", errNever, errNever},
		{"fe80::1%eth0", errNever, errNever},
		{"0.0.0.0", errNever, errNever},
		{"0.1.2.3", errNever, errNever},
		{"::", errNever, errNever},
		{"::ffff:0.0.0.0", errNever, errNever},
		{"::7f00:1", errNever, errNever}, // 127.0.0.1 as IPv4-compatible
		{"224.0.0.1", errNever, errNever},
		{"255.255.255.255", errNever, errNever},
		{"ff02::1", errNever, errNever},
		{"192.0.0.8", errNever, errNever},
		{"198.18.0.1", errNever, errNever},
		{"203.0.113.7", errNever, errNever},
		{"240.0.0.1", errNever, errNever},
		{"2002:7f00:1::", errNever, errNever}, // 127.0.0.1 over 6to4
		{"2001::1", errNever, errNever},       // Teredo
		{"64:ff9b:1::1", errNever, errNever},
		{"fec0::1", errNever, errNever},
	} {
		a := netip.MustParseAddr(c.address)
		if err := (&guard{}).allows(a); !errors.Is(err, c.open) {
			t.Errorf("%s: %v, want %v", c.address, err, c.open)
		}
		if err := (&guard{private: true}).allows(a); !errors.Is(err, c.private) {
			t.Errorf("%s with --private: %v, want %v", c.address, err, c.private)
		}
	}
}

// The guard stands where addresses are dialled: also for names, and redirects.
func TestGuardDials(t *testing.T) {
	inside := httptest.NewServer(http.NotFoundHandler())
	defer inside.Close()
	_, port, err := net.SplitHostPort(inside.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1"} {
		_, err := (&http.Client{Transport: Transport(false)}).Get("http://" + host + ":" + port)
		if err == nil || host != "127.1" && !errors.Is(err, errPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	a, err := (&http.Client{Transport: Transport(true)}).Get(inside.URL)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
}
