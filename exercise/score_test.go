package exercise

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/internal/finding"
	"github.com/tocsin-project/tocsin/internal/hunt"
	"github.com/tocsin-project/tocsin/internal/logs"
	"github.com/tocsin-project/tocsin/rules"
	"github.com/tocsin-project/tocsin/sigma"
)

// findings hunts root with the embedded rules and returns what `tocsin hunt
// --json` prints.
func findings(t *testing.T, root string) []byte {
	t.Helper()
	set, err := sigma.LoadFS(rules.FS, sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := logs.Open([]string{root}, logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out []byte
	h := hunt.Hunt{Rules: set, Workers: 2, From: hunt.Always, To: hunt.Forever}
	cov, err := h.Run(context.Background(), in, func(f *finding.Finding) error {
		out = append(bytes.TrimRight(finding.AppendJSON(out, f), "\n"), '\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range cov.Sources {
		if s.Damaged > 0 || s.Problem != "" || s.Skipped != "" {
			t.Errorf("%s: %d damaged %s %s", s.Path, s.Damaged, s.Problem, s.Skipped)
		}
		for _, o := range s.Origins {
			if o == "unknown" || o == "text" {
				t.Errorf("%s was not recognised", s.Path)
			}
		}
	}
	return out
}

// TestScore: the embedded rules find every covered record of the committed
// set, at least nineteen of twenty findings at medium and above are right, and
// most of the attack is covered.
func TestScore(t *testing.T) {
	truths := readTruth(t, ".")
	score, err := ScoreFindings(truths, LogsFolder, bytes.NewReader(findings(t, LogsFolder)), "medium")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d covered records found; %d of %d findings at medium and above are right; %d of %d malicious records are covered",
		score.Found, score.Covered, score.Right, score.Findings, score.Covered, len(truths))
	if score.Recall() != 1 {
		t.Errorf("recall %.3f", score.Recall())
	}
	for _, m := range score.Missed {
		t.Errorf("missed %s:%d: %s", m.Path, m.Record, m.What)
	}
	if score.Precision() < 0.95 {
		t.Errorf("precision %.3f; wrong: %v", score.Precision(), score.Wrong)
	}
	for _, s := range score.Surplus {
		t.Logf("%s:%d counts as not covered, and a rule found it: %s (%s)", s.Path, s.Record, s.What, s.Reason)
	}
	if score.Covered*4 < len(truths)*3 {
		t.Errorf("only %d of %d malicious records are covered", score.Covered, len(truths))
	}
}

// TestScoreLarger: with ten times the ordinary work the attack is found all
// the same, and no more is taken for it.
func TestScoreLarger(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 24 MB of logs")
	}
	dir, _ := town(t, Options{Seed: 11, Size: 24 << 20})
	root := dir + "/" + LogsFolder
	score, err := ScoreFindings(readTruth(t, dir), root, bytes.NewReader(findings(t, root)), "medium")
	if err != nil {
		t.Fatal(err)
	}
	if score.Recall() != 1 || score.Precision() < 0.95 {
		t.Errorf("recall %.3f, precision %.3f; wrong: %v", score.Recall(), score.Precision(), score.Wrong)
	}
	for _, m := range score.Missed {
		t.Errorf("missed %s:%d: %s", m.Path, m.Record, m.What)
	}
}

// TestScoreFindings: what counts as found, right, wrong and missed.
func TestScoreFindings(t *testing.T) {
	truths := []Truth{
		{Path: "a/x.log", Record: 3, Covered: true},
		{Path: "a/x.log", Record: 4, Covered: true},
		{Path: "a/y.log", Record: 1, Covered: true},
		{Path: "a/y.log", Record: 2, Reason: "everyday"},
	}
	score, err := ScoreFindings(truths, "./logs/", strings.NewReader(
		`{"severity":"low","title":"A","source":{"path":"logs/a/x.log","record":3}}
{"severity":"high","title":"B","source":{"path":"logs/a/x.log","record":9}}
{"severity":"high","title":"C","events":[{"path":"logs/a/x.log","record":9},{"path":"logs/a/y.log","record":1}]}
{"severity":"medium","title":"D","source":{"path":"logs/a/y.log","record":2}}
{"severity":"low","title":"E","source":{"path":"logs/b.log","record":1}}
`), "medium")
	if err != nil {
		t.Fatal(err)
	}
	if score.Covered != 3 || score.Found != 2 || len(score.Missed) != 1 || score.Missed[0].Record != 4 {
		t.Errorf("covered %d, found %d, missed %v", score.Covered, score.Found, score.Missed)
	}
	if score.Findings != 3 || score.Right != 2 || score.Wrong["B"] != 1 || len(score.Wrong) != 1 {
		t.Errorf("findings %d, right %d, wrong %v", score.Findings, score.Right, score.Wrong)
	}
	if len(score.Surplus) != 1 || score.Surplus[0].Record != 2 {
		t.Errorf("surplus %v", score.Surplus)
	}
	if _, err := ScoreFindings(truths, "logs", strings.NewReader("{"), "medium"); err == nil {
		t.Error("half a finding was no error")
	}
	if _, err := ScoreFindings(truths, "logs", strings.NewReader(""), "terrible"); err == nil {
		t.Error("an unknown severity was no error")
	}
}

// FuzzScore: whatever the findings and the truth say, scoring ends, and its
// shares are shares.
func FuzzScore(f *testing.F) {
	f.Add(`{"path":"a","record":1,"covered":true}`, `{"severity":"high","source":{"path":"logs/a","record":1}}`)
	f.Add(`{"path":"a","record":1}`+"\n", `{"severity":"low","events":[{"path":"a","record":18446744073709551615}]}`+"\n{}")
	f.Add(`{"path":`, `[`)
	f.Fuzz(func(t *testing.T, truth, findings string) {
		truths, err := ReadTruth(strings.NewReader(truth))
		if err != nil {
			return
		}
		s, err := ScoreFindings(truths, "logs", strings.NewReader(findings), "medium")
		if err != nil {
			return
		}
		if r, p := s.Recall(), s.Precision(); r < 0 || r > 1 || p < 0 || p > 1 || len(s.Missed) != s.Covered-s.Found {
			t.Errorf("recall %f, precision %f: %+v", r, p, s)
		}
	})
}
