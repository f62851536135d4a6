package stix

import "github.com/go-json-experiment/json/jsontext"

// LanguageContent is a translation of parts of an object (section 7.1):
// Contents maps a language (RFC 5646) to the names of properties and what
// stands there in that language.
type LanguageContent struct {
	Common
	ObjectRef      ID                                   `json:"object_ref" stix:"required"`
	ObjectModified Timestamp                            `json:"object_modified,omitzero"`
	Contents       map[string]map[string]jsontext.Value `json:"contents" stix:"required"`
}

// A MarkingDefinition says how what it marks may be used or shared (section
// 7.2.1). It says so in Definition, which DefinitionType names, or in an
// extension.
type MarkingDefinition struct {
	Common
	Name           string         `json:"name,omitempty"`
	DefinitionType string         `json:"definition_type,omitempty" stix:"with=definition"`
	Definition     jsontext.Value `json:"definition,omitempty" stix:"with=definition_type"`
}

// An ExtensionDefinition describes an extension of STIX (section 7.3).
type ExtensionDefinition struct {
	Common
	Name                string   `json:"name" stix:"required"`
	Description         string   `json:"description,omitempty"`
	Schema              string   `json:"schema" stix:"required"`
	Version             string   `json:"version" stix:"required"`
	ExtensionTypes      []string `json:"extension_types" stix:"required,enum=extension-type-enum"`
	ExtensionProperties []string `json:"extension_properties,omitempty"`
}

// A Bundle is a collection of arbitrary objects (section 8). A Reader reads
// the objects of bundles of any size without it.
type Bundle struct {
	Type    string           `json:"type" stix:"required"`
	ID      ID               `json:"id" stix:"required"`
	Objects []jsontext.Value `json:"objects,omitempty"`
}
