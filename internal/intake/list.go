package intake

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// maxLine is how many bytes one line of a list or table may have.
const maxLine = 1 << 20

// list reads a plain list: an observable a line, # before comments. Of hosts
// files the names count, and of lines that say more the first word.
func (r *reading) list() error {
	return r.lines(func(number int, line []byte) error {
		if isComment(line) {
			return nil
		}
		text, comment, _ := strings.Cut(string(line), "#")
		text = strings.TrimSpace(text)
		if text == "" {
			return nil
		}
		where := fmt.Sprintf("line %d", number)
		if names := hosts(text); names != nil {
			return r.hosts(where, line, names, strings.TrimSpace(comment))
		}
		o, err := entry(text)
		if err != nil {
			return r.reject(where, "", line, "%v", err)
		}
		return r.seen(where, line, row{observable: o, description: strings.TrimSpace(comment)})
	})
}

// isComment reports whether a line is one: of lists with #, of Spamhaus with
// ";" and a blank, of others with "//".
func isComment(line []byte) bool {
	line = bytes.TrimSpace(line)
	return bytes.HasPrefix(line, []byte("#")) || bytes.HasPrefix(line, []byte("; ")) || bytes.HasPrefix(line, []byte("//")) || string(line) == ";"
}

// hosts returns the names that a line of a hosts file sends nowhere (hosts(5)),
// nil for any other line.
func hosts(text string) []string {
	words := strings.Fields(text)
	if len(words) < 2 {
		return nil
	}
	switch words[0] {
	case "0.0.0.0", "127.0.0.1", "::", "::1":
		return words[1:]
	}
	return nil
}

// hosts takes in the names of a hosts file, but for those without a dot, which
// are the machine's own.
func (r *reading) hosts(where string, line []byte, names []string, comment string) error {
	for _, name := range names {
		if !strings.Contains(name, ".") || strings.HasPrefix(name, "localhost.") {
			continue
		}
		o, err := observable.Guess(name)
		if err == nil {
			err = r.seen(where, line, row{observable: o, description: comment})
		} else {
			err = r.reject(where, "", line, "%v", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entry reads one line of a list: all of it, or the first word where that is
// an observable by itself and more is said behind it, such as the name of a
// file behind its hash.
func entry(text string) (observable.Observable, error) {
	text = mailbox(text)
	words := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|' })
	if len(words) > 1 {
		if first, err := observable.Guess(words[0]); err == nil && first.Kind != observable.FileName && first.Kind != observable.Path && first.Kind != observable.URL {
			return first, nil
		}
	}
	o, err := observable.Guess(text)
	if err == nil || len(words) < 2 {
		return o, err
	}
	if first, ferr := observable.Guess(words[0]); ferr == nil {
		return first, nil
	}
	return o, err
}

// lines hands on the lines of the input, without their ends. One that is too
// long costs itself.
func (r *reading) lines(each func(number int, line []byte) error) error {
	in := bufio.NewReaderSize(r.R, 64<<10)
	var line []byte
	for number := 1; ; number++ {
		line = line[:0]
		long := false
		var err error
		for {
			var part []byte
			part, err = in.ReadSlice('\n')
			if len(line)+len(part) <= maxLine {
				line = append(line, part...)
			} else {
				long = true
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				break
			}
		}
		if err != nil && err != io.EOF {
			return err
		}
		var told error
		if long {
			told = r.reject(fmt.Sprintf("line %d", number), "", line, "a line of more than %d bytes: break it up", maxLine)
		} else if len(line) > 0 {
			told = each(number, inUTF8(bytes.TrimRight(line, "\r\n")))
		}
		if told != nil || err == io.EOF {
			return told
		}
	}
}

// inUTF8 reads a line that is no UTF-8 as Windows-1252, as spreadsheets in
// western Europe write tables.
func inUTF8(line []byte) []byte {
	if utf8.Valid(line) {
		return line
	}
	if text, err := charmap.Windows1252.NewDecoder().Bytes(line); err == nil {
		return text
	}
	return line
}

// A row is what a list or table says of one observable.
type row struct {
	observable        observable.Observable
	name, description string
	labels            []string
	first, until      stix.Timestamp // when it was seen first, and how long it is valid
	confidence        int            // 0: not stated
	marking           stix.TLP
	reference         string // an address to read more at
}

// seen makes what a row says: an indicator, or a vulnerability of a CVE.
func (r *reading) seen(where string, text []byte, w row) error {
	if r.Lists != nil {
		if list, entry, stopped := r.Lists.Check(w.observable); stopped {
			return r.reject(where, "", text, "%s is no sign of an attack: it is on the warninglist %q (%s); say --unguarded to take it in all the same", w.observable.Value, list, entry)
		}
	}
	var o *stix.Object
	var err error
	if w.observable.Kind == observable.CVE {
		v := &stix.Vulnerability{Common: r.common("vulnerability", w), Name: w.observable.Value, Description: w.description}
		v.ExternalReferences = append([]stix.ExternalReference{{SourceName: "cve", ExternalID: w.observable.Value}}, v.ExternalReferences...)
		o, err = stix.Make(v)
	} else {
		i := &stix.Indicator{
			Common: r.common("indicator", w), Name: w.name, Description: w.description,
			Pattern: w.observable.Pattern(), PatternType: "stix", PatternVersion: "2.1", ValidFrom: w.first,
		}
		if i.Name == "" {
			i.Name = w.observable.Value
		}
		if i.ValidFrom.IsZero() {
			i.ValidFrom = i.Created
		}
		if w.until.After(i.ValidFrom.Time) {
			i.ValidUntil = w.until
		}
		o, err = stix.Make(i)
	}
	if err != nil {
		return r.reject(where, "", text, "%v", err)
	}
	return r.made(o)
}

// common returns the common properties of what a row makes. It is named after
// its source, so that two sources that list the same thing do not write over
// one another.
func (r *reading) common(kind string, w row) stix.Common {
	c := stix.Common{ID: stix.NamedID(kind, strings.Join([]string{r.Name, w.observable.Kind.String(), w.observable.Value}, "\n")), Labels: w.labels}
	r.marked(&c)
	if w.confidence > 0 {
		c.Confidence = &w.confidence
	}
	if w.marking != stix.TLPNone {
		c.ObjectMarkingRefs = []stix.ID{w.marking.MarkingID()}
	}
	c.ExternalReferences = []stix.ExternalReference{{SourceName: r.Name, Description: "the list that it is on", URL: w.reference}}
	return c
}

// isList reports whether most of the first lines are observables.
func isList(head []byte, _ string) bool {
	lines, seen := sample(head), 0
	for _, line := range lines {
		text, _, _ := strings.Cut(string(line), "#")
		text = strings.TrimSpace(text)
		if _, err := entry(text); err == nil || hosts(text) != nil {
			seen++
		}
	}
	return len(lines) > 0 && seen*10 >= len(lines)*6
}

// sample returns up to 50 of the first whole lines that are no comments.
func sample(head []byte) (lines [][]byte) {
	whole := len(head) < headSize
	for line := range bytes.Lines(head) {
		if !bytes.HasSuffix(line, []byte("\n")) && !whole {
			break
		}
		line = bytes.TrimSpace(line)
		if len(line) > 0 && !isComment(line) {
			lines = append(lines, line)
		}
		if len(lines) == 50 {
			break
		}
	}
	return lines
}
