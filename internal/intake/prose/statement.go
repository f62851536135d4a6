package prose

import (
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// A Document is a report as text.
type Document struct {
	Title     string    // "" when not known: the first line then serves
	Source    string    // where it came from: a URL, or the name of a file
	Published time.Time // zero when not known; "on Monday" then stays as said
	Marking   stix.TLP  // what may be shared of it; TLPNone when it does not say
	Text      string    // UTF-8; all offsets are into it
}

// A Span is the bytes from Start to End of a document's text.
type Span struct{ Start, End int }

// In returns the words of s with single blanks between them, and U+FFFD for
// what is no UTF-8.
func (s Span) In(text string) string {
	return strings.ToValidUTF8(strings.Join(strings.Fields(text[s.Start:s.End]), " "), "�")
}

// A Kind says what a statement is about.
type Kind string

// The kinds, each with what Value is then.
const (
	Observable    Kind = "observable"    // as package observable normalises it
	Vulnerability Kind = "vulnerability" // CVE-2021-26855
	Technique     Kind = "technique"     // T1505.003, or its name when several have it
	Actor         Kind = "actor"         // the name as written
	Software      Kind = "software"      // the name as written
	Country       Kind = "country"       // its code in ISO 3166-1: US
	Organisation  Kind = "organisation"  // the name: of an alliance, a government body, a company
	Sector        Kind = "sector"        // a word of STIX's industry-sector-ov
	Date          Kind = "date"          // 2021-07-19, 2021-W28, 2021-03 or 2021; "" when it cannot be told
	Money         Kind = "money"         // amount and currency: 350000000 USD
	Percentage    Kind = "percentage"    // 300
	Count         Kind = "count"         // the number; role of says of what
	Incident      Kind = "incident"      // the name: Microsoft Exchange Server hack
	Crime         Kind = "crime"         // its name in one writing: crypto-jacking
	Claim         Kind = "claim"         // the relation: accuses, attributed-to, sponsored-by …
)

// A Statement is one thing that a text says.
type Statement struct {
	Kind       Kind
	Value      string
	Candidates []Candidate // what a name may stand for; several when it is ambiguous
	Roles      []Role      // the other parts of what is said
	Mood       Mood

	Span          // the words themselves
	Sentence Span // in which they stand

	// Of observables alone.
	Observable observable.Observable
	Indicator  bool   // written as a sign of an attack: defanged, a hash, or listed as an indicator
	Stopped    string // the warninglist that has it, so that it is no sign of an attack
}

// A Candidate is one thing that a name may stand for.
type Candidate struct {
	ID   string // G0125, S0020, T1190; a country's code; a UUID of a galaxy
	Name string // its chief name
}

// A Role is a part of a statement: who, of what, how much.
type Role struct {
	Name  string // by, whom, deed, sponsor, verb, hedge, of, about, quantifier, country …
	Kind  Kind   // Country, Organisation, Actor or Incident when Value is as of that kind; "" for words
	Value string
	Span
}

// Role returns the value of the first role of that name, "" when there is none.
func (s *Statement) Role(name string) string {
	for i := range s.Roles {
		if s.Roles[i].Name == name {
			return s.Roles[i].Value
		}
	}
	return ""
}

// A Mood says how a text says something. Zero is a plain assertion.
type Mood uint8

// The moods, which combine.
const (
	Reported  Mood = 1 << iota // somebody is quoted: "officials say", "according to"
	Hedged                     // alleged, suspected, possible
	Negated                    // the text says that it is not so
	Denied                     // somebody denies it
	Announced                  // it is to come
	Asked                      // it stands in a question
)

// String names the moods in m: "reported, hedged"; "" for a plain assertion.
func (m Mood) String() string {
	var names []string
	for i, n := range [...]string{"reported", "hedged", "negated", "denied", "announced", "asked"} {
		if m&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return strings.Join(names, ", ")
}

// Options say what else Read knows. The zero value is ready.
type Options struct {
	// Warninglists name what is no sign of an attack.
	Warninglists *observable.Warninglists
	// Names are names of actors and software beside those of ATT&CK.
	Names []Name
}

// A Name is a name of an actor or software.
type Name struct {
	Kind Kind   // Actor or Software
	Text string // the name or alias
	Candidate
}
