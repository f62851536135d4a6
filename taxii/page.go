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
	if a := p.Written.get(); a != nil {
		q.send(http.StatusOK, a)
		return
	}
	size := 0
	for i := range p.Objects {
		size += len(p.Objects[i].Raw) + 1
	}
	q.list(p.Written, len(p.Objects), p.More, size,
		func(i int) time.Time { return p.Objects[i].Date },
		func(b []byte, i int) []byte { return append(b, p.Objects[i].Raw...) })
}

// manifestPage writes a manifest (section 5.3.1).
func (q *request) manifestPage(p ManifestPage) {
	if a := p.Written.get(); a != nil {
		q.send(http.StatusOK, a)
		return
	}
	q.list(p.Written, len(p.Records), p.More, 250*len(p.Records),
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

// list writes n objects as a page, of about so many bytes, and keeps it as w when
// it was asked for before.
func (q *request) list(w *Written, n int, more bool, size int, date func(int) time.Time, object func([]byte, int) []byte) {
	a := &answer{objects: n}
	if n > 0 {
		a.first, a.last = Timestamp{date(0)}.String(), Timestamp{date(n - 1)}.String()
	}
	write := func(b []byte) []byte {
		b = append(b, '{')
		if n > 0 {
			if more {
				b = append(append(append(b, `"more":true,"next":"`...), formatNext(date(n-1))...), `",`...)
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
		return append(b, '}')
	}
	if w.again() {
		a.body = write(make([]byte, 0, size+64))
		w.keep(a)
		q.send(http.StatusOK, a)
		return
	}
	kept := bodies.Get().(*[]byte)
	a.body = write(slices.Grow((*kept)[:0], size+64))
	q.send(http.StatusOK, a)
	if cap(a.body) <= maxKept {
		*kept = a.body
		bodies.Put(kept)
	}
}
