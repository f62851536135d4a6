package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/tocsin-project/tocsin/event"
)

// A journalWriter writes as much of a journal file as a reader needs: the
// header, fields and entries.
type journalWriter struct {
	buf     []byte
	compact bool
	known   map[string]uint64
	entries uint64
}

func newJournalWriter(compact bool) *journalWriter {
	w := &journalWriter{buf: make([]byte, 256), compact: compact, known: map[string]uint64{}}
	copy(w.buf, "LPKSHHRH")
	flags := uint32(journalXZ | journalLZ4 | journalZstd | journalKeyed)
	if compact {
		flags |= journalCompact
	}
	binary.LittleEndian.PutUint32(w.buf[12:], flags)
	binary.LittleEndian.PutUint64(w.buf[88:], uint64(len(w.buf)))
	w.object(4, 0, make([]byte, 512)) // a hash table
	return w
}

func (w *journalWriter) object(kind, flags byte, body []byte) uint64 {
	at := uint64(len(w.buf))
	w.buf = append(w.buf, kind, flags, 0, 0, 0, 0, 0, 0)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, uint64(16+len(body)))
	w.buf = append(w.buf, body...)
	for len(w.buf)%8 != 0 {
		w.buf = append(w.buf, 0)
	}
	return at
}

// data writes a field whose payload is packed as flags say.
func (w *journalWriter) data(payload []byte, flags byte) uint64 {
	head := make([]byte, 48)
	if w.compact {
		head = make([]byte, 56)
	}
	return w.object(journalData, flags, append(head, payload...))
}

func (w *journalWriter) entry(micros uint64, fields ...string) {
	var items []byte
	for _, f := range fields {
		at, ok := w.known[f]
		if !ok {
			at = w.data([]byte(f), 0)
			w.known[f] = at
		}
		items = w.item(items, at)
	}
	w.entryOf(micros, items)
}

func (w *journalWriter) item(items []byte, at uint64) []byte {
	if w.compact {
		return binary.LittleEndian.AppendUint32(items, uint32(at))
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(items, at), 0)
}

func (w *journalWriter) entryOf(micros uint64, items []byte) {
	w.entries++
	body := binary.LittleEndian.AppendUint64(nil, w.entries)
	body = binary.LittleEndian.AppendUint64(body, micros)
	body = append(body, make([]byte, 32)...)
	w.object(journalEntry, 0, append(body, items...))
}

// readJournal reads a journal in blocks of several sizes, as syslog rules ask.
func readJournal(t *testing.T, content []byte) ([]string, Stats) {
	t.Helper()
	return readText(t, "system.journal", string(content), "message", "pid")
}

// Fields are shared by entries, in files of both layouts ("Compact mode").
func TestJournal(t *testing.T) {
	for _, compact := range []bool{false, true} {
		w := newJournalWriter(compact)
		var want []string
		for i := range 50 {
			w.entry(1614733323000000+uint64(i), "_HOSTNAME=h", fmt.Sprint("MESSAGE=number ", i), "SYSLOG_IDENTIFIER=sshd", "_PID=7", "A=a=b")
			want = append(want, fmt.Sprintf("linux/syslog @2021-03-03T01:02:03.%sZ host:h _HOSTNAME=h MESSAGE=number %d message=number %d SYSLOG_IDENTIFIER=sshd program=sshd _PID=7 pid=7 A=a=b",
				strings.TrimRight(fmt.Sprintf("%06d", i), "0"), i, i))
		}
		want[0] = strings.Replace(want[0], "03.Z", "03Z", 1)
		w.buf = append(w.buf, make([]byte, 4096)...) // space that journald keeps for later
		got, stats := readJournal(t, w.buf)
		wantRecords(t, got, want...)
		if stats.Damaged > 0 {
			t.Error(stats.Problems)
		}
	}
}

