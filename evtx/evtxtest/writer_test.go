package evtxtest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/evtx"
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

var when = time.Date(2021, 3, 2, 10, 11, 12, 345678900, time.UTC)

func base(i int) evtxtest.Event {
	return evtxtest.Event{
		Provider:   "Microsoft-Windows-Sysmon",
		GUID:       "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		EventID:    1,
		Version:    5,
		Level:      4,
		Task:       1,
		Keywords:   0x8000000000000000,
		Time:       when.Add(time.Duration(i) * time.Second),
		ProcessID:  1000,
		ThreadID:   uint32(2000 + i),
		Channel:    "Microsoft-Windows-Sysmon/Operational",
		Computer:   "mail.town.example",
		UserID:     "S-1-5-18",
		ActivityID: "9A2E2C3B-0D1B-4B3B-8C7C-0123456789AB",
	}
}

// everyForm returns events that together use all that Event can say.
func everyForm(n int) []evtxtest.Event {
	var events []evtxtest.Event
	for i := range n {
		e := base(i)
		switch i % 4 {
		case 0:
			e.Data = []evtxtest.Data{
				{Name: "Image", Value: `C:\Windows\System32\cmd.exe`},
				{Name: "Text", Value: "Grüße, 東京 𝄞 <&>'\""},
				{Name: "Null"},
				{Name: "I8", Value: int8(-8)},
				{Name: "U8", Value: uint8(8)},
				{Name: "I16", Value: int16(-16)},
				{Name: "U16", Value: uint16(16)},
				{Name: "I32", Value: int32(-32)},
				{Name: "U32", Value: uint32(32)},
				{Name: "I64", Value: int64(-64)},
				{Name: "U64", Value: uint64(1 << 63)},
				{Name: "Int", Value: -i},
				{Name: "Uint", Value: uint(i)},
				{Name: "F32", Value: float32(1.5)},
				{Name: "F64", Value: 0.25},
				{Name: "No", Value: false},
				{Name: "Yes", Value: true},
				{Name: "Binary", Value: []byte{0xde, 0xad}},
				{Name: "GUID", Value: evtxtest.GUID("{5770385F-C22A-43E0-BF4C-06F5698FFBD9}")},
				{Name: "SID", Value: evtxtest.SID("S-1-5-21-1-2-3-1001")},
				{Name: "Hex32", Value: evtxtest.Hex32(0x3e7)},
				{Name: "Hex64", Value: evtxtest.Hex64(0xabcdef0123)},
				{Name: "Filetime", Value: when},
				{Name: "Systemtime", Value: evtxtest.SystemTime(when)},
				{Name: "ANSI", Value: evtxtest.ANSI("plain")},
			}
		case 1:
			e.Qualifiers = 16384
			e.EventSource = "Town Hall"
			e.Data = []evtxtest.Data{{Value: "first"}, {Value: []string{"a", "", "c"}}, {Value: "last"}}
		case 2:
			e.UserData = &evtxtest.Element{
				Name: "LogFileCleared", Namespace: "http://manifests.microsoft.com/win/2004/08/windows/eventlog",
				Children: []evtxtest.Element{
					{Name: "SubjectUserName", Value: "clerk"},
					{Name: "Detail", Attrs: []evtxtest.Data{{Name: "kind", Value: "x"}}, Value: uint32(7)},
					{Name: "Deep", Children: []evtxtest.Element{{Name: "Er", Value: "y"}}},
				},
			}
		case 3:
			e.Rendering = &evtxtest.Rendering{
				Culture: "en-US", Message: "A process\r\nstarted.", Level: "Information", Keywords: []string{"k1", "k2"},
			}
			e.Data = []evtxtest.Data{{Name: "Image", Value: `C:\x.exe`}, {Value: []string{"a", "b"}}}
			e.Forwarded = i%8 == 7
		}
		events = append(events, e)
	}
	return events
}

func TestRead(t *testing.T) {
	const n = 2000
	file, err := evtxtest.Bytes(everyForm(n)...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := evtx.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	h := r.Header()
	if h.Dirty || !h.ChecksumOK || h.NextRecordID != n+1 || int(h.Chunks) != (len(file)-4096)/65536 {
		t.Errorf("header: %+v", h)
	}
	id := uint64(0)
	for rec := range r.Records() {
		id++
		if rec.ID != id || rec.Time != when.Add(time.Duration(id-1)*time.Second).UnixNano() || rec.Written != rec.Time {
			t.Fatalf("record %d: %+v", id, rec)
		}
		if id == 1 {
			var got strings.Builder
			for _, f := range rec.Fields {
				fmt.Fprintf(&got, "%s=%s\n", f.Name, f.Value)
			}
			if got.String() != firstFields {
				t.Errorf("fields:\n%s", &got)
			}
		}
	}
	if s := r.Stats(); id != n || s.Damaged > 0 {
		t.Errorf("%d records, %+v", id, s)
	}
}

const firstFields = `Provider_Name=Microsoft-Windows-Sysmon
Provider_Guid={5770385F-C22A-43E0-BF4C-06F5698FFBD9}
EventID=1
Version=5
Level=4
Task=1
Opcode=0
Keywords=0x8000000000000000
TimeCreated_SystemTime=2021-03-02T10:11:12.3456789Z
EventRecordID=1
Correlation_ActivityID={9A2E2C3B-0D1B-4B3B-8C7C-0123456789AB}
Execution_ProcessID=1000
Execution_ThreadID=2000
Channel=Microsoft-Windows-Sysmon/Operational
Computer=mail.town.example
Security_UserID=S-1-5-18
Image=C:\Windows\System32\cmd.exe
Text=Grüße, 東京 𝄞 <&>'"
Null=
I8=-8
U8=8
I16=-16
U16=16
I32=-32
U32=32
I64=-64
U64=9223372036854775808
Int=0
Uint=0
F32=1.5
F64=0.25
No=false
Yes=true
Binary=DEAD
GUID={5770385F-C22A-43E0-BF4C-06F5698FFBD9}
SID=S-1-5-21-1-2-3-1001
Hex32=0x3e7
Hex64=0xabcdef0123
Filetime=2021-03-02T10:11:12.3456789Z
Systemtime=2021-03-02T10:11:12.3450000Z
ANSI=plain
`

// TestForwarded checks that a record written as text says what the same
// record says with templates and typed values.
func TestForwarded(t *testing.T) {
	for _, e := range everyForm(4) {
		want := fields(t, e)
		e.Forwarded = true
		if got := fields(t, e); got != want {
			t.Errorf("forwarded:\n%s\nwant\n%s", got, want)
		}
	}
}

func fields(t *testing.T, e evtxtest.Event) string {
	t.Helper()
	file, err := evtxtest.Bytes(e)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	stats := evtx.NewDecoder(nil).Chunk(file[evtx.HeaderSize:], func(r *evtx.Record) {
		for _, f := range r.Fields {
			fmt.Fprintf(&got, "%s=%s\n", f.Name, f.Value)
		}
	})
	if stats.Damaged > 0 {
		t.Errorf("%+v", stats)
	}
	return got.String()
}

func TestDeterministic(t *testing.T) {
	a, err := evtxtest.Bytes(everyForm(500)...)
	if err != nil {
		t.Fatal(err)
	}
	b, err := evtxtest.Bytes(everyForm(500)...)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two files of the same events differ (%v)", err)
	}
}

