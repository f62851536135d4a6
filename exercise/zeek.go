package exercise

// What the sensor at the town's border writes: Zeek's conn, dns and http
// logs as tab-separated values.

type sensor struct {
	site             *site
	conns, dns, http *textLog
}

func zeekHeader(path, fields, types string) func([]byte, int64) []byte {
	return func(b []byte, t int64) []byte {
		b = append(b, "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t"...)
		b = zeekTime(append(append(b, path...), "\n#open\t"...), t)
		b = append(append(b, "\n#fields\t"...), fields...)
		return append(append(append(b, "\n#types\t"...), types...), '\n')
	}
}

func zeekFooter(b []byte, t int64) []byte { return append(zeekTime(append(b, "#close\t"...), t), '\n') }

// zeekTime appends t as 2021-03-03-04-12-07.
func zeekTime(b []byte, t int64) []byte {
	from := len(b)
	b = clockTime(append(date(b, t), '-'), t)
	for i := from; i < len(b); i++ {
		if b[i] == ':' {
			b[i] = '-'
		}
	}
	return b
}

const (
	connFields = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\torig_bytes\tresp_bytes\tconn_state\tlocal_orig\tlocal_resp\tmissed_bytes\thistory\torig_pkts\torig_ip_bytes\tresp_pkts\tresp_ip_bytes\ttunnel_parents"
	connTypes  = "time\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\tbool\tbool\tcount\tstring\tcount\tcount\tcount\tcount\tset[string]"
	dnsFields  = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\tqclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected"
	dnsTypes   = "time\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\tstring\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool"
	httpFields = "ts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\ttrans_depth\tmethod\thost\turi\treferrer\tversion\tuser_agent\torigin\trequest_body_len\tresponse_body_len\tstatus_code\tstatus_msg\tinfo_code\tinfo_msg\ttags\tusername\tpassword\tproxied\torig_fuids\torig_filenames\torig_mime_types\tresp_fuids\tresp_filenames\tresp_mime_types"
	httpTypes  = "time\tstring\taddr\tport\taddr\tport\tcount\tstring\tstring\tstring\tstring\tstring\tstring\tstring\tcount\tcount\tcount\tstring\tcount\tstring\tset[enum]\tstring\tstring\tset[string]\tvector[string]\tvector[string]\tvector[string]\tvector[string]\tvector[string]\tvector[string]"
)

// A conn is one connection.
type conn struct {
	t              int64
	from, to       string
	source         int // port; 0 picks one
	port           int
	udp            bool
	service        string
	duration       int64
	sent, received int64
	state          string // "" means SF
	truth          *Truth

	uid []byte // of an earlier line of the same connection
}

// head appends time, uid and the four-tuple, and remembers the uid.
func (z *sensor) head(b []byte, c *conn) []byte {
	r := &z.site.rand
	if c.uid == nil {
		z.site.uid = r.hex(append(z.site.uid[:0], 'C'), 17, "ABCDEFghijklm123")
		c.uid = z.site.uid
	}
	if c.source == 0 {
		c.source = r.between(49152, 65535)
	}
	b = append(epoch(b, c.t, 6), '\t')
	b = append(append(b, c.uid...), '\t')
	b = append(append(b, c.from...), '\t')
	b = append(number(b, int64(c.source)), '\t')
	b = append(append(b, c.to...), '\t')
	return append(number(b, int64(c.port)), '\t')
}

func (z *sensor) conn(c conn) {
	b := z.head(z.site.line[:0], &c)
	if c.udp {
		b = append(b, "udp\t"...)
	} else {
		b = append(b, "tcp\t"...)
	}
	b = append(orDash(b, c.service), '\t')
	history := "ShADadFf"
	switch {
	case c.state == "S0":
		history = "S"
	case c.state == "REJ":
		history = "Sr"
	case c.state == "OTH":
		history = "DadA"
	case c.udp:
		history = "Dd"
	}
	if c.state == "" {
		c.state = "SF"
	}
	if c.state == "S0" || c.state == "REJ" {
		b = append(b, "-\t-\t-\t"...)
	} else {
		b = append(decimal(append(number(b, c.duration/second), '.'), c.duration%second, 6), '\t')
		b = append(number(b, c.sent), '\t')
		b = append(number(b, c.received), '\t')
	}
	b = append(append(b, c.state...), '\t')
	b = append(truthTF(b, internal(c.from)), '\t')
	b = append(truthTF(b, internal(c.to)), "\t0\t"...)
	b = append(append(b, history...), '\t')
	out, in := c.sent/1380+4, c.received/1380+3
	if c.state == "S0" || c.state == "REJ" {
		out, in, c.sent, c.received = 1, 0, 0, 0
	}
	b = append(number(b, out), '\t')
	b = append(number(b, c.sent+40*out), '\t')
	b = append(number(b, in), '\t')
	b = append(number(b, c.received+40*in), "\t-\n"...)
	z.conns.addLate(c.t+c.duration, c.t, c.truth, b)
	z.site.line = b
}

