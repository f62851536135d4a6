package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/exchange"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

func silent(int) {}

// read returns the files of a folder by their paths.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every file is what the node answers to anyone, to the byte, and all that a client
// reaches from the beginning is there; nothing of what is withheld is in any.
func TestPublished(t *testing.T) {
	for seed := range uint64(3) {
		w := newWorld(t, rand.New(rand.NewPCG(seed, 99)), 450)
		s := openStore(t)
		var batch []store.Incoming
		for _, o := range w.objects {
			batch = append(batch, store.Incoming{Object: o, Source: "a"})
		}
		if _, err := s.Import(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		made(t, s, exchange.Definition{Alias: "about", Query: exchange.Selection{About: w.objects[0].ID, Steps: 3}})
		made(t, s, exchange.Definition{Alias: "closed", Readers: exchange.Circle{Standing: auth.Guest}})
		if seed == 0 { // as many versions as do not fit on a page
			var many []string
			for year := 2000; year < 2230; year++ {
				many = append(many, text("tool", 7, year, `,"name":"x"`))
			}
			put(t, s, many...)
		}
		b := &exchange.Backend{Store: s, Own: auth.Org{ID: stix.NewID("identity"), Name: "Own", Standing: auth.Own}, URL: "https://feed.example", MaxBody: 1 << 20}
		dir := filepath.Join(t.TempDir(), "public")
		done, err := b.Publish(t.Context(), dir, "index.json", silent)
		if err != nil {
			t.Fatal(err)
		}
		files := read(t, dir)
		h := &taxii.Handler{Backend: b}
		ask := func(path string) string {
			a := httptest.NewRecorder()
			h.ServeHTTP(a, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if a.Code != http.StatusOK {
				t.Errorf("%s: %d", path, a.Code)
			}
			return a.Body.String()
		}
		visible, objects := w.visible(0), 0
		for name, content := range files {
			for i, o := range w.objects {
				for _, secret := range []string{o.ID.UUID(), fmt.Sprintf(`secret-%d"`, i), fmt.Sprintf("secret-%d.", i)} {
					if !visible[i] && (strings.Contains(content, secret) || strings.Contains(name, secret)) {
						t.Errorf("%s tells of %s", name, o.ID)
					}
				}
			}
			path, page, isPage := strings.Cut(strings.TrimSuffix(name, ".json"), "next/")
			switch {
			case !strings.HasPrefix(name, "api/") && !strings.HasPrefix(name, "taxii2/"):
				continue
			case isPage:
				path += "?next=" + page
			default:
				path = strings.TrimSuffix(path, "index")
			}
			if got := ask("/" + path); got != content {
				t.Errorf("%s: %.200s\nthe node: %.200s", name, content, got)
			}
			objects++
		}
		var public []stix.ID
		for i, o := range w.objects {
			if visible[i] {
				public = append(public, o.ID)
			}
		}
		for _, id := range public {
			if _, err := os.Stat(filepath.Join(dir, "api/collections/all/objects", string(id), "versions/index.json")); err != nil {
				t.Error(err)
			}
			if !strings.Contains(files["bundle.json"], string(id)) {
				t.Errorf("the bundle lacks %s", id)
			}
		}
		if len(public) < 100 || objects < 200 || files["misp/manifest.json"] == "" || done.Changed != len(files) {
			t.Errorf("%d objects, %d files compared, %+v of %d", len(public), objects, done, len(files))
		}
		testAgain(t, b, dir, files, w, visible)
	}
}

// testAgain: what is the same is left as it is, what is no longer public goes, and
// what ends in the middle leaves the tree whole.
func testAgain(t *testing.T, b *exchange.Backend, dir string, files map[string]string, w *world, visible []bool) {
	before, err := os.Stat(filepath.Join(dir, "bundle.json"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := b.Publish(t.Context(), dir, "index.json", silent)
	if err != nil || again.Changed != 0 {
		t.Errorf("the same again: %+v %v", again, err)
	}
	if after, err := os.Stat(filepath.Join(dir, "bundle.json")); err != nil || !os.SameFile(before, after) {
		t.Error("the bundle is another file", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := b.Publish(ctx, dir, "index.json", func(int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if now := read(t, dir); fmt.Sprint(now) != fmt.Sprint(files) {
		t.Error("a publication that ended in the middle changed the tree")
	}
	for i, o := range w.objects {
		if visible[i] {
			red := strings.NewReplacer(`"modified":"2021`, `"modified":"2022`, colours[0].marking, colours[5].marking, colours[1].marking, colours[5].marking).Replace(string(o.Raw()))
			put(t, b.Store, red)
			if _, err := b.Publish(t.Context(), dir, "index.json", silent); err != nil {
				t.Fatal(err)
			}
			for name, content := range read(t, dir) {
				if strings.Contains(name+content, o.ID.UUID()) {
					t.Errorf("%s still tells of %s", name, o.ID)
				}
			}
			return
		}
	}
}

// A folder with the files of others is not replaced.
func TestPublishSparesOthers(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := &exchange.Backend{Store: openStore(t)}
	if _, err := b.Publish(t.Context(), dir, "index.json", silent); err == nil || !strings.Contains(err.Error(), "files of others") {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "mine")); err != nil {
		t.Error(err)
	}
}
