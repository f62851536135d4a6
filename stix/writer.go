package stix

import (
	"fmt"
	"io"
)

// A Writer writes a bundle (section 8) object by object, each to the byte as it
// came.
type Writer struct {
	w     io.Writer
	begun bool
}

// NewWriter returns a Writer of a bundle to w, with a fresh identifier.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Write writes one object.
func (w *Writer) Write(o *Object) error {
	between := ",\n"
	if !w.begun {
		between = `,"objects":[` + "\n"
		if err := w.begin(); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w.w, between); err != nil {
		return err
	}
	_, err := w.w.Write(o.raw)
	return err
}

func (w *Writer) begin() error {
	w.begun = true
	_, err := fmt.Fprintf(w.w, `{"type":"bundle","id":"%s"`, NewID("bundle"))
	return err
}

// Close ends the bundle; the writer below stays open. A bundle of no objects
// has no list of them, which must not be empty (section 2.3).
func (w *Writer) Close() error {
	end := "\n]}\n"
	if !w.begun {
		end = "}\n"
		if err := w.begin(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w.w, end)
	return err
}
