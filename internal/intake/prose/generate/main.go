// Command generate writes the table of names of actors that package prose
// embeds, from the galaxy of threat actors of the MISP project:
//
//	go run ./generate threat-actor.json actors.tsv
//
// It takes over facts alone: the UUID of a cluster, its name, its synonyms,
// and the STIX identifiers of MITRE that it is said to be similar to. The
// galaxy is in the public domain (CC0 1.0). The same input gives the same
// bytes.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("actors table: give a galaxy and the table to write")
	}
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatalf("actors table: %v", err)
	}
	table, err := generate(raw)
	if err == nil {
		err = os.WriteFile(os.Args[2], table, 0o644)
	}
	if err != nil {
		log.Fatalf("actors table: %s: %v", os.Args[1], err)
	}
}

// generate returns the bytes of the table.
func generate(raw []byte) ([]byte, error) {
	var galaxy struct {
		Version int
		Values  []struct {
			UUID  string
			Value string
			Meta  struct{ Synonyms []string }
			// Related clusters; those of MITRE's intrusion sets have the UUIDs
			// of the STIX objects.
			Related []struct {
				To   string `json:"dest-uuid"`
				Type string
			}
		}
	}
	if err := json.Unmarshal(raw, &galaxy); err != nil {
		return nil, err
	}
	if len(galaxy.Values) == 0 {
		return nil, errors.New("it has no clusters")
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Threat actors of the MISP galaxy, version %d: UUID, name, synonyms, UUIDs of what is similar.\n# Public domain (CC0 1.0): https://github.com/MISP/misp-galaxy\n", galaxy.Version)
	for _, v := range galaxy.Values {
		var similar []string
		for _, r := range v.Related {
			if r.Type == "similar" {
				similar = append(similar, r.To)
			}
		}
		slices.Sort(similar)
		names := clean(append([]string{v.Value}, v.Meta.Synonyms...))
		if len(names) == 0 {
			continue
		}
		fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", v.UUID, names[0], strings.Join(names[1:], "|"), strings.Join(slices.Compact(similar), ","))
	}
	return out.Bytes(), nil
}

// clean returns names that fit in a cell, each once. The first stays first.
func clean(names []string) []string {
	var list []string
	for _, n := range names {
		n = strings.Join(strings.Fields(strings.ReplaceAll(n, "|", " ")), " ")
		if n != "" && !slices.Contains(list, n) {
			list = append(list, n)
		}
	}
	return list
}
