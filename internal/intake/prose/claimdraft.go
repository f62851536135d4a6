package prose

import (
	"strings"

	"github.com/tocsin-project/tocsin/stix"
)

// claims drafts what the document claims of one about another: the parties,
// relationships where STIX has one for it, and a note that tells the claim
// with its verb and mood. What is denied, negated or asked makes a note alone.
func (b *builder) claims(statements []Statement) {
	for i := range statements {
		s := &statements[i]
		if s.Kind != Claim {
			continue
		}
		refs := b.partiesOf(statements, s)
		if s.Mood&(Negated|Denied|Asked) == 0 {
			b.relations(statements, s)
		}
		key := s.Value + "\n" + s.Role("by") + "\n" + s.Role("whom") + "\n" + s.Role("actor") + "\n" + s.Role("deed") + "\n" + s.Mood.String()
		b.note(s, "claim\n"+key, s.tell(), refs)
	}
}

// tell tells a claim in the words of the text.
func (s *Statement) tell() string {
	parts := []string{s.Value}
	if m := s.Mood.String(); m != "" {
		parts[0] += " (" + m + ")"
	}
	for _, r := range s.Roles {
		v := r.Value
		if r.Kind == Country && countryName(v) != "" {
			v = countryName(v)
		}
		parts = append(parts, r.Name+": "+v)
	}
	return strings.Join(parts, "; ")
}

// partiesOf drafts who has a part in a claim and returns them.
func (b *builder) partiesOf(statements []Statement, s *Statement) []stix.ID {
	var refs []stix.ID
	seen := map[stix.ID]bool{}
	for _, r := range s.Roles {
		var ids []stix.ID
		switch r.Name {
		case "by", "whom", "member", "sponsor", "incident", "actor", "state", "organisation":
			ids = b.party(statements, s, r)
		}
		for _, id := range ids {
			if id != "" && b.made[id] && !seen[id] {
				seen[id] = true
				refs = append(refs, id)
			}
		}
	}
	return refs
}

// party drafts the object of a role: a state or organisation as an identity,
// what ATT&CK knows as that, an incident as a campaign, and one who acts and
// is described in words as a threat actor.
func (b *builder) party(statements []Statement, s *Statement, r Role) []stix.ID {
	at := *s // with the evidence of the claim
	at.Span, at.Roles = r.Span, nil
	switch r.Kind {
	case Country:
		if r.Name == "state" {
			at.Kind, at.Value, at.Candidates = Country, r.Value, []Candidate{{r.Value, countryName(r.Value)}}
			if countryName(r.Value) == "" {
				return nil
			}
			b.country(&at)
			return []stix.ID{shared("location", r.Value)}
		}
		if countryName(r.Value) == "" {
			return nil // an ambiguous name
		}
		at.Kind, at.Value, at.Candidates = Country, r.Value, []Candidate{{r.Value, countryName(r.Value)}}
		return []stix.ID{b.identity(&at)}
	case Organisation:
		at.Kind, at.Value = Organisation, r.Value
		return []stix.ID{b.identity(&at)}
	case Incident:
		at.Kind, at.Value = Incident, r.Value
		return []stix.ID{b.campaign(&at)}
	case Actor:
		for i := range statements {
			if o := &statements[i]; o.Kind == Actor && o.Span == r.Span {
				return b.named(o)
			}
		}
		return nil
	}
	switch r.Name {
	case "actor":
		return []stix.ID{b.threatActor(&at, r.Value)}
	case "whom":
		if strings.HasSuffix(r.Value, " campaign") || strings.HasSuffix(r.Value, " operation") {
			at.Kind, at.Value = Incident, strings.TrimPrefix(strings.TrimPrefix(r.Value, "a "), "an ")
			return []stix.ID{b.campaign(&at)}
		}
		if s.Role("sponsor") != "" || s.Value == "attributed-to" {
			return []stix.ID{b.threatActor(&at, r.Value)}
		}
	case "by":
		at.Kind, at.Value = Organisation, r.Value
		return []stix.ID{b.identity(&at)}
	}
	return nil
}

// threatActor drafts one who acts and has no name, in the words of the text.
func (b *builder) threatActor(s *Statement, words string) stix.ID {
	for _, article := range [...]string{"the ", "an ", "a ", "The ", "An ", "A "} {
		words = strings.TrimPrefix(words, article)
	}
	id := b.id("threat-actor", strings.ToLower(words))
	return b.add(id, s, func(e []Evidence) (*stix.Object, error) {
		return stix.Make(&struct {
			stix.ThreatActor
			Evidence []Evidence `json:"x_tocsin_evidence,omitempty"`
		}{stix.ThreatActor{Common: b.common(id), Name: words, ThreatActorTypes: []string{"unknown"}}, e})
	})
}

// relations drafts the relationships that STIX has for a claim (the tables of
// sections 4.2 and 4.17).
func (b *builder) relations(statements []Statement, s *Statement) {
	var actors, sponsors, campaigns, places []stix.ID
	for _, r := range s.Roles {
		ids := b.party(statements, s, r)
		for _, id := range ids {
			switch {
			case id.Type() == "threat-actor" || id.Type() == "intrusion-set":
				actors = append(actors, id)
			case r.Name == "sponsor":
				sponsors = append(sponsors, id)
			case id.Type() == "campaign":
				campaigns = append(campaigns, id)
			case r.Name == "state" && s.Value == "originates-from":
				places = append(places, id)
			}
		}
	}
	how := s.tell()
	for _, a := range actors {
		for _, to := range sponsors {
			if a.Type() == "threat-actor" {
				b.relate(s, "attributed-to", a, to, how)
			} else {
				b.relate(s, "related-to", a, to, how)
			}
		}
		for _, c := range campaigns {
			b.relate(s, "attributed-to", c, a, how)
		}
	}
	if len(actors) == 0 && s.Value == "attributed-to" {
		for _, c := range campaigns[:max(0, len(campaigns)-1)] {
			b.relate(s, "related-to", campaigns[len(campaigns)-1], c, how)
		}
	}
	for _, c := range campaigns {
		for _, p := range places {
			b.relate(s, "originates-from", c, p, how)
		}
	}
}
