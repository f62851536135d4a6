package evtx_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/evtx"
	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

var eventTime = time.Date(2021, 3, 2, 10, 11, 12, 345678900, time.UTC)

func sample() evtxtest.Event {
	return evtxtest.Event{
		Provider: "Microsoft-Windows-Sysmon", GUID: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
		EventID: 1, Level: 4, Time: eventTime, ProcessID: 10, ThreadID: 20,
		Channel: "Microsoft-Windows-Sysmon/Operational", Computer: "mail.town.example",
	}
}

// logFile writes events into a file.
func logFile(t testing.TB, events ...evtxtest.Event) []byte {
	t.Helper()
	file, err := evtxtest.Bytes(events...)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// decode returns the fields of the records of file that System does not
// hold, one string for each record.
func decode(t testing.TB, d *evtx.Decoder, file []byte) (records []string, stats evtx.Stats) {
	t.Helper()
	for at := evtx.HeaderSize; at < len(file); at += evtx.ChunkSize {
		stats = d.Chunk(file[at:min(at+evtx.ChunkSize, len(file))], func(r *evtx.Record) {
			i := slices.IndexFunc(r.Fields, func(f evtx.Field) bool { return f.Name == "Computer" })
			var fields []string
			for _, f := range r.Fields[i+1:] {
				fields = append(fields, fmt.Sprintf("%s=%s", f.Name, f.Value))
			}
			records = append(records, strings.Join(fields, " "))
		})
	}
	return records, stats
}

// TestNames checks the flat names that the Field documentation promises.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*evtxtest.Event)
		want string
	}{
		{"System attributes", func(e *evtxtest.Event) { e.UserID = "S-1-5-18" }, "Security_UserID=S-1-5-18"},
		{"EventData, named", func(e *evtxtest.Event) {
			e.Data = []evtxtest.Data{{Name: "Image", Value: "a"}, {Name: "User", Value: "b"}}
		}, "Image=a User=b"},
		{"EventData, unnamed, each a field", func(e *evtxtest.Event) {
			e.Data = []evtxtest.Data{{Value: "a"}, {Value: "b"}}
		}, "Data=a Data=b"},
		{"array, each item a field (MS-EVEN6 3.1.4.7.5)", func(e *evtxtest.Event) {
			e.Data = []evtxtest.Data{{Value: []string{"a", "", "b"}}, {Name: "X", Value: []string{"c", "d"}}}
		}, "Data=a Data= Data=b X=c X=d"},
		{"names used twice", func(e *evtxtest.Event) {
			e.Data = []evtxtest.Data{{Name: "X", Value: "a"}, {Name: "X", Value: "b"}}
		}, "X=a X=b"},
		{"null", func(e *evtxtest.Event) { e.Data = []evtxtest.Data{{Name: "X"}} }, "X="},
		{"UserData", func(e *evtxtest.Event) {
			e.UserData = &evtxtest.Element{
				Name: "Root", Namespace: "urn:x", Attrs: []evtxtest.Data{{Name: "v", Value: "1"}},
				Children: []evtxtest.Element{
					{Name: "A", Value: "a"},
					{Name: "B", Children: []evtxtest.Element{{Name: "C", Attrs: []evtxtest.Data{{Name: "k", Value: "w"}}, Value: "c"}}},
				},
			}
		}, "Root_v=1 A=a B.C_k=w B.C=c"},
		{"Data within UserData", func(e *evtxtest.Event) {
			e.UserData = &evtxtest.Element{Name: "Root", Children: []evtxtest.Element{
				{Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: "X"}}, Value: "a"},
			}}
		}, "X=a"},
		{"children of a named Data", func(e *evtxtest.Event) {
			e.UserData = &evtxtest.Element{Name: "Root", Children: []evtxtest.Element{{
				Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: "X"}, {Name: "k", Value: "v"}},
				Children: []evtxtest.Element{{Name: "A", Value: "a"}},
			}}}
			e.Forwarded = true
		}, "X_k=v X.A=a"},
		{"Data whose Name is a value", func(e *evtxtest.Event) {
			e.UserData = &evtxtest.Element{Name: "Root", Children: []evtxtest.Element{
				{Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: "X"}}, Value: uint32(1)},
				{Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: "Y"}}, Value: []string{"a", "b"}},
				{Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: ""}}, Value: "c"},
			}}
		}, "X=1 Y=a Y=b Data=c"},
		{"RenderingInfo", func(e *evtxtest.Event) {
			e.Rendering = &evtxtest.Rendering{Culture: "en-US", Message: "m", Level: "l", Keywords: []string{"k"}}
		}, "RenderingInfo_Culture=en-US Message=m RenderingInfo_Level=l RenderingInfo_Keywords.Keyword=k"},
	} {
		e := sample()
		c.edit(&e)
		got, stats := decode(t, evtx.NewDecoder(nil), logFile(t, e))
		if len(got) != 1 || got[0] != c.want || stats.Damaged > 0 {
			t.Errorf("%s:\ngot  %q\nwant %q; %+v", c.name, got, c.want, stats)
		}
	}
}

