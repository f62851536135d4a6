package node

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/taxii"
)

// known finds out who asks: with a token as Bearer, or as the password of Basic
// for clients that know no other (RFC 7617); the name is then of no matter. Who
// shows nothing is anyone. Who shows what is not good is refused rather than
// taken for anyone: it would miss what it came for without knowing.
func (n *Node) known(next http.Handler) http.Handler {
	register := auth.Register{Store: n.store}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			next.ServeHTTP(w, r)
			return
		}
		text, ok := strings.CutPrefix(header, "Bearer ")
		if !ok {
			_, text, ok = r.BasicAuth()
		}
		err := auth.ErrToken
		var s auth.Subject
		if ok {
			s, err = register.Bearer(r.Context(), strings.TrimSpace(text), time.Now())
		}
		switch {
		case errors.Is(err, auth.ErrToken):
			n.log.Warn("refused", "from", r.RemoteAddr, "reason", err)
			w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin", Basic realm="tocsin"`)
			refuse(w, taxii.Fail(http.StatusUnauthorized, "Not known", "send a token of this node as Bearer, or as the password of Basic; its operator gives you one"))
		case err != nil:
			n.log.Error("who asks", "error", err)
			refuse(w, taxii.Fail(http.StatusInternalServerError, "Server error", "the server could not answer; its operator finds the reason in its log"))
		default:
			next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), s)))
		}
	})
}

func refuse(w http.ResponseWriter, e *taxii.Error) {
	w.Header().Set("Content-Type", taxii.MediaType)
	w.WriteHeader(e.Status())
	body, _ := json.Marshal(e) // of strings it cannot fail
	_, _ = w.Write(body)
}
