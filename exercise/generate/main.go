// Command generate writes the logs of the exercise: one town hall's week in
// which the attack on Exchange servers of March 2021 is hidden. It also makes up
// indicators by the million, to measure with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/exercise"
)

const help = `Usage: generate [flags]

Write the logs of one town hall from 26 February to 5 March 2021, in which the
attack on Exchange servers of that spring is hidden, as DIR/logs, and
DIR/truth.jsonl, which names every malicious record. The same seed and size
give the same bytes.

  --out DIR      folder to write into            (default exercise)
  --size SIZE    about how much to write         (default 2.9 MB, the least)
                 bytes, or with KB, MB, GB, TB; beyond 512MB more town halls
                 are added, of which only the first is attacked
  --seed N       another week of ordinary work   (default 2021)

  --indicators N FILE
                 write N made-up indicators to FILE instead: one value a line
                 when it ends in .txt, else a STIX bundle

Examples:
  go run ./exercise/generate                              the set that is committed
  go run ./exercise/generate --out /tmp/town --size 5GB   a large one
  go run ./cmd/tocsin hunt /tmp/town/logs                 hunt it
  go run ./exercise/generate --indicators 1000000 /tmp/million.json
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	out := flags.String("out", "exercise", "")
	size := flags.String("size", "1MB", "")
	seed := flags.Uint64("seed", exercise.DefaultSeed, "")
	indicators := flags.Int("indicators", 0, "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, help)
		return 0
	}
	switch {
	case err != nil:
	case *indicators < 0 || *indicators > 0 && flags.NArg() != 1:
		err = errors.New("--indicators takes a number and one file to write")
	case *indicators == 0 && flags.NArg() > 0:
		err = fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	var bytes int64
	if err == nil {
		bytes, err = parseSize(*size)
	}
	if err != nil {
		fmt.Fprintf(stderr, "generate: %v; --help lists the flags\n", err)
		return 2
	}
	if *indicators > 0 {
		if err := writeIndicators(flags.Arg(0), *indicators, *seed); err != nil {
			fmt.Fprintf(stderr, "generate: %v\n", err)
			return 1
		}
		return 0
	}
	o := exercise.Options{Seed: *seed, Size: bytes}
	if terminal(stderr) {
		o.Progress = func(written int64) { fmt.Fprintf(stderr, "\r%d of about %d MB", written/1e6, max(bytes, written)/1e6) }
	}
	begun := time.Now()
	sum, err := exercise.Generate(ctx, *out, o)
	if o.Progress != nil {
		fmt.Fprintln(stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "generate: %v\n", err)
		return 1
	}
	took := time.Since(begun)
	fmt.Fprintf(stdout, "%d files of %d town halls in %s: %.1f MB in %.1f s, %.0f MB/s; %d malicious records named in %s\n",
		sum.Files, sum.Sites, *out, float64(sum.Bytes)/1e6, took.Seconds(),
		float64(sum.Bytes)/1e6/took.Seconds(), sum.Records, exercise.TruthFile)
	return 0
}

// writeIndicators writes n indicators to a file.
func writeIndicators(path string, n int, seed uint64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	form := exercise.Bundle
	if strings.HasSuffix(path, ".txt") {
		form = exercise.List
	}
	return errors.Join(exercise.WriteIndicators(f, n, seed, form), f.Close())
}

// terminal tells whether somebody watches w.
func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// parseSize reads 5GB, 300MB, 4096.
func parseSize(s string) (int64, error) {
	units := []struct {
		name  string
		bytes int64
	}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}, {"B", 1}, {"", 1}}
	for _, u := range units {
		digits, ok := strings.CutSuffix(strings.ToUpper(s), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n <= 0 || n > 1<<46/u.bytes {
			return 0, fmt.Errorf("%q is no size such as 300MB or 5GB (at most 64TB)", s)
		}
		return n * u.bytes, nil
	}
	return 0, fmt.Errorf("%q is no size such as 300MB or 5GB", s)
}
