// Package exercise makes the logs of one town hall for the eight days from
// 26 February to 5 March 2021, in which the attack on Exchange servers of
// that spring is hidden among ordinary work, and says which records are the
// attack's. Defenders train on them, and Tocsin's rules are measured by them.
//
// Everything is synthetic. The logs hold traces only: paths, user agents,
// header values, process names and command lines as logs show them. There is
// no exploit, no web shell and no payload in them; where a real log would
// carry one, the text says that it was left out.
//
// The same seed and size give the same bytes on every machine.
package exercise

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// Options say how much to make.
type Options struct {
	// Seed chooses the ordinary work; the attack's story is always the same.
	Seed uint64
	// Size is about how many bytes all logs together shall have, DefaultSize
	// at the least and when it is 0.
	Size int64
	// Progress, when not nil, is called with the bytes written so far each time
	// a town hall is complete; from several goroutines in turn.
	Progress func(written int64)
}

// The seed and size of the logs beside this package.
const (
	DefaultSeed = 2021
	DefaultSize = 2_900_000
)

// A Summary says what was made.
type Summary struct {
	Sites   int   // town halls; the first is attacked
	Files   int   // with the TruthFile
	Bytes   int64 // of all logs
	Records int   // that are malicious
}

// One site's logs at scale 1, and how they grow with the scale.
const (
	fixedSize    = 1_250_000
	variableSize = 2_830_000
	largestSite  = 512 << 20
)

// Generate writes LogsFolder and TruthFile into dir, which is made when it is
// not there. Files of other runs are overwritten, not removed.
//
// Beyond 512 MiB further town halls are added, each with servers of its own,
// so that memory stays flat and sites are written in parallel.
func Generate(ctx context.Context, dir string, o Options) (Summary, error) {
	return generate(ctx, dir, o, largestSite)
}

func generate(ctx context.Context, dir string, o Options, largest int64) (Summary, error) {
	o.Size = max(o.Size, DefaultSize)
	sites := int((o.Size + largest - 1) / largest)
	scale := uint64(o.Size/int64(sites)-fixedSize) << 16 / variableSize
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Summary{}, fmt.Errorf("make the exercise: %w", err)
	}
	var (
		mu     sync.Mutex
		sum    = Summary{Sites: sites, Files: 1}
		truths []*Truth
		errs   []error
		group  sync.WaitGroup
		turn   = make(chan int)
	)
	for range min(sites, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for n := range turn {
				s := newSite(filepath.Join(dir, LogsFolder), n, o.Seed, scale)
				err := s.run(func() bool { return ctx.Err() != nil })
				mu.Lock()
				for _, l := range s.logs {
					sum.Bytes += l.size()
					sum.Files += l.files()
					truths = append(truths, l.found()...)
				}
				errs = append(errs, err)
				if o.Progress != nil {
					o.Progress(sum.Bytes)
				}
				mu.Unlock()
			}
		})
	}
	for n := 1; n <= sites && ctx.Err() == nil; n++ {
		turn <- n
	}
	close(turn)
	group.Wait()
	sum.Records = len(truths)
	if err := errors.Join(append(errs, ctx.Err())...); err != nil {
		return sum, fmt.Errorf("make the exercise: %w", err)
	}
	return sum, writeTruthFile(filepath.Join(dir, TruthFile), truths)
}

func writeTruthFile(name string, truths []*Truth) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	err = writeTruth(f, truths)
	return errors.Join(err, f.Close())
}
