package logs

import (
	"time"
)

const second = int64(time.Second)

// unixDay returns the days from 1970-01-01 to a civil date of the Gregorian
// calendar: years are counted from March, so that the leap day comes last.
func unixDay(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400
	inEra := year - era*400
	return int64(era)*146097 + int64(inEra)*365 + int64(inEra/4-inEra/100+(153*(month-3)+2)/5+day-1) - 719468
}

// civil returns the nanoseconds since 1970 of a date and time of day in UTC;
// false when a part is out of range. A leap second counts as the next.
func civil(year, month, day, hour, minute, sec int) (int64, bool) {
	if year < 1 || month < 1 || month > 12 || day < 1 || day > monthDays(year, month) ||
		hour > 23 || minute > 59 || sec > 60 || hour|minute|sec < 0 {
		return 0, false
	}
	if year < 1700 || year > 2250 { // what 64 bits of nanoseconds hold
		return 0, false
	}
	return (unixDay(year, month, day)*86400 + int64(hour*3600+minute*60+sec)) * second, true
}

func monthDays(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// A zone turns times of a place into UTC. Its offset is looked up once an
// hour of the log, and the midnight of a date once for each run of lines of
// that date.
type zone struct {
	place    *time.Location // nil is UTC
	hour     int64
	offset   int64
	date     [12]byte // as the log writes it
	length   int      // of date
	midnight int64    // of date
}

// day returns the midnight of a date that was met last.
func (z *zone) day(date []byte) (int64, bool) {
	return z.midnight, string(date) == string(z.date[:z.length])
}

// meet keeps the midnight of a date for the lines that follow.
func (z *zone) meet(date []byte, midnight int64) {
	z.length, z.midnight = copy(z.date[:], date), midnight
}

// utc returns the instant of wall, a time of day at z in nanoseconds.
func (z *zone) utc(wall int64) int64 {
	if z.place == nil || z.place == time.UTC {
		return wall
	}
	hour := wall / (3600 * second)
	if hour != z.hour || z.hour == 0 {
		t := time.Unix(0, wall).UTC()
		here := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, z.place)
		_, off := here.Zone()
		z.hour, z.offset = hour, int64(off)*second
	}
	return wall - z.offset
}

// digits reads exactly n digits at b[i:]; -1 when they are none.
func digits(b []byte, i, n int) int {
	if i+n > len(b) {
		return -1
	}
	v := 0
	for _, c := range b[i : i+n] {
		if c -= '0'; c > 9 {
			return -1
		}
		v = v*10 + int(c)
	}
	return v
}

// twoDigits reads two digits at b[i:], which must be there; -1 when they are
// none.
func twoDigits(b []byte, i int) int {
	tens, ones := b[i]-'0', b[i+1]-'0'
	if tens > 9 || ones > 9 {
		return -1
	}
	return int(tens)*10 + int(ones)
}

// parseClock reads "15:04:05" with an optional fraction after "." or ",",
// and returns the nanoseconds since midnight and the length read; 0 when it
// is none.
func parseClock(b []byte) (int64, int) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0, 0
	}
	h, m, s := twoDigits(b, 0), twoDigits(b, 3), twoDigits(b, 6)
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 {
		return 0, 0
	}
	ns := int64(h*3600+m*60+s) * second
	n := 8
	if len(b) > 9 && (b[8] == '.' || b[8] == ',') && b[9]-'0' <= 9 {
		n++
		for unit := second / 10; n < len(b) && b[n]-'0' <= 9; n++ {
			ns += int64(b[n]-'0') * unit
			unit /= 10
		}
	}
	return ns, n
}

// parseDate reads "2006-01-02" or with sep for "-", and returns the
// nanoseconds of its midnight; false when it is none.
func parseDate(b []byte, sep byte) (int64, bool) {
	if len(b) < 10 || b[4] != sep || b[7] != sep {
		return 0, false
	}
	return civil(digits(b, 0, 4), digits(b, 5, 2), digits(b, 8, 2), 0, 0, 0)
}

