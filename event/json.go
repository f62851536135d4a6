package event

import (
	"slices"
	"strconv"
	"time"
)

// A Printer writes events as JSON. It remembers how the names of the last
// records were written: those of one log mostly have the same. A Printer must
// not be used by two goroutines at once.
type Printer struct {
	shapes [64]shape
	day    int64  // since 1970, of the last record
	date   []byte // that day, up to and with the T
}

// A shape is the fields of a record, none of whose names repeats or needs an
// escape.
type shape struct {
	keys []byte // each as it is written, comma and colon included
	ends []int  // of each in keys
}

// shape returns where the shape of such fields is remembered.
func (p *Printer) shape(fields []Field) *shape {
	n := len(fields)
	if n == 0 {
		return &p.shapes[0]
	}
	return &p.shapes[uint(n*31+len(fields[n/2].Name)*7+len(fields[n-1].Name))%uint(len(p.shapes))]
}

// AppendJSON appends e as one JSON object without a newline: "@time" (RFC
// 3339, UTC), "@origin", "@host" and "@record" where known, then each field
// in order. A name that occurs more than once has an array.
func (p *Printer) AppendJSON(dst []byte, e *Event) []byte {
	dst = p.appendHead(dst, e)
	if e.JSON != nil {
		return append(append(dst, e.JSON...), '}')
	}
	s := p.shape(e.fields)
	if len(s.ends) != len(e.fields) {
		return s.learn(dst, e)
	}
	head, start := len(dst), 0
	for i := range e.fields {
		f := &e.fields[i]
		key := s.keys[start:s.ends[i]]
		if string(key[2:len(key)-2]) != f.Name {
			return s.learn(dst[:head], e)
		}
		dst = appendJSONValue(append(dst, key...), f)
		start = s.ends[i]
	}
	return append(dst, '}')
}

func (p *Printer) appendHead(dst []byte, e *Event) []byte {
	dst = append(dst, '{')
	if e.Time != NoTime {
		dst = append(dst, `"@time":"`...)
		dst = p.appendTime(dst, e.Time)
		dst = append(dst, `",`...)
	}
	if e.Class != nil {
		dst = append(dst, `"@origin":`...)
		dst = append(AppendJSONString(dst, e.Class.Origin), ',')
	}
	if len(e.Host) > 0 {
		dst = append(dst, `"@host":`...)
		dst = append(AppendJSONString(dst, e.Host), ',')
	}
	dst = append(dst, `"@record":`...)
	return strconv.AppendUint(dst, e.Record, 10)
}

// maxShape is the most fields that are remembered.
const maxShape = 256

// learn writes the fields of e, and remembers their shape when it can.
func (s *shape) learn(dst []byte, e *Event) []byte {
	s.keys, s.ends = s.keys[:0], s.ends[:0]
	known := len(e.fields) <= maxShape
	// Names rarely repeat: a first pass marks the hashes that do, and only
	// fields with a marked hash are compared with others.
	var seen, repeated [nameHashes / 64]uint64
	for i := range e.fields {
		h := nameHash(e.fields[i].Name)
		bit := uint64(1) << (h & 63)
		repeated[h>>6] |= seen[h>>6] & bit
		seen[h>>6] |= bit
	}
	for i := range e.fields {
		f := &e.fields[i]
		if h := nameHash(f.Name); repeated[h>>6]>>(h&63)&1 == 0 {
			at := len(dst)
			dst = append(AppendJSONString(append(dst, ','), f.Name), ':')
			if known = known && len(dst)-at == len(f.Name)+len(`,"":`); known {
				s.keys = append(s.keys, dst[at:]...)
				s.ends = append(s.ends, len(s.keys))
			}
			dst = appendJSONValue(dst, f)
			continue
		}
		known = false
		same := func(g Field) bool { return g.Name == f.Name }
		if slices.ContainsFunc(e.fields[:i], same) {
			continue // printed in the array of its first
		}
		dst = append(AppendJSONString(append(dst, ','), f.Name), ':')
		dst = e.appendValues(dst, i, slices.ContainsFunc(e.fields[i+1:], same))
	}
	if !known {
		s.ends = s.ends[:0]
	}
	return append(dst, '}')
}

// nameHashes is how many hashes names are spread over: enough that the names
// of one record seldom meet.
const nameHashes = 1024

