package exercise

// What the mail server's web sites write: IIS logs of the front end
// (W3SVC1, ports 80 and 443) and of the back end (W3SVC2, port 444), and
// Exchange's own HttpProxy, ECP and OABGenerator logs.

const (
	exchangeBuild = "15.01.2106.002"
	exchangeRoot  = `C:\Program Files\Microsoft\Exchange Server\V15\`
)

func iisHeader(b []byte, t int64) []byte {
	b = append(b, "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: "...)
	b = clockTime(append(date(b, t), ' '), t)
	return append(b, "\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n"...)
}

const proxyFields = "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol," +
	"UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox," +
	"UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer," +
	"TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,ServerLocatorHost,ServerLocatorLatency,RequestBytes," +
	"ResponseBytes,TargetOutstandingRequests,AuthModulePerfContext,HttpPipelineLatency,CalculateTargetBackEndLatency," +
	"GlsLatencyBreakup,TotalGlsLatency,AccountForestLatencyBreakup,TotalAccountForestLatency,ResourceForestLatencyBreakup," +
	"TotalResourceForestLatency,ADLatency,SharedCacheLatencyBreakup,TotalSharedCacheLatency,ActivityContextLifeTime," +
	"ModuleToHandlerSwitchingLatency,ClientReqStreamLatency,BackendReqInitLatency,BackendReqStreamLatency," +
	"BackendProcessingLatency,BackendRespInitLatency,BackendRespStreamLatency,ClientRespStreamLatency," +
	"KerberosAuthHeaderLatency,HandlerCompletionLatency,RequestHandlerLatency,HandlerToModuleSwitchingLatency,ProxyTime," +
	"CoreLatency,RoutingLatency,HttpProxyOverhead,TotalRequestTime,RouteRefresherLatency,UrlQuery,BackEndGenericInfo," +
	"GenericInfo,GenericErrors,EdgeTraceId,DatabaseGuid,UserADObjectGuid,PartitionEndpointLookupLatency,RoutingStatus"

// exchangeHeader returns the head of an Exchange log: since Exchange 2013 the
// names stand alone in the first line, so that the file is a CSV file, and
// again after #Fields.
func exchangeHeader(version, kind, fields string) func([]byte, int64) []byte {
	return func(b []byte, t int64) []byte {
		b = append(append(b, fields...), "\r\n#Software: Microsoft Exchange Server\r\n#Version: "...)
		b = append(append(b, version...), "\r\n#Log-type: "...)
		b = append(append(b, kind...), "\r\n#Date: "...)
		b = append(iso(b, t), "\r\n#Fields: "...)
		return append(append(b, fields...), '\r', '\n')
	}
}

// A request is one request to the front end. What Exchange passes on to the
// back end has a protocol and appears in its HttpProxy log too.
type request struct {
	t                   int64
	client              string
	method, stem, query string
	user                string // DOMAIN\name, or "" for anonymous
	agent               string // as sent; IIS writes its spaces as +
	status, sub, win32  int
	taken               int // ms
	sent                int // bytes of the answer

	protocol string // folder under HttpProxy; "" when the front end answers by itself
	host     string // Host header; "" means mailName
	auth     string // AuthenticationType
	anchor   string // AnchorMailbox
	hint     string // RoutingHint
	backend  string // method that the target server's own log shows; "" for none

	truth *Truth
}

// request writes r to the front end's logs and, when it came from outside, to
// the sensor's.
func (m *mailServer) request(r request) {
	s := m.site
	id := s.rand.guid(s.id[:0])
	s.id = id
	b := clockTime(append(date(s.line[:0], r.t), ' '), r.t)
	b = append(append(b, ' '), m.ip...)
	b = append(append(b, ' '), r.method...)
	b = append(append(b, ' '), r.stem...)
	b = append(b, ' ')
	b = append(b, r.query...)
	if r.protocol != "" {
		if r.query != "" {
			b = append(b, '&')
		}
		b = append(append(b, "&CorrelationID=<empty>;&cafeReqId="...), id...)
		b = append(b, ";&encoding=;"...)
	} else if r.query == "" {
		b = append(b, '-')
	}
	b = append(b, " 443 "...)
	b = append(orDash(b, r.user), ' ')
	b = append(append(b, r.client...), ' ')
	b = append(plus(b, r.agent), " - "...)
	b = append(number(b, int64(r.status)), ' ')
	b = append(number(b, int64(r.sub)), ' ')
	b = append(number(b, int64(r.win32)), ' ')
	b = append(number(b, int64(r.taken)), '\r', '\n')
	m.front.add(r.t, r.truth, b)
	s.line = b
	if r.protocol != "" {
		m.proxied(&r, id)
	}
	if !internal(r.client) {
		s.zeek.conn(conn{
			t: r.t - int64(r.taken)*millisecond - 30*millisecond, from: r.client, to: m.ip, port: 443, service: "ssl",
			duration: int64(r.taken+60) * millisecond, sent: int64(600 + len(r.query)), received: int64(r.sent + 3200), truth: r.truth.unseen("the connection alone looks like any other to the mail server"),
		})
	}
}

// proxied writes the line of the HttpProxy log.
func (m *mailServer) proxied(r *request, id []byte) {
	s := m.site
	begun := r.t - int64(r.taken)*millisecond
	b := append(iso(s.line[:0], r.t), ',')
	b = append(append(b, id...), ",15,1,2106,2,,"...)
	b = append(append(b, r.protocol...), ',')
	if r.host == "" {
		r.host = mailName
	}
	b = append(append(b, r.host...), ',')
	b = append(append(b, r.stem...), ",,"...)
	b = append(append(b, r.auth...), ',')
	if r.user != "" {
		b = append(append(b, "true,"...), r.user...)
	} else {
		b = append(b, "false,"...)
	}
	b = append(append(b, ",,"...), r.anchor...)
	b = append(noComma(append(b, ','), r.agent), ',')
	b = append(append(b, r.client...), ',')
	b = append(append(b, m.name...), ',')
	b = append(number(b, int64(r.status)), ',')
	if r.backend != "" {
		b = number(b, int64(r.status))
	}
	b = append(append(b, ",,"...), r.method...)
	b = append(b, ',')
	if r.backend != "" {
		b = append(append(b, "Proxy,"...), m.fqdn...)
		b = append(b, ",15.01.2106.000,IntraForest,"...)
	} else {
		b = append(b, ",,,,"...)
	}
	b = append(append(b, r.hint...), ",,,,"...)
	b = append(number(b, int64(s.rand.between(40, 900))), ',')
	b = append(number(b, int64(r.sent)), ",1,,"...)
	back := r.taken * 3 / 4
	b = append(number(b, int64(s.rand.n(3))), ",0,,0,,0,,0,0,,0,"...)
	b = append(number(b, int64(r.taken)), ",0,0,0,0,"...)
	b = append(number(b, int64(back)), ",0,0,0,0,0,"...)
	b = append(number(b, int64(back+1)), ",0,"...)
	b = append(number(b, int64(back)), ",1,1,"...)
	b = append(number(b, int64(r.taken-back)), ',')
	b = append(number(b, int64(r.taken)), ",,"...)
	if r.query != "" {
		b = append(append(b, '?'), r.query...)
	}
	b = append(iso(append(b, ",,BeginRequest="...), begun), ";CorrelationID=<empty>;ProxyState-Run=None;FEAuth=BEVersion-1941997634;ProxyState-Complete=ProxyResponseData;SharedCacheGuard=0;EndRequest="...)
	b = append(iso(b, r.t), ";,,,,,,CafeV1\r\n"...)
	m.proxy[r.protocol].add(r.t, r.truth, b)
	s.line = b
}

// back writes a line of the back end's own IIS log.
func (m *mailServer) back(r request) {
	s := m.site
	b := clockTime(append(date(s.line[:0], r.t), ' '), r.t)
	b = append(append(b, ' '), m.ip...)
	b = append(append(b, ' '), r.method...)
	b = append(append(b, ' '), r.stem...)
	b = append(orDash(append(b, ' '), r.query), " 444 "...)
	b = append(orDash(b, r.user), ' ')
	b = append(append(b, m.ip...), ' ')
	b = append(plus(b, r.agent), " - "...)
	b = append(number(b, int64(r.status)), " 0 0 "...)
	b = append(number(b, int64(r.taken)), '\r', '\n')
	m.behind.add(r.t, r.truth, b)
	s.line = b
}

// controlPanel writes a line of the ECP server log: command, as ECP writes
// it (quoted there when it holds a string), and the address that asked.
func (m *mailServer) controlPanel(t int64, command, url string, truth *Truth) {
	s := m.site
	b := append(iso(s.line[:0], t), ',')
	b = append(append(b, m.name...), ",ECP.Request,"...)
	from := len(b)
	b = append(number(append(b, "S:TIME="...), int64(s.rand.between(8, 900))), ";S:SID="...)
	b = append(s.rand.guid(b), ';')
	b = append(append(b, command...), ";S:REQID=;S:URL="...)
	b = append(append(b, url...), ";S:REFERRER=;S:EX=;S:ACTID="...)
	b = append(s.rand.guid(b), ";S:RS=0;S:BLD=15.1.2106.2;S:TNAME=<null>;S:TID=;S:USID=;S:EDOID=;S:ACID="...)
	b = quoteCSV(b, from)
	b = append(b, '\r', '\n')
	m.ecp.add(t, truth, b)
	s.line = b
}

// addressBook writes a line of the OAB generator's log.
func (m *mailServer) addressBook(t int64, thread int, event, text string, truth *Truth) {
	s := m.site
	b := append(iso(s.line[:0], t), ',')
	b = append(append(b, m.name...), ',')
	b = append(number(b, int64(thread)), ',')
	b = append(append(b, event...), ',')
	from := len(b)
	b = append(b, text...)
	b = quoteCSV(b, from)
	b = append(b, '\r', '\n')
	m.oab.add(t, truth, b)
	s.line = b
}

// quoteCSV quotes the field that starts at from when it needs it.
func quoteCSV(b []byte, from int) []byte {
	quotes, needed := 0, false
	for _, c := range b[from:] {
		if c == '"' {
			quotes++
		}
		needed = needed || c == '"' || c == ','
	}
	if !needed {
		return b
	}
	field := string(b[from:])
	b = append(b[:from], '"')
	for i := range len(field) {
		if field[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, field[i])
	}
	return append(b, '"')
}

func orDash(b []byte, s string) []byte {
	if s == "" {
		return append(b, '-')
	}
	return append(b, s...)
}

// plus appends s as IIS writes a header: spaces become +.
func plus(b []byte, s string) []byte { return replace(b, s, ' ', '+') }

// noComma appends s as Exchange writes it into its CSV: commas become spaces.
func noComma(b []byte, s string) []byte { return replace(b, s, ',', ' ') }

func replace(b []byte, s string, old, with byte) []byte {
	from := len(b)
	b = append(b, s...)
	for i := from; i < len(b); i++ {
		if b[i] == old {
			b[i] = with
		}
	}
	return b
}

// internal tells the town's own network from the internet.
func internal(address string) bool {
	return len(address) > 3 && address[:3] == "10." || address == "::1"
}
