package observable

import (
	"strings"
	"unicode/utf8"
)

// spaced emits the observable from i on that may have blanks in it, a Windows
// path, a registry key or a user agent, and returns where it ends; i if there
// is none.
func (x *Extractor) spaced(i int) int {
	if i > 0 && (isAlnum(x.buf[i-1]) || x.buf[i-1] == '_') {
		return i
	}
	s := x.buf[i:]
	kind, first := Unknown, 0 // where the first backslash is
	switch {
	case hiveLength(s) > 0:
		kind, first = RegKey, hiveLength(s)-1
	case strings.HasPrefix(s, `\\`):
		kind, first = Path, shareLength(s)
	case isWindowsPath(s[:min(len(s), 64)]) && s[2] != '/':
		kind, first = Path, strings.IndexByte(s, '\\')
	case strings.HasPrefix(s, "Mozilla/"):
		kind = UserAgent
	}
	end := 0
	switch {
	case kind == UserAgent:
		end = productsEnd(s)
	case first > 0:
		if end = x.quotedEnd(i); end == 0 {
			end = pathEnd(s, first)
		}
	}
	if end < 5 || !parses(kind, s[:end]) {
		return i
	}
	x.emit(kind, i, i+end)
	return i + end
}

// shareLength returns where the backslash behind the host of a share is, 0 if
// there is none. Two where one should be are of a string in a program: then
// there are four at the start, or it is no share.
func shareLength(s string) int {
	slashes := len(s) - len(strings.TrimLeft(s, `\`))
	i := slashes
	for i < len(s) && i < 256 && (isAlnum(s[i]) || strings.IndexByte(".-_?", s[i]) >= 0) {
		i++
	}
	if i == slashes || i+1 >= len(s) || s[i] != '\\' || slashes != 2 && slashes != 4 || slashes == 2 && s[i+1] == '\\' || gap(s[i+1:]) > 0 {
		return 0
	}
	return i
}

// hiveLength returns the length of the hive at the start of s with its
// backslash, 0 if there is none.
func hiveLength(s string) int {
	if len(s) < 5 || s[0]|0x20 != 'h' || s[1]|0x20 != 'k' {
		return 0
	}
	i := strings.IndexByte(s[:min(len(s), len("hkey_performance_data:\\"))], '\\')
	if i < 0 || hives[asciiLower(strings.TrimSuffix(s[:i], ":"))] == "" {
		return 0
	}
	return i + 1
}

// quotedEnd returns the length of the path at buf[i:] when quotes stand around
// it and nothing but a path is between them, else 0.
func (x *Extractor) quotedEnd(i int) int {
	const longest = 260 // MAX_PATH
	before := x.buf[:i]
	s := x.buf[i:min(len(x.buf), i+longest)]
	for _, q := range [...]struct{ open, shut string }{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"‘", "’"}, {"«", "»"}} {
		if !strings.HasSuffix(before, q.open) {
			continue
		}
		n := strings.Index(s, q.shut)
		if n < 3 || strings.ContainsAny(s[2:n], "<>:|?*\n\r\t,;") || strings.Contains(s[:n], " /") || strings.Contains(s[:n], " -") {
			return 0
		}
		for i := 0; i < n; i++ {
			if s[i] == ' ' && extensions[extension(s[:i])] {
				return 0 // a command and its argument
			}
		}
		return n
	}
	return 0
}

// pathEnd returns where the path at the start of s ends, whose first backslash
// is s[i].
func pathEnd(s string, i int) int {
	const longest = 1024
	open, component := 0, i+1
scan:
	for ; i < len(s) && i < longest; i++ {
		switch c := s[i]; {
		case c == '\\':
			component = i + 1
		case c == ' ':
			if !blankInPath(s, component, i) {
				break scan
			}
		case c == '(' || c == '{' || c == '[':
			open++
		case c == ')' || c == '}' || c == ']':
			if open--; open < 0 {
				break scan
			}
		case c == '*' || c == '?' || c == '<' || c == ':' && i+1 < len(s) && s[i+1] == '\\':
			i = component - 1 // a pattern: the folder is what is known
			break scan
		case c == ',' || c == ';' || c == ':' || c == '=' || c == '&' || c != '/' && gap(s[i:]) > 0:
			break scan
		}
	}
	if open > 0 {
		i = component - 1
	}
	for i > 0 && strings.IndexByte(`.-!`, s[i-1]) >= 0 {
		i--
	}
	return i
}

// spacedNames are names of two words that paths and keys often end in.
var spacedNames = map[string]bool{
	"windows nt": true, "windows defender": true, "terminal server": true, "internet settings": true, "internet explorer": true,
	"user data": true, "login data": true, "local state": true, "start menu": true, "program files": true, "windows mail": true,
}

// blankInPath reports whether the blank at s[i] is within a name that began at
// component: one of two known words, or up to four words in capitals and then a
// backslash.
func blankInPath(s string, component, i int) bool {
	if extensions[extension(s[component:i])] {
		return false
	}
	next := i + 1
	for next < len(s) && isLetter(s[next]) {
		next++
	}
	if spacedNames[asciiLower(s[component:next])] {
		return true
	}
	words, start := 0, i+1
	for j := i + 1; j < len(s) && j < i+48; j++ {
		switch c := s[j]; {
		case c == '\\':
			return j > start && capital(s[start:j]) && hives[asciiLower(s[start:j])] == ""
		case c == ' ':
			if words++; words > 3 || j == start || !capital(s[start:j]) {
				return false
			}
			start = j + 1
		case c < ' ' || c >= utf8.RuneSelf || strings.IndexByte(`<>:"|?*,;'=`, c) >= 0:
			return false
		}
	}
	return false
}

