package misp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
)

// fullEvent has one of each of the parts that the draft describes.
var fullEvent = `{"Event":{"id":"9","uuid":"` + uuid(1) + `","info":"It's a test","date":"2021-03-02","timestamp":"1614700000","published":false,
 "threat_level_id":1,"analysis":0,"distribution":"4","sharing_group_id":"5","extends_uuid":"",
 "SharingGroup":{"id":"5","uuid":"` + uuid(4) + `","name":"Towns","releasability":"Towns of the region","SharingGroupOrg":[{"Organisation":{"uuid":"` + uuid(2) + `","name":"Example CERT"}}]},
 "Org":{"id":"1","name":"Example Sector","uuid":"` + uuid(3) + `"},"Orgc":{"id":"2","name":"Example CERT","uuid":"` + strings.ToUpper(uuid(2)) + `"},
 "Tag":[{"id":"1","name":"TLP:AMBER","colour":"#ffc000","exportable":true},{"name":"misp-galaxy:threat-actor=\"Named By Tag\""},{"name":"kill-chain:Delivery"}],
 "RelatedEvent":[{"Event":{"id":"8"}}],"unknown":{"b":1,"a":[1.0,2e3]},
 "Galaxy":[{"id":"1","uuid":"` + uuid(20) + `","name":"Threat Actor","type":"threat-actor","GalaxyCluster":[{"uuid":"` + uuid(21) + `","type":"threat-actor","value":"Example Bear","tag_name":"misp-galaxy:threat-actor=\"Example Bear\"","description":"An actor of this test.","meta":{"synonyms":["EB","EB","Bear"],"country":["XA","LU"],"refs":["https://example.org/eb","no url"]}}]}],
 "Attribute":[
  {"uuid":"` + uuid(30) + `","type":"ip-dst","category":"Network activity","to_ids":true,"value":"198.51.100.7","comment":"C2","distribution":"5","timestamp":"1614690000","deleted":false,
   "Tag":[{"name":"tlp:red"},{"name":"misp-galaxy:mitre-attack-pattern=\"Web Shell - T1505.003\""}],
   "Sighting":[{"uuid":"` + uuid(31) + `","type":"0","date_sighting":"1614690100","source":"sensor","Organisation":{"uuid":"` + uuid(5) + `","name":"A Town"}},
    {"uuid":"` + uuid(30) + `","type":"0","date_sighting":"1614690101"},{"uuid":"` + uuid(30) + `","type":"0","date_sighting":"1614690102"},
    {"uuid":"` + uuid(32) + `","type":"1","date_sighting":"1614690103"},{"uuid":"` + uuid(33) + `","type":"2","date_sighting":"1714690103"}],
   "ShadowAttribute":[{"uuid":"` + uuid(34) + `","type":"ip-dst","value":"198.51.100.9","proposal_to_delete":false}]},
  {"uuid":"` + uuid(35) + `","type":"domain","category":"Network activity","to_ids":"1","value":"own.example.org","distribution":"0","timestamp":1614690000,"deleted":"1"},
  {"uuid":"` + uuid(36) + `","type":"domain","category":"Network activity","to_ids":false,"value":"www.example.net","distribution":"2","timestamp":"1614690000"},
  {"uuid":"` + uuid(36) + `","type":"domain","category":"Network activity","to_ids":false,"value":"twice.example.net","distribution":"3","timestamp":"1614690000"},
  {"uuid":"not a uuid","type":"md5","category":"Payload delivery","to_ids":true,"value":"not a hash","distribution":"3","timestamp":"9999999999999"},
  {"uuid":"00000000-0000-0000-0000-00000000000A","type":"text","category":"Other","to_ids":false,"value":"No version at all","timestamp":"-5"}],
 "Object":[
  {"uuid":"` + uuid(40) + `","name":"file","meta-category":"file","template_uuid":"` + uuid(41) + `","template_version":"24","timestamp":"1614690000","distribution":"5","comment":"dropped",
   "Attribute":[{"uuid":"` + uuid(42) + `","object_relation":"md5","type":"md5","to_ids":true,"value":"` + strings.Repeat("ab", 16) + `","timestamp":"1614690000"},
    {"uuid":"` + uuid(43) + `","object_relation":"sha256","type":"sha256","to_ids":true,"value":"` + strings.Repeat("CD", 32) + `","timestamp":"1614690000"},
    {"uuid":"` + uuid(44) + `","object_relation":"filename","type":"filename","to_ids":false,"value":"web.aspx","timestamp":"1614690000"},
    {"uuid":"` + uuid(45) + `","object_relation":"size-in-bytes","type":"size-in-bytes","to_ids":false,"value":"77","timestamp":"1614690000"},
    {"uuid":"` + uuid(46) + `","object_relation":"path","type":"text","to_ids":false,"value":"C:\\inetpub\\wwwroot","timestamp":"1614690000"}],
   "ObjectReference":[{"uuid":"` + uuid(47) + `","referenced_uuid":"` + uuid(30) + `","relationship_type":"Communicates_With","comment":"beacon","timestamp":"1614690000"},
    {"uuid":"` + uuid(48) + `","referenced_uuid":"` + uuid(999) + `","relationship_type":"gone"}]},
  {"uuid":"` + uuid(50) + `","name":"domain-ip","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(51) + `","object_relation":"domain","type":"domain","value":"pair.example.org"},{"uuid":"` + uuid(52) + `","object_relation":"ip","type":"ip-dst","value":"203.0.113.5"}]},
  {"uuid":"` + uuid(53) + `","name":"url","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(54) + `","object_relation":"url","type":"url","value":"https://example.org/x","to_ids":true}]},
  {"uuid":"` + uuid(55) + `","name":"email","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(56) + `","object_relation":"from","type":"email-src","value":"a@example.org"},{"uuid":"` + uuid(57) + `","object_relation":"to","type":"email-dst","value":"b@example.org"},{"uuid":"` + uuid(58) + `","object_relation":"subject","type":"email-subject","value":"Hello"},{"uuid":"` + uuid(59) + `","object_relation":"attachment","type":"email-attachment","value":"a.pdf"},{"uuid":"` + uuid(60) + `","object_relation":"email-body","type":"email-body","value":"Text"}]},
  {"uuid":"` + uuid(61) + `","name":"network-connection","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(62) + `","object_relation":"ip-src","type":"ip-src","value":"192.0.2.9"},{"uuid":"` + uuid(63) + `","object_relation":"dst-port","type":"port","value":"443"},{"uuid":"` + uuid(64) + `","object_relation":"ip-dst","type":"ip-dst","value":"2001:db8::1"},{"uuid":"` + uuid(65) + `","object_relation":"layer4-protocol","type":"text","value":"TCP"}]},
  {"uuid":"` + uuid(66) + `","name":"registry-key","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(67) + `","object_relation":"key","type":"regkey","value":"HKCU\\Run"},{"uuid":"` + uuid(68) + `","object_relation":"data","type":"text","value":"x.exe"},{"uuid":"` + uuid(69) + `","object_relation":"data-type","type":"text","value":"REG_SZ"}]},
  {"uuid":"` + uuid(70) + `","name":"process","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(71) + `","object_relation":"command-line","type":"text","value":"cmd /c whoami"},{"uuid":"` + uuid(72) + `","object_relation":"pid","type":"text","value":"0"}]},
  {"uuid":"` + uuid(73) + `","name":"x509","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(74) + `","object_relation":"subject","type":"text","value":"CN=example.org"}]},
  {"uuid":"` + uuid(75) + `","name":"user-account","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(76) + `","object_relation":"username","type":"text","value":"svc"}]},
  {"uuid":"` + uuid(77) + `","name":"asn","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(78) + `","object_relation":"asn","type":"AS","value":"AS64500"}]},
  {"uuid":"` + uuid(79) + `","name":"person","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(80) + `","object_relation":"first-name","type":"first-name","value":"Some"},{"uuid":"` + uuid(81) + `","object_relation":"last-name","type":"last-name","value":"One"}]},
  {"uuid":"` + uuid(82) + `","name":"vulnerability","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(83) + `","object_relation":"id","type":"vulnerability","value":"CVE-2021-27065"},{"uuid":"` + uuid(84) + `","object_relation":"references","type":"link","value":"https://example.org/cve"}]},
  {"uuid":"` + uuid(85) + `","name":"attack-pattern","timestamp":"1614690000","Attribute":[{"uuid":"` + uuid(86) + `","object_relation":"name","type":"text","value":"A way"}]},
  {"uuid":"` + uuid(87) + `","name":"never-heard-of","timestamp":"1614690000","distribution":"4","sharing_group_id":"77","Attribute":[{"uuid":"` + uuid(88) + `","object_relation":"x","type":"float","value":1.25,"to_ids":true}]}],
 "EventReport":[{"uuid":"` + uuid(90) + `","name":"Report","content":"# What happened\n@[attribute](` + uuid(30) + `)","timestamp":"1614690000","distribution":"1"}]
}}`

// An event that came from MISP comes back to the byte, unknown fields included.
func TestRoundTrip(t *testing.T) {
	for name, text := range map[string]string{"full": fullEvent, "ids": everyType(true), "no ids": everyType(false), "bare": `{"uuid":"` + uuid(7) + `","info":"bare"}`} {
		t.Run(name, func(t *testing.T) {
			e := parse(t, text)
			objects, problems := e.STIX()
			for _, p := range problems {
				t.Log(p)
			}
			check(t, objects)
			back, problems := FromSTIX(objects)
			for _, p := range problems {
				t.Error(p)
			}
			if len(back) != 1 || !bytes.Equal(back[0].Raw(), []byte(text)) {
				t.Errorf("%d events came back, and the first is not what was sent", len(back))
			}
		})
	}
}

// find returns the object with an identifier.
func find(t *testing.T, objects []*stix.Object, id string) (int, *stix.Object) {
	t.Helper()
	for i, o := range objects {
		if string(o.ID) == id {
			return i, o
		}
	}
	t.Fatalf("no object is %s", id)
	return 0, nil
}

// What was changed in STIX is taken over, and all else stays to the byte.
func TestChanges(t *testing.T) {
	e := parse(t, fullEvent)
	objects, _ := e.STIX()
	at := stix.Timestamp{Time: time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)}
	change := func(id string, set map[string]any) {
		i, o := find(t, objects, id)
		o, err := stix.NewVersion(o, at, set)
		if err != nil {
			t.Fatal(err)
		}
		objects[i] = o
	}
	change("indicator--"+uuid(30), map[string]any{"description": "C2 of the second wave", "labels": []string{"checked"}, "pattern": "[ipv4-addr:value = '203.0.113.77']"})
	change("grouping--"+uuid(1), map[string]any{"name": "It's a better test"})
	i, o := find(t, objects, "observed-data--"+uuid(36))
	o, err := stix.Revoke(o, at)
	if err != nil {
		t.Fatal(err)
	}
	objects[i] = o
	added, err := stix.Parse([]byte(`{"type":"indicator","spec_version":"2.1","id":"indicator--` + uuid(300) + `","created":"2022-01-01T00:00:00.000Z","modified":"2022-01-01T00:00:00.000Z","pattern":"[domain-name:value = 'new.example.org']","pattern_type":"stix","valid_from":"2022-01-01T00:00:00Z","x_misp_event_uuid":"` + uuid(1) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	back, problems := FromSTIX(append(objects, added))
	for _, p := range problems {
		t.Error(p)
	}
	if len(back) != 1 {
		t.Fatalf("%d events, want 1", len(back))
	}
	b := back[0]
	a := b.Attributes[0]
	if a.Comment != "C2 of the second wave" || a.Value != "203.0.113.77" || a.Timestamp != at.Unix() {
		t.Errorf("the changed attribute is %+v", a)
	}
	var tags []string
	for _, tag := range a.Tags {
		tags = append(tags, tag.Name)
	}
	if got := strings.Join(tags, " "); got != "tlp:red checked" {
		t.Errorf("its tags are %q", got)
	}
	if b.Info != "It's a better test" || !b.Attributes[2].Deleted {
		t.Errorf("info is %q, the revoked attribute %+v", b.Info, b.Attributes[2])
	}
	if last := b.Attributes[len(b.Attributes)-1]; last.UUID != uuid(300) || last.Type != "domain" || last.Value != "new.example.org" || !last.ToIDs {
		t.Errorf("the new attribute is %+v", last)
	}
	for _, kept := range []string{`"unknown":{"b":1,"a":[1.0,2e3]}`, `"proposal_to_delete":false`, `"RelatedEvent":[{"Event":{"id":"8"}}]`, `"twice.example.net"`} {
		if !bytes.Contains(b.Raw(), []byte(kept)) {
			t.Errorf("%s is lost", kept)
		}
	}
	again, _ := b.STIX()
	check(t, again)
}

