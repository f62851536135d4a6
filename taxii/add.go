package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// add takes in an envelope (section 5.5).
func (q *request) add(c Collection) error {
	if !c.CanWrite {
		return errNotWritable
	}
	if err := q.sendsOurs(); err != nil {
		return err
	}
	root, err := q.Backend.APIRoot(q.r.Context(), q.root)
	if err != nil {
		return err
	}
	b, err := q.body(root.MaxContentLength)
	if err != nil {
		return err
	}
	e, objects, err := readEnvelope(b)
	if err == nil && !objects {
		err = errNoEnvelope
	}
	if err != nil {
		return unreadable(err)
	}
	s, err := submission(e)
	if err != nil {
		return unreadable(err)
	}
	status, err := q.Backend.Add(q.r.Context(), q.root, c, s)
	if err != nil {
		return err
	}
	t := q.tally()
	t.Taken, t.Refused = status.SuccessCount, status.FailureCount
	return q.json(http.StatusAccepted, status)
}

// sendsOurs checks the media type of what is sent (section 1.6.8).
func (q *request) sendsOurs() error {
	sent := q.r.Header.Get("Content-Type")
	t, parameters, err := mime.ParseMediaType(sent)
	if v, ok := parameters["version"]; err != nil || t != "application/taxii+json" || ok && v != "2.1" {
		return Fail(http.StatusUnsupportedMediaType, "Media type not supported", fmt.Sprintf("send Content-Type: %s, not %.100q", MediaType, sent))
	}
	return nil
}

// body reads what is sent, of which there may be limit bytes, packed and unpacked
// (max_content_length of section 4.2.1).
func (q *request) body(limit int64) ([]byte, error) {
	tooLong := Fail(http.StatusRequestEntityTooLarge, "Request too large", fmt.Sprintf("a request has at most %d bytes, unpacked as well: send the objects in parts", limit))
	if q.r.ContentLength > limit {
		return nil, tooLong
	}
	in, err := decoded(q.r.Body, strings.Join(q.r.Header.Values("Content-Encoding"), ","), limit)
	switch {
	case errors.Is(err, errCoding):
		return nil, Fail(http.StatusUnsupportedMediaType, "Content coding not supported", err.Error())
	case err != nil:
		return nil, unreadable(err)
	}
	defer in.Close()
	var b bytes.Buffer
	b.Grow(int(max(q.r.ContentLength, 0)) + bytes.MinRead)
	switch _, err := io.Copy(&b, in); {
	case errors.Is(err, errTooLong):
		return nil, tooLong
	case err != nil:
		return nil, unreadable(err)
	}
	return b.Bytes(), nil
}

func unreadable(err error) error {
	return Fail(http.StatusUnprocessableEntity, "Envelope not readable", fmt.Sprintf(`%v: send {"objects": […]}`, err))
}
