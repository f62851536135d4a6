package stix

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// scanned are the options to read what a scanner has checked.
var scanned = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// set reads a common property; values of the usual form are read in place, all
// others by the JSON package.
func (c *Common) set(name, v []byte) error {
	var err error
	switch string(name) {
	case "type":
		if d := definitionOf[string(plainText(v))]; d != nil {
			c.Type = d.name
		} else {
			err = setString(&c.Type, v)
		}
	case "spec_version":
		if string(v) == `"2.1"` {
			c.SpecVersion = "2.1"
		} else {
			err = setString(&c.SpecVersion, v)
		}
	case "id":
		err = setString(&c.ID, v)
	case "created_by_ref":
		err = setString(&c.CreatedByRef, v)
	case "lang":
		err = setString(&c.Lang, v)
	case "created":
		c.Created, err = timestamp(v)
	case "modified":
		c.Modified, err = timestamp(v)
	case "revoked":
		err = setBool(&c.Revoked, v)
	case "defanged":
		err = setBool(&c.Defanged, v)
	case "labels":
		err = setStrings(&c.Labels, v)
	case "object_marking_refs":
		err = setStrings(&c.ObjectMarkingRefs, v)
	case "external_references":
		err = setExternalReferences(&c.ExternalReferences, v)
	case "confidence":
		err = setInt(&c.Confidence, v)
	case "granular_markings":
		err = json.Unmarshal(v, &c.GranularMarkings, scanned)
	case "extensions":
		err = json.Unmarshal(v, &c.Extensions, scanned)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, plain(err))
	}
	return nil
}

// plainText returns what a string without escapes says, nil for all else.
func plainText(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' || special(v, 1) != len(v)-1 {
		return nil
	}
	return v[1 : len(v)-1]
}

func setString[T ~string](to *T, v []byte) error {
	if v[0] != '"' {
		return json.Unmarshal(v, to, scanned)
	}
	*to = T(unquote(v))
	return nil
}

func setInt(to **int, v []byte) error {
	n := 0
	for _, d := range v {
		if d -= '0'; d > 9 || len(v) > 9 {
			return json.Unmarshal(v, to, scanned)
		}
		n = n*10 + int(d)
	}
	*to = &n
	return nil
}

func setBool(to *bool, v []byte) error {
	if v[0] != 't' && v[0] != 'f' {
		return json.Unmarshal(v, to, scanned)
	}
	*to = v[0] == 't'
	return nil
}

func setStrings[T ~string](to *[]T, v []byte) error {
	list := []T{}
	if v[0] != '[' {
		return json.Unmarshal(v, to, scanned)
	}
	for _, e := range elements(v) {
		if e[0] != '"' {
			return json.Unmarshal(v, to, scanned)
		}
		list = append(list, T(unquote(e)))
	}
	*to = list
	return nil
}

func setExternalReferences(to *[]ExternalReference, v []byte) error {
	if v[0] != '[' {
		return json.Unmarshal(v, to, scanned)
	}
	list := []ExternalReference{}
	for _, e := range elements(v) {
		if e[0] != '{' {
			return json.Unmarshal(v, to, scanned)
		}
		var r ExternalReference
		for name, v := range members(e) {
			var err error
			switch string(name) {
			case "source_name":
				err = setString(&r.SourceName, v)
			case "description":
				err = setString(&r.Description, v)
			case "url":
				err = setString(&r.URL, v)
			case "external_id":
				err = setString(&r.ExternalID, v)
			case "hashes":
				err = json.Unmarshal(v, &r.Hashes, scanned)
			}
			if err != nil {
				return err
			}
		}
		list = append(list, r)
	}
	*to = list
	return nil
}

// timestamp reads a timestamp; one to the second or millisecond in place.
func timestamp(v []byte) (Timestamp, error) {
	const form = `"2006-01-02T15:04:05`
	b := v
	if len(b) < len(form)+2 || b[5] != '-' || b[8] != '-' || b[11] != 'T' || b[14] != ':' || b[17] != ':' {
		return ParseTimestamp(text(v))
	}
	year, month, day := number(b[1:5]), number(b[6:8]), number(b[9:11])
	hour, minute, second := number(b[12:14]), number(b[15:17]), number(b[18:20])
	nano := 0
	switch rest := b[len(form):]; {
	case string(rest) == `Z"`:
	case len(rest) == len(`.000Z"`) && rest[0] == '.' && string(rest[4:]) == `Z"`:
		nano = number(rest[1:4]) * 1e6
	default:
		return ParseTimestamp(text(v))
	}
	if min(year, month-1, day-1, hour, minute, second, nano) < 0 || month > 12 || day > 28 || hour > 23 || minute > 59 || second > 59 {
		return ParseTimestamp(text(v)) // which knows the days of months
	}
	return Timestamp{time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)}, nil
}

// number returns the number that digits make, one below zero for others.
func number(digits []byte) int {
	n, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil {
		return -1 << 40
	}
	return int(n)
}
