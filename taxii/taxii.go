// Package taxii speaks TAXII 2.1, by which defenders exchange STIX over HTTPS:
// both sides of it, as any Go program can use them.
//
// A Handler serves what a Backend has. It reads requests, media types, filters
// and envelopes, and writes pages, errors and headers; the Backend finds and
// keeps objects:
//
//	h := &taxii.Handler{Backend: mine}
//	http.ListenAndServeTLS(":443", cert, key, authenticated(h))
//
// Who may ask is for what stands before the Handler to say; it puts who asks into
// the context of the request, which every method of the Backend is given. How
// long a client may take is for the http.Server to say.
//
// A Client asks servers of others:
//
//	c := &taxii.Client{Token: token}
//	server, err := c.Discover(ctx, "https://cert.example")
//	collections, err := c.Collections(ctx, server.Default)
//	at := taxii.CollectionAt(server.Default, collections[0].ID)
//	err = c.Each(ctx, at, taxii.Filter{AddedAfter: last}, func(page taxii.Reply) error {
//		for _, raw := range page.Objects {
//			object, err := stix.Parse(raw) // this object alone, when it is none
//			…
//		}
//		last = page.Last // where to go on another day
//		return nil
//	})
//
// Objects pass through as the bytes that they are: neither side encodes them
// anew. To go on from a page takes no state in the server: next is the date at
// which the last object of the page was added, and no two objects share one.
//
// Where clients are known to write less, or other, than the standard says and it
// is clear what they mean, they get what they mean; what would be guessed is
// refused with an error that says what to write. Both sides bound what they read,
// packed and unpacked: a hostile peer costs itself.
//
// Source: TAXII Version 2.1, OASIS Standard, 10 June 2021; sections are quoted by
// number. docs/CONFORMANCE.md lists what is tested.
package taxii

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// Media types (section 1.6.8.1).
const (
	MediaType     = "application/taxii+json;version=2.1"
	STIXMediaType = "application/stix+json;version=2.1"
)

// Discovery says what a server offers (section 4.1.1).
type Discovery struct {
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Contact     string   `json:"contact,omitempty"`
	Default     string   `json:"default,omitempty"` // URL of one of the roots
	APIRoots    []string `json:"api_roots,omitempty"`
}

// An APIRoot is a group of collections (section 4.2.1).
type APIRoot struct {
	Title            string   `json:"title"`
	Description      string   `json:"description,omitempty"`
	Versions         []string `json:"versions"`
	MaxContentLength int64    `json:"max_content_length"` // of a request, in bytes
}

// A Collection is a list of objects that a server keeps (section 5.2.1).
type Collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description,omitempty"`
	Alias       string   `json:"alias,omitempty"` // may stand for ID in a URL
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types,omitempty"`
}

// Collections are those of a root (section 5.1.1).
type Collections struct {
	Collections []Collection `json:"collections,omitempty"`
}

// An Envelope carries objects (section 3.7).
type Envelope struct {
	More    bool             `json:"more,omitzero"`
	Next    string           `json:"next,omitempty"`
	Objects []jsontext.Value `json:"objects,omitempty"`
}

// A Manifest lists objects without their content (section 5.3.1). Next is no
// property of the standard; servers of others have it as well.
type Manifest struct {
	More    bool             `json:"more,omitzero"`
	Next    string           `json:"next,omitempty"`
	Objects []ManifestRecord `json:"objects,omitempty"`
}

// A ManifestRecord is one version of an object.
type ManifestRecord struct {
	ID        stix.ID   `json:"id"`
	DateAdded Timestamp `json:"date_added"`
	Version   string    `json:"version"`
	MediaType string    `json:"media_type,omitempty"`
}

// Versions are those of one object (section 5.8.1).
type Versions struct {
	More     bool     `json:"more,omitzero"`
	Next     string   `json:"next,omitempty"`
	Versions []string `json:"versions,omitempty"`
}

