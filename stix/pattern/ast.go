package pattern

import "time"

// A Pattern is a parsed pattern.
type Pattern struct {
	Root *Observation
}

// An ObservationOp says how an observation expression is made.
type ObservationOp uint8

// The kinds of observation expressions.
const (
	Bracket    ObservationOp = iota // [ Test ]
	Group                           // ( Operands[0] )
	AllOf                           // Operands joined by AND
	OneOf                           // Operands joined by OR
	FollowedBy                      // Operands joined by FOLLOWEDBY
)

// An Observation is an observation expression (section 9.4): what must be seen,
// in one observed-data object for each pair of brackets. Brackets and groups
// may have qualifiers, in the order they were written.
type Observation struct {
	Op         ObservationOp
	Test       *Comparison
	Operands   []*Observation
	Qualifiers []Qualifier
	Pos        int // in bytes
}

// A QualifierOp is a kind of qualifier.
type QualifierOp uint8

// The qualifiers.
const (
	Repeats QualifierOp = iota
	Within
	StartStop
)

// A Qualifier narrows an observation expression (section 9.4.1).
type Qualifier struct {
	Op          QualifierOp
	Times       int64   // of REPEATS
	Seconds     float64 // of WITHIN
	Start, Stop Literal // of START and STOP
	Pos         int
}

// A ComparisonOp says how a comparison expression is made, or what a test
// compares.
type ComparisonOp uint8

// The kinds of comparison expressions: three that join others, then the tests.
const (
	Parens ComparisonOp = iota // ( Operands[0] )
	And                        // Operands joined by AND
	Or                         // Operands joined by OR
	Equal
	NotEqual
	Less
	LessOrEqual
	Greater
	GreaterOrEqual
	In
	Like
	Matches
	IsSubset
	IsSuperset
	Exists
)

// String returns op as patterns write it.
func (op ComparisonOp) String() string { return comparisonWords[op] }

var comparisonWords = [...]string{
	Parens: "()", And: "AND", Or: "OR", Equal: "=", NotEqual: "!=", Less: "<", LessOrEqual: "<=", Greater: ">",
	GreaterOrEqual: ">=", In: "IN", Like: "LIKE", Matches: "MATCHES", IsSubset: "ISSUBSET", IsSuperset: "ISSUPERSET",
	Exists: "EXISTS",
}

// A Comparison is a comparison expression (section 9.5): a test of one property
// against literals, or several joined by AND and OR.
type Comparison struct {
	Op       ComparisonOp
	Operands []*Comparison // of Parens, And, Or
	Not      bool
	Path     Path
	Values   []Literal // one; any number of IN, none of EXISTS
	Pos      int
}

// A Path is an object path (section 9.7): a type of objects and the way to a
// property within them.
type Path struct {
	Type  string
	Steps []Step
}

// A Step goes to a property, or, when Key is empty, to the element Index of a
// list, or to all of them when Index is AllElements.
type Step struct {
	Key   string
	Index int
}

// AllElements is the Index of a step written [*].
const AllElements = -1

// A LiteralKind is the type of a literal.
type LiteralKind uint8

// The types of literals (section 9.3).
const (
	String LiteralKind = iota
	Integer
	Float
	Boolean
	Timestamp
	Hex
	Binary
)

func (k LiteralKind) String() string {
	return [...]string{"string", "integer", "float", "boolean", "timestamp", "hex", "binary"}[k]
}

// A Literal is a constant of a pattern.
type Literal struct {
	Kind  LiteralKind
	Text  string // the characters of a string; else as written, without the quotes
	Int   int64
	Float float64   // of Integer as well
	Bytes []byte    // of Hex and Binary
	Time  time.Time // of Timestamp
	Pos   int

	never bool // of a timestamp that no calendar has, such as 30 February
}
