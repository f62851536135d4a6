package exercise

import (
	"bytes"
	"context"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// town writes an exercise into a new folder and returns it.
func town(t testing.TB, o Options) (string, Summary) {
	t.Helper()
	dir := t.TempDir()
	sum, err := Generate(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, sum
}

// contents maps every file below dir to what it holds.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func same(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for name, b := range want {
		if g, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if !bytes.Equal(g, b) {
			t.Errorf("%s differs: %d bytes, want %d", name, len(g), len(b))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is too many", name)
		}
	}
}

// TestCommitted: the logs that are committed are what the generator makes
// with its default seed and size, and stay under 3 MB.
func TestCommitted(t *testing.T) {
	dir, _ := town(t, Options{Seed: DefaultSeed})
	committed := contents(t, LogsFolder)
	same(t, contents(t, filepath.Join(dir, LogsFolder)), committed)
	truth, err := os.ReadFile(TruthFile)
	if err != nil {
		t.Fatal(err)
	}
	made, err := os.ReadFile(filepath.Join(dir, TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(truth, made) {
		t.Errorf("%s differs: run `go run ./exercise/generate`", TruthFile)
	}
	total := len(truth)
	for _, b := range committed {
		total += len(b)
	}
	if total >= 3_000_000 {
		t.Errorf("the committed set has %d bytes", total)
	}
}

// TestSeed: another seed is another week of work and the same story.
func TestSeed(t *testing.T) {
	a, sumA := town(t, Options{Seed: 7})
	b, sumB := town(t, Options{Seed: 8})
	if sumA.Records != sumB.Records {
		t.Errorf("%d and %d malicious records", sumA.Records, sumB.Records)
	}
	if bytes.Equal(contents(t, a)["logs/files01/auth.log"], contents(t, b)["logs/files01/auth.log"]) {
		t.Error("two seeds gave the same work")
	}
}

// TestSize: the logs come out about as large as asked.
func TestSize(t *testing.T) {
	size := int64(24 << 20)
	_, sum := town(t, Options{Seed: DefaultSeed, Size: size})
	if sum.Bytes < size*85/100 || sum.Bytes > size*115/100 {
		t.Errorf("asked for %d bytes, got %d", size, sum.Bytes)
	}
}

// TestSites: a large exercise has further town halls, of which only the first
// is attacked, and the same bytes however many are written at once.
func TestSites(t *testing.T) {
	two, one := t.TempDir(), t.TempDir()
	o := Options{Seed: DefaultSeed, Size: 9 << 20}
	sum, err := generate(context.Background(), two, o, 5<<20)
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if _, err := generate(context.Background(), one, o, 5<<20); err != nil {
		t.Fatal(err)
	}
	files := contents(t, two)
	same(t, files, contents(t, one))
	if sum.Sites != 2 || sum.Files != len(files) || files["logs/mail02/Security.evtx"] == nil {
		t.Errorf("%+v, %d files", sum, len(files))
	}
	for _, truth := range readTruth(t, two) {
		if !strings.Contains(truth.Path, "01/") {
			t.Errorf("%s:%d: only the first town hall is attacked", truth.Path, truth.Record)
		}
	}
}

// TestTruth: every truth points to a record that is there, and that record
// is what it says: the text logs' lines hold the attacker's traces.
func TestTruth(t *testing.T) {
	dir, sum := town(t, Options{Seed: DefaultSeed})
	truths := readTruth(t, dir)
	if len(truths) != sum.Records {
		t.Fatalf("%d truths, %d records", len(truths), sum.Records)
	}
	logs := contents(t, filepath.Join(dir, LogsFolder))
	traces := map[string]string{ // of each kind of text log, by what its path holds
		"W3SVC1": "149.28.14.163 103.77.192.219 104.140.114.110 80.92.205.81", "W3SVC2": "python-requests",
		"HttpProxy": "149.28.14.163 103.77.192.219 104.140.114.110 80.92.205.81", "ECP": "OabVirtualDirectory",
		"OABGeneratorLog": "Download", "auth.log": "10.20.1.25 svc-backup Session", "audit.log": "10.20.1.25 auid=1001",
		"conn.log": "149.28.14.163 103.77.192.219 104.140.114.110 80.92.205.81 157.230.221.198 104.250.191.110 10.20.1.25",
		"dns.log":  "t1.cdn-sync.example", "http.log": "157.230.221.198 104.250.191.110",
	}
	for _, truth := range truths {
		b, ok := logs[truth.Path]
		if !ok {
			t.Fatalf("%s is not among the logs", truth.Path)
		}
		if truth.Time.UnixMicro() < start || truth.Time.UnixMicro() >= end {
			t.Errorf("%s:%d is outside of the week: %s", truth.Path, truth.Record, truth.Time)
		}
		if !truth.Covered && truth.Reason == "" {
			t.Errorf("%s:%d is not covered and does not say why", truth.Path, truth.Record)
		}
		if strings.HasSuffix(truth.Path, ".evtx") {
			continue // TestEventIDs
		}
		line := lineOf(b, truth.Record)
		if !containsOne(line, traces, truth.Path) {
			t.Errorf("%s:%d shows nothing of %q: %s", truth.Path, truth.Record, truth.What, line)
		}
	}
}

func readTruth(t *testing.T, dir string) []Truth {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, TruthFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	truths, err := ReadTruth(f)
	if err != nil {
		t.Fatal(err)
	}
	return truths
}

func lineOf(b []byte, n uint64) string {
	for line := range bytes.Lines(b) {
		if n--; n == 0 {
			return string(line)
		}
	}
	return ""
}

func containsOne(line string, traces map[string]string, path string) bool {
	for kind, words := range traces {
		if !strings.Contains(path, kind) {
			continue
		}
		for _, w := range strings.Fields(words) {
			if strings.Contains(line, w) {
				return true
			}
		}
	}
	return false
}

// TestEventIDs: an event log's record ids run on without a gap, and the
// truth's are among them at the truth's time (MS-EVEN6 2.2.11: the record's
// header is its magic, size, id and FILETIME).
func TestEventIDs(t *testing.T) {
	dir, _ := town(t, Options{Seed: DefaultSeed})
	logs := contents(t, filepath.Join(dir, LogsFolder))
	times := map[string]map[uint64]uint64{}
	for name, b := range logs {
		if !strings.HasSuffix(name, ".evtx") {
			continue
		}
		times[name] = map[uint64]uint64{}
		var last, latest uint64
		for i := 4096; i+24 <= len(b); i += 8 { // records are padded to 8 bytes
			if binary.LittleEndian.Uint32(b[i:]) != 0x2a2a {
				continue
			}
			size, id, at := binary.LittleEndian.Uint32(b[i+4:]), binary.LittleEndian.Uint64(b[i+8:]), binary.LittleEndian.Uint64(b[i+16:])
			if last != 0 && id != last+1 {
				t.Errorf("%s: record %d follows %d", name, id, last)
			}
			if at < latest {
				t.Errorf("%s: record %d is earlier than the one before it", name, id)
			}
			times[name][id], last, latest = at, id, at
			i += int(size) - 8
		}
		if last == 0 {
			t.Errorf("%s has no record", name)
		}
	}
	for _, truth := range readTruth(t, dir) {
		ids, ok := times[truth.Path]
		if !ok {
			continue
		}
		want := uint64(truth.Time.UnixMicro()*10 + 116444736000000000)
		if ids[truth.Record] != want {
			t.Errorf("%s:%d is not at %s", truth.Path, truth.Record, truth.Time)
		}
	}
}

// TestOrder: lines are written in the order of time (Zeek: of the
// connections' ends), so that hunts may rely on it as on real logs.
func TestOrder(t *testing.T) {
	dir, _ := town(t, Options{Seed: DefaultSeed})
	for name, b := range contents(t, filepath.Join(dir, LogsFolder)) {
		width := 0 // of the time at the start of a line
		switch {
		case strings.Contains(name, "W3SVC"):
			width = len("2021-02-26 00:04:18")
		case strings.HasSuffix(name, ".LOG"):
			width = len("2021-02-26T00:04:18.000Z")
		case strings.HasSuffix(name, "dns.log"):
			width = len("1614298800.000000")
		default:
			continue
		}
		last := ""
		for line := range bytes.Lines(b) {
			if line[0] == '#' || line[0] == 'D' || line[0] == 'T' || len(line) < width {
				continue
			}
			if now := string(line[:width]); now < last {
				t.Fatalf("%s: %s after %s", name, now, last)
			} else {
				last = now
			}
		}
	}
}

// TestInterrupted: a cancelled run ends soon and says so.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	begun := time.Now()
	if _, err := Generate(ctx, t.TempDir(), Options{Size: 10 << 30}); err == nil {
		t.Error("no error")
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

func BenchmarkGenerate(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		sum, err := Generate(context.Background(), dir, Options{Seed: DefaultSeed, Size: 64 << 20})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(sum.Bytes)
	}
}
