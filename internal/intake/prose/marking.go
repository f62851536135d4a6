package prose

import (
	"slices"
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// markingIn returns the colour of the Traffic Light Protocol that a text
// states, such as TLP:AMBER; White of TLP 1 is clear. Where there are several,
// it is the most restrictive one of those at its head, else of all.
func markingIn(text string) stix.TLP {
	const head = 2048
	atHead, all := stix.TLPNone, stix.TLPNone
	for i := 0; ; {
		n := strings.Index(text[i:], "TLP")
		if n < 0 {
			break
		}
		i += n + len("TLP")
		if i > 3 && isWordByte[text[i-4]] {
			continue
		}
		t := colourAt(text[i:min(len(text), i+24)])
		all = max(all, t)
		if i < head {
			atHead = max(atHead, t)
		}
	}
	if atHead != stix.TLPNone {
		return atHead
	}
	return all
}

// colourAt reads ":AMBER+STRICT" or ": Amber" at the start of s.
func colourAt(s string) stix.TLP {
	s, ok := strings.CutPrefix(s, ":")
	if !ok {
		return stix.TLPNone
	}
	s = strings.ToUpper(strings.TrimLeft(s, " "))
	for _, c := range [...]struct {
		name string
		tlp  stix.TLP
	}{
		{"AMBER+STRICT", stix.TLPAmberStrict},
		{"AMBER", stix.TLPAmber},
		{"RED", stix.TLPRed},
		{"GREEN", stix.TLPGreen},
		{"CLEAR", stix.TLPClear},
		{"WHITE", stix.TLPClear},
	} {
		if strings.HasPrefix(s, c.name) && (len(s) == len(c.name) || !isWordByte[s[len(c.name)]]) {
			return c.tlp
		}
	}
	return stix.TLPNone
}

// mark marks a draft with the colour of its document, but for what is public
// knowledge: ATT&CK, the galaxy of MISP, CVEs, countries.
func (b *builder) mark(o *stix.Object) (*stix.Object, error) {
	if b.doc.Marking == stix.TLPNone || isPublic(o) {
		return o, nil
	}
	raw := strings.TrimRight(string(o.Raw()), "} \n")
	return stix.Parse([]byte(raw + `,"object_marking_refs":["` + string(b.doc.Marking.MarkingID()) + `"]}`))
}

func isPublic(o *stix.Object) bool {
	return o.Type == "location" || slices.ContainsFunc(o.ExternalReferences, func(x stix.ExternalReference) bool {
		return x.SourceName == "mitre-attack" || x.SourceName == "cve" || x.SourceName == "misp-galaxy:threat-actor"
	})
}
