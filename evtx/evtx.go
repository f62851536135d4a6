// Package evtx reads Windows event log files (EVTX), the format that Windows
// has written since Vista: a file header, then chunks of 64 KiB, each with
// its own strings, templates and records in binary XML.
//
// Sources: [MS-EVEN6] for BinXml, its value types and how they render;
// [MS-DTYP] for GUID, SID, FILETIME and SYSTEMTIME; the layout of files,
// chunks and records as the files show it.
//
// Each record comes out as flat fields, named as Sigma rules name them (see
// [Field]), or as XML. [Reader] reads a whole file in order:
//
//	r, err := evtx.NewReader(f)
//	if err != nil {
//		return err
//	}
//	for rec := range r.Records() {
//		fmt.Printf("%d %s\n", rec.ID, rec.Channel)
//	}
//	return r.Err()
//
// Chunks do not depend on each other. A program in a hurry cuts the file
// itself and gives its chunks to several [Decoder]s, one for each goroutine.
//
// Files may be damaged or made to hurt. Damage costs the record it is in, or
// at worst the rest of its chunk; it is counted and described in [Stats], and
// bounded in time and memory.
//
// [MS-EVEN6]: https://learn.microsoft.com/openspecs/windows_protocols/ms-even6
// [MS-DTYP]: https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp
package evtx

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// Sizes of the parts of a file, in bytes: one header, then chunks.
const (
	HeaderSize = 4096
	ChunkSize  = 65536
)

// ErrFormat says that the bytes are no event log.
var ErrFormat = errors.New("not a Windows event log (EVTX) file")

var le = binary.LittleEndian

// Header is the file header. Its counts lag behind in a file that was not
// closed cleanly, so they are told and not relied upon.
type Header struct {
	FirstChunk   uint64 // number of the oldest chunk
	LastChunk    uint64 // number of the newest chunk
	NextRecordID uint64
	Chunks       uint16
	Major, Minor uint16 // format version, 3.1 or 3.2
	Dirty        bool   // not closed cleanly
	Full         bool   // had reached its maximum size
	ChecksumOK   bool   // the CRC32 agrees, or none is kept
}

// ParseHeader reads the file header from the first bytes of a file, 128 at
// least. It fails with ErrFormat when they are not one.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < 128 || string(b[:8]) != "ElfFile\x00" {
		return Header{}, ErrFormat
	}
	flags := le.Uint32(b[120:])
	sum := le.Uint32(b[124:])
	return Header{
		FirstChunk:   le.Uint64(b[8:]),
		LastChunk:    le.Uint64(b[16:]),
		NextRecordID: le.Uint64(b[24:]),
		Minor:        le.Uint16(b[36:]),
		Major:        le.Uint16(b[38:]),
		Chunks:       le.Uint16(b[42:]),
		Dirty:        flags&1 != 0,
		Full:         flags&2 != 0,
		ChecksumOK:   sum == 0 || sum == crc32.ChecksumIEEE(b[:120]),
	}, nil
}

// Kind says how a value was typed in the log.
type Kind uint8

// The kinds of value. Text that a template holds is String whatever it says;
// hexadecimal numbers, GUIDs, SIDs and times are String too.
const (
	String Kind = iota
	Number
	Bool
	Null
)

// A Field is one value of a record under its flat name:
//
//	<System><X>                    X: EventID, Channel, Computer, Level, …
//	<System><X a="">               X_a: Provider_Name, TimeCreated_SystemTime, …
//	<EventData><Data Name="X">     X
//	<EventData><Data>, <X>         Data, X
//	<UserData><Root><X>            X
//	<RenderingInfo><Message>       Message
//	<RenderingInfo><X>             RenderingInfo_X
//	<X><Y> deeper in any of these  X.Y
//	<X a=""> in any of these       X_a
//
// Names repeat: each unnamed Data is a field, and so is each item of an
// array. Values are the text that Windows writes in XML. An attribute that is
// null or empty is no field. An element that is, is one only when it has
// neither attributes nor children, as <Data Name="X"/>; it is of kind Null
// when its content is null. xmlns attributes are left out.
type Field struct {
	Name  string
	Value []byte
	Tag   uint32 // what the resolve function of NewDecoder said for Name
	Kind  Kind
}

// NoTime stands for a time that a record does not have.
const NoTime = math.MinInt64

// A Record is one event. All that it points to is valid only until the next
// record.
type Record struct {
	ID      uint64 // record number, the same as field EventRecordID unless forwarded
	Written int64  // when it was logged, nanoseconds since 1970 UTC, or NoTime
	Time    int64  // TimeCreated, nanoseconds since 1970 UTC, or NoTime
	Offset  int64  // of the record in its chunk, or in the file when a Reader read it
	Fields  []Field
	JSON    []byte // the fields when the Decoder wrote them as JSON (Decoder.WriteJSON); Fields is then empty

	// The values of the fields of the same name; Provider is Provider_Name.
	EventID  []byte
	Channel  []byte
	Computer []byte
	Provider []byte

	d    *Decoder
	body span // its BinXml in the chunk
}

// Damage is one thing that could not be read, or not be trusted.
type Damage struct {
	Offset int64  // of the record or chunk; counted as Record.Offset is
	Record uint64 // record id, 0 when unknown
	Reason string // what is wrong and what it cost
}

// Stats counts what became of the records of a chunk or file.
type Stats struct {
	Records uint64 // handed on
	Lost    uint64 // could not be read
	Damaged uint64 // damage found, with or without loss
	Damage  []Damage
}

// maxDamage bounds Stats.Damage; Stats.Damaged counts on.
const maxDamage = 16

func (s *Stats) note(offset int, record uint64, reason string) {
	s.Damaged++
	if len(s.Damage) < maxDamage {
		s.Damage = append(s.Damage, Damage{int64(offset), record, reason})
	}
}
