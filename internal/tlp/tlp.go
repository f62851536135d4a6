// Package tlp decides who may see an object: the Traffic Light Protocol 2.0
// (FIRST, August 2022), read from the markings of STIX.
//
// May is the only place where that is decided. It is a function of its
// arguments alone, and its zero values are the strictest: a Clearance that
// nothing was said of sees TLP:CLEAR, and nothing unmarked.
package tlp

import (
	"slices"
	"time"

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

// A Clearance is what one reader may see. It is a value that can be compared.
type Clearance struct {
	Audience Audience
	// Org is the identity of the reader's organisation, by which audience lists
	// name it.
	Org stix.ID
	// Unmarked is how the node reads objects that state no colour. With
	// stix.TLPNone only the node's administrator sees them.
	Unmarked stix.TLP
	// Limit is the strictest colour that the node gives this reader, however near
	// it stands; with stix.TLPNone its audience alone decides.
	Limit stix.TLP
	// PAP is the strictest colour of the Permissible Actions Protocol that the
	// reader has undertaken to keep.
	PAP stix.TLP
	// At is the time of reading. With the zero value no embargo has ended.
	At time.Time
}

// Local returns the clearance of the node's own administrator, who sees all.
func Local() Clearance { return Clearance{Audience: Node} }

// A Decision says whether a reader may see an object, and why.
type Decision struct {
	Allowed bool
	Reason  string
}

// Markings are the markings of an object, as far as they decide who may see
// it. Many objects share the same ones.
type Markings struct {
	Object   []stix.ID // object_marking_refs (STIX 2.1, section 7.2.2)
	Granular []stix.ID // marking_ref of granular_markings (section 7.2.3)
}

// Of returns the markings of o. The marking definitions of TLP themselves are
// public, as their text is. One that names an audience is for that audience.
func Of(o *stix.Object) Markings {
	if stix.TLPOf(o.ID) != stix.TLPNone {
		return Markings{Object: []stix.ID{stix.TLPClear.MarkingID()}}
	}
	m := Markings{Object: o.ObjectMarkingRefs}
	if o.Type == "marking-definition" {
		if t := TermsOf(o); t.Audience != nil || !t.NotBefore.IsZero() {
			m.Object = append(slices.Clip(m.Object), o.ID)
		}
	}
	for _, g := range o.GranularMarkings {
		if g.MarkingRef != "" { // else it states a language
			m.Granular = append(m.Granular, g.MarkingRef)
		}
	}
	return m
}

// May decides whether a reader of clearance c may see o.
func May(c Clearance, o *stix.Object, lookup Lookup) Decision {
	return MayMarked(c, Of(o), lookup)
}

// MayMarked decides as May does, for an object with markings m.
//
// The strictest of all colours counts, and all terms of all markings hold. A
// part that is marked more strictly than the object withholds all of it, one
// that is marked less strictly does not open it. A marking that nobody here can
// read withholds it from all but the node's administrator.
func MayMarked(c Clearance, m Markings, lookup Lookup) Decision {
	if c.Audience == Node {
		return Decision{true, "the node's own administrator"}
	}
	whole, known := all(m.Object, lookup)
	if !known {
		return Decision{false, "it has a marking that this node does not know"}
	}
	if whole.Colour == stix.TLPNone {
		if whole.Colour = c.Unmarked; whole.Colour == stix.TLPNone {
			return Decision{false, "it has no TLP marking, and the node has no default"}
		}
	}
	if d := c.meets(whole); !d.Allowed || len(m.Granular) == 0 {
		return d
	}
	part, known := all(m.Granular, lookup)
	if !known {
		return Decision{false, "a part of it has a marking that this node does not know"}
	}
	return c.meets(part)
}

// meets tells whether c is as t asks.
func (c Clearance) meets(t Terms) Decision {
	switch {
	case c.At.Before(t.NotBefore) && c.Audience < Organisation:
		return Decision{false, "it is under embargo"}
	case t.PAP > max(c.PAP, stix.TLPClear):
		return Decision{false, "the reader has not undertaken to keep its PAP"}
	case c.Limit != stix.TLPNone && t.Colour > c.Limit:
		return Decision{false, "the node gives this reader nothing of its colour"}
	case t.Audience != nil:
		return Decision{c.Org != "" && slices.Contains(t.Audience, c.Org), "it is for those whom its owner named"}
	}
	return c.sees(t.Colour)
}

// sees is the rule of TLP 2.0 for what names nobody.
func (c Clearance) sees(colour stix.TLP) Decision {
	switch colour {
	case stix.TLPNone, stix.TLPClear:
		return Decision{true, "TLP:CLEAR is for all"}
	case stix.TLPGreen:
		return Decision{c.Audience >= Community, "TLP:GREEN is for the community"}
	case stix.TLPAmber:
		return Decision{c.Audience >= Client, "TLP:AMBER is for the organisation and its clients"}
	case stix.TLPAmberStrict:
		return Decision{c.Audience >= Organisation, "TLP:AMBER+STRICT is for the organisation"}
	case stix.TLPRed:
		return Decision{false, "TLP:RED is for named recipients"}
	}
	return Decision{false, "its colour is none of TLP"}
}
