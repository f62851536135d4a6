package node

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store/sqlite"
	"github.com/tocsin-project/tocsin/stix"
)

// What a request costs before and after its answer is found.
func BenchmarkDoors(b *testing.B) {
	s, err := sqlite.Open(filepath.Join(b.TempDir(), "s.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c := Default()
	c.Listen, c.Rate, c.AnonymousRate = "127.0.0.1:0", 1e9, 1e9
	n, err := New(b.Context(), c, s, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer n.Close()
	r := auth.Register{Store: s}
	o := auth.Org{ID: stix.NewID("identity"), Name: "A", Standing: auth.Partner}
	if err := r.PutOrg(b.Context(), o); err != nil {
		b.Fatal(err)
	}
	t, text := auth.NewToken(auth.Token{Org: o.ID, Role: auth.Reader})
	if err := r.PutToken(b.Context(), t); err != nil {
		b.Fatal(err)
	}
	doors := n.doors(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }), &c)
	for _, who := range []struct{ name, token string }{{"anyone", ""}, {"token", text}} {
		b.Run(who.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				q := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/api/collections/all/objects/?added_after=2021-03-02T00:00:00Z", nil)
				if who.token != "" {
					q.Header.Set("Authorization", "Bearer "+who.token)
				}
				w := &nowhere{header: http.Header{}}
				for p.Next() {
					clear(w.header)
					if doors.ServeHTTP(w, q); w.status != http.StatusNoContent {
						b.Fatal(w.status)
					}
				}
			})
		})
	}
}

// nowhere is where answers go.
type nowhere struct {
	header http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(status int)      { w.status = status }
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }
