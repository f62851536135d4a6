package stix

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// bundleFile is where TestMakeEveryType leaves what it made, for validators of
// others (.ci/validate).
var bundleFile = flag.String("bundle", "", "write the objects of all types to this file")

func ptr[T any](v T) *T { return &v }

// everyType returns an object of every type, with what its section requires
// and more.
func everyType(t *testing.T) []*Object {
	at := Timestamp{time.Date(2021, 3, 2, 10, 0, 0, 0, time.UTC)}
	later := Timestamp{at.Add(time.Hour)}
	c := func() Common { return Common{Created: at} }
	id := func(typ string) ID { return NamedID(typ, "a") }
	random := func(typ string) ID { return ID(typ + "--f690c992-8e7d-4b9a-9303-3312616c0220") }
	phases := []KillChainPhase{{KillChainName: "mitre-attack", PhaseName: "initial-access"}}
	marked := c()
	marked.CreatedByRef = random("identity")
	marked.ObjectMarkingRefs = []ID{TLPGreen.MarkingID()}
	marked.Confidence = ptr(80)
	marked.Labels = []string{"exchange"}
	marked.ExternalReferences = []ExternalReference{{SourceName: "cve", ExternalID: "CVE-2021-26855"}}
	marked.GranularMarkings = []GranularMarking{{MarkingRef: TLPAmber.MarkingID(), Selectors: []string{"name"}}}
	file := &File{Name: "a.aspx", Hashes: Hashes{"MD5": "d41d8cd98f00b204e9800998ecf8427e"}, Size: ptr(int64(0))}
	if err := SetExtension(&file.Common, &NTFSExt{AlternateDataStreams: []AlternateDataStream{{Name: "Zone.Identifier"}}}); err != nil {
		t.Fatal(err)
	}
	ident := &Identity{Common: c(), Name: "CERT", IdentityClass: "organization", Sectors: []string{"government"}}
	ident.ID = random("identity")
	var all []*Object
	for _, v := range []interface{ common() *Common }{
		&AttackPattern{Common: marked, Name: "ProxyLogon", KillChainPhases: phases},
		&Campaign{Common: c(), Name: "c", FirstSeen: at, LastSeen: later},
		&CourseOfAction{Common: c(), Name: "patch"},
		&Grouping{Common: c(), Context: "suspicious-activity", ObjectRefs: []ID{random("tool")}},
		ident,
		&Incident{Common: c(), Name: "i"},
		&Indicator{Common: c(), IndicatorTypes: []string{"malicious-activity"}, Pattern: "[file:name = 'a.aspx']", PatternType: "stix", ValidFrom: at, ValidUntil: later},
		&Infrastructure{Common: c(), Name: "c2", InfrastructureTypes: []string{"command-and-control"}},
		&IntrusionSet{Common: c(), Name: "HAFNIUM", ResourceLevel: "government"},
		&Location{Common: c(), Country: "NO", Latitude: ptr(59.9), Longitude: ptr(0.0)},
		&Malware{Common: c(), Name: "web shell", IsFamily: true, MalwareTypes: []string{"webshell"}},
		&MalwareAnalysis{Common: c(), Product: "scanner", Result: "malicious"},
		&Note{Common: c(), Content: "n", ObjectRefs: []ID{random("tool")}},
		&ObservedData{Common: c(), FirstObserved: at, LastObserved: later, NumberObserved: 1, ObjectRefs: []ID{id("file")}},
		&Opinion{Common: c(), Opinion: "agree", ObjectRefs: []ID{random("tool")}},
		&Report{Common: c(), Name: "r", ReportTypes: []string{"campaign"}, Published: at, ObjectRefs: []ID{random("tool")}},
		&ThreatActor{Common: c(), Name: "t", ThreatActorTypes: []string{"nation-state"}},
		&Tool{Common: c(), Name: "t", ToolTypes: []string{"remote-access"}},
		&Vulnerability{Common: c(), Name: "CVE-2021-26855"},
		&Relationship{Common: c(), RelationshipType: "uses", SourceRef: random("intrusion-set"), TargetRef: random("malware"), StartTime: at, StopTime: later},
		&Sighting{Common: c(), SightingOfRef: random("indicator"), Count: ptr(0), FirstSeen: at, LastSeen: at, WhereSightedRefs: []ID{random("identity")}},
		&Artifact{MIMEType: "text/plain", PayloadBin: []byte("abc")},
		&AutonomousSystem{Number: 64496},
		&Directory{Path: `C:\Windows`},
		&DomainName{Value: "example.com"},
		&EmailAddr{Value: "a@example.com"},
		&EmailMessage{Subject: "s", FromRef: id("email-addr"), Body: "b"},
		file,
		&IPv4Addr{Value: "192.0.2.0/24"},
		&IPv6Addr{Value: "2001:db8::1"},
		&MACAddr{Value: "d2:fb:49:24:37:18"},
		&Mutex{Name: "m"},
		&NetworkTraffic{Protocols: []string{"tcp"}, SrcRef: id("ipv4-addr"), SrcPort: ptr(0), Start: at, End: later},
		&Process{PID: ptr(int64(0)), CommandLine: "w3wp.exe"},
		&Software{Name: "Exchange", Version: "15.2"},
		&URL{Value: "https://example.com/owa/auth/a.aspx"},
		&UserAccount{UserID: "1001", AccountType: "unix"},
		&WindowsRegistryKey{Key: `HKEY_LOCAL_MACHINE\System`, Values: []WindowsRegistryValue{{Name: "a", DataType: "REG_SZ"}}},
		&X509Certificate{SerialNumber: "36:f7", Issuer: "C=NO"},
		&LanguageContent{Common: c(), ObjectRef: random("tool"), Contents: map[string]map[string]jsontext.Value{"de": {"name": jsontext.Value(`"x"`)}}},
		TLPAmberStrict.Marking(),
		&MarkingDefinition{Common: c(), DefinitionType: "statement", Definition: jsontext.Value(`{"statement":"ours"}`)},
		&ExtensionDefinition{Common: Common{Created: at, CreatedByRef: random("identity")}, Name: "e", Schema: "https://example.com/e.json", Version: "1.0.0", ExtensionTypes: []string{"property-extension"}},
	} {
		o, err := Make(v)
		if err != nil {
			t.Fatalf("%T: %v", v, err)
		}
		all = append(all, o)
	}
	return all
}

func TestMakeEveryType(t *testing.T) {
	made := map[string]bool{"bundle": true}
	for _, o := range everyType(t) {
		made[o.Type] = true
		for _, p := range Validate(o) {
			t.Errorf("%s: %s", o.Raw(), p)
		}
	}
	for _, d := range definitions {
		if !made[d.name] {
			t.Errorf("%s is not made", d.name)
		}
	}
	if *bundleFile == "" {
		return
	}
	f, err := os.Create(*bundleFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := NewWriter(f)
	for _, o := range everyType(t) {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
