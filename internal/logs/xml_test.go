package logs

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

const sysmonXML = `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Sysmon" Guid="{5770385F-C22A-43E0-BF4C-06F5698FFBD9}"/><EventID>1</EventID><Version>5</Version><TimeCreated SystemTime="2021-03-03T01:02:03.004Z"/><EventRecordID>7</EventRecordID><Correlation/><Execution ProcessID="3" ThreadID="4"/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>h</Computer><Security UserID="S-1-5-18"/></System><EventData><Data Name="Image">C:\x.exe</Data><Data Name="CommandLine">"x" &amp; &lt;y&gt; &#233;&#xe9;&unknown;</Data><Data Name="Empty"></Data><Data Name="None"/></EventData></Event>`

const sysmonFields = `windows/Microsoft-Windows-Sysmon/Operational @2021-03-03T01:02:03.004Z host:h Provider_Name=Microsoft-Windows-Sysmon Provider_Guid={5770385F-C22A-43E0-BF4C-06F5698FFBD9} EventID=1 Version=5 TimeCreated_SystemTime=2021-03-03T01:02:03.004Z EventRecordID=7 Execution_ProcessID=3 Execution_ThreadID=4 Channel=Microsoft-Windows-Sysmon/Operational Computer=h Security_UserID=S-1-5-18 Image=C:\x.exe CommandLine="x" & <y> éé&unknown; Empty= None=~`

// Windows events in XML have the fields that EVTX gives ([MS-EVEN6], 2.2.13).
func TestXMLFields(t *testing.T) {
	classic := `<Event xmlns='x'><System><Provider Name='PowerShell'/><EventID Qualifiers='0'>400</EventID><Channel>Windows PowerShell</Channel><Computer>h</Computer></System><EventData><Data>one</Data><Data><![CDATA[<two> &amp;]]></Data><Binary>00FF</Binary></EventData><RenderingInfo Culture='en-US'><Message>m</Message><Level>Information</Level></RenderingInfo></Event>`
	user := "<Event>\r\n  <System>\r\n    <EventID>104</EventID>\r\n    <Channel>System</Channel>\r\n  </System>\r\n  <UserData>\r\n    <LogFileCleared xmlns=\"y\">\r\n      <SubjectUserName>u</SubjectUserName>\r\n      <Deep a=\"1\"><Down>2</Down></Deep>\r\n    </LogFileCleared>\r\n  </UserData>\r\n</Event>"
	classicFields := `windows/Windows PowerShell host:h Provider_Name=PowerShell EventID_Qualifiers=0 EventID=400 Channel=Windows PowerShell Computer=h Data=one Data=<two> &amp; Binary=00FF RenderingInfo_Culture=en-US Message=m RenderingInfo_Level=Information`
	userFields := `windows/System EventID=104 Channel=System SubjectUserName=u Deep_a=1 Deep.Down=2`
	for name, content := range map[string]string{
		"one after another": sysmonXML + classic + user,
		"a line each":       sysmonXML + "\n" + classic + "\n" + user + "\n",
		"within Events":     "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Events>\r\n" + sysmonXML + "\r\n" + classic + "<!-- a comment --> " + user + "</Events>\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, stats := readText(t, "a.xml", content)
			wantRecords(t, got, sysmonFields, classicFields, userFields)
			if stats.Damaged > 0 {
				t.Error(stats.Problems)
			}
		})
	}
}

