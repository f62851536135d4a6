package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/stix"
)

// intelFlags choose the indicators that a hunt looks for.
type intelFlags struct {
	Intel []string `placeholder:"FILE" sep:"none" help:"Indicators to look for: a STIX bundle, repeatable."`
}

// intelGC is the percentage by which memory may grow between collections while
// there are indicators: they take much, and hold no pointers to follow.
const intelGC = 20

// index compiles the indicators and tells, unless quiet, what became of them.
// It is nil when none were asked for.
func (f *intelFlags) index(stderr io.Writer, quiet bool) (*intel.Index, error) {
	if len(f.Intel) == 0 {
		return nil, nil
	}
	debug.SetGCPercent(intelGC)
	var b intel.Builder
	for _, path := range f.Intel {
		if err := addBundle(&b, path); err != nil {
			return nil, fmt.Errorf("--intel %s: %w", path, err)
		}
	}
	index, stats := b.Build(time.Now())
	if stats.Indicators == 0 {
		return nil, errors.New("--intel: there is no indicator that could be looked for: see tocsin pattern check for why a pattern is refused")
	}
	if !quiet {
		fmt.Fprintf(stderr, "tocsin: %s from %s", count(stats.Indicators, "indicator", "indicators"), strings.Join(f.Intel, ", "))
		if n := stats.Unusable; n > 0 {
			fmt.Fprintf(stderr, "; %s cannot be used, such as %v: %s", count(n, "other", "others"), stats.Problems[0].ID, stats.Problems[0].Reason)
		}
		fmt.Fprintln(stderr)
	}
	return index, nil
}

// addBundle adds the objects of a file.
func addBundle(b *intel.Builder, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := stix.NewReader(file)
	for {
		o, err := r.Next()
		var one *stix.ObjectError
		switch {
		case err == io.EOF:
			return nil
		case errors.As(err, &one):
			continue
		case err != nil:
			return err
		}
		_ = b.Add(o, filepath.Base(path)) // Stats tells
	}
}
