package logs

import (
	"bytes"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/evtx"
)

// Records of EVTX are routed by channel and carry their place in the file,
// however many chunks make a block.
func TestEVTX(t *testing.T) {
	root := sharedData(t, "evtx-edge-cases")
	read := func(size int) (records []string, offsets map[int64]bool) {
		in, err := Open([]string{root + "/security.evtx"}, Options{BlockSize: size})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		names := event.NewNames()
		id := names.Intern("EventID")
		p := NewParser(names, event.NewRouter(names, Routes()))
		offsets = map[int64]bool{}
		var b Block
		for in.Next(&b) == nil {
			p.Parse(&b, func(e *event.Event) {
				records = append(records, routed(e))
				offsets[e.Offset] = true
				if e.Class.Origin != windowsSecurity || e.Get(id) == nil || e.Host == nil || e.Time == event.NoTime {
					t.Fatal(routed(e))
				}
			})
		}
		return records, offsets
	}
	all, offsets := read(1 << 20)
	if len(all) < 100 || len(offsets) != len(all) {
		t.Errorf("%d records at %d offsets", len(all), len(offsets))
	}
	single, _ := read(1)
	wantRecords(t, single, all...)
}

// What is not a whole file is told.
func TestEVTXDamage(t *testing.T) {
	got, stats := readText(t, "a.evtx", "ElfFile\x00 and no more")
	if len(got) > 0 || stats.Damaged != 1 {
		t.Errorf("%q %v", got, stats)
	}
	bad := append(make([]byte, evtx.HeaderSize), bytes.Repeat([]byte{0xA5}, evtx.ChunkSize)...)
	copy(bad, fileMagic)
	copy(bad[evtx.HeaderSize:], chunkMagic)
	if got, stats = readText(t, "b.evtx", string(bad)); len(got) > 0 || len(stats.Problems) == 0 {
		t.Errorf("%q %v", got, stats)
	}
}

// Fields that the reader writes as JSON are those that it hands on.
func TestEVTXWritesJSON(t *testing.T) {
	read := func(json bool) (lines []string) {
		in, err := Open([]string{sharedData(t, "evtx-edge-cases")}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		names := event.NewNames()
		p := NewParser(names, event.NewRouter(names, Routes()))
		if json {
			p.WriteJSON()
		}
		var b Block
		var printer event.Printer
		for in.Next(&b) == nil {
			p.Parse(&b, func(e *event.Event) {
				if !json && e.JSON != nil {
					t.Fatal("JSON that nobody asked for")
				}
				lines = append(lines, string(printer.AppendJSON(nil, e)))
			})
		}
		return lines
	}
	want := read(false)
	wantRecords(t, read(true), want...)
	if len(want) < 1000 {
		t.Errorf("%d records", len(want))
	}
}
