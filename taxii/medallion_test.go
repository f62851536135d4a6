package taxii

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// What follows holds for the data that medallion, the TAXII server of OASIS,
// publishes to try clients with.

func medallion(t testing.TB) *Handler {
	return &Handler{Backend: load(t, shared(t, "taxii/medallion-default-data.json"))}
}

const (
	trust     = "/trustgroup1/"
	highValue = trust + "collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/"
	writeOnly = trust + "collections/472c94ae-3113-4e3e-a4dd-a9f4ac7471d4/"
	readWrite = trust + "collections/365fed99-08fa-fdcd-a1b3-fb247eb41d01/"
	readOnly  = trust + "collections/52892447-4d7e-4f70-b94d-d7f22742ff63/"
	neither   = trust + "collections/64993447-4d7e-4f70-b94d-d7f33742ee63/"

	relationship = "relationship--2f9a9aa9-108a-4333-83e2-4fb25add0463 2014-05-08T09:00:00.000Z"
	hash         = "indicator--cd981c25-8042-4166-8945-51178443bdac 2014-05-08T09:00:00.000Z"
	siteID       = "indicator--6770298f-0fd8-471a-ab8c-1c658a46574e"
	site1        = siteID + " 2016-11-03T12:30:59.000Z"
	site2        = siteID + " 2016-12-25T12:30:59.444Z"
	site3        = siteID + " 2017-01-27T13:49:53.935Z"
	green        = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da 2017-01-20T00:00:00.000Z"
	ivyID        = "malware--c0931cc6-c75e-47e5-9036-78fabc95d4ec"
	ivy21        = ivyID + " 2017-01-27T13:49:53.997Z"
	ivy20        = ivyID + " 2018-02-23T18:30:00.000Z" // in STIX 2.0
)

// added are the objects in order of when they were added. Two share a date in
// the data, which the Backend sets apart.
var added = []struct{ object, date string }{
	{relationship, "2014-05-08T09:00:00.000000Z"},
	{hash, "2016-11-01T03:04:05.000000Z"},
	{site1, "2016-11-03T12:30:59.001000Z"},
	{site2, "2016-12-27T13:49:59.000000Z"},
	{green, "2017-01-20T00:00:00.000000Z"},
	{ivy21, "2017-01-27T13:49:59.997000Z"},
	{ivy20, "2017-01-27T13:49:59.997001Z"},
	{site3, "2017-12-31T13:49:53.935000Z"},
}

// TestMedallionServerInformation: sections 4.1, 4.2, 4.3.
func TestMedallionServerInformation(t *testing.T) {
	h := medallion(t)
	var d Discovery
	get(t, h, "/taxii2/").is(t, 200).into(t, &d)
	if d.Title != "Some TAXII Server" || d.Default != "http://localhost:5000/trustgroup1/" || len(d.APIRoots) != 3 || d.Contact == "" || d.Description == "" {
		t.Errorf("%+v", d)
	}
	for root, title := range map[string]string{"api1": "General STIX 2.1 Collections", "api2": "STIX 2.1 Indicator Collections", "trustgroup1": "Malware Research Group"} {
		var a APIRoot
		get(t, h, "/"+root+"/").is(t, 200).into(t, &a)
		if a.Title != title || !slices.Equal(a.Versions, []string{MediaType}) || a.MaxContentLength != 9765625 {
			t.Errorf("%+v", a)
		}
	}
	get(t, h, "/api3/").is(t, 404)

	var s Status
	get(t, h, trust+"status/2d086da7-4bdc-4f91-900e-d77486753710/").is(t, 200).into(t, &s)
	if s.Status != Pending || s.TotalCount != 4 || s.SuccessCount != 1 || s.FailureCount != 1 || s.PendingCount != 2 ||
		len(s.Successes) != 1 || len(s.Failures) != 1 || len(s.Pendings) != 2 || s.RequestTimestamp.String() != "2016-11-02T12:34:34.123456Z" ||
		s.Failures[0] != (StatusDetail{"malware--664fa29d-bf65-4f28-a667-bdb76f29ec98", "2015-05-08T09:00:00.000Z", "Unable to process object"}) {
		t.Errorf("%+v", s)
	}
	r := get(t, h, trust+"status/2d086da7-4bdc-4f91-900e-f4566be4b780/").is(t, 200)
	if !bytes.Contains(r.body, []byte(`"request_timestamp":"2016-11-02T12:34:34.123456Z"`)) {
		t.Errorf("%s", r.body)
	}
	for _, name := range []string{`"total_count":0`, `"success_count":0`, `"failure_count":0`, `"pending_count":0`} { // required, 0 as well
		if !bytes.Contains(r.body, []byte(name)) {
			t.Errorf("%s is not in %s", name, r.body)
		}
	}
	for _, name := range []string{"successes", "failures", "pendings"} { // no property when empty
		if bytes.Contains(r.body, []byte(name)) {
			t.Errorf("%s is in %s", name, r.body)
		}
	}
	get(t, h, trust+"status/2d086da7-4bdc-4f91-900e-000000000000/").is(t, 404)
	get(t, h, "/api1/status/2d086da7-4bdc-4f91-900e-d77486753710/").is(t, 404) // of another root
}