// A Status says what became of objects that were sent (section 4.3.1).
type Status struct {
	ID               string         `json:"id"`
	Status           string         `json:"status"` // Complete or Pending
	RequestTimestamp Timestamp      `json:"request_timestamp,omitzero"`
	TotalCount       int            `json:"total_count"`
	SuccessCount     int            `json:"success_count"`
	Successes        []StatusDetail `json:"successes,omitempty"`
	FailureCount     int            `json:"failure_count"`
	Failures         []StatusDetail `json:"failures,omitempty"`
	PendingCount     int            `json:"pending_count"`
	Pendings         []StatusDetail `json:"pendings,omitempty"`
}

// The values of Status.Status.
const (
	Complete = "complete"
	Pending  = "pending"
)

// A StatusDetail is one object of a Status.
type StatusDetail struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Message string `json:"message,omitempty"`
}

// An Error is what a server says in place of an answer (section 3.6.1).
type Error struct {
	Title           string `json:"title"`
	Description     string `json:"description,omitempty"`
	ErrorID         string `json:"error_id,omitempty"`
	ErrorCode       string `json:"error_code,omitempty"`
	HTTPStatus      string `json:"http_status,omitempty"`
	ExternalDetails string `json:"external_details,omitempty"`

	RetryAfter time.Duration `json:"-"` // 0: not said
}

// Fail returns an Error with an HTTP status. Description says what to do.
func Fail(status int, title, description string) *Error {
	return &Error{Title: title, Description: description, HTTPStatus: strconv.Itoa(status)}
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Title
	if e.HTTPStatus != "" {
		text = e.HTTPStatus + " " + text
	}
	if e.Description != "" {
		text += ": " + e.Description
	}
	return printable(text)
}

// printable makes of what a server said one line that can be shown to people.
func printable(s string) string {
	if len(s) > 1000 {
		s = s[:1000] + "…"
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return ' '
	}, strings.ToValidUTF8(s, " "))
}

// Status returns the HTTP status of e, 0 when it states none of an error.
func (e *Error) Status() int {
	n, err := strconv.Atoi(e.HTTPStatus)
	if err != nil || n < 400 || n > 599 {
		return 0
	}
	return n
}

// A Timestamp is a date in a message: RFC 3339 in UTC, here with six digits of
// the second (section 2). Digits may be missing in what others write.
type Timestamp struct{ time.Time }

// String formats t to the microsecond.
func (t Timestamp) String() string { return string(t.append(nil)) }

// append appends what String returns. The package time writes RFC 3339 without a
// layout being read.
func (t Timestamp) append(b []byte) []byte {
	u := t.UTC()
	b = u.AppendFormat(b, time.RFC3339)
	b = append(b[:len(b)-1], '.')
	micro := u.Nanosecond() / 1000
	for unit := 100_000; unit > 0; unit /= 10 {
		b = append(b, '0'+byte(micro/unit%10))
	}
	return append(b, 'Z')
}

// MarshalJSONTo writes t as a JSON string, as String formats it.
func (t Timestamp) MarshalJSONTo(out *jsontext.Encoder) error {
	b := append(out.AvailableBuffer(), '"')
	b = t.append(b)
	return out.WriteValue(append(b, '"'))
}

// UnmarshalJSON reads a JSON string as ParseTimestamp does.
func (t *Timestamp) UnmarshalJSON(b []byte) error {
	text, err := jsontext.AppendUnquote(nil, b)
	if err != nil {
		return fmt.Errorf("%.64q is no timestamp, which is a string", b)
	}
	t.Time, err = ParseTimestamp(string(text))
	return err
}

// ParseTimestamp reads a timestamp. Some clients leave out the fraction of the
// second, write more of it, or an offset in place of Z: the instant is clear.
func ParseTimestamp(s string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || len(s) > 64 {
		return time.Time{}, fmt.Errorf("%.64q is no timestamp: write it as 2021-03-02T10:11:12.123456Z", s)
	}
	return at.UTC(), nil
}
