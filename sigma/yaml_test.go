package sigma

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sharedData returns the folder of shared material. Without it the test is
// skipped; in CI it must be there.
func sharedData(t testing.TB) string {
	t.Helper()
	dir := filepath.Join("..", "..", "shared", "data", "sigma")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the shared data folder is absent: ", err)
	}
	return dir
}

// yamlFiles reads every YAML file below dir.
func yamlFiles(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yml" {
			return err
		}
		files[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func noLines(docs []yamlNode) []yamlNode {
	for i := range docs {
		docs[i].line = 0
		if len(docs[i].items) == 0 {
			docs[i].items = nil
		}
		noLines(docs[i].items)
	}
	return docs
}

func TestBlockParserAgreesWithYAML(t *testing.T) {
	files := yamlFiles(t, sharedData(t))
	fast := 0
	for path, data := range files {
		docs, ok := new(blockParser).parse(string(data))
		if !ok {
			t.Logf("left to yaml/v4: %s", path)
			continue
		}
		fast++
		want, err := parseFull(string(data))
		if err != nil {
			t.Errorf("%s: yaml/v4 refuses what the block parser takes: %v", path, err)
			continue
		}
		if !reflect.DeepEqual(noLines(docs), noLines(want)) {
			t.Errorf("%s: the parsers differ\n%+v\n%+v", path, docs, want)
		}
	}
	if fast*100 < len(files)*95 {
		t.Errorf("only %d of %d files were read by the block parser", fast, len(files))
	}
}

var yamlSeeds = []string{
	"a: 1\nb:\n  - x\n  - 'y'\n", "a:\n- b: c\n  d: e\n- f\n", "a: |\n  x\n\n   y\n\nb: |-\n  z\nc: 1\n",
	"a: 'it''s' # c\n", "a: \"x\\ty\"\n", "---\na: 1\n---\nb: 2\n", "a: b\n  c\n\n  d\ne: f\n", "a:\n  b\n  c\n", "a: null\nb: ~\nc:\nd: ''\n",
	"a: &x [1, 2]\nb: *x\n", "a: {b: c}\n", "a: >\n  b\n  c\n", "a: b: c\n", "a: - b\n", "- - a\n  - b\n", "? a\n: b\n", "a: 1\na: 2\n",
	"'|all':\n  - x\n", "a:\n  # c\n  - b # d\n  # e\n\n  -\n    f: g\n", "a: b #c\n  d\n", "%YAML 1.2\n---\na: b\n", "a: b\n...\n", "<<: {a: b}\n",
	"a: -b\nc: --- d\n--- \nx: y\n", "a:\n   b: c\n  d: e\n", "a: |\n  x", "a: |\n\n  x\n", "\"a b\": c\n", "a:\tb\n", "a: b\t\n", "text\n", "- a\n b\n", "0\n...", "0:\n 0\n- 0:",
}

// FuzzYAML holds the block parser to yaml/v4: what it takes, yaml/v4 takes,
// and reads alike.
func FuzzYAML(f *testing.F) {
	for _, s := range yamlSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		docs, ok := new(blockParser).parse(src)
		if !ok {
			_, _ = parseFull(src)
			return
		}
		want, err := parseFull(src)
		if err != nil {
			t.Fatalf("yaml/v4 refuses %q: %v", src, err)
		}
		if len(docs)+len(want) > 0 && !reflect.DeepEqual(noLines(docs), noLines(want)) {
			t.Fatalf("%q\nblock   %+v\nyaml/v4 %+v", src, docs, want)
		}
	})
}

func BenchmarkParseYAML(b *testing.B) {
	var all [][]byte
	size := 0
	for _, data := range yamlFiles(b, filepath.Join(sharedData(b), "rules")) {
		all = append(all, data)
		size += len(data)
	}
	var p blockParser
	for name, parse := range map[string]func([]byte){
		"block": func(d []byte) { p.parse(string(d)) },
		"full":  func(d []byte) { _, _ = parseFull(string(d)) },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, d := range all {
					parse(d)
				}
			}
		})
	}
}

func TestYAMLLimits(t *testing.T) {
	for name, src := range map[string]string{
		"size":      "a: " + strings.Repeat("x", maxFile),
		"depth":     strings.Repeat("[", 2*maxDepth) + strings.Repeat("]", 2*maxDepth),
		"aliases":   "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*e,*e,*e]\n",
		"cycle":     "a: &a\n  b: *a\n",
		"duplicate": "a: 1\nb: 2\na: 3\n",
		"documents": strings.Repeat("--- x\n", maxDocuments+1),
	} {
		if docs, err := parseYAML(&blockParser{}, src); err == nil {
			t.Errorf("%s: %d documents and no error", name, len(docs))
		}
	}
}