// TestMedallionCollections: sections 5.1 and 5.2.
func TestMedallionCollections(t *testing.T) {
	h := medallion(t)
	for _, root := range []string{"/api1/", "/api2/"} { // no collections: no property
		if r := get(t, h, root+"collections/").is(t, 200); string(r.body) != "{}" {
			t.Errorf("%s", r.body)
		}
	}
	var list Collections
	get(t, h, trust+"collections/").is(t, 200).into(t, &list)
	want := []struct {
		path        string
		read, write bool
	}{{writeOnly, false, true}, {readWrite, true, true}, {highValue, true, true}, {readOnly, true, false}, {neither, false, false}}
	if len(list.Collections) != len(want) {
		t.Fatalf("%+v", list)
	}
	for i, w := range want {
		var c Collection
		get(t, h, w.path).is(t, 200).into(t, &c)
		if c.CanRead != w.read || c.CanWrite != w.write || c.ID != strings.Split(w.path, "/")[3] || c.Title == "" || len(c.MediaTypes) == 0 {
			t.Errorf("%+v", c)
		}
		if fmt.Sprint(c) != fmt.Sprint(list.Collections[i]) {
			t.Errorf("the list says %+v, the collection %+v", list.Collections[i], c)
		}
	}
	get(t, h, trust+"collections/12345678-1234-1234-1234-123456789012/").is(t, 404)
	get(t, h, "/api1/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/").is(t, 404) // of another root
	get(t, h, "/api3/collections/").is(t, 404)
}

// TestMedallionAccess: what each collection allows (sections 5.3 to 5.8).
func TestMedallionAccess(t *testing.T) {
	h := medallion(t)
	object := "objects/" + siteID + "/"
	for _, c := range []struct {
		path                    string
		list, post, one, remove int
	}{
		{highValue, 200, 202, 200, 200},
		{readWrite, 200, 202, 404, 404},
		{readOnly, 200, 403, 404, 403},
		{writeOnly, 403, 202, 403, 403},
		{neither, 404, 404, 404, 404},
	} {
		get(t, h, c.path+"objects/").is(t, c.list)
		get(t, h, c.path+"manifest/").is(t, c.list)
		get(t, h, c.path+object).is(t, c.one)
		get(t, h, c.path+object+"versions/").is(t, c.one)
		ask(t, h, "POST", c.path+"objects/", `{"objects":[]}`).is(t, c.post)
		ask(t, h, "DELETE", c.path+object, "").is(t, c.remove)
	}
}

