package observable

import (
	"encoding/binary"
	"math/bits"
	"unicode"
	"unicode/utf8"
)

// A Mask is a set of classes of bytes.
type Mask uint8

// Classes of bytes, as bits: a token is a run of bytes with any.
const (
	digit  Mask = 1 << iota
	hex         // a to f
	letter      // g to z
	mark        // - and _
	dot
	at
	colon
	high // beyond ASCII
)

// Plain reports whether a word is letters and digits of ASCII, hyphens,
// underscores and dots alone.
func (m Mask) Plain() bool { return m&(at|colon|high) == 0 }

// PlainParts reports the same of what stands between its colons.
func (m Mask) PlainParts() bool { return m&(at|high) == 0 }

// Number reports whether a word is digits, dots and colons alone.
func (m Mask) Number() bool { return m&^(digit|dot|colon) == 0 }

// IsClock reports whether a word is a time of day, such as 10:11:12 or
// 10:11:12.123, in which Shapes finds nothing.
func IsClock(s []byte) bool {
	if len(s) < 8 || s[2] != ':' || s[5] != ':' || len(s) > 8 && s[8] != '.' {
		return false
	}
	for i, c := range s {
		if c-'0' > 9 && i != 2 && i != 5 && i != 8 {
			return false
		}
	}
	return true
}

var classes = func() (t [256]Mask) {
	for c := range t {
		b := byte(c)
		switch {
		case '0' <= b && b <= '9':
			t[c] = digit
		case 'a' <= b|0x20 && b|0x20 <= 'f' && b >= 'A':
			t[c] = hex
		case 'a' <= b|0x20 && b|0x20 <= 'z' && b >= 'A':
			t[c] = letter
		case b == '-' || b == '_':
			t[c] = mark
		case b == '.':
			t[c] = dot
		case b == '@':
			t[c] = at
		case b == ':':
			t[c] = colon
		case b >= 0x80:
			t[c] = high
		}
	}
	return t
}()

// Tokens splits raw log text and yields what has the shape of an observable, as
// the bytes text[start:end] and the kind that the shape is of:
//
//   - MD5, SHA1, SHA256, SHA512: hexadecimal digits of their numbers;
//   - IPv4, IPv6, and MAC with colons;
//   - Domain: labels with dots between, which a file name has too; its suffix is
//     not looked up;
//   - FileName: the same with an extension that no domain has, such as .ps1;
//   - Email, and then its domain;
//   - URL with a scheme, and then its host and what else is in it.
//
// Nothing is normalised: fold and refang as needed. Parts come after the whole
// that they are in, and both writings where a backslash before a token may be
// of an escape (\nexample.com). Tokens stops when yield returns false. It
// allocates nothing.
func Tokens(text []byte, yield func(k Kind, start, end int) bool) {
	Words(text, func(start, end int, mask Mask) bool {
		return Shapes(text, start, end, mask, yield)
	})
}

// Words yields the words of raw log text that have something in them which
// Tokens yields, and some others. A word is as long as its bytes are letters,
// digits, any of .-_@: or beyond ASCII; mask tells which of those it has.
//
// Most bytes are seen eight at a time, and only a word that has one of these is
// looked at byte by byte: a dot, as names and most addresses have; two colons in
// a row, or a colon and a slash; eight digits and colons in a row that begin at
// a step, as the longer addresses of groups have; three steps of nothing but
// hexadecimal digits, as every hash has.
func Words(text []byte, yield func(start, end int, mask Mask) bool) {
	done := 0        // where the last word that was looked at ends
	run := 0         // steps in a row of hexadecimal digits alone
	var colon uint64 // whether the step before ends with a colon
	for i := 0; i < len(text); {
		var w uint64
		if i+8 <= len(text) {
			w = binary.LittleEndian.Uint64(text[i:])
		} else {
			w = word(text, i)
		}
		dots, colons := zeros(w^'.'*ones), zeros(w^':'*ones)
		marks := dots
		if colons|colon != 0 {
			marks |= (colons<<8 | colon) & (colons | zeros(w^'/'*ones))
			colon = colons >> 56
		}
		at := i // within a word that may be of interest
		switch {
		case marks != 0:
			at += bits.TrailingZeros64(marks) / 8
			if text[at] != '.' {
				at-- // the colon before it
			}
		case (w^w>>2)&(0x10*ones) != 0x10*ones, !hexadecimal(w):
			run = 0
			i += 8
			continue
		default:
			if run++; run < 3 && colons == 0 {
				i += 8
				continue
			}
		}
		start, end := at, at
		var mask Mask
		for start > done && classes[text[start-1]] != 0 {
			start--
			mask |= classes[text[start]]
		}
		for end < len(text) {
			c := classes[text[end]]
			if c == 0 {
				break
			}
			mask |= c
			end++
		}
		done, run, colon = end, 0, 0
		i = max(end, at+1)
		if end > start && !yield(start, end, mask) {
			return
		}
	}
}

