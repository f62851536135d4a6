package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// TestHostileServers: whatever a server answers, the Client ends with an error
// that says what is wrong, or with what could be read.
func TestHostileServers(t *testing.T) {
	const page = `{"objects":[{"type":"identity","id":"identity--1"}]}`
	ok := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", MediaType)
			fmt.Fprint(w, body)
		}
	}
	with := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", MediaType)
			for _, line := range headers {
				name, value, _ := strings.Cut(line, ": ")
				w.Header().Set(name, value)
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", MediaType)
		piece := bytes.Repeat([]byte("x"), 1<<16)
		_, err := io.WriteString(w, `{"objects":["`)
		for err == nil {
			_, err = w.Write(piece)
		}
	}
	raw := func(answer string) http.HandlerFunc { // a connection that says this and closes
		return func(w http.ResponseWriter, r *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(c, answer)
				c.Close()
			}
		}
	}
	bomb := packed(t, "gzip", bytes.Repeat([]byte(" "), 64<<20))
	zbomb := packed(t, "zstd", bytes.Repeat([]byte(" "), 64<<20))
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		says   string
	}{
		"endless body":           {endless, "more than 1048576 bytes"},
		"long body":              {ok(`{"objects":["` + strings.Repeat("x", 2<<20) + `"]}`), "more than 1048576 bytes"},
		"gzip bomb":              {with(200, string(bomb), "Content-Encoding: gzip"), "more than 1048576 bytes"},
		"zstd bomb":              {with(200, string(zbomb), "Content-Encoding: zstd"), "more than 1048576 bytes"},
		"no gzip":                {with(200, page, "Content-Encoding: gzip"), "cannot be unpacked"},
		"no zstd":                {with(200, page, "Content-Encoding: zstd"), "magic number"},
		"cut gzip":               {with(200, string(bomb[:len(bomb)/100]), "Content-Encoding: gzip"), "unexpected EOF"},
		"another coding":         {with(200, page, "Content-Encoding: br"), "cannot be unpacked"},
		"coding upon coding":     {with(200, page, "Content-Encoding: gzip, gzip"), "cannot be unpacked"},
		"HTML":                   {with(200, "<html>hello</html>", "Content-Type: text/html"), "is this the address of a TAXII 2.1 server?"},
		"TAXII 2.0":              {with(200, page, "Content-Type: application/vnd.oasis.taxii+json; version=2.0"), "is this the address of a TAXII 2.1 server?"},
		"another version":        {with(200, page, "Content-Type: application/taxii+json;version=2.2"), "is this the address of a TAXII 2.1 server?"},
		"a media type of none":   {with(200, page, "Content-Type: ;;;"), "is this the address of a TAXII 2.1 server?"},
		"cut body":               {raw("HTTP/1.1 200 OK\r\nContent-Type: " + MediaType + "\r\nContent-Length: 500\r\n\r\n{\"objects\":["), "unexpected EOF"},
		"cut JSON":               {ok(`{"objects":[{"type":`), "ends too early"},
		"no body":                {ok(""), "no JSON object"},
		"no answer":              {raw(""), "EOF"},
		"no HTTP":                {raw("SSH-2.0-OpenSSH_9.2\r\n"), "malformed HTTP"},
		"huge headers":           {with(200, page, "X-Long: "+strings.Repeat("x", 2<<20)), "exceeded"},
		"objects twice":          {ok(`{"objects":[],"objects":[]}`), "comes twice"},
		"next twice":             {ok(`{"next":"a","next":"b","objects":[]}`), "comes twice"},
		"objects of wrong type":  {ok(`{"objects":{"a":1}}`), "objects is not a list"},
		"more of wrong type":     {ok(`{"more":"yes","objects":[]}`), "more is not true or false"},
		"next of wrong type":     {ok(`{"next":{},"objects":[]}`), "next is not a string"},
		"a list":                 {ok(`[` + page + `]`), "no JSON object"},
		"a number":               {ok(`1`), "no JSON object"},
		"no JSON":                {ok(`{"objects":[}]}`), "no JSON at byte"},
		"something behind":       {ok(page + `{}`), "behind its end"},
		"deep nesting":           {ok(`{"objects":[` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `]}`), "no JSON at byte"},
		"deep nesting elsewhere": {ok(`{"x":` + strings.Repeat(`{"x":`, 100_000) + `1` + strings.Repeat("}", 100_000) + `}`), "no JSON at byte"},
		"bytes of no UTF-8":      {ok("{\"next\":\"\xff\xfe\",\"objects\":[]}\x00"), "behind its end"},
		"redirect elsewhere":     {with(302, "", "Location: http://192.0.2.1/"), "points elsewhere"},
		"redirect to a file":     {with(301, "", "Location: file:///etc/passwd"), "points elsewhere"},
		"redirect in a circle":   {with(307, "", "Location: /again/"), "redirected ten times"},
		"redirect without where": {with(302, ""), "302 Found"},
		"429":                    {with(429, "", "Retry-After: 7"), "429 Too Many Requests: the server wants to be asked less often"},
		"HTML of an error":       {with(502, "<html><h1>Bad gateway</h1></html>", "Content-Type: text/html"), "502 Bad Gateway"},
		"an error of TAXII":      {with(418, `{"title":"No","description":"not now","http_status":"200"}`), "418 No: not now"},
		"an error of control":    {with(400, `{"title":"\u001b[31mred\u0007\n\u202e"}`), "400  [31mred   "},
		"an endless error":       {with(500, `{"title":"`+strings.Repeat("x", 1<<20)), "500 Internal Server Error"},
		"a long error":           {with(500, `{"title":"`+strings.Repeat("x", 5000)+`"}`), "xxx…"},
		"an unknown status":      {with(599, ""), "599 no answer of TAXII"},
		"partial content of 2.0": {with(206, page, "Content-Type: application/vnd.oasis.stix+json"), "is this the address"},
		"not modified":           {with(304, ""), "304"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.answer)
			defer s.Close()
			client := &Client{MaxAnswer: 1 << 20, Token: "secret", HTTP: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxResponseHeaderBytes: 1 << 16, DisableKeepAlives: true}}}
			_, err := client.Objects(t.Context(), s.URL+"/c/", Filter{}, "")
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, not %q", err, c.says)
			}
			if err != nil && (len(err.Error()) > 2000 || strings.Contains(err.Error(), "secret")) {
				t.Errorf("%d bytes of error: %.300v", len(err.Error()), err)
			}
		})
	}
}

