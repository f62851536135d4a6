package intel_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/internal/intel"
)

// written returns what x is in a file.
func written(t testing.TB, x *intel.Index) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := x.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes()
}

// reread returns x as it comes out of a file.
func reread(t testing.TB, x *intel.Index, at time.Time) (*intel.Index, intel.Stats) {
	t.Helper()
	file := written(t, x)
	again, stats, err := intel.ReadIndex(bytes.NewReader(file), int64(len(file)), at)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written(t, again), file) {
		t.Error("what was read is written otherwise")
	}
	return again, stats
}

// ofAll are objects of which an index has something of every part.
func ofAll() []string {
	objects := []string{
		relationship(1, "indicates", "indicator--"+uuid(1), "campaign--"+uuid(2), ""),
		relationship(2, "attributed-to", "campaign--"+uuid(2), "intrusion-set--"+uuid(3), ""),
		fmt.Sprintf(`{"type":"campaign","spec_version":"2.1","id":"campaign--%s","name":"Exchange of 2021"}`, uuid(2)),
		fmt.Sprintf(`{"type":"intrusion-set","spec_version":"2.1","id":"intrusion-set--%s","name":"HAFNIUM","external_references":[{"source_name":"mitre-attack","external_id":"G0125"}]}`, uuid(3)),
		indicator(1, `[domain-name:value = 'evil.example']`, `"name":"Exfiltration to evil.example","confidence":85,"labels":["benign"],"kill_chain_phases":[{"kill_chain_name":"mitre-attack","phase_name":"exfiltration"}],"external_references":[{"source_name":"mitre-attack","external_id":"T1041"}],"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]`),
		indicator(2, `[domain-name:value = 'evil.example'] OR [domain-name:value LIKE '%.evil.example']`, `"valid_until":"2021-06-01T00:00:00Z"`),
		indicator(3, `[ipv4-addr:value = '198.51.100.0/24']`, ""), indicator(4, `[ipv4-addr:value = '198.51.100.0/24' OR ipv6-addr:value = '2001:db8::/32']`, ""),
		indicator(5, `[url:value = 'http://evil.example/a?b=1' OR url:value = 'http://intranet/x']`, ""),
		indicator(6, `[windows-registry-key:key = 'HKLM\\Software\\Evil']`, ""), indicator(7, `[mutex:name = 'Global\\EvilMutexOfTheBotnet' OR file:name = 'a b c.exe']`, ""),
		indicator(8, `[file:hashes.MD5 = '`+strings.Repeat("0a", 16)+`']`, ""), indicator(9, `[directory:path = '/opt/Evil/bin.d']`, ""),
		indicator(10, `[process:command_line LIKE '%evil%' AND process:pid = 5] FOLLOWEDBY [file:size > 5 AND file:name MATCHES '^x'] WITHIN 30 SECONDS`, ""),
		indicator(11, `[domain-name:value = 'gone.example']`, `"revoked":true`), indicator(12, `[domain-name:value = 'no domain']`, ""),
		strings.ReplaceAll(indicator(13, `[domain-name:value = 'odd.example']`, ""), uuid(13), "ABCDEF00-0000-4000-8000-0000000000AB"),
		strings.Replace(indicator(14, `rule x {}`, ""), `"stix"`, `"yara"`, 1),
	}
	return objects
}

const textOfAll = `evil.example www.evil.example 198.51.100.7 2001:db8::1 http://evil.example/a?b=1 http://intranet/x gone.example odd.example ` +
	`HKLM\Software\Evil Global\EvilMutexOfTheBotnet "a b c.exe" /opt/Evil/bin.d 0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A0A`

// known lists what x knows of all that it finds in a text.
func known(x *intel.Index, text string) []string {
	e := event.New(event.NewNames())
	e.Text, e.Time = []byte(text), event.NoTime
	m := x.NewMatcher()
	var list []string
	hits := m.Match(e)
	for i := range hits {
		in, value, kind := m.Indicator(&hits[i])
		list = append(list, fmt.Sprintf("%d-%d %s %s %+v", hits[i].Start, hits[i].End, value, kind, *in))
	}
	return list
}

