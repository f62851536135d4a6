package observable

import (
	"encoding/binary"
	"math/bits"
)

// Classes of bytes, as bits: a token is a run of bytes with any.
const (
	digit  = 1 << iota
	hex    // a to f
	letter // g to z
	mark   // - and _
	dot
	at
	colon
	high // beyond ASCII
)

var classes = func() (t [256]uint8) {
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
//   - Email, and then its domain;
//   - URL with a scheme, and then its host and what else is in it.
//
// Nothing is normalised: fold and refang as needed. Parts come after the whole
// that they are in, and both writings where a backslash before a token may be
// of an escape (\nexample.com). Tokens stops when yield returns false. It
// allocates nothing.
//
// Most bytes are seen eight at a time: only a token with a dot, a colon or an
// at sign, and a run of 32 hexadecimal digits, which four words in a row begin
// within, is looked at byte by byte.
func Tokens(text []byte, yield func(k Kind, start, end int) bool) {
	const hexadecimal = digit | hex
	done := 0 // where the last token that was looked at ends
	run := 0  // words in a row that begin with a hexadecimal digit
	for i := 0; i < len(text); {
		w := word(text, i)
		run++
		if classes[byte(w)]&hexadecimal == 0 {
			run = 0
		}
		marks := zeros(w^'.'*ones) | zeros(w^':'*ones) | zeros(w^'@'*ones)
		if marks == 0 && run < 32/8 {
			i += 8
			continue
		}
		at := i // within a token that may be of interest
		if run < 32/8 {
			at += bits.TrailingZeros64(marks) / 8
		}
		start, end, mask := at, at, uint8(0)
		for start > done && classes[text[start-1]] != 0 {
			start--
			mask |= classes[text[start]]
		}
		for end < len(text) && classes[text[end]] != 0 {
			mask |= classes[text[end]]
			end++
		}
		i, done, run = end, end, 0
		if !token(text, start, end, mask, yield) {
			return
		}
	}
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

// token yields what is in the token text[start:end], whose bytes are of the
// classes in mask.
func token(text []byte, start, end int, mask uint8, yield func(Kind, int, int) bool) bool {
	if mask&(dot|colon|at) == 0 {
		k := Unknown
		if mask&^(digit|hex) == 0 {
			k = hashShape(end - start)
		}
		return k == Unknown || yield(k, start, end)
	}
	if text[end-1] == ':' && end+2 < len(text) && text[end] == '/' && text[end+1] == '/' {
		if from, to := urlToken(text, start, end); to > from && !yield(URL, from, to) {
			return false
		}
	}
	return end-start < 4 || shapes(text, start, end, mask, yield)
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

// shapes yields what is in the token text[start:end], which has a dot, a colon
// or an at sign.
func shapes(text []byte, start, end int, mask uint8, yield func(Kind, int, int) bool) bool {
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
	if start > 0 && end-start > 3 {
		switch c := text[start]; {
		case text[start-1] == '%' && isHexByte(c) && isHexByte(text[start+1]):
			start += 2 // %2F and the like
		case text[start-1] == '\\' && (c == 'n' || c == 'r' || c == 't'):
			if !name(text, start+1, end, mask, yield) {
				return false
			}
		}
	}
	return name(text, start, end, mask, yield)
}

// inName reports whether an observable may begin or end with c.
func inName(c byte) bool { return classes[c]&(digit|hex|letter|high) != 0 }

// name yields text[start:end] as an address, a mail address with its domain, or
// a domain, if it has the shape of one.
func name(text []byte, start, end int, mask uint8, yield func(Kind, int, int) bool) bool {
	if mask&at != 0 {
		i := end - 1
		for i > start && text[i] != '@' {
			i--
		}
		if i > start && text[i] == '@' && domainShape(text[i+1:end]) && !yield(Email, start, end) {
			return false
		}
		if text[i] == '@' {
			start = i + 1
		}
	}
	switch {
	case mask&^(digit|dot) == 0 || classes[text[end-1]] == digit:
		if isIPv4(text[start:end]) {
			return yield(IPv4, start, end)
		}
	case domainShape(text[start:end]):
		return yield(Domain, start, end)
	}
	return true
}

// domainShape reports whether s has a dot and ends in letters: two at least, or
// a label of an international name.
func domainShape(s []byte) bool {
	i := len(s)
	for i > 0 && s[i-1] != '.' {
		i--
	}
	if i < 2 || len(s)-i < 2 || len(s) > 253 {
		return false
	}
	if classes[s[i]]&(hex|letter|high) == 0 {
		return false
	}
	for _, c := range s[i+1:] {
		if classes[c]&(hex|letter|high) == 0 && string(s[i:min(len(s), i+4)]) != "xn--" {
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
		part, mask := i, uint8(0)
		for i < end && text[i] != ':' {
			mask |= classes[text[i]]
			i++
		}
		switch {
		case mask&(dot|at) != 0:
			if i-part >= 4 && !shapes(text, part, i, mask, yield) {
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
	case colons == 5 && len(s) == 17 && empty == 0:
		return MAC
	case colons == 7 && empty <= 1, colons >= 2 && colons < 7 && empty == 1:
		return IPv6
	}
	return Unknown
}