func TestKinds(t *testing.T) {
	e := sample()
	e.Data = []evtxtest.Data{
		{Name: "String", Value: "1"},
		{Name: "Empty", Value: ""},
		{Name: "Number", Value: uint32(1)},
		{Name: "Bool", Value: true},
		{Name: "Null"},
		{Name: "Hex", Value: evtxtest.Hex32(1)},
	}
	want := map[string]evtx.Kind{
		"String": evtx.String, "Empty": evtx.String, "Number": evtx.Number, "Bool": evtx.Bool, "Null": evtx.Null,
		"Hex": evtx.String, "EventID": evtx.Number, "Channel": evtx.String,
	}
	evtx.NewDecoder(nil).Chunk(logFile(t, e)[evtx.HeaderSize:], func(r *evtx.Record) {
		for _, f := range r.Fields {
			if k, ok := want[f.Name]; ok && k != f.Kind {
				t.Errorf("%s has kind %d, want %d", f.Name, f.Kind, k)
			}
			delete(want, f.Name)
		}
	})
	if len(want) > 0 {
		t.Errorf("fields missing: %v", want)
	}
}

// TestDirect checks what Record gives without a look at its fields, for
// records with and without templates.
func TestDirect(t *testing.T) {
	for _, forwarded := range []bool{false, true} {
		e := sample()
		e.RecordID = 77
		e.Forwarded = forwarded
		// None of these may be taken for those of System.
		e.Data = []evtxtest.Data{{Name: "EventID", Value: "no"}, {Name: "Channel", Value: "no"}, {Name: "Computer", Value: "no"}}
		e.Rendering = &evtxtest.Rendering{Channel: "no", Provider: "no"}
		n := 0
		evtx.NewDecoder(nil).Chunk(logFile(t, e)[evtx.HeaderSize:], func(r *evtx.Record) {
			n++
			if r.ID != 77 || r.Time != eventTime.UnixNano() || r.Written != eventTime.UnixNano() || r.Offset != 512 ||
				string(r.EventID) != "1" || string(r.Channel) != e.Channel || string(r.Computer) != e.Computer ||
				string(r.Provider) != e.Provider {
				t.Errorf("forwarded %t: %+v", forwarded, r)
			}
		})
		if n != 1 {
			t.Errorf("%d records", n)
		}
	}
}

