package evtx

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/evtx/evtxtest"
)

// A crafter writes a chunk by hand, to hold what no writer would write.
type crafter struct{ b []byte }

func newCrafter() *crafter { return &crafter{make([]byte, chunkHeaderSize)} }

func (c *crafter) bytes(b ...byte) { c.b = append(c.b, b...) }
func (c *crafter) u16(v int)       { c.b = binary.LittleEndian.AppendUint16(c.b, uint16(v)) }
func (c *crafter) u32(v int)       { c.b = binary.LittleEndian.AppendUint32(c.b, uint32(v)) }

// record appends a record that holds what body writes.
func (c *crafter) record(id int, body func()) {
	start := len(c.b)
	c.u32(0x2a2a)
	c.u32(0)
	c.u32(id)
	c.u32(0)
	c.u32(0)
	c.u32(0)
	body()
	for len(c.b)%8 != 4 {
		c.bytes(0)
	}
	size := len(c.b) - start + 4
	c.u32(size)
	binary.LittleEndian.PutUint32(c.b[start+4:], uint32(size))
}

// name appends a name with its offset before it.
func (c *crafter) name(s string) {
	c.u32(len(c.b) + 4)
	c.u32(0)
	c.u16(0)
	c.u16(len(s))
	c.bytes(utf16Bytes(s)...)
	c.u16(0)
}

// open starts an element without attributes.
func (c *crafter) open(s string, inTemplate bool) {
	c.bytes(tokenOpen)
	if inTemplate {
		c.u16(noDependency)
	}
	c.u32(0)
	c.name(s)
	c.bytes(tokenCloseStart)
}

func (c *crafter) text(s string) {
	c.bytes(tokenText, typeString)
	c.u16(len(s))
	c.bytes(utf16Bytes(s)...)
}

// define appends an instance with the definition that body writes, up to the
// values, and returns the definition's offset.
func (c *crafter) define(body func()) int {
	c.bytes(tokenInstance, 1)
	c.u32(0x1234)
	at := len(c.b) + 4
	c.u32(at)
	c.u32(0)
	c.u32(0x1234)
	c.b = append(c.b, make([]byte, 12)...)
	size := len(c.b)
	c.u32(0)
	body()
	c.bytes(tokenEOF)
	binary.LittleEndian.PutUint32(c.b[size:], uint32(len(c.b)-size-4))
	return at
}

// refer appends an instance of the definition at at, up to the values.
func (c *crafter) refer(at int) {
	c.bytes(tokenInstance, 1)
	c.u32(0x1234)
	c.u32(at)
}

// value appends the values of an instance: one.
func (c *crafter) value(typ byte, body func()) {
	c.u32(1)
	spec := len(c.b)
	c.bytes(0, 0, typ, 0)
	body()
	binary.LittleEndian.PutUint16(c.b[spec:], uint16(len(c.b)-spec-4))
}

// good appends a record that nothing is wrong with.
func (c *crafter) good(id int) {
	c.record(id, func() {
		c.open("Event", false)
		c.text("good")
		c.bytes(tokenEnd, tokenEOF)
	})
}

// chunk returns the whole chunk. It keeps no checksums.
func (c *crafter) chunk() []byte {
	free := len(c.b)
	b := append(c.b, make([]byte, max(0, ChunkSize-free))...)
	copy(b, "ElfChnk\x00")
	binary.LittleEndian.PutUint32(b[48:], uint32(free))
	return b
}