// TestHostileMessages: the same for the messages without objects.
func TestHostileMessages(t *testing.T) {
	for body, says := range map[string]string{
		``:                             "cannot be read",
		`[]`:                           "cannot be read",
		`{"title":1}`:                  "cannot be read",
		`{"title":"a","title":"b"}`:    "cannot be read",
		`{"title":"a","api_roots":{}}`: "cannot be read",
		`{"title":"a"}{"title":"b"}`:   "cannot be read",
		"{\"title\":\"\xff\"}":         "cannot be read",
		strings.Repeat(`[`, 100_000):   "cannot be read",
		`{"title":"` + strings.Repeat("x", 5<<20) + `"}`: "more than",
	} {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", MediaType)
			fmt.Fprint(w, body)
		}))
		c := &Client{}
		_, err := c.Discover(t.Context(), s.URL)
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.50q: %v", body, err)
		}
	}
	if _, err := (&Client{}).Discover(t.Context(), "://"); err == nil {
		t.Error("no address is an address")
	}
}

// TestBadObjectCostsItself: a name that comes twice within one object, or text of
// no UTF-8, leaves the others of its page.
func TestBadObjectCostsItself(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/taxii+json; version=2.1")
		fmt.Fprint(w, "{\"objects\":[{\"a\":1,\"a\":2},{\"name\":\"\xff\"},"+newIndicator+"],\"more\":null,\"next\":null}")
	}))
	p, err := (&Client{}).Objects(t.Context(), s.URL, Filter{}, "")
	if err != nil || len(p.Envelope.Objects) != 3 || string(p.Envelope.Objects[2]) != newIndicator {
		t.Errorf("%s %v", p.Envelope.Objects, err)
	}
}

