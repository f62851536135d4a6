package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// DefaultMaxObject is how many bytes one object may have, unless a Reader is
// told otherwise.
const DefaultMaxObject = 16 << 20

// A Reader reads the objects of a stream one by one, in memory that does not
// grow with the stream. The stream is a bundle (section 8), a TAXII envelope,
// an array of objects, a single object, or any of these one after the other,
// with or without commas and newlines between them.
//
// Where an object ends is found by its brackets alone, so that an object that
// is no valid JSON, or no valid STIX, costs itself.
type Reader struct {
	// MaxObject is how many bytes one object may have; 0 is DefaultMaxObject.
	MaxObject int

	r      io.Reader
	buf    []byte
	pos    int   // of buf, what has been read up to
	offset int64 // of buf in the stream
	err    error // of r; io.EOF at its end
	list   bool  // within an array of objects
	outer  bool  // and that array within an object
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// An ObjectError says which object of a stream could not be read. Reading goes
// on with the next one.
type ObjectError struct {
	Offset int64  // of the object in the stream, in bytes
	ID     string // as far as it could be told
	Err    error
}

func (e *ObjectError) Error() string {
	if e.ID != "" {
		return fmt.Sprintf("%s (at byte %d): %v", e.ID, e.Offset, e.Err)
	}
	return fmt.Sprintf("object at byte %d: %v", e.Offset, e.Err)
}

func (e *ObjectError) Unwrap() error { return e.Err }

// Errors of streams.
var (
	errNotJSON  = errors.New("no JSON here: STIX is a JSON object, or a bundle of them")
	errCut      = errors.New("the stream ends within it")
	errTooLarge = errors.New("it is larger than an object may be")
)

// Next returns the next object. An *ObjectError is about one object, and Next
// can be called again; every other error ends the stream, io.EOF when all of
// it has been read.
func (r *Reader) Next() (*Object, error) {
	raw, at, err := r.next()
	if err != nil {
		return nil, err
	}
	o, err := Parse(bytes.Clone(raw))
	if err != nil {
		return nil, &ObjectError{Offset: at, ID: guessID(raw), Err: err}
	}
	return o, nil
}

// next returns the bytes of the next object, valid until it is called again,
// and where in the stream they stand.
func (r *Reader) next() (raw []byte, at int64, err error) {
	for {
		c, err := r.skip()
		if err != nil {
			if err == io.EOF && (r.list || r.outer) {
				return nil, 0, fmt.Errorf("bundle: %w", errCut)
			}
			return nil, 0, err
		}
		switch {
		case c == '{' && !r.list:
			raw, at, err := r.top()
			if raw != nil || err != nil {
				return raw, at, err
			}
		case c == '[' && !r.list:
			r.list = true
			r.pos++
		case c == ']' && r.list:
			r.list = false
			r.pos++
			if r.outer {
				if err := r.members(); err != nil {
					return nil, 0, err
				}
			}
		case c == '"' || c == '{' || c == '[' || r.list:
			return r.value()
		default:
			return nil, 0, fmt.Errorf("byte %d: %w", r.offset+int64(r.pos), errNotJSON)
		}
	}
}

// top looks at an object at the top of the stream: when it has an array called
// objects, it is entered; else it is an object to return.
func (r *Reader) top() (raw []byte, at int64, err error) {
	start := r.offset + int64(r.pos)
	r.release()
	r.pos++
	entered, err := r.walk()
	if err != nil {
		return nil, 0, r.lost(start, err)
	}
	if entered {
		r.list, r.outer = true, true
		return nil, 0, nil
	}
	return r.buf[start-r.offset : r.pos], start, nil
}

// members skips what follows the array of objects in its bundle.
func (r *Reader) members() error {
	r.outer = false
	entered, err := r.walk()
	if entered {
		r.list, r.outer = true, true
	}
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	return nil
}

var objectsKey = []byte(`"objects"`)

// walk reads the members of an object up to its end, or into an array called
// objects.
func (r *Reader) walk() (entered bool, err error) {
	for {
		c, err := r.skip()
		if err != nil {
			return false, cut(err)
		}
		if c == '}' {
			r.pos++
			return false, nil
		}
		if c != '"' {
			return false, errNotJSON
		}
		key, err := r.extent()
		if err != nil {
			return false, err
		}
		isObjects := bytes.Equal(key, objectsKey)
		if c, err = r.skip(); err != nil || c != ':' {
			return false, cut(errors.Join(err, errNotJSON))
		}
		r.pos++
		if c, err = r.skip(); err != nil {
			return false, cut(err)
		}
		if isObjects && c == '[' {
			r.pos++
			return true, nil
		}
		if _, err := r.extent(); err != nil {
			return false, err
		}
	}
}

// value returns the element of the array at hand.
func (r *Reader) value() (raw []byte, at int64, err error) {
	start := r.offset + int64(r.pos)
	r.release()
	raw, err = r.extent()
	if err != nil {
		return nil, 0, r.lost(start, err)
	}
	if len(raw) == 0 { // a bracket that closes nothing
		r.pos++
		raw = r.buf[r.pos-1 : r.pos]
	}
	return raw, start, nil
}

// lost says what became of the object at start. Only one that is too large can
// be stepped over, and has been.
func (r *Reader) lost(start int64, err error) error {
	if err == errTooLarge {
		return &ObjectError{Offset: start, ID: guessID(r.buf), Err: fmt.Errorf("%w (%d bytes)", err, r.limit())}
	}
	return fmt.Errorf("byte %d: %w", start, err)
}

// extent returns the value at hand, found by its quotes and brackets, and
// steps over it. One that is too large is stepped over all the same.
func (r *Reader) extent() ([]byte, error) {
	start := r.offset + int64(r.pos)
	depth, quoted, escaped, large := 0, false, false, false
	for {
		if r.pos == len(r.buf) {
			if r.offset+int64(r.pos)-start >= int64(r.limit()) {
				large = true
				start = r.offset + int64(r.pos)
				r.release()
			}
			if err := r.fill(); err != nil {
				if err == io.EOF && depth == 0 && !quoted && !large && int64(r.pos) > start-r.offset {
					return r.buf[start-r.offset:], nil // a bare word ends with the stream
				}
				return nil, cut(err)
			}
		}
		if quoted && !escaped {
			if r.pos = special(r.buf, r.pos); r.pos == len(r.buf) {
				continue
			}
		}
		c := r.buf[r.pos]
		switch {
		case escaped:
			escaped = false
		case quoted:
			switch c {
			case '\\':
				escaped = true
				r.pos++
				continue
			case '"':
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		bare := depth == 0 && !quoted && r.offset+int64(r.pos) > start && (c == ',' || c == ':' || c <= ' ')
		if depth < 0 || bare {
			break // the end of a bare word, which is not part of it
		}
		r.pos++
		if depth == 0 && !quoted && (c == '"' || c == '}' || c == ']') {
			break
		}
	}
	if large || r.offset+int64(r.pos)-start > int64(r.limit()) { // one read may have brought it to its end
		return nil, errTooLarge
	}
	return r.buf[start-r.offset : r.pos], nil
}

// skip steps over white space, and commas between objects, and returns the
// byte at hand.
func (r *Reader) skip() (byte, error) {
	for {
		for ; r.pos < len(r.buf); r.pos++ {
			switch c := r.buf[r.pos]; c {
			case ' ', '\t', '\r', '\n', ',':
			case 0xEF, 0xBB, 0xBF: // a byte order mark, which no token begins like
			default:
				return c, nil
			}
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
}

// release drops what has been read, as soon as that is half of the buffer: what
// stands behind it must be moved.
func (r *Reader) release() {
	if r.pos < len(r.buf)/2 {
		return
	}
	n := copy(r.buf, r.buf[r.pos:])
	r.offset += int64(r.pos)
	r.buf, r.pos = r.buf[:n], 0
}

// fill reads more of the stream.
func (r *Reader) fill() error {
	if r.err != nil {
		return r.err
	}
	if len(r.buf) == cap(r.buf) {
		r.buf = append(make([]byte, 0, max(64<<10, 2*cap(r.buf))), r.buf...)
	}
	for range 100 {
		n, err := r.r.Read(r.buf[len(r.buf):cap(r.buf)])
		r.buf, r.err = r.buf[:len(r.buf)+n], err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	r.err = io.ErrNoProgress
	return r.err
}

func (r *Reader) limit() int {
	if r.MaxObject > 0 {
		return r.MaxObject
	}
	return DefaultMaxObject
}

// cut turns the end of the stream within an object into an error of its own.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return errCut
	}
	return err
}

var idKey = []byte(`"id"`)

// guessID returns the identifier of an object that may be damaged, "" when it
// shows none.
func guessID(b []byte) string {
	i := bytes.Index(b, idKey)
	if i < 0 {
		return ""
	}
	b = bytes.TrimLeft(b[i+len(idKey):], ": \t\r\n")
	if len(b) == 0 || b[0] != '"' {
		return ""
	}
	end := bytes.IndexByte(b[1:min(len(b), 200)], '"')
	if end < 0 {
		return ""
	}
	if id := ID(b[1 : 1+end]); id.Valid() == nil {
		return string(id)
	}
	return ""
}
