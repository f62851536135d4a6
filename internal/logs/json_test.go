package logs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/event"
	"github.com/valyala/fastjson"
)

// sharedData returns the path of a folder of the data that tests share. Where
// it is absent the test is skipped; in CI it must be there.
func sharedData(t testing.TB, folder string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", folder)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("CI needs %s", path)
		}
		t.Skipf("%s is not there", path)
	}
	return path
}

// A routed is a record as tests compare it: its origin, then name=value for
// each field, "~" for null; with the time and host in front where it has them.
func routed(e *event.Event) string {
	var s strings.Builder
	s.WriteString(e.Class.Origin)
	if e.Time != event.NoTime {
		fmt.Fprintf(&s, " @%s", time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano))
	}
	if e.Host != nil {
		fmt.Fprintf(&s, " host:%s", e.Host)
	}
	for _, f := range e.Fields() {
		v := string(f.Value)
		if f.Kind == event.Null {
			v = "~"
		}
		fmt.Fprintf(&s, " %s=%s", f.Name, v)
	}
	return s.String()
}

// readPath parses a file or folder in blocks of size bytes with Tocsin's own
// routes, for rules that ask for the names.
func readPath(t testing.TB, path string, size int, ask ...string) ([]string, Stats) {
	t.Helper()
	in, err := Open([]string{path}, Options{BlockSize: size})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	names := event.NewNames()
	for _, n := range ask {
		names.Intern(n)
	}
	p := NewParser(names, event.NewRouter(names, Routes()))
	var out []string
	var all Stats
	var b Block
	for {
		if err := in.Next(&b); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		stats := p.Parse(&b, func(e *event.Event) { out = append(out, routed(e)) })
		all.Records += stats.Records
		all.Damaged += stats.Damaged
		all.Problems = append(all.Problems, stats.Problems...)
	}
	for _, f := range in.Files() {
		if f.Problem != nil || f.Skipped != "" {
			t.Logf("%s: %v %s", f.Path, f.Problem, f.Skipped)
		}
	}
	return out, all
}

// readText parses content as file name. It fails when the records depend on
// where blocks are cut.
func readText(t testing.TB, name, content string, ask ...string) ([]string, Stats) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, stats := readPath(t, path, 1<<20, ask...)
	for _, size := range []int{200, 64} {
		if got, _ := readPath(t, path, size, ask...); !slices.Equal(got, whole) {
			t.Errorf("blocks of %d bytes give\n%s\ninstead of\n%s", size, strings.Join(got, "\n"), strings.Join(whole, "\n"))
		}
	}
	return whole, stats
}

func wantRecords(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// Values of every kind flatten to dotted names (RFC 8259, sections 3 to 7).
func TestJSONValues(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`{"a":"b"}`, `a=b`},
		{`{"a":1,"b":-2.5e3,"c":true,"d":false,"e":null}`, `a=1 b=-2.5e3 c=true d=false e=~`},
		{`{"a":{"b":{"c":"x"},"d":1},"e":2}`, `a.b.c=x a.d=1 e=2`},
		{`{"a":["x","y",1,null]}`, `a=x a=y a=1 a=~`},
		{`{"a":[{"b":1,"c":2},{"b":3}],"d":4}`, `a.b=1 a.c=2 a.b=3 d=4`},
		{`{"a":[[1,2],[3]]}`, `a=1 a=2 a=3`},
		{`{"a":{},"b":[],"c":{"d":{}}}`, `a=~ b=~ c.d=~`},
		{`{ "a" : "b" ,` + "\t" + `"c" : [ 1 , 2 ] }`, `a=b c=1 c=2`},
		{`{"a.b":1,"a":{"b":2}}`, `a.b=1 a.b=2`},
		{`{"a":1,"a":2}`, `a=1 a=2`},
		{`{"k\u0065y\"":"v"}`, `key"=v`},
		{`{"a":"C:\\x\\\"y\"\/\b\f\n\r\t"}`, "a=C:\\x\\\"y\"/\b\f\n\r\t"},
		{`{"a":"\u00e9\u20AC\ud83d\ude00"}`, "a=\u00e9\u20ac\U0001f600"},
		{`{"a":"\ud83d","b":"\ude00x","c":"\ud83d\u0041"}`, "a=\ufffd b=\ufffdx c=\ufffdA"},
		{"{\"a\":\"\xff\xfe\"}", "a=\xff\xfe"},
		{"{\"a\":\"tab\there\"}", "a=tab\there"},
	} {
		got, stats := readText(t, "a.json", c.json+"\n")
		if stats.Damaged > 0 {
			t.Errorf("%s: %v", c.json, stats.Problems)
		}
		wantRecords(t, got, "unknown "+c.want)
	}
}