// TestDamage checks that a record that nobody should have written costs
// itself alone, is told, and that the records around it are read.
func TestDamage(t *testing.T) {
	value := func(c *crafter) { c.bytes(tokenNormal, 0, 0, typeString) }
	for _, test := range []struct {
		name   string
		reason error // nil when the record is read all the same
		body   func(c *crafter)
	}{
		{"no content", errEmpty, func(*crafter) {}},
		{"only the end", errEmpty, func(c *crafter) { c.bytes(tokenEOF) }},
		{"no such token", errToken, func(c *crafter) { c.bytes(0x1f) }},
		{"text outside of elements", errToken, func(c *crafter) { c.text("x") }},
		{"an end without a start", errToken, func(c *crafter) { c.bytes(tokenEnd) }},
		{"a template that contains itself", errToken, func(c *crafter) {
			c.define(func() {
				c.open("Event", true)
				c.refer(len(c.b))
			})
			c.u32(0)
		}},
		{"a template beyond the chunk", errTemplate, func(c *crafter) { c.refer(ChunkSize - 4); c.u32(0) }},
		{"a template in the chunk header", errTemplate, func(c *crafter) { c.refer(0); c.u32(0) }},
		{"a template with a size beyond the chunk", errTemplate, func(c *crafter) {
			at := c.define(func() {})
			binary.LittleEndian.PutUint32(c.b[at+20:], 1<<31)
			c.u32(0)
		}},
		{"a template larger than its record", errCut, func(c *crafter) {
			at := c.define(func() {})
			binary.LittleEndian.PutUint32(c.b[at+20:], 1000)
			c.u32(0)
		}},
		{"another template than the record's own", errForeign, func(c *crafter) {
			at := c.define(func() {})
			c.b[at+4] ^= 1
			c.u32(0)
		}},
		{"a number of values beyond the record", errValues, func(c *crafter) { c.define(func() {}); c.u32(-1) }},
		{"values larger than the record", errValues, func(c *crafter) {
			c.define(func() {})
			c.u32(1)
			c.bytes(0xff, 0xff, typeString, 0)
		}},
		{"a name beyond the chunk", errName, func(c *crafter) { c.bytes(tokenOpen, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff) }},
		{"a name longer than the chunk", errName, func(c *crafter) {
			c.open("Event", false)
			binary.LittleEndian.PutUint16(c.b[len(c.b)-15:], 0xffff)
		}},
		{"a long field name", errLongName, func(c *crafter) { c.open(strings.Repeat("x", maxNameSize+1), false) }},
		{"cut within an element", errToken, func(c *crafter) { c.open("Event", false) }},
		{"cut within text", errCut, func(c *crafter) {
			c.open("Event", false)
			c.bytes(tokenText, typeString, 0xff, 0xff)
		}},
		{"elements nested too deep", errDepth, func(c *crafter) {
			for range maxDepth + 1 {
				c.open("E", false)
			}
		}},
		{"values nested too deep", errDepth, func(c *crafter) {
			at := c.define(func() { c.open("E", true); c.bytes(tokenNormal, 0, 0, typeBinXML, tokenEnd) })
			var nest func(n int)
			nest = func(n int) {
				c.value(typeBinXML, func() {
					if n > 0 {
						c.refer(at)
						nest(n - 1)
					}
				})
			}
			nest(maxNesting + 1)
		}},
		{"values used again and again", nil, func(c *crafter) { // 50 to the power of 6 uses
			at := c.define(func() {
				c.open("Event", true)
				for range 50 {
					c.bytes(tokenNormal, 0, 0, typeBinXML)
				}
				c.bytes(tokenEnd)
			})
			var nest func(n int)
			nest = func(n int) {
				if n == 0 {
					c.value(typeString, func() { c.bytes('x', 0) })
					return
				}
				c.value(typeBinXML, func() { c.refer(at); nest(n - 1) })
			}
			nest(5)
		}},
		{"a large value used again and again", nil, func(c *crafter) {
			c.define(func() {
				for range 500 {
					c.open("E", true)
					value(c)
					c.bytes(tokenEnd)
				}
			})
			c.value(typeBinary, func() { c.b = append(c.b, make([]byte, 20000)...) })
		}},
		{"more fields than the limit", nil, func(c *crafter) {
			c.define(func() { c.open("E", true); value(c); c.bytes(tokenEnd) })
			c.value(typeString|typeArray, func() { c.b = append(c.b, make([]byte, 20000)...) })
		}},
		{"a value that does not fit its type", nil, func(c *crafter) {
			c.define(func() { c.open("E", true); value(c); c.bytes(tokenEnd) })
			c.value(typeGUID, func() { c.bytes(1, 2, 3) })
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCrafter()
			c.good(1)
			c.record(2, func() { test.body(c) })
			c.good(3)
			var ids []uint64
			start := time.Now()
			d := NewDecoder(nil)
			stats := d.Chunk(c.chunk(), func(r *Record) {
				ids = append(ids, r.ID)
				if r.ID == 2 && len(r.Fields) == 0 || r.ID != 2 && string(r.Fields[0].Value) != "good" || len(r.Fields) > maxFields {
					t.Errorf("record %d has %d fields", r.ID, len(r.Fields))
				}
				if _, err := r.AppendXML(nil); err != nil && r.ID != 2 {
					t.Error(err)
				}
			})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			want, lost := "[1 2 3]", uint64(0)
			if test.reason != nil {
				want, lost = "[1 3]", 1
			}
			if fmt.Sprint(ids) != want || stats.Lost != lost || stats.Damaged != 1 || stats.Damage[0].Record != 2 ||
				test.reason != nil && stats.Damage[0].Reason != test.reason.Error() {
				t.Errorf("records %v, %+v", ids, stats)
			}
		})
	}
}

