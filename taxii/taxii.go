// Package taxii speaks TAXII 2.1 (OASIS Standard, 10 June 2021), both sides of
// it: [Handler] serves what a [Backend] has, [Client] asks servers of others.
//
// Objects pass through as the bytes that they are: neither side encodes them
// anew. Pages are of any size, and to go on from one takes no state in the
// server: next is the date at which the last object of the page was added, and
// no two objects share one.
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

const microsecond = "2006-01-02T15:04:05.000000Z"

// String formats t to the microsecond.
func (t Timestamp) String() string { return t.UTC().Format(microsecond) }

// MarshalJSONTo writes t as a JSON string, as String formats it.
func (t Timestamp) MarshalJSONTo(out *jsontext.Encoder) error {
	b := append(out.AvailableBuffer(), '"')
	b = t.UTC().AppendFormat(b, microsecond)
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
