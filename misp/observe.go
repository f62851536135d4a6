package misp

import (
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// An observable is one that the event names, and how to write it when it is
// known who may see it.
type observable struct {
	common  *stix.Common
	make    func() (*stix.Object, error)
	marking marking
	at      place
}

// A witness is where observables are named: their markings and, for those that
// have no identifier by what they say, their UUID.
type witness struct {
	b       *builder
	uuid    string
	marking marking
	at      place
}

// keep notes an observable and returns its identifier. One that is named twice
// is one: the stricter marking holds for it, and the fuller one stays.
func (w *witness) keep(c *stix.Common, make func() (*stix.Object, error)) stix.ID {
	if c.ID == "" {
		o, err := make()
		if err != nil {
			w.b.problem(w.at, "an observable could not be written: %v", err)
			return ""
		}
		c.ID = o.ID
	}
	b := w.b
	i, ok := b.observed[c.ID]
	if !ok {
		b.observed[c.ID] = len(b.scos)
		b.scos = append(b.scos, observable{c, make, w.marking, w.at})
		return c.ID
	}
	held := &b.scos[i]
	held.marking = held.marking.and(w.marking)
	if !alone[c.ID.Type()] && fuller(make, held.make) {
		held.common, held.make = c, make
	}
	return c.ID
}

// alone are the types that say nothing beside what they are known by.
var alone = map[string]bool{"domain-name": true, "ipv4-addr": true, "ipv6-addr": true, "url": true, "mac-addr": true, "mutex": true}

// fuller reports whether what a makes says more than what b makes.
func fuller(a, b func() (*stix.Object, error)) bool {
	x, err := a()
	y, err2 := b()
	return err == nil && err2 == nil && len(x.Raw()) > len(y.Raw())
}

// seal writes the observables, with the markings that hold for them.
func (b *builder) seal() {
	for i := range b.scos {
		s := &b.scos[i]
		s.common.ObjectMarkingRefs = s.marking.refs()
		o, err := s.make()
		if b.add(o, err, s.at) {
			b.refs = append(b.refs, o.ID)
		}
	}
}

// id gives an observable that has no identifier by what it says one by the UUID
// of what names it.
func (w *witness) id(typ string) stix.ID {
	if id := stix.ID(typ + "--" + strings.ToLower(w.uuid)); id.Valid() == nil {
		return id
	}
	return stix.NamedID(typ, w.b.event.UUID+"\n"+w.uuid)
}

// observe returns the observables that an attribute names, none where STIX has
// no type for them.
func (b *builder) observe(s *subject) []stix.ID {
	w := &witness{b, s.UUID, s.marking, s.at}
	var ids []stix.ID
	for _, id := range w.observe(s.Attribute) {
		if id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

func (w *witness) observe(a *Attribute) []stix.ID {
	left, right := pair(a.Value)
	switch a.Type {
	case "domain", "hostname", "onion-address":
		return []stix.ID{w.domain(a.Value)}
	case "ip-src", "ip-dst":
		return []stix.ID{w.address(a.Value)}
	case "domain|ip":
		return []stix.ID{w.domain(left), w.address(right)}
	case "ip-src|port", "ip-dst|port", "hostname|port":
		return w.endpoint(left, right, a.Type == "ip-src|port")
	case "url", "uri", "link":
		return []stix.ID{w.url(a.Value)}
	case "email", "target-email", "eppn", "dns-soa-email", "whois-registrant-email":
		return []stix.ID{w.mail(a.Value, "")}
	case "mac-address":
		return []stix.ID{w.mac(a.Value)}
	case "AS":
		return []stix.ID{w.asn(a.Value)}
	case "mutex":
		return []stix.ID{w.mutex(a.Value)}
	case "regkey", "regkey|value":
		return []stix.ID{w.registryKey(a)}
	case "github-username", "jabber-id", "twitter-id":
		return []stix.ID{w.account(strings.TrimSuffix(strings.TrimSuffix(a.Type, "-username"), "-id"), a.Value)}
	case "cpe":
		return []stix.ID{w.software(a.Value)}
	case "attachment", "malware-sample":
		return w.attachment(a)
	}
	switch {
	case strings.HasPrefix(a.Type, "email-"):
		return w.message(a)
	case strings.HasPrefix(a.Type, "x509-"):
		return []stix.ID{w.certificate(a)}
	}
	return []stix.ID{w.file(a)}
}

// valued returns the identifier of an observable that is its value alone.
func valued(typ, value string) stix.ID {
	b, err := jsontext.AppendQuote([]byte(`{"value":`), value)
	if err != nil {
		return ""
	}
	return stix.NamedID(typ, string(append(b, '}')))
}

func (w *witness) domain(v string) stix.ID {
	if v == "" || strings.ContainsAny(v, " \t\r\n/") {
		return ""
	}
	o := &stix.DomainName{Value: v}
	o.ID = valued("domain-name", v)
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) address(v string) stix.ID {
	typ, form, _ := addressOf(v)
	switch typ {
	case "ipv4-addr":
		o := &stix.IPv4Addr{Value: form}
		o.ID = valued(typ, form)
		return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
	case "ipv6-addr":
		o := &stix.IPv6Addr{Value: form}
		o.ID = valued(typ, form)
		return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
	}
	return ""
}

// host returns an address or else a domain.
func (w *witness) host(v string) stix.ID {
	if id := w.address(v); id != "" {
		return id
	}
	return w.domain(v)
}

// endpoint returns a host and the traffic from or to it.
func (w *witness) endpoint(host, port string, source bool) []stix.ID {
	n := portOf(port)
	if n < 0 {
		return nil
	}
	id := w.host(host)
	if id == "" {
		return nil
	}
	o := &stix.NetworkTraffic{Protocols: []string{"tcp"}}
	if id.Type() == "ipv4-addr" || id.Type() == "ipv6-addr" {
		o.Protocols = []string{strings.TrimSuffix(id.Type(), "-addr"), "tcp"}
	}
	if source {
		o.SrcRef, o.SrcPort = id, &n
	} else {
		o.DstRef, o.DstPort = id, &n
	}
	return []stix.ID{w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) }), id}
}

