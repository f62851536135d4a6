package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/finding"
)

// flushAt is how many bytes a line sink gathers before it writes.
const flushAt = 64 << 10

// JSONL writes one JSON object a line, as finding.AppendJSON does.
type JSONL struct {
	w   io.Writer
	buf []byte
}

// NewJSONL returns a sink that writes to w.
func NewJSONL(w io.Writer) *JSONL { return &JSONL{w: w} }

// Add appends the line of f and writes when enough has gathered.
func (j *JSONL) Add(f *finding.Finding) error {
	j.buf = append(finding.AppendJSON(j.buf, f), '\n')
	return flush(j.w, &j.buf, flushAt)
}

// Close writes what is left. The coverage is not part of this format.
func (j *JSONL) Close(finding.Coverage) error { return flush(j.w, &j.buf, 1) }

// flush writes buf when it holds at least min bytes.
func flush(w io.Writer, buf *[]byte, min int) error {
	if len(*buf) < min {
		return nil
	}
	_, err := w.Write(*buf)
	*buf = (*buf)[:0]
	if err != nil {
		return fmt.Errorf("writing findings: %w", err)
	}
	return nil
}

// CSV writes one row a finding under a header (RFC 4180, lines ended by a
// bare newline). Lists are joined by spaces; fields and events are JSON. A
// cell holds no line break and no other control character (they are written
// as \n, \x1b, \u202e), and a cell that a spreadsheet would take for a formula
// starts with an apostrophe, so that opening the file runs nothing.
type CSV struct {
	w    io.Writer
	buf  []byte
	cell []byte
}

// NewCSV returns a sink that writes to w.
func NewCSV(w io.Writer) *CSV {
	return &CSV{w: w, buf: []byte("time,severity,kind,title,rule_id,rule_path," +
		"indicator_id,indicator_value,indicator_type,techniques,groups,host," +
		"source_path,source_format,record,offset,fields,events,count\n")}
}

// Add appends the row of f and writes when enough has gathered.
func (c *CSV) Add(f *finding.Finding) error {
	if f.Time != event.NoTime {
		c.buf = event.AppendTime(c.buf, f.Time)
	}
	c.buf = append(c.buf, ',')
	for _, s := range [...]string{
		f.Severity.String(), f.Kind, f.Title, f.Rule.ID, f.Rule.Path,
		f.Indicator.ID, f.Indicator.Value, f.Indicator.Type,
	} {
		c.text(s)
	}
	c.text(strings.Join(f.Techniques, " "))
	c.text(strings.Join(f.Groups, " "))
	c.text(f.Host)
	c.text(f.Source.Path)
	c.text(f.Source.Format)
	c.number(f.Source.Record)
	if f.Source != (finding.Source{}) {
		c.buf = strconv.AppendInt(c.buf, f.Source.Offset, 10)
	}
	c.buf = append(c.buf, ',')
	c.cell = c.cell[:0]
	if len(f.Fields) > 0 {
		c.cell = finding.AppendFields(c.cell, f.Fields)
	}
	c.text(string(c.cell))
	c.cell = c.cell[:0]
	if len(f.Events) > 0 {
		c.cell = finding.AppendSources(c.cell, f.Events)
	}
	c.text(string(c.cell))
	c.number(f.Count)
	c.buf[len(c.buf)-1] = '\n'
	return flush(c.w, &c.buf, flushAt)
}

// Close writes what is left, the header even when nothing was found.
func (c *CSV) Close(finding.Coverage) error { return flush(c.w, &c.buf, 1) }

func (c *CSV) number(n uint64) {
	if n != 0 {
		c.buf = strconv.AppendUint(c.buf, n, 10)
	}
	c.buf = append(c.buf, ',')
}

// text appends a cell of text and a comma.
func (c *CSV) text(s string) {
	s = Cell(s)
	if !strings.ContainsAny(s, `",`) {
		c.buf = append(append(c.buf, s...), ',')
		return
	}
	c.buf = append(c.buf, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		c.buf = append(append(c.buf, s[:i+1]...), '"')
		s = s[i+1:]
	}
	c.buf = append(append(c.buf, s...), '"', ',')
}

// Cell returns s as a table may hold it: Printable, and no formula (CWE-1236).
func Cell(s string) string {
	if s = Printable(s); isFormula(s) {
		s = "'" + s
	}
	return s
}

// isFormula reports whether a spreadsheet may take s for a formula: it starts,
// perhaps after spaces, with a character that begins one, of plain or of full
// width.
func isFormula(s string) bool {
	s = strings.TrimLeft(s, " ")
	for _, p := range [...]string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
