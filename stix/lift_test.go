package stix

import (
	"strings"
	"testing"
)

const times20 = `"created":"2017-01-01T00:00:00.000Z","modified":"2017-01-01T00:00:00.000Z",`

func TestLift(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{
			"indicator",
			`{"type":"indicator","id":"indicator--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"labels":["malicious-activity"],"pattern":"[file:created = 'START '] START '2017-01-01T00:00:00Z' STOP '2017-01-02T00:00:00Z'","valid_from":"2017-01-01T00:00:00Z","granular_markings":[{"marking_ref":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","selectors":["labels.[0]","labels","pattern"]}]}`,
			`{"type":"indicator","id":"indicator--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"pattern":"[file:ctime = 'START '] START t'2017-01-01T00:00:00Z' STOP t'2017-01-02T00:00:00Z'","valid_from":"2017-01-01T00:00:00Z","granular_markings":[{"marking_ref":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9","selectors":["indicator_types.[0]","indicator_types","pattern"]}],"indicator_types":["malicious-activity"],"pattern_type":"stix","pattern_version":"2.1","spec_version":"2.1"}`,
		},
		{
			"malware",
			`{"type":"malware","id":"malware--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"name":"a","labels":["ransomware"]}`,
			`{"type":"malware","id":"malware--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"name":"a","is_family":true,"malware_types":["ransomware"],"spec_version":"2.1"}`,
		},
		{
			"observed-data",
			`{"type":"observed-data","id":"observed-data--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,
			"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],
			"granular_markings":[{"marking_ref":"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed","selectors":["objects.0.name"]}],
			"objects":{"0":{"type":"file","name":"a92e5b2bae.exe","parent_directory_ref":"1","created":"2017-01-01T00:00:00Z"},"1":{"type":"directory","path":"C:\\","contains_refs":["0"]},"2":{"type":"process","pid":1,"binary_ref":"0"}}}`,
			`{"type":"observed-data","id":"observed-data--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"first_observed":"2017-01-01T00:00:00Z","last_observed":"2017-01-01T00:00:00Z","number_observed":1,"object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"],"object_refs":["FILE","DIR","PROCESS"],"spec_version":"2.1"}
{"type":"file","name":"a92e5b2bae.exe","parent_directory_ref":"DIR","ctime":"2017-01-01T00:00:00Z","id":"FILE","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],"spec_version":"2.1"}
{"type":"directory","path":"C:\\","contains_refs":["FILE"],"id":"DIR","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],"spec_version":"2.1"}
{"type":"process","pid":1,"image_ref":"FILE","id":"PROCESS","object_marking_refs":["marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da","marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"],"spec_version":"2.1"}`,
		},
	} {
		lifted, err := Lift(parse(t, c.raw))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []string
		names := []string{}
		for _, o := range lifted {
			got = append(got, string(o.Raw()))
			names = append(names, map[string]string{"file": "FILE", "directory": "DIR", "process": "PROCESS"}[o.Type], string(o.ID))
			if found := musts(o); found != "" {
				t.Errorf("%s: %s", o.Raw(), found)
			}
			if again, err := Lift(o); err != nil || len(again) != 1 || again[0] != o {
				t.Errorf("%s is lifted again", o.ID)
			}
		}
		want := c.want
		for i := 2; i < len(names); i += 2 {
			want = strings.ReplaceAll(want, names[i], names[i+1])
		}
		if strings.Join(got, "\n") != want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), want)
		}
		if again, _ := Lift(parse(t, c.raw)); again[len(again)-1].ID != lifted[len(lifted)-1].ID {
			t.Errorf("%s: lifting twice gives other identifiers", c.name)
		}
	}
}

// The identifiers of lifted observables are those that section 2.9 asks for.
func TestLiftDerivesIdentifiers(t *testing.T) {
	lifted, err := Lift(parse(t, `{"type":"observed-data","id":"observed-data--f690c992-8e7d-4b9a-9303-3312616c0220",`+times20+`"objects":{"0":{"type":"network-traffic","src_ref":"1","protocols":["tcp"]},"1":{"type":"ipv4-addr","value":"198.51.100.3"},"2":{"type":"email-message","is_multipart":false,"additional_header_fields":{"X-A":"b"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range lifted[1:] {
		if o.ID != ObservableID(o) && o.Type != "email-message" {
			t.Errorf("%s: want %s", o.Raw(), ObservableID(o))
		}
	}
	if lifted[2].ID != "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4" {
		t.Error(lifted[2].ID)
	}
}

func TestLiftBroken(t *testing.T) {
	for name, objects := range map[string]string{
		"no type":         `{"0":{}}`,
		"no object":       `{"0":1}`,
		"refers to such":  `{"0":{"type":"file","parent_directory_ref":"1"},"1":2}`,
		"bad marking ref": `{"0":{"type":"file","object_marking_refs":1}}`,
	} {
		if _, err := Lift(parse(t, `{"type":"observed-data","id":"observed-data--f690c992-8e7d-4b9a-9303-3312616c0220",`+times20+`"objects":`+objects+`}`)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzLift(f *testing.F) {
	f.Add(`{"0":{"type":"network-traffic","src_ref":"1","dst_ref":"0"},"1":{"type":"network-traffic","src_ref":"0"}}`, "[a:b = 'c'] START 'd' STOP 'e'")
	f.Fuzz(func(t *testing.T, objects, pattern string) {
		for _, raw := range []string{
			`{"type":"observed-data","id":"observed-data--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"objects":` + objects + `}`,
			`{"type":"indicator","id":"indicator--f690c992-8e7d-4b9a-9303-3312616c0220",` + times20 + `"pattern":` + string(quote(pattern)) + `}`,
		} {
			o, err := Parse([]byte(raw))
			if err != nil {
				continue
			}
			lifted, err := Lift(o)
			if err == nil && lifted[0].ID != o.ID {
				t.Errorf("%s became %s", o.ID, lifted[0].ID)
			}
		}
	})
}
