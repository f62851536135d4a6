package taxii

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// failing is a Backend whose disk is gone.
type failing struct {
	Backend
	err error
}

func (f failing) Collection(ctx context.Context, _, _ string) (Collection, error) {
	if f.err != nil {
		return Collection{}, f.err
	}
	if ctx.Err() != nil {
		return Collection{}, ctx.Err()
	}
	return Collection{}, errors.New("hidden: disk gone")
}

func slogTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

func TestGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	(&Handler{Backend: failing{}}).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, both+"objects/", nil))
	if w.Code != 503 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
