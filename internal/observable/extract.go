package observable

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Match is an observable and where in a text it stands: text[Start:End] is
// what [Parse] normalises to it.
type Match struct {
	Observable
	Start, End int  // bytes
	Defanged   bool // written so that nobody clicks on it
	LookAlike  bool // with characters that pass for others
}

// An Extractor finds observables in prose, such as reports. It is careful: a
// version is no address, an abbreviation no domain, and the end of a sentence
// no file name, unless it is defanged. The zero value is ready. One Extractor
// serves one text after another, not two at once.
type Extractor struct {
	text  string  // as given
	plain rewrite // text without look-alikes
	open  rewrite // plain refanged
	buf   string  // what is searched: the text of open
	yield func(Match) bool
	done  bool
	// lastVersion is where the last number ended that was a version: those in
	// a list with it are versions too.
	lastVersion int
}

// Extract yields the observables in text in order; none overlaps another.
func (x *Extractor) Extract(text string) iter.Seq[Match] {
	return func(yield func(Match) bool) {
		x.text, x.yield, x.done, x.lastVersion = text, yield, false, -1
		x.plain = rewrite{in: text, out: x.plain.out[:0], edits: x.plain.edits[:0]}
		x.plain.lookAlikes()
		x.open = rewrite{in: x.plain.text(), out: x.open.out[:0], edits: x.open.edits[:0]}
		x.open.brackets()
		x.buf = x.open.text()
		for i := 0; i < len(x.buf) && !x.done; {
			if n := gap(x.buf[i:]); n > 0 {
				i += n
				continue
			}
			i = x.chunk(i, chunkEnd(x.buf, i))
		}
		x.yield = nil
	}
}

// gap returns the length of the character at the start of s when it stands
// between chunks: blanks, quotes, angle brackets, all that is no letter, mark
// or number outside ASCII.
func gap(s string) int {
	if s[0] < utf8.RuneSelf {
		if isGap[s[0]] {
			return 1
		}
		return 0
	}
	r, n := utf8.DecodeRuneInString(s)
	if unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) {
		return 0
	}
	return n
}

// chunkEnd returns where the chunk from i on ends: at a gap, or between ASCII
// and a script that is written without blanks.
func chunkEnd(s string, i int) int {
	var last rune
	for i < len(s) && gap(s[i:]) == 0 {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		if isCJK(r) && isASCIIWord(last) || isCJK(last) && isASCIIWord(r) {
			break
		}
		last = r
		i += n
	}
	return i
}

func isASCIIWord(r rune) bool { return r < utf8.RuneSelf && (isAlnum(byte(r)) || r == '/') }

func isCJK(r rune) bool {
	return r >= 0x2e80 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// chunk searches buf[i:end] and returns where to go on; a path with blanks in
// it may reach beyond end.
func (x *Extractor) chunk(i, end int) int {
	for i < end && !x.done {
		sep := strings.Index(x.buf[i:end], "://")
		if sep < 0 {
			return x.words(i, end, end)
		}
		from := i + sep
		for from > i && isSchemeByte(x.buf[from-1]) {
			from--
		}
		for from < i+sep && !isLetter(x.buf[from]) {
			from++
		}
		if next := x.words(i, from, end); next > from {
			return next
		}
		to := urlEnd(x.buf, from, end)
		next := max(to, i+sep+3)
		if knownSchemes[asciiLower(x.buf[from:i+sep])] && to > i+sep+3 {
			next = x.url(from, i+sep+3, to)
		}
		i = next
	}
	return max(i, end)
}

func isSchemeByte(c byte) bool { return isAlnum(c) || c == '+' || c == '-' || c == '.' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// knownSchemes are the schemes that a URL in a text may have.
var knownSchemes = wordSet(`http https ftp ftps sftp tftp ssh telnet ws wss tcp udp ldap ldaps rmi dns iiop smb git irc
	ircs imap imaps smtp smtps pop3 rdp vnc socks socks4 socks5 nfs gopher mqtt amqp redis mongodb postgres mysql
	stratum rtsp sip sips`)

// urlEnd returns where the URL from i on ends, at end at the latest: before a
// bracket that it did not open, a list's comma, and the sentence's punctuation.
func urlEnd(s string, i, end int) int {
	depth := 0
	for j := i; j < end; j++ {
		switch s[j] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth < 0 {
				end = j
			}
		case '\\', '^':
			end = j
		case ',', ';':
			if rest := s[j+1 : min(end, j+10)]; strings.Contains(rest, "://") || rest == "" {
				end = j
			}
		}
	}
	for end > i && strings.IndexByte(`.,;:!?*'&([{`, s[end-1]) >= 0 {
		end--
	}
	return end
}

// url emits the URL buf[from:to], whose host begins at host, and returns where
// to go on. One that the end of a line cut at a hyphen is not whole: its host
// alone is emitted, and the rest of it on the next line passed over.
func (x *Extractor) url(from, host, to int) int {
	end := host
	for end < to && strings.IndexByte("/?#", x.buf[end]) < 0 {
		end++
	}
	name, _ := cutPort(x.buf[host:end])
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		name = name[i+1:]
	}
	if x.buf[to-1] != '-' || to == len(x.buf) || x.buf[to] != '\n' && x.buf[to] != '\r' {
		if strings.ContainsAny(name, ".[") {
			x.emit(URL, from, to)
		}
		return to
	}
	if likelyDomain(name) {
		x.emit(Domain, end-len(name), end)
	}
	for to < len(x.buf) && x.buf[to] <= ' ' {
		to++
	}
	return chunkEnd(x.buf, to)
}

