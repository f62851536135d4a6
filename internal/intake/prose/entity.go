package prose

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/attack"
	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// vulnerability drafts a CVE.
func (b *builder) vulnerability(s *Statement) {
	id := shared("vulnerability", s.Value)
	b.addShared(id, s, func() (*stix.Object, error) {
		v := &stix.Vulnerability{Common: timeless(id), Name: s.Value}
		v.ExternalReferences = []stix.ExternalReference{{SourceName: "cve", ExternalID: s.Value}}
		return stix.Make(v)
	})
}

// named drafts what a name may stand for, each candidate an object.
func (b *builder) named(s *Statement) []stix.ID {
	k := attack.Enterprise()
	var ids []stix.ID
	for _, c := range s.Candidates {
		var id stix.ID
		if t, ok := k.Technique(c.ID); ok {
			id = b.addShared(stix.ID(t.STIX), s, func() (*stix.Object, error) {
				p := &stix.AttackPattern{Common: mitre(t.Object, t.ID), Name: t.Name}
				for _, tactic := range t.Tactics {
					p.KillChainPhases = append(p.KillChainPhases, stix.KillChainPhase{KillChainName: "mitre-attack", PhaseName: tactic})
				}
				return stix.Make(p)
			})
		} else if g, ok := k.Group(c.ID); ok {
			id = b.addShared(stix.ID(g.STIX), s, func() (*stix.Object, error) {
				return stix.Make(&stix.IntrusionSet{Common: mitre(g.Object, g.ID), Name: g.Name, Aliases: g.Aliases})
			})
		} else if x, ok := k.Software(c.ID); ok {
			id = b.addShared(stix.ID(x.STIX), s, func() (*stix.Object, error) {
				if x.Tool {
					return stix.Make(&stix.Tool{Common: mitre(x.Object, x.ID), Name: x.Name, Aliases: x.Aliases})
				}
				return stix.Make(&stix.Malware{Common: mitre(x.Object, x.ID), Name: x.Name, Aliases: x.Aliases, IsFamily: true})
			})
		} else {
			id = b.other(s, c)
		}
		ids = append(ids, id)
	}
	return ids
}

// mitre returns the common properties of an object of ATT&CK as it was when
// MITRE made it.
func mitre(o attack.Object, id string) stix.Common {
	t, err := stix.ParseTimestamp(o.Created)
	if err != nil {
		t = stix.Timestamp{Time: time.Unix(0, 0).UTC()}
	}
	folder := map[byte]string{'T': "techniques", 'G': "groups", 'S': "software"}[id[0]]
	return stix.Common{
		Type: stix.ID(o.STIX).Type(), ID: stix.ID(o.STIX), CreatedByRef: attack.Creator, Created: t, Modified: t,
		ExternalReferences: []stix.ExternalReference{{
			SourceName: "mitre-attack", ExternalID: id,
			URL: "https://attack.mitre.org/" + folder + "/" + strings.ReplaceAll(id, ".", "/"),
		}},
	}
}

// other drafts an actor or software that ATT&CK does not have. One of the
// galaxy of threat actors has its UUID and is the same in all documents.
func (b *builder) other(s *Statement, c Candidate) stix.ID {
	typ := "intrusion-set"
	if s.Kind == Software {
		typ = "malware"
	}
	id := shared(typ, c.ID+"\n"+c.Name)
	return b.addShared(id, s, func() (*stix.Object, error) {
		common := timeless(id)
		if strings.Contains(actorsTable, "\n"+c.ID+"\t") {
			common.ExternalReferences = []stix.ExternalReference{{SourceName: "misp-galaxy:threat-actor", ExternalID: c.ID}}
		}
		if typ == "malware" {
			return stix.Make(&stix.Malware{Common: common, Name: c.Name, IsFamily: true})
		}
		return stix.Make(&stix.IntrusionSet{Common: common, Name: c.Name})
	})
}