// parseOffset reads "Z", "+01:00", "+0100" or "+01" and returns the seconds
// east of UTC and the length read; 0 when it is none.
func parseOffset(b []byte) (int64, int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] == 'Z' || b[0] == 'z' {
		return 0, 1
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, 0
	}
	h, m, n := digits(b, 1, 2), 0, 3
	if h < 0 {
		return 0, 0
	}
	if len(b) > 3 && b[3] == ':' {
		if m = digits(b, 4, 2); m >= 0 {
			n = 6
		}
	} else if m = digits(b, 3, 2); m >= 0 {
		n = 5
	}
	off := int64(h*3600 + max(m, 0)*60)
	if b[0] == '-' {
		off = -off
	}
	return off, n
}

// parseISO reads an RFC 3339 stamp, also with a space for the "T", a comma
// for the point, "/" for "-", and without its offset (then it is z's). It
// returns the length read; 0 when it is none.
func parseISO(b []byte, z *zone) (int64, int) {
	if len(b) < 19 || b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return 0, 0
	}
	day, ok := z.day(b[:10])
	if !ok {
		if day, ok = parseDate(b, '-'); !ok {
			if day, ok = parseDate(b, '/'); !ok {
				return 0, 0
			}
		}
		z.meet(b[:10], day)
	}
	clock, n := parseClock(b[11:])
	if n == 0 {
		return 0, 0
	}
	n += 11
	if off, k := parseOffset(b[n:]); k > 0 {
		return day + clock - off*second, n + k
	}
	return z.utc(day + clock), n
}

const monthNames = "janfebmaraprmayjunjulaugsepoctnovdec"

// month returns the number of the month whose English name b begins with; 0
// when there is none.
func month(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	x, y, w := b[0]|0x20, b[1]|0x20, b[2]|0x20
	for i := 0; i < len(monthNames); i += 3 {
		if monthNames[i] == x && monthNames[i+1] == y && monthNames[i+2] == w {
			return i/3 + 1
		}
	}
	return 0
}

// parseBSD reads the stamp of RFC 3164, 4.1.2, "Oct 11 22:14:15", also with
// a year after the day as some devices write it. Without one the year is the
// latest in which the time is not after latest. It returns the length read;
// 0 when it is none.
func parseBSD(b []byte, z *zone, latest int64) (int64, int) {
	if len(b) < 15 || b[3] != ' ' {
		return 0, 0
	}
	if midnight, ok := z.day(b[:6]); ok && b[6] == ' ' {
		if clock, n := parseClock(b[7:]); n > 0 {
			return z.utc(midnight + clock), 7 + n
		}
	}
	mon := month(b)
	if mon == 0 {
		return 0, 0
	}
	day, n := digits(b, 4, 2), 6
	if day < 0 && b[4] == ' ' {
		day = digits(b, 5, 1)
	} else if day < 0 && b[5] == ' ' { // "Oct 1 22:14:15"
		day, n = digits(b, 4, 1), 5
	}
	if day < 1 || b[n] != ' ' {
		return 0, 0
	}
	year := -1
	if y := digits(b, n+1, 4); y > 0 && n+5 < len(b) && b[n+5] == ' ' {
		year, n = y, n+5
	}
	clock, k := parseClock(b[n+1:])
	if k == 0 {
		return 0, 0
	}
	dated := n
	n += 1 + k
	if year > 0 {
		midnight, ok := civil(year, mon, day, 0, 0, 0)
		if !ok {
			return 0, 0
		}
		return z.utc(midnight + clock), n
	}
	for year, oldest := yearOf(latest), yearOf(latest)-8; year > oldest; year-- { // 29 February comes at worst every eighth
		if midnight, ok := civil(year, mon, day, 0, 0, 0); ok {
			if t := z.utc(midnight + clock); t <= latest {
				if dated == 6 && midnight < latest-48*3600*second { // the year is the same all day, in every zone
					z.meet(b[:6], midnight)
				}
				return t, n
			}
		}
	}
	return 0, 0
}

// yearOf returns the year of t in UTC.
func yearOf(t int64) int { return time.Unix(0, t).UTC().Year() }

