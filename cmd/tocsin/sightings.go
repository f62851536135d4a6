package main

import (
	"fmt"
	"io"
	"time"

	"github.com/tocsin-project/tocsin/internal/report"
	"github.com/tocsin-project/tocsin/internal/store"
	"github.com/tocsin-project/tocsin/stix"
)

// sightings gathers what a hunt saw of indicators, to be written and recorded.
type sightings struct {
	*report.Sightings
	w io.Writer // nil when they are recorded alone
}

// sightings returns what --stix and --record ask for, nil when neither does.
func (c *huntCommand) sightings(out *outputs) (*sightings, error) {
	if c.STIX == "" && !c.Record {
		return nil, nil
	}
	s := &sightings{Sightings: report.NewSightings(time.Now())}
	if c.STIX == "" {
		return s, nil
	}
	var err error
	s.w, err = out.open(c.STIX, `{"type":"bundle",`)
	return s, err
}

// keep writes and records what was gathered.
func (s *sightings) keep(p *program, c *huntCommand) error {
	objects, err := s.Objects()
	if err != nil {
		return err
	}
	if s.Dropped > 0 {
		fmt.Fprintf(p.stderr, "tocsin: %s of more indicators and hosts than sightings are kept of: --json has them\n", count(s.Dropped, "finding", "findings"))
	}
	if s.w != nil {
		bundle := stix.NewWriter(s.w)
		for _, o := range objects {
			if err := bundle.Write(o); err != nil {
				return err
			}
		}
		if err := bundle.Close(); err != nil {
			return err
		}
	}
	if !c.Record || len(objects) == 0 {
		return nil
	}
	return c.record(p, objects)
}

// record puts sightings into the store.
func (c *huntCommand) record(p *program, objects []*stix.Object) error {
	db, err := c.open(true)
	if err != nil {
		return err
	}
	defer db.Close()
	var batch []store.Incoming
	seen := 0
	for _, o := range objects {
		batch = append(batch, store.Incoming{Object: o, Source: "tocsin hunt", Made: true})
		if o.Type == "sighting" {
			seen++
		}
	}
	if _, err := db.Import(p.ctx, batch); err != nil {
		return fmt.Errorf("recording what was seen: %w", err)
	}
	if !c.Quiet {
		fmt.Fprintf(p.stderr, "tocsin: %s recorded in %s\n", count(seen, "sighting", "sightings"), c.path())
	}
	return nil
}