// TestEndlessPages: a server that never ends is left.
func TestEndlessPages(t *testing.T) {
	const object = `{"type":"identity","id":"identity--1"}`
	at := func(n int64) string { return Timestamp{time.Unix(n, 0)}.String() }
	for name, c := range map[string]struct {
		answer func(w http.ResponseWriter, n int64) string
		most   int64 // requests
	}{
		"the same next": {func(http.ResponseWriter, int64) string { return `{"more":true,"next":"a","objects":[` + object + `]}` }, 2},
		"next in a circle of 5": {func(_ http.ResponseWriter, n int64) string {
			return fmt.Sprintf(`{"more":true,"next":"%d","objects":[%s]}`, n%5, object)
		}, 20},
		"next that grows, without objects": {func(_ http.ResponseWriter, n int64) string { return fmt.Sprintf(`{"more":true,"next":"%d"}`, n) }, maxEmpty},
		"more and nothing":                 {func(http.ResponseWriter, int64) string { return `{"more":true}` }, 1},
		"the same date": {func(w http.ResponseWriter, n int64) string {
			w.Header().Set("X-TAXII-Date-Added-Last", at(1))
			return `{"more":true,"objects":[` + object + `]}`
		}, 2},
		"dates that fall": {func(w http.ResponseWriter, n int64) string {
			w.Header().Set("X-TAXII-Date-Added-Last", at(1000-n))
			return `{"more":true,"objects":[` + object + `]}`
		}, 2},
		"dates that grow, without objects": {func(w http.ResponseWriter, n int64) string {
			w.Header().Set("X-TAXII-Date-Added-Last", at(n))
			return `{"more":true}`
		}, maxEmpty},
		"no date": {func(w http.ResponseWriter, n int64) string {
			w.Header().Set("X-TAXII-Date-Added-Last", "yesterday")
			return `{"more":true,"objects":[` + object + `]}`
		}, 1},
	} {
		var n atomic.Int64
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", MediaType)
			_, _ = io.WriteString(w, c.answer(w, n.Add(1)))
		}))
		err := (&Client{}).Each(t.Context(), s.URL, Filter{}, func(Reply) error {
			if n.Load() > c.most {
				return errors.New("it would never end")
			}
			return nil
		})
		if !errors.Is(err, errLoop) || n.Load() > c.most {
			t.Errorf("%s: %d requests, %v", name, n.Load(), err)
		}
	}
}

// TestRetryAfter: how long a server wants to be left alone, as seconds or date.
func TestRetryAfter(t *testing.T) {
	soon := time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for value, want := range map[string]time.Duration{"7": 7 * time.Second, "999999999": 24 * time.Hour, "-1": 0, "x": 0, "": 0, soon: time.Hour, "Mon, 01 Jan 2001 00:00:00 GMT": 0} {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(429)
		}))
		_, err := (&Client{}).Discover(t.Context(), s.URL)
		var e *Error
		if !errors.As(err, &e) || e.RetryAfter > want || e.RetryAfter < want-time.Minute {
			t.Errorf("%q: %v of %v", value, e.RetryAfter, err)
		}
	}
}

// TestRedirectWithin: a server may move what it has, and a post is not sent on to
// another.
func TestRedirectWithin(t *testing.T) {
	h := newHandler(t)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/old"); ok {
			http.Redirect(w, r, rest, http.StatusTemporaryRedirect)
			return
		}
		h.ServeHTTP(w, r)
	}))
	if a, err := (&Client{}).APIRoot(t.Context(), s.URL+"/old/allies/"); err != nil || a.Title != "Allies" {
		t.Errorf("%+v %v", a, err)
	}
	var reached atomic.Bool
	other := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Store(true) }))
	s = serve(t, http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	if _, err := (&Client{}).Add(t.Context(), s.URL, nil); !errors.Is(err, errElsewhere) || reached.Load() {
		t.Errorf("%v, reached: %v", err, reached.Load())
	}
}