// A bad event costs itself; nothing expands.
func TestXMLDamage(t *testing.T) {
	good := `<Event><System><EventID>1</EventID><Channel>System</Channel></System></Event>` + "\n"
	for name, bad := range map[string]string{
		"tags cross":     `<Event><System><EventID>2</System></EventID></Event>`,
		"cut":            `<Event><System><EventID>2</EventID>`,
		"bad attribute":  `<Event><System><Provider Name=x/></System></Event>`,
		"no name":        `<Event><System>< ></System></Event>`,
		"open comment":   `<Event><System><!-- </System></Event>`,
		"document type":  `<Event><!DOCTYPE x [<!ENTITY a "aa">]><System></System></Event>`,
		"too deep":       `<Event><System>` + strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70) + `</System></Event>`,
		"unclosed CDATA": `<Event><System><EventID><![CDATA[x</EventID></System></Event>`,
	} {
		t.Run(name, func(t *testing.T) {
			got, stats := readText(t, "a.xml", good+bad+"\n"+good)
			want := "windows/System EventID=1 Channel=System"
			wantRecords(t, got, want, want)
			if stats.Damaged != 1 {
				t.Errorf("damaged %d: %v", stats.Damaged, stats.Problems)
			}
		})
	}
}

// What a hostile event costs grows with its size alone: text in many pieces,
// and events that never end.
func TestXMLCost(t *testing.T) {
	pieces := strings.Repeat("a<![CDATA[b]]>", 100_000)
	got, stats := readText(t, "a.xml", "<Event><System><EventID>1</EventID><Channel>System</Channel></System><EventData><Data>"+pieces+"</Data></EventData></Event>")
	wantRecords(t, got, "windows/System EventID=1 Channel=System Data="+strings.Repeat("ab", 100_000))
	if stats.Damaged > 0 {
		t.Error(stats.Problems)
	}
	starts := strings.Repeat("<Event>", 200_000)
	if _, stats = readText(t, "a.xml", "<Event><System></System></Event>"+starts); stats.Damaged != 200_000 {
		t.Errorf("damaged %d", stats.Damaged)
	}
}

// Sysmon for Linux is product linux.
func TestXMLSysmonForLinux(t *testing.T) {
	got, _ := readText(t, "a.xml", `<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><Channel>Linux-Sysmon/Operational</Channel><Computer>h</Computer></System><EventData><Data Name="Image">/bin/sh</Data></EventData></Event>`)
	wantRecords(t, got, "linux/sysmon host:h Provider_Name=Linux-Sysmon EventID=1 Channel=Linux-Sysmon/Operational Computer=h Image=/bin/sh")
}

func BenchmarkXML(b *testing.B) {
	data := []byte(strings.Repeat(sysmonXML+"\n", 300))
	names := event.NewNames()
	names.Intern("Image")
	p := NewParser(names, event.NewRouter(names, Routes()))
	block := &Block{File: &File{format: &xmlFormat}, Data: data, Line: 1}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		p.Parse(block, func(*event.Event) {})
	}
}

// Whatever the bytes are, reading ends, and the text of a record's values is
// no longer than the record.
func FuzzXML(f *testing.F) {
	f.Add([]byte(sysmonXML))
	f.Add([]byte("<Events><Event><System/></Event><Event a='b'><x>&#x1F600;<![CDATA[y]]></x></Event></Events>"))
	f.Add([]byte("<Event><EventData><Data Name='a'>1</Data><ComplexData Name=''>2</ComplexData></EventData><!-- </Event>"))
	names := event.NewNames()
	p := NewParser(names, event.NewRouter(names, Routes()))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := &File{format: &xmlFormat}
		s := &splitState{}
		for rest := data; len(rest) > 0; {
			n := xmlFormat.split(s, rest, false)
			if n == 0 {
				n = len(rest)
			}
			starts := bytes.Count(rest[:n], []byte("<Event"))
			stats := p.Parse(&Block{File: file, Data: rest[:n], Line: 1}, func(e *event.Event) {
				total := 0
				for _, f := range e.Fields() {
					total += len(f.Value)
				}
				if total > n {
					t.Fatal(fmt.Sprint(total, " bytes of values in ", n))
				}
			})
			if stats.Records+stats.Damaged > uint64(starts) {
				t.Fatalf("%d records and %d damaged of %d", stats.Records, stats.Damaged, starts)
			}
			rest = rest[n:]
		}
	})
}
