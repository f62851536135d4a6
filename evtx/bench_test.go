package evtx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/evtx"
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// benchFiles are a log of our own, typed and forwarded, and real ones where
// the shared test data is there.
func benchFiles(b *testing.B) map[string][]byte {
	b.Helper()
	typed := make([]evtxtest.Event, 2000)
	forwarded := make([]evtxtest.Event, 1000)
	for i := range typed {
		e := sample()
		e.Time = e.Time.Add(time.Duration(i) * time.Second)
		e.Data = []evtxtest.Data{
			{Name: "UtcTime", Value: "2021-03-02 10:11:12.345"},
			{Name: "ProcessGuid", Value: evtxtest.GUID(fmt.Sprintf("{5770385F-C22A-43E0-BF4C-%012d}", i))},
			{Name: "ProcessId", Value: uint32(4 * i)},
			{Name: "Image", Value: `C:\Windows\System32\svchost.exe`},
			{Name: "CommandLine", Value: `C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule`},
			{Name: "User", Value: `NT AUTHORITY\SYSTEM`},
			{Name: "LogonId", Value: evtxtest.Hex64(0x3e7)},
			{Name: "ParentImage", Value: `C:\Windows\System32\services.exe`},
		}
		typed[i] = e
		if i < len(forwarded) {
			forwarded[i] = e
			forwarded[i].Forwarded = true
		}
	}
	files := map[string][]byte{"typed": logFile(b, typed...), "forwarded": logFile(b, forwarded...)}
	for _, name := range []string{"security", "system"} {
		if data, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "evtx-edge-cases", name+".evtx")); err == nil {
			files[name] = data
		}
	}
	return files
}

func benchmark(b *testing.B, quote func(dst, s []byte) []byte, emit func(*evtx.Record)) {
	for name, file := range benchFiles(b) {
		b.Run(name, func(b *testing.B) {
			d := evtx.NewDecoder(nil)
			d.WriteJSON(quote)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				for at := evtx.HeaderSize; at < len(file); at += evtx.ChunkSize {
					d.Chunk(file[at:min(at+evtx.ChunkSize, len(file))], emit)
				}
			}
		})
	}
}

func BenchmarkFields(b *testing.B) {
	benchmark(b, nil, func(*evtx.Record) {})
}

func BenchmarkJSON(b *testing.B) {
	benchmark(b, func(dst, s []byte) []byte { return strconv.AppendQuote(dst, string(s)) }, func(*evtx.Record) {})
}

func BenchmarkXML(b *testing.B) {
	var buf []byte
	benchmark(b, nil, func(r *evtx.Record) {
		var err error
		if buf, err = r.AppendXML(buf[:0]); err != nil {
			b.Fatal(err)
		}
	})
}
