package taxii

import (
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// bodies are kept for the next answer: a page is copied once, into memory that is
// there already.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// maxKept bounds what one of them may keep.
const maxKept = 4 << 20

// page writes objects as an envelope (section 3.7). Their bytes are copied as
// they are.
func (q *request) page(p Page) {
	size := 0
	for i := range p.Objects {
		size += len(p.Objects[i].Raw) + 1
	}
	q.list(len(p.Objects), p.More, size,
		func(i int) time.Time { return p.Objects[i].Date },
		func(b []byte, i int) []byte { return append(b, p.Objects[i].Raw...) })
}

// manifestPage writes a manifest (section 5.3.1).
func (q *request) manifestPage(p ManifestPage) {
	q.list(len(p.Records), p.More, 250*len(p.Records),
		func(i int) time.Time { return p.Records[i].DateAdded.Time },
		func(b []byte, i int) []byte { return p.Records[i].append(b) })
}

func (r *ManifestRecord) append(b []byte) []byte {
	b = appendString(append(b, `{"id":`...), string(r.ID))
	b = r.DateAdded.append(append(b, `,"date_added":"`...))
	b = appendString(append(b, `","version":`...), r.Version)
	if r.MediaType != "" {
		b = appendString(append(b, `,"media_type":`...), r.MediaType)
	}
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // bytes of no UTF-8 are replaced
	return b
}

// list writes n objects as a page, of about so many bytes.
func (q *request) list(n int, more bool, size int, date func(int) time.Time, object func([]byte, int) []byte) {
	kept := bodies.Get().(*[]byte)
	b := append(slices.Grow((*kept)[:0], size+64), '{')
	if n > 0 {
		if next := q.dates(date(0), date(n-1), more); more {
			b = append(append(append(b, `"more":true,"next":"`...), next...), `",`...)
		}
		b = append(b, `"objects":[`...)
		for i := range n {
			if i > 0 {
				b = append(b, ',')
			}
			b = object(b, i)
		}
		b = append(b, ']')
	}
	b = append(b, '}')
	q.write(http.StatusOK, b)
	if cap(b) <= maxKept {
		*kept = b
		bodies.Put(kept)
	}
}

// dates says in the headers when the first and the last object of a page were
// added (section 3.2), and returns next, if there are more.
func (q *request) dates(first, last time.Time, more bool) (next string) {
	q.w.Header().Set("X-TAXII-Date-Added-First", Timestamp{first}.String())
	q.w.Header().Set("X-TAXII-Date-Added-Last", Timestamp{last}.String())
	if more {
		next = formatNext(last)
	}
	return next
}
