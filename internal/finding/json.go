package finding

import (
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/event"
)

// AppendJSON appends f to dst as one JSON object on one line, without the
// newline. The keys stand always in this order and are absent when empty:
//
//	kind, time, severity, title, rule {id, path}, indicator {id, value, type},
//	techniques, groups, host, source {path, format, record, offset},
//	fields {name: value}, events [source], count
//
// severity is always there. record is absent when 0, which is no record's
// number; offset is there in every source that has a path or a format, as 0
// is the first byte. A field name that occurs twice gets an array of its
// values at its first place. Times are RFC 3339 in UTC with as many fraction
// digits as they need. The output is valid JSON and valid UTF-8 whatever f
// holds: bytes that are not UTF-8 become U+FFFD, and the control characters
// (C0, DEL, C1) and line separators are escaped, so that a line stays a line.
func AppendJSON(dst []byte, f *Finding) []byte {
	dst = append(dst, '{')
	dst = appendText(dst, "kind", f.Kind)
	if f.Time != event.NoTime {
		dst = append(appendKey(dst, "time"), '"')
		dst = AppendTime(dst, f.Time)
		dst = append(dst, '"')
	}
	dst = appendText(dst, "severity", f.Severity.String())
	dst = appendText(dst, "title", f.Title)
	if f.Rule != (Rule{}) {
		dst = append(appendKey(dst, "rule"), '{')
		dst = appendText(dst, "id", f.Rule.ID)
		dst = appendText(dst, "path", f.Rule.Path)
		dst = append(dst, '}')
	}
	if f.Indicator != (Indicator{}) {
		dst = append(appendKey(dst, "indicator"), '{')
		dst = appendText(dst, "id", f.Indicator.ID)
		dst = appendText(dst, "value", f.Indicator.Value)
		dst = appendText(dst, "type", f.Indicator.Type)
		dst = append(dst, '}')
	}
	dst = appendList(dst, "techniques", f.Techniques)
	dst = appendList(dst, "groups", f.Groups)
	dst = appendText(dst, "host", f.Host)
	if f.Source != (Source{}) {
		dst = appendSource(appendKey(dst, "source"), &f.Source)
	}
	if len(f.Fields) > 0 {
		dst = AppendFields(appendKey(dst, "fields"), f.Fields)
	}
	if len(f.Events) > 0 {
		dst = AppendSources(appendKey(dst, "events"), f.Events)
	}
	if f.Count > 0 {
		dst = strconv.AppendUint(appendKey(dst, "count"), f.Count, 10)
	}
	return append(dst, '}')
}

// AppendFields appends fields as one JSON object, as AppendJSON does.
func AppendFields(dst []byte, fields []Field) []byte {
	dst = append(dst, '{')
	for i := range fields {
		name := fields[i].Name
		if index(fields[:i], name) >= 0 {
			continue // written where it came first
		}
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(AppendString(dst, name), ':')
		next := index(fields[i+1:], name)
		if next < 0 {
			dst = AppendString(dst, fields[i].Value)
			continue
		}
		dst = append(dst, '[')
		dst = AppendString(dst, fields[i].Value)
		for j := i + 1 + next; j < len(fields); j++ {
			if same(fields[j].Name, name) {
				dst = AppendString(append(dst, ','), fields[j].Value)
			}
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func index(fields []Field, name string) int {
	for i := range fields {
		if same(fields[i].Name, name) {
			return i
		}
	}
	return -1
}

// same reports whether a and b are written alike: bytes that are not UTF-8
// are all written as U+FFFD, and no object may name a member twice.
func same(a, b string) bool {
	if a == b {
		return true
	}
	for a != "" && b != "" {
		r, n := utf8.DecodeRuneInString(a)
		q, m := utf8.DecodeRuneInString(b)
		if r != q {
			return false
		}
		a, b = a[n:], b[m:]
	}
	return a == b
}

// AppendTime appends t, nanoseconds since 1970, as RFC 3339 in UTC.
func AppendTime(dst []byte, t int64) []byte {
	return time.Unix(0, t).UTC().AppendFormat(dst, time.RFC3339Nano)
}

// appendKey appends "key": and the comma before it where one is due.
func appendKey(dst []byte, key string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(dst, '"')
	dst = append(dst, key...)
	return append(dst, '"', ':')
}

func appendText(dst []byte, key, s string) []byte {
	if s == "" {
		return dst
	}
	return AppendString(appendKey(dst, key), s)
}

func appendList(dst []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(appendKey(dst, key), '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, s)
	}
	return append(dst, ']')
}

// AppendSources appends sources as one JSON array, as AppendJSON does.
func AppendSources(dst []byte, sources []Source) []byte {
	dst = append(dst, '[')
	for i := range sources {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendSource(dst, &sources[i])
	}
	return append(dst, ']')
}

func appendSource(dst []byte, s *Source) []byte {
	dst = append(dst, '{')
	dst = appendText(dst, "path", s.Path)
	dst = appendText(dst, "format", s.Format)
	if s.Record != 0 {
		dst = strconv.AppendUint(appendKey(dst, "record"), s.Record, 10)
	}
	if s.Path != "" || s.Format != "" || s.Offset != 0 {
		dst = strconv.AppendInt(appendKey(dst, "offset"), s.Offset, 10)
	}
	return append(dst, '}')
}

const hex = "0123456789abcdef"

// AppendString appends s as a JSON string (RFC 8259, section 7).
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plain(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			return append(dst, '"')
		}
		s = s[n:]
		if s[0] < utf8.RuneSelf {
			dst = appendEscape(dst, s[0])
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, "\uFFFD"...)
		case r < 0xa0 || r == 0x2028 || r == 0x2029:
			dst = append(dst, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
}

// plain returns how many bytes at the start of s are ASCII that a JSON
// string takes as it is. It looks at eight bytes at a time.
func plain(s string) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, slash, del := w^ones*'"', w^ones*'\\', w^ones*0x7f
		// A byte's high bit is set where the byte is special; a borrow can
		// only set bits above a true one, so the lowest is right.
		stop := (w | (w - ones*0x20) | (quote - ones) | (slash - ones) | (del - ones)) & highs
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
