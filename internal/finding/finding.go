// Package finding says what a hunt found, and what it could not have found:
// Finding is one match with its evidence, Coverage is what was read and
// which rules had no log that could have fired them.
package finding

// Severity orders findings. The names are Sigma's levels.
type Severity uint8

// The severities, lowest first.
const (
	Informational Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"informational", "low", "medium", "high", "critical"}

func (s Severity) String() string { return severityNames[s] }

// ParseSeverity returns the severity called s; false when there is none.
func ParseSeverity(s string) (Severity, bool) {
	for i, n := range severityNames {
		if s == n {
			return Severity(i), true
		}
	}
	return 0, false
}

// A Finding is one match. What it points to may be reused after it has been
// handed on: whoever keeps a finding clones it.
type Finding struct {
	Kind       string // sigma, correlation, indicator, pattern
	Time       int64  // nanoseconds since 1970 UTC, event.NoTime when the record has none
	Severity   Severity
	Title      string
	Rule       Rule
	Indicator  Indicator
	Techniques []string // ATT&CK ids, T1505.003
	Groups     []string // ATT&CK ids, G0125
	Host       string
	Source     Source
	Fields     []Field  // what matched, in the order of the rule
	Events     []Source // the members of a correlation, by time
	Count      uint64   // how many events a correlation had, where Events holds only the first; else 0
}

// A Rule names the rule that matched.
type Rule struct{ ID, Path string }

// An Indicator names the indicator that matched.
type Indicator struct{ ID, Value, Type string }

// A Source is where a record stands.
type Source struct {
	Path   string // archive members as a.zip!b/c.log
	Format string
	Record uint64 // record id or line number; 0 when unknown
	Offset int64  // byte offset in the (unpacked) file
}

// A Field is one matched field and its value as the record has it.
type Field struct{ Name, Value string }

// Coverage is what a hunt read and what it could not have seen.
type Coverage struct {
	Sources []SourceCoverage // in input order
	// Blind are the rules that no record read could have fired, by rule order.
	Blind        []Blind
	Rules        int  // how many rules were asked
	Correlations int  // how many of them are correlations
	Interrupted  bool // stopped early: the rest of the input was not read
	// Forgotten counts the groups and hits that correlations forgot early, to
	// stay within memory: some may not have come true.
	Forgotten uint64
	// GivenUp counts the patterns of several observations whose search was
	// ended because it cost too much: some matches may be missing.
	GivenUp int
}

// SourceCoverage is what became of one file.
type SourceCoverage struct {
	Path     string
	Format   string
	Origins  []string // kinds of record seen, "windows/Security", "iis"; "unknown" means asked by field names alone
	Bytes    int64
	Records  uint64
	Damaged  uint64
	First    int64 // event.NoTime when no record has a time
	Last     int64
	Skipped  string    // why it was left out on purpose
	Problem  string    // why it was not read, or not to the end
	Problems []Problem // the first few damaged records
}

// A Problem is one record that could not be read.
type Problem struct {
	Offset int64
	Record uint64
	Reason string
}

// Blind is one rule that could not have fired.
type Blind struct {
	Title, ID, Path string
	Logsource       string // product/category/service, * where the rule does not say
	Reason          string // "no log of this kind was read", …
}
