package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/tocsin-project/tocsin/stix/pattern"
)

// peerPatterns runs the cases with stix2-matcher.
//
//go:embed patterns.py
var peerPatterns string

// passes are the seconds that one pass over all cases takes, with parsing the
// patterns and without, and how many cases came out right.
type passes struct {
	Parse, Match float64
	Right        int
}

// patternCells: the shared cases of pattern matching, in one process each and on
// one core, with the data read before. Neither pays for its start.
func patternCells(b *table) error {
	run, n, err := ownPatterns(*cases)
	if err != nil {
		return err
	}
	tools := []string{"tocsin (package stix/pattern)"}
	runs := []func() (passes, error){run}
	if python := find("python3"); python != "" && exec.Command(python, "-c", "import stix2matcher").Run() == nil {
		tools = append(tools, "stix2-matcher")
		runs = append(runs, func() (p passes, err error) {
			cmd := exec.Command(python, "-c", peerPatterns, *cases)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				return p, err
			}
			return p, json.Unmarshal(out, &p)
		})
	}
	taken := make([][]passes, len(tools))
	for range *repeat {
		for i, run := range runs {
			p, err := run()
			if err != nil {
				return fmt.Errorf("%s: %w", tools[i], err)
			}
			taken[i] = append(taken[i], p)
		}
	}
	median := func(i int, of func(passes) float64) float64 {
		var s []float64
		for _, p := range taken[i] {
			s = append(s, of(p))
		}
		slices.Sort(s)
		return s[len(s)/2]
	}
	for _, cell := range []struct {
		name string
		of   func(passes) float64
	}{
		{"parse and match", func(p passes) float64 { return p.Parse }},
		{"match", func(p passes) float64 { return p.Match }},
	} {
		first := median(0, cell.of)
		for i, tool := range tools {
			m := median(i, cell.of)
			fmt.Printf("| STIX patterns, %s, %d cases | %s, %d right | %.3f ms | %.0f cases/s | | %.0f× the time |\n", cell.name, n, tool, taken[i][0].Right, m*1e3, float64(n)/m, m/first)
		}
	}
	return nil
}

// ownPatterns returns a function that runs the cases, and how many there are.
func ownPatterns(path string) (func() (passes, error), int, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("%w (give the cases with -cases)", err)
	}
	var file struct {
		Observations [][]json.RawMessage
		Cases        []struct {
			Pattern, Expect string
			Observed        int
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", path, err)
	}
	data := make([]pattern.Data, len(file.Observations))
	for i, set := range file.Observations {
		for _, o := range set {
			if err := addObserved(&data[i], o); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", path, err)
			}
		}
	}
	compiled := make([]*pattern.Matcher, len(file.Cases))
	for i, c := range file.Cases {
		if p, err := pattern.Parse(c.Pattern); err == nil {
			compiled[i], _ = p.Compile() // a case may be about a pattern that is none
		}
	}
	verdict := func(m *pattern.Matcher, d *pattern.Data) string {
		if m == nil {
			return "error"
		}
		found, err := m.Match(d)
		switch {
		case err != nil:
			return "error"
		case len(found) > 0:
			return "match"
		}
		return "nomatch"
	}
	return func() (p passes, err error) {
		for _, c := range file.Cases {
			var m *pattern.Matcher
			if parsed, err := pattern.Parse(c.Pattern); err == nil {
				m, _ = parsed.Compile()
			}
			if verdict(m, &data[c.Observed]) == c.Expect {
				p.Right++
			}
		}
		p.Parse = perPass(func() {
			for _, c := range file.Cases {
				if parsed, err := pattern.Parse(c.Pattern); err == nil {
					m, _ := parsed.Compile()
					verdict(m, &data[c.Observed])
				}
			}
		})
		p.Match = perPass(func() {
			for i, c := range file.Cases {
				verdict(compiled[i], &data[c.Observed])
			}
		})
		return p, nil
	}, len(file.Cases), nil
}

// perPass returns the seconds that one call of pass takes.
func perPass(pass func()) float64 {
	n, start := 0, time.Now()
	for time.Since(start) < time.Second {
		pass()
		n++
	}
	return time.Since(start).Seconds() / float64(n)
}

// addObserved adds an object, or those of a bundle.
func addObserved(d *pattern.Data, raw json.RawMessage) error {
	var head struct{ Type string }
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	if head.Type != "bundle" {
		return d.Add(raw)
	}
	var bundle struct{ Objects []json.RawMessage }
	err := json.Unmarshal(raw, &bundle)
	for _, o := range bundle.Objects {
		err = errors.Join(err, d.Add(o))
	}
	return err
}
