package report

import (
	"bytes"
	"flag"
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
	golden(t, "terminal-narrow.txt", view(t, terminalView(TerminalOptions{Width: 60}), findings(), covered()))
}