func nameHash(name string) uint {
	n := uint(len(name))
	if n == 0 {
		return 0
	}
	h := n + uint(name[0])*31 + uint(name[n-1])*517 + uint(name[n/2])*7919 + uint(name[n/3])*104729
	return (h ^ h>>10) % nameHashes
}

// appendValues appends the value of field i, or the array of all values of
// its name when there are more.
func (e *Event) appendValues(dst []byte, i int, more bool) []byte {
	if !more {
		return appendJSONValue(dst, &e.fields[i])
	}
	name := e.fields[i].Name
	dst = append(dst, '[')
	for j := i; j < len(e.fields); j++ {
		if e.fields[j].Name != name {
			continue
		}
		if j > i {
			dst = append(dst, ',')
		}
		dst = appendJSONValue(dst, &e.fields[j])
	}
	return append(dst, ']')
}

func appendJSONValue(dst []byte, f *Field) []byte {
	switch f.Kind {
	case Null:
		return append(dst, "null"...)
	case Bool:
		if s := string(f.Value); s == "true" || s == "false" {
			return append(dst, s...)
		}
	case Number:
		if isDigits(f.Value) || isJSONNumber(f.Value) {
			return append(dst, f.Value...)
		}
	}
	return AppendJSONString(dst, f.Value)
}

// isDigits reports whether v is a number without sign, fraction, exponent or
// leading zero, as most are.
func isDigits(v []byte) bool {
	if len(v) == 0 || v[0] == '0' && len(v) > 1 {
		return false
	}
	for _, c := range v {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isJSONNumber reports whether v is a number as JSON writes it (RFC 8259,
// section 6).
func isJSONNumber(v []byte) bool {
	digits := func() bool {
		n := 0
		for n < len(v) && '0' <= v[n] && v[n] <= '9' {
			n++
		}
		v = v[n:]
		return n > 0
	}
	if len(v) > 0 && v[0] == '-' {
		v = v[1:]
	}
	if len(v) > 1 && v[0] == '0' && '0' <= v[1] && v[1] <= '9' || !digits() {
		return false
	}
	if len(v) > 0 && v[0] == '.' {
		if v = v[1:]; !digits() {
			return false
		}
	}
	if len(v) > 0 && (v[0] == 'e' || v[0] == 'E') {
		if v = v[1:]; len(v) > 0 && (v[0] == '+' || v[0] == '-') {
			v = v[1:]
		}
		if !digits() {
			return false
		}
	}
	return len(v) == 0
}

// appendTime is AppendTime for times that often are of the same day.
func (p *Printer) appendTime(dst []byte, t int64) []byte {
	day := t / nanosPerDay
	if t < 0 {
		return AppendTime(dst, t)
	}
	if day != p.day || p.date == nil {
		p.day, p.date = day, AppendTime(p.date[:0], day*nanosPerDay)
		p.date = p.date[:len("2006-01-02T")]
	}
	t -= day * nanosPerDay
	return appendClock(append(dst, p.date...), int(t/1e9), int(t%1e9))
}

const nanosPerDay = 86400e9

// AppendTime appends t, nanoseconds since 1970, as RFC 3339 in UTC with as
// many fractional digits as it needs.
func AppendTime(dst []byte, t int64) []byte {
	u := time.Unix(0, t).UTC()
	year, month, day := u.Date()
	if year < 1000 || year > 9999 {
		return u.AppendFormat(dst, time.RFC3339Nano)
	}
	hour, minute, second := u.Clock()
	dst = append(dst, byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10), '-',
		byte('0'+int(month)/10), byte('0'+int(month)%10), '-', byte('0'+day/10), byte('0'+day%10), 'T')
	return appendClock(dst, hour*3600+minute*60+second, u.Nanosecond())
}

// appendClock appends the time of day, in seconds and nanoseconds, and the Z.
func appendClock(dst []byte, seconds, nanos int) []byte {
	hour, minute, second := seconds/3600, seconds/60%60, seconds%60
	dst = append(dst, byte('0'+hour/10), byte('0'+hour%10), ':', byte('0'+minute/10), byte('0'+minute%10), ':',
		byte('0'+second/10), byte('0'+second%10))
	if nanos > 0 {
		dst = append(dst, '.')
		for unit := 100_000_000; nanos > 0; unit /= 10 {
			dst = append(dst, byte('0'+nanos/unit))
			nanos %= unit
		}
	}
	return append(dst, 'Z')
}
