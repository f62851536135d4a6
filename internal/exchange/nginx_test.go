package exchange_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// The lines for nginx in docs/publish.md let a client page through the files.
func TestNginxServesThePublished(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx"
	}
	if _, err := os.Stat(nginx); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("no nginx: .ci/run installs it")
		}
		t.Skip("no nginx here: apt-get install nginx-light")
	}
	docs, err := os.ReadFile("../../docs/publish.md")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := strings.Cut(string(docs), "```nginx\n")
	lines, _, _ = strings.Cut(lines, "```")
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()

	s := openStore(t)
	var objects []string
	for n := range 350 {
		objects = append(objects, text("tool", n, 2020, `,"name":"x"`))
	}
	put(t, s, objects...)
	folder, err := os.MkdirTemp("", "published") // nginx drops its rights: others must reach it
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(folder, "public")
	b := &exchange.Backend{Store: s, URL: "http://" + address, MaxBody: 1}
	if _, err := b.Publish(t.Context(), dir, "index.json", silent); err != nil {
		t.Fatal(err)
	}
	lines = strings.NewReplacer("127.0.0.1:8099", address, "/var/www/tocsin", dir).Replace(lines)
	config := filepath.Join(folder, "nginx.conf")
	text := fmt.Sprintf("daemon off; pid %s/pid; error_log %[1]s/error.log; events {}\nhttp {\naccess_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;\n%s}\n", folder, lines)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "secret.json"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), nginx, "-c", config, "-e", filepath.Join(folder, "error.log"))
	run.Stderr = os.Stderr
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = run.Process.Signal(os.Interrupt)
		_ = run.Wait()
	}()
	for range 100 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}

	client := &taxii.Client{}
	server, err := client.Discover(t.Context(), "http://"+address)
	if err != nil {
		t.Fatal(err)
	}
	got := map[stix.ID]bool{}
	err = client.Each(t.Context(), taxii.CollectionAt(server.Default, "all"), taxii.Filter{}, func(page taxii.Reply) error {
		for _, raw := range page.Objects {
			o, err := stix.Parse(raw)
			if err != nil {
				return err
			}
			got[o.ID] = true
		}
		return nil
	})
	if err != nil || len(got) != 350 {
		t.Errorf("%d of 350 objects: %v", len(got), err)
	}
	for path, status := range map[string]int{
		"/api/collections/all/objects/?match[type]=tool":                        400,
		"/api/collections/all/objects/?next=../../../../../secret":              404,
		"/api/collections/all/objects/?next=zzz":                                404,
		"/api/collections/all/objects":                                          200,
		"/api/collections/all/objects/" + string(nth("tool", 1)) + "/":          200,
		"/api/collections/all/objects/" + string(nth("tool", 999)) + "/":        404,
		"/api/collections/all/objects/" + string(nth("tool", 1)) + "/versions/": 200,
	} {
		a, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(a.Body)
		a.Body.Close()
		if a.StatusCode != status || strings.Contains(string(body), "secret") || status == 200 && a.Header.Get("Content-Type") != taxii.MediaType {
			t.Errorf("%s: %d %s %.200s", path, a.StatusCode, a.Header.Get("Content-Type"), body)
		}
	}
}
