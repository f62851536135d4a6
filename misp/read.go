package misp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// DefaultMaxEvent is the size of an event, in bytes, that a Reader refuses to
// go beyond. Attachments are part of their event.
const DefaultMaxEvent = 256 << 20

// Errors of events.
var (
	errNoEvent    = errors.New("no MISP event: one is a JSON object with uuid and info, bare or under \"Event\"; ask MISP for its JSON export")
	errNoUUID     = errors.New("its uuid is no UUID (RFC 4122): a MISP event MUST have one, ask its sender to correct it")
	errDepth      = fmt.Errorf("brackets within brackets, more than %d deep: no MISP event is", stix.MaxDepth)
	errTooLarge   = errors.New("the event is larger than the reader takes: raise its MaxEvent, or leave attachments out of the export")
	errAttributes = errors.New("attributes without their event: ask MISP for events (restSearch of events), that their source and markings are known")
)

// An EventError tells why one event was not read. The Reader goes on behind it.
type EventError struct {
	Offset int64  // of the event in the stream, in bytes
	UUID   string // as far as it is known
	Err    error
}

func (e *EventError) Error() string {
	if e.UUID == "" {
		return fmt.Sprintf("event at byte %d: %v", e.Offset, e.Err)
	}
	return fmt.Sprintf("event %.64s at byte %d: %v", e.UUID, e.Offset, e.Err)
}

func (e *EventError) Unwrap() error { return e.Err }

// A Reader reads events from a stream: one, bare or under "Event", a list of
// them, or the answer of a search, {"response": [...]}.
type Reader struct {
	MaxEvent int64 // bytes; DefaultMaxEvent if zero

	in      *budget
	d       *jsontext.Decoder
	started bool
	within  bool // a list
	err     error
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader {
	b := bufio.NewReaderSize(r, 64<<10)
	return &Reader{in: &budget{r: b}}
}

// A budget is a reader that stops when its allowance is used up.
type budget struct {
	r    *bufio.Reader
	left int64
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Next returns the next event, io.EOF behind the last. An *EventError is about
// one event; with all other errors the reading has ended.
func (r *Reader) Next() (*Event, error) {
	if r.err != nil {
		return nil, r.err
	}
	e, err := r.next()
	var one *EventError
	if err != nil && !errors.As(err, &one) {
		r.err = err
	}
	return e, err
}

func (r *Reader) next() (*Event, error) {
	r.in.left = r.MaxEvent
	if r.in.left <= 0 {
		r.in.left = DefaultMaxEvent
	}
	if !r.started {
		if err := r.start(); err != nil {
			return nil, err
		}
	}
	switch r.d.PeekKind() {
	case ']':
		return nil, io.EOF
	case 0:
		if _, err := r.d.ReadToken(); !r.within || err != io.EOF {
			return nil, readError(err)
		}
		return nil, io.ErrUnexpectedEOF
	}
	offset := r.d.InputOffset()
	raw, err := r.d.ReadValue()
	if err != nil {
		return nil, readError(err)
	}
	e, err := Parse(bytes.Clone(raw))
	if err != nil {
		return nil, &EventError{offset, uuidOf(raw), err}
	}
	return e, nil
}

func readError(err error) error {
	if err == io.EOF {
		return io.EOF
	}
	if errors.Is(err, errTooLarge) {
		return errTooLarge
	}
	return fmt.Errorf("no JSON that can be read: %w", err)
}

// start steps into the list that the events stand in, if they do.
func (r *Reader) start() error {
	r.started = true
	if head, _ := r.in.r.Peek(3); bytes.Equal(head, []byte("\xef\xbb\xbf")) {
		r.in.r.Discard(3)
	}
	head, _ := r.in.r.Peek(4096)
	r.d = jsontext.NewDecoder(r.in)
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) > 0 && head[0] == '{' {
		name := bytes.TrimLeft(head[1:], " \t\r\n")
		if !bytes.HasPrefix(name, []byte(`"response"`)) {
			return nil
		}
		r.d.ReadToken()
		r.d.ReadToken()
		if r.d.PeekKind() == '{' {
			return errAttributes
		}
	}
	if r.d.PeekKind() == '[' {
		r.within = true
		_, err := r.d.ReadToken()
		return err
	}
	return nil
}

// Parse reads one event, bare or under "Event". It keeps raw, which must not be
// changed afterwards. It refuses JSON that is not valid, names that come twice
// in one object, text that is not UTF-8, and events without a UUID.
func Parse(raw []byte) (*Event, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errNoEvent
	}
	if depth(raw) > stix.MaxDepth {
		return nil, errDepth
	}
	at := wrapped(raw)
	body := raw[at.from:at.to]
	e := &Event{raw: raw, body: body, at: at.from}
	if err := json.Unmarshal(body, e, lenient); err != nil {
		return nil, plain(err)
	}
	if len(body) != len(raw) && !jsontext.Value(raw).IsValid() {
		return nil, errNoEvent
	}
	if e.UUID == "" && e.Info == "" {
		return nil, errNoEvent
	}
	if stix.ID("x-misp-event--"+e.UUID).Valid() != nil {
		return nil, fmt.Errorf("uuid %.64q: %w", e.UUID, errNoUUID)
	}
	return e, nil
}

// depth returns how deep the brackets of b go; strings are stepped over.
func depth(b []byte) int {
	deepest, now := 0, 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			for i++; i < len(b) && b[i] != '"'; i++ {
				if b[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			now++
			deepest = max(deepest, now)
		case '}', ']':
			now--
		}
	}
	return deepest
}

// wrapped returns where the event stands in what it came in: under "Event", or
// all of it.
func wrapped(raw []byte) span {
	d := jsontext.NewDecoder(bytes.NewBuffer(raw))
	d.ReadToken()
	t, err := d.ReadToken()
	if err != nil || t.Kind() != '"' || t.String() != "Event" || d.PeekKind() != '{' {
		return span{0, len(raw)}
	}
	v, err := d.ReadValue()
	if err != nil {
		return span{0, len(raw)}
	}
	end := int(d.InputOffset())
	return span{end - len(v), end}
}

// uuidOf returns the UUID of something that is no event, "" when it has none.
func uuidOf(raw []byte) string {
	var v struct {
		UUID  string `json:"uuid"`
		Event struct {
			UUID string `json:"uuid"`
		} `json:"Event"`
	}
	_ = json.Unmarshal(raw, &v, lenient)
	return v.UUID + v.Event.UUID
}

// lenient reads what MISP writes: numbers and truths as strings or themselves,
// null and empty lists for what is not there.
var lenient = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(readString),
	json.UnmarshalFromFunc(readInt),
	json.UnmarshalFromFunc(readBool),
	json.UnmarshalFromFunc(absent[Org]),
	json.UnmarshalFromFunc(absent[SharingGroup]),
))

func readString(d *jsontext.Decoder, to *string) error {
	switch d.PeekKind() {
	case '{', '[':
		return errors.New("a text must stand here")
	}
	t, err := d.ReadToken()
	if err == nil && t.Kind() != 'n' {
		*to = t.String()
	}
	return err
}

func readInt(d *jsontext.Decoder, to *int64) error {
	var s string
	if err := readString(d, &s); err != nil {
		return err
	}
	if s == "" || s == "false" {
		*to = 0
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.Abs(f) > 1<<53 {
			return fmt.Errorf("%.40q is no whole number", s)
		}
		n = int64(f)
	}
	*to = n
	return nil
}

func readBool(d *jsontext.Decoder, to *bool) error {
	var s string
	if err := readString(d, &s); err != nil {
		return err
	}
	switch s {
	case "true", "1":
		*to = true
	case "false", "0", "":
		*to = false
	default:
		return fmt.Errorf("%.40q is neither true nor false", s)
	}
	return nil
}

// absent steps over an empty list, which MISP writes for an object that is not
// there.
func absent[T any](d *jsontext.Decoder, _ *T) error {
	if d.PeekKind() != '[' {
		return errors.ErrUnsupported
	}
	return d.SkipValue()
}

// plain words an error of the JSON package for people.
func plain(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	cause := semantic.Err
	if cause == nil {
		cause = fmt.Errorf("a JSON %s where another type must stand", semantic.JSONKind)
	}
	if semantic.JSONPointer == "" {
		return cause
	}
	return fmt.Errorf("%s: %w", semantic.JSONPointer, cause)
}