// words searches buf[i:end], a part of the chunk that ends at chunkEnd, for all
// but URLs with a scheme, and returns where to go on.
func (x *Extractor) words(i, end, chunkEnd int) int {
	for i < end && !x.done {
		if !isWordByte[x.buf[i]] {
			i++
			continue
		}
		if to := x.spaced(i); to > i {
			if to > end {
				return to
			}
			i = to
			continue
		}
		to := i
		for to < end && isWordByte[x.buf[to]] {
			to++
		}
		if next := x.word(i, to, chunkEnd); next > to {
			if next > end {
				return next
			}
			to = next
		}
		i = to
	}
	return max(i, end)
}

// isWordByte tells the bytes that may be part of an observable that is no URL.
var isWordByte = byteSet(func(c byte) bool {
	return isAlnum(c) || c >= utf8.RuneSelf || strings.IndexByte(`.-_@:/\%+~`, c) >= 0
})

// isGap tells the bytes of ASCII that stand between chunks.
var isGap = byteSet(func(c byte) bool {
	return c <= ' ' || c == 0x7f || strings.IndexByte("\"'<>`|", c) >= 0
})

func byteSet(in func(byte) bool) (set [256]bool) {
	for c := range set {
		set[c] = in(byte(c))
	}
	return set
}

// word searches buf[from:to] for one observable, or several with separators
// between. It returns to, or more if what follows belongs to it.
func (x *Extractor) word(from, to, chunkEnd int) int {
	for from < to && strings.IndexByte(`-.:+@`, x.buf[from]) >= 0 && !strings.HasPrefix(x.buf[from:to], "::") {
		from++
	}
	for to > from && strings.IndexByte(`.-:/\%+@~`, x.buf[to-1]) >= 0 && !strings.HasSuffix(x.buf[from:to], "::") {
		to--
	}
	w := x.buf[from:to]
	if len(w) < 4 {
		return to
	}
	if k := x.kindOf(w, from, to); k != Unknown {
		x.emit(k, from, to)
		return to
	}
	if strings.EqualFold(w, "mutex") || strings.EqualFold(w, "mutant") {
		return x.mutex(to)
	}
	if strings.EqualFold(w, "user-agent") {
		return x.userAgent(to)
	}
	if slash := strings.IndexByte(w, '/'); slash > 0 && x.isURLHost(w[:slash], from) && !x.isURLHost(w[slash+1:], from+slash+1) {
		if end := urlEnd(x.buf, from, chunkEnd); end > from+slash+1 {
			x.emit(URL, from, end)
			return end
		}
	}
	for _, sep := range []byte(`/\@:+%`) {
		if strings.IndexByte(w, sep) < 0 {
			continue
		}
		end := to
		for i := from; i < to && !x.done; i++ {
			part := i
			for i < to && x.buf[i] != sep {
				i++
			}
			i = max(i, x.word(part, i, i))
			end = max(end, i)
		}
		return end
	}
	return to
}