// TestMarkup checks what is seldom seen in logs: CDATA, character and entity
// references, processing instructions, elements that are left out because the
// value that they depend on is null (MS-EVEN6 2.2.12), names made of values.
func TestMarkup(t *testing.T) {
	c := newCrafter()
	element := func(name string, dependency int, body func()) {
		c.bytes(tokenOpen)
		c.u16(dependency)
		c.u32(0)
		c.name(name)
		c.bytes(tokenCloseStart)
		body()
		c.bytes(tokenEnd)
	}
	c.record(1, func() {
		c.bytes(tokenFragment, 1, 1, 0)
		c.define(func() {
			c.bytes(tokenFragment, 1, 1, 0, tokenPITarget)
			c.name("pi")
			c.bytes(tokenPIData, 2, 0)
			c.bytes(utf16Bytes("go")...)
			element("E", 0, func() { // a root is never left out
				element("Out", 0, func() { c.text("out") })
				element("In", 1, func() { c.text("in") })
				element("Mixed", noDependency, func() {
					c.text("a")
					c.bytes(tokenCDATA, 3, 0)
					c.bytes(utf16Bytes("<b>")...)
					c.bytes(tokenCharRef, 0xe4, 0, tokenEntityRef)
					c.name("amp")
					c.bytes(tokenNormal, 1, 0, typeString)
				})
				c.bytes(tokenOpen | tokenMore)
				c.u16(noDependency)
				c.u32(0)
				c.name("Data")
				c.u32(0)
				c.bytes(tokenAttribute)
				c.name("Name")
				c.bytes(tokenNormal, 1, 0, typeString)
				c.text("-N")
				c.bytes(tokenCloseStart)
				c.text("=")
				c.bytes(tokenOptional, 1, 0, typeString, tokenEnd)
				element("Empty", noDependency, func() {})
				element("Around", noDependency, func() {
					c.text("a")
					element("Inner", noDependency, func() { c.text("i") })
					c.text("c")
				})
				element("NoSuchValue", noDependency, func() { c.bytes(tokenNormal, 99, 0, typeString) })
			})
		})
		c.u32(2)
		c.bytes(0, 0, typeNull, 0, 2, 0, typeString, 0, 'v', 0)
	})
	stats := NewDecoder(nil).Chunk(c.chunk(), func(r *Record) {
		var got strings.Builder
		for _, f := range r.Fields {
			fmt.Fprintf(&got, "%s=%s(%d) ", f.Name, f.Value, f.Kind)
		}
		if want := "E.In=in(0) E.Mixed=a<b>ä&v(0) E.v-N==v(0) E.Empty=(3) E.Around.Inner=i(0) E.Around=ac(0) E.NoSuchValue=(3) "; got.String() != want {
			t.Errorf("fields\n%s\nwant\n%s", &got, want)
		}
		text, err := r.AppendXML(nil)
		want := "<?pi go?><E><In>in</In><Mixed>a&lt;b&gt;ä&amp;v</Mixed><Data Name='v-N'>=v</Data><Empty></Empty><Around>a<Inner>i</Inner>c</Around><NoSuchValue></NoSuchValue></E>"
		if string(text) != want || err != nil {
			t.Errorf("XML %v\n%s\nwant\n%s", err, text, want)
		}
	})
	if stats.Records != 1 || stats.Damaged > 0 {
		t.Errorf("%+v", stats)
	}
}

