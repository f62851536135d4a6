package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tocsin": main})
}

// Each script of testdata holds the program to one promise.
func TestScripts(t *testing.T) {
	exercise, err := filepath.Abs("../../exercise/logs")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXERCISE", exercise)
			evtx, err := os.ReadFile(filepath.Join(exercise, "mail01", "Security.evtx"))
			return errors.Join(
				err,
				os.WriteFile(filepath.Join(e.WorkDir, "cut.evtx"), evtx[:100_000], 0o600),
				os.WriteFile(filepath.Join(e.WorkDir, "binary.bin"), []byte("\x00\x01\x02\x03"), 0o600),
				os.WriteFile(filepath.Join(e.WorkDir, "cut.gz"), []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b"), 0o600),
			)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "cmpsize": cmpSize, "damage": damage},
	})
}

// exits CODE PROGRAM ARGS… runs a program that must end with that code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}

// cmpsize FILE FILE compares the sizes of files.
func cmpSize(ts *testscript.TestScript, _ bool, args []string) {
	if a, b := len(ts.ReadFile(args[0])), len(ts.ReadFile(args[1])); a != b {
		ts.Fatalf("%s has %d bytes, %s %d", args[0], a, args[1], b)
	}
}

// damage FILE changes a byte in the middle of a file.
func damage(ts *testscript.TestScript, _ bool, args []string) {
	b := []byte(ts.ReadFile(args[0]))
	b[len(b)/2] ^= 0x10
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
}

func TestParseTime(t *testing.T) {
	want := time.Date(2021, 3, 2, 15, 4, 0, 0, time.UTC).UnixNano()
	for _, s := range []string{"2021-03-02T15:04", "2021-03-02 15:04:00", "2021-03-02T15:04:00Z", "2021-03-02T16:04:00+01:00"} {
		if got, err := parseTime("--from", s, 0); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", s, got, err, want)
		}
	}
	for s, want := range map[string]int64{"9999-12-31": hunt.Forever, "0001-01-01": hunt.Always} { // more than 64 bits of nanoseconds hold
		if got, err := parseTime("--to", s, 0); err != nil || got != want {
			t.Errorf("%s: %d, %v, want %d", s, got, err, want)
		}
	}
	if _, err := parseTime("--from", "yesterday", 0); err == nil || !strings.Contains(err.Error(), "2021-03-02") {
		t.Errorf("yesterday: %v, want an error that shows how to write a time", err)
	}
}

func TestExpand(t *testing.T) {
	t.Setenv("TOCSIN_TEST_ROOT", filepath.FromSlash("/srv"))
	for path, want := range map[string]string{
		"/var/log":                "/var/log",
		"%TOCSIN_TEST_ROOT%/logs": filepath.FromSlash("/srv/logs"),
		"%TOCSIN_TEST_NONE%/logs": "",
	} {
		if got := expand(path); got != want {
			t.Errorf("expand(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	got := progressLine(250e6, 1e9, "3 findings", 2*time.Second)
	if want := "######.................. 25 %  250 MB of 1 GB  125 MB/s  3 findings  6s left"; got != strings.Replace(want, " 25", "  25", 1) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := progressLine(5e6, 0, "", time.Second); !strings.HasPrefix(got, "5 MB read") {
		t.Errorf("without a total: %q", got)
	}
}

func TestLocalLogsTellsWhich(t *testing.T) {
	var said strings.Builder
	paths, err := localLogs(&said)
	if _, missing := os.Stat("/var/log"); missing != nil {
		t.Skip("this machine has no /var/log")
	}
	if err != nil || len(paths) == 0 || !strings.Contains(said.String(), paths[0]) {
		t.Errorf("paths %v, error %v, said %q", paths, err, said.String())
	}
}

// Names of files and errors reach a terminal without what steers it, on one line.
func TestPlain(t *testing.T) {
	err := errors.Join(errors.New("open \x1b[31m\u202ered"), errors.New("two"))
	if got, want := plain(err), `open \x1b[31m\u202ered; two`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A long list of files that were not read is cut, and says so.
func TestTellUnread(t *testing.T) {
	var said strings.Builder
	files := make([]finding.SourceCoverage, maxTold+7)
	for i := range files {
		files[i] = finding.SourceCoverage{Path: "a\x1b.log", Problem: "broken"}
	}
	files[0].Damaged = 3
	if n := tellUnread(&said, files, true); n != len(files) {
		t.Errorf("%d not read, want %d", n, len(files))
	}
	got := said.String()
	if strings.Contains(got, "\x1b") || strings.Count(got, "broken") != maxTold || !strings.Contains(got, "7 further files") || !strings.Contains(got, "3 records were damaged") {
		t.Errorf("said %q", got)
	}
}

// No command ends well whose results were lost.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	if code := run([]string{"version"}, nil, full, io.Discard); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}
