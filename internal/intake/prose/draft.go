package prose

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// Drafts returns what a document says as STIX objects for a person to review:
// a report, what it names, what it claims of one about another, and notes of
// its numbers. The same document gives the same bytes.
//
// Identifiers are derived from the text and from what is said, so that two
// documents never share a draft that they say different things in. What is
// one thing wherever it is named - observables, techniques, groups and
// software of ATT&CK, CVEs, countries - has one identifier and the same bytes
// in all documents: its evidence stands in the report. ATT&CK's own objects
// appear under MITRE's identifiers, as of the time that MITRE made them, so
// that what MITRE says later of them holds.
//
// Times are those of the document; without a date it is 1970, so that nothing
// seems newer than it is.
func Drafts(d *Document, statements []Statement) ([]*stix.Object, error) {
	sum := sha256.Sum256([]byte(d.Source + "\x00" + d.Text))
	b := &builder{
		doc: d, hash: hex.EncodeToString(sum[:16]),
		time:     stix.Timestamp{Time: time.Unix(0, 0).UTC()},
		made:     map[stix.ID]bool{},
		evidence: map[stix.ID][]Evidence{},
		observed: map[observable.Observable]rendered{},
	}
	if !d.Published.IsZero() {
		b.time = stix.Timestamp{Time: d.Published.UTC()}
	}
	b.report = b.id("report", "")
	for i := range statements {
		b.statement(&statements[i])
	}
	b.claims(statements)
	b.notes(statements)
	return b.finish()
}

// Limits of one report.
const (
	maxEvidence = 10    // places of one object that are told
	maxObjects  = 20000 // objects that are drafted
)

// A builder makes the drafts of one document.
type builder struct {
	doc      *Document
	hash     string
	time     stix.Timestamp
	report   stix.ID
	drafts   []draft
	made     map[stix.ID]bool
	evidence map[stix.ID][]Evidence
	refs     []Evidence // of shared objects, for the report
	observed map[observable.Observable]rendered
	err      error
}

// A draft is an object to be made. make is called with its evidence when all
// of it is known.
type draft struct {
	id   stix.ID
	make func([]Evidence) (*stix.Object, error)
}

// id returns the identifier of what this document alone says.
func (b *builder) id(typ, name string) stix.ID {
	return stix.NamedID(typ, "tocsin prose\n"+b.hash+"\n"+name)
}

// shared returns the identifier of what is the same in all documents.
func shared(typ, name string) stix.ID { return stix.NamedID(typ, "tocsin\n"+name) }

// common returns the common properties of a draft.
func (b *builder) common(id stix.ID) stix.Common {
	c := Confidence
	return stix.Common{Type: id.Type(), ID: id, Created: b.time, Modified: b.time, Confidence: &c}
}

// timeless returns those of an object that is the same in all documents.
func timeless(id stix.ID) stix.Common {
	t := stix.Timestamp{Time: time.Unix(0, 0).UTC()}
	return stix.Common{Type: id.Type(), ID: id, Created: t, Modified: t}
}

// add adds a draft unless it is there, and evidence for it.
func (b *builder) add(id stix.ID, s *Statement, make func([]Evidence) (*stix.Object, error)) stix.ID {
	if !b.made[id] {
		if len(b.drafts) >= maxObjects {
			return id
		}
		b.made[id] = true
		b.drafts = append(b.drafts, draft{id, make})
	}
	if s != nil && len(b.evidence[id]) < maxEvidence {
		b.evidence[id] = append(b.evidence[id], b.doc.evidence(s))
	}
	return id
}

// addShared adds an object that is the same in all documents, unless it is
// there, and evidence for it.
func (b *builder) addShared(id stix.ID, s *Statement, make func() (*stix.Object, error)) stix.ID {
	if !b.made[id] {
		if len(b.drafts) >= maxObjects {
			return id
		}
		b.made[id] = true
		b.drafts = append(b.drafts, draft{id, func([]Evidence) (*stix.Object, error) { return make() }})
	}
	if s != nil && len(b.evidence[id]) < maxEvidence {
		e := b.doc.evidence(s)
		b.evidence[id] = append(b.evidence[id], e)
		e.Ref = id
		b.refs = append(b.refs, e)
	}
	return id
}

// statement drafts the thing that a statement names.
func (b *builder) statement(s *Statement) {
	switch s.Kind {
	case Observable:
		b.observable(s)
	case Vulnerability:
		b.vulnerability(s)
	case Technique, Actor, Software:
		b.named(s)
	case Country:
		b.country(s)
	case Organisation, Sector:
		b.identity(s)
	case Incident:
		b.campaign(s)
	}
}

