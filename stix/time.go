package stix

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A Timestamp is a time in UTC as STIX writes it: RFC 3339 with Z, and as many
// digits of the second as it has (section 2.16).
type Timestamp struct{ time.Time }

// millisecond is the layout of a time to the millisecond, as created and
// modified are written (section 3.2).
const millisecond = "2006-01-02T15:04:05.000Z"

var errTimestamp = errors.New("no timestamp: RFC 3339 in UTC with Z, such as 2021-03-02T10:11:12.000Z (section 2.16)")

// ParseTimestamp reads a timestamp. Digits beyond nanoseconds are cut.
func ParseTimestamp(s string) (Timestamp, error) {
	if len(s) < len("2006-01-02T15:04:05Z") || len(s) > 40 || s[10] != 'T' || s[len(s)-1] != 'Z' {
		return Timestamp{}, fmt.Errorf("%.40q: %w", s, errTimestamp)
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return Timestamp{}, fmt.Errorf("%.40q: %w", s, errTimestamp)
	}
	return Timestamp{t}, nil
}

// String formats t with three digits of the second at least.
func (t Timestamp) String() string {
	return string(t.append(nil))
}

// append appends what String returns. The package time writes RFC 3339 without
// a layout being read.
func (t Timestamp) append(b []byte) []byte {
	u := t.UTC()
	ms := u.Nanosecond() / 1e6
	if u.Nanosecond()%1e6 != 0 {
		return u.AppendFormat(b, time.RFC3339Nano)
	}
	b = u.AppendFormat(b, time.RFC3339)
	return append(b[:len(b)-1], '.', '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10), 'Z')
}

// MarshalJSON writes t as a JSON string.
func (t Timestamp) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

// MarshalJSONTo writes t as a JSON string.
func (t Timestamp) MarshalJSONTo(e *jsontext.Encoder) error {
	return e.WriteValue(t.appendJSON(e.AvailableBuffer()))
}

// appendJSON writes t between quotes.
func (t Timestamp) appendJSON(b []byte) []byte { return append(t.append(append(b, '"')), '"') }

// UnmarshalJSON reads a JSON string as ParseTimestamp does.
func (t *Timestamp) UnmarshalJSON(b []byte) (err error) {
	*t, err = ParseTimestamp(text(b))
	return err
}
