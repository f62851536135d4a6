// Package misp reads and writes what MISP instances exchange (the MISP core
// format, draft-dulaunoy-misp-core-format-20), and takes it to STIX 2.1 and
// back.
//
//	r := misp.NewReader(file)
//	for {
//		event, err := r.Next()
//		if err == io.EOF {
//			break
//		}
//		if lost := (*misp.EventError)(nil); errors.As(err, &lost) {
//			log.Print(lost) // this event alone
//			continue
//		}
//		if err != nil {
//			return err
//		}
//		objects, problems := event.STIX()
//	}
//
// # What becomes of an event
//
// Identifiers keep their UUIDs, so that the same thing has the same identifier
// however often and by whatever way it comes: an attribute that is meant for
// detection becomes indicator--UUID, another one observed-data--UUID with the
// observables that it names, an event report--UUID (grouping--UUID until it is
// published), an organisation identity--UUID, a cluster of a galaxy
// threat-actor--UUID and so on. What STIX has no place for stands in properties
// that begin with x_misp_, or in an object of a type that begins with x-misp-.
// An event also carries itself, to the byte, in an object of type x-misp-event:
// FromSTIX begins with it.
//
// docs/misp.md has the tables.
package misp
