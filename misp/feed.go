package misp

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// The files of a feed, beside an event file UUID.json for each event.
const (
	ManifestFile = "manifest.json"
	HashesFile   = "hashes.csv"
)

// A Manifest is what a feed has, by the UUIDs of its events.
type Manifest map[string]ManifestEntry

// A ManifestEntry says of an event what is needed to choose it.
type ManifestEntry struct {
	Orgc          *Org   `json:"Orgc,omitempty"`
	Tags          []Tag  `json:"Tag,omitempty"`
	Info          string `json:"info"`
	Date          string `json:"date"`
	Timestamp     int64  `json:"timestamp"`
	Analysis      string `json:"analysis,omitempty"`
	ThreatLevelID string `json:"threat_level_id,omitempty"`
}

// maxManifest is how many bytes a manifest may have.
const maxManifest = 256 << 20

// ParseManifest reads the manifest of a feed. It refuses names that are no
// UUIDs: they are names of files, too.
func ParseManifest(raw []byte) (Manifest, error) {
	if len(raw) > maxManifest {
		return nil, fmt.Errorf("the manifest has %d bytes, more than %d: no feed needs that", len(raw), maxManifest)
	}
	if depth(raw) > stix.MaxDepth {
		return nil, errDepth
	}
	var m Manifest
	if err := json.Unmarshal(raw, &m, lenient); err != nil {
		return nil, fmt.Errorf("%s: %w", ManifestFile, plain(err))
	}
	for uuid := range m {
		if stix.ID("x-misp-event--"+uuid).Valid() != nil {
			return nil, fmt.Errorf("%s: %q is no UUID (RFC 4122) of an event: ask the maker of the feed to correct it", ManifestFile, cut(uuid))
		}
	}
	return m, nil
}

// cut shortens what is quoted in an error.
func cut(s string) string { return s[:min(len(s), 64)] }

// ParseHashes reads the MD5 of values with the UUIDs of the events that have
// them. Of a line that is none it yields an error, and goes on.
func ParseHashes(r io.Reader) iter.Seq2[[2]string, error] {
	return func(yield func([2]string, error) bool) {
		lines := bufio.NewScanner(r)
		for n := 1; lines.Scan(); n++ {
			line := strings.TrimSpace(lines.Text())
			if line == "" {
				continue
			}
			sum, uuid, _ := strings.Cut(line, ",")
			var err error
			if digestOf("MD5", sum) == "" || stix.ID("x-misp-event--"+uuid).Valid() != nil {
				err = fmt.Errorf("%s: line %d is no MD5 and UUID with a comma between them: %q", HashesFile, n, cut(line))
			}
			if !yield([2]string{sum, uuid}, err) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield([2]string{}, fmt.Errorf("%s: %w", HashesFile, err))
		}
	}
}

// ReadFeed reads the events of the feed in a folder, in the order of their
// UUIDs. An *EventError is about one event; all other errors end the reading.
func ReadFeed(folder fs.FS) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		raw, err := fs.ReadFile(folder, ManifestFile)
		if err != nil {
			yield(nil, fmt.Errorf("no MISP feed: %w", err))
			return
		}
		m, err := ParseManifest(raw)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, uuid := range slices.Sorted(maps.Keys(m)) {
			if e, err := feedEvent(folder, uuid); !yield(e, err) {
				return
			}
		}
	}
}

// feedEvent reads one event of a feed.
func feedEvent(folder fs.FS, uuid string) (*Event, error) {
	f, err := folder.Open(uuid + ".json")
	if err != nil {
		return nil, &EventError{UUID: uuid, Err: err}
	}
	defer f.Close()
	e, err := NewReader(f).Next()
	var one *EventError
	switch {
	case err == io.EOF:
		err = errNoEvent
	case errors.As(err, &one):
		err = one.Err
	case err == nil && !strings.EqualFold(e.UUID, uuid):
		err = fmt.Errorf("the file has event %s: ask the maker of the feed to correct it", e.UUID)
	}
	if err != nil {
		return nil, &EventError{UUID: uuid, Err: err}
	}
	return e, nil
}

// Wrapped returns the event under "Event", as feeds and instances write it.
func (e *Event) Wrapped() []byte {
	if len(e.body) < len(e.raw) {
		return e.raw
	}
	return slices.Concat([]byte(`{"Event":`), e.raw, []byte{'}'})
}

// entry returns what the manifest says of an event.
func (e *Event) entry() ManifestEntry {
	m := ManifestEntry{Tags: e.Tags, Info: e.Info, Date: e.Date, Timestamp: e.Timestamp, Analysis: e.Analysis, ThreatLevelID: e.ThreatLevelID}
	if e.Orgc != nil {
		m.Orgc = &Org{Name: e.Orgc.Name, UUID: e.Orgc.UUID}
	}
	return m
}

// hashes appends the lines that say of which values the event tells: both
// halves of a pair by themselves.
func (e *Event) hashes(to []byte) []byte {
	add := func(list []Attribute) {
		for i := range list {
			a := &list[i]
			if a.Deleted || a.Value == "" {
				continue
			}
			values := []string{a.Value}
			if strings.Contains(a.Type, "|") || a.Type == "malware-sample" {
				values = strings.Split(a.Value, "|")
			}
			for _, v := range values {
				sum := md5.Sum([]byte(v))
				to = hex.AppendEncode(to, sum[:])
				to = append(append(append(to, ','), e.UUID...), '\n')
			}
		}
	}
	add(e.Attributes)
	for i := range e.Objects {
		add(e.Objects[i].Attributes)
	}
	return to
}

// WriteFeed writes events as a feed into a folder, which it makes: a file for
// each event, as the event came, then hashes.csv and last manifest.json, so
// that who reads while it is written finds all that the manifest names. What
// the events hold is written as it is: leave out what its readers may not see.
func WriteFeed(dir string, events iter.Seq[*Event]) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	manifest := Manifest{}
	var hashes []byte
	for e := range events {
		if _, twice := manifest[e.UUID]; twice {
			return fmt.Errorf("event %s comes twice: a feed has each once", e.UUID)
		}
		if err := replace(filepath.Join(dir, e.UUID+".json"), e.Wrapped()); err != nil {
			return err
		}
		manifest[e.UUID] = e.entry()
		hashes = e.hashes(hashes)
	}
	if err := replace(filepath.Join(dir, HashesFile), hashes); err != nil {
		return err
	}
	raw, err := json.Marshal(manifest, json.Deterministic(true))
	if err != nil {
		return err
	}
	if err := (*jsontext.Value)(&raw).Indent(); err != nil {
		return err
	}
	return replace(filepath.Join(dir, ManifestFile), append(bytes.TrimSpace(raw), '\n'))
}

// replace writes a file under a name that has the old content or the new.
func replace(name string, content []byte) error {
	if err := os.WriteFile(name+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
