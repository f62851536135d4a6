package stix

import (
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// An ID is a STIX identifier (section 2.9): the type of an object, two hyphens
// and a UUID.
type ID string

// Errors of identifiers.
var (
	errNoID   = errors.New("an identifier is a type, two hyphens and a UUID (section 2.9)")
	errNoUUID = errors.New("no UUID as RFC 4122 writes it: 8-4-4-4-12 lower-case hexadecimal digits (section 2.9)")
)

// Type returns the type of the object that id is of, "" when id has none.
func (id ID) Type() string {
	t, _, ok := strings.Cut(string(id), "--")
	if !ok {
		return ""
	}
	return t
}

// UUID returns what stands behind the two hyphens.
func (id ID) UUID() string {
	_, u, _ := strings.Cut(string(id), "--")
	return u
}

// Valid returns nil when id is a type, two hyphens and a UUID of any version.
// Letters of either case pass: identifiers compare byte for byte and are never
// changed.
func (id ID) Valid() error {
	t, u, ok := strings.Cut(string(id), "--")
	if !ok || t == "" || len(t) > 250 {
		return fmt.Errorf("%q: %w", id, errNoID)
	}
	for _, c := range []byte(t) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return fmt.Errorf("%q: %w", id, errNoID)
		}
	}
	if !isUUID(u) {
		return fmt.Errorf("%q: %w", id, errNoUUID)
	}
	return nil
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
				return false
			}
		}
	}
	return true
}

// NewID returns a fresh random identifier for an object of type t (a UUID of
// version 4, as section 2.9 asks of all but observables).
func NewID(t string) ID {
	var u [16]byte
	rand.Read(u[:])
	return formatID(t, u, 4)
}

// Namespace is the UUID that the identifiers of observables are derived in
// (section 2.9).
const Namespace = "00abedb4-aa42-466c-9c01-fed23315a9b7"

// objectNamespace is the UUID that NamedID derives the identifiers of other
// objects in: section 2.9 keeps its own for observables. It is the one that the
// address of this project has among URLs (RFC 9562, section 6.6).
const objectNamespace = "f7d42ee7-dac2-5d44-b2b5-c71bc2231893"

// NamedID returns the identifier of type t that name gives (a UUID of version
// 5): of an observable in the namespace of STIX, where name is what section 2.9
// says, of other objects in one of our own.
func NamedID(t, name string) ID {
	if ClassOf(t) == SCO {
		return named(t, Namespace, name)
	}
	return named(t, objectNamespace, name)
}

// named returns the identifier of type t that name gives in the namespace of a
// UUID.
func named(t, space, name string) ID {
	var few [256]byte
	b, _ := hex.AppendDecode(few[:0], []byte(strings.ReplaceAll(space, "-", "")))
	sum := sha1.Sum(append(b, name...))
	return formatID(t, [16]byte(sum[:16]), 5)
}

func formatID(t string, u [16]byte, version byte) ID {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	var few [96]byte
	b := append(append(few[:0], t...), '-')
	for i, c := range u {
		switch i {
		case 0, 4, 6, 8, 10:
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, []byte{c})
	}
	return ID(b)
}
