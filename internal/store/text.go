package store

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Limits of what can be searched, of an object and of a word. PostgreSQL takes
// no more.
const (
	maxText = 256 << 10
	maxWord = 100
)

// AppendText appends to dst the words of an object that can be searched: what
// its strings say, lower case, letters and digits with single spaces between.
// Names of properties, identifiers, references and times are not among them.
func AppendText(dst, raw []byte) []byte {
	start := len(dst)
	for i := 0; i < len(raw) && len(dst)-start < maxText; {
		if raw[i] != '"' {
			i++
			continue
		}
		s, end := quoted(raw, i)
		i = end
		if i = skipSpace(raw, i); i < len(raw) && raw[i] == ':' {
			if i = skipSpace(raw, i+1); unsearched(s) {
				i = skipStrings(raw, i)
			}
			continue
		}
		dst = appendWords(dst, s)
	}
	return dst[:min(len(dst), start+maxText)]
}

// quoted returns what stands in the string that begins at i, still escaped, and
// where it ends.
func quoted(raw []byte, i int) (s []byte, end int) {
	for j := i + 1; j < len(raw); j++ {
		switch raw[j] {
		case '\\':
			j++
		case '"':
			return raw[i+1 : j], j + 1
		}
	}
	return raw[i+1:], len(raw)
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// unsearched tells names of properties whose values say nothing in words.
func unsearched(name []byte) bool {
	switch string(name) {
	case "id", "type", "spec_version", "created", "modified", "valid_from", "valid_until",
		"first_seen", "last_seen", "pattern_type", "pattern_version", "selectors", "extension_type":
		return true
	}
	return bytes.HasSuffix(name, []byte("_ref")) || bytes.HasSuffix(name, []byte("_refs"))
}

// skipStrings steps over a string or an array of strings; what else begins at i
// is left to be read.
func skipStrings(raw []byte, i int) int {
	if i < len(raw) && raw[i] == '[' {
		for i++; i < len(raw) && raw[i] != ']'; {
			switch raw[i] {
			case '"':
				_, i = quoted(raw, i)
			case '{', '[':
				return i
			default:
				i++
			}
		}
		return i
	}
	if i < len(raw) && raw[i] == '"' {
		_, i = quoted(raw, i)
	}
	return i
}

// appendWords appends the words of s, which may hold JSON escapes.
func appendWords(dst, s []byte) []byte {
	gap, word := len(dst) > 0, len(dst)
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		default:
			r, n := char(s[i:])
			i += n
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
				gap = len(dst) > 0
				continue
			}
			if gap {
				dst, gap, word = append(dst, ' '), false, len(dst)
			}
			if len(dst)-word < maxWord {
				dst = utf8.AppendRune(dst, unicode.ToLower(r))
			}
			continue
		}
		if gap {
			dst, gap, word = append(dst, ' '), false, len(dst)
		}
		if len(dst)-word < maxWord {
			dst = append(dst, c)
		}
		i++
	}
	return dst
}

// char returns the character at the start of s, which is no letter or digit of
// ASCII, and its length. Of escapes only \uXXXX below the surrogates can be a
// letter.
func char(s []byte) (r rune, n int) {
	if s[0] != '\\' {
		return utf8.DecodeRune(s)
	}
	if len(s) < 6 || s[1] != 'u' {
		return ' ', min(2, len(s))
	}
	for _, c := range s[2:6] {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		default:
			c = c | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(c&15)
	}
	if r >= 0xD800 && r < 0xE000 {
		r = ' '
	}
	return r, 6
}