// absolute is what STIX takes for a URL (RFC 3986: with a scheme).
var absolute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$`)

func (w *witness) url(v string) stix.ID {
	if !absolute.MatchString(v) {
		return ""
	}
	o := &stix.URL{Value: v}
	o.ID = valued("url", v)
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) mail(v, name string) stix.ID {
	if v == "" {
		return ""
	}
	o := &stix.EmailAddr{Value: v, DisplayName: name}
	o.ID = valued("email-addr", v)
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) mac(v string) stix.ID {
	if v = macOf(v); v == "" {
		return ""
	}
	o := &stix.MACAddr{Value: v}
	o.ID = valued("mac-addr", v)
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) asn(v string) stix.ID {
	n := asnOf(v)
	if n < 0 {
		return ""
	}
	o := &stix.AutonomousSystem{Number: n}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) mutex(v string) stix.ID {
	if v == "" {
		return ""
	}
	o := &stix.Mutex{Name: v}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) registryKey(a *Attribute) stix.ID {
	key, data := a.Value, ""
	if a.Type == "regkey|value" {
		key, data, _ = strings.Cut(a.Value, "|")
	}
	if key == "" {
		return ""
	}
	o := &stix.WindowsRegistryKey{Key: hive(key)}
	if data != "" {
		o.Values = []stix.WindowsRegistryValue{{Data: data}}
	}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) account(typ, login string) stix.ID {
	if login == "" {
		return ""
	}
	o := &stix.UserAccount{AccountType: typ, AccountLogin: login}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

// software reads a CPE 2.3 name: cpe:2.3:part:vendor:product:version:…
func (w *witness) software(v string) stix.ID {
	parts := strings.Split(v, ":")
	if len(parts) < 6 || parts[0] != "cpe" || parts[1] != "2.3" || parts[4] == "" {
		return ""
	}
	o := &stix.Software{Name: parts[4], CPE: v, Vendor: parts[3]}
	if parts[5] != "*" && parts[5] != "-" {
		o.Version = parts[5]
	}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

func (w *witness) certificate(a *Attribute) stix.ID {
	name := map[string]string{"x509-fingerprint-md5": "MD5", "x509-fingerprint-sha1": "SHA-1", "x509-fingerprint-sha256": "SHA-256"}[a.Type]
	sum := digestOf(name, a.Value)
	if name == "" || sum == "" {
		return ""
	}
	o := &stix.X509Certificate{Hashes: stix.Hashes{name: sum}}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

// file returns what a name, a digest or both say of a file.
func (w *witness) file(a *Attribute) stix.ID {
	o := &stix.File{}
	typ, value := a.Type, a.Value
	if rest, ok := strings.CutPrefix(typ, "filename|"); ok {
		typ = rest
		o.Name, value = pair(value)
	} else if typ == "filename" {
		o.Name = value
	}
	if h, ok := hashes[typ]; ok {
		sum := digestOf(h.name, value)
		if len(sum) == 0 {
			return ""
		}
		o.Hashes = stix.Hashes{h.name: sum}
	} else if typ != "filename" {
		return ""
	}
	if o.Name == "" && o.Hashes == nil {
		return ""
	}
	o.ID = fileID(o)
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

// fileID returns what stix.ObservableID does for a file of which one digest, a
// name or both are known: its contributing properties in canonical JSON (RFC
// 8785), which for these is how they are written anyway.
func fileID(o *stix.File) stix.ID {
	b := []byte{'{'}
	var err error
	for name, sum := range o.Hashes {
		b, _ = jsontext.AppendQuote(append(b, `"hashes":{`...), name)
		if b, err = jsontext.AppendQuote(append(b, ':'), sum); err != nil {
			return ""
		}
		b = append(b, '}')
	}
	if o.Name != "" {
		if len(b) > 1 {
			b = append(b, ',')
		}
		if b, err = jsontext.AppendQuote(append(b, `"name":`...), o.Name); err != nil {
			return ""
		}
	}
	return stix.NamedID("file", string(append(b, '}')))
}

// maxArtifact is how many bytes an attachment may have to become an artifact,
// so that readers of STIX take it: larger ones stay in the event alone.
const maxArtifact = 8 << 20

// attachment returns a file and the artifact with its bytes. A sample of
// malware comes in an archive that is encrypted with the word infected.
func (w *witness) attachment(a *Attribute) []stix.ID {
	o := &stix.File{Name: a.Value}
	sample := a.Type == "malware-sample"
	if sample {
		name, sum := pair(a.Value)
		o.Name = name
		if sum = digestOf("MD5", sum); sum != "" {
			o.Hashes = stix.Hashes{"MD5": sum}
		}
	}
	if o.Name == "" && o.Hashes == nil {
		return nil
	}
	ids := []stix.ID{""}
	if a.Data != "" {
		if id := w.artifact(a.Data, sample); id != "" {
			o.ContentRef, ids = id, append(ids, id)
		}
	}
	ids[0] = w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
	return ids
}

func (w *witness) artifact(data string, sample bool) stix.ID {
	if len(data) > maxArtifact/3*4 {
		w.b.problem(w.at, "its attachment is larger than %d bytes: it stays in the event alone", maxArtifact)
		return ""
	}
	payload, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(payload) == 0 {
		w.b.problem(w.at, "its attachment is no base64 (RFC 4648): it stays in the event alone")
		return ""
	}
	o := &stix.Artifact{PayloadBin: payload}
	if sample {
		o.MIMEType, o.EncryptionAlgorithm, o.DecryptionKey = "application/zip", "mime-type-indicated", "infected"
	}
	return w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })
}

// message returns what an attribute says of an e-mail.
func (w *witness) message(a *Attribute) []stix.ID {
	if a.Value == "" {
		return nil
	}
	o := &stix.EmailMessage{}
	var ids []stix.ID
	switch a.Type {
	case "email-src":
		o.FromRef = w.mail(a.Value, "")
		ids = append(ids, o.FromRef)
	case "email-dst":
		o.ToRefs = []stix.ID{w.mail(a.Value, "")}
		ids = o.ToRefs
	case "email-subject":
		o.Subject = a.Value
	case "email-body":
		o.Body = a.Value
	case "email-message-id":
		o.MessageID = a.Value
	case "email-attachment":
		f := &stix.File{Name: a.Value}
		id := w.keep(&f.Common, func() (*stix.Object, error) { return stix.Make(f) })
		o.IsMultipart, o.BodyMultipart = true, []stix.EmailMIMEPart{{BodyRawRef: id}}
		ids = []stix.ID{id}
	default: // header fields: STIX and its validator disagree on how to write them
		return nil
	}
	if o.FromRef == "" && o.Subject == "" && o.Body == "" {
		o.ID = w.id("email-message")
	}
	return append([]stix.ID{w.keep(&o.Common, func() (*stix.Object, error) { return stix.Make(o) })}, ids...)
}