// The same text as each of the compressors writes it.
func journalPacked(t *testing.T) (plain string, packed map[byte][]byte) {
	t.Helper()
	plain = "MESSAGE=" + strings.Repeat("attack at dawn ", 40)
	decode := func(s string) []byte {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimRight(plain, " ") // what the LZ4 block was made of
	return plain, map[byte][]byte{
		journalDataXZ:   decode("/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AJfACFdACaRRsDRlFfkkuxb309cQOP/YyAzMrATv2uXN/t14NSAAAAAAAAAATXgBAAAAEsSVDCoAAr8AgAAAAAAWVo="),
		journalDataLZ4:  append(binary.LittleEndian.AppendUint64(nil, uint64(len(text)+1)), decode("/whNRVNTQUdFPWF0dGFjayBhdCBkYXduIA8A//8zUGRhd24g")...),
		journalDataZstd: enc.EncodeAll([]byte(plain), nil),
	}
}

// Fields are compressed with XZ, LZ4 or Zstandard ("Data Objects").
func TestJournalCompressed(t *testing.T) {
	plain, packed := journalPacked(t)
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, Routes()))
	for flag, payload := range packed {
		w := newJournalWriter(true)
		at := w.data(payload, flag)
		w.entryOf(1614733323000000, w.item(nil, at))
		got, stats := readJournal(t, w.buf)
		wantRecords(t, got, "linux/syslog @2021-03-03T01:02:03Z "+plain+" message"+strings.TrimPrefix(plain, "MESSAGE"))
		if stats.Damaged > 0 {
			t.Error(flag, stats.Problems)
		}
		for cut := range payload { // damage costs the field
			w := newJournalWriter(true)
			at := w.data(payload[:cut], flag)
			w.entryOf(1614733323000000, w.item(w.item(nil, at), w.data([]byte("B=1"), 0)))
			var got []string
			stats := p.Parse(&Block{File: &File{format: &journalFormat}, Data: w.buf, At: bytes.NewReader(w.buf)}, func(e *event.Event) {
				got = append(got, routed(e))
			})
			if len(got) != 1 || !strings.HasSuffix(got[0], " B=1") || stats.Damaged != 1 && !strings.Contains(got[0], "dawn") {
				t.Fatalf("flag %d cut at %d: %q %v", flag, cut, got, stats)
			}
		}
	}
}

// A sequence of LZ4 may copy what it is writing ("overlap copy").
func TestLZ4(t *testing.T) {
	for _, c := range []struct {
		block string
		size  int
		want  string
	}{
		{"\x10a\x01\x00", 5, "aaaaa"},
		{"\x1fa\x01\x00\x00", 20, strings.Repeat("a", 20)},
		{"\x30abc\x03\x00\x20xy", 9, "abcabcaxy"},
		{"\x30abc", 3, "abc"},
		{"\xf0\x00" + strings.Repeat("z", 15), 15, strings.Repeat("z", 15)},
		{"", 0, ""},
		{"\x30abc\x00\x00", 9, "!"},
		{"\x30abc\x04\x00", 9, "!"},
		{"\x30abc\x03", 9, "!"},
		{"\x50abc", 5, "!"},
		{"\x1fa\x01\x00\xff\xff\xff", 20, "!"},
		{"\x30abc\x03\x00", 6, "!"},
		{"\x30abc", 4, "!"},
	} {
		got, err := appendLZ4([]byte("before"), []byte(c.block), c.size)
		if err != nil {
			got = []byte("before!")
		}
		if string(got) != "before"+c.want {
			t.Errorf("%q: %q, want %q", c.block, got, c.want)
		}
	}
}

// A damaged object costs itself; what follows is found.
func TestJournalDamage(t *testing.T) {
	build := func(damage func(w *journalWriter, i int)) []byte {
		w := newJournalWriter(false)
		for i := range 3 {
			damage(w, i)
			w.entry(1614733323000000, fmt.Sprint("N=", i))
		}
		return w.buf
	}
	all := []string{"linux/syslog @2021-03-03T01:02:03Z N=0", "linux/syslog @2021-03-03T01:02:03Z N=1", "linux/syslog @2021-03-03T01:02:03Z N=2"}
	for name, c := range map[string]struct {
		content []byte
		want    []string
		damaged bool
	}{
		"whole": {build(func(*journalWriter, int) {}), all, false},
		"rubbish between": {build(func(w *journalWriter, i int) {
			if i == 1 {
				w.buf = append(w.buf, bytes.Repeat([]byte{0xFF}, 64)...)
			}
		}), all, true},
		"a field that is none": {build(func(w *journalWriter, i int) {
			if i == 1 {
				w.entryOf(1, w.item(nil, 1<<40))
			}
		}), all, true},
		"a field that is an entry": {build(func(w *journalWriter, i int) {
			if i == 1 {
				w.entryOf(1, w.item(nil, w.known["N=0"]+72))
			}
		}), all, true},
		"cut": {build(func(*journalWriter, int) {})[:256+528+2*(72+80)+72+40], all[:2], true},
	} {
		t.Run(name, func(t *testing.T) {
			got, stats := readJournal(t, c.content)
			wantRecords(t, got, c.want...)
			if (stats.Damaged > 0) != c.damaged {
				t.Error(stats)
			}
		})
	}
}

// Sysmon for Linux logs its events as XML.
func TestJournalSysmon(t *testing.T) {
	w := newJournalWriter(false)
	w.entry(1614733323000000, "SYSLOG_IDENTIFIER=sysmon", `MESSAGE=<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><Channel>Linux-Sysmon/Operational</Channel></System><EventData><Data Name="Image">/bin/sh</Data></EventData></Event>`)
	got, _ := readJournal(t, w.buf)
	if len(got) != 1 || !strings.HasPrefix(got[0], "linux/sysmon @2021-03-03T01:02:03Z ") || !strings.HasSuffix(got[0], " Image=/bin/sh") {
		t.Error(got)
	}
}