// filters are queries and what they select: section 3.4.1.
var filters = []struct {
	query string
	want  []string
}{
	{"", []string{relationship, hash, green, ivy21, site3}},
	{"match[version]=last", []string{relationship, hash, green, ivy21, site3}},
	{"match[version]=first", []string{relationship, hash, site1, green, ivy21}},
	{"match[version]=all", []string{relationship, hash, site1, site2, green, ivy21, site3}},
	{"match[version]=first,last", []string{relationship, hash, site1, green, ivy21, site3}},
	{"match[version]=first,all", []string{relationship, hash, site1, site2, green, ivy21, site3}},
	{"match[version]=2016-12-25T12:30:59.444Z", []string{site2}},
	{"match[version]=2016-12-25T12:30:59.444000Z", []string{site2}},
	{"match[version]=2016-12-25T12:30:59.444Z,2016-11-03T12:30:59Z", []string{site1, site2}},
	{"match[version]=2016-12-25T12:30:59.444Z,last", []string{relationship, hash, site2, green, ivy21, site3}},
	{"match[version]=2014-05-08T09:00:00.000Z", []string{relationship, hash}},
	{"match[version]=2017-01-20T00:00:00.000Z", []string{green}}, // a marking has created alone
	{"match[version]=2999-01-01T00:00:00.000Z", nil},
	{"match[type]=indicator", []string{hash, site3}},
	{"match[type]=indicator,malware", []string{hash, ivy21, site3}},
	{"match[type]=indicator&match[version]=all", []string{hash, site1, site2, site3}},
	{"match[type]=indicator&match[version]=first", []string{hash, site1}},
	{"match[type]=marking-definition", []string{green}},
	{"match[type]=tool", nil},
	{"match[id]=" + siteID, []string{site3}},
	{"match[id]=" + siteID + "," + ivyID, []string{ivy21, site3}},
	{"match[id]=" + siteID + "&match[version]=all", []string{site1, site2, site3}},
	{"match[id]=" + siteID + "&match[type]=malware", nil}, // fields are joined by AND
	{"match[id]=" + siteID + "," + ivyID + "&match[type]=malware", []string{ivy21}},
	{"match[id]=tool--00000000-0000-4000-8000-000000000000", nil},
	{"match[spec_version]=2.1", []string{relationship, hash, green, ivy21, site3}},
	{"match[spec_version]=2.0", []string{ivy20}},
	{"match[spec_version]=2.0,2.1", []string{relationship, hash, green, ivy20, site3}},
	{"match[spec_version]=2.0,2.1&match[version]=all", []string{relationship, hash, site1, site2, green, ivy21, ivy20, site3}},
	{"match[spec_version]=2.0,2.1&match[version]=first&match[type]=malware", []string{ivy21}},
	{"match[spec_version]=1.2", nil},
	{"added_after=2016-11-03T12:30:59.001Z", []string{green, ivy21, site3}}, // later than, not at
	{"added_after=2016-11-03T12:30:59.001Z&match[version]=all", []string{site2, green, ivy21, site3}},
	{"added_after=2016-11-01T03:04:05.000000Z&match[type]=indicator", []string{site3}},
	{"added_after=2014-05-08T09:00:00Z", []string{hash, green, ivy21, site3}}, // without a fraction
	{"added_after=2017-12-31T13:49:53.935Z", nil},
	{"added_after=1983-01-01T00:00:00Z", []string{relationship, hash, green, ivy21, site3}},
}

func encoded(t testing.TB, query string) string {
	t.Helper()
	v, err := url.ParseQuery(query)
	must(t, err)
	return "?" + v.Encode()
}

func TestMedallionFilters(t *testing.T) {
	h := medallion(t)
	for _, f := range filters {
		for _, query := range []string{encoded(t, f.query), "?" + f.query} { // clients escape brackets and commas, or do not
			for _, of := range []string{"objects/", "manifest/"} {
				r := get(t, h, highValue+of+query).is(t, 200)
				if got := r.versions(t); !slices.Equal(got, f.want) {
					t.Errorf("%s%s:\n  %q, not\n  %q", of, query, got, f.want)
				}
				if f.want == nil && (string(r.body) != "{}" || r.header.Get("X-TAXII-Date-Added-First") != "") {
					t.Errorf("%s%s: %s %v", of, query, r.body, r.header) // section 3.7: no property when empty
				}
			}
		}
	}
}