func truthTF(b []byte, v bool) []byte {
	if v {
		return append(b, 'T')
	}
	return append(b, 'F')
}

// A lookup is one question to a resolver and what came back.
type lookup struct {
	t       int64
	from    string
	name    string
	kind    string // A, AAAA, TXT, …
	answers string // comma-separated; "" for NXDOMAIN
	truth   *Truth
}

var dnsTypeNumbers = map[string]int64{"A": 1, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}

func (z *sensor) lookup(q lookup) {
	r := &z.site.rand
	c := conn{t: q.t, from: q.from, to: z.site.dc.ip, port: 53, udp: true}
	b := append(z.head(z.site.line[:0], &c), "udp\t"...)
	b = append(number(b, int64(r.n(65536))), "\t0.0"...)
	b = append(decimal(b, int64(r.between(1200, 48000)), 5), '\t')
	b = append(append(b, q.name...), "\t1\tC_INTERNET\t"...)
	b = append(number(b, dnsTypeNumbers[q.kind]), '\t')
	b = append(append(b, q.kind...), '\t')
	if q.answers == "" {
		b = append(b, "3\tNXDOMAIN\tF\tF\tT\tT\t0\t-\t-\tF\n"...)
	} else {
		b = append(append(b, "0\tNOERROR\tF\tF\tT\tT\t0\t"...), q.answers...)
		b = append(b, "\t300.000000"...)
		for i := range len(q.answers) {
			if q.answers[i] == ',' {
				b = append(b, ",300.000000"...)
			}
		}
		b = append(b, "\tF\n"...)
	}
	z.dns.add(q.t, q.truth, b)
	z.site.line = b
}

// A fetch is one plain HTTP request that the sensor could read.
type fetch struct {
	conn
	method, host, uri, agent string
	status                   int
	mime                     string // of the answer, or of the upload for POST and PUT
}

func (z *sensor) fetch(f fetch) {
	b := z.head(z.site.line[:0], &f.conn)
	b = append(append(b, "1\t"...), f.method...)
	b = append(append(b, '\t'), f.host...)
	b = append(append(b, '\t'), f.uri...)
	b = append(append(b, "\t-\t1.1\t"...), f.agent...)
	b = append(append(b, "\t-\t"...), number(nil, f.sent)...)
	b = append(number(append(b, '\t'), f.received), '\t')
	b = append(number(b, int64(f.status)), '\t')
	switch f.status {
	case 200:
		b = append(b, "OK"...)
	case 304:
		b = append(b, "Not Modified"...)
	case 404:
		b = append(b, "Not Found"...)
	default:
		b = append(b, '-')
	}
	b = append(b, "\t-\t-\t(empty)\t-\t-\t-\t"...)
	up := f.method == "POST" || f.method == "PUT"
	b = z.file(b, f.sent > 0 && up, f.mime)
	b = append(z.file(append(b, '\t'), f.received > 0 && !up, f.mime), '\n')
	z.http.add(f.t, f.truth, b)
	z.site.line = b
	c := f.conn
	c.service, c.sent, c.received = "http", f.sent+300, f.received+250
	z.conn(c)
}

func (z *sensor) file(b []byte, there bool, mime string) []byte {
	if !there {
		return append(b, "-\t-\t-"...)
	}
	b = z.site.rand.hex(append(b, 'F'), 17, "ABCDEFghijklm123")
	return append(append(b, "\t-\t"...), mime...)
}
