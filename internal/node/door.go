package node

import (
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A door is what a request comes in by: it finds out who asks, and whether that
// one may ask now.
type door struct {
	next      http.Handler
	roster    auth.Roster
	orgs      *quotas[stix.ID]
	addresses *quotas[netip.Prefix]
	atATime   int32  // requests of one organisation, or one address
	posts     int32  // of these, that send
	pace      int64  // bytes in a second
	audit     *audit // nil: none
	log       *slog.Logger
}

const (
	mostOrgs      = 1 << 14
	mostAddresses = 1 << 16
	hostile       = 20 // requests that one counts as which is refused for what it shows or sends
)

func newDoor(next http.Handler, r auth.Register, c *Config, a *audit, log *slog.Logger) *door {
	return &door{
		next: next, roster: auth.Roster{Register: r}, log: log, audit: a,
		orgs: newQuotas[stix.ID](c.Rate, mostOrgs), addresses: newQuotas[netip.Prefix](c.AnonymousRate, mostAddresses),
		atATime: int32(c.Concurrent), posts: int32(c.ConcurrentPosts), pace: c.SlowestRate,
	}
}

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{ResponseWriter: w, start: time.Now(), posting: r.Method == http.MethodPost, door: d, r: r}
	v.pace = pace{control: http.NewResponseController(w), rate: d.pace}
	q, r, err := d.admit(r, v.start)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	leave, err := d.enter(q, v.posting)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	defer leave()
	if writes(r) && d.audit != nil && d.audit.err() != nil {
		d.refuse(w, r, errUnlogged)
		return
	}
	v.who = auth.From(r.Context())
	r = r.WithContext(taxii.WithTally(r.Context(), &v.tally))
	if v.posting {
		r.Body = &paced{r.Body, pace{control: v.pace.control, rate: d.pace, start: v.start}}
		v.body, _ = r.Body.(*paced)
	}
	d.next.ServeHTTP(v, r)
	if d.audit != nil && !v.told {
		d.audit.add(v.line(time.Now()))
	}
	switch v.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		if v.posting {
			q.charge(hostile, time.Now())
		}
	}
}

// admit says whose quota a request is of, and takes it from that. The request is
// returned with who asks. Who shows nothing is anyone. Who shows what is not good
// is refused rather than taken for anyone: it would miss what it came for without
// knowing.
func (d *door) admit(r *http.Request, at time.Time) (*quota, *http.Request, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		q := d.address(r)
		return q, r, busy(q.take(1, at), "this address")
	}
	text := credential(r, header)
	if !d.roster.Knows(text) { // to ask the store costs the address, or whoever guesses would keep it busy
		if err := busy(d.address(r).take(1, at), "this address"); err != nil {
			return nil, r, err
		}
	}
	s, err := d.roster.Bearer(r.Context(), text, at)
	if err != nil {
		if errors.Is(err, auth.ErrToken) {
			d.address(r).charge(hostile, at)
		}
		return nil, r, err
	}
	q := d.orgs.of(s.Org.ID)
	return q, r.WithContext(auth.With(r.Context(), s)), busy(q.take(1, at), "your organisation")
}

// credential is the token that a request shows: as Bearer, or as the password of
// Basic for clients that know no other (RFC 7617); the name is then of no matter.
func credential(r *http.Request, header string) string {
	if scheme, text, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") { // RFC 9110, section 11.1
		return strings.TrimSpace(text)
	}
	_, text, _ := r.BasicAuth()
	return strings.TrimSpace(text)
}

func (d *door) address(r *http.Request) *quota {
	a, _ := netip.ParseAddrPort(r.RemoteAddr) // of what is no address: all such are one
	return d.addresses.of(neighbours(a.Addr()))
}