func TestResync(t *testing.T) {
	c := newCrafter()
	var starts []int
	for id := 1; id <= 9; id++ {
		starts = append(starts, len(c.b))
		c.good(id)
	}
	clean := c.chunk()
	for _, test := range []struct {
		name  string
		spoil func(b []byte)
		want  string
		lost  uint64
	}{
		{"signature", func(b []byte) { b[starts[3]]++ }, "[1 2 3 5 6 7 8 9]", 1},
		{"size of zero", func(b []byte) { copy(b[starts[3]+4:], []byte{0, 0, 0, 0}) }, "[1 2 3 5 6 7 8 9]", 1},
		{"size beyond the chunk", func(b []byte) { copy(b[starts[3]+4:], []byte{0, 0, 1, 0}) }, "[1 2 3 5 6 7 8 9]", 1},
		{"copy of the size", func(b []byte) { b[starts[4]-4]++ }, "[1 2 3 4 5 6 7 8 9]", 0},
		{"last record", func(b []byte) { b[starts[8]]++ }, "[1 2 3 4 5 6 7 8]", 1},
		{"several", func(b []byte) { clear(b[starts[2] : starts[5]+3]) }, "[1 2 7 8 9]", 1},
		{"chunk signature", func(b []byte) { b[0]++ }, "[1 2 3 4 5 6 7 8 9]", 0},
		{"end of records", func(b []byte) { b[51]++ }, "[1 2 3 4 5 6 7 8 9]", 0},
		{"header checksum", func(b []byte) { b[124]++ }, "[1 2 3 4 5 6 7 8 9]", 0},
		{"records checksum", func(b []byte) { b[52]++ }, "[1 2 3 4 5 6 7 8 9]", 0},
	} {
		b := bytes.Clone(clean)
		test.spoil(b)
		var ids []uint64
		stats := NewDecoder(nil).Chunk(b, func(r *Record) { ids = append(ids, r.ID) })
		if fmt.Sprint(ids) != test.want || stats.Lost != test.lost || stats.Damaged == 0 {
			t.Errorf("%s: records %v, %+v", test.name, ids, stats)
		}
	}
}

// TestDirty checks records beyond the end that the chunk header tells, as a
// machine leaves them that lost its power: those that continue the numbering
// are read, leftovers of an earlier use of the chunk are not.
func TestDirty(t *testing.T) {
	c := newCrafter()
	c.good(5)
	used := len(c.b)
	c.good(6)
	c.good(7)
	c.good(3)
	b := c.chunk()
	binary.LittleEndian.PutUint32(b[48:], uint32(used))
	var ids []uint64
	stats := NewDecoder(nil).Chunk(b, func(r *Record) { ids = append(ids, r.ID) })
	if fmt.Sprint(ids) != "[5 6 7]" || stats.Damaged > 0 {
		t.Errorf("records %v, %+v", ids, stats)
	}
}

// TestBounded checks that a decoder that sees one hostile chunk after the
// other stays small, and goes on reading good ones.
func TestBounded(t *testing.T) {
	d := NewDecoder(nil)
	good := newCrafter()
	good.good(1)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		c := newCrafter()
		for id := 1; len(c.b) < 60000; id++ { // names and templates that never come again
			c.record(id, func() {
				c.define(func() {
					c.open(fmt.Sprintf("N%d-%d-%s", i, id, strings.Repeat("x", rng.IntN(900))), true)
					for range rng.IntN(100) {
						c.bytes(tokenNormal, 0, 0, typeString)
					}
					c.bytes(tokenEnd)
				})
				c.value(typeUint32, func() { c.u32(id) })
			})
		}
		if stats := d.Chunk(c.chunk(), func(*Record) {}); stats.Records == 0 || stats.Lost > 0 {
			t.Fatalf("chunk %d: %+v", i, stats)
		}
		if stats := d.Chunk(good.chunk(), func(*Record) {}); stats.Records != 1 || stats.Damaged > 0 {
			t.Fatalf("after chunk %d: %+v", i, stats)
		}
	}
	if d.names.size > maxSchema || d.cache.size > 3*maxTemplates || cap(d.out) > maxOutput || len(d.fields) > maxFields {
		t.Errorf("names %d, templates %d, arena %d bytes, %d fields", d.names.size, d.cache.size, cap(d.out), len(d.fields))
	}
}