// hexadecimal reports whether the bytes of w are hexadecimal digits or colons.
func hexadecimal(w uint64) bool {
	const highs = 0x80 * ones
	t := w | 0x20*ones
	// In each byte the high bit tells whether the rest is not less.
	digits := ((t | highs) - 0x30*ones) &^ ((t | highs) - 0x3B*ones)
	letters := ((t | highs) - 0x61*ones) &^ ((t | highs) - 0x67*ones)
	return (digits|letters)&^w&highs == highs
}

const ones = 0x0101010101010101

// word returns the eight bytes from i on, the first lowest, with zeros behind
// the end.
func word(text []byte, i int) uint64 {
	if i+8 <= len(text) {
		return binary.LittleEndian.Uint64(text[i:])
	}
	var tail [8]byte
	copy(tail[:], text[i:])
	return binary.LittleEndian.Uint64(tail[:])
}

// zeros sets the high bits of the bytes of w that are zero; above the first of
// them it may set more.
func zeros(w uint64) uint64 { return (w - ones) &^ w & (0x80 * ones) }

// Shapes yields what Tokens does of the word text[start:end], whose bytes are of
// the classes in mask.
func Shapes(text []byte, start, end int, mask Mask, yield func(Kind, int, int) bool) bool {
	if mask&high != 0 && !highParts(text, start, end, yield) {
		return false
	}
	return shapes(text, start, end, mask, yield)
}

// highParts yields what is in the parts of a word with characters beyond ASCII
// that may stand beside a name without being of it: quotation marks and the
// like, and letters of scripts that are written without blanks.
func highParts(text []byte, start, end int, yield func(Kind, int, int) bool) bool {
	part, mask := start, Mask(0)
	for i := start; i < end; {
		r, n := utf8.DecodeRune(text[i:end])
		if r < utf8.RuneSelf {
			mask |= classes[r]
		} else if breaksWords(r) {
			if i > part && !shapes(text, part, i, mask, yield) {
				return false
			}
			part, mask = i+n, 0
		} else {
			mask |= high
		}
		i += n
	}
	return part == start || part == end || shapes(text, part, end, mask, yield)
}

// breaksWords reports whether a name in another script may stand beside r
// without a blank between.
func breaksWords(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) ||
		unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// shapes yields what is in a word or a part of one, in both writings where a
// backslash stands before it.
func shapes(text []byte, start, end int, mask Mask, yield func(Kind, int, int) bool) bool {
	if start > 0 && text[start-1] == '\\' && end-start > 1 && isEscape(text[start]) && !shape(text, start+1, end, mask, yield) {
		return false
	}
	return shape(text, start, end, mask, yield)
}

// isEscape reports whether c behind a backslash may stand for a control
// character: \b, \f, \n, \r, \t.
func isEscape(c byte) bool { return c == 'n' || c == 't' || c == 'r' || c == 'b' || c == 'f' }

// shape is token for one of the writings of it.
func shape(text []byte, start, end int, mask Mask, yield func(Kind, int, int) bool) bool {
	if mask.Number() && IsClock(text[start:end]) {
		return true
	}
	if mask&(dot|colon|at) == 0 {
		k := hashShape(end - start)
		if k != Unknown && mask&^(digit|hex) != 0 && !allHex(text[start:end]) {
			return true // mask may be of a letter before it
		}
		return k == Unknown || yield(k, start, end)
	}
	if text[end-1] == ':' && end+2 < len(text) && text[end] == '/' && text[end+1] == '/' {
		if from, to := urlToken(text, start, end); to > from && !yield(URL, from, to) {
			return false
		}
	}
	return end-start < 4 || dotted(text, start, end, mask, yield)
}

// hashShape returns the kind of a hash of n digits.
func hashShape(n int) Kind {
	switch n {
	case 32:
		return MD5
	case 40:
		return SHA1
	case 64:
		return SHA256
	case 128:
		return SHA512
	}
	return Unknown
}

// urlToken returns the URL whose scheme ends with the colon before text[i].
func urlToken(text []byte, start, i int) (from, to int) {
	from = i - 1
	for from > start && classes[text[from-1]]&(digit|hex|letter) != 0 {
		from--
	}
	if from == i-1 || from > 0 && text[from-1] == '%' {
		return 0, 0
	}
	to = i + 2
	for to < len(text) && !endsURL[text[to]] {
		to++
	}
	for to > i+2 && (text[to-1] == '.' || text[to-1] == ',' || text[to-1] == ';' || text[to-1] == ')' || text[to-1] == ']' || text[to-1] == '}') {
		to--
	}
	if to == i+2 {
		return 0, 0
	}
	return from, to
}

