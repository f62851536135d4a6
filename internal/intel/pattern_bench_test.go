package intel

import (
	"fmt"
	"testing"

	"github.com/tocsin-project/tocsin/event"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// benchPatterns are n complex patterns of the kinds that allies send.
func benchPatterns(t testing.TB, n int) []*pattern.Pattern {
	t.Helper()
	list := make([]*pattern.Pattern, n)
	for i := range list {
		source := fmt.Sprintf([]string{
			"[process:image_ref.name = 'tool%d.exe' AND process:command_line LIKE '%%-k secret%d%%']",
			"[process:command_line LIKE '%%implant%dloader%%' AND process:parent_ref.image_ref.name = 'w3wp.exe%d']",
			"[file:name MATCHES '^drop%d[a-z]+\\\\.(dll|exe)$' AND file:parent_directory_ref.path LIKE '%%Temp%d']",
			"([network-traffic:dst_ref.value = '198.51.%d.7' AND network-traffic:dst_port = %d] FOLLOWEDBY [file:name = 'x.dll']) WITHIN 60 SECONDS",
			"[windows-registry-key:key LIKE '%%CurrentVersion\\\\Run%d' AND windows-registry-key:values[*].data MATCHES '(?i)payload%d']",
		}[i%5], i, i)
		p, err := pattern.Parse(source)
		if err != nil {
			t.Fatal(source, err)
		}
		list[i] = p
	}
	return list
}

// benchEvent is a process creation as Sysmon writes it.
func benchEvent(names *event.Names) (e *event.Event, size int64) {
	e = event.New(names)
	e.Time, e.Class = 1614679872000000000, &event.Class{}
	for _, f := range [][2]string{
		{"Image", `C:\Windows\System32\svchost.exe`},
		{"CommandLine", `C:\Windows\System32\svchost.exe -k netsvcs -p -s Schedule`},
		{"CurrentDirectory", `C:\Windows\system32\`},
		{"User", `NT AUTHORITY\SYSTEM`},
		{"ProcessId", "5228"},
		{"ParentProcessId", "1012"},
		{"ParentImage", `C:\Windows\System32\services.exe`},
		{"ParentCommandLine", `C:\Windows\System32\services.exe`},
		{"Hashes", "MD5=0123456789ABCDEF0123456789ABCDEF,SHA256=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"},
		{"Product", "Microsoft Windows Operating System"},
		{"Company", "Microsoft Corporation"},
		{"FileVersion", "10.0.17763.1 (WinBuild.160101.0800)"},
	} {
		e.Add(names.LookupString(f[0]), f[0], []byte(f[1]), event.String)
		size += int64(len(f[0]) + len(f[1]))
	}
	return e, size
}

func BenchmarkMatchPatterns(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			names := event.NewNames()
			set, _ := compilePatterns(benchPatterns(b, n), names)
			m := set.matcher()
			e, size := benchEvent(names)
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if len(m.match(e)) != 0 {
					b.Fatal("a match")
				}
			}
		})
	}
}

// No event costs an allocation, whether it satisfies a bracket or not.
func TestMatchingPatternsAllocatesNothing(t *testing.T) {
	names := event.NewNames()
	list := benchPatterns(t, 100)
	for _, source := range []string{
		"[process:image_ref.name = 'svchost.exe' AND process:command_line MATCHES '-k [a-z]+' AND process:pid > 4]",
		"[process:image_ref.hashes.MD5 = '0123456789abcdef0123456789abcdef' AND NOT EXISTS process:cwd]",
		"[process:command_line LIKE '%netsvcs%'] REPEATS 5 TIMES",
	} {
		p, err := pattern.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	set, _ := compilePatterns(list, names)
	m := set.matcher()
	e, _ := benchEvent(names)
	if n := len(m.match(e)); n != 2 {
		t.Fatalf("%d hits, want 2", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.match(e) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkCompilePatterns(b *testing.B) {
	list := benchPatterns(b, 1000)
	size := 0
	for _, p := range list {
		size += len(p.String())
	}
	b.SetBytes(int64(size))
	for b.Loop() {
		compilePatterns(list, event.NewNames())
	}
}
