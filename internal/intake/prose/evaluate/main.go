// Command evaluate measures how well package prose reads reports that people
// have labelled: those of MITRE's TRAM project, a folder of .mjson files.
//
//	go run ./internal/intake/prose/evaluate FOLDER
//
// It prints precision and recall of the techniques found, by their ids alone
// and by ids, names and phrases, over whole reports and over single sentences;
// and how far the observables found agree with a judge of its own.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/intake/prose"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("evaluate: give the folder with the labelled reports (.mjson)")
	}
	if err := run(os.Stdout, os.Args[1]); err != nil {
		log.Fatalf("evaluate: %v", err)
	}
}

func run(w io.Writer, folder string) error {
	reports, err := read(folder)
	if err != nil {
		return err
	}
	labels, spans := map[string]bool{}, 0
	for _, r := range reports {
		for _, l := range r.labels {
			labels[l.technique] = true
			spans++
		}
	}
	fmt.Fprintf(w, "%d reports, %d labels of %d techniques\n\n", len(reports), spans, len(labels))
	techniques(w, reports, labels)
	observables(w, reports)
	return nil
}

// A label is a technique that a person saw in some words.
type label struct {
	prose.Span
	technique string
}

// A labelled is a report with its labels and what was found in it.
type labelled struct {
	text   string
	labels []label
	found  []prose.Statement
}

// file is an .mjson file: the text and sets of annotations, which are lists of
// start, end and attributes; offsets count characters.
type file struct {
	Signal string
	Sets   []struct {
		Type   string
		Annots [][]any
	} `json:"asets"`
}

func read(folder string) ([]labelled, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.mjson"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("no .mjson files in " + folder)
	}
	var reports []labelled
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var f file
		if err := json.Unmarshal(raw, &f); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		r := labelled{text: f.Signal}
		offsets := byteOffsets(f.Signal)
		for _, set := range f.Sets {
			id := techniqueOf(set.Type)
			for _, a := range set.Annots {
				if id == "" || len(a) < 2 {
					continue
				}
				start, ok1 := a[0].(float64)
				end, ok2 := a[1].(float64)
				if ok1 && ok2 && start >= 0 && start < end && int(end) < len(offsets) {
					r.labels = append(r.labels, label{prose.Span{Start: offsets[int(start)], End: offsets[int(end)]}, id})
				}
			}
		}
		r.found = prose.Read(&prose.Document{Text: r.text}, prose.Options{})
		reports = append(reports, r)
	}
	return reports, nil
}

// byteOffsets maps characters to bytes.
func byteOffsets(s string) []int {
	var offsets []int
	for i := range s {
		offsets = append(offsets, i)
	}
	return append(offsets, len(s))
}

// techniqueOf returns the id in "Web Protocols (T1071.001)" as it is in
// ATT&CK today, "" when there is none.
func techniqueOf(label string) string {
	_, id, ok := strings.Cut(strings.TrimSuffix(label, ")"), " (T")
	if !ok {
		return ""
	}
	t, ok := attack.Enterprise().Technique("T" + id)
	if !ok {
		return ""
	}
	return t.ID
}

// A score counts what was found.
type score struct{ found, right, there, hit int }

func (s score) String() string {
	rate := func(n, of int) string {
		if of == 0 {
			return "   n/a        "
		}
		return fmt.Sprintf("%5.1f%% (%d/%d)", 100*float64(n)/float64(of), n, of)
	}
	p, r := float64(s.right)/float64(max(1, s.found)), float64(s.hit)/float64(max(1, s.there))
	f := 0.0
	if p+r > 0 {
		f = 2 * p * r / (p + r)
	}
	return fmt.Sprintf("precision %-18s recall %-18s F1 %.2f", rate(s.right, s.found), rate(s.hit, s.there), f)
}

// The ways that techniques are found by, each with those before.
const (
	ids = iota
	names
	phrases
)

var ways = [...]string{"explicit ids          ", "ids and names         ", "ids, names and phrases"}

// way returns which way a technique was found.
func way(r *labelled, s *prose.Statement) int {
	w := r.text[s.Start:s.End]
	switch {
	case len(w) >= 5 && w[0] == 'T' && w[1] >= '0' && w[1] <= '9':
		return ids
	case s.Role("as") == "phrase":
		return phrases
	}
	return names
}

// techniques prints how well techniques are found. A technique that no label
// of any report has cannot be judged: it counts against precision only in the
// lines of all that is found.
func techniques(w io.Writer, reports []labelled, labels map[string]bool) {
	fmt.Fprintln(w, "Techniques, as sets over whole reports, of the labelled techniques:")
	for k, name := range ways {
		var s score
		for i := range reports {
			s.reports(&reports[i], labels, k, false, false)
		}
		fmt.Fprintf(w, "  %s  %v\n", name, s)
	}
	var all, parents score
	for i := range reports {
		all.reports(&reports[i], labels, phrases, true, false)
		parents.reports(&reports[i], labels, phrases, false, true)
	}
	fmt.Fprintf(w, "  with techniques that no report is labelled with  %v\n", all)
	fmt.Fprintf(w, "  where a parent counts for its sub-techniques     %v\n", parents)
	fmt.Fprintln(w, "Techniques, label by label: found in one sentence with the labelled words:")
	for k, name := range ways {
		var s score
		for i := range reports {
			s.spans(&reports[i], labels, k)
		}
		fmt.Fprintf(w, "  %s  %v\n", name, s)
	}
}

