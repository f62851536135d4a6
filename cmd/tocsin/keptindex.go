package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-project/tocsin/internal/intake"
	"github.com/tocsin-project/tocsin/internal/intel"
)

// indexTail is what the name of the file of a store's index ends with.
const indexTail = ".index"

// A keptIndex is the file in which the compiled indicators of a store are kept
// for the next hunt: a key, and the index. The key stands for this program and
// for the state of all that the index was made of, so that another is not taken.
type keptIndex struct {
	path string
	key  [sha256.Size]byte
}

var errOtherKey = errors.New("of another state of the store, or by another version of tocsin")

// ofStore returns the index of the store: that which a hunt before kept, when
// nothing of it has changed since, else a new one, which it keeps. A file that
// cannot be read is as good as none.
func (f *intelFlags) ofStore(p *program, quiet bool) (*intel.Index, intel.Stats, error) {
	only := []string{"store"}
	if f.Unguarded { // what is kept is guarded
		return f.compile(p, only)
	}
	before, err := f.kept(p)
	if err != nil {
		return nil, intel.Stats{}, fmt.Errorf("--intel store: %w", err)
	}
	if x, stats, err := before.read(); err == nil {
		return x, stats, nil
	}
	x, stats, err := f.compile(p, only)
	if err != nil || stats.Indicators == 0 {
		return x, stats, err
	}
	// What came in meanwhile may be in the index or not.
	after, err := f.kept(p)
	if err == nil && after.key == before.key {
		err = after.write(x)
	}
	if err != nil && !quiet {
		fmt.Fprintf(p.stderr, "tocsin: the next hunt must compile the indicators again: %v\n", plain(err))
	}
	return x, stats, nil
}

// kept returns where the index of the store is kept, with the key for its state.
func (f *intelFlags) kept(p *program) (*keptIndex, error) {
	s, err := f.open(false)
	if err != nil {
		return nil, err
	}
	state, err := s.State(p.ctx, append([]string{intake.WarninglistType}, intelTypes...)...)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	return &keptIndex{f.indexPath(), sha256.Sum256([]byte(version() + "\n" + state))}, nil
}

// indexPath returns where the index of the store is kept: beside a file, and in
// the user's cache for a database, "" when there is none.
func (f *dbFlag) indexPath() string {
	path := f.path()
	if !isPostgres(path) {
		return path + indexTail
	}
	u, err := url.Parse(path)
	cache, missing := os.UserCacheDir()
	if err != nil || missing != nil {
		return ""
	}
	u.User = url.User(u.User.Username())
	q := u.Query()
	q.Del("password")
	u.RawQuery = q.Encode()
	sum := sha256.Sum256([]byte(u.String()))
	return filepath.Join(cache, "tocsin", hex.EncodeToString(sum[:16])+indexTail)
}

func (k *keptIndex) read() (*intel.Index, intel.Stats, error) {
	f, err := os.Open(k.path)
	if err != nil {
		return nil, intel.Stats{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, intel.Stats{}, err
	}
	var key [sha256.Size]byte
	if _, err := io.ReadFull(f, key[:]); err != nil {
		return nil, intel.Stats{}, err
	}
	if key != k.key {
		return nil, intel.Stats{}, errOtherKey
	}
	return intel.ReadIndex(f, info.Size()-int64(len(key)), time.Now())
}

// write puts x into the file, which shows once it is whole and on disk.
func (k *keptIndex) write(x *intel.Index) error {
	if k.path == "" {
		return errors.New("there is no folder for what is kept: set HOME or XDG_CACHE_HOME")
	}
	if err := os.MkdirAll(filepath.Dir(k.path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(k.path), filepath.Base(k.path)+".*") // of mode 0600
	if err != nil {
		return err
	}
	if _, err = f.Write(k.key[:]); err == nil {
		if _, err = x.WriteTo(f); err == nil {
			err = f.Sync()
		}
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), k.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
