package taxii

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// FuzzHandler: no request makes the server fail, and every answer is JSON.
func FuzzHandler(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/taxii2/", "", ""},
		{"GET", "/allies/collections/", "", MediaType},
		{"GET", both + "objects/", "match[version]=all&limit=2&next=abc", "*/*"},
		{"GET", both + "manifest/", "match[type]=malware,indicator&match[spec_version]=2.0", "application/json"},
		{"GET", both + "objects/" + indicator + "/versions/", "added_after=2021-03-11T00:00:00Z", "gzip"},
		{"HEAD", both + "objects/", "match[id]=" + identity, "*/*"},
		{"DELETE", both + "objects/" + indicator + "/", "match[version]=first,2021-03-03T00:00:00Z", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], []byte(nil))
	}
	f.Add("POST", both+"objects/", "", "gzip", []byte(`{"objects":[`+newIndicator+`,{"id":"x"}]}`))
	f.Add("POST", both+"objects/", "", "gzip", packed(f, "gzip", []byte(`{"objects":[]}`)))
	f.Add("POST", both+"objects/", "", "zstd", packed(f, "zstd", []byte(`{"objects":[]}`)))
	m := load(f, []byte(content)) // once, and as it was before each request
	h := &Handler{Backend: m}
	start, now := map[*memoryCollection][]entry{}, m.now
	for _, r := range m.roots {
		for _, c := range r.collections {
			start[c] = c.entries
		}
	}
	f.Fuzz(func(t *testing.T, method, path, query, header string, body []byte) {
		for c, entries := range start {
			c.entries = append([]entry(nil), entries...)
		}
		m.now = now
		m.roots["allies"].status, m.roots["town"].status = map[string]*Status{}, map[string]*Status{}
		r := (&http.Request{
			Method: method, URL: &url.URL{Path: path, RawQuery: query}, Host: "cert.example", ContentLength: int64(len(body)),
			Header: http.Header{"Accept": {header}, "Content-Type": {MediaType}, "Accept-Encoding": {header}, "If-None-Match": {header}},
			Body:   io.NopCloser(bytes.NewReader(body)),
		}).WithContext(t.Context())
		if header == "gzip" || header == "zstd" {
			r.Header.Set("Content-Encoding", header)
			r.Header.Del("Accept")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code < 200 || w.Code >= 500 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		in, err := decoded(w.Body, w.Header().Get("Content-Encoding"), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 && !jsontext.Value(got).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
			t.Fatalf("no JSON: %s", got)
		}
		if w.Code >= 400 && method != http.MethodHead {
			var e Error
			if err := json.Unmarshal(got, &e); err != nil || e.Title == "" || e.Status() != w.Code {
				t.Fatalf("%v: %s", err, got)
			}
		}
	})
}

// FuzzFilter: what a query was read as is written as a query that reads the same.
func FuzzFilter(f *testing.F) {
	for _, seed := range filters {
		f.Add(seed.query)
	}
	f.Add("limit=99999999999999999999&next=kf12oi")
	f.Add("added_after=2021-03-11T01:00:00%2B01:00&x=y&x=z")
	f.Fuzz(func(t *testing.T, query string) {
		a, err := parseFilter(query, paging|identities|versioned|specified)
		if err != nil {
			if e := err.(*Error); e.Description == "" || e.Status() < 400 || e.Status() > 499 {
				t.Fatalf("%v", err)
			}
			return
		}
		for _, id := range a.IDs {
			if strings.Contains(string(id), ",") {
				t.Fatalf("%q", id)
			}
		}
		a.AddedAfter = a.AddedAfter.Truncate(1000) // to the microsecond
		b, err := parseFilter(a.query("").Encode(), paging|identities|versioned|specified)
		if err != nil && (a.AddedAfter.Year() < 1 || a.AddedAfter.Year() > 9999 || len(a.query("").Encode()) > maxQuery || len(a.IDs) > maxValues) {
			return
		}
		a.IDs, b.IDs = unique(a.IDs), unique(b.IDs)
		if err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v\n%v", a, b, err)
		}
	})
}

// unique returns the identifiers in order of their first appearance: one in upper
// case is looked for in lower case as well.
func unique(ids []stix.ID) (list []stix.ID) {
	seen := map[stix.ID]bool{}
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			list = append(list, id)
		}
	}
	return list
}

