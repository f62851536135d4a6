package misp

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/stix"
)

// A Galaxy is a list of actors, tools, techniques or other things that are
// known by name: of an event, or a cluster file.
type Galaxy struct {
	UUID        string    `json:"uuid,omitempty"`
	Name        string    `json:"name"`
	Type        string    `json:"type"`
	Description string    `json:"description,omitempty"`
	Version     string    `json:"version,omitempty"`
	Clusters    []Cluster `json:"GalaxyCluster"`
}

// A Cluster is one of them.
type Cluster struct {
	UUID         string         `json:"uuid,omitempty"`
	Type         string         `json:"type"`
	Value        string         `json:"value"`
	TagName      string         `json:"tag_name,omitempty"`
	Description  string         `json:"description,omitempty"`
	Version      string         `json:"version,omitempty"`
	Distribution string         `json:"distribution,omitempty"`
	Meta         jsontext.Value `json:"meta,omitempty"`
	Related      jsontext.Value `json:"related,omitempty"`
}

// A related leads from a cluster to another one.
type related struct {
	DestUUID string `json:"dest-uuid"`
	Type     string `json:"type"`
}

var errNoGalaxy = errors.New("no MISP galaxy: a cluster file has type and values (MISP galaxy format)")

// ParseGalaxy reads a cluster file of a galaxy.
func ParseGalaxy(raw []byte) (*Galaxy, error) {
	if depth(raw) > stix.MaxDepth {
		return nil, errDepth
	}
	var file struct {
		Galaxy
		Values []Cluster `json:"values"`
	}
	if err := json.Unmarshal(raw, &file, lenient); err != nil {
		return nil, plain(err)
	}
	g := file.Galaxy
	g.Clusters = append(g.Clusters, file.Values...)
	if g.Type == "" || g.Clusters == nil {
		return nil, errNoGalaxy
	}
	return &g, nil
}

// STIX returns the clusters as STIX 2.1: actors, malware, tools, techniques and
// so on, each with the UUID of its cluster, then the relationships between
// them. Where a cluster is related to one of another galaxy, that must be among
// beside for a relationship to be written; x_misp_related has all of them.
func (g *Galaxy) STIX(beside ...*Galaxy) ([]*stix.Object, []Problem) {
	b := &builder{event: &Event{UUID: g.UUID}, claimed: map[stix.ID]bool{}}
	b.modified = unix(version(g.Version))
	known := map[string]stix.ID{}
	for _, other := range beside {
		for i := range other.Clusters {
			c := &other.Clusters[i]
			known[c.UUID] = stix.ID(typeOf(other.Type) + "--" + strings.ToLower(c.UUID))
		}
	}
	ids := make([]stix.ID, len(g.Clusters))
	for i := range g.Clusters {
		ids[i] = b.cluster(&g.Clusters[i], g.Type, b.modified, place{"values", i, nil})
		if uuid := g.Clusters[i].UUID; ids[i] != "" && uuid != "" {
			known[uuid] = ids[i]
		}
	}
	for i := range g.Clusters {
		b.family(ids[i], &g.Clusters[i], known)
	}
	return b.objects, b.problems
}

