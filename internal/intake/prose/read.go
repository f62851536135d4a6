package prose

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/internal/observable"
)

// Limits of one text. A report has less; of a text that has more the beginning
// is read.
const (
	MaxText       = 32 << 20 // bytes
	MaxStatements = 200_000
)

// Read returns what a document says, in the order of its words. It reads the
// article alone, without the headlines of others behind it. Equal documents
// give equal statements.
func Read(d *Document, o Options) []Statement {
	r := &reader{text: d.Text, doc: d, opt: o, lex: lexiconWith(o.Names), sure: map[string]bool{}}
	if len(r.text) > MaxText {
		end := MaxText
		for end > 0 && !utf8.RuneStart(r.text[end]) {
			end--
		}
		r.text = r.text[:end]
	}
	ls := lines(r.text)
	r.text = r.text[:articleEnd(r.text, ls)]
	for len(ls) > 0 && ls[len(ls)-1].End > len(r.text) {
		ls = ls[:len(ls)-1]
	}
	r.cut(ls)
	r.signs()
	for i := range r.sentences {
		if len(r.found) >= MaxStatements {
			break
		}
		r.sentence(&r.sentences[i])
	}
	return r.finish()
}

// A sentence is a sentence and where it stands.
type sentence struct {
	Span
	heading    bool
	indicators bool // under a heading that says that indicators follow
	first      bool // of its paragraph
	signs      []Statement
}

type reader struct {
	text      string
	doc       *Document
	opt       Options
	lex       *lexicon
	sentences []sentence
	found     []Statement
	pending   []Statement     // wary names without a word beside them
	sure      map[string]bool // wary names that had one, by id

	toks  []token // of the sentence at hand
	moods []Mood  // by token
	marks []mark  // the terms in it, and what grammar found
	hits  []term

	acronyms map[string]Statement // of government bodies
	named    []string             // incidents, in order
}

// A mark is a term, or what grammar found, as tokens from to end.
type mark struct {
	from, end int
	kind      Kind
	value     string // the form of a country; the value of a statement
	name      string
}

// maxMarks is how many marks of one sentence grammar looks at.
const maxMarks = 100

func (r *reader) mark(m mark) {
	if len(r.marks) < maxMarks {
		r.marks = append(r.marks, m)
	}
}

// cut cuts the text into sentences.
func (r *reader) cut(ls []line) {
	indicators := false
	for _, p := range paragraphs(r.text, ls) {
		if p.heading {
			if s := strings.ToLower(r.text[p.Start:p.End]); headsIndicators(s) {
				indicators = true
			} else if !hasSign(s) && strings.IndexByte(s, ' ') > 0 {
				indicators = false
			}
		}
		first := true
		sentences(r.text, p.Span, func(s Span) {
			r.sentences = append(r.sentences, sentence{Span: s, heading: p.heading, indicators: indicators, first: first})
			first = false
		})
	}
}

// headsIndicators reports whether a heading says that indicators follow.
func headsIndicators(s string) bool {
	return strings.Contains(s, "indicators of compromise") || strings.Contains(s, "indicator of compromise") ||
		strings.HasPrefix(s, "indicators") || s == "iocs" || s == "ioc" || strings.HasPrefix(s, "iocs ") || strings.HasPrefix(s, "iocs:") ||
		strings.HasSuffix(s, " iocs") || strings.HasSuffix(s, " indicators") || strings.HasSuffix(s, "(iocs)")
}

// signs finds what is told by its writing, and puts it to its sentence.
func (r *reader) signs() {
	if len(r.sentences) == 0 {
		return
	}
	var all []Statement
	var x observable.Extractor
	for m := range x.Extract(r.text) {
		all = append(all, r.observable(m))
	}
	attackIDs(r.text, func(s Span, kind Kind, c Candidate) {
		all = append(all, Statement{Kind: kind, Value: c.ID, Candidates: []Candidate{c}, Span: s})
	})
	slices.SortStableFunc(all, func(a, b Statement) int { return cmp.Compare(a.Start, b.Start) })
	i := 0
	for _, s := range all {
		for i+1 < len(r.sentences) && r.sentences[i+1].Start <= s.Start {
			i++
		}
		at := &r.sentences[i]
		if s.Start < at.Start {
			continue // in the sign of a list item
		}
		s.Sentence = Span{at.Start, max(at.End, s.End)}
		if s.Kind == Observable {
			s.Indicator = s.Indicator || at.indicators && s.Stopped == ""
		}
		at.signs = append(at.signs, s)
	}
}

