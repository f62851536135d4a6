package misp

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// A marking says who may see something: a colour of TLP and, where MISP
// restricts it to sharing groups, these.
type marking struct {
	colour stix.TLP
	groups []stix.ID
}

func (m marking) refs() []stix.ID {
	var ids []stix.ID
	if m.colour != stix.TLPNone {
		ids = append(ids, m.colour.MarkingID())
	}
	return append(ids, m.groups...)
}

// and returns the marking of what both m and n hold for.
func (m marking) and(n marking) marking {
	m.colour = max(m.colour, n.colour)
	for _, id := range n.groups {
		if !slices.Contains(m.groups, id) {
			m.groups = append(m.groups[:len(m.groups):len(m.groups)], id)
		}
	}
	return m
}

// colours of TLP by their tags, in any case.
var colours = map[string]stix.TLP{
	"tlp:white": stix.TLPClear, "tlp:clear": stix.TLPClear, "tlp:green": stix.TLPGreen, "tlp:amber": stix.TLPAmber,
	"tlp:amber+strict": stix.TLPAmberStrict, "tlp:red": stix.TLPRed,
}

// levels are the colours that the distributions of MISP come down to: 0 is for
// one organisation, which TLP:AMBER+STRICT says; 1 and 2 are for communities,
// at least TLP:GREEN. 3, all communities, restricts nothing, and 5 is what the
// event is.
var levels = map[string]stix.TLP{"0": stix.TLPAmberStrict, "1": stix.TLPGreen, "2": stix.TLPGreen}

// markingOf returns the marking of something within what is marked above: the
// strictest of its tags, its distribution and what is above counts.
func (b *builder) markingOf(above marking, tags []Tag, distribution, groupID string, group *SharingGroup, at place) marking {
	m := above
	for _, t := range tags {
		m.colour = max(m.colour, colours[strings.ToLower(t.Name)])
	}
	m.colour = max(m.colour, levels[distribution])
	if distribution == "4" {
		m = m.and(marking{groups: []stix.ID{b.groupMarking(groupID, group, at)}})
	}
	return m
}

// groupID returns the identifier of the marking for a sharing group. Its number
// says something on one instance alone, so that without a UUID it is a group
// of this event.
func (b *builder) groupID(number string, g *SharingGroup) stix.ID {
	if g == nil || g.UUID == "" { // then it may be the one that the event tells of
		if s := b.event.SharingGroup; s != nil && number == b.event.SharingGroupID {
			g = s
		}
	}
	if g != nil {
		if id := stix.ID("marking-definition--" + strings.ToLower(g.UUID)); id.Valid() == nil && stix.TLPOf(id) == stix.TLPNone {
			return id
		}
	}
	return stix.NamedID("marking-definition", "misp sharing group\n"+b.event.UUID+"\n"+number)
}

// SharingGroupExtension is the identifier of the extension that says of a
// marking definition that it stands for a sharing group of MISP. Who does not
// know it must not pass on what it marks.
const SharingGroupExtension = "extension-definition--abf212c1-e27b-51d2-80cb-f33cb068b96f"

// groupMarking returns the marking for a sharing group, and writes it once.
func (b *builder) groupMarking(number string, g *SharingGroup, at place) stix.ID {
	id := b.groupID(number, g)
	if b.claimed[id] {
		return id
	}
	b.claimed[id] = true
	if g == nil || g.UUID == "" {
		g = b.event.SharingGroup
	}
	quoted := func(key, text string) []byte {
		if text == "" {
			return nil
		}
		v, _ := jsontext.AppendQuote(append([]byte(`,"`), key+`":`...), text)
		return v
	}
	ext := []byte(`{"extension_type":"property-extension"`)
	m := stix.MarkingDefinition{Name: "MISP sharing group " + number}
	if g != nil {
		if g.Name != "" {
			m.Name = "MISP sharing group " + g.Name
		}
		ext = append(ext, quoted("uuid", g.UUID)...)
		ext = append(ext, quoted("name", g.Name)...)
		ext = append(ext, quoted("releasable_to", g.Releasability)...)
	} else {
		ext = append(ext, quoted("number", number)...)
	}
	m.ID, m.Created = id, unix(0)
	m.Extensions = map[string]jsontext.Value{SharingGroupExtension: append(ext, '}')}
	o, err := stix.Make(&m)
	b.add(o, err, at)
	return id
}

// shared are the fields of MISP about who may have something.
type shared struct {
	Distribution string `json:"x_misp_distribution,omitempty"`
	SharingGroup string `json:"x_misp_sharing_group_uuid,omitempty"`
}

func (b *builder) shared(distribution, groupID string, g *SharingGroup) shared {
	s := shared{Distribution: distribution}
	if distribution == "4" {
		s.SharingGroup = b.groupID(groupID, g).UUID()
	}
	return s
}

// labels returns the tags that are no colours of TLP.
func labels(tags []Tag) []string {
	var list []string
	for _, t := range tags {
		if t.Name != "" && colours[strings.ToLower(t.Name)] == stix.TLPNone && !slices.Contains(list, t.Name) {
			list = append(list, t.Name)
		}
	}
	return list
}
