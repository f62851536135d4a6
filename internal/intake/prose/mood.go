package prose

import (
	"sort"
	"strings"
)

// mood finds how each word of a sentence is said. A hedge, a negation, a
// denial or an announcement holds from its word to the end of the sentence or
// to a word such as "but": it is better that too much is doubted than too
// little. A quotation or a word of speech makes all of the sentence reported.
func (r *reader) mood(s *sentence) {
	r.moods = r.moods[:0]
	var now Mood
	all := r.spoken(s)
	for i := range r.toks {
		t := &r.toks[i]
		if r.opensClause(i) {
			now &^= Hedged | Negated | Denied | Announced | Reported
		}
		now |= r.moodOf(i)
		r.moods = append(r.moods, now|all)
		if t.class&(accuse|accusing|attribute) != 0 {
			now |= Reported // that of which somebody is accused
		}
		// "the hack, allegedly": the word before is doubted too
		if t.class&(hedge|negation) != 0 && i > 0 && now&(Hedged|Negated) != 0 {
			r.moods[i-1] |= now & (Hedged | Negated)
		}
	}
}

// moodOf returns the mood that the token at i begins.
func (r *reader) moodOf(i int) (m Mood) {
	t := &r.toks[i]
	var next class
	var word string
	if i+1 < len(r.toks) {
		next = r.toks[i+1].class
		word = r.text[r.toks[i+1].Start:r.toks[i+1].End]
	}
	switch {
	case t.class&month != 0 && t.capital:
		return 0 // May
	case t.class&hedge != 0 && !(t.class&speech == 0 && i > 0 && r.toks[i-1].class&determiner != 0 && r.said(i, "claim")):
		m |= Hedged
	}
	if t.class&negation != 0 && !oneOf(word, "only", "just", "merely", "least", "surprisingly") {
		m |= Negated
	}
	if t.class&denial != 0 && !strings.EqualFold(word, "of") {
		m |= Denied
	}
	if t.class&future != 0 && (t.capital && i == 0 || !t.capital) && next&month == 0 && r.isFuture(i) {
		m |= Announced
	}
	return m
}

// isFuture reports whether the token at i, of class future, is meant so: "due
// to announce", but not "due to an error".
func (r *reader) isFuture(i int) bool {
	if !r.said(i, "due") {
		return true
	}
	return i > 0 && r.toks[i-1].class&passive != 0 && r.said(i+1, "to")
}

// opensClause reports whether the token at i begins a clause of its own.
func (r *reader) opensClause(i int) bool {
	if i == 0 {
		return false
	}
	gap := r.text[r.toks[i-1].End:r.toks[i].Start]
	if strings.IndexByte(gap, ';') >= 0 {
		return true
	}
	if r.toks[i].capital && (strings.HasSuffix(gap, ", \"") || strings.HasSuffix(gap, ", “")) {
		return true // a new sentence in quotes
	}
	return r.toks[i].class&contrast != 0
}

// spoken returns the mood of a whole sentence: one that quotes, tells what
// somebody said, or asks.
func (r *reader) spoken(s *sentence) (m Mood) {
	text := r.text[s.Start:s.End]
	if strings.HasSuffix(strings.TrimRight(text, "\"'”’»)"), "?") {
		m |= Asked
	}
	if strings.HasPrefix(text, "\"") || strings.HasPrefix(text, "“") || strings.HasPrefix(text, "«") {
		m |= Reported
	}
	colon := false
	for i := range r.toks {
		colon = colon || r.toks[i].class&person != 0 && i > 0 && strings.Contains(r.text[r.toks[max(0, i-3)].End:r.toks[i].Start], ":")
		if r.speaks(i) || colon && i == len(r.toks)-1 && r.toks[i].class&person != 0 {
			m |= Reported // "…: US official"
		}
	}
	return m
}

// speaks reports whether the token at i is of speech. A report is one that we
// read, unless it says "reports that".
func (r *reader) speaks(i int) bool {
	return r.toks[i].class&speech != 0 && (!r.said(i, "report") && !r.said(i, "reports") || r.said(i+1, "that"))
}

// said reports whether the token at i is the word, in any case.
func (r *reader) said(i int, word string) bool {
	return i >= 0 && i < len(r.toks) && strings.EqualFold(r.text[r.toks[i].Start:r.toks[i].End], word)
}

// moodAt returns the mood of the first token at or after an offset.
func (r *reader) moodAt(offset int) Mood {
	i := sort.Search(len(r.toks), func(i int) bool { return r.toks[i].End > offset })
	if i == len(r.moods) {
		return 0
	}
	return r.moods[i]
}

func oneOf(word string, list ...string) bool {
	for _, w := range list {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
