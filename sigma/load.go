package sigma

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Options change how rules are read.
type Options struct {
	// Placeholders are the texts behind %name% (modifier expand). They may
	// hold wildcards.
	Placeholders map[string][]string
	// Embedded is what the path EmbeddedPath stands for.
	Embedded fs.FS
}

// EmbeddedPath is the path under which Load reads Options.Embedded.
const EmbeddedPath = "embedded"

// A Ruleset is what Load found, in the order of paths and documents.
type Ruleset struct {
	Rules        []*Rule
	Correlations []*Correlation
	Filters      []*Filter
	Refused      []Refusal
	Skipped      []Skip

	notices []Notice // found while loading; Lint gives them with its own
}

// A Refusal is one document that was not accepted. It costs itself alone.
type Refusal struct {
	Path     string
	Document int // from 1; 0 when it is the whole file
	Title    string
	Reason   string
	Fix      string // what to do
}

// A Skip is one file or document that was left out on purpose.
type Skip struct {
	Path     string
	Document int
	Reason   string
}

// Load reads the rules in files and, with all that is below them, folders.
// It fails only when a path cannot be opened; what is wrong with a rule is in
// Ruleset.Refused. In a folder, YAML that holds no rules is skipped.
func Load(paths []string, o Options) (*Ruleset, error) {
	var files []file
	for _, p := range paths {
		if p == EmbeddedPath && o.Embedded != nil {
			var err error
			if files, err = walk(files, o.Embedded, p); err != nil {
				return nil, fmt.Errorf("load rules: %w", err)
			}
			continue
		}
		info, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("load rules: %w", err)
		}
		if !info.IsDir() {
			files = append(files, file{fsys: os.DirFS(filepath.Dir(p)), name: filepath.Base(p), path: p, named: true})
			continue
		}
		if files, err = walk(files, os.DirFS(p), p); err != nil {
			return nil, fmt.Errorf("load rules: %w", err)
		}
	}
	return load(files, &o), nil
}

// LoadFS reads all rules in fsys, such as an embedded folder.
func LoadFS(fsys fs.FS, o Options) (*Ruleset, error) {
	files, err := walk(nil, fsys, "")
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	return load(files, &o), nil
}

// Parse reads the rules of one file's content. path only names it.
func Parse(path string, data []byte, o Options) *Ruleset {
	f := file{path: path, named: true}
	l := loader{options: &o}
	return assemble([]*documents{l.parse(&f, string(data))})
}

// A file is one YAML file to be read.
type file struct {
	fsys  fs.FS
	name  string // in fsys
	path  string // as told
	named bool   // asked for by name: it must hold something
}

// walk appends the YAML files of fsys, in order of their paths.
func walk(files []file, fsys fs.FS, base string) ([]file, error) {
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(path.Base(name), ".") && name != "."
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		if ext := strings.ToLower(path.Ext(name)); hidden || ext != ".yml" && ext != ".yaml" {
			return nil
		}
		if d.Type()&^fs.ModeSymlink != 0 {
			return nil // not a file
		}
		files = append(files, file{fsys: fsys, name: name, path: filepath.Join(base, filepath.FromSlash(name))})
		return nil
	})
	return files, err
}

// load reads files side by side and puts the results together in order.
func load(files []file, o *Options) *Ruleset {
	files = once(files)
	results := make([]*documents, len(files))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			l := loader{options: o}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return
				}
				results[i] = l.read(&files[i])
			}
		})
	}
	wg.Wait()
	return assemble(results)
}

// once drops files that were listed before, by path.
func once(files []file) []file {
	seen := make(map[string]bool, len(files))
	out := files[:0]
	for _, f := range files {
		if key := filepath.Clean(f.path); !seen[key] {
			seen[key] = true
			out = append(out, f)
		}
	}
	return out
}

// documents is what one file held.
type documents struct {
	path    string
	rules   []any // *Rule, *Filter or *Correlation, in order
	numbers []int // document number of each
	refused []Refusal
	skipped []Skip
	notices []Notice
}

// A loader reads one file after another and reuses what it can.
type loader struct {
	options *Options
	blocks  blockParser
	builder builder
	buf     []byte
}

// read opens and parses f.
func (l *loader) read(f *file) *documents {
	if err := l.bytes(f); err != nil {
		d := &documents{path: f.path}
		d.refuse(0, "", err)
		return d
	}
	return l.parse(f, string(l.buf))
}

// bytes reads the content of f, which may not exceed maxFile, to l.buf.
func (l *loader) bytes(f *file) error {
	r, err := f.fsys.Open(f.name)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return bad("give a file or a folder", "it is not a regular file")
	}
	if info.Size() > maxFile {
		return bad("split it", "the file has more than %d bytes", maxFile)
	}
	l.buf = slices.Grow(l.buf[:0], int(info.Size()))[:info.Size()]
	n, err := io.ReadFull(r, l.buf)
	l.buf = l.buf[:n]
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil // it shrank
	}
	return err
}

// parse reads the documents of one file. What it returns shares the memory
// of src.
func (l *loader) parse(f *file, src string) *documents {
	d := &documents{path: f.path}
	docs, err := parseYAML(&l.blocks, src)
	if err != nil {
		if !f.named && !looksLikeRule(src) {
			d.skip(0, "it holds no Sigma rule")
			return d
		}
		d.refuse(0, "", bad("correct the YAML", "not valid YAML: %s", strings.TrimPrefix(err.Error(), "go-yaml load error in ")))
		return d
	}
	l.builder.spent = 0
	var actions actions
	for i := range docs {
		doc, err := actions.apply(&docs[i])
		if err != nil {
			d.refuse(i+1, "", err)
			continue
		}
		if doc != nil {
			l.add(d, i+1, doc)
		}
	}
	if f.named && len(d.rules)+len(d.refused) == 0 {
		d.skipped = nil
		d.refuse(0, "", bad("give a file or folder with Sigma rules", "it holds no Sigma rule"))
	}
	return d
}

