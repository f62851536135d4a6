package node_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/stix"
)

// What is acknowledged has its line on disk; tokens are never in it.
func TestAudit(t *testing.T) {
	c := local()
	c.Audit = filepath.Join(t.TempDir(), "audit.jsonl")
	n := start(t, c)
	token := n.token(t, "A\nB", auth.Partner, auth.Token{Role: auth.Contributor})
	body := `{"objects":[` + string(indicator(t, stix.TLPClear, "a").Raw()) + `,{}]}`
	if r := n.ask(t, http.MethodPost, "/api/collections/all/objects/?a=%0a", token, body); r.StatusCode != http.StatusAccepted {
		t.Fatal(r.Status)
	}
	b, err := os.ReadFile(c.Audit)
	if err != nil {
		t.Fatal(err)
	}
	var line struct {
		Name, Method, Token    string
		Status, Taken, Refused int
		Received               int
	}
	if err := json.Unmarshal(b, &line); err != nil || strings.Count(string(b), "\n") != 1 {
		t.Fatalf("%s: %v", b, err)
	}
	id, secret, _ := auth.SplitToken(token)
	if line.Name != "A\nB" || line.Method != "POST" || line.Token != id || line.Status != 202 || line.Taken != 1 || line.Refused != 1 || line.Received != len(body) {
		t.Errorf("%s", b)
	}
	if strings.Contains(string(b), secret) {
		t.Error("the secret of a token is in the log")
	}
	if info, err := os.Stat(c.Audit); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
}

// What cannot be logged is not taken in.
func TestAuditFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full here")
	}
	c := local()
	c.Audit = "/dev/full"
	n := start(t, c)
	token := n.token(t, "A", auth.Partner, auth.Token{Role: auth.Contributor})
	for range 2 {
		if r := n.ask(t, http.MethodPost, "/api/collections/all/objects/", token, `{"objects":[]}`); r.StatusCode != http.StatusServiceUnavailable {
			t.Error(r.Status)
		}
	}
	if r := n.ask(t, http.MethodGet, "/api/", token, ""); r.StatusCode != http.StatusOK {
		t.Error(r.Status)
	}
}