// An index that was kept says all that it said before, and what has expired
// since is counted anew.
func TestIndexFile(t *testing.T) {
	x, stats := build(t, ofAll()...)
	again, restats := reread(t, x, now)
	if !reflect.DeepEqual(stats, restats) {
		t.Errorf("got %+v, want %+v", restats, stats)
	}
	got, want := known(again, textOfAll), known(x, textOfAll)
	if len(want) != 9 || !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if p := again.CompilePatterns(event.NewNames()); p == nil || p.Brackets() != 2 {
		t.Error("the pattern of two brackets is lost")
	}
	earlier, restats := reread(t, x, time.Date(2021, 5, 1, 0, 0, 0, 0, time.UTC))
	if stats.Expired != 1 || restats.Expired != 0 || len(known(earlier, textOfAll)) != len(want)+1 {
		t.Errorf("%d had expired, earlier %d", stats.Expired, restats.Expired)
	}
	for _, objects := range [][]string{nil, {indicator(1, `[file:size > 5]`, "")}, {indicator(1, `[ipv4-addr:value = '198.51.100.0/24']`, "")}} {
		x, stats := build(t, objects...)
		if _, restats := reread(t, x, now); !reflect.DeepEqual(stats, restats) {
			t.Errorf("got %+v, want %+v", restats, stats)
		}
	}
}

func TestIndexFileOfMany(t *testing.T) {
	x, values := made(t, 50_000)
	again, _ := reread(t, x, time.Now())
	for i := 0; i < len(values); i += 100 {
		text := strings.Join(values[i:i+100], " ")
		got, want := known(again, text), known(x, text)
		if len(want) < 100 || len(got) != len(want) {
			t.Fatalf("%d hits, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("got %s\nwant %s", got[i], want[i])
			}
		}
	}
}

// What is damaged or cut off is refused, wherever.
func TestDamagedIndexFile(t *testing.T) {
	x, _ := build(t, ofAll()...)
	file := written(t, x)
	refused := func(what string, b []byte, size int) {
		t.Helper()
		if _, _, err := intel.ReadIndex(bytes.NewReader(b), int64(size), now); !errors.Is(err, intel.ErrIndexFile) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for n := range file {
		refused(fmt.Sprintf("cut to %d bytes", n), file[:n], n)
		if n%7 == 0 {
			refused(fmt.Sprintf("cut to %d bytes while it is read", n), file[:n], len(file))
			bad := slices.Clone(file)
			bad[n] ^= 1 << (n % 8)
			refused(fmt.Sprintf("byte %d changed", n), bad, len(bad))
		}
	}
	refused("a byte more", append(slices.Clone(file), 0), len(file)+1)
}

// readWith reads a file in which the byte at some place is another and the sum
// is right, and hunts with what comes of it.
func readWith(t *testing.T, file []byte, at uint, c byte) {
	t.Helper()
	file = slices.Clone(file)
	if n := len(file) - 4; n > 0 {
		file[at%uint(n)] = c
		binary.LittleEndian.PutUint32(file[n:], crc32.Checksum(file[:n], crc32.MakeTable(crc32.Castagnoli)))
	}
	x, stats, err := intel.ReadIndex(bytes.NewReader(file), int64(len(file)), now)
	if err != nil {
		if !errors.Is(err, intel.ErrIndexFile) {
			t.Error(err)
		}
		return
	}
	if stats.Unusable > 0 {
		_ = stats.Problems[0]
	}
	known(x, textOfAll)
	x.NewMatcher().Sweep([]byte(textOfAll), true)
	if p := x.CompilePatterns(event.NewNames()); p != nil {
		for number := range p.Brackets() {
			p.Indicator(p.Hit(int32(number)))
		}
	}
	if _, err := x.WriteTo(io.Discard); err != nil {
		t.Error(err)
	}
}

// Whatever a byte says, the file is refused, or as safe to hunt with as any
// index.
func TestIndexFileOfAnybody(t *testing.T) {
	x, _ := build(t, ofAll()...)
	file := written(t, x)
	for at := range file {
		for _, c := range []byte{0xff, file[at] + 1} {
			readWith(t, file, uint(at), c)
		}
	}
}

func FuzzReadIndex(f *testing.F) {
	for _, objects := range [][]string{ofAll(), nil, {indicator(1, `[ipv4-addr:value = '198.51.100.0/24']`, ""), indicator(1, `[mutex:name = 'abc']`, "")}} {
		x, _ := build(f, objects...)
		f.Add(written(f, x), uint(0), byte('t'))
	}
	f.Fuzz(readWith)
}

func BenchmarkReadIndex(b *testing.B) {
	x, _ := made(b, 1_000_000)
	file := written(b, x)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, _, err := intel.ReadIndex(bytes.NewReader(file), int64(len(file)), now); err != nil {
			b.Fatal(err)
		}
	}
}
