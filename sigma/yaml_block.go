package sigma

import (
	"strings"
	"unicode/utf8"
)

// parse reads the subset of YAML in which nearly all rules are written: block
// maps and lists, one-line quoted texts, plain texts, literal blocks,
// comments, and documents parted by "---". It says false, and yaml/v4 decides,
// as soon as it meets anything else, errors included. It is about ten times
// as fast, makes texts share the memory of src, and uses its own again: the
// nodes are good until the next call.
func (p *blockParser) parse(src string) ([]yamlNode, bool) {
	if !plainText(src) {
		return nil, false
	}
	*p = blockParser{src: src, open: p.open[:0], slab: p.slab[:0]}
	p.next()
	var docs []yamlNode
	for started := false; ; {
		if p.indent < 0 { // end of the file
			return docs, p.ok() && len(docs) <= maxDocuments
		}
		if p.marker() {
			started = true
			if !p.blankAfter(p.at + 3) {
				return nil, false
			}
			p.next()
			if p.indent < 0 || p.marker() {
				docs = append(docs, yamlNode{line: p.line})
				continue
			}
		} else if started || len(docs) > 0 {
			return nil, false // text after a document without a marker
		}
		n := p.block(-1, 0)
		if p.failed {
			return nil, false
		}
		docs = append(docs, n)
		started = false
		if p.indent >= 0 && !p.marker() {
			return nil, false
		}
	}
}

// plainText reports whether src holds only characters that need no thought:
// no control characters but newline and tab, valid UTF-8, none of the
// characters that YAML treats as breaks or forbids.
func plainText(src string) bool {
	for i := 0; i < len(src); {
		c := src[i]
		if c < utf8.RuneSelf {
			if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
				return false
			}
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(src[i:])
		if n == 1 || r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff {
			return false
		}
		i += n
	}
	return true
}

// A blockParser stands on a line that is neither blank nor comment.
type blockParser struct {
	src    string
	begin  int // where the line begins
	at     int // its first character that is not a space
	end    int // its newline, or the end of src
	after  int // where the following line begins
	line   int // its number from 1
	lines  int // lines consumed so far
	indent int // at - begin; -1 at the end of src
	failed bool

	open []yamlNode // items of the lists and maps that are being read
	slab []yamlNode // items of those that have been
}

// items moves the open items from start on to the slab and returns them.
func (p *blockParser) items(start int) []yamlNode {
	n := len(p.open) - start
	if cap(p.slab)-len(p.slab) < n {
		p.slab = make([]yamlNode, 0, max(2*n, 512))
	}
	at := len(p.slab)
	p.slab = append(p.slab, p.open[start:]...)
	p.open = p.open[:start]
	return p.slab[at:len(p.slab):len(p.slab)]
}

func (p *blockParser) ok() bool { return !p.failed }

func (p *blockParser) fail() { p.failed, p.indent = true, -1 }

// scan moves to the next line, whatever it holds; false at the end.
func (p *blockParser) scan() bool {
	if p.after >= len(p.src) {
		p.begin, p.at, p.end, p.indent = len(p.src), len(p.src), len(p.src), -1
		return false
	}
	p.begin = p.after
	p.end = len(p.src)
	p.after = p.end
	if i := strings.IndexByte(p.src[p.begin:], '\n'); i >= 0 {
		p.end = p.begin + i
		p.after = p.end + 1
	}
	p.lines++
	p.line = p.lines
	p.at = p.begin
	for p.at < p.end && p.src[p.at] == ' ' {
		p.at++
	}
	p.indent = p.at - p.begin
	return true
}

// next moves to the next line that is neither blank nor comment.
func (p *blockParser) next() {
	for p.scan() {
		if p.at == p.end || p.src[p.at] == '#' {
			continue
		}
		switch p.src[p.at] {
		case '\t':
			p.fail()
		case '.', '%':
			if p.indent == 0 {
				p.fail() // a document end or a directive
			}
		}
		return
	}
}

// marker reports whether the line is a document marker.
func (p *blockParser) marker() bool {
	return p.indent == 0 && strings.HasPrefix(p.src[p.at:p.end], "---") && (p.end-p.at == 3 || p.src[p.at+3] == ' ')
}

// blankAfter reports whether the line holds nothing from i on but spaces and
// a comment.
func (p *blockParser) blankAfter(i int) bool {
	j := i
	for j < p.end && p.src[j] == ' ' {
		j++
	}
	return j == p.end || p.src[j] == '#' && j > i
}

// block reads the value that begins on the current line, which is indented
// deeper than parent.
func (p *blockParser) block(parent, depth int) yamlNode {
	if depth > maxDepth {
		p.fail()
		return yamlNode{}
	}
	if p.dash(p.at) {
		return p.list(p.indent, depth)
	}
	if _, _, ok := p.key(p.at); ok {
		return p.mapping(p.at-p.begin, depth)
	}
	return p.scalar(p.at, parent)
}

