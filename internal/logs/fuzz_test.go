package logs

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

// runFormat parses content as format f in blocks of about size bytes.
func runFormat(t testing.TB, f *format, path string, content []byte, size int) ([]record, uint64) {
	t.Helper()
	file := &File{Path: path, Format: f.name, format: f, ModTime: 1614733200 * second}
	file.Origin, _ = f.detect(content[:min(len(content), headSize)], path)
	in := &Input{opts: Options{BlockSize: size}}
	in.cur = &stream{file: file, r: bytes.NewReader(content), line: 1}
	p := newTestParser()
	var records []record
	var damaged uint64
	offset := int64(0)
	var b Block
	for in.cur != nil && in.fill(&b) {
		if b.Offset != offset {
			t.Fatalf("a block at %d, want %d", b.Offset, offset)
		}
		offset += int64(len(b.Data))
		at := b.Offset
		stats := p.Parse(&b, func(e *event.Event) {
			if e.Offset < b.Offset || e.Offset > b.Offset+int64(len(b.Data)) || e.Class == nil {
				t.Fatalf("a record at %d in a block of %d from %d", e.Offset, len(b.Data), b.Offset)
			}
			if f != &auditFormat && e.Offset < at {
				t.Fatalf("a record at %d after one at %d", e.Offset, at)
			}
			at = e.Offset
			records = append(records, toRecord(e))
		})
		damaged += stats.Damaged
	}
	if offset != int64(len(content)) && !bytes.Contains(content, make([]byte, maxLine)) && len(content) < maxRecord {
		t.Fatalf("blocks hold %d of %d bytes", offset, len(content))
	}
	return records, damaged
}

// fuzzFormat feeds f with seeds and what grows from them. Where the cut of
// blocks must not matter, it does not.
func fuzzFormat(f *testing.F, format *format, path string, anyCut bool, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s), 64)
	}
	f.Fuzz(func(t *testing.T, content []byte, size int) {
		if len(content) > 64<<10 {
			return
		}
		whole, damaged := runFormat(t, format, path, content, 128<<10)
		if lines := bytes.Count(content, newline) + 1; len(whole)+int(damaged) > lines+1 && !format.binary {
			t.Fatalf("%d records and %d damaged in %d lines", len(whole), damaged, lines)
		}
		cut, alsoDamaged := runFormat(t, format, path, content, max(1, size&0xffff))
		if anyCut && (fmt.Sprint(whole) != fmt.Sprint(cut) || damaged != alsoDamaged) {
			t.Fatalf("in blocks of %d:\n%v\nnot\n%v", size, cut, whole)
		}
	})
}

func FuzzW3C(f *testing.F) {
	fuzzFormat(
		f, &w3cFormat, "u_ex.log", true, iisLog, "#Fields: time cs(User-Agent) c-ip\n#Date: 2021-03-03\n01:02:03 \"a b\" 10.0.0.1\n1\t\"2\t3\"\t4\n",
		"#Software: x\n#Fields: cs-uri-stem cs-uri-query\n/a%20b?c %zz+%41\n#Fields: date\n-\n",
	)
}

func FuzzCSV(f *testing.F) {
	fuzzFormat(
		f, &csvFormat, "x.csv", false, "a,b,c\n1,\"2\n\"\"3\"\"\",4\n", "sep=;\nTimeCreated;Channel;EventID\n2021-03-03 01:02:03;Security;1\n",
		"#TYPE x\n\"a\",\"b\"\n\"\"\",\"\"\",\"\n", "a\tb\r\n\"\t\"\r\n\"x\"y\tz\r\n",
	)
}

func FuzzExchange(f *testing.F) {
	fuzzFormat(
		f, &exchangeFormat, "HttpProxy.log", false, "DateTime,RequestId,MajorVersion,UrlStem,UrlQuery\n#Software: Microsoft Exchange\n#Log-type: HttpProxy Logs\n#Fields: DateTime,RequestId,MajorVersion,UrlStem,UrlQuery\n"+
			"2021-03-03T04:00:00.123Z,1,15,/ecp/y.js,?a=%41+b\n#Fields: DateTime,UrlStem\n2021-03-03T04:00:00.123Z,\"a,\"\"b\"\n",
	)
}

func FuzzZeek(f *testing.F) {
	fuzzFormat(
		f, &zeekFormat, "dns.log", true, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tAA\tanswers\n#types\ttime\tbool\tset[bool]\n"+
			"1614733200.5\tT\tT,F,-\n-\t(empty)\t\\x41\n#fields\ta\nb\n",
	)
}