// kindOf tells what w is, which stands at buf[from:to], Unknown if nothing as a
// whole.
func (x *Extractor) kindOf(w string, from, to int) Kind {
	switch c := w[0]; {
	case c|0x20 == 'c' && w[1]|0x20 == 'v' && parses(CVE, w):
		return CVE
	case strings.IndexByte(w, '@') >= 0:
		if i := strings.LastIndexByte(w, '@'); !strings.ContainsAny(w[:i], "/%") && parses(Email, w) && (likelyDomain(w[i+1:]) || x.defanged(from, to)) {
			return Email
		}
		return Unknown
	case isHexWord(w):
		return x.hashKind(w, from)
	case '0' <= c && c <= '9' && isIPv4(w):
		if x.isVersion(w, from, to) {
			x.lastVersion = to
			return Unknown
		}
		return IPv4
	case c == '/' || c == '~':
		if isPOSIXPath(w) {
			return Path
		}
	case strings.IndexByte(w, ':') >= 0 || strings.IndexByte(w, '/') > 0:
		return x.addressKind(w)
	case len(w) == 17 && parses(MAC, w), len(w) == 14 && w[4] == '.' && parses(MAC, w):
		return MAC
	case len(w) == 36 && parses(JA4, w):
		return JA4
	case strings.HasPrefix(w, "AS") && isDigits(w[2:]) && w != "AS400" && parses(ASN, w):
		return ASN
	case (c == '1' || c == '3' || c|0x20 == 'b') && len(w) >= 26 && parses(Bitcoin, w):
		return Bitcoin
	case (c == '4' || c == '8') && len(w) >= 95 && parses(Monero, w):
		return Monero
	case strings.IndexByte(w, '.') > 0 && strings.IndexByte(w, '\\') < 0:
		return x.nameKind(w, from, to)
	}
	return Unknown
}

func parses(k Kind, s string) bool {
	_, err := normalise(k, s)
	return err == nil
}

func isHexWord(w string) bool {
	switch len(w) {
	case 32, 40, 64, 128:
		_, err := hash(w, len(w))
		return err == nil
	}
	return false
}

// hashKind tells the kind of hexadecimal digits by their number. Digits of one
// value, or decimal ones, are none.
func (x *Extractor) hashKind(w string, from int) Kind {
	if isDigits(w) || strings.Count(w, w[:1]) == len(w) {
		return Unknown
	}
	switch len(w) {
	case 40:
		return SHA1
	case 64:
		return SHA256
	case 128:
		return SHA512
	}
	if before := asciiLower(x.buf[max(0, from-16):from]); strings.Contains(before, "ja3") {
		return JA3
	}
	return MD5
}

// addressKind tells networks, IPv6 and MAC addresses. What is as well a name in
// a program (std::a) is none: three groups and a digit it must have.
func (x *Extractor) addressKind(w string) Kind {
	if strings.IndexByte(w, '/') > 0 {
		if parses(CIDR, w) {
			return CIDR
		}
		return Unknown
	}
	if len(w) == 17 && parses(MAC, w) {
		return MAC
	}
	groups := len(strings.FieldsFunc(w, func(r rune) bool { return r == ':' }))
	if groups >= 3 && strings.ContainsAny(w, "0123456789") && parses(IPv6, w) {
		return IPv6
	}
	return Unknown
}

// isVersion reports whether four numbers at buf[from:to] are a version: one
// that is said to be, is listed with others, or that no host would have.
func (x *Extractor) isVersion(w string, from, to int) bool {
	if x.defanged(from, to) {
		return false
	}
	if versionWords[wordBefore(x.buf, from)] || strings.HasSuffix(w, ".0.0") && w != "0.0.0.0" || w[0] == '0' && w != "0.0.0.0" {
		return true
	}
	if from > 1 && (x.buf[from-1] == '/' && isLetter(x.buf[from-2]) || x.buf[from-1] == '-' || x.buf[from-1] == '_') {
		return true
	}
	if to+1 < len(x.buf) && (x.buf[to] == '-' || x.buf[to] == '_') && isAlnum(x.buf[to+1]) {
		return true
	}
	return x.lastVersion >= 0 && from-x.lastVersion <= len(" through ")
}

var versionWords = wordSet(`version versions ver v build builds release firmware update revision assemblyversion
	fileversion productversion`)

// wordBefore returns the letters before s[i:] and the blanks between.
func wordBefore(s string, i int) string {
	end := i
	for end > 0 && i-end < 4 && strings.IndexByte(" \t(:.=\"'", s[end-1]) >= 0 {
		end--
	}
	start := end
	for start > 0 && end-start < 16 && isLetter(s[start-1]) {
		start--
	}
	return asciiLower(s[start:end])
}