// observable makes a statement of an observable.
func (r *reader) observable(m observable.Match) Statement {
	s := Statement{Kind: Observable, Value: m.Value, Observable: m.Observable, Span: Span{m.Start, m.End}}
	switch m.Kind {
	case observable.CVE:
		s.Kind = Vulnerability
		return s
	case observable.MD5, observable.SHA1, observable.SHA256, observable.SHA512:
		s.Indicator = true
	default:
		s.Indicator = m.Defanged
	}
	if r.opt.Warninglists != nil {
		if list, _, stopped := r.opt.Warninglists.Check(m.Observable); stopped {
			s.Stopped, s.Indicator = list, false
		}
	}
	return s
}

// sentence reads one sentence.
func (r *reader) sentence(s *sentence) {
	r.toks = r.lex.tokens(r.toks[:0], r.text, s.Span)
	r.mood(s)
	for _, x := range s.signs {
		x.Mood = r.moodAt(x.Start)
		r.found = append(r.found, x)
	}
	r.terms(s)
	r.dates(s)
	r.bodies(s)
	r.companies(s)
	r.incidents(s)
	r.quantities(s)
	r.claims(s)
}

// terms finds the terms of a sentence.
func (r *reader) terms(s *sentence) {
	r.marks = r.marks[:0]
	sign := 0
	for i := 0; i < len(r.toks); {
		t := &r.toks[i]
		for sign < len(s.signs) && s.signs[sign].End <= t.Start {
			sign++
		}
		within := sign < len(s.signs) && s.signs[sign].Start <= t.Start && t.Start < s.signs[sign].End
		if within && s.signs[sign].Observable.Kind != observable.FileName {
			i++
			continue
		}
		if t.word == 0 {
			i++
			continue
		}
		var n int
		if r.hits, n = r.lex.match(r.hits[:0], r.text, r.toks, i); n == 0 {
			i++
			continue
		}
		// The name of a file is no other name, unless it is all of it or that of
		// a program: rundll32.exe, Diskcoder.C.
		if within && !isCommand(&s.signs[sign]) && r.toks[i+n-1].End != s.signs[sign].End {
			i++
			continue
		}
		r.term(s, i, i+n)
		i += n
	}
}

// isCommand reports whether a sign is the name of a program, which may be that
// of a tool or technique: rundll32.exe.
func isCommand(s *Statement) bool {
	return s.Observable.Kind == observable.FileName && strings.HasSuffix(s.Value, ".exe")
}

// term makes statements of the terms in r.hits, which the tokens from i to end
// are written as.
func (r *reader) term(s *sentence, i, end int) {
	var cands []Candidate
	kind, wariest := r.hits[0].kind, anyCase
	for _, h := range r.hits {
		if h.kind == Actor && kind == Software {
			kind = Actor // a group and its malware of one name
		}
		wariest = max(wariest, h.rule)
	}
	for _, h := range r.hits {
		if (h.kind == kind || kind == Actor && h.kind == Software) && !slices.Contains(cands, h.cand) && h.cand != (Candidate{}) {
			cands = append(cands, h.cand)
		}
	}
	st := Statement{Kind: kind, Candidates: cands, Span: Span{r.toks[i].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[i]}
	st.Value = st.In(r.text)
	switch kind {
	case Technique:
		if len(cands) == 1 {
			st.Value = cands[0].ID
		}
		if r.hits[0].value == "phrase" {
			st.Roles = append(st.Roles, Role{Name: "as", Value: "phrase", Span: st.Span})
		}
	case Country:
		if len(cands) == 1 {
			st.Value = cands[0].ID
		}
		st.Roles = append(st.Roles, Role{Name: "as", Value: r.hits[0].value, Span: st.Span})
	case Organisation:
		as := r.hits[0].value
		if as == "body" {
			as = "government body"
		}
		st.Value, st.Candidates = cands[0].Name, nil
		st.Roles = append(st.Roles, Role{Name: "as", Value: as, Span: st.Span})
		if c := cands[0].ID; c != "" {
			st.Roles = append(st.Roles, Role{"country", Country, c, st.Span})
		}
	case Sector, Crime:
		st.Value = r.hits[0].value
	}
	r.mark(mark{from: i, end: end, kind: kind, value: r.hits[0].value, name: st.Value})
	if wariest == wary {
		if !hasCue(r.text, r.toks, i, end) {
			if r.toks[i].capital {
				r.pending = append(r.pending, st)
			}
			return
		}
		for _, c := range cands {
			r.sure[c.ID] = true
		}
	}
	r.found = append(r.found, st)
}

// finish returns all statements in order. A wary name counts where another
// place of the document made sure that it is meant.
func (r *reader) finish() []Statement {
	for _, s := range r.pending {
		if slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return r.sure[c.ID] }) {
			r.found = append(r.found, s)
		}
	}
	slices.SortStableFunc(r.found, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End), cmp.Compare(a.Kind, b.Kind))
	})
	return r.found
}