// dash reports whether a list item begins at i.
func (p *blockParser) dash(i int) bool {
	return i < p.end && p.src[i] == '-' && (i+1 == p.end || p.src[i+1] == ' ')
}

// list reads the items of a list whose dashes stand at column indent.
func (p *blockParser) list(indent, depth int) yamlNode {
	n := yamlNode{kind: listNode, line: p.line}
	start := len(p.open)
	for p.indent == indent && p.dash(p.at) && !p.marker() {
		it := yamlNode{line: p.line}
		i := p.at + 1
		for i < p.end && p.src[i] == ' ' {
			i++
		}
		switch {
		case i == p.end || p.src[i] == '#':
			p.next()
			if p.indent > indent {
				it = p.block(indent, depth+1)
			}
		case p.dash(i):
			p.fail()
		default:
			if _, _, ok := p.key(i); ok {
				p.at = i
				it = p.mapping(i-p.begin, depth+1)
			} else {
				it = p.scalar(i, indent)
			}
		}
		if p.failed {
			return n
		}
		p.open = append(p.open, it)
	}
	n.items = p.items(start)
	if p.indent > indent {
		p.fail()
	}
	return n
}

// mapping reads the entries of a map whose keys stand at column indent. The
// first key is at p.at, which follows a dash when the map is a list's item.
func (p *blockParser) mapping(indent, depth int) yamlNode {
	n := yamlNode{kind: mapNode, line: p.line}
	if depth > maxDepth {
		p.fail()
		return n
	}
	start := len(p.open)
	for p.at-p.begin == indent && p.indent >= 0 && !p.marker() {
		key, i, ok := p.key(p.at)
		if !ok {
			p.fail()
			return n
		}
		line := p.line
		var it yamlNode
		for i < p.end && p.src[i] == ' ' {
			i++
		}
		if i < p.end && p.src[i] != '#' {
			it = p.scalar(i, indent)
		} else {
			p.next()
			if p.indent > indent {
				it = p.block(indent, depth+1)
			} else if p.indent == indent && p.dash(p.at) && !p.marker() {
				it = p.list(indent, depth+1)
			}
		}
		if p.failed {
			return n
		}
		it.key, it.line = key, line
		p.open = append(p.open, it)
	}
	n.items = p.items(start)
	if _, line := duplicateKey(n.items); line > 0 || p.indent > indent {
		p.fail()
	}
	return n
}

// keyBytes are the bytes of plain keys; others are left to yaml/v4.
var keyBytes = func() (t [256]bool) {
	for c := range 256 {
		t[c] = c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
	}
	for _, c := range "_-.|/@$() +=<>" {
		t[c] = true
	}
	return t
}()

// key returns the key that begins at i and where its value may begin (after
// the colon); false when the text at i is no key.
func (p *blockParser) key(i int) (key string, rest int, ok bool) {
	if i >= p.end || p.dash(i) {
		return "", 0, false
	}
	switch c := p.src[i]; {
	case c == '\'' || c == '"':
		text, j, closed := p.quoted(i)
		if !closed || j >= p.end || p.src[j] != ':' {
			return "", 0, false
		}
		key, rest = text, j+1
	case keyBytes[c] && !strings.ContainsRune("|@><", rune(c)):
		j := i
		for j < p.end && keyBytes[p.src[j]] {
			j++
		}
		if j == p.end || p.src[j] != ':' || j > i+1 && p.src[j-1] == ' ' {
			return "", 0, false
		}
		if p.src[i:j] == "<<" || (p.src[i] == '-' || p.src[i] == '.') && j-i < 2 {
			return "", 0, false
		}
		key, rest = p.src[i:j], j+1
	default:
		return "", 0, false
	}
	if rest < p.end && p.src[rest] != ' ' || rest-i > 1000 {
		return "", 0, false
	}
	return key, rest, true
}

// quoted reads a quoted text that closes on its line and returns it with the
// place after the closing quote.
func (p *blockParser) quoted(i int) (text string, rest int, ok bool) {
	if p.src[i] == '"' {
		return p.doubleQuoted(i)
	}
	for j := i + 1; j < p.end; j++ {
		if p.src[j] != '\'' {
			continue
		}
		if j+1 < p.end && p.src[j+1] == '\'' {
			j++
			continue
		}
		text = p.src[i+1 : j]
		if strings.Contains(text, "''") {
			text = strings.ReplaceAll(text, "''", "'")
		}
		return text, j + 1, true
	}
	return "", 0, false
}

func (p *blockParser) doubleQuoted(i int) (text string, rest int, ok bool) {
	start := i + 1
	escaped := false
	for j := start; j < p.end; j++ {
		switch p.src[j] {
		case '\\':
			escaped = true
			j++
		case '"':
			text = p.src[start:j]
			if escaped {
				text, ok = unescape(text)
				return text, j + 1, ok
			}
			return text, j + 1, true
		}
	}
	return "", 0, false
}

