package observable

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// A Warninglist names what is no sign of an attack when it is seen, in the
// format of MISP: a list of strings, and how and on what they are matched.
type Warninglist struct {
	Name    string
	kinds   [kinds]bool
	match   string // string, substring, hostname, cidr or regex
	entries []string
}

// Limits of a warninglist.
const (
	maxEntries     = 5_000_000
	maxEntryLength = 4096
	maxRegexes     = 1000
)

// Errors of warninglists.
var (
	errNoName   = errors.New("it has no name")
	errNoType   = errors.New("its type is none of string, substring, hostname, cidr and regex")
	errEntries  = fmt.Errorf("it has more than %d entries", maxEntries)
	errEntry    = fmt.Errorf("it is empty or longer than %d bytes", maxEntryLength)
	errRegexes  = fmt.Errorf("it has more than %d regular expressions", maxRegexes)
	errNotRegex = errors.New("no regular expression between slashes")
)

// LoadWarninglist reads a list from its JSON: name, type, list and
// matching_attributes. A list of attributes that are no kinds of observables
// loads, and stops nothing.
func LoadWarninglist(b []byte) (*Warninglist, error) {
	var in struct {
		Name       string   `json:"name"`
		Type       string   `json:"type"`
		List       []string `json:"list"`
		Attributes []string `json:"matching_attributes"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("read warninglist: %w", err)
	}
	l := &Warninglist{Name: in.Name, match: in.Type, entries: in.List}
	switch {
	case in.Name == "":
		return nil, fmt.Errorf("warninglist: %w", errNoName)
	case !slices.Contains([]string{"string", "substring", "hostname", "cidr", "regex"}, in.Type):
		return nil, fmt.Errorf("warninglist %q: %w", in.Name, errNoType)
	case len(in.List) > maxEntries:
		return nil, fmt.Errorf("warninglist %q: %w", in.Name, errEntries)
	case in.Type == "regex" && len(in.List) > maxRegexes:
		return nil, fmt.Errorf("warninglist %q: %w", in.Name, errRegexes)
	}
	for _, e := range in.List {
		if strings.TrimSpace(e) == "" || len(e) > maxEntryLength {
			return nil, fmt.Errorf("warninglist %q: entry %.40q: %w", in.Name, e, errEntry)
		}
	}
	for _, a := range in.Attributes {
		for part := range strings.SplitSeq(a, "|") {
			for _, k := range attributeKinds[part] {
				l.kinds[k] = true
			}
		}
	}
	return l, nil
}

// attributeKinds are the kinds that a type of MISP's attributes is of.
var attributeKinds = map[string][]Kind{
	"ip-src": {IPv4, IPv6, CIDR}, "ip-dst": {IPv4, IPv6, CIDR}, "domain": {Domain}, "hostname": {Domain},
	"url": {URL}, "uri": {URL}, "link": {URL}, "email": {Email}, "email-src": {Email}, "email-dst": {Email},
	"target-email": {Email}, "whois-registrant-email": {Email}, "dns-soa-email": {Email},
	"md5": {MD5}, "sha1": {SHA1}, "sha256": {SHA256}, "sha512": {SHA512}, "filename": {FileName},
	"regkey": {RegKey}, "mutex": {Mutex}, "user-agent": {UserAgent}, "AS": {ASN}, "mac-address": {MAC},
	"ja3-fingerprint-md5": {JA3}, "vulnerability": {CVE}, "btc": {Bitcoin}, "xmr": {Monero},
}

// Warninglists is any number of lists compiled together, safe for use by many
// goroutines.
type Warninglists struct {
	lists []*Warninglist
	// Each table leads from what is looked up to the first of its entries.
	strings, hosts, parts map[string]int32
	networks              map[netip.Prefix]int32
	entries               []warning
	partLengths           []int     // of parts, ascending
	bits                  [129]bool // lengths of prefixes of networks, as of IPv6
	regexes               []pattern
}

// A warning is one entry of one list; next is another for the same key, -1 if
// there is none.
type warning struct{ list, next int32 }

type pattern struct {
	list int32
	text string
	re   *regexp.Regexp
}

// NewWarninglists compiles lists. Where several stop an observable, the one
// given first is named.
func NewWarninglists(lists ...*Warninglist) (*Warninglists, error) {
	w := &Warninglists{
		lists: lists, strings: map[string]int32{}, hosts: map[string]int32{}, parts: map[string]int32{},
		networks: map[netip.Prefix]int32{},
	}
	for i, l := range lists {
		if l.kinds == [kinds]bool{} && l.match != "regex" && l.match != "cidr" {
			continue
		}
		for _, e := range l.entries {
			if err := w.add(int32(i), l.match, e); err != nil {
				return nil, fmt.Errorf("warninglist %q: entry %.80q: %w", l.Name, e, err)
			}
		}
	}
	for s := range w.parts {
		if !slices.Contains(w.partLengths, len(s)) {
			w.partLengths = append(w.partLengths, len(s))
		}
	}
	slices.Sort(w.partLengths)
	return w, nil
}

// add compiles one entry. A string that begins with a dot is meant for hosts
// under it, whatever its list's type says.
func (w *Warninglists) add(list int32, match, entry string) error {
	key := strings.ToLower(strings.TrimSpace(entry))
	switch {
	case match == "regex":
		re, err := compileSlashed(entry)
		if err != nil {
			return err
		}
		w.regexes = append(w.regexes, pattern{list, entry, re})
	case match == "cidr":
		p, err := netip.ParsePrefix(key)
		if err != nil {
			a, err := netip.ParseAddr(key)
			if err != nil {
				return errCIDR
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		p = wide(p)
		w.bits[p.Bits()] = true
		link(w, w.networks, p, list)
	case match == "substring":
		link(w, w.parts, key, list)
	case match == "hostname" || key[0] == '.':
		if a, err := host(strings.Trim(key, ".")); err == nil {
			key = a
		}
		link(w, w.hosts, key, list)
	default:
		link(w, w.strings, key, list)
	}
	return nil
}

// link adds a warning behind those that the key has.
func link[K comparable](w *Warninglists, table map[K]int32, key K, list int32) {
	n := int32(len(w.entries))
	w.entries = append(w.entries, warning{list, -1})
	i, ok := table[key]
	if !ok {
		table[key] = n
		return
	}
	for w.entries[i].next >= 0 {
		if w.entries[i].list == list {
			break // once is enough
		}
		i = w.entries[i].next
	}
	if w.entries[i].list == list {
		w.entries = w.entries[:n]
		return
	}
	w.entries[i].next = n
}

// wide returns p as a network of IPv6 addresses, that both families share a
// table and an IPv4 address is found when it is written as an IPv6 one.
func wide(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4() {
		p = netip.PrefixFrom(netip.AddrFrom16(p.Addr().As16()), p.Bits()+96)
	}
	return p.Masked()
}

// compileSlashed compiles a regular expression as PHP writes it: /expression/
// and flags.
func compileSlashed(s string) (*regexp.Regexp, error) {
	end := strings.LastIndexByte(s, '/')
	if len(s) < 3 || s[0] != '/' || end < 2 {
		return nil, errNotRegex
	}
	flags := ""
	for _, f := range s[end+1:] {
		if strings.ContainsRune("ims", f) && !strings.ContainsRune(flags, f) {
			flags += string(f)
		}
	}
	expr := s[1:end]
	if flags != "" {
		expr = "(?" + flags + ")" + expr
	}
	return regexp.Compile(expr)
}

// Check returns the name of the list that stops o, and which entry of it, as
// it is looked up (lower case, addresses as networks). A hostname stops the
// hosts under it and the URLs on it; a string stops a URL of that host alone,
// without a path.
func (w *Warninglists) Check(o Observable) (list, entry string, stopped bool) {
	best := hit{list: int32(len(w.lists))}
	value := strings.ToLower(o.Value)
	w.find(&best, w.strings, o.Kind, value)
	switch o.Kind {
	case IPv4, IPv6, CIDR:
		w.checkNetworks(&best, o)
	case Domain, Email, URL:
		h := hostOf(value)
		if o.Kind == URL && strings.HasSuffix(value, "/") && strings.Count(value, "/") == strings.Count(value, "://")*2+1 {
			w.find(&best, w.strings, o.Kind, h)
		}
		for h != "" {
			w.find(&best, w.hosts, o.Kind, h)
			_, h, _ = strings.Cut(h, ".")
		}
	}
	for _, n := range w.partLengths {
		for i := 0; i+n <= len(value); i++ {
			w.find(&best, w.parts, o.Kind, value[i:i+n])
		}
	}
	for _, p := range w.regexes {
		if w.lists[p.list].kinds[o.Kind] && p.list < best.list && p.re.MatchString(o.Value) {
			best = hit{p.list, p.text}
		}
	}
	if int(best.list) == len(w.lists) {
		return "", "", false
	}
	return w.lists[best.list].Name, best.entry, true
}

type hit struct {
	list  int32
	entry string
}

// find makes best the entry for key, when one is of a list given earlier that
// is matched on k.
func (w *Warninglists) find(best *hit, table map[string]int32, k Kind, key string) {
	if i, ok := table[key]; ok {
		if l := w.first(i, k); l < best.list {
			*best = hit{l, key}
		}
	}
}

// first returns the first list from entry i on that is matched on k, the number
// of lists if there is none.
func (w *Warninglists) first(i int32, k Kind) int32 {
	for ; i >= 0; i = w.entries[i].next {
		if w.lists[w.entries[i].list].kinds[k] {
			return w.entries[i].list
		}
	}
	return int32(len(w.lists))
}

// checkNetworks looks for the networks that all of o is in.
func (w *Warninglists) checkNetworks(best *hit, o Observable) {
	p, err := netip.ParsePrefix(o.Value)
	if err != nil {
		a, err := netip.ParseAddr(o.Value)
		if err != nil {
			return
		}
		p = netip.PrefixFrom(a, a.BitLen())
	}
	p = wide(p)
	for n := p.Bits(); n >= 0; n-- {
		if !w.bits[n] {
			continue
		}
		net := netip.PrefixFrom(p.Addr(), n).Masked()
		if i, ok := w.networks[net]; ok {
			if l := w.first(i, o.Kind); l < best.list {
				*best = hit{l, narrow(net).String()}
			}
		}
	}
}

// narrow undoes wide.
func narrow(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p
}