// country drafts the places of a country's name. A question alone names none.
func (b *builder) country(s *Statement) {
	if s.Mood&Asked != 0 || s.Role("as") == "capital" {
		return
	}
	for _, c := range s.Candidates {
		id := shared("location", c.ID)
		b.addShared(id, s, func() (*stix.Object, error) {
			common := timeless(id) // a moment newer than that of package misp, which has no name
			common.Modified.Time = common.Modified.Add(time.Millisecond)
			return stix.Make(&stix.Location{Common: common, Name: c.Name, Country: c.ID})
		})
	}
}

// identity drafts an organisation or a sector.
func (b *builder) identity(s *Statement) stix.ID {
	id := b.entity(s)
	return b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		v := &struct {
			stix.Identity
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}{stix.Identity{Common: b.common(id), Name: s.Value, IdentityClass: "organization"}, e}
		if c := countryName(s.Role("country")); c != "" {
			v.Description = "Of " + c + "."
		}
		if s.Kind == Sector {
			v.IdentityClass, v.Sectors = "class", []string{s.Value}
		}
		if s.Kind == Country {
			v.Name, v.Sectors = s.Candidates[0].Name, []string{"government-national"}
		}
		return stix.Make(v)
	})
}

// campaign drafts a named incident.
func (b *builder) campaign(s *Statement) stix.ID {
	id := b.entity(s)
	return b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		return stix.Make(&struct {
			stix.Campaign
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}{stix.Campaign{Common: b.common(id), Name: s.Value}, e})
	})
}

// entity returns the identifier that campaign and identity give.
func (b *builder) entity(s *Statement) stix.ID {
	switch s.Kind {
	case Incident:
		return b.id("campaign", strings.ToLower(s.Value))
	default:
		return b.id("identity", strings.ToLower(s.Value))
	}
}

// A rendered is an observable as STIX has it.
type rendered struct {
	objects []*stix.Object // itself first
	pattern string
}

// observable drafts an observable, and an indicator of one that is written as
// a sign of an attack.
func (b *builder) observable(s *Statement) {
	seen, ok := b.observed[s.Observable]
	if !ok {
		var err error
		if seen.objects, seen.pattern, err = observed(s.Observable); err != nil {
			b.err = err
			return
		}
		b.observed[s.Observable] = seen
	}
	objects, pattern := seen.objects, seen.pattern
	for _, o := range objects {
		b.addShared(o.ID, s, func() (*stix.Object, error) { return o, nil })
	}
	if !s.Indicator || s.Mood&Negated != 0 || pattern == "" {
		return
	}
	id := b.id("indicator", pattern)
	b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		return stix.Make(&struct {
			stix.Indicator
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}{stix.Indicator{
			Common: b.common(id), Name: s.Value, IndicatorTypes: []string{"unknown"},
			Pattern: pattern, PatternType: "stix", PatternVersion: "2.1", ValidFrom: b.time,
		}, e})
	})
	if len(objects) > 0 {
		b.relate(s, "related-to", id, objects[0].ID, "")
	}
}

// relate drafts a relationship. Its description says how it is said.
func (b *builder) relate(s *Statement, typ string, from, to stix.ID, description string) {
	if !b.made[from] || !b.made[to] || from == to {
		return
	}
	mood := s.Mood.String()
	id := b.id("relationship", fmt.Sprintf("%s\n%s\n%s\n%s", typ, from, to, mood))
	b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		return stix.Make(&struct {
			stix.Relationship
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}{stix.Relationship{Common: b.common(id), RelationshipType: typ, SourceRef: from, TargetRef: to, Description: description}, e})
	})
}

