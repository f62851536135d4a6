package taxii

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// testsHere returns the names of the tests of this package.
func testsHere(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	must(t, err)
	names := map[string]bool{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				names[fn.Name.Name] = true
			}
		}
	}
	return names
}

var row = regexp.MustCompile("(?m)^\\| ([0-9.]+) \\| ([^|]+) \\| (Mandatory|Optional) \\| `(TestInterop_[0-9_]+[A-Za-z]+)` \\|")

// TestConformanceTable holds docs/CONFORMANCE.md to the tests that exist.
func TestConformanceTable(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "docs", "CONFORMANCE.md"))
	must(t, err)
	tests, told := testsHere(t), map[string]bool{}
	rows := row.FindAllStringSubmatch(string(doc), -1)
	if len(rows) != 44 {
		t.Errorf("%d rows, not 44", len(rows))
	}
	for _, r := range rows {
		section, name := r[1], r[4]
		if told[name] = true; !tests[name] {
			t.Errorf("row %s names %s, which does not exist", section, name)
		}
		if r[3] == "Mandatory" && !strings.HasPrefix(name, "TestInterop_"+strings.ReplaceAll(section, ".", "_")+"_") {
			t.Errorf("row %s names %s, a test of another", section, name)
		}
	}
	for name := range tests {
		if strings.HasPrefix(name, "TestInterop_") && !told[name] {
			t.Errorf("%s is in no row", name)
		}
	}
	for _, name := range regexp.MustCompile("`(Test[A-Za-z0-9_]+)`").FindAllStringSubmatch(string(doc), -1) {
		if !tests[name[1]] {
			t.Errorf("%s does not exist", name[1])
		}
	}
}

// TestConformanceRows holds it to the rows of the interoperability document.
func TestConformanceRows(t *testing.T) {
	table := string(shared(t, "stix/taxii-interop/manifest.toml"))
	doc, err := os.ReadFile(filepath.Join("..", "docs", "CONFORMANCE.md"))
	must(t, err)
	told := map[string][2]string{}
	for _, r := range row.FindAllStringSubmatch(string(doc), -1) {
		told[r[1]] = [2]string{r[2], r[3]}
	}
	entry := regexp.MustCompile(`(?s)req_id = "REQ-TXC-([0-9.]+)".*?test_case = "([^"]+)".*?verification = "([^"]+)"`)
	rows := entry.FindAllStringSubmatch(table, -1)
	if len(rows) != 44 {
		t.Fatalf("the document has %d rows, not 44", len(rows))
	}
	for _, r := range rows {
		if told[r[1]] != [2]string{r[2], r[3]} {
			t.Errorf("row %s is %q, and in docs/CONFORMANCE.md %q", r[1], r[2:], told[r[1]])
		}
	}
}
