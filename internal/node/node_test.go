package node_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/node"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// started is a node that runs until the test ends.
type started struct {
	*node.Node
	store store.Store
}

func start(t *testing.T, c node.Config) *started {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.New(t.Context(), c, s, slog.New(slog.DiscardHandler))
	if err != nil {
		s.Close()
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := n.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		run.Wait()
		s.Close()
	})
	return &started{n, s}
}

func local() node.Config {
	c := node.Default()
	c.Listen = "127.0.0.1:0"
	return c
}

// token returns the text of a token of a new organisation.
func (n *started) token(t *testing.T, name string, standing auth.Standing, as auth.Token) string {
	t.Helper()
	r := auth.Register{Store: n.store}
	o := auth.Org{ID: stix.NewID("identity"), Name: name, Standing: standing}
	if err := r.PutOrg(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	as.Org = o.ID
	made, text := auth.NewToken(as)
	if err := r.PutToken(t.Context(), made); err != nil {
		t.Fatal(err)
	}
	return text
}

func indicator(t *testing.T, colour stix.TLP, name string) *stix.Object {
	t.Helper()
	at := stix.Timestamp{Time: time.Date(2021, 3, 2, 0, 0, 0, 0, time.UTC)}
	o, err := stix.Make(&stix.Indicator{
		Common: stix.Common{Created: at, ObjectMarkingRefs: []stix.ID{colour.MarkingID()}},
		Name:   name, Pattern: "[domain-name:value = '" + name + ".example']", PatternType: "stix", ValidFrom: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// One member sends, others read what they may.
func TestMembers(t *testing.T) {
	n := start(t, local())
	year := time.Now().Add(time.Hour)
	sends := taxii.Client{Token: n.token(t, "CERT A", auth.Partner, auth.Token{Role: auth.Contributor, Expires: year})}
	d, err := sends.Discover(t.Context(), n.URL)
	if err != nil {
		t.Fatal(err)
	}
	all := taxii.CollectionAt(d.Default, "all")
	objects := []*stix.Object{indicator(t, stix.TLPClear, "clear"), indicator(t, stix.TLPGreen, "green"), indicator(t, stix.TLPAmber, "amber"), indicator(t, stix.TLPRed, "red")}
	status, err := sends.Add(t.Context(), all, objects)
	if err != nil || status.SuccessCount != 4 {
		t.Fatal(status, err)
	}
	if again, err := sends.Status(t.Context(), d.Default, status.ID); err != nil || again.SuccessCount != 4 {
		t.Error(again, err)
	}
	for _, reader := range []struct {
		name string
		c    taxii.Client
		want string
	}{
		{"anyone", taxii.Client{}, "clear"},
		{"a guest", taxii.Client{Token: n.token(t, "Guest", auth.Guest, auth.Token{Role: auth.Reader, Expires: year})}, "clear"},
		{"a partner", taxii.Client{User: "whoever", Password: n.token(t, "CERT B", auth.Partner, auth.Token{Role: auth.Reader, Expires: year})}, "clear green"},
		{"a client", taxii.Client{Token: n.token(t, "Town hall", auth.Client, auth.Token{Role: auth.Reader, Expires: year})}, "clear green amber"},
	} {
		var names []string
		err := reader.c.Each(t.Context(), all, taxii.Filter{Limit: 1}, func(r taxii.Reply) error {
			for _, raw := range r.Objects {
				for _, o := range objects {
					if bytes.Equal(raw, o.Raw()) {
						names = append(names, strings.Split(string(o.Raw()), `"name":"`)[1])
					}
				}
			}
			return nil
		})
		for i := range names {
			names[i], _, _ = strings.Cut(names[i], `"`)
		}
		if got := strings.Join(names, " "); got != reader.want || err != nil {
			t.Errorf("%s reads %q, want %q: %v", reader.name, got, reader.want, err)
		}
		var refusal *taxii.Error
		if _, err := reader.c.Add(t.Context(), all, objects[:1]); !errors.As(err, &refusal) || refusal.Status() != http.StatusForbidden {
			t.Errorf("%s sends: %v", reader.name, err)
		}
		if _, err := reader.c.Status(t.Context(), d.Default, status.ID); !errors.As(err, &refusal) || refusal.Status() != http.StatusNotFound {
			t.Errorf("%s asks what became of what another sent: %v", reader.name, err)
		}
	}
}

// A token that is not good is refused, and is not taken for none.
func TestTokens(t *testing.T) {
	n := start(t, local())
	good := n.token(t, "A", auth.Partner, auth.Token{Role: auth.Reader, Expires: time.Now().Add(time.Hour)})
	for name, token := range map[string]string{
		"expired":       n.token(t, "B", auth.Partner, auth.Token{Role: auth.Reader, Expires: time.Now().Add(-time.Second)}),
		"revoked":       n.token(t, "C", auth.Partner, auth.Token{Role: auth.Reader, Revoked: true}),
		"another's":     good[:len("tocsin_")+8] + n.token(t, "D", auth.Partner, auth.Token{Role: auth.Reader})[len("tocsin_")+8:],
		"cut":           good[:len(good)-1],
		"of nobody":     "tocsin_aaaaaaaa_bbbbbbbb",
		"no token":      "secret",
		"another space": "tocsin__",
	} {
		var refusal *taxii.Error
		if _, err := (&taxii.Client{Token: token}).Discover(t.Context(), n.URL); !errors.As(err, &refusal) || refusal.Status() != http.StatusUnauthorized {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (&taxii.Client{Token: good}).Discover(t.Context(), n.URL); err != nil {
		t.Error(err)
	}
	narrow := n.token(t, "E", auth.Partner, auth.Token{Role: auth.Contributor, Collections: []string{"reports"}})
	list, err := (&taxii.Client{Token: narrow}).Collections(t.Context(), n.URL+"/api/")
	if err != nil || len(list) != 1 || list[0].Alias != "reports" || list[0].CanWrite {
		t.Error(list, err)
	}
}

func TestTLS(t *testing.T) {
	c := local()
	var pool *x509.CertPool
	c.Certificate, c.Key, pool = certificate(t)
	n := start(t, c)
	if !strings.HasPrefix(n.URL, "https://127.0.0.1:") {
		t.Fatal(n.URL)
	}
	client := taxii.Client{HTTP: &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
	if _, err := client.Discover(t.Context(), n.URL); err != nil {
		t.Error(err)
	}
	if _, err := (&taxii.Client{}).Discover(t.Context(), n.URL); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
}

// certificate writes one for 127.0.0.1 and returns where it and its key are.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "node"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool = x509.NewCertPool()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool.AppendCertsFromPEM(text)
	for path, b := range map[string][]byte{cert: text, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, pool
}

func TestHealth(t *testing.T) {
	n := start(t, local())
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		a, err := http.Get(n.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(a.Body)
		a.Body.Close()
		if err != nil || string(b) != want {
			t.Error(path, string(b), err)
		}
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"misspelt":       {`lisen = ":1"`, "no such key: lisen"},
		"no TOML":        {`listen`, "node.toml"},
		"plain":          {`listen = "0.0.0.0:0"`, "takes TLS"},
		"half":           {`certificate = "a.pem"`, "set together"},
		"no colour":      {`unmarked = "pink"`, "no colour"},
		"red by default": {`unmarked = "red"`, "no colour"},
		"no address":     {`url = "node.example"`, "no address"},
		"no port":        {`listen = "localhost"`, "host:port"},
		"no body":        {`max_body = -1`, "max_body"},
		"no such file":   {"certificate = \"a.pem\"\nkey = \"b.pem\"\nlisten = \"127.0.0.1:0\"", "certificate and key"},
	} {
		path := filepath.Join(t.TempDir(), "node.toml")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		config := node.Default()
		err := config.Load(path)
		if err == nil {
			s, open := sqlite.Open(filepath.Join(t.TempDir(), "s.db"))
			if open != nil {
				t.Fatal(open)
			}
			_, err = node.New(t.Context(), config, s, slog.New(slog.DiscardHandler))
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
