package evtx_test

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/evtx"
)

// sharedData returns a folder of the shared test data, or skips the test.
func sharedData(t testing.TB, folder string) string {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "data", folder)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the shared test data is not there: %v", err)
		}
		t.Skipf("needs the shared test data: %v", err)
	}
	return path
}

// logFiles lists the .evtx files under folders of the shared test data.
func logFiles(t testing.TB, folders ...string) []string {
	t.Helper()
	var files []string
	for _, f := range folders {
		err := filepath.WalkDir(sharedData(t, f)+"/", func(path string, _ fs.DirEntry, err error) error {
			if strings.EqualFold(filepath.Ext(path), ".evtx") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

var allFolders = []string{"evtx-attack-samples", "evtx-edge-cases", "sigma-regression"}

// An element is an XML element as the tests compare it.
type element struct {
	Name  string
	Attrs map[string]string
	Kids  []*element
	Text  string
}

func (e *element) child(name string) *element {
	if e == nil {
		return nil
	}
	for _, k := range e.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// parseXML reads documents that follow each other.
func parseXML(t testing.TB, text []byte) []*element {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.Strict = false
	var roots []*element
	open := []*element{{}}
	for {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return append(roots, open[0].Kids...)
		}
		if err != nil {
			t.Fatalf("XML: %v near %.200q", err, text[max(0, dec.InputOffset()-200):])
		}
		top := open[len(open)-1]
		switch tok := tok.(type) {
		case xml.StartElement:
			e := &element{Name: xmlName(tok.Name), Attrs: map[string]string{}}
			for _, a := range tok.Attr {
				e.Attrs[xmlName(a.Name)] = a.Value
			}
			top.Kids = append(top.Kids, e)
			open = append(open, e)
		case xml.EndElement:
			if len(top.Kids) > 0 && strings.TrimSpace(top.Text) == "" {
				top.Text = ""
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.Text += string(tok)
		}
	}
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// flatten names the fields of an event as the Field documentation says, by a
// way of its own.
func flatten(event *element) []string {
	var out []string
	var walk func(e *element, name string, leafNull bool)
	walk = func(e *element, name string, leafNull bool) {
		attrs := 0
		for a, v := range e.Attrs {
			if a == "xmlns" || strings.HasPrefix(a, "xmlns:") || a == "Name" && isData(e.Name) {
				continue
			}
			attrs++
			out = append(out, name+"_"+a+"="+v)
		}
		for _, k := range e.Kids {
			kid := name + "." + k.Name
			if n, ok := k.Attrs["Name"]; ok && isData(k.Name) && n != "" {
				kid = name + "." + n
			}
			walk(k, kid, leafNull)
		}
		if e.Text != "" || leafNull && len(e.Kids) == 0 && attrs == 0 {
			out = append(out, name+"="+e.Text)
		}
	}
	for _, section := range event.Kids {
		for a, v := range section.Attrs {
			if a != "xmlns" {
				out = append(out, section.Name+"_"+a+"="+v)
			}
		}
		if section.Text != "" {
			out = append(out, section.Name+"="+section.Text)
		}
		kids, prefix := section.Kids, ""
		switch section.Name {
		case "System", "EventData":
		case "UserData":
			kids = nil
			for _, root := range section.Kids {
				for a, v := range root.Attrs {
					if a != "xmlns" && !strings.HasPrefix(a, "xmlns:") {
						out = append(out, root.Name+"_"+a+"="+v)
					}
				}
				if root.Text != "" {
					out = append(out, root.Name+"="+root.Text)
				}
				kids = append(kids, root.Kids...)
			}
		case "RenderingInfo":
			prefix = "RenderingInfo_"
		default:
			prefix = section.Name + "."
		}
		for _, k := range kids {
			name := prefix + k.Name
			if k.Name == "Message" && section.Name == "RenderingInfo" {
				name = "Message"
			}
			if n := k.Attrs["Name"]; n != "" && isData(k.Name) {
				name = prefix + n
			}
			walk(k, name, section.Name != "System")
		}
	}
	slices.Sort(out)
	return out
}

func isData(name string) bool { return name == "Data" || name == "ComplexData" }

// A peer is an independent reader.
type peer struct {
	name  string
	args  []string
	known func(e *element) // takes known differences out of an event, ours and the peer's
}

// peers are the readers that we compare with.
var peers = []peer{
	{"evtx_dump", []string{"-t", "1", "-o", "xml", "--no-indent", "--dont-show-record-number"}, func(*element) {}},
	{"evtxexport", []string{"-f", "xml"}, knownOfEvtxexport},
}

// knownOfEvtxexport takes out where evtxexport (libevtx 20181227) differs:
//   - A value that is markup itself comes out unescaped, as elements. Such
//     values are not compared.
//   - It drops values of white space.
//   - It reads only the first element of a BinXml value, so RenderingInfo is
//     missing where it follows EventData in the same value.
//   - It writes size_t (a pointer or handle) as a decimal number, where
//     Windows writes a hexadecimal one.
//   - It writes each boolean but 0 as true, we write those but 0 and 1 as the
//     number they are.
//   - It leaves out elements whose optional value is null, as MS-EVEN6
//     3.1.4.7.2 says; Windows writes them, empty, unless their dependency id
//     names the value.
//
// It also stops at forwarded records, which have no template.
func knownOfEvtxexport(e *element) {
	for _, k := range e.Kids {
		if k.Name == "Data" && len(k.Kids) > 0 || strings.Contains(k.Text, "<") {
			k.Kids, k.Text = nil, "(markup)"
		}
		if strings.TrimSpace(k.Text) == "" {
			k.Text = ""
		}
		knownOfEvtxexport(k)
	}
	e.Kids = slices.DeleteFunc(e.Kids, func(k *element) bool {
		return k.Name == "RenderingInfo" || len(k.Kids) == 0 && len(k.Attrs) <= 1 && k.Text == "" && k.Name == "Data"
	})
}

// alike reports whether two values are the same, written differently: of
// size_t and of booleans as knownOfEvtxexport says.
func alike(our, their string) bool {
	n, err := strconv.ParseUint(our, 0, 64)
	return our == their || err == nil && (strconv.FormatUint(n, 10) == their || n > 1 && their == "true")
}

func same(our, their *element) bool {
	return our.Name == their.Name && maps.Equal(our.Attrs, their.Attrs) && alike(our.Text, their.Text) &&
		slices.EqualFunc(our.Kids, their.Kids, same)
}

func (p peer) path() (string, bool) {
	if path, err := exec.LookPath(p.name); err == nil {
		return path, true
	}
	home, _ := os.UserHomeDir()
	path := filepath.Join(home, ".cargo", "bin", p.name)
	_, err := os.Stat(path)
	return path, err == nil
}

// read returns the events that the peer reads from file.
func (p peer) read(t *testing.T, file string) []*element {
	path, _ := p.path()
	out, err := exec.Command(path, append(slices.Clone(p.args), file)...).Output()
	if err != nil {
		t.Logf("%s: %v", p.name, err)
	}
	if i := bytes.Index(out, []byte("<Event ")); i >= 0 {
		out = out[i:]
	}
	for i, b := range out {
		if b < 0x20 && b != '\n' && b != '\t' && b != '\r' {
			out[i] = '_' // no XML parser takes them
		}
	}
	return slices.DeleteFunc(parseXML(t, out), func(e *element) bool { return e.Name != "Event" })
}

var (
	guidText = regexp.MustCompile(`^\{[0-9a-fA-F-]{36}\}$`)
	hexText  = regexp.MustCompile(`^0x0+[0-9a-f]`)
	timeText = regexp.MustCompile(`^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.?(\d*)Z$`)
)

// normal writes values alike that readers write differently.
func normal(s string) string {
	switch {
	case guidText.MatchString(s):
		return strings.ToUpper(s)
	case hexText.MatchString(s):
		return "0x" + cmp.Or(strings.TrimLeft(s[2:], "0"), "0")
	}
	if m := timeText.FindStringSubmatch(s); m != nil {
		return m[1] + "." + strings.TrimRight(m[2], "0") + "Z"
	}
	s = strings.ReplaceAll(s, "\r\n", "\n") // as XML parsers do
	return strings.Map(func(r rune) rune {
		if r == '_' || r < 0x20 && r != '\n' && r != '\t' && r != '\r' {
			return '\uFFFD'
		}
		return r
	}, s)
}

func normalize(e *element) {
	for k, v := range e.Attrs {
		e.Attrs[k] = normal(v)
		if v == "" {
			delete(e.Attrs, k)
		}
	}
	e.Text = normal(e.Text)
	for _, k := range e.Kids {
		normalize(k)
	}
}

// key names an event well enough to find it among those of another reader.
func key(e *element) string {
	s := e.child("System")
	if s == nil {
		return ""
	}
	text := func(name string) string {
		if c := s.child(name); c != nil {
			return c.Text
		}
		return ""
	}
	return text("EventRecordID") + " " + text("EventID") + " " + text("Computer")
}

func (e *element) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<%s", e.Name)
	for _, a := range slices.Sorted(func(yield func(string) bool) {
		for a := range e.Attrs {
			if !yield(a) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, " %s=%q", a, e.Attrs[a])
	}
	b.WriteString(">")
	for _, k := range e.Kids {
		b.WriteString(k.String())
	}
	b.WriteString(e.Text)
	fmt.Fprintf(&b, "</%s>", e.Name)
	return b.String()
}

// readOurs returns the events of file by key, having checked that the fields
// of each, made by its compiled template, agree with its XML, made by walking
// its tokens.
func readOurs(t *testing.T, file string) (map[string][]*element, evtx.Stats) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := evtx.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	events := map[string][]*element{}
	for rec := range r.Records() {
		text, err := rec.AppendXML(nil)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		docs := parseXML(t, text)
		if len(docs) != 1 {
			t.Fatalf("%s: record %d is %d documents", file, rec.ID, len(docs))
		}
		e := docs[0]
		normalize(e)
		var fields []string
		for _, f := range rec.Fields {
			if len(f.Value) == 0 && e.child("System").child(f.Name) != nil {
				continue // flatten cannot tell an empty one from one that has only attributes
			}
			fields = append(fields, f.Name+"="+normal(string(f.Value)))
		}
		slices.Sort(fields)
		if want := flatten(e); !slices.Equal(fields, want) {
			t.Fatalf("%s: record %d: fields\n%q\ndo not agree with XML\n%q", file, rec.ID, fields, want)
		}
		events[key(e)] = append(events[key(e)], e)
	}
	if err := r.Err(); err != nil {
		t.Error(err)
	}
	return events, r.Stats()
}

// TestFieldsAgreeWithXML needs no peer: the two ways through a record share
// little more than the reading of tokens and values.
func TestFieldsAgreeWithXML(t *testing.T) {
	if testing.Short() {
		t.Skip("compares some 23,000 records: run without -short")
	}
	var records uint64
	for _, file := range logFiles(t, allFolders...) {
		_, stats := readOurs(t, file)
		records += stats.Records
		if stats.Damaged > 0 {
			t.Logf("%s: %d records, %d lost; damage: %v", file, stats.Records, stats.Lost, stats.Damage)
		}
	}
	if records < 23000 {
		t.Errorf("read only %d records", records)
	}
}

// TestPeers checks that every record that another reader yields is yielded
// here, with the same elements, attributes and values.
func TestPeers(t *testing.T) {
	if testing.Short() {
		t.Skip("compares some 23,000 records: run without -short")
	}
	files := logFiles(t, allFolders...)
	installed := 0
	for _, p := range peers {
		if _, ok := p.path(); !ok {
			continue
		}
		installed++
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			total := 0
			for _, file := range files {
				mine, _ := readOurs(t, file)
				for _, list := range mine {
					for _, e := range list {
						p.known(e)
					}
				}
				theirs := p.read(t, file)
				total += len(theirs)
				for _, e := range theirs {
					normalize(e)
					p.known(e)
					list := mine[key(e)]
					if !slices.ContainsFunc(list, func(our *element) bool { return same(our, e) }) {
						t.Fatalf("%s\n got %s\nwant %s", file, list, e)
					}
				}
			}
			t.Logf("%d records compared", total)
			if total < 20000 {
				t.Errorf("%s read only %d records", p.name, total)
			}
		})
	}
	switch {
	case installed == 0 && os.Getenv("CI") == "true":
		t.Fatal("neither evtx_dump nor evtxexport is installed")
	case installed == 0:
		t.Skip("needs evtx_dump (cargo install evtx) or evtxexport (libevtx-utils)")
	}
}
