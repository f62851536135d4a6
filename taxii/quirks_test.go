package taxii

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// TestAccept: section 1.6.8, and what clients send in place of it.
func TestAccept(t *testing.T) {
	h := newHandler(t)
	for accept, status := range map[string]int{
		"application/taxii+json;version=2.1":            200,
		"application/taxii+json; version=2.1":           200,
		"application/taxii+json ; version=2.1 ":         200,
		`application/taxii+json;version="2.1"`:          200,
		"Application/TAXII+JSON;VERSION=2.1":            200,
		"application/taxii+json;version=2.1;":           200,
		"application/taxii+json;version=2.1;q=0.8":      200,
		"application/taxii+json":                        200,
		"*/*":                                           200,
		"application/*":                                 200,
		"application/json":                              200,
		"application/json, text/plain, */*":             200,
		"text/html, application/taxii+json;version=2.1": 200,
		"application/taxii+json;version=2.0, application/taxii+json;version=2.1": 200,
		"": 200,
		"application/vnd.oasis.taxii+json; version=2.0": 406,
		"application/vnd.oasis.stix+json; version=2.0":  406,
		"application/taxii+json;version=2.0":            406,
		"application/taxii+json;version=3.0":            406,
		"text/html":                                     406,
		"*/*;q=0":                                       406,
		"application/taxii+json;version=2.1;q=0.000":    406,
		"not a media type":                              406,
		";;;,,,":                                        406,
	} {
		for _, path := range []string{"/taxii2/", "/allies/", both, both + "objects/", both + "manifest/"} {
			r := get(t, h, path, "Accept: "+accept).is(t, status)
			if status == 406 && (!bytes.Contains(r.body, []byte("TAXII 2.1")) || !bytes.Contains(r.body, []byte(MediaType))) {
				t.Errorf("%q: %s", accept, r.body) // says what would be right
			}
		}
	}
}

// TestContentType: what is sent says that it is TAXII 2.1, or just TAXII.
func TestContentType(t *testing.T) {
	for ct, status := range map[string]int{
		"application/taxii+json;version=2.1":            202,
		"application/taxii+json; version=2.1":           202,
		`Application/TAXII+json; Version="2.1"`:         202,
		"application/taxii+json":                        202,
		"application/taxii+json;charset=utf-8":          202,
		"application/taxii+json;version=2.0":            415,
		"application/vnd.oasis.stix+json; version=2.0":  415,
		"application/vnd.oasis.taxii+json; version=2.0": 415,
		"application/json":                              415,
		"text/plain":                                    415,
		"":                                              415,
		"/":                                             415,
	} {
		ask(t, newHandler(t), "POST", both+"objects/", `{"objects":[]}`, "Content-Type: "+ct).is(t, status)
	}
}

// TestSlashes: section 3.1 ends each path with a slash; clients forget it, or
// join a base that has one with a path that has one.
func TestSlashes(t *testing.T) {
	h := newHandler(t)
	for _, path := range []string{"/taxii2/", "/allies/", "/allies/collections/", both, both + "objects/", both + "manifest/", both + "objects/" + indicator + "/", both + "objects/" + indicator + "/versions/", "/allies/status/5a5a5a5a-0000-4000-8000-000000000001/"} {
		want := get(t, h, path).is(t, 200)
		for _, other := range []string{strings.TrimSuffix(path, "/"), path + "/", "/" + path} {
			r := ask(t, h, "GET", "http://cert.example"+other, "").is(t, 200)
			if !bytes.Equal(r.body, want.body) {
				t.Errorf("%s: %s", other, r.body)
			}
		}
		get(t, h, strings.TrimSuffix(path, "/")+"?limit=0").is(t, 400) // the query is read all the same
	}
	var s Status
	ask(t, h, "POST", strings.TrimSuffix(both, "/")+"/objects", `{"objects":[]}`).is(t, 202).into(t, &s)
}

