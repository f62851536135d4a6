package logs

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-project/tocsin/event"
)

func newTestParser() *Parser {
	names := event.NewNames()
	for _, n := range testNames {
		names.Intern(n)
	}
	return NewParser(names, testRouter(names))
}

const twoLines = "one\ntwo\n"

// bzip2 and xz of twoLines; the last asks for a dictionary of 1 GiB.
const (
	bzip2Lines = "QlpoOTFBWSZTWacUK3cAAALBgAAQAgGEgCAAIYAMAjj1G4u5IpwoSFOKFbuA"
	xzLines    = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAHb25lCnR3bwoAUauer1d1cEkAASAIuxnZux+2830BAAAAAARZWg=="
	xzHuge     = "/Td6WFoAAATm1rRGAgAhASQAAABeH8f5AQAHb25lCnR3bwoAUauer1d1cEkAASAIuxnZux+2830BAAAAAARZWg=="
)

func unbase64(t testing.TB, s string) string {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func gz(content string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, content)
	w.Close()
	return b.String()
}

func zst(t testing.TB, content string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(content), nil))
}

// tarOf and zipOf pack pairs of name and content.
func tarOf(pairs ...string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w.WriteHeader(&tar.Header{Name: pairs[i], Size: int64(len(pairs[i+1])), Mode: 0o600, Typeflag: tar.TypeReg})
		io.WriteString(w, pairs[i+1])
	}
	w.Close()
	return b.String()
}

func zipOf(pairs ...string) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, _ := w.Create(pairs[i])
		io.WriteString(f, pairs[i+1])
	}
	w.Close()
	return b.String()
}

func paths(in *Input) []string {
	var out []string
	for _, f := range in.Files() {
		out = append(out, f.Path)
	}
	return out
}

func TestContainers(t *testing.T) {
	dir := t.TempDir()
	cases := []struct{ name, content, member string }{
		{"a.gz", gz(twoLines), ""},
		{"two-streams.gz", gz("one\n") + gz("two\n"), ""},
		{"a.zst", zst(t, twoLines), ""},
		{"a.xz", unbase64(t, xzLines), ""},
		{"a.bz2", unbase64(t, bzip2Lines), ""},
		{"a.zip", zipOf("d/x.log", twoLines), "!d/x.log"},
		{"a.tar", tarOf("../../x.log", twoLines), "!../../x.log"},
		{"a.tar.gz", gz(tarOf("x.log", twoLines)), "!x.log"},
		{"zip.tar.xz.gz", gz(tarOf("in.zip", zipOf("x.log.xz", unbase64(t, xzLines)))), "!in.zip!x.log.xz"},
		{"no-hint", gz(gz(gz(twoLines))), ""},
	}
	for _, c := range cases {
		path := write(t, dir, c.name, c.content)
		for _, stdin := range []bool{false, true} {
			opts := Options{TempDir: t.TempDir()}
			from := path
			if stdin {
				opts.Stdin, from = strings.NewReader(c.content), "-"
			}
			got, in := readAll(t, opts, from)
			base := filepath.Base(from + c.member)
			want := fmt.Sprintf("[%s:1@0 one %s:2@4 two]", base, base)
			if fmt.Sprint(got) != want || !slices.Equal(paths(in), []string{from + c.member}) {
				t.Errorf("%s (stdin %v): %v in %v, want %s; %v", c.name, stdin, got, paths(in), want, in.Files()[0])
			}
			done, total := in.Progress()
			if want := int64(len(c.content)); done < want && stdin || !stdin && (done != want || total != want) {
				t.Errorf("%s: progress %d of %d, want %d", c.name, done, total, want)
			}
			if err := in.Close(); err != nil {
				t.Error(err)
			}
			if left, _ := os.ReadDir(opts.TempDir); len(left) != 0 {
				t.Errorf("%s: left %v behind", c.name, left)
			}
		}
	}
}