// TestNamespacesAreBounded checks that attributes which are no fields count for
// what their names take.
func TestNamespacesAreBounded(t *testing.T) {
	var s schema
	s.reset()
	for i := 0; !s.crowded(); i++ {
		if i > maxSchema/nodeWeight {
			t.Fatalf("%d names are held as %d bytes", len(s.root.attrs), s.size)
		}
		var name []byte
		for _, c := range fmt.Sprintf("xmlns:n%d", i) {
			name = append(name, byte(c), 0)
		}
		if a, err := s.attribute(s.root, name); a != nil || err != nil {
			t.Fatal(a, err)
		}
	}
}

// TestChunkBudget checks that a chunk full of records that each use the one
// large template has an end, and that its end is told.
func TestChunkBudget(t *testing.T) {
	c := newCrafter()
	var at int
	c.record(1, func() {
		at = c.define(func() {
			c.open("E", true)
			for range 10000 {
				c.bytes(tokenOptional, 0, 0, typeString)
			}
			c.bytes(tokenEnd)
		})
		c.u32(0)
	})
	for id := 2; len(c.b) < ChunkSize-64; id++ {
		c.record(id, func() { c.refer(at); c.u32(0) })
	}
	stats := NewDecoder(nil).Chunk(c.chunk(), func(*Record) {})
	if stats.Records < 100 || stats.Lost == 0 || stats.Damage[0].Reason != errWork.Error() {
		t.Errorf("%+v", stats)
	}
}

// seeds returns files of all that evtxtest can write.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	at := time.Date(2021, 3, 2, 10, 11, 12, 0, time.UTC)
	var events []evtxtest.Event
	for i := range 60 {
		e := evtxtest.Event{
			Provider: "Microsoft-Windows-Sysmon", GUID: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
			EventID: uint16(i % 4), Time: at, Channel: "Security", Computer: "hall.example", UserID: "S-1-5-18",
		}
		switch i % 4 {
		case 0:
			e.Data = []evtxtest.Data{
				{Name: "S", Value: "Grüße"},
				{Name: "N"},
				{Name: "U", Value: uint32(i)},
				{Name: "G", Value: evtxtest.GUID("{5770385F-C22A-43E0-BF4C-06F5698FFBD9}")},
				{Name: "I", Value: evtxtest.SID("S-1-5-21-1-2-3-1001")},
				{Name: "H", Value: evtxtest.Hex64(i)},
				{Name: "T", Value: at},
				{Name: "Y", Value: evtxtest.SystemTime(at)},
				{Name: "B", Value: []byte{1, 2, 3}},
				{Name: "R", Value: 1.5},
				{Name: "O", Value: true},
			}
		case 1:
			e.Data = []evtxtest.Data{{Value: []string{"a", "", "b"}}, {Value: evtxtest.ANSI("x")}}
		case 2:
			e.UserData = &evtxtest.Element{Name: "Root", Namespace: "urn:x", Children: []evtxtest.Element{{Name: "A", Value: "a"}}}
		case 3:
			e.Forwarded = true
			e.Data = []evtxtest.Data{{Name: "S", Value: "s"}}
			e.Rendering = &evtxtest.Rendering{Culture: "en-US", Message: "m", Keywords: []string{"k"}}
		}
		events = append(events, e)
	}
	var files [][]byte
	for i := range 4 {
		file, err := evtxtest.Bytes(events[i])
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	file, err := evtxtest.Bytes(events...)
	if err != nil {
		t.Fatal(err)
	}
	return append(files, file)
}

// used cuts the unused end off a chunk.
func used(chunk []byte) []byte {
	return chunk[:min(len(chunk), int(binary.LittleEndian.Uint32(chunk[48:])))]
}

