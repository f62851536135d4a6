package main

import (
	"fmt"

	"github.com/tocsin-project/tocsin/stix"
)

type withdrawCommand struct {
	dbFlag

	IDs []string `arg:"" name:"object" help:"Identifiers or names of objects."`
}

func (withdrawCommand) Examples() string {
	return `  tocsin withdraw indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
`
}

func (withdrawCommand) Help() string {
	return "Objects are taken away for good, in all their versions: no version of them is taken in again, and what refers to them shows to nobody else any more. Who has them already keeps them: to tell others, send a version with revoked set to true first."
}

func (c *withdrawCommand) Run(p *program) error {
	s, err := c.open(false)
	if err != nil {
		return err
	}
	defer s.Close()
	var ids []stix.ID
	for _, name := range c.IDs {
		r, err := resolve(p.ctx, s, name)
		if err != nil {
			return err
		}
		ids = append(ids, r.Object.ID)
	}
	n, err := s.Withdraw(p.ctx, ids)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "%d withdrawn\n", n)
	return nil
}