// version returns the number of a version; MISP counts them or takes the time.
func version(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// families writes the relationships between clusters of one event.
func (b *builder) families() {
	known := make(map[string]stix.ID, len(b.kin))
	for _, k := range b.kin {
		known[k.cluster.UUID] = k.id
	}
	delete(known, "")
	at := len(b.objects)
	for _, k := range b.kin {
		b.family(k.id, k.cluster, known)
	}
	for _, o := range b.objects[at:] {
		b.refs = append(b.refs, o.ID)
	}
}

// A kin is a cluster of an event and what stands for it.
type kin struct {
	id      stix.ID
	cluster *Cluster
}

// family writes the relationships of a cluster to those that are known.
func (b *builder) family(id stix.ID, c *Cluster, known map[string]stix.ID) {
	var list []related
	if id == "" || len(c.Related) == 0 || json.Unmarshal(c.Related, &list, lenient) != nil {
		return
	}
	for _, r := range list {
		to := known[r.DestUUID]
		if to == "" || to.Valid() != nil {
			continue
		}
		b.relateAlways(id, relation(r.Type), to)
	}
}

// relateAlways writes a relationship that holds whatever the event: it has one
// identifier and no time.
func (b *builder) relateAlways(from stix.ID, how string, to stix.ID) {
	id := stix.NamedID("relationship", strings.Join([]string{"misp galaxy", string(from), how, string(to)}, "\n"))
	if from == to || b.claimed[id] {
		return
	}
	b.claimed[id] = true
	r := stix.Relationship{RelationshipType: how, SourceRef: from, TargetRef: to}
	r.ID, r.Created = id, unix(0)
	o, err := stix.Make(&r)
	b.add(o, err, place{"related", 0, nil})
}

// relation returns how two things are related in letters that STIX allows
// (section 5.1).
func relation(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, s)
	if s == "" {
		return "related-to"
	}
	return s
}

// galaxyTypes are the galaxies whose clusters STIX has a type for.
var galaxyTypes = map[string]string{
	"threat-actor": "threat-actor", "360net-threat-actor": "threat-actor",
	"intrusion-set": "intrusion-set", "microsoft-activity-group": "intrusion-set",
	"ransomware": "malware", "malpedia": "malware", "banker": "malware", "stealer": "malware", "backdoor": "malware",
	"android": "malware", "cryptominers": "malware", "malware": "malware", "botnet": "malware", "rat": "malware",
	"tool": "tool", "exploit-kit": "tool", "tds": "tool",
	"attack-pattern": "attack-pattern", "course-of-action": "course-of-action", "branded-vulnerability": "vulnerability",
	"sector": "identity",
}

// typeOf returns the type of STIX for the clusters of a galaxy.
func typeOf(galaxy string) string {
	if t := galaxyTypes[galaxy]; t != "" {
		return t
	}
	if rest, ok := strings.CutPrefix(galaxy, "mitre-"); ok { // mitre-ics-malware, mitre-mobile-tool …
		for _, t := range []string{"attack-pattern", "course-of-action", "intrusion-set", "malware", "tool"} {
			if strings.HasSuffix(rest, t) {
				return t
			}
		}
	}
	return "x-misp-galaxy-cluster"
}

// ofCluster are the fields of a cluster that STIX has no property for.
type ofCluster struct {
	Galaxy  string         `json:"x_misp_galaxy_type,omitempty"`
	Tag     string         `json:"x_misp_tag,omitempty"`
	Meta    jsontext.Value `json:"x_misp_meta,omitempty"`
	Related jsontext.Value `json:"x_misp_related,omitempty"`
	UUID    string         `json:"x_misp_uuid,omitempty"`
	Version string         `json:"x_misp_version,omitempty"`
}

// cluster writes a cluster. Galaxies have no times but versions: they stand
// for seconds since 1970, so that a later one is newer and what others say of
// the same thing, such as ATT&CK of its groups, is newer still. Nobody but its
// galaxy has made it, so that it is the same in all events.
func (b *builder) cluster(c *Cluster, galaxy string, modified stix.Timestamp, at place) stix.ID {
	if c.Value == "" {
		b.problem(at, "a cluster without a value: it has no name to be known by and was left out")
		return ""
	}
	tag := c.TagName
	if tag == "" {
		tag = fmt.Sprintf("misp-galaxy:%s=%q", galaxy, c.Value)
	}
	typ := typeOf(galaxy)
	common := stix.Common{Type: typ, Created: unix(0), Modified: modified}
	more := ofCluster{Galaxy: galaxy, Tag: tag, Meta: c.Meta, Related: c.Related, Version: c.Version}
	if c.UUID == "" { // known by its tag alone
		common.ID = stix.NamedID(typ, "misp\n"+tag)
		if b.claimed[common.ID] {
			return common.ID
		}
		b.claimed[common.ID] = true
	} else {
		common.ID, more.UUID = b.id(typ, c.UUID, "cluster")
	}
	common.ObjectMarkingRefs = b.markingOf(marking{}, nil, c.Distribution, "", nil, at).refs()
	m := metaOf(c.Meta)
	common.ExternalReferences = m.references()
	o, err := m.make(common, c, more)
	if !b.add(o, err, at) {
		return ""
	}
	b.home(common.ID, m["country"])
	return common.ID
}