func FuzzAccessLog(f *testing.F) {
	fuzzFormat(
		f, &accessFormat, "access.log", true, `203.0.113.9 - ann [03/Mar/2021:10:00:00 +0100] "GET /a%20b.php?x=%27+or HTTP/1.1" 200 512 "https://r/\"q\"" "agent \x22x\x22 y"`+"\n",
		`h:443 ::1 - a b [03/Mar/2021:10:00:00 +0100] "GET http://x/p?q" 200 -`+"\n", `x [ [ - - [03/Mar/2021:10:00:00 +0100] "\\" 1`+"\n",
	)
}

func FuzzErrorLog(f *testing.F) {
	fuzzFormat(
		f, &webErrorFormat, "error.log", true, "[Wed Mar 03 10:00:02.123456 2021] [core:error] [pid 1:tid 2] [client 203.0.113.9:1] AH1: x\n",
		"2021/03/03 10:00:01 [error] 31#32: *5 open(), client: 203.0.113.9, server: _\n",
	)
}

func FuzzSyslog(f *testing.F) {
	fuzzFormat(
		f, &syslogFormat, "auth.log", true, "Dec 31 23:59:59 town sshd[77]: x\n<86>Feb 29 00:00:01 town su: x\n", "2021-03-03T10:00:00.123456+01:00 town kernel: [ 1.2] up\n",
		`<34>1 2021-03-03T10:00:00.5Z mail.town su 12 ID47 [ex@1 iut="3" note="a \"b\" \] c"][y@2] text`+"\n", "<13>1 - - - - - -\n<191>Oct 1 2021 22:14:15: %ASA-6-1: x\n",
	)
}

func FuzzAuditd(f *testing.F) {
	fuzzFormat(f, &auditFormat, "audit.log", false, auditLog, "type=EXECVE msg=audit(1.2:3): a0=\"sh\" a1_len=4 a1[0]=6162 a1[=x a=\x1d{'\n")
}

func FuzzText(f *testing.F) {
	fuzzFormat(f, &textFormat, "x.log", true, "2021-03-03 10:00:00 startup\n[2021-03-03T10:00:00,5Z] y\nOct 11 22:14:15\n", "[Wed Mar 03 10:00:02.5 2021] q\n1614733200.5 x\n\x00\x00[03-Mar-2021 10:00:00] n\r\n")
}

func FuzzUtmp(f *testing.F) {
	fuzzFormat(f, &utmpFormat, "wtmp", true, strings.Repeat("\x07\x00\x00\x00", utmpSize/4), strings.Repeat("\x02\x00", 300))
}

// FuzzInput reads anything as a file, through whatever it may be packed in.
func FuzzInput(f *testing.F) {
	zip := zipOf("a.log", twoLines, "../b.gz", gz(twoLines))
	for _, s := range []string{
		twoLines, iisLog, auditLog, gz(twoLines), zst(f, twoLines), unbase64(f, xzLines), unbase64(f, xzHuge), unbase64(f, bzip2Lines),
		zip, tarOf("x.zip", zip, "y", gz(tarOf("z", twoLines))), gz(zip), "\xff\xfe" + string(toUTF16(twoLines, true)), zip[:90],
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		in, err := Open([]string{"-"}, Options{Stdin: bytes.NewReader(content), BlockSize: 4096, TempDir: t.TempDir(), MaxSpool: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		p := newTestParser()
		var b Block
		for total := 0; in.Next(&b) == nil; {
			if total += len(b.Data); total > 1<<30 {
				t.Fatal("no end")
			}
			p.Parse(&b, func(*event.Event) {})
		}
		for _, file := range in.Files() {
			if file.Format == "" && file.Problem == nil && file.Skipped == "" {
				t.Fatalf("%s is neither read nor told about", file.Path)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzUTF16: what comes out is UTF-8, and goes back to what came in unless a
// surrogate was alone.
func FuzzUTF16(f *testing.F) {
	f.Add([]byte("a\x00b\x00\x00\xd8\x00\xdc"))
	f.Fuzz(func(t *testing.T, content []byte) {
		text, err := io.ReadAll(bufio.NewReader(&utf16Reader{r: iotest.OneByteReader(bytes.NewReader(content)), order: binaryLE}))
		if err != nil || !utf8.Valid(text) {
			t.Fatalf("%q %v", text, err)
		}
		if bytes.Contains(text, []byte("\ufffd")) {
			return
		}
		if back := toUTF16(string(text), true); !bytes.Equal(back, content[:len(content)&^1]) {
			t.Fatalf("%q became %q", content, back)
		}
	})
}
