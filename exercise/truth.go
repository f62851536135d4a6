package exercise

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// Generate puts the logs into LogsFolder, and beside it the TruthFile, which
// names every malicious record.
const (
	LogsFolder = "logs"
	TruthFile  = "truth.jsonl"
)

// A Truth is one malicious record: where it stands and what it shows.
type Truth struct {
	Path      string    `json:"path"`             // relative to LogsFolder, with slashes
	Record    uint64    `json:"record"`           // line number from 1, or EventRecordID; for auditd the event's first line
	Time      time.Time `json:"time"`             // as the record tells it, UTC
	Stage     string    `json:"stage"`            // step of the story
	Technique string    `json:"technique"`        // ATT&CK id
	What      string    `json:"what"`             // in one sentence
	Covered   bool      `json:"covered"`          // whether one of Tocsin's rules finds it
	Reason    string    `json:"reason,omitempty"` // why not
}

// writeTruth writes truths as JSON lines, by time, then path, then record.
func writeTruth(w io.Writer, truths []*Truth) error {
	slices.SortFunc(truths, func(a, b *Truth) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Record, b.Record))
	})
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, t := range truths {
		if err := enc.Encode(t); err != nil {
			return fmt.Errorf("write truth: %w", err)
		}
	}
	return nil
}

// ReadTruth reads what a TruthFile holds.
func ReadTruth(r io.Reader) ([]Truth, error) {
	var truths []Truth
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var t Truth
		dec := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&t); err != nil {
			return nil, fmt.Errorf("read truth, line %d: %w", n, err)
		}
		truths = append(truths, t)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read truth: %w", err)
	}
	return truths, nil
}

// unseen is a copy of t for a record that no rule finds, for the reason given:
// it cannot be told from ordinary ones, or Tocsin's rules do not ask for it.
// A nil Truth stays nil.
func (t *Truth) unseen(reason string) *Truth {
	if t == nil {
		return nil
	}
	u := *t
	u.Covered, u.Reason = false, reason
	return &u
}
