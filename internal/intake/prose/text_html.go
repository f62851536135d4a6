package prose

import (
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// hiddenElements have no text of the article: it is dropped with all within.
var hiddenElements = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Nav: true, atom.Footer: true, atom.Noscript: true, atom.Template: true,
	atom.Svg: true, atom.Aside: true, atom.Form: true, atom.Button: true, atom.Select: true, atom.Iframe: true,
	atom.Object: true, atom.Audio: true, atom.Video: true, atom.Canvas: true, atom.Dialog: true, atom.Menu: true,
}

// blockElements stand in a paragraph of their own.
var blockElements = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Section: true, atom.Article: true, atom.Main: true, atom.Header: true,
	atom.Ul: true, atom.Ol: true, atom.Li: true, atom.Dl: true, atom.Dt: true, atom.Dd: true, atom.Table: true, atom.Tr: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Pre: true,
	atom.Blockquote: true, atom.Hr: true, atom.Figure: true, atom.Figcaption: true, atom.Address: true, atom.Body: true,
}

// A page is an HTML document that is being read.
type page struct {
	doc    *Document
	out    strings.Builder
	hidden []atom.Atom // elements that are open and hide what is in them
	title  bool
	pre    int
	blank  bool // a blank stands before what comes next
	// The parts that main and article made, and how many of each there were.
	main, article   Span
	mains, articles int
}

// readHTML returns the text of a page: paragraphs with empty lines between,
// list items with a hyphen, cells of a table with a tab between. Of a page with
// one main part or one article it is that alone. Scripts, navigation, footers
// and the like are dropped.
func readHTML(text string) *Document {
	p := &page{doc: &Document{}}
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return p.finish()
		case html.TextToken:
			p.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			p.open(atom.Lookup(name), attributes(z, more))
		case html.EndTagToken:
			name, _ := z.TagName()
			p.close(atom.Lookup(name))
		}
	}
}

// attributes returns the few attributes that are asked for.
func attributes(z *html.Tokenizer, more bool) map[string]string {
	var m map[string]string
	for more {
		var key, value []byte
		key, value, more = z.TagAttr()
		switch string(key) {
		case "property", "name", "content", "datetime", "itemprop":
			if m == nil {
				m = map[string]string{}
			}
			m[string(key)] = string(value)
		}
	}
	return m
}

func (p *page) open(a atom.Atom, attrs map[string]string) {
	switch {
	case a == atom.Meta:
		p.meta(attrs)
	case a == atom.Title:
		p.title = len(p.hidden) == 0 && p.doc.Title == ""
	case hiddenElements[a] && len(p.hidden) < 1000:
		p.hidden = append(p.hidden, a)
	case len(p.hidden) > 0:
	case a == atom.Time:
		p.date(attrs["datetime"])
	case a == atom.Br:
		p.line("\n")
	case a == atom.Td || a == atom.Th:
		p.out.WriteByte('\t')
		p.blank = false
	case blockElements[a]:
		p.line("\n\n")
		switch a {
		case atom.Li:
			p.out.WriteString("- ")
		case atom.Pre:
			p.pre++
		case atom.Main:
			p.mains++
			p.main = Span{p.out.Len(), -1}
		case atom.Article:
			p.articles++
			p.article = Span{p.out.Len(), -1}
		}
	}
}

func (p *page) close(a atom.Atom) {
	p.title = false
	if hiddenElements[a] {
		for i := len(p.hidden) - 1; i >= 0; i-- {
			if p.hidden[i] == a {
				p.hidden = p.hidden[:i]
				break
			}
		}
		return
	}
	if len(p.hidden) > 0 || !blockElements[a] {
		return
	}
	switch a {
	case atom.Pre:
		p.pre = max(0, p.pre-1)
	case atom.Main:
		p.main.End = p.out.Len()
	case atom.Article:
		p.article.End = p.out.Len()
	}
	p.line("\n\n")
}

// line ends a line or a paragraph.
func (p *page) line(end string) {
	p.out.WriteString(end)
	p.blank = false
}

// text adds text, in which runs of blanks are one blank unless it is
// preformatted.
func (p *page) text(s string) {
	if p.title {
		p.doc.Title += s
		return
	}
	if len(p.hidden) > 0 {
		return
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r", "")
	if p.pre > 0 {
		p.out.WriteString(s)
		return
	}
	for i, r := range s {
		if unicode.IsSpace(r) {
			p.blank = true
			continue
		}
		if p.blank {
			p.out.WriteByte(' ')
			p.blank = false
		}
		if r < 0x80 {
			p.out.WriteByte(s[i])
		} else {
			p.out.WriteRune(r)
		}
	}
}

// meta reads the title and the date of a page.
func (p *page) meta(attrs map[string]string) {
	switch strings.ToLower(attrs["property"] + attrs["name"] + attrs["itemprop"]) {
	case "og:title":
		if title := strings.TrimSpace(attrs["content"]); title != "" {
			p.doc.Title = title
		}
	case "article:published_time", "date", "dc.date", "dcterms.date", "dc.date.issued", "pubdate", "datepublished", "publish-date":
		p.date(attrs["content"])
	}
}

// date takes the first date of a page as that of its publication.
func (p *page) date(s string) {
	if p.doc.Published.IsZero() {
		p.doc.Published = dateOf(s)
	}
}

// dateOf reads a date as machines write it, zero when it is none.
func dateOf(s string) time.Time {
	s = strings.Trim(strings.TrimSpace(s), "\"'")
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1970 && t.Year() < 9999 {
			return t.UTC()
		}
	}
	return time.Time{}
}

func (p *page) finish() *Document {
	text := p.out.String()
	for _, part := range []struct {
		n int
		Span
	}{{p.mains, p.main}, {p.articles, p.article}} {
		if part.n == 1 && part.End > part.Start && len(strings.Fields(text[part.Start:part.End])) >= 50 {
			text = text[part.Start:part.End]
			break
		}
	}
	p.doc.Text = tidy(text)
	p.doc.Title = strings.Join(strings.Fields(strings.ToValidUTF8(p.doc.Title, "�")), " ")
	return p.doc
}

// tidy takes blanks from the ends of lines and leaves one empty line between
// paragraphs.
func tidy(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	empty := 2
	for line := range strings.Lines(text) {
		line = strings.TrimRight(strings.TrimRight(line, "\n"), " \t")
		if strings.TrimSpace(line) == "" || line == "-" {
			if empty++; empty == 1 {
				b.WriteByte('\n')
			}
			continue
		}
		empty = 0
		b.WriteString(line)
		b.WriteByte('\n')
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