// A string of any length, with an escape at any place, is read to the byte.
func TestJSONStringLengths(t *testing.T) {
	for n := range 70 {
		for at := -1; at < n; at++ {
			text, plain := strings.Repeat("a", n), strings.Repeat("a", n)
			if at >= 0 {
				text, plain = text[:at]+`\\`+text[at+1:], plain[:at]+`\`+plain[at+1:]
			}
			b := []byte(text + `"tail`)
			if end := stringSkip(b, 0); end != len(text)+1 {
				t.Fatalf("stringSkip(%s) = %d", b, end)
			}
			for _, room := range []int{0, 3, 100} {
				got, end := jsonUnquote(make([]byte, 0, room), b, 0)
				if string(got) != plain || end != len(text)+1 {
					t.Fatalf("jsonUnquote(%s) = %s, %d", b, got, end)
				}
			}
		}
	}
}

// However records are strung together they are the same.
func TestJSONLayouts(t *testing.T) {
	var records, want []string
	for i := range 12 {
		records = append(records, fmt.Sprintf(`{"n":%d,"s":"}]{[,\"%s","o":{"a":[{"b":"\\"},{"b":2}]}}`, i, strings.Repeat("x", i*3)))
		want = append(want, fmt.Sprintf(`unknown n=%d s=}]{[,"%s o.a.b=\ o.a.b=2`, i, strings.Repeat("x", i*3)))
	}
	pretty := make([]string, len(records))
	for i, r := range records {
		pretty[i] = strings.NewReplacer(`,"s"`, ",\n  \"s\"", `,"o":{`, ",\n  \"o\": {\n    ", `{"n"`, "{\n  \"n\"", `]}}`, "]\n  }\n}").Replace(r)
	}
	for name, content := range map[string]string{
		"lines":                strings.Join(records, "\n") + "\n",
		"lines, no last break": strings.Join(records, "\n"),
		"lines, CRLF":          strings.Join(records, "\r\n") + "\r\n",
		"lines, blank between": strings.Join(records, "\n\n"),
		"nothing between":      strings.Join(records, ""),
		"commas between":       strings.Join(records, ",\n"),
		"pretty":               strings.Join(pretty, "\n"),
		"pretty, Record lines": "Record 1\n" + strings.Join(pretty, "\nRecord 22\n"),
		"array":                "[" + strings.Join(records, ",") + "]",
		"array of lines":       "[\n" + strings.Join(records, ",\n") + "\n]\n",
		"array, pretty":        "[\n" + strings.Join(pretty, ",\n") + "\n]\n",
		"arrays":               "[" + strings.Join(records[:5], ",") + "]\n[" + strings.Join(records[5:], ",") + "]\n",
		"Records":              `{"Records":[` + strings.Join(records, ",") + `]}`,
		"Records, pretty":      "{\n  \"Records\": [\n" + strings.Join(pretty, ",\n") + "\n  ]\n}\n",
		"Records twice":        `{"Records":[` + strings.Join(records[:5], ",") + "]}\n" + `{"Records":[` + strings.Join(records[5:], ",") + "]}\n",
		"value":                `{"@odata.context":"x","value":[` + strings.Join(records, ",") + `],"@odata.nextLink":"y"}`,
		"hits":                 `{"took":1,"_shards":{"total":1},"hits":{"total":{"value":12},"max_score":null,"hits":[` + `{"_source":` + strings.Join(records, `},{"_source":`) + `}]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, stats := readText(t, "a.json", content)
			wantRecords(t, got, want...)
			if stats.Damaged > 0 {
				t.Error(stats.Problems)
			}
		})
	}
}

// Bad JSON costs its own record.
func TestJSONDamage(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		damaged uint64
	}{
		"cut line":           {"{\"a\":1}\n{\"a\":\"x\n{\"b\":2}\n", 1},
		"cut in an object":   {"{\"a\":1}\n{\"a\":{\"x\":1\n{\"b\":2}\n", 1},
		"no value":           {"{\"a\":1}\n{\"a\":}\n{\"b\":2}\n", 1},
		"no key":             {"{\"a\":1}\n{a:3}\n{\"b\":2}\n", 1},
		"no comma":           {"{\"a\":1}\n{\"x\":1 \"y\":2}\n{\"b\":2}\n", 1},
		"bad escape":         {"{\"a\":1}\n{\"x\":\"\\x\"}\n{\"b\":2}\n", 1},
		"bad word":           {"{\"a\":1}\n{\"x\":nul}\n{\"b\":2}\n", 1},
		"wrong bracket":      {"{\"a\":1}\n{\"x\":[1}}\n{\"b\":2}\n", 1},
		"text between":       {"{\"a\":1}\nlog rotated\n{\"b\":2}\n", 1},
		"too deep":           {"{\"a\":1}\n{\"x\":" + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}\n{\"b\":2}\n", 1},
		"in an array":        {"[{\"a\":1},\n{\"x\":nul},\n{\"b\":2}]\n", 1},
		"at the end":         {"{\"a\":1}\n{\"b\":2}\n{\"x\":", 1},
		"in pretty printing": {"{\n  \"a\": 1\n}\n{\n  \"x\":\n}\n{\n  \"b\": 2\n}\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, stats := readText(t, "a.json", c.content)
			wantRecords(t, got, "unknown a=1", "unknown b=2")
			if stats.Damaged != c.damaged || len(stats.Problems) == 0 {
				t.Errorf("%d damaged: %v", stats.Damaged, stats.Problems)
			}
		})
	}
}

// Rules may ask for an object or array as text, by the name in front of its
// members' names.
func TestJSONWholeObjects(t *testing.T) {
	got, _ := readText(t, "a.json", `{"p":{"x":1,"y":[{"z":2}]},"q":[1,2]}`+"\n", "p", "p.y", "q")
	wantRecords(t, got, `unknown p.x=1 p.y.z=2 p.y=[{"z":2}] p={"x":1,"y":[{"z":2}]} q=1 q=2`)
}

// Fields, names and objects are bounded whatever a record holds.
func TestJSONLimits(t *testing.T) {
	var many strings.Builder
	many.WriteString(`{"k":0`)
	for i := range 3 * maxKeys {
		fmt.Fprintf(&many, `,"k%d":{"a":%d}`, i, i)
	}
	many.WriteString("}\n{\"after\":{\"a\":1}}\n")
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, nil))
	b := &Block{File: &File{format: &jsonFormat}, Data: []byte(many.String()), Line: 1}
	n := 0
	p.Parse(b, func(e *event.Event) {
		if n++; n == 1 && (len(e.Fields()) != event.MaxFields || !e.Truncated || e.Fields()[3].Name != "k2.a") {
			t.Errorf("%d fields, truncated %v, %q", len(e.Fields()), e.Truncated, e.Fields()[3].Name)
		}
		if n == 2 && routed(e) != "unknown after.a=1" {
			t.Errorf("%s", routed(e))
		}
	})
	if r := p.states["json"].(*jsonReader); n != 2 || r.tables["generic"].count > maxKeys {
		t.Errorf("%d records, %d keys", n, r.tables["generic"].count)
	}
	long := strings.Repeat("n", 400)
	got, _ := readText(t, "a.json", `{"`+long+`":{"`+long+`":{"x":1}}}`+"\n")
	wantRecords(t, got, "unknown "+long+"."+long[:maxKeyName-401]+"=1")
}

// Nothing is allocated for a record whose keys were seen before.
func TestJSONAllocs(t *testing.T) {
	data := windowsJSON(200)
	names := event.NewNames()
	names.Intern("CommandLine")
	p := NewParser(names, event.NewRouter(names, Routes()))
	b := &Block{File: &File{format: &jsonFormat}, Data: data, Line: 1}
	emit := func(*event.Event) {}
	p.Parse(b, emit)
	if n := testing.AllocsPerRun(10, func() { p.Parse(b, emit) }); n > 0 {
		t.Errorf("%v allocations for 200 records", n)
	}
}

// windowsJSON returns n process creations of Sysmon and the Security log as
// evtx_dump writes them, a line each.
func windowsJSON(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		if i%3 == 2 {
			fmt.Fprintf(&b, `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing","Guid":"54849625-5478-4994-A5BA-3E3B0328C30D"}},"EventID":4688,"Version":2,"Level":0,"Task":13312,"Opcode":0,"Keywords":"0x8020000000000000","TimeCreated":{"#attributes":{"SystemTime":"2021-03-03T08:%02d:%02d.%06dZ"}},"EventRecordID":%d,"Correlation":null,"Execution":{"#attributes":{"ProcessID":4,"ThreadID":%d}},"Channel":"Security","Computer":"mail01.town.example","Security":null},"EventData":{"SubjectUserSid":"S-1-5-18","SubjectUserName":"MAIL01$","SubjectDomainName":"TOWN","SubjectLogonId":"0x3e7","NewProcessId":"0x%x","NewProcessName":"C:\\Windows\\System32\\conhost.exe","TokenElevationType":"%%%%1936","ProcessId":"0x4d0","CommandLine":"\\??\\C:\\Windows\\system32\\conhost.exe 0xffffffff -ForceV1","TargetUserSid":"S-1-0-0","TargetUserName":"-","TargetDomainName":"-","TargetLogonId":"0x0","ParentProcessName":"C:\\Windows\\System32\\services.exe","MandatoryLabel":"S-1-16-16384"}}}`+"\n",
				i/60%60, i%60, i, 5000+i, 100+i, 6000+i)
			continue
		}
		fmt.Fprintf(&b, `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon","Guid":"5770385F-C22A-43E0-BF4C-06F5698FFBD9"}},"EventID":1,"Version":5,"Level":4,"Task":1,"Opcode":0,"Keywords":"0x8000000000000000","TimeCreated":{"#attributes":{"SystemTime":"2021-03-03T08:%02d:%02d.%06dZ"}},"EventRecordID":%d,"Correlation":null,"Execution":{"#attributes":{"ProcessID":3208,"ThreadID":%d}},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"mail01.town.example","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{"RuleName":"-","UtcTime":"2021-03-03 08:%02d:%02d.%03d","ProcessGuid":"0197231E-FB60-6938-DD10-000000%06x","ProcessId":%d,"Image":"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe","FileVersion":"10.0.17763.1 (WinBuild.160101.0800)","Description":"Windows PowerShell","Product":"Microsoft\u00ae Windows\u00ae Operating System","Company":"Microsoft Corporation","OriginalFileName":"PowerShell.EXE","CommandLine":"\"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe\" -NoProfile -NonInteractive -ExecutionPolicy Bypass -File \"C:\\Program Files\\Microsoft\\Exchange Server\\V15\\Scripts\\Update-Index%d.ps1\"","CurrentDirectory":"C:\\Windows\\system32\\","User":"NT AUTHORITY\\SYSTEM","LogonGuid":"0197231E-AB9F-67AA-FB17-030000000000","LogonId":"0x3e7","TerminalSessionId":0,"IntegrityLevel":"System","Hashes":"MD5=4FCFE1D61E6D962F06CE2B61FC11BC0F,SHA256=6FEB16602A2FD1158C6F7E56E3B05A5E9AC01E88089535978C890EC6954A5AFA,IMPHASH=44794EEDDEB70144ABA2F1483E762F30","ParentProcessGuid":"0197231E-AB60-6938-DD10-000000000800","ParentProcessId":1472,"ParentImage":"C:\\Windows\\System32\\svchost.exe","ParentCommandLine":"C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule","ParentUser":"NT AUTHORITY\\SYSTEM"}}}`+"\n",
			i/60%60, i%60, i, 5000+i, 100+i, i/60%60, i%60, i%1000, i, 4000+i, i)
	}
	return b.Bytes()
}