// endsURL tells the bytes that no URL in a log has.
var endsURL = byteSet(func(c byte) bool { return isGap[c] || c == '\\' || c == '^' })

// dotted yields what is in the token text[start:end], which has a dot, a colon
// or an at sign.
func dotted(text []byte, start, end int, mask Mask, yield func(Kind, int, int) bool) bool {
	if mask&colon != 0 {
		return colonShapes(text, start, end, yield)
	}
	for start < end && !inName(text[start]) {
		start++
	}
	for end > start && !inName(text[end-1]) {
		end--
	}
	if end-start < 4 {
		return true
	}
	if start > 0 && text[start-1] == '%' && end-start > 3 && isHexByte(text[start]) && isHexByte(text[start+1]) {
		start += 2 // %2F and the like
	}
	return name(text, start, end, mask, yield)
}

// inName reports whether an observable may begin or end with c.
func inName(c byte) bool { return classes[c]&(digit|hex|letter|high) != 0 }

// name yields text[start:end] as an address, a mail address with its domain, or
// a domain, if it has the shape of one.
func name(text []byte, start, end int, mask Mask, yield func(Kind, int, int) bool) bool {
	if mask&at != 0 {
		i := end - 1
		for i > start && text[i] != '@' {
			i--
		}
		if i > start && text[i] == '@' && nameShape(text[i+1:end]) == Domain && !yield(Email, start, end) {
			return false
		}
		if text[i] == '@' {
			start = i + 1
		}
	}
	k := Unknown
	switch {
	case classes[text[end-1]] == digit && isIPv4(text[start:end]):
		k = IPv4
	case mask&^(digit|dot|colon) != 0:
		k = nameShape(text[start:end])
	}
	return k == Unknown || yield(k, start, end)
}

// nameShape returns Domain when s has a dot and ends in letters, two at least,
// or in a label of an international name; FileName when it ends in letters with
// digits behind them.
func nameShape(s []byte) Kind {
	i := len(s)
	for i > 0 && s[i-1] != '.' {
		i--
	}
	if i < 2 || len(s)-i < 2 || len(s) > 253 {
		return Unknown
	}
	if classes[s[i]]&(hex|letter|high) == 0 {
		return Unknown
	}
	for _, c := range s[i+1:] {
		if classes[c]&(hex|letter|high) == 0 && !isInternational(s[i:]) {
			return FileName
		}
	}
	return Domain
}

// isInternational reports whether a label is one in the form of RFC 5890.
func isInternational(label []byte) bool {
	return len(label) > 4 && label[0]|0x20 == 'x' && label[1]|0x20 == 'n' && label[2] == '-' && label[3] == '-'
}

func allHex(s []byte) bool {
	for _, c := range s {
		if !isHexByte(c) {
			return false
		}
	}
	return true
}

// colonShapes yields what is in a token with colons: an IPv6 or MAC address, or
// other tokens with colons between, such as an address and its port.
func colonShapes(text []byte, start, end int, yield func(Kind, int, int) bool) bool {
	if k := colonAddress(text[start:end]); k != Unknown {
		return yield(k, start, end)
	}
	for i := start; i < end; i++ {
		part, mask := i, Mask(0)
		for i < end && text[i] != ':' {
			mask |= classes[text[i]]
			i++
		}
		switch {
		case mask&(dot|at) != 0:
			if mask == digit|dot && i-part < len("1.1.1.1") {
				continue // fractions of a second
			}
			if i-part >= 4 && !dotted(text, part, i, mask, yield) {
				return false
			}
		case mask&^(digit|hex) == 0:
			if k := hashShape(i - part); k != Unknown && !yield(k, part, i) {
				return false
			}
		}
	}
	return true
}

// colonAddress tells a MAC or IPv6 address by its groups of hexadecimal digits.
func colonAddress(s []byte) Kind {
	colons, digits, longest, empty := 0, 0, 0, 0
	for i, c := range s {
		switch {
		case c == ':':
			if digits == 0 && i > 0 {
				empty++
			}
			colons, digits = colons+1, 0
		case c == '.' && colons >= 2:
			if isIPv4(s[i-digits:]) && empty == 1 {
				return IPv6
			}
			return Unknown
		case !isHexByte(c):
			return Unknown
		default:
			digits++
			longest = max(longest, digits)
		}
	}
	switch {
	case longest > 4:
		return Unknown
	case colons == 5 && len(s) == 17 && longest == 2: // six of two
		return MAC
	case colons == 7 && empty <= 1, colons >= 2 && colons < 7 && empty == 1:
		return IPv6
	}
	return Unknown
}
