package tlp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-project/tocsin/stix"
	"pgregory.net/rapid"
)

const thing = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"

func parse(t interface{ Fatal(...any) }, text string) *stix.Object {
	o, err := stix.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// What a marking definition says, by identifiers that this test makes up: the
// last digit is the place in the list.
var definitions = []struct {
	text  string // properties
	level int    // 0 states none, 1 to 5 a colour, 9 nobody can read it
}{
	{`"definition_type":"statement","definition":{"statement":"© 2021"}`, 0},
	{`"definition_type":"tlp","definition":{"tlp":"white"}`, 1},
	{`"definition_type":"tlp","definition":{"tlp":"amber"}`, 3},
	{`"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"amber+strict"}}`, 4},
	{`"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"blue"}}`, 9},
	{`"extensions":{"extension-definition--11111111-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","pap":"green"}}`, 9},
	{`"definition_type":"iep","definition":{"id":"1"}`, 9},
	{`"definition_type":"statement"`, 9},
	{`"definition_type":"tlp","definition":{"tlp":"white"},"extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"tlp_2_0":"red"}}`, 5},
	{`"name":"TLP:CLEAR"`, 9},
	{`"extensions":{"` + Extension + `":{"extension_type":"property-extension","audience":["` + us + `","` + uk + `"]}}`, 0},
	{`"extensions":{"` + Extension + `":{"extension_type":"property-extension","audience":["` + uk + `"]}}`, 0},
	{`"extensions":{"` + Extension + `":{"extension_type":"property-extension","not_before":"2021-07-19T12:00:00Z"}}`, 0},
	{`"definition_type":"PAP","definition":{"pap":"PAP:AMBER"}`, 0},
	{`"extensions":{"` + Extension + `":{"extension_type":"property-extension"}}`, 9},
	{`"definition_type":"PAP","definition":{"pap":"PAP:BLUE"}`, 9},
}

// The places of those that ask for more than a colour.
const both, one, later, pap = 10, 11, 12, 13

const (
	us = "identity--00000000-0000-4000-8000-000000000001"
	uk = "identity--00000000-0000-4000-8000-000000000002"
)

var embargo = time.Date(2021, 7, 19, 12, 0, 0, 0, time.UTC)

func definitionID(n int) stix.ID {
	return stix.ID(fmt.Sprintf("marking-definition--00000000-0000-4000-8000-%012d", n))
}

func lookup(t interface{ Fatal(...any) }) Lookup {
	return func(id stix.ID) Terms {
		var n int
		if c, _ := fmt.Sscanf(string(id), "marking-definition--00000000-0000-4000-8000-%012d", &n); c != 1 || n >= len(definitions) {
			return Terms{}
		}
		return TermsOf(parse(t, `{"type":"marking-definition","spec_version":"2.1","id":"`+string(id)+`","created":"2021-01-01T00:00:00.000Z",`+definitions[n].text+`}`))
	}
}

// fixed are the marking definitions of TLP 1 (section 7.2.1.4) and TLP 2.0.
var fixed = []struct {
	id    stix.ID
	level int
}{
	{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", 1},
	{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", 2},
	{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", 3},
	{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", 5},
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", 1},
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", 2},
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", 3},
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", 4},
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", 5},
}

// FIRST's table of TLP 2.0: who may be shown what, by the nearness of the
// reader.
func TestRule(t *testing.T) {
	for _, f := range fixed {
		o := parse(t, `{"type":"indicator","id":"`+thing+`","object_marking_refs":["`+string(f.id)+`"]}`)
		for a := Public; a <= Organisation; a++ {
			allowed := f.level <= int(a)+1 && f.level < 5
			if d := May(Clearance{Audience: a}, o, nil); d.Allowed != allowed || d.Reason == "" {
				t.Errorf("%s to audience %d: %+v", f.id, a, d)
			}
		}
		if d := May(Local(), o, nil); !d.Allowed {
			t.Errorf("%s to the administrator: %+v", f.id, d)
		}
	}
}

func TestZeroClearanceSeesNothingUnmarked(t *testing.T) {
	o := parse(t, `{"type":"indicator","id":"`+thing+`"}`)
	if d := May(Clearance{}, o, nil); d.Allowed {
		t.Error(d)
	}
	if d := May(Clearance{Unmarked: stix.TLPClear}, o, nil); !d.Allowed {
		t.Error(d)
	}
}

// Whoever redefines a marking of TLP under its fixed identifier opens nothing.
func TestFixedMarkingsAreNotAskedFor(t *testing.T) {
	o := parse(t, `{"type":"indicator","id":"`+thing+`","object_marking_refs":["marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"]}`)
	d := May(Clearance{Audience: Organisation}, o, func(id stix.ID) Terms {
		t.Error("asked for", id)
		return Terms{}
	})
	if d.Allowed {
		t.Error(d)
	}
}

// The oracle says it in other words: each colour is a set of audiences as a bit
// mask, and each marking is asked whether the reader passes it.
func oracle(c Clearance, o *stix.Object) bool {
	masks := [10]int{0: 0b1111, 1: 0b1111, 2: 0b1110, 3: 0b1100, 4: 0b1000, 5: 0} // bits: public, community, client, organisation
	level := func(id stix.ID) int {
		for _, f := range fixed {
			if f.id == id {
				return f.level
			}
		}
		for n, d := range definitions {
			if definitionID(n) == id {
				return d.level
			}
		}
		return 9
	}
	if c.Audience == Node {
		return true
	}
	// Each level must let the reader pass: the object, and its parts.
	pass := func(ids []stix.ID, colour int) bool {
		listed, on := false, true
		for _, id := range ids {
			switch l := level(id); {
			case l == 9:
				return false
			case l > colour:
				colour = l
			}
			switch id {
			case definitionID(both):
				listed, on = true, on && (c.Org == us || c.Org == uk)
			case definitionID(one):
				listed, on = true, on && c.Org == uk
			case definitionID(later):
				if c.Audience != Organisation && (c.At.IsZero() || c.At.Unix() < embargo.Unix()) {
					return false
				}
			case definitionID(pap):
				if c.PAP != stix.TLPAmber && c.PAP != stix.TLPAmberStrict && c.PAP != stix.TLPRed {
					return false
				}
			}
		}
		if c.Limit != 0 && colour > int(c.Limit) {
			return false
		}
		if listed {
			return on
		}
		return masks[colour]>>c.Audience&1 != 0
	}
	colour := 0
	for _, id := range o.ObjectMarkingRefs {
		colour = max(colour, level(id))
	}
	if colour == 0 {
		if colour = int(c.Unmarked); colour == 0 {
			return false
		}
	}
	var parts []stix.ID
	for _, g := range o.GranularMarkings {
		if g.MarkingRef != "" {
			parts = append(parts, g.MarkingRef)
		}
	}
	return pass(o.ObjectMarkingRefs, colour) && (len(parts) == 0 || pass(parts, 0))
}

func TestAgainstOracle(t *testing.T) {
	var ids []stix.ID
	for _, f := range fixed {
		ids = append(ids, f.id)
	}
	for n := range definitions {
		ids = append(ids, definitionID(n))
	}
	ids = append(ids, "marking-definition--ffffffff-ffff-4fff-8fff-ffffffffffff")
	rapid.Check(t, func(t *rapid.T) {
		marks := rapid.SliceOfN(rapid.SampledFrom(ids), 0, 3)
		var refs, parts []string
		for _, id := range marks.Draw(t, "object") {
			refs = append(refs, `"`+string(id)+`"`)
		}
		for _, id := range marks.Draw(t, "granular") {
			parts = append(parts, `{"marking_ref":"`+string(id)+`","selectors":["name"]}`)
		}
		if rapid.Bool().Draw(t, "language") {
			parts = append(parts, `{"lang":"fr","selectors":["name"]}`)
		}
		o := parse(t, `{"type":"indicator","id":"`+thing+`","object_marking_refs":[`+strings.Join(refs, ",")+`],"granular_markings":[`+strings.Join(parts, ",")+`]}`)
		c := Clearance{
			Audience: Audience(rapid.IntRange(0, 4).Draw(t, "audience")),
			Unmarked: stix.TLP(rapid.IntRange(0, 5).Draw(t, "unmarked")),
			Limit:    stix.TLP(rapid.IntRange(0, 5).Draw(t, "limit")),
			PAP:      stix.TLP(rapid.IntRange(0, 5).Draw(t, "pap")),
			Org:      rapid.SampledFrom([]stix.ID{"", us, uk}).Draw(t, "organisation"),
			At:       rapid.SampledFrom([]time.Time{{}, embargo.Add(-time.Second), embargo}).Draw(t, "at"),
		}
		if got, want := May(c, o, lookup(t)), oracle(c, o); got.Allowed != want {
			t.Fatalf("%s\n%+v: %+v, want %v", o.Raw(), c, got, want)
		}
	})
}