func BenchmarkJSON(b *testing.B) {
	data := windowsJSON(400)
	names := event.NewNames()
	for _, n := range strings.Fields("EventID Channel Provider_Name Image CommandLine ParentImage ParentCommandLine User OriginalFileName Hashes IntegrityLevel") {
		names.Intern(n)
	}
	p := NewParser(names, event.NewRouter(names, Routes()))
	block := &Block{File: &File{format: &jsonFormat}, Data: data, Line: 1}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		p.Parse(block, func(*event.Event) {})
	}
}

func BenchmarkJSONSplit(b *testing.B) {
	data := append([]byte("["), bytes.ReplaceAll(windowsJSON(400), []byte("}\n"), []byte("},"))...)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if splitJSON(&splitState{}, data, false) < len(data)/2 {
			b.Fatal("no cut")
		}
	}
}

// What is valid and fastjson takes for an object is read with the same names and values.
// Whatever the bytes are, reading ends, and cutting them into blocks takes
// nothing away.
func FuzzJSON(f *testing.F) {
	f.Add(windowsJSON(3))
	f.Add([]byte(`{"Records":[{"eventSource":"x","eventName":"y","awsRegion":"z","a":[1,{"b":null}]}]}`))
	f.Add([]byte("[{\"a\":\"\\ud83d\\ude00\"},\n{\"a\":[[1],{}]}]"))
	f.Add([]byte("Record 1\n{\n  \"a\": 1\n}\nRecord 2\n{\"a\":"))
	f.Add([]byte(`{"ts":1614556800.5,"uid":"C","id.orig_h":"10.0.0.1","_path":"dns"}`))
	names := event.NewNames()
	names.Intern("a")
	router := event.NewRouter(names, Routes())
	p := NewParser(names, router)
	f.Fuzz(func(t *testing.T, data []byte) {
		file := &File{format: &jsonFormat}
		s := &splitState{}
		for rest, offset := data, int64(0); len(rest) > 0; {
			header := s.header
			n := splitJSON(s, rest, false)
			if n < 0 || n > len(rest) {
				t.Fatalf("cut at %d of %d", n, len(rest))
			}
			if n == 0 {
				n = len(rest)
			}
			p.Parse(&Block{File: file, Data: rest[:n], Header: header, Offset: offset, Line: 1}, func(*event.Event) {})
			rest, offset = rest[n:], offset+int64(n)
		}
		v, err := fastjson.ParseBytes(data)
		if err != nil || !json.Valid(data) || v.Type() != fastjson.TypeObject || bytes.Contains(data, []byte(`\u`)) || bytes.ContainsAny(data, "\n") {
			return
		}
		if n, _ := wrapped(data[space(data, 0):]); n > 0 {
			return
		}
		want, ok := flatWant(nil, "", v, 0)
		if !ok {
			return
		}
		// Only what no dialect renames is compared.
		var got []string
		f := flattener{ev: event.New(names), keys: newKeyTable(&dialect{name: "plain"}, event.NewNames())}
		if _, err := f.flatten(data, space(data, 0)); err != nil {
			t.Fatalf("%v: %s", err, data)
		}
		for _, f := range f.ev.Fields() {
			got = append(got, fmt.Sprintf("%s=%s", f.Name, f.Value))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s\ngot  %q\nwant %q", data, got, want)
		}
	})
}