// Every file that is not read is named with its reason, and the rest is read.
func TestReasons(t *testing.T) {
	dir := t.TempDir()
	deep := twoLines
	for range maxLayers + 1 {
		deep = gz(deep)
	}
	long := gz(strings.Repeat("a line that repeats\n", 10000))
	cases := []struct{ name, content, reason string }{
		{"a-empty", "", "empty"},
		{"b.db", "SQLite format 3\x00" + strings.Repeat("\x00\x01\x02", 100), "a SQLite database, not a log"},
		{"c.bin", strings.Repeat("\x01\x02\xff\x80x", 100), "binary of an unknown kind"},
		{"d-zeros", strings.Repeat("\x00", 5000), "nothing but zero bytes"},
		{"e.gz", long[:len(long)/2], "gzip: cut short"},
		{"f.gz", deep, fmt.Sprintf("packed more than %d deep", maxLayers)},
		{"g.zip", zipOf("x", "y")[:60], "zip: not a valid zip file"},
		{"h.xz", unbase64(t, xzHuge), "xz: "},
		{"i.7z", "7z\xbc\xaf\x27\x1c" + strings.Repeat("\x00\x01\x02", 100), "a 7-Zip archive: unpack it first"},
		{"j.tar", tarOf("x", strings.Repeat("line\n", 1000))[:700], "tar: cut short"},
		{"lastlog", strings.Repeat("\x00\x01\x02\x03", 100), "the last logins of each user, not a log: lastlog shows them"},
		{"z.log", "last\n", ""},
	}
	for _, c := range cases {
		write(t, dir, c.name, c.content)
	}
	got, in := readAll(t, Options{}, dir)
	if got[len(got)-1] != "z.log:1@0 last" {
		t.Errorf("the hunt did not go on: %v", got)
	}
	said := map[string]string{}
	for _, f := range in.Files() {
		reason := f.Skipped
		if f.Problem != nil {
			reason = f.Problem.Error()
		}
		name, _, _ := strings.Cut(filepath.Base(f.Path), "!")
		said[name] = reason
	}
	for _, c := range cases {
		if r := said[c.name]; r != c.reason && (c.name != "h.xz" || !strings.HasPrefix(r, c.reason)) {
			t.Errorf("%s: %q, want %q", c.name, r, c.reason)
		}
	}
	if n := slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "e.gz:1@0 a line that repeats") }); n < 0 {
		t.Error("what comes before the cut of a compressed file is read")
	}
}

