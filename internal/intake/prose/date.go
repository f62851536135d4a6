package prose

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// dates finds dates. What depends on the day of the report, such as "on
// Monday", has a value only when that is known.
func (r *reader) dates(s *sentence) {
	for i := 0; i < len(r.toks); {
		value, from, end := r.date(i)
		if end == 0 {
			i++
			continue
		}
		st := Statement{Kind: Date, Value: value, Span: Span{r.toks[from].Start, r.toks[end-1].End}, Sentence: s.Span, Mood: r.moods[i]}
		r.found = append(r.found, st)
		r.mark(mark{from: from, end: end, kind: Date, name: st.In(r.text)})
		i = end
	}
}

// date reads a date at token i: its value, "" when it cannot be told, and its
// tokens; end is 0 when there is none.
func (r *reader) date(i int) (value string, from, end int) {
	t := &r.toks[i]
	switch {
	case t.digit:
		return r.digitDate(i)
	case t.class&month != 0 && t.capital:
		return r.monthDate(i)
	case t.class&weekday != 0 && t.capital:
		from = i
		if i > 0 && r.toks[i-1].class&deictic != 0 {
			from--
		}
		return r.weekdayDate(i), from, i + 1
	case t.class&deictic != 0 && i+1 < len(r.toks) && r.toks[i+1].class&period != 0 && blankGap(r.text, *t, r.toks[i+1]):
		if value, ok := r.relative(i); ok {
			return value, i, i + 2
		}
	case t.class == 0 && r.doc.Published.IsZero():
	case r.said(i, "yesterday"):
		return r.day(-1), i, i + 1
	case r.said(i, "today"):
		return r.day(0), i, i + 1
	}
	return "", 0, 0
}

// day returns the day so many days after the report.
func (r *reader) day(n int) string {
	if r.doc.Published.IsZero() {
		return ""
	}
	return r.doc.Published.AddDate(0, 0, n).Format(time.DateOnly)
}

// digitDate reads 2021-07-19, 19 July 2021, and a year behind a preposition.
func (r *reader) digitDate(i int) (string, int, int) {
	n, ok := r.int(i)
	if !ok {
		return "", 0, 0
	}
	if n >= 1970 && n < 2100 {
		m, ok1 := r.int(i + 1)
		d, ok2 := r.int(i + 2)
		if ok1 && ok2 && r.gap(i+1) == "-" && r.gap(i+2) == "-" && isDay(n, m, d) {
			return fmt.Sprintf("%04d-%02d-%02d", n, m, d), i, i + 3
		}
		if i > 0 && (r.said(i-1, "in") || r.said(i-1, "since") || r.said(i-1, "from") || r.said(i-1, "during") || r.said(i-1, "until") || r.said(i-1, "early") || r.said(i-1, "late") || r.said(i-1, "mid")) && r.gap(i) == " " {
			return strconv.Itoa(n), i, i + 1
		}
		return "", 0, 0
	}
	if n < 1 || n > 31 || i+1 >= len(r.toks) || r.toks[i+1].class&month == 0 || !r.toks[i+1].capital || r.gap(i+1) != " " {
		return "", 0, 0
	}
	m := r.month(i + 1)
	if y, ok := r.int(i + 2); ok && y >= 1970 && y < 2100 && isDay(y, m, n) && len(r.gap(i+2)) <= 2 {
		return fmt.Sprintf("%04d-%02d-%02d", y, m, n), i, i + 3
	}
	return r.dayOf(m, n), i, i + 2
}

// monthDate reads July 19, 2021; July 2021; in July.
func (r *reader) monthDate(i int) (string, int, int) {
	m := r.month(i)
	n, ok := r.int(i + 1)
	if ok && r.gap(i+1) != " " && r.gap(i+1) != ". " && r.gap(i+1) != ", " {
		ok = false
	}
	switch {
	case ok && n >= 1970 && n < 2100:
		return fmt.Sprintf("%04d-%02d", n, m), i, i + 2
	case ok && n >= 1 && n <= 31 && r.gap(i+1) != ", ":
		if y, ok := r.int(i + 2); ok && y >= 1970 && y < 2100 && isDay(y, m, n) && (r.gap(i+2) == ", " || r.gap(i+2) == " ") {
			return fmt.Sprintf("%04d-%02d-%02d", y, m, n), i, i + 3
		}
		return r.dayOf(m, n), i, i + 2
	}
	// A month alone: May and March are words as well.
	for _, w := range [...]string{"in", "since", "until", "early", "late", "mid", "of", "last", "during", "by", "from", "next", "this"} {
		if i > 0 && r.said(i-1, w) {
			return r.monthOf(m), i, i + 1
		}
	}
	return "", 0, 0
}

