package exercise

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A Score says how well a hunt did on the exercise.
type Score struct {
	Covered int     // malicious records that a rule can tell
	Found   int     // of these, how many a finding points to
	Missed  []Truth // the others

	Findings int            // at or above the severity asked for
	Right    int            // of these, how many point to a malicious record
	Wrong    map[string]int // titles of the others and how often

	Surplus []Truth // records that count as not covered, and were found
}

// Recall is the share of covered records that were found.
func (s *Score) Recall() float64 { return share(s.Found, s.Covered) }

// Precision is the share of findings that are right.
func (s *Score) Precision() float64 { return share(s.Right, s.Findings) }

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

var severities = []string{"informational", "low", "medium", "high", "critical"}

// A found is what the score needs to know of a finding; its names are
// those of the findings that `tocsin hunt --json` prints.
type found struct {
	Severity string     `json:"severity"`
	Title    string     `json:"title"`
	Source   position   `json:"source"`
	Events   []position `json:"events"`
}

type position struct {
	Path   string `json:"path"`
	Record uint64 `json:"record"`
}

// ScoreFindings compares findings, one JSON object a line, with truths. root
// is the folder of the logs as the hunt was given it. Recall counts findings
// of every severity, precision those of severity least and above. A
// correlation points to all of its events, and is right when one of them is
// malicious.
func ScoreFindings(truths []Truth, root string, findings io.Reader, least string) (Score, error) {
	level := slices.Index(severities, least)
	if level < 0 {
		return Score{}, fmt.Errorf("score: %q is no severity", least)
	}
	index := make(map[position]int, len(truths))
	for i, t := range truths {
		index[position{t.Path, t.Record}] = i
	}
	root = path.Clean(filepath.ToSlash(root)) + "/"
	hit := make([]bool, len(truths))
	score := Score{Wrong: map[string]int{}}
	lines := bufio.NewReaderSize(findings, 1<<20)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var f found
			if err := json.Unmarshal(line, &f); err != nil {
				return Score{}, fmt.Errorf("score: finding %d: %w", n, err)
			}
			right := false
			for _, p := range append(f.Events, f.Source) {
				p.Path = strings.TrimPrefix(path.Clean(filepath.ToSlash(p.Path)), root)
				if i, ok := index[p]; ok {
					hit[i], right = true, true
				}
			}
			if slices.Index(severities, f.Severity) >= level {
				score.Findings++
				if right {
					score.Right++
				} else {
					score.Wrong[f.Title]++
				}
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return Score{}, fmt.Errorf("score: %w", err)
		}
	}
	for i, t := range truths {
		switch {
		case t.Covered && hit[i]:
			score.Covered++
			score.Found++
		case t.Covered:
			score.Covered++
			score.Missed = append(score.Missed, t)
		case hit[i]:
			score.Surplus = append(score.Surplus, t)
		}
	}
	return score, nil
}