func TestEmpty(t *testing.T) {
	file, err := evtxtest.Bytes()
	if err != nil || len(file) != evtx.HeaderSize+evtx.ChunkSize {
		t.Fatal(len(file), err)
	}
	stats := evtx.NewDecoder(nil).Chunk(file[evtx.HeaderSize:], func(*evtx.Record) { t.Error("a record in an empty log") })
	if stats.Damaged > 0 {
		t.Errorf("%+v", stats)
	}
}

// TestRefused checks that what cannot be written costs itself: the events
// around it are written.
func TestRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "log.evtx")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := evtxtest.NewWriter(f)
	for _, bad := range []any{
		struct{}{},
		evtxtest.GUID("{no}"), evtxtest.SID("S-2"), evtxtest.SID("S-1-x"), evtxtest.SID("S-1-5-x"),
		strings.Repeat("x", 40000),
		[]any{1},
	} {
		if err := w.Write(base(0)); err != nil {
			t.Fatal(err)
		}
		e := base(0)
		e.Data = []evtxtest.Data{{Name: "New name", Value: "text"}, {Name: "Another", Value: bad}}
		if err := w.Write(e); err == nil {
			t.Errorf("%.50v was written", bad)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	r, err := evtx.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rec := range r.Records() {
		n++
		if len(rec.Fields) != 16 {
			t.Errorf("record %d: %v", rec.ID, rec.Fields)
		}
	}
	if s := r.Stats(); n != 7 || s.Damaged > 0 {
		t.Errorf("%d records, %+v", n, s)
	}
}

type broken struct{ io.Seeker }

func (broken) Write([]byte) (int, error)      { return 0, errors.New("disk full") }
func (broken) Seek(int64, int) (int64, error) { return 0, nil }

func TestWriteError(t *testing.T) {
	w := evtxtest.NewWriter(broken{})
	var err error
	for i := 0; err == nil && i < 1000; i++ {
		err = w.Write(base(i))
	}
	if err == nil || w.Close() == nil {
		t.Error("an error of the underlying writer was swallowed")
	}
}

// TestPeers checks that other readers find every record and value. evtxexport
// does not read forwarded records, so those are left out for it; nor does it
// read surrogate pairs right, so those are not looked for.
func TestPeers(t *testing.T) {
	home, _ := os.UserHomeDir()
	for _, p := range []struct {
		name  string
		args  []string
		plain bool
	}{
		{"evtx_dump", []string{"-t", "1", "-o", "xml"}, true},
		{"evtxexport", []string{"-f", "xml"}, false},
	} {
		t.Run(p.name, func(t *testing.T) {
			path, err := exec.LookPath(p.name)
			if err != nil {
				path = filepath.Join(home, ".cargo", "bin", p.name)
			}
			if _, err := os.Stat(path); err != nil {
				t.Skip(p.name + " is not installed")
			}
			events := everyForm(400)
			for i := range events {
				events[i].Forwarded = events[i].Forwarded && p.plain
			}
			file, err := evtxtest.Bytes(events...)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(t.TempDir(), "log.evtx")
			if err := os.WriteFile(name, file, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(path, append(p.args, name)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			text := string(out)
			for s, want := range map[string]int{
				"<Event ":                  400,
				">clerk</SubjectUserName>": 100,
				"Grüße, 東京 ":               100,
				">S-1-5-21-1-2-3-1001<":    100,
				">DEAD<":                   100,
				"<Er>y</Er>":               100,
				`Culture="en-US"`:          100,
				"<Data>b</Data>":           100,
			} {
				if got := strings.Count(text, s); got != want {
					t.Errorf("%q is there %d times, want %d", s, got, want)
				}
			}
		})
	}
}

func BenchmarkWrite(b *testing.B) {
	events := everyForm(1000)
	file, err := evtxtest.Bytes(events...)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := evtxtest.Bytes(events...); err != nil {
			b.Fatal(err)
		}
	}
}
