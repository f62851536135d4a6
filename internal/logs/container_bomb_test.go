package logs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
)

// zipDirectory returns a zip of one member whose directory (APPNOTE 4.3.12)
// names it n times.
func zipDirectory(name, content string, n int) string {
	z := zipOf(name, content)
	first := strings.LastIndex(z, "PK\x01\x02")
	end := []byte(z[strings.LastIndex(z, "PK\x05\x06"):])
	entries := strings.Repeat(z[first:len(z)-len(end)], n)
	binary.LittleEndian.PutUint16(end[8:], uint16(n))
	binary.LittleEndian.PutUint16(end[10:], uint16(n))
	binary.LittleEndian.PutUint32(end[12:], uint32(len(entries)))
	return z[:first] + entries + string(end)
}

// A zip whose members overlap is refused: all in one place, or one beginning
// within the other, as when the local header of one (APPNOTE 4.3.7) is data of
// another.
func TestOverlappingMembers(t *testing.T) {
	dir := t.TempDir()
	same := zipDirectory("x.log", twoLines, 2)
	within := []byte(zipOf("a.log", strings.Repeat(twoLines, 9), "b.log", twoLines))
	entry := bytes.Index(within, []byte("PK\x01\x02")) // of a.log: its data now reach into those of b.log
	size := binary.LittleEndian.Uint32(within[entry+20:])
	binary.LittleEndian.PutUint32(within[entry+20:], size+60)
	for _, c := range []struct{ zip, names string }{{same, "x.log and x.log"}, {string(within), "a.log and b.log"}} {
		got, in := readAll(t, Options{}, write(t, dir, "overlap.zip", c.zip))
		if p := in.Files()[0].Problem; p == nil || !strings.Contains(p.Error(), c.names+" overlap") || len(got) > 0 {
			t.Errorf("problem %v, %d lines; want that %s overlap", p, len(got), c.names)
		}
	}
}

// What all members unpack to counts against the size of the archive.
func TestMembersUnpackToTooMuch(t *testing.T) {
	var members []string
	for i := range 20 {
		members = append(members, fmt.Sprintf("%d.log", i), strings.Repeat("one two\n", 1<<20))
	}
	path := write(t, t.TempDir(), "bomb.zip", zipOf(members...))
	in, err := Open([]string{path}, Options{MaxRatio: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var b Block
	read := 0
	for in.Next(&b) == nil {
		read += len(b.Data)
	}
	if limit := freeUnpacked + 8<<20; read < freeUnpacked || read > limit {
		t.Errorf("read %d bytes, want %d to %d", read, freeUnpacked, limit)
	}
	files := in.Files()
	if p := files[len(files)-1].Problem; p == nil || !strings.Contains(p.Error(), "times its size") {
		t.Errorf("the last member: %v, want that it unpacks to too much", p)
	}
}

// A directory too large for memory costs its archive alone.
func TestHugeDirectory(t *testing.T) {
	dir := t.TempDir()
	huge := write(t, dir, "huge.zip", zipDirectory("x.log", twoLines, maxDirectory/40))
	good := write(t, dir, "x.log", twoLines)
	got, in := readAll(t, Options{}, huge, good)
	if p := in.Files()[0].Problem; !errors.Is(p, errDirectory) || len(got) != 2 {
		t.Errorf("problem %v, %d lines; want %v and the 2 lines of the next file", p, len(got), errDirectory)
	}
}

// What a journal holds up to where its compression breaks off is read.
func TestJournalCutShort(t *testing.T) {
	w := newJournalWriter(false)
	for i := range uint64(50) {
		w.entry(1614660240000000+i, "MESSAGE=knock "+strings.Repeat("x", int(i)))
	}
	packed := gz(string(w.buf))
	path := write(t, t.TempDir(), "a.journal.gz", packed[:len(packed)-9]) // without the trailer, RFC 1952 2.3.1
	got, in := readAll(t, Options{}, path)
	if p := in.Files()[0].Problem; p == nil || len(got) < 40 {
		t.Errorf("problem %v, %d records; want a problem and nearly all records", p, len(got))
	}
}

// A folder without files is told, and how to get at a file that may not be read.
func TestNothingToRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open([]string{dir}, Options{}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error %v, want one that names %s", err, dir)
	}
	p := problem(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission})
	if !errors.Is(p, fs.ErrPermission) || !strings.Contains(p.Error(), "run as") {
		t.Errorf("problem %v, want what to do", p)
	}
}

// A problem names its container once.
func TestNamedOnce(t *testing.T) {
	path := write(t, t.TempDir(), "a.gz", gz(twoLines)+"junk behind")
	_, in := readAll(t, Options{}, path)
	if p := in.Files()[0].Problem; p == nil || bytes.Count([]byte(p.Error()), []byte("gzip:")) != 1 {
		t.Errorf("problem %v, want gzip named once", p)
	}
}