// Without the event that they came from, attributes come back as they were.
func TestWithoutOriginal(t *testing.T) {
	for _, toIDs := range []bool{true, false} {
		e := parse(t, everyType(toIDs))
		objects, _ := e.STIX()
		var rest []*stix.Object
		for _, o := range objects {
			if o.Type != OriginalType {
				rest = append(rest, o)
			}
		}
		back, problems := FromSTIX(rest)
		for _, p := range problems {
			t.Error(p)
		}
		if len(back) != 1 || back[0].UUID != e.UUID || back[0].Info != e.Info {
			t.Fatalf("%d events came back, or not the same", len(back))
		}
		was := map[string]Attribute{}
		for _, a := range back[0].Attributes {
			if x, twice := was[a.UUID]; twice && !(toIDs && a.Data != "" || x.Data != "") {
				t.Errorf("%s %q came back twice", a.Type, a.Value)
			}
			was[a.UUID] = a
		}
		for _, a := range e.Attributes {
			b, ok := was[a.UUID]
			if !ok || a.Type != b.Type || a.Value != b.Value || a.Category != b.Category || a.ToIDs != b.ToIDs || a.Comment != b.Comment ||
				a.Timestamp != b.Timestamp || a.FirstSeen != b.FirstSeen || len(b.Tags) != 0 || a.DisableCorrelation != b.DisableCorrelation || a.Data != b.Data {
				t.Errorf("sent %+v\ncame back %+v", a, b)
			}
		}
	}
}
