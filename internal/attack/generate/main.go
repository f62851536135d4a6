// Command generate writes the table of ATT&CK facts that package attack
// embeds, from ATT&CK as a STIX 2.1 bundle:
//
//	go run ./generate BUNDLE.json.gz NOTICE.txt TABLE.tsv
//
// It takes over facts alone: ids, names, aliases, the order of tactics, and
// who uses what. NOTICE.txt is MITRE's licence, which goes on top of the
// table as comments. The same input gives the same bytes.
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
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
	if err := run(os.Args[1:]); err != nil {
		log.Fatalf("attack table: %v", err)
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return errors.New("give a bundle, a notice and the table to write")
	}
	objects, err := read(args[0])
	if err != nil {
		return err
	}
	notice, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	table, err := generate(objects, string(notice))
	if err != nil {
		return err
	}
	return os.WriteFile(args[2], table, 0o644)
}

// generate returns the bytes of the table.
func generate(objects []*object, notice string) ([]byte, error) {
	var out bytes.Buffer
	for line := range strings.Lines(notice) {
		out.WriteString(strings.TrimRight("# "+line, " \r\n") + "\n")
	}
	if err := newTable(objects).write(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// object holds the properties of every kind of STIX object used here.
type object struct {
	Type       string
	ID         string
	Created    string
	Name       string
	Aliases    []string
	Software   []string `json:"x_mitre_aliases"`
	ShortName  string   `json:"x_mitre_shortname"`
	Tactics    []string `json:"tactic_refs"`
	Revoked    bool
	Deprecated bool `json:"x_mitre_deprecated"`
	Phases     []struct {
		Chain string `json:"kill_chain_name"`
		Name  string `json:"phase_name"`
	} `json:"kill_chain_phases"`
	References []struct {
		Source string `json:"source_name"`
		ID     string `json:"external_id"`
	} `json:"external_references"`
	Relation string `json:"relationship_type"`
	From     string `json:"source_ref"`
	To       string `json:"target_ref"`
}

// id returns the ATT&CK id of o.
func (o *object) id() string {
	for _, r := range o.References {
		if r.Source == "mitre-attack" {
			return r.ID
		}
	}
	return ""
}

// uuid returns what tells o's STIX identifier from others of its type.
func (o *object) uuid() string {
	_, uuid, _ := strings.Cut(o.ID, "--")
	return uuid
}

func read(path string) ([]*object, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var bundle struct{ Objects []*object }
	if err := json.NewDecoder(z).Decode(&bundle); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bundle.Objects, nil
}

type table struct {
	byID    map[string]*object  // by STIX id
	uses    map[string][]string // ATT&CK id to the ids it uses
	revoked map[string]string   // ATT&CK id to the id that took its place
	order   []string            // tactics' short names along the kill chain
	sorted  []*object           // by ATT&CK id
}

func newTable(objects []*object) *table {
	t := &table{byID: map[string]*object{}, uses: map[string][]string{}, revoked: map[string]string{}}
	for _, o := range objects {
		t.byID[o.ID] = o
		switch o.Type {
		case "attack-pattern", "intrusion-set", "malware", "tool":
			t.sorted = append(t.sorted, o)
		}
	}
	slices.SortFunc(t.sorted, func(a, b *object) int { return cmp.Compare(a.id(), b.id()) })
	for _, o := range objects {
		switch {
		case o.Type == "x-mitre-matrix":
			for _, ref := range o.Tactics {
				t.order = append(t.order, t.byID[ref].ShortName)
			}
		case o.Relation == "revoked-by":
			t.revoked[t.byID[o.From].id()] = t.byID[o.To].id()
		case o.Relation == "uses" && !o.Revoked && !o.Deprecated:
			from, to := t.byID[o.From], t.byID[o.To]
			if !from.Revoked && !to.Revoked {
				t.uses[from.id()] = append(t.uses[from.id()], to.id())
			}
		}
	}
	for id := range t.uses {
		slices.Sort(t.uses[id])
		t.uses[id] = slices.Compact(t.uses[id])
	}
	return t
}

func (t *table) write(out *bytes.Buffer) error {
	row := func(cells ...string) error {
		for _, c := range cells {
			if strings.ContainsAny(c, "\t\n\r") {
				return fmt.Errorf("%q does not fit in a cell", c)
			}
		}
		out.WriteString(strings.TrimRight(strings.Join(cells, "\t"), "\t") + "\n")
		return nil
	}
	var err error
	add := func(cells ...string) { err = errors.Join(err, row(cells...)) }
	for _, short := range t.order {
		for _, o := range t.byID {
			if o.Type == "x-mitre-tactic" && o.ShortName == short {
				add("tactic", o.id(), short, o.Name)
			}
		}
	}
	for _, o := range t.sorted {
		old := ""
		if o.Deprecated {
			old = "deprecated"
		}
		switch {
		case o.Revoked:
			add("revoked", o.id(), t.revoked[o.id()])
		case o.Type == "attack-pattern":
			add("technique", o.id(), o.Name, strings.Join(t.tactics(o), ","), "", old, o.uuid(), o.Created)
		case o.Type == "intrusion-set":
			add("group", o.id(), o.Name, others(o.Aliases, o.Name), strings.Join(t.uses[o.id()], ","), old, o.uuid(), o.Created)
		default:
			add(o.Type, o.id(), o.Name, others(o.Software, o.Name), strings.Join(t.uses[o.id()], ","), old, o.uuid(), o.Created)
		}
	}
	return err
}

// tactics returns the tactics of a technique along the kill chain.
func (t *table) tactics(o *object) []string {
	var list []string
	for _, short := range t.order {
		for _, p := range o.Phases {
			if p.Chain == "mitre-attack" && p.Name == short {
				list = append(list, short)
			}
		}
	}
	return list
}

// others joins the aliases that are not name itself.
func others(aliases []string, name string) string {
	list := slices.DeleteFunc(slices.Clone(aliases), func(a string) bool { return a == name })
	return strings.Join(list, "|")
}