// observed returns an observable as STIX, the object itself first, and the
// pattern that finds it. There are none of kinds that STIX does not have.
func observed(o observable.Observable) ([]*stix.Object, string, error) {
	quoted := "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(o.Value) + "'"
	one := func(x *stix.Object, err error) ([]*stix.Object, string, error) {
		if err != nil {
			return nil, "", err
		}
		return []*stix.Object{x}, "[" + x.Type + ":value = " + quoted + "]", nil
	}
	of := func(path string, x *stix.Object, err error) ([]*stix.Object, string, error) {
		list, _, err := one(x, err)
		return list, "[" + path + " = " + quoted + "]", err
	}
	switch o.Kind {
	case observable.Domain:
		return one(stix.Make(&stix.DomainName{Value: o.Value}))
	case observable.URL:
		if !strings.Contains(o.Value, "://") {
			return observedHost(o.Value)
		}
		return one(stix.Make(&stix.URL{Value: o.Value}))
	case observable.Email:
		return one(stix.Make(&stix.EmailAddr{Value: o.Value}))
	case observable.MAC:
		return one(stix.Make(&stix.MACAddr{Value: o.Value}))
	case observable.IPv4:
		return one(stix.Make(&stix.IPv4Addr{Value: o.Value}))
	case observable.IPv6:
		return one(stix.Make(&stix.IPv6Addr{Value: o.Value}))
	case observable.CIDR:
		if strings.Contains(o.Value, ":") {
			return one(stix.Make(&stix.IPv6Addr{Value: o.Value}))
		}
		return one(stix.Make(&stix.IPv4Addr{Value: o.Value}))
	case observable.MD5, observable.SHA1, observable.SHA256, observable.SHA512:
		name := map[observable.Kind]string{observable.MD5: "MD5", observable.SHA1: "SHA-1", observable.SHA256: "SHA-256", observable.SHA512: "SHA-512"}[o.Kind]
		x, err := stix.Make(&stix.File{Hashes: stix.Hashes{name: o.Value}})
		return of("file:hashes.'"+name+"'", x, err)
	case observable.FileName:
		x, err := stix.Make(&stix.File{Name: o.Value})
		return of("file:name", x, err)
	case observable.RegKey:
		x, err := stix.Make(&stix.WindowsRegistryKey{Key: o.Value})
		return of("windows-registry-key:key", x, err)
	case observable.Mutex:
		x, err := stix.Make(&stix.Mutex{Name: o.Value})
		return of("mutex:name", x, err)
	case observable.ASN:
		n, err := strconv.ParseInt(strings.TrimPrefix(o.Value, "AS"), 10, 64)
		if err != nil {
			return nil, "", nil
		}
		x, err := stix.Make(&stix.AutonomousSystem{Number: n})
		list, _, err := one(x, err)
		return list, "", err
	case observable.Path:
		return observedPath(o.Value)
	}
	return nil, "", nil
}

// observedHost returns the host of a URL without a scheme, which STIX does not
// take for one, and the pattern that finds it with either scheme.
func observedHost(url string) ([]*stix.Object, string, error) {
	host, _, _ := strings.Cut(url, "/")
	host, _, _ = strings.Cut(host, ":")
	o, err := observable.Guess(host)
	if err != nil || o.Kind != observable.Domain && o.Kind != observable.IPv4 {
		return nil, "", nil
	}
	objects, _, err := observed(o)
	quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(url)
	return objects, "[url:value IN ('http://" + quoted + "', 'https://" + quoted + "')]", err
}

// observedPath returns a file in its folder.
func observedPath(path string) ([]*stix.Object, string, error) {
	i := strings.LastIndexAny(path, `\/`)
	folder, name := path[:max(i, 0)], path[i+1:]
	if i == 0 {
		folder = path[:1]
	}
	if name == "" || folder == "" {
		x, err := stix.Make(&stix.Directory{Path: path})
		return []*stix.Object{x}, "", err
	}
	if strings.HasSuffix(folder, ":") {
		folder += `\`
	}
	dir, err := stix.Make(&stix.Directory{Path: folder})
	if err != nil {
		return nil, "", err
	}
	file, err := stix.Make(&stix.File{Name: name, ParentDirectoryRef: dir.ID})
	if err != nil {
		return nil, "", err
	}
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	return []*stix.Object{file, dir}, "[file:name = '" + quote.Replace(name) + "' AND file:parent_directory_ref.path = '" + quote.Replace(folder) + "']", nil
}
