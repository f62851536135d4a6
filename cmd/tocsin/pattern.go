package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

type patternCommand struct {
	Check patternCheck `cmd:"" help:"Say whether a STIX pattern is valid, and what in it may not do what it seems to."`
	Match patternMatch `cmd:"" help:"Print which observed-data objects a STIX pattern matches."`
}

type patternCheck struct {
	Pattern string `arg:"" help:"A pattern in the STIX patterning language."`
}

func (patternCheck) Examples() string {
	return `  tocsin pattern check "[file:name = 'evil.exe'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24']"
The exit code is 1 when the pattern is not valid.
`
}

// Run prints the pattern as Tocsin writes it, and what is wrong with it to
// standard error.
func (c *patternCheck) Run(p *program) error {
	parsed, err := pattern.Parse(c.Pattern)
	if err != nil {
		return fmt.Errorf("not valid: %w", err)
	}
	wrong := 0
	for _, problem := range parsed.Check() {
		kind := "warning"
		if !problem.Warning {
			kind = "not valid"
			wrong++
		}
		fmt.Fprintf(p.stderr, "tocsin: %s: %s\n", kind, report.Printable(problem.String()))
	}
	if wrong > 0 {
		return errors.New(count(wrong, "mistake", "mistakes") + " to put right")
	}
	_, err = fmt.Fprintln(p.stdout, report.Printable(parsed.String()))
	return err
}

type patternMatch struct {
	Pattern string `arg:"" help:"A pattern in the STIX patterning language."`
	File    string `arg:"" optional:"" default:"-" help:"A STIX bundle, or observed-data and observables one after the other; - or none: standard input."`
}

func (patternMatch) Examples() string {
	return `  tocsin pattern match "[domain-name:value LIKE '%.example.com']" bundle.json
  tocsin pattern match "[file:name = 'a.exe'] REPEATS 5 TIMES WITHIN 60 SECONDS" < observed.json
The exit code is 3 when nothing matches.
`
}

// errNoMatch ends a match that found nothing.
var errNoMatch = errors.New("no match")

func (c *patternMatch) Run(p *program) error {
	m, err := compilePattern(c.Pattern)
	if err != nil {
		return usageError{err}
	}
	in := p.stdin
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	data, err := readObserved(p, in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	found, err := m.Match(data)
	if errors.Is(err, pattern.ErrCost) {
		return err
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "tocsin: taken as no match: %s\n", plain(err))
	}
	if len(found) == 0 {
		return errNoMatch
	}
	w := bufio.NewWriter(p.stdout)
	for _, o := range found {
		fmt.Fprintln(w, report.Printable(o.ID))
	}
	return w.Flush()
}

func compilePattern(s string) (*pattern.Matcher, error) {
	parsed, err := pattern.Parse(s)
	if err != nil {
		return nil, err
	}
	return parsed.Compile()
}

// readObserved reads observed-data and observables. An object that cannot be
// read costs itself and is told.
func readObserved(p *program, in io.Reader) (*pattern.Data, error) {
	data := new(pattern.Data)
	bad := 0
	for r := stix.NewReader(in); p.ctx.Err() == nil; {
		o, err := r.Next()
		if err == io.EOF {
			break
		}
		if lost := (*stix.ObjectError)(nil); err != nil && !errors.As(err, &lost) {
			return nil, err
		}
		if err == nil {
			err = data.Add(o.Raw())
		}
		if err != nil {
			if bad++; bad <= maxTold {
				fmt.Fprintf(p.stderr, "tocsin: left out: %s\n", plain(err))
			}
		}
	}
	if n := bad - maxTold; n > 0 {
		fmt.Fprintf(p.stderr, "tocsin: %s left out\n", count(n, "further object was", "further objects were"))
	}
	if p.ctx.Err() != nil {
		return nil, errors.New("interrupted: nothing was matched")
	}
	if data.Len() == 0 {
		return nil, errors.New("no observed-data object in it: patterns match these, and the observables that they refer to")
	}
	return data, nil
}
