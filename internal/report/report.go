// Package report shows what a hunt found, to people and to machines.
//
// A Sink takes findings one by one, in the order in which the hunt makes
// them, and the coverage at the end. JSONL and CSV write each finding as it
// comes. Summary counts them in bounded memory, however many there are, and
// feeds the views that need the whole: Terminal, HTML and Layer.
//
// The bytes that come out depend on the findings, the coverage and the
// options alone. Everything that comes from a log is taken for hostile: no
// control character reaches a terminal or a table, no markup reaches a page,
// no formula reaches a spreadsheet.
package report

import (
	"errors"

	"github.com/tocsin-project/tocsin/internal/finding"
)

// A Sink takes the findings of one hunt. It keeps nothing of f after Add
// has returned. Close ends the output; nothing may be added after it. The
// writers that sinks were given stay open.
type Sink interface {
	Add(f *finding.Finding) error
	Close(c finding.Coverage) error
}

// Sinks hands each finding to every one of its members.
type Sinks []Sink

// Add stops at the first error.
func (s Sinks) Add(f *finding.Finding) error {
	for _, sink := range s {
		if err := sink.Add(f); err != nil {
			return err
		}
	}
	return nil
}

// Close closes every sink and joins their errors.
func (s Sinks) Close(c finding.Coverage) error {
	var err error
	for _, sink := range s {
		err = errors.Join(err, sink.Close(c))
	}
	return err
}
