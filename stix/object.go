package stix

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"math"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Limits of one object, whatever made it.
const (
	MaxDepth = 100 // brackets within brackets
)

// An Object is one STIX object: the bytes it came in, which are never changed,
// and its common properties read from them. As gives access to the properties
// of its type.
type Object struct {
	Common
	raw []byte
}

// Common are the properties that objects of all types may have (section 3.2).
// Those that a type does not have are zero.
type Common struct {
	Type               string                    `json:"type"`
	SpecVersion        string                    `json:"spec_version,omitempty"`
	ID                 ID                        `json:"id"`
	CreatedByRef       ID                        `json:"created_by_ref,omitempty" stix:"ref=identity"`
	Created            Timestamp                 `json:"created,omitzero"`
	Modified           Timestamp                 `json:"modified,omitzero" stix:"from=created"`
	Revoked            bool                      `json:"revoked,omitzero"`
	Labels             []string                  `json:"labels,omitempty"`
	Confidence         *int                      `json:"confidence,omitempty" stix:"min=0,max=100"`
	Lang               string                    `json:"lang,omitempty"`
	ExternalReferences []ExternalReference       `json:"external_references,omitempty"`
	ObjectMarkingRefs  []ID                      `json:"object_marking_refs,omitempty" stix:"ref=marking-definition"`
	GranularMarkings   []GranularMarking         `json:"granular_markings,omitempty"`
	Defanged           bool                      `json:"defanged,omitzero"`
	Extensions         map[string]jsontext.Value `json:"extensions,omitempty"`
}

// An ExternalReference points at what is not STIX (section 2.5).
type ExternalReference struct {
	SourceName  string `json:"source_name" stix:"required"`
	Description string `json:"description,omitempty"`
	URL         string `json:"url,omitempty"`
	Hashes      Hashes `json:"hashes,omitempty"`
	ExternalID  string `json:"external_id,omitempty"`
}

// A GranularMarking marks parts of an object (section 7.2.3).
type GranularMarking struct {
	Lang       string   `json:"lang,omitempty"`
	MarkingRef ID       `json:"marking_ref,omitempty" stix:"ref=marking-definition"`
	Selectors  []string `json:"selectors" stix:"required"`
}

// A KillChainPhase is a step of an attack (section 2.11).
type KillChainPhase struct {
	KillChainName string `json:"kill_chain_name" stix:"required"`
	PhaseName     string `json:"phase_name" stix:"required"`
}

// Errors of objects.
var (
	errDepth    = fmt.Errorf("brackets within brackets, more than %d deep", MaxDepth)
	errNoObject = errors.New("no JSON object: an object of STIX stands in { }")
	errNoType   = errors.New("no property type: no STIX object (section 3.2)")
	errIDType   = errors.New("its identifier begins with another type than its own (section 2.9)")
)

// Parse reads one object. It keeps raw, which must not be changed afterwards.
// It refuses what no reader could agree upon: JSON that is not valid, names
// that come twice in one object, text that is not UTF-8, an identifier that is
// none, common properties of a wrong type. Whether the object keeps all rules
// of its type is for Validate to say.
func Parse(raw []byte) (*Object, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > math.MaxInt32 {
		return nil, errTooLarge
	}
	if err := checkText(raw); err != nil {
		return nil, err
	}
	o := &Object{raw: raw}
	s := scanner{b: raw}
	s.names = s.few[:0]
	if len(raw) == 0 || raw[0] != '{' {
		return nil, errNoObject
	}
	if err := s.object(o.set); err != nil {
		return nil, err
	}
	if s.i != len(raw) {
		return nil, s.fail(errSyntax)
	}
	if o.Type == "" {
		return nil, errNoType
	}
	if err := o.ID.Valid(); err != nil {
		return nil, fmt.Errorf("id: %w", err)
	}
	if o.ID.Type() != o.Type {
		return nil, fmt.Errorf("id: %w", errIDType)
	}
	return o, nil
}

// Raw returns the bytes of the object as they came. They must not be changed.
func (o *Object) Raw() []byte { return o.raw }

// plain words an error of the JSON package for people.
func plain(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	cause := semantic.Err
	if cause == nil {
		cause = fmt.Errorf("a JSON %s where another type must stand", semantic.JSONKind)
	}
	if semantic.JSONPointer == "" {
		return cause
	}
	return fmt.Errorf("%s: %w", semantic.JSONPointer, cause)
}

// Properties yields the names of the object's properties, decoded, with their
// values as they stand.
func (o *Object) Properties() iter.Seq2[[]byte, []byte] { return members(o.raw) }
