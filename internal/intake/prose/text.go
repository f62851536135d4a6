package prose

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A Format is how a report is written.
type Format string

// The formats.
const (
	Text     Format = "text"
	HTML     Format = "html"
	Markdown Format = "markdown"
	PDF      Format = "pdf"
)

// MaxFile is how many bytes a file of a report may have.
const MaxFile = 64 << 20

var errTooLarge = fmt.Errorf("more than %d MB: no report is that long; give the pages that matter, or a list as CSV", MaxFile>>20)

// Load reads a document. Title and date are set where the format has them, the
// date also where the head of the text says it ("Release date: 19 July 2021").
// The marking is what the text states (TLP:AMBER). Characters that are none
// become U+FFFD.
func Load(r io.Reader, f Format) (*Document, error) {
	d, err := readAs(r, f)
	if err != nil {
		return nil, err
	}
	if d.Published.IsZero() {
		d.Published = publishedIn(d.Text)
	}
	d.Marking = markingIn(d.Text)
	return d, nil
}

func readAs(r io.Reader, f Format) (*Document, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > MaxFile:
		return nil, errTooLarge
	case f == PDF:
		text, err := pdfText(raw)
		return &Document{Text: text}, err
	case f != Text && f != HTML && f != Markdown:
		return nil, fmt.Errorf("%q is no format of a report: it is one of text, html, markdown, pdf", f)
	}
	text, err := decode(raw)
	if err != nil {
		return nil, err
	}
	switch f {
	case HTML:
		return readHTML(text), nil
	case Markdown:
		return readMarkdown(text), nil
	}
	return &Document{Text: text}, nil
}

// decode returns text as UTF-8 without a byte order mark.
func decode(raw []byte) (string, error) {
	switch {
	case bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")):
		raw = raw[3:]
	case bytes.HasPrefix(raw, []byte("\xff\xfe")), bytes.HasPrefix(raw, []byte("\xfe\xff")):
		units := make([]uint16, 0, len(raw)/2)
		big := raw[0] == 0xfe
		for i := 2; i+1 < len(raw); i += 2 {
			u := uint16(raw[i]) | uint16(raw[i+1])<<8
			if big {
				u = u<<8 | u>>8
			}
			units = append(units, u)
		}
		return string(utf16.Decode(units)), nil
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return "", errors.New("no text: it has bytes that are zero; say which format it is of, or convert it to text")
	}
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	return strings.ToValidUTF8(string(raw), "�"), nil
}
