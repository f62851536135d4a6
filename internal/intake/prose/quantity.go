package prose

import (
	"strconv"
	"strings"
)

// quantities finds numbers that say something: money, percentages, counts.
func (r *reader) quantities(s *sentence) {
	for i := 0; i < len(r.toks); i++ {
		t := &r.toks[i]
		if !t.digit && t.class&(numeral|magnitude) == 0 || r.covered(i, Date) {
			continue
		}
		if i > 0 && glued(r.text, r.toks[i-1], *t) && !isCurrencyBefore(r.text, t.Start) {
			continue // a part of a version, an id or a range
		}
		n, end := r.number(i)
		if end == i {
			continue
		}
		from := r.quantified(i)
		st := Statement{Value: n, Span: Span{r.toks[from].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[i]}
		if from < i {
			st.Roles = append(st.Roles, r.role("quantifier", from, i))
		}
		if r.money(&st, i, end) || r.percentage(&st, end) || r.count(&st, i, end) {
			r.found = append(r.found, st)
		}
		i = max(i, end-1)
	}
}

// glued reports whether b follows a with a sign that makes one thing of them.
func glued(text string, a, b token) bool {
	gap := text[a.End:b.Start]
	return gap == "" || gap == "." || gap == "-" || gap == "_" || gap == ":" || gap == "/" || gap == ","
}

// number reads a number at token i and returns it in digits, "" when it is not
// exact (millions), and the token behind it; i when there is none.
func (r *reader) number(i int) (string, int) {
	t := &r.toks[i]
	word := strings.ToLower(r.text[t.Start:t.End])
	value, end := 0.0, i+1
	switch {
	case t.digit:
		digits := word
		unit := 1.0
		if !allDigits(word) {
			digits, unit = magnitudeSuffix(word)
			if digits == "" {
				return "", i
			}
		}
		for end < len(r.toks) && unit == 1 {
			gap := r.text[r.toks[end-1].End:r.toks[end].Start]
			next := r.text[r.toks[end].Start:r.toks[end].End]
			if gap == "," && len(next) == 3 && allDigits(next) && !strings.Contains(digits, ".") {
				digits += next
			} else if gap == "." && !strings.Contains(digits, ".") && r.toks[end].digit {
				if !allDigits(next) {
					if next, unit = magnitudeSuffix(next); next == "" {
						return "", i
					}
				}
				digits += "." + next
			} else {
				break
			}
			end++
		}
		var err error
		if value, err = strconv.ParseFloat(digits, 64); err != nil {
			return "", i
		}
		value *= unit
	case t.class&numeral != 0:
		value = numerals[word]
		if value == 0 {
			return "", end // dozens
		}
		if end < len(r.toks) && r.said(end, "dozen") {
			value *= 12
			end++
		}
	default:
		value = magnitudes[word]
		if end < len(r.toks) && r.said(end, "of") && end+1 < len(r.toks) && magnitudes[strings.ToLower(r.text[r.toks[end+1].Start:r.toks[end+1].End])] > 0 {
			return "", end + 2 // tens of thousands
		}
		if strings.HasSuffix(word, "s") || i == 0 || !r.said(i-1, "a") {
			return "", end
		}
	}
	for end < len(r.toks) && r.toks[end].class&magnitude != 0 && blankGap(r.text, r.toks[end-1], r.toks[end]) {
		m := magnitudes[strings.ToLower(r.text[r.toks[end].Start:r.toks[end].End])]
		value *= max(m, 1)
		end++
	}
	return strconv.FormatFloat(value, 'f', -1, 64), end
}

// magnitudeSuffix reads 10m, 5bn, 3k.
func magnitudeSuffix(word string) (digits string, unit float64) {
	n := strings.IndexFunc(word, func(c rune) bool { return c < '0' || c > '9' })
	if n <= 0 {
		return "", 1
	}
	switch word[n:] {
	case "k":
		return word[:n], 1e3
	case "m", "mn":
		return word[:n], 1e6
	case "b", "bn":
		return word[:n], 1e9
	}
	return "", 1
}

var numerals = map[string]float64{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
	"eleven": 11, "twelve": 12, "dozen": 12, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
	"seventy": 70, "eighty": 80, "ninety": 90,
}

var magnitudes = map[string]float64{
	"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "mn": 1e6, "bn": 1e9,
	"hundreds": 1e2, "thousands": 1e3, "millions": 1e6, "billions": 1e9,
}

// quantified returns the first token of what stands before a number at i and
// makes it more or less: at least, some, up to.
func (r *reader) quantified(i int) int {
	from := i
	for from > 0 && i-from < 3 && r.toks[from-1].class&quantifier != 0 && len(r.text[r.toks[from-1].End:r.toks[from].Start]) <= 3 {
		from--
	}
	for _, w := range [...]string{"at", "up", "an", "a"} {
		if from < i && from > 0 && r.said(from-1, w) {
			return from - 1
		}
	}
	return from
}

// role makes a role of the tokens from to end.
func (r *reader) role(name string, from, end int) Role {
	s := Span{r.toks[from].Start, r.toks[end-1].End}
	return Role{Name: name, Value: s.In(r.text), Span: s}
}

func blankGap(text string, a, b token) bool {
	gap := text[a.End:b.Start]
	return len(gap) <= 4 && (gap == "-" || strings.TrimSpace(gap) == "")
}

// isCurrencyBefore reports whether the sign of a currency stands before i.
func isCurrencyBefore(text string, i int) bool { return currencyBefore(text, i) != "" }

func currencyBefore(text string, i int) string {
	before := strings.TrimRight(text[max(0, i-6):i], " ")
	for _, c := range [...]struct{ sign, code string }{
		{"A$", "AUD"},
		{"C$", "CAD"},
		{"NZ$", "NZD"},
		{"HK$", "HKD"},
		{"$", "USD"},
		{"€", "EUR"},
		{"£", "GBP"},
		{"¥", "JPY"},
		{"₩", "KRW"},
		{"₽", "RUB"},
		{"₹", "INR"},
	} {
		if strings.HasSuffix(before, c.sign) {
			return c.code
		}
	}
	return ""
}

// currencies are the codes of what currencies are called.
var currencies = map[string]string{
	"dollar": "USD", "dollars": "USD", "usd": "USD", "euro": "EUR", "euros": "EUR", "eur": "EUR", "pounds": "GBP", "pound": "GBP",
	"sterling": "GBP", "gbp": "GBP", "yen": "JPY", "jpy": "JPY", "yuan": "CNY", "renminbi": "CNY", "cny": "CNY", "rmb": "CNY",
	"ruble": "RUB", "rubles": "RUB", "rouble": "RUB", "roubles": "RUB", "rub": "RUB", "krw": "KRW", "rupees": "INR", "inr": "INR", "francs": "CHF", "chf": "CHF",
	"bitcoin": "BTC", "bitcoins": "BTC", "btc": "BTC", "monero": "XMR", "xmr": "XMR", "ether": "ETH", "eth": "ETH",
}

// money makes st a statement of money when a currency stands beside the
// number, tokens i to end.
func (r *reader) money(st *Statement, i, end int) bool {
	code := currencyBefore(r.text, r.toks[i].Start)
	if code != "" {
		if st.Start == r.toks[i].Start {
			st.Start = strings.LastIndexAny(r.text[:st.Start], "$€£¥₩₽₹")
		}
	} else if i > 0 && r.toks[i-1].upper && r.toks[i-1].class&currency != 0 {
		code = currencies[strings.ToLower(r.text[r.toks[i-1].Start:r.toks[i-1].End])]
		st.Start = min(st.Start, r.toks[i-1].Start)
	}
	if code == "" {
		for j := end; j < len(r.toks) && j < end+3; j++ {
			if r.toks[j].class&currency != 0 {
				code = currencies[strings.ToLower(r.text[r.toks[j].Start:r.toks[j].End])]
				st.End = r.toks[j].End
				break
			}
			if !r.said(j, "of") && !r.said(j, "us") && !r.said(j, "worth") {
				break
			}
		}
	}
	if code == "" {
		return false
	}
	st.Kind, st.Value = Money, strings.TrimSpace(st.Value+" "+code)
	if purpose, at := r.purpose(i); purpose != "" {
		st.Roles = append(st.Roles, Role{Name: "for", Value: purpose, Span: r.toks[at].Span})
	}
	return true
}

// purposes says what money is for by the words beside it.
var purposes = map[string]string{
	"reward": "reward", "rewards": "reward", "bounty": "reward", "bounties": "reward",
	"paid": "payment", "pay": "payment", "pays": "payment", "payment": "payment", "payments": "payment", "paying": "payment",
	"demand": "demand", "demands": "demand", "demanded": "demand", "demanding": "demand", "ransom": "demand", "ransoms": "demand",
	"loss": "loss", "losses": "loss", "lost": "loss", "cost": "loss", "costs": "loss", "damage": "loss", "damages": "loss",
	"stole": "loss", "stolen": "loss", "stealing": "loss", "fine": "fine", "fined": "fine", "fines": "fine",
}

// purpose returns what the money at token i is for, and the nearest word that
// says so.
func (r *reader) purpose(i int) (string, int) {
	for d := 1; d <= 10; d++ {
		for _, j := range [...]int{i + d, i - d} {
			if j < 0 || j >= len(r.toks) || len(r.text[r.toks[j].Start:r.toks[j].End]) > 9 {
				continue
			}
			if p := purposes[strings.ToLower(r.text[r.toks[j].Start:r.toks[j].End])]; p != "" {
				return p, j
			}
		}
	}
	return "", 0
}

// percentage makes st a percentage when the number that ends before token end
// is one.
func (r *reader) percentage(st *Statement, end int) bool {
	last := r.toks[end-1].End
	switch {
	case strings.HasPrefix(r.text[last:], "%"):
		st.End = last + 1
	case strings.HasPrefix(r.text[last:], " %"):
		st.End = last + 2
	case r.said(end, "percent"):
		st.End = r.toks[end].End
	case r.said(end, "per") && r.said(end+1, "cent"):
		st.End = r.toks[end+1].End
	default:
		return false
	}
	st.Kind = Percentage
	return true
}

// count makes st a count when the number, tokens i to end, is of something
// that reports count.
func (r *reader) count(st *Statement, i, end int) bool {
	word := r.text[r.toks[i].Start:r.toks[end-1].End]
	if end == i+1 && len(word) == 4 && (word[:2] == "19" || word[:2] == "20") && st.Start == r.toks[i].Start {
		return false // a year
	}
	j := end
	for j < len(r.toks) && j < end+5 && r.toks[j].class&counted == 0 {
		t := &r.toks[j]
		if t.class&(passive|clause|speech|month|weekday|period|currency|future|quantifier|deictic) != 0 || t.digit ||
			t.class&connector != 0 && !(j == end && r.said(j, "of")) || !nounGap(r.text, r.toks[j-1], *t) ||
			r.said(j, "percent") || r.said(j, "to") || r.said(j, "in") || r.said(j, "on") || r.said(j, "by") || r.said(j, "from") || r.said(j, "with") {
			return false
		}
		j++
	}
	if j >= len(r.toks) || r.toks[j].class&counted == 0 || !nounGap(r.text, r.toks[j-1], r.toks[j]) {
		return false
	}
	st.Kind = Count
	stop := r.countedEnd(j)
	st.End = r.toks[stop-1].End
	from := end
	if r.said(from, "of") {
		from++
	}
	st.Roles = append(st.Roles, r.role("of", from, stop))
	for _, m := range r.marks {
		if m.kind == Country && m.from >= end && m.end <= stop {
			st.Roles = append(st.Roles, r.markRole("country", &m))
		}
	}
	r.countOf(st, i, stop)
	return true
}

// countedEnd returns where the nouns end that are counted from token j on:
// "government agencies", "tactics, techniques and procedures".
func (r *reader) countedEnd(j int) int {
	for j++; j < len(r.toks); {
		switch {
		case r.toks[j].class&counted != 0 && len(strings.Trim(r.text[r.toks[j-1].End:r.toks[j].Start], " \n,")) == 0:
			j++
		case r.said(j, "and") && j+1 < len(r.toks) && r.toks[j+1].class&counted != 0:
			j += 2
		default:
			return j
		}
	}
	return j
}

// nounGap reports whether a and b can stand in one group of a noun: blanks,
// hyphens, quotes between.
func nounGap(text string, a, b token) bool {
	gap := text[a.End:b.Start]
	return len(gap) <= 8 && strings.Trim(gap, " \n\t-\"'“”‘’–") == ""
}

// countOf says what a count is about: the incident or company that "affected"
// or "hit" so many, before or behind it.
func (r *reader) countOf(st *Statement, i, stop int) {
	for j := stop; j < len(r.toks) && j < stop+4; j++ {
		if r.toks[j].class&targeting != 0 && (r.said(j+1, "by") || r.said(j+1, "in")) {
			for _, m := range r.marks {
				if m.from > j && m.from <= j+4 && (m.kind == Incident || m.kind == Organisation && m.value == "company") {
					st.Roles = append(st.Roles, r.markRole("about", &m))
					return
				}
			}
		}
	}
	verb := -1
	for j := i - 1; j >= 0 && j >= i-6; j-- {
		if r.toks[j].class&targeting != 0 && !r.said(j, "including") && !r.said(j, "against") {
			verb = j
			break
		}
	}
	if verb < 0 {
		return
	}
	if m, ok := r.subject(verb); ok {
		st.Roles = append(st.Roles, r.markRole("about", &m))
	}
}

// subject returns the incident or company nearest before a verb; "the hack"
// is the incident that was named last.
func (r *reader) subject(verb int) (mark, bool) {
	best := mark{from: -1}
	for _, m := range r.marks {
		if m.end <= verb && m.from > best.from && (m.kind == Incident || m.kind == Organisation && m.value == "company") {
			best = m
		}
	}
	for j := verb - 1; j > best.from && j > 0; j-- {
		if r.toks[j].class&happening != 0 && (r.said(j-1, "the") || r.said(j-1, "this")) {
			if name := r.lastIncident(r.text[r.toks[j].Start:r.toks[j].End]); name != "" {
				return mark{from: j - 1, end: j + 1, kind: Incident, name: name}, true
			}
		}
	}
	return best, best.from >= 0
}

// covered reports whether a mark of a kind covers token i.
func (r *reader) covered(i int, kind Kind) bool {
	for _, m := range r.marks {
		if m.kind == kind && m.from <= i && i < m.end {
			return true
		}
	}
	return false
}