// Files that systemd itself writes hold what it was given.
func TestJournalRemote(t *testing.T) {
	const remote = "/usr/lib/systemd/systemd-journal-remote"
	if _, err := os.Stat(remote); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("systemd-journal-remote must be installed in CI")
		}
		t.Skip("systemd-journal-remote is not installed")
	}
	dir := t.TempDir()
	var export bytes.Buffer
	var want []string
	for i := range 3000 {
		message := fmt.Sprint("number ", i, strings.Repeat(fmt.Sprint(" again ", i), i%3*i%900))
		host, program := fmt.Sprint("h", i%3), []string{"sshd", "sudo", "CRON"}[i%3]
		fmt.Fprintf(&export, "__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n_BOOT_ID=0123456789abcdef0123456789abcdef\n_HOSTNAME=%s\nSYSLOG_IDENTIFIER=%s\nMESSAGE=%s\n\n",
			1614733323000000+i*1e6, 1000+i*1000, host, program, message)
		record := []string{"_BOOT_ID=0123456789abcdef0123456789abcdef", "_HOSTNAME=" + host, "SYSLOG_IDENTIFIER=" + program, "program=" + program, "MESSAGE=" + message, "message=" + message}
		slices.Sort(record)
		want = append(want, strings.Join(record, "\n"))
	}
	if err := os.WriteFile(filepath.Join(dir, "in"), export.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	names := event.NewNames()
	names.Intern("message")
	router := event.NewRouter(names, Routes())
	for _, compress := range []string{"yes", "no"} {
		path := filepath.Join(dir, compress+".journal")
		if out, err := exec.Command(remote, "--compress="+compress, "-o", path, filepath.Join(dir, "in")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		in, err := Open([]string{path}, Options{BlockSize: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		p := NewParser(names, router)
		var got []string
		var b Block
		for in.Next(&b) == nil {
			if stats := p.Parse(&b, func(e *event.Event) {
				var record []string
				for _, f := range e.Fields() {
					record = append(record, f.Name+"="+string(f.Value))
				}
				slices.Sort(record)
				got = append(got, strings.Join(record, "\n"))
			}); stats.Damaged > 0 {
				t.Error(stats.Problems)
			}
		}
		in.Close()
		if !slices.Equal(got, want) {
			t.Errorf("compress=%s: %d records are not the %d that were written", compress, len(got), len(want))
		}
	}
}

func BenchmarkJournal(b *testing.B) {
	w := newJournalWriter(true)
	for i := range 2000 {
		w.entry(1614733323000000, "_HOSTNAME=mail01", "_BOOT_ID=0123456789abcdef0123456789abcdef", "_MACHINE_ID=0123456789abcdef0123456789abcdef", "PRIORITY=6", "_TRANSPORT=syslog", "SYSLOG_IDENTIFIER=sshd", "_COMM=sshd", "_EXE=/usr/sbin/sshd",
			fmt.Sprint("_PID=", i%50), fmt.Sprintf("MESSAGE=Failed password for invalid user admin from 203.0.113.%d port %d ssh2", i%250, i))
	}
	names := event.NewNames()
	for _, n := range []string{"program", "message", "pid"} {
		names.Intern(n)
	}
	p := NewParser(names, event.NewRouter(names, Routes()))
	block := &Block{File: &File{format: &journalFormat}, Data: w.buf, At: bytes.NewReader(w.buf)}
	b.SetBytes(int64(len(w.buf)))
	b.ReportAllocs()
	for b.Loop() {
		if p.Parse(block, func(*event.Event) {}).Records != 2000 {
			b.Fatal("records are missing")
		}
	}
}

// Whatever the bytes are, reading ends and what is held stays within bounds.
func FuzzJournal(f *testing.F) {
	for _, compact := range []bool{false, true} {
		w := newJournalWriter(compact)
		w.entry(1614733323000000, "MESSAGE=x", "A=b")
		w.entryOf(1, w.item(w.item(nil, w.data([]byte("\x05\x00\x00\x00\x00\x00\x00\x00\x10a\x01\x00"), journalDataLZ4)), w.data([]byte("(\xb5/\xfd"), journalDataZstd)))
		w.entry(1614733323000001, "MESSAGE=y", "A=b")
		f.Add(w.buf)
	}
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, Routes()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > journalHeaderMin {
			copy(data, "LPKSHHRH")
		}
		file := &File{format: &journalFormat}
		s := &splitState{}
		for offset := 0; offset < len(data); {
			header := s.header
			rest := data[offset:min(offset+1024, len(data))]
			n := splitJournal(s, rest, false)
			if n < 0 || n > len(rest) {
				t.Fatalf("cut at %d of %d", n, len(rest))
			}
			if n == 0 {
				n = len(rest)
			}
			p.Parse(&Block{File: file, Data: rest[:n:n], Header: header, Offset: int64(offset), At: bytes.NewReader(data)}, func(*event.Event) {})
			offset += n
		}
		if cap(p.scratch) > 16*maxRecord {
			t.Fatal(cap(p.scratch))
		}
	})
}
