package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// readAll parses everything in paths and returns one line for each record.
func readAll(t testing.TB, opts Options, paths ...string) ([]string, *Input) {
	t.Helper()
	in, err := Open(paths, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, nil))
	var out []string
	var b Block
	for {
		if err := in.Next(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.Parse(&b, func(e *event.Event) {
			out = append(out, fmt.Sprintf("%s:%d@%d %s", filepath.Base(b.File.Path), e.Record, e.Offset, e.Text))
		})
	}
	return out, in
}

func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBlocksHoldWholeLines(t *testing.T) {
	path := write(t, t.TempDir(), "a.log", "one one\ntwo\n\nfour four four\nfive")
	want := []string{"a.log:1@0 one one", "a.log:2@8 two", "a.log:4@13 four four four", "a.log:5@28 five"}
	for size := 1; size < 64; size++ {
		got, _ := readAll(t, Options{BlockSize: size}, path)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("blocks of %d: got %q", size, got)
		}
	}
}
