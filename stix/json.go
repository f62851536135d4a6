package stix

import (
	"bytes"
	"iter"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// The functions of this file walk over JSON that Parse has found valid, in
// place and without decoding what is not asked for.

// space returns the first position from i on that is no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skip returns the position behind the value that begins at i.
func skip(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch b[i] {
			case '"':
				i = skipString(b, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' && b[i] != ']' && b[i] > ' ' {
		i++
	}
	return i
}

// skipString returns the position behind the string that begins at i.
func skipString(b []byte, i int) int {
	for i = special(b, i+1); b[i] != '"'; {
		if b[i] == '\\' {
			i++
		}
		i = special(b, i+1)
	}
	return i + 1
}

// members yields the names of an object, decoded, with their values as they
// stand. It yields nothing for another kind of value.
func members(b []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		if len(b) == 0 || b[0] != '{' {
			return
		}
		for i := space(b, 1); b[i] != '}'; {
			end := skipString(b, i)
			name := unquote(b[i:end])
			i = space(b, space(b, end)+1)
			end = skip(b, i)
			if !yield(name, b[i:end]) {
				return
			}
			if i = space(b, end); b[i] == ',' {
				i = space(b, i+1)
			}
		}
	}
}

// elements yields the elements of an array as they stand. It yields nothing
// for another kind of value.
func elements(b []byte) iter.Seq2[int, []byte] {
	return func(yield func(n int, value []byte) bool) {
		if len(b) == 0 || b[0] != '[' {
			return
		}
		n := 0
		for i := space(b, 1); b[i] != ']'; n++ {
			end := skip(b, i)
			if !yield(n, b[i:end]) {
				return
			}
			if i = space(b, end); b[i] == ',' {
				i = space(b, i+1)
			}
		}
	}
}

// member returns the value of the member called name, nil when there is none.
func member(b []byte, name string) []byte {
	for n, v := range members(b) {
		if string(n) == name {
			return v
		}
	}
	return nil
}

// unquote returns what a string says; without escapes that is a part of b.
func unquote(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b[1 : len(b)-1]
	}
	s, _ := jsontext.AppendUnquote(nil, b)
	return s
}

// text returns what b says when it is a string, "" when it is something else.
func text(b []byte) string {
	if len(b) == 0 || b[0] != '"' {
		return ""
	}
	return string(unquote(b))
}

// A path leads to a value within an object, in the syntax of selectors
// (section 7.2.3.1): names and [indexes], with dots between them.
type path []byte

func (p path) name(name []byte) path {
	if len(p) > 0 {
		p = append(p, '.')
	}
	return append(p, name...)
}

func (p path) index(n int) path {
	if len(p) > 0 {
		p = append(p, '.')
	}
	p = append(p, '[')
	p = strconv.AppendInt(p, int64(n), 10)
	return append(p, ']')
}
