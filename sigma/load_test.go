package sigma

import (
	"path/filepath"
	"testing"
)

// corpus is the SigmaHQ folders that hold rules.
func corpus(t testing.TB) []string {
	dirs, err := filepath.Glob(filepath.Join(sharedData(t), "rules*"))
	if err != nil || len(dirs) != 6 {
		t.Fatal(dirs, err)
	}
	return dirs
}

// Every rule that SigmaHQ publishes loads.
func TestLoadCorpus(t *testing.T) {
	rs, err := Load(corpus(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rs.Refused {
		t.Errorf("refused %s %d %q: %s", r.Path, r.Document, r.Title, r.Reason)
	}
	for _, s := range rs.Skipped {
		t.Errorf("skipped %s %d: %s", s.Path, s.Document, s.Reason)
	}
	if len(rs.Rules) != 3780 {
		t.Errorf("%d rules, want 3780", len(rs.Rules))
	}
}

func BenchmarkLoad(b *testing.B) {
	dirs := corpus(b)
	size := 0
	for _, dir := range dirs {
		for _, data := range yamlFiles(b, dir) {
			size += len(data)
		}
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(dirs, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
