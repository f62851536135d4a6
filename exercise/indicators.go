package exercise

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
)

// An IndicatorForm says how WriteIndicators writes.
type IndicatorForm int

// The forms of a set of indicators.
const (
	Bundle IndicatorForm = iota // a STIX bundle
	List                        // one value a line
)

// WriteIndicators writes n made-up indicators of mixed kinds: 40 % domains,
// 25 % IPv4 addresses, 15 % URLs, 10 % SHA-256, 5 % MD5, 2 % mail addresses,
// 2 % file names, 1 % networks. One in fifty indicates one of forty malware
// families. The same seed gives the same indicators in every form.
//
// All lie where nobody is: domains in .example and .invalid (RFC 2606),
// addresses in 240.0.0.0/4, which is reserved (RFC 1112).
func WriteIndicators(w io.Writer, n int, seed uint64, form IndicatorForm) error {
	out := bufio.NewWriterSize(w, 1<<20)
	r := &rng{state: seed}
	families := make([]string, 40)
	if form == Bundle {
		fmt.Fprintf(out, `{"type":"bundle","id":"bundle--%s","objects":[`, r.guidString())
	} else {
		r.guidString()
	}
	for i := range families {
		families[i] = "malware--" + r.guidString()
		if form == Bundle {
			fmt.Fprintf(out, `{"type":"malware","spec_version":"2.1","id":"%s","created":"2021-02-01T00:00:00.000Z","modified":"2021-02-01T00:00:00.000Z","name":"Family %d","is_family":true},`+"\n", families[i], i+1)
		}
	}
	var b []byte
	for i := range n {
		ind := r.indicator()
		b = b[:0]
		if form == List {
			b = append(append(b, ind.value...), '\n')
		} else {
			b = ind.append(b, families)
			if i+1 < n {
				b = append(b, ',', '\n')
			}
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	if form == Bundle {
		out.WriteString("]}\n")
	}
	return out.Flush()
}

type madeIndicator struct {
	id, value, path, phrase string
	day                     int // of 2021, on which it was told of
	confidence              int
	family                  int // -1: none is indicated
	relationship            string
}

// phrases name an indicator, with its value behind them.
var phrases = []string{"", "Command and control ", "Payload seen at ", "Phishing: "}

func (r *rng) indicator() madeIndicator {
	m := madeIndicator{id: r.guidString(), day: r.n(360), confidence: r.between(10, 95), phrase: pick(r, phrases), family: -1}
	switch kind := r.n(100); {
	case kind < 40:
		m.path, m.value = "domain-name:value", r.badDomain()
	case kind < 65:
		m.path, m.value = "ipv4-addr:value", r.reservedAddress()
	case kind < 80:
		m.path = "url:value"
		m.value = pick(r, []string{"http://", "https://"}) + r.badDomain() + "/" + r.syllables(2) + "/" + string(r.hex(nil, 8, hexLower)) + pick(r, []string{"", ".php", ".aspx?id=" + strconv.Itoa(r.n(10000)), "/gate"})
	case kind < 90:
		m.path, m.value = "file:hashes.'SHA-256'", string(r.hex(nil, 64, hexLower))
	case kind < 95:
		m.path, m.value = "file:hashes.MD5", string(r.hex(nil, 32, hexLower))
	case kind < 97:
		m.path, m.value = "email-addr:value", r.syllables(2)+"."+r.syllables(3)+"@"+r.badDomain()
	case kind < 99:
		m.path, m.value = "file:name", r.syllables(3)+strconv.Itoa(r.n(1000))+pick(r, []string{".exe", ".dll", ".ps1", ".docm"})
	default:
		m.path, m.value = "ipv4-addr:value", fmt.Sprintf("%d.%d.%d.0/24", 240+r.n(15), r.n(256), r.n(256))
	}
	if r.chance(2) {
		m.family, m.relationship = r.n(40), r.guidString()
	}
	return m
}

func (r *rng) reservedAddress() string {
	return fmt.Sprintf("%d.%d.%d.%d", 240+r.n(15), r.n(256), r.n(256), 1+r.n(254))
}

func (r *rng) badDomain() string {
	d := r.syllables(r.between(3, 5))
	if r.chance(40) {
		d += strconv.Itoa(r.n(100))
	}
	if r.chance(50) {
		d = r.syllables(2) + "." + d
	}
	return d + pick(r, []string{".example", ".invalid"})
}

// syllables returns a word of n syllables that sounds like none.
func (r *rng) syllables(n int) string {
	var b [32]byte
	w := b[:0]
	for range n {
		w = append(w, "bcdfgklmnprstvz"[r.n(15)], "aeiou"[r.n(5)])
		if r.chance(30) {
			w = append(w, "nrslx"[r.n(5)])
		}
	}
	return string(w)
}

// append writes m as STIX, and the relationship behind it where there is one.
func (m *madeIndicator) append(b []byte, families []string) []byte {
	b = fmt.Appendf(b, `{"type":"indicator","spec_version":"2.1","id":"indicator--%s","created":"2021-%02d-%02dT08:00:00.000Z","modified":"2021-%02d-%02dT08:00:00.000Z",`+
		`"name":"%s%s","indicator_types":["malicious-activity"],"pattern":"[%s = '%s']","pattern_type":"stix","valid_from":"2021-%02d-%02dT08:00:00Z","confidence":%d,`+
		`"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}`,
		m.id, m.day/30+1, m.day%28+1, m.day/30+1, m.day%28+1, m.phrase, m.value, m.path, m.value, m.day/30+1, m.day%28+1, m.confidence)
	if m.family >= 0 {
		b = fmt.Appendf(b, ",\n"+`{"type":"relationship","spec_version":"2.1","id":"relationship--%s","created":"2021-02-01T00:00:00.000Z","modified":"2021-02-01T00:00:00.000Z",`+
			`"relationship_type":"indicates","source_ref":"indicator--%s","target_ref":"%s"}`, m.relationship, m.id, families[m.family])
	}
	return b
}
