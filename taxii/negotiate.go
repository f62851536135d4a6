package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-project/tocsin/stix"
)

// unescape reads an element of a path.
func unescape(s string) (string, error) {
	name, err := url.PathUnescape(s)
	if err != nil || len(name) > 512 || strings.ContainsAny(name, "/\x00") || !utf8.ValidString(name) {
		return "", errNoSuchPath
	}
	return name, nil
}

// canonical writes a UUID in lower case, as RFC 4122 has those that are compared.
// An alias stays as it is.
func canonical(name string) string {
	if stix.ID("x--"+name).Valid() == nil {
		return strings.ToLower(name)
	}
	return name
}

// spellings returns an identifier, and how it is in lower case where that is not
// the same: some clients write the digits of UUIDs in upper case.
func spellings(id stix.ID) []stix.ID {
	if lower := stix.ID(strings.ToLower(string(id))); lower != id && id.Valid() == nil {
		return []stix.ID{id, lower}
	}
	return []stix.ID{id}
}

// accepts checks that the client takes what there is: TAXII 2.1 (section 1.6.8). Clients of others say less than they should; */*, application/json
// and TAXII without a version are met with the same.
func (q *request) accepts() error {
	header := strings.Join(q.r.Header.Values("Accept"), ",")
	if header == MediaType || strings.TrimSpace(header) == "" {
		return nil
	}
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part != "" && isOurs(part) && !isRefused(part) {
			return nil
		}
	}
	return Fail(http.StatusNotAcceptable, "Media type not available", fmt.Sprintf("this server speaks TAXII 2.1: send Accept: %s, not %.100q", MediaType, header))
}

// isOurs reports whether a media type or range is one that TAXII 2.1 is given to.
func isOurs(text string) bool {
	t, parameters, err := mime.ParseMediaType(text)
	if err != nil {
		return false
	}
	switch t {
	case "*/*", "application/*", "application/json":
		return true
	case "application/taxii+json":
		v, ok := parameters["version"]
		return !ok || v == "2.1"
	}
	return false
}

// isRefused reports whether a media range has the weight of none.
func isRefused(text string) bool {
	_, parameters, _ := mime.ParseMediaType(text)
	w, err := strconv.ParseFloat(parameters["q"], 64)
	return err == nil && w == 0
}

// send answers with a: compressed as the client asks, or not at all when the
// client has it already. When its first and last objects were added is said in
// headers (section 3.2).
func (q *request) send(status int, a *answer) {
	q.tally().Given += a.objects
	h := q.w.Header()
	h["Content-Type"] = contentType
	h["Vary"] = append(h["Vary"], vary)
	if a.first != "" {
		h["X-Taxii-Date-Added-First"] = []string{a.first}
		h["X-Taxii-Date-Added-Last"] = []string{a.last}
	}
	if status == http.StatusOK && (q.r.Method == http.MethodGet || q.r.Method == http.MethodHead) {
		h["Cache-Control"] = cacheControl
		tag := a.etag()
		h["Etag"] = []string{tag}
		if matches(q.r.Header.Get("If-None-Match"), tag) {
			q.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body := a.body
	if len(body) >= minCompress {
		if coding := encoding(q.r.Header.Get("Accept-Encoding")); coding != "" {
			body = a.in(coding)
			h["Content-Encoding"] = []string{coding}
		}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(body) // who has gone does not get it
	}
}

// Headers that are the same in all answers.
var (
	contentType  = []string{MediaType}
	cacheControl = []string{"private, no-cache"}
)

const vary = "Accept, Accept-Encoding, Authorization"

// minCompress is the length of the shortest answer that compressing shortens
// by enough.
const minCompress = 1 << 10

// etag is weak: the same answer may be compressed or not. It holds while the
// process runs, and nobody can tell what another answer must be to have the same:
// a sum that is safe to compare across processes takes many times as long.
func etag(body []byte) string {
	b := append(make([]byte, 0, 24), `W/"`...)
	b = strconv.AppendUint(b, maphash.Bytes(tagSeed, body), 16)
	return string(append(b, '"'))
}

var tagSeed = maphash.MakeSeed()

// matches compares as RFC 9110, section 13.1.2 says.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || part != "" && strings.TrimPrefix(part, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// encoding returns the content coding to answer in, "" for none.
func encoding(accept string) string {
	best := ""
	for part := range strings.SplitSeq(accept, ",") {
		name, parameters, _ := strings.Cut(strings.TrimSpace(part), ";")
		if w, ok := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q="); ok {
			if n, err := strconv.ParseFloat(w, 64); err != nil || n == 0 {
				continue
			}
		}
		switch name = strings.ToLower(strings.TrimSpace(name)); {
		case name == "zstd", name == "gzip" && best == "":
			best = name
		}
	}
	return best
}

var (
	gzips = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		return w
	}}
	zstds = sync.OnceValue(func() *zstd.Encoder {
		e, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest))
		return e
	})
)

func compressed(body []byte, coding string) []byte {
	if coding == "zstd" {
		return zstds().EncodeAll(body, make([]byte, 0, len(body)/3))
	}
	var b bytes.Buffer
	b.Grow(len(body) / 3)
	w := gzips.Get().(*gzip.Writer)
	defer gzips.Put(w)
	w.Reset(&b)
	_, _ = w.Write(body) // to memory
	_ = w.Close()
	return b.Bytes()
}

// errTooLong is the error of a body that goes on beyond its limit.
var errTooLong = errors.New("too long")

// decoded returns a reader of a body in a content coding, which ends with
// errTooLong beyond limit bytes.
func decoded(r io.Reader, coding string, limit int64) (io.ReadCloser, error) {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "", "identity":
		return io.NopCloser(&limited{r, limit}), nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, err
		}
		return &closing{&limited{z, limit}, z.Close}, nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		return &closing{&limited{z, limit}, func() error { z.Close(); return nil }}, nil
	}
	return nil, errCoding
}

var errCoding = errors.New("send it as it is, or compressed with gzip or zstd")

type closing struct {
	io.Reader
	close func() error
}

func (c *closing) Close() error { return c.close() }

// limited ends with errTooLong behind so many bytes, where io.LimitReader would
// make the rest look as if it were not there.
type limited struct {
	r io.Reader
	n int64
}

func (l *limited) Read(b []byte) (int, error) {
	if l.n < 0 {
		return 0, errTooLong
	}
	if int64(len(b)) > l.n+1 {
		b = b[:l.n+1]
	}
	n, err := l.r.Read(b)
	if l.n -= int64(n); l.n < 0 {
		return n - 1, errTooLong
	}
	return n, err
}
