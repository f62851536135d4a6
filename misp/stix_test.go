package misp

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
	"github.com/tocsin-project/tocsin/stix/pattern"
)

// everyType returns an event with an attribute of each type.
func everyType(toIDs bool) string {
	var b strings.Builder
	b.WriteString(`{"Event":{"id":"12","uuid":"` + uuid(1) + `","info":"All types","date":"2021-03-02","timestamp":"1614700000",
		"published":true,"publish_timestamp":"1614700100","threat_level_id":"2","analysis":"2","distribution":"3","sharing_group_id":"0",
		"Orgc":{"id":"2","name":"Example CERT","uuid":"` + uuid(2) + `"},"Org":{"id":"1","name":"Example Sector","uuid":"` + uuid(3) + `"},
		"SharingGroup":[],"future_field":{"kept":[1.50,"é"]},"Tag":[{"name":"tlp:green","colour":"#339900"},{"name":"type:OSINT"}],"Attribute":[`)
	for i, a := range draftTypes {
		if i > 0 {
			b.WriteByte(',')
		}
		value, _ := json.Marshal(a[1])
		data := ""
		if a[0] == "attachment" || a[0] == "malware-sample" {
			data = `,"data":"aGVsbG8="`
		}
		fmt.Fprintf(&b, `{"id":"%d","uuid":%q,"type":%q,"category":"Other","to_ids":%t,"distribution":"5","timestamp":"1614690000","comment":"why %d","deleted":false,"disable_correlation":true,"first_seen":"2021-03-01T10:11:12.123456+01:00","last_seen":null,"value":%s%s}`,
			i, uuid(100+i), a[0], toIDs, i, value, data)
	}
	b.WriteString(`]}}`)
	return b.String()
}

func parse(t testing.TB, text string) *Event {
	t.Helper()
	e, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// check holds what STIX returns to what it promises: the objects keep the rules
// of STIX, every identifier is used once, patterns can be read. It returns the
// objects by identifier.
func check(t testing.TB, objects []*stix.Object) map[stix.ID]*stix.Object {
	t.Helper()
	all := map[stix.ID]*stix.Object{}
	for _, o := range objects {
		if all[o.ID] != nil {
			t.Errorf("two objects have the identifier %s", o.ID)
		}
		all[o.ID] = o
		for _, p := range stix.Validate(o) {
			if p.Must {
				t.Errorf("%s: %v\n%s", o.ID, p, o.Raw())
			}
		}
		if o.Type != "indicator" {
			continue
		}
		i, err := stix.As[stix.Indicator](o)
		if err != nil {
			t.Fatal(err)
		}
		if i.PatternType != "stix" {
			continue
		}
		if p, err := pattern.Parse(i.Pattern); err != nil {
			t.Errorf("%s: %s: %v", o.ID, i.Pattern, err)
		} else if problems := p.Check(); len(problems) > 0 {
			t.Logf("%s: %v", i.Pattern, problems)
		}
	}
	dump(t, objects)
	return all
}

// dump writes the objects as a bundle into the folder that MISP_STIX_OUT names,
// for validators of others.
func dump(t testing.TB, objects []*stix.Object) {
	dir := os.Getenv("MISP_STIX_OUT")
	if dir == "" {
		return
	}
	var raws []string
	for _, o := range objects {
		raws = append(raws, string(o.Raw()))
	}
	name := strings.NewReplacer("/", "_", " ", "_").Replace(t.Name())
	bundle := `{"type":"bundle","id":"` + string(stix.NewID("bundle")) + `","objects":[` + strings.Join(raws, ",\n") + `]}`
	if err := os.WriteFile(dir+"/"+name+".json", []byte(bundle), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The types of the draft, section 2.4.2: each attribute becomes one object that
// has its UUID, whether it is meant for detection or not.
func TestEveryType(t *testing.T) {
	for _, toIDs := range []bool{true, false} {
		t.Run(strconv.FormatBool(toIDs), func(t *testing.T) {
			e := parse(t, everyType(toIDs))
			objects, problems := e.STIX()
			for _, p := range problems {
				t.Error(p)
			}
			all := check(t, objects)
			kinds := map[string][]string{}
			for i, a := range draftTypes {
				var of []string
				for _, typ := range []string{"indicator", "observed-data", "x-misp-attribute", "vulnerability", "threat-actor", "campaign", "note"} {
					if o := all[stix.ID(typ+"--"+uuid(100+i))]; o != nil {
						of = append(of, typ)
						if typ == "indicator" && strings.Contains(string(o.Raw()), "[x-misp-attribute:") {
							typ = "indicator of no STIX property"
						}
						kinds[typ] = append(kinds[typ], a[0])
					}
				}
				withData := toIDs && (a[0] == "attachment" || a[0] == "malware-sample")
				if want := map[bool]int{true: 2, false: 1}[withData]; len(of) != want {
					t.Errorf("%s became %v, want %d objects with its UUID", a[0], of, want)
				}
			}
			for typ, list := range kinds {
				slices.Sort(list)
				t.Logf("%s: %d: %s", typ, len(list), strings.Join(list, " "))
			}
		})
	}
}

// The identifier of a file is the one that section 2.9 derives.
func TestFileID(t *testing.T) {
	for _, f := range []stix.File{
		{Name: "it's \"é\"\\\x01\u2028.exe"},
		{Hashes: stix.Hashes{"MD5": strings.Repeat("0a", 16)}},
		{Hashes: stix.Hashes{"SHA-512-224": strings.Repeat("0a", 28)}, Name: "a<b>&c"},
	} {
		want, err := stix.Make(&f)
		if err != nil {
			t.Fatal(err)
		}
		if got := fileID(&f); got != want.ID {
			t.Errorf("%s has %s, want %s", want.Raw(), got, want.ID)
		}
	}
}
