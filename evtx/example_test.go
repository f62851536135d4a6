package evtx_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/tocsin-project/tocsin/evtx"
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

func exampleFile() []byte {
	file, err := evtxtest.Bytes(evtxtest.Event{
		Provider: "Microsoft-Windows-Sysmon",
		EventID:  1,
		Time:     time.Date(2021, 3, 2, 10, 11, 12, 0, time.UTC),
		Channel:  "Microsoft-Windows-Sysmon/Operational",
		Computer: "mail.town.example",
		Data: []evtxtest.Data{
			{Name: "Image", Value: `C:\Windows\System32\cmd.exe`},
			{Name: "ProcessId", Value: uint32(4711)},
		},
	})
	if err != nil {
		panic(err)
	}
	return file
}

func ExampleReader() {
	r, err := evtx.NewReader(bytes.NewReader(exampleFile()))
	if err != nil {
		fmt.Println(err)
		return
	}
	for rec := range r.Records() {
		fmt.Printf("%s event %s on %s\n", time.Unix(0, rec.Time).UTC().Format(time.RFC3339), rec.EventID, rec.Computer)
		for _, f := range rec.Fields {
			if f.Name == "Image" {
				fmt.Printf("%s\n", f.Value)
			}
		}
	}
	if err := r.Err(); err != nil {
		fmt.Println(err)
	}
	for _, d := range r.Stats().Damage {
		fmt.Println(d.Offset, d.Record, d.Reason)
	}
	// Output:
	// 2021-03-02T10:11:12Z event 1 on mail.town.example
	// C:\Windows\System32\cmd.exe
}

// A program that asks for few fields finds them by tag, without comparing
// names.
func ExampleDecoder() {
	const image = 1
	d := evtx.NewDecoder(func(name string) uint32 {
		if name == "Image" {
			return image
		}
		return 0
	})
	file := exampleFile()
	for at := evtx.HeaderSize; at < len(file); at += evtx.ChunkSize {
		stats := d.Chunk(file[at:min(at+evtx.ChunkSize, len(file))], func(rec *evtx.Record) {
			for i := range rec.Fields {
				if f := &rec.Fields[i]; f.Tag == image {
					fmt.Printf("%d %s\n", rec.ID, f.Value)
				}
			}
		})
		fmt.Println(stats.Records, "record,", stats.Damaged, "damaged")
	}
	// Output:
	// 1 C:\Windows\System32\cmd.exe
	// 1 record, 0 damaged
}
