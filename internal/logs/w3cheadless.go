package logs

import (
	"bytes"
	"net/netip"
	"strings"
)

// A log that was cut, carved or rotated in the middle may begin with lines
// whose #Fields is gone. They are read by the next #Fields that comes when it
// names as many columns, else by what IIS writes by default when every column
// looks its part.

// iisDefaults are the columns that IIS logs unless it is told otherwise:
// 8 and later, 7.5, 7, 6.
var iisDefaults = [...]string{
	"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
	"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken",
	"date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
	"date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status",
}

// headless looks at lines that have no #Fields before them. It returns the
// columns that those at the start of data are read by, "" when none fit;
// whether this is a W3C log; and whether there are such lines. The first may
// have been cut.
func headless(data []byte) (fields string, known, lines bool) {
	data = data[:min(len(data), headSize)]
	var first [2][]byte
	n := 0
	for line := range eachLine(data) {
		switch line = trimLine(bytes.TrimLeft(line, "\x00")); {
		case len(line) == 0:
		case line[0] != '#':
			if n < len(first) {
				first[n] = line
				n++
			}
		default:
			rest, is := directive(line, "#Fields:")
			if !is {
				continue
			}
			if n == 0 {
				return "", false, false
			}
			fields = string(rest)
			if known = w3cNames(fields); known {
				if n := len(strings.Fields(fields)); countColumns(first[0]) != n && countColumns(first[1]) != n {
					fields = ""
				}
				return fields, true, true
			}
		}
	}
	for _, line := range first[:n] {
		for _, fields := range iisDefaults {
			if looksDefault(line, fields) {
				return fields, true, true
			}
		}
	}
	return "", false, n > 0
}

// w3cNames reports whether fields are the columns of a W3C log, not a line of
// text that begins alike.
func w3cNames(fields string) bool {
	if strings.ContainsRune(fields, ',') {
		return false
	}
	for name := range strings.FieldsSeq(fields) {
		if _, ok := w3cRoles[strings.ToLower(name)]; ok {
			return true
		}
	}
	return false
}

// countColumns counts the columns of a line without quotes.
func countColumns(line []byte) int {
	if line = bytes.TrimRight(line, " \t"); bytes.IndexByte(line, '\t') >= 0 {
		return countFields(line, '\t')
	}
	return countFields(line, ' ')
}

// looksDefault reports whether each column of line can be what fields says.
func looksDefault(line []byte, fields string) bool {
	names := strings.Fields(fields)
	values := bytes.Split(line, []byte{' '})
	if len(values) != len(names) {
		return false
	}
	for i, v := range values {
		ok := len(v) > 0
		switch names[i] {
		case "date":
			_, ok = parseDate(v, '-')
			ok = ok && len(v) == len("2021-03-02")
		case "time":
			_, n := parseClock(v)
			ok = n == len(v)
		case "s-ip", "c-ip":
			_, err := netip.ParseAddr(string(v))
			ok = err == nil
		case "cs-uri-stem":
			ok = ok && v[0] == '/'
		case "s-port", "sc-status", "sc-substatus", "sc-win32-status", "time-taken":
			_, ok = decimal(v)
		}
		if !ok {
			return false
		}
	}
	return true
}