// looksLikeRule reports whether a file that is no valid YAML was meant to
// hold a rule.
func looksLikeRule(src string) bool {
	for _, key := range []string{"\ndetection:", "\ncorrelation:", "\nfilter:"} {
		if strings.Contains(src, key) {
			return true
		}
	}
	return false
}

// add builds what doc is.
func (l *loader) add(d *documents, number int, doc *yamlNode) {
	if doc.kind == nullNode {
		return
	}
	var made any
	var err error
	switch {
	case doc.has("correlation"):
		made, err = buildCorrelation(d.path, doc)
	case doc.has("detection"):
		made, err = l.buildRule(d.path, doc)
	case doc.has("filter"):
		made, err = l.buildFilter(d.path, doc)
	case doc.has("logsource") && doc.has("title"):
		err = bad("write what to search for under detection", "it has no detection")
	default:
		d.skip(number, "it is no Sigma rule, filter or correlation")
		return
	}
	if err != nil {
		title, _ := doc.get("title").scalar()
		d.refuse(number, title, err)
		return
	}
	d.rules = append(d.rules, made)
	d.numbers = append(d.numbers, number)
	d.remark(doc, made)
}

func (d *documents) refuse(number int, title string, err error) {
	r := Refusal{Path: d.path, Document: number, Title: title, Reason: err.Error(), Fix: "correct it"}
	var why *refusal
	if errors.As(err, &why) && why.fix != "" {
		r.Fix = why.fix
	}
	d.refused = append(d.refused, r)
}

func (d *documents) skip(number int, reason string) {
	d.skipped = append(d.skipped, Skip{Path: d.path, Document: number, Reason: reason})
}

// assemble joins the files, leaves out rules whose id has come before, and
// connects filters and correlations with the rules they name.
func assemble(files []*documents) *Ruleset {
	rs := &Ruleset{}
	ids := map[string]string{} // id to path
	for _, d := range files {
		rs.Refused = append(rs.Refused, d.refused...)
		rs.Skipped = append(rs.Skipped, d.skipped...)
		rs.notices = append(rs.notices, d.notices...)
		for i, made := range d.rules {
			if id := idOf(made); id != "" {
				if first, ok := ids[id]; ok {
					rs.Skipped = append(rs.Skipped, Skip{Path: d.path, Document: d.numbers[i], Reason: fmt.Sprintf("id %s is that of %s, which is used", id, first)})
					continue
				}
				ids[id] = d.path
			}
			switch made := made.(type) {
			case *Rule:
				rs.Rules = append(rs.Rules, made)
			case *Filter:
				rs.Filters = append(rs.Filters, made)
			case *Correlation:
				rs.Correlations = append(rs.Correlations, made)
			}
		}
	}
	applyFilters(rs.Rules, rs.Filters)
	rs.resolve()
	return rs
}

func idOf(made any) string {
	switch made := made.(type) {
	case *Rule:
		return made.ID
	case *Filter:
		return made.ID
	case *Correlation:
		return made.ID
	}
	return ""
}

// actions carries what the action documents of older rule files say: global
// adds to every document after it, reset ends that, repeat is the document
// before it with changes.
type actions struct {
	global, last *yamlNode
	spent        int // how many values were laid over each other, roughly
}

// maxOverlay bounds what the action documents of one file may cost.
const maxOverlay = 1 << 21

// apply returns the document that doc makes, nil when it makes none.
func (a *actions) apply(doc *yamlNode) (*yamlNode, error) {
	if a.spent > maxOverlay {
		return nil, bad("split the file", "its action documents repeat too much")
	}
	action := doc.get("action")
	if doc.kind != mapNode || action == nil && a.global == nil {
		a.last = doc
		return doc, nil
	}
	if action == nil {
		merged := a.overlay(a.global, doc, 0)
		a.last = &merged
		return &merged, nil
	}
	rest := *doc
	rest.items = nil
	for _, it := range doc.items {
		if it.key != "action" {
			rest.items = append(rest.items, it)
		}
	}
	switch action.text {
	case "global":
		merged := rest
		if a.global != nil {
			merged = a.overlay(a.global, &rest, 0)
		}
		a.global = &merged
		return nil, nil
	case "reset":
		a.global = nil
		return nil, nil
	case "repeat":
		if a.last == nil {
			return nil, bad("put a rule before it", "action repeat has no document before it")
		}
		merged := a.overlay(a.last, &rest, 0)
		a.last = &merged
		return &merged, nil
	}
	return nil, bad("use global, reset or repeat", "action %q does not exist", action.text)
}

// overlay returns base with the entries of top, maps merged key by key.
func (a *actions) overlay(base, top *yamlNode, depth int) yamlNode {
	if base.kind != mapNode || top.kind != mapNode || depth > maxDepth {
		return *top
	}
	a.spent += len(base.items) + len(top.items)
	out := *top
	out.items = append([]yamlNode(nil), base.items...)
	at := make(map[string]int, len(out.items))
	for j := range out.items {
		at[out.items[j].key] = j
	}
	for i := range top.items {
		it := &top.items[i]
		if j, ok := at[it.key]; ok {
			out.items[j] = a.overlay(&out.items[j], it, depth+1)
		} else {
			out.items = append(out.items, *it)
		}
	}
	return out
}
