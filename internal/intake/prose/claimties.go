package prose

import "strings"

// attribution reads "X attributed W to Y" and "W was attributed to Y", with
// the verb at token i.
func (r *reader) attribution(s *sentence, i int) {
	to := -1
	for j := i + 1; j < len(r.toks) && j < i+20; j++ {
		if r.said(j, "to") || r.said(j, "on") && r.said(i, "pinned") {
			to = j
			break
		}
		if r.toks[j].class&clause != 0 {
			return
		}
	}
	if to < 0 || to+1 >= len(r.toks) {
		return
	}
	st := r.claim(s, "attributed-to", i, i+1)
	whom := r.nounPhrase("whom", to+1)
	states := r.statesIn(whom.Span)
	if whom.Name == "" || len(states) == 0 && !r.acts(whom.Span) && st.Mood&Negated == 0 {
		return // the ProgramData folder
	}
	st.Roles = append(append(st.Roles, whom), states...)
	if r.isPassive(i) {
		if m, ok := r.subject(i); ok && m.kind == Incident {
			st.Roles = append(st.Roles, r.markRole("incident", &m))
		}
		for j := i + 1; j < to; j++ {
			if r.said(j, "by") {
				for k := range r.marks {
					if m := &r.marks[k]; m.from > j && m.end <= to && isParty(m) {
						st.Roles = append(st.Roles, r.partyRole("by", m))
					}
				}
			}
		}
	} else {
		st.Roles = append(st.Roles, r.parties("by", i)...)
		if to > i+1 {
			what := r.role("what", i+1, to)
			st.Roles = append(st.Roles, what)
			st.Roles = append(st.Roles, r.incidentsIn(what.Span)...)
		}
	}
	r.keep(st)
}

// acts reports whether a word within a span is of one who acts: a group, hackers.
func (r *reader) acts(s Span) bool {
	for i := range r.toks {
		if t := &r.toks[i]; t.Start >= s.Start && t.End <= s.End && t.class&(person|nameCue) != 0 {
			return true
		}
	}
	return false
}

// isPassive reports whether the verb at token i is in the passive: a form of
// be before it, adverbs between.
func (r *reader) isPassive(i int) bool {
	for j := i - 1; j >= 0 && j >= i-4; j-- {
		for _, w := range [...]string{"is", "are", "was", "were", "been", "being", "be"} {
			if r.said(j, w) {
				return true
			}
		}
		if strings.ContainsAny(r.text[r.toks[j].End:r.toks[j+1].Start], ",;") {
			return false
		}
	}
	return false
}

// nounPhrase reads what a noun phrase may be from token i on: up to a comma, a
// clause or a verb of speech, 14 words at most.
func (r *reader) nounPhrase(name string, i int) Role {
	end := i
	for end < len(r.toks) && end < i+14 {
		if end > i && strings.ContainsAny(r.text[r.toks[end-1].End:r.toks[end].Start], ".,;:)") {
			gap := r.text[r.toks[end-1].End:r.toks[end].Start]
			if gap != "." && gap != ") " { // U.S., PRC (China)
				break
			}
		}
		if r.toks[end].class&(clause|speech) != 0 || end > i && (r.toks[end].class&passive != 0 ||
			r.said(end, "by") || r.said(end, "that") || r.said(end, "based") || r.said(end, "on") || r.said(end, "at")) {
			break
		}
		end++
	}
	if end == i {
		return Role{}
	}
	role := r.role(name, i, end)
	if strings.HasPrefix(r.text[role.End:], ")") && strings.Contains(role.Value, "(") {
		role.End++
		role.Value += ")"
	}
	return role
}

// statesIn returns the states and actors that are named within a span.
func (r *reader) statesIn(s Span) []Role {
	var roles []Role
	for k := range r.marks {
		m := &r.marks[k]
		span := Span{r.toks[m.from].Start, r.toks[m.end-1].End}
		if span.Start < s.Start || span.End > s.End {
			continue
		}
		switch m.kind {
		case Country:
			roles = append(roles, r.markRole("state", m))
		case Actor:
			roles = append(roles, r.markRole("actor", m))
		case Organisation:
			roles = append(roles, r.markRole("organisation", m))
		}
	}
	return roles
}

