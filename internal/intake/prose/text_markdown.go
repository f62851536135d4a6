package prose

import "strings"

// readMarkdown returns the text of a Markdown file: without the signs of
// headings, emphasis and code, without comments, and links as what they show.
// Lists keep a hyphen; cells of a table have a tab between.
func readMarkdown(text string) *Document {
	d := &Document{}
	text = frontMatter(d, strings.ReplaceAll(text, "\r\n", "\n"))
	var b strings.Builder
	b.Grow(len(text))
	fenced, comment := false, false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		trimmed := strings.TrimLeft(line, " \t")
		if strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~") {
			fenced = !fenced
			b.WriteByte('\n')
			continue
		}
		if fenced {
			b.WriteString(line)
			b.WriteByte('\n')
			continue
		}
		line, comment = dropComments(line, comment)
		markdownLine(&b, d, line)
	}
	d.Text = tidy(b.String())
	return d
}

// frontMatter reads title and date from the lines between --- that a file may
// begin with, and returns what follows.
func frontMatter(d *Document, text string) string {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return text
	}
	head, body, ok := strings.Cut(rest, "\n---\n")
	if !ok || len(head) > 1<<16 {
		return text
	}
	for line := range strings.Lines(head) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.Trim(strings.TrimSpace(value), "\"'")
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "title":
			d.Title = value
		case "date", "published", "publishdate":
			d.Published = dateOf(value)
		}
	}
	return body
}

// dropComments drops HTML comments from a line; open says whether one began
// before it.
func dropComments(line string, open bool) (string, bool) {
	var b strings.Builder
	for {
		if open {
			_, rest, ok := strings.Cut(line, "-->")
			if !ok {
				return b.String(), true
			}
			line, open = rest, false
		}
		before, rest, ok := strings.Cut(line, "<!--")
		b.WriteString(before)
		if !ok {
			return b.String(), false
		}
		line, open = rest, true
	}
}

// markdownLine writes one line as text.
func markdownLine(b *strings.Builder, d *Document, line string) {
	s := strings.TrimLeft(line, " \t>")
	switch {
	case strings.HasPrefix(s, "#"):
		if heading := strings.TrimLeft(s, "#"); heading == "" || heading[0] == ' ' {
			s = strings.TrimSpace(strings.TrimRight(heading, "# "))
			if d.Title == "" {
				d.Title = plainMarkdown(s)
			}
			b.WriteString("\n" + plainMarkdown(s) + "\n\n")
			return
		}
	case s != "" && strings.Trim(s, "-=*_|: ") == "":
		b.WriteByte('\n') // a rule, or the line under the head of a table
		return
	case strings.HasPrefix(s, "* ") || strings.HasPrefix(s, "+ "):
		s = "- " + s[2:]
	case strings.HasPrefix(s, "|"):
		s = strings.ReplaceAll(strings.Trim(s, "| "), "|", "\t")
		b.WriteString(plainMarkdown(s) + "\n\n")
		return
	}
	b.WriteString(plainMarkdown(s))
	b.WriteByte('\n')
}

// plainMarkdown drops the signs within a line.
func plainMarkdown(s string) string {
	if !strings.ContainsAny(s, "`*_[<\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && strings.IndexByte("\\`*_{}[]()#+-.!|<>", s[i+1]) >= 0 && !(i > 0 && isWordByte[s[i-1]]):
			b.WriteByte(s[i+1])
			i += 2
			continue
		case c == '`', c == '*' && (i+1 < len(s) && s[i+1] == '*' || i > 0 && s[i-1] == '*'):
		case (c == '*' || c == '_') && (i == 0 || !isWordByte[s[i-1]] || i+1 == len(s) || !isWordByte[s[i+1]]) && !isOperator(s, i):
		case c == '!' && i+1 < len(s) && s[i+1] == '[', c == '[':
			if show, n := link(s[i:]); n > 0 {
				b.WriteString(show)
				i += n
				continue
			}
			b.WriteByte(c)
		case c == '<':
			if n := autoLink(s[i:]); n > 0 {
				b.WriteString(s[i+1 : i+n-1])
				i += n
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
		i++
	}
	return b.String()
}

// isOperator reports whether the sign at s[i] has blanks on both sides, so
// that it is no emphasis.
func isOperator(s string, i int) bool {
	return (i == 0 || isBlank(s[i-1])) && (i+1 == len(s) || isBlank(s[i+1]))
}

// maxLink is how many bytes a link may have.
const maxLink = 4096

// link reads [text](target) at the start of s and returns the text and how
// long it is, 0 when there is none. A picture shows nothing.
func link(s string) (show string, n int) {
	s = s[:min(len(s), maxLink)]
	picture := s[0] == '!'
	open := strings.IndexByte(s, '[')
	end := strings.IndexByte(s, ']')
	if end < 0 || end+1 >= len(s) || s[end+1] != '(' {
		return "", 0
	}
	target := strings.IndexByte(s[end:], ')')
	if target < 0 {
		return "", 0
	}
	if picture {
		return "", end + target + 1
	}
	return strings.Trim(s[open+1:end], "*_`"), end + target + 1
}

// autoLink returns the length of <http://…> at the start of s, 0 for none.
func autoLink(s string) int {
	end := strings.IndexByte(s[:min(len(s), maxLink)], '>')
	if end < 0 || !strings.Contains(s[:end], "://") && !strings.Contains(s[:end], "@") || strings.ContainsAny(s[:end], " \t") {
		return 0
	}
	return end + 1
}
