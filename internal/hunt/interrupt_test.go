package hunt_test

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/logs"
)

// interrupt runs a hunt over in, interrupts it after a while and returns what
// it found.
func interrupt(t *testing.T, rules string, after time.Duration, open func(stop <-chan struct{}) *logs.Input) (found int, cov finding.Coverage) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	in := open(ctx.Done())
	time.AfterFunc(after, stop)
	cov, err := huntOf(rules, 2).Run(ctx, in, func(*finding.Finding) error {
		found++
		return nil
	})
	if err != nil || !cov.Interrupted {
		t.Fatalf("error %v, interrupted %v: it ended too early", err, cov.Interrupted)
	}
	return found, cov
}

// Standard input that gives no more does not hold up the end, and what it
// gave is hunted.
func TestInterruptWhileWaiting(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go io.WriteString(w, "#Fields: date time cs-method c-ip\n2021-03-02 04:00:00 GET 192.0.2.1\n2021-03-02 04:00:01 GET 192.0.2.1\n")
	found, cov := interrupt(t, strings.Split(everyRequest, "---")[0], 200*time.Millisecond, func(stop <-chan struct{}) *logs.Input {
		in, err := logs.Open([]string{"-"}, logs.Options{Stdin: r, Stop: stop})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close() })
		return in
	})
	if found != 2 || cov.Sources[0].Records != 2 {
		t.Errorf("found %d in %d records, want 2", found, cov.Sources[0].Records)
	}
}

// slow is a rule that takes long over words of x and z: what its expression
// has to keep in mind differs at every byte.
const slow = `
title: Slow
logsource: {category: webserver}
detection:
  s: {cs-uri-stem|re: 'x.{900}x.{900}[^xz]$'}
  first: {cs-uri-stem: '/first'}
  condition: first or s
`

// words returns n bytes of x and z in no order.
func words(n int) string {
	b, r := make([]byte, n), rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = "xz"[r.IntN(2)]
	}
	return string(b)
}

// Rules that take long over each record of a block cost the rest of the
// block; what was found in it before stays. On a machine that is slow to begin
// the interrupt may come too early to find anything.
func TestInterruptWithinBlock(t *testing.T) {
	const records = 20_000
	var content strings.Builder
	content.WriteString("#Fields: date time cs-method cs-uri-stem\n2021-03-02 04:00:00 GET /first\n")
	for all := words(450 * (records - 1)); len(all) > 0; all = all[450:] {
		content.WriteString("2021-03-02 04:00:01 GET /" + all[:450] + "\n")
	}
	for after := 200 * time.Millisecond; ; after *= 5 {
		found, cov := interrupt(t, strings.ReplaceAll(slow, "900", "200"), after, file(t, content.String()))
		n := cov.Sources[0].Records
		if found == 1 && n >= 2 && n < records {
			return
		}
		if found > 0 || after > 5*time.Second {
			t.Fatalf("found %d in %d records, want the first, in a part of %d", found, n, records)
		}
	}
}

// A rule that takes long over one record is not waited for; who worked on it
// ends by itself.
func TestInterruptWithinRecord(t *testing.T) {
	defer func() {
		for end := time.Now().Add(5 * time.Minute); goleak.Find() != nil; {
			if time.Now().After(end) {
				t.Fatal("the worker left behind does not end")
			}
		}
	}()
	content := "#Fields: date time cs-method cs-uri-stem\n2021-03-02 04:00:00 GET /" + words(150_000) + "\n"
	found, cov := interrupt(t, slow, 200*time.Millisecond, file(t, content))
	if found > 0 || cov.Sources[0].Records > 0 {
		t.Errorf("found %d in %d records, want nothing", found, cov.Sources[0].Records)
	}
}

func file(t *testing.T, content string) func(<-chan struct{}) *logs.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "u_ex210302.log")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return func(<-chan struct{}) *logs.Input { return open(t, 0, path) }
}
