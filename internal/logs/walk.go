package logs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A source is one thing on disk that Open found.
type source struct {
	path    string
	size    int64 // 0 for what is no regular file
	modTime int64
	stdin   bool
	regular bool
	skipped string // why it is not read, on purpose
	problem error  // why it cannot be read
	missing bool   // nothing of this name exists
}

// A lister collects sources, each real file once.
type lister struct {
	sources []source
	seen    map[string]string // real path to the path it was listed as
	except  map[string]bool   // real paths
}

func list(paths, except []string) []source {
	l := lister{seen: map[string]string{}, except: map[string]bool{}}
	for _, p := range except {
		if p != "" {
			l.except[realPath(p)] = true
		}
	}
	for _, p := range paths {
		l.named(p)
	}
	return l.sources
}

// named lists a path as the user gave it: links are followed wherever they
// lead, pipes and devices are read.
func (l *lister) named(path string) {
	if path == "-" {
		l.sources = append(l.sources, source{path: "-", stdin: true})
		return
	}
	info, err := os.Stat(path)
	if err != nil && strings.ContainsAny(path, "*?[") {
		if found, globErr := filepath.Glob(path); globErr == nil && len(found) > 0 {
			for _, p := range found {
				l.named(p)
			}
			return
		}
	}
	if err != nil {
		l.sources = append(l.sources, source{path: path, problem: problem(err), missing: errors.Is(err, fs.ErrNotExist)})
		return
	}
	if !info.IsDir() {
		l.file(path, info, true)
		return
	}
	root, err := filepath.EvalSymlinks(path)
	if err != nil {
		root = path
	}
	l.folder(path, root)
}

// folder lists what is in path and below. Links are followed as long as they
// stay within root: on a mounted disk image a link may lead to a file of the
// machine that reads it, which is no evidence.
func (l *lister) folder(path, root string) {
	if real, ok := l.first(path); !ok {
		if real != path {
			l.sources = append(l.sources, source{path: path, skipped: "the same folder as " + real})
		}
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		l.sources = append(l.sources, source{path: path, problem: problem(err)})
	}
	for _, e := range entries {
		p := filepath.Join(path, e.Name())
		info, err := os.Lstat(p)
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			var reason string
			if info, reason = follow(p, root); reason != "" {
				l.sources = append(l.sources, source{path: p, skipped: reason})
				continue
			}
		}
		switch {
		case err != nil:
			l.sources = append(l.sources, source{path: p, problem: problem(err)})
		case info.IsDir():
			l.folder(p, root)
		default:
			l.file(p, info, false)
		}
	}
}

// follow returns what the link at path leads to, or why it is not followed.
func follow(path, root string) (fs.FileInfo, string) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, "a link that leads nowhere"
	}
	if rel, err := filepath.Rel(root, target); err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil, "a link out of the folder, to " + target
	}
	info, err := os.Stat(target)
	if err != nil {
		return nil, "a link to " + target + ", which cannot be read"
	}
	return info, ""
}

// file lists one file; named ones may be pipes and devices.
func (l *lister) file(path string, info fs.FileInfo, named bool) {
	s := source{path: path, modTime: info.ModTime().UnixNano(), regular: info.Mode().IsRegular()}
	switch mode := info.Mode(); {
	case s.regular:
		if real, ok := l.first(path); !ok {
			if real == path {
				return
			}
			s.skipped = "the same file as " + real
		} else if len(l.except) > 0 && l.except[realPath(path)] {
			s.skipped = "this run writes it"
		} else if s.size = info.Size(); s.size == 0 {
			s.skipped = skipEmpty
		}
	case mode&fs.ModeSocket != 0:
		s.skipped = "a socket"
	case !named && mode&fs.ModeNamedPipe != 0:
		s.skipped = "a pipe"
	case !named:
		s.skipped = "a device"
	}
	l.sources = append(l.sources, s)
}

// first reports whether the real file behind path is met for the first time,
// and else under which path it was met.
func (l *lister) first(path string) (earlier string, ok bool) {
	real := realPath(path)
	if p, met := l.seen[real]; met {
		return p, false
	}
	l.seen[real] = path
	return path, true
}

// realPath is path without links, from the root.
func realPath(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return path
	}
	return real
}

const skipEmpty = "empty"

var errPermission error = permissionError{}

type permissionError struct{}

func (permissionError) Error() string {
	return "no permission to read it: run as root or administrator"
}

func (permissionError) Is(target error) bool { return target == fs.ErrPermission }

// problem puts the common errors of reading into plain words.
func problem(err error) error {
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return errPermission
	case errors.Is(err, fs.ErrNotExist):
		return fs.ErrNotExist
	case errors.As(err, &path):
		return path.Err
	}
	return err
}