// finish makes all objects, the report first.
func (b *builder) finish() ([]*stix.Object, error) {
	if b.err != nil {
		return nil, fmt.Errorf("draft what %s says: %w", b.doc.name(), b.err)
	}
	if len(b.drafts) == 0 {
		return nil, nil
	}
	objects := make([]*stix.Object, 1, len(b.drafts)+1)
	var ids []stix.ID
	for _, d := range b.drafts {
		o, err := d.make(b.evidence[d.id])
		if err == nil {
			o, err = b.mark(o)
		}
		if err != nil {
			return nil, fmt.Errorf("draft what %s says: %w", b.doc.name(), err)
		}
		objects = append(objects, o)
		ids = append(ids, o.ID)
	}
	type report struct {
		stix.Report
		Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
	}
	r := &report{Evidence: b.refs}
	r.Common = b.common(b.report)
	r.Name, r.Published, r.ObjectRefs = b.doc.name(), b.time, ids
	r.ReportTypes = []string{"threat-report"}
	if b.doc.Published.IsZero() {
		r.Description = "When it was published is not known; 1970 stands for that."
	}
	r.ExternalReferences = []stix.ExternalReference{b.source()}
	o, err := stix.Make(r)
	if err == nil {
		o, err = b.mark(o)
	}
	if err != nil {
		return nil, fmt.Errorf("draft a report of %s: %w", b.doc.name(), err)
	}
	objects[0] = o
	return objects, nil
}

// source refers to the document.
func (b *builder) source() stix.ExternalReference {
	sum := sha256.Sum256([]byte(b.doc.Text))
	ref := stix.ExternalReference{SourceName: strings.ToValidUTF8(b.doc.Source, "�")}
	if strings.HasPrefix(b.doc.Source, "https://") || strings.HasPrefix(b.doc.Source, "http://") {
		ref.SourceName, ref.URL = "report", ref.SourceName
	}
	if ref.SourceName == "" {
		ref.SourceName = "report"
	}
	ref.Description = "SHA-256 of the text: " + hex.EncodeToString(sum[:])
	return ref
}

// name returns what the document is called: its title or the first line.
func (d *Document) name() string {
	name := strings.Join(strings.Fields(d.Title), " ")
	for line := range strings.Lines(d.Text) {
		if name != "" {
			break
		}
		if name = strings.Join(strings.Fields(line), " "); isMarker(name) {
			name = ""
		}
	}
	if len(name) > 300 {
		name = clip(name[:300]) + "…"
		name = strings.ToValidUTF8(name, "")
	}
	if name == "" {
		return "report"
	}
	return strings.ToValidUTF8(name, "�")
}

// notes drafts what has no object of its own in STIX: numbers, money, dates,
// crimes. Each note says what, and where.
func (b *builder) notes(statements []Statement) {
	for i := range statements {
		s := &statements[i]
		switch s.Kind {
		case Count, Money, Percentage, Crime:
		default:
			continue
		}
		key := string(s.Kind) + "\n" + s.Value + "\n" + s.Role("of") + "\n" + s.Role("for") + "\n" + s.Mood.String()
		about := b.about(statements, s)
		b.note(s, key, s.headline(b.doc.Text), about)
		if s.Kind == Count && s.Mood&(Negated|Denied|Asked) == 0 {
			b.targets(statements, s, about)
		}
	}
}

// targets drafts whom a campaign targets when its victims are counted: those
// of a country, and sectors that are named right behind ("including").
func (b *builder) targets(statements []Statement, s *Statement, about []stix.ID) {
	for _, campaign := range about {
		if campaign.Type() != "campaign" {
			continue
		}
		if code := s.Role("country"); countryName(code) != "" {
			b.relate(s, "targets", campaign, shared("location", code), s.headline(b.doc.Text))
		}
		for i := range statements {
			o := &statements[i]
			if o.Kind != Sector || o.Sentence != s.Sentence || o.Start < s.End || o.Start-s.End > 40 {
				continue
			}
			if strings.Contains(b.doc.Text[s.End:o.Start], "including") {
				b.relate(s, "targets", campaign, b.entity(o), s.headline(b.doc.Text))
			}
		}
	}
}

// headline says in a few words what a number or crime is.
func (s *Statement) headline(text string) string {
	words := s.In(text)
	var parts []string
	switch s.Kind {
	case Crime:
		parts = append(parts, "crime: "+s.Value)
		if !strings.EqualFold(words, s.Value) {
			parts = append(parts, "as said: "+words)
		}
	default:
		parts = append(parts, string(s.Kind)+": "+words)
	}
	for _, r := range s.Roles {
		switch r.Name {
		case "about", "for":
			parts = append(parts, r.Name+": "+r.Value)
		}
	}
	if s.Mood != 0 {
		parts = append(parts, s.Mood.String())
	}
	return strings.Join(parts, "; ")
}

// note drafts a note on objects, on the report when there are none.
func (b *builder) note(s *Statement, key, content string, refs []stix.ID) stix.ID {
	if len(refs) == 0 {
		refs = []stix.ID{b.report}
	}
	id := b.id("note", key)
	return b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		type note struct {
			stix.Note
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}
		n := &note{Evidence: e}
		n.Common = b.common(id)
		n.Abstract, n.Content, n.ObjectRefs = content, e[0].Sentence, refs
		return stix.Make(n)
	})
}

// about returns the objects of the incidents and organisations that a number
// is about.
func (b *builder) about(statements []Statement, s *Statement) []stix.ID {
	var refs []stix.ID
	for _, r := range s.Roles {
		if r.Name != "about" {
			continue
		}
		for i := range statements {
			o := &statements[i]
			if (o.Kind == Incident || o.Kind == Organisation) && o.Value == r.Value {
				if id := b.entity(o); b.made[id] && !slices.Contains(refs, id) {
					refs = append(refs, id)
				}
				break
			}
		}
	}
	return refs
}
