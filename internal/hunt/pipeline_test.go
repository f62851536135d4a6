package hunt_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/sigma"
)

const everyRequest = `
title: Every request
logsource: {category: webserver}
detection:
  s: {cs-method: GET}
  condition: s
level: low
---
title: Three of one client
correlation:
  type: event_count
  rules: [every]
  group-by: [c-ip]
  timespan: 10m
  condition: {gte: 3}
  generate: true
level: high
`

// webLog writes n requests of clients in turn to a file, a second apart.
func webLog(t *testing.T, n, clients int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("#Fields: date time cs-method cs-uri-stem c-ip\n")
	for i := range n {
		fmt.Fprintf(&b, "2021-03-02 %02d:%02d:%02d GET /page/%d 192.0.2.%d\n", i/3600%24, i/60%60, i%60, i, i%clients)
	}
	path := filepath.Join(t.TempDir(), "u_ex210302.log")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t *testing.T, blockSize int, paths ...string) *logs.Input {
	t.Helper()
	in, err := logs.Open(paths, logs.Options{BlockSize: blockSize})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func huntOf(rules string, workers int) *hunt.Hunt {
	rules = strings.Replace(rules, "title: Every request\n", "title: Every request\nname: every\n", 1)
	return &hunt.Hunt{Rules: sigma.Parse("test.yml", []byte(rules), sigma.Options{}), Workers: workers, From: hunt.Always, To: hunt.Forever}
}

// Findings come in input order, however many small blocks are under way, and
// correlations count across files, whatever their order.
func TestOrderAndCorrelationAcrossFiles(t *testing.T) {
	defer goleak.VerifyNone(t)
	late, early := webLog(t, 2, 1), webLog(t, 1, 1) // three hits of one client
	var want []string
	for workers := 1; workers <= 5; workers++ {
		var got []string
		h := huntOf(everyRequest, workers)
		_, err := h.Run(context.Background(), open(t, 64, webLog(t, 500, 200), late, early), func(f *finding.Finding) error {
			got = append(got, fmt.Sprintf("%s %s %d %d", f.Kind, filepath.Base(filepath.Dir(f.Source.Path)), f.Source.Record, len(f.Events)))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range got { // folders are new each time
			fields := strings.Fields(got[i])
			got[i] = fields[0] + " " + fields[len(fields)-2] + " " + fields[len(fields)-1]
		}
		if want == nil {
			want = got
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("%d workers find otherwise than 1", workers)
		}
	}
	if n := len(want); n < 503 || !strings.HasPrefix(want[n-1], "correlation") {
		t.Errorf("%d findings, want those of 503 records and then correlations", len(want))
	}
}

// An interrupted hunt ends without error, with what was found until then.
func TestInterruptedHuntKeepsWhatWasFound(t *testing.T) {
	defer goleak.VerifyNone(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	found := 0
	h := huntOf(strings.Split(everyRequest, "---")[0], 2)
	cov, err := h.Run(ctx, open(t, 64, webLog(t, 5000, 200)), func(*finding.Finding) error {
		if found++; found == 10 {
			stop()
		}
		return nil
	})
	if err != nil || !cov.Interrupted || found < 10 || found == 5000 {
		t.Errorf("error %v, interrupted %v, %d findings", err, cov.Interrupted, found)
	}
}

// An error of the receiver ends the hunt, and every worker with it.
func TestReceiverErrorEndsHunt(t *testing.T) {
	defer goleak.VerifyNone(t)
	full := errors.New("disk full")
	h := huntOf(strings.Split(everyRequest, "---")[0], 3)
	_, err := h.Run(context.Background(), open(t, 64, webLog(t, 5000, 200)), func(f *finding.Finding) error {
		if f.Source.Record > 100 {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

// "Not seen" is told apart from "not logged": a rule whose logsource was not
// read is blind, one that was asked and did not match is not.
func TestBlindRules(t *testing.T) {
	rules := `
title: Asked, no match
logsource: {category: webserver}
detection:
  s: {cs-method: DELETE}
  condition: s
---
title: No such log
logsource: {product: windows, category: process_creation}
detection:
  s: {Image|endswith: '\cmd.exe'}
  condition: s
---
title: No value for a placeholder
logsource: {category: webserver}
detection:
  s: {c-ip|expand: '%admins%'}
  condition: s
`
	cov, err := huntOf(rules, 1).Run(context.Background(), open(t, 0, webLog(t, 3, 1)), func(f *finding.Finding) error {
		t.Errorf("found %s", f.Title)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var blind []string
	for _, b := range cov.Blind {
		blind = append(blind, b.Title+": "+b.Reason)
	}
	if len(blind) != 2 || !strings.HasPrefix(blind[0], "No such log: no log of this kind") || !strings.Contains(blind[1], "admins") {
		t.Errorf("blind: %q", blind)
	}
	if s := cov.Sources[0]; s.Records != 3 || s.Format != "w3c" || s.First >= s.Last {
		t.Errorf("coverage %+v", s)
	}
}

// What correlations forgot to stay within memory is told.
func TestForgottenIsTold(t *testing.T) {
	h := huntOf(everyRequest, 1)
	cov, err := h.Run(context.Background(), open(t, 0, webLog(t, 100, 100)), func(*finding.Finding) error { return nil })
	if err != nil || cov.Forgotten > 0 {
		t.Fatalf("error %v, %d forgotten of a few", err, cov.Forgotten)
	}
	var b strings.Builder
	b.WriteString("#Fields: date time cs-method c-ip\n")
	for i := range 1<<16 + 10 { // in one window: more clients than one correlation remembers
		fmt.Fprintf(&b, "2021-03-02 04:%02d:%02d GET 2001:db8::%x\n", i/60%5, i%60, i)
	}
	path := filepath.Join(t.TempDir(), "x.log")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cov, err = h.Run(context.Background(), open(t, 0, path), func(*finding.Finding) error { return nil })
	if err != nil || cov.Forgotten != 10 {
		t.Errorf("error %v, %d forgotten, want 10", err, cov.Forgotten)
	}
}