// A meta is what a cluster says of itself beside its description.
type meta map[string][]string

// metaOf reads the values that are text or lists of text.
func metaOf(raw jsontext.Value) meta {
	var values map[string]jsontext.Value
	if len(raw) == 0 || json.Unmarshal(raw, &values, lenient) != nil {
		return nil
	}
	m := meta{}
	for name, v := range values {
		var list []string
		if v.Kind() != '[' {
			v = slices.Concat([]byte("["), v, []byte("]"))
		}
		if json.Unmarshal(v, &list, lenient) == nil {
			m[name] = list
		}
	}
	return m
}

// references returns what a cluster refers to.
func (m meta) references() []stix.ExternalReference {
	var list []stix.ExternalReference
	for _, id := range m["external_id"] {
		if id != "" {
			source := "misp-galaxy"
			if techniqueID.MatchString(id) {
				source = "mitre-attack"
			}
			list = append(list, stix.ExternalReference{SourceName: source, ExternalID: id})
		}
	}
	for _, ref := range slices.Concat(m["refs"], m["official-refs"]) {
		switch {
		case ref == "":
		case uri.MatchString(ref):
			list = append(list, stix.ExternalReference{SourceName: "misp-galaxy", URL: ref})
		default:
			list = append(list, stix.ExternalReference{SourceName: "misp-galaxy", Description: ref})
		}
	}
	return list
}