// TestHostileRequests: each gets a clear error, and none is an error of the
// server.
func TestHostileRequests(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	many := strings.Repeat("a,", 2000) + "a"
	for _, c := range []struct {
		method, target, body string
		headers              []string
		status               int
	}{
		{"GET", "/", "", nil, 404},
		{"GET", "//", "", nil, 404},
		{"GET", "/%00/", "", nil, 404},
		{"GET", "/allies/%2e%2e/", "", nil, 404},
		{"GET", "/allies/collections/..%2f..%2fetc%2fpasswd/", "", nil, 404},
		{"GET", "/allies/collections/%ff%fe/", "", nil, 404},
		{"GET", "/allies/collections/" + long + "/", "", nil, 404},
		{"GET", "/" + strings.Repeat("a/", 10_000), "", nil, 404},
		{"GET", both + "objects/" + indicator + "/versions/more/", "", nil, 404},
		{"GET", both + "objects/%27%3B%20DROP%20TABLE%20objects/", "", nil, 404},
		{"GET", both + "objects/?" + long, "", nil, 414},
		{"GET", both + "objects/?match[type]=" + many, "", nil, 400},
		{"GET", both + "objects/?match[type]=%ff", "", nil, 400},
		{"GET", both + "objects/?match[id]=%00", "", nil, 400},
		{"GET", both + "objects/?match[id]=", "", nil, 400},
		{"GET", both + "objects/?%zz", "", nil, 400},
		{"GET", both + "objects/?limit=1;limit=2", "", nil, 400},
		{"GET", both + "objects/?next=", "", nil, 400},
		{"GET", both + "objects/?next=-1", "", nil, 400},
		{"GET", both + "objects/?next=zzzzzzzzzzzzz", "", nil, 400},
		{"GET", both + "objects/?next=" + long[:1000], "", nil, 400},
		{"GET", both + "objects/?next=../..", "", nil, 400},
		{"GET", both + "objects/?next=" + strconv.FormatInt(maxDate+1, 36), "", nil, 400}, // in the year 10000
		{"GET", both + "objects/?added_after=9999-99-99T00:00:00Z", "", nil, 400},
		{"GET", both + "objects/?added_after=" + strings.Repeat("2", 1000), "", nil, 400},
		{"GET", both + "objects/?match[version]=latest", "", nil, 400},
		{"GET", both + "objects/?match[version]=all,", "", nil, 400},
		{"GET", both + "objects/?match[all]=1", "", nil, 400},
		{"GET", "/taxii2/?match[type]=indicator", "", nil, 400},
		{"GET", both + "objects/", "", []string{"Accept: " + long}, 406},
		{"GET", both + "objects/", "", []string{"Accept: \xff\x00"}, 406},
		{"PUT", both + "objects/", "{}", nil, 405},
		{"PATCH", both, "{}", nil, 405},
		{"POST", "/taxii2/", "{}", nil, 405},
		{"POST", both + "manifest/", "{}", nil, 405},
		{"DELETE", both + "objects/", "", nil, 405},
		{"DELETE", both + "objects/" + indicator + "/versions/", "", nil, 405},
		{"DELETE", both + "objects/" + indicator + "/?added_after=2021-01-01T00:00:00Z", "", nil, 400},
		{"DELETE", both + "objects/" + indicator + "/?limit=1", "", nil, 400},
		{"OPTIONS", both + "objects/", "", nil, 405},
		{"TRACE", both + "objects/", "", nil, 405},
		{"post", both + "objects/", `{"objects":[]}`, nil, 405},
		{"POST", both + "objects/", strings.Repeat(" ", 100_001), nil, 413},
		{"POST", both + "objects/", string(packed(t, "gzip", bytes.Repeat([]byte(" "), 10<<20))), []string{"Content-Encoding: gzip"}, 413},
		{"POST", both + "objects/", string(packed(t, "zstd", bytes.Repeat([]byte(" "), 10<<20))), []string{"Content-Encoding: zstd"}, 413},
		{"POST", both + "objects/", `{"objects":[]}`, []string{"Content-Encoding: gzip"}, 422},
		{"POST", both + "objects/", `{"objects":[]}`, []string{"Content-Encoding: zstd"}, 422},
		{"POST", both + "objects/", `{"objects":[]}`, []string{"Content-Encoding: deflate"}, 415},
		{"POST", both + "objects/", strings.Repeat("[", 90_000), nil, 422},
		{"POST", both + "objects/", strings.Repeat(`{"objects":`, 9_000), nil, 422},
		{"POST", both + "objects/", `{"objects":[` + strings.Repeat("{", 90_000), nil, 422},
		{"POST", both + "objects/", "\x00\x01\x02", nil, 422},
		{"POST", both + "objects/", `{"objects":[` + strings.Repeat("1,", 40_000) + `1]}`, nil, 422},                         // no answer of megabytes
		{"POST", dropBox + "objects/", `{"objects":[` + strings.Repeat(newIndicator+`,`, 3) + newIndicator + `]}`, nil, 413}, // by the root's own limit
	} {
		r := ask(t, newHandler(t), c.method, "http://cert.example"+c.target, c.body, c.headers...)
		if r.status != c.status {
			t.Errorf("%s %.60s %.30q: %d, not %d: %s", c.method, c.target, c.body, r.status, c.status, r.body)
			continue
		}
		r.is(t, c.status)
		if len(r.body) > 1000 {
			t.Errorf("%s %.60s: %d bytes of error", c.method, c.target, len(r.body))
		}
		if c.status == 405 && r.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.target)
		}
	}
}

