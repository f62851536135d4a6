package event

// ID is an interned field name: an index, dense from 1. 0 stands for every
// name that nobody asked to intern.
type ID uint16

// Names gives field names their IDs. Intern all names first, on one
// goroutine; from the first New or Lookup on the table is read-only and safe
// for concurrent use.
type Names struct {
	ids   map[string]ID
	names []string
}

// NewNames returns an empty table.
func NewNames() *Names {
	return &Names{ids: map[string]ID{}, names: []string{""}}
}

// Intern returns the id of name and makes one when it is new. The table
// holds at most 65,534 names; beyond that it returns 0.
func (n *Names) Intern(name string) ID {
	if id, ok := n.ids[name]; ok {
		return id
	}
	if name == "" || len(n.names) >= 65535 {
		return 0
	}
	id := ID(len(n.names))
	n.names = append(n.names, name)
	n.ids[name] = id
	return id
}

// Lookup returns the id of name, or 0.
func (n *Names) Lookup(name []byte) ID { return n.ids[string(name)] }

// LookupString returns the id of name, or 0.
func (n *Names) LookupString(name string) ID { return n.ids[name] }

// Name returns the name behind id.
func (n *Names) Name(id ID) string { return n.names[id] }

// Len returns one more than the largest id.
func (n *Names) Len() int { return len(n.names) }
