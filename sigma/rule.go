package sigma

import "github.com/tocsin-project/tocsin/event"

// Meta describes a rule, a correlation or a filter.
type Meta struct {
	Path           string // file it came from, as given to the loader
	ID             string // uuid; may be empty
	Name           string // for correlations and filters to refer to; may be empty
	Title          string
	Status         string
	Level          Level
	Description    string
	Author         string
	Date           string
	Tags           []string
	References     []string
	FalsePositives []string
}

// A Rule is one Sigma rule after loading: metadata, and a condition in which
// every modifier has been applied, so that only And, Or, Not and Atom are
// left (Sigma 2.1.0, "Sigma Rules Specification").
type Rule struct {
	Meta
	Fields    []string
	Logsource event.Logsource
	Detection Expr // several conditions are joined by Or
	// Unresolved names the placeholders (%name%) that had no values. Atoms
	// that need them never match.
	Unresolved []string
	// Hidden rules report nothing themselves: they only feed correlations
	// (a correlation refers to them and does not set generate).
	Hidden bool
}

// Level is a rule's severity.
type Level uint8

// The levels of Sigma 2.1.0, "level". A rule without one is Informational.
const (
	Informational Level = iota
	Low
	Medium
	High
	Critical
)

var levelNames = [...]string{"informational", "low", "medium", "high", "critical"}

func (l Level) String() string { return levelNames[l] }

// ParseLevel returns the level called s; false when there is none.
func ParseLevel(s string) (Level, bool) {
	for i, n := range levelNames {
		if s == n {
			return Level(i), true
		}
	}
	return 0, false
}

// An Expr is a node of a condition: And, Or, Not or *Atom.
type Expr interface{ expr() }

// And holds when all of its members do; an empty And holds.
type And []Expr

// Or holds when one of its members does; an empty Or does not.
type Or []Expr

// Not holds when X does not.
type Not struct{ X Expr }

// An Atom is one test on one field, or on the whole record when Field is
// empty (a keyword). A field with several values passes when one value does.
type Atom struct {
	Field string
	Op    Op
	// Pattern is the wanted text of Match and of FieldMatch (where the field
	// Ref takes the place of the part of kind Reference).
	Pattern Pattern
	Cased   bool    // Match, FieldMatch: letters compare exactly, not folded
	Text    string  // Regexp: source with its flags, RE2 syntax; CIDR: the network
	Number  float64 // Lt … Gte and Minute … Year
	Ref     string  // FieldMatch: the other field
	Want    bool    // Exists: whether the field must be there
}

// Op is the kind of test an Atom makes.
type Op uint8

// The tests that the modifiers of Sigma 2.1.0 reduce to.
const (
	Match      Op = iota // the value matches Pattern
	Regexp               // Text matches somewhere in the value
	CIDR                 // the value is an address within Text
	Lt                   // the value is a number < Number
	Lte                  // … <= Number
	Gt                   // … > Number
	Gte                  // … >= Number
	Exists               // the field is there (null counts as there) or is not, as Want says
	IsNull               // the field is missing or null
	FieldMatch           // the value matches the value of field Ref as Pattern says
	Minute               // the value is a time (RFC 3339 or common forms) with minute Number
	Hour
	Day
	Week
	Month
	Year
	Never // cannot match: a placeholder had no value
)

// A Pattern is text with wildcards, in order.
type Pattern []Part

// A Part is a run of literal bytes or one wildcard.
type Part struct {
	Kind    PartKind
	Literal string // for Literal parts, unescaped
}

// PartKind says what a Part stands for.
type PartKind uint8

// The kinds of part.
const (
	Literal   PartKind = iota
	Any                // *: zero or more characters
	One                // ?: one character
	Reference          // the value of the other field (FieldMatch only)
)

func (And) expr()   {}
func (Or) expr()    {}
func (Not) expr()   {}
func (*Atom) expr() {}
