package exchange

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/internal/auth"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/internal/tlp"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/taxii"
)

// A strange server answers as it likes: what it does not say is answered as a
// server with one collection of two objects would.
type strange map[string]http.HandlerFunc

// say answers with JSON.
func say(format string, args ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", taxii.MediaType)
		fmt.Fprintf(w, format, args...)
	}
}

// thing is the text of an object.
func thing(n int, more string) string {
	return fmt.Sprintf(`{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-%012d","created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z","name":"m","is_family":true%s}`, n, more)
}

// listed is the text of a record of a manifest.
func listed(n int, date string) string {
	return fmt.Sprintf(`{"id":"malware--00000000-0000-4000-8000-%012d","date_added":"%s","version":"2020-01-01T00:00:00.000Z"}`, n, date)
}

const (
	first  = "2021-03-02T00:00:00.000001Z"
	second = "2021-03-02T00:00:00.000002Z"
)

func (s strange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind := "discovery"
	switch path := r.URL.Path; {
	case path == "/api/":
		kind = "root"
	case path == "/api/collections/":
		kind = "collections"
	case strings.HasSuffix(path, "/manifest/"):
		kind = "manifest"
	case strings.HasSuffix(path, "/objects/") && r.Method == http.MethodPost:
		kind = "post"
	case strings.HasSuffix(path, "/objects/"):
		kind = "objects"
	case strings.Contains(path, "/status/"):
		kind = "status"
	}
	if f := s[kind]; f != nil {
		f(w, r)
		return
	}
	(map[string]http.HandlerFunc{
		"discovery":   say(`{"title":"x","default":"/api/","api_roots":["/api/"]}`),
		"root":        say(`{"title":"x","versions":["application/taxii+json;version=2.1"],"max_content_length":100000}`),
		"collections": say(`{"collections":[{"id":"91a7b528-80eb-42ed-a74d-c6fbd5a26116","title":"c","can_read":true,"can_write":true}]}`),
		"manifest":    say(`{"objects":[%s,%s]}`, listed(1, first), listed(2, second)),
		"objects":     say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, "")),
		"post":        say(`{"id":"1","status":"complete","total_count":1,"success_count":1,"failure_count":0,"pending_count":0}`),
		"status":      say(`{"id":"1","status":"complete","total_count":1,"success_count":1,"failure_count":0,"pending_count":0}`),
	})[kind](w, r)
}

// meet makes the server a peer of n. Requests to it may take so long.
func (n *town) meet(t *testing.T, s http.Handler, d Direction) Peer {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	n.patience = 2 * time.Second
	org := auth.Org{ID: stix.NewID("identity"), Name: "strange", Standing: auth.Partner}
	if err := (auth.Register{Store: n.store}).PutOrg(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	p := peerOf(org, d)
	p.Address, p.Private, p.Token, p.Objects, p.Bytes = server.URL, true, "secret-token", 5000, 1<<30
	if err := (Book{n.store}).Put(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func packed(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", taxii.MediaType)
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(b)
	}
}

func bomb() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write([]byte(`{"objects":[`))
	blanks := bytes.Repeat([]byte(" "), 1<<20)
	for range 80 {
		_, _ = z.Write(blanks)
	}
	z.Close()
	return b.Bytes()
}

// refuses answers with a status.
func refuses(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.Header().Set("Content-Type", taxii.MediaType)
		w.WriteHeader(status)
		fmt.Fprint(w, `{"title":"no"}`)
	}
}

// endless answers without end, as fast as it can or slowly.
func endless(pause time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", taxii.MediaType)
		fmt.Fprint(w, `{"objects":[`)
		part := strings.Repeat(" ", 1<<16)
		if pause > 0 {
			part = " "
		}
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, part); err != nil {
				return
			}
			if pause > 0 {
				w.(http.Flusher).Flush()
				time.Sleep(pause)
			}
		}
	}
}

