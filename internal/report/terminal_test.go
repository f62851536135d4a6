package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/tocsin-project/tocsin/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}

func view(t *testing.T, v func(*bytes.Buffer) View, list []*finding.Finding, c finding.Coverage) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := v(&out)(summary(list), c); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func terminalView(o TerminalOptions) func(*bytes.Buffer) View {
	return func(w *bytes.Buffer) View { return Terminal(w, o) }
}

func TestTerminalGolden(t *testing.T) {
	golden(t, "terminal.txt", view(t, terminalView(TerminalOptions{}), findings(), covered()))
	golden(t, "terminal-colour.txt", view(t, terminalView(TerminalOptions{Color: true, Width: 132}), findings(), covered()))
	golden(t, "terminal-many.txt", view(t, terminalView(TerminalOptions{}), nil, manyFilesRead()))
	golden(t, "terminal-narrow.txt", view(t, terminalView(TerminalOptions{Width: 60}), findings(), covered()))
}

// manyFilesRead is the coverage of a long hunt that was stopped.
func manyFilesRead() finding.Coverage {
	c := covered()
	c.Interrupted, c.Forgotten = true, 12345
	day := c.Sources[8]
	for i := range 60 {
		s := day
		s.Path = fmt.Sprintf("/srv/evidence/iis/W3SVC1/u_ex%d.log", 210301+i)
		s.Records += uint64(i)
		c.Sources = append(c.Sources, s)
	}
	for i := range 50 {
		s := c.Sources[4]
		s.Path, s.Origins = fmt.Sprintf("/srv/evidence/evtx/%d.evtx", i), []string{"windows/System", fmt.Sprintf("windows/Channel %d", i)}
		c.Sources = append(c.Sources, s)
	}
	unread := c.Sources[12]
	for i := range 5 {
		unread.Path = fmt.Sprintf("/srv/evidence/locked/%d.evtx", i)
		c.Sources = append(c.Sources, unread)
	}
	return c
}
