// Package stix reads, writes and checks STIX 2.1, the language in which
// defenders exchange what they know about threats.
//
// An [Object] keeps the bytes it came in. Its common properties are read at
// once, those of its type when asked for, and what this package does not know
// stays as it is: unknown properties, custom types and extensions survive to
// the byte. A [Reader] reads a stream of objects, a bundle of any size among
// them, in memory that does not grow:
//
//	r := stix.NewReader(file)
//	for {
//		o, err := r.Next()
//		if err == io.EOF {
//			break
//		}
//		if lost := (*stix.ObjectError)(nil); errors.As(err, &lost) {
//			log.Print(lost) // this object alone
//			continue
//		}
//		if err != nil {
//			return err
//		}
//		fmt.Println(o.Type, o.ID)
//	}
//
// [As] reads an object as a struct of its type, [Make] writes one. [Validate]
// says which rules an object breaks, and what to do. [NewVersion], [Revoke]
// and [Newest] are about versions, [Object.MarkingsAt] and [TLPOf] about what
// may be shared. [Lift] reads STIX 2.0.
//
// Source: STIX Version 2.1, OASIS Standard, 10 June 2021; sections are quoted
// by number.
package stix