// reports counts the techniques of a report, each once.
func (s *score) reports(r *labelled, labels map[string]bool, most int, outside, parents bool) {
	key := func(id string) string {
		if parents {
			id, _, _ = strings.Cut(id, ".")
		}
		return id
	}
	there, found := map[string]bool{}, map[string]bool{}
	judged := map[string]bool{}
	for id := range labels {
		judged[key(id)] = true
	}
	for _, l := range r.labels {
		there[key(l.technique)] = true
	}
	for i := range r.found {
		if x := &r.found[i]; x.Kind == prose.Technique && way(r, x) <= most {
			for _, c := range x.Candidates {
				if outside || judged[key(c.ID)] {
					found[key(c.ID)] = true
				}
			}
		}
	}
	s.found += len(found)
	s.there += len(there)
	for id := range found {
		if there[id] {
			s.right++
			s.hit++
		}
	}
}

// spans counts single labels and findings.
func (s *score) spans(r *labelled, labels map[string]bool, most int) {
	near := func(l label, x *prose.Statement) bool {
		return slices.ContainsFunc(x.Candidates, func(c prose.Candidate) bool { return c.ID == l.technique }) &&
			l.Start < x.Sentence.End && x.Sentence.Start < l.End
	}
	var found []*prose.Statement
	for i := range r.found {
		x := &r.found[i]
		if x.Kind == prose.Technique && way(r, x) <= most && slices.ContainsFunc(x.Candidates, func(c prose.Candidate) bool { return labels[c.ID] }) {
			found = append(found, x)
		}
	}
	s.found += len(found)
	s.there += len(r.labels)
	for _, x := range found {
		if slices.ContainsFunc(r.labels, func(l label) bool { return near(l, x) }) {
			s.right++
		}
	}
	for _, l := range r.labels {
		if slices.ContainsFunc(found, func(x *prose.Statement) bool { return near(l, x) }) {
			s.hit++
		}
	}
}

// shapes are what the judge of observables goes by. It shares no code with
// what it judges, but no person has labelled these reports either: it tells
// agreement on what has an unmistakable shape.
var shapes = []struct {
	name  string
	shape *regexp.Regexp
}{
	{"hashes   ", regexp.MustCompile(`\b(?:[0-9a-fA-F]{128}|[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})\b`)},
	{"CVEs     ", regexp.MustCompile(`(?i)\bCVE-\d{4}-\d{4,7}\b`)},
	{"addresses", regexp.MustCompile(`\b(?:\d{1,3}(?:\.|\[\.\]|\[\.|\(\.\))){3}\d{1,3}\b`)},
	{"URLs     ", regexp.MustCompile(`(?i)\b(?:h(?:tt|xx)ps?|ftp)(?:\[:\]//|://|\[://\])[^\s"'<>]+`)},
	{"defanged ", regexp.MustCompile(`(?i)\b[a-z0-9-]+(?:(?:\[\.\]|\.)[a-z0-9-]+)*\[\.\][a-z]{2,}\b`)},
}

// observables prints how far what is found agrees with the judge: of what it
// sees, how much is found (overlaps an observable); of what is found with such
// a shape, how much it sees.
func observables(w io.Writer, reports []labelled) {
	fmt.Fprintln(w, "\nObservables (TRAM does not label them: agreement with a judge that goes by shape, no measure of truth):")
	n := map[string]int{}
	for k, sh := range shapes {
		var s score
		for i := range reports {
			r := &reports[i]
			seen := sh.shape.FindAllStringIndex(r.text, -1)
			s.there += len(seen)
			for _, at := range seen {
				if slices.ContainsFunc(r.found, func(x prose.Statement) bool {
					return (x.Kind == prose.Observable || x.Kind == prose.Vulnerability) && x.Start < at[1] && at[0] < x.End
				}) {
					s.hit++
				}
			}
			for j := range r.found {
				x := &r.found[j]
				if x.Kind != prose.Observable && x.Kind != prose.Vulnerability || shapeOf(r, x) != k {
					continue
				}
				s.found++
				if slices.ContainsFunc(seen, func(at []int) bool { return x.Start < at[1] && at[0] < x.End }) {
					s.right++
				}
			}
		}
		fmt.Fprintf(w, "  %s  %v\n", sh.name, s)
	}
	for i := range reports {
		for j := range reports[i].found {
			if x := &reports[i].found[j]; x.Kind == prose.Observable {
				n[x.Observable.Kind.String()]++
			}
		}
	}
	fmt.Fprintln(w, "\nAll observables by kind:")
	kinds := make([]string, 0, len(n))
	for k := range n {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	for _, k := range kinds {
		fmt.Fprintf(w, "  %-12s %5d\n", k, n[k])
	}
}

// shapeOf returns which of the shapes an observable has by its kind, -1 for
// none.
func shapeOf(r *labelled, x *prose.Statement) int {
	switch k := x.Observable.Kind.String(); {
	case x.Kind == prose.Vulnerability:
		return 1
	case k == "md5" || k == "sha1" || k == "sha256" || k == "sha512":
		return 0
	case k == "ipv4":
		return 2
	case k == "url" && strings.Contains(x.Value, "://"):
		return 3
	case k == "domain" && x.Indicator && strings.Contains(r.text[x.Start:x.End], "[.]") && utf8.ValidString(r.text):
		return 4
	}
	return -1
}
