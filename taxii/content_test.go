package taxii

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
)

// content is a server for tests that need no data of others.
const content = `{
"/discovery": {"title": "A server", "description": "For tests", "contact": "desk@cert.example", "default": "/allies/", "api_roots": ["/allies/", "/town/"]},
"town": {"information": {"title": "A town", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 1000}, "collections": [
  {"id": "0a0a0a0a-0000-4000-8000-000000000001", "title": "Drop box", "can_read": true, "can_write": true}]},
"allies": {"information": {"title": "Allies", "description": "All of them", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 100000},
  "status": [{"id": "5a5a5a5a-0000-4000-8000-000000000001", "status": "pending", "request_timestamp": "2021-07-19T12:00:00.000001Z", "total_count": 3,
    "success_count": 1, "successes": [{"id": "identity--5a5a5a5a-0000-4000-8000-000000000002", "version": "2021-07-19T12:00:00.000Z", "message": "kept"}],
    "failure_count": 1, "failures": [{"id": "identity--5a5a5a5a-0000-4000-8000-000000000003", "version": "2021-07-19T12:00:00.000Z", "message": "no name"}],
    "pending_count": 1, "pendings": [{"id": "identity--5a5a5a5a-0000-4000-8000-000000000004", "version": "2021-07-19T12:00:00.000Z"}]}],
  "collections": [
  {"id": "cccccccc-0000-4000-8000-00000000000a", "title": "Read and write", "description": "Both", "alias": "both", "can_read": true, "can_write": true, "media_types": ["application/stix+json;version=2.1"],
   "objects": [
    {"type":"indicator","spec_version":"2.1","id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z","pattern":"[domain-name:value = 'a.example']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"},
    {"type":"indicator","spec_version":"2.1","id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-03T00:00:00.000Z","pattern":"[domain-name:value = 'b.example']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"},
    {"type":"indicator","spec_version":"2.1","id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-04T00:00:00.000Z","pattern":"[domain-name:value = 'c.example']","pattern_type":"stix","valid_from":"2021-03-02T00:00:00Z"},
    {"type":"malware","id":"malware--bbbbbbbb-0000-4000-8000-000000000002","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z","name":"China Chopper","labels":["web-shell"]},
    {"type":"malware","spec_version":"2.1","id":"malware--bbbbbbbb-0000-4000-8000-000000000002","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-05T00:00:00.000Z","name":"China Chopper","is_family":true},
    {"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--cccccccc-0000-5000-8000-000000000003","value":"192.0.2.1"},
    {"type":"identity","spec_version":"2.1","id":"identity--dddddddd-0000-4000-8000-000000000004","created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z","name":"A  town \u00e9 hall","x_desk":{"open":[8,16.0]}}
   ],
   "manifest": [
    {"id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","date_added":"2021-03-10T00:00:00.000001Z","version":"2021-03-02T00:00:00.000Z"},
    {"id":"malware--bbbbbbbb-0000-4000-8000-000000000002","date_added":"2021-03-10T00:00:00.000002Z","version":"2021-03-02T00:00:00.000Z"},
    {"id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","date_added":"2021-03-11T00:00:00.000000Z","version":"2021-03-03T00:00:00.000Z"},
    {"id":"ipv4-addr--cccccccc-0000-5000-8000-000000000003","date_added":"2021-03-12T00:00:00.000000Z","version":"1970-01-01T00:00:00.000Z"},
    {"id":"indicator--aaaaaaaa-0000-4000-8000-000000000001","date_added":"2021-03-13T00:00:00.000000Z","version":"2021-03-04T00:00:00.000Z"},
    {"id":"malware--bbbbbbbb-0000-4000-8000-000000000002","date_added":"2021-03-14T00:00:00.000000Z","version":"2021-03-05T00:00:00.000Z"},
    {"id":"identity--dddddddd-0000-4000-8000-000000000004","date_added":"2021-03-15T00:00:00.000000Z","version":"2021-03-02T00:00:00.000Z"}
   ]},
  {"id": "cccccccc-0000-4000-8000-00000000000b", "title": "Read", "can_read": true, "can_write": false},
  {"id": "cccccccc-0000-4000-8000-00000000000c", "title": "Write", "can_read": false, "can_write": true},
  {"id": "cccccccc-0000-4000-8000-00000000000d", "title": "Neither", "can_read": false, "can_write": false}
]}}`

const (
	both      = "/allies/collections/cccccccc-0000-4000-8000-00000000000a/"
	reading   = "/allies/collections/cccccccc-0000-4000-8000-00000000000b/"
	writing   = "/allies/collections/cccccccc-0000-4000-8000-00000000000c/"
	nothing   = "/allies/collections/cccccccc-0000-4000-8000-00000000000d/"
	dropBox   = "/town/collections/0a0a0a0a-0000-4000-8000-000000000001/"
	indicator = "indicator--aaaaaaaa-0000-4000-8000-000000000001"
	malware   = "malware--bbbbbbbb-0000-4000-8000-000000000002"
	address   = "ipv4-addr--cccccccc-0000-5000-8000-000000000003"
	identity  = "identity--dddddddd-0000-4000-8000-000000000004"

	everything = "objects/?match[version]=all&match[spec_version]=2.0,2.1"

	indicator1 = indicator + " 2021-03-02T00:00:00.000Z"
	indicator2 = indicator + " 2021-03-03T00:00:00.000Z"
	indicator3 = indicator + " 2021-03-04T00:00:00.000Z"
	malware1   = malware + " 2021-03-02T00:00:00.000Z" // in STIX 2.0
	malware2   = malware + " 2021-03-05T00:00:00.000Z"
	address1   = address + " 1970-01-01T00:00:00.000Z"
	identity1  = identity + " 2021-03-02T00:00:00.000Z"
)

func newHandler(t testing.TB) *Handler { return &Handler{Backend: load(t, []byte(content))} }

// A served is a Handler behind HTTP, which notes what it was last asked.
type served struct {
	*httptest.Server
	mu   sync.Mutex
	last *http.Request
}

func serve(t testing.TB, h http.Handler) *served {
	s := &served{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.last = r
		s.mu.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked fails the test unless the last request was this one, and one of TAXII.
func (s *served) asked(t testing.TB, method, path, query string) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	got, err := url.QueryUnescape(s.last.URL.RawQuery)
	must(t, err)
	if s.last.Method != method || s.last.URL.Path != path || got != query || s.last.Header.Get("Accept") != MediaType {
		t.Errorf("asked %s %s?%s with %v, not %s %s?%s", s.last.Method, s.last.URL.Path, got, s.last.Header, method, path, query)
	}
}

// guarded lets in who sends the token, or the user and password.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		ok := subtle.ConstantTimeCompare([]byte(user+":"+password), []byte("ann:pass word")) == 1 ||
			subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer the-token")) == 1
		if ok {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="taxii", Bearer`)
		w.Header().Set("Content-Type", MediaType)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"title":"Who are you?","description":"send a token, or a user and a password","http_status":"401"}`)
	})
}
