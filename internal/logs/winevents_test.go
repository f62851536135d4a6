package logs

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// What the JSON of an independent reader has of an event is what EVTX gives,
// name by name and value by value. Known differences of that JSON: GUIDs
// stand without braces, times are cut after microseconds, null is written
// for empty values.
func TestWindowsJSONLikeEVTX(t *testing.T) {
	root := sharedData(t, "sigma-regression")
	files := 0
	walkFiles(t, root, ".json", func(path string) {
		files++
		fromJSON, stats := readPath(t, path, 1<<20)
		fromEVTX, evtxStats := readPath(t, strings.TrimSuffix(path, ".json")+".evtx", 1<<20)
		if stats.Damaged+evtxStats.Damaged > 0 {
			t.Errorf("%s: damaged %v %v", path, stats.Problems, evtxStats.Problems)
		}
		records := map[string][]string{}
		for _, r := range fromEVTX {
			records[recordID.FindString(r)] = append(records[recordID.FindString(r)], r)
		}
		for _, r := range fromJSON {
			twins := records[recordID.FindString(r)]
			if len(twins) == 0 {
				t.Errorf("%s: the EVTX has no%s", path, recordID.FindString(r))
				continue
			}
			if want := normal(r); !slices.ContainsFunc(twins, func(twin string) bool { return normal(twin) == want }) {
				t.Errorf("%s\njson %s\nevtx %s", filepath.Base(path), want, normal(twins[0]))
			}
		}
		if len(fromJSON) != len(fromEVTX) {
			t.Logf("%s: %d records in JSON, %d in EVTX", filepath.Base(path), len(fromJSON), len(fromEVTX))
		}
	})
	if files < 90 {
		t.Errorf("only %d files", files)
	}
}

var (
	recordID = regexp.MustCompile(` EventRecordID=\d+`)
	guid     = regexp.MustCompile(`\{([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})\}`)
	fraction = regexp.MustCompile(`(\d\d:\d\d:\d\d)(\.\d+)?Z`)
	null     = regexp.MustCompile(`=~( |$)`)
)

// normal takes out what is known to differ.
func normal(r string) string {
	r = guid.ReplaceAllString(r, "$1")
	r = fraction.ReplaceAllString(r, "${1}Z")
	return strings.Join(strings.Fields(null.ReplaceAllString(r, "=$1")), " ")
}

// The OTRF data sets are Windows events as NXLog and Logstash write them:
// all of them route to the channel they name.
func TestOTRFRoutes(t *testing.T) {
	in, err := Open([]string{sharedData(t, "otrf")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	names := event.NewNames()
	eventID, image := names.Intern("EventID"), names.Intern("Image")
	p := NewParser(names, event.NewRouter(names, Routes()))
	origins := map[string]int{}
	categories := map[string]int{}
	var b Block
	for in.Next(&b) == nil {
		if b.File.Format != "json" {
			continue // the licence; what a Mac adds to archives
		}
		stats := p.Parse(&b, func(e *event.Event) {
			origins[e.Class.Origin]++
			for _, s := range e.Class.Sources {
				categories[s.Category]++
			}
			if e.Time == event.NoTime || e.Host == nil || e.Get(eventID) == nil {
				t.Fatalf("%s lacks time, host or id: %s", b.File.Path, routed(e))
			}
			if e.Class.Origin == windowsSysmon && string(e.Value(eventID)) == "1" && e.Value(image) == nil {
				t.Fatalf("%s lacks Image: %s", b.File.Path, routed(e))
			}
		})
		if stats.Damaged > 0 {
			t.Errorf("%s: %v", b.File.Path, stats.Problems)
		}
	}
	for origin, n := range origins {
		if !strings.HasPrefix(origin, "windows") {
			t.Errorf("%d records are %s", n, origin)
		}
	}
	for _, c := range strings.Fields("process_creation registry_event registry_set process_access image_load file_event network_connection ps_script ps_module pipe_created dns_query") {
		if categories[c] == 0 {
			t.Errorf("no record is %s: %v", c, categories)
		}
	}
	t.Log(origins)
}