// nameKind tells domains from file names, and both from sentences and code.
func (x *Extractor) nameKind(w string, from, to int) Kind {
	defanged := x.defanged(from, to)
	if !defanged && (notName(w) || to < len(x.buf) && x.buf[to] == '(' || from > 0 && x.buf[from-1] == '$') {
		return Unknown
	}
	ext := extension(w)
	isFile := extensions[ext] && hasStem(w) && parses(FileName, w)
	switch {
	case !likelyDomain(w):
		if isFile {
			return FileName
		}
		return Unknown
	case defanged:
		return Domain
	case isFile && (archiveTLDs[ext] || strings.Count(w, ".") == 1):
		return FileName
	case from > 0 && x.buf[from-1] == '/' && (from == 1 || gap(x.buf[from-2:]) > 0):
		return Unknown // the path of a URL
	case looksLikeCode(w):
		return Unknown
	}
	return Domain
}

// looksLikeCode reports whether a domain's writing is rather that of a name in
// a program, a signature of malware, or a sentence that ends.In the next: two
// labels or the last begin with a capital, or an underscore is where no
// registry would take it.
func looksLikeCode(w string) bool {
	if w == strings.ToUpper(w) {
		return false
	}
	labels := strings.Split(w, ".")
	capitals := 0
	for _, l := range labels[:len(labels)-1] {
		if 'A' <= l[0] && l[0] <= 'Z' {
			capitals++
		}
	}
	n := len(labels)
	return capitals > 1 || labels[n-1] != asciiLower(labels[n-1]) || strings.Contains(labels[n-2], "_")
}

// notName reports whether w is known to be neither domain nor file: a product,
// an abbreviation, a name in a program, a signature of malware.
func notName(w string) bool {
	w = asciiLower(w)
	return notNames[w] || strings.Contains(w, ".win32.") || strings.Contains(w, ".win64.") || strings.Contains(w, ".msil.")
}

var notNames = wordSet(`node.js vue.js next.js react.js d3.js three.js express.js asp.net vb.net ado.net paint.net
	system.io system.net socket.io wscript.shell process.name host.name user.name file.name event.code`)

// hasStem reports whether there is a letter or digit before the last dot.
func hasStem(w string) bool {
	for i := range strings.LastIndexByte(w, '.') {
		if isAlnum(w[i]) || w[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// isURLHost reports whether the part of a word before its first slash is the
// host of a URL without a scheme.
func (x *Extractor) isURLHost(w string, from int) bool {
	name, _ := cutPort(w)
	if isIPv4(name) {
		return !x.isVersion(name, from, from+len(name))
	}
	return strings.IndexByte(name, '.') > 0 && x.nameKind(name, from, from+len(name)) == Domain
}

// isPOSIXPath reports whether w is a path under a known root, or to a file of
// known kind.
func isPOSIXPath(w string) bool {
	if strings.HasPrefix(w, "~/") {
		return len(w) > 3
	}
	root, rest, ok := strings.Cut(strings.TrimPrefix(w, "/"), "/")
	return ok && rest != "" && w[0] == '/' && (posixRoots[root] || root != "" && extensions[extension(w[strings.LastIndexByte(w, '/')+1:])])
}

var posixRoots = wordSet(`bin boot data dev etc home lib lib64 lib32 media mnt opt private proc root run sbin sdcard srv
	storage sys system tmp usr var Applications Library System Users Volumes`)

// defanged reports whether brackets or the like were undone in buf[from:to].
func (x *Extractor) defanged(from, to int) bool {
	_, _, edited := x.open.span(from, to)
	return edited
}

// emit yields buf[from:to] as of kind k, if that is what it reads as where it
// stands in the text.
func (x *Extractor) emit(k Kind, from, to int) {
	start, end, defanged := x.open.span(from, to)
	start, end, alike := x.plain.span(start, end)
	v, err := normalise(k, x.text[start:end])
	if err != nil {
		return
	}
	if k == Domain || k == URL || k == Email {
		alike = alike || mixesScripts(hostOf(v))
	}
	x.done = x.done || !x.yield(Match{Observable{k, v}, start, end, defanged, alike})
}

// hostOf returns the host of a normalised URL, e-mail address or domain.
func hostOf(v string) string {
	if _, rest, ok := strings.Cut(v, "://"); ok {
		v = rest
	}
	if i := strings.IndexByte(v, '/'); i >= 0 {
		v = v[:i]
	}
	v = v[strings.LastIndexByte(v, '@')+1:]
	v, _ = cutPort(v)
	return v
}
