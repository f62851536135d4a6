package misp

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// fingerprints are the types of attributes that are digests of certificates.
var fingerprints = map[string]string{"x509-fingerprint-md5": "MD5", "x509-fingerprint-sha1": "SHA-1", "x509-fingerprint-sha256": "SHA-256"}

// template returns the observables that an object is by its template, none for
// a template that STIX has no type for.
func (w *witness) template(o *Object, p parts) []stix.ID {
	var ids []stix.ID
	switch o.Name {
	case "file":
		ids = w.fileOf(p)
	case "email":
		ids = w.mailOf(p)
	case "network-connection", "network-socket", "ip-port":
		ids = w.trafficOf(p)
	case "registry-key":
		ids = w.registryKeyOf(p)
	case "process":
		ids = w.processOf(p)
	case "x509":
		ids = w.certificateOf(p)
	case "user-account":
		ids = w.accountOf(p)
	case "asn":
		ids = w.asnsOf(p)
	case "domain-ip":
		ids = w.resolved(p)
	case "url", "mutex", "hostname", "domain", "phishing":
		ids = w.each(p)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return slices.DeleteFunc(ids, func(id stix.ID) bool { return id == "" })
}

// each returns what each attribute names by itself.
func (w *witness) each(p parts) []stix.ID {
	var ids []stix.ID
	for i := range p {
		ids = append(ids, w.observe(&p[i])...)
	}
	return ids
}

// maxPairs is how many pairs of a domain and an address one object states.
const maxPairs = 100

// resolved returns domains and addresses, and that these resolve to those.
func (w *witness) resolved(p parts) []stix.ID {
	ids := w.each(p)
	n := 0
	for _, d := range ids {
		for _, a := range ids {
			if d != "" && d.Type() == "domain-name" && strings.HasPrefix(string(a), "ipv") && n < maxPairs {
				n++
				w.b.relate(d, "resolves-to", a, 0, w.marking)
			}
		}
	}
	return ids
}

func (w *witness) fileOf(p parts) []stix.ID {
	var ids []stix.ID
	v := &stix.File{
		Name: p.first("filename"), Hashes: p.digests(), Size: p.number("size-in-bytes"), MIMEType: p.first("mimetype"),
		Ctime: p.time("creation-time"), Mtime: p.time("modification-time"), Atime: p.time("access-time"),
	}
	if dir := p.first("path"); dir != "" {
		d := &stix.Directory{Path: dir}
		v.ParentDirectoryRef = w.keep(&d.Common, func() (*stix.Object, error) { return stix.Make(d) })
		ids = append(ids, v.ParentDirectoryRef)
	}
	for i := range p {
		if a := &p[i]; (a.Type == "malware-sample" || a.Type == "attachment") && a.Data != "" && v.ContentRef == "" {
			v.ContentRef = w.artifact(a.Data, a.Type == "malware-sample")
			ids = append(ids, v.ContentRef)
		}
		if a := &p[i]; a.Type == "malware-sample" && v.Name == "" {
			v.Name, _ = pair(a.Value)
		}
	}
	if v.Name == "" && v.Hashes == nil {
		return nil
	}
	return append(ids, w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) }))
}

func (w *witness) mailOf(p parts) []stix.ID {
	v := &stix.EmailMessage{
		Date: p.time("send-date"), Subject: p.first("subject"), Body: p.first("email-body"), MessageID: p.first("message-id"),
	}
	from := p.first("from")
	var ids []stix.ID
	if from != "" {
		v.FromRef = w.mail(from, p.first("from-display-name"))
		ids = append(ids, v.FromRef)
	}
	for _, list := range []struct {
		relation string
		to       *[]stix.ID
	}{{"to", &v.ToRefs}, {"cc", &v.CcRefs}, {"bcc", &v.BccRefs}} {
		for _, value := range p.all(list.relation) {
			if id := w.mail(value, ""); !slices.Contains(*list.to, id) {
				*list.to = append(*list.to, id)
			}
		}
		ids = append(ids, *list.to...)
	}
	for _, name := range p.all("attachment") {
		f := &stix.File{Name: name}
		id := w.keep(&f.Common, func() (*stix.Object, error) { return stix.Make(f) })
		v.BodyMultipart = append(v.BodyMultipart, stix.EmailMIMEPart{BodyRawRef: id})
		ids = append(ids, id)
	}
	if v.BodyMultipart != nil {
		v.IsMultipart = true
		if v.Body != "" {
			v.BodyMultipart = append([]stix.EmailMIMEPart{{Body: v.Body, ContentType: "text/plain"}}, v.BodyMultipart...)
			v.Body = ""
		}
	}
	if len(ids) == 0 && v.Subject == "" && v.Body == "" && v.MessageID == "" {
		return nil
	}
	if v.FromRef == "" && v.Subject == "" && v.Body == "" {
		v.ID = w.id("email-message")
	}
	return append(ids, w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) }))
}

