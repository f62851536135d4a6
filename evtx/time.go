package evtx

import (
	"math"
	"strconv"
)

// FILETIME counts 100 ns from 1601 (MS-DTYP 2.3.3).
const (
	ticksPerSecond = 1e7
	ticksPerDay    = 86400 * ticksPerSecond
	unixEpoch      = 116444736000000000 // ticks from 1601 to 1970
)

// unixTime returns nanoseconds since 1970, NoTime beyond what they can count
// (1678 to 2262).
func unixTime(filetime uint64) int64 {
	const most = math.MaxInt64 / 100
	if filetime > unixEpoch+most || filetime < unixEpoch-most {
		return NoTime
	}
	return (int64(filetime) - unixEpoch) * 100
}

// A clock writes times. It keeps the last date, which most often is that of
// the next time too.
type clock struct {
	day  uint64 // 1 + days since 1601; 0: none yet
	date [16]byte
	n    int
}

// appendFileTime writes 2006-01-02T15:04:05.0000000Z.
func (c *clock) appendFileTime(dst []byte, filetime uint64) []byte {
	day, ticks := filetime/ticksPerDay+1, filetime%ticksPerDay
	if day != c.day {
		c.day = day
		y, m, d := civil(int64(day - 1))
		c.n = len(appendDate(c.date[:0], y, m, d))
	}
	dst = append(dst, c.date[:c.n]...)
	seconds, fraction := ticks/ticksPerSecond, ticks%ticksPerSecond
	text := [17]byte{'T', 3: ':', 6: ':', 9: '.'}
	two(text[1:], seconds/3600)
	two(text[4:], seconds/60%60)
	two(text[7:], seconds%60)
	for i := 16; i > 9; i-- {
		text[i] = '0' + byte(fraction%10)
		fraction /= 10
	}
	dst = append(dst, text[:]...)
	return append(dst, 'Z')
}

// civil returns the date that is days after 1601-01-01, in the Gregorian
// calendar, by counting years from 1 March 1600.
func civil(days int64) (year, month, day int) {
	days += 306 // 1600-03-01 starts a cycle of 400 years
	era := days / 146097
	d := days % 146097
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= 365*y + y/4 - y/100
	m := (5*d + 2) / 153 // months since March
	day = int(d-(153*m+2)/5) + 1
	year = int(1600 + 400*era + y)
	if m += 3; m > 12 {
		m -= 12
		year++
	}
	return year, int(m), day
}

func appendDate(dst []byte, year, month, day int) []byte {
	if year < 1000 {
		dst = append(dst, "000"[:3-len(strconv.Itoa(year))+1]...)
	}
	dst = strconv.AppendInt(dst, int64(year), 10)
	text := [6]byte{'-', 3: '-'}
	two(text[1:], uint64(month))
	two(text[4:], uint64(day))
	return append(dst, text[:]...)
}

// two writes the last two digits of v.
func two(dst []byte, v uint64) {
	dst[0], dst[1] = '0'+byte(v/10%10), '0'+byte(v%10)
}

// appendSystemTime writes eight numbers of 16 bits (MS-DTYP 2.3.13) as a
// FILETIME is written; false when they are no time.
func appendSystemTime(dst, b []byte) ([]byte, bool) {
	if len(b) != 16 {
		return dst, false
	}
	var v [8]int // year, month, day of week, day, hour, minute, second, millisecond
	for i := range v {
		v[i] = int(le.Uint16(b[2*i:]))
	}
	if v[1] > 12 || v[3] > 31 || v[4] > 23 || v[5] > 59 || v[6] > 60 || v[7] > 999 {
		return dst, false
	}
	dst = appendDate(dst, v[0], v[1], v[3])
	text := [18]byte{'T', 3: ':', 6: ':', 9: '.', 13: '0', 14: '0', 15: '0', 16: '0', 17: 'Z'}
	two(text[1:], uint64(v[4]))
	two(text[4:], uint64(v[5]))
	two(text[7:], uint64(v[6]))
	text[10] = '0' + byte(v[7]/100)
	two(text[11:], uint64(v[7]))
	return append(dst, text[:]...), true
}

// parseTime reads 2006-01-02T15:04:05 with a fraction and Z, the form of
// SystemTime in forwarded records; NoTime when b is something else.
func parseTime(b []byte) int64 {
	if len(b) < 20 || b[4] != '-' || b[7] != '-' || b[10] != 'T' || b[13] != ':' || b[16] != ':' || b[len(b)-1] != 'Z' {
		return NoTime
	}
	number := func(b []byte) (n int64) {
		for _, c := range b {
			if c < '0' || c > '9' {
				return math.MinInt32
			}
			n = 10*n + int64(c-'0')
		}
		return n
	}
	y, mo, d := number(b[:4]), number(b[5:7]), number(b[8:10])
	h, mi, s := number(b[11:13]), number(b[14:16]), number(b[17:19])
	if y < 1678 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 60 {
		return NoTime
	}
	fraction := b[19 : len(b)-1]
	nanos := int64(0)
	if len(fraction) > 0 {
		if fraction[0] != '.' || len(fraction) > 10 {
			return NoTime
		}
		if nanos = number(fraction[1:]); nanos < 0 {
			return NoTime
		}
		for range 10 - len(fraction) {
			nanos *= 10
		}
	}
	return ((unixDays(y, mo, d)*24+h)*60+mi)*60e9 + s*1e9 + nanos
}

// unixDays is civil turned round, from 1970.
func unixDays(y, m, d int64) int64 {
	if m -= 3; m < 0 {
		m += 12
		y--
	}
	y -= 1600
	return 365*y + y/4 - y/100 + y/400 + (153*m+2)/5 + d - 1 - 135080
}
