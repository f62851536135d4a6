package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// Errors of envelopes.
var (
	errNoEnvelope = errors.New("it is no JSON object with a list called objects")
	errTrailing   = errors.New("something stands behind its end")
)

// readEnvelope reads an envelope (section 3.7). The objects are parts of b, as
// they stand: names that come twice within one, or text that is not UTF-8, are
// for stix.Parse to refuse, so that they cost one object and not the page. On
// top nothing comes twice. A bundle is an envelope with properties of its own,
// which are passed over (section 7.1).
func readEnvelope(b []byte) (e Envelope, objects bool, err error) {
	b = bytes.TrimPrefix(b, []byte("\xEF\xBB\xBF")) // some write a byte order mark
	in := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if in.PeekKind() != '{' {
		if _, err := in.ReadToken(); err != nil && err != io.EOF {
			return e, false, plain(err)
		}
		return e, false, errNoEnvelope
	}
	_, _ = in.ReadToken() // the brace that was seen
	var seen [3]bool
	for in.PeekKind() == '"' {
		name, err := in.ReadToken()
		if err != nil {
			return e, false, plain(err)
		}
		if err := e.member(in, b, name.String(), &seen); err != nil {
			return e, false, err
		}
	}
	if _, err := in.ReadToken(); err != nil { // the brace at the end
		return e, false, plain(err)
	}
	if _, err := in.ReadToken(); err != io.EOF {
		return e, false, errTrailing
	}
	return e, seen[2], nil
}

// member reads the value of one property.
func (e *Envelope) member(in *jsontext.Decoder, b []byte, name string, seen *[3]bool) error {
	kind := in.PeekKind()
	var wants string
	var i int
	switch name {
	case "more":
		if i = 0; kind != 't' && kind != 'f' {
			wants = "true or false"
		}
	case "next":
		if i = 1; kind != '"' {
			wants = "a string"
		}
	case "objects":
		if i = 2; kind != '[' {
			wants = "a list"
		}
	default:
		return plain(in.SkipValue())
	}
	switch {
	case seen[i]:
		return fmt.Errorf("%s comes twice in it", name)
	case kind == 'n' && i < 2: // null: not said
		return plain(in.SkipValue())
	case kind == 0:
		return plain(in.SkipValue()) // its error says where
	case wants != "":
		return fmt.Errorf("%s is not %s", name, wants)
	}
	seen[i] = true
	if i == 2 {
		return e.list(in, b)
	}
	t, err := in.ReadToken()
	if err != nil {
		return plain(err)
	}
	if i == 0 {
		e.More = t.Bool()
	} else {
		e.Next = t.String()
	}
	return nil
}

// list reads the objects, without copying them.
func (e *Envelope) list(in *jsontext.Decoder, b []byte) error {
	_, _ = in.ReadToken() // the bracket that was seen
	for in.PeekKind() != ']' {
		v, err := in.ReadValue()
		if err != nil {
			return plain(err)
		}
		if len(e.Objects) == maxObjects {
			return fmt.Errorf("it has more than %d objects", maxObjects)
		}
		end := int(in.InputOffset())
		e.Objects = append(e.Objects, b[end-len(v):end:end])
	}
	_, err := in.ReadToken()
	return plain(err)
}

// plain words an error of JSON for people.
func plain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return errors.New("it ends too early")
	}
	var e *jsontext.SyntacticError
	if errors.As(err, &e) {
		return fmt.Errorf("it is no JSON at byte %d: %w", e.ByteOffset, e.Err)
	}
	return err
}

// Limits of what stands in one envelope: a few bytes must not become many.
const (
	maxObjects  = 1_000_000
	maxFailures = 1000
)

// submission takes apart what was sent. An object that is none costs itself.
func submission(e Envelope) (s Submission, err error) {
	for i, raw := range e.Objects {
		o, err := stix.Parse(raw)
		if err != nil {
			if len(s.Failures) == maxFailures {
				return Submission{}, fmt.Errorf("more than %d of its objects are none, the first because of this: %s", maxFailures, s.Failures[0].Message)
			}
			s.Failures = append(s.Failures, StatusDetail{ID: shownID(raw, i), Version: Unversioned, Message: err.Error()})
			continue
		}
		s.Objects = append(s.Objects, o)
	}
	return s, nil
}

// shownID returns the identifier that an object which is none shows, else its
// place, since a Status needs some value there (section 4.3.1).
func shownID(raw []byte, i int) string {
	in := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := in.ReadToken(); err == nil && t.Kind() == '{' {
		for in.PeekKind() == '"' {
			name, err := in.ReadToken()
			if err != nil {
				break
			}
			if name.String() != "id" {
				if in.SkipValue() != nil {
					break
				}
				continue
			}
			if v, err := in.ReadToken(); err == nil && v.Kind() == '"' && stix.ID(v.String()).Valid() == nil {
				return v.String()
			}
			break
		}
	}
	return fmt.Sprintf("object %d", i+1)
}

// VersionOf returns what TAXII calls the version of an object (section 5.3.1):
// when it was modified, else when it was created, else Unversioned.
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

// Unversioned is the version of objects that have no dates, where section 5.3.1
// asks for a value that the server keeps to.
const Unversioned = "1970-01-01T00:00:00.000Z"
