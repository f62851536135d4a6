package node_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/taxii"
)

func (n *started) ask(t *testing.T, method, path, token, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, n.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", taxii.MediaType)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, a.Body)
	a.Body.Close()
	return a
}

// Who asks too fast is told when to ask again, and costs nobody else. What is
// refused costs more.
func TestRates(t *testing.T) {
	c := local()
	c.Rate, c.AnonymousRate = 4, 3
	n := start(t, c)
	year := time.Now().Add(time.Hour)
	a := n.token(t, "A", auth.Partner, auth.Token{Role: auth.Contributor, Expires: year})
	b := n.token(t, "B", auth.Partner, auth.Token{Role: auth.Reader, Expires: year})
	until := func(token, method, path, body string) (answered int) {
		for range 60 {
			r := n.ask(t, method, path, token, body)
			if r.StatusCode == http.StatusTooManyRequests {
				if r.Header.Get("Retry-After") == "" || r.Header.Get("Content-Type") != taxii.MediaType {
					t.Error(r.Header)
				}
				return answered
			}
			answered++
		}
		return answered
	}
	if got := until(a, http.MethodPost, "/api/collections/all/objects/", "{"); got < 1 || got > 3 {
		t.Errorf("%d malformed posts were read before the quota of 40 was used up", got)
	}
	if r := n.ask(t, http.MethodGet, "/api/", b, ""); r.StatusCode != http.StatusOK {
		t.Error("the quota of one is taken from another:", r.Status)
	}
	if got := until("", http.MethodGet, "/api/", ""); got < 20 || got > 40 {
		t.Errorf("anyone: %d answers, the quota is 30", got)
	}
	if r := n.ask(t, http.MethodGet, "/api/", "tocsin_guess_guess", ""); r.StatusCode != http.StatusTooManyRequests {
		t.Error("a guess is looked up for an address that has used up its quota:", r.Status)
	}
	if r := n.ask(t, http.MethodGet, "/api/", b, ""); r.StatusCode != http.StatusOK {
		t.Error("a token that is known does not suffer from others at its address:", r.Status)
	}
}

// A token that is revoked is of no use after auth.Fresh.
func TestRevoked(t *testing.T) {
	n := start(t, local())
	token := n.token(t, "A", auth.Partner, auth.Token{Role: auth.Reader})
	if r := n.ask(t, http.MethodGet, "/api/", token, ""); r.StatusCode != http.StatusOK {
		t.Fatal(r.Status)
	}
	register := auth.Register{Store: n.store}
	id, _, _ := auth.SplitToken(token)
	kept, err := register.Token(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	kept.Revoked = true
	if err := register.PutToken(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	time.Sleep(auth.Fresh + 50*time.Millisecond)
	if r := n.ask(t, http.MethodGet, "/api/", token, ""); r.StatusCode != http.StatusUnauthorized {
		t.Error(r.Status)
	}
}

// Who sends a body by the byte is cut off, and gives its place back.
func TestSlowBody(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the grace of 10 seconds")
	}
	c := local()
	c.ConcurrentPosts = 1
	n := start(t, c)
	token := n.token(t, "A", auth.Partner, auth.Token{Role: auth.Contributor})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(n.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	head := "POST /api/collections/all/objects/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + token + "\r\nContent-Type: " + taxii.MediaType + "\r\nContent-Length: 1000\r\n\r\n{"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for ctx.Err() == nil {
			if _, err := io.WriteString(conn, " "); err != nil {
				return
			}
			time.Sleep(200 * time.Millisecond)
		}
	}()
	time.Sleep(time.Second)
	if r := n.ask(t, http.MethodPost, "/api/collections/all/objects/", token, `{"objects":[]}`); r.StatusCode != http.StatusTooManyRequests {
		t.Error("a second post at a time:", r.Status)
	}
	begun := time.Now()
	_ = conn.SetReadDeadline(begun.Add(20 * time.Second))
	_, err = http.ReadResponse(bufio.NewReader(conn), nil)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Error("a body that came by the byte was waited for")
	}
	stop()
	<-sent
	if r := n.ask(t, http.MethodPost, "/api/collections/all/objects/", token, `{"objects":[]}`); r.StatusCode != http.StatusAccepted {
		t.Error("afterwards:", r.Status)
	}
}
