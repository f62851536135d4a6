// Package pattern reads, writes, checks and matches patterns in the STIX
// patterning language, with which indicators say what to look for.
//
//	p, err := pattern.Parse("[file:name = 'foo.dll'] FOLLOWEDBY [ipv4-addr:value ISSUBSET '198.51.100.0/24']")
//	if err != nil {
//		return err
//	}
//	m, err := p.Compile()
//	if err != nil {
//		return err
//	}
//	var data pattern.Data
//	for _, object := range bundle {
//		if err := data.Add(object); err != nil {
//			log.Print(err) // this object alone
//		}
//	}
//	found, err := m.Match(&data)
//
// # What matches
//
// A pair of brackets is satisfied by one observed-data object. Comparisons of
// one type of objects that AND joins within brackets are about one and the same
// object. Different brackets take different observed-data objects, and one with
// a number_observed of n can be taken n times. An observed-data object happened
// at some time from its first_observed to its last_observed: WITHIN, FOLLOWEDBY
// and START and STOP hold when such times can be chosen.
//
// # What it costs
//
// Let n be the observed-data objects that satisfy a bracket, b the brackets of
// the pattern. Finding out which do takes time linear in the size of the data,
// times that of the pattern; regular expressions run in linear time.
// Brackets joined by AND and REPEATS are met by augmenting paths, O(n²b²) at
// worst and O(nb) when no observed-data object satisfies two of them. WITHIN
// tries at most n windows, so that each WITHIN within another costs a factor of
// n. FOLLOWEDBY takes what ends first, and so does REPEATS of what is no plain
// AND, twice in all: in order of time, then sparing observed-data that other
// brackets need. No search branches. A match that would take more than 50
// million steps, and a thousand for each observed-data object, ends with ErrCost.
//
// What is found is always a match. A match that exists is always found when the
// pattern is brackets with AND, REPEATS, START and STOP and one WITHIN around
// them, and in all other patterns when each observed-data object happened at one
// instant and satisfies one of the brackets at most. OR may join such patterns,
// and bare brackets anywhere: these count as one. In the rest, where the question
// is as hard as three-dimensional matching, one may be missed.
//
// Source: STIX Version 2.1, OASIS Standard, 10 June 2021, section 9.
package pattern