// enter counts a request as being under way until leave is called.
func (d *door) enter(q *quota, posting bool) (leave func(), err error) {
	leave = func() {
		q.under.Add(-1)
		if posting {
			q.posts.Add(-1)
		}
	}
	under := q.under.Add(1)
	posts := int32(0)
	if posting {
		posts = q.posts.Add(1)
	}
	if under > d.atATime || posts > d.posts {
		leave()
		return nil, tooMany(time.Second, "too many requests of yours are under way at a time: wait for their answers")
	}
	return leave, nil
}

func busy(wait time.Duration, who string) error {
	if wait <= 0 {
		return nil
	}
	return tooMany(wait, "requests of "+who+" come faster than this node answers them: ask again when Retry-After says")
}

func tooMany(wait time.Duration, text string) error {
	e := taxii.Fail(http.StatusTooManyRequests, "Too many requests", text)
	e.RetryAfter = wait
	return e
}

// refuse answers to a request that does not come in. Its body is not waited for.
func (d *door) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var e *taxii.Error
	switch {
	case errors.As(err, &e):
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(e.RetryAfter.Seconds()+0.999))))
	case errors.Is(err, auth.ErrToken):
		d.log.Warn("refused", "from", r.RemoteAddr, "reason", err)
		w.Header().Set("WWW-Authenticate", `Bearer realm="tocsin", Basic realm="tocsin"`)
		e = taxii.Fail(http.StatusUnauthorized, "Not known", "send a token of this node as Bearer, or as the password of Basic; its operator gives you one")
	default:
		d.log.Error("who asks", "error", err)
		e = taxii.Fail(http.StatusInternalServerError, "Server error", "the server could not answer; its operator finds the reason in its log")
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Connection", "close")
	}
	w.Header().Set("Content-Type", taxii.MediaType)
	w.WriteHeader(e.Status())
	body, _ := json.Marshal(e) // of strings it cannot fail
	_, _ = w.Write(body)
}

// A visit is a request that came in, and its answer.
type visit struct {
	http.ResponseWriter
	start   time.Time
	pace    pace
	posting bool
	status  int

	door    *door
	r       *http.Request
	who     auth.Subject
	tally   taxii.Tally
	body    *paced
	told    bool // the audit log has its line
	instead bool // another answer was given
}

func writes(r *http.Request) bool {
	return r.Method == http.MethodPost || r.Method == http.MethodDelete
}

var errUnlogged = func() error {
	e := taxii.Fail(http.StatusServiceUnavailable, "Audit log not writable", "this node takes nothing in that it cannot log; its operator finds the reason in its log: send it again later")
	e.RetryAfter = 30 * time.Second
	return e
}()

// received is how many bytes were sent.
func (v *visit) received() int64 {
	if v.body == nil {
		return 0
	}
	return v.body.done
}

// Unwrap is for http.ResponseController.
func (v *visit) Unwrap() http.ResponseWriter { return v.ResponseWriter }

// WriteHeader implements http.ResponseWriter. How long the request took does not
// count against its answer.
func (v *visit) WriteHeader(status int) {
	if v.status == 0 {
		v.status, v.pace.start = status, time.Now()
		if v.posting {
			_ = v.pace.control.SetWriteDeadline(v.pace.due(chunk))
		}
	}
	if d := v.door; d.audit != nil && writes(v.r) && !v.told {
		v.told = true
		if err := d.audit.keep(v.line(time.Now())); err != nil { // what was taken in is not acknowledged: to send it again does no harm
			v.instead = true
			for _, name := range []string{"Content-Length", "Content-Encoding"} {
				v.Header().Del(name)
			}
			d.refuse(v.ResponseWriter, v.r, errUnlogged)
			return
		}
	}
	v.ResponseWriter.WriteHeader(status)
}

func (v *visit) Write(b []byte) (int, error) {
	if v.status == 0 {
		v.WriteHeader(http.StatusOK)
	}
	if v.instead {
		return len(b), nil
	}
	return v.pace.write(v.ResponseWriter, b)
}