// dayOf returns the last such day up to the report.
func (r *reader) dayOf(m, d int) string {
	p := r.doc.Published
	if p.IsZero() {
		return ""
	}
	y := p.Year()
	if time.Month(m) > p.Month() || time.Month(m) == p.Month() && d > p.Day() {
		y--
	}
	if !isDay(y, m, d) {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", y, m, d)
}

// monthOf returns the last such month up to the report.
func (r *reader) monthOf(m int) string {
	p := r.doc.Published
	if p.IsZero() {
		return ""
	}
	y := p.Year()
	if time.Month(m) > p.Month() {
		y--
	}
	return fmt.Sprintf("%04d-%02d", y, m)
}

// weekdayDate returns the day of a weekday: the next one when the sentence
// announces, else the last one up to the report.
func (r *reader) weekdayDate(i int) string {
	p := r.doc.Published
	if p.IsZero() {
		return ""
	}
	name := strings.ToLower(r.text[r.toks[i].Start:r.toks[i].End])
	for d := range 7 {
		day := p.AddDate(0, 0, -d)
		if r.moods[i]&Announced != 0 {
			day = p.AddDate(0, 0, d)
		}
		if strings.HasPrefix(name, strings.ToLower(day.Weekday().String())) {
			return day.Format(time.DateOnly)
		}
	}
	return ""
}

// relative resolves last week, this month, next year. More than one of them
// before or behind ("the last three weeks") has no value.
func (r *reader) relative(i int) (string, bool) {
	n := map[string]int{"last": -1, "previous": -1, "past": -1, "this": 0, "next": 1}
	by, ok := n[strings.ToLower(r.text[r.toks[i].Start:r.toks[i].End])]
	unit := strings.ToLower(r.text[r.toks[i+1].Start:r.toks[i+1].End])
	p := r.doc.Published
	if !ok || strings.HasSuffix(unit, "s") {
		return "", false
	}
	if p.IsZero() || r.said(i, "past") {
		return "", true
	}
	first := time.Date(p.Year(), p.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch unit {
	case "week":
		y, w := p.AddDate(0, 0, 7*by).ISOWeek()
		return fmt.Sprintf("%04d-W%02d", y, w), true
	case "month":
		return first.AddDate(0, by, 0).Format("2006-01"), true
	case "year":
		return strconv.Itoa(p.Year() + by), true
	case "day":
		return "", false
	}
	return "", true
}

func (r *reader) month(i int) int {
	name := strings.ToLower(r.text[r.toks[i].Start:r.toks[i].End])
	for m := time.January; m <= time.December; m++ {
		if strings.HasPrefix(strings.ToLower(m.String()), name[:min(3, len(name))]) {
			return int(m)
		}
	}
	return 0
}

// int returns the number that token i is: 19, 19th, 2021.
func (r *reader) int(i int) (int, bool) {
	if i < 0 || i >= len(r.toks) || !r.toks[i].digit {
		return 0, false
	}
	word := r.text[r.toks[i].Start:r.toks[i].End]
	if len(word) == 5 && (word[2] == 'T' || word[2] == 't') && allDigits(word[3:]) {
		word = word[:2] // 2021-03-02T10:00
	}
	for _, suffix := range [...]string{"st", "nd", "rd", "th"} {
		word = strings.TrimSuffix(word, suffix)
	}
	if len(word) > 4 || !allDigits(word) || word == "" {
		return 0, false
	}
	n, err := strconv.Atoi(word)
	return n, err == nil
}

// gap returns what stands before token i, blanks as one.
func (r *reader) gap(i int) string {
	gap := r.text[r.toks[i-1].End:r.toks[i].Start]
	if gap == "\n" || gap == "  " {
		return " "
	}
	return gap
}

func isDay(y, m, d int) bool {
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return m >= 1 && m <= 12 && d >= 1 && t.Day() == d
}

// dateLabels stand before the date of publication at the head of a report.
var dateLabels = setOf(`original-release-date release-date released published published-on publication-date date date-published
	publish-date posted posted-on issued issue-date`)

// publishedIn returns the date that the head of a text says it was published
// at ("Original release date: July 19, 2021"), zero when it says none.
func publishedIn(text string) time.Time {
	r := &reader{doc: &Document{}, lex: english()}
	n := 0
	for line := range strings.Lines(text[:min(len(text), 8192)]) {
		if n++; n > 60 {
			break
		}
		label, _, ok := strings.Cut(line, ":")
		label = strings.ToLower(strings.Join(strings.FieldsFunc(label, func(c rune) bool { return !('a' <= c|0x20 && c|0x20 <= 'z') }), "-"))
		if !ok || !dateLabels[label] {
			continue
		}
		r.text = line
		r.toks = r.lex.tokens(r.toks[:0], line, Span{strings.IndexByte(line, ':'), len(line)})
		for i := range r.toks[:min(len(r.toks), 8)] {
			if value, _, end := r.date(i); end > 0 {
				if t, err := time.Parse(time.DateOnly, value); err == nil {
					return t
				}
			}
		}
	}
	return time.Time{}
}
