package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "4096B": 4096, "3KB": 3 << 10, "300MB": 300 << 20, "5gb": 5 << 30, "1 TB": 1 << 40} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GB", "-1MB", "0", "many", "1.5GB", "9999999TB"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("%q: %d, want an error", text, got)
		}
	}
}

// TestRun: exit codes and where the words go, as the command line promises.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"--help"}, 0, "Usage: generate", ""},
		{[]string{"--size", "much"}, 2, "", "--help"},
		{[]string{"--colour"}, 2, "", "--help"},
		{[]string{"here"}, 2, "", `"here" is no flag`},
		{[]string{"--out", dir}, 0, "malicious records", ""},
		{[]string{"--out", filepath.Join(dir, "truth.jsonl")}, 1, "", "make the exercise"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), c.args, &stdout, &stderr)
		if code != c.code || !strings.Contains(stdout.String(), c.stdout) || !strings.Contains(stderr.String(), c.stderr) ||
			(c.stdout == "") != (stdout.Len() == 0) || (c.stderr == "") != (stderr.Len() == 0) {
			t.Errorf("%q: exit %d, stdout %q, stderr %q", c.args, code, stdout.String(), stderr.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "logs", "mail01", "Security.evtx")); err != nil {
		t.Error(err)
	}
}
