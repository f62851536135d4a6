package logs

import (
	"bytes"
	"strings"
)

// Files that often lie among logs and are none, by how they begin.
var notLogs = []struct{ magic, what string }{
	{"SQLite format 3\x00", "a SQLite database, not a log"},
	{"\x7fELF", "a program, not a log"},
	{"MZ", "a Windows program, not a log"},
	{"\xca\xfe\xba\xbe", "a Java class or Mach-O program, not a log"},
	{"\xcf\xfa\xed\xfe", "a Mach-O program, not a log"},
	{"regf", "a Windows registry hive, not a log"},
	{"MAM\x04", "a compressed Windows prefetch file, not a log"},
	{"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut, not a log"},
	{"\xd0\xcf\x11\xe0", "an OLE document, not a log"},
	{"\xd4\xc3\xb2\xa1", "captured packets (pcap): read them with Zeek or Suricata first"},
	{"\xa1\xb2\xc3\xd4", "captured packets (pcap): read them with Zeek or Suricata first"},
	{"\x4d\x3c\xb2\xa1", "captured packets (pcap): read them with Zeek or Suricata first"},
	{"\x0a\x0d\x0d\x0a", "captured packets (pcapng): read them with Zeek or Suricata first"},
	{"LfLe", "a Windows event log of before Vista (EVT): convert it to EVTX with wevtutil epl /lf"},
	{"\x30\x00\x00\x00LfLe", "a Windows event log of before Vista (EVT): convert it to EVTX with wevtutil epl /lf"},
	{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive: unpack it first"},
	{"Rar!\x1a\x07", "a RAR archive: unpack it first"},
	{"MSCF", "a Windows cabinet: unpack it first"},
	{"\x04\x22\x4d\x18", "compressed with LZ4: unpack it first"},
	{"\x1f\x9d", "compressed with compress: unpack it first"},
	{"LZIP", "compressed with lzip: unpack it first"},
	{"\xff\x06\x00\x00sNaPpY", "compressed with Snappy: unpack it first"},
	{"PAR1", "a Parquet table: export it as JSON or CSV first"},
	{"Obj\x01", "an Avro file: export it as JSON first"},
	{"%PDF-", "a PDF, not a log"},
	{"\x89PNG", "a picture, not a log"},
	{"\xff\xd8\xff", "a picture, not a log"},
	{"GIF8", "a picture, not a log"},
	{"TDB file", "a TDB database, not a log"},
	{"\x13\x57\x9a\xce", "a GDBM database, not a log"},
	{"\xce\x9a\x57\x13", "a GDBM database, not a log"},
	{"\xcf\x9a\x57\x13", "a GDBM database, not a log"},
	{"LPKSHHRH", "a systemd journal whose header is damaged"},
	{"\x96\xd5", "activity data of sysstat: sar -A -f shows it"},
	{"!<arch>\n", "a Debian package or library, not a log"},
	{"\xed\xab\xee\xdb", "an RPM package, not a log"},
	{"\x80\x04\x95", "a Python pickle, not a log"},
	{"\x00asm", "a WebAssembly program, not a log"},
}

// notLog says why a file that begins with head is not read, "" when it may
// be text.
func notLog(head []byte, path string) string {
	for _, m := range notLogs {
		if bytes.HasPrefix(head, []byte(m.magic)) && binaryShare(head) {
			return m.what
		}
	}
	if len(head) >= 16 {
		switch string(head[12:16]) { // Berkeley DB: the magic of btree, hash and queue, in either order
		case "\x62\x31\x05\x00", "\x61\x15\x06\x00", "\x53\x22\x04\x00", "\x00\x05\x31\x62", "\x00\x06\x15\x61", "\x00\x04\x22\x53":
			return "a Berkeley DB database, not a log"
		}
	}
	base := path[strings.LastIndexAny(path, "/\\!")+1:]
	binary := binaryShare(head)
	switch {
	case !binary:
		return ""
	case strings.HasPrefix(base, "lastlog"):
		return "the last logins of each user, not a log: lastlog shows them"
	case strings.HasPrefix(base, "faillog"):
		return "the counters of failed logins, not a log: faillog shows them"
	case strings.HasPrefix(base, "tallylog"):
		return "the counters of failed logins, not a log: pam_tally2 shows them"
	case len(bytes.Trim(head, "\x00")) == 0:
		return "nothing but zero bytes"
	}
	return "binary of an unknown kind"
}

// binaryShare reports whether head is no text in UTF-8 or UTF-16, nor in any
// encoding that keeps ASCII. Long runs of NUL count for nothing: files of
// machines that lost power have them between good lines.
func binaryShare(head []byte) bool {
	if order, _ := utf16Order(head); order != nil {
		return false
	}
	var text, control, zeros int
	for _, c := range head {
		if c == 0 {
			zeros++
			continue
		}
		if zeros < 16 {
			control += zeros
		}
		zeros = 0
		if c < ' ' && !(c >= '\t' && c <= '\r') && c != 0x1b && c != 0x1d || c == 0x7f {
			control++
		} else {
			text++
		}
	}
	return text == 0 || control*50 > text
}