// TestManyObjects: a few bytes of a server do not become many.
func TestManyObjects(t *testing.T) {
	for n, well := range map[int]bool{maxObjects: true, maxObjects + 1: false} {
		e, _, err := readEnvelope([]byte(`{"objects":[` + strings.Repeat("1,", n-1) + `1]}`))
		if (err == nil) != well || well && len(e.Objects) != n {
			t.Errorf("%d: %d %v", n, len(e.Objects), err)
		}
	}
}

// TestNoStatus: an answer that says nothing of what became of a post is an error.
func TestNoStatus(t *testing.T) {
	for _, answer := range []http.HandlerFunc{
		func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", MediaType)
			fmt.Fprint(w, `{"objects":[]}`)
		},
		func(w http.ResponseWriter, r *http.Request) { // which would make a GET of the POST
			w.Header().Set("Content-Type", MediaType)
			if r.Method == http.MethodPost {
				http.Redirect(w, r, r.URL.Path, http.StatusFound)
				return
			}
			fmt.Fprint(w, `{"id":"x","status":"complete"}`)
		},
	} {
		if st, err := (&Client{}).Add(t.Context(), serve(t, answer).URL, nil); err == nil {
			t.Errorf("%+v", st)
		}
	}
}

// TestUnlimitedBody: a post that does not say how long it is ends at the limit.
func TestUnlimitedBody(t *testing.T) {
	body := &counted{}
	r := httptest.NewRequest("POST", both+"objects/", body)
	r.Header.Set("Content-Type", MediaType)
	r.ContentLength = -1
	w := httptest.NewRecorder()
	newHandler(t).ServeHTTP(w, r)
	if w.Code != 413 || body.n > 200_000 {
		t.Errorf("%d after %d bytes", w.Code, body.n)
	}
}

// TestLimited: as many bytes as there may be are well, one more is too long,
// also when it comes with the end.
func TestLimited(t *testing.T) {
	for n, want := range map[int]error{0: nil, 9: nil, 10: nil, 11: errTooLong, 1000: errTooLong} {
		for _, r := range []io.Reader{strings.NewReader(strings.Repeat("x", n)), iotest.DataErrReader(strings.NewReader(strings.Repeat("x", n))), iotest.OneByteReader(strings.NewReader(strings.Repeat("x", n)))} {
			if b, err := io.ReadAll(&limited{r, 10}); err != want || len(b) != min(n, 10) {
				t.Errorf("%d bytes: %d and %v", n, len(b), err)
			}
		}
	}
}

// counted gives white space without end.
type counted struct{ n int }

func (c *counted) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	c.n += len(b)
	return len(b), nil
}

// TestBackendFails: what went wrong in the server is for its log alone, and a
// request that was given up gets no empty page.
func TestBackendFails(t *testing.T) {
	var log bytes.Buffer
	h := &Handler{Backend: failing{}, Log: slogTo(&log)}
	r := get(t, h, both+"objects/").is(t, 500)
	if bytes.Contains(r.body, []byte("hidden")) || !strings.Contains(log.String(), "hidden") {
		t.Errorf("%s, and in the log %s", r.body, log.String())
	}
	e := Fail(503, "Busy", "ask later")
	e.RetryAfter = 1500 * time.Millisecond
	h.Backend = failing{err: fmt.Errorf("wrapped: %w", e)}
	if r := get(t, h, both+"objects/").is(t, 503); r.header.Get("Retry-After") != strconv.Itoa(2) {
		t.Errorf("%v", r.header)
	}
}