// A file that unpacks without end is left when it passes the ratio, and
// memory stays flat.
func TestExpansion(t *testing.T) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n"), 1<<14)
	for range 100 {
		w.Write(chunk)
	}
	w.Close()
	bomb := write(t, t.TempDir(), "bomb.gz", b.String())
	in, err := Open([]string{bomb}, Options{MaxRatio: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var block Block
	read := 0
	for in.Next(&block) == nil {
		read += len(block.Data)
	}
	runtime.ReadMemStats(&after)
	if f := in.Files()[0]; f.Problem == nil || f.Problem.Error() != "gzip: unpacks to more than 100 times its size: the rest is not read" {
		t.Errorf("problem %v after %d bytes", f.Problem, read)
	}
	if read > freeUnpacked+2*len(chunk) {
		t.Errorf("read %d bytes", read)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("allocated %d bytes", took)
	}
}

// A zip within an archive goes to disk, up to a limit.
func TestSpoolLimit(t *testing.T) {
	temp := t.TempDir()
	path := write(t, t.TempDir(), "a.tar", tarOf("in.zip", zipOf("x.log", twoLines), "y.log", "yes\n"))
	got, in := readAll(t, Options{TempDir: temp, MaxSpool: 50}, path)
	if fmt.Sprint(got) != "[a.tar!y.log:1@0 yes]" {
		t.Errorf("%v", got)
	}
	if p := in.Files()[0].Problem; p == nil || !strings.Contains(p.Error(), "unpacks to more than 0 MB on disk") {
		t.Errorf("problem %v", p)
	}
	if left, _ := os.ReadDir(temp); len(left) != 0 {
		t.Errorf("left %v behind", left)
	}
}

func TestEncryptedMember(t *testing.T) {
	content := []byte(zipOf("x.log", twoLines, "y.log", twoLines))
	local := bytes.Index(content, []byte("PK\x01\x02"))
	content[local+8] |= 1 // APPNOTE 4.4.4, bit 0, in the directory entry of the first file
	got, in := readAll(t, Options{}, write(t, t.TempDir(), "a.zip", string(content)))
	if len(got) != 2 || in.Files()[0].Problem == nil || !strings.Contains(in.Files()[0].Problem.Error(), "encrypted") {
		t.Errorf("%v, %v", got, in.Files()[0])
	}
}

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b/2.log", "two\n")
	write(t, dir, "b/1.log", "one\n")
	write(t, dir, "a.log", "a\n")
	outside := write(t, t.TempDir(), "outside.log", "outside\n")
	for from, to := range map[string]string{"b/loop": "..", "c-out": outside, "d-in": "b/1.log", "e-gone": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	got, in := readAll(t, Options{}, dir, filepath.Join(dir, "a.log"), filepath.Join(dir, "b", "*.log"), filepath.Join(dir, "missing"))
	if want := "[a.log:1@0 a 1.log:1@0 one 2.log:1@0 two]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %v", got, want)
	}
	said := map[string]string{}
	for _, f := range in.Files() {
		rel, _ := filepath.Rel(dir, f.Path)
		said[rel] = f.Skipped
		if f.Problem != nil {
			said[rel] = f.Problem.Error()
		}
	}
	for path, want := range map[string]string{
		"b/loop": "the same folder as " + dir, "c-out": "a link out of the folder, to " + outside,
		"d-in": "the same file as " + filepath.Join(dir, "b", "1.log"), "e-gone": "a link that leads nowhere",
		"missing": "file does not exist", "a.log": "",
	} {
		if said[path] != want {
			t.Errorf("%s: %q, want %q", path, said[path], want)
		}
	}
	if got, _ := readAll(t, Options{}, filepath.Join(dir, "c-out")); len(got) != 1 {
		t.Error("a link that is named is followed")
	}
	if _, err := Open([]string{filepath.Join(dir, "missing")}, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing named: %v", err)
	}
	if _, err := Open(nil, Options{}); err == nil {
		t.Error("no path: no error")
	}
}

