package misp

import (
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/stix"
)

// OriginalType is the type of the objects that carry events as they came.
const OriginalType = "x-misp-event"

// maxPart is how many bytes of an event one object carries, so that readers of
// STIX take it.
const maxPart = 4 << 20

// An original carries an event to the byte, as text so that no reader on the
// way writes its JSON anew; a large one in several parts.
type original struct {
	stix.Common
	Event   string `json:"x_misp_event_uuid"`
	Content string `json:"content"`
	Part    int    `json:"part,omitzero"`  // counted from 1
	Parts   int    `json:"parts,omitzero"` // of how many
}

// original writes the event as it came. It is marked as the strictest of what
// it holds is.
func (b *builder) original() {
	content := b.event.raw
	var parts [][]byte
	for len(content) > maxPart {
		n := maxPart
		for !utf8.RuneStart(content[n]) {
			n--
		}
		parts = append(parts, content[:n])
		content = content[n:]
	}
	parts = append(parts, content)
	for i, part := range parts {
		v := original{Common: b.dated(OriginalType, 0), Event: b.event.UUID, Content: string(part)}
		if len(parts) > 1 {
			v.Part, v.Parts = i+1, len(parts)
		}
		v.ID, _ = b.id(OriginalType, b.event.UUID, "original")
		v.ObjectMarkingRefs = b.all.refs()
		o, err := stix.Make(&v)
		if b.add(o, err, place{"Event", 0, nil}) {
			b.refs = append(b.refs, v.ID)
		}
	}
}
