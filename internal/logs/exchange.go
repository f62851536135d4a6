package logs

import (
	"bytes"
	"strings"
)

// Exchange Server's own logs: CSV under #Software, #Log-type and #Fields
// lines. HttpProxy writes the header as a plain line above these as well.
var exchangeFormat = format{
	name:   "exchange",
	detect: detectExchange,
	split: func(s *splitState, buf []byte, end bool) int {
		n := csvCut(buf, end)
		old := s.header
		if _, _, ok := exchangeHeader(buf[:n]); old == nil && !ok {
			return 0 // the header goes on
		}
		s.header = carryDirectives(old, exchangeDirectives[:], buf[:n])
		if old == nil && !hasFields(s.header) {
			if i := bytes.IndexByte(buf, '\n'); i >= 0 {
				s.header = append(append([]byte("#Fields: "), buf[:i+1]...), s.header...)
			}
		}
		return n
	},
	parse: func(p *Parser, b *Block) {
		state(p, "csv", newCSVParser).parse(b, exchangeHeader, exchangeCSV)
	},
}

var exchangeDirectives = [...]string{"#Software:", "#Log-type:", "#Fields:"}

// detectExchange: the directives of Exchange, or the header of HttpProxy.
func detectExchange(head []byte, path string) (string, bool) {
	exchange, commas := false, false
	n := 0
	for line := range eachLine(head) {
		if rest, ok := directive(line, "#Software:"); ok {
			exchange = bytes.Contains(rest, []byte("Microsoft Exchange"))
		} else if rest, ok := directive(line, "#Fields:"); ok {
			commas = bytes.IndexByte(rest, ',') >= 0
		} else if _, ok := directive(line, "DateTime,RequestId,MajorVersion,"); ok && n == 0 {
			exchange, commas = true, true
		}
		if n++; n == 16 {
			break
		}
	}
	if !exchange || !commas {
		return "", false
	}
	r, length, ok := exchangeHeader(head)
	if !ok {
		return "", false
	}
	return exchangeOrigin(path, head[:length], r.fields), true
}

// exchangeHeader reads the header in force at the start of data: the first
// of #Fields or a plain line, with the directives that follow it.
func exchangeHeader(data []byte) (csvReader, int, bool) {
	r := csvReader{delimiter: ','}
	length, found := 0, false
	for length < len(data) {
		end, next := lineEnd(data[length:], 0)
		line := data[length : length+end]
		if rest, ok := directive(line, "#Fields:"); ok {
			r.read(rest)
			found = true
		} else if len(line) > 0 && line[0] != '#' {
			if found {
				break
			}
			r.read(line)
			found = true
		}
		length += next
	}
	if len(r.fields) < 2 || len(r.fields) > maxColumns {
		return r, 0, false
	}
	return r, length, found
}

func hasFields(header []byte) bool {
	for line := range eachLine(header) {
		if _, ok := directive(line, "#Fields:"); ok {
			return true
		}
	}
	return false
}

// exchangeOrigin tells which of Exchange's logs this is.
func exchangeOrigin(path string, head []byte, names [][]byte) string {
	var kind string
	for line := range eachLine(head) {
		if rest, ok := directive(line, "#Log-type:"); ok {
			kind = strings.ToLower(string(rest))
			break
		}
	}
	path = strings.ToLower(path)
	has := func(log, folder string) bool {
		return strings.Contains(kind, log) || strings.Contains(path, folder)
	}
	switch {
	case strings.Contains(kind, "httpproxy"), hasColumn(names, "AnchorMailbox") && hasColumn(names, "UrlStem"):
		return "exchange/httpproxy"
	case has("oab", "oabgenerator"):
		return "exchange/oabgenerator"
	case strings.HasPrefix(kind, "ecp"), strings.Contains(path, "ecp") && strings.Contains(path, "server"):
		return "exchange/ecp"
	case has("message tracking", "msgtrk"):
		return "exchange/messagetracking"
	}
	return "exchange"
}

func exchangeCSV(b *Block, _ []byte, _ [][]byte) *csvSpec {
	origin := b.File.Origin
	return &csvSpec{
		origin: origin, directives: exchangeDirectives[:], web: origin == "exchange/httpproxy",
		canonical: func(name string, _ [][]byte) (string, role) {
			lower := strings.ToLower(name)
			if c, ok := exchangeNames[lower]; ok {
				name = c
			}
			return name, exchangeRoles[lower]
		},
	}
}

var exchangeRoles = map[string]role{
	"datetime": stampColumn, "date-time": stampColumn, "timestamp": stampColumn, "time": stampColumn, "#datetime": stampColumn,
	"serverhostname": hostColumn, "servername": hostColumn, "server-hostname": hostColumn, "server": hostColumn,
	"urlstem": stemColumn, "urlquery": queryColumn,
}

// exchangeNames spells the columns of HttpProxy and ECP logs in one way, by
// lower-case name: versions differ in case.
var exchangeNames = func() map[string]string {
	m := map[string]string{}
	for name := range strings.FieldsSeq(`DateTime RequestId MajorVersion MinorVersion BuildVersion RevisionVersion
		ClientRequestId Protocol UrlHost UrlStem UrlQuery ProtocolAction AuthenticationType IsAuthenticated
		AuthenticatedUser Organization AnchorMailbox UserAgent ClientIpAddress ServerHostName HttpStatus
		BackEndStatus ErrorCode Method ProxyAction TargetServer TargetServerVersion RoutingType RoutingHint
		RoutingStatus BackEndCookie ServerLocatorHost RequestBytes ResponseBytes BackEndGenericInfo GenericInfo
		GenericErrors EdgeTraceId DatabaseGuid UserADObjectGuid TimeStamp ServerName EventId EventData`) {
		m[strings.ToLower(name)] = name
	}
	return m
}()