// trafficOf returns two ends of a connection and the traffic between them.
func (w *witness) trafficOf(p parts) []stix.ID {
	v := &stix.NetworkTraffic{
		SrcPort: p.port("src-port"), DstPort: p.port("dst-port"),
		Start: p.time("first-packet-seen"), SrcByteCount: p.number("src-bytes-count"), DstByteCount: p.number("dst-bytes-count"),
	}
	if src := p.first("ip-src", "hostname-src", "src-ip"); src != "" {
		v.SrcRef = w.host(src)
	}
	if dst := p.first("ip-dst", "hostname-dst", "ip", "domain", "hostname"); dst != "" {
		v.DstRef = w.host(dst)
	}
	for _, relation := range []string{"layer3-protocol", "layer4-protocol", "layer7-protocol", "protocol"} {
		if name := strings.ToLower(p.first(relation)); name != "" && !slices.Contains(v.Protocols, name) {
			v.Protocols = append(v.Protocols, name)
		}
	}
	if v.Protocols == nil {
		v.Protocols = []string{"tcp"} // STIX requires one
	}
	ids := []stix.ID{v.SrcRef, v.DstRef}
	if v.SrcRef == "" && v.DstRef == "" {
		return nil
	}
	return append(ids, w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) }))
}

// datatypes are those of registry values that STIX knows (section 10.29).
var datatypes = []string{
	"REG_NONE", "REG_SZ", "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD", "REG_DWORD_BIG_ENDIAN", "REG_LINK",
	"REG_MULTI_SZ", "REG_RESOURCE_LIST", "REG_FULL_RESOURCE_DESCRIPTION", "REG_RESOURCE_REQUIREMENTS_LIST", "REG_QWORD",
}

func (w *witness) registryKeyOf(p parts) []stix.ID {
	v := &stix.WindowsRegistryKey{Key: hive(p.first("key")), ModifiedTime: p.time("last-modified")}
	value := stix.WindowsRegistryValue{Name: p.first("name"), Data: p.first("data")}
	if typ := strings.ToUpper(p.first("data-type")); slices.Contains(datatypes, typ) {
		value.DataType = typ
	}
	if value != (stix.WindowsRegistryValue{}) {
		v.Values = []stix.WindowsRegistryValue{value}
	}
	if v.Key == "" {
		return nil
	}
	return []stix.ID{w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) })}
}

func (w *witness) processOf(p parts) []stix.ID {
	v := &stix.Process{
		PID: p.number("pid"), CommandLine: p.first("command-line"), Cwd: p.first("current-directory"), CreatedTime: p.time("creation-time"),
	}
	var ids []stix.ID
	if image := p.first("image", "name"); image != "" {
		f := &stix.File{Name: image}
		v.ImageRef = w.keep(&f.Common, func() (*stix.Object, error) { return stix.Make(f) })
		ids = append(ids, v.ImageRef)
	}
	if v.PID == nil && v.CommandLine == "" && v.ImageRef == "" {
		return nil
	}
	v.ID = w.id("process")
	return append(ids, w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) }))
}

func (w *witness) certificateOf(p parts) []stix.ID {
	v := &stix.X509Certificate{
		Hashes: p.digests(), SerialNumber: p.first("serial-number"), Issuer: p.first("issuer"), Subject: p.first("subject"), Version: p.first("version"),
		ValidityNotBefore: p.time("validity-not-before"), ValidityNotAfter: p.time("validity-not-after"),
		SignatureAlgorithm: p.first("signature_algorithm"), SubjectPublicKeyAlgorithm: p.first("pubkey-info-algorithm"),
		SubjectPublicKeyModulus: p.first("pubkey-info-modulus"), SubjectPublicKeyExponent: p.number("pubkey-info-exponent"),
	}
	if v.Hashes == nil && v.SerialNumber == "" {
		if v.Issuer == "" && v.Subject == "" {
			return nil
		}
		v.ID = w.id("x509-certificate")
	}
	return []stix.ID{w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) })}
}

func (w *witness) accountOf(p parts) []stix.ID {
	v := &stix.UserAccount{
		UserID: p.first("user-id"), AccountLogin: p.first("username"), DisplayName: p.first("display-name"),
		AccountType: p.first("account-type"), AccountCreated: p.time("created"), AccountLastLogin: p.time("last_login"),
	}
	if v.UserID == "" && v.AccountLogin == "" {
		return nil
	}
	return []stix.ID{w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) })}
}

func (w *witness) asnsOf(p parts) []stix.ID {
	n := asnOf(p.first("asn"))
	if n < 0 {
		return nil
	}
	v := &stix.AutonomousSystem{Number: n, Name: p.first("description")}
	return []stix.ID{w.keep(&v.Common, func() (*stix.Object, error) { return stix.Make(v) })}
}