// flatWant flattens v as flatten should; false when it is deeper or longer
// than the limits.
func flatWant(out []string, name string, v *fastjson.Value, depth int) ([]string, bool) {
	if depth > maxNesting-1 || len(name) > maxKeyName || len(out) > 1000 {
		return nil, false
	}
	ok := true
	switch v.Type() {
	case fastjson.TypeObject:
		o := v.GetObject()
		if o.Len() == 0 && depth > 0 {
			return append(out, name+"="), true
		}
		o.Visit(func(key []byte, v *fastjson.Value) {
			n := string(key)
			if name != "" {
				n = name + "." + n
			}
			if n == "_source" {
				ok = false
			}
			if ok {
				out, ok = flatWant(out, n, v, depth+1)
			}
		})
	case fastjson.TypeArray:
		a := v.GetArray()
		if len(a) == 0 {
			return append(out, name+"="), true
		}
		for _, v := range a {
			if ok {
				out, ok = flatWant(out, name, v, depth+1)
			}
		}
	case fastjson.TypeString:
		out = append(out, name+"="+string(v.GetStringBytes()))
	case fastjson.TypeNull:
		out = append(out, name+"=")
	default:
		out = append(out, name+"="+v.String())
	}
	return out, ok
}

// walkFiles calls f for every file below root with the extension.
func walkFiles(t *testing.T, root, ext string, f func(path string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ext {
			f(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
