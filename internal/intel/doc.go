// Package intel compiles what allies know into something that logs can be
// asked about at the speed of a disk: indicators by the million.
//
//	var b intel.Builder
//	for each object of a bundle, a list, a store {
//		err := b.Add(object, "allies.json")
//	}
//	index, stats := b.Build(time.Now())
//
// # What becomes of a pattern
//
// A pattern that is one comparison with a value, or a list of such joined by
// OR or IN, becomes observables: domains, addresses, networks, URLs, mail
// addresses, hashes, file names, folders, registry keys, mutexes, user agents,
// autonomous systems. They are matched wherever they stand in a record,
// whatever the field is called: tokens of text are looked up in a filter and
// then a table, networks in a prefix trie, and names that are no tokens are
// found by grams of eight bytes. All other patterns are matched over the
// fields of events.
//
// A domain matches itself alone, unless its indicator says otherwise: with
// LIKE '%.evil.example' it matches every name below, with
// MATCHES '^(.+\.)?evil\.example$' that and itself.
//
// # When an indicator counts
//
// Of the versions of an indicator the newest counts, and none when that is
// revoked. From valid_until on it says nothing any more (STIX 2.1, section
// 4.7): the address may have changed hands. What is compared is the time of
// the record, not that of the hunt, so that old logs can be asked about old
// knowledge; for records without a time it is the time given to Build. Records
// from before valid_from do match: attacks are found in logs that are older
// than the day on which somebody told of them. Index.Strict leaves them out.
package intel
