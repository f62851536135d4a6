package exercise

import "time"

// All times are microseconds since 1970, UTC.
const (
	millisecond = int64(1000)
	second      = 1000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
	day         = 24 * hour
)

var (
	firstDay = time.Date(2021, 2, 26, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(2021, 3, 5, 0, 0, 0, 0, time.UTC)

	start = firstDay.UnixMicro()
	end   = lastDay.UnixMicro() + day
)

// at returns a moment of the story: at(3, 3, "04:12:07") is 3 March.
func at(month, dayOfMonth int, clock string) int64 {
	digit := func(i int) int { return int(clock[i]-'0')*10 + int(clock[i+1]-'0') }
	return time.Date(2021, time.Month(month), dayOfMonth, digit(0), digit(3), digit(6), 0, time.UTC).UnixMicro()
}

// A rhythm says how work spreads over the hours of a day, by the town's own
// clock (one hour ahead of UTC); a working day's hours sum to about 1000.
type rhythm struct{ workday, weekend [24]uint16 }

var (
	// office is people at work: in from seven, lunch at twelve, gone by six.
	office = rhythm{
		workday: [24]uint16{1, 1, 1, 1, 2, 6, 25, 85, 120, 115, 110, 105, 65, 90, 95, 85, 50, 20, 8, 6, 4, 3, 2, 1},
		weekend: [24]uint16{1, 0, 0, 0, 0, 1, 3, 5, 9, 12, 11, 9, 7, 6, 6, 5, 5, 4, 4, 5, 4, 3, 2, 1},
	}
	// phones fetch mail all day and evening.
	phones = rhythm{
		workday: [24]uint16{12, 8, 6, 6, 8, 22, 48, 70, 72, 66, 60, 58, 56, 56, 54, 52, 50, 54, 56, 54, 50, 42, 26, 14},
		weekend: [24]uint16{10, 8, 6, 5, 5, 8, 14, 24, 34, 38, 38, 36, 34, 32, 30, 30, 30, 32, 34, 34, 32, 26, 18, 12},
	}
	// always is machines and the internet: no clock.
	always = rhythm{
		workday: [24]uint16{42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42},
		weekend: [24]uint16{42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42},
	}
)

const townOffset = hour // the town's clock against UTC

// weight is the share of a working day, in thousandths, that an hour around
// t carries.
func (r *rhythm) weight(t int64) uint64 {
	local := t + townOffset
	h := local / hour % 24
	if d := local / day % 7; d == 2 || d == 3 { // 1970 began on a Thursday
		return uint64(r.weekend[h])
	}
	return uint64(r.workday[h])
}

// decimal appends n with at least width digits.
func decimal(b []byte, n int64, width int) []byte {
	var d [20]byte
	i := len(d)
	for n > 0 || width > 0 {
		i--
		d[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(b, d[i:]...)
}

// number appends n.
func number(b []byte, n int64) []byte {
	if n < 0 {
		return decimal(append(b, '-'), -n, 1)
	}
	return decimal(b, n, 1)
}

// Dates of the days that records can fall on, and of the day before and the
// day after.
var dates = func() (d [10]string) {
	for i := range d {
		d[i] = firstDay.AddDate(0, 0, i-1).Format(time.DateOnly)
	}
	return d
}()

func dayOf(t int64) int { return int((t - start + day) / day) }

func date(b []byte, t int64) []byte { return append(b, dates[dayOf(t)]...) }

func clockTime(b []byte, t int64) []byte {
	b = append(decimal(b, t/hour%24, 2), ':')
	b = append(decimal(b, t/minute%60, 2), ':')
	return decimal(b, t/second%60, 2)
}

// iso appends t as 2021-03-03T04:12:07.123Z.
func iso(b []byte, t int64) []byte {
	b = clockTime(append(date(b, t), 'T'), t)
	return append(decimal(append(b, '.'), t/millisecond%1000, 3), 'Z')
}

// utcTime appends t as Sysmon writes it: 2021-03-03 04:12:07.123.
func utcTime(b []byte, t int64) []byte {
	b = clockTime(append(date(b, t), ' '), t)
	return decimal(append(b, '.'), t/millisecond%1000, 3)
}

// epoch appends t as seconds since 1970 with so many decimals (3 or 6).
func epoch(b []byte, t int64, decimals int) []byte {
	b = append(number(b, t/second), '.')
	if decimals == 3 {
		return decimal(b, t/millisecond%1000, 3)
	}
	return decimal(b, t%second, 6)
}
