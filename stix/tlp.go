package stix

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// tlp2Extension is the identifier of the extension definition of TLP 2.0.
const tlp2Extension = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"

// A TLP is a colour of the Traffic Light Protocol 2.0, in rising order of
// restriction.
type TLP int

// The colours. White of TLP 1 is clear; the others have kept their names.
const (
	TLPNone TLP = iota // no colour is stated
	TLPClear
	TLPGreen
	TLPAmber
	TLPAmberStrict
	TLPRed
)

// TLP2 is the extension of a marking definition that states a colour of TLP
// 2.0 (extension definition of FIRST and OASIS; STIX 2.1 itself only knows TLP
// 1).
type TLP2 struct {
	ExtensionType string `json:"extension_type" stix:"required,enum=extension-type-enum"`
	Level         string `json:"tlp_2_0" stix:"required,enum=tlp-2.0-enum"`
}

var tlpNames = [...]string{"", "clear", "green", "amber", "amber+strict", "red"}

// String returns the colour as an object states it, such as amber+strict, ""
// for TLPNone.
func (t TLP) String() string {
	if t < TLPNone || t > TLPRed {
		return ""
	}
	return tlpNames[t]
}

// The identifiers of the marking definitions that state a colour: of TLP 1
// they are fixed by section 7.2.1.4, of TLP 2.0 by its extension definition.
var (
	tlp1 = [...]ID{
		TLPClear: "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
		TLPGreen: "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
		TLPAmber: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
		TLPRed:   "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
	}
	tlp2 = [...]ID{
		TLPClear:       "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
		TLPGreen:       "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
		TLPAmber:       "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
		TLPAmberStrict: "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
		TLPRed:         "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
	}
	tlpOf = func() map[ID]TLP {
		m := map[ID]TLP{}
		for _, ids := range [][]ID{tlp1[:], tlp2[:]} {
			for t, id := range ids {
				if id != "" {
					m[id] = TLP(t)
				}
			}
		}
		return m
	}()
)

// TLPOf returns the colour that a marking definition states by its fixed
// identifier, of TLP 1 or 2.0; TLPNone for all other identifiers.
func TLPOf(marking ID) TLP { return tlpOf[marking] }

// MarkingID returns the identifier of the marking definition of TLP 2.0 that
// states t, "" for TLPNone.
func (t TLP) MarkingID() ID {
	if t < TLPNone || t > TLPRed {
		return ""
	}
	return tlp2[t]
}

// Marking returns the marking definition of TLP 2.0 that states t, as
// published; for TLPNone it returns nil.
func (t TLP) Marking() *MarkingDefinition {
	if t.MarkingID() == "" {
		return nil
	}
	m := &MarkingDefinition{Name: "TLP:" + strings.ToUpper(t.String())}
	m.ID = t.MarkingID()
	m.Created = Timestamp{time.Date(2022, 10, 1, 0, 0, 0, 0, time.UTC)}
	m.Extensions = map[string]jsontext.Value{tlp2Extension: jsontext.Value(`{"extension_type":"property-extension","tlp_2_0":"` + t.String() + `"}`)}
	return m
}
