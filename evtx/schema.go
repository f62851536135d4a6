package evtx

import "strings"

// A schema knows every path of elements and attributes met so far and the
// flat name that it gives, so that a name is made and resolved once.
type schema struct {
	resolve func(string) uint32
	quote   func(dst, s []byte) []byte // as Decoder.quote
	numbers map[string]uint32          // of names, from 0, when quote is set
	root    *node
	size    int // bytes held, roughly
	buf     []byte
}

// What a schema may hold. A chunk starts with at least half of it free, far
// more than the names of a genuine chunk take.
const (
	maxSchema  = 4 << 20
	nodeWeight = 256 // bytes of a node beside its name
)

// A node is an element or attribute at one path.
type node struct {
	name   string // flat name
	tag    uint32
	place  place
	role   role
	key    []byte           // name as the key of a JSON member, when quote is set
	number uint32           // of the name, when quote is set
	elems  map[string]*node // by name, in the UTF-16 of the file
	attrs  map[string]*node // by name, in the UTF-16 of the file; nil nodes are left out
	data   map[string]*node // for Data elements: by value of their Name, in UTF-8
}

// place says where an element stands, which decides what its children are
// called.
type place uint8

const (
	inDocument  place = iota // above Event
	inEvent                  // Event
	inSystem                 // Event/System
	inData                   // Event/EventData
	inUser                   // Event/UserData
	inUserRoot               // Event/UserData/*
	inRendering              // Event/RenderingInfo
	inField                  // Event/System/*
	inTree                   // anywhere else
)

// role marks the fields that Record gives direct access to.
type role uint8

const (
	roleNone role = iota
	roleEventID
	roleChannel
	roleComputer
	roleProvider
	roleTime
)

func (s *schema) reset() {
	s.root = &node{place: inDocument}
	s.numbers = map[string]uint32{}
	s.size = 0
}

func (s *schema) crowded() bool { return s.size > maxSchema/2 }

// element returns the child element of n that is called name (UTF-16).
func (s *schema) element(n *node, name []byte) (*node, error) {
	if kid := n.elems[string(name)]; kid != nil {
		return kid, nil
	}
	s.buf = appendUTF16(s.buf[:0], name)
	own := string(s.buf)
	kid := &node{name: own, place: inTree}
	switch n.place {
	case inDocument:
		if own == "Event" {
			kid.place = inEvent
		}
	case inEvent:
		kid.place = sectionPlace(own)
	case inSystem:
		kid.place = inField
		kid.role = systemRole(own)
	case inUser:
		kid.place = inUserRoot
	case inRendering:
		if own != "Message" {
			kid.name = "RenderingInfo_" + own
		}
	case inTree, inField:
		kid.name = n.name + "." + own
	}
	if isData(own) && n.place != inSystem {
		kid.data = map[string]*node{}
	}
	if err := s.add(kid, len(name)); err != nil {
		return nil, err
	}
	if n.elems == nil {
		n.elems = map[string]*node{}
	}
	n.elems[string(name)] = kid
	return kid, nil
}

func sectionPlace(name string) place {
	switch name {
	case "System":
		return inSystem
	case "EventData":
		return inData
	case "UserData":
		return inUser
	case "RenderingInfo":
		return inRendering
	}
	return inTree
}

func systemRole(name string) role {
	switch name {
	case "EventID":
		return roleEventID
	case "Channel":
		return roleChannel
	case "Computer":
		return roleComputer
	case "Provider_Name":
		return roleProvider
	case "TimeCreated_SystemTime":
		return roleTime
	}
	return roleNone
}

// isData reports whether elements of this name carry their field's name in an
// attribute Name (the event schema's DataType and ComplexDataType).
func isData(name string) bool { return name == "Data" || name == "ComplexData" }

// attribute returns the attribute of n that is called name (UTF-16), nil for
// one that is no field.
func (s *schema) attribute(n *node, name []byte) (*node, error) {
	if a, ok := n.attrs[string(name)]; ok {
		return a, nil
	}
	s.buf = appendUTF16(s.buf[:0], name)
	own := string(s.buf)
	var a *node
	if own == "xmlns" || strings.HasPrefix(own, "xmlns:") {
		s.size += nodeWeight + len(name) // no field, but its name is held
	} else {
		a = &node{name: n.name + "_" + own}
		if n.place == inField {
			a.role = systemRole(a.name)
		}
		if err := s.add(a, len(name)); err != nil {
			return nil, err
		}
	}
	if n.attrs == nil {
		n.attrs = map[string]*node{}
	}
	n.attrs[string(name)] = a
	return a, nil
}

// named returns the Data element n whose attribute Name is name (UTF-8).
func (s *schema) named(n *node, name []byte) (*node, error) {
	if kid := n.data[string(name)]; kid != nil {
		return kid, nil
	}
	if len(name) == 0 {
		return n, nil
	}
	own := string(name)
	parent := n.name[:strings.LastIndexByte(n.name, '.')+1]
	kid := &node{name: parent + own, place: inTree}
	if err := s.add(kid, len(name)); err != nil {
		return nil, err
	}
	n.data[own] = kid
	return kid, nil
}

func (s *schema) add(n *node, key int) error {
	if len(n.name) > maxNameSize {
		return errLongName
	}
	s.size += nodeWeight + len(n.name) + key
	if s.size > maxSchema {
		return errManyNames
	}
	if s.resolve != nil {
		n.tag = s.resolve(n.name)
	}
	if s.quote != nil {
		n.key = append(s.quote(append(make([]byte, 0, small), ','), []byte(n.name)), ':')
		number, ok := s.numbers[n.name]
		if !ok {
			number = uint32(len(s.numbers))
			s.numbers[n.name] = number
		}
		n.number = number
		s.size += cap(n.key)
	}
	return nil
}
