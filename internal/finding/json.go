package finding

import (
	"strconv"
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
		dst = event.AppendTime(dst, f.Time)
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
		dst = append(event.AppendJSONString(dst, name), ':')
		next := index(fields[i+1:], name)
		if next < 0 {
			dst = event.AppendJSONString(dst, fields[i].Value)
			continue
		}
		dst = append(dst, '[')
		dst = event.AppendJSONString(dst, fields[i].Value)
		for j := i + 1 + next; j < len(fields); j++ {
			if same(fields[j].Name, name) {
				dst = event.AppendJSONString(append(dst, ','), fields[j].Value)
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
	return event.AppendJSONString(appendKey(dst, key), s)
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
		dst = event.AppendJSONString(dst, s)
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