// What a peer does costs itself: there is a clear error, its quota is charged, what
// is good of what it gave is kept, and the node is well.
func TestHostilePeers(t *testing.T) {
	const year9999 = "9999-12-31T23:59:59.999999Z"
	pages := 0 // of the case that counts
	for _, c := range []struct {
		name   string
		server strange
		err    string // part of it; "": none
		told   string // part of a problem
		want   Counts
	}{
		{"as others do", strange{}, "", "", Counts{Received: 2}},
		{"a bomb for the manifest", strange{"manifest": packed(bomb())}, "has more than 67108864 bytes", "", Counts{}},
		{"a bomb for a page", strange{"objects": packed(bomb())}, "has more than 67108864 bytes", "", Counts{}},
		{"a bomb for the discovery", strange{"discovery": packed(bomb())}, "has more than", "", Counts{}},
		{"endless", strange{"manifest": endless(0)}, "has more than 67108864 bytes", "", Counts{}},
		{"slow", strange{"manifest": endless(10 * time.Millisecond)}, "a request may take 2s", "", Counts{}},
		{"silent", strange{"objects": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}, "a request may take 2s", "", Counts{}},
		{"no JSON", strange{"manifest": say("<html>")}, "cannot be read", "", Counts{}},
		{"cut", strange{"manifest": say(`{"objects":[`)}, "cannot be read", "", Counts{}},
		{"cut in a page", strange{"objects": say(`{"objects":[%s,{"type":`, thing(1, ""))}, "ends too early", "", Counts{}},
		{"recursive", strange{"manifest": say("%s", `{"objects":`+strings.Repeat("[", 200_000))}, "cannot be read", "", Counts{}},
		{"recursive in a page", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, `,"x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)))}, "", "deep", Counts{Received: 1, LeftOut: 1}},
		{"a list for the manifest", strange{"manifest": say(`[]`)}, "cannot be read", "", Counts{}},
		{"a text for the objects", strange{"manifest": say(`{"objects":"x"}`)}, "cannot be read", "", Counts{}},
		{"a number for a date", strange{"manifest": say(`{"objects":[{"id":"malware--00000000-0000-4000-8000-000000000001","date_added":1,"version":"x"}]}`)}, "no timestamp", "", Counts{}},
		{"a text for more", strange{"objects": say(`{"more":"yes"}`)}, "more is not true or false", "", Counts{}},
		{"objects twice", strange{"objects": say(`{"objects":[],"objects":[]}`)}, "objects comes twice", "", Counts{}},
		{"a page of HTML", strange{"manifest": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<p>sign in")
		}}, "is this the address of a TAXII 2.1 server?", "", Counts{}},
		{"always the same next", strange{"manifest": say(`{"more":true,"next":"a","objects":[%s]}`, listed(1, first))}, "does not get on", "", Counts{Received: 2}},
		{"next goes in circles", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			n, _ := strconv.Atoi(r.FormValue("next"))
			say(`{"more":true,"next":"%d","objects":[%s]}`, (n+1)%7, listed(1, first))(w, r)
		}}, "does not get on", "", Counts{Received: 2}},
		{"more and nothing", strange{"manifest": say(`{"more":true}`)}, "does not get on", "", Counts{}},
		{"more and nothing, each time with another next", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			pages++
			say(`{"more":true,"next":"%d"}`, pages)(w, r)
		}}, "does not get on", "", Counts{}},
		{"no next, and the same date", strange{"manifest": say(`{"more":true,"objects":[%s]}`, listed(1, first))}, "does not get on", "", Counts{Received: 2}},
		{"the first page over and over", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			pages++
			say(`{"more":true,"next":"%d","objects":[%s,%s]}`, pages, listed(1, first), listed(2, second))(w, r)
		}}, "go backwards", "", Counts{Received: 2}},
		{"dates go backwards", strange{"manifest": say(`{"objects":[%s,%s]}`, listed(1, second), listed(2, first))}, "go backwards", "", Counts{}},
		{"equal dates", strange{"manifest": say(`{"objects":[%s,%s]}`, listed(1, first), listed(2, first))}, "", "", Counts{Received: 2}},
		{"the end of time", strange{"manifest": say(`{"objects":[%s,%s]}`, listed(1, first), listed(2, year9999))}, "", "", Counts{Received: 2}},
		{"listed and not given", strange{"objects": say(`{"objects":[%s]}`, thing(1, ""))}, "", "listed, and not given", Counts{Received: 1}},
		{"not asked for", strange{"objects": say(`{"objects":[%s,%s,%s]}`, thing(1, ""), thing(2, ""), thing(3, ""))}, "", "", Counts{Received: 3}},
		{"the same object over and over", strange{"objects": say(`{"objects":[%s%s]}`, strings.Repeat(thing(1, "")+",", 1500), thing(2, ""))}, "", "", Counts{Received: 2}},
		{"no identifier", strange{"manifest": say(`{"objects":[{"id":"x,y","date_added":"%s","version":"x"},%s]}`, first, listed(1, second))}, "", "no object", Counts{Received: 2, LeftOut: 1}},
		{"versions that are none", strange{"manifest": say(`{"objects":[{"id":"malware--00000000-0000-4000-8000-000000000001","date_added":"%s","version":"application/stix+json"}]}`, first)}, "", "", Counts{Received: 2}},
		{"a MUST of STIX", strange{"objects": say(`{"objects":[%s,{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000002","created":"2020-01-01T00:00:00.000Z","modified":"2020-01-01T00:00:00.000Z"}]}`, thing(1, ""))}, "", "is_family", Counts{Received: 1, LeftOut: 1}},
		{"no STIX", strange{"objects": say(`{"objects":[%s,[1],"x",null,{}]}`, thing(1, ""))}, "", "no object of STIX", Counts{Received: 1, LeftOut: 4}},
		{"a name twice", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, `,"name":"n"`))}, "", "twice", Counts{Received: 1, LeftOut: 1}},
		{"no UTF-8", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, ",\"x\":\"\xff\""))}, "", "no object of STIX", Counts{Received: 1, LeftOut: 1}},
		{"a huge object", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, `,"x":"`+strings.Repeat("x", maxObject)+`"`))}, "", "bytes: at most", Counts{Received: 1, LeftOut: 1}},
		{"from the future", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), strings.Replace(thing(2, ""), `"modified":"2020`, `"modified":"9020`, 1))}, "", "yet to come", Counts{Received: 1, LeftOut: 1}},
		{"forged in the name of this node", strange{"objects": say(`{"objects":[%s,%s]}`, thing(1, ""), thing(2, `,"created_by_ref":"identity--00000000-0000-4000-8000-00000000000a"`))}, "", "this node's own organisation", Counts{Received: 1, LeftOut: 1}},
		{"a version of what another made", strange{
			"manifest": say(`{"objects":[%s]}`, strings.Replace(listed(8, first), "2020", "2021", 1)),
			"objects":  say(`{"objects":[%s]}`, strings.Replace(thing(8, `,"created_by_ref":"identity--00000000-0000-4000-8000-00000000000c"`), `"modified":"2020`, `"modified":"2021`, 1)),
		}, "", "", Counts{Conflicts: 1}},
		{"other bytes under the same version", strange{"manifest": refuses(404), "objects": say(`{"objects":[%s]}`, thing(8, ""))}, "", "", Counts{Conflicts: 1}},
		{"no manifest", strange{"manifest": refuses(404)}, "", "when its objects were added", Counts{Received: 2}},
		{"no manifest, and pages without end", strange{"manifest": refuses(405), "objects": func(w http.ResponseWriter, r *http.Request) {
			pages++
			say(`{"more":true,"next":"%d","objects":[%s]}`, pages, strings.TrimSuffix(strings.Repeat(thing(1, "")+",", 1000), ","))(w, r)
		}}, "its quota of 5000 objects a day is used up", "", Counts{Received: 1}},
		{"pages without end", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			pages++
			at := time.Date(2021, 1, 1, 0, 0, 0, pages*1000, time.UTC).Format(time.RFC3339Nano)
			say(`{"more":true,"next":"%d","objects":[%s]}`, pages, strings.Replace(listed(pages, at), "00000000-0000", "00000001-0000", 1))(w, r)
		}}, "its quota of 5000 objects a day is used up", "", Counts{Received: 2}},
		{"a server elsewhere", strange{"discovery": say(`{"title":"x","default":"https://198.51.100.7/api/","api_roots":["https://198.51.100.7/api/"]}`)}, "nothing was sent there", "", Counts{}},
		{"no roots", strange{"discovery": say(`{"title":"x"}`)}, "names no API root", "", Counts{}},
		{"no TAXII", strange{"discovery": say(`{}`)}, "neither the discovery nor an API root", "", Counts{}},
		{"no collections", strange{"collections": say(`{}`)}, "no collection there may be read", "", Counts{}},
		{"collections without end", strange{"collections": say(`{"collections":[%s{"id":"x","title":"x","can_read":true}]}`, strings.Repeat(`{"id":"x","title":"x","can_read":true},`, 1000))}, "it has 1001 collections: say which are meant", "", Counts{}},
		{"redirects elsewhere", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://198.51.100.7/", http.StatusFound)
		}}, "points elsewhere", "", Counts{}},
		{"redirects to itself", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}}, "redirected ten times", "", Counts{}},
		{"many headers", strange{"manifest": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X", strings.Repeat("x", 2*maxHeaders))
			say(`{}`)(w, r)
		}}, "exceeded", "", Counts{}},
		{"cut off", strange{"objects": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Content-Type", taxii.MediaType)
			fmt.Fprint(w, `{"objects":[`)
			panic(http.ErrAbortHandler)
		}}, "EOF", "", Counts{}},
		{"errors that steer a terminal", strange{"manifest": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(500)
			fmt.Fprint(w, `{"title":"\u001b[2J\u0007 gone"}`)
		}}, "500  [2J  gone", "", Counts{}},
		{"not allowed", strange{"manifest": refuses(403)}, "403 no", "", Counts{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			pages = 0
			n := newTown(t, "a")
			n.Backend.Own.ID = "identity--00000000-0000-4000-8000-00000000000a"
			n.learn(t, parsed(t, thing(8, `,"created_by_ref":"identity--00000000-0000-4000-8000-00000000000b"`)))
			p := n.meet(t, c.server, Pull)
			r, err := n.Sync(t.Context(), p.Name, false)
			if c.err == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v, want %q", err, c.err)
			}
			if r.Counts != c.want {
				t.Errorf("%+v, want %+v; %q", r.Counts, c.want, r.Problems)
			}
			if c.told != "" && !strings.Contains(strings.Join(r.Problems, "\n"), c.told) {
				t.Errorf("%q, want %q", r.Problems, c.told)
			}
			state, serr := (Book{n.store}).State(t.Context(), p.Name)
			if serr != nil || state.Bytes == 0 && c.name != "many headers" {
				t.Errorf("the quota was not charged: %+v %v", state, serr)
			}
			if (state.Problem != "") != (err != nil) || strings.ContainsAny(state.Problem, "\x1b\a") {
				t.Errorf("%q", state.Problem)
			}
			if n.store.became[store.Same] > 0 {
				t.Error("something was imported twice")
			}
			// The node is well, and so is what it knows.
			good := newTown(t, "b")
			good.learn(t, malware(t, 77, 2020, stix.TLPClear))
			n.befriend(t, good.org, n.to(good, auth.Partner), Pull)
			if r := n.sync(t, "b"); r.Received != 1 {
				t.Errorf("%+v", r)
			}
			if _, err := n.store.Get(t.Context(), tlp.Local(), malware(t, 8, 2020, stix.TLPClear).ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// A token is sent to the server that it is for, over what it was given for.
func TestTokenStaysWithItsServer(t *testing.T) {
	got := ""
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got += r.Header.Get("Authorization") + r.URL.String() }))
	defer elsewhere.Close()
	for _, server := range []strange{
		{"discovery": say(`{"title":"x","default":"%s/api/","api_roots":["%[1]s/api/"]}`, elsewhere.URL)},
		{"root": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}},
		{"objects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusPermanentRedirect)
		}},
		{"post": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}},
	} {
		n := newTown(t, "a")
		n.learn(t, malware(t, 99, 2020, stix.TLPClear))
		p := n.meet(t, server, Both)
		if _, err := n.Sync(t.Context(), p.Name, false); err == nil {
			t.Error("no error")
		}
	}
	if got != "" {
		t.Error(got)
	}
}

// Retry-After of a server is kept to (RFC 9110, section 10.2.3).
func TestRetryAfter(t *testing.T) {
	n := newTown(t, "a")
	p := n.meet(t, strange{"manifest": refuses(429, "Retry-After", "300")}, Pull)
	_, err := n.Sync(t.Context(), p.Name, false)
	var refusal *taxii.Error
	if !errors.As(err, &refusal) || refusal.Status() != 429 {
		t.Fatal(err)
	}
	state, err := (Book{n.store}).State(t.Context(), p.Name)
	if wait := time.Until(state.Circuit.OpenUntil); err != nil || wait < 290*time.Second || wait > 301*time.Second {
		t.Error(wait, err)
	}
}
