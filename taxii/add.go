package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// add takes in an envelope (section 5.5).
func (q *request) add(c Collection) error {
	if !c.CanWrite {
		return errNotWritable
	}
	t, parameters, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if v, ok := parameters["version"]; err != nil || t != "application/taxii+json" || ok && v != "2.1" {
		return Fail(http.StatusUnsupportedMediaType, "Media type not supported", fmt.Sprintf("send Content-Type: %s", MediaType))
	}
	root, err := q.Backend.APIRoot(q.r.Context(), q.root)
	if err != nil {
		return err
	}
	tooLong := Fail(http.StatusRequestEntityTooLarge, "Request too large", fmt.Sprintf("a request has at most %d bytes, unpacked as well: send the objects in parts", root.MaxContentLength))
	if q.r.ContentLength > root.MaxContentLength {
		return tooLong
	}
	body, err := decoded(q.r.Body, q.r.Header.Get("Content-Encoding"), root.MaxContentLength)
	if err != nil {
		if errors.Is(err, errCoding) {
			return Fail(http.StatusUnsupportedMediaType, "Content coding not supported", err.Error())
		}
		return unreadable(err)
	}
	defer body.Close()
	s, err := ReadEnvelope(body)
	switch {
	case errors.Is(err, errTooLong):
		return tooLong
	case err != nil:
		return unreadable(err)
	}
	status, err := q.Backend.Add(q.r.Context(), q.root, c, s)
	if err != nil {
		return err
	}
	b, err := json.Marshal(status)
	if err == nil {
		q.write(http.StatusAccepted, b)
	}
	return err
}

func unreadable(err error) error {
	return Fail(http.StatusUnprocessableEntity, "Envelope not readable", fmt.Sprintf("%v: send a JSON object with the objects in a list called objects", err))
}

// ReadEnvelope reads an envelope to its end. An object that is none costs itself
// alone; an error is about the envelope as a whole.
func ReadEnvelope(r io.Reader) (Submission, error) {
	var s Submission
	first := &firstByte{r: r}
	in := stix.NewReader(first)
	for {
		o, err := in.Next()
		var lost *stix.ObjectError
		switch {
		case err == io.EOF:
			if first.c != '{' {
				return s, errors.New("it is no JSON object")
			}
			return s, nil
		case errors.As(err, &lost):
			s.Failures = append(s.Failures, StatusDetail{ID: lost.ID, Message: lost.Err.Error()})
		case err != nil:
			return s, err
		default:
			s.Objects = append(s.Objects, o)
		}
	}
}

// firstByte notes the first byte of a stream that is no white space.
type firstByte struct {
	r io.Reader
	c byte
}

func (f *firstByte) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if f.c == 0 {
		if t := bytes.TrimLeft(b[:n], " \t\r\n"); len(t) > 0 {
			f.c = t[0]
		}
	}
	return n, err
}

// VersionOf returns what TAXII calls the version of an object (section 3.7.2):
// when it was modified, else when it was created, else a date that stands for
// those that have none.
func VersionOf(o *stix.Object) string {
	at := o.Modified
	if at.IsZero() {
		at = o.Created
	}
	if at.IsZero() {
		return Unversioned
	}
	return at.String()
}

// Unversioned is the version of objects that have no dates (section 3.7.2 asks
// for a date that is always the same).
const Unversioned = "1970-01-01T00:00:00.000Z"
