package prose

import "strings"

// maxClaims is how many claims of one sentence are told.
const maxClaims = 20

// claims finds what is claimed of one about another. It comes last, when the
// marks of the sentence are known.
func (r *reader) claims(s *sentence) {
	if s.heading && r.titleCase() {
		return
	}
	r.sortMarks()
	before := len(r.found)
	for i := range r.toks {
		if len(r.found)-before > maxClaims {
			return
		}
		c := r.toks[i].class
		switch {
		case c&accuse != 0:
			r.accusation(s, i)
		case c&accusing != 0:
			r.accusationNoun(s, i)
		case c&attribute != 0:
			r.attribution(s, i)
		case c&denial != 0:
			r.denial(s, i)
		case c&origin != 0 || c&comes != 0 && r.said(i+1, "from"):
			r.originates(s, i)
		}
		if c&tie != 0 {
			r.tied(s, i)
		}
	}
	r.users(s)
	r.together(s)
}

// claim begins a claim whose verb is tokens from to end.
func (r *reader) claim(s *sentence, relation string, from, end int) Statement {
	st := Statement{Kind: Claim, Value: relation, Span: Span{r.toks[from].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[from]}
	st.Roles = append(st.Roles, r.role("verb", from, end))
	for i := range r.toks {
		if r.toks[i].class&hedge != 0 && r.moods[i]&Hedged != 0 {
			st.Roles = append(st.Roles, r.role("hedge", i, i+1))
		}
	}
	return st
}

// keep adds a claim that spans its roles within the sentence.
func (r *reader) keep(st Statement) {
	for _, x := range st.Roles {
		if x.Start < st.Sentence.Start || x.End > st.Sentence.End || x.Name == "hedge" {
			continue
		}
		st.Start, st.End = min(st.Start, x.Start), max(st.End, x.End)
	}
	for _, x := range st.Roles {
		if x.Name == "hedge" && st.Start <= x.Start && x.End <= st.End {
			st.Mood |= Hedged
		}
	}
	r.found = append(r.found, st)
}

// isParty reports whether a mark can act: a state, an organisation, an actor.
func isParty(m *mark) bool {
	switch m.kind {
	case Country:
		return m.value != "of"
	case Organisation, Actor:
		return true
	}
	return false
}

// partyRole makes a role of a mark. A demonym or a state before a person is
// that person: "US officials".
func (r *reader) partyRole(name string, m *mark) Role {
	end := m.end
	for end < len(r.toks) && end < m.end+3 && blankGap(r.text, r.toks[end-1], r.toks[end]) && r.toks[end].class&(passive|speech|accuse|future) == 0 {
		if r.toks[end].class&person != 0 {
			return r.role(name, m.from, end+1)
		}
		end++
	}
	return r.markRole(name, m)
}

// markRole makes a role of what a mark names.
func (r *reader) markRole(name string, m *mark) Role {
	return Role{name, m.kind, m.name, Span{r.toks[m.from].Start, r.toks[m.end-1].End}}
}

// parties returns the parties that are the subject of the verb at token i:
// those that stand before it with nothing between that has a subject of its
// own, and those in a list with them.
func (r *reader) parties(name string, i int) []Role {
	k := len(r.marks) - 1
	for ; k >= 0; k-- {
		m := &r.marks[k]
		if m.end > i || !(isParty(m) || m.kind == Country && m.end < len(r.toks) && r.toks[m.end].class&person != 0) {
			continue
		}
		if i-m.end > 8 || r.broken(m.end, i) {
			return nil
		}
		break
	}
	if k < 0 {
		return nil
	}
	roles := []Role{r.partyRole(name, &r.marks[k])}
	for prev := k - 1; prev >= 0; prev-- {
		a, b := &r.marks[prev], &r.marks[prev+1]
		if !isParty(a) || !r.listed(a.end, b.from) {
			break
		}
		roles = append([]Role{r.partyRole(name, a)}, roles...)
	}
	return roles
}

// sortMarks puts the marks in order of their tokens. There are few.
func (r *reader) sortMarks() {
	for i := 1; i < len(r.marks); i++ {
		for j := i; j > 0 && r.marks[j].from < r.marks[j-1].from; j-- {
			r.marks[j], r.marks[j-1] = r.marks[j-1], r.marks[j]
		}
	}
}

// listed reports whether what stands between two parties makes a list of them.
func (r *reader) listed(end, from int) bool {
	if from-end > 2 || from < end {
		return false
	}
	for j := end; j < from; j++ {
		if !r.said(j, "and") && !r.said(j, "the") && !r.said(j, "or") {
			return false
		}
	}
	if end == 0 || from >= len(r.toks) {
		return false
	}
	gap := r.text[r.toks[end-1].End:r.toks[from].Start]
	return strings.HasPrefix(gap, ",") || strings.Contains(gap, " and ") || strings.Contains(gap, "\nand ")
}

// broken reports whether a clause begins within tokens from to end.
func (r *reader) broken(from, end int) bool {
	for j := from; j < end; j++ {
		if r.toks[j].class&clause != 0 || r.toks[j].class&speech != 0 || j > from && strings.ContainsAny(r.text[r.toks[j-1].End:r.toks[j].Start], ";:") {
			return true
		}
	}
	return false
}

// first returns the first party of the sentence before token i.
func (r *reader) first(name string, i int) []Role {
	for k := range r.marks {
		if m := &r.marks[k]; m.end <= i && isParty(m) {
			return []Role{r.partyRole(name, m)}
		}
	}
	return nil
}

// accusation reads "X accuses Y of D" and "Y was accused by X of D", with the
// verb at token i.
func (r *reader) accusation(s *sentence, i int) {
	st := r.claim(s, "accuses", i, i+1)
	if i > 0 && r.toks[i-1].class&passive != 0 && !r.said(i-1, "has") && !r.said(i-1, "have") && !r.said(i-1, "had") {
		r.accusedPassive(st, i)
		return
	}
	if i > 0 && r.toks[i-1].class&determiner != 0 {
		return // the charge, its sanctions
	}
	by := r.parties("by", i)
	word := strings.ToLower(r.text[r.toks[i].Start:r.toks[i].End])
	if i > 0 && strings.HasSuffix(word, "ing") && strings.HasSuffix(strings.TrimRight(r.text[r.toks[i-1].End:r.toks[i].Start], " \n"), ",") {
		by = r.first("by", i)
	}
	whom, end := r.accused(i+1, by)
	if whom.Name == "" || len(by) == 0 && whom.Value == "" {
		return
	}
	st.Roles = append(append(st.Roles, by...), whom)
	st.Roles = append(st.Roles, r.sponsors(whom)...)
	if deed := r.deed(end); deed.Name != "" {
		st.Roles = append(st.Roles, deed)
		st.Roles = append(st.Roles, r.incidentsIn(deed.Span)...)
	}
	r.keep(st)
}

// accused reads the object of an accusation from token i on: a party, what
// belongs to one, or a pronoun, which is the last party before that does not
// accuse. It returns the token behind it.
func (r *reader) accused(i int, by []Role) (Role, int) {
	for _, w := range [...]string{"on", "in", "at", "by", "to", "that", "with", "for", "from"} {
		if r.said(i, w) {
			return Role{}, i
		}
	}
	end := i
	for end < len(r.toks) && end < i+14 {
		if within := r.covered(end, Organisation) || r.covered(end, Incident); within {
			end++
			continue
		}
		if r.said(end, "of") && end > i || r.said(end, "for") || r.said(end, "over") || r.said(end, "with") && end > i {
			if !r.said(end, "with") || r.toks[end-1].class&tie == 0 {
				break
			}
		}
		if end > i && strings.ContainsAny(r.text[r.toks[end-1].End:r.toks[end].Start], ".,;:") && !strings.Contains(r.text[r.toks[end-1].End:r.toks[end].Start], "(") {
			break
		}
		if r.toks[end].class&(clause|speech) != 0 {
			break
		}
		end++
	}
	if end == i {
		return Role{}, i
	}
	if end == i+1 && r.toks[i].class&pronoun != 0 {
		if m := r.antecedent(i, by); m != nil {
			return Role{"whom", m.kind, m.name, r.toks[i].Span}, end
		}
		return Role{}, end
	}
	for k := range r.marks {
		if m := &r.marks[k]; m.from >= i && m.end <= end && (m.kind == Country || isParty(m)) {
			if m.from == i && m.end == end || m.from == i+1 && m.end == end && r.toks[i].class&determiner != 0 {
				return r.markRole("whom", m), end
			}
			return r.role("whom", i, end), end
		}
	}
	return Role{}, end
}

// antecedent returns the last party before token i that does not accuse.
func (r *reader) antecedent(i int, by []Role) *mark {
	for k := len(r.marks) - 1; k >= 0; k-- {
		m := &r.marks[k]
		if m.end > i || !isParty(m) || m.value == "capital" {
			continue
		}
		same := false
		for _, b := range by {
			same = same || b.Value == m.name || b.Start <= r.toks[m.from].Start && r.toks[m.end-1].End <= b.End
		}
		if !same {
			return m
		}
	}
	return nil
}

// deed reads what somebody is accused of, behind the preposition at token i.
func (r *reader) deed(i int) Role {
	if r.said(i, "of") || r.said(i, "for") || r.said(i, "over") || r.said(i, "with") {
		return r.rest(i + 1)
	}
	return Role{}
}

// rest returns what stands from token i on in the same clause, 40 words at
// most, as a deed.
func (r *reader) rest(i int) Role {
	end := i
	for end < len(r.toks) && end < i+40 && !(end > i && strings.ContainsAny(r.text[r.toks[end-1].End:r.toks[end].Start], ";:")) {
		if r.toks[end].class&contrast != 0 {
			break
		}
		end++
	}
	if end == i {
		return Role{}
	}
	return r.role("deed", i, end)
}

// incidentsIn returns the incidents that are named within a span.
func (r *reader) incidentsIn(s Span) []Role {
	var roles []Role
	for k := range r.marks {
		m := &r.marks[k]
		if span := (Span{r.toks[m.from].Start, r.toks[m.end-1].End}); m.kind == Incident && s.Start <= span.Start && span.End <= s.End {
			roles = append(roles, r.markRole("incident", m))
		}
	}
	return roles
}

// sponsors returns the bodies and states that the words of a role tie the
// actor in it to.
func (r *reader) sponsors(whom Role) []Role {
	tied := false
	var roles []Role
	for i := range r.toks {
		if t := &r.toks[i]; t.Start >= whom.Start && t.End <= whom.End && (t.class&tie != 0 || r.said(i, "behalf")) {
			tied = true
		}
	}
	if !tied {
		return nil
	}
	for k := range r.marks {
		m := &r.marks[k]
		if span := (Span{r.toks[m.from].Start, r.toks[m.end-1].End}); m.kind == Organisation && span.Start >= whom.Start && span.End <= whom.End {
			roles = append(roles, r.markRole("sponsor", m))
		}
	}
	if len(roles) > 0 {
		return roles
	}
	for k := range r.marks {
		m := &r.marks[k]
		if span := (Span{r.toks[m.from].Start, r.toks[m.end-1].End}); m.kind == Country && span.Start >= whom.Start && span.End <= whom.End {
			roles = append(roles, r.markRole("sponsor", m))
		}
	}
	return roles
}

// accusedPassive reads "Y was accused by X of D".
func (r *reader) accusedPassive(st Statement, i int) {
	whom := r.parties("whom", i)
	if len(whom) == 0 {
		return
	}
	st.Roles = append(st.Roles, whom...)
	j := i + 1
	if r.said(j, "by") {
		for k := range r.marks {
			if m := &r.marks[k]; m.from > j && m.from <= j+2 && isParty(m) {
				st.Roles = append(st.Roles, r.partyRole("by", m))
				j = m.end
			}
		}
	}
	if deed := r.deed(j); deed.Name != "" {
		st.Roles = append(st.Roles, deed)
		st.Roles = append(st.Roles, r.incidentsIn(deed.Span)...)
	}
	r.keep(st)
}

// accusationNoun reads "condemnation of China over …", "accusations against
// Russia", by the first party of the sentence.
func (r *reader) accusationNoun(s *sentence, i int) {
	if !r.said(i+1, "of") && !r.said(i+1, "against") {
		return
	}
	for k := range r.marks {
		m := &r.marks[k]
		if m.from < i+2 || m.from > i+3 || !isParty(m) {
			continue
		}
		st := r.claim(s, "accuses", i, i+1)
		st.Roles = append(st.Roles, r.first("by", i)...)
		st.Roles = append(st.Roles, r.partyRole("whom", m))
		if deed := r.deed(m.end); deed.Name != "" {
			st.Roles = append(st.Roles, deed)
			st.Roles = append(st.Roles, r.incidentsIn(deed.Span)...)
		}
		r.keep(st)
		return
	}
}
