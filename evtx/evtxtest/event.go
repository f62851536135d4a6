// Package evtxtest writes Windows event log files (EVTX) from descriptions of
// events. It serves tests, fuzz seeds and exercises; it is no substitute for
// Windows as a writer of logs.
//
// Files are laid out as Windows lays them out: a file header, chunks of 64 KiB
// with their CRC32s, string and template tables, templates shared by the
// records of a chunk, System in one template and the event's own data in a
// nested one. The same events in the same order give the same bytes.
package evtxtest

import "time"

// An Event describes one record. The zero value of a field means what its
// comment says.
type Event struct {
	Provider    string // System/Provider Name
	GUID        string // Provider Guid, with or without braces; "" leaves it out
	EventSource string // Provider EventSourceName; "" leaves it out
	EventID     uint16
	Qualifiers  uint16 // of EventID, as classic providers have; 0 leaves it out
	Version     uint8
	Level       uint8 // 1 critical, 2 error, 3 warning, 4 information, 5 verbose; 0 log always
	Task        uint16
	Opcode      uint8
	Keywords    uint64
	Time        time.Time // both of the record and of TimeCreated
	RecordID    uint64    // 0: one more than the record before, from 1
	ActivityID  string    // Correlation ActivityID, a GUID; "" leaves it out
	ProcessID   uint32
	ThreadID    uint32
	Channel     string
	Computer    string
	UserID      string // Security UserID, a SID as S-1-…; "" leaves it out

	Data      []Data     // EventData, in order
	UserData  *Element   // UserData's child, in place of EventData
	Rendering *Rendering // RenderingInfo, as forwarded events carry it

	// Forwarded writes the record the way a Windows Event Collector does: as
	// plain elements with text, without templates and typed values.
	Forwarded bool
}

// Data is one <Data> of EventData; without a Name it is an unnamed one.
//
// The type of Value chooses the BinXml type: nil (null), string, int8 to
// int64, uint8 to uint64, int (as int64), uint (as uint64), float32, float64,
// bool, []byte (binary), time.Time (FILETIME), []string (string array, one
// <Data> for each), ANSI, GUID, SID, Hex32, Hex64, Size and SystemTime.
type Data struct {
	Name  string
	Value any
}

// An Element is an XML element of UserData. Value, when set, is its content
// and comes after its Children.
type Element struct {
	Name      string
	Namespace string // xmlns; "" leaves it out
	Attrs     []Data
	Children  []Element
	Value     any // as Data.Value
}

// Rendering is the RenderingInfo of a forwarded event; empty members are
// left out.
type Rendering struct {
	Culture  string // "en-US"
	Message  string
	Level    string
	Task     string
	Opcode   string
	Channel  string
	Provider string
	Keywords []string
}

// Types of Data.Value that Go has no own type for.
type (
	ANSI       string    // 8-bit text
	GUID       string    // "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}", braces optional
	SID        string    // "S-1-5-18"
	Hex32      uint32    // HexInt32
	Hex64      uint64    // HexInt64
	Size       uint64    // size_t of 64 bits
	SystemTime time.Time // SYSTEMTIME, milliseconds
)
