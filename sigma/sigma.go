// Package sigma loads, checks and evaluates Sigma 2.1.0 rules: detection
// rules, filters and correlations.
//
// Load reads YAML into Rules, Compile turns many rules into one Set, and
// Set.Match asks all of them about an event at once. A Set costs by the
// bytes of the event and the few rules whose witness it holds, not by the
// number of rules (see set.go).
package sigma
