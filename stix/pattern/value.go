package pattern

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one object.
const (
	maxObject   = 16 << 20 // bytes
	maxNesting  = 100      // brackets within brackets
	maxElements = 1 << 20  // values
)

type valueKind uint8

const (
	nullValue valueKind = iota
	boolValue
	numberValue
	stringValue
	listValue
	objectValue
)

// A value is a JSON value.
type value struct {
	kind     valueKind
	isInt    bool   // of a number that 64 bits hold
	truth    bool   // of a boolean
	text     string // of a string; of a number as written
	integer  int64
	float    float64
	elements []value  // of a list, or the values of an object
	names    []string // of an object, by elements
}

// get returns the property called name, nil when v has none.
func (v *value) get(name string) *value {
	for i := range v.names {
		if v.names[i] == name {
			return &v.elements[i]
		}
	}
	return nil
}

// str returns the text of the string property called name.
func (v *value) str(name string) string {
	if p := v.get(name); p != nil && p.kind == stringValue {
		return p.text
	}
	return ""
}

var (
	errObjectSize = fmt.Errorf("an object of more than %d bytes", maxObject)
	errNesting    = fmt.Errorf("brackets within brackets, more than %d deep", maxNesting)
	errElements   = fmt.Errorf("more than %d values in one object", maxElements)
	errNotObject  = errors.New("no JSON object")
)

// parseObject reads one JSON object.
func parseObject(raw []byte) (*value, error) {
	if len(raw) > maxObject {
		return nil, errObjectSize
	}
	r := valueReader{dec: jsontext.NewDecoder(bytes.NewReader(raw))}
	var v value
	if err := r.read(&v); err != nil {
		return nil, err
	}
	if v.kind != objectValue {
		return nil, errNotObject
	}
	return &v, nil
}

type valueReader struct {
	dec   *jsontext.Decoder
	count int
}

func (r *valueReader) read(v *value) error {
	if r.count++; r.count > maxElements {
		return errElements
	}
	t, err := r.dec.ReadToken()
	if err != nil {
		return err
	}
	switch t.Kind() {
	case '[', '{':
		if r.dec.StackDepth() > maxNesting {
			return errNesting
		}
		v.kind = listValue
		if t.Kind() == '{' {
			v.kind = objectValue
		}
		return r.elements(v)
	case '"':
		v.kind, v.text = stringValue, t.String()
	case '0':
		v.kind, v.text = numberValue, t.String()
		v.float, _ = strconv.ParseFloat(v.text, 64) // infinite when 64 bits do not reach
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			v.isInt, v.integer = true, n
		}
	case 't', 'f':
		v.kind, v.truth = boolValue, t.Bool()
	}
	return nil
}

// elements reads what stands in a list or an object up to its end.
func (r *valueReader) elements(v *value) error {
	for {
		if k := r.dec.PeekKind(); k == ']' || k == '}' {
			_, err := r.dec.ReadToken()
			return err
		}
		if v.kind == objectValue {
			name, err := r.dec.ReadToken()
			if err != nil {
				return err
			}
			v.names = append(v.names, name.String())
		}
		v.elements = append(v.elements, value{})
		if err := r.read(&v.elements[len(v.elements)-1]); err != nil {
			return err
		}
	}
}