// TestUpperCaseIdentifiers: the digits of a UUID mean the same in either case.
func TestUpperCaseIdentifiers(t *testing.T) {
	h := newHandler(t)
	upper := "/allies/collections/CCCCCCCC-0000-4000-8000-00000000000A/"
	for _, path := range []string{upper, upper + "objects/", upper + "manifest/", upper + "objects/indicator--AAAAAAAA-0000-4000-8000-000000000001/", both + "objects/indicator--AAAAAAAA-0000-4000-8000-000000000001/versions/", "/allies/status/5A5A5A5A-0000-4000-8000-000000000001/"} {
		if got, want := get(t, h, path).is(t, 200), get(t, h, strings.ToLower(path)).is(t, 200); !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	if got := get(t, h, both+"objects/?match[id]=indicator--AAAAAAAA-0000-4000-8000-000000000001").versions(t); !slices.Equal(got, []string{indicator3}) {
		t.Errorf("%q", got)
	}
	// What is deleted is named to the letter.
	ask(t, h, "DELETE", both+"objects/indicator--AAAAAAAA-0000-4000-8000-000000000001/", "").is(t, 404)
	ask(t, h, "DELETE", both+"objects/"+indicator+"/", "").is(t, 200)
}

// TestAlias: section 5.2.1 lets an alias stand for the identifier.
func TestAlias(t *testing.T) {
	h := newHandler(t)
	for _, rest := range []string{"", "objects/", "manifest/", "objects/" + indicator + "/"} {
		if got, want := get(t, h, "/allies/collections/both/"+rest).is(t, 200), get(t, h, both+rest).is(t, 200); !bytes.Equal(got.body, want.body) {
			t.Errorf("%s: %s", rest, got.body)
		}
	}
	get(t, h, "/allies/collections/BOTH/").is(t, 404)
}

// TestWhoAsks: the Handler leaves it to what stands before it. Old clients send
// Basic, later ones Bearer.
func TestWhoAsks(t *testing.T) {
	h := guarded(newHandler(t))
	basic := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ann:pass word"))
	for _, path := range []string{"/taxii2/", "/allies/", both + "objects/"} {
		get(t, h, path, basic).is(t, 200)
		get(t, h, path, "Authorization: Bearer the-token").is(t, 200)
		get(t, h, path, "Authorization: Bearer another").is(t, 401)
		if r := get(t, h, path).is(t, 401); r.header.Get("WWW-Authenticate") == "" {
			t.Error("no WWW-Authenticate")
		}
	}
}

// TestTimestamps: section 2 writes six digits of the second; clients write none,
// three, nine, or an offset in place of Z.
func TestTimestamps(t *testing.T) {
	h := newHandler(t)
	want := []string{address1, indicator3, malware2, identity1}
	for _, at := range []string{"2021-03-11T00:00:00Z", "2021-03-11T00:00:00.0Z", "2021-03-11T00:00:00.000Z", "2021-03-11T00:00:00.000000Z", "2021-03-11T00:00:00.000000000Z", "2021-03-11T01:00:00%2B01:00", "2021-03-10T19:00:00-05:00"} {
		if got := get(t, h, both+"objects/?added_after="+at).is(t, 200).versions(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q", at, got)
		}
	}
	for _, at := range []string{"2021-03-11", "2021-03-11T00:00:00", "1615420800", "yesterday", "2021-13-11T00:00:00Z", "2021-02-30T00:00:00Z", "2021-03-11T00:00:00+01:00"} { // the plus is a space
		get(t, h, both+"objects/?added_after="+at).is(t, 400)
	}
	for _, at := range []string{"2021-03-03T00:00:00Z", "2021-03-03T00:00:00.000000Z"} {
		if got := get(t, h, both+"objects/?match[version]="+at).is(t, 200).versions(t); !slices.Equal(got, []string{indicator2}) {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// TestNextWithAddedAfter: section 3.5 repeats the first request with next; some
// clients write a date of their own beside it. The later counts, so that none
// goes back.
func TestNextWithAddedAfter(t *testing.T) {
	h := newHandler(t)
	var e Envelope
	r := get(t, h, both+"objects/?limit=2").is(t, 200)
	must(t, json.Unmarshal(r.body, &e))
	behind := []string{malware2, identity1}
	for query, want := range map[string][]string{
		"":                                  behind,
		"&added_after=2021-03-01T00:00:00Z": behind,
		"&added_after=" + r.header.Get("X-TAXII-Date-Added-Last"): behind,
		"&added_after=2021-03-14T00:00:00Z":                       {identity1},
		"&added_after=2022-01-01T00:00:00Z":                       nil,
	} {
		if got := get(t, h, both+"objects/?next="+e.Next+query).is(t, 200).versions(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q", query, got)
		}
	}
	if got := get(t, h, both+"objects/?next="+strings.ToUpper(e.Next)).is(t, 200).versions(t); !slices.Equal(got, behind) {
		t.Errorf("%q", got)
	}
	// Without a state in the server: another gives the same page.
	if got := get(t, newHandler(t), both+"objects/?next="+e.Next).is(t, 200).versions(t); !slices.Equal(got, behind) {
		t.Errorf("%q", got)
	}
}

// TestLimits: section 3.4: a server may give less than is asked for.
func TestLimits(t *testing.T) {
	h := newHandler(t)
	h.PageSize, h.MaxPageSize = 2, 3
	for query, n := range map[string]int{"": 2, "?limit=1": 1, "?limit=3": 3, "?limit=4": 3, "?limit=1000000": 3, "?limit=99999999999999999999": 3} {
		if got := get(t, h, both+"objects/"+query).is(t, 200).versions(t); len(got) != n {
			t.Errorf("%s: %d objects", query, len(got))
		}
	}
	for _, limit := range []string{"0", "-1", "-99999999999999999999", "x", "1.5", "1e3", ""} {
		get(t, h, both+"objects/?limit="+limit).is(t, 400)
	}
}

// TestRange: ranges of TAXII 2.0 are gone; who still sends one gets the whole.
func TestRange(t *testing.T) {
	h := newHandler(t)
	if r := get(t, h, both+"objects/", "Range: items 0-1").is(t, 200); len(r.versions(t)) != 4 || r.header.Get("Content-Range") != "" {
		t.Errorf("%s", r.body)
	}
}

// TestHead: the same headers as of GET, and no body (RFC 9110, section 9.3.2).
func TestHead(t *testing.T) {
	h := newHandler(t)
	for _, path := range []string{"/taxii2/", both, both + "objects/", both + "manifest/", both + "objects/" + indicator + "/versions/"} {
		got, want := ask(t, h, "HEAD", path, "").is(t, 200), get(t, h, path)
		if len(got.body) != 0 || want.header.Get("Content-Length") != strconv.Itoa(len(want.body)) {
			t.Errorf("%s: %d bytes, and %v", path, len(got.body), want.header)
		}
		for _, name := range []string{"Content-Length", "ETag", "X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last"} {
			if got.header.Get(name) != want.header.Get(name) {
				t.Errorf("%s: %s is %q, not %q", path, name, got.header.Get(name), want.header.Get(name))
			}
		}
	}
}

// TestNotModified: who has an answer already does not get it again (RFC 9110,
// section 13.1.2), in whatever coding it came.
func TestNotModified(t *testing.T) {
	h := newHandler(t)
	for _, coding := range []string{"", "gzip", "zstd"} {
		r := get(t, h, both+everything, "Accept-Encoding: "+coding).is(t, 200)
		tag := r.header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) || r.header.Get("Content-Encoding") != coding {
			t.Fatalf("%v", r.header)
		}
		for value, status := range map[string]int{
			tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"other", ` + tag: 304, "*": 304,
			`"other"`: 200, "W/": 200, "": 200,
		} {
			for _, accepted := range []string{"", "gzip", "zstd"} {
				again := get(t, h, both+everything, "If-None-Match: "+value, "Accept-Encoding: "+accepted)
				if again.status != status || again.header.Get("ETag") != tag || again.header.Get("X-TAXII-Date-Added-Last") == "" || !strings.Contains(again.header.Get("Vary"), "Accept-Encoding") {
					t.Errorf("If-None-Match %q: %d %v", value, again.status, again.header)
				}
				if status == 304 && len(again.body) > 0 {
					t.Errorf("304 with %d bytes", len(again.body))
				}
			}
		}
		ask(t, h, "POST", both+"objects/", `{"objects":[`+newIndicator+`]}`, "If-None-Match: "+tag).is(t, 202)
		get(t, h, both+everything, "If-None-Match: "+tag).is(t, 200) // there is one more
		h = newHandler(t)
	}
}

// TestCodings: answers are compressed as the client can read them, and what is
// sent may be compressed.
func TestCodings(t *testing.T) {
	h := newHandler(t)
	plain := get(t, h, both+everything).is(t, 200).body
	for accept, want := range map[string]string{
		"gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "GZIP;q=0.5": "gzip", "zstd;q=0, gzip": "gzip",
		"": "", "identity": "", "br": "", "gzip;q=0": "", "gzip; q=0.0, zstd; q=0": "", ",;=": "",
	} {
		r := get(t, h, both+everything, "Accept-Encoding: "+accept).is(t, 200)
		if got := r.header.Get("Content-Encoding"); got != want {
			t.Errorf("%q: %q", accept, got)
		}
		in, err := decoded(bytes.NewReader(r.body), r.header.Get("Content-Encoding"), 1<<20)
		must(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(in)
		must(t, err)
		must(t, in.Close())
		if !bytes.Equal(b.Bytes(), plain) {
			t.Errorf("%q: other bytes", accept)
		}
	}
	if r := get(t, h, "/taxii2/", "Accept-Encoding: gzip").is(t, 200); r.header.Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
	for coding, status := range map[string]int{"gzip": 202, "x-gzip": 202, "ZSTD": 202, "identity": 202, "br": 415, "gzip, zstd": 415} {
		body := packed(t, strings.ToLower(strings.TrimPrefix(coding, "x-")), []byte(`{"objects":[`+newIndicator+`]}`))
		r := ask(t, newHandler(t), "POST", both+"objects/", string(body), "Content-Encoding: "+coding).is(t, status)
		if status == 202 && !bytes.Contains(r.body, []byte(`"success_count":1`)) {
			t.Errorf("%s", r.body)
		}
	}
}

func packed(t testing.TB, coding string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	switch coding {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err := w.Write(body)
		must(t, err)
		must(t, w.Close())
	case "zstd":
		w, err := zstd.NewWriter(&b)
		must(t, err)
		_, err = w.Write(body)
		must(t, err)
		must(t, w.Close())
	default:
		return body
	}
	return b.Bytes()
}

// TestPosts: an object that is none costs itself (section 5.5), an envelope that
// is none is refused as a whole.
func TestPosts(t *testing.T) {
	long := `{"type":"identity","spec_version":"2.1","id":"identity--eeeeeeee-0000-4000-8000-000000000001","created":"2021-07-19T00:00:00.000Z","modified":"2021-07-19T00:00:00.000Z","name":"A"}`
	for body, want := range map[string][2]int{ // successes and failures; none: 422
		`{"objects":[` + long + `]}`:                                       {1, 0},
		"\xEF\xBB\xBF" + `{"objects":[` + long + `]}`:                      {1, 0},
		`{"more":false,"next":"x","objects":[` + long + `],"x_custom":{}}`: {1, 0}, // section 7.1
		`{"type":"bundle","id":"bundle--1","objects":[` + long + `]}`:      {1, 0}, // some send a bundle
		`{"objects":[]}`: {0, 0},
		`{"objects":[` + long + `,{"type":"identity"},` + newIndicator + `]}`:                                                                       {2, 1},
		`{"objects":[1,"x",null,[],{},true]}`:                                                                                                       {0, 6},
		`{"objects":[{"type":"identity","type":"x","id":"identity--eeeeeeee-0000-4000-8000-000000000001"},` + long + `]}`:                           {1, 1},
		"{\"objects\":[{\"type\":\"identity\",\"id\":\"identity--eeeeeeee-0000-4000-8000-000000000001\",\"name\":\"\xff\"}]}":                       {0, 1},
		`{"objects":[{"type":"x","id":"x--eeeeeeee-0000-4000-8000-000000000001","y":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}]}`: {0, 1},
		``:                             {-1},
		`{}`:                           {-1},
		`[]`:                           {-1},
		`[` + long + `]`:               {-1},
		`null`:                         {-1},
		`"objects"`:                    {-1},
		long:                           {-1}, // an object alone
		`{"objects":{}}`:               {-1},
		`{"objects":null}`:             {-1},
		`{"objects":[` + long + `]`:    {-1},
		`{"objects":[` + long:          {-1},
		`{"objects":[],"objects":[]}`:  {-1},
		`{"objects":[]} x`:             {-1},
		`{"objects":[]}{"objects":[]}`: {-1},
		`{"objects":[],}`:              {-1},
		`{"objects":[,]}`:              {-1},
		`{"more":1,"objects":[]}`:      {-1},
		`{"next":1,"objects":[]}`:      {-1},
		"\x00":                         {-1},
	} {
		h := newHandler(t)
		if want[0] < 0 {
			ask(t, h, "POST", both+"objects/", body, "Content-Type: "+MediaType).is(t, 422)
			continue
		}
		var s Status
		ask(t, h, "POST", both+"objects/", body).is(t, 202).into(t, &s)
		if s.SuccessCount != want[0] || s.FailureCount != want[1] || s.TotalCount != want[0]+want[1] || len(s.Failures) != want[1] {
			t.Errorf("%.200q: %+v", body, s)
		}
		for _, f := range s.Failures {
			if f.ID == "" || f.Version == "" || f.Message == "" {
				t.Errorf("%.200q: %+v", body, f)
			}
		}
	}
}
