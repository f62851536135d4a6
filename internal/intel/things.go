package intel

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// A Thing is what an indicator indicates: who or what it is a sign of.
type Thing struct {
	ID       stix.ID
	Name     string
	External string // its ATT&CK id, such as G0125
}

// thingTypes are the types of what indicators indicate (STIX 2.1, section 4.7).
var thingTypes = map[string]bool{
	"attack-pattern": true, "campaign": true, "infrastructure": true, "intrusion-set": true,
	"malware": true, "threat-actor": true, "tool": true, "vulnerability": true,
}

// things are what indicators indicate, and how they belong together.
type things struct {
	index      map[stix.ID]uint32
	list       []thing
	indicates  []indication
	attributed []attribution
	revoked    map[stix.ID]struct{} // relationships that were taken back
}

type thing struct {
	Thing
	modified int64
	revoked  bool
}

// An indication is a relationship from an indicator to a thing.
type indication struct {
	indicator [16]byte
	relation  uint64 // hash of its identifier
	thing     uint32
}

// An attribution is a relationship from one thing to who is behind it.
type attribution struct {
	from, to uint32
	relation uint64
}

// at returns the number of the thing with an identifier, met or not.
func (t *things) at(id stix.ID) uint32 {
	n, ok := t.index[id]
	if !ok {
		if t.index == nil {
			t.index = map[stix.ID]uint32{}
		}
		n = uint32(len(t.list))
		id = stix.ID(strings.Clone(string(id)))
		t.index[id] = n
		t.list = append(t.list, thing{Thing: Thing{ID: id}})
	}
	return n
}

func (t *things) add(o *stix.Object) error {
	n := t.at(o.ID)
	was := &t.list[n]
	modified := int64(0)
	if !o.Modified.IsZero() {
		modified = o.Modified.UnixNano()
	}
	if was.Name != "" && modified < was.modified {
		return nil
	}
	was.modified, was.revoked = modified, o.Revoked
	for key, v := range o.Properties() {
		if string(key) == "name" {
			was.Name = string(plain(v))
		}
	}
	was.External = ""
	for i := range o.ExternalReferences {
		if ref := &o.ExternalReferences[i]; isAttack(ref) {
			was.External = ref.ExternalID
			break
		}
	}
	return nil
}

// isAttack reports whether ref names an object of ATT&CK.
func isAttack(ref *stix.ExternalReference) bool {
	switch ref.SourceName {
	case "mitre-attack", "mitre-mobile-attack", "mitre-ics-attack":
		return len(ref.ExternalID) > 1 && len(ref.ExternalID) < 16
	}
	return false
}

// addRelationship takes what an indicator indicates and who is behind what.
func (b *Builder) addRelationship(o *stix.Object) error {
	var kind string
	var source, target stix.ID
	for key, v := range o.Properties() {
		switch string(key) {
		case "relationship_type":
			kind = string(plain(v))
		case "source_ref":
			source = stix.ID(plain(v))
		case "target_ref":
			target = stix.ID(plain(v))
		}
	}
	t := &b.things
	if o.Revoked {
		if t.revoked == nil {
			t.revoked = map[stix.ID]struct{}{}
		}
		t.revoked[o.ID] = struct{}{}
		return nil
	}
	relation := sum([]byte(o.ID), 3)
	switch {
	case kind == "indicates" && source.Type() == "indicator" && thingTypes[target.Type()]:
		key, _, _ := b.key(source)
		t.indicates = append(t.indicates, indication{key, relation, t.at(target)})
	case kind == "attributed-to" && thingTypes[source.Type()] && thingTypes[target.Type()]:
		t.attributed = append(t.attributed, attribution{t.at(source), t.at(target), relation})
	}
	return nil
}

// settle drops relationships that were taken back and returns who is behind
// each thing.
func (t *things) settle() map[uint32][]uint32 {
	gone := map[uint64]bool{}
	for id := range t.revoked {
		gone[sum([]byte(id), 3)] = true
	}
	t.revoked = nil
	t.indicates = slices.DeleteFunc(t.indicates, func(i indication) bool { return gone[i.relation] || t.list[i.thing].revoked })
	behind := map[uint32][]uint32{}
	for _, a := range t.attributed {
		if !gone[a.relation] && !t.list[a.to].revoked && !slices.Contains(behind[a.from], a.to) {
			behind[a.from] = append(behind[a.from], a.to)
		}
	}
	t.attributed, t.index = nil, nil
	return behind
}
