// Bench measures whole runs of tocsin beside the tools that users know, where
// they are installed, and prints one Markdown table of medians.
//
// Everything is measured in one run on one machine, turn by turn, so that a
// noisy moment meets all alike. Single-core cells are held to one processor
// with taskset. Peers: evtx_dump (crate evtx), rsigma, ripgrep, and stix2-matcher
// (PyPI) where the python3 of PATH has it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

var (
	repeat      = flag.Int("n", 3, "how many times each cell runs")
	rules       = flag.String("rules", "../shared/data/sigma", "SigmaHQ rules")
	evtx        = flag.String("evtx", "", "folder of EVTX files (default: made by exercise/generate)")
	size        = flag.String("size", "5GB", "size of the mixed folder for whole hunts")
	events      = flag.Int("events", 100_000, "events of each Sigma lane")
	work        = flag.String("work", "", "folder to work in, kept; default a temporary one")
	indicatorMB = flag.Int("indicator-mb", 1000, "MB of log for each lane of indicators")

	only  = flag.String("only", "", "sections to run, by letter: e EVTX, s Sigma, h hunts, l rule load, p STIX patterns, i indicators; default all")
	cases = flag.String("cases", "../shared/data/stix/pattern-match-v21.json", "cases of pattern matching")
)

func main() {
	flag.Parse()
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench() error {
	dir := *work
	if dir == "" {
		d, err := os.MkdirTemp("", "tocsin-bench-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(d)
		dir = d
	}
	tocsin := filepath.Join(dir, "tocsin")
	if err := command("go", "build", "-trimpath", "-ldflags=-s", "-o", tocsin, "./cmd/tocsin").run(); err != nil {
		return err
	}
	b := &table{dir: dir, tocsin: tocsin}
	fmt.Println("| cell | tool | median | rate | peak memory | against tocsin |")
	fmt.Println("|---|---|---:|---:|---:|---:|")
	for _, section := range []struct {
		letter string
		run    func(*table) error
	}{{"e", evtxCells}, {"s", sigmaCells}, {"l", loadCells}, {"h", huntCells}, {"p", patternCells}, {"i", indicatorCells}} {
		if *only == "" || strings.Contains(*only, section.letter) {
			if err := section.run(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// table is what the sections share.
type table struct{ dir, tocsin string }

// evtxCells: EVTX to JSON lines on one core, both to /dev/null.
func evtxCells(b *table) error {
	folder := *evtx
	if folder == "" {
		folder = filepath.Join(b.dir, "evtx")
		if err := generate(folder, "400MB", "*.evtx"); err != nil {
			return err
		}
	}
	files, err := filesOf(folder, ".evtx")
	if err != nil {
		return err
	}
	cells := []*cell{
		{tool: "tocsin events --workers 1", cmd: command(append([]string{b.tocsin, "events", "--workers", "1"}, files...)...)},
	}
	if p := find("evtx_dump"); p != "" {
		cells = append(cells, &cell{tool: "evtx_dump -t 1 -o jsonl", cmd: shell(`for f in "$@"; do "$0" -t 1 -o jsonl "$f"; done`, p, files)})
	}
	return b.compare("EVTX to JSON lines, one core", cells, bytesOf(files), "MB/s", 1)
}

// sigmaCells: all SigmaHQ rules over lanes of JSON events on one core.
func sigmaCells(b *table) error {
	for _, l := range lanes {
		path := filepath.Join(b.dir, l.name+".jsonl")
		if err := l.write(path, *events); err != nil {
			return err
		}
		cells := []*cell{{
			tool: "tocsin hunt --workers 1",
			cmd:  command(b.tocsin, "hunt", "--quiet", "--workers", "1", "--rules", *rules, "--json", "/dev/null", path),
		}}
		if p := find("rsigma"); p != "" {
			args := []string{p, "engine", "eval", "--quiet", "--no-stats", "--output-format", "ndjson", "-r", *rules, "-e", "@" + path}
			cells = append(cells,
				&cell{tool: "rsigma, logsource routing", cmd: command(append(args, "--logsource-routing", "--event-logsource", l.logsource)...)},
				&cell{tool: "rsigma", cmd: command(args...)})
		}
		if err := b.compare("Sigma, "+l.name+", one core", cells, float64(*events), "events/s", 1); err != nil {
			return err
		}
	}
	return nil
}

// loadCells: all SigmaHQ rules loaded, no record read.
func loadCells(b *table) error {
	cells := []*cell{{tool: "tocsin rules check", cmd: command(b.tocsin, "rules", "check", "--quiet", *rules)}}
	if p := find("rsigma"); p != "" {
		cells = append(cells, &cell{tool: "rsigma engine eval, one event", cmd: command(p, "engine", "eval", "--quiet", "--no-stats", "-r", *rules, "-e", `{"a":"b"}`)})
	}
	return b.compare("rule load, 3,780 rules", cells, 3780, "rules/s", 0)
}

// huntCells: whole hunts over a mixed folder.
func huntCells(b *table) error {
	folder := filepath.Join(b.dir, "mixed")
	if err := generate(folder, *size, ""); err != nil {
		return err
	}
	files, err := filesOf(folder, "")
	if err != nil {
		return err
	}
	hunt := func(workers, rules string) *cell {
		args := []string{b.tocsin, "hunt", "--quiet", "--workers", workers, "--json", "/dev/null"}
		if rules != "" {
			args = append(args, "--rules", rules)
		}
		return &cell{tool: "tocsin hunt --workers " + workers + map[bool]string{true: ", SigmaHQ"}[rules != ""], cmd: command(append(args, folder)...)}
	}
	cells := []*cell{hunt("1", ""), hunt("2", ""), hunt("1", *rules), hunt("2", *rules)}
	if p := find("rg"); p != "" {
		cells = append(cells, &cell{tool: "rg -c -a -F one string (no parsing)", cmd: command(p, "-c", "-a", "-F", "-j", "1", "ServerInfo~", folder)})
	}
	return b.compare("whole hunt, mixed folder of "+*size, cells, bytesOf(files), "MB/s", 0)
}

// generate makes the exercise's logs of about the given size below folder,
// unless they are there, and keeps the files that match keep.
func generate(folder, size, keep string) error {
	if _, err := os.Stat(folder); err == nil {
		return nil
	}
	fmt.Fprintf(os.Stderr, "bench: making %s of logs\n", size)
	if err := command("go", "run", "./exercise/generate", "--out", folder, "--size", size).run(); err != nil {
		return err
	}
	if keep == "" {
		return nil
	}
	files, err := filesOf(folder, "")
	if err != nil {
		return err
	}
	for _, f := range files {
		if ok, _ := filepath.Match(keep, filepath.Base(f)); !ok {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// cell is one tool at one task.
type cell struct {
	tool  string
	cmd   *process
	times []time.Duration
	peak  int64 // bytes
}

// compare runs the cells turn by turn, on one processor where cores is 1, and
// prints their medians. amount is what one run works on.
func (b *table) compare(name string, cells []*cell, amount float64, unit string, cores int) error {
	debug.FreeOSMemory() // the peak of a child begins with what its parent holds
	for range *repeat {
		for _, c := range cells {
			p := *c.cmd
			if cores == 1 {
				p.args = append([]string{"taskset", "-c", "0"}, p.args...)
			}
			took, peak, err := p.measure()
			if err != nil {
				return fmt.Errorf("%s: %s: %w", name, c.tool, err)
			}
			c.times, c.peak = append(c.times, took), max(c.peak, peak)
		}
	}
	for _, c := range cells {
		slices.Sort(c.times)
		m := c.times[len(c.times)/2]
		rate := amount / m.Seconds()
		if unit == "MB/s" {
			rate /= 1e6
		}
		first := cells[0].times[len(cells[0].times)/2]
		fmt.Printf("| %s | %s | %.2f s | %.0f %s | %d MB | %.2f× the time |\n", name, c.tool, m.Seconds(), rate, unit, c.peak>>20, float64(m)/float64(first))
	}
	return nil
}

// process is a command to measure.
type process struct{ args []string }

func command(args ...string) *process { return &process{args} }

// shell runs a script with $0 and $@ set.
func shell(script, zero string, args []string) *process {
	return &process{append([]string{"sh", "-c", script, zero}, args...)}
}

func (p *process) run() error {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// measure runs the command with its output thrown away and returns how long
// it took and how much memory it held at its peak. The largest child counts
// where the command is a shell.
func (p *process) measure() (time.Duration, int64, error) {
	cmd := exec.Command(p.args[0], p.args[1:]...)
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() < 3 && exit.ExitCode() > 0 && !strings.Contains(p.args[0], "tocsin") {
		err = nil // peers end with 1 when they found something, or nothing
	}
	usage, _ := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if usage == nil {
		return took, 0, err
	}
	return took, usage.Maxrss << 10, err
}

// find returns where a peer is installed, "" when it is not.
func find(name string) string {
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	p := filepath.Join(home, ".cargo", "bin", name)
	if _, err := os.Stat(p); err != nil {
		return ""
	}
	return p
}

func filesOf(folder, suffix string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			files = append(files, path)
		}
		return err
	})
	return files, err
}

func bytesOf(files []string) float64 {
	n := 0.0
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += float64(info.Size())
		}
	}
	return n
}