// unescape resolves the escapes that rules use; false on any other.
func unescape(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b = append(b, s[i])
			continue
		}
		i++
		switch s[i] {
		case '\\', '"', '/':
			b = append(b, s[i])
		case 'n':
			b = append(b, '\n')
		case 't':
			b = append(b, '\t')
		default:
			return "", false
		}
	}
	return string(b), true
}

// scalar reads the text that begins at i of the current line and belongs to
// an entry at column parent, and moves on.
func (p *blockParser) scalar(i, parent int) yamlNode {
	n := yamlNode{kind: textNode, line: p.line}
	if p.failed {
		return n
	}
	switch p.src[i] {
	case '\'', '"':
		text, rest, ok := p.quoted(i)
		if !ok || !p.blankAfter(rest) {
			p.fail()
			return n
		}
		n.text = text
		p.next()
		if p.indent > parent {
			p.fail()
		}
	case '|':
		n.text = p.literal(i, parent)
	case '[', ']', '{', '}', '&', '*', '!', '>', '%', '@', '`', ',', '#':
		p.fail()
	default:
		var null bool
		if n.text, null = p.plain(i, parent); null {
			n.kind = nullNode
		}
	}
	return n
}

// plain reads a plain text, which lines indented deeper than parent continue.
// It says whether the text stands for null.
func (p *blockParser) plain(i, parent int) (s string, null bool) {
	text, whole := p.plainLine(i)
	var folded []byte
	for !p.failed {
		breaks := 0
		more := p.scan()
		for more && p.at == p.end {
			breaks++
			more = p.scan()
		}
		if !more || p.indent <= parent || p.marker() {
			break
		}
		if p.indent == 0 {
			p.fail()
			return "", false
		}
		if p.src[p.at] == '#' {
			whole = false // a comment ends the text
			p.next()
			if p.indent > parent {
				p.fail()
			}
			break
		}
		if !whole {
			p.fail()
			return "", false
		}
		if folded == nil {
			folded = append(make([]byte, 0, 256), text...)
		}
		if breaks == 0 {
			folded = append(folded, ' ')
		}
		for range breaks {
			folded = append(folded, '\n')
		}
		var part string
		part, whole = p.plainLine(p.at)
		folded = append(folded, part...)
	}
	p.settle()
	if folded != nil {
		return string(folded), false
	}
	switch text {
	case "~", "null", "Null", "NULL":
		return "", true
	case "<<":
		p.fail()
	}
	return text, false
}

// settle makes sure that the line on which a multi-line text ended is one
// that next would have stopped at.
func (p *blockParser) settle() {
	if p.failed || p.indent < 0 {
		return
	}
	if p.at == p.end || p.src[p.at] == '#' {
		p.next()
		return
	}
	switch c := p.src[p.at]; {
	case c == '\t', p.indent == 0 && (c == '.' || c == '%'):
		p.fail()
	}
}

// plainLine returns the part of a plain text from i to the end of the line;
// whole is false when a comment follows it, which ends the text.
func (p *blockParser) plainLine(i int) (text string, whole bool) {
	switch c := p.src[i]; c {
	case '-', '?', ':':
		if i+1 >= p.end || p.src[i+1] == ' ' {
			p.fail()
			return "", false
		}
	}
	whole = true
	end := p.end
	for j := i; j < p.end; j++ {
		switch p.src[j] {
		case '\t':
			p.fail()
			return "", false
		case ':':
			if j+1 == p.end || p.src[j+1] == ' ' {
				p.fail()
				return "", false
			}
		case '#':
			if j > i && p.src[j-1] == ' ' {
				whole = false
			}
		}
		if !whole {
			end = j
			break
		}
	}
	return strings.TrimRight(p.src[i:end], " "), whole
}

// literal reads a literal block ("|" or "|-") of an entry at column parent.
func (p *blockParser) literal(i, parent int) string {
	strip := false
	i++
	if i < p.end && p.src[i] == '-' {
		strip = true
		i++
	}
	if !p.blankAfter(i) {
		p.fail()
		return ""
	}
	var b []byte
	breaks, indent := 0, -1
	for p.scan() {
		if p.at == p.end && (indent < 0 || p.indent <= indent) { // YAML 1.2.2, production 70 (l-empty)
			if indent < 0 && p.indent > 0 {
				p.fail() // may be more than the first line's indent, which is an error
				return ""
			}
			breaks++
			continue
		}
		if indent < 0 {
			if p.indent <= parent || p.src[p.at] == '\t' {
				break
			}
			indent = p.indent
		}
		if p.indent < indent {
			break
		}
		if p.after == p.end { // the file ends without a newline
			p.fail()
			return ""
		}
		for range breaks {
			b = append(b, '\n')
		}
		breaks = 1
		b = append(b, p.src[p.begin+indent:p.end]...)
	}
	if breaks > 0 && len(b) > 0 && !strip {
		b = append(b, '\n')
	}
	if indent < 0 && breaks > 0 || p.indent > parent && p.src[p.at] != '#' || indent == 0 {
		p.fail()
		return ""
	}
	p.settle()
	if p.indent > parent {
		p.fail()
	}
	return string(b)
}