// TestRandomTrees checks that the two ways through a record, compiled and by
// token, agree on any elements, with and without templates.
func TestRandomTrees(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	name := func() string { return string(rune('A' + rng.IntN(4))) }
	value := func(leaf bool) any {
		values := []any{
			nil, "", "text", uint32(rng.IntN(3)), true, evtxtest.Hex32(rng.IntN(3)),
			evtxtest.GUID("{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"), eventTime,
			[]string{"a", "b"},
		}
		if !leaf { // an array repeats the element in XML, with attributes and children
			values = values[:len(values)-1]
		}
		return values[rng.IntN(len(values))]
	}
	var tree func(depth int) evtxtest.Element
	tree = func(depth int) evtxtest.Element {
		e := evtxtest.Element{Name: name()}
		if rng.IntN(3) == 0 {
			return evtxtest.Element{Name: "Data", Attrs: []evtxtest.Data{{Name: "Name", Value: name()}}, Value: value(true)}
		}
		if rng.IntN(3) == 0 {
			e.Attrs = append(e.Attrs, evtxtest.Data{Name: "k", Value: "v"})
		}
		for depth > 0 && rng.IntN(3) > 0 {
			e.Children = append(e.Children, tree(depth-1))
		}
		if len(e.Children) == 0 || rng.IntN(3) == 0 {
			e.Value = value(len(e.Children) == 0 && len(e.Attrs) == 0)
		}
		return e
	}
	var events []evtxtest.Event
	for range 500 {
		e := sample()
		root := evtxtest.Element{Name: "Root", Children: []evtxtest.Element{tree(3), tree(3)}}
		e.UserData = &root
		e.Forwarded = rng.IntN(2) == 0
		events = append(events, e)
	}
	path := filepath.Join(t.TempDir(), "trees.evtx")
	if err := os.WriteFile(path, logFile(t, events...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stats := readOurs(t, path); stats.Records != 500 || stats.Damaged > 0 {
		t.Errorf("%+v", stats)
	}
}

// TestResolve checks that names are resolved once, whatever the number of
// records, chunks and templates that hold them.
func TestResolve(t *testing.T) {
	var events []evtxtest.Event
	for i := range 2000 {
		e := sample()
		e.EventID = uint16(i % 5)
		e.Data = []evtxtest.Data{{Name: "Image", Value: "a"}, {Name: fmt.Sprint("Own", i%5), Value: "b"}}
		e.Forwarded = i%2 == 1
		events = append(events, e)
	}
	file := logFile(t, events...)
	calls := map[string]int{}
	d := evtx.NewDecoder(func(name string) uint32 {
		calls[name]++
		return uint32(len(name))
	})
	for at := evtx.HeaderSize; at < len(file); at += evtx.ChunkSize {
		d.Chunk(file[at:at+evtx.ChunkSize], func(r *evtx.Record) {
			for _, f := range r.Fields {
				if f.Tag != uint32(len(f.Name)) {
					t.Fatalf("%s has tag %d", f.Name, f.Tag)
				}
			}
		})
	}
	for _, name := range []string{"EventID", "Provider_Name", "Image", "Own4"} {
		if calls[name] != 1 {
			t.Errorf("%s was resolved %d times", name, calls[name])
		}
	}
}

// TestXML checks the form that Windows writes, and what XML does not allow.
func TestXML(t *testing.T) {
	e := sample()
	e.Data = []evtxtest.Data{
		{Name: "A&'\"", Value: "<&>'\"\x01\ufffe\tü"},
		{Name: "N"},
		{Value: []string{"a", "b"}},
	}
	want := `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>` +
		`<Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385F-C22A-43E0-BF4C-06F5698FFBD9}'/>` +
		`<EventID>1</EventID><Version>0</Version><Level>4</Level><Task>0</Task><Opcode>0</Opcode>` +
		`<Keywords>0x0</Keywords><TimeCreated SystemTime='2021-03-02T10:11:12.3456789Z'/>` +
		`<EventRecordID>1</EventRecordID><Correlation/><Execution ProcessID='10' ThreadID='20'/>` +
		`<Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>mail.town.example</Computer><Security/></System>` +
		`<EventData><Data Name='A&amp;&apos;&quot;'>&lt;&amp;&gt;'"__` + "\t" + `ü</Data><Data Name='N'></Data>` +
		`<Data>a</Data><Data>b</Data></EventData></Event>`
	evtx.NewDecoder(nil).Chunk(logFile(t, e)[evtx.HeaderSize:], func(r *evtx.Record) {
		before := fmt.Sprintf("%+v", r.Fields)
		got, err := r.AppendXML([]byte("x"))
		if err != nil || string(got) != "x"+want {
			t.Errorf("%v\ngot  %s\nwant x%s", err, got, want)
		}
		if after := fmt.Sprintf("%+v", r.Fields); after != before {
			t.Errorf("AppendXML changed the fields:\n%s\n%s", before, after)
		}
	})
}

// TestChunksAlone checks that chunks may be decoded in any order, by any
// decoder, with the same result.
func TestChunksAlone(t *testing.T) {
	var events []evtxtest.Event
	for i := range 1500 {
		e := sample()
		e.Data = []evtxtest.Data{{Name: fmt.Sprint("F", i%7), Value: uint32(i)}, {Value: strings.Repeat("x", i%100)}}
		events = append(events, e)
	}
	file := logFile(t, events...)
	want, _ := decode(t, evtx.NewDecoder(nil), file)
	var got []string
	d := evtx.NewDecoder(nil)
	for at := len(file) - evtx.ChunkSize; at >= evtx.HeaderSize; at -= evtx.ChunkSize {
		one := append(make([]byte, evtx.HeaderSize), file[at:at+evtx.ChunkSize]...)
		records, stats := decode(t, d, one)
		if stats.Damaged > 0 {
			t.Errorf("%+v", stats)
		}
		got = append(records, got...)
	}
	if len(want) != 1500 || !slices.Equal(got, want) {
		t.Errorf("%d records backwards, %d forwards, or they differ", len(got), len(want))
	}
}

// TestAllocs checks that a decoder that has seen a log allocates nothing for
// its records.
func TestAllocs(t *testing.T) {
	var events []evtxtest.Event
	for i := range 500 {
		e := sample()
		e.ActivityID = fmt.Sprintf("{00000000-0000-0000-0000-%012d}", i)
		e.Data = []evtxtest.Data{
			{Name: "Image", Value: `C:\Windows\System32\cmd.exe`},
			{Name: "ProcessId", Value: uint32(i)},
			{Name: "LogonGuid", Value: evtxtest.GUID(fmt.Sprintf("{00000000-0000-0000-0000-%012d}", i))},
			{Name: "User", Value: evtxtest.SID(fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000000+i))},
			{Name: "Time", Value: eventTime.Add(time.Duration(i) * time.Hour)},
			{Name: "Text", Value: "Grüße aus dem Rathaus"},
			{Name: "Bytes", Value: []byte("0123456789")},
			{Value: []string{"a", "b"}},
		}
		e.Forwarded = i%3 == 2
		events = append(events, e)
	}
	file := logFile(t, events...)
	d := evtx.NewDecoder(nil)
	records := 0
	pass := func() {
		for at := evtx.HeaderSize; at < len(file); at += evtx.ChunkSize {
			d.Chunk(file[at:at+evtx.ChunkSize], func(*evtx.Record) { records++ })
		}
	}
	pass()
	if n := testing.AllocsPerRun(10, pass); n > 0 || records != 500*12 {
		t.Errorf("%v allocations for %d records", n, records)
	}
}
