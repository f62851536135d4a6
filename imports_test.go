// Package tocsin_test holds the house to its plan: which folder may import which.
package tocsin_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/tocsin-project/tocsin/"

// mayImport is the import table of docs/ARCHITECTURE.md: for each folder, the
// folders of the house that its code (tests aside) may import.
var mayImport = map[string][]string{
	"event":                    nil,
	"evtx":                     nil,
	"evtx/evtxtest":            nil,
	"sigma":                    {"event"},
	"stix":                     nil,
	"stix/pattern":             {"stix"},
	"misp":                     {"stix", "stix/pattern"},
	"taxii":                    {"stix"},
	"rules":                    nil,
	"internal/logs":            {"event", "evtx"},
	"internal/finding":         {"event"},
	"internal/attack":          nil,
	"internal/observable":      nil,
	"internal/attack/generate": nil,
	"internal/report":          {"event", "stix", "internal/finding", "internal/attack"},
	"internal/intake":          {"stix", "misp", "internal/observable", "internal/intake/prose"},
	"internal/intake/prose":    {"stix", "internal/observable", "internal/attack"},
	"internal/tlp":             {"stix"},
	"internal/store":           {"stix", "internal/tlp"},
	"internal/store/sqlite":    {"stix", "internal/store"},
	"internal/store/postgres":  {"stix", "internal/store", "internal/store/sqlite"},
	"internal/store/storetest": {"stix", "internal/store", "internal/tlp"},
	"internal/auth":            {"stix", "internal/store"},
	"internal/exchange":        {"stix", "taxii", "misp", "internal/auth", "internal/store", "internal/tlp"},
	"internal/node":            {"stix", "taxii", "internal/auth", "internal/exchange", "internal/store", "internal/tlp"},
	"internal/intel":           {"event", "stix", "stix/pattern", "internal/observable"},
	"internal/hunt":            {"event", "stix", "internal/logs", "sigma", "internal/intel", "internal/finding"},
	"exercise":                 {"evtx/evtxtest"},
	"exercise/generate":        {"exercise"},
	"exercise/bench":           {"stix/pattern"},
	"cmd/tocsin":               {"event", "stix", "taxii", "misp", "internal/auth", "internal/exchange", "internal/node", "internal/observable", "internal/intake", "internal/intake/prose", "internal/tlp", "internal/store", "internal/store/postgres", "internal/store/sqlite", "sigma", "stix/pattern", "rules", "internal/logs", "internal/finding", "internal/report", "internal/intel", "internal/hunt"},

	"internal/store/postgres/postgrestest": nil,

	"internal/intake/prose/evaluate": {"internal/attack", "internal/intake/prose"},
	"internal/intake/prose/generate": nil,
}

func TestImportTable(t *testing.T) {
	met := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		folder := path.Dir(filepath.ToSlash(file))
		allowed, ok := mayImport[folder]
		if !ok {
			t.Errorf("%s: the table has no row for folder %s", file, folder)
		}
		met[folder] = true
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			name, err := strconv.Unquote(imp.Path.Value)
			if err != nil {
				return err
			}
			if rest, ours := strings.CutPrefix(name, module); ours && !slices.Contains(allowed, rest) {
				t.Errorf("%s imports %s, which the table does not allow", file, rest)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for folder := range mayImport {
		if !met[folder] {
			t.Errorf("the table has a row for %s, where there is no code", folder)
		}
	}
}
