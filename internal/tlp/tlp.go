// Package tlp decides who may see an object: the Traffic Light Protocol 2.0
// (FIRST, August 2022), read from the markings of STIX.
//
// May is the only place where that is decided. It is a function of its
// arguments alone, and its zero values are the strictest: a Clearance that
// nothing was said of sees TLP:CLEAR, and nothing unmarked.
package tlp

import (
	"github.com/go-json-experiment/json"

	"github.com/tocsin-project/tocsin/stix"
)

// An Audience is how near a reader stands to the node. Each one includes those
// before it.
type Audience uint8

// The audiences of TLP 2.0, and the node's own administrator.
const (
	Public       Audience = iota // anyone: TLP:CLEAR
	Community                    // peers and partners: TLP:GREEN
	Client                       // whom the organisation serves: TLP:AMBER
	Organisation                 // its own people: TLP:AMBER+STRICT
	Node                         // who runs the node: all that it holds
)

// A Clearance is what one reader may see.
type Clearance struct {
	Audience Audience
	// Named are the objects under TLP:RED whose source named this reader as a
	// recipient. RED is for these alone, however near others stand.
	Named map[stix.ID]bool
	// Unmarked is how the node reads objects that state no colour. With
	// stix.TLPNone only the node's administrator sees them.
	Unmarked stix.TLP
}

// Local returns the clearance of the node's own administrator, who sees all.
func Local() Clearance { return Clearance{Audience: Node} }

// A Decision says whether a reader may see an object, and why.
type Decision struct {
	Allowed bool
	Reason  string
}

// A Lookup returns the marking definition that id names, nil when it is not
// known or not to be trusted. The fixed ones of TLP are never asked for.
type Lookup func(id stix.ID) *stix.Object

// Markings are the markings of an object, as far as they decide who may see
// it. Many objects share the same ones.
type Markings struct {
	Object   []stix.ID // object_marking_refs (STIX 2.1, section 7.2.2)
	Granular []stix.ID // marking_ref of granular_markings (section 7.2.3)
}

// Of returns the markings of o. The marking definitions of TLP themselves are
// public, as their text is.
func Of(o *stix.Object) Markings {
	if stix.TLPOf(o.ID) != stix.TLPNone {
		return Markings{Object: []stix.ID{stix.TLPClear.MarkingID()}}
	}
	m := Markings{Object: o.ObjectMarkingRefs}
	for _, g := range o.GranularMarkings {
		if g.MarkingRef != "" { // else it states a language
			m.Granular = append(m.Granular, g.MarkingRef)
		}
	}
	return m
}

// May decides whether a reader of clearance c may see o.
func May(c Clearance, o *stix.Object, lookup Lookup) Decision {
	return MayMarked(c, o.ID, Of(o), lookup)
}

// MayMarked decides as May does, for the object id with markings m.
//
// The strictest of all colours counts. A part that is marked more strictly
// than the object withholds all of it, one that is marked less strictly does
// not open it. A marking that nobody here can read withholds it from all but
// the node's administrator.
func MayMarked(c Clearance, id stix.ID, m Markings, lookup Lookup) Decision {
	if c.Audience == Node {
		return Decision{true, "the node's own administrator"}
	}
	colour, known := strictest(m.Object, lookup)
	if !known {
		return Decision{false, "it has a marking that this node does not know"}
	}
	if colour == stix.TLPNone {
		if colour = c.Unmarked; colour == stix.TLPNone {
			return Decision{false, "it has no TLP marking, and the node has no default"}
		}
	}
	part, known := strictest(m.Granular, lookup)
	if !known {
		return Decision{false, "a part of it has a marking that this node does not know"}
	}
	return c.sees(max(colour, part), id)
}

// sees is the rule of TLP 2.0.
func (c Clearance) sees(colour stix.TLP, id stix.ID) Decision {
	switch colour {
	case stix.TLPClear:
		return Decision{true, "TLP:CLEAR is for all"}
	case stix.TLPGreen:
		return Decision{c.Audience >= Community, "TLP:GREEN is for the community"}
	case stix.TLPAmber:
		return Decision{c.Audience >= Client, "TLP:AMBER is for the organisation and its clients"}
	case stix.TLPAmberStrict:
		return Decision{c.Audience >= Organisation, "TLP:AMBER+STRICT is for the organisation"}
	case stix.TLPRed:
		return Decision{c.Named[id], "TLP:RED is for named recipients"}
	}
	return Decision{false, "its colour is none of TLP"}
}

// strictest returns the strictest colour that the markings state, stix.TLPNone
// when they state none, and whether all of them are known.
func strictest(markings []stix.ID, lookup Lookup) (colour stix.TLP, known bool) {
	for _, id := range markings {
		t := stix.TLPOf(id)
		if t == stix.TLPNone {
			if lookup == nil {
				return 0, false
			}
			o := lookup(id)
			if o == nil {
				return 0, false
			}
			if t, known = stated(o); !known {
				return 0, false
			}
		}
		colour = max(colour, t)
	}
	return colour, true
}

// tlp2Extension is the extension definition of TLP 2.0.
const tlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

var colours = map[string]stix.TLP{
	"white": stix.TLPClear, "clear": stix.TLPClear, "green": stix.TLPGreen,
	"amber": stix.TLPAmber, "amber+strict": stix.TLPAmberStrict, "red": stix.TLPRed,
}

// stated returns the colour that a marking definition states: that of TLP 1
// (section 7.2.1.4) or of the extension for TLP 2.0. A statement (section
// 7.2.1.3) is known and states none; whatever else there is, is not known.
func stated(o *stix.Object) (colour stix.TLP, known bool) {
	var d struct {
		Kind       string `json:"definition_type"`
		Definition struct {
			TLP       string  `json:"tlp"`
			Statement *string `json:"statement"`
		} `json:"definition"`
		Extensions map[string]struct {
			TLP string `json:"tlp_2_0"`
		} `json:"extensions"`
	}
	if o.Type != "marking-definition" || json.Unmarshal(o.Raw(), &d) != nil {
		return 0, false
	}
	switch d.Kind {
	case "tlp":
		if colour, known = colours[d.Definition.TLP]; !known {
			return 0, false
		}
	case "statement":
		if known = d.Definition.Statement != nil; !known {
			return 0, false
		}
	case "":
	default:
		return 0, false
	}
	for id, extension := range d.Extensions {
		t, ok := colours[extension.TLP]
		if id != tlp2Extension || !ok {
			return 0, false
		}
		colour, known = max(colour, t), true
	}
	return colour, known
}