// uri is what RFC 3986 takes for an address with a scheme; others are quoted as
// they stand.
var uri = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+$`)

// techniqueID is the form of identifiers of ATT&CK.
var techniqueID = regexp.MustCompile(`^(T|G|S|M|C|TA)\d{4}(\.\d{3})?$`)

// aliases returns the other names of a cluster, each once.
func (m meta) aliases() []string {
	var list []string
	for _, name := range m["synonyms"] {
		if name != "" && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// phases returns the steps of the kill chain, which a cluster writes as
// chain:step.
func (m meta) phases() []stix.KillChainPhase {
	var list []stix.KillChainPhase
	for _, s := range m["kill_chain"] {
		i := strings.LastIndexByte(s, ':')
		if i > 0 && i+1 < len(s) {
			chain, _, _ := strings.Cut(s[:i], ":")
			list = append(list, stix.KillChainPhase{KillChainName: chain, PhaseName: s[i+1:]})
		}
	}
	return list
}

// make writes a cluster as an object of its type.
func (m meta) make(c stix.Common, of *Cluster, more ofCluster) (*stix.Object, error) {
	switch c.Type {
	case "threat-actor":
		return stix.Make(&struct {
			stix.ThreatActor
			ofCluster
		}{stix.ThreatActor{Common: c, Name: of.Value, Description: of.Description, Aliases: m.aliases()}, more})
	case "intrusion-set":
		return stix.Make(&struct {
			stix.IntrusionSet
			ofCluster
		}{stix.IntrusionSet{Common: c, Name: of.Value, Description: of.Description, Aliases: m.aliases()}, more})
	case "malware":
		v := stix.Malware{Common: c, Name: of.Value, Description: of.Description, Aliases: m.aliases(), IsFamily: true, KillChainPhases: m.phases()}
		if more.Galaxy == "ransomware" {
			v.MalwareTypes = []string{"ransomware"}
		}
		return stix.Make(&struct {
			stix.Malware
			ofCluster
		}{v, more})
	case "tool":
		return stix.Make(&struct {
			stix.Tool
			ofCluster
		}{stix.Tool{Common: c, Name: of.Value, Description: of.Description, Aliases: m.aliases(), KillChainPhases: m.phases()}, more})
	case "attack-pattern":
		return stix.Make(&struct {
			stix.AttackPattern
			ofCluster
		}{stix.AttackPattern{Common: c, Name: of.Value, Description: of.Description, Aliases: m.aliases(), KillChainPhases: m.phases()}, more})
	case "course-of-action":
		return stix.Make(&struct {
			stix.CourseOfAction
			ofCluster
		}{stix.CourseOfAction{Common: c, Name: of.Value, Description: of.Description}, more})
	case "vulnerability":
		return stix.Make(&struct {
			stix.Vulnerability
			ofCluster
		}{stix.Vulnerability{Common: c, Name: of.Value, Description: of.Description}, more})
	case "identity":
		return stix.Make(&struct {
			stix.Identity
			ofCluster
		}{stix.Identity{Common: c, Name: of.Value, Description: of.Description, IdentityClass: "class"}, more})
	}
	return stix.Make(&struct {
		stix.Common
		ofCluster
		Name        string   `json:"name"`
		Description string   `json:"description,omitempty"`
		Aliases     []string `json:"aliases,omitempty"`
	}{c, more, of.Value, of.Description, m.aliases()})
}

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// home writes where an actor is said to be from.
func (b *builder) home(id stix.ID, codes []string) {
	how := map[string]string{"threat-actor": "located-at", "intrusion-set": "originates-from"}[id.Type()]
	if how == "" {
		return
	}
	for _, code := range codes {
		code = strings.ToUpper(code)
		if !country.MatchString(code) {
			continue // x_misp_meta has it
		}
		// The same identifier as a country has that a report in prose names. That
		// one is a moment newer, as it has the country's name.
		l := stix.Location{Name: code, Country: code}
		l.ID, l.Created = stix.NamedID("location", "tocsin\n"+code), unix(0)
		if !b.claimed[l.ID] {
			b.claimed[l.ID] = true
			o, err := stix.Make(&l)
			b.add(o, err, place{"country", 0, nil})
		}
		b.relateAlways(id, how, l.ID)
	}
}

// clusters writes the clusters of an event or of what an attribute became, and
// those that it names by tags alone.
func (b *builder) clusters(galaxies []Galaxy, of stix.ID, m marking, tags []Tag) {
	for i := range galaxies {
		g := &galaxies[i]
		for j := range g.Clusters {
			c := &g.Clusters[j]
			typ := g.Type
			if typ == "" {
				typ = c.Type
			}
			b.known(c, typ, of, m, place{"GalaxyCluster", j, &place{"Galaxy", i, nil}})
		}
	}
	for i, t := range tags {
		rest, ok := strings.CutPrefix(t.Name, "misp-galaxy:")
		typ, value, ok2 := strings.Cut(rest, "=")
		if ok && ok2 {
			b.known(&Cluster{Value: strings.Trim(value, `"`), TagName: t.Name}, typ, of, m, place{"Tag", i, nil})
		}
	}
}

// known writes a cluster when it is met first, and what it is to an attribute.
func (b *builder) known(c *Cluster, typ string, of stix.ID, m marking, at place) {
	tag := c.TagName
	if tag == "" {
		tag = fmt.Sprintf("misp-galaxy:%s=%q", typ, c.Value)
	}
	id := b.tagged[tag]
	if id == "" {
		modified := unix(0)
		if n := version(c.Version); n > 1e9 { // a time, as MISP gives those that were made on an instance
			modified = unix(n)
		}
		if id = b.cluster(c, typ, modified, at); id == "" {
			return
		}
		b.tagged[tag] = id
		b.refs = append(b.refs, id)
		b.kin = append(b.kin, kin{id, c})
	}
	if of == "" {
		return
	}
	how := "related-to"
	switch id.Type() {
	case "attack-pattern", "intrusion-set", "malware", "threat-actor", "tool":
		if of.Type() == "indicator" {
			how = "indicates"
		}
	}
	b.relate(of, how, id, 0, m)
}
