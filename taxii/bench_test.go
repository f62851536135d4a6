package taxii

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// pages is a Backend that has its pages ready, so that a benchmark is of what
// the Handler costs.
type pages struct {
	Backend
	objects  Page
	manifest ManifestPage
}

func (p *pages) Collection(context.Context, string, string) (Collection, error) {
	return Collection{ID: "x", CanRead: true}, nil
}

func (p *pages) Objects(context.Context, string, Collection, Filter) (Page, error) {
	return p.objects, nil
}

func (p *pages) Manifest(context.Context, string, Collection, Filter) (ManifestPage, error) {
	return p.manifest, nil
}

// hundred are 100 objects of 500 bytes.
func hundred() *pages {
	p := &pages{objects: Page{More: true}, manifest: ManifestPage{More: true}}
	at := time.Date(2021, 7, 19, 12, 0, 0, 0, time.UTC)
	for i := range 100 {
		id := fmt.Sprintf("indicator--aaaaaaaa-0000-4000-8000-%012d", i)
		raw := fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":%q,"created":"2021-03-02T00:00:00.000Z","modified":"2021-03-02T00:00:00.000Z","pattern_type":"stix","pattern":"[domain-name:value = 'host%d.example']","valid_from":"2021-03-02T00:00:00Z","description":"`, id, i)
		raw += strings.Repeat("x", 498-len(raw)) + `"}`
		at = at.Add(time.Microsecond)
		p.objects.Objects = append(p.objects.Objects, Added{Date: at, Raw: []byte(raw)})
		p.manifest.Records = append(p.manifest.Records, ManifestRecord{ID: stix.ID(id), DateAdded: Timestamp{at}, Version: "2021-03-02T00:00:00.000Z", MediaType: STIXMediaType})
	}
	return p
}

// nowhere takes an answer and keeps nothing of it.
type nowhere struct {
	header http.Header
	status int
	n      int64
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) WriteHeader(status int)      { w.status = status }
func (w *nowhere) Write(b []byte) (int, error) { w.n += int64(len(b)); return len(b), nil }

func benchmark(b *testing.B, target string, status int, headers ...string) {
	h := &Handler{Backend: hundred()}
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Accept", MediaType)
	w := &nowhere{header: http.Header{}}
	h.ServeHTTP(w, r)
	b.SetBytes(w.n)
	for i := 0; i < len(headers); i += 2 {
		value := headers[i+1]
		if headers[i] == "If-None-Match" {
			value = w.header.Get("ETag")
		}
		r.Header.Set(headers[i], value)
	}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
	if w.status != status {
		b.Fatal(w.status)
	}
}

// The bytes are those of the answer before it is compressed.
func BenchmarkObjects(b *testing.B) { benchmark(b, "/r/collections/x/objects/", 200) }

func BenchmarkObjectsZstd(b *testing.B) {
	benchmark(b, "/r/collections/x/objects/", 200, "Accept-Encoding", "zstd")
}

func BenchmarkObjectsGzip(b *testing.B) {
	benchmark(b, "/r/collections/x/objects/", 200, "Accept-Encoding", "gzip")
}

func BenchmarkNotModified(b *testing.B) {
	benchmark(b, "/r/collections/x/objects/", 304, "If-None-Match", "")
}
func BenchmarkManifest(b *testing.B) { benchmark(b, "/r/collections/x/manifest/", 200) }

func BenchmarkFilter(b *testing.B) {
	const query = "added_after=2021-03-11T00%3A00%3A00.000000Z&limit=100&match%5Btype%5D=indicator%2Cmalware&match%5Bversion%5D=all"
	b.SetBytes(int64(len(query)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := parseFilter(query, paging|identities|versioned|specified); err != nil {
			b.Fatal(err)
		}
	}
}

func envelope(b *testing.B) []byte {
	w := httptest.NewRecorder()
	(&Handler{Backend: hundred()}).ServeHTTP(w, httptest.NewRequest("GET", "/r/collections/x/objects/", nil))
	body, err := io.ReadAll(w.Body)
	must(b, err)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	return body
}

func BenchmarkReadEnvelope(b *testing.B) {
	body := envelope(b)
	for b.Loop() {
		if e, _, err := readEnvelope(body); err != nil || len(e.Objects) != 100 {
			b.Fatal(err)
		}
	}
}

// BenchmarkSubmission: an envelope to objects that can be stored.
func BenchmarkSubmission(b *testing.B) {
	body := envelope(b)
	for b.Loop() {
		e, _, _ := readEnvelope(body)
		if s, err := submission(e); err != nil || len(s.Objects) != 100 {
			b.Fatal(s.Failures, err)
		}
	}
}