func TestLineTooLong(t *testing.T) {
	path := write(t, t.TempDir(), "a.log", "one\n"+strings.Repeat("x", maxRecord*2)+"\nthree\n"+strings.Repeat("y", maxLine+1)+"\nfive\n")
	in, err := Open([]string{path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	p := newTestParser()
	var b Block
	var got []string
	damaged := uint64(0)
	for in.Next(&b) == nil {
		s := p.Parse(&b, func(e *event.Event) { got = append(got, fmt.Sprintf("%d@%d %s", e.Record, e.Offset, e.Text)) })
		damaged += s.Damaged
	}
	want := fmt.Sprintf("[1@0 one 3@%d three 5@%d five]", 5+maxRecord*2, 5+maxRecord*2+6+maxLine+2)
	if fmt.Sprint(got) != want || damaged != 2 {
		t.Errorf("%v, want %v; %d damaged", got, want, damaged)
	}
}

// The last block of a file says so, whatever the size of blocks.
func TestLastBlock(t *testing.T) {
	path := write(t, t.TempDir(), "a.log", "123\n567\n")
	for size := 1; size < 12; size++ {
		in, err := Open([]string{path, path}, Options{BlockSize: size})
		if err != nil {
			t.Fatal(err)
		}
		var b Block
		var last []bool
		for in.Next(&b) == nil {
			if b.Seq != uint64(len(last)) {
				t.Errorf("block %d is numbered %d", len(last), b.Seq)
			}
			last = append(last, b.Last)
		}
		in.Close()
		if n := slices.Index(last, true); n != len(last)-1 || n < 0 {
			t.Errorf("blocks of %d: %v", size, last)
		}
		if err := in.Next(&b); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// A file whose records point backwards is read wherever it lies, and what it
// was unpacked to is gone once its last block is released.
func TestRandomAccessInArchives(t *testing.T) {
	w := newJournalWriter(false)
	for i := range 5000 {
		w.entry(uint64(1614733200000000+i), "MESSAGE=number "+fmt.Sprint(i), "_HOSTNAME=town")
	}
	content := string(w.buf)
	dir := t.TempDir()
	for _, path := range []string{write(t, dir, "a.journal", content), write(t, dir, "b.tar.gz", gz(tarOf("x.journal", content))), write(t, dir, "c.zip", zipOf("x.journal", content))} {
		temp := t.TempDir()
		in, err := Open([]string{path}, Options{TempDir: temp, BlockSize: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		var first, second Block
		p := newTestParser()
		var records uint64
		for _, b := range []*Block{&first, &second} { // the first block stays in hand to the end
			if err := in.Next(b); err != nil {
				t.Fatal(err)
			}
		}
		kept := first.At
		records += p.Parse(&first, func(*event.Event) {}).Records + p.Parse(&second, func(*event.Event) {}).Records
		for in.Next(&second) == nil {
			records += p.Parse(&second, func(*event.Event) {}).Records
		}
		if records != 5000 {
			t.Errorf("%s: %d records", path, records)
		}
		if _, err := kept.ReadAt(make([]byte, 8), 0); err != nil {
			t.Errorf("%s: a block in hand can no longer be read: %v", path, err)
		}
		if err := in.Next(&first); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
		if _, err := kept.ReadAt(make([]byte, 8), 0); err == nil {
			t.Errorf("%s: still open after its last block was released", path)
		}
		in.Close()
		if left, _ := os.ReadDir(temp); len(left) != 0 {
			t.Errorf("%s: left %v behind", path, left)
		}
	}
}

// Several goroutines take blocks in turn: each block once, numbered in order.
func TestWorkers(t *testing.T) {
	dir := t.TempDir()
	for i := range 20 {
		write(t, dir, fmt.Sprintf("%02d.log.gz", i), gz(strings.Repeat(fmt.Sprintf("line of %d\n", i), 5000)))
	}
	in, err := Open([]string{dir}, Options{BlockSize: 8 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var mu sync.Mutex
	seen := map[uint64]string{}
	var records uint64
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			p := newTestParser()
			var b Block
			for in.Next(&b) == nil {
				n := p.Parse(&b, func(*event.Event) {}).Records
				in.Progress()
				mu.Lock()
				seen[b.Seq] = b.File.Path
				records += n
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if records != 100000 {
		t.Errorf("%d records", records)
	}
	last := ""
	for i := range uint64(len(seen)) {
		if seen[i] < last {
			t.Errorf("block %d is of %s, after %s", i, seen[i], last)
		}
		last = seen[i]
	}
}

func TestNextFile(t *testing.T) {
	dir := t.TempDir()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(`{"type":"bundle"}`))
	z.Close()
	for name, data := range map[string][]byte{
		"a.json.gz": packed.Bytes(),
		"b.txt":     {0xff, 0xfe, 'h', 0, 'i', 0},
		"c.pdf":     []byte("%PDF-1.7"),
		"d.gz":      packed.Bytes()[:20],
		"e.log":     []byte("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in, err := Open([]string{dir}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var got []string
	for {
		f, r, err := in.NextFile()
		if err == nil && f.Format != "" { // only logs are written so
			got = append(got, filepath.Base(f.Path)+" "+f.Format)
			continue
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		got = append(got, fmt.Sprintf("%s %s %v", filepath.Base(f.Path), b, err))
	}
	want := []string{`a.json.gz {"type":"bundle"} <nil>`, "b.txt hi <nil>", "c.pdf %PDF-1.7 <nil>", "d.gz {\"typ gzip: cut short", "e.log w3c"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
}