// parseCLF reads the stamp of the Common Log Format without its brackets,
// "10/Oct/2000:13:55:36 -0700", also as PHP writes it, "10-Oct-2000
// 13:55:36", and returns the length read.
func parseCLF(b []byte, z *zone) (int64, int) {
	if len(b) < 20 || !(b[2] == '/' && b[6] == '/' && b[11] == ':' || b[2] == '-' && b[6] == '-' && b[11] == ' ') {
		return 0, 0
	}
	midnight, ok := z.day(b[:11])
	if !ok {
		if midnight, ok = civil(digits(b, 7, 4), month(b[3:]), digits(b, 0, 2), 0, 0, 0); !ok {
			return 0, 0
		}
		z.meet(b[:11], midnight)
	}
	clock, n := parseClock(b[12:])
	if n == 0 {
		return 0, 0
	}
	n += 12
	if n < len(b) && b[n] == ' ' {
		if off, k := parseOffset(b[n+1:]); k > 0 {
			return midnight + clock - off*second, n + 1 + k
		}
	}
	return z.utc(midnight + clock), n
}

// parseCtime reads "Wed Oct 11 14:32:52.123456 2000", the stamp of ctime and
// of Apache's error log, and returns the length read.
func parseCtime(b []byte, z *zone) (int64, int) {
	if len(b) < 24 || b[3] != ' ' || b[7] != ' ' || b[10] != ' ' {
		return 0, 0
	}
	day := digits(b, 8, 2)
	if b[8] == ' ' {
		day = digits(b, 9, 1)
	}
	clock, n := parseClock(b[11:])
	if n == 0 || 11+n+5 > len(b) || b[11+n] != ' ' {
		return 0, 0
	}
	midnight, ok := civil(digits(b, 12+n, 4), month(b[4:]), day, 0, 0, 0)
	if !ok {
		return 0, 0
	}
	return z.utc(midnight + clock), n + 16
}

// parseUS reads "3/2/2021 1:04:05 PM" as Windows writes it for the United
// States. Without AM or PM the order of day and month is unknown: no time.
func parseUS(b []byte, z *zone) (int64, bool) {
	var n [6]int
	i := 0
	for k, end := range []byte("// :: ") {
		start := i
		for i < len(b) && i-start < 4 && b[i]-'0' <= 9 {
			n[k] = n[k]*10 + int(b[i]-'0')
			i++
		}
		if i == start || i == len(b) || b[i] != end {
			return 0, false
		}
		i++
	}
	if i+2 != len(b) || b[i+1]|0x20 != 'm' || n[3] < 1 || n[3] > 12 {
		return 0, false
	}
	hour := n[3] % 12
	if b[i]|0x20 == 'p' {
		hour += 12
	} else if b[i]|0x20 != 'a' {
		return 0, false
	}
	t, ok := civil(n[2], n[0], n[1], hour, n[4], n[5])
	return z.utc(t), ok
}

// parseEpoch reads seconds since 1970 with an optional fraction, and returns
// the length read; 0 when it is none between 1990 and 2100.
func parseEpoch(b []byte) (int64, int) {
	n := 0
	var secs int64
	for n < len(b) && n < 11 && b[n]-'0' <= 9 {
		secs = secs*10 + int64(b[n]-'0')
		n++
	}
	if n < 9 || n > 10 || secs < 631152000 || secs > 4102444800 {
		return 0, 0
	}
	t := secs * second
	if n+1 < len(b) && b[n] == '.' && b[n+1]-'0' <= 9 {
		n++
		for unit := second / 10; n < len(b) && b[n]-'0' <= 9; n++ {
			t += int64(b[n]-'0') * unit
			unit /= 10
		}
	}
	return t, n
}

// parseStamp reads a stamp of any of these forms at the start of a line,
// also in brackets. It returns the length read; 0 when there is none.
func parseStamp(b []byte, z *zone, latest int64) (int64, int) {
	if len(b) < 10 {
		return 0, 0
	}
	if b[0] == '[' {
		t, n := parseStamp(b[1:], z, latest)
		if n == 0 {
			t, n = parseCLF(b[1:], z)
		}
		if n == 0 || n+1 >= len(b) || b[n+1] != ']' && b[n+1] != ',' && b[n+1] != ' ' {
			return 0, 0
		}
		return t, n + 2
	}
	if b[0]-'0' <= 9 {
		if t, n := parseISO(b, z); n > 0 {
			return t, n
		}
		return parseEpoch(b)
	}
	if t, n := parseBSD(b, z, latest); n > 0 {
		return t, n
	}
	return parseCtime(b, z)
}
