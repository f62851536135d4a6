package intake

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/tocsin-project/tocsin/internal/observable"
	"github.com/tocsin-project/tocsin/stix"
)

// WarninglistType is the type of the objects that keep warninglists.
const WarninglistType = "x-misp-warninglist"

// warninglistObject is a warninglist as an object: its JSON as it came, within.
type warninglistObject struct {
	stix.Common
	Name        string         `json:"name" stix:"required"`
	Warninglist jsontext.Value `json:"warninglist" stix:"required"`
}

func isWarninglist(head []byte, _ string) bool {
	s, ok := shapeOf(head)
	return ok && (s.has("matching_attributes") || s.has("list") && (s.has("description") || s.has("name"))) && !s.has("values")
}

// warninglist reads a list in MISP's format.
func (r *reading) warninglist() error {
	raw, err := r.whole("warninglist")
	if err != nil {
		return err
	}
	if len(raw) > stix.DefaultMaxObject {
		return fmt.Errorf("a warninglist of more than %d MB: break it up", stix.DefaultMaxObject>>20)
	}
	l, err := observable.LoadWarninglist(raw)
	if err != nil {
		return err
	}
	w := &warninglistObject{Name: l.Name, Warninglist: bytes.TrimSpace(raw)}
	w.Type = WarninglistType
	w.ID = stix.NamedID(WarninglistType, l.Name)
	r.marked(&w.Common)
	w.Modified = w.Created
	o, err := stix.Make(w)
	if err != nil {
		return err
	}
	return r.made(o)
}

// Warninglist returns the list that an object of WarninglistType keeps.
func Warninglist(o *stix.Object) (*observable.Warninglist, error) {
	w, err := stix.As[warninglistObject](o)
	if err != nil {
		return nil, err
	}
	return observable.LoadWarninglist(w.Warninglist)
}
