package prose

import (
	"slices"
	"strings"
	"unicode"
)

// strongHeads make a government body of a name by themselves; other heads do
// only with a country or a word such as National before.
var strongHeads = setOf(`ministry department agency bureau directorate commission council corps army navy police treasury
	secretariat committee`)

var bodyWords = setOf(`national federal foreign secret state general main central royal joint`)

// bodies finds government bodies: names that have a ministry, an agency or the
// like in them, and the abbreviations that the text gives them.
func (r *reader) bodies(s *sentence) {
	for i := 0; i < len(r.toks); {
		t := &r.toks[i]
		if !t.capital || t.class&determiner != 0 || r.covered(i, Technique) {
			i++
			continue
		}
		if t.upper && r.acronym(s, i) {
			i++
			continue
		}
		end, head := r.properEnd(i)
		if head < 0 || end-i < 2 {
			i++
			continue
		}
		r.body(s, i, end, head)
		i = end
	}
}

// properEnd returns where the name that begins at token i ends, and where its
// last head of a body is, -1 when it has none. Of two bodies with "and"
// between, it is the first.
func (r *reader) properEnd(i int) (end, head int) {
	head, end = -1, i
	for j := i; j < len(r.toks) && j < i+12; j++ {
		t := &r.toks[j]
		if j > i && (!blankGap(r.text, r.toks[j-1], *t) && strings.Trim(r.text[r.toks[j-1].End:t.Start], " \n") != "&" || t.class&tie != 0) {
			break
		}
		switch {
		case t.capital && !t.digit:
			if t.class&bodyHead != 0 && (head < 0 || !r.isStrong(head)) {
				head = j
			}
			end = j + 1
		case t.class&connector != 0 && j > i:
			if r.said(j, "and") && head >= 0 {
				if after, other := r.properEnd(j + 1); other >= 0 && after > j+1 {
					return end, head
				}
			}
		default:
			return end, head
		}
	}
	return end, head
}

// isStrong reports whether the token at i makes a body by itself.
func (r *reader) isStrong(i int) bool {
	return strongHeads[string(fold([]byte(strings.ToLower(r.text[r.toks[i].Start:r.toks[i].End]))))]
}

