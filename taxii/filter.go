package taxii

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-project/tocsin/stix"
)

// A Filter selects objects of a collection (section 3.4). Values of one field
// are joined by OR, fields by AND. Its zero value selects the last version of
// every object. Where SpecVersions is empty, only the versions in the latest
// STIX that an object is there in are looked at (section 3.4.1).
type Filter struct {
	AddedAfter   time.Time // later than this
	Limit        int       // of objects on a page; 0: the server's own
	IDs          []stix.ID
	Types        []string
	Versions     VersionFilter
	SpecVersions []string
}

// A VersionFilter selects versions of objects. Its zero value selects the last.
type VersionFilter struct {
	All, First, Last bool
	At               []time.Time // with this date as their version
}

// Limits of what one request may ask for.
const (
	maxQuery  = 64 << 10 // bytes of a query
	maxValues = 1000     // of one field
)

// fields are the parameters that each endpoint understands.
type fields uint8

const (
	paging     fields = 1 << iota // added_after, limit, next
	identities                    // match[id], match[type]
	versioned                     // match[version]
	specified                     // match[spec_version]
)

var parameters = map[string]fields{
	"added_after": paging, "limit": paging, "next": paging,
	"match[id]": identities, "match[type]": identities,
	"match[version]": versioned, "match[spec_version]": specified,
}

// parseFilter reads the query of a request to an endpoint with these fields.
// One parameter comes once (section 3.4). What an endpoint does not know is
// refused rather than passed over: who filters by it would take all that there
// is for what was asked.
func parseFilter(raw string, allowed fields) (Filter, error) {
	var f Filter
	if len(raw) > maxQuery {
		return f, Fail(414, "Query too long", fmt.Sprintf("a query has at most %d bytes; ask in parts", maxQuery))
	}
	query, err := url.ParseQuery(raw)
	if err != nil {
		return f, badParameter("the query cannot be read: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		values := query[name]
		switch {
		case parameters[name]&allowed == 0 && (parameters[name] != 0 || strings.HasPrefix(name, "match[")):
			return f, badParameter("there is no filter %.100q here", name)
		case parameters[name] == 0:
			continue // not a filter of TAXII; proxies add such
		case len(values) > 1:
			return f, badParameter("%s comes %d times: write the values in one, with commas between", name, len(values))
		case values[0] == "" || !utf8.ValidString(values[0]) || strings.Contains(values[0], "\x00"):
			return f, badParameter("%s has no value that can be read: leave it out to take all", name)
		}
		if err := f.set(name, values[0]); err != nil {
			return f, err
		}
	}
	return f, nil
}

func badParameter(format string, args ...any) *Error {
	return Fail(400, "Bad parameter", fmt.Sprintf(format, args...))
}

func (f *Filter) set(name, value string) error {
	switch name {
	case "added_after":
		at, err := ParseTimestamp(value)
		if err != nil {
			return badParameter("added_after: %v", err)
		}
		f.after(at)
		return nil
	case "next":
		at, err := parseNext(value)
		if err != nil {
			return err
		}
		f.after(at)
		return nil
	case "limit":
		n, err := strconv.Atoi(value)
		if errors.Is(err, strconv.ErrRange) && value[0] != '-' {
			err = nil // Atoi gave the most that there is
		}
		if err != nil || n < 1 {
			return badParameter("limit is a number from 1 on, not %.40q", value)
		}
		f.Limit = n
		return nil
	}
	values := strings.Split(value, ",")
	if len(values) > maxValues {
		return badParameter("%s has more than %d values: ask in parts", name, maxValues)
	}
	for _, v := range values {
		if err := f.match(name, v); err != nil {
			return err
		}
	}
	return nil
}

// after moves the begin of the page. Some clients send next together with the
// date that they began with, others with one of their own: the later counts.
func (f *Filter) after(at time.Time) {
	if at.After(f.AddedAfter) {
		f.AddedAfter = at
	}
}

func (f *Filter) match(name, v string) error {
	switch name {
	case "match[id]":
		f.IDs = append(f.IDs, spellings(stix.ID(v))...)
	case "match[type]":
		f.Types = append(f.Types, v)
	case "match[spec_version]":
		f.SpecVersions = append(f.SpecVersions, v)
	case "match[version]":
		switch v {
		case "all":
			f.Versions.All = true
		case "first":
			f.Versions.First = true
		case "last":
			f.Versions.Last = true
		default:
			at, err := ParseTimestamp(v)
			if err != nil {
				return badParameter("match[version] is all, first, last or a date: %v", err)
			}
			f.Versions.At = append(f.Versions.At, at)
		}
	}
	return nil
}

func (v VersionFilter) unset() bool { return !v.All && !v.First && !v.Last && len(v.At) == 0 }

// query writes f as the query of a request, with next behind a page.
func (f Filter) query(next string) url.Values {
	q := url.Values{}
	add := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			q.Set(name, strings.Join(values, ","))
		}
	}
	if !f.AddedAfter.IsZero() {
		add("added_after", Timestamp{f.AddedAfter}.String())
	}
	if f.Limit > 0 {
		add("limit", strconv.Itoa(f.Limit))
	}
	add("next", next)
	ids := make([]string, len(f.IDs))
	for i, id := range f.IDs {
		ids[i] = string(id)
	}
	add("match[id]", ids...)
	add("match[type]", f.Types...)
	add("match[spec_version]", f.SpecVersions...)
	add("match[version]", f.Versions.values()...)
	return q
}

func (v VersionFilter) values() (list []string) {
	for _, each := range []struct {
		set  bool
		word string
	}{{v.All, "all"}, {v.First, "first"}, {v.Last, "last"}} {
		if each.set {
			list = append(list, each.word)
		}
	}
	for _, at := range v.At {
		list = append(list, at.UTC().Format(time.RFC3339Nano))
	}
	return list
}

// formatNext writes the date at which the last object of a page was added, so
// that the page behind it can be asked for without a state in the server.
func formatNext(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 36) }

// maxDate is the end of the year 9999, beyond which no date can be written, in
// microseconds.
const maxDate = 253402300799999999

func parseNext(s string) (time.Time, error) {
	n, err := strconv.ParseInt(strings.ToLower(s), 36, 64)
	if err != nil || n < 0 || n > maxDate {
		return time.Time{}, badParameter("next is none of this server's: begin again without it")
	}
	return time.UnixMicro(n).UTC(), nil
}