// TestSpoiled reads files with bytes changed and ends cut off, at random but
// the same each time. What matters is that it comes to an end, that a record
// is whole or missing, and that memory stays within a small multiple of a
// chunk.
func TestSpoiled(t *testing.T) {
	files := seeds(t)
	real, _ := filepath.Glob(filepath.Join("..", "..", "shared", "data", "evtx-edge-cases", "*.evtx"))
	for _, name := range real {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file[:min(len(file), HeaderSize+ChunkSize)])
	}
	rng := rand.New(rand.NewPCG(3, 4))
	rounds := 60
	if testing.Short() {
		rounds = 5
	}
	var most uint64
	for n, file := range files {
		end := HeaderSize + len(used(file[HeaderSize:]))
		for round := range rounds {
			b := bytes.Clone(file)
			for range 1 + rng.IntN(20) {
				at := HeaderSize + rng.IntN(end-HeaderSize)
				switch rng.IntN(4) {
				case 0:
					b[at] = byte(rng.Uint32())
				case 1:
					b[at] ^= 1 << rng.IntN(8)
				case 2:
					copy(b[at:], []byte{0xff, 0xff, 0xff, 0xff})
				case 3:
					copy(b[at:], b[HeaderSize+rng.IntN(end-HeaderSize):][:1])
				}
			}
			if rng.IntN(4) == 0 {
				b = b[:HeaderSize+rng.IntN(len(b)-HeaderSize)]
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			d := NewDecoder(nil)
			d.Chunk(b[HeaderSize:], func(*Record) {})
			runtime.ReadMemStats(&after)
			most = max(most, after.TotalAlloc-before.TotalAlloc)
			if most > 64*ChunkSize {
				t.Fatalf("file %d, round %d: %d bytes allocated", n, round, most)
			}
			checkChunk(t, d, b[HeaderSize:])
			checkJSON(t, b[HeaderSize:min(len(b), HeaderSize+ChunkSize)])
		}
	}
	t.Logf("at most %d bytes allocated for a chunk", most)
}

// checkChunk decodes a chunk twice with d, which knows its templates the
// second time, and once with a fresh decoder. All three must agree.
func checkChunk(t *testing.T, d *Decoder, chunk []byte) {
	t.Helper()
	var xml []byte
	decode := func(d *Decoder) (text []byte, records uint64, stats Stats) {
		stats = d.Chunk(chunk, func(r *Record) {
			records++
			text = fmt.Appendf(text, "%d %d %s %s\n", r.ID, r.Time, r.EventID, r.Channel)
			for i := range r.Fields {
				f := &r.Fields[i]
				text = append(append(append(text, f.Name...), '='), f.Value...)
			}
			xml, _ = r.AppendXML(xml[:0])
			for _, b := range xml {
				if b < 0x20 && b != '\t' && b != '\n' && b != '\r' {
					t.Fatalf("record %d: XML with byte %#x", r.ID, b)
				}
			}
		})
		return text, records, stats
	}
	want, records, stats := decode(NewDecoder(nil))
	if stats.Records != records || stats.Lost > stats.Damaged || len(stats.Damage) > maxDamage {
		t.Fatalf("%d records, %+v", records, stats)
	}
	for range 2 {
		if got, _, again := decode(d); !bytes.Equal(got, want) || again.Lost != stats.Lost || again.Damaged != stats.Damaged {
			t.Fatalf("a decoder with a past reads otherwise:\n%s\n%+v\nwant\n%s\n%+v", got, again, want, stats)
		}
	}
}

func FuzzChunk(f *testing.F) {
	for _, file := range seeds(f) {
		f.Add(used(file[HeaderSize:]))
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		checkChunk(t, NewDecoder(nil), chunk)
		checkJSON(t, chunk)
	})
}

func FuzzFile(f *testing.F) {
	for _, file := range seeds(f) {
		f.Add(file[:HeaderSize+len(used(file[HeaderSize:]))])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := NewReader(bytes.NewReader(file))
		if err != nil {
			return
		}
		records := uint64(0)
		for rec := range r.Records() {
			records++
			if rec.Offset < HeaderSize || rec.Offset >= int64(len(file)) {
				t.Fatalf("record %d at %d", rec.ID, rec.Offset)
			}
		}
		if s := r.Stats(); s.Records != records || r.Err() != nil {
			t.Fatalf("%d records, %+v, %v", records, s, r.Err())
		}
	})
}