// body makes a statement of the body with the name in tokens i to end.
func (r *reader) body(s *sentence, i, end, head int) {
	from := i
	country := ""
	if m := r.markBefore(i); m != nil && m.kind == Country {
		country = m.name
	}
	for _, m := range r.marks {
		if m.kind == Country && m.from == i && m.end < end {
			country, from = m.name, m.end
			if r.said(from, "s") {
				from++
			}
		}
	}
	if from >= end || end-from < 2 && country == "" {
		return
	}
	first := strings.ToLower(r.text[r.toks[from].Start:r.toks[from].End])
	if !r.isStrong(head) && country == "" && !bodyWords[first] {
		return
	}
	if head == from && !r.said(head+1, "of") && !r.said(head+1, "for") {
		return // Ministry alone
	}
	if s.heading && end == len(r.toks) && from == 0 && country == "" && !strings.Contains(r.text[s.Start:s.End], "of") && len(r.toks) > 6 {
		return
	}
	st := Statement{Kind: Organisation, Span: Span{r.toks[from].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[from]}
	st.Value = st.In(r.text)
	st.Roles = append(st.Roles, Role{Name: "as", Value: "government body", Span: st.Span})
	if country != "" {
		st.Roles = append(st.Roles, Role{"country", Country, country, st.Span})
	}
	r.found = append(r.found, st)
	r.mark(mark{from: from, end: end, kind: Organisation, value: "body", name: st.Value})
	// "Ministry of State Security (MSS)"
	if end < len(r.toks) && r.toks[end].upper && r.text[r.toks[end-1].End:r.toks[end].Start] == " (" &&
		strings.HasPrefix(r.text[r.toks[end].End:], ")") && len(r.acronyms) < 1000 {
		if r.acronyms == nil {
			r.acronyms = map[string]Statement{}
		}
		r.acronyms[r.text[r.toks[end].Start:r.toks[end].End]] = st
	}
}

// acronym makes a statement of an abbreviation that the text gave a body.
func (r *reader) acronym(s *sentence, i int) bool {
	was, ok := r.acronyms[r.text[r.toks[i].Start:r.toks[i].End]]
	if !ok || r.covered(i, Organisation) {
		return ok
	}
	st := Statement{Kind: Organisation, Value: was.Value, Roles: was.Roles, Span: r.toks[i].Span, Sentence: s.Span, Mood: r.moods[i]}
	r.found = append(r.found, st)
	r.mark(mark{from: i, end: i + 1, kind: Organisation, value: "body", name: was.Value})
	return true
}

// markBefore returns the mark that ends right before token i, an s of a
// genitive between.
func (r *reader) markBefore(i int) *mark {
	if r.said(i-1, "s") {
		i--
	}
	for k := range r.marks {
		if r.marks[k].end == i {
			return &r.marks[k]
		}
	}
	return nil
}

// companies finds companies that are said to be one: "the software firm
// Kaseya".
func (r *reader) companies(s *sentence) {
	for i := 1; i < len(r.toks); i++ {
		if r.toks[i-1].class&companyCue == 0 || r.toks[i-1].capital || !r.toks[i].capital || !blankGap(r.text, r.toks[i-1], r.toks[i]) {
			continue
		}
		end := i
		for end < len(r.toks) && end < i+4 && r.toks[end].capital && !r.toks[end].digit && (end == i || blankGap(r.text, r.toks[end-1], r.toks[end])) {
			end++
		}
		if r.overlaps(i, end) || r.toks[i].class&(month|weekday|determiner) != 0 {
			continue
		}
		st := Statement{Kind: Organisation, Span: Span{r.toks[i].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[i]}
		st.Value = st.In(r.text)
		st.Roles = []Role{{Name: "as", Value: "company", Span: st.Span}}
		r.found = append(r.found, st)
		r.mark(mark{from: i, end: end, kind: Organisation, value: "company", name: st.Value})
	}
}

// overlaps reports whether a mark has any of the tokens from to end.
func (r *reader) overlaps(from, end int) bool {
	return slices.ContainsFunc(r.marks, func(m mark) bool { return m.from < end && m.end > from })
}

// incidentWords may stand between the name of an incident and its head.
var incidentWords = setOf(`cyber supply chain data ransomware security malware espionage hacking hack email server wiper
	destructive spy cyberespionage mass`)

// afterHead are the words that make another thing of an attack.
var afterHead = setOf(`surface vector vectors chain chains group groups path paths tool tools technique techniques pattern
	patterns framework simulation flow kit infrastructure lifecycle stage stages method methods types type scenario
	scenarios phase phases attempts attempt operators response responder responders report reports management handling
	prevention detection analyst team teams defense defence model models simulations`)

// platforms are names that an attack is on, not of.
var platforms = setOf(`windows linux android macos ios unix kerberos ntlm ssh rdp smb http https dns tcp ddos dos sql xss
	apt bec mfa it ot ics ai vpn iot web api usb tls ssl pc cyber internet office microsoft google amazon aws azure linkedin facebook
	excel word powershell python github january february march april may june july august september october november december`)

// incidents finds incidents and campaigns that have a name: "the Microsoft
// Exchange Server hack", "Operation Aurora".
func (r *reader) incidents(s *sentence) {
	if s.heading && r.titleCase() {
		return
	}
	for i := range r.toks {
		t := &r.toks[i]
		if t.class&happening != 0 && i > 0 && (i+1 == len(r.toks) || !afterHead[strings.ToLower(r.text[r.toks[i+1].Start:r.toks[i+1].End])]) {
			if from := r.incidentStart(i); from >= 0 {
				r.incident(s, from, i+1, i)
			}
			continue
		}
		if t.capital && r.said(i, "operation") {
			end := i + 1
			for end < len(r.toks) && end < i+4 && r.toks[end].capital && blankGap(r.text, r.toks[end-1], r.toks[end]) {
				end++
			}
			if end > i+1 && !r.overlaps(i, end) {
				r.incident(s, i, end, -1)
			}
		}
	}
}

// titleCase reports whether most words begin with a capital, as in titles.
func (r *reader) titleCase() bool {
	n := 0
	for i := range r.toks {
		if r.toks[i].capital {
			n++
		}
	}
	return n*10 > len(r.toks)*6
}

// incidentStart returns the first token of the name of the incident with the
// head at token i, -1 when it has none.
func (r *reader) incidentStart(i int) int {
	j := i
	for j > 0 && i-j < 3 && blankGap(r.text, r.toks[j-1], r.toks[j]) && !r.toks[j-1].capital &&
		incidentWords[strings.ToLower(r.text[r.toks[j-1].Start:r.toks[j-1].End])] {
		j--
	}
	name := j
	for j > 0 && i-j < 8 && blankGap(r.text, r.toks[j-1], r.toks[j]) && r.toks[j-1].capital && !r.toks[j-1].digit {
		j--
	}
	// What only begins a sentence, or says whose or when, is no name.
	for j < name && (r.toks[j].class&(determiner|month|weekday|pronoun|deictic|quantifier|hedge|common) != 0 || r.covered(j, Country) || r.said(j, "s")) {
		j++
	}
	if j == name || r.covered(j, Technique) || r.covered(j, Crime) {
		return -1
	}
	known := slices.ContainsFunc(r.marks, func(m mark) bool {
		return m.from == j && m.end == name && (m.kind == Organisation || m.kind == Software || m.kind == Actor)
	})
	if !known && r.toks[i].capital {
		return -1 // the words of a title
	}
	if name == j+1 {
		word := r.text[r.toks[j].Start:r.toks[j].End]
		if !known && len(word) <= 5 && strings.ContainsFunc(word[1:], unicode.IsUpper) {
			return -1 // the name of a kind of attack: ROP, MITM, SQLi
		}
		if !known && (platforms[strings.ToLower(word)] && !r.alias(word) || r.toks[j].class != 0 || j == 0 && !strings.ContainsFunc(word[1:], unicode.IsUpper)) {
			return -1
		}
	}
	return j
}

// alias reports whether a word is of the name of an incident before.
func (r *reader) alias(word string) bool {
	return slices.ContainsFunc(r.named, func(name string) bool {
		return slices.Contains(strings.Fields(name), word)
	})
}

// incident makes a statement of the incident with the name in tokens from to
// end and its head at head, -1 for none. A shorter name for one before is
// taken for that.
func (r *reader) incident(s *sentence, from, end, head int) {
	st := Statement{Kind: Incident, Span: Span{r.toks[from].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[from]}
	st.Value = st.In(r.text)
	if head >= 0 {
		if earlier := r.sameIncident(from, head); earlier != "" {
			st.Value = earlier
		}
	}
	if !slices.Contains(r.named, st.Value) && len(r.named) < 1000 {
		r.named = append(r.named, st.Value)
	}
	r.found = append(r.found, st)
	r.mark(mark{from: from, end: end, kind: Incident, name: st.Value})
}

// sameIncident returns the one incident before that has all words of the name
// in tokens from to head, or only such words; "" for none or several.
func (r *reader) sameIncident(from, head int) string {
	var words []string
	for j := from; j < head; j++ {
		if r.toks[j].capital {
			words = append(words, r.text[r.toks[j].Start:r.toks[j].End])
		}
	}
	found := ""
	for _, name := range r.named {
		has := strings.Fields(name)
		if strings.HasPrefix(name, "Operation ") || !slices.ContainsFunc(words, func(w string) bool { return slices.Contains(has, w) }) {
			continue
		}
		within := !slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(has, w) })
		around := !slices.ContainsFunc(has[:len(has)-1], func(w string) bool { return unicode.IsUpper(rune(w[0])) && !slices.Contains(words, w) })
		if within || around {
			if found != "" {
				return ""
			}
			found = name
		}
	}
	return found
}

// lastIncident returns the incident with that head that was named last.
func (r *reader) lastIncident(head string) string {
	for i := len(r.named) - 1; i >= 0; i-- {
		if strings.HasSuffix(strings.ToLower(r.named[i]), strings.ToLower(head)) {
			return r.named[i]
		}
	}
	return ""
}
