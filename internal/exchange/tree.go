package exchange

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A tree is a folder that is written anew beside the one that is there, and takes
// its place once it is whole. What is the same in both is one file with two names:
// it keeps its dates, so that copies of the tree need to take only what changed.
type tree struct {
	dir, part string
	changed   int // files that are not as they were
}

// madeBy marks the folders that are a tree.
const madeBy = ".tocsin"

// newTree begins a tree that will stand at dir. A folder with other files is
// refused: they would be gone.
func newTree(dir string) (*tree, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	t := &tree{dir: dir, part: dir + ".part"}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) { // ended between two names
		if err := os.Rename(dir+".old", dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	for _, folder := range []string{dir, t.part} {
		list, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if _, err := os.Lstat(filepath.Join(folder, madeBy)); err != nil && len(list) > 0 {
			return nil, fmt.Errorf("%s has files of others, which would be gone: name a folder that is empty or not there", folder)
		}
	}
	if err := errors.Join(os.RemoveAll(t.part), os.RemoveAll(dir+".old"), os.MkdirAll(t.part, 0o755)); err != nil {
		return nil, err
	}
	return t, t.file(madeBy, []byte("Made by tocsin publish. What else is put here is removed by the next one.\n"))
}

// file writes a file of a path with slashes between.
func (t *tree) file(path string, content []byte) error {
	name := filepath.Join(t.part, filepath.FromSlash(path))
	if same(filepath.Join(t.dir, filepath.FromSlash(path)), content) {
		err := os.Link(filepath.Join(t.dir, filepath.FromSlash(path)), name)
		if errors.Is(err, fs.ErrNotExist) {
			if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
				err = os.Link(filepath.Join(t.dir, filepath.FromSlash(path)), name)
			}
		}
		if err == nil {
			return nil
		}
	}
	t.changed++
	err := os.WriteFile(name, content, 0o644)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
			err = os.WriteFile(name, content, 0o644)
		}
	}
	return err
}

// same reports whether a file has some content.
func same(name string, content []byte) bool {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(content)) {
		return false
	}
	old, err := os.ReadFile(name)
	return err == nil && bytes.Equal(old, content)
}

// keep puts the old file of a path in the place of the new one, when both have the
// same content.
func (t *tree) keep(path string) error {
	was, is := filepath.Join(t.dir, filepath.FromSlash(path)), filepath.Join(t.part, filepath.FromSlash(path))
	equal, err := sameFiles(was, is)
	if err != nil || !equal {
		t.changed++
		return err
	}
	if os.Link(was, is+".same") != nil {
		return nil // a system without links: the new one serves as well
	}
	return os.Rename(is+".same", is)
}

func sameFiles(was, is string) (bool, error) {
	a, err := os.Open(was)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := os.Open(is)
	if err != nil {
		return false, err
	}
	defer b.Close()
	x, y := make([]byte, 1<<18), make([]byte, 1<<18)
	for {
		n, err := io.ReadFull(a, x)
		m, err2 := io.ReadFull(b, y)
		if !bytes.Equal(x[:n], y[:m]) {
			return false, nil
		}
		if err != nil || err2 != nil {
			return true, nil
		}
	}
}

// finish puts the tree where the old one was.
func (t *tree) finish() error {
	if _, err := os.Lstat(t.dir); errors.Is(err, fs.ErrNotExist) {
		return os.Rename(t.part, t.dir)
	}
	if err := swap(t.part, t.dir); err != nil {
		return fmt.Errorf("%w; the old tree stands as it was: a folder that something is mounted on cannot be replaced, name one in it", err)
	}
	return errors.Join(os.RemoveAll(t.part), os.RemoveAll(t.dir+".old"))
}

// drop removes what was written of the tree.
func (t *tree) drop() { _ = os.RemoveAll(t.part) }

// swapInSteps does so where there is no single step for it. Where it ends between
// the two, the next publication puts the old tree back before it begins.
func swapInSteps(fresh, old string) error {
	if err := os.Rename(old, old+".old"); err != nil {
		return err
	}
	if err := os.Rename(fresh, old); err != nil {
		return errors.Join(err, os.Rename(old+".old", old))
	}
	return nil
}