// denial reads "X denies D", with the verb at token i.
func (r *reader) denial(s *sentence, i int) {
	if r.said(i, "denial") || i > 0 && r.toks[i-1].class&determiner != 0 || r.isPassive(i) {
		return
	}
	by := r.parties("by", i)
	if len(by) == 0 {
		return
	}
	st := r.claim(s, "denies", i, i+1)
	st.Roles = append(st.Roles, by...)
	if what := r.rest(i + 1); what.Name != "" {
		st.Roles = append(st.Roles, what)
		st.Roles = append(st.Roles, r.incidentsIn(what.Span)...)
	}
	st.Mood &^= Denied // it is plain that it is denied
	r.keep(st)
}

// originates reads "W originates in C", with the verb at token i.
func (r *reader) originates(s *sentence, i int) {
	if !r.said(i+1, "in") && !r.said(i+1, "from") {
		return
	}
	for k := range r.marks {
		m := &r.marks[k]
		if m.kind != Country || m.value == "of" || m.from < i+2 || m.from > i+6 {
			continue
		}
		from := i
		for from > 0 && i-from < 10 && r.toks[from-1].class&(clause|speech) == 0 && !r.said(from-1, "that") &&
			!strings.ContainsAny(r.text[r.toks[from-1].End:r.toks[from].Start], ",;:\"“") {
			from--
		}
		if from == i {
			return
		}
		st := r.claim(s, "originates-from", i, i+2)
		st.Roles = append(st.Roles, r.role("what", from, i), r.partyRole("state", m))
		st.Roles = append(st.Roles, r.incidentsIn(st.Roles[len(st.Roles)-2].Span)...)
		st.Roles = append(st.Roles, r.speaker(from)...)
		r.keep(st)
		return
	}
}

// speaker returns who says what begins at token i: "US officials say that".
func (r *reader) speaker(i int) []Role {
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		if r.toks[j].class&speech != 0 {
			return r.parties("by", j)
		}
	}
	return nil
}

// tied reads what ties one who acts to one who has it done: "cyber actors
// affiliated to the Ministry", "Chinese state-sponsored actors",
// "government-affiliated operators", with the tie at token i.
func (r *reader) tied(s *sentence, i int) {
	if r.said(i+1, "to") || r.said(i+1, "with") || r.said(i+1, "by") {
		r.tiedTo(s, i)
		return
	}
	// COUNTRY … state-sponsored NOUN
	if i == 0 || r.text[r.toks[i-1].End:r.toks[i].Start] != "-" {
		return
	}
	head := i + 1
	for head < len(r.toks) && head < i+5 && r.toks[head].class&(person|nameCue|pronoun) == 0 && blankGap(r.text, r.toks[head-1], r.toks[head]) {
		head++
	}
	if head >= len(r.toks) || r.toks[head].class&(person|nameCue) == 0 {
		return
	}
	st := r.claim(s, "sponsored-by", i-1, i+1)
	from := i - 1
	for k := len(r.marks) - 1; k >= 0; k-- {
		m := &r.marks[k]
		if m.end > i || m.end < i-3 || m.kind != Country && m.kind != Organisation ||
			strings.Contains(r.text[r.toks[m.end-1].End:r.toks[i].Start], ",") {
			continue
		}
		switch st.Role("sponsor") {
		case m.name:
		case "":
			st.Roles = append(st.Roles, r.markRole("sponsor", m))
		default:
			st.Roles = append(st.Roles, r.markRole("state", m))
		}
		from = min(from, m.from)
	}
	if len(st.Roles) > 0 && st.Role("sponsor") != "" {
		st.Roles = append(st.Roles, r.role("actor", from, head+1))
		r.keep(st)
	}
}