// TestMedallionOneObject: sections 5.6 and 5.8 with their filters.
func TestMedallionOneObject(t *testing.T) {
	h := medallion(t)
	for query, want := range map[string][]string{
		"":                          {site3},
		"match[version]=all":        {site1, site2, site3},
		"match[version]=first":      {site1},
		"match[version]=first,last": {site1, site3},
		"match[version]=2016-12-25T12:30:59.444Z":             {site2},
		"match[version]=2016-12-25T12:30:59.445Z":             nil, // the object is there, this version not
		"match[spec_version]=2.0":                             nil,
		"match[version]=all&limit=2":                          {site1, site2},
		"match[version]=all&added_after=2016-12-01T00:00:00Z": {site2, site3},
	} {
		if got := get(t, h, highValue+"objects/"+siteID+"/"+encoded(t, query)).is(t, 200).versions(t); !slices.Equal(got, want) {
			t.Errorf("%s: %q, not %q", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"":                                  `{"versions":["2016-11-03T12:30:59.000Z","2016-12-25T12:30:59.444Z","2017-01-27T13:49:53.935Z"]}`,
		"?limit=3":                          `{"versions":["2016-11-03T12:30:59.000Z","2016-12-25T12:30:59.444Z","2017-01-27T13:49:53.935Z"]}`,
		"?added_after=2017-01-01T00:00:00Z": `{"versions":["2017-01-27T13:49:53.935Z"]}`,
		"?match[spec_version]=2.0":          `{}`,
	} {
		if r := get(t, h, highValue+"objects/"+siteID+"/versions/"+query).is(t, 200); string(r.body) != want {
			t.Errorf("%s: %s", query, r.body)
		}
	}
	if r := get(t, h, highValue+"objects/"+ivyID+"/versions/?match[spec_version]=2.0,2.1").is(t, 200); string(r.body) != `{"versions":["2017-01-27T13:49:53.997Z","2018-02-23T18:30:00.000Z"]}` {
		t.Errorf("%s", r.body)
	}
	for _, of := range []string{"", "versions/"} {
		get(t, h, highValue+"objects/malware--cee60c30-a68c-11e3-b0c1-a01aac20d000/"+of).is(t, 404)
		get(t, h, highValue+"objects/no-identifier/"+of).is(t, 404)
	}
	for query := range map[string]int{"match[id]=" + siteID: 0, "match[type]=indicator": 0} { // not of these endpoints
		get(t, h, highValue+"objects/"+siteID+"/"+encoded(t, query)).is(t, 400)
	}
	get(t, h, highValue+"objects/"+siteID+"/versions/?match[version]=all").is(t, 400)
}

// TestMedallionManifest: section 5.3.1.
func TestMedallionManifest(t *testing.T) {
	h := medallion(t)
	var m Manifest
	r := get(t, h, highValue+"manifest/?match[version]=all&match[spec_version]=2.0,2.1").is(t, 200)
	r.into(t, &m)
	for _, a := range added { // six digits of the second (section 2)
		if !bytes.Contains(r.body, []byte(`"date_added":"`+a.date+`"`)) {
			t.Errorf("%s is not in %s", a.date, r.body)
		}
	}
	if len(m.Objects) != len(added) {
		t.Fatalf("%d records", len(m.Objects))
	}
	for i, r := range m.Objects {
		spec := "2.1"
		if added[i].object == ivy20 {
			spec = "2.0"
		}
		if string(r.ID)+" "+r.Version != added[i].object || r.DateAdded.String() != added[i].date || r.MediaType != "application/stix+json;version="+spec {
			t.Errorf("%+v", r)
		}
	}
}

// TestMedallionPages: every filter, at every limit, gives the same page by page
// as at once (section 3.5), by next, and by the date of the last object.
func TestMedallionPages(t *testing.T) {
	h := medallion(t)
	dates := map[string]string{}
	for _, a := range added {
		dates[a.object] = a.date
	}
	for _, f := range filters {
		for limit := 1; limit <= 9; limit++ {
			for _, of := range []string{"objects/", "manifest/"} {
				for _, byDate := range []bool{false, true} {
					var got []string
					query := fmt.Sprintf("%s&limit=%d", encoded(t, f.query), limit)
					for range 10 {
						r := get(t, h, highValue+of+query).is(t, 200)
						page := r.versions(t)
						got = append(got, page...)
						var e Envelope
						must(t, json.Unmarshal(r.body, &e))
						if len(page) > limit || e.More != (e.Next != "") || e.More && len(page) < limit {
							t.Fatalf("%s: %s", query, r.body)
						}
						if len(page) > 0 && (r.header.Get("X-TAXII-Date-Added-First") != dates[page[0]] || r.header.Get("X-TAXII-Date-Added-Last") != dates[page[len(page)-1]]) {
							t.Fatalf("%s: %v", query, r.header)
						}
						if !e.More {
							break
						}
						v, _ := url.ParseQuery(f.query)
						v.Set("limit", fmt.Sprint(limit))
						if byDate {
							v.Set("added_after", r.header.Get("X-TAXII-Date-Added-Last"))
						} else {
							v.Set("next", e.Next)
						}
						query = "?" + v.Encode()
					}
					if !slices.Equal(got, f.want) {
						t.Errorf("%s limit %d by date %v:\n  %q, not\n  %q", f.query, limit, byDate, got, f.want)
					}
				}
			}
		}
	}
}

// TestMedallionAddedAfter: between each two objects, at each, and a microsecond
// to both sides of it.
func TestMedallionAddedAfter(t *testing.T) {
	h := medallion(t)
	for _, a := range added {
		at, err := ParseTimestamp(a.date)
		must(t, err)
		for _, when := range []time.Time{at.Add(-time.Microsecond), at, at.Add(time.Microsecond), at.Add(time.Hour)} {
			var want []string
			for _, b := range added {
				if d, _ := ParseTimestamp(b.date); d.After(when) {
					want = append(want, b.object)
				}
			}
			for _, of := range []string{"objects/", "manifest/"} {
				r := get(t, h, highValue+of+"?match[version]=all&match[spec_version]=2.0,2.1&added_after="+Timestamp{when}.String()).is(t, 200)
				if got := r.versions(t); !slices.Equal(got, want) {
					t.Errorf("after %v: %q, not %q", when, got, want)
				}
			}
		}
	}
}

// TestMedallionBytes: what is given is to the byte what the server has.
func TestMedallionBytes(t *testing.T) {
	file := shared(t, "taxii/medallion-default-data.json")
	h := medallion(t)
	var e struct {
		Objects []jsontext.Value `json:"objects"`
	}
	r := get(t, h, highValue+"objects/?match[version]=all&match[spec_version]=2.0,2.1").is(t, 200)
	must(t, json.Unmarshal(r.body, &e))
	if len(e.Objects) != len(added) {
		t.Fatalf("%d objects", len(e.Objects))
	}
	for _, o := range e.Objects {
		if !bytes.Contains(file, o) {
			t.Errorf("not in the file: %s", o)
		}
	}
}

const newIndicator = `{"type":"indicator","spec_version":"2.1","id":"indicator--cd981c25-8042-4166-8945-51178443bdaf","created":"2014-05-08T09:00:00.000Z","modified":"2014-05-08T09:00:00.000Z","pattern":"[domain-name:value = 'evil.example']","pattern_type":"stix","valid_from":"2014-05-08T09:00:00.000Z"}`

// TestMedallionPostAndDelete: sections 5.5, 4.3 and 5.7.
func TestMedallionPostAndDelete(t *testing.T) {
	h := medallion(t)
	var s, again Status
	ask(t, h, "POST", highValue+"objects/", `{"objects":[`+newIndicator+`]}`).is(t, 202).into(t, &s)
	get(t, h, trust+"status/"+s.ID+"/").is(t, 200).into(t, &again)
	if s.Status != Complete || s.TotalCount != 1 || s.SuccessCount != 1 || fmt.Sprint(s) != fmt.Sprint(again) {
		t.Errorf("%+v, then %+v", s, again)
	}
	one := highValue + "objects/indicator--cd981c25-8042-4166-8945-51178443bdaf/"
	if r := get(t, h, one).is(t, 200); string(r.body) != `{"objects":[`+newIndicator+`]}` {
		t.Errorf("%s", r.body)
	}
	if got := get(t, h, highValue+"manifest/?added_after=2018-01-01T00:00:00Z").is(t, 200).versions(t); len(got) != 1 {
		t.Errorf("%q", got)
	}
	ask(t, h, "DELETE", one, "").is(t, 200)
	get(t, h, one).is(t, 404)
	get(t, h, one+"versions/").is(t, 404)
	ask(t, h, "DELETE", one, "").is(t, 404)

	site := highValue + "objects/" + siteID + "/"
	ask(t, h, "DELETE", site+"?match[version]=2016-12-25T12:30:59.444Z", "").is(t, 200)
	if got := get(t, h, site+"?match[version]=all").versions(t); !slices.Equal(got, []string{site1, site3}) {
		t.Errorf("%q", got)
	}
	ask(t, h, "DELETE", site+"?match[version]=last", "").is(t, 200)
	ask(t, h, "DELETE", site+"?match[version]=2016-12-25T12:30:59.444Z", "").is(t, 404)
	if got := get(t, h, site).versions(t); !slices.Equal(got, []string{site1}) {
		t.Errorf("%q", got)
	}
	ask(t, h, "DELETE", highValue+"objects/"+ivyID+"/?match[spec_version]=2.0", "").is(t, 200)
	if got := get(t, h, highValue+"objects/"+ivyID+"/?match[version]=all&match[spec_version]=2.0,2.1").versions(t); !slices.Equal(got, []string{ivy21}) {
		t.Errorf("%q", got)
	}
	ask(t, h, "DELETE", site, "").is(t, 200) // all that are left
	get(t, h, site).is(t, 404)
}
