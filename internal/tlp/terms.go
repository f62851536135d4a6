package tlp

import (
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// Terms are what markings ask of who is given an object.
type Terms struct {
	Known  bool     // false: nobody here can read them
	Colour stix.TLP // stix.TLPNone: they state none
	// Audience are the organisations that the owner named, nil when it named none.
	// They alone see the object, whatever its colour and wherever they stand.
	Audience  []stix.ID
	NotBefore time.Time // the end of an embargo; until then the object stays in the node's organisation
	PAP       stix.TLP  // of the Permissible Actions Protocol; stix.TLPNone: not stated
}

// A Lookup returns the terms of the marking definition that id names. Those of a
// definition that is not here, or not to be trusted, are not known. The fixed ones
// of TLP are never asked for.
type Lookup func(id stix.ID) Terms

// Extension is the identifier of the extension of marking definitions by which
// an owner names an audience, or sets the end of an embargo.
const Extension = "extension-definition--3c109d87-35fc-5b60-bf88-926cb73b21aa"

// tlp2Extension is the extension definition of TLP 2.0.
const tlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// all returns the terms of all markings together, and whether all are known.
func all(markings []stix.ID, lookup Lookup) (sum Terms, known bool) {
	for _, id := range markings {
		t := Terms{Known: true, Colour: stix.TLPOf(id)}
		if t.Colour == stix.TLPNone {
			if lookup == nil {
				return sum, false
			}
			if t = lookup(id); !t.Known {
				return sum, false
			}
		}
		sum = sum.and(t)
	}
	return sum, true
}

// and returns the terms that hold where both do.
func (t Terms) and(other Terms) Terms {
	t.Colour = max(t.Colour, other.Colour)
	t.PAP = max(t.PAP, other.PAP)
	if other.NotBefore.After(t.NotBefore) {
		t.NotBefore = other.NotBefore
	}
	switch {
	case t.Audience == nil:
		t.Audience = other.Audience
	case other.Audience != nil:
		both := []stix.ID{}
		for _, id := range t.Audience {
			if slices.Contains(other.Audience, id) {
				both = append(both, id)
			}
		}
		t.Audience = both
	}
	return t
}

var colours = map[string]stix.TLP{
	"white": stix.TLPClear, "clear": stix.TLPClear, "green": stix.TLPGreen,
	"amber": stix.TLPAmber, "amber+strict": stix.TLPAmberStrict, "red": stix.TLPRed,
}

// A definition is the parts of a marking definition that Terms are read from.
type definition struct {
	Kind       string `json:"definition_type"`
	Definition struct {
		TLP       string  `json:"tlp"`
		PAP       string  `json:"pap"`
		Statement *string `json:"statement"`
	} `json:"definition"`
	Extensions map[string]struct {
		TLP       string     `json:"tlp_2_0"`
		Audience  []stix.ID  `json:"audience"`
		NotBefore *time.Time `json:"not_before"`
	} `json:"extensions"`
}

// TermsOf returns the terms that a marking definition states: the colour of TLP 1
// (section 7.2.1.4) or of the extension for TLP 2.0, a statement (section
// 7.2.1.3), which asks for none, a colour of the PAP in the form that OpenCTI
// writes, or what Extension says. Whatever else there is, is not known.
func TermsOf(o *stix.Object) Terms {
	var d definition
	if o.Type != "marking-definition" || json.Unmarshal(o.Raw(), &d) != nil {
		return Terms{}
	}
	t := Terms{Known: true}
	switch strings.ToLower(d.Kind) {
	case "tlp":
		t.Colour, t.Known = colours[d.Definition.TLP]
	case "pap":
		t.PAP, t.Known = colours[strings.TrimPrefix(strings.ToLower(d.Definition.PAP), "pap:")]
	case "statement":
		t.Known = d.Definition.Statement != nil
	case "":
		t.Known = len(d.Extensions) > 0
	default:
		t.Known = false
	}
	for id, e := range d.Extensions {
		switch id {
		case tlp2Extension:
			c, known := colours[e.TLP]
			t.Colour, t.Known = max(t.Colour, c), t.Known && known
		case Extension:
			t.Known = t.Known && (e.Audience != nil || e.NotBefore != nil)
			if t.Audience = e.Audience; e.NotBefore != nil {
				t.NotBefore = *e.NotBefore
			}
		default:
			t.Known = false
		}
	}
	if !t.Known {
		return Terms{}
	}
	return t
}