// tiedTo reads "ACTOR affiliated to SPONSOR".
func (r *reader) tiedTo(s *sentence, i int) {
	var sponsor *mark
	for k := range r.marks {
		m := &r.marks[k]
		if m.from >= i+2 && m.from <= i+6 && (m.kind == Organisation && m.value != "company" || m.kind == Country) &&
			(sponsor == nil || m.kind == Organisation && sponsor.kind == Country) && !r.broken(i+2, m.from) {
			sponsor = m
		}
	}
	if sponsor == nil {
		return
	}
	from := i
	for from > 0 && i-from < 6 && r.toks[from-1].class&(clause|speech|accuse|attribute|targeting|connector) == 0 &&
		blankGap(r.text, r.toks[from-1], r.toks[from]) && !(r.toks[from-1].class&passive != 0 && from < i) {
		from--
	}
	for from < i && r.toks[from].class&passive != 0 {
		from++
	}
	actor := false
	for j := from; j < i; j++ {
		actor = actor || r.toks[j].class&(person|nameCue|pronoun) != 0 || r.covered(j, Actor)
	}
	if !actor {
		return
	}
	st := r.claim(s, "sponsored-by", i, i+2)
	st.Roles = append(st.Roles, r.role("actor", from, sponsor.end), r.markRole("sponsor", sponsor))
	r.keep(st)
}

// uses are the verbs by which a body has others act for it.
var uses = setOf(`uses used using employs employed hires hired directs directed pays paid contracts contracted recruits
	recruited runs ran funds funded`)

// users reads "the Ministry uses … hackers": who acts for a body.
func (r *reader) users(s *sentence) {
	for k := range r.marks {
		m := &r.marks[k]
		if m.kind != Organisation || m.value != "body" || m.end >= len(r.toks) || !uses[strings.ToLower(r.text[r.toks[m.end].Start:r.toks[m.end].End])] {
			continue
		}
		head := m.end + 1
		for head < len(r.toks) && head < m.end+6 && r.toks[head].class&(person|nameCue) == 0 && blankGap(r.text, r.toks[head-1], r.toks[head]) {
			head++
		}
		if head >= len(r.toks) || r.toks[head].class&(person|nameCue) == 0 {
			continue
		}
		st := r.claim(s, "sponsored-by", m.end, m.end+1)
		st.Roles = append(st.Roles, r.markRole("sponsor", m), r.role("actor", m.end+1, head+1))
		if c := r.countryOf(m); c.Name != "" {
			st.Roles = append(st.Roles, c)
		}
		r.keep(st)
	}
}

// countryOf returns the country that a body is said to be of.
func (r *reader) countryOf(m *mark) Role {
	if c := r.markBefore(m.from); c != nil && c.kind == Country {
		return r.markRole("state", c)
	}
	return Role{}
}

// minMembers is how many states and alliances make a list of those who act
// together.
const minMembers = 3

// together reads "the United States, Japan and NATO condemned …": three or
// more states or alliances that are the subject of one sentence.
func (r *reader) together(s *sentence) {
	for k := 0; k < len(r.marks); k++ {
		end := k
		for end+1 < len(r.marks) && isState(&r.marks[end]) && isState(&r.marks[end+1]) && r.listed(r.marks[end].end, r.marks[end+1].from) {
			end++
		}
		if end-k+1 < minMembers {
			continue
		}
		const acting = accuse | ally | speech | attribute
		verb := r.marks[end].end
		for verb < len(r.toks) && verb < r.marks[end].end+4 && r.toks[verb].class&acting == 0 && blankGap(r.text, r.toks[verb-1], r.toks[verb]) {
			verb++
		}
		if verb < len(r.toks) && r.toks[verb].class&acting != 0 && blankGap(r.text, r.toks[verb-1], r.toks[verb]) {
			st := r.claim(s, "together", verb, verb+1)
			for ; k <= end; k++ {
				st.Roles = append(st.Roles, r.partyRole("member", &r.marks[k]))
			}
			if what := r.nounPhrase("deed", verb); what.Name != "" {
				st.Roles = append(st.Roles, what)
			}
			r.keep(st)
		}
		k = end
	}
}

// isState reports whether a mark is a state or an alliance of states.
func isState(m *mark) bool {
	return m.kind == Country && m.value == "state" || m.kind == Organisation && m.value == "alliance"
}