// FuzzReadEnvelope: what is read agrees with a plain reading, and objects are
// parts of the input.
func FuzzReadEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"objects":[` + newIndicator + `,{"a":1,"a":2}],"more":true,"next":"x"}`,
		"\xEF\xBB\xBF{ \"x\" : {\"objects\":[1]} , \"objects\" : [ 1 , \"\\u0022\", null ] } \n",
		`{"objects":[],"objects":[]}`, `{"more":null,"next":null}`, `[`, `{"objects":[[[[`, "{\"next\":\"\xff\"}", ``, `{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		e, _, err := readEnvelope(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the input is changed")
		}
		if s, bad := submission(e); bad == nil && len(s.Objects)+len(s.Failures) != len(e.Objects) {
			t.Fatalf("%d and %d of %d", len(s.Objects), len(s.Failures), len(e.Objects))
		}
		if err != nil {
			return
		}
		var plain struct {
			More    *bool            `json:"more"`
			Next    *string          `json:"next"`
			Objects []jsontext.Value `json:"objects"`
		}
		b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF"))
		if err := json.Unmarshal(b, &plain, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
			t.Fatalf("only we can read %q: %v", b, err)
		}
		if (plain.More != nil && *plain.More) != e.More || (plain.Next != nil && *plain.Next != e.Next) || len(plain.Objects) != len(e.Objects) {
			t.Fatalf("%q: %+v, not %+v", b, e, plain)
		}
		for i, o := range e.Objects {
			if !bytes.Equal(o, plain.Objects[i]) {
				t.Fatalf("%q, not %q", o, plain.Objects[i])
			}
		}
	})
}

// FuzzClientAnswer: whatever a server says, the Client gives an error or an
// answer, of no more than it may have.
func FuzzClientAnswer(f *testing.F) {
	f.Add(200, MediaType, "", "", []byte(`{"objects":[`+newIndicator+`],"more":true,"next":"x"}`))
	f.Add(200, MediaType, "gzip", "2021-03-11T00:00:00Z", packed(f, "gzip", []byte(`{"objects":[]}`)))
	f.Add(200, MediaType, "zstd", "x", packed(f, "zstd", []byte(`{"versions":["x"]}`)))
	f.Add(429, "text/html", "", "7", []byte(`<html>`))
	f.Add(302, "text/html", "", "http://192.0.2.1/", []byte(nil))
	f.Add(404, MediaType, "", "", []byte(`{"title":"x","http_status":"404"}`))
	f.Fuzz(func(t *testing.T, status int, contentType, coding, extra string, body []byte) {
		if status < 100 || status > 999 {
			return
		}
		c := &Client{MaxAnswer: 1 << 16, HTTP: &http.Client{Transport: answering(func(r *http.Request) *http.Response {
			return &http.Response{
				StatusCode: status, Request: r, Body: io.NopCloser(bytes.NewReader(body)),
				Header: http.Header{"Content-Type": {contentType}, "Content-Encoding": {coding}, "Retry-After": {extra}, "Location": {extra}, "X-Taxii-Date-Added-Last": {extra}},
			}
		})}}
		ctx := context.Background()
		const at = "http://cert.example/c/"
		p, err := c.Objects(ctx, at, Filter{}, "")
		if err == nil && status/100 != 2 {
			t.Fatalf("%d is well", status)
		}
		size := 0
		for _, o := range p.Envelope.Objects {
			size += len(o)
		}
		if size > 1<<16 {
			t.Fatalf("%d bytes of objects", size)
		}
		if err != nil && len(err.Error()) > 4000+len(extra)*8 {
			t.Fatalf("%d bytes of error", len(err.Error()))
		}
		for _, ask := range []func() error{
			func() error { _, err := c.Discover(ctx, at); return err },
			func() error { _, err := c.Manifest(ctx, at, Filter{}, ""); return err },
			func() error { _, err := c.Versions(ctx, at, indicator, ""); return err },
			func() error { _, err := c.Status(ctx, at, "x"); return err },
			func() error { return c.Delete(ctx, at, indicator, Filter{}) },
			func() error { return c.Each(ctx, at, Filter{}, func(Reply) error { return nil }) },
		} {
			if err := ask(); err == nil && status/100 != 2 {
				t.Fatalf("%d is well", status)
			}
		}
	})
}

// answering is a server without a network.
type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }
