// Package intake reads what allies send, in the form they send it, as STIX
// objects: STIX itself, MISP, lists, tables, and reports in prose.
//
// Read finds the format from the content, and hands on one object after the
// other, in memory that does not grow with the input. What cannot be taken in
// costs itself alone and is told as a Reject, with what to do.
package intake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// An Input is one file, page or stream to be read.
type Input struct {
	Name string    // of the source, which what is made of it is told from; the same name and content make the same identifiers
	Path string    // its name may tell the format, where the content does not
	Time time.Time // when it was last changed: the time of creation of what is made of it
	R    io.Reader
}

// Options say how an input is read. The zero value reads all formats.
type Options struct {
	Format     string   // one of Formats, "" to find it
	Columns    []string // of a table: a kind of observable or what Column names, "-" to skip; none to find them
	Marking    stix.TLP // of what is made here
	Confidence int      // of what is made here, 1 to 100; 0 states none
	Lists      *observable.Warninglists
	Lax        bool // takes in objects that break a MUST of STIX
	// Feed reads an event of the feed whose manifest is the input; nil when the
	// events are inputs themselves.
	Feed func(uuid string) error
}

// An Item is one object that was read.
type Item struct {
	Object *stix.Object
	Draft  bool // read from prose: it waits for a person
	Made   bool // here, from what is no STIX
}

// A Reject is something that was not taken in.
type Reject struct {
	Where  string // in the input, "line 17" or "byte 1204"
	ID     string // of the object, if it has one
	Reason string // and what to do
	Text   string // the beginning of what was rejected
}

// A Sink takes what is read. An error ends the reading.
type Sink interface {
	Item(Item) error
	Reject(Reject) error
}

// headSize is how much of an input tells its format.
const headSize = 64 << 10

// Read reads an input to its end and returns the name of its format. What was
// handed on before an error stands.
func Read(in Input, o Options, to Sink) (format string, err error) {
	br := bufio.NewReaderSize(in.R, headSize)
	head, err := br.Peek(headSize)
	if len(head) == 0 && err != nil && err != io.EOF {
		return "", err
	}
	if o.Format == "" && isEmptyEnvelope(head) {
		return "stix", nil
	}
	f, err := find(o.Format, head, in.Path)
	if err != nil {
		return "", err
	}
	in.R = br
	return f.name, f.read(&reading{Input: in, Options: o, to: to})
}

// A reading is one input being read.
type reading struct {
	Input
	Options
	to Sink
}

func (r *reading) reject(where, id string, text []byte, format string, args ...any) error {
	return r.to.Reject(Reject{Where: where, ID: id, Reason: fmt.Sprintf(format, args...), Text: excerpt(text)})
}

// excerpt returns the beginning of what was rejected, on one line.
func excerpt(b []byte) string {
	const most = 200
	s := strings.ToValidUTF8(string(b[:min(len(b), most)]), "\uFFFD")
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7F {
			return ' '
		}
		return c
	}, s)
	if len(b) > most {
		s += "…"
	}
	return s
}

// made hands on an object that was made here.
func (r *reading) made(o *stix.Object) error {
	return r.to.Item(Item{Object: o, Made: true})
}

// marked sets what the options say of all that is made here.
func (r *reading) marked(c *stix.Common) {
	c.Created = stix.Timestamp{Time: r.Time.UTC().Truncate(time.Millisecond)}
	if r.Marking != stix.TLPNone {
		c.ObjectMarkingRefs = []stix.ID{r.Marking.MarkingID()}
	}
	if r.Confidence > 0 {
		c.Confidence = &r.Confidence
	}
}

// errEmpty is the error of an input without content.
var errEmpty = errors.New("it is empty")
