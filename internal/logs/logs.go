// Package logs knows where records come from and how each format is read.
//
// The life of a record, in order:
//
//  1. Open takes paths, globs, folders or "-" and lists what is to be read.
//  2. Input.Next opens the next source, looks through compression and
//     archives, finds the format from content, and cuts the bytes into
//     Blocks of whole records. It is called by every worker in turn, under
//     one lock, so that state which runs through a file (a W3C #Fields line,
//     a CSV header, line numbers) is kept in one place and blocks are
//     numbered in input order.
//  3. Parser.Parse, one Parser for each worker, turns the records of a block
//     into events and hands each to a function. Parsing needs nothing but
//     the block, so blocks are parsed in parallel and in any order.
//
// A record that cannot be read costs itself, is counted in Stats.Damaged and
// told in Stats.Problems; a source that cannot be read is told in
// File.Problem, and the next one follows.
package logs

import (
	"io"
	"time"
)

// A File is one source: a file, a member of an archive, or standard input.
// Its fields are final once its first Block has been returned, but for
// Problem: a file may turn out to be cut short when its end is reached.
type File struct {
	Index   int    // in input order, from 0
	Path    string // as given or found, archive members as "a.zip!b/c.log"
	Format  string // name of its format: "evtx", "json", "iis", …
	Origin  string // what the records are, for routing: "iis", "zeek/dns", …; "" when each record says
	Size    int64  // bytes on disk, 0 when unknown
	ModTime int64  // nanoseconds since 1970, 0 when unknown: dates lines without a year
	Problem error  // why it could not be read (to the end), nil when all is well
	Skipped string // why it was left out on purpose (empty, not a log), "" when read
	format  *format

	location *time.Location // of stamps without a zone; nil is UTC
	opened   int64          // nanoseconds since 1970: dates lines when ModTime is unknown
}

// A Block is a run of whole records of one file.
type Block struct {
	File   *File
	Seq    uint64 // position in the whole input, from 0
	Data   []byte // the records' bytes, decoded to UTF-8 where the format is text
	Header []byte // the header in force at the start of Data, for formats that have one
	Offset int64  // where Data starts in the (unpacked) file
	Line   uint64 // number of the first line or record of Data, from 1
	Last   bool   // the file ends here
	// At reads the whole file, for formats whose records point backwards
	// (systemd journal); nil for the others.
	At io.ReaderAt

	buf  []byte    // backs Data
	hold *heldFile // what At reads
}

// Stats counts what became of the records of one block.
type Stats struct {
	Records  uint64 // handed on
	Damaged  uint64 // could not be read
	First    int64  // earliest and latest event time; event.NoTime when none
	Latest   int64
	Problems []Problem // the first few, in order
}

// Options says how Open reads.
type Options struct {
	// Stdin is read for the path "-".
	Stdin io.Reader
	// Stop ends standard input and pipes when it is closed, as if they had
	// ended: they may have nothing to give for long. nil never does.
	Stop <-chan struct{}
	// Location is where stamps without a zone were written; nil is UTC.
	Location *time.Location
	// BlockSize is the size in bytes that blocks are cut to; 0 is 256 KiB.
	BlockSize int
	// MaxRatio is how many times its size on disk a file may unpack to (after
	// the first 64 MiB); 0 is 500.
	MaxRatio int64
	// MaxSpool is how many bytes one member may take on disk when it must be
	// unpacked there to be read (a zip or journal within an archive); 0 is 4 GiB.
	MaxSpool int64
	// Except are files that are left out: those that the caller writes.
	Except []string
	// TempDir is where such members are unpacked; "" is os.TempDir.
	TempDir string
}

// A Problem is one thing that could not be read.
type Problem struct {
	Offset int64
	Record uint64 // 0 when unknown
	Reason string // what is wrong and what it cost
}
