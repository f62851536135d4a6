package intel_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/exercise"
	"github.com/tocsin-project/tocsin/internal/intel"
	"github.com/tocsin-project/tocsin/stix"
)

// made returns an index of n made-up indicators, and their values.
func made(tb testing.TB, n int) (*intel.Index, []string) {
	tb.Helper()
	var bundle, list bytes.Buffer
	if err := exercise.WriteIndicators(&bundle, n, 2021, exercise.Bundle); err != nil {
		tb.Fatal(err)
	}
	if err := exercise.WriteIndicators(&list, n, 2021, exercise.List); err != nil {
		tb.Fatal(err)
	}
	x, stats := read(tb, &bundle)
	if stats.Indicators != n {
		tb.Fatalf("%+v", stats)
	}
	return x, strings.Fields(list.String())
}

func read(tb testing.TB, bundle io.Reader) (*intel.Index, intel.Stats) {
	tb.Helper()
	var b intel.Builder
	r := stix.NewReader(bundle)
	for {
		o, err := r.Next()
		if err == io.EOF {
			return b.Build(time.Now())
		}
		if err != nil {
			tb.Fatal(err)
		}
		if err := b.Add(o, "made"); err != nil {
			tb.Fatal(err)
		}
	}
}

// Lines like those of a gateway, a proxy and a resolver, and of Sysmon as JSON.
func benchText() []byte {
	var b bytes.Buffer
	for i := range 4000 {
		ip := fmt.Sprintf("10.%d.%d.%d", i%256, i*7%256, i*13%254+1)
		stamp := fmt.Sprintf("2021-03-02 %02d:%02d:%02d.%03d", i/3600, i/60%60, i%60, i%1000)
		switch i % 3 {
		case 0:
			fmt.Fprintf(&b, "%s INFO gateway[%d] connection accepted from %s:%d to www.townhall.example bytes=%d duration=12ms policy=default\n", stamp, i, ip, i+1024, i*31)
		case 1:
			fmt.Fprintf(&b, "%s INFO resolver query mail.townhall.example type A from %s answered in 7 ms, cache miss, upstream 198.51.100.53\n", stamp, ip)
		default:
			fmt.Fprintf(&b, "%s WARN worker-%d request failed for user clerk%d after 3 retries: timeout while waiting for the ledger service, correlation id %016x\n", stamp, i%32, i, i*7919)
		}
	}
	return b.Bytes()
}

func benchJSON() []byte {
	var b bytes.Buffer
	for i := range 1500 {
		fmt.Fprintf(&b, `{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"WS%03d.townhall.example","UtcTime":"2021-03-02 10:%02d:%02d.123","ProcessId":%d,"Image":"C:\\Windows\\System32\\svchost.exe","CommandLine":"C:\\Windows\\System32\\svchost.exe -k netsvcs -p -s Schedule","CurrentDirectory":"C:\\Windows\\system32\\","User":"NT AUTHORITY\\SYSTEM","IntegrityLevel":"System","Hashes":"MD5=%032X,SHA256=%064X","ParentImage":"C:\\Windows\\System32\\services.exe"}`+"\n",
			i%200, i/60%60, i%60, i, i*7919, i*104729)
	}
	return b.Bytes()
}

func BenchmarkSweep(b *testing.B) {
	x, _ := made(b, 1_000_000)
	m := x.NewMatcher()
	for _, c := range []struct {
		name string
		data []byte
		json bool
	}{{"text", benchText(), false}, {"JSON", benchJSON(), true}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				m.Sweep(c.data, c.json)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	x, _ := made(b, 100_000)
	m := x.NewMatcher()
	data := benchText()
	lines := bytes.Split(data, []byte{'\n'})
	e := event.New(event.NewNames())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		for _, line := range lines {
			e.Text = line
			m.Match(e)
		}
	}
}

func BenchmarkAdd(b *testing.B) {
	var bundle bytes.Buffer
	if err := exercise.WriteIndicators(&bundle, 100_000, 2021, exercise.Bundle); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(bundle.Len()))
	b.ReportAllocs()
	for b.Loop() {
		read(b, bytes.NewReader(bundle.Bytes()))
	}
}