// capital reports whether w begins as a word of a folder's name does.
func capital(w string) bool {
	c := w[0]
	return 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '(' || w == "and" || w == "&" || w == "-"
}

// productsEnd returns where the products and comments at the start of s end
// (RFC 9110 section 10.1.5), 0 if there is no more than one.
func productsEnd(s string) int {
	const longest = 512
	s = s[:min(len(s), longest)]
	end, parts := 0, 0
	for i := 0; i < len(s); i++ {
		n := 0
		if s[i] == '(' {
			n = strings.IndexByte(s[i:], ')') + 1
		} else {
			n = strings.IndexAny(s[i:]+" ", " \t\r\n\"'<>`()|;,")
			if word := s[i : i+n]; strings.IndexByte(word, '/') <= 0 && word != "like" && word != "Gecko" && word != "Mobile" {
				break
			}
		}
		if n == 0 || hasControl(s[i:i+n]) {
			break
		}
		end, parts = i+n, parts+1
		if i += n; i < len(s) && s[i] != ' ' {
			break
		}
	}
	if parts < 2 {
		return 0
	}
	return len(strings.TrimRight(s[:end], ".,"))
}

// userAgent emits what stands behind "User-Agent:", which ends at i, up to the
// end of the line or a quote.
func (x *Extractor) userAgent(i int) int {
	s := x.buf[i:min(len(x.buf), i+512)]
	rest := strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(rest, ":") {
		return i
	}
	rest = strings.TrimLeft(rest[1:], " \t")
	from := i + len(s) - len(rest)
	n := strings.IndexAny(rest, "\r\n\"'<>`|")
	if n < 0 {
		n = len(rest)
	}
	agent := strings.TrimSpace(rest[:n])
	if len(agent) < 4 || !utf8.ValidString(agent) {
		return i
	}
	x.emit(UserAgent, from, from+len(agent))
	return from + len(agent)
}

// mutex emits the quoted word behind "mutex", which ends at i, with no more
// than a few words between.
func (x *Extractor) mutex(i int) int {
	const between, longest = 32, 128
	s := x.buf[i:min(len(x.buf), i+between+longest)]
	n := strings.IndexFunc(s, func(r rune) bool {
		return r != ' ' && r != ':' && r != '=' && !(r < utf8.RuneSelf && isLetter(byte(r)))
	})
	if n < 0 || n > between {
		return i
	}
	for _, q := range [...]struct{ open, shut string }{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"‘", "’"}} {
		if !strings.HasPrefix(s[n:], q.open) {
			continue
		}
		name := s[n+len(q.open):]
		if end := strings.Index(name, q.shut); end >= 4 && !strings.ContainsAny(name[:end], " \t\r\n") {
			from := i + n + len(q.open)
			x.emit(Mutex, from, from+end)
			return from + end
		}
	}
	return i
}
