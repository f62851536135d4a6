package logs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-project/tocsin/event"
)

// The names that a large rule set asks for: all that make derived values.
var benchNames = append(strings.Fields(`cs-uri-stem cs-uri-query c-uri cs-uri c-uri-query c-uri-extension c-useragent
	cs-user-agent cs-referer cs-cookie cs-host cs-method sc-status c-ip`), testNames...)

// benchmarkFormat measures the parsing of blocks that hold the lines of one
// over and over.
func benchmarkFormat(b *testing.B, path, header, lines string) {
	content := header + strings.Repeat(lines, (4<<20)/len(lines))
	in := &Input{opts: Options{BlockSize: defaultBlockSize}}
	in.top = &disk{in: in, size: int64(len(content))}
	in.enter(packed{path: path, r: strings.NewReader(content), modTime: 1614733200 * second})
	var blocks []*Block
	for in.cur != nil {
		block := &Block{}
		if !in.fill(block) {
			break
		}
		blocks = append(blocks, block)
	}
	names := event.NewNames()
	for _, n := range benchNames {
		names.Intern(n)
	}
	p := NewParser(names, testRouter(names))
	fields := 0
	emit := func(e *event.Event) { fields += len(e.Fields()) }
	for _, block := range blocks {
		if s := p.Parse(block, emit); s.Damaged > 0 || s.Records == 0 {
			b.Fatalf("%+v", s)
		}
	}
	if allocs := testing.AllocsPerRun(1, func() { p.Parse(blocks[0], emit) }); allocs > 64 {
		b.Fatalf("%v allocations for a block", allocs)
	}
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		for _, block := range blocks {
			p.Parse(block, emit)
		}
	}
}

func BenchmarkW3C(b *testing.B) {
	header := "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n"
	benchmarkFormat(
		b, "u_ex.log", header, "2021-03-03 00:00:05 10.0.0.4 GET /owa/service.svc action=GetFolder&UA=0&app=Mail&n=12 443 TOWN\\ann 198.51.100.23 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/88.0.4324.190+Safari/537.36 https://mail.town.example/owa/ 200 0 0 15\r\n"+
			"2021-03-03 00:00:06 10.0.0.4 POST /Microsoft-Server-ActiveSync/default.eas Cmd=Ping&User=bob&DeviceId=1&DeviceType=iPhone 443 TOWN\\bob 198.51.100.7 Apple-iPhone12C1/1804.52 - 200 0 0 1031\r\n",
	)
}

func BenchmarkHttpProxy(b *testing.B) {
	header := "#Software: Microsoft Exchange\r\n#Log-type: HttpProxy Logs\r\n#Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,UrlQuery,GenericInfo\r\n"
	benchmarkFormat(
		b, "HttpProxy.log", header, "2021-03-03T04:00:00.123Z,0a0b0c0d-0000-4000-8000-000000000001,15,1,2176,2,{1234},Owa,mail.town.example,/owa/service.svc,,Negotiate,true,TOWN\\ann,,Sid~S-1-5-21-1-2-3-1104,\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)\",198.51.100.23,MAIL01,200,200,,POST,?action=GetFolder&app=Mail,\"BeginRequest=2021-03-03T04:00:00.100Z;CorrelationID=<empty>;ProxyState-Run=None\"\r\n",
	)
}

func BenchmarkCSV(b *testing.B) {
	benchmarkFormat(
		b, "x.csv", "TimeStamp,Computer,User,Action,Note,Address,Count\n",
		"2021-03-03T04:00:00Z,FS01,ann,read,\"a note, quoted\",198.51.100.23,17\n2021-03-03T04:00:01Z,FS01,bob,write,plain,198.51.100.24,3\n",
	)
}

func BenchmarkZeek(b *testing.B) {
	benchmarkFormat(
		b, "dns.log", "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool\n",
		"1614733200.500000\tCx1aB23ZzLq\t10.0.0.5\t53211\t10.0.0.1\t53\tudp\t4321\t0.002\tupdate.town.example\t1\tC_INTERNET\t1\tA\t0\tNOERROR\tF\tF\tT\tT\t0\t198.51.100.1,198.51.100.2\t60.000000,60.000000\tF\n",
	)
}

func BenchmarkAccessLog(b *testing.B) {
	benchmarkFormat(
		b, "access.log", "", `198.51.100.23 - - [03/Mar/2021:10:00:00 +0100] "GET /shop/list.php?cat=12&page=3 HTTP/1.1" 200 5123 "https://town.example/shop/" "Mozilla/5.0 (X11; Linux x86_64; rv:86.0) Gecko/20100101 Firefox/86.0"`+"\n",
	)
}

func BenchmarkSyslog(b *testing.B) {
	benchmarkFormat(
		b, "auth.log", "", "Mar  3 10:00:01 web1 sshd[12345]: Accepted publickey for deploy from 198.51.100.23 port 51522 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz\n"+
			"Mar  3 10:00:01 web1 CRON[12346]: pam_unix(cron:session): session opened for user root by (uid=0)\n",
	)
}

func BenchmarkAuditd(b *testing.B) {
	benchmarkFormat(b, "audit.log", "", auditLog[:strings.Index(auditLog, "noise")])
}

func BenchmarkText(b *testing.B) {
	benchmarkFormat(b, "dpkg.log", "", "2021-03-03 10:00:00 status half-configured libgeneric-package:amd64 1.2.3-4+deb12u1\n")
}

// BenchmarkInput measures Next alone: reading, cutting and counting lines.
func BenchmarkInput(b *testing.B) {
	line := "2021-03-03 10:00:00 status half-configured libgeneric-package:amd64 1.2.3-4+deb12u1\n"
	content := bytes.Repeat([]byte(line), (32<<20)/len(line))
	path := filepath.Join(b.TempDir(), "a.log")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	var block Block
	for b.Loop() {
		in, err := Open([]string{path}, Options{})
		if err != nil {
			b.Fatal(err)
		}
		read := 0
		for {
			if err := in.Next(&block); errors.Is(err, io.EOF) {
				break
			}
			read += len(block.Data)
		}
		in.Close()
		if read != len(content) {
			b.Fatal(fmt.Errorf("read %d of %d", read, len(content)))
		}
	}
}
