package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/internal/report"
)

// isTerminal reports whether w is one.
func isTerminal(w io.Writer) (width int, ok bool) {
	if r, ok := w.(*results); ok {
		w = r.w
	}
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width, true
	}
	return 80, true
}

// terminal says how to print for people: colours only on a terminal and when
// NO_COLOR (no-color.org) is not set.
func terminal(w io.Writer) report.TerminalOptions {
	width, ok := isTerminal(w)
	if !ok {
		return report.TerminalOptions{}
	}
	return report.TerminalOptions{Width: width, Color: os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// progress is one line on a terminal that tells how far the reading is.
type progress struct {
	tally func() string // what came of it so far: "12 findings"
	done  chan struct{}
	ended chan struct{}
}

// startProgress shows the progress of in on w until stop, when w is a
// terminal and the reading takes longer than a moment.
func startProgress(w io.Writer, quiet bool, in *logs.Input, tally func() string) *progress {
	p := &progress{tally: tally, done: make(chan struct{}), ended: make(chan struct{})}
	width, ok := isTerminal(w)
	if !ok || quiet {
		close(p.ended)
		return p
	}
	go p.show(w, width, in)
	return p
}

func (p *progress) stop() {
	close(p.done)
	<-p.ended
}

func (p *progress) show(w io.Writer, width int, in *logs.Input) {
	defer close(p.ended)
	start := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			fmt.Fprint(w, "\r\x1b[K")
			return
		case <-tick.C:
			done, total := in.Progress()
			line := progressLine(done, total, p.tally(), time.Since(start))
			if len(line) >= width {
				line = line[:width-1]
			}
			fmt.Fprintf(w, "\r\x1b[K%s", line)
		}
	}
}

// progressLine tells how much of how much, how fast, and how long it will
// take still.
func progressLine(done, total int64, tally string, elapsed time.Duration) string {
	rate := float64(done) / max(elapsed.Seconds(), 1e-9)
	tail := fmt.Sprintf("%s/s  %s", size(rate), tally)
	if total <= 0 {
		return fmt.Sprintf("%s read  %s", size(float64(done)), tail)
	}
	share := min(float64(done)/float64(total), 1)
	const cells = 24
	full := int(share * cells)
	bar := strings.Repeat("#", full) + strings.Repeat(".", cells-full)
	left := ""
	if rate > 0 && elapsed > time.Second {
		left = "  " + time.Duration(float64(total-done)/rate*1e9).Round(time.Second).String() + " left"
	}
	return fmt.Sprintf("%s %3.0f %%  %s of %s  %s%s", bar, share*100, size(float64(done)), size(float64(total)), tail, left)
}

// size prints bytes in the unit that suits them.
func size(n float64) string {
	for _, unit := range []string{"B", "KB", "MB", "GB"} {
		if n < 1000 {
			return fmt.Sprintf("%.4g %s", n, unit)
		}
		n /= 1000
	}
	return fmt.Sprintf("%.4g TB", n)
}
